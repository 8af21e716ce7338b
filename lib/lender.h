/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lender.h - a NIC under its lock: what it is, its directory on bpffs, and who has which queue of it
 *
 * Which directory a NIC has is told by what the directories say they are of, see nicid.h, and by the XDP
 * link that is pinned there; in one that an older build made, by the link, else by the claims, else by the
 * saved settings. Sources that do not agree are an error that names them. So a rename moves nothing, and
 * a NIC has one directory and one lock by whichever name it is asked for. Where it has none, the name it
 * has now is its directory's; where that is another NIC's, <name>~<ifindex>. The directory of a NIC that
 * is gone for certain goes over to the next one of its name.
 *
 * That a NIC is gone has to be seen: it is not gone because it cannot be found in this netns.
 */
#ifndef NK_LENDER_H
#define NK_LENDER_H

#include "nicdir.h"
#include "nicid.h"
#include "prog.h"
#include "types.h"

struct nk_error;
struct nk_nl;

enum nk_whereabouts {
	NK_NIC_HERE,
	NK_NIC_ELSEWHERE, /* in another netns, as far as can be told: it lends on */
	NK_NIC_GONE,	  /* removed or loaded anew, and all it lent with it */
};

struct nk_lender {
	struct nk_nl *nl;  /* the host's; the owner's to close */
	struct nk_nic nic; /* ifindex 0: it is not here; then the name is the directory's */
	enum nk_whereabouts where;
	struct nk_nicdir dir;  /* with the lock, while dir.fd is open */
	int claims;	       /* fd, or -1 */
	uint32_t lost_ifindex; /* of a NIC that is not here, as it was claimed */

	/* what the directory says, once nk_lender_look() was called */
	bool noted;
	struct nk_nicid id;
	struct nk_prog_link link;
	struct nk_nic noted_nic; /* that one, if it is here */
	enum nk_whereabouts noted_where;
};

/* Of one that has nothing open. */
#define NK_LENDER_CLOSED { .dir = { .fd = -1 }, .claims = -1 }

/**
 * nk_lender_find() - the directory of a NIC, without its lock
 * @on: with nl and nic; dir is filled, also where there is none yet: then with where it would be
 *
 * Return: 1; 0 where it has none; or a negative errno
 */
int nk_lender_find(struct nk_lender *on, const char *bpffs, struct nk_error *err);

/**
 * nk_lender_open() - take a NIC's lock, and make its directory where it has none
 * @on: with nl and nic
 *
 * Return: 0; -EBUSY where another bpffs of nk-cni's has the NIC; -EAGAIN as nk_nicdir_open(); or another
 * negative errno
 */
int nk_lender_open(struct nk_lender *on, const char *bpffs, struct nk_error *err);

/* nk_lender_open_dir() - take the lock of the directory called @name, whosever it is. Return: 0; -ENOENT
 * (which fills no error) where there is none; or another negative errno
 */
int nk_lender_open_dir(struct nk_lender *on, const char *bpffs, const char *name,
		       struct nk_error *err);

/**
 * nk_lender_look() - what NIC the directory is of, and where that is
 * @on: with nl, dir, and claims if there are any
 *
 * Return: 0 or a negative errno: it could not be told
 */
int nk_lender_look(struct nk_lender *on, struct nk_error *err);

/**
 * nk_lender_place() - the NIC that a claim tells of: fills nic and where
 * @on: after nk_lender_look()
 * @ifindex: as it is claimed; the directory may have claims of a NIC that is gone, of whom its present NIC
 *	     has taken it over. 0: the directory's
 */
int nk_lender_place(struct nk_lender *on, uint32_t ifindex, struct nk_error *err);

/* nk_lender_check_program() - is no XDP program on the NIC, or the directory's own? Return: 0, or -EBUSY and
 * whose it is
 */
int nk_lender_check_program(struct nk_lender *on, const char *bpffs, struct nk_error *err);

/* nk_lender_close() - give the lock up. Where nobody uses the NIC any more its directory goes. */
void nk_lender_close(struct nk_lender *on);

#endif
