/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nk_shared.h - sizes and the layout of map entries, for the XDP program and the plugin */
#ifndef NK_SHARED_H
#define NK_SHARED_H

#include <linux/types.h>

/* Slots of every Pod's XSKMAP. All inner maps of a map in map must have one size. It must hold any key that a
 * consumer may use: netkit has at most 1024 rx queues.
 */
#define NK_XSKS_MAX 1024

/* The maps outlive the plugin, and programs of different versions use them one after the other. So no size here
 * ever changes: a new field takes a reserved member, of which 0 must mean "as before".
 */

/* The slot of the Pod's map that has the socket of netkit queue q. */
enum nk_xsk_key {
	NK_XSK_KEY_AUTO,  /* the one of q, q - 1 and 0 that has a socket bound to q */
	NK_XSK_KEY_QUEUE, /* q, as with libxdp and DPDK */
	NK_XSK_KEY_ZERO,  /* q - 1, as with QEMU, which counts from 0 */
};

/* What happens to a frame if its queue has no socket. */
enum nk_no_socket {
	NK_NO_SOCKET_PASS, /* to the host stack */
	NK_NO_SOCKET_DROP,
};

/* A physical queue; all zero: it is not leased, frames pass. */
struct nk_queue_info {
	__u32 netkit_queue; /* queue id on the Pod's device, 1 and up */
	__u8 key;	    /* enum nk_xsk_key */
	__u8 no_socket;	    /* enum nk_no_socket */
	__u8 by_vlan;	    /* 1: only frames in its VLANs go to the socket; 0: all */
	__u8 reserved;
};

#define NK_VLAN_IDS 4096

/* A bit for each VLAN; bit 0: frames without a tag, or with a tag that is only a priority. */
struct nk_vlan_set {
	__u64 bits[NK_VLAN_IDS / 64];
};

/* Frames, per physical queue and CPU. */
struct nk_queue_stats {
	__u64 redirected; /* given to a socket */
	__u64 no_socket;  /* no socket for this queue in the Pod's map */
	__u64 dropped;	  /* of these, not passed to the host stack */
	__u64 answered;	  /* requests for a Pod's address, sent back as the answer */
	__u64 resumed;	  /* passed on to the Pod by the policy program */
	__u64 other_vlan; /* not in a VLAN of the Pod: passed to the host stack */
	__u64 hint;	  /* where this CPU last found the socket: slot + 1; no counter */
	__u64 reserved;
};

/* Slots of the program array `calls`. */
enum nk_call {
	NK_CALL_POLICY, /* the operator's program, or empty */
	NK_CALL_RESUME, /* ours, for frames that the policy program passes on */
	NK_CALLS,
};

/* Addresses for which the program answers on one NIC: 1024 Pods with 16 each. */
#define NK_NEIGH_MAX 16384

/* An address for which the program answers. Every byte is part of the key, so all must be set. */
struct nk_neigh_key {
	__u8 family; /* 4 or 6 */
	__u8 reserved;
	__u16 vlan;    /* host byte order; 0: untagged */
	__u8 addr[16]; /* IPv4: the first 4, the others 0 */
};

struct nk_neigh {
	__u32 owner;	    /* the attachment's first physical queue */
	__u8 mac[6];	    /* the answer */
	__u8 group_is_ours; /* nk-cni added its solicited-node group to the NIC's filter */
	__u8 reserved;
};

#endif
