/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.h - the domain types: request, configuration, attachment, result
 *
 * Data flows one way: struct nk_request and struct nk_config are const once parsed; struct
 * nk_attachment is filled from them, from the claims and from the kernel; struct nk_result is made
 * from it. All of them live in main()'s frame for the whole call; none owns memory unless stated.
 */
#ifndef NK_TYPES_H
#define NK_TYPES_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NK_MAC_LEN	      6
#define NK_ID_SIZE	      256 /* container id, network name, Pod name: up to 255 bytes and a NUL */
#define NK_ALTNAME_SIZE	      128  /* ALTIFNAMSIZ of linux/if.h */
#define NK_PARENT_SIZE	      64   /* name of the parent device */
#define NK_LEASES_MAX	      1023 /* netkit: at most 1024 rx queues; queue 0 cannot be leased */
#define NK_QUEUE_IDS	      4096 /* physical queue ids we handle: 0..4095, the kernel's limit */
#define NK_ARGS_IP_SIZE	      1024 /* value of IP in CNI_ARGS */
#define NK_BPFFS_SIZE	      256  /* mount point of bpffs */
#define NK_IPS_MAX	      64   /* addresses of one attachment */
#define NK_ROUTES_MAX	      256  /* routes of one attachment */
#define NK_FRAME_SIZE_DEFAULT 4096 /* bytes of one UMEM chunk */
#define NK_STEERING_MAX	      16   /* entries of "steering" */
#define NK_PATH_SIZE	      512  /* any path of ours below it; never cut, see nicdir.h */

/* What the runtime asked for: CNI_* variables (CNI specification, "Parameters"). */
enum nk_command {
	NK_COMMAND_NONE, /* CNI_COMMAND absent: print the help */
	NK_COMMAND_ADD,
	NK_COMMAND_DEL,
	NK_COMMAND_CHECK,
	NK_COMMAND_STATUS,
	NK_COMMAND_GC,
	NK_COMMAND_VERSION,
	/* Subcommands from here on, which change nothing. */
	NK_COMMAND_PLAN, /* "nk-cni plan": as ADD */
	NK_COMMAND_FEATURES, /* "nk-cni features": which NIC and queues a configuration names, now or with deviceID */
	NK_COMMAND_DOCTOR, /* "nk-cni doctor": as STATUS, of any cniVersion */
};

struct nk_request {
	enum nk_command command;
	char container_id[NK_ID_SIZE];
	char ifname[IFNAMSIZ];
	char netns[PATH_MAX];	   /* verbatim; empty if the runtime gave none */
	char pod_name[NK_ID_SIZE]; /* K8S_POD_NAMESPACE/K8S_POD_NAME of CNI_ARGS, or empty */
	const char *cni_path;	   /* CNI_PATH, or empty; the environment's */
	const char *cni_args;	   /* CNI_ARGS, the same */
	char mac[32];		   /* MAC of CNI_ARGS, or empty; not checked yet */
	char ips[NK_ARGS_IP_SIZE]; /* IP of CNI_ARGS: addresses with commas; not checked yet */
};

