// SPDX-License-Identifier: Apache-2.0
/* ip.c - addresses and routes of a device, over rtnetlink */
#include "ip.h"

#include "error.h"
#include "ipaddr.h"
#include "nl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ipv6_route.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "banned.h"

#define POLL_MS		10
#define ROUTE_TEXT_SIZE (2 * NK_IPADDR_TEXT_SIZE + 48)

static const struct nk_nl_names addr_names[] = {
	{ IFA_ADDRESS, "address", NULL },
	{ IFA_LOCAL, "local", NULL },
	{ IFA_BROADCAST, "broadcast", NULL },
	{ 0, NULL, NULL },
};

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

static struct nlmsghdr *put_header(void *buf, uint16_t type, uint16_t flags, size_t family_header)
{
	struct nlmsghdr *msg;

	memset(buf, 0, NK_NL_REQUEST_SIZE); /* libmnl leaves the padding as it was */
	msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = type;
	msg->nlmsg_flags = flags;
	mnl_nlmsg_put_extra_header(msg, family_header);
	return msg;
}

static void put_ipaddr(struct nlmsghdr *msg, uint16_t type, const struct nk_ipaddr *addr)
{
	mnl_attr_put(msg, type, nk_ipaddr_size(addr), addr->bytes);
}

/* get_ipaddr() - an attribute that holds an address. Return: whether it is there and of that size */
static bool get_ipaddr(const struct nlattr *attr, uint8_t family, struct nk_ipaddr *ret)
{
	*ret = (struct nk_ipaddr){ .family = family };
	if (!attr || mnl_attr_get_payload_len(attr) != nk_ipaddr_size(ret))
		return false;
	memcpy(ret->bytes, mnl_attr_get_payload(attr), nk_ipaddr_size(ret));
	return true;
}

/* nap() - between two looks. Return: its milliseconds */
static uint32_t nap(void)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

	nanosleep(&pause, NULL);
	return POLL_MS;
}

/* --- the device ------------------------------------------------------------------------------ */

