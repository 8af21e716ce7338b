/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory.h - what there is on this node: NICs, the attachments on their queues, and how they fare
 *
 * Read from the claims and from the kernel, without any lock and changing nothing. What has no claim
 * is not in it; what has one and is gone is in it as lost. A pair without queues has no claim.
 *
 * Calling sequence: nk_inventory_read(), then nk_inventory_fini(), also after a failure.
 */
#ifndef NK_INVENTORY_H
#define NK_INVENTORY_H

#include "claims.h"
#include "counters.h"
#include "nicdir.h"
#include "types.h"

struct nk_error;

/* In the order in which they are looked for: the first that holds counts. */
enum nk_inventory_state {
	NK_INVENTORY_LOST, /* its NIC is gone, or was loaded anew: the device went with it */
	NK_INVENTORY_OWED, /* deleted while the NIC was in another netns; what the NIC was told is left */
	NK_INVENTORY_ELSEWHERE,	 /* its NIC is in another netns */
	NK_INVENTORY_UNFINISHED, /* its ADD did not come to its end, or has not yet */
	NK_INVENTORY_UNKNOWN,	 /* the NIC is down: nothing can be seen of its queues */
	NK_INVENTORY_NO_LEASE,	 /* a queue is not leased to the device: deleted in the Pod, say */
	NK_INVENTORY_NO_PROGRAM, /* it has a map, but no XDP program of ours is on the NIC */
	NK_INVENTORY_NO_RULES,	 /* the NIC has not all its flow rules, or not its RSS context */
	NK_INVENTORY_OK,
};

struct nk_inventory_queue {
	uint32_t phys, netkit; /* its id on the NIC, and on the device */
	bool leased;	       /* to the device, for certain */
	bool has_irq, has_counts;
	uint32_t irq;
	struct nk_queue_stats counts;
	bool hidden; /* it could not be read: then nothing is known */
};

/* One attachment. */
struct nk_inventory_row {
	uint32_t nic;		  /* index in `nics` */
	struct nk_claim claim;	  /* of one of its queues; all are alike but for netkit_queue */
	char netns[NK_PATH_SIZE]; /* a path to it, or empty: it has none, see claim.nsid */
	char map[NK_PATH_SIZE];	  /* pin of its XSKMAP, or empty */
	enum nk_inventory_state state;
	int numa_node; /* -1: not known */
	uint32_t queue_count;
	struct nk_inventory_queue *queues; /* ascending */
};

/* A NIC that has a directory of ours. */
struct nk_inventory_nic {
	char name[NK_NICDIR_NAME_SIZE]; /* as it is called now; of one that is not here, its directory's */
	char dir[NK_NICDIR_NAME_SIZE]; /* the directory's, without its escapes */
	bool has_version, has_answered;
	bool has_policy;   /* an operator's program runs first for leased queues */
	uint32_t version;  /* of our XDP program on it */
	uint64_t answered; /* frames of all queues: who asks comes by queues that are not leased */
};

struct nk_inventory {
	uint32_t nic_count, row_count;
	struct nk_inventory_nic *nics; /* by directory */
	struct nk_inventory_row *rows; /* by NIC and first queue */
};

/**
 * nk_inventory_read() - all of this node
 * @bpffs: mount point of bpffs
 *
 * Return: 0, or the first negative errno met; then @ret holds what could be read all the same
 */
int nk_inventory_read(const char *bpffs, struct nk_inventory *ret, struct nk_error *err);
void nk_inventory_fini(struct nk_inventory *inventory);

const char *nk_inventory_state_key(enum nk_inventory_state state);  /* for programs: "no-lease" */
const char *nk_inventory_state_text(enum nk_inventory_state state); /* for people */

#endif
