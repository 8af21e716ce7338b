/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory.h - the NICs that have attachments on this node, the attachments, and their states
 *
 * Read from the claims and from the kernel, without any lock and without a change. An attachment
 * without a claim is not in it, such as a pair without queues; a lost one that has a claim is.
 *
 * Calling sequence: nk_inventory_read(), then nk_inventory_fini(), also after a failure.
 */
#ifndef NK_INVENTORY_H
#define NK_INVENTORY_H

#include "base/types.h"
#include "bpffs/claims.h"
#include "bpffs/counters.h"
#include "bpffs/nicdir.h"

struct nk_error;

/* The state is the first of these that holds. */
enum nk_inventory_state {
	NK_INVENTORY_LOST, /* its NIC is gone, or its driver was reloaded: the device is gone too */
	NK_INVENTORY_OWED, /* deleted while the NIC was in another netns; its settings remain */
	NK_INVENTORY_ELSEWHERE,	 /* its NIC is in another netns */
	NK_INVENTORY_UNFINISHED, /* its ADD was killed, or is still running */
	NK_INVENTORY_UNKNOWN,	 /* the NIC is down, which hides its queues, or could not be read */
	NK_INVENTORY_NO_LEASE, /* a queue is not leased to the device, for example deleted in the Pod */
	NK_INVENTORY_NO_PROGRAM, /* it has a map, but our XDP program is not on the NIC */
	NK_INVENTORY_NO_RULES,	 /* the NIC lacks a flow rule or the RSS context */
	NK_INVENTORY_OK,
};

struct nk_inventory_queue {
	uint32_t phys, netkit; /* its ids on the NIC and on the device */
	bool leased;	       /* certainly, to the device */
	bool has_irq, has_counts;
	uint32_t irq;
	struct nk_queue_stats counts;
	bool is_unread; /* it could not be read, so nothing is known of its lease */
	/* "xsk", "dmabuf" or "io-uring": what uses it in the Pod; NULL: nothing, or it is not leased to the device */
	const char *holder;
};

/* One attachment. */
struct nk_inventory_row {
	uint32_t nic;		  /* index in `nics` */
	struct nk_claim claim;	  /* of one of its queues; others differ in netkit_queue */
	char netns[NK_PATH_SIZE]; /* a path, or empty: see claim.nsid */
	char map[NK_PATH_SIZE];	  /* pin of its XSKMAP, or empty */
	enum nk_inventory_state state;
	int numa_node; /* -1: unknown */
	uint32_t queue_count;
	struct nk_inventory_queue *queues; /* ascending */
};

/* A NIC that has a directory of ours. */
struct nk_inventory_nic {
	char name[NK_NICDIR_NAME_SIZE]; /* present one; if it is not here, that of its directory */
	char dir[NK_NICDIR_NAME_SIZE];	/* name of the directory, without escapes */
	bool has_version, has_answered;
	bool has_policy;   /* the operator's program runs first for leased queues */
	uint32_t version;  /* of our XDP program on it */
	uint64_t answered; /* frames of all queues: requests arrive on unleased ones too */
};

struct nk_inventory {
	uint32_t nic_count, row_count;
	struct nk_inventory_nic *nics; /* by directory */
	struct nk_inventory_row *rows; /* by NIC and first queue */
};

/**
 * nk_inventory_read() - read all of this node
 * @bpffs: mount point of bpffs
 *
 * Return: 0, or the first failure; then @ret has what could be read
 */
int nk_inventory_read(const char *bpffs, struct nk_inventory *ret, struct nk_error *err);
void nk_inventory_fini(struct nk_inventory *inventory);

const char *nk_inventory_state_key(enum nk_inventory_state state);  /* for programs: "no-lease" */
const char *nk_inventory_state_text(enum nk_inventory_state state); /* for people */

#endif
