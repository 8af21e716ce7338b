/* SPDX-License-Identifier: Apache-2.0 */
/* prog_info.h - which XDP program a NIC has: its link, owner and version */
#ifndef NK_PROG_INFO_H
#define NK_PROG_INFO_H

#include "base/types.h"

struct nk_error;
struct nk_nicdir;

/* The pinned link. */
struct nk_prog_link {
	bool pinned;
	uint32_t id;
	uint32_t ifindex; /* of its NIC, in the NIC's netns; 0: the link has lost its NIC */
	uint32_t prog_id;
};

/* nk_prog_link() - Return: 0, also if no link is pinned; or a negative errno */
int nk_prog_link(const struct nk_nicdir *dir, struct nk_prog_link *ret, struct nk_error *err);

/**
 * nk_prog_is_ours() - did nk-cni load the program, whichever bpffs has its maps?
 * @ret_version: the version in its read-only data
 *
 * Return: 1, 0, or a negative errno
 */
int nk_prog_is_ours(uint32_t prog_id, uint32_t *ret_version, struct nk_error *err);

/* nk_prog_open_map() - open the map of that name that a program uses. Return: an fd; -ENOENT (which fills no
 * error): it uses none; or another negative errno
 */
int nk_prog_open_map(uint32_t prog_id, const char *name, struct nk_error *err);

/* nk_prog_refuse_foreign() - refuse a NIC whose program is not ours. Return: -EBUSY */
int nk_prog_refuse_foreign(const struct nk_nic *nic, struct nk_error *err);

/* nk_prog_version() - of the program on the NIC; 0: it is older than versions. Return: 0; -ENOENT (which
 * fills no error): none of ours is on it; or another negative errno
 */
int nk_prog_version(const struct nk_nicdir *dir, uint32_t *ret, struct nk_error *err);

#endif