int nk_ip_link_up(struct nk_nl *nl, uint32_t ifindex, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = put_header(buf, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	int rc;

	ifi->ifi_index = (int)ifindex;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	rc = nk_nl_do(nl, msg, sizeof(*ifi), NULL, NULL, NULL, err);
	if (rc) {
		nk_error_class(err, NK_CODE_KERNEL, "cannot set the device up");
		nk_error_wrap(err, "set ifindex %u up (%s)", ifindex, nl->where);
	}
	return rc;
}

static int note_running(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(reply);

	if (reply->nlmsg_type != RTM_NEWLINK || reply->nlmsg_len < NLMSG_LENGTH(sizeof(*ifi)))
		return nk_nl_garbled(err, "RTM_NEWLINK");
	*(bool *)data = ifi->ifi_flags & IFF_RUNNING;
	return 0;
}

int nk_ip_link_wait(struct nk_nl *nl, uint32_t ifindex, uint32_t limit_ms, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = put_header(buf, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	bool running = false;
	uint32_t waited_ms;
	int rc;

	ifi->ifi_index = (int)ifindex;
	for (waited_ms = 0;; waited_ms += nap()) {
		/* Since Linux 6.9 asking has the link watch done at once (rtnl_getlink()). */
		rc = nk_nl_do(nl, msg, sizeof(*ifi), NULL, note_running, &running, err);
		if (rc || running)
			break;
		if (waited_ms >= limit_ms) {
			rc = nk_error_set(err, NK_CODE_KERNEL, ETIMEDOUT, "the device does not run",
					  "down or without carrier after %u ms: ETIMEDOUT",
					  limit_ms);
			break;
		}
	}
	if (rc)
		nk_error_wrap(err, "wait for ifindex %u (%s)", ifindex, nl->where);
	return rc;
}

/* --- addresses ------------------------------------------------------------------------------- */

/* put_broadcast() - the last address of an IPv4 subnet; one of two addresses has none (RFC 3021) */
static void put_broadcast(struct nlmsghdr *msg, const struct nk_prefix *prefix)
{
	struct nk_ipaddr last = prefix->addr;
	unsigned int bit;

	if (prefix->len >= 31)
		return;
	for (bit = prefix->len; bit < 32; bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	put_ipaddr(msg, IFA_BROADCAST, &last);
}

struct nlmsghdr *nk_ip_put_addr(void *buf, uint32_t ifindex, const struct nk_prefix *prefix,
				unsigned int flags)
{
	struct nlmsghdr *msg;
	struct ifaddrmsg *ifa;
	uint32_t kernel_flags = 0;

	msg = put_header(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*ifa));
	ifa = mnl_nlmsg_get_payload(msg);
	ifa->ifa_family = prefix->addr.family;
	ifa->ifa_prefixlen = prefix->len;
	ifa->ifa_index = ifindex;
	if (prefix->addr.family == AF_INET6 && !(flags & NK_IP_DAD))
		kernel_flags |= IFA_F_NODAD;
	if (flags & NK_IP_NO_SUBNET)
		kernel_flags |= IFA_F_NOPREFIXROUTE;
	ifa->ifa_flags = (uint8_t)kernel_flags;
	if (kernel_flags > UINT8_MAX)
		mnl_attr_put_u32(msg, IFA_FLAGS, kernel_flags);
	put_ipaddr(msg, IFA_LOCAL, &prefix->addr);
	put_ipaddr(msg, IFA_ADDRESS, &prefix->addr);
	if (prefix->addr.family == AF_INET)
		put_broadcast(msg, prefix);
	return msg;
}

int nk_ip_addr_add(struct nk_nl *nl, uint32_t ifindex, const struct nk_prefix *prefix,
		   unsigned int flags, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE], text[NK_IPADDR_TEXT_SIZE];
	int rc;

	rc = nk_nl_do(nl, nk_ip_put_addr(buf, ifindex, prefix, flags), sizeof(struct ifaddrmsg),
		      addr_names, NULL, NULL, err);
	if (!rc)
		return 0;
	nk_prefix_text(prefix, text);
	nk_error_class(err, NK_CODE_KERNEL, "cannot add the address");
	nk_error_wrap(err, "add address %s to ifindex %u (%s)", text, ifindex, nl->where);
	if (rc == -EACCES)
		nk_error_remedy(err, "set sysctl net.ipv6.conf.<device>.disable_ipv6 to 0 there");
	else if (rc == -EOPNOTSUPP && prefix->addr.family == AF_INET6)
		nk_error_remedy(err, "this kernel runs without IPv6 (ipv6.disable=1?): "
				     "give the attachment IPv4 addresses alone");
	return rc;
}

int nk_ip_parse_addr(const struct nlmsghdr *msg, struct nk_ip_addr *ret, struct nk_error *err)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);
	const size_t skip = NLMSG_LENGTH(sizeof(*ifa));
	const struct nlattr *tb[IFA_FLAGS + 1];
	struct nk_ip_addr addr = { 0 };

	if (msg->nlmsg_type != RTM_NEWADDR || msg->nlmsg_len < skip ||
	    nk_nl_parse((const char *)msg + skip, msg->nlmsg_len - skip, IFA_FLAGS, tb))
		return nk_nl_garbled(err, "RTM_NEWADDR");
	addr.ifindex = ifa->ifa_index;
	addr.prefix.addr.family = ifa->ifa_family;
	addr.prefix.len = ifa->ifa_prefixlen;
	addr.flags = tb[IFA_FLAGS] ? nk_nl_u32(tb[IFA_FLAGS]) : ifa->ifa_flags;
	/* IFA_ADDRESS is the other end's where there is one; IPv6 has no IFA_LOCAL else. */
	if (nk_ipaddr_size(&addr.prefix.addr) &&
	    (!get_ipaddr(tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], ifa->ifa_family,
			 &addr.prefix.addr) ||
	     addr.prefix.len > 8 * nk_ipaddr_size(&addr.prefix.addr)))
		return nk_nl_garbled(err, "RTM_NEWADDR");
	*ret = addr;
	return 0;
}

