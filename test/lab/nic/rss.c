// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which queue a frame goes to: receive side scaling, Toeplitz hash and indirection table.
 *
 *   IPv4, IPv6 with TCP or UDP     addresses and ports
 *   other IPv4, IPv6               addresses (also fragments and IPv6 extension headers)
 *   anything else                  hash 0, i.e. the first table entry (also VLAN tagged frames)
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <net/ip.h>

#include "labnic.h"

/* The key of Microsoft's RSS verification suite: hash values can be checked against its table. */
static const u8 labnic_default_key[LABNIC_KEY_SIZE] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* Hash input: source, destination address, then source, destination port, as in the headers. */
struct labnic_tuple {
	unsigned int		len;
	enum pkt_hash_types	type;
	u8			bytes[2 * sizeof(struct in6_addr) + 2 * sizeof(__be16)];
};

static_assert(sizeof_field(struct labnic_tuple, bytes) + sizeof(u32) <= LABNIC_KEY_SIZE);

/* @l4: offset of the transport header in the frame */
static void labnic_add_ports(struct labnic_tuple *tuple, const struct labnic_frame *frame,
			     unsigned int l4, u8 protocol)
{
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return;
	if (frame->len < l4 + 2 * sizeof(__be16))
		return;
	memcpy(tuple->bytes + tuple->len, frame->data + l4, 2 * sizeof(__be16));
	tuple->len += 2 * sizeof(__be16);
	tuple->type = PKT_HASH_TYPE_L4;
}

static void labnic_ipv4_tuple(struct labnic_tuple *tuple, const struct labnic_frame *frame)
{
	const struct iphdr *ip = (const void *)(frame->data + ETH_HLEN);

	if (frame->len < ETH_HLEN + sizeof(*ip) || ip->version != 4 || ip->ihl < 5)
		return;
	tuple->len = 2 * sizeof(ip->saddr);
	tuple->type = PKT_HASH_TYPE_L3;
	memcpy(tuple->bytes, &ip->addrs, tuple->len);
	if (!ip_is_fragment(ip))
		labnic_add_ports(tuple, frame, ETH_HLEN + ip->ihl * 4, ip->protocol);
}

static void labnic_ipv6_tuple(struct labnic_tuple *tuple, const struct labnic_frame *frame)
{
	const struct ipv6hdr *ip = (const void *)(frame->data + ETH_HLEN);

	if (frame->len < ETH_HLEN + sizeof(*ip) || ip->version != 6)
		return;
	tuple->len = 2 * sizeof(ip->saddr);
	tuple->type = PKT_HASH_TYPE_L3;
	memcpy(tuple->bytes, &ip->addrs, tuple->len);
	labnic_add_ports(tuple, frame, ETH_HLEN + sizeof(*ip), ip->nexthdr);
}

static u32 labnic_toeplitz(const u8 *key, const u8 *input, unsigned int len)
{
	u32 window = get_unaligned_be32(key), hash = 0;
	unsigned int i;
	int bit;

	for (i = 0; i < len; i++) {
		for (bit = 7; bit >= 0; bit--) {
			if (input[i] & BIT(bit))
				hash ^= window;
			window = window << 1 | (key[i + sizeof(window)] >> bit & 1);
		}
	}
	return hash;
}

/**
 * labnic_classify() - choose the receive queue of a frame
 * @nic: the receiving end
 * @frame: in: the frame; out: its hash
 *
 * The one place to add flow rules. Under rcu_read_lock().
 *
 * Return: index of the queue, which may be stopped.
 */
unsigned int labnic_classify(const struct labnic *nic, struct labnic_frame *frame)
{
	const struct labnic_rss *rss = rcu_dereference(nic->rss);
	const struct ethhdr *eth = (const void *)frame->data;
	struct labnic_tuple tuple = { .type = PKT_HASH_TYPE_NONE };

	if (!rss)	/* the far end: one queue */
		return 0;

	if (eth->h_proto == htons(ETH_P_IP))
		labnic_ipv4_tuple(&tuple, frame);
	else if (eth->h_proto == htons(ETH_P_IPV6))
		labnic_ipv6_tuple(&tuple, frame);
	frame->hash = labnic_toeplitz(rss->key, tuple.bytes, tuple.len);
	frame->hash_type = tuple.type;
	return rss->indir[frame->hash % LABNIC_INDIR_SIZE];
}

/* Replaces the table and the key, each unless NULL, for all frames that come from now on. */
static int labnic_rss_replace(struct labnic *nic, const u32 *indir, const u8 *key)
{
	struct labnic_rss *old = netdev_lock_dereference(nic->rss, nic->dev);
	struct labnic_rss *rss = kmemdup(old, sizeof(*old), GFP_KERNEL);
	unsigned int i;

	if (!rss)
		return -ENOMEM;
	for (i = 0; indir && i < LABNIC_INDIR_SIZE; i++)
		rss->indir[i] = indir[i];
	if (key)
		memcpy(rss->key, key, sizeof(rss->key));
	rcu_assign_pointer(nic->rss, rss);
	kfree_rcu(old, rcu);
	return 0;
}

int labnic_rss_init(struct labnic *nic)
{
	struct labnic_rss *rss = kzalloc(sizeof(*rss), GFP_KERNEL);
	unsigned int i;

	if (!rss)
		return -ENOMEM;
	memcpy(rss->key, labnic_default_key, sizeof(rss->key));
	for (i = 0; i < LABNIC_INDIR_SIZE; i++)
		rss->indir[i] = ethtool_rxfh_indir_default(i, nic->dev->real_num_rx_queues);
	RCU_INIT_POINTER(nic->rss, rss);
	return 0;
}

/* Spreads over [0, queues) when the number of queues changes, unless the user set a table. */
int labnic_rss_spread(struct labnic *nic, unsigned int queues)
{
	u32 indir[LABNIC_INDIR_SIZE];
	unsigned int i;

	if (netif_is_rxfh_configured(nic->dev))
		return 0;
	for (i = 0; i < LABNIC_INDIR_SIZE; i++)
		indir[i] = ethtool_rxfh_indir_default(i, queues);
	return labnic_rss_replace(nic, indir, NULL);
}

u32 labnic_get_rxfh_indir_size(struct net_device *dev)
{
	return LABNIC_INDIR_SIZE;
}

u32 labnic_get_rxfh_key_size(struct net_device *dev)
{
	return LABNIC_KEY_SIZE;
}

int labnic_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh)
{
	struct labnic *nic = netdev_priv(dev);
	const struct labnic_rss *rss = netdev_lock_dereference(nic->rss, dev);
	unsigned int i;

	rxfh->hfunc = ETH_RSS_HASH_TOP;
	for (i = 0; rxfh->indir && i < LABNIC_INDIR_SIZE; i++)
		rxfh->indir[i] = rss->indir[i];
	if (rxfh->key)
		memcpy(rxfh->key, rss->key, sizeof(rss->key));
	return 0;
}

/* The core has checked sizes and that each entry is a queue we have. */
int labnic_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
		    struct netlink_ext_ack *extack)
{
	if (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE && rxfh->hfunc != ETH_RSS_HASH_TOP) {
		NL_SET_ERR_MSG_MOD(extack, "the only hash function is toeplitz");
		return -EOPNOTSUPP;
	}
	return labnic_rss_replace(netdev_priv(dev), rxfh->indir, rxfh->key);
}
