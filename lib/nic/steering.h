/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steering.h - the flow rules and neighbour entries of an attachment
 *
 * They follow from the configuration and the addresses: no system call. ADD creates them in the order of these lists,
 * and plan prints them.
 */
#ifndef NK_STEERING_H
#define NK_STEERING_H

#include "base/types.h"
#include "nic/flow.h"

struct nk_error;

#define NK_STEERING_RULES_MAX  (NK_STEERING_MAX * 2 * NK_IPS_MAX)
#define NK_STEERING_NEIGHS_MAX (NK_STEERING_MAX * NK_IPS_MAX)

/* A flow rule, not placed yet. */
struct nk_steering_rule {
	const struct nk_steering *entry; /* of the configuration */
	struct nk_ipaddr addr;		 /* the destination; family 0: the MAC */
	struct nk_flow flow;
};

/* An address that the XDP program answers for in a VLAN. */
struct nk_steering_neigh {
	uint16_t vlan;	  /* 1 to 4094; 0: untagged frames */
	bool needs_group; /* it is the first in the list with its solicited-node multicast group */
	struct nk_ipaddr addr;
};

/**
 * nk_steering_rules() - list the rules for all steering entries
 * @mac: the attachment's
 * @to: the target of all rules
 *
 * An entry has a rule for each of the attachment's own addresses, and with "takeover" for each address of the Pod's
 * other devices. An address that is given twice has one rule.
 *
 * Return: how many
 */
uint32_t nk_steering_rules(const struct nk_config *config, const uint8_t mac[NK_MAC_LEN],
			   const struct nk_pod_ips *ips, const struct nk_flow_target *to,
			   struct nk_steering_rule ret[NK_STEERING_RULES_MAX]);

/* nk_steering_check() - Return: 0; -EINVAL if an entry has no address; -EADDRINUSE if an address belongs to another
 * device of the Pod, and the entry has no "takeover"
 */
int nk_steering_check(const struct nk_config *config, const struct nk_pod_ips *ips,
		      struct nk_error *err);

/* nk_steering_takes_over() - has an entry the addresses of the Pod's other devices? */
bool nk_steering_takes_over(const struct nk_config *config);

/* nk_steering_vlans() - list the VLANs of the attachment's frames, 0: untagged. Return: how many */
uint32_t nk_steering_vlans(const struct nk_config *config, uint16_t ret[NK_STEERING_MAX]);

/* nk_steering_neighs() - list each of the attachment's own addresses in each of its VLANs, unless the configuration
 * turns answers off. Return: how many
 */
uint32_t nk_steering_neighs(const struct nk_config *config, const struct nk_pod_ips *ips,
			    struct nk_steering_neigh ret[NK_STEERING_NEIGHS_MAX]);

/* nk_steering_neigh_print() - print the command that lets solicitations pass the NIC's filter, if the entry needs one.
 * @nic: its name, quoted for a shell
 */
void nk_steering_neigh_print(FILE *out, const char *nic, const struct nk_steering_neigh *neigh);

#endif
