// SPDX-License-Identifier: Apache-2.0
/* address.c - addresses and routes of an attachment, in the Pod and on the host */
#include "address.h"

#include "announce.h"
#include "error.h"
#include "ip.h"
#include "ipaddr.h"
#include "log.h"
#include "sysctl.h"
#include "uapi.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "banned.h"

#define IPV6_MIN_MTU  1280

#define DAD_LIMIT_MS  10000
#define LINK_LIMIT_MS 1000

/* With the device's ifindex added, a priority behind the kernel's own: 0, in IPv6 1024. */
#define BEHIND_OTHERS 1024

static bool has_ipv6(const struct nk_ipam_result *ips)
{
	uint32_t i;

	for (i = 0; i < ips->ip_count; i++)
		if (ips->ips[i].address.addr.family == AF_INET6)
			return true;
	return false;
}

/* What the addresses need beside themselves. Managers of networks, and the defaults that a host has
 * for its new devices, may say otherwise, and images turn IPv6 off; so all of it is said here.
 */
static const struct parameter {
	const char *family, *name, *value;
	enum {
		POD,
		HOST_END,
		ALL
	} of;
	bool l2, forwarding; /* with that alone */
} parameters[] = {
	/* Else the kernel refuses the address; and one that goes down and up again has lost it. */
	{ "ipv6", "disable_ipv6", "0", POD, false, false },
	{ "ipv6", "keep_addr_on_down", "1", POD, false, false },
	{ "ipv6", "disable_ipv6", "0", HOST_END, false, false },
	{ "ipv6", "keep_addr_on_down", "1", HOST_END, false, false },
	/* The host asks with its link-local address who has the Pod's, for frames it forwards. */
	{ "ipv6", "addr_gen_mode", "0", HOST_END, true, false },
	{ "ipv4", "forwarding", "1", ALL, false, true },
	{ "ipv4", "forwarding", "1", HOST_END, false, true },
	{ "ipv6", "forwarding", "1", ALL, false, true },
};

typedef int (*nk_parameter_fn)(int netns_fd, const char *path, const char *value,
			       struct nk_error *err);

static int each_parameter(const struct nk_attachment *att, const struct nk_config *config,
			  bool ipv6, nk_parameter_fn fn, struct nk_error *err)
{
	const char *const devices[] = { att->key.ifname, att->host_name, "all" };
	const struct parameter *parameter;
	char path[96];
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(parameters) / sizeof(parameters[0]) && !rc; i++) {
		parameter = &parameters[i];
		if ((!strcmp(parameter->family, "ipv6") && !ipv6) ||
		    (parameter->of == HOST_END && !att->pair) ||
		    (parameter->l2 && config->netkit.mode != NK_NETKIT_L2) ||
		    (parameter->forwarding && !config->forwarding))
			continue;
		snprintf(path, sizeof(path), "net/%s/conf/%s/%s", parameter->family,
			 devices[parameter->of], parameter->name);
		rc = fn(parameter->of == POD ? att->netns_fd : -1, path, parameter->value, err);
	}
	return rc;
}

/* check_parameter() - any number above 0 switches on */
static int check_parameter(int netns_fd, const char *path, const char *value, struct nk_error *err)
{
	char found[NK_SYSCTL_SIZE];
	int rc = nk_sysctl_read(netns_fd, path, found, err);

	if (rc || !strcmp(found, value) ||
	    (!strcmp(value, "1") && *found != '-' && strcmp(found, "0") != 0))
		return rc;
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: a kernel parameter was changed",
			    "%s: expected %s, found %s", path, value, found);
}

/* gateway_of() - where a route goes that names no gateway: to the first of its family. One whose
 * scope is the link, or less, has none.
 */
static struct nk_ipaddr gateway_of(const struct nk_route *route, const struct nk_ipam_result *ips)
{
	uint32_t i;

	if (route->gw.family || (route->has_scope && route->scope >= RT_SCOPE_LINK))
		return route->gw;
	for (i = 0; i < ips->ip_count; i++)
		if (ips->ips[i].gateway.family == route->dst.addr.family)
			return ips->ips[i].gateway;
	return route->gw;
}

/* with_gateway() - the route to the gateway itself leads to the link */
static struct nk_route with_gateway(const struct nk_route *route, const struct nk_ipam_result *ips)
{
	const struct nk_ipaddr gateway = gateway_of(route, ips);
	const struct nk_prefix itself = nk_prefix_host(&gateway);
	struct nk_route whole = *route;

	whole.gw = gateway;
	if (gateway.family && nk_prefix_equal(&route->dst, &itself)) {
		whole.gw = (struct nk_ipaddr){ 0 };
		whole.has_scope = false;
	}
	return whole;
}

static struct nk_route to(struct nk_prefix dst)
{
	return (struct nk_route){ .dst = dst };
}

