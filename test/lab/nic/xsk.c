// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_XDP zero copy: a socket's buffer pool on a queue, its wakeups and its transmit ring.
 */
#include <net/xdp_sock_drv.h>

#include "labnic.h"

/* The pool changes under a paused queue, so no frame is lost and no NAPI sees half of it. */
static void labnic_xsk_swap(struct labnic_queue *q, struct xsk_buff_pool *pool)
{
	bool active = q->ring;

	if (active)
		labnic_queue_pause(q);
	WRITE_ONCE(q->pool, pool);
	if (active)
		labnic_queue_resume(q);
}

static int labnic_xsk_enable(struct labnic_queue *q, struct xsk_buff_pool *pool)
{
	struct net_device *dev = q->nic->dev;
	unsigned int room = xsk_pool_get_rx_frame_size(pool);
	int err;

	if (q->pool)
		return -EBUSY;
	if (dev->mtu + LABNIC_OVERHEAD > room) {
		netdev_err(dev, "AF_XDP on queue %u refused: MTU %u, its buffers take at most %d\n",
			   q->index, dev->mtu, (int)room - LABNIC_OVERHEAD);
		return -EINVAL;
	}

	err = labnic_may_fail(q->nic);
	if (err)
		return err;
	err = xsk_pool_dma_map(pool, dev->dev.parent, 0);
	if (err)
		return err;
	err = xdp_rxq_info_reg(&q->xsk_rxq, dev, q->index, q->napi.napi_id);
	if (err)
		goto err_unmap;
	err = xdp_rxq_info_reg_mem_model(&q->xsk_rxq, MEM_TYPE_XSK_BUFF_POOL, NULL);
	if (err)
		goto err_unreg;
	xsk_pool_set_rxq_info(pool, &q->xsk_rxq);
	labnic_xsk_swap(q, pool);
	return 0;

err_unreg:
	xdp_rxq_info_unreg(&q->xsk_rxq);
err_unmap:
	xsk_pool_dma_unmap(pool, 0);
	return err;
}

static int labnic_xsk_disable(struct labnic_queue *q)
{
	struct xsk_buff_pool *pool = q->pool;

	if (!pool)
		return -EINVAL;
	labnic_xsk_swap(q, NULL);
	xdp_rxq_info_unreg(&q->xsk_rxq);
	xsk_pool_dma_unmap(pool, 0);
	return 0;
}

int labnic_xsk_setup(struct labnic *nic, struct xsk_buff_pool *pool, u16 id)
{
	/* Not real_num_rx_queues: that is 0 when the last socket of a removed NIC is cleaned up. */
	if (id >= nic->dev->num_rx_queues)
		return -EINVAL;
	return pool ? labnic_xsk_enable(&nic->queue[id], pool) :
		      labnic_xsk_disable(&nic->queue[id]);
}

/* Called without the instance lock, also by netkit for a leased queue. */
int labnic_xsk_wakeup(struct net_device *dev, u32 id, u32 flags)
{
	struct labnic *nic = netdev_priv(dev);

	if (!netif_running(dev) || !netif_carrier_ok(dev))
		return -ENETDOWN;
	if (id >= dev->real_num_rx_queues || !READ_ONCE(nic->queue[id].pool))
		return -EINVAL;
	local_bh_disable();
	napi_schedule(&nic->queue[id].napi);
	local_bh_enable();
	return 0;
}

/*
 * Transmit: need_wakeup stays set, as the core set it when the pool came: no interrupt would look
 * at the ring again. Receive: the next frame looks at the fill ring by itself, so a wakeup is
 * asked for only as long as that ring is empty, for an application that sleeps until then.
 */
static void labnic_xsk_update_wakeup(struct xsk_buff_pool *pool)
{
	if (!xsk_uses_need_wakeup(pool))
		return;
	if (xsk_buff_can_alloc(pool, 1))
		xsk_clear_rx_need_wakeup(pool);
	else
		xsk_set_rx_need_wakeup(pool);
}

/**
 * labnic_xsk_poll() - send what the socket of a queue wants sent; in its NAPI
 * @q: a queue that has a pool
 * @budget: how many frames at most
 *
 * Return: how many it took from the socket; @budget means there may be more.
 */
int labnic_xsk_poll(struct labnic_queue *q, int budget)
{
	struct xdp_desc desc;
	int taken = 0;

	while (taken < budget && xsk_tx_peek_desc(q->pool, &desc)) {
		if (labnic_send(q, xsk_buff_raw_get_data(q->pool, desc.addr), desc.len))
			labnic_count(q, TX_XSK_PACKETS);
		taken++;
	}
	if (taken) {
		xsk_tx_completed(q->pool, taken);
		xsk_tx_release(q->pool);
	}
	labnic_xsk_update_wakeup(q->pool);
	return taken;
}
