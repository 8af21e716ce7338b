// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lab NIC: insmod labnic.ko pairs=1 queues=8 makes ln0 <-> ln1, two ends of one wire.
 *
 *   ln0, ln2, ...  the NIC: a platform device labnic.N as its parent, rx and tx queues that can
 *                  be leased, native XDP, AF_XDP zero copy, RSS with contexts, flow rules, a
 *                  unicast and a VLAN filter, VLAN stripping, header split into the pages of
 *                  memory providers (io_uring zero copy receive, devmem)
 *   ln1, ln3, ...  the far end: one queue, no parent, takes every frame; for tests to send from
 *                  and receive on, in any network namespace
 *
 * Unbinding labnic.N from the driver is the hot unplug of that pair. The way of a frame: wire.c,
 * parse.c, rss.c, flow_note.c, vlan.c, rx.c, split.c. Queue life cycle: queue.c. XDP and AF_XDP: xdp.c, xsk.c.
 * The rest: ethtool.c. What a test may ask for, also calls that fail: param.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "labnic.h"

static struct platform_device *labnic_device[LABNIC_MAX_PAIRS];

static int labnic_open(struct net_device *dev)
{
	struct labnic *nic = netdev_priv(dev);
	int err = labnic_may_fail(nic);

	if (err)
		return err;
	err = labnic_queues_start(nic, 0, dev->real_num_rx_queues);
	if (err)
		return err;
	/* Opening and closing take rtnl, so the peer's state holds still. */
	if (netif_running(nic->peer->dev)) {
		netif_carrier_on(dev);
		netif_carrier_on(nic->peer->dev);
	}
	return 0;
}

static int labnic_stop(struct net_device *dev)
{
	struct labnic *nic = netdev_priv(dev);

	netif_carrier_off(dev);
	netif_carrier_off(nic->peer->dev);
	labnic_queues_stop(nic, 0, dev->real_num_rx_queues);
	return 0;
}

/* The core does the rest: it stores the features, and adds or kills the VLANs of the filter. */
static int labnic_set_features(struct net_device *dev, netdev_features_t features)
{
	struct labnic *nic = netdev_priv(dev);
	int err = labnic_may_fail(nic);

	if (!err && !(features & NETIF_F_NTUPLE))
		labnic_rules_flush(nic);
	return err;
}

static const struct net_device_ops labnic_netdev_ops = {
	.ndo_open = labnic_open,
	.ndo_stop = labnic_stop,
	.ndo_start_xmit = labnic_start_xmit,
	.ndo_get_stats64 = labnic_get_stats64,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_change_mtu = labnic_change_mtu,
	.ndo_set_features = labnic_set_features,
	.ndo_vlan_rx_add_vid = labnic_vlan_rx_add_vid,
	.ndo_vlan_rx_kill_vid = labnic_vlan_rx_kill_vid,
	.ndo_bpf = labnic_bpf,
	.ndo_xdp_xmit = labnic_xdp_xmit,
	.ndo_xsk_wakeup = labnic_xsk_wakeup,
};

