/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims.h - the owner of each queue of a NIC
 *
 * A pinned hash map in the NIC's directory: physical queue -> struct nk_claim. A claim is written before
 * anything points at the queue, contains all that the removal of the attachment needs, and is removed last.
 * So the next DEL finishes an interrupted ADD or DEL. The kernel keeps the map after the plugin ends, until
 * a reboot, like everything that it describes.
 *
 * All functions but nk_claims_open(), _get() and _read*() require the NIC's lock.
 */
#ifndef NK_CLAIMS_H
#define NK_CLAIMS_H

#include "base/types.h"

struct nk_error;
struct nk_nicdir;

/* Value of the map. Later versions of nk-cni read it: change NK_CLAIM_VERSION with the layout. */
#define NK_CLAIM_VERSION 3

/* Claims of one NIC, of up to 4096 queues. A read of all costs as much as there is room, and an ADD reads them often. */
#define NK_CLAIMS_MAX 1024

/* Flags: the state in which the last attachment leaves the NIC. A claim of an older build has no flags; then the
 * configuration of the call that removes it decides.
 */
#define NK_CLAIM_HAS_WISHES   1U
#define NK_CLAIM_DROP_PROGRAM 2U /* remove the XDP program */
#define NK_CLAIM_KEEP_RSS     4U /* keep host traffic off the pool */
/* The Pod is gone, but the NIC was in another netns, or hid the device: its rules and settings are still to be undone;
 * and, unless ifindex is 0, the device is still to be found by its leases.
 */
#define NK_CLAIM_OWED 8U
/* When ADD ended, there were saved settings of the NIC (nic/saved.h). */
#define NK_CLAIM_SAVED 32U

/* The queue is for a memory provider (io_uring, devmem): no XDP program may be on the NIC. */
#define NK_CLAIM_RINGS 16U

struct nk_claim {
	uint32_t version;
	uint32_t nic_ifindex;
	uint64_t netns_cookie; /* of the Pod's netns */
	uint32_t ifindex;      /* netkit device; 0: not created yet */
	uint32_t netkit_queue; /* the id that this queue has, or will have, on it */
	int32_t nsid;	       /* id of the Pod's netns in the host's netns */
	uint32_t mtu;
	uint8_t mac[NK_MAC_LEN];
	uint8_t committed;	   /* ADD has finished */
	uint8_t in_filter;	   /* nk-cni added mac to the NIC's filter */
	uint8_t with_map;	   /* has an XSKMAP */
	uint8_t pair;		   /* the device is the Pod's end of a pair */
	uint8_t excluded;	   /* host traffic is kept off the queue */
	uint8_t has_ipam;	   /* an IPAM plugin allocated addresses, or was about to */
	uint32_t rss_context;	   /* RSS context over the attachment's queues; 0: none */
	uint32_t rule_count;	   /* flow rules, created or about to be; see flow_note.h */
	uint32_t neigh_count;	   /* addresses that the XDP program answers for, likewise */
	struct nk_xsk_options xsk; /* with_map; with the host's ids */
	uint32_t flags;		   /* NK_CLAIM_* */
	uint32_t nonce;		   /* random number of the ADD; 0: of an older build */
	uint32_t more[2];	   /* for later versions: 0 */
	struct nk_key key;
	char pod_name[NK_ID_SIZE];
};

_Static_assert(sizeof(struct nk_claim) == 88 + 2 * IFNAMSIZ + 3 * NK_ID_SIZE,
	       "no hole: the kernel copies the value byte by byte");

struct nk_claim_entry {
	uint32_t queue;
	struct nk_claim claim;
};

struct nk_claim_list {
	struct nk_claim_entry *at;
	uint32_t count;
};

/**
 * nk_claims_open() - open the NIC's claims
 * @create: create and pin the map if it is missing; requires the lock
 *
 * Return: an fd; -ENOENT (which fills no error): there is none; or another negative errno
 */
int nk_claims_open(const struct nk_nicdir *dir, bool create, struct nk_error *err);

/* nk_claims_open_on() - the same by the name of the directory, without its lock */
int nk_claims_open_on(const char *bpffs, const char *nic, struct nk_error *err);

/* nk_claims_is_pinned() - is @fd still the map in the directory? See nk_pinmap_is_pinned(). */
int nk_claims_is_pinned(const struct nk_nicdir *dir, int fd, struct nk_error *err);

/* nk_claims_add() - claim a queue. Return: 0; -EEXIST: it is claimed; or another negative errno */
int nk_claims_add(int fd, uint32_t queue, const struct nk_claim *claim, struct nk_error *err);

/* nk_claims_update() - replace a claim */
int nk_claims_update(int fd, uint32_t queue, const struct nk_claim *claim, struct nk_error *err);

/* nk_claims_remove() - a missing claim is success. */
int nk_claims_remove(int fd, uint32_t queue, struct nk_error *err);

/* nk_claim_check() - can a claim that was read be used? No system call. Return: 0; -EPROTO: it is of another version, or
 * one of its texts has no end
 */
int nk_claim_check(const struct nk_claim *claim, uint32_t queue, struct nk_error *err);

/* nk_claims_get() - Return: 0; -ENOENT (which fills no error): the queue is not claimed; -EPROTO: as nk_claim_check();
 * or another negative errno
 */
int nk_claims_get(int fd, uint32_t queue, struct nk_claim *ret, struct nk_error *err);

/**
 * nk_claims_elsewhere() - does another claims map of this machine, on any bpffs, claim the queue?
 * @fd: our own map
 *
 * Return: 1, 0, or a negative errno
 */
int nk_claims_elsewhere(int fd, uint32_t queue, uint32_t nic_ifindex, struct nk_error *err);

/* nk_claim_describe() - which attachment it is, for error texts */
void nk_claim_describe(const struct nk_claim *claim, char *buf, size_t size);

/* nk_claims_read() - read all claims of a NIC: see list.h. Return: 0; -EPROTO: some cannot be used, and @ret
 * has the others; or another negative errno
 */
int nk_claims_read(int fd, struct nk_claim_list *ret, struct nk_error *err);

/* nk_claims_have() - is the queue claimed? */
bool nk_claims_have(const struct nk_claim_list *list, uint32_t queue);

/* nk_claims_read_pin() - the same, of the map in a directory; none if it is missing */
int nk_claims_read_pin(const struct nk_nicdir *dir, struct nk_claim_list *ret,
		       struct nk_error *err);

/* nk_claims_read_everywhere() - of all maps of this machine, on any bpffs; claims that cannot be used are skipped */
int nk_claims_read_everywhere(struct nk_claim_list *ret, struct nk_error *err);

#endif
