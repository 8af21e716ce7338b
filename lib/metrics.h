/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - an inventory in Prometheus' text format 0.0.4; no system call */
#ifndef NK_METRICS_H
#define NK_METRICS_H

#include <stdio.h>

struct nk_inventory;

/* nk_metrics_print() - every metric with its HELP and TYPE, also where there is nothing to tell */
void nk_metrics_print(const struct nk_inventory *inventory, FILE *out);

/* nk_metrics_label() - a label's value without its quotes: \, " and newline escaped; what is not UTF-8,
 * for which a collector refuses the whole file, becomes '?'. Exported for tests.
 */
void nk_metrics_label(const char *value, FILE *out);

#endif
