/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nk_shared.h - what the XDP program and the plugin share: sizes and the layout of map entries */
#ifndef NK_SHARED_H
#define NK_SHARED_H

/* Slots of every Pod's XSKMAP. All inner maps of a map in map must be of one size, and it must hold
 * any key a consumer may use: netkit has at most 1024 rx queues.
 */
#define NK_XSKS_MAX 1024

/* What the program needs to know of one physical queue; all zero: not leased, let frames pass. */
struct nk_queue_info {
	__u32 netkit_queue; /* queue id on the Pod's device, 1 and up */
	__u32 reserved;
};

/* Per physical queue and CPU; frames. */
struct nk_queue_stats {
	__u64 redirected; /* handed to a socket */
	__u64 no_socket;  /* no socket for this queue in the Pod's map: passed to the host stack */
	__u64 answered;	  /* asked for a Pod's address: sent back as the answer */
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
