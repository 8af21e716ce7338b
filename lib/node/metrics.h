/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - an inventory in Prometheus' text format 0.0.4; no system call */
#ifndef NK_METRICS_H
#define NK_METRICS_H

#include <stdio.h>

struct nk_inventory;

/* nk_metrics_print() - print every metric with its HELP and TYPE, also if it has no samples */
void nk_metrics_print(const struct nk_inventory *inventory, FILE *out);

/* nk_metrics_label() - print a label's value without its quotes: \, " and newline are escaped; bytes
 * that are not UTF-8 become '?', because a collector would refuse the whole text. Exported for tests.
 */
void nk_metrics_label(const char *value, FILE *out);

#endif