/* behind() - the route where another device has its place: behind that, for what is bound to ours */
static struct nk_route behind(const struct nk_route *route, uint32_t ifindex)
{
	struct nk_route later = *route;

	later.priority = BEHIND_OTHERS + ifindex;
	return later;
}

/* has_route() - as add_route() made it */
static int has_route(struct nk_nl *nl, uint32_t ifindex, const struct nk_route *route,
		     struct nk_error *err)
{
	const struct nk_route later = behind(route, ifindex);
	int rc = nk_ip_route_has(nl, ifindex, route, err);

	return rc || route->priority ? rc : nk_ip_route_has(nl, ifindex, &later, err);
}

/* add_route() - one that we made already, for another address' gateway say, will do. Where another
 * device has its place, with another network's default route say, that one stays; two of our own in
 * one place are an error.
 */
static int add_route(struct nk_nl *nl, uint32_t ifindex, const struct nk_route *route,
		     struct nk_error *err)
{
	const struct nk_route later = behind(route, ifindex);
	const struct nk_route place = { .dst = route->dst,
					.has_table = route->has_table,
					.table = route->table };
	int made, taken = 0, rc = nk_ip_route_add(nl, ifindex, route, false, err);
	struct nk_error unread = { 0 };

	if (rc != -EEXIST)
		return rc;
	made = has_route(nl, ifindex, route, &unread);
	if (!made)
		taken = route->priority ? 1 : nk_ip_route_has(nl, ifindex, &place, &unread);
	if (made < 0 || taken < 0) {
		*err = unread;
		return made < 0 ? made : taken;
	}
	if (taken)
		return rc;
	nk_error_reset(err);
	return made ? 0 : nk_ip_route_add(nl, ifindex, &later, false, err);
}

/* is_given() - does the configuration route that prefix itself? Then its route stands for ours. */
static bool is_given(const struct nk_ipam_result *ips, const struct nk_prefix *dst)
{
	const struct nk_route *route;
	uint32_t i;

	for (i = 0; i < ips->route_count; i++) {
		route = &ips->routes[i];
		if (!route->has_table && !route->priority && nk_prefix_equal(&route->dst, dst))
			return true;
	}
	return false;
}

/* The Pod's own ways to an address' gateway and subnet: to the latter by way of the former, for at
 * the other end of a pair is the host and nobody else.
 */
struct subnet {
	uint32_t count;
	struct nk_route routes[2];
};

static struct subnet subnet_of(const struct nk_ip *ip, const struct nk_ipam_result *ips)
{
	const bool has_gateway = ip->gateway.family == ip->address.addr.family;
	const bool whole = ip->address.len == 8 * nk_ipaddr_size(&ip->address.addr);
	struct nk_route gateway = to(nk_prefix_host(&ip->gateway));
	struct nk_route subnet = to(nk_prefix_mask(&ip->address));
	struct subnet ret = { 0 };

	if (has_gateway && !is_given(ips, &gateway.dst))
		ret.routes[ret.count++] = gateway;
	if (has_gateway)
		subnet.gw = ip->gateway;
	if (!whole && !is_given(ips, &subnet.dst))
		ret.routes[ret.count++] = subnet;
	return ret;
}

static int route_subnet(struct nk_attachment *att, const struct nk_ip *ip,
			const struct nk_ipam_result *ips, struct nk_error *err)
{
	const struct subnet subnet = subnet_of(ip, ips);
	uint32_t i;
	int rc = 0;

	for (i = 0; i < subnet.count && !rc; i++)
		rc = add_route(&att->pod, att->ifindex, &subnet.routes[i], err);
	return rc;
}

/* add_host_route() - the host's way to the Pod */
static int add_host_route(struct nk_attachment *att, const struct nk_ip *ip, struct nk_error *err)
{
	const struct nk_route route = to(nk_prefix_host(&ip->address.addr));
	char text[NK_IPADDR_TEXT_SIZE];
	int rc = nk_ip_route_add(&att->host, att->host_ifindex, &route, false, err);

	nk_ipaddr_text(&ip->address.addr, text);
	if (rc == -EEXIST)
		nk_error_remedy(err,
				"the host has a route to that address, which may serve another "
				"Pod: \"ip route show %s\" says over which device. Give this Pod "
				"another address, or set \"hostRoute\": false",
				text);
	return rc;
}

/* set_host() - the gateway's address on the host's end, and the host's way to the Pod */
static int set_host(struct nk_attachment *att, const struct nk_config *config,
		    const struct nk_ip *ip, struct nk_error *err)
{
	struct nk_prefix gateway = nk_prefix_host(&ip->gateway);
	int rc = 0;

	if (ip->gateway.family)
		rc = nk_ip_addr_add(&att->host, att->host_ifindex, &gateway, NK_IP_NO_SUBNET, err);
	if (rc == -EEXIST) { /* two addresses have one gateway */
		nk_error_reset(err);
		rc = 0;
	}
	return rc || !config->host_route ? rc : add_host_route(att, ip, err);
}