static const struct net_device_ops labnic_far_netdev_ops = {
	.ndo_open = labnic_open,
	.ndo_stop = labnic_stop,
	.ndo_start_xmit = labnic_start_xmit,
	.ndo_get_stats64 = labnic_get_stats64,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

static struct labnic *labnic_alloc(unsigned int number, unsigned int count)
{
	/* Locally administered, 'l', 'n': the same in every run. */
	u8 mac[ETH_ALEN] = { 0x02, 'l', 'n', 0, 0, number };
	struct net_device *dev;
	struct labnic *nic;
	char name[IFNAMSIZ];
	unsigned int i;

	snprintf(name, sizeof(name), "ln%u", number);
	dev = alloc_netdev_mqs(struct_size(nic, queue, count), name, NET_NAME_PREDICTABLE,
			       ether_setup, count, count);
	if (!dev)
		return NULL;
	eth_hw_addr_set(dev, mac);
	dev->addr_assign_type = NET_ADDR_PERM;
	dev->max_mtu = LABNIC_MAX_MTU;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
	dev->features |= NETIF_F_HIGHDMA;

	nic = netdev_priv(dev);
	nic->dev = dev;
	for (i = 0; i < count; i++) {
		nic->queue[i].nic = nic;
		nic->queue[i].index = i;
		netif_napi_add_config(dev, &nic->queue[i].napi, labnic_poll, i);
		if (labnic_param.irq)
			netif_napi_set_irq(&nic->queue[i].napi, labnic_param.irq + i);
	}
	return nic;
}

static void labnic_init_features(struct net_device *dev)
{
	dev->features |= NETIF_F_HW_VLAN_CTAG_RX | NETIF_F_HW_VLAN_CTAG_FILTER;
	dev->hw_features |= NETIF_F_HW_VLAN_CTAG_FILTER;
	if (!labnic_param.fixed_vlan)
		dev->hw_features |= NETIF_F_HW_VLAN_CTAG_RX;
	if (labnic_param.stag) {
		dev->features |= NETIF_F_HW_VLAN_STAG_RX;
		dev->hw_features |= NETIF_F_HW_VLAN_STAG_RX;
	}
	if (labnic_param.ntuple)
		dev->hw_features |= NETIF_F_NTUPLE;
	if (labnic_param.netmem_tx) {
		dev->features |= NETIF_F_SG | NETIF_F_HW_CSUM;
		dev->netmem_tx = NETMEM_TX_DMA;
	}
	xdp_set_features_flag(dev, NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
					   NETDEV_XDP_ACT_NDO_XMIT | NETDEV_XDP_ACT_XSK_ZEROCOPY);
}

static struct labnic *labnic_alloc_nic(struct platform_device *pdev)
{
	struct labnic *nic = labnic_alloc(2 * pdev->id, labnic_param.queues);

	if (!nic)
		return NULL;
	SET_NETDEV_DEV(nic->dev, &pdev->dev);
	nic->dev->netdev_ops = &labnic_netdev_ops;
	nic->dev->ethtool_ops = &labnic_ethtool_ops;
	nic->dev->stat_ops = &labnic_stat_ops;
	nic->dev->queue_mgmt_ops = &labnic_queue_mgmt_ops;
	nic->dev->priv_flags |= IFF_UNICAST_FLT;
	nic->rx_pending = LABNIC_RING_SIZE;
	nic->tx_pending = LABNIC_RING_SIZE;
	labnic_init_features(nic->dev);
	if (labnic_param.tx && labnic_param.tx < labnic_param.queues)
		netif_set_real_num_tx_queues(nic->dev, labnic_param.tx);
	if (labnic_rss_init(nic)) {
		free_netdev(nic->dev);
		return NULL;
	}
	return nic;
}

static struct labnic *labnic_alloc_far(struct platform_device *pdev)
{
	struct labnic *far = labnic_alloc(2 * pdev->id + 1, 1);

	if (!far)
		return NULL;
	far->dev->netdev_ops = &labnic_far_netdev_ops;
	far->dev->ethtool_ops = &labnic_far_ethtool_ops;
	far->dev->request_ops_lock = true; /* so that queue.c serves both ends */
	return far;
}

static void labnic_free(struct labnic *nic)
{
	labnic_rules_flush(nic);
	kfree(rcu_dereference_protected(nic->rss, true));
	free_netdev(nic->dev);
}

static int labnic_register(struct labnic *nic)
{
	int err;

	netif_carrier_off(nic->dev); /* until both ends are up */
	err = register_netdev(nic->dev);
	if (err)
		pr_err("cannot register %s: %pe; does it exist already?\n", nic->dev->name,
		       ERR_PTR(err));
	WRITE_ONCE(nic->registered, !err);
	return err;
}

static void labnic_unregister(struct labnic *nic)
{
	WRITE_ONCE(nic->registered, false);
	unregister_netdev(nic->dev);
}

static int labnic_probe(struct platform_device *pdev)
{
	struct labnic *nic, *far;
	int err = -ENOMEM;

	nic = labnic_alloc_nic(pdev);
	if (!nic)
		return -ENOMEM;
	far = labnic_alloc_far(pdev);
	if (!far)
		goto err_free_nic;
	nic->peer = far;
	far->peer = nic;

	err = labnic_register(nic);
	if (err)
		goto err_free_far;
	err = labnic_register(far);
	if (err)
		goto err_unregister_nic;
	platform_set_drvdata(pdev, nic);
	return 0;

err_unregister_nic:
	labnic_unregister(nic);
err_free_far:
	labnic_free(far);
err_free_nic:
	labnic_free(nic);
	return err;
}

static void labnic_remove(struct platform_device *pdev)
{
	struct labnic *nic = platform_get_drvdata(pdev), *far = nic->peer;

	/* Each may send to the other until both are gone. */
	labnic_unregister(nic);
	labnic_unregister(far);
	labnic_free(far);
	labnic_free(nic);
}

static struct platform_driver labnic_driver = {
	.probe	= labnic_probe,
	.remove	= labnic_remove,
	.driver	= {
		.name		= "labnic",
		.dev_groups	= labnic_device_groups,
	},
};

/*
 * A device whose probe failed exists nevertheless: do not let insmod succeed without its NIC.
 *
 * The memory of a device is never freed, as that of a PCI device is not when its driver goes. A dmabuf
 * is unmapped through the device to which it was bound when the application ends, maybe long after
 * rmmod, and net_devmem_bind_dmabuf() takes no reference on it (Linux 7.3, net/core/devmem.c; io_uring
 * does). Nobody tells the driver when that is over.
 */
static int labnic_add_device(unsigned int id)
{
	struct platform_device_info info = {
		.name = "labnic",
		.id = id,
		.dma_mask = DMA_BIT_MASK(64),
	};
	struct platform_device *pdev = platform_device_register_full(&info);

	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	if (!device_is_bound(&pdev->dev)) {
		platform_device_unregister(pdev);
		return -ENODEV;
	}
	get_device(&pdev->dev); /* for good */
	labnic_device[id] = pdev;
	return 0;
}

static void labnic_remove_devices(unsigned int count)
{
	while (count--)
		platform_device_unregister(labnic_device[count]);
}

static int __init labnic_init(void)
{
	unsigned int i;
	int err;

	err = labnic_param_check();
	if (err)
		return err;
	labnic_ethtool_init();
	err = platform_driver_register(&labnic_driver);
	if (err)
		return err;
	for (i = 0; i < labnic_param.pairs; i++) {
		err = labnic_add_device(i);
		if (err) {
			labnic_remove_devices(i);
			platform_driver_unregister(&labnic_driver);
			return err;
		}
	}
	return 0;
}

static void __exit labnic_exit(void)
{
	labnic_remove_devices(labnic_param.pairs);
	platform_driver_unregister(&labnic_driver);
}

module_init(labnic_init);
module_exit(labnic_exit);
MODULE_DESCRIPTION("Software NIC for tests of rx queue leasing and AF_XDP");
MODULE_LICENSE("GPL");
