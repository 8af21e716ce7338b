/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nk_shared.h - what the XDP program and the plugin share: sizes and the layout of map entries */
#ifndef NK_SHARED_H
#define NK_SHARED_H

#include <linux/types.h>

/* Slots of every Pod's XSKMAP. All inner maps of a map in map must be of one size, and it must hold
 * any key a consumer may use: netkit has at most 1024 rx queues.
 */
#define NK_XSKS_MAX 1024

/* The maps outlive the plugin, and a program of one version takes them over from another. So no size
 * here ever changes; what comes new takes a reserved member, of which 0 must mean "as before".
 */

/* In which slot of the Pod's map the socket of netkit queue q is. */
enum nk_xsk_key {
	NK_XSK_KEY_AUTO,  /* q, q - 1 or 0: whichever holds a socket that is bound to q */
	NK_XSK_KEY_QUEUE, /* q, as libxdp and DPDK enter it */
	NK_XSK_KEY_ZERO,  /* q - 1, as QEMU does: counted from 0 */
};

/* What becomes of a frame for whose queue there is no socket. */
enum nk_no_socket {
	NK_NO_SOCKET_PASS, /* to the host stack */
	NK_NO_SOCKET_DROP,
};

/* What the program needs to know of one physical queue; all zero: not leased, let frames pass. */
struct nk_queue_info {
	__u32 netkit_queue; /* queue id on the Pod's device, 1 and up */
	__u8 key;	    /* enum nk_xsk_key */
	__u8 no_socket;	    /* enum nk_no_socket */
	__u8 by_vlan;	    /* 1: only frames of its VLANs go to the socket; 0: all */
	__u8 reserved;
};

#define NK_VLAN_IDS 4096

/* VLANs, a bit each; bit 0: frames without a tag, or with one that has a priority alone. */
struct nk_vlan_set {
	__u64 bits[NK_VLAN_IDS / 64];
};

/* Per physical queue and CPU; frames. */
struct nk_queue_stats {
	__u64 redirected; /* handed to a socket */
	__u64 no_socket;  /* no socket for this queue in the Pod's map */
	__u64 dropped;	  /* of these, those that were not passed to the host stack */
	__u64 answered;	  /* asked for a Pod's address: sent back as the answer */
	__u64 resumed;	  /* let go on by the operator's policy program */
	__u64 other_vlan; /* of a VLAN that the Pod is not in: passed to the host stack */
	__u64 reserved[2];
};

/* Slots of the program array `calls`. */
enum nk_call {
	NK_CALL_POLICY, /* the operator's, or empty */
	NK_CALL_RESUME, /* ours: where a policy program sends a frame that may go on */
	NK_CALLS,
};

/* Addresses of all Pods on a NIC together that are answered for: 1024 Pods with 16 each. */
#define NK_NEIGH_MAX 16384

/* An address that the program answers for; every byte counts, so none may be left unset. */
struct nk_neigh_key {
	__u8 family; /* 4 or 6 */
	__u8 reserved;
	__u16 vlan;    /* host byte order; 0: untagged */
	__u8 addr[16]; /* IPv4: the first 4, the others 0 */
};

struct nk_neigh {
	__u32 owner;	    /* the attachment's first physical queue */
	__u8 mac[6];	    /* the answer */
	__u8 group_is_ours; /* its solicited-node group is in the NIC's filter by our doing */
	__u8 reserved;
};

#endif