static int set_addresses(struct nk_attachment *att, const struct nk_config *config,
			 const struct nk_ipam_result *ips, struct nk_error *err)
{
	unsigned int flags = (config->dad ? NK_IP_DAD : 0) | (att->pair ? NK_IP_NO_SUBNET : 0);
	uint32_t i;
	int rc = 0;

	for (i = 0; i < ips->ip_count && !rc; i++) {
		rc = nk_ip_addr_add(&att->pod, att->ifindex, &ips->ips[i].address, flags, err);
		if (!rc && att->pair)
			rc = set_host(att, config, &ips->ips[i], err);
	}
	if (!rc && config->dad)
		rc = nk_ip_addr_wait_dad(&att->pod, att->ifindex, DAD_LIMIT_MS, err);
	return rc;
}

/* set_given() - the configuration's routes that lead to a gateway, or those that do not */
static int set_given(struct nk_attachment *att, const struct nk_ipam_result *ips, bool to_gateway,
		     struct nk_error *err)
{
	struct nk_route route;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < ips->route_count && !rc; i++) {
		route = with_gateway(&ips->routes[i], ips);
		if ((route.gw.family != 0) == to_gateway)
			rc = add_route(&att->pod, att->ifindex, &route, err);
	}
	if (rc == -EEXIST)
		nk_error_remedy(err, "there is a route to it of that table and priority already: "
				     "give this one another \"priority\"");
	return rc;
}

/* set_routes() - what is on the link comes first: a gateway has to be reached before it is used */
static int set_routes(struct nk_attachment *att, const struct nk_ipam_result *ips,
		      struct nk_error *err)
{
	uint32_t i;
	int rc = set_given(att, ips, false, err);

	for (i = 0; i < ips->ip_count && !rc && att->pair; i++)
		rc = route_subnet(att, &ips->ips[i], ips, err);
	return rc ? rc : set_given(att, ips, true, err);
}

/* set_parameter() - as nk_sysctl_write(), and why there is no such parameter */
static int set_parameter(int netns_fd, const char *path, const char *value, struct nk_error *err)
{
	int rc = nk_sysctl_write(netns_fd, path, value, err);

	if (rc == -ENOENT && strstr(path, "/ipv6/"))
		nk_error_remedy(err, "this kernel has no IPv6: give no IPv6 addresses, or boot "
				     "without ipv6.disable=1");
	return rc;
}

/* check_mtu() - on a device with a smaller one the kernel has no IPv6 at all (RFC 8200, section 5). */
static int check_mtu(const struct nk_attachment *att, struct nk_error *err)
{
	if (att->mtu >= IPV6_MIN_MTU)
		return 0;
	nk_error_set(err, NK_CODE_CONFIG, ERANGE, "the MTU is too small",
		     "mtu: %u is less than %d, which IPv6 needs, and there are IPv6 addresses",
		     att->mtu, IPV6_MIN_MTU);
	nk_error_remedy(err, "set \"mtu\" to %d or more, or give no IPv6 addresses", IPV6_MIN_MTU);
	return -ERANGE;
}

int nk_address_create(struct nk_attachment *att, const struct nk_config *config,
		      const struct nk_ipam_result *ips, struct nk_error *err)
{
	struct nk_error ignored = { 0 };
	int rc;

	if (!config->set_addresses || !ips->ip_count)
		return 0;
	rc = has_ipv6(ips) ? check_mtu(att, err) : 0;
	if (!rc)
		rc = each_parameter(att, config, has_ipv6(ips), set_parameter, err);
	if (!rc)
		rc = set_addresses(att, config, ips, err);
	if (!rc)
		rc = set_routes(att, ips, err);
	if (rc)
		return rc;
	if (att->pair && config->netkit.mode == NK_NETKIT_L2 &&
	    nk_ip_link_wait(&att->pod, att->ifindex, LINK_LIMIT_MS, &ignored) == 0 &&
	    nk_announce(att->netns_fd, att->ifindex, att->mac, ips->ips, ips->ip_count, &ignored))
		nk_log_warn("%s: %s", att->key.ifname, ignored.details);
	return 0;
}

/* is_by_way() - is the gateway one of that address, or in its subnet? */
static bool is_by_way(const struct nk_ipaddr *gw, const struct nk_ip *ip)
{
	const struct nk_prefix gateway = { .addr = *gw, .len = ip->address.len };

	return gw->family == ip->address.addr.family &&
	       (nk_ipaddr_equal(gw, &ip->gateway) || nk_prefix_equal(&gateway, &ip->address));
}

