// SPDX-License-Identifier: GPL-2.0-only
/*
 * Header split (ethtool -G ln0 tcp-data-split on): the headers of a TCP frame go into the skb, its
 * payload into pages of the queue's pool. These are a memory provider's if the queue has one:
 * io_uring zero copy receive, or devmem.
 */
#include <linux/dma-mapping.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/ip6_checksum.h>
#include <net/page_pool/helpers.h>

#include "labnic.h"

/* Where a TCP frame is cut, as offsets in it. */
struct labnic_cut {
	unsigned int l4; /* of the TCP header */
	unsigned int payload;
	unsigned int end; /* of the payload; behind it may be padding */
};

/* What the stack cannot read it cannot sum either: so a frame whose sum is wrong stays whole. */
static bool labnic_sum_is_right(const struct labnic_headers *headers, const void *l4,
				unsigned int len)
{
	__wsum sum = csum_partial(l4, len, 0);

	if (headers->ipv4)
		return !csum_tcpudp_magic(headers->ipv4->saddr, headers->ipv4->daddr, len,
					  IPPROTO_TCP, sum);
	return !csum_ipv6_magic(&headers->ipv6->saddr, &headers->ipv6->daddr, len, IPPROTO_TCP,
				sum);
}

/* Returns false if the frame has no TCP payload, or is not whole and right. */
static bool labnic_cut(const struct labnic_frame *frame, struct labnic_cut *cut)
{
	struct labnic_headers headers;
	const struct tcphdr *tcp;
	const u8 *ip_end;

	labnic_parse(frame, &headers);
	if (headers.protocol != IPPROTO_TCP || !headers.ports)
		return false;
	if (headers.ipv4)
		ip_end = (const u8 *)headers.ipv4 + ntohs(headers.ipv4->tot_len);
	else
		ip_end = (const u8 *)(headers.ipv6 + 1) + ntohs(headers.ipv6->payload_len);
	tcp = (const void *)headers.ports;
	cut->l4 = (const u8 *)tcp - frame->data;
	cut->end = ip_end - frame->data;
	if (cut->end > frame->len || cut->end < cut->l4 + sizeof(*tcp) || tcp->doff < 5)
		return false;
	cut->payload = cut->l4 + tcp->doff * 4;
	return cut->payload < cut->end && labnic_sum_is_right(&headers, tcp, cut->end - cut->l4);
}

/*
 * Copies the payload into pages. This is where a real NIC does DMA: there is no IOMMU between us and
 * the memory, so a DMA address is a physical one, also that of a page the CPU shall not read.
 */
static bool labnic_add_payload(struct page_pool *pages, struct sk_buff *skb, const u8 *data,
			       unsigned int len)
{
	unsigned int i, piece, room = PAGE_SIZE << pages->p.order;
	netmem_ref netmem;

	for (i = 0; len; i++, data += piece, len -= piece) {
		piece = min(len, room);
		netmem = page_pool_alloc_netmems(pages, GFP_ATOMIC | __GFP_NOWARN);
		if (!netmem)
			return false;
		memcpy(phys_to_virt(page_pool_get_dma_addr_netmem(netmem)), data, piece);
		skb_add_rx_frag_netmem(skb, i, netmem, 0, piece, room);
	}
	return true;
}

/* Returns false if the frame is to stay whole; else it is dealt with. */
bool labnic_rx_split(struct labnic_queue *q, const struct labnic_frame *frame)
{
	struct page_pool *pages = q->ring->pages;
	struct labnic_cut cut;
	struct sk_buff *skb;

	if (!READ_ONCE(q->nic->split) || frame->len <= READ_ONCE(q->nic->hds_thresh) ||
	    !labnic_cut(frame, &cut))
		return false;

	skb = napi_alloc_skb(&q->napi, cut.payload);
	if (!skb) {
		labnic_count(q, RX_NO_BUFFER);
		return true;
	}
	skb_put_data(skb, frame->data, cut.payload);
	skb_mark_for_recycle(skb);
	if (!labnic_add_payload(pages, skb, frame->data + cut.payload, cut.end - cut.payload)) {
		labnic_count(q, RX_NO_BUFFER); /* the application does not refill */
		kfree_skb(skb);
		return true;
	}
	labnic_count(q, RX_SPLIT);
	if (page_pool_is_unreadable(pages)) {
		labnic_count(q, RX_PROVIDER);
		atomic64_add(cut.end - cut.payload, &q->counter[RX_PROVIDER_BYTES]);
	}
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	labnic_rx_stack(q, frame, skb);
	return true;
}
