/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep.h - remove what is dead: attachments whose DEL never came, or never came to its end
 *
 * An attachment is dead if its device is gone, or if its ADD was killed before its end:
 *   - its NIC is up, and a second look 500 ms after the first still finds none of its queues leased
 *     (the kernel takes a netns apart in the background);
 *   - a queue of it is leased to a device that is somebody else's for certain, or is not there any more;
 *   - its NIC is gone for certain, or was loaded anew, and its device with it;
 *   - its DEL came while the NIC was in another netns, and the NIC is back;
 *   - its claims, or, for a pair without queues, the journal say that its ADD did not come to its
 *     end, and nobody alive is at it.
 * What is on a NIC that is down, or in another netns, is unknown, and nothing of it is touched. What lives is never
 * touched, whoever says that it is not valid.
 *
 * With it goes all that DEL would remove, and the addresses that the journal tells of.
 */
#ifndef NK_SWEEP_H
#define NK_SWEEP_H

#include "types.h"

struct nk_error;
struct nk_lender;

struct nk_sweep {
	const char *bpffs;
	const char *network; /* of this network alone; NULL: of all */
	/* Spared, dead or not; NULL: none is. */
	bool (*is_valid)(const struct nk_key *key, const void *data);
	bool (*is_listed)(const char *container_id, const void *data); /* for _unclaimed() alone */
	const void *data;
	int64_t until;	   /* of nk_clock_ms(): nothing more is begun then */
	bool impatient;	   /* leave IPAM plugins alone that failed a short while ago */
	bool forget;	   /* drop what the journal has of an IPAM plugin that cannot be asked */
	bool only_owed;	   /* of whom a DEL could remove only a part, as the NIC was elsewhere */
	bool drop_program; /* the XDP program goes with the NIC's last user, */
	bool keep_rss;	   /* host traffic stays off the pool: where the claims do not say */
};

/**
 * nk_sweep_nic() - what is dead by the claims of a NIC
 * @nic: name of its directory; one that has none has no attachments
 *
 * Return: 0, or the first failure; then what could be removed all the same is
 */
int nk_sweep_nic(const struct nk_sweep *sweep, const char *nic, struct nk_error *err);

/* nk_sweep_lender() - the same of a NIC, found by what it is
 * @on: with nl and nic
 */
int nk_sweep_lender(const struct nk_sweep *sweep, struct nk_lender *on, struct nk_error *err);

/* nk_sweep_nics() - of all NICs */
int nk_sweep_nics(const struct nk_sweep *sweep, struct nk_error *err);

/**
 * nk_sweep_journal() - ADDs that were killed before a claim told of them, pairs without queues
 * among them; and the addresses of what there is no more
 *
 * To be called after nk_sweep_nic(): what has a claim is none of its business.
 */
int nk_sweep_journal(const struct nk_sweep *sweep, struct nk_error *err);

/* nk_sweep_unclaimed() - devices of sweep->network that have leases but no claim, as bpffs was emptied,
 * and whose container is not listed. They may well live: only for who has a list of all that do.
 */
int nk_sweep_unclaimed(const struct nk_sweep *sweep, struct nk_error *err);

/* nk_sweep_kept() - the attachments of a network that there are: by the claims, and by the journal
 * @ret: the caller frees it, also after a failure
 */
int nk_sweep_kept(const char *bpffs, const char *network, struct nk_key **ret, size_t *ret_count,
		  struct nk_error *err);

/* nk_sweep_count() - queues of @set that the next ADD would sweep free, at a first look. Return: 0, or
 * a negative errno
 */
int nk_sweep_count(const char *bpffs, const char *nic, const struct nk_queue_set *set,
		   uint32_t *ret, struct nk_error *err);

#endif