/* is_mine() - is a route over our device? By way of one of our addresses' gateways or subnets it is;
 * one on the link is where it leads to such a gateway, or nobody else has addresses.
 */
static bool is_mine(const struct nk_route *route, const struct nk_ipam_result *prev,
		    int32_t interface)
{
	struct nk_prefix gateway;
	bool others = false;
	uint32_t i;

	for (i = 0; i < prev->ip_count; i++) {
		gateway = nk_prefix_host(&prev->ips[i].gateway);
		if (prev->ips[i].interface != interface)
			others = true;
		else if (route->gw.family ? is_by_way(&route->gw, &prev->ips[i]) :
					    nk_prefix_equal(&route->dst, &gateway))
			return true;
	}
	return !route->gw.family && !others;
}

static int lost(struct nk_error *err, const char *what, const struct nk_prefix *prefix,
		const char *device)
{
	char text[NK_IPADDR_TEXT_SIZE];

	nk_prefix_text(prefix, text);
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: an address or a route is lost",
			    "%s: expected %s %s, found none", device, what, text);
}

/* check_host_end() - what set_host() made, and that nobody took the end for a bridge, say, which
 * takes its frames before they come to the host. A VRF has them all the same.
 */
static int check_host_end(struct nk_attachment *att, const struct nk_config *config,
			  const struct nk_ip *ip, struct nk_error *err)
{
	const struct nk_route route = to(nk_prefix_host(&ip->address.addr));
	const struct nk_prefix gateway = nk_prefix_host(&ip->gateway);
	struct nk_link link;
	int rc;

	rc = nk_link_get(&att->host, NK_NSID_HERE, NULL, att->host_ifindex, &link, err);
	if (rc)
		return rc;
	if (*link.port_of && strcmp(link.port_of, "vrf") != 0)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the device is not as made",
				    "%s: expected no master, found that it is the port of a %s",
				    att->host_name, link.port_of);
	rc = ip->gateway.family ? nk_ip_addr_has(&att->host, att->host_ifindex, &gateway, err) : 1;
	if (rc <= 0)
		return rc < 0 ? rc : lost(err, "address", &gateway, att->host_name);
	rc = config->host_route ? nk_ip_route_has(&att->host, att->host_ifindex, &route, err) : 1;
	return rc > 0 ? 0 : rc < 0 ? rc : lost(err, "route to", &route.dst, att->host_name);
}

static int check_route(struct nk_attachment *att, const struct nk_route *route,
		       struct nk_error *err)
{
	struct nk_route somewhere = *route;
	int rc;

	somewhere.any_table = true; /* sbr moves them */
	rc = has_route(&att->pod, att->ifindex, &somewhere, err);
	return rc > 0 ? 0 : rc < 0 ? rc : lost(err, "route to", &route->dst, att->key.ifname);
}

static int check_ip(struct nk_attachment *att, const struct nk_config *config,
		    const struct nk_ip *ip, const struct nk_ipam_result *prev, struct nk_error *err)
{
	const struct subnet subnet = subnet_of(ip, prev);
	int rc = nk_ip_addr_has(&att->pod, att->ifindex, &ip->address, err);
	uint32_t i;

	if (rc <= 0)
		return rc < 0 ? rc : lost(err, "address", &ip->address, att->key.ifname);
	rc = 0;
	for (i = 0; i < subnet.count && !rc && att->pair; i++)
		rc = check_route(att, &subnet.routes[i], err);
	return rc || !att->pair ? rc : check_host_end(att, config, ip, err);
}

static int check_all(struct nk_attachment *att, const struct nk_config *config,
		     const struct nk_ipam_result *prev, int32_t interface, struct nk_error *err)
{
	bool any = false, ipv6 = false;
	struct nk_route route;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < prev->ip_count && !rc; i++) {
		if (prev->ips[i].interface != interface)
			continue;
		any = true;
		ipv6 |= prev->ips[i].address.addr.family == AF_INET6;
		rc = check_ip(att, config, &prev->ips[i], prev, err);
	}
	for (i = 0; i < prev->route_count && !rc; i++) {
		route = with_gateway(&prev->routes[i], prev);
		if (is_mine(&route, prev, interface))
			rc = check_route(att, &route, err);
	}
	return rc || !any ? rc : each_parameter(att, config, ipv6, check_parameter, err);
}

int nk_address_check(struct nk_attachment *att, const struct nk_config *config,
		     const struct nk_ipam_result *prev, int32_t interface, struct nk_error *err)
{
	int rc = 0;

	if (!config->set_addresses || !prev->ip_count)
		return 0;
	if (!att->pod.rtnl)
		rc = nk_nl_open(&att->pod, att->netns_fd, "Pod", err);
	if (!rc)
		rc = check_all(att, config, prev, interface, err);
	if (rc)
		err->code = NK_CODE_CHECK;
	return rc;
}