/* Identifies an attachment. Stored in pinned maps: see claims.h. */
struct nk_key {
	char ifname[IFNAMSIZ];	   /* effective name of the Pod's device */
	char cni_ifname[IFNAMSIZ]; /* CNI_IFNAME */
	char network[NK_ID_SIZE];
	char container_id[NK_ID_SIZE];
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

/* An address of either family. */
struct nk_ipaddr {
	uint8_t family; /* AF_INET, AF_INET6; 0: no address */
	uint8_t bytes[16];
};

struct nk_prefix {
	struct nk_ipaddr addr;
	uint8_t len; /* bits */
};

/* The addresses of a Pod by which frames are steered. */
struct nk_pod_ips {
	uint32_t own_count, other_count;
	struct nk_ipaddr own[NK_IPS_MAX];    /* the attachment's own */
	struct nk_ipaddr others[NK_IPS_MAX]; /* of the Pod's other devices */
};

/* Options of pairs; the kernel's numbers (NK_NETKIT_*). */
struct nk_netkit_options {
	uint32_t mode;
	uint32_t policy, peer_policy;
	uint32_t scrub, peer_scrub;
	uint16_t headroom, tailroom; /* bytes before and after a frame; 0: the default */
};

/* Whether the attachment gets its own RSS context on the NIC. */
enum nk_rss_context {
	NK_RSS_CONTEXT_AUTO, /* if it has several queues and flow rules */
	NK_RSS_CONTEXT_ALWAYS,
	NK_RSS_CONTEXT_NEVER,
};

enum nk_match {
	NK_MATCH_MAC, /* destination MAC: the attachment's */
	NK_MATCH_IP,  /* destination address: each of the attachment's */
	NK_MATCH_TCP, /* and destination port */
	NK_MATCH_UDP,
};

/* One entry of "steering": which frames the NIC directs to the attachment's queues. */
struct nk_steering {
	enum nk_match match;
	uint16_t port; /* tcp and udp: 1 to 65535 */
	uint16_t vlan; /* only this VLAN, 1 to 4094; 0: untagged, as far as the NIC can tell */
	bool takeover; /* ip, tcp and udp: also addresses of the Pod's other devices */
};

/* Receive ring parameters; only those configured are set. */
struct nk_rings {
	bool has_split, has_threshold;
	bool split;	    /* put headers and payload into separate buffers */
	uint32_t threshold; /* bytes; frames up to this size are not split */
};

/* How the Pod's XSKMAP is used, and who may use it. */
struct nk_xsk_options {
	uint8_t key;	   /* enum nk_xsk_key of nk_shared.h: which slot belongs to which queue */
	uint8_t no_socket; /* enum nk_no_socket: what to do with frames without a socket */
	uint16_t mode;	   /* permissions of the pin, within 0666 */
	uint32_t uid, gid; /* owner of the pin */
	uint32_t by_vlan;  /* 1: only frames of the VLANs of "steering" go to the sockets */
};

/* The network configuration, validated. nk-cni(8) has the keys and their meaning. */
struct nk_config {
	char cni_version[8];
	char name[NK_ID_SIZE];
	char ifname[IFNAMSIZ];	      /* of the Pod's device; empty: CNI_IFNAME */
	char master[NK_ALTNAME_SIZE]; /* name or altname of the NIC; empty: no queues, a pair */
	char device_id[NK_ALTNAME_SIZE +
		       16]; /* if it names the NIC differently than "master": compared at ADD */

	bool pair; /* a pair, otherwise a single */
	struct nk_netkit_options netkit;

	char ipam_type[NK_ID_SIZE]; /* plugin that allocates addresses; empty: none */
	uint32_t ip_count;	    /* addresses from the runtime, without an IPAM plugin */
	struct nk_prefix ips[NK_IPS_MAX];
	bool set_addresses; /* configure them on the device; otherwise only report them */
	bool host_route;    /* pair: routes to the Pod on the host */
	bool forwarding;    /* pair: enable forwarding on the host */
	bool dad;	    /* wait for duplicate address detection */
	const struct nk_json *dns;

	bool fixed_queues; /* exactly `queues`, in ascending order; otherwise the lowest free ones */
	bool awaits_device;   /* STATUS, features: only ADD gets the NIC or queues, by deviceID */
	uint32_t queue_count; /* 0 (pairs only) to NK_LEASES_MAX */
	uint32_t queue_max;   /* leases that the device has room for, >= queue_count */
	struct nk_queue_set queues; /* the pool, or the fixed queues */

	enum nk_mac_source mac_source;
	uint8_t mac[NK_MAC_LEN];
	uint32_t mtu; /* 0: derived from the NIC's */

	bool rss_exclude; /* keep host traffic off the pool and all claimed queues */
	bool rss_keep;	  /* keep it excluded after the last DEL */
	enum nk_rss_context rss_context;
	uint32_t steering_count;
	struct nk_steering steering[NK_STEERING_MAX];
	bool neigh_answer; /* answer ARP and neighbour solicitations for the addresses */
	struct nk_rings rings;

	bool xsk_map;		   /* use a pinned XSKMAP and the XDP program; false: leases only */
	struct nk_xsk_options xsk; /* uid and gid inside the Pod */
	uint32_t xsk_frame_size;   /* bytes of one UMEM chunk the Pod will use, 2048 or 4096 */
	bool xdp_keep;		   /* keep the program on the NIC after the last DEL */
	bool status_queues;	   /* STATUS fails if too few queues are free */
	uint8_t log_level;	   /* enum nk_log_level */
	bool log_json;		   /* the format of the file */
	char log_file[NK_PATH_SIZE];
	char bpffs[NK_BPFFS_SIZE];	/* mount point of the bpf file system */
	char device_info[NK_PATH_SIZE]; /* where Kubernetes reads the map's path, or empty */

