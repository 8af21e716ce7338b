// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_rtnl.c - what the kernel answers over rtnetlink, and its extended ACKs
 *
 * The first byte says which request is answered: one of the table.
 */
#include "kernel.h"

#include "base/text.h"
#include "ip/ip_addr.h"
#include "ip/ip_route.h"
#include "kernel/filter.h"
#include "kernel/link.h"
#include "kernel/netkit.h"

#include <arpa/inet.h>
#include <stdlib.h>

static const uint8_t mac[NK_MAC_LEN] = { 0x02, 0, 0, 0, 0, 1 };
static const uint8_t group[NK_MAC_LEN] = { 0x33, 0x33, 0xff, 0, 0, 1 };

static const struct nk_ipaddr addr4 = { AF_INET, { 10, 0, 0, 1 } };
static const struct nk_ipaddr addr6 = { AF_INET6, { 0xfd, [15] = 1 } };

/* As large as a route can be, and without a gateway. */
static const struct nk_route routes[] = {
	{ .dst = { { AF_INET, { 10 } }, 8 },
	  .gw = { AF_INET, { 10, 0, 0, 254 } },
	  .mtu = 1400,
	  .advmss = 1360,
	  .priority = 5,
	  .has_table = true,
	  .table = 1000,
	  .has_scope = true },
	{ .dst = { { AF_INET, { 10 } }, 8 }, .gw = { AF_INET6, { 0xfe, 0x80, [15] = 1 } } },
	{ .dst = { { AF_INET6, { 0xfd } }, 64 }, .any_table = true },
	{ .dst = { { AF_INET, { 0 } }, 0 } },
};

static int get_link(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_link link = { 0 };
	int rc = nk_link_get(nl, NK_NSID_HERE, "eth0", 0, &link, err);

	fuzz_check(nk_text_ends(link.name, sizeof(link.name)) &&
			   nk_text_ends(link.alias, sizeof(link.alias)),
		   "texts of a device end");
	return rc;
}

static int get_link_elsewhere(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_link link = { 0 };

	return nk_link_get(nl, 3, NULL, FUZZ_IFINDEX, &link, err);
}

static int read_links(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_link_list list = { 0 };
	int rc = nk_link_read(nl, NK_NSID_HERE, "netkit", &list, err);

	free(list.at);
	return rc;
}

static int change_link(struct nk_nl *nl, struct nk_error *err)
{
	int rc = nk_link_set_up(nl, FUZZ_IFINDEX, err);

	if (!rc)
		rc = nk_link_set_alias(nl, FUZZ_IFINDEX, "nk-cni:net1:c1:fast", err);
	if (!rc)
		rc = nk_link_add_altname(nl, FUZZ_IFINDEX, "nkf2", err);
	if (!rc)
		rc = nk_link_remove_altname(nl, FUZZ_IFINDEX, "nkf2", err);
	return rc ? rc : nk_link_remove(nl, NK_NSID_HERE, FUZZ_IFINDEX, err);
}

static int get_nsid(struct nk_nl *nl, struct nk_error *err)
{
	int32_t nsid = -1;

	return nk_link_nsid(nl, 0, true, &nsid, err);
}

static int read_nsids(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_nsid_list list = { 0 };
	int rc = nk_link_read_nsids(nl, &list, err);

	free(list.at);
	return rc;
}

static int find_addr(struct nk_nl *nl, struct nk_error *err)
{
	const struct nk_prefix prefix = { addr4, 24 };

	return nk_ip_addr_has(nl, FUZZ_IFINDEX, &prefix, err);
}

static int list_addrs(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_ipaddr addrs[4];
	int rc = nk_ip_addr_list(nl, 1, addrs, 4, err);

	fuzz_check(rc <= 4, "a list has its bound");
	return rc;
}

static int find_owners(struct nk_nl *nl, struct nk_error *err)
{
	uint32_t owners[NK_IP_OWNERS_MAX];

	return nk_ip_addr_owners(nl, &addr6, owners, err);
}

static int find_members(struct nk_nl *nl, struct nk_error *err)
{
	uint32_t members[NK_IP_OWNERS_MAX];

	return nk_ip_group_members(nl, group, members, err);
}

static int wait_dad(struct nk_nl *nl, struct nk_error *err)
{
	return nk_ip_addr_wait_dad(nl, FUZZ_IFINDEX, 30, err);
}

static int add_addr(struct nk_nl *nl, struct nk_error *err)
{
	const struct nk_prefix prefixes[] = { { addr4, 24 }, { addr6, 64 } };
	int rc = nk_ip_addr_add(nl, FUZZ_IFINDEX, &prefixes[0], NK_IP_NO_SUBNET, err);

	return rc ? rc : nk_ip_addr_add(nl, FUZZ_IFINDEX, &prefixes[1], 0, err);
}

static int find_route(struct nk_nl *nl, struct nk_error *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]) && rc >= 0; i++)
		rc = nk_ip_route_has(nl, FUZZ_IFINDEX, &routes[i], err);
	return rc;
}

static int look_up_route(struct nk_nl *nl, struct nk_error *err)
{
	uint32_t ifindex;

	return nk_ip_route_lookup(nl, &addr6, &ifindex, err);
}

static int add_route(struct nk_nl *nl, struct nk_error *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]) && !rc; i++)
		rc = nk_ip_route_add(nl, FUZZ_IFINDEX, &routes[i], true, err);
	return rc;
}

static int find_mac(struct nk_nl *nl, struct nk_error *err)
{
	return nk_filter_has(nl, FUZZ_IFINDEX, mac, err);
}

static int change_mac(struct nk_nl *nl, struct nk_error *err)
{
	int rc = nk_filter_add(nl, FUZZ_IFINDEX, mac, err);

	return rc ? rc : nk_filter_remove(nl, FUZZ_IFINDEX, mac, err);
}

static const struct nk_netkit_spec spec = {
	.name = "net1",
	.host_name = "nkh1a2b",
	.mac = mac,
	.mtu = 1500,
	.num_rx_queues = 3,
	.options = { .headroom = 256, .scrub = 1, .peer_scrub = 1 },
};

static int create_single(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_link link;

	return nk_netkit_create_single(nl, &spec, &link, err);
}

static int create_pair(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_link link;

	return nk_netkit_create_pair(nl, &spec, &link, err);
}

static const fuzz_request requests[] = {
	get_link,     get_link_elsewhere, read_links,
	change_link,  get_nsid,		  read_nsids,
	find_addr,    list_addrs,	  find_owners,
	find_members, wait_dad,		  add_addr,
	find_route,   look_up_route,	  add_route,
	find_mac,     change_mac,	  create_single,
	create_pair,  nk_netkit_probe,	  nk_netkit_probe_single,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_kernel_answer(requests, sizeof(requests) / sizeof(requests[0]), data, size);
	return 0;
}
