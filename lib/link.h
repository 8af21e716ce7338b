/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - network devices over rtnetlink: the NIC as it is; netkit devices made, read, removed
 *
 * Every function takes the socket, then where the device is: @nsid is the id that the socket's
 * netns has for another one, or NK_NSID_HERE. The message builders are pure and take a buffer of
 * NK_NL_REQUEST_SIZE bytes.
 */
#ifndef NK_LINK_H
#define NK_LINK_H

#include "nl.h"
#include "types.h"

struct nk_error;
struct nlmsghdr;

#define NK_NSID_HERE  (-1)
#define NK_NSID_GONE  (-2) /* of a netns that has no id, because it is on its way out */
#define NK_ALIAS_SIZE 256  /* IFALIASZ of the kernel: 255 bytes and a NUL */
#define NK_KIND_SIZE  16
#define NK_UNSAID     UINT32_MAX /* the kernel did not say: older than the attribute */

/* What makes a netkit device; NK_UNSAID where the kernel does not know the attribute. */
struct nk_link_netkit {
	uint32_t pairing; /* NK_NETKIT_PAIRING_*; NK_UNSAID also for what is no netkit */
	uint32_t mode;	  /* NK_NETKIT_L2 or _L3 */
	uint32_t policy, peer_policy;
	uint32_t scrub, peer_scrub;
	uint16_t headroom, tailroom;
};

/* A device as RTM_NEWLINK describes it. */
struct nk_link {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	char kind[NK_KIND_SIZE]; /* "netkit", or empty for hardware */
	struct nk_link_netkit netkit;
	uint32_t peer_ifindex; /* of the other end of a pair, in its netns; 0: none */
	int32_t peer_nsid;     /* that netns; NK_NSID_HERE: the same */
	uint8_t mac[NK_MAC_LEN];
	uint32_t mtu;
	uint32_t group;
	uint32_t num_rx_queues;
	bool up;
	char alias[NK_ALIAS_SIZE];
	uint32_t xdp_prog_id;	    /* 0: none */
	char port_of[NK_KIND_SIZE]; /* kind of the device it is a port of: "bridge", "vrf"; or empty */
	char parent_bus[16];	    /* "pci", "platform"; empty for a virtual device */
	char parent_dev[NK_PARENT_SIZE];
	uint8_t permanent_mac[NK_MAC_LEN]; /* zero where the driver has none */
};

/**
 * nk_link_get() - read a device
 * @name: or altname; NULL to go by @ifindex
 *
 * Return: 0, or -ENODEV where there is none, also because @nsid is no longer valid
 */
int nk_link_get(struct nk_nl *nl, int32_t nsid, const char *name, uint32_t ifindex,
		struct nk_link *ret, struct nk_error *err);

/**
 * nk_link_each() - call @fn for each device of a netns
 * @kind: of this kind alone; NULL: all
 * @fn: must ask nothing of @nl; returns 0, or a negative errno, which ends the walk. It may be called
 * again for the same devices: a list that changed while it was read is read anew
 *
 * Return: 0, or a negative errno; -ENODEV where @nsid is no longer valid
 */
int nk_link_each(struct nk_nl *nl, int32_t nsid, const char *kind,
		 int (*fn)(const struct nk_link *link, void *data, struct nk_error *err),
		 void *data, struct nk_error *err);

/* nk_link_set_alias() - text for people, on a device in the netns of @nl; cut to 255 bytes. */
int nk_link_set_alias(struct nk_nl *nl, uint32_t ifindex, const char *alias, struct nk_error *err);

/* nk_link_add_altname() - a name more for a device in the netns of @nl. Return: 0; -EEXIST where a device
 * there has it; or another negative errno. nk_link_remove_altname(): none there is success.
 */
int nk_link_add_altname(struct nk_nl *nl, uint32_t ifindex, const char *name, struct nk_error *err);
int nk_link_remove_altname(struct nk_nl *nl, uint32_t ifindex, const char *name,
			   struct nk_error *err);

/* nk_link_remove() - delete a device; one that is not there (any more) is success. */
int nk_link_remove(struct nk_nl *nl, int32_t nsid, uint32_t ifindex, struct nk_error *err);

/**
 * nk_link_nsid() - the id that the netns of @nl has for the netns of @netns_fd
 * @allocate: give it one where it has none; the kernel keeps it for the life of both
 *
 * Return: 0, or -ENOENT where it has none and @allocate is false
 */
int nk_link_nsid(struct nk_nl *nl, int netns_fd, bool allocate, int32_t *ret, struct nk_error *err);

/**
 * nk_link_list_nsids() - all ids that the netns of @nl has for others
 * @ret: to be freed, also after a failure; some may be in it twice
 *
 * Return: 0 or a negative errno
 */
int nk_link_list_nsids(struct nk_nl *nl, int32_t **ret, size_t *ret_count, struct nk_error *err);

/**
 * nk_nic_get() - the NIC called @name, or by altname; or the one of the device @name on its bus: a PCI
 * address, or an auxiliary device as "mlx5_core.sf.4"
 *
 * Return: 0; -ENODEV where there is none; -ENOTUNIQ where a device has several, which names tell apart
 */
int nk_nic_get(struct nk_nl *nl, const char *name, struct nk_nic *ret, struct nk_error *err);

/* nk_nic_get_by_index() - likewise; a NIC that went and came back has another ifindex. */
int nk_nic_get_by_index(struct nk_nl *nl, uint32_t ifindex, struct nk_nic *ret,
			struct nk_error *err);

/* For those who make devices, and for tests. */

/* nk_link_put_header() - begin a request about a device in @buf, which is zeroed. */
struct nlmsghdr *nk_link_put_header(void *buf, uint16_t type, uint16_t flags, uint32_t ifindex);

/* nk_link_do() - nk_nl_do() with the names of link attributes. */
int nk_link_do(struct nk_nl *nl, struct nlmsghdr *msg, nk_nl_reply reply, void *data,
	       struct nk_error *err);

int nk_link_parse(const struct nlmsghdr *msg, struct nk_link *ret, struct nk_error *err);

/* nk_link_parse_reply() - the same as a reply function; @data is a struct nk_link. */
int nk_link_parse_reply(const struct nlmsghdr *reply, void *data, struct nk_error *err);

#endif
