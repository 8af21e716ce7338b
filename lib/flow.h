/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.h - flow rules of a NIC: which frames it puts on which receive queue
 *
 * ioctl SIOCETHTOOL with struct ethtool_rxnfc, as "ethtool -N" does it: netlink has no rules. In a
 * mask a bit that is 1 is compared; the ethtool command has it the other way round.
 *
 * A rule is known by its location in the NIC's table. Drivers differ in who chooses it: they take
 * a free one of the caller's (mlx5, gve), or RX_CLS_LOC_ANY alone (bnxt, fbnic), or both; most
 * replace without a word what is at a location that is given again. So a rule is made by
 * nk_flow_build(), nk_flow_place() and nk_flow_insert(), under the NIC's lock; and one that is to
 * be removed is first compared with the one that was made.
 *
 * A NIC is named by its name in the netns of the process.
 */
#ifndef NK_FLOW_H
#define NK_FLOW_H

#include "types.h"

#include <linux/ethtool.h>

struct nk_error;
struct nk_nl;

struct nk_flow {
	struct ethtool_rx_flow_spec spec; /* with the location; RX_CLS_LOC_ANY: not chosen yet */
	uint32_t context;		  /* RSS context, where the flow type has FLOW_RSS */
	uint32_t reserved;
};

/* Where a rule sends its frames. */
struct nk_flow_target {
	bool is_context; /* an RSS context; else a queue */
	uint32_t id;
};

/* --- flow.c: no system call ------------------------------------------------------------------ */

/**
 * nk_flow_build() - the rule for one entry of "steering"
 * @mac: destination of match mac; may be NULL for the others
 * @addr: destination of match ip, tcp and udp, with a family; may be NULL for mac
 */
void nk_flow_build(const struct nk_steering *how, const uint8_t mac[NK_MAC_LEN],
		   const struct nk_ipaddr *addr, const struct nk_flow_target *to,
		   struct nk_flow *ret);

/* nk_flow_equal() - do they take the same frames to the same place? The location does not count,
 * nor do bits that no mask has, which a driver need not keep.
 */
bool nk_flow_equal(const struct nk_flow *a, const struct nk_flow *b);

/* nk_flow_vlan() - of a rule of ours: 1 to 4094, or 0 where it takes no notice of tags */
uint16_t nk_flow_vlan(const struct nk_flow *flow);

/* nk_flow_same_destination() - are both for one MAC, or both for one address? In one VLAN or not. */
bool nk_flow_same_destination(const struct nk_flow *a, const struct nk_flow *b);

/* nk_flow_text() - the rule as "ethtool -N <nic>" takes it; what does not fit is cut off. */
#define NK_FLOW_TEXT_SIZE 256
void nk_flow_text(const struct nk_flow *flow, char ret[NK_FLOW_TEXT_SIZE]);

/**
 * nk_flow_free_location() - the lowest location that is not among @used
 * @used: in any order; is sorted
 * @size: locations in the table; 0: not known
 *
 * Return: the location, or @size where all are used
 */
uint32_t nk_flow_free_location(uint32_t *used, uint32_t count, uint32_t size);

/* nk_flow_last_location() - likewise the highest; @size is known */
uint32_t nk_flow_last_location(uint32_t *used, uint32_t count, uint32_t size);

/* --- flow_rules.c ---------------------------------------------------------------------------- */

/* The kernel knows no other way to name the NIC here than its name. Who reads makes sure afterwards that it was
 * that NIC's; who changes something gives the NIC an altname for the time, "nkf<ifindex>".
 */
struct nk_flow_table {
	bool anywhere; /* the driver chooses locations */
	uint32_t size; /* rules it has room for; 0: the driver does not say */
	uint32_t used; /* rules in it, anybody's */
};

/* nk_flow_table_get() - Return: 0; -EOPNOTSUPP where the NIC has no flow rules. Changes nothing. */
int nk_flow_table_get(const struct nk_nic *nic, struct nk_flow_table *ret, struct nk_error *err);

/**
 * nk_flow_place() - choose the location: of a rule on a VLAN the driver's choice where it takes that,
 * else the lowest free one; of another the highest, for it catches the frames of all VLANs, and in the
 * tables of many NICs the lower location goes first
 *
 * Return: 0; -ENOSPC where the table is full; -EOPNOTSUPP as above
 */
int nk_flow_place(const struct nk_nic *nic, struct nk_flow *flow, struct nk_error *err);

/**
 * nk_flow_insert() - enter a rule at its location, read it back, and compare
 * @flow: becomes what was read back, with the location it got, which is another one where the driver
 *	  wants to choose it
 *
 * Return: 0; -EEXIST where the location is taken; -EIO where the NIC made something else of the
 * rule, which is removed again then; or what the driver said
 */
int nk_flow_insert(struct nk_nl *nl, const struct nk_nic *nic, struct nk_flow *flow,
		   struct nk_error *err);

/* nk_flow_get() - Return: 0; -ENOENT (which fills no error) where there is no rule. */
int nk_flow_get(const struct nk_nic *nic, uint32_t location, struct nk_flow *ret,
		struct nk_error *err);

/* nk_flow_find() - look for an equal rule at any location. Return: 1 found, 0 there is none. */
int nk_flow_find(const struct nk_nic *nic, const struct nk_flow *flow, uint32_t *ret_location,
		 struct nk_error *err);

/* nk_flow_remove() - remove the rule at a location; none there is success. */
int nk_flow_remove(struct nk_nl *nl, const struct nk_nic *nic, uint32_t location,
		   struct nk_error *err);

/* nk_flow_tidy() - take the altname off that a process left which was killed */
void nk_flow_tidy(struct nk_nl *nl, const struct nk_nic *nic);

/**
 * nk_flow_each() - call @fn for every rule, anybody's; a NIC without rules has none
 * @fn: returns 0, or non-zero, which ends the walk and is returned
 */
int nk_flow_each(const struct nk_nic *nic,
		 int (*fn)(const struct nk_flow *flow, void *data, struct nk_error *err),
		 void *data, struct nk_error *err);

#endif
