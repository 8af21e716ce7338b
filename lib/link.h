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

#include "types.h"

struct nk_error;
struct nk_nl;
struct nlmsghdr;

#define NK_NSID_HERE	(-1)
#define NK_NSID_GONE	(-2) /* of a netns that has no id, because it is on its way out */
#define NK_ALIAS_SIZE	256  /* IFALIASZ of the kernel: 255 bytes and a NUL */
#define NK_KIND_SIZE	16
#define NK_PAIRING_NONE UINT32_MAX /* the kernel did not say: older than 7.1, or no netkit */

/* A device as RTM_NEWLINK describes it. */
struct nk_link {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	char kind[NK_KIND_SIZE]; /* "netkit", or empty for hardware */
	uint32_t pairing;	 /* of a netkit: NK_NETKIT_PAIRING_*, or NK_PAIRING_NONE */
	uint8_t mac[NK_MAC_LEN];
	uint32_t mtu;
	uint32_t group;
	uint32_t num_rx_queues;
	bool up;
	char alias[NK_ALIAS_SIZE];
	uint32_t xdp_prog_id; /* 0: none */
	char parent_bus[16];  /* "pci", "platform"; empty for a virtual device */
	char parent_dev[64];
};

/* What to make. */
struct nk_link_single {
	const char *name;
	const uint8_t *mac;
	uint32_t mtu;
	uint32_t num_rx_queues; /* leases it has room for, and one of its own */
};

/**
 * nk_link_probe_single() - can this kernel make a netkit single? Makes nothing.
 *
 * Return: 0, or -EOPNOTSUPP with an error that names the kernel and what it lacks
 */
int nk_link_probe_single(struct nk_nl *nl, struct nk_error *err);

/**
 * nk_link_get() - read a device
 * @name: or altname; NULL to go by @ifindex
 *
 * Return: 0, or -ENODEV where there is none, also because @nsid is no longer valid
 */
int nk_link_get(struct nk_nl *nl, int32_t nsid, const char *name, uint32_t ifindex,
		struct nk_link *ret, struct nk_error *err);

/**
 * nk_link_create_single() - make a netkit single in the netns of @nl, up, in one request
 *
 * What is made carries NK_LINK_GROUP. The kernel's echo says what it made: one that ignores what it
 * does not know would have made a pair; that is removed again.
 *
 * Return: 0, or -EEXIST where the name is taken, or the kernel's refusal
 */
int nk_link_create_single(struct nk_nl *nl, const struct nk_link_single *spec, struct nk_link *ret,
			  struct nk_error *err);

/* nk_link_set_alias() - text for people, on a device in the netns of @nl; cut to 255 bytes. */
int nk_link_set_alias(struct nk_nl *nl, uint32_t ifindex, const char *alias, struct nk_error *err);

/* nk_link_remove() - delete a device; one that is not there (any more) is success. */
int nk_link_remove(struct nk_nl *nl, int32_t nsid, uint32_t ifindex, struct nk_error *err);

/**
 * nk_link_nsid() - the id that the netns of @nl has for the netns of @netns_fd
 * @allocate: give it one where it has none; the kernel keeps it for the life of both
 *
 * Return: 0, or -ENOENT where it has none and @allocate is false
 */
int nk_link_nsid(struct nk_nl *nl, int netns_fd, bool allocate, int32_t *ret, struct nk_error *err);

/* nk_nic_get() - the NIC called @name, or by altname. Return: 0, or -ENODEV. */
int nk_nic_get(struct nk_nl *nl, const char *name, struct nk_nic *ret, struct nk_error *err);

/* nk_nic_get_by_index() - likewise; a NIC that went and came back has another ifindex. */
int nk_nic_get_by_index(struct nk_nl *nl, uint32_t ifindex, struct nk_nic *ret,
			struct nk_error *err);

/* Builders and parsers, for tests. */
struct nlmsghdr *nk_link_put_single(void *buf, const struct nk_link_single *spec);
int nk_link_parse(const struct nlmsghdr *msg, struct nk_link *ret, struct nk_error *err);

#endif
