/* SPDX-License-Identifier: Apache-2.0 */
/* Answers ICMP and ICMPv6 echo requests. */
#ifndef NKT_PING_H
#define NKT_PING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * ping_answer() - make a frame that is an echo request the reply to it, of the same length
 *
 * Addresses are swapped, whatever they are, but for groups, which nobody can answer as. One VLAN
 * tag is looked through. Fragments, and IPv6 with extension headers, are not answered.
 *
 * Return: false, and nothing changed, if the frame is no echo request, or damaged
 */
bool ping_answer(uint8_t *frame, size_t len);

/* Answers requests of known contents; returns the number of failures. */
int ping_selftest(void);

#endif
