/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nicid.h - the identity of a NIC, whatever its name and netns
 *
 * The kernel hands names on, and ifindexes when a NIC changes its netns. The number of the NIC's directory
 * in sysfs (sysnet.h), its serial, stays and is never reused in a boot. A pinned map of one entry in the
 * NIC's directory stores it, with facts that help people to recognise the NIC. A NIC whose driver was
 * loaded again is another NIC.
 */
#ifndef NK_NICID_H
#define NK_NICID_H

#include "base/types.h"

struct nk_error;
struct nk_nicdir;

/* Value of the map. Later versions of nk-cni read it: change NK_NICID_VERSION with the layout. */
#define NK_NICID_VERSION 1

struct nk_nicid {
	uint32_t version;
	uint32_t ifindex;      /* at the time of the note */
	uint64_t netns_cookie; /* its netns at that time */
	uint64_t serial;
	char name[IFNAMSIZ];		 /* for people; at that time */
	char parent_bus[16];		 /* bus of its device: "pci" */
	char parent_dev[NK_PARENT_SIZE]; /* "0000:03:00.0" */
	uint8_t permanent_mac[NK_MAC_LEN];
	uint8_t zero[2];
};

_Static_assert(sizeof(struct nk_nicid) == 24 + IFNAMSIZ + 16 + NK_PARENT_SIZE + 8,
	       "no hole: the value goes to the kernel byte by byte");

/* nk_nicid_read() - the identity of a NIC in our own netns. Return: 0 or a negative errno */
int nk_nicid_read(const struct nk_nic *nic, struct nk_nicid *ret, struct nk_error *err);

bool nk_nicid_same(const struct nk_nicid *a, const struct nk_nicid *b);

/**
 * nk_nicid_get() - the identity stored in a directory
 *
 * Return: 0; -ENOENT (which fills no error): none is stored; -EPROTO: it is of another version; or
 * another negative errno
 */
int nk_nicid_get(const struct nk_nicdir *dir, struct nk_nicid *ret, struct nk_error *err);

/* nk_nicid_put() - store it, in place of the stored one. Return: 0 or a negative errno */
int nk_nicid_put(const struct nk_nicdir *dir, const struct nk_nicid *id, struct nk_error *err);

/**
 * nk_nicid_elsewhere() - does another directory of this machine, on any bpffs, have the NIC?
 * @dir: ours; it may be missing
 *
 * Return: 1, 0, or a negative errno
 */
int nk_nicid_elsewhere(const struct nk_nicdir *dir, const struct nk_nicid *id,
		       struct nk_error *err);

#endif
