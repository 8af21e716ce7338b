/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.h - the domain types: what was asked, what was configured, what exists, what is answered
 *
 * Data flows one way: struct nk_request and struct nk_config are const once parsed; struct
 * nk_attachment is filled from them, from the claims and from the kernel; struct nk_result is made
 * from it. All of them live in main's frame for the whole call; none owns memory except where said.
 */
#ifndef NK_TYPES_H
#define NK_TYPES_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define NK_MAC_LEN	6
#define NK_ID_SIZE	256  /* container id, network name, Pod name: up to 255 bytes and a NUL */
#define NK_ALTNAME_SIZE 128  /* ALTIFNAMSIZ of linux/if.h */
#define NK_LEASES_MAX	1023 /* netkit: at most 1024 rx queues, of which queue 0 is its own */
#define NK_QUEUE_IDS	4096 /* physical queue ids we handle: 0..4095, the kernel's limit */
#define NK_BPFFS_SIZE	256  /* mount point of bpffs */
#define NK_PATH_SIZE	512  /* any path of ours below it: none can be cut, see nicdir.h */

/* What the runtime asked for: CNI_* variables (CNI specification, "Parameters"). */
enum nk_command {
	NK_COMMAND_NONE, /* CNI_COMMAND absent: print about text */
	NK_COMMAND_ADD,
	NK_COMMAND_DEL,
	NK_COMMAND_CHECK,
	NK_COMMAND_VERSION,
};

struct nk_request {
	enum nk_command command;
	char container_id[NK_ID_SIZE];
	char ifname[IFNAMSIZ];
	char netns[PATH_MAX];	   /* verbatim; empty where the runtime gave none */
	char pod_name[NK_ID_SIZE]; /* K8S_POD_NAMESPACE/K8S_POD_NAME of CNI_ARGS, or empty */
};

/* A set of physical queue ids. */
struct nk_queue_set {
	uint64_t bits[NK_QUEUE_IDS / 64];
};

enum nk_mac_source {
	NK_MAC_RANDOM,
	NK_MAC_GIVEN,
	NK_MAC_MASTER,
};

/* The network configuration, validated. See README.md for the keys and their meaning. */
struct nk_config {
	char cni_version[8];
	char name[NK_ID_SIZE];
	char master[NK_ALTNAME_SIZE]; /* name or altname of the NIC */

	bool fixed_queues;	    /* exactly `queues`, in ascending order; else the lowest free */
	uint32_t queue_count;	    /* 1..NK_LEASES_MAX */
	uint32_t queue_max;	    /* leases the device has room for, >= queue_count */
	struct nk_queue_set queues; /* the pool, or the fixed queues */

	enum nk_mac_source mac_source;
	uint8_t mac[NK_MAC_LEN];
	uint32_t mtu; /* 0: derived from the NIC's */

	bool xsk_map;		   /* a pinned XSKMAP and the XDP program; false: leases alone */
	uint32_t xsk_frame_size;   /* bytes of one UMEM chunk the Pod will use, 2048 or 4096 */
	bool xdp_keep;		   /* the program stays on the NIC after the last DEL */
	char bpffs[NK_BPFFS_SIZE]; /* mount point of the bpf file system */

	struct nk_json *json;	    /* the whole document; freed by nk_config_fini() */
	const struct nk_json *prev; /* its prevResult, or NULL */
};

/* The NIC, as the kernel describes it at this moment. */
struct nk_nic {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	uint8_t mac[NK_MAC_LEN];
	uint32_t mtu;
	bool up;
	uint32_t num_rx_queues; /* allocated: no queue id is ever beyond it */
	uint32_t xdp_prog_id;	/* program on it, any mode; 0: none */
	char pci_id[IFNAMSIZ];	/* PCI address, or empty where the parent is no PCI device */
};

/* One leased queue: its id on the NIC and on the netkit device. */
struct nk_lease {
	uint32_t phys;
	uint32_t netkit;
};

/* The interface that ADD reports. */
struct nk_result {
	char cni_version[8];
	char ifname[IFNAMSIZ];
	uint8_t mac[NK_MAC_LEN];
	uint32_t mtu;
	const char *sandbox;		/* CNI_NETNS verbatim; the request's */
	char pci_id[IFNAMSIZ];		/* empty: not reported */
	char socket_path[NK_PATH_SIZE]; /* pinned XSKMAP; empty: not reported */
};

static inline bool nk_queue_set_has(const struct nk_queue_set *set, uint32_t id)
{
	return id < NK_QUEUE_IDS && (set->bits[id / 64] >> (id % 64) & 1);
}

static inline void nk_queue_set_put(struct nk_queue_set *set, uint32_t id)
{
	set->bits[id / 64] |= 1ULL << (id % 64);
}

#endif
