/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lab NIC: the types its files share, and who may touch them when.
 *
 * Configuration (open, stop, queue restart, channels, XDP, pools, RSS) runs under the netdev
 * instance lock: both ends are "ops locked", Documentation/networking/netdevices.rst. Frames run
 * in softirq and never take that lock; what they read is published by RCU (RSS table, XDP
 * program), by labnic_queue.running (ring) or while the queue's NAPI is disabled (pool).
 */
#ifndef LABNIC_H
#define LABNIC_H

#include <linux/version.h>
#include <linux/atomic.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <linux/skbuff.h>
#include <net/netdev_lock.h>
#include <net/netdev_queues.h>
#include <net/xdp.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
#error "labnic: Linux >= 7.1 is needed: rx queue leasing (netdev_queue_mgmt_ops.ndo_queue_create)"
#endif
#if !IS_ENABLED(CONFIG_XDP_SOCKETS)
#error "labnic: this kernel has no AF_XDP: CONFIG_XDP_SOCKETS is not set"
#endif
#if !IS_ENABLED(CONFIG_PAGE_POOL)
#error "labnic: this kernel has no page pool: CONFIG_PAGE_POOL is not set"
#endif

#define LABNIC_MAX_QUEUES	64
#define LABNIC_RING_SIZE	4096	/* frames a queue holds between the wire and its NAPI */
#define LABNIC_MAX_MTU		9000

/* Bytes around the MTU of the longest legal frame: Ethernet header and one VLAN tag. */
#define LABNIC_OVERHEAD		VLAN_ETH_HLEN

/* What one page takes when XDP wants headroom before and skb_shared_info behind the frame. */
#define LABNIC_XDP_ROOM		(SKB_WITH_OVERHEAD(PAGE_SIZE) - XDP_PACKET_HEADROOM)

#define LABNIC_KEY_SIZE		40
#define LABNIC_INDIR_SIZE	128

/*
 * Counters of one queue. Every frame for a queue ends in exactly one of RX_PACKETS, RX_FULL and
 * RX_STOPPED; with an XDP program each one of RX_PACKETS ends in exactly one of RX_OVERSIZE,
 * RX_NO_BUFFER, RX_XSK_NO_BUFFER and the XDP_* verdicts. Names for users: ethtool.c.
 */
enum labnic_counter {
	RX_PACKETS,		/* taken from the ring by the NAPI */
	RX_BYTES,
	RX_FULL,		/* dropped: ring full */
	RX_STOPPED,		/* dropped: queue stopped, or stopped while in the ring */
	RX_OVERSIZE,		/* dropped: longer than the receive buffer */
	RX_NO_BUFFER,		/* dropped: no memory for an skb or an XDP page */
	RX_XSK_NO_BUFFER,	/* dropped: the socket's fill ring was empty */
	RX_XSK_PACKETS,		/* given to XDP in a zero copy buffer */
	RX_XDP_PASS,
	RX_XDP_DROP,
	RX_XDP_ABORTED,
	RX_XDP_TX,
	RX_XDP_TX_ERROR,
	RX_XDP_REDIRECT,
	RX_XDP_REDIRECT_ERROR,
	TX_PACKETS,		/* sent on the wire, whoever sent them */
	TX_BYTES,
	TX_ERRORS,		/* not sent: no memory or no carrier */
	TX_XDP_PACKETS,		/* of TX_PACKETS: by XDP_TX or ndo_xdp_xmit */
	TX_XSK_PACKETS,		/* of TX_PACKETS: from a zero copy socket */
	LABNIC_COUNTERS,
};

/* A frame on the wire, complete and at least ETH_ZLEN long. */
struct labnic_frame {
	unsigned int		len;
	u32			hash;
	enum pkt_hash_types	hash_type;
	u8			data[];
};

/* The memory of a receive queue: what a queue restart replaces. */
struct labnic_ring {
	struct labnic_queue	*queue;
	struct ptr_ring		frames;		/* producers: the peer; consumer: our NAPI */
	struct page_pool	*pages;		/* XDP buffers, if there is no XSK pool */
	struct xdp_rxq_info	xdp_rxq;
};

struct labnic_queue {
	struct labnic		*nic;
	unsigned int		index;
	struct napi_struct	napi;
	bool			running;	/* the wire may put frames into ring */
	struct labnic_ring	*ring;		/* NULL while stopped */
	struct xsk_buff_pool	*pool;		/* changes only while the NAPI is disabled */
	struct xdp_rxq_info	xsk_rxq;	/* registered while there is a pool */
	atomic64_t		counter[LABNIC_COUNTERS];
};

struct labnic_rss {
	struct rcu_head		rcu;
	u8			key[LABNIC_KEY_SIZE];
	u8			indir[LABNIC_INDIR_SIZE];
};

/* One end of a wire: the NIC, or its plain far end (which has no RSS and no XDP). */
struct labnic {
	struct net_device	*dev;
	struct labnic		*peer;
	struct labnic_rss __rcu	*rss;
	struct bpf_prog __rcu	*prog;
	atomic64_t		rx_filtered;	/* dropped: not our MAC address */
	atomic64_t		rx_oversize;	/* dropped: longer than the MTU allows */
	struct labnic_queue	queue[];
};

static inline void labnic_count(struct labnic_queue *q, enum labnic_counter which)
{
	atomic64_inc(&q->counter[which]);
}

static inline u64 labnic_counted(const struct labnic_queue *q, enum labnic_counter which)
{
	return atomic64_read(&q->counter[which]);
}

/* wire.c */
bool labnic_send(struct labnic_queue *q, const void *data, unsigned int len);
netdev_tx_t labnic_start_xmit(struct sk_buff *skb, struct net_device *dev);

/* queue.c */
extern const struct netdev_queue_mgmt_ops labnic_queue_mgmt_ops;
extern const struct attribute_group *labnic_device_groups[];
int labnic_queues_start(struct labnic *nic, unsigned int first, unsigned int end);
void labnic_queues_stop(struct labnic *nic, unsigned int first, unsigned int end);
void labnic_queue_pause(struct labnic_queue *q);
void labnic_queue_resume(struct labnic_queue *q);

/* rx.c */
int labnic_poll(struct napi_struct *napi, int budget);

/* xdp.c */
int labnic_xdp_xmit(struct net_device *dev, int count, struct xdp_frame **frames, u32 flags);
int labnic_bpf(struct net_device *dev, struct netdev_bpf *bpf);
int labnic_change_mtu(struct net_device *dev, int mtu);

/* xsk.c */
int labnic_xsk_setup(struct labnic *nic, struct xsk_buff_pool *pool, u16 id);
int labnic_xsk_wakeup(struct net_device *dev, u32 id, u32 flags);
int labnic_xsk_poll(struct labnic_queue *q, int budget);

/* rss.c */
int labnic_rss_init(struct labnic *nic);
int labnic_rss_spread(struct labnic *nic, unsigned int queues);
unsigned int labnic_classify(const struct labnic *nic, struct labnic_frame *frame);
u32 labnic_get_rxfh_indir_size(struct net_device *dev);
u32 labnic_get_rxfh_key_size(struct net_device *dev);
int labnic_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh);
int labnic_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
		    struct netlink_ext_ack *extack);

/* ethtool.c */
extern const struct ethtool_ops labnic_ethtool_ops;
extern const struct ethtool_ops labnic_far_ethtool_ops;
extern const struct netdev_stat_ops labnic_stat_ops;
void labnic_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats);

#endif
