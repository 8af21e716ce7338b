/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ip.h - addresses and routes of a device, over rtnetlink
 *
 * Every function takes the socket of the netns the device is in, and the device's ifindex. What is
 * made here ends with its device; so an attachment removes none of it by itself. The message builders are pure and take a buffer of
 * NK_NL_REQUEST_SIZE bytes.
 */
#ifndef NK_IP_H
#define NK_IP_H

#include "types.h"

struct nk_error;
struct nk_nl;
struct nlmsghdr;

/* nk_ip_link_up() - set a device up; one that is up is left alone. */
int nk_ip_link_up(struct nk_nl *nl, uint32_t ifindex, struct nk_error *err);

/**
 * nk_ip_link_wait() - wait until a device that is up also sends
 * @limit_ms: how long at most; 0: look once
 *
 * The end of a pair that was set up first gets its carrier with the other one, and its queue only
 * when the kernel's link watch has seen that: what is sent before is dropped without an error.
 *
 * Return: 0, or -ETIMEDOUT: it is down or has no carrier
 */
int nk_ip_link_wait(struct nk_nl *nl, uint32_t ifindex, uint32_t limit_ms, struct nk_error *err);

/* How an address is set. */
enum nk_ip_flags {
	NK_IP_DAD = 1, /* IPv6: the kernel looks for another host with it first: a second or two */
	NK_IP_NO_SUBNET = 2, /* the kernel makes no route to the address' subnet */
};

/**
 * nk_ip_addr_add() - give a device an address
 * @prefix: the address and the length of its subnet
 * @flags: of enum nk_ip_flags; after NK_IP_DAD see nk_ip_addr_wait_dad()
 *
 * An IPv4 address gets its subnet's broadcast address, as "ip address add ... broadcast +" does;
 * a /31 and a /32 have none.
 *
 * Return: 0, or -EEXIST where the device has the address already
 */
int nk_ip_addr_add(struct nk_nl *nl, uint32_t ifindex, const struct nk_prefix *prefix,
		   unsigned int flags, struct nk_error *err);

/* nk_ip_addr_has() - has the device that address, of that length? Return: 1 or 0, or an errno. */
int nk_ip_addr_has(struct nk_nl *nl, uint32_t ifindex, const struct nk_prefix *prefix,
		   struct nk_error *err);

/* nk_ip_addr_is_local() - has any device of the netns that address? Return: 1 or 0, or an errno. */
int nk_ip_addr_is_local(struct nk_nl *nl, const struct nk_ipaddr *addr, struct nk_error *err);

/**
 * nk_ip_addr_wait_dad() - wait until every IPv6 address of the device may be used
 * @limit_ms: how long at most; 0: look once
 *
 * Return: 0; -EADDRINUSE where another host has one; -ETIMEDOUT
 */
int nk_ip_addr_wait_dad(struct nk_nl *nl, uint32_t ifindex, uint32_t limit_ms,
			struct nk_error *err);

/**
 * nk_ip_route_add() - a route over a device
 * @route: the bits of dst behind its length do not count; no gw: dst is on the link. An IPv4 route
 *	   may have an IPv6 gateway, not the other way round
 * @onlink: take the gateway for reachable, although no subnet of the device holds it
 *
 * What is not given: table main; scope link, or universe with a gateway; priority 0, in IPv6 1024.
 * The route's protocol is "static": a routing daemon that starts purges "boot".
 *
 * Return: 0; -EEXIST where the table has a route to dst of that priority already, be it equal or
 * over another gateway or device: a caller who tolerates that asks nk_ip_route_has() which
 */
int nk_ip_route_add(struct nk_nl *nl, uint32_t ifindex, const struct nk_route *route, bool onlink,
		    struct nk_error *err);

/**
 * nk_ip_route_has() - is that route there, over that device?
 * @route: gw, mtu, advmss and scope are compared where given; table and priority always, with what
 *	   nk_ip_route_add() takes where they are not; with any_table it may be in any table
 *
 * A multipath route counts where one of its paths is that one: IPv6 joins routes of equal priority.
 *
 * Return: 1 or 0, or a negative errno
 */
int nk_ip_route_has(struct nk_nl *nl, uint32_t ifindex, const struct nk_route *route,
		    struct nk_error *err);

/* Builders and parsers, for tests. */

/* An address as RTM_NEWADDR describes it. */
struct nk_ip_addr {
	uint32_t ifindex;
	struct nk_prefix prefix;
	uint32_t flags; /* IFA_F_* */
};

struct nlmsghdr *nk_ip_put_addr(void *buf, uint32_t ifindex, const struct nk_prefix *prefix,
				unsigned int flags);
struct nlmsghdr *nk_ip_put_route(void *buf, uint32_t ifindex, const struct nk_route *route,
				 bool onlink);
int nk_ip_parse_addr(const struct nlmsghdr *msg, struct nk_ip_addr *ret, struct nk_error *err);
/* Return: 1 if the RTM_NEWROUTE message tells of @route over @ifindex, 0 if not, or -EBADMSG */
int nk_ip_match_route(const struct nlmsghdr *msg, uint32_t ifindex, const struct nk_route *route,
		      struct nk_error *err);

#endif
