// SPDX-License-Identifier: Apache-2.0
/* ip_route.c - routes over a device, over rtnetlink */
#include "ip/ip_route.h"

#include "base/error.h"
#include "base/ipaddr.h"
#include "kernel/nl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ipv6_route.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/banned.h"

#define ROUTE_TEXT_SIZE (2 * NK_IPADDR_TEXT_SIZE + 48)

static const struct nk_nl_names metrics_names[] = {
	{ RTAX_MTU, "mtu", NULL },
	{ RTAX_ADVMSS, "advmss", NULL },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names route_names[] = {
	{ RTA_DST, "dst", NULL },
	{ RTA_OIF, "oif", NULL },
	{ RTA_GATEWAY, "gateway", NULL },
	{ RTA_PRIORITY, "priority", NULL },
	{ RTA_METRICS, "metrics", metrics_names },
	{ RTA_TABLE, "table", NULL },
	{ RTA_VIA, "via", NULL },
	{ 0, NULL, NULL },
};

/* In a request, the kernel takes table 0 as main; but a dump filtered by 0 lists all tables. */
static uint32_t get_table(const struct nk_route *route)
{
	return route->has_table && route->table ? route->table : RT_TABLE_MAIN;
}

/* The priority that the kernel stores: IPv6 replaces 0 by a default. */
static uint32_t get_priority(const struct nk_route *route)
{
	return route->priority || route->dst.addr.family != AF_INET6 ? route->priority :
								       IP6_RT_PRIO_USER;
}

static uint32_t get_scope(const struct nk_route *route)
{
	if (route->has_scope)
		return route->scope;
	return route->gw.family ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
}

static void print_route(const struct nk_route *route, char ret[ROUTE_TEXT_SIZE])
{
	const struct nk_prefix dst = nk_prefix_mask(&route->dst);
	char gw[NK_IPADDR_TEXT_SIZE];
	size_t len;

	nk_prefix_text(&dst, ret);
	nk_ipaddr_text(&route->gw, gw);
	len = strlen(ret);
	len += (size_t)snprintf(ret + len, ROUTE_TEXT_SIZE - len, "%s%s", *gw ? " via " : "", gw);
	if (route->has_table)
		len += (size_t)snprintf(ret + len, ROUTE_TEXT_SIZE - len, " table %u",
					route->table);
	if (route->priority)
		snprintf(ret + len, ROUTE_TEXT_SIZE - len, " priority %u", route->priority);
}

/* find_flaw() - why the kernel cannot have such a route, or NULL */
static const char *find_flaw(const struct nk_route *route)
{
	if (route->dst.addr.family == AF_INET6 && route->gw.family == AF_INET)
		return "an IPv6 route cannot have an IPv4 gateway";
	if (get_scope(route) > UINT8_MAX)
		return "scope is a number from 0 to 255";
	return NULL;
}

static void put_gateway(struct nlmsghdr *msg, const struct nk_route *route)
{
	char buf[sizeof(struct rtvia) + sizeof(route->gw.bytes)];
	const struct rtvia via = { .rtvia_family = route->gw.family };

	if (route->gw.family == route->dst.addr.family) {
		nk_nl_put_ipaddr(msg, RTA_GATEWAY, &route->gw);
		return;
	}
	memcpy(buf, &via, sizeof(via));
	memcpy(buf + sizeof(via), route->gw.bytes, sizeof(route->gw.bytes));
	mnl_attr_put(msg, RTA_VIA, sizeof(via) + nk_ipaddr_size(&route->gw), buf);
}

static void put_metrics(struct nlmsghdr *msg, const struct nk_route *route)
{
	struct nlattr *metrics;

	if (!route->mtu && !route->advmss)
		return;
	metrics = mnl_attr_nest_start(msg, RTA_METRICS);
	if (route->mtu)
		mnl_attr_put_u32(msg, RTAX_MTU, route->mtu);
	if (route->advmss)
		mnl_attr_put_u32(msg, RTAX_ADVMSS, route->advmss);
	mnl_attr_nest_end(msg, metrics);
}

struct nlmsghdr *nk_ip_put_route(void *buf, uint32_t ifindex, const struct nk_route *route,
				 bool onlink)
{
	const struct nk_prefix dst = nk_prefix_mask(&route->dst);
	const uint32_t table = get_table(route);
	struct nlmsghdr *msg;
	struct rtmsg *rtm;

	msg = nk_nl_put_header(buf, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof(*rtm));
	rtm = mnl_nlmsg_get_payload(msg);
	rtm->rtm_family = dst.addr.family;
	rtm->rtm_dst_len = dst.len;
	rtm->rtm_table = table <= UINT8_MAX ? (uint8_t)table : RT_TABLE_UNSPEC;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = (uint8_t)get_scope(route); /* find_flaw() has checked it */
	rtm->rtm_type = RTN_UNICAST;
	if (dst.len)
		nk_nl_put_ipaddr(msg, RTA_DST, &dst.addr);
	mnl_attr_put_u32(msg, RTA_OIF, ifindex);
	if (route->gw.family) {
		rtm->rtm_flags = onlink ? RTNH_F_ONLINK : 0;
		put_gateway(msg, route);
	}
	if (get_priority(route))
		mnl_attr_put_u32(msg, RTA_PRIORITY, get_priority(route));
	if (table > UINT8_MAX)
		mnl_attr_put_u32(msg, RTA_TABLE, table);
	put_metrics(msg, route);
	return msg;
}

static int request_route(struct nk_nl *nl, struct nlmsghdr *msg, nk_nl_reply reply, void *data,
			 struct nk_error *err)
{
	return nk_nl_do(nl, msg, sizeof(struct rtmsg), route_names, reply, data, err);
}

int nk_ip_route_add(struct nk_nl *nl, uint32_t ifindex, const struct nk_route *route, bool onlink,
		    struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE], text[ROUTE_TEXT_SIZE];
	const char *why = find_flaw(route);
	int rc;

	print_route(route, text);
	if (why)
		return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid route",
				    "add route %s to ifindex %u (%s): %s", text, ifindex, nl->where,
				    why);
	rc = request_route(nl, nk_ip_put_route(buf, ifindex, route, onlink), NULL, NULL, err);
	if (!rc)
		return 0;
	nk_error_class(err, NK_CODE_KERNEL, "cannot add the route");
	nk_error_wrap(err, "add route %s to ifindex %u (%s)", text, ifindex, nl->where);
	if (route->gw.family && (rc == -ENETUNREACH || rc == -EHOSTUNREACH))
		nk_error_remedy(err,
				"use a gateway in the subnet of one of the device's addresses, "
				"or add a route of scope link (253) to it first");
	return rc;
}

