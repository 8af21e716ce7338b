/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - the device of an attachment, told from those of other Pods
 *
 * Every Pod's first device has ifindex 2, the kernel hands the lowest free netns id out again, and two
 * Pods may have one MAC: none of these says whose a device is. What does: the cookie of its netns, which
 * is given once, with the ifindex in it. A device that its Pod has moved out of there is found at the
 * other end of the lease, and told by alias, or by group or MAC where nobody else claims the queue.
 */
#ifndef NK_DEVICE_H
#define NK_DEVICE_H

#include "claims.h"
#include "link.h"
#include "netdev.h"
#include "types.h"

struct nk_error;

/* nk_device_hash() - of the attachment's key */
uint64_t nk_device_hash(const struct nk_key *key);

/* nk_device_alias() - of the device of an attachment: "nk-cni:<effective name>:<container id>:<network>";
 * where that is longer than what the kernel keeps, "nk-cni:#<hash>:<effective name>:<container id>", cut
 */
void nk_device_alias(const struct nk_key *key, char ret[NK_ALIAS_SIZE]);

/* A device found. */
struct nk_device {
	int32_t nsid; /* of its netns, as the host's counts */
	struct nk_link link;
};

/**
 * nk_device_find() - in the netns it was made in, by the cookie of that
 * @claim: of any of its queues
 * @netns_fd: that netns, if the caller has it open; or -1
 *
 * Return: 1 and @ret; 0 where the netns does not have it (any more), or cannot be opened; or a negative
 * errno
 */
int nk_device_find(struct nk_nl *nl, const struct nk_claim *claim, int netns_fd,
		   struct nk_device *ret, struct nk_error *err);

/* Whose device is at the other end of a lease. */
enum nk_holder {
	NK_HOLDER_OURS,
	NK_HOLDER_OTHER,   /* somebody else's, for certain: the queue was lent anew */
	NK_HOLDER_UNKNOWN, /* the Pod may have changed all that could tell, or it could not be read */
};

/**
 * nk_device_holder() - who has the lease of a claimed queue?
 * @claims: fd of the map that @claim is in
 * @queue: of the NIC, leased, as it is now
 * @ret: the device, unless it could not be read; or NULL
 */
enum nk_holder nk_device_holder(struct nk_nl *nl, int claims, const struct nk_claim *claim,
				const struct nk_queue *queue, struct nk_device *ret);

#endif
