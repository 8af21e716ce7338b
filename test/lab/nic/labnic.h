/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lab NIC: the types its files share, and who may touch them when.
 *
 * Configuration (open, stop, queue restart, channels, XDP, pools, RSS, flow rules, features) runs
 * under the netdev instance lock: both ends are "ops locked",
 * Documentation/networking/netdevices.rst. VLANs come and go under rtnl only. Frames run in softirq
 * and take neither lock; what they read is published by RCU (RSS tables, flow rules, XDP program),
 * by labnic_queue.running (ring), while the queue's NAPI is disabled (pool), or is one word
 * (features, a bit of vlans).
 */
#ifndef LABNIC_H
#define LABNIC_H

#include <linux/atomic.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <linux/skbuff.h>
#include <linux/version.h>
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

#define LABNIC_MAX_PAIRS      16
#define LABNIC_MAX_QUEUES     128
#define LABNIC_MAX_RULES      4096
#define LABNIC_MAX_CONTEXTS   15   /* beside context 0, the default one */
#define LABNIC_RING_SIZE      4096 /* frames a queue holds between the wire and its NAPI */
#define LABNIC_MAX_MTU	      9000
#define LABNIC_MAX_HDS_THRESH 1024

/* Bytes around the MTU of the longest legal frame: Ethernet header and one VLAN tag. */
#define LABNIC_OVERHEAD VLAN_ETH_HLEN

/* What one page takes when XDP wants headroom before and skb_shared_info behind the frame. */
#define LABNIC_XDP_ROOM	 (SKB_WITH_OVERHEAD(PAGE_SIZE) - XDP_PACKET_HEADROOM)

#define LABNIC_KEY_SIZE	 40
#define LABNIC_MAX_TABLE 2048

/*
 * Counters of one queue. Every frame for a queue ends in exactly one of RX_PACKETS, RX_FULL and
 * RX_STOPPED; with an XDP program each one of RX_PACKETS ends in exactly one of RX_OVERSIZE,
 * RX_NO_BUFFER, RX_XSK_NO_BUFFER and the XDP_* verdicts. Names for users: ethtool.c.
 */
enum labnic_counter {
	RX_PACKETS, /* taken from the ring by the NAPI */
	RX_BYTES,
	RX_FULL,	   /* dropped: ring full */
	RX_STOPPED,	   /* dropped: queue stopped, or stopped while in the ring */
	RX_OVERSIZE,	   /* dropped: longer than the receive buffer */
	RX_NO_BUFFER,	   /* dropped: no memory for an skb or an XDP page */
	RX_XSK_NO_BUFFER,  /* dropped: the socket's fill ring was empty */
	RX_XSK_PACKETS,	   /* given to XDP in a zero copy buffer */
	RX_SPLIT,	   /* given to the stack with its payload in pages of its own */
	RX_PROVIDER,	   /* of RX_SPLIT: these pages are a memory provider's */
	RX_PROVIDER_BYTES, /* of payload in them */
	RX_XDP_PASS,
	RX_XDP_DROP,
	RX_XDP_ABORTED,
	RX_XDP_TX,
	RX_XDP_TX_ERROR,
	RX_XDP_REDIRECT,
	RX_XDP_REDIRECT_ERROR,
	TX_PACKETS, /* sent on the wire, whoever sent them */
	TX_BYTES,
	TX_ERRORS,	/* not sent: no memory or no carrier */
	TX_XDP_PACKETS, /* of TX_PACKETS: by XDP_TX or ndo_xdp_xmit */
	TX_XSK_PACKETS, /* of TX_PACKETS: from a zero copy socket */
	LABNIC_COUNTERS,
};

/* What does not name a queue, where a queue is chosen. */
#define LABNIC_DROP   (-1)
#define LABNIC_SPREAD (-2)

enum labnic_locations {
	LABNIC_LOCATIONS_BOTH,
	LABNIC_LOCATIONS_EXPLICIT,
	LABNIC_LOCATIONS_ANY,
};

/* Module parameters, see param.c; constant once labnic_param_check() liked them. */
struct labnic_param {
	unsigned int pairs;
	unsigned int queues;
	unsigned int contexts;
	unsigned int table;
	unsigned int tx; /* 0: as many as queues */
	unsigned int rules;
	unsigned int irq;
	enum labnic_locations locations;
	bool resize;
	bool ntuple;
	bool ether;
	bool ether_context;
	bool fixed_vlan;
	bool stag;
	bool netmem_tx;
	bool split;
};

/* A frame on the wire, complete and at least ETH_ZLEN long; in a ring the VLAN tag may be out. */
struct labnic_frame {
	unsigned int len;
	u32 hash;
	enum pkt_hash_types hash_type;
	bool stripped;
	__be16 proto; /* if stripped: of the tag */
	u16 tci;      /* if stripped */
	u8 data[];
};

/* Where the headers of a frame are. */
struct labnic_headers {
	const struct ethhdr *eth;
	bool tagged;
	__be16 tci;		  /* if tagged */
	__be16 type;		  /* EtherType, behind the tag */
	const struct iphdr *ipv4; /* or NULL, as all that follows */
	const struct ipv6hdr *ipv6;
	u8 protocol;	     /* of IP */
	const __be16 *ports; /* TCP or UDP: source, destination */
};

