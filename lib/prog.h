/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prog.h - the XDP program of a NIC: put on it once, found again, taken off
 *
 * The program is attached in native mode by a bpf_link pinned on the NIC's directory, so that it
 * stays when the plugin has gone; its maps are pinned beside it. See bpf/nk.bpf.c for what it does.
 * All functions want the NIC's lock held.
 */
#ifndef NK_PROG_H
#define NK_PROG_H

#include "types.h"

struct nk_error;
struct nk_nicdir;

/* Version of the program in this build: to be counted up with every change below bpf/ that a NIC with
 * an older one is to get.
 */
#ifndef NK_PROG_VERSION
#define NK_PROG_VERSION 2
#endif

/* The pinned link as it is. */
struct nk_prog_link {
	bool pinned;
	uint32_t id;
	uint32_t ifindex; /* of its NIC, as that one's netns counts; 0: it has lost it */
	uint32_t prog_id;
};

/* nk_prog_link() - Return: 0, also where none is pinned; or a negative errno: it could not be looked at */
int nk_prog_link(const struct nk_nicdir *dir, struct nk_prog_link *ret, struct nk_error *err);

/**
 * nk_prog_is_ours() - was a program loaded by nk-cni, on whichever bpffs its maps are?
 * @ret_version: the version in its read-only data
 *
 * Return: 1, 0, or a negative errno
 */
int nk_prog_is_ours(uint32_t prog_id, uint32_t *ret_version, struct nk_error *err);

/* nk_prog_refuse_foreign() - the refusal of a NIC whose program is not ours. Return: -EBUSY */
int nk_prog_refuse_foreign(const struct nk_nic *nic, struct nk_error *err);

/* nk_prog_check_none() - has the NIC no XDP program at all, as a header split wants it? Return: 0, or -EBUSY
 * with an error that names the program
 */
int nk_prog_check_none(const struct nk_nic *nic, struct nk_error *err);

/**
 * nk_prog_attach() - have the program on the NIC, of this build's version or a newer one
 * @ret_made: true if it was not there; then nk_prog_detach() undoes it, also after a failure
 *
 * An older one is replaced under traffic, without a frame lost, and keeps its maps; a newer one stays.
 * A link that lost its NIC (the driver was reloaded) is replaced. The operator's policy program is
 * taken over as it is pinned now, see policy.h.
 *
 * Return: 0, or a negative errno
 */
int nk_prog_attach(const struct nk_nicdir *dir, const struct nk_nic *nic, bool *ret_made,
		   struct nk_error *err);

/* nk_prog_reload() - replace the program on the NIC by this build's, whichever version it is, and take
 * over the policy program. Return: 0, -ENOENT (which fills no error) where none of ours is on it, or
 * another negative errno.
 */
int nk_prog_reload(const struct nk_nicdir *dir, const struct nk_nic *nic, struct nk_error *err);

/* nk_prog_version() - of the program that runs, 0 for one of a time before versions. Return: 0;
 * -ENOENT (which fills no error) where none runs; or another negative errno
 */
int nk_prog_version(const struct nk_nicdir *dir, uint32_t *ret, struct nk_error *err);

/* nk_prog_detach() - take it off and remove its pins; what is not there is success. */
int nk_prog_detach(const struct nk_nicdir *dir, struct nk_error *err);

/* nk_prog_check() - is our program the one on the NIC? Return: 0, or -ENOENT with error code 102. */
int nk_prog_check(const struct nk_nicdir *dir, const struct nk_nic *nic, struct nk_error *err);

#endif
