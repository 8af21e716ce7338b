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
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "banned.h"

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

/* enable_ipv6() - on a device; runtimes and images turn it off by default, and then the kernel
 * refuses the address.
 */
static int enable_ipv6(int netns_fd, const char *device, struct nk_error *err)
{
	char path[64];
	int rc;

	snprintf(path, sizeof(path), "net/ipv6/conf/%s/disable_ipv6", device);
	rc = nk_sysctl_write(netns_fd, path, "0", err);
	if (rc)
		return rc;
	/* Else a device that goes down and up again has lost them, unlike those of IPv4. */
	snprintf(path, sizeof(path), "net/ipv6/conf/%s/keep_addr_on_down", device);
	return nk_sysctl_write(netns_fd, path, "1", err);
}

static int prepare(struct nk_attachment *att, const struct nk_config *config,
		   const struct nk_ipam_result *ips, struct nk_error *err)
{
	bool ipv6 = has_ipv6(ips);
	int rc = 0;

	if (ipv6)
		rc = enable_ipv6(att->netns_fd, att->key.ifname, err);
	if (!rc && ipv6 && att->pair)
		rc = enable_ipv6(-1, att->host_name, err);
	if (!rc && config->forwarding)
		rc = nk_sysctl_write(-1, "net/ipv4/ip_forward", "1", err);
	if (!rc && config->forwarding && ipv6)
		rc = nk_sysctl_write(-1, "net/ipv6/conf/all/forwarding", "1", err);
	return rc;
}

/* gateway_of() - where a route goes that names no gateway: to the first of its family. */
static const struct nk_ipaddr *gateway_of(const struct nk_route *route,
					  const struct nk_ipam_result *ips)
{
	uint32_t i;

	if (route->gw.family)
		return &route->gw;
	for (i = 0; i < ips->ip_count; i++)
		if (ips->ips[i].gateway.family == route->dst.addr.family)
			return &ips->ips[i].gateway;
	return NULL;
}

static struct nk_route with_gateway(const struct nk_route *route, const struct nk_ipam_result *ips)
{
	const struct nk_ipaddr *gateway = gateway_of(route, ips);
	struct nk_route whole = *route;

	if (gateway)
		whole.gw = *gateway;
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
	int rc = nk_ip_route_add(nl, ifindex, route, false, err);
	struct nk_error unknown = { 0 };
	bool made;

	if (rc != -EEXIST)
		return rc;
	made = has_route(nl, ifindex, route, &unknown) == 1;
	if (!made && (route->priority || nk_ip_route_has(nl, ifindex, &place, &unknown) == 1))
		return rc;
	nk_error_reset(err);
	return made ? 0 : nk_ip_route_add(nl, ifindex, &later, false, err);
}

/* route_subnet() - the Pod's own subnet: by way of the gateway, for at the other end of a pair is
 * the host and nobody else.
 */
static int route_subnet(struct nk_attachment *att, const struct nk_ip *ip, struct nk_error *err)
{
	bool whole = ip->address.len == 8 * nk_ipaddr_size(&ip->address.addr);
	struct nk_route subnet = to(nk_prefix_mask(&ip->address));
	struct nk_route gateway = to(nk_prefix_host(&ip->gateway));
	int rc = 0;

	if (ip->gateway.family == ip->address.addr.family) {
		rc = add_route(&att->pod, att->ifindex, &gateway, err);
		subnet.gw = ip->gateway;
	}
	return rc || whole ? rc : add_route(&att->pod, att->ifindex, &subnet, err);
}

/* set_host() - the gateway's address on the host's end, and the host's way to the Pod */
static int set_host(struct nk_attachment *att, const struct nk_config *config,
		    const struct nk_ip *ip, struct nk_error *err)
{
	struct nk_route route = to(nk_prefix_host(&ip->address.addr));
	struct nk_prefix gateway = nk_prefix_host(&ip->gateway);
	int rc = 0;

	if (ip->gateway.family)
		rc = nk_ip_addr_add(&att->host, att->host_ifindex, &gateway, NK_IP_NO_SUBNET, err);
	if (rc == -EEXIST) { /* two addresses have one gateway */
		nk_error_reset(err);
		rc = 0;
	}
	if (!rc && config->host_route)
		rc = nk_ip_route_add(&att->host, att->host_ifindex, &route, false, err);
	return rc;
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
	for (i = 0; i < ips->ip_count && !rc && att->pair; i++)
		rc = route_subnet(att, &ips->ips[i], err);
	return rc;
}