/* match_destination() - compare all but device and gateway. Return: 1, 0 or -EBADMSG */
static int match_destination(const struct rtmsg *rtm, const struct nlattr **tb,
			     const struct nk_route *route)
{
	const struct nk_prefix dst = nk_prefix_mask(&route->dst);
	const struct nlattr *metrics[RTAX_ADVMSS + 1];
	struct nk_ipaddr addr;

	if (nk_nl_parse_nested(tb[RTA_METRICS], RTAX_ADVMSS, metrics))
		return -EBADMSG;
	if (rtm->rtm_family != dst.addr.family || rtm->rtm_type != RTN_UNICAST ||
	    rtm->rtm_dst_len != dst.len ||
	    (!route->any_table && nk_nl_u32(tb[RTA_TABLE]) != get_table(route)) ||
	    nk_nl_u32(tb[RTA_PRIORITY]) != get_priority(route))
		return 0;
	if (dst.len && (!nk_nl_ipaddr(tb[RTA_DST], rtm->rtm_family, &addr) ||
			!nk_ipaddr_equal(&addr, &dst.addr)))
		return 0;
	if (route->has_scope && rtm->rtm_family == AF_INET && rtm->rtm_scope != route->scope)
		return 0; /* IPv6 stores no scope */
	return (!route->mtu || nk_nl_u32(metrics[RTAX_MTU]) == route->mtu) &&
	       (!route->advmss || nk_nl_u32(metrics[RTAX_ADVMSS]) == route->advmss);
}

static bool is_same_gateway(const struct nlattr **tb, const struct nk_route *route)
{
	const size_t size = nk_ipaddr_size(&route->gw);
	const struct rtvia *via;
	struct nk_ipaddr addr;

	if (!route->gw.family)
		return true;
	if (route->gw.family == route->dst.addr.family)
		return nk_nl_ipaddr(tb[RTA_GATEWAY], route->gw.family, &addr) &&
		       nk_ipaddr_equal(&addr, &route->gw);
	if (!tb[RTA_VIA] || mnl_attr_get_payload_len(tb[RTA_VIA]) != sizeof(*via) + size)
		return false;
	via = mnl_attr_get_payload(tb[RTA_VIA]);
	return via->rtvia_family == route->gw.family &&
	       !memcmp(via->rtvia_addr, route->gw.bytes, size);
}

