/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims.h - who owns which queue of a NIC
 *
 * A pinned hash map, physical queue -> struct nk_claim, on the NIC's directory, mode 0600. A claim
 * is entered before anything points at the queue, holds all that removing the attachment needs,
 * and is the last thing removed; so an interrupted ADD or DEL is finished by the next DEL. The
 * kernel keeps the map: it outlives the plugin and goes with a reboot, like what it describes.
 *
 * All functions but nk_claims_open(), _get() and _each() want the NIC's lock held.
 */
#ifndef NK_CLAIMS_H
#define NK_CLAIMS_H

#include "types.h"

struct nk_error;
struct nk_nicdir;

/* Value of the map. Its layout is read by later versions of the plugin: change NK_CLAIM_VERSION
 * with it.
 */
#define NK_CLAIM_VERSION 3

/* Flags: what is to become of the NIC when it was the last. Claims of older builds have none, and go by the
 * configuration of the call that removes them.
 */
#define NK_CLAIM_HAS_WISHES   1U
#define NK_CLAIM_DROP_PROGRAM 2U /* the XDP program goes too */
#define NK_CLAIM_KEEP_RSS     4U /* host traffic stays off the pool */
/* The Pod is gone, its NIC was in another netns then: what the NIC was told for it is still to be taken back. */
#define NK_CLAIM_OWED 8U

struct nk_claim {
	uint32_t version;
	uint32_t nic_ifindex;
	uint64_t netns_cookie; /* of the Pod's netns */
	uint32_t ifindex;      /* netkit device; 0: not made yet */
	uint32_t netkit_queue; /* what this queue is, or is going to be, on it */
	int32_t nsid;	       /* the Pod's netns, as the host's counts */
	uint32_t mtu;
	uint8_t mac[NK_MAC_LEN];
	uint8_t committed;	   /* ADD came to its end */
	uint8_t in_filter;	   /* mac is ours to take out of the NIC's filter */
	uint8_t with_map;	   /* has an XSKMAP */
	uint8_t pair;		   /* the device is the Pod's end of a pair */
	uint8_t excluded;	   /* host traffic is kept off the queue */
	uint8_t has_ipam;	   /* an IPAM plugin gave addresses, or was about to */
	uint32_t rss_context;	   /* RSS context over the attachment's queues; 0: none */
	uint32_t rule_count;	   /* flow rules, made or about to be; see rules.h */
	uint32_t neigh_count;	   /* addresses answered for, likewise */
	struct nk_xsk_options xsk; /* with_map; owner as the host counts */
	uint32_t flags;		   /* NK_CLAIM_* */
	uint32_t nonce;		   /* of the ADD, drawn at random; 0: an older build's */
	uint32_t more[2];	   /* for later versions: 0 */
	struct nk_key key;
	char pod_name[NK_ID_SIZE];
};

_Static_assert(sizeof(struct nk_claim) == 88 + 2 * IFNAMSIZ + 3 * NK_ID_SIZE,
	       "no hole: the value goes to the kernel byte by byte");

/**
 * nk_claims_open() - the NIC's claims
 * @path: of the pin
 * @create: make and pin the map where there is none; wants the lock
 *
 * Return: an fd, -ENOENT (which fills no error) where there is none, or another negative errno
 */
int nk_claims_open(const char *path, bool create, struct nk_error *err);

/* nk_claims_open_on() - likewise, of a NIC by the name of its directory, without its lock */
int nk_claims_open_on(const char *bpffs, const char *nic, struct nk_error *err);

/* nk_claims_add() - claim a queue. Return: 0, or -EEXIST where somebody has it. */
int nk_claims_add(int fd, uint32_t queue, const struct nk_claim *claim, struct nk_error *err);

/* nk_claims_update() - note what has been made of it since. */
int nk_claims_update(int fd, uint32_t queue, const struct nk_claim *claim, struct nk_error *err);

/* nk_claims_remove() - give a queue back; one that is not claimed is success. */
int nk_claims_remove(int fd, uint32_t queue, struct nk_error *err);

/* nk_claims_get() - Return: 0, or -ENOENT (which fills no error) where the queue is not claimed. */
int nk_claims_get(int fd, uint32_t queue, struct nk_claim *ret, struct nk_error *err);

/**
 * nk_claims_elsewhere() - does another claims map of this machine, on whatever bpffs, claim the queue?
 * @fd: our own
 *
 * Return: 1, 0, or a negative errno
 */
int nk_claims_elsewhere(int fd, uint32_t queue, uint32_t nic_ifindex, struct nk_error *err);

/* nk_claims_each() - call @fn for each claim; it returns 0, or non-zero, which ends the walk and
 * is returned.
 */
int nk_claims_each(int fd, int (*fn)(uint32_t queue, const struct nk_claim *claim, void *data),
		   void *data, struct nk_error *err);

#endif
