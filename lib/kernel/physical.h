/* SPDX-License-Identifier: Apache-2.0 */
/* physical.h - explain why a virtual device cannot lend queues: a bond, a VLAN, a bridge */
#ifndef NK_PHYSICAL_H
#define NK_PHYSICAL_H

#include "base/types.h"

struct nk_error;
struct nk_nl;

/* nk_physical_explain() - add to the error of a device that cannot lend: if it is virtual, what it is, and
 * which devices below it to use instead. Hardware is left to its driver's words.
 */
void nk_physical_explain(struct nk_nl *nl, const struct nk_nic *nic, struct nk_error *err);

#endif
