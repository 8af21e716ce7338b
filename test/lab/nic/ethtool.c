// SPDX-License-Identifier: GPL-2.0-only
/*
 * ethtool and statistics: channels, rings, counters and who reads them (ethtool -S, qstats, ip -s).
 */
#include "labnic.h"

static const char *const labnic_counter_name[LABNIC_COUNTERS] = {
	[RX_PACKETS] = "rx_packets",
	[RX_BYTES] = "rx_bytes",
	[RX_FULL] = "rx_ring_full",
	[RX_STOPPED] = "rx_stopped",
	[RX_OVERSIZE] = "rx_oversize",
	[RX_NO_BUFFER] = "rx_no_buffer",
	[RX_XSK_NO_BUFFER] = "rx_xsk_no_buffer",
	[RX_XSK_PACKETS] = "rx_xsk_packets",
	[RX_SPLIT] = "rx_split",
	[RX_PROVIDER] = "rx_provider",
	[RX_PROVIDER_BYTES] = "rx_provider_bytes",
	[RX_XDP_PASS] = "rx_xdp_pass",
	[RX_XDP_DROP] = "rx_xdp_drop",
	[RX_XDP_ABORTED] = "rx_xdp_aborted",
	[RX_XDP_TX] = "rx_xdp_tx",
	[RX_XDP_TX_ERROR] = "rx_xdp_tx_error",
	[RX_XDP_REDIRECT] = "rx_xdp_redirect",
	[RX_XDP_REDIRECT_ERROR] = "rx_xdp_redirect_error",
	[TX_PACKETS] = "tx_packets",
	[TX_BYTES] = "tx_bytes",
	[TX_ERRORS] = "tx_errors",
	[TX_XDP_PACKETS] = "tx_xdp_packets",
	[TX_XSK_PACKETS] = "tx_xsk_packets",
};

/* What was dropped before a queue was chosen. */
static const char *const labnic_drop_name[] = {
	"rx_filtered",
	"rx_vlan_filtered",
	"rx_rule_drop",
	"rx_oversize",
};

/* Sum over the queues [first, end). */
static u64 labnic_sum(const struct labnic *nic, enum labnic_counter which, unsigned int first,
		      unsigned int end)
{
	u64 sum = 0;
	unsigned int i;

	for (i = first; i < end; i++)
		sum += labnic_counted(&nic->queue[i], which);
	return sum;
}

/* Counters of all queues there can be: they outlive `ethtool -L`, and their number is constant. */
static int labnic_get_sset_count(struct net_device *dev, int set)
{
	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return ARRAY_SIZE(labnic_drop_name) + dev->num_rx_queues * LABNIC_COUNTERS;
}

static void labnic_get_strings(struct net_device *dev, u32 set, u8 *text)
{
	unsigned int i, c;

	for (i = 0; i < ARRAY_SIZE(labnic_drop_name); i++)
		ethtool_puts(&text, labnic_drop_name[i]);
	for (i = 0; i < dev->num_rx_queues; i++)
		for (c = 0; c < LABNIC_COUNTERS; c++)
			ethtool_sprintf(&text, "q%u_%s", i, labnic_counter_name[c]);
}

static void labnic_get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats,
				     u64 *value)
{
	struct labnic *nic = netdev_priv(dev);
	unsigned int i, c;

	*value++ = atomic64_read(&nic->rx_filtered);
	*value++ = atomic64_read(&nic->rx_vlan_filtered);
	*value++ = atomic64_read(&nic->rx_rule_drop);
	*value++ = atomic64_read(&nic->rx_oversize);
	for (i = 0; i < dev->num_rx_queues; i++)
		for (c = 0; c < LABNIC_COUNTERS; c++)
			*value++ = labnic_counted(&nic->queue[i], c);
}

static void labnic_get_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	channels->max_combined = dev->num_rx_queues;
	channels->combined_count = dev->real_num_rx_queues;
}

/*
 * The core has refused a shrink that would hit a queue in the user's RSS table, in an RSS context
 * or a flow rule, leased, or bound to a socket or memory provider. Queues below both counts are
 * not touched.
 */
static int labnic_set_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	struct labnic *nic = netdev_priv(dev);
	unsigned int old = dev->real_num_rx_queues, new = channels->combined_count;
	int err = labnic_may_fail(nic);

	if (err)
		return err;
	if (netif_running(dev) && new > old) {
		err = labnic_queues_start(nic, old, new);
		if (err)
			return err;
	}
	err = netif_set_real_num_queues(dev, new, new);
	if (!err)
		err = labnic_rss_spread(nic, new);
	if (err)
		goto undo;
	if (netif_running(dev) && new < old)
		labnic_queues_stop(nic, new, old);
	return 0;