/* match_paths() - does a path of RTA_MULTIPATH use that device and gateway? Return: 1, 0 or -EBADMSG */
static int match_paths(const struct nlattr *multipath, uint32_t ifindex,
		       const struct nk_route *route)
{
	const char *at = mnl_attr_get_payload(multipath);
	size_t step, left = mnl_attr_get_payload_len(multipath);
	const struct nlattr *tb[RTA_VIA + 1];
	const struct rtnexthop *path;
	bool found = false;

	for (; left; at += step, left -= step) {
		path = (const struct rtnexthop *)at;
		if (left < sizeof(*path) || path->rtnh_len < sizeof(*path) ||
		    path->rtnh_len > left ||
		    nk_nl_parse(path + 1, path->rtnh_len - sizeof(*path), RTA_VIA, tb))
			return -EBADMSG;
		if ((uint32_t)path->rtnh_ifindex == ifindex && is_same_gateway(tb, route))
			found = true;
		step = MNL_ALIGN(path->rtnh_len);
		if (step > left)
			step = left; /* the last path may lack its padding */
	}
	return found;
}

int nk_ip_match_route(const struct nlmsghdr *msg, uint32_t ifindex, const struct nk_route *route,
		      struct nk_error *err)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	const struct nlattr *tb[RTA_VIA + 1];
	int rc;

	if (msg->nlmsg_type != RTM_NEWROUTE || nk_nl_parse_message(msg, sizeof(*rtm), RTA_VIA, tb))
		return nk_nl_garbled(err, "RTM_NEWROUTE");
	rc = match_destination(rtm, tb, route);
	if (rc > 0 && tb[RTA_MULTIPATH])
		rc = match_paths(tb[RTA_MULTIPATH], ifindex, route);
	else if (rc > 0)
		rc = nk_nl_u32(tb[RTA_OIF]) == ifindex && is_same_gateway(tb, route);
	return rc < 0 ? nk_nl_garbled(err, "RTM_NEWROUTE") : rc;
}

struct route_search {
	uint32_t ifindex;
	const struct nk_route *route;
	bool found;
};

static int compare_route(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct route_search *search = data;
	int rc = nk_ip_match_route(reply, search->ifindex, search->route, err);

	if (rc > 0)
		search->found = true;
	return rc < 0 ? rc : 0;
}

int nk_ip_route_has(struct nk_nl *nl, uint32_t ifindex, const struct nk_route *route,
		    struct nk_error *err)
{
	struct route_search search = { .ifindex = ifindex, .route = route };
	char buf[NK_NL_REQUEST_SIZE], text[ROUTE_TEXT_SIZE];
	struct nlmsghdr *msg =
		nk_nl_put_header(buf, RTM_GETROUTE, NLM_F_DUMP, sizeof(struct rtmsg));
	struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	int rc;

	/* A strict dump accepts these two filters and the family, and no other. */
	rtm->rtm_family = route->dst.addr.family;
	if (!route->any_table)
		mnl_attr_put_u32(msg, RTA_TABLE, get_table(route));
	mnl_attr_put_u32(msg, RTA_OIF, ifindex);
	rc = request_route(nl, msg, compare_route, &search, err);
	if (rc == -ENOENT) {
		nk_error_reset(err); /* the kernel creates a table with its first route */
		return 0;
	}
	if (rc) {
		print_route(route, text);
		nk_error_wrap(err, "look for route %s on ifindex %u (%s)", text, ifindex,
			      nl->where);
	}
	return rc ? rc : search.found;
}

/* note_device() - of the route that was looked up */
static int note_device(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(reply);
	const struct nlattr *tb[RTA_OIF + 1];
	uint32_t *ret = data;

	if (nk_nl_parse_message(reply, sizeof(*rtm), RTA_OIF, tb))
		return nk_nl_garbled(err, "RTM_NEWROUTE");
	*ret = rtm->rtm_type == RTN_UNICAST ? nk_nl_u32(tb[RTA_OIF]) : 0;
	return 0;
}

int nk_ip_route_lookup(struct nk_nl *nl, const struct nk_ipaddr *addr, uint32_t *ret,
		       struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_nl_put_header(buf, RTM_GETROUTE, 0, sizeof(struct rtmsg));
	struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	struct nk_error none = { 0 };
	int rc;

	rtm->rtm_family = addr->family;
	rtm->rtm_dst_len = (uint8_t)(8 * nk_ipaddr_size(addr));
	mnl_attr_put(msg, RTA_DST, nk_ipaddr_size(addr), addr->bytes);
	*ret = 0;
	rc = nk_nl_do(nl, msg, sizeof(*rtm), route_names, note_device, ret, &none);
	/* No route, or one of type unreachable, prohibit, blackhole. */
	if (!rc || rc == -ENETUNREACH || rc == -EHOSTUNREACH || rc == -EACCES || rc == -EINVAL)
		return *ret != 0;
	*err = none;
	nk_error_wrap(err, "look up a route (%s)", nl->where);
	return rc;
}
