// SPDX-License-Identifier: GPL-2.0-only
/*
 * The wire: takes a frame from one end's transmit queue to one of the other end's receive queues.
 *
 *   sender's skb | xdp frame | AF_XDP descriptor -> labnic_frame
 *       -> MAC filter -> VLAN filter -> classify -> strip the VLAN tag -> ring
 *
 * Like a real wire it has no back pressure: a full ring drops, and counts.
 */
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <net/checksum.h>

#include "labnic.h"

static struct labnic_frame *labnic_frame_alloc(unsigned int len)
{
	unsigned int padded = max_t(unsigned int, len, ETH_ZLEN);
	struct labnic_frame *frame;

	frame = kmalloc(struct_size(frame, data, padded), GFP_ATOMIC | __GFP_NOWARN);
	if (!frame)
		return NULL;
	frame->len = padded;
	frame->hash = 0;
	frame->hash_type = PKT_HASH_TYPE_NONE;
	frame->stripped = false;
	memset(frame->data + len, 0, padded - len);
	return frame;
}

/*
 * The unicast filter. dev->uc is read directly rather than copied by an rx_mode callback: for an
 * ops locked device that callback runs from a work queue some time after `bridge fdb add`
 * returned (net/core/dev_addr_lists.c, __dev_set_rx_mode), and a test must not guess when.
 * The list's entries are freed by kfree_rcu, so RCU suffices.
 */
static bool labnic_mac_wanted(struct net_device *dev, const u8 *mac)
{
	struct netdev_hw_addr *ha;

	if (!(dev->priv_flags & IFF_UNICAST_FLT) || (READ_ONCE(dev->flags) & IFF_PROMISC))
		return true;
	if (is_multicast_ether_addr(mac) || ether_addr_equal(mac, dev->dev_addr))
		return true;
	list_for_each_entry_rcu(ha, &dev->uc.list,
				list) if (ether_addr_equal(mac, ha->addr)) return true;
	return false;
}

/* Returns true if the queue now owns the frame. */
static bool labnic_enqueue(struct labnic_queue *q, struct labnic_frame *frame)
{
	if (!smp_load_acquire(&q->running)) { /* pairs with labnic_queue_run() */
		labnic_count(q, RX_STOPPED);
		return false;
	}
	if (ptr_ring_produce(&q->ring->frames, frame)) {
		labnic_count(q, RX_FULL);
		return false;
	}
	napi_schedule(&q->napi);
	return true;
}

/* Returns true if a queue now owns the frame. */
static bool labnic_steer(struct labnic *nic, struct labnic_frame *frame)
{
	int queue = labnic_classify(nic, frame);

	if (queue == LABNIC_DROP) {
		atomic64_inc(&nic->rx_rule_drop);
		return false;
	}
	labnic_vlan_strip(nic, frame);
	return labnic_enqueue(&nic->queue[queue], frame);
}

static void labnic_receive(struct labnic *nic, struct labnic_frame *frame)
{
	bool taken = false;

	rcu_read_lock();
	if (!labnic_mac_wanted(nic->dev, frame->data))
		atomic64_inc(&nic->rx_filtered);
	else if (!labnic_vlan_wanted(nic, frame))
		atomic64_inc(&nic->rx_vlan_filtered);
	else if (frame->len > READ_ONCE(nic->dev->mtu) + LABNIC_OVERHEAD)
		atomic64_inc(&nic->rx_oversize);
	else
		taken = labnic_steer(nic, frame);
	rcu_read_unlock();
	if (!taken)
		kfree(frame);
}

/* Puts the frame on the wire and in any case takes it over; it may be NULL: no memory for it. */
static bool labnic_transmit(struct labnic_queue *q, struct labnic_frame *frame)
{
	if (!frame || !netif_carrier_ok(q->nic->dev)) {
		labnic_count(q, TX_ERRORS);
		kfree(frame);
		return false;
	}
	labnic_count(q, TX_PACKETS);
	atomic64_add(frame->len, &q->counter[TX_BYTES]);
	labnic_receive(q->nic->peer, frame);
	return true;
}

/**
 * labnic_send() - send a copy of a frame; bottom halves are disabled
 * @q: transmit queue, for the counters
 * @data: the frame from its Ethernet header on
 * @len: its length in bytes
 *
 * Return: false if it could not be sent, which TX_ERRORS has counted.
 */
bool labnic_send(struct labnic_queue *q, const void *data, unsigned int len)
{
	struct labnic_frame *frame = labnic_frame_alloc(len);

	if (frame)
		memcpy(frame->data, data, len);
	return labnic_transmit(q, frame);
}

/*
 * What the CPU shall not read is device memory. This is where a real NIC does DMA; there is no IOMMU,
 * see labnic_add_payload().
 */
static void labnic_copy(struct sk_buff *skb, u8 *data)
{
	unsigned int i, at = skb_headlen(skb);
	const skb_frag_t *frag;

	if (skb_frags_readable(skb)) {
		skb_copy_bits(skb, 0, data, skb->len);
		return;
	}
	memcpy(data, skb->data, at);
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		frag = &skb_shinfo(skb)->frags[i];
		memcpy(data + at, phys_to_virt(skb_frag_dma_map(&skb->dev->dev, frag)),
		       skb_frag_size(frag));
		at += skb_frag_size(frag);
	}
}

/* NETIF_F_HW_CSUM: where the sum goes, the stack has put that of the pseudo header. */
static void labnic_put_sum(const struct sk_buff *skb, u8 *data)
{
	unsigned int start = skb_checksum_start_offset(skb);
	__sum16 sum = csum_fold(csum_partial(data + start, skb->len - start, 0));

	put_unaligned(sum ?: CSUM_MANGLED_0, (__sum16 *)(data + start + skb->csum_offset));
}

netdev_tx_t labnic_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct labnic *nic = netdev_priv(dev);
	struct labnic_queue *q = &nic->queue[skb_get_queue_mapping(skb)];
	struct labnic_frame *frame = labnic_frame_alloc(skb->len);

	if (frame) {
		labnic_copy(skb, frame->data);
		if (skb->ip_summed == CHECKSUM_PARTIAL)
			labnic_put_sum(skb, frame->data);
	}
	skb_tx_timestamp(skb);
	labnic_transmit(q, frame);
	dev_consume_skb_any(skb);
	return NETDEV_TX_OK;
}