undo:
	netif_set_real_num_queues(dev, old, old);
	if (netif_running(dev) && new > old)
		labnic_queues_stop(nic, old, new);
	return err;
}

static u32 labnic_get_rx_ring_count(struct net_device *dev)
{
	return dev->real_num_rx_queues;
}

static void labnic_get_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
				 struct kernel_ethtool_ringparam *kernel_ring,
				 struct netlink_ext_ack *extack)
{
	struct labnic *nic = netdev_priv(dev);

	ring->rx_max_pending = LABNIC_RING_SIZE;
	ring->tx_max_pending = LABNIC_RING_SIZE;
	ring->rx_pending = nic->rx_pending;
	ring->tx_pending = nic->tx_pending;
	kernel_ring->hds_thresh_max = LABNIC_MAX_HDS_THRESH;
	/* The core has told what is configured; "unknown" is up to the driver. */
	if (kernel_ring->tcp_data_split == ETHTOOL_TCP_DATA_SPLIT_UNKNOWN)
		kernel_ring->tcp_data_split = labnic_param.split ?
						      ETHTOOL_TCP_DATA_SPLIT_ENABLED :
						      ETHTOOL_TCP_DATA_SPLIT_DISABLED;
}

/* The core checks the values, and tells those of the data split in every call. */
static int labnic_set_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
				struct kernel_ethtool_ringparam *kernel_ring,
				struct netlink_ext_ack *extack)
{
	struct labnic *nic = netdev_priv(dev);
	int err = labnic_may_fail(nic);

	if (err)
		return err;
	nic->rx_pending = ring->rx_pending;
	nic->tx_pending = ring->tx_pending;
	WRITE_ONCE(nic->hds_thresh, kernel_ring->hds_thresh);
	WRITE_ONCE(nic->split, kernel_ring->tcp_data_split == ETHTOOL_TCP_DATA_SPLIT_UNKNOWN ?
				       labnic_param.split :
				       kernel_ring->tcp_data_split == ETHTOOL_TCP_DATA_SPLIT_ENABLED);
	return 0;
}

/*
 * What firmware forgets when it is restarted: "filter" the flow rules, "offload" the RSS contexts and
 * with them the flow rules too. The table, features, rings and leases stay.
 */
static int labnic_reset(struct net_device *dev, u32 *flags)
{
	struct labnic *nic = netdev_priv(dev);
	struct ethtool_rxfh_context *ctx;
	unsigned long id;

	if (!(*flags & (ETH_RESET_FILTER | ETH_RESET_OFFLOAD)))
		return -EOPNOTSUPP;
	labnic_rules_flush(nic);
	if (*flags & ETH_RESET_OFFLOAD)
		xa_for_each(&dev->ethtool->rss_ctx, id, ctx) ethtool_rxfh_context_lost(dev, id);
	*flags &= ~(ETH_RESET_FILTER | ETH_RESET_OFFLOAD);
	return 0;
}

struct ethtool_ops labnic_ethtool_ops __ro_after_init = {
	.reset = labnic_reset,
#ifdef ETHTOOL_OP_NEEDS_RTNL_SCHANNELS /* Linux >= 7.2; before, ethtool always holds rtnl */
	.op_needs_rtnl = ETHTOOL_OP_NEEDS_RTNL_SCHANNELS,
#endif
	.get_link = ethtool_op_get_link,
	.get_channels = labnic_get_channels,
	.set_channels = labnic_set_channels,
	.get_sset_count = labnic_get_sset_count,
	.get_strings = labnic_get_strings,
	.get_ethtool_stats = labnic_get_ethtool_stats,
	.get_rx_ring_count = labnic_get_rx_ring_count,
	.get_rxfh_indir_size = labnic_get_rxfh_indir_size,
	.get_rxfh_key_size = labnic_get_rxfh_key_size,
	.get_rxfh = labnic_get_rxfh,
	.set_rxfh = labnic_set_rxfh,
	.create_rxfh_context = labnic_create_rxfh_context,
	.modify_rxfh_context = labnic_modify_rxfh_context,
	.remove_rxfh_context = labnic_remove_rxfh_context,
	.get_rxnfc = labnic_get_rxnfc,
	.set_rxnfc = labnic_set_rxnfc,
	.supported_ring_params = ETHTOOL_RING_USE_TCP_DATA_SPLIT | ETHTOOL_RING_USE_HDS_THRS,
	.get_ringparam = labnic_get_ringparam,
	.set_ringparam = labnic_set_ringparam,
};