	struct nk_json *json;	    /* the whole document; freed by nk_config_fini() */
	const struct nk_json *prev; /* its prevResult, or NULL */
	const char
		*text; /* the document as received, for plugins that we call; owned by the caller */
	size_t text_size;
};

/* One entry of a result's "ips". */
struct nk_ip {
	struct nk_prefix address;
	struct nk_ipaddr gateway; /* family 0: none */
	int32_t interface;	  /* index in the result's "interfaces"; -1: none */
};

/* One entry of a result's "routes", with all members of CNI 1.1. Numbers are the kernel's. */
struct nk_route {
	struct nk_prefix dst;
	struct nk_ipaddr gw;		/* family 0: not given */
	uint32_t mtu, advmss, priority; /* 0: not given */
	bool has_table, has_scope;
	uint32_t table, scope;
	bool any_table; /* for comparison: a later plugin may have moved it to another table */
};

/* The answer of an IPAM plugin: addresses, routes and dns. */
struct nk_ipam_result {
	uint32_t ip_count, route_count;
	struct nk_ip ips[NK_IPS_MAX];
	struct nk_route routes[NK_ROUTES_MAX];
	const struct nk_json *dns; /* part of `json`, or NULL */
	struct nk_json *json;	   /* the whole answer */
};

/* The NIC, as the kernel describes it now. */
struct nk_nic {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	uint8_t mac[NK_MAC_LEN];
	uint32_t mtu;
	bool up;
	uint32_t num_rx_queues; /* allocated queues: an upper limit of queue ids */
	uint32_t xdp_prog_id;	/* id of its XDP program in any mode; 0: none */
	char pci_id[IFNAMSIZ];	/* PCI address of the device or of its parent; or empty */
	uint8_t permanent_mac[NK_MAC_LEN];		 /* zero if the driver reports none */
	char parent_bus[16], parent_dev[NK_PARENT_SIZE]; /* "pci", "0000:03:00.0"; or empty */
};

/* One leased queue: its id on the NIC and on the netkit device. */
struct nk_lease {
	uint32_t phys;
	uint32_t netkit;
};

/* One interface that ADD created. */
struct nk_result_interface {
	char name[IFNAMSIZ];
	bool has_mac; /* a layer 3 device has none */
	uint8_t mac[NK_MAC_LEN];
	uint32_t mtu;			/* 0: not reported */
	const char *sandbox;		/* CNI_NETNS verbatim, the request's; NULL: on the host */
	char pci_id[IFNAMSIZ];		/* empty: not reported */
	char socket_path[NK_PATH_SIZE]; /* pinned XSKMAP; empty: not reported */
};

/* The place of an attachment, by numbers that the kernel never reuses; 0: unknown. */
struct nk_journal_place {
	uint64_t host_netns, pod_netns; /* cookies */
	uint32_t host_ifindex, ifindex; /* of the host device of a pair; of the Pod's device */
};

/* What ADD reports. It owns nothing. */
struct nk_result {
	char cni_version[8];	    /* of the configuration */
	const struct nk_json *prev; /* prevResult, or NULL: first in the list */
	uint32_t interface_count;   /* 1: a single; 2: a pair, the host's end first */
	struct nk_result_interface interfaces[2];
	uint32_t pod_interface;		   /* the one in the Pod, which has the addresses */
	const struct nk_ipam_result *ipam; /* or NULL */
	const struct nk_json *dns; /* the configuration's, or NULL; takes precedence unless empty */
};

static inline bool nk_key_equal(const struct nk_key *a, const struct nk_key *b)
{
	return !strcmp(a->container_id, b->container_id) && !strcmp(a->ifname, b->ifname) &&
	       !strcmp(a->cni_ifname, b->cni_ifname) && !strcmp(a->network, b->network);
}

/* nk_key_same_device() - compare what the alias of a device contains: everything but CNI_IFNAME */
static inline bool nk_key_same_device(const struct nk_key *a, const struct nk_key *b)
{
	return !strcmp(a->container_id, b->container_id) && !strcmp(a->ifname, b->ifname) &&
	       !strcmp(a->network, b->network);
}

static inline bool nk_queue_set_has(const struct nk_queue_set *set, uint32_t id)
{
	return id < NK_QUEUE_IDS && (set->bits[id / 64] >> (id % 64) & 1);
}

static inline void nk_queue_set_put(struct nk_queue_set *set, uint32_t id)
{
	set->bits[id / 64] |= 1ULL << (id % 64);
}

#endif
