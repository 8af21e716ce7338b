// SPDX-License-Identifier: Apache-2.0
/* address.c - addresses and routes of an attachment, in the Pod and on the host */
#include "attach/address.h"

#include "base/error.h"
#include "base/ipaddr.h"
#include "ip/ip_addr.h"
#include "ip/ip_route.h"
#include "ip/sysctl.h"
#include "kernel/uapi.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/banned.h"

#define IPV6_MIN_MTU 1280

#define DAD_LIMIT_MS 10000

/* Plus the ifindex, this is a priority behind the kernel's default: 0, or 1024 for IPv6. */
#define LATE_PRIORITY 1024

static bool has_ipv6(const struct nk_ipam_result *ips)
{
	uint32_t i;

	for (i = 0; i < ips->ip_count; i++)
		if (ips->ips[i].address.addr.family == AF_INET6)
			return true;
	return false;
}

/* Kernel parameters that the addresses need. Network managers, images, and the host's defaults for new devices may
 * set them differently, so nk-cni sets all of them.
 */
static const struct parameter {
	const char *family, *name, *value;
	enum {
		POD,
		HOST_END,
		ALL
	} of;
	bool l2, forwarding; /* only with these options */
} parameters[] = {
	/* The kernel must accept the address, and keep it while the device is down. */
	{ "ipv6", "disable_ipv6", "0", POD, false, false },
	{ "ipv6", "keep_addr_on_down", "1", POD, false, false },
	{ "ipv6", "disable_ipv6", "0", HOST_END, false, false },
	{ "ipv6", "keep_addr_on_down", "1", HOST_END, false, false },
	/* To forward frames, the host resolves the Pod's address from its own link-local one. */
	{ "ipv6", "addr_gen_mode", "0", HOST_END, true, false },
	{ "ipv4", "forwarding", "1", ALL, false, true },
	{ "ipv4", "forwarding", "1", HOST_END, false, true },
	{ "ipv6", "forwarding", "1", ALL, false, true },
};

/* set_parameter() - as nk_sysctl_write(), with a remedy if the kernel has no IPv6 */
static int set_parameter(int netns_fd, const char *path, const char *value, struct nk_error *err)
{
	int rc = nk_sysctl_write(netns_fd, path, value, err);

	if (rc == -ENOENT && strstr(path, "/ipv6/"))
		nk_error_remedy(err,
				"this kernel has no IPv6: configure only IPv4 addresses, or boot "
				"without ipv6.disable=1");
	return rc;
}

/* check_parameter() - any number above 0 means "on" */
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

/* do_parameters() - set all that apply, or check them */
static int do_parameters(const struct nk_attachment *att, const struct nk_config *config, bool ipv6,
			 bool check, struct nk_error *err)
{
	const char *const devices[] = { att->claim.key.ifname, att->host_name, "all" };
	const struct parameter *parameter;
	char path[96];
	size_t i;
	int fd, rc = 0;

	for (i = 0; i < sizeof(parameters) / sizeof(parameters[0]) && !rc; i++) {
		parameter = &parameters[i];
		if ((!strcmp(parameter->family, "ipv6") && !ipv6) ||
		    (parameter->of == HOST_END && !att->claim.pair) ||
		    (parameter->l2 && config->netkit.mode != NK_NETKIT_L2) ||
		    (parameter->forwarding && !config->forwarding))
			continue;
		snprintf(path, sizeof(path), "net/%s/conf/%s/%s", parameter->family,
			 devices[parameter->of], parameter->name);
		fd = parameter->of == POD ? att->netns_fd : -1;
		rc = check ? check_parameter(fd, path, parameter->value, err) :
			     set_parameter(fd, path, parameter->value, err);
	}
	return rc;
}

/* gateway_of() - a route without a gateway uses the first one of its family, unless its scope is the link or smaller */
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

/* with_gateway() - complete a configured route; the route to the gateway itself has none */
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