/* Takes away what the module parameters say the NIC has not. */
void __init labnic_ethtool_init(void)
{
	if (labnic_param.contexts) {
		labnic_ethtool_ops.rxfh_max_num_contexts = 1 + labnic_param.contexts;
	} else {
		labnic_ethtool_ops.create_rxfh_context = NULL;
		labnic_ethtool_ops.modify_rxfh_context = NULL;
		labnic_ethtool_ops.remove_rxfh_context = NULL;
	}
	if (!labnic_param.ntuple) {
		labnic_ethtool_ops.get_rxnfc = NULL;
		labnic_ethtool_ops.set_rxnfc = NULL;
	}
}

const struct ethtool_ops labnic_far_ethtool_ops = {
	.get_link = ethtool_op_get_link,
	.get_sset_count = labnic_get_sset_count,
	.get_strings = labnic_get_strings,
	.get_ethtool_stats = labnic_get_ethtool_stats,
};

/* All receive drops of the queues [first, end) that happened before XDP or the stack. */
static void labnic_fill_rx(const struct labnic *nic, unsigned int first, unsigned int end,
			   struct netdev_queue_stats_rx *stats)
{
	stats->packets = labnic_sum(nic, RX_PACKETS, first, end);
	stats->bytes = labnic_sum(nic, RX_BYTES, first, end);
	stats->alloc_fail = labnic_sum(nic, RX_NO_BUFFER, first, end);
	stats->hw_drop_overruns = labnic_sum(nic, RX_FULL, first, end) +
				  labnic_sum(nic, RX_XSK_NO_BUFFER, first, end);
	stats->hw_drops = stats->hw_drop_overruns + stats->alloc_fail +
			  labnic_sum(nic, RX_STOPPED, first, end) +
			  labnic_sum(nic, RX_OVERSIZE, first, end);
}

static void labnic_fill_tx(const struct labnic *nic, unsigned int first, unsigned int end,
			   struct netdev_queue_stats_tx *stats)
{
	stats->packets = labnic_sum(nic, TX_PACKETS, first, end);
	stats->bytes = labnic_sum(nic, TX_BYTES, first, end);
	stats->hw_drop_errors = labnic_sum(nic, TX_ERRORS, first, end);
	stats->hw_drops = stats->hw_drop_errors;
}

static void labnic_get_queue_stats_rx(struct net_device *dev, int i,
				      struct netdev_queue_stats_rx *stats)
{
	labnic_fill_rx(netdev_priv(dev), i, i + 1, stats);
}

static void labnic_get_queue_stats_tx(struct net_device *dev, int i,
				      struct netdev_queue_stats_tx *stats)
{
	labnic_fill_tx(netdev_priv(dev), i, i + 1, stats);
}

/* What belongs to no queue in use: queues that `ethtool -L` took away, and the filters. */
static void labnic_get_base_stats(struct net_device *dev, struct netdev_queue_stats_rx *rx,
				  struct netdev_queue_stats_tx *tx)
{
	struct labnic *nic = netdev_priv(dev);

	labnic_fill_rx(nic, dev->real_num_rx_queues, dev->num_rx_queues, rx);
	labnic_fill_tx(nic, dev->real_num_tx_queues, dev->num_tx_queues, tx);
	rx->hw_drops += atomic64_read(&nic->rx_filtered) + atomic64_read(&nic->rx_vlan_filtered) +
			atomic64_read(&nic->rx_rule_drop) + atomic64_read(&nic->rx_oversize);
}

const struct netdev_stat_ops labnic_stat_ops = {
	.get_queue_stats_rx = labnic_get_queue_stats_rx,
	.get_queue_stats_tx = labnic_get_queue_stats_tx,
	.get_base_stats = labnic_get_base_stats,
};

/* As with real NICs, a frame that a filter or rule drops is no error: see rx_filtered. */
void labnic_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	struct labnic *nic = netdev_priv(dev);
	struct netdev_queue_stats_rx rx;
	struct netdev_queue_stats_tx tx;

	labnic_fill_rx(nic, 0, dev->num_rx_queues, &rx);
	labnic_fill_tx(nic, 0, dev->num_tx_queues, &tx);
	stats->rx_packets = rx.packets;
	stats->rx_bytes = rx.bytes;
	stats->rx_missed_errors = rx.hw_drop_overruns;
	stats->rx_dropped = rx.hw_drops - rx.hw_drop_overruns;
	stats->rx_length_errors = atomic64_read(&nic->rx_oversize);
	stats->rx_errors = stats->rx_length_errors;
	stats->tx_packets = tx.packets;
	stats->tx_bytes = tx.bytes;
	stats->tx_errors = tx.hw_drop_errors;
}
