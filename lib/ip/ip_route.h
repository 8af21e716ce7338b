/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ip_route.h - routes over a device, over rtnetlink
 *
 * Every function takes the socket of the netns of the device, and the ifindex. There is no remove: the
 * kernel removes a route with its device. The message builder is pure.
 */
#ifndef NK_IP_ROUTE_H
#define NK_IP_ROUTE_H

#include "base/types.h"

struct nk_error;
struct nk_nl;
struct nlmsghdr;

/**
 * nk_ip_route_add() - add a route over a device
 * @route: bits of dst behind its length are ignored; without gw, dst is on the link. An IPv4 route may
 *	   have an IPv6 gateway, but not the reverse
 * @onlink: use the gateway although it is in no subnet of the device
 *
 * Defaults: table main; scope link, or universe with a gateway; priority 0, in IPv6 1024. The protocol
 * of the route is "static", because a routing daemon that starts deletes routes of protocol "boot".
 *
 * Return: 0; -EEXIST: the table has a route to dst with that priority already, perhaps over another
 * gateway or device (nk_ip_route_has() tells); or another negative errno
 */
int nk_ip_route_add(struct nk_nl *nl, uint32_t ifindex, const struct nk_route *route, bool onlink,
		    struct nk_error *err);

/**
 * nk_ip_route_has() - is there that route over that device?
 * @route: gw, mtu, advmss and scope are compared if given; table and priority always, with the defaults
 *	   of nk_ip_route_add(); with any_table the route may be in any table
 *
 * A multipath route matches if one of its paths does, because IPv6 joins routes of equal priority.
 *
 * Return: 1 or 0, or a negative errno
 */
int nk_ip_route_has(struct nk_nl *nl, uint32_t ifindex, const struct nk_route *route,
		    struct nk_error *err);

/* nk_ip_route_lookup() - by which device would this netns send to that address? Return: 1 with its ifindex; 0: by none, or
 * the address is its own; or a negative errno
 */
int nk_ip_route_lookup(struct nk_nl *nl, const struct nk_ipaddr *addr, uint32_t *ret,
		       struct nk_error *err);

/* For tests. nk_ip_match_route() - Return: 1: the RTM_NEWROUTE describes @route over @ifindex; 0; or
 * -EBADMSG
 */
struct nlmsghdr *nk_ip_put_route(void *buf, uint32_t ifindex, const struct nk_route *route,
				 bool onlink);
int nk_ip_match_route(const struct nlmsghdr *msg, uint32_t ifindex, const struct nk_route *route,
		      struct nk_error *err);

#endif