static struct nk_route route_to(struct nk_prefix dst)
{
	return (struct nk_route){ .dst = dst };
}

/* with_late_priority() - if another device has a route to the destination, only sockets bound to ours use this one. */
static struct nk_route with_late_priority(const struct nk_route *route, uint32_t ifindex)
{
	struct nk_route later = *route;

	later.priority = LATE_PRIORITY + ifindex;
	return later;
}

/* has_route() - with the priority that add_route() chose */
static int has_route(struct nk_nl *nl, uint32_t ifindex, const struct nk_route *route,
		     struct nk_error *err)
{
	const struct nk_route later = with_late_priority(route, ifindex);
	int rc = nk_ip_route_has(nl, ifindex, route, err);

	return rc || route->priority ? rc : nk_ip_route_has(nl, ifindex, &later, err);
}

/* add_route() - succeeds if we have added the same route already, for example for another address of the gateway. If
 * another device has a route to the destination, for example a default route, that one stays first. Two different
 * routes of our own to one destination are an error.
 */
static int add_route(struct nk_nl *nl, uint32_t ifindex, const struct nk_route *route,
		     struct nk_error *err)
{
	const struct nk_route later = with_late_priority(route, ifindex);
	const struct nk_route place = { .dst = route->dst,
					.has_table = route->has_table,
					.table = route->table };
	struct nk_error unread = { 0 };
	int made, taken, rc = nk_ip_route_add(nl, ifindex, route, false, err);

	if (rc != -EEXIST)
		return rc;
	made = has_route(nl, ifindex, route, &unread);
	taken = made || route->priority ? 1 : nk_ip_route_has(nl, ifindex, &place, &unread);
	if (made < 0 || taken < 0) {
		*err = unread;
		return made < 0 ? made : taken;
	}
	if (!made && taken)
		return rc;
	nk_error_reset(err);
	return made ? 0 : nk_ip_route_add(nl, ifindex, &later, false, err);
}

/* is_configured() - does a configured route replace ours to this prefix? */
static bool is_configured(const struct nk_ipam_result *ips, const struct nk_prefix *dst)
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

/* The Pod's routes to the gateway and the subnet of an address. The subnet is reached through the gateway, because
 * only the host is at the other end of a pair.
 */
struct subnet {
	uint32_t count;
	struct nk_route routes[2];
};

static struct subnet subnet_of(const struct nk_ip *ip, const struct nk_ipam_result *ips)
{
	const bool has_gateway = ip->gateway.family == ip->address.addr.family;
	const bool whole = ip->address.len == 8 * nk_ipaddr_size(&ip->address.addr);
	struct nk_route gateway = route_to(nk_prefix_host(&ip->gateway));
	struct nk_route subnet = route_to(nk_prefix_mask(&ip->address));
	struct subnet ret = { 0 };

	if (has_gateway && !is_configured(ips, &gateway.dst))
		ret.routes[ret.count++] = gateway;
	if (has_gateway)
		subnet.gw = ip->gateway;
	if (!whole && !is_configured(ips, &subnet.dst))
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
		rc = add_route(&att->pod, att->claim.ifindex, &subnet.routes[i], err);
	return rc;
}

/* add_host_route() - the host's route to the Pod */
static int add_host_route(struct nk_attachment *att, const struct nk_ip *ip, struct nk_error *err)
{
	const struct nk_route route = route_to(nk_prefix_host(&ip->address.addr));
	char text[NK_IPADDR_TEXT_SIZE];
	int rc = nk_ip_route_add(&att->host, att->host_ifindex, &route, false, err);

	if (rc != -EEXIST)
		return rc;
	nk_ipaddr_text(&ip->address.addr, text);
	return nk_error_remedy(
		err,
		"the host has a route to that address, which may serve another Pod: "
		"\"ip route show %s\" shows its device. Give this Pod another address, or set "
		"\"hostRoute\": false",
		text);
}

