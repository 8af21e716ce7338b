// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receiving: a queue's NAPI takes frames from its ring to XDP, to the stack, or to a socket.
 */
#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/slab.h>
#include <net/page_pool/helpers.h>
#include <net/xdp_sock_drv.h>

#include "labnic.h"

/* Gives a copy to the stack; @meta bytes of XDP metadata lie right before @data. */
static bool labnic_rx_skb(struct labnic_queue *q, const struct labnic_frame *frame,
			  const void *data, unsigned int len, unsigned int meta)
{
	struct sk_buff *skb = napi_alloc_skb(&q->napi, meta + len);

	if (!skb) {
		labnic_count(q, RX_NO_BUFFER);
		return false;
	}
	skb_put_data(skb, data - meta, meta + len);
	if (meta) {
		__skb_pull(skb, meta);
		skb_metadata_set(skb, meta);
	}
	labnic_rx_stack(q, frame, skb);
	return true;
}

/* Gives to the stack what came in this frame; the Ethernet header is at skb->data. */
void labnic_rx_stack(struct labnic_queue *q, const struct labnic_frame *frame, struct sk_buff *skb)
{
	skb->protocol = eth_type_trans(skb, q->nic->dev);
	if (frame->stripped)
		__vlan_hwaccel_put_tag(skb, frame->proto, frame->tci);
	skb_record_rx_queue(skb, q->index);
	if (frame->hash_type != PKT_HASH_TYPE_NONE)
		skb_set_hash(skb, frame->hash, frame->hash_type);
	/* Not GRO: what a packet socket counts shall be what was on the wire. */
	netif_receive_skb(skb);
}

/*
 * Copies the frame into a buffer for XDP: a page, or the socket's memory if the queue has a pool.
 * This is where a real NIC does DMA. The pool is DMA mapped as AF_XDP demands, but we write with
 * the CPU, so there is nothing to sync.
 */
static struct xdp_buff *labnic_rx_buffer(struct labnic_queue *q, const struct labnic_frame *frame,
					 struct xdp_buff *xdp)
{
	unsigned int room = q->pool ? xsk_pool_get_rx_frame_size(q->pool) : LABNIC_XDP_ROOM;
	struct page *page;

	if (frame->len > room) { /* only what was in the ring before room shrank */
		labnic_count(q, RX_OVERSIZE);
		return NULL;
	}
	if (q->pool) {
		xdp = xsk_buff_alloc(q->pool);
		if (!xdp) {
			labnic_count(q, RX_XSK_NO_BUFFER);
			return NULL;
		}
		xsk_buff_set_size(xdp, frame->len);
		labnic_count(q, RX_XSK_PACKETS);
	} else {
		page = page_pool_dev_alloc_pages(q->ring->pages);
		if (!page) {
			labnic_count(q, RX_NO_BUFFER);
			return NULL;
		}
		xdp_init_buff(xdp, PAGE_SIZE, &q->ring->xdp_rxq);
		xdp_prepare_buff(xdp, page_address(page), XDP_PACKET_HEADROOM, frame->len, true);
	}
	memcpy(xdp->data, frame->data, frame->len);
	return xdp;
}

static void labnic_xdp_pass(struct labnic_queue *q, const struct labnic_frame *frame,
			    const struct xdp_buff *xdp)
{
	if (labnic_rx_skb(q, frame, xdp->data, xdp->data_end - xdp->data,
			  xdp->data - xdp->data_meta))
		labnic_count(q, RX_XDP_PASS);
}

static void labnic_xdp_tx(struct labnic_queue *q, struct bpf_prog *prog, const struct xdp_buff *xdp)
{
	if (labnic_send(q, xdp->data, xdp->data_end - xdp->data)) {
		labnic_count(q, RX_XDP_TX);
		labnic_count(q, TX_XDP_PACKETS);
	} else {
		labnic_count(q, RX_XDP_TX_ERROR);
		trace_xdp_exception(q->nic->dev, prog, XDP_TX);
	}
}

/* Returns true if the frame was redirected: xdp_do_flush() is due. */
static bool labnic_rx_xdp(struct labnic_queue *q, struct bpf_prog *prog,
			  const struct labnic_frame *frame)
{
	struct net_device *dev = q->nic->dev;
	struct xdp_buff on_page, *xdp;
	u32 verdict;

	xdp = labnic_rx_buffer(q, frame, &on_page);
	if (!xdp)
		return false;

	verdict = bpf_prog_run_xdp(prog, xdp);
	switch (verdict) {
	case XDP_PASS:
		labnic_xdp_pass(q, frame, xdp);
		break;
	case XDP_TX:
		labnic_xdp_tx(q, prog, xdp);
		break;
	case XDP_REDIRECT:
		if (!xdp_do_redirect(dev, xdp, prog)) {
			labnic_count(q, RX_XDP_REDIRECT);
			return true; /* the buffer is the target's now */
		}
		labnic_count(q, RX_XDP_REDIRECT_ERROR);
		trace_xdp_exception(dev, prog, verdict);
		break;
	case XDP_DROP:
		labnic_count(q, RX_XDP_DROP);
		break;
	default:
		bpf_warn_invalid_xdp_action(dev, prog, verdict);
		fallthrough;
	case XDP_ABORTED:
		labnic_count(q, RX_XDP_ABORTED);
		trace_xdp_exception(dev, prog, verdict);
	}
	xdp_return_buff(xdp);
	return false;
}

int labnic_poll(struct napi_struct *napi, int budget)
{
	struct labnic_queue *q = container_of(napi, struct labnic_queue, napi);
	struct bpf_prog *prog = rcu_dereference_bh(q->nic->prog);
	struct labnic_frame *frame;
	bool redirected = false;
	int received = 0, sent = 0;

	if (!budget) /* netpoll wants transmit completions only; we have none */
		return 0;

	while (received < budget && (frame = __ptr_ring_consume(&q->ring->frames))) {
		labnic_count(q, RX_PACKETS);
		atomic64_add(frame->len, &q->counter[RX_BYTES]);
		if (prog)
			redirected |= labnic_rx_xdp(q, prog, frame);
		else if (!labnic_rx_split(q, frame))
			labnic_rx_skb(q, frame, frame->data, frame->len, 0);
		kfree(frame);
		received++;
	}
	if (redirected)
		xdp_do_flush();
	if (q->pool)
		sent = labnic_xsk_poll(q, budget);

	if (sent == budget)
		return budget;
	if (received < budget)
		napi_complete_done(napi, received);
	return received;
}
