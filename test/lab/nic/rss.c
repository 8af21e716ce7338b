// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which queue a frame goes to: flow rules, else receive side scaling, i.e. Toeplitz hash and
 * indirection table.
 *
 *   IPv4, IPv6 with TCP or UDP     addresses and ports
 *   other IPv4, IPv6               addresses (also fragments and IPv6 extension headers)
 *   anything else                  hash 0, i.e. the first table entry
 *
 * A VLAN tag makes no difference. An RSS context is one more table, for the frames that a rule
 * sends there; it has no key of its own.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "labnic.h"

/* The key of Microsoft's RSS verification suite: hash values can be checked against its table. */
static const u8 labnic_default_key[LABNIC_KEY_SIZE] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* Hash input: source, destination address, then source, destination port, as in the headers. */
struct labnic_tuple {
	unsigned int len;
	enum pkt_hash_types type;
	u8 bytes[2 * sizeof(struct in6_addr) + 2 * sizeof(__be16)];
};

static_assert(sizeof_field(struct labnic_tuple, bytes) + sizeof(u32) <= LABNIC_KEY_SIZE);

static void labnic_tuple(const struct labnic_headers *headers, struct labnic_tuple *tuple)
{
	*tuple = (struct labnic_tuple){ .type = PKT_HASH_TYPE_NONE };
	if (headers->ipv4) {
		tuple->len = 2 * sizeof(headers->ipv4->saddr);
		memcpy(tuple->bytes, &headers->ipv4->addrs, tuple->len);
	} else if (headers->ipv6) {
		tuple->len = 2 * sizeof(headers->ipv6->saddr);
		memcpy(tuple->bytes, &headers->ipv6->addrs, tuple->len);
	} else {
		return;
	}
	tuple->type = PKT_HASH_TYPE_L3;
	if (headers->ports) {
		memcpy(tuple->bytes + tuple->len, headers->ports, 2 * sizeof(__be16));
		tuple->len += 2 * sizeof(__be16);
		tuple->type = PKT_HASH_TYPE_L4;
	}
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
 * labnic_classify() - choose the receive queue of a frame: by a flow rule, else by RSS
 * @nic: the receiving end
 * @frame: in: the frame; out: its hash, also if a rule chose the queue
 *
 * Under rcu_read_lock().
 *
 * Return: index of the queue, which may be stopped, or LABNIC_DROP.
 */
int labnic_classify(const struct labnic *nic, struct labnic_frame *frame)
{
	const struct labnic_rss *rss = rcu_dereference(nic->rss);
	struct labnic_headers headers;
	struct labnic_tuple tuple;
	u32 context = 0;
	int queue;

	if (!rss) /* the far end: one queue */
		return 0;

	labnic_parse(frame, &headers);
	labnic_tuple(&headers, &tuple);
	frame->hash = labnic_toeplitz(rss->key, tuple.bytes, tuple.len);
	frame->hash_type = tuple.type;
	queue = labnic_rules_find(nic, &headers, &context);
	if (queue == LABNIC_SPREAD)
		queue = rss->indir[context][frame->hash % rss->size];
	return queue;
}

/* How many entries a table has, for so many queues. */
static unsigned int labnic_rss_size(unsigned int queues)
{
	if (!labnic_param.resize)
		return labnic_param.table;
	return max(1, labnic_param.table * roundup_pow_of_two(queues) /
			      roundup_pow_of_two(labnic_param.queues));
}

/* Replaces a context's table, of @size entries, and the key, each unless NULL, for all frames from now on. */
static int labnic_rss_replace(struct labnic *nic, u32 context, const u32 *indir, unsigned int size,
			      const u8 *key)
{
	struct labnic_rss *old = netdev_lock_dereference(nic->rss, nic->dev);
	struct labnic_rss *rss = kmemdup(old, sizeof(*old), GFP_KERNEL);
	unsigned int i;

	if (!rss)
		return -ENOMEM;
	rss->size = size;
	for (i = 0; indir && i < size; i++)
		rss->indir[context][i] = indir[i];
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
	rss->size = labnic_rss_size(nic->dev->real_num_rx_queues);
	for (i = 0; i < rss->size; i++)
		rss->indir[0][i] = ethtool_rxfh_indir_default(i, nic->dev->real_num_rx_queues);
	RCU_INIT_POINTER(nic->rss, rss);
	return 0;
}

/*
 * Spreads over [0, queues) when the number of queues changes. A table that the user set stays, repeated
 * or folded if its size changes; then there must be no context.
 */
int labnic_rss_spread(struct labnic *nic, unsigned int queues)
{
	const struct labnic_rss *old = netdev_lock_dereference(nic->rss, nic->dev);
	const unsigned int size = labnic_rss_size(queues);
	const bool is_users = netif_is_rxfh_configured(nic->dev);
	int err = -EINVAL;
	unsigned int i;
	u32 *indir;

	if (is_users && size == old->size)
		return 0;
	if (size != old->size && !xa_empty(&nic->dev->ethtool->rss_ctx))
		return -EINVAL;
	indir = kmalloc_array(LABNIC_MAX_TABLE, sizeof(*indir), GFP_KERNEL);
	if (!indir)
		return -ENOMEM;
	for (i = 0; i < LABNIC_MAX_TABLE; i++)
		indir[i] = is_users ? old->indir[0][i] : ethtool_rxfh_indir_default(i, queues);
	if (!is_users || ethtool_rxfh_indir_can_resize(nic->dev, indir, old->size, size)) {
		if (is_users)
			ethtool_rxfh_indir_resize(nic->dev, indir, old->size, size);
		err = labnic_rss_replace(nic, 0, indir, size, NULL);
	}
	kfree(indir);
	return err;
}

u32 labnic_get_rxfh_indir_size(struct net_device *dev)
{
	return labnic_rss_size(dev->real_num_rx_queues);
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
	for (i = 0; rxfh->indir && i < rss->size; i++)
		rxfh->indir[i] = rss->indir[0][i];
	if (rxfh->key)
		memcpy(rxfh->key, rss->key, sizeof(rss->key));
	return 0;
}

/* The core has checked sizes, and that each entry is a queue we have. */
static int labnic_rss_set(struct net_device *dev, const struct ethtool_rxfh_param *rxfh,
			  struct netlink_ext_ack *extack)
{
	struct labnic *nic = netdev_priv(dev);
	int err = labnic_may_fail(nic);

	if (err)
		return err;
	if (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE && rxfh->hfunc != ETH_RSS_HASH_TOP) {
		NL_SET_ERR_MSG_MOD(extack, "the only hash function is toeplitz");
		return -EOPNOTSUPP;
	}
	return labnic_rss_replace(nic, rxfh->rss_context, rxfh->indir,
				  labnic_rss_size(dev->real_num_rx_queues), rxfh->key);
}

int labnic_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
		    struct netlink_ext_ack *extack)
{
	return labnic_rss_set(dev, rxfh, extack);
}