/* The memory of a receive queue: what a queue restart replaces. */
struct labnic_ring {
	struct labnic_queue *queue;
	struct ptr_ring frames;	 /* producers: the peer; consumer: our NAPI */
	struct page_pool *pages; /* payload, if split; XDP buffers, if there is no XSK pool */
	struct xdp_rxq_info xdp_rxq;
};

struct labnic_queue {
	struct labnic *nic;
	unsigned int index;
	struct napi_struct napi;
	bool running;		     /* the wire may put frames into ring */
	struct labnic_ring *ring;    /* NULL while stopped */
	struct xsk_buff_pool *pool;  /* changes only while the NAPI is disabled */
	struct xdp_rxq_info xsk_rxq; /* registered while there is a pool */
	atomic64_t counter[LABNIC_COUNTERS];
};

struct labnic_rss {
	struct rcu_head rcu;
	unsigned int size; /* entries in use of each table */
	u8 key[LABNIC_KEY_SIZE];
	u8 indir[1 + LABNIC_MAX_CONTEXTS][LABNIC_MAX_TABLE];
};

/* One end of a wire: the NIC, or its plain far end (which has no RSS and no XDP). */
struct labnic {
	struct net_device *dev;
	struct labnic *peer;
	bool registered; /* neither coming nor going */
	struct labnic_rss __rcu *rss;
	struct labnic_rules __rcu *rules; /* may be NULL: none */
	struct bpf_prog __rcu *prog;
	u32 rx_pending, tx_pending;	   /* ring sizes as set, without effect */
	bool split;			   /* headers from the payload of TCP */
	u32 hds_thresh;			   /* only of frames longer than this */
	DECLARE_BITMAP(vlans, VLAN_N_VID); /* what the VLAN filter passes */
	atomic64_t rx_filtered;		   /* dropped: not our MAC address */
	atomic64_t rx_vlan_filtered;	   /* dropped: a VLAN that nobody added */
	atomic64_t rx_rule_drop;	   /* dropped: a flow rule says so */
	atomic64_t rx_oversize;		   /* dropped: longer than the MTU allows */
	struct labnic_queue queue[];
};

static inline void labnic_count(struct labnic_queue *q, enum labnic_counter which)
{
	atomic64_inc(&q->counter[which]);
}

static inline u64 labnic_counted(const struct labnic_queue *q, enum labnic_counter which)
{
	return atomic64_read(&q->counter[which]);
}

/* param.c */
extern struct labnic_param labnic_param;
int labnic_param_check(void);
int __labnic_may_fail(const struct labnic *nic, const char *op);
#define labnic_may_fail(nic) __labnic_may_fail(nic, __func__)

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
void labnic_rx_stack(struct labnic_queue *q, const struct labnic_frame *frame, struct sk_buff *skb);

/* split.c */
bool labnic_rx_split(struct labnic_queue *q, const struct labnic_frame *frame);

/* xdp.c */
int labnic_xdp_xmit(struct net_device *dev, int count, struct xdp_frame **frames, u32 flags);
int labnic_bpf(struct net_device *dev, struct netdev_bpf *bpf);
int labnic_change_mtu(struct net_device *dev, int mtu);

/* xsk.c */
int labnic_xsk_setup(struct labnic *nic, struct xsk_buff_pool *pool, u16 id);
int labnic_xsk_wakeup(struct net_device *dev, u32 id, u32 flags);
int labnic_xsk_poll(struct labnic_queue *q, int budget);

/* parse.c */
void labnic_parse(const struct labnic_frame *frame, struct labnic_headers *headers);

/* vlan.c */
bool labnic_vlan_wanted(const struct labnic *nic, const struct labnic_frame *frame);
void labnic_vlan_strip(const struct labnic *nic, struct labnic_frame *frame);
int labnic_vlan_rx_add_vid(struct net_device *dev, __be16 proto, u16 id);
int labnic_vlan_rx_kill_vid(struct net_device *dev, __be16 proto, u16 id);

/* flow_note.c */
int labnic_rules_find(const struct labnic *nic, const struct labnic_headers *headers, u32 *context);
void labnic_rules_flush(struct labnic *nic);
int labnic_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info, u32 *locations);
int labnic_set_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info);

/* rss.c */
int labnic_rss_init(struct labnic *nic);
int labnic_rss_spread(struct labnic *nic, unsigned int queues);
int labnic_classify(const struct labnic *nic, struct labnic_frame *frame);
u32 labnic_get_rxfh_indir_size(struct net_device *dev);
u32 labnic_get_rxfh_key_size(struct net_device *dev);
int labnic_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh);
int labnic_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
		    struct netlink_ext_ack *extack);
int labnic_create_rxfh_context(struct net_device *dev, struct ethtool_rxfh_context *ctx,
			       const struct ethtool_rxfh_param *rxfh,
			       struct netlink_ext_ack *extack);
int labnic_modify_rxfh_context(struct net_device *dev, struct ethtool_rxfh_context *ctx,
			       const struct ethtool_rxfh_param *rxfh,
			       struct netlink_ext_ack *extack);
int labnic_remove_rxfh_context(struct net_device *dev, struct ethtool_rxfh_context *ctx,
			       u32 context, struct netlink_ext_ack *extack);

/* ethtool.c */
extern struct ethtool_ops labnic_ethtool_ops;
extern const struct ethtool_ops labnic_far_ethtool_ops;
extern const struct netdev_stat_ops labnic_stat_ops;
void labnic_ethtool_init(void);
void labnic_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats);

#endif
