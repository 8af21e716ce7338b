/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - whose device is it?
 *
 * Every Pod's first device has ifindex 2, the kernel reuses netns ids, and two Pods may have the same MAC: none of
 * these identifies a device. The cookie of its netns, which is never reused, and the ifindex do. A device that its Pod
 * has moved to another netns is found at the other end of the lease. It is recognised by its alias; or by group or MAC
 * if nobody else claims the queue.
 */
#ifndef NK_DEVICE_H
#define NK_DEVICE_H

#include "base/types.h"
#include "bpffs/claims.h"
#include "kernel/link.h"
#include "kernel/netdev.h"

struct nk_error;

/* nk_device_hash() - a hash of the attachment's key */
uint64_t nk_device_hash(const struct nk_key *key);

/* nk_device_alias() - the alias of an attachment's device: "nk-cni:<effective name>:<container id>:<network>"; or, if
 * this is too long for the kernel, "nk-cni:#<hash>:<effective name>:<container id>", cut
 */
void nk_device_alias(const struct nk_key *key, char ret[NK_ALIAS_SIZE]);

/* nk_device_is_cut_alias() - is it the alias, cut, that older builds gave to a device with this key? Attachments with
 * long names may share such an alias, so it proves nothing.
 */
bool nk_device_is_cut_alias(const struct nk_key *key, const char *alias);

struct nk_device {
	int32_t nsid; /* the id of its netns in the host's netns */
	struct nk_link link;
};

/**
 * nk_device_find() - find an attachment's device in the netns where it was created
 * @claim: on any of its queues
 * @netns_fd: that netns, or -1 to open it by its cookie
 *
 * Return: 1 and @ret; 0 if the netns does not have the device, or cannot be opened; or a negative errno
 */
int nk_device_find(struct nk_nl *nl, const struct nk_claim *claim, int netns_fd,
		   struct nk_device *ret, struct nk_error *err);

/* The owner of the device at the other end of a lease. */
enum nk_holder {
	NK_HOLDER_OURS,	   /* the attachment in question */
	NK_HOLDER_OTHER,   /* another one, for certain */
	NK_HOLDER_UNKNOWN, /* the Pod may have changed everything that would tell */
	NK_HOLDER_LIKELY, /* from nk_device_by_marks() only: OURS if nobody else claims the queue */
};

/* nk_device_by_marks() - who holds the lease, by properties that the Pod can change? For a device that is not where it
 * was created.
 */
enum nk_holder nk_device_by_marks(const struct nk_claim *claim, const struct nk_queue *queue,
				  const struct nk_link *link);

/* nk_device_has_room() - has the Pod end of a pair room for leases? Only that of a pair with queues has. */
bool nk_device_has_room(const struct nk_link *link);

/* nk_device_has_marks() - is it a device that nk-cni has made, by properties that the Pod can change? */
bool nk_device_has_marks(const struct nk_link *link);

/**
 * nk_device_holder() - who holds the lease of a claimed queue?
 * @claims: fd of the map with @claim
 * @queue: of the NIC, leased, as just read
 * @ret: the device if it exists; or NULL
 *
 * Return: an enum nk_holder, or a negative errno if it cannot be found out
 */
int nk_device_holder(struct nk_nl *nl, int claims, const struct nk_claim *claim,
		     const struct nk_queue *queue, struct nk_device *ret, struct nk_error *err);

/* nk_device_is_of() - does a claim with key @claimed belong to the device of @key? If @key comes from an alias, it has
 * no CNI_IFNAME.
 */
bool nk_device_is_of(const struct nk_key *key, const struct nk_key *claimed);

/**
 * nk_device_whose() - whose is a device, by the claims of all bpffs on the queues that it leases?
 * @key: the presumed owner's, as for nk_device_is_of()
 * @ret: the owner's claim, unless unknown
 *
 * A NIC that is down, or in another netns, hides its leases. Then another attachment with the same alias and MAC is the
 * owner.
 *
 * Return: an enum nk_holder, or a negative errno
 */
int nk_device_whose(struct nk_nl *nl, const struct nk_device *device, const struct nk_key *key,
		    struct nk_claim *ret, struct nk_error *err);

#endif
