/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lender.h - a NIC under its lock: its identity, its directory on bpffs, and the claims on its queues
 *
 * The map `nic` in a directory records which NIC the directory belongs to (nicid.h). If a pinned XDP link
 * contradicts the map, that is an error. A directory of an older build has no such map. Then the link decides,
 * or else the claims, or else the saved settings; sources that contradict each other are an error that names
 * them. So a NIC has one directory and one lock, whichever of its names is given.
 *
 * A new directory gets the NIC's present name, or <name>~<ifindex> if another NIC's directory has that name. If
 * that other NIC is proven to be gone, its directory is taken over. To be missing from this netns is no proof.
 */
#ifndef NK_LENDER_H
#define NK_LENDER_H

#include "base/types.h"
#include "bpffs/nicdir.h"
#include "bpffs/nicid.h"
#include "bpffs/prog_info.h"

struct nk_claim_list;
struct nk_error;
struct nk_nl;
struct nk_queue;

enum nk_whereabouts {
	NK_NIC_HERE,
	NK_NIC_ELSEWHERE, /* in another netns, as far as can be known: its queues may still be leased */
	NK_NIC_GONE,	  /* removed or reloaded, and its leases with it */
};

struct nk_lender {
	struct nk_nl *nl;  /* of the host's netns; belongs to the caller */
	struct nk_nic nic; /* if it is not here: ifindex 0, and the name of the directory */
	enum nk_whereabouts where;
	struct nk_nicdir dir;  /* holds the lock while dir.fd is open */
	int claims;	       /* fd, or -1 */
	uint32_t lost_ifindex; /* of a NIC that is not here: the ifindex in its claims */

	/* set by nk_lender_identify(): the contents of the directory */
	bool has_id; /* the directory has an identity: id */
	struct nk_nicid id;
	struct nk_prog_link link;
	struct nk_nic id_nic; /* the NIC with this identity, if it is here */
	enum nk_whereabouts id_where;
};

/* A lender that has nothing open. */
#define NK_LENDER_CLOSED { .dir = { .fd = -1 }, .claims = -1 }

/* --- lender.c --------------------------------------------------------------------------------- */

/**
 * nk_lender_open() - take a NIC's lock; create its directory if there is none
 * @on: with nl and nic
 *
 * Return: 0; -EBUSY if nk-cni has the NIC on another bpffs; -EAGAIN as nk_nicdir_open(); or another negative
 * errno
 */
int nk_lender_open(struct nk_lender *on, const char *bpffs, struct nk_error *err);

/* nk_lender_open_dir() - take the lock of the directory called @name, whichever NIC it belongs to. Return: 0;
 * -ENOENT (err is left empty) if there is none; or another negative errno
 */
int nk_lender_open_dir(struct nk_lender *on, const char *bpffs, const char *name,
		       struct nk_error *err);

/* nk_lender_read_claims() - of the NIC's map, whether it is open or not. Return: as nk_claims_read() */
int nk_lender_read_claims(const struct nk_lender *on, struct nk_claim_list *ret,
			  struct nk_error *err);

/* nk_lender_check_program() - Return: 0 if the NIC has no XDP program, or that of its directory; -EBUSY with the
 * owner if it has another one; or another negative errno
 */
int nk_lender_check_program(struct nk_lender *on, const char *bpffs, struct nk_error *err);

/* nk_lender_close() - release the lock; remove the directory if nobody uses the NIC any more */
void nk_lender_close(struct nk_lender *on);

/* --- lender_idle.c ---------------------------------------------------------------------------- */

/**
 * nk_lender_check_idle() - may the XDP program be detached? Call it if no claim has a map.
 * @on: with nl, nic and dir
 * @ret: gets the queues with a pinned XSKMAP
 *
 * Return: 0; -EBUSY: a leased queue without a claim has an XSKMAP or an AF_XDP socket; -ENOENT: the NIC is down, which
 * hides its leases; or another negative errno
 */
int nk_lender_check_idle(struct nk_lender *on, struct nk_queue_set *ret, struct nk_error *err);

/**
 * nk_lender_check_claimed() - has each queue that is lent a claim? If not, somebody has removed the claims of a living
 * Pod, which needs the settings of the NIC, and perhaps its program.
 * @on: with nl, nic, dir, and claims if they are open
 *
 * A NIC that is down, or not here, hides its leases: then none is found. Return: 0; -EBUSY; or another negative errno
 */
int nk_lender_check_claimed(const struct nk_lender *on, struct nk_error *err);

/* nk_lender_advise_unclaimed() - set the remedy: end the Pod of a queue that is leased without a claim. Return: the errno
 * of @err, negative
 */
int nk_lender_advise_unclaimed(struct nk_error *err);

/* For tests. Has the queue a user that needs the program? */
bool nk_lender_needs_program(const struct nk_queue *queue);

/* --- lender_find.c ---------------------------------------------------------------------------- */

/**
 * nk_lender_find() - find the directory of a NIC, without its lock
 * @on: with nl and nic; dir is filled: with the directory, or with the one to create
 *
 * Return: 1; 0 if the NIC has none; or a negative errno
 */
int nk_lender_find(struct nk_lender *on, const char *bpffs, struct nk_error *err);

/* nk_lender_find_id() - the same, for a caller that has read the identity of on->nic */
int nk_lender_find_id(struct nk_lender *on, const struct nk_nicid *id, const char *bpffs,
		      struct nk_error *err);

/* nk_lender_is_attached() - is the link pinned in a directory that of the program on on->nic?
 * @link: as it was read; is read again if the program is being replaced
 */
bool nk_lender_is_attached(struct nk_lender *on, const struct nk_nicdir *dir,
			   struct nk_prog_link *link);

/* --- lender_locate.c --------------------------------------------------------------------------- */

/**
 * nk_lender_identify() - read which NIC the directory belongs to, and find out where that NIC is
 * @on: with nl, dir, and claims if there are any
 *
 * Return: 0, or a negative errno if it cannot be found out
 */
int nk_lender_identify(struct nk_lender *on, struct nk_error *err);

/**
 * nk_lender_locate() - fill nic and where for the NIC of one claim
 * @on: after nk_lender_identify()
 * @ifindex: the NIC's in the claim; it may be that of a NIC which is gone and had this directory before. 0: the
 *	     NIC of the directory
 */
int nk_lender_locate(struct nk_lender *on, uint32_t ifindex, struct nk_error *err);

/* nk_lender_follow() - nk_lender_identify(), then nk_lender_renumber() if the NIC came back with another ifindex.
 * Called with the lock, before the claims are opened.
 */
int nk_lender_follow(struct nk_lender *on, struct nk_error *err);

/* nk_lender_renumber() - change the ifindex in claims, saved settings and identity from @from to @now */
int nk_lender_renumber(struct nk_lender *on, const struct nk_nicid *from,
		       const struct nk_nicid *now, struct nk_error *err);

#endif
