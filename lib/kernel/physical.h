/* SPDX-License-Identifier: Apache-2.0 */
/* physical.h - explain why a virtual device cannot lend queues: a bond, a VLAN, a bridge */
#ifndef NK_PHYSICAL_H
#define NK_PHYSICAL_H

#include "base/types.h"
#include "kernel/link.h"

struct nk_error;
struct nk_nl;

/* nk_physical_below() - append the NICs below a virtual device, through all levels: the ports of a bond, also for a VLAN
 * device on it; of a bridge, those ports that are NICs. @ret: freed by the caller. Return: 0, also if there are none,
 * or a negative errno
 */
int nk_physical_below(struct nk_nl *nl, uint32_t ifindex, struct nk_link_list *ret,
		      struct nk_error *err);

/* nk_physical_explain() - add to the error of a device that cannot lend: if it is virtual, what it is, and
 * which devices below it to use instead. Hardware is left to its driver's words.
 */
void nk_physical_explain(struct nk_nl *nl, const struct nk_nic *nic, struct nk_error *err);

#endif
