/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - network devices over rtnetlink: read, change and remove them
 *
 * Every function takes a socket. @nsid selects the netns of the device: an id that the netns of the
 * socket has for another netns, or NK_NSID_HERE. Functions without @nsid act in the netns of the
 * socket.
 */
#ifndef NK_LINK_H
#define NK_LINK_H

#include "base/types.h"
#include "kernel/nl.h"

#define NK_NSID_HERE (-1)
#define NK_NSID_GONE \
	(-2) /* of a netns that has no id any more, because the kernel is removing it */
#define NK_ALIAS_SIZE 256 /* IFALIASZ of the kernel: 255 bytes and a NUL */
#define NK_KIND_SIZE  16
#define NK_UNSAID     UINT32_MAX /* the kernel is older than the attribute */

/* The options of a netkit device; NK_UNSAID: the kernel does not know the attribute. */
struct nk_link_netkit {
	uint32_t pairing; /* NK_NETKIT_PAIRING_*; NK_UNSAID also if the device is no netkit */
	uint32_t mode;	  /* NK_NETKIT_L2 or _L3 */
	uint32_t policy, peer_policy;
	uint32_t scrub, peer_scrub;
	uint16_t headroom, tailroom;
};

/* A device as RTM_NEWLINK describes it. */
struct nk_link {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	char kind[NK_KIND_SIZE]; /* "netkit"; empty for hardware */
	struct nk_link_netkit netkit;
	uint16_t vlan;	       /* of an 802.1Q VLAN device; otherwise 0 */
	uint32_t peer_ifindex; /* the other end of a pair, or the device below; 0: none */
	int32_t peer_nsid;     /* netns of that device */
	uint8_t mac[NK_MAC_LEN];
	uint32_t mtu;
	uint32_t group;
	uint32_t num_rx_queues;
	bool up;
	char alias[NK_ALIAS_SIZE];
	uint32_t xdp_prog_id;	    /* 0: none */
	char port_of[NK_KIND_SIZE]; /* kind of the device that it is a port of: "bridge"; or empty */
	uint32_t port_of_ifindex;   /* 0: it is no port */
	char parent_bus[16];	    /* "pci", "platform"; empty for a virtual device */
	char parent_dev[NK_PARENT_SIZE];
	uint8_t permanent_mac[NK_MAC_LEN]; /* zero: the driver has none */
};

/**
 * nk_link_get() - read a device
 * @name: name or altname; NULL: use @ifindex
 *
 * Return: 0; -ENODEV: there is none, or @nsid is no longer valid; or another negative errno
 */
int nk_link_get(struct nk_nl *nl, int32_t nsid, const char *name, uint32_t ifindex,
		struct nk_link *ret, struct nk_error *err);

struct nk_link_list {
	struct nk_link *at;
	uint32_t count;
};

/**
 * nk_link_read() - read all devices of a netns: see list.h. If the kernel's list changed during the
 * dump, the dump is repeated, and a device may be in @ret twice.
 * @kind: only devices of this kind; NULL: all
 *
 * Return: 0; -ENODEV: @nsid is no longer valid; or another negative errno
 */
int nk_link_read(struct nk_nl *nl, int32_t nsid, const char *kind, struct nk_link_list *ret,
		 struct nk_error *err);

/* nk_link_set_up() - a device that is up is left alone. */
int nk_link_set_up(struct nk_nl *nl, uint32_t ifindex, struct nk_error *err);

/* nk_link_set_alias() - set the alias, a text for people; it is cut to 254 bytes. */
int nk_link_set_alias(struct nk_nl *nl, uint32_t ifindex, const char *alias, struct nk_error *err);

/* nk_link_add_altname() - Return: 0; -EEXIST: a device of the netns has that name; or another negative
 * errno
 */
int nk_link_add_altname(struct nk_nl *nl, uint32_t ifindex, const char *name, struct nk_error *err);

/* nk_link_remove_altname() - a missing name or device is success. */
int nk_link_remove_altname(struct nk_nl *nl, uint32_t ifindex, const char *name,
			   struct nk_error *err);

/* nk_link_remove() - delete a device; a missing device is success. */
int nk_link_remove(struct nk_nl *nl, int32_t nsid, uint32_t ifindex, struct nk_error *err);

/**
 * nk_link_nsid() - the id that the netns of @nl has for the netns of @netns_fd
 * @allocate: allocate an id if there is none; the kernel keeps it as long as both netns exist
 *
 * Return: 0; -ENOENT: there is none and @allocate is false; or another negative errno
 */
int nk_link_nsid(struct nk_nl *nl, int netns_fd, bool allocate, int32_t *ret, struct nk_error *err);

struct nk_nsid_list {
	int32_t *at;
	uint32_t count;
};

/* nk_link_read_nsids() - read all ids that the netns of @nl has for others; some may be in @ret twice. */
int nk_link_read_nsids(struct nk_nl *nl, struct nk_nsid_list *ret, struct nk_error *err);

/* For netkit.c and for tests. */

/* nk_link_put_header() - begin a request about a device; see nk_nl_put_header(). */
struct nlmsghdr *nk_link_put_header(void *buf, uint16_t type, uint16_t flags, uint32_t ifindex);

/* nk_link_put_up() - let the request set the device up. */
void nk_link_put_up(struct nlmsghdr *msg);

/* nk_link_do() - nk_nl_do() with the names of link attributes. */
int nk_link_do(struct nk_nl *nl, struct nlmsghdr *msg, nk_nl_reply reply, void *data,
	       struct nk_error *err);

int nk_link_parse(const struct nlmsghdr *msg, struct nk_link *ret, struct nk_error *err);

/* nk_link_parse_reply() - the same as a reply function; @data is a struct nk_link. */
int nk_link_parse_reply(const struct nlmsghdr *reply, void *data, struct nk_error *err);

#endif