static int set_routes(struct nk_attachment *att, const struct nk_ipam_result *ips,
		      struct nk_error *err)
{
	struct nk_route route;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < ips->route_count && !rc; i++) {
		route = with_gateway(&ips->routes[i], ips);
		rc = add_route(&att->pod, att->ifindex, &route, err);
	}
	return rc;
}

int nk_address_create(struct nk_attachment *att, const struct nk_config *config,
		      const struct nk_ipam_result *ips, struct nk_error *err)
{
	struct nk_error ignored = { 0 };
	int rc;

	if (!config->set_addresses || !ips->ip_count)
		return 0;
	rc = prepare(att, config, ips, err);
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

/* is_mine() - does a route go by way of one of our addresses' gateways or subnets? */
static bool is_mine(const struct nk_route *route, const struct nk_ipam_result *prev,
		    int32_t interface)
{
	struct nk_prefix gateway, subnet;
	const struct nk_ip *ip;
	uint32_t i;

	for (i = 0; i < prev->ip_count; i++) {
		ip = &prev->ips[i];
		if (ip->interface != interface || ip->address.addr.family != route->gw.family)
			continue;
		gateway = (struct nk_prefix){ .addr = route->gw, .len = ip->address.len };
		gateway = nk_prefix_mask(&gateway);
		subnet = nk_prefix_mask(&ip->address);
		if (nk_ipaddr_equal(&route->gw, &ip->gateway) ||
		    nk_ipaddr_equal(&gateway.addr, &subnet.addr))
			return true;
	}
	return false;
}

static int lost(struct nk_error *err, const char *what, const struct nk_prefix *prefix,
		const char *device)
{
	char text[NK_IPADDR_TEXT_SIZE];

	nk_prefix_text(prefix, text);
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: an address or a route is lost",
			    "%s: expected %s %s, found none", device, what, text);
}

static int check_ip(struct nk_attachment *att, const struct nk_config *config,
		    const struct nk_ip *ip, struct nk_error *err)
{
	struct nk_route route = to(nk_prefix_host(&ip->address.addr));
	int rc = nk_ip_addr_has(&att->pod, att->ifindex, &ip->address, err);

	if (rc <= 0)
		return rc < 0 ? rc : lost(err, "address", &ip->address, att->key.ifname);
	if (!att->pair || !config->host_route)
		return 0;
	rc = nk_ip_route_has(&att->host, att->host_ifindex, &route, err);
	return rc > 0 ? 0 : rc < 0 ? rc : lost(err, "route to", &route.dst, att->host_name);
}

int nk_address_check(struct nk_attachment *att, const struct nk_config *config,
		     const struct nk_ipam_result *prev, int32_t interface, struct nk_error *err)
{
	struct nk_route route;
	uint32_t i;
	int rc = 0;

	if (!config->set_addresses || !prev->ip_count)
		return 0;
	if (!att->pod.rtnl)
		rc = nk_nl_open(&att->pod, att->netns_fd, "Pod", err);
	for (i = 0; i < prev->ip_count && !rc; i++)
		if (prev->ips[i].interface == interface)
			rc = check_ip(att, config, &prev->ips[i], err);
	for (i = 0; i < prev->route_count && !rc; i++) {
		route = with_gateway(&prev->routes[i], prev);
		if (!is_mine(&route, prev, interface))
			continue;
		route.any_table = true; /* sbr moves them */
		rc = has_route(&att->pod, att->ifindex, &route, err);
		rc = rc > 0 ? 0 : rc < 0 ? rc : lost(err, "route to", &route.dst, att->key.ifname);
	}
	if (rc)
		err->code = NK_CODE_CHECK;
	return rc;
}
