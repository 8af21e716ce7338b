/* SPDX-License-Identifier: Apache-2.0 */
/* admin.h - what the operator of a node does to a whole NIC */
#ifndef NK_ADMIN_H
#define NK_ADMIN_H

#include <stdbool.h>

struct nk_error;

struct nk_admin {
	const char *bpffs;
	bool is_dir; /* @nic names a directory; else a NIC or, if there is no such NIC, a directory */
	bool attach; /* reload: attach the program if ours is not on the NIC; else skip such a NIC */
};

/* Each of these returns 0, also if the NIC has nothing of ours, or a negative errno. */

/* nk_admin_reload() - load this build's program on a NIC, and the policy program that is pinned now. A
 * policy program that cannot be used is reported before anything changes.
 */
int nk_admin_reload(const struct nk_admin *how, const char *nic, struct nk_error *err);

/* nk_admin_repair() - restore what the NIC has lost of what its live attachments need */
int nk_admin_repair(const struct nk_admin *how, const char *nic, struct nk_error *err);

/**
 * nk_admin_release() - remove the program and the maps, and restore the settings
 *
 * The operator's policy program and the array that it uses stay, with a warning.
 *
 * Return: also -EBUSY: the NIC lends queues; -ENODEV: it is in another netns
 */
int nk_admin_release(const struct nk_admin *how, const char *nic, struct nk_error *err);

#endif
