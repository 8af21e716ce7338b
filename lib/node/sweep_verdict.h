/* SPDX-License-Identifier: Apache-2.0 */
/* sweep_verdict.h - is an attachment dead? Decided from facts that sweep.c reads; no system call */
#ifndef NK_SWEEP_VERDICT_H
#define NK_SWEEP_VERDICT_H

#include "nic/device.h"
#include "nic/lender.h"

#include <stdbool.h>

struct nk_claim;

/* The verdict on an attachment is the last of these that holds for one of its queues. */
enum nk_verdict {
	NK_VERDICT_DEAD,
	NK_VERDICT_UNKNOWN,
	NK_VERDICT_ALIVE,
	NK_VERDICT_OPEN, /* further facts are needed */
};

/* nk_verdict_by_place() - from the place of the claim's NIC, and whether it is up. If the verdict is
 * open and the claim is not committed, the ADD's process decides; else the lease of the queue.
 */
enum nk_verdict nk_verdict_by_place(const struct nk_claim *claim, enum nk_whereabouts where,
				    bool is_up);

/**
 * nk_verdict_by_queue() - for a committed claim on a NIC that is up
 * @rc: of nk_netdev_queue_get(); unknown if the queue could not be read
 * @holder: of the queue's lease
 */
enum nk_verdict nk_verdict_by_queue(int rc, bool leased, enum nk_holder holder);

#endif