/* set_host_end() - the gateway's address, and the host's route to the Pod */
static int set_host_end(struct nk_attachment *att, const struct nk_config *config,
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
	unsigned int flags = (config->dad ? NK_IP_DAD : 0) |
			     (att->claim.pair ? NK_IP_NO_SUBNET : 0);
	uint32_t i;
	int rc = 0;

	for (i = 0; i < ips->ip_count && !rc; i++) {
		rc = nk_ip_addr_add(&att->pod, att->claim.ifindex, &ips->ips[i].address, flags,
				    err);
		if (!rc && att->claim.pair)
			rc = set_host_end(att, config, &ips->ips[i], err);
	}
	if (!rc && config->dad)
		rc = nk_ip_addr_wait_dad(&att->pod, att->claim.ifindex, DAD_LIMIT_MS, err);
	return rc;
}

/* set_configured() - the configured routes through a gateway, or those without one */
static int set_configured(struct nk_attachment *att, const struct nk_ipam_result *ips,
			  bool to_gateway, struct nk_error *err)
{
	struct nk_route route;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < ips->route_count && !rc; i++) {
		route = with_gateway(&ips->routes[i], ips);
		if ((route.gw.family != 0) == to_gateway)
			rc = add_route(&att->pod, att->claim.ifindex, &route, err);
	}
	if (rc == -EEXIST)
		nk_error_remedy(
			err,
			"a route with the same destination, table and priority exists already: "
			"set another \"priority\"");
	return rc;
}

/* set_routes() - routes on the link first: the kernel accepts only a gateway that it can reach */
static int set_routes(struct nk_attachment *att, const struct nk_ipam_result *ips,
		      struct nk_error *err)
{
	uint32_t i;
	int rc = set_configured(att, ips, false, err);

	for (i = 0; i < ips->ip_count && !rc && att->claim.pair; i++)
		rc = route_subnet(att, &ips->ips[i], ips, err);
	return rc ? rc : set_configured(att, ips, true, err);
}

/* check_mtu() - the kernel has no IPv6 on a device with a smaller one (RFC 8200, section 5). */
static int check_mtu(const struct nk_attachment *att, struct nk_error *err)
{
	if (att->claim.mtu >= IPV6_MIN_MTU)
		return 0;
	nk_error_set(err, NK_CODE_CONFIG, ERANGE, "the MTU is too small",
		     "mtu: %u is less than %d, the minimum of IPv6", att->claim.mtu, IPV6_MIN_MTU);
	return nk_error_remedy(err, "set \"mtu\" to %d or more, or configure only IPv4 addresses",
			       IPV6_MIN_MTU);
}

int nk_address_create(struct nk_attachment *att, const struct nk_config *config,
		      const struct nk_ipam_result *ips, struct nk_error *err)
{
	int rc;

	if (!config->set_addresses || !ips->ip_count)
		return 0;
	rc = has_ipv6(ips) ? check_mtu(att, err) : 0;
	if (!rc)
		rc = do_parameters(att, config, has_ipv6(ips), false, err);
	if (!rc)
		rc = set_addresses(att, config, ips, err);
	return rc ? rc : set_routes(att, ips, err);
}

/* is_gateway_of() - is it the gateway of that address, or in its subnet? */
static bool is_gateway_of(const struct nk_ipaddr *gw, const struct nk_ip *ip)
{
	const struct nk_prefix gateway = { .addr = *gw, .len = ip->address.len };

	return gw->family == ip->address.addr.family &&
	       (nk_ipaddr_equal(gw, &ip->gateway) || nk_prefix_equal(&gateway, &ip->address));
}

/* is_ours() - is a route over our device? It is if it leads to the gateway of one of our addresses, or through such a
 * gateway. A route on the link is ours too if no other device has addresses.
 */
