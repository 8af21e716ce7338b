/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h - can this NIC lend queues? The kernel has no capability bit; only a try tells. */
#ifndef NK_PROBE_H
#define NK_PROBE_H

#include "base/types.h"

struct nk_error;

/**
 * nk_probe_can_lease() - try to lease a queue that no NIC has, to a device in a new netns
 *
 * A NIC that can lease reports that the queue is out of range. Host and Pods see nothing of the try, and
 * it leaves nothing behind.
 *
 * Return: 0, or the kernel's refusal
 */
int nk_probe_can_lease(const struct nk_nic *nic, struct nk_error *err);

/* nk_probe_remedy() - if @rc of a lease means that the NIC cannot lend, name drivers that can. */
void nk_probe_remedy(int rc, struct nk_error *err);

#endif