/* A kernel without IPv6 answers with the addresses of all families: replies are looked through. */
static int dump_addrs(struct nk_nl *nl, uint8_t family, uint32_t ifindex, nk_nl_reply reply,
		      void *data, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = put_header(buf, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);
	int rc;

	ifa->ifa_family = family;
	ifa->ifa_index = ifindex;
	rc = nk_nl_do(nl, msg, sizeof(*ifa), addr_names, reply, data, err);
	if (rc)
		nk_error_wrap(err, "read the addresses of ifindex %u (%s)", ifindex, nl->where);
	return rc;
}

struct addr_search {
	uint32_t ifindex;
	const struct nk_prefix *prefix;
	bool found;
};

static int compare_addr(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct addr_search *search = data;
	struct nk_ip_addr addr = { 0 };
	int rc = nk_ip_parse_addr(reply, &addr, err);

	if (!rc && addr.ifindex == search->ifindex && addr.prefix.len == search->prefix->len &&
	    nk_ipaddr_equal(&addr.prefix.addr, &search->prefix->addr))
		search->found = true;
	return rc;
}

int nk_ip_addr_has(struct nk_nl *nl, uint32_t ifindex, const struct nk_prefix *prefix,
		   struct nk_error *err)
{
	struct addr_search search = { .ifindex = ifindex, .prefix = prefix };
	int rc = dump_addrs(nl, prefix->addr.family, ifindex, compare_addr, &search, err);

	return rc ? rc : search.found;
}

struct local_search {
	const struct nk_ipaddr *addr;
	bool found;
};

static int compare_local(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct local_search *search = data;
	struct nk_ip_addr addr = { 0 };
	int rc = nk_ip_parse_addr(reply, &addr, err);

	search->found |= !rc && nk_ipaddr_equal(&addr.prefix.addr, search->addr);
	return rc;
}

int nk_ip_addr_is_local(struct nk_nl *nl, const struct nk_ipaddr *addr, struct nk_error *err)
{
	struct local_search search = { .addr = addr };
	int rc = dump_addrs(nl, addr->family, 0, compare_local, &search, err);

	return rc ? rc : search.found;
}

/* What a look at all IPv6 addresses of a device shows. */
struct dad_look {
	uint32_t ifindex;
	bool tentative, failed;
	struct nk_prefix prefix; /* of the one that is failed, or else tentative */
};

static int look_at_dad(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct dad_look *look = data;
	struct nk_ip_addr addr = { 0 };
	int rc = nk_ip_parse_addr(reply, &addr, err);

	if (rc || addr.ifindex != look->ifindex || addr.prefix.addr.family != AF_INET6)
		return rc;
	/* One that failed stays tentative. */
	if (!look->failed && (addr.flags & (IFA_F_DADFAILED | IFA_F_TENTATIVE))) {
		look->tentative = true;
		look->failed = addr.flags & IFA_F_DADFAILED;
		look->prefix = addr.prefix;
	}
	return 0;
}

int nk_ip_addr_wait_dad(struct nk_nl *nl, uint32_t ifindex, uint32_t limit_ms, struct nk_error *err)
{
	char text[NK_IPADDR_TEXT_SIZE];
	struct dad_look look;
	uint32_t waited_ms;
	int rc;

	for (waited_ms = 0;; waited_ms += nap()) {
		look = (struct dad_look){ .ifindex = ifindex };
		rc = dump_addrs(nl, AF_INET6, ifindex, look_at_dad, &look, err);
		if (rc || !look.tentative)
			return rc;
		nk_prefix_text(&look.prefix, text);
		if (look.failed)
			return nk_error_set(err, NK_CODE_KERNEL, EADDRINUSE,
					    "another host has the address",
					    "duplicate address detection of %s on ifindex %u (%s) "
					    "failed: EADDRINUSE",
					    text, ifindex, nl->where);
		if (waited_ms >= limit_ms)
			return nk_error_set(err, NK_CODE_KERNEL, ETIMEDOUT,
					    "an address did not become usable",
					    "duplicate address detection of %s on ifindex %u (%s) "
					    "has not ended after %u ms: ETIMEDOUT",
					    text, ifindex, nl->where, limit_ms);
	}
}

/* --- routes ---------------------------------------------------------------------------------- */

/* The kernel takes table 0 for main too, but a dump filtered by it lists all tables. */
static uint32_t table_of(const struct nk_route *route)
{
	return route->has_table && route->table ? route->table : RT_TABLE_MAIN;
}

