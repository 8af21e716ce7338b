/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uapi.h - kernel constants that the headers of a supported build host may lack
 *
 * Debian 12 has the headers of Linux 6.1. Each block names the header and the first kernel with the
 * constants. They are ABI and never change.
 */
#ifndef NK_UAPI_H
#define NK_UAPI_H

#include <stdint.h>

/* linux/if_link.h: netkit, Linux 6.7; pairing 7.1 */
enum {
	NK_IFLA_NETKIT_PEER_INFO = 1,
	NK_IFLA_NETKIT_PRIMARY = 2,
	NK_IFLA_NETKIT_POLICY = 3,
	NK_IFLA_NETKIT_PEER_POLICY = 4,
	NK_IFLA_NETKIT_MODE = 5,
	NK_IFLA_NETKIT_SCRUB = 6,
	NK_IFLA_NETKIT_PEER_SCRUB = 7,
	NK_IFLA_NETKIT_HEADROOM = 8,
	NK_IFLA_NETKIT_TAILROOM = 9,
	NK_IFLA_NETKIT_PAIRING = 10,
};

enum {
	NK_NETKIT_L2 = 0,
	NK_NETKIT_L3 = 1,
};

enum {
	NK_NETKIT_POLICY_FORWARD = 0,	/* NETKIT_PASS */
	NK_NETKIT_POLICY_BLACKHOLE = 2, /* NETKIT_DROP */
};

enum {
	NK_NETKIT_SCRUB_NONE = 0,
	NK_NETKIT_SCRUB_DEFAULT = 1,
};

enum {
	NK_NETKIT_PAIRING_PAIR = 0,
	NK_NETKIT_PAIRING_SINGLE = 1,
};

/* linux/netdev.h: generic netlink family "netdev", Linux 6.3; queue-get, napi-get 6.8; queue-create
 * 7.1
 */
enum {
	NK_NETDEV_CMD_DEV_GET = 1,
	NK_NETDEV_CMD_QUEUE_GET = 10,
	NK_NETDEV_CMD_NAPI_GET = 11,
	NK_NETDEV_CMD_QUEUE_CREATE = 16,
};

enum {
	NK_NETDEV_A_DEV_IFINDEX = 1,
	NK_NETDEV_A_DEV_XDP_FEATURES = 3,
};

enum {
	NK_NETDEV_A_QUEUE_ID = 1,
	NK_NETDEV_A_QUEUE_IFINDEX = 2,
	NK_NETDEV_A_QUEUE_TYPE = 3,
	NK_NETDEV_A_QUEUE_NAPI_ID = 4,
	NK_NETDEV_A_QUEUE_DMABUF = 5,
	NK_NETDEV_A_QUEUE_IO_URING = 6,
	NK_NETDEV_A_QUEUE_XSK = 7,
	NK_NETDEV_A_QUEUE_LEASE = 8,
	NK_NETDEV_A_QUEUE_MAX = 8,
};

enum {
	NK_NETDEV_A_LEASE_IFINDEX = 1,
	NK_NETDEV_A_LEASE_QUEUE = 2,
	NK_NETDEV_A_LEASE_NETNS_ID = 3,
	NK_NETDEV_A_LEASE_MAX = 3,
};

enum {
	NK_NETDEV_QUEUE_TYPE_RX = 0,
};

enum {
	NK_NETDEV_A_NAPI_ID = 2,
	NK_NETDEV_A_NAPI_IRQ = 3,
};

/* linux/ethtool_netlink.h: generic netlink family "ethtool"; RSS read 6.2, set, created and deleted
 * 6.17. Attributes: start-context 6.12.
 */
enum {
	NK_ETHTOOL_MSG_RSS_GET = 38,
	NK_ETHTOOL_MSG_RSS_SET = 48,
	NK_ETHTOOL_MSG_RSS_CREATE_ACT = 49,
	NK_ETHTOOL_MSG_RSS_DELETE_ACT = 50,
};

enum {
	NK_ETHTOOL_A_RSS_HEADER = 1,
	NK_ETHTOOL_A_RSS_CONTEXT = 2,
	NK_ETHTOOL_A_RSS_INDIR = 4,
	NK_ETHTOOL_A_RSS_START_CONTEXT = 7,
};

/* linux/ethtool_netlink.h: header-data split threshold, Linux 6.14 */
enum {
	NK_ETHTOOL_A_RINGS_HDS_THRESH = 17,
	NK_ETHTOOL_A_RINGS_HDS_THRESH_MAX = 18,
};

/* enum netdev_xdp_act, Linux 6.3. netkit requires these three of the NIC for AF_XDP zero copy
 * (drivers/net/netkit.c, NETDEV_XDP_ACT_XSK): basic 1, redirect 2, xsk zero copy 8
 */
#define NK_XDP_ACT_ZEROCOPY 0xbULL
#define NK_XDP_ACT_RX_SG    0x20ULL /* frames in several buffers */

/* linux/netlink.h: attributes of an extended ACK; MISS_TYPE since 6.1 */
enum {
	NK_NLMSGERR_ATTR_MSG = 1,
	NK_NLMSGERR_ATTR_OFFS = 2,
	NK_NLMSGERR_ATTR_MISS_TYPE = 5,
	NK_NLMSGERR_ATTR_MAX = 6,
};

/* asm-generic/socket.h, Linux 5.14: the number of a netns, which is never reused in a boot */
#define NK_SO_NETNS_COOKIE 71

/* linux/exportfs.h and uapi/linux/fcntl.h, Linux 6.18: open a namespace by its number */
#define NK_FILEID_NSFS	0xf1
#define NK_FD_NSFS_ROOT (-10003)

/* linux/mount.h and linux/stat.h, Linux 6.8: how a mount propagates. The kernel fills as much of the struct as there is
 * room for.
 */
#define NK_STATX_MNT_ID_UNIQUE 0x4000U
#define NK_SYS_STATMOUNT       457
#define NK_STATMOUNT_MNT_BASIC 0x2U

struct nk_statx { /* musl's lacks the number of the mount */
	uint8_t before[144];
	uint64_t mnt_id;
	uint8_t after[104];
};

struct nk_mnt_id_req {
	uint32_t size, mnt_ns_fd;
	uint64_t mnt_id, param;
};

struct nk_statmount {
	uint32_t size, mnt_opts;
	uint64_t mask;
	uint32_t sb_dev_major, sb_dev_minor;
	uint64_t sb_magic;
	uint32_t sb_flags, fs_type;
	uint64_t mnt_id, mnt_parent_id;
	uint32_t mnt_id_old, mnt_parent_id_old;
	uint64_t mnt_attr, propagation; /* MS_SHARED and others */
};

/* IFLA_GROUP of every device that we create ("nk"): a hint, not a proof of ownership */
#define NK_LINK_GROUP 0x6e6bU

#endif
