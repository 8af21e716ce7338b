// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flow rules ("ntuple"): they send a frame to a queue or an RSS context, or drop it.
 *
 * A rule compares the bits that are set in its masks. All fields of these flow types can be used
 * but the first 4 bytes behind an IP header (l4_4_bytes):
 *
 *   ETHER_FLOW           every frame, whether tagged or not; h_proto is what follows a VLAN tag
 *   IP_USER, IPV6_USER   every IPv4 or IPv6 frame
 *   TCP, UDP over both   frames that have both ports: neither fragments nor IPv6 extension headers
 *   FLOW_EXT             with them: the VLAN tag (vlan_tci, and vlan_etype, which is 0x8100)
 *   FLOW_MAC_EXT         with them: the destination MAC
 *
 * Of the rules that match, that of the lowest location is obeyed. There are rules only while
 * rx-ntuple-filter is on: switching it off removes them all, as with mlx5.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <net/dsfield.h>
#include <net/ipv6.h>

#include "labnic.h"

#define LABNIC_FLOW_FLAGS (FLOW_EXT | FLOW_MAC_EXT | FLOW_RSS)

struct labnic_rule {
	struct ethtool_rx_flow_spec spec;
	u32 context; /* if the type has FLOW_RSS */
};

/* A change makes a new table; frames see the old or the new one. */
struct labnic_rules {
	struct rcu_head rcu;
	unsigned int count;
	struct labnic_rule rule[] __counted_by(count); /* by location, each once */
};

/* What frames are compared with a rule by; both as in struct ethtool_rx_flow_spec. */
struct labnic_keys {
	union ethtool_flow_union u;
	struct ethtool_flow_ext ext;
};

/* Return: false if the frame is not one of that flow type. */
static bool labnic_ip_keys(const struct labnic_headers *headers, u32 type,
			   union ethtool_flow_union *keys)
{
	const struct iphdr *ipv4 = headers->ipv4;
	const struct ipv6hdr *ipv6 = headers->ipv6;

	if (type == IPV4_USER_FLOW && ipv4) {
		keys->usr_ip4_spec.ip4src = ipv4->saddr;
		keys->usr_ip4_spec.ip4dst = ipv4->daddr;
		keys->usr_ip4_spec.tos = ipv4->tos;
		keys->usr_ip4_spec.proto = ipv4->protocol;
		return true;
	}
	if (type == IPV6_USER_FLOW && ipv6) {
		memcpy(keys->usr_ip6_spec.ip6src, &ipv6->saddr, sizeof(ipv6->saddr));
		memcpy(keys->usr_ip6_spec.ip6dst, &ipv6->daddr, sizeof(ipv6->daddr));
		keys->usr_ip6_spec.tclass = ipv6_get_dsfield(ipv6);
		keys->usr_ip6_spec.l4_proto = ipv6->nexthdr;
		return true;
	}
	return false;
}

static bool labnic_port_keys(const struct labnic_headers *headers, u32 type,
			     union ethtool_flow_union *keys)
{
	const struct iphdr *ipv4 = headers->ipv4;
	const struct ipv6hdr *ipv6 = headers->ipv6;
	bool tcp = type == TCP_V4_FLOW || type == TCP_V6_FLOW;

	if (!headers->ports || headers->protocol != (tcp ? IPPROTO_TCP : IPPROTO_UDP))
		return false;
	if ((type == TCP_V4_FLOW || type == UDP_V4_FLOW) && ipv4) {
		keys->tcp_ip4_spec.ip4src = ipv4->saddr;
		keys->tcp_ip4_spec.ip4dst = ipv4->daddr;
		keys->tcp_ip4_spec.psrc = headers->ports[0];
		keys->tcp_ip4_spec.pdst = headers->ports[1];
		keys->tcp_ip4_spec.tos = ipv4->tos;
		return true;
	}
	if ((type == TCP_V6_FLOW || type == UDP_V6_FLOW) && ipv6) {
		memcpy(keys->tcp_ip6_spec.ip6src, &ipv6->saddr, sizeof(ipv6->saddr));
		memcpy(keys->tcp_ip6_spec.ip6dst, &ipv6->daddr, sizeof(ipv6->daddr));
		keys->tcp_ip6_spec.psrc = headers->ports[0];
		keys->tcp_ip6_spec.pdst = headers->ports[1];
		keys->tcp_ip6_spec.tclass = ipv6_get_dsfield(ipv6);
		return true;
	}
	return false;
}

