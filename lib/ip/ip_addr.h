/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ip_addr.h - addresses of a device, over rtnetlink
 *
 * Every function takes the socket of the netns of the device, and the ifindex. There is no remove: the
 * kernel removes an address with its device. The message builder is pure.
 */
#ifndef NK_IP_ADDR_H
#define NK_IP_ADDR_H

#include "base/types.h"

struct nk_error;
struct nk_nl;
struct nlmsghdr;

enum nk_ip_flags {
	NK_IP_DAD = 1, /* IPv6: with duplicate address detection, which takes a second or two */
	NK_IP_NO_SUBNET = 2, /* the kernel adds no route to the subnet of the address */
};

/**
 * nk_ip_addr_add() - add an address to a device
 * @prefix: the address and the length of its subnet
 * @flags: of enum nk_ip_flags; after NK_IP_DAD see nk_ip_addr_wait_dad()
 *
 * An IPv4 address gets the broadcast address of its subnet, as with "ip address add ... broadcast +";
 * a /31 and a /32 have none.
 *
 * Return: 0; -EEXIST: the device has the address already; or another negative errno
 */
int nk_ip_addr_add(struct nk_nl *nl, uint32_t ifindex, const struct nk_prefix *prefix,
		   unsigned int flags, struct nk_error *err);

/* nk_ip_addr_has() - does the device have that address, with that length? Return: 1, 0 or an errno */
int nk_ip_addr_has(struct nk_nl *nl, uint32_t ifindex, const struct nk_prefix *prefix,
		   struct nk_error *err);

/* nk_ip_addr_list() - list the addresses with global scope of all devices of the netns but @but. Return: how many; -E2BIG
 * if there are more than @size; or another negative errno
 */
int nk_ip_addr_list(struct nk_nl *nl, uint32_t but, struct nk_ipaddr *ret, uint32_t size,
		    struct nk_error *err);

#define NK_IP_OWNERS_MAX 16

/* nk_ip_addr_owners() - which devices of the netns have that address? Return: their number, with the
 * first NK_IP_OWNERS_MAX of them in @ret; or a negative errno
 */
int nk_ip_addr_owners(struct nk_nl *nl, const struct nk_ipaddr *addr,
		      uint32_t ret[NK_IP_OWNERS_MAX], struct nk_error *err);

/* nk_ip_group_members() - which devices of the netns have joined the IPv6 group of that MAC?
 * Return: as nk_ip_addr_owners()
 */
int nk_ip_group_members(struct nk_nl *nl, const uint8_t group[NK_MAC_LEN],
			uint32_t ret[NK_IP_OWNERS_MAX], struct nk_error *err);

/**
 * nk_ip_addr_wait_dad() - wait until every IPv6 address of the device is usable
 * @limit_ms: the longest wait; 0: look once
 *
 * Return: 0; -EADDRINUSE: another host has one of them; -ETIMEDOUT; or another negative errno
 */
int nk_ip_addr_wait_dad(struct nk_nl *nl, uint32_t ifindex, uint32_t limit_ms,
			struct nk_error *err);

/* For tests. An address as RTM_NEWADDR describes it. */
struct nk_ip_addr {
	uint32_t ifindex;
	struct nk_prefix prefix;
	uint32_t flags; /* IFA_F_* */
	uint8_t scope;	/* RT_SCOPE_* */
};

struct nlmsghdr *nk_ip_put_addr(void *buf, uint32_t ifindex, const struct nk_prefix *prefix,
				unsigned int flags);
int nk_ip_parse_addr(const struct nlmsghdr *msg, struct nk_ip_addr *ret, struct nk_error *err);

#endif
