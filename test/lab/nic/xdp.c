// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP set-up: attaching a program, what it and AF_XDP demand of the MTU, and ndo_xdp_xmit.
 */
#include <linux/filter.h>
#include <linux/netlink.h>
#include <net/xdp_sock_drv.h>

#include "labnic.h"

static int labnic_xdp_setup(struct labnic *nic, struct bpf_prog *prog,
			    struct netlink_ext_ack *extack)
{
	unsigned int max = LABNIC_XDP_ROOM - LABNIC_OVERHEAD;
	struct bpf_prog *old;
	int err;

	if (prog && nic->dev->mtu > max) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "MTU %u is too large for XDP, one page takes %u",
				       nic->dev->mtu, max);
		return -EOPNOTSUPP;
	}
	/* That a link's program goes must not fail; whose it is we are not told. */
	err = prog ? labnic_may_fail(nic) : 0;
	if (err)
		return err;
	old = rcu_replace_pointer(nic->prog, prog, lockdep_is_held(&nic->dev->lock));
	if (old)
		bpf_prog_put(old); /* frees it after those that run it */
	return 0;
}

int labnic_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	struct labnic *nic = netdev_priv(dev);

	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return labnic_xdp_setup(nic, bpf->prog, bpf->extack);
	case XDP_SETUP_XSK_POOL:
		return labnic_xsk_setup(nic, bpf->xsk.pool, bpf->xsk.queue_id);
	default:
		return -EOPNOTSUPP;
	}
}

int labnic_change_mtu(struct net_device *dev, int mtu)
{
	struct labnic *nic = netdev_priv(dev);
	unsigned int needed = mtu + LABNIC_OVERHEAD;
	unsigned int i, room;
	int err = labnic_may_fail(nic);

	if (err)
		return err;
	if (rcu_access_pointer(nic->prog) && needed > LABNIC_XDP_ROOM) {
		netdev_err(dev, "MTU %d refused: with XDP at most %lu\n", mtu,
			   LABNIC_XDP_ROOM - LABNIC_OVERHEAD);
		return -EBUSY;
	}
	for (i = 0; i < dev->real_num_rx_queues; i++) {
		if (!nic->queue[i].pool)
			continue;
		room = xsk_pool_get_rx_frame_size(nic->queue[i].pool);
		if (needed > room) {
			netdev_err(dev, "MTU %d refused: AF_XDP on queue %u takes at most %d\n",
				   mtu, i, (int)room - LABNIC_OVERHEAD);
			return -EBUSY;
		}
	}
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

/* Return: how many of the frames were sent and freed; the caller frees the others. */
int labnic_xdp_xmit(struct net_device *dev, int count, struct xdp_frame **frames, u32 flags)
{
	struct labnic *nic = netdev_priv(dev);
	struct labnic_queue *q = &nic->queue[smp_processor_id() % dev->real_num_tx_queues];
	int i;

	if (flags & ~XDP_XMIT_FLAGS_MASK)
		return -EINVAL;
	if (!netif_running(dev) || !netif_carrier_ok(dev))
		return -ENETDOWN;

	for (i = 0; i < count; i++) {
		if (!labnic_send(q, frames[i]->data, frames[i]->len))
			break;
		labnic_count(q, TX_XDP_PACKETS);
		xdp_return_frame(frames[i]);
	}
	return i;
}
