/* SPDX-License-Identifier: Apache-2.0 */
/* physical.h - what a device is that was named for a NIC and cannot lend: a bond, a VLAN, a bridge */
#ifndef NK_PHYSICAL_H
#define NK_PHYSICAL_H

#include "types.h"

struct nk_error;
struct nk_nl;

/* nk_physical_explain() - to an error that says that it cannot lend: if it is virtual, what it is, and
 * which devices below it to name instead. Of hardware nothing is said: its driver has refused.
 */
void nk_physical_explain(struct nk_nl *nl, const struct nk_nic *nic, struct nk_error *err);

#endif
