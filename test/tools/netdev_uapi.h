/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel constants that the headers of Debian 12 (Linux 6.1) lack and the tools need. */
#ifndef NKT_NETDEV_UAPI_H
#define NKT_NETDEV_UAPI_H

/*
 * linux/netdev.h, family "netdev": DEV_GET is of Linux 6.3, QUEUE_GET of 6.8, DMABUF of 6.12,
 * XSK and IO_URING of 6.15, QUEUE_CREATE and LEASE of 7.1. Debian 12 has no such header.
 */
#define NETDEV_CMD_DEV_GET	     1
#define NETDEV_CMD_QUEUE_GET	     10
#define NETDEV_CMD_QUEUE_CREATE	     16

#define NETDEV_A_DEV_IFINDEX	     1
#define NETDEV_A_DEV_XDP_FEATURES    3
#define NETDEV_A_DEV_XDP_ZC_MAX_SEGS 4
#define NETDEV_A_DEV_XDP_RX_METADATA 5
#define NETDEV_A_DEV_XSK_FEATURES    6

#define NETDEV_A_QUEUE_ID	     1
#define NETDEV_A_QUEUE_IFINDEX	     2
#define NETDEV_A_QUEUE_TYPE	     3
#define NETDEV_A_QUEUE_NAPI_ID	     4
#define NETDEV_A_QUEUE_DMABUF	     5
#define NETDEV_A_QUEUE_IO_URING	     6
#define NETDEV_A_QUEUE_XSK	     7
#define NETDEV_A_QUEUE_LEASE	     8
#define NETDEV_QUEUE_TYPE_RX	     0

#define NETDEV_A_LEASE_IFINDEX	     1
#define NETDEV_A_LEASE_QUEUE	     2
#define NETDEV_A_LEASE_NETNS_ID	     3

/*
 * linux/ethtool_netlink.h: RSS is of Linux 6.2. The names are ours, as above.
 */
#define ETHTOOL_RSS_GET	 38
#define RSS_ATTR_HEADER	 1
#define RSS_ATTR_CONTEXT 2
#define RSS_ATTR_INDIR	 4

/* Likewise: the header split's threshold is of Linux 6.14. */
#define RINGS_ATTR_SPLIT	 11
#define RINGS_ATTR_HDS_THRESHOLD 17

/*
 * linux/if_link.h, IFLA_INFO_DATA of kind "netkit": MODE is of Linux 6.7, PAIRING of 7.1. The names
 * are ours, because newer headers have the kernel's as enumerators.
 */
#define NETKIT_ATTR_MODE      5
#define NETKIT_ATTR_PAIRING   10
#define NETKIT_MODE_L2	      0
#define NETKIT_PAIRING_SINGLE 1

#endif
