/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lender.h - a NIC under its lock: what it is, its directory on bpffs, and who has which queue of it
 */
#ifndef NK_LENDER_H
#define NK_LENDER_H

#include "nicdir.h"
#include "types.h"

struct nk_nl;

struct nk_lender {
	struct nk_nl *nl;      /* the host's; the owner's to close */
	struct nk_nic nic;     /* ifindex 0: the NIC is gone */
	struct nk_nicdir dir;  /* with the lock, while dir.fd is open */
	int claims;	       /* fd, or -1 */
	uint32_t lost_ifindex; /* of the NIC that is gone */
};

/* Of one that has nothing open. */
#define NK_LENDER_CLOSED                          \
	{                                         \
		.dir = { .fd = -1 }, .claims = -1 \
	}

#endif