static bool labnic_keys(const struct labnic_headers *headers, u32 type, struct labnic_keys *keys)
{
	memset(keys, 0, sizeof(*keys));
	ether_addr_copy(keys->ext.h_dest, headers->eth->h_dest);
	if (headers->tagged) {
		keys->ext.vlan_etype = htons(ETH_P_8021Q);
		keys->ext.vlan_tci = headers->tci;
	}
	if (type != ETHER_FLOW)
		return labnic_ip_keys(headers, type, &keys->u) ||
		       labnic_port_keys(headers, type, &keys->u);
	keys->u.ether_spec = *headers->eth;
	keys->u.ether_spec.h_proto = headers->type;
	return true;
}

static bool labnic_same(const void *a, const void *b, const void *mask, unsigned int len)
{
	const u8 *x = a, *y = b, *m = mask;
	unsigned int i;

	for (i = 0; i < len; i++)
		if ((x[i] ^ y[i]) & m[i])
			return false;
	return true;
}

static bool labnic_rule_matches(const struct ethtool_rx_flow_spec *spec,
				const struct labnic_headers *headers)
{
	struct labnic_keys keys;

	/* A rule for VLAN 0 is not one for frames without a tag. */
	if ((spec->m_ext.vlan_tci || spec->m_ext.vlan_etype) && !headers->tagged)
		return false;
	return labnic_keys(headers, spec->flow_type & ~LABNIC_FLOW_FLAGS, &keys) &&
	       labnic_same(&keys.u, &spec->h_u, &spec->m_u, sizeof(keys.u)) &&
	       labnic_same(&keys.ext, &spec->h_ext, &spec->m_ext, sizeof(keys.ext));
}

/**
 * labnic_rules_find() - what the flow rules say about a frame; under rcu_read_lock()
 * @headers: the frame's
 * @context: set to the RSS context if that is what they say
 *
 * Return: index of a queue, LABNIC_DROP, or LABNIC_SPREAD: by RSS in *@context.
 */
int labnic_rules_find(const struct labnic *nic, const struct labnic_headers *headers, u32 *context)
{
	const struct labnic_rules *rules = rcu_dereference(nic->rules);
	const struct labnic_rule *rule;
	unsigned int i;

	for (i = 0; rules && i < rules->count; i++) {
		rule = &rules->rule[i];
		if (!labnic_rule_matches(&rule->spec, headers))
			continue;
		if (rule->spec.flow_type & FLOW_RSS) {
			*context = rule->context;
			return LABNIC_SPREAD;
		}
		if (rule->spec.ring_cookie == RX_CLS_FLOW_DISC)
			return LABNIC_DROP;
		return rule->spec.ring_cookie;
	}
	return LABNIC_SPREAD;
}

/* Index of the first rule at that location or behind it. */
static unsigned int labnic_rules_seek(const struct labnic_rules *rules, u32 location)
{
	unsigned int i;

	for (i = 0; rules && i < rules->count; i++)
		if (rules->rule[i].spec.location >= location)
			break;
	return i;
}

static bool labnic_rules_has(const struct labnic_rules *rules, unsigned int i, u32 location)
{
	return rules && i < rules->count && rules->rule[i].spec.location == location;
}

