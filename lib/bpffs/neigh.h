/* SPDX-License-Identifier: Apache-2.0 */
/*
 * neigh.h - the addresses for which the XDP program answers ARP and neighbour solicitations
 *
 * A pinned hash map: VLAN and address -> MAC. It is created with the program (prog.h), which reads it
 * (bpf/neigh.bpf.h). An entry has the first physical queue of its attachment, the owner, which is in the
 * claims too. All functions require the NIC's lock.
 *
 * Solicitations arrive at a multicast group. Addresses with the same last 24 bits share a group. The NIC's
 * filter must have it; the caller adds and removes it (filter.h). If nk-cni has added it, one of the
 * entries of the group is marked, and when that entry goes, the mark passes to another one.
 */
#ifndef NK_NEIGH_H
#define NK_NEIGH_H

#include "base/types.h"

struct nk_error;
struct nk_nicdir;

/* nk_neigh_group() - the MAC of an address's solicited-node group: 33:33:ff and the last three bytes (RFC
 * 4291 section 2.7.1, RFC 2464 section 7)
 */
void nk_neigh_group(const struct nk_ipaddr *addr, uint8_t ret[NK_MAC_LEN]);

/**
 * nk_neigh_add() - answer for an address
 * @vlan: 1 to 4094; 0: untagged frames
 * @owner: the attachment's first physical queue
 * @group_is_ours: nk-cni has added the group to the NIC's filter for this address
 *
 * An entry of the same owner is replaced.
 *
 * Return: 0; -EEXIST: another attachment has the address; -E2BIG: the map is full; or another negative
 * errno
 */
int nk_neigh_add(const struct nk_nicdir *dir, const struct nk_ipaddr *addr, uint16_t vlan,
		 const uint8_t mac[NK_MAC_LEN], uint32_t owner, bool group_is_ours,
		 struct nk_error *err);

struct nk_neigh_entry {
	struct nk_ipaddr addr;
	uint16_t vlan;
};

struct nk_neigh_list {
	struct nk_neigh_entry *at;
	uint32_t count;
};

/* nk_neigh_read() - read all entries of an attachment: see list.h. Without a map there are none. */
int nk_neigh_read(const struct nk_nicdir *dir, uint32_t owner, struct nk_neigh_list *ret,
		  struct nk_error *err);

/**
 * nk_neigh_leave_group() - before an entry is removed, pass its mark to another entry of its group
 *
 * An interruption leaves two marks, which is harmless.
 *
 * Return: 1: no other entry needs the group, and the caller removes it from the NIC's filter; 0; or a
 * negative errno
 */
int nk_neigh_leave_group(const struct nk_nicdir *dir, const struct nk_neigh_entry *entry,
			 struct nk_error *err);

/* nk_neigh_remove() - a missing entry is success. */
int nk_neigh_remove(const struct nk_nicdir *dir, const struct nk_neigh_entry *entry,
		    struct nk_error *err);

/* nk_neigh_own_group() - set or clear the mark of an owner's entries in the group of @addr */
int nk_neigh_own_group(const struct nk_nicdir *dir, const struct nk_ipaddr *addr, uint32_t owner,
		       bool group_is_ours, struct nk_error *err);

#endif
