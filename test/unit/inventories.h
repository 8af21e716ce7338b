/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventories.h - an inventory for the tests of what is printed of one
 *
 * NIC eth0 with three attachments: one of two queues with all that can be known, one of three queues
 * of which little is, with a pair, and one whose NIC is gone, with hostile names. NIC eth1 with none.
 */
#ifndef NK_TEST_INVENTORIES_H
#define NK_TEST_INVENTORIES_H

#include "node/inventory.h"

#include <stdio.h>

extern struct nk_inventory_row inventory_rows[];
extern struct nk_inventory_nic inventory_nics[];
extern const struct nk_inventory inventory, inventory_of_nothing;

/* inventory_text() - what @print prints; to be freed */
char *inventory_text(void (*print)(const struct nk_inventory *of, FILE *out),
		     const struct nk_inventory *of);

#endif