/* What IPv6 makes of 0; said outright, for a removal takes 0 for any priority. */
static uint32_t priority_of(const struct nk_route *route)
{
	return route->priority || route->dst.addr.family != AF_INET6 ? route->priority :
								       IP6_RT_PRIO_USER;
}

static uint32_t scope_of(const struct nk_route *route)
{
	if (route->has_scope)
		return route->scope;
	return route->gw.family ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
}

static void route_text(const struct nk_route *route, char ret[ROUTE_TEXT_SIZE])
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

/* impossible() - why there can be no such route, or NULL */
static const char *impossible(const struct nk_route *route)
{
	if (route->dst.addr.family == AF_INET6 && route->gw.family == AF_INET)
		return "an IPv6 route cannot have an IPv4 gateway";
	if (scope_of(route) > UINT8_MAX)
		return "scope is a number from 0 to 255";
	return NULL;
}

static void put_gateway(struct nlmsghdr *msg, const struct nk_route *route)
{
	char buf[sizeof(struct rtvia) + sizeof(route->gw.bytes)];
	const struct rtvia via = { .rtvia_family = route->gw.family };

	if (route->gw.family == route->dst.addr.family) {
		put_ipaddr(msg, RTA_GATEWAY, &route->gw);
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
	const uint32_t table = table_of(route);
	struct nlmsghdr *msg;
	struct rtmsg *rtm;

	msg = put_header(buf, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof(*rtm));
	rtm = mnl_nlmsg_get_payload(msg);
	rtm->rtm_family = dst.addr.family;
	rtm->rtm_dst_len = dst.len;
	rtm->rtm_table = table <= UINT8_MAX ? (uint8_t)table : RT_TABLE_UNSPEC;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = (uint8_t)scope_of(route); /* impossible() has seen it */
	rtm->rtm_type = RTN_UNICAST;
	if (dst.len)
		put_ipaddr(msg, RTA_DST, &dst.addr);
	mnl_attr_put_u32(msg, RTA_OIF, ifindex);
	if (route->gw.family) {
		rtm->rtm_flags = onlink ? RTNH_F_ONLINK : 0;
		put_gateway(msg, route);
	}
	if (priority_of(route))
		mnl_attr_put_u32(msg, RTA_PRIORITY, priority_of(route));
	if (table > UINT8_MAX)
		mnl_attr_put_u32(msg, RTA_TABLE, table);
	put_metrics(msg, route);
	return msg;
}

static int do_route(struct nk_nl *nl, struct nlmsghdr *msg, nk_nl_reply reply, void *data,
		    struct nk_error *err)
{
	return nk_nl_do(nl, msg, sizeof(struct rtmsg), route_names, reply, data, err);
}

int nk_ip_route_add(struct nk_nl *nl, uint32_t ifindex, const struct nk_route *route, bool onlink,
		    struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE], text[ROUTE_TEXT_SIZE];
	const char *why = impossible(route);
	int rc;

	route_text(route, text);
	if (why)
		return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "impossible route",
				    "add route %s to ifindex %u (%s): %s", text, ifindex, nl->where,
				    why);
	rc = do_route(nl, nk_ip_put_route(buf, ifindex, route, onlink), NULL, NULL, err);
	if (!rc)
		return 0;
	nk_error_class(err, NK_CODE_KERNEL, "cannot add the route");
	nk_error_wrap(err, "add route %s to ifindex %u (%s)", text, ifindex, nl->where);
	if (route->gw.family && (rc == -ENETUNREACH || rc == -EHOSTUNREACH))
		nk_error_remedy(err, "the gateway has to be in the subnet of one of the device's "
				     "addresses, or have a route of scope link (253)");
	return rc;
}

