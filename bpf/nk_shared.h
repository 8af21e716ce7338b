/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nk_shared.h - what the XDP program and the plugin share: sizes and the layout of map values */
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
};

#endif
