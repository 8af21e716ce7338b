/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nicid.h - what a NIC is, whatever it is called and wherever it was moved to
 *
 * A name is handed on, and so is an ifindex when a NIC changes its netns. What stays, and is given to
 * no other NIC in this boot, is the number of its directory in sysfs (sysnet.h): the serial. It stands
 * in a pinned map of one entry in the NIC's directory, mode 0600, with what tells people which NIC it
 * was. A NIC that was loaded anew is another one.
 */
#ifndef NK_NICID_H
#define NK_NICID_H

#include "types.h"

struct nk_error;

/* Value of the map. Its layout is read by later versions of the plugin: change NK_NICID_VERSION with
 * it.
 */
#define NK_NICID_VERSION 1

struct nk_nicid {
	uint32_t version;
	uint32_t ifindex;		 /* when it was noted */
	uint64_t netns_cookie;		 /* of the netns that it was in then */
	uint64_t serial;		 /* 0: sysfs could not be asked */
	char name[IFNAMSIZ];		 /* for people, likewise */
	char parent_bus[16];		 /* of the device it is of: "pci" */
	char parent_dev[NK_PARENT_SIZE]; /* "0000:03:00.0" */
	uint8_t permanent_mac[NK_MAC_LEN];
	uint8_t zero[2];
};

_Static_assert(sizeof(struct nk_nicid) == 24 + IFNAMSIZ + 16 + NK_PARENT_SIZE + 8,
	       "no hole: the value goes to the kernel byte by byte");

/* nk_nicid_read() - of a NIC in the netns we are in, as it is now. Return: 0 or a negative errno */
int nk_nicid_read(const struct nk_nic *nic, struct nk_nicid *ret, struct nk_error *err);

/* nk_nicid_same() - are they the same NIC? */
bool nk_nicid_same(const struct nk_nicid *a, const struct nk_nicid *b);

/**
 * nk_nicid_get() - what is noted in a directory
 * @path: of the pin
 *
 * Return: 0; -ENOENT (which fills no error) where nothing is; -EPROTO where what is there is of another
 * version; or another negative errno
 */
int nk_nicid_get(const char *path, struct nk_nicid *ret, struct nk_error *err);

/* nk_nicid_put() - note it, in place of what is noted. Return: 0 or a negative errno */
int nk_nicid_put(const char *path, const struct nk_nicid *id, struct nk_error *err);

/**
 * nk_nicid_elsewhere() - has another directory of this machine the NIC, on whatever bpffs?
 * @path: of our own pin
 *
 * Return: 1, 0, or a negative errno
 */
int nk_nicid_elsewhere(const char *path, const struct nk_nicid *id, struct nk_error *err);

#endif