/* same_destination() - all but device and gateway; -EBADMSG where the metrics are garbled */
static int same_destination(const struct rtmsg *rtm, const struct nlattr **tb,
			    const struct nk_route *route)
{
	const struct nk_prefix dst = nk_prefix_mask(&route->dst);
	const struct nlattr *metrics[RTAX_ADVMSS + 1];
	struct nk_ipaddr addr;

	if (nk_nl_parse_nested(tb[RTA_METRICS], RTAX_ADVMSS, metrics))
		return -EBADMSG;
	if (rtm->rtm_family != dst.addr.family || rtm->rtm_type != RTN_UNICAST ||
	    rtm->rtm_dst_len != dst.len ||
	    (!route->any_table && nk_nl_u32(tb[RTA_TABLE]) != table_of(route)) ||
	    nk_nl_u32(tb[RTA_PRIORITY]) != priority_of(route))
		return 0;
	if (dst.len && (!get_ipaddr(tb[RTA_DST], rtm->rtm_family, &addr) ||
			!nk_ipaddr_equal(&addr, &dst.addr)))
		return 0;
	if (route->has_scope && rtm->rtm_family == AF_INET && rtm->rtm_scope != route->scope)
		return 0; /* IPv6 keeps no scope */
	return (!route->mtu || nk_nl_u32(metrics[RTAX_MTU]) == route->mtu) &&
	       (!route->advmss || nk_nl_u32(metrics[RTAX_ADVMSS]) == route->advmss);
}

static bool same_gateway(const struct nlattr **tb, const struct nk_route *route)
{
	const size_t size = nk_ipaddr_size(&route->gw);
	const struct rtvia *via;
	struct nk_ipaddr addr;

	if (!route->gw.family)
		return true;
	if (route->gw.family == route->dst.addr.family)
		return get_ipaddr(tb[RTA_GATEWAY], route->gw.family, &addr) &&
		       nk_ipaddr_equal(&addr, &route->gw);
	if (!tb[RTA_VIA] || mnl_attr_get_payload_len(tb[RTA_VIA]) != sizeof(*via) + size)
		return false;
	via = mnl_attr_get_payload(tb[RTA_VIA]);
	return via->rtvia_family == route->gw.family &&
	       !memcmp(via->rtvia_addr, route->gw.bytes, size);
}

/* one_path() - is any path of RTA_MULTIPATH over that device and gateway? -EBADMSG if garbled */
static int one_path(const struct nlattr *multipath, uint32_t ifindex, const struct nk_route *route)
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
		if ((uint32_t)path->rtnh_ifindex == ifindex && same_gateway(tb, route))
			found = true;
		step = MNL_ALIGN(path->rtnh_len);
		if (step > left)
			step = left; /* the last one is not padded */
	}
	return found;
}

int nk_ip_match_route(const struct nlmsghdr *msg, uint32_t ifindex, const struct nk_route *route,
		      struct nk_error *err)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	const size_t skip = NLMSG_LENGTH(sizeof(*rtm));
	const struct nlattr *tb[RTA_VIA + 1];
	int rc;

	if (msg->nlmsg_type != RTM_NEWROUTE || msg->nlmsg_len < skip ||
	    nk_nl_parse((const char *)msg + skip, msg->nlmsg_len - skip, RTA_VIA, tb))
		return nk_nl_garbled(err, "RTM_NEWROUTE");
	rc = same_destination(rtm, tb, route);
	if (rc > 0 && tb[RTA_MULTIPATH])
		rc = one_path(tb[RTA_MULTIPATH], ifindex, route);
	else if (rc > 0)
		rc = nk_nl_u32(tb[RTA_OIF]) == ifindex && same_gateway(tb, route);
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
	struct nlmsghdr *msg = put_header(buf, RTM_GETROUTE, NLM_F_DUMP, sizeof(struct rtmsg));
	struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	int rc;

	/* A strict dump filters by these two and the family, and takes no other. */
	rtm->rtm_family = route->dst.addr.family;
	if (!route->any_table)
		mnl_attr_put_u32(msg, RTA_TABLE, table_of(route));
	mnl_attr_put_u32(msg, RTA_OIF, ifindex);
	rc = do_route(nl, msg, compare_route, &search, err);
	if (rc == -ENOENT) {
		nk_error_reset(err); /* no such table: the kernel makes one with its first route */
		return 0;
	}
	if (rc) {
		route_text(route, text);
		nk_error_wrap(err, "look for route %s on ifindex %u (%s)", text, ifindex,
			      nl->where);
	}
	return rc ? rc : search.found;
}