/* The core keeps @ctx, and asks us to fill in what the user left open. */
int labnic_create_rxfh_context(struct net_device *dev, struct ethtool_rxfh_context *ctx,
			       const struct ethtool_rxfh_param *rxfh,
			       struct netlink_ext_ack *extack)
{
	struct ethtool_rxfh_param param = *rxfh;
	unsigned int i;

	if (!param.indir) {
		param.indir = ethtool_rxfh_context_indir(ctx);
		for (i = 0; i < labnic_rss_size(dev->real_num_rx_queues); i++)
			param.indir[i] = ethtool_rxfh_indir_default(i, dev->real_num_rx_queues);
	}
	ctx->hfunc = ETH_RSS_HASH_TOP;
	return labnic_rss_set(dev, &param, extack);
}

int labnic_modify_rxfh_context(struct net_device *dev, struct ethtool_rxfh_context *ctx,
			       const struct ethtool_rxfh_param *rxfh,
			       struct netlink_ext_ack *extack)
{
	return labnic_rss_set(dev, rxfh, extack);
}

/* The table stays until the next context of that number: no rule leads there any more. */
int labnic_remove_rxfh_context(struct net_device *dev, struct ethtool_rxfh_context *ctx,
			       u32 context, struct netlink_ext_ack *extack)
{
	return labnic_may_fail(netdev_priv(dev));
}
