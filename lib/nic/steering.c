// SPDX-License-Identifier: Apache-2.0
/* steering.c - the flow rules and neighbour entries of an attachment; no system call */
#include "nic/steering.h"

#include "base/error.h"
#include "base/ipaddr.h"
#include "bpffs/neigh.h"
#include "kernel/filter.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/banned.h"

static bool has_addr(const struct nk_ipaddr *list, uint32_t count, const struct nk_ipaddr *addr)
{
	while (count > 0 && !nk_ipaddr_equal(&list[count - 1], addr))
		count--;
	return count > 0;
}

/* add_new() - append the addresses that the list does not have yet. Return: its new length */
static uint32_t add_new(const struct nk_ipaddr *from, uint32_t from_count, struct nk_ipaddr *list,
			uint32_t count)
{
	uint32_t i;

	for (i = 0; i < from_count; i++)
		if (!has_addr(list, count, &from[i]))
			list[count++] = from[i];
	return count;
}

/* list_destinations() - list the destinations of an entry. Return: how many */
static uint32_t list_destinations(const struct nk_steering *entry, const struct nk_pod_ips *ips,
				  struct nk_ipaddr ret[2 * NK_IPS_MAX])
{
	uint32_t count;

	if (entry->match == NK_MATCH_MAC) {
		ret[0] = (struct nk_ipaddr){ 0 };
		return 1;
	}
	count = add_new(ips->own, ips->own_count, ret, 0);
	return entry->takeover ? add_new(ips->others, ips->other_count, ret, count) : count;
}

uint32_t nk_steering_rules(const struct nk_config *config, const uint8_t mac[NK_MAC_LEN],
			   const struct nk_pod_ips *ips, const struct nk_flow_target *to,
			   struct nk_steering_rule ret[NK_STEERING_RULES_MAX])
{
	struct nk_ipaddr addrs[2 * NK_IPS_MAX];
	const struct nk_steering *entry;
	struct nk_steering_rule *rule = ret;
	uint32_t i, k, count;

	for (i = 0; i < config->steering_count; i++) {
		entry = &config->steering[i];
		count = list_destinations(entry, ips, addrs);
		for (k = 0; k < count; k++, rule++) {
			rule->entry = entry;
			rule->addr = addrs[k];
			nk_flow_build(entry, mac, &addrs[k], to, &rule->flow);
		}
	}
	return (uint32_t)(rule - ret);
}

static int refuse_others(const struct nk_ipaddr *addr, struct nk_error *err)
{
	char text[NK_IPADDR_TEXT_SIZE];

	nk_ipaddr_text(addr, text);
	nk_error_set(err, NK_CODE_CONFIG, EADDRINUSE,
		     "a flow rule would take another device's frames",
		     "steering: %s is the address of another device of the Pod", text);
	return nk_error_remedy(
		err, "set \"takeover\": true if this attachment shall receive the frames to that "
		     "address");
}

static int refuse_none(const struct nk_steering *entry, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_CONFIG, EINVAL, "the flow rules have no address",
		     entry->takeover ? "steering: neither the attachment nor another device of the "
				       "Pod has an address that the host routes to the Pod" :
				       "steering: the attachment has no address");
	return nk_error_remedy(err, "set \"ipam\", have the runtime provide addresses, or set "
				    "\"takeover\": true in a Pod that has an address");
}

int nk_steering_check(const struct nk_config *config, const struct nk_pod_ips *ips,
		      struct nk_error *err)
{
	const struct nk_steering *entry;
	uint32_t i, k;

	for (i = 0; i < config->steering_count; i++) {
		entry = &config->steering[i];
		if (entry->match == NK_MATCH_MAC || (entry->takeover && ips->other_count))
			continue;
		if (!ips->own_count)
			return refuse_none(entry, err);
		for (k = 0; k < ips->own_count && !entry->takeover; k++)
			if (has_addr(ips->others, ips->other_count, &ips->own[k]))
				return refuse_others(&ips->own[k], err);
	}
	return 0;
}

bool nk_steering_takes_over(const struct nk_config *config)
{
	uint32_t i;

	for (i = 0; i < config->steering_count; i++)
		if (config->steering[i].takeover)
			return true;
	return false;
}

uint32_t nk_steering_vlans(const struct nk_config *config, uint16_t ret[NK_STEERING_MAX])
{
	uint32_t i, k, count = 0;

	if (!config->steering_count)
		ret[count++] = 0;
	for (i = 0; i < config->steering_count; i++) {
		for (k = 0; k < count && ret[k] != config->steering[i].vlan; k++)
			;
		if (k == count)
			ret[count++] = config->steering[i].vlan;
	}
	return count;
}

/* has_group() - does an address in the list have this multicast group? */
static bool has_group(const struct nk_steering_neigh *list, uint32_t count,
		      const uint8_t group[NK_MAC_LEN])
{
	uint8_t other[NK_MAC_LEN];

	for (; count > 0; count--) {
		nk_neigh_group(&list[count - 1].addr, other);
		if (list[count - 1].addr.family == AF_INET6 && !memcmp(other, group, sizeof(other)))
			return true;
	}
	return false;
}

uint32_t nk_steering_neighs(const struct nk_config *config, const struct nk_pod_ips *ips,
			    struct nk_steering_neigh ret[NK_STEERING_NEIGHS_MAX])
{
	uint32_t i, k, addr_count, vlan_count, count = 0;
	struct nk_ipaddr addrs[NK_IPS_MAX];
	uint16_t vlans[NK_STEERING_MAX];
	uint8_t group[NK_MAC_LEN];

	if (!config->neigh_answer)
		return 0;
	addr_count = add_new(ips->own, ips->own_count, addrs, 0);
	vlan_count = nk_steering_vlans(config, vlans);
	for (i = 0; i < addr_count; i++) {
		nk_neigh_group(&addrs[i], group);
		for (k = 0; k < vlan_count; k++, count++) {
			ret[count].addr = addrs[i];
			ret[count].vlan = vlans[k];
			ret[count].needs_group = addrs[i].family == AF_INET6 &&
						 !has_group(ret, count, group);
		}
	}
	return count;
}

void nk_steering_neigh_print(FILE *out, const char *nic, const struct nk_steering_neigh *neigh)
{
	uint8_t group[NK_MAC_LEN];

	if (!neigh->needs_group)
		return;
	nk_neigh_group(&neigh->addr, group);
	nk_filter_print(out, nic, group);
}
