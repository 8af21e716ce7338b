/* SPDX-License-Identifier: Apache-2.0 */
/* upkeep.h - what the operator of a node does to a NIC, beside all attachments */
#ifndef NK_UPKEEP_H
#define NK_UPKEEP_H

#include <stdbool.h>

struct nk_attachment;
struct nk_error;

struct nk_upkeep {
	const char *bpffs;
	bool is_dir; /* what is named is a directory; else a NIC, or a directory where there is no such NIC */
	bool attach; /* reload: put the program on where none of ours is; else such a NIC is left as it is */
};

/**
 * nk_upkeep_reload() - have this build's program on a NIC, and the policy program that is pinned now
 * @att: is filled anew; finished by the caller with nk_attachment_fini(), also after a failure
 *
 * Return: 0, or a negative errno. A policy program that cannot be used is told before anything changes.
 */
int nk_upkeep_reload(struct nk_attachment *att, const struct nk_upkeep *how, const char *nic,
		     struct nk_error *err);

/**
 * nk_upkeep_repair() - have the NIC what it has lost of what its living attachments need
 * @att: as above
 *
 * Return: 0, also where there is nothing on the NIC; or a negative errno
 */
int nk_upkeep_repair(struct nk_attachment *att, const struct nk_upkeep *how, const char *nic,
		     struct nk_error *err);

/**
 * nk_upkeep_release() - the NIC as if nk-cni had never been there: no program, no maps, no settings
 * @att: as above
 *
 * But for an operator's policy program and the array it uses, which it warns about.
 *
 * Return: 0, also where there is nothing on the NIC; -EBUSY where queues of it are lent; -ENODEV where it is
 * in another netns; or another negative errno
 */
int nk_upkeep_release(struct nk_attachment *att, const struct nk_upkeep *how, const char *nic,
		      struct nk_error *err);

#endif
