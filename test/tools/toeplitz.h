/* SPDX-License-Identifier: Apache-2.0 */
/* The Toeplitz hash of receive side scaling. */
#ifndef NKT_TOEPLITZ_H
#define NKT_TOEPLITZ_H

#include <stddef.h>
#include <stdint.h>

#define TOEPLITZ_KEY_LEN 40 /* enough for the 36 bytes of IPv6 addresses and ports */

/* Hash of len bytes (at most 36) of tuple. */
uint32_t toeplitz(const uint8_t key[TOEPLITZ_KEY_LEN], const uint8_t *tuple, size_t len);

/* Hashes Microsoft's published verification vectors; returns the number of failures. */
int toeplitz_selftest(void);

#endif
