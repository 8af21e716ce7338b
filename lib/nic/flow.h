/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.h - flow rules of a NIC: which frames it puts on which receive queue
 *
 * By ioctl SIOCETHTOOL with struct ethtool_rxnfc, as "ethtool -N" does it: netlink has no flow rules. A mask bit of 1
 * is compared; the ethtool command has it the other way round.
 *
 * A rule is identified by its location in the NIC's table. The caller chooses it (mlx5, gve), or the driver does (bnxt,
 * fbnic), or either may. Most drivers silently replace the rule at a location that is given again. So a rule is
 * created by nk_flow_build(), nk_flow_place() and nk_flow_insert(), under the NIC's lock. Before a rule is removed, it
 * is compared with the one that was created.
 */
#ifndef NK_FLOW_H
#define NK_FLOW_H

#include "base/list.h"
#include "base/types.h"

#include <linux/ethtool.h>
#include <stdio.h>

struct nk_error;
struct nk_nl;

struct nk_flow {
	struct ethtool_rx_flow_spec spec; /* with the location; RX_CLS_LOC_ANY: not chosen yet */
	uint32_t context;		  /* RSS context, if the flow type has FLOW_RSS */
	uint32_t reserved;
};

/* The destination of a rule's frames. */
struct nk_flow_target {
	bool is_context; /* an RSS context; otherwise a queue */
	uint32_t id;
};

/* --- flow.c: no system call ------------------------------------------------------------------ */

/**
 * nk_flow_build() - build the rule for a steering entry
 * @mac: the destination of match mac; otherwise may be NULL
 * @addr: the destination of match ip, tcp and udp; otherwise may be NULL
 */
void nk_flow_build(const struct nk_steering *entry, const uint8_t mac[NK_MAC_LEN],
		   const struct nk_ipaddr *addr, const struct nk_flow_target *to,
		   struct nk_flow *ret);

/* nk_flow_equal() - do two rules direct the same frames to the same target? Ignores the location, and bits that no mask
 * has, because a driver need not keep them.
 */
bool nk_flow_equal(const struct nk_flow *a, const struct nk_flow *b);

/* nk_flow_same_match() - do two rules match the same frames, whatever their targets? */
bool nk_flow_same_match(const struct nk_flow *a, const struct nk_flow *b);

/* nk_flow_vlan() - the VLAN of a rule of ours: 1 to 4094, or 0 if it ignores tags */
uint16_t nk_flow_vlan(const struct nk_flow *flow);

/* nk_flow_same_destination() - do two rules have the same MAC or address, in any VLAN? */
bool nk_flow_same_destination(const struct nk_flow *a, const struct nk_flow *b);

/* nk_flow_destination() - the destination address of a rule of ours. Return: false if it has none, but a MAC */
bool nk_flow_destination(const struct nk_flow *flow, struct nk_ipaddr *ret);

/**
 * nk_flow_conflict() - does one of two rules of ours get frames that the other one needs?
 *
 * So do rules for the same destination in the same VLAN, even if one is for a single port. So does a rule for all VLANs
 * at a lower location than a rule for one VLAN.
 */
bool nk_flow_conflict(const struct nk_flow *a, const struct nk_flow *b);

/* nk_flow_text() - print the rule as "ethtool -N <nic>" reads it, cut to the size */
#define NK_FLOW_TEXT_SIZE 256
void nk_flow_text(const struct nk_flow *flow, char ret[NK_FLOW_TEXT_SIZE]);

/**
 * nk_flow_print() - print the command that creates the rule, as a line
 * @nic: its name, quoted for a shell
 * @anywhere: as in struct nk_flow_table: the driver may insist on choosing the location
 */
void nk_flow_print(FILE *out, const char *nic, const struct nk_flow *flow, bool anywhere);

/**
 * nk_flow_free_location(), nk_flow_last_location() - the lowest, or highest, location that is not in @used
 * @used: in any order; is sorted
 * @size: of the table; 0: unknown, for the lowest only
 *
 * Return: the location, or @size if all are used
 */
uint32_t nk_flow_free_location(uint32_t *used, uint32_t count, uint32_t size);
uint32_t nk_flow_last_location(uint32_t *used, uint32_t count, uint32_t size);

/* --- flow_rules.c: the kernel identifies the NIC by its name in the netns of the process -------- */

struct nk_flow_table {
	bool anywhere; /* the driver can choose locations */
	uint32_t size; /* in rules; 0: the driver does not report it */
	uint32_t used; /* rules in it, ours and foreign */
};

/* nk_flow_table_get() - Return: 0; -EOPNOTSUPP if the NIC has no flow rules; or another negative errno */
int nk_flow_table_get(const struct nk_nic *nic, struct nk_flow_table *ret, struct nk_error *err);

/**
 * nk_flow_place() - choose the location of a rule
 * @planned: further locations that count as used
 *
 * A rule for all VLANs gets the highest free location, because in many NICs the lower location takes precedence. A rule
 * for one VLAN is placed by the driver if it can, or else gets the lowest one.
 *
 * Return: 0; -ENOSPC if the table is full; or as nk_flow_table_get()
 */
int nk_flow_place(const struct nk_nic *nic, const uint32_t *planned, uint32_t count,
		  struct nk_flow *flow, struct nk_error *err);

/**
 * nk_flow_insert() - create a rule at its location, read it back, and compare
 * @flow: becomes the rule as read back, with the location that the driver may have chosen
 *
 * Return: 0; -EEXIST if the location is used; -EIO if the NIC has made another rule of it, which is then removed; or
 * the driver's errno
 */
int nk_flow_insert(struct nk_nl *nl, const struct nk_nic *nic, struct nk_flow *flow,
		   struct nk_error *err);

/* nk_flow_get() - Return: 0; -ENOENT (err is left empty) if there is no rule; or another negative errno */
int nk_flow_get(const struct nk_nic *nic, uint32_t location, struct nk_flow *ret,
		struct nk_error *err);

/* nk_flow_find() - find an equal rule at any location. Return: 1, 0, or a negative errno */
int nk_flow_find(const struct nk_nic *nic, const struct nk_flow *flow, uint32_t *ret_location,
		 struct nk_error *err);

/* nk_flow_remove() - Return: 0, also if there is no rule at the location, or a negative errno */
int nk_flow_remove(struct nk_nl *nl, const struct nk_nic *nic, uint32_t location,
		   struct nk_error *err);

/* nk_flow_tidy() - remove the altname that a killed process may have left on the NIC: see send_change() */
void nk_flow_tidy(struct nk_nl *nl, const struct nk_nic *nic);

struct nk_flow_list {
	struct nk_flow *at;
	uint32_t count;
};

/* nk_flow_read() - list all rules, ours and foreign. Return: 0, also if the NIC has no flow rules, or a negative
 * errno: see list.h
 */
int nk_flow_read(const struct nk_nic *nic, struct nk_flow_list *ret, struct nk_error *err);

#endif
