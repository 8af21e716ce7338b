/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unclaimed.h - the devices of an attachment without claims; for unclaimed.c and delete_unclaimed.c alone
 *
 * They are found by what the kernel still knows. The Pod's root can give its device any alias, group and
 * MAC, so these count only for a device whose queues no other attachment has claimed.
 */
#ifndef NK_UNCLAIMED_H
#define NK_UNCLAIMED_H

#include "attach/attach.h"
#include "base/error.h"
#include "nic/device.h"

#define NK_UNCLAIMED_MAX 8 /* more devices than one attachment can have: one */

struct nk_unclaimed_device {
	struct nk_device device;
	uint32_t nic_ifindex;	    /* of the NIC that lends to it; 0: unknown */
	struct nk_queue_set queues; /* of that NIC, which it has leased */
	bool shares_mac;	    /* somebody else has its MAC too, or may have it */
};

struct nk_unclaimed {
	struct nk_attachment *att;
	char alias[NK_ALIAS_SIZE];
	uint32_t count;
	struct nk_unclaimed_device devices[NK_UNCLAIMED_MAX];
	int failed; /* errno of the first failed look: there may be more devices */
	struct nk_error why;
};

/* nk_unclaimed_find() - look everywhere, and go on after a failed look */
void nk_unclaimed_find(struct nk_attachment *att, struct nk_unclaimed *ret);

/* nk_unclaimed_get() - Return: the device, or NULL if it was not found */
struct nk_unclaimed_device *nk_unclaimed_get(struct nk_unclaimed *unclaimed, int32_t nsid,
					     uint32_t ifindex);

#endif
