/* SPDX-License-Identifier: Apache-2.0 */
/*
 * neigh.h - the addresses that the NIC's XDP program answers ARP and neighbour solicitations for
 *
 * A pinned hash map, VLAN and address -> MAC, made with the program (see prog.h) and read by it
 * (bpf/neigh.bpf.h). An entry bears the first physical queue of its attachment, its owner, which
 * the claims know too. All functions want the NIC's lock held.
 *
 * Solicitations come to a multicast group that many addresses share, those with the same last 24
 * bits. The NIC must let that group in; entering it in the NIC's filter, see filter.h, and taking it
 * out again are the caller's. Who entered it stands in the map, and passes on to the next entry
 * that needs the group when its own goes.
 */
#ifndef NK_NEIGH_H
#define NK_NEIGH_H

#include "types.h"

struct nk_error;
struct nk_nicdir;

/* nk_neigh_group() - the MAC of an IPv6 address's solicited-node group: 33:33:ff and its last three
 * bytes (RFC 4291 section 2.7.1, RFC 2464 section 7).
 */
void nk_neigh_group(const struct nk_ipaddr *addr, uint8_t ret[NK_MAC_LEN]);

/**
 * nk_neigh_add() - answer for an address
 * @vlan: 1 to 4094; 0: untagged frames
 * @owner: the attachment's first physical queue
 * @group_is_ours: the group was entered in the NIC's filter for this address
 *
 * What the same owner entered before is replaced.
 *
 * Return: 0; -EEXIST where the address is another attachment's; -E2BIG where the map is full
 */
int nk_neigh_add(const struct nk_nicdir *dir, const struct nk_ipaddr *addr, uint16_t vlan,
		 const uint8_t mac[NK_MAC_LEN], uint32_t owner, bool group_is_ours,
		 struct nk_error *err);

/**
 * nk_neigh_remove_all() - answer for none of an attachment's addresses any more
 * @each: called before an entry goes; may be NULL. @group_is_ours: the group is to be taken out of
 *	  the NIC's filter, for no other entry needs it. Returns 0, or a negative errno, upon which
 *	  the entry stays
 *
 * All entries are tried, the first error is returned. No map, and no entry, is success.
 */
int nk_neigh_remove_all(const struct nk_nicdir *dir, uint32_t owner,
			int (*each)(const struct nk_ipaddr *addr, bool group_is_ours, void *data,
				    struct nk_error *err),
			void *data, struct nk_error *err);

/**
 * nk_neigh_each() - call @fn for each entry of an attachment; without a map there are none
 * @fn: returns 0, or a negative errno; all are visited, the first error is returned
 */
int nk_neigh_each(const struct nk_nicdir *dir, uint32_t owner,
		  int (*fn)(const struct nk_ipaddr *addr, void *data, struct nk_error *err),
		  void *data, struct nk_error *err);

#endif
