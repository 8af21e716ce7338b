/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the RSS contexts of a device. */
#ifndef NKT_CONTEXTS_H
#define NKT_CONTEXTS_H

#include <stdbool.h>
#include <stdint.h>

struct nl;

/* A line for each context but the default one; returns what nl_talk() does. */
int contexts_print(struct nl *genl, uint16_t family, uint32_t ifindex, bool json);

#endif