/* Replaces @gone rules from index @at on by @rule, or by none if that is NULL. */
static int labnic_rules_replace(struct labnic *nic, unsigned int at, unsigned int gone,
				const struct labnic_rule *rule)
{
	struct labnic_rules *old = netdev_lock_dereference(nic->rules, nic->dev), *new;
	unsigned int count = old ? old->count : 0, added = rule ? 1 : 0;

	new = kvzalloc(struct_size(new, rule, count - gone + added), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->count = count - gone + added;
	if (at)
		memcpy(new->rule, old->rule, at * sizeof(*rule));
	if (rule)
		new->rule[at] = *rule;
	if (count - gone > at)
		memcpy(new->rule + at + added, old->rule + at + gone,
		       (count - gone - at) * sizeof(*rule));
	rcu_assign_pointer(nic->rules, new);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/* Removes all rules; when the NIC goes, too. */
void labnic_rules_flush(struct labnic *nic)
{
	struct labnic_rules *old = rcu_replace_pointer(nic->rules, NULL, true);

	if (old)
		kvfree_rcu(old, rcu);
}

/* Checks the flow type and those fields that we do not compare. */
static int labnic_rule_check_type(const struct ethtool_rx_flow_spec *spec)
{
	switch (spec->flow_type & ~LABNIC_FLOW_FLAGS) {
	case ETHER_FLOW:
		if (!labnic_param.ether)
			return -EOPNOTSUPP;
		if ((spec->flow_type & FLOW_RSS) && !labnic_param.ether_context)
			return -EINVAL;
		return 0;
	case IPV4_USER_FLOW: /* ip_ver: as include/uapi/linux/ethtool.h demands */
		if (spec->h_u.usr_ip4_spec.ip_ver != ETH_RX_NFC_IP4 ||
		    spec->m_u.usr_ip4_spec.ip_ver || spec->m_u.usr_ip4_spec.l4_4_bytes)
			return -EINVAL;
		return 0;
	case IPV6_USER_FLOW:
		return spec->m_u.usr_ip6_spec.l4_4_bytes ? -EINVAL : 0;
	case TCP_V4_FLOW:
	case UDP_V4_FLOW:
	case TCP_V6_FLOW:
	case UDP_V6_FLOW:
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* The core has checked that the context exists, and that then there is no queue. */
static int labnic_rule_check(const struct labnic *nic, const struct ethtool_rx_flow_spec *spec)
{
	int err = labnic_rule_check_type(spec);

	if (err)
		return err;
	if ((spec->flow_type & FLOW_EXT) && (spec->m_ext.data[0] || spec->m_ext.data[1]))
		return -EINVAL;
	if (spec->ring_cookie != RX_CLS_FLOW_DISC &&
	    spec->ring_cookie >= nic->dev->real_num_rx_queues)
		return -EINVAL;
	return 0;
}

/* Clears what the flow type says is not there. */
static void labnic_rule_normalize(struct ethtool_rx_flow_spec *spec)
{
	struct ethtool_flow_ext value = spec->h_ext, mask = spec->m_ext;

	memset(&spec->h_ext, 0, sizeof(spec->h_ext));
	memset(&spec->m_ext, 0, sizeof(spec->m_ext));
	if (spec->flow_type & FLOW_EXT) {
		spec->h_ext.vlan_tci = value.vlan_tci;
		spec->m_ext.vlan_tci = mask.vlan_tci;
		spec->h_ext.vlan_etype = value.vlan_etype;
		spec->m_ext.vlan_etype = mask.vlan_etype;
	}
	if (spec->flow_type & FLOW_MAC_EXT) {
		ether_addr_copy(spec->h_ext.h_dest, value.h_dest);
		ether_addr_copy(spec->m_ext.h_dest, mask.h_dest);
	}
}

/* Return: where the rule goes: as asked, or the first free location; or a negative errno. */
static int labnic_rule_location(const struct labnic_rules *rules, u32 asked)
{
	unsigned int i;

	if (asked != RX_CLS_LOC_ANY) {
		if (labnic_param.locations == LABNIC_LOCATIONS_ANY)
			return -EINVAL;
		return asked < labnic_param.rules ? asked : -ENOSPC;
	}
	if (labnic_param.locations == LABNIC_LOCATIONS_EXPLICIT)
		return -ENOSPC; /* as mlx5, which takes it for a location out of range */
	for (i = 0; labnic_rules_has(rules, i, i); i++)
		;
	return i < labnic_param.rules ? i : -ENOSPC;
}

static int labnic_rule_insert(struct labnic *nic, struct ethtool_rxnfc *info)
{
	struct labnic_rules *rules = netdev_lock_dereference(nic->rules, nic->dev);
	struct labnic_rule rule = { .spec = info->fs, .context = info->rss_context };
	unsigned int at;
	int err, location;

	if (!(nic->dev->features & NETIF_F_NTUPLE))
		return -EOPNOTSUPP;
	err = labnic_rule_check(nic, &rule.spec);
	if (err)
		return err;
	location = labnic_rule_location(rules, rule.spec.location);
	if (location < 0)
		return location;

	rule.spec.location = location;
	labnic_rule_normalize(&rule.spec);
	at = labnic_rules_seek(rules, location);
	err = labnic_rules_replace(nic, at, labnic_rules_has(rules, at, location), &rule);
	if (!err)
		info->fs.location = location;
	return err;
}

static int labnic_rule_delete(struct labnic *nic, u32 location)
{
	struct labnic_rules *rules = netdev_lock_dereference(nic->rules, nic->dev);
	unsigned int at = labnic_rules_seek(rules, location);

	if (!labnic_rules_has(rules, at, location))
		return -ENOENT;
	return labnic_rules_replace(nic, at, 1, NULL);
}

int labnic_set_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info)
{
	struct labnic *nic = netdev_priv(dev);
	int err;

	if (info->cmd != ETHTOOL_SRXCLSRLINS && info->cmd != ETHTOOL_SRXCLSRLDEL)
		return -EOPNOTSUPP;
	err = labnic_may_fail(nic);
	if (err)
		return err;
	return info->cmd == ETHTOOL_SRXCLSRLINS ? labnic_rule_insert(nic, info) :
						  labnic_rule_delete(nic, info->fs.location);
}

static int labnic_rule_get(const struct labnic_rules *rules, struct ethtool_rxnfc *info)
{
	unsigned int at = labnic_rules_seek(rules, info->fs.location);

	if (!labnic_rules_has(rules, at, info->fs.location))
		return -ENOENT;
	info->fs = rules->rule[at].spec;
	info->rss_context = rules->rule[at].context;
	return 0;
}

static int labnic_rules_list(const struct labnic_rules *rules, struct ethtool_rxnfc *info,
			     u32 *locations)
{
	unsigned int i, count = rules ? rules->count : 0;

	if (info->rule_cnt < count)
		return -EMSGSIZE;
	for (i = 0; i < count; i++)
		locations[i] = rules->rule[i].spec.location;
	info->rule_cnt = count;
	info->data = labnic_param.rules;
	return 0;
}

int labnic_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info, u32 *locations)
{
	struct labnic *nic = netdev_priv(dev);
	const struct labnic_rules *rules = netdev_lock_dereference(nic->rules, dev);

	switch (info->cmd) {
	case ETHTOOL_GRXCLSRLCNT:
		info->rule_cnt = rules ? rules->count : 0;
		info->data = labnic_param.rules;
		if (labnic_param.locations != LABNIC_LOCATIONS_EXPLICIT)
			info->data |= RX_CLS_LOC_SPECIAL;
		return 0;
	case ETHTOOL_GRXCLSRULE:
		return labnic_rule_get(rules, info);
	case ETHTOOL_GRXCLSRLALL:
		return labnic_rules_list(rules, info, locations);
	default:
		return -EOPNOTSUPP;
	}
}
