/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h - can this NIC lend queues? There is no capability bit; only trying tells. */
#ifndef NK_PROBE_H
#define NK_PROBE_H

#include "types.h"

struct nk_error;

/**
 * nk_probe_can_lease() - try to lease a queue that no NIC has, to a device in a netns of our own
 *
 * A NIC that can lease says that the queue is out of range, another one that it cannot. Nothing is
 * seen of it in the host's or a Pod's netns, and nothing is left.
 *
 * Return: 0, or the kernel's refusal
 */
int nk_probe_can_lease(const struct nk_nic *nic, struct nk_error *err);

/* nk_probe_remedy() - if @rc, of a lease, says that the NIC cannot: name those that can. */
void nk_probe_remedy(int rc, struct nk_error *err);

#endif