static bool is_ours(const struct nk_route *route, const struct nk_ipam_result *prev,
		    int32_t interface)
{
	struct nk_prefix gateway;
	bool others = false;
	uint32_t i;

	for (i = 0; i < prev->ip_count; i++) {
		gateway = nk_prefix_host(&prev->ips[i].gateway);
		if (prev->ips[i].interface != interface)
			others = true;
		else if (route->gw.family ? is_gateway_of(&route->gw, &prev->ips[i]) :
					    nk_prefix_equal(&route->dst, &gateway))
			return true;
	}
	return !route->gw.family && !others;
}

/* require() - @has: 1, 0 or a negative errno. Return: 0, or a negative errno */
static int require(int has, const char *what, const struct nk_prefix *prefix, const char *device,
		   struct nk_error *err)
{
	char text[NK_IPADDR_TEXT_SIZE];

	if (has)
		return has < 0 ? has : 0;
	nk_prefix_text(prefix, text);
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: an address or a route is lost",
			    "%s: expected %s %s, found none", device, what, text);
}

/* check_host_end() - what set_host_end() has set; and that the device is no port, for example of a bridge, which would
 * take its frames. A VRF passes them on to the host.
 */
static int check_host_end(struct nk_attachment *att, const struct nk_config *config,
			  const struct nk_ip *ip, struct nk_error *err)
{
	const struct nk_route route = route_to(nk_prefix_host(&ip->address.addr));
	const struct nk_prefix gateway = nk_prefix_host(&ip->gateway);
	struct nk_link link;
	int rc;

	rc = nk_link_get(&att->host, NK_NSID_HERE, NULL, att->host_ifindex, &link, err);
	if (rc)
		return rc;
	if (*link.port_of && strcmp(link.port_of, "vrf") != 0)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the device was changed",
				    "%s: expected no master, found a %s", att->host_name,
				    link.port_of);
	if (ip->gateway.family)
		rc = require(nk_ip_addr_has(&att->host, att->host_ifindex, &gateway, err),
			     "address", &gateway, att->host_name, err);
	if (!rc && config->host_route)
		rc = require(nk_ip_route_has(&att->host, att->host_ifindex, &route, err),
			     "route to", &route.dst, att->host_name, err);
	return rc;
}

static int check_route(struct nk_attachment *att, const struct nk_route *route,
		       struct nk_error *err)
{
	struct nk_route somewhere = *route;

	somewhere.any_table = true; /* the plugin "sbr" moves routes */
	return require(has_route(&att->pod, att->claim.ifindex, &somewhere, err), "route to",
		       &route->dst, att->claim.key.ifname, err);
}

static int check_ip(struct nk_attachment *att, const struct nk_config *config,
		    const struct nk_ip *ip, const struct nk_ipam_result *prev, struct nk_error *err)
{
	const struct subnet subnet = subnet_of(ip, prev);
	int rc = require(nk_ip_addr_has(&att->pod, att->claim.ifindex, &ip->address, err),
			 "address", &ip->address, att->claim.key.ifname, err);
	uint32_t i;

	if (rc || !att->claim.pair)
		return rc;
	for (i = 0; i < subnet.count && !rc; i++)
		rc = check_route(att, &subnet.routes[i], err);
	return rc ? rc : check_host_end(att, config, ip, err);
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
		if (is_ours(&route, prev, interface))
			rc = check_route(att, &route, err);
	}
	return rc || !any ? rc : do_parameters(att, config, ipv6, true, err);
}

int nk_address_check(struct nk_attachment *att, const struct nk_config *config,
		     const struct nk_ipam_result *prev, int32_t interface, struct nk_error *err)
{
	int rc = 0;

	if (!config->set_addresses || !prev->ip_count)
		return 0;
	if (!att->pod.rtnl)
		rc = nk_nl_open_rtnl(&att->pod, att->netns_fd, "Pod", err);
	if (!rc)
		rc = check_all(att, config, prev, interface, err);
	if (rc)
		err->code = NK_CODE_CHECK;
	return rc;
}
