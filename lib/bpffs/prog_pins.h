/* SPDX-License-Identifier: Apache-2.0 */
/* prog_pins.h - the pins of the running program's maps, if somebody has removed them */
#ifndef NK_PROG_PINS_H
#define NK_PROG_PINS_H

#include "base/types.h"

struct nk_error;
struct nk_nicdir;

/* nk_prog_restore_pins() - pin again each map of the running program that has lost its pin
 *
 * Requires the NIC's lock. Return: 0, or a negative errno
 */
int nk_prog_restore_pins(const struct nk_nicdir *dir, struct nk_error *err);

/* nk_prog_check_pins() - does each map of the program have its pin? Return: 0, -ENOENT with error code 102, or
 * another negative errno
 */
int nk_prog_check_pins(const struct nk_nicdir *dir, uint32_t prog_id, struct nk_error *err);

#endif
