// SPDX-License-Identifier: Apache-2.0
/* test_carrier.c - devices that discard what memory providers receive, on the running kernel */
#include "attach/steps.h"
#include "base/ipaddr.h"
#include "ip/ip_addr.h"
#include "kernel/link.h"
#include "unit.h"
#include "veth.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

TestSuite(carrier, .timeout = 30);

static struct nk_ipaddr addr_of(const char *text)
{
	struct nk_ipaddr addr;

	cr_assert(nk_ipaddr_parse(text, &addr), "%s", text);
	return addr;
}

static void give(struct veth *veth, int end, const char *text)
{
	struct nk_error err = { 0 };
	struct nk_prefix prefix;

	cr_assert(nk_prefix_parse(text, true, &prefix), "%s", text);
	unit_expect_ok(text, nk_ip_addr_add(&veth->nl, veth->ifindex[end], &prefix, 0, &err), &err);
}

static int check(struct veth *veth, uint32_t own, const char *text, struct nk_error *err)
{
	const struct nk_ipaddr addr = addr_of(text);

	return nk_step_check_carriers(&veth->nl, own, &addr, err);
}

Test(carrier, a_veth_with_the_address_is_refused_and_named)
{
	struct nk_error err = { 0 };
	struct veth veth;

	veth_open(&veth);
	give(&veth, 0, "10.1.0.2/24");
	unit_expect_error("veth", check(&veth, 0, "10.1.0.2", &err), &err, NK_CODE_CONFIG,
			  "nkv0|10.1.0.2|veth|pair|macvlan");
	veth_close(&veth);
}

Test(carrier, only_the_device_with_the_address_counts)
{
	struct nk_error err = { 0 };
	struct veth veth;

	veth_open(&veth);
	give(&veth, 0, "10.1.0.2/24");
	unit_expect_ok("nobody's", check(&veth, 0, "10.1.0.3", &err), &err);
	unit_expect_ok("of another family", check(&veth, 0, "fd01::2", &err), &err);
	unit_expect_ok("its own", check(&veth, veth.ifindex[0], "10.1.0.2", &err), &err);
	veth_close(&veth);
}

/* make_bridge() - called nkbr, with the address */
static uint32_t make_bridge(struct veth *veth, const char *address)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_link_put_header(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info;
	struct nk_error err = { 0 };
	struct nk_prefix prefix;
	struct nk_link bridge;

	mnl_attr_put_strz(msg, IFLA_IFNAME, "nkbr");
	info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
	mnl_attr_put_strz(msg, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(msg, info);
	if (nk_link_do(&veth->nl, msg, NULL, NULL, &err) == -EOPNOTSUPP)
		unit_skip("this kernel has no bridge");
	unit_expect_ok("bridge", nk_link_get(&veth->nl, NK_NSID_HERE, "nkbr", 0, &bridge, &err),
		       &err);
	cr_assert(nk_prefix_parse(address, true, &prefix));
	unit_expect_ok("address", nk_ip_addr_add(&veth->nl, bridge.ifindex, &prefix, 0, &err),
		       &err);
	return bridge.ifindex;
}

static void make_port(struct veth *veth, int end, uint32_t bridge)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_link_put_header(buf, RTM_SETLINK, 0, veth->ifindex[end]);
	struct nk_error err = { 0 };

	mnl_attr_put_u32(msg, IFLA_MASTER, bridge);
	unit_expect_ok("port", nk_link_do(&veth->nl, msg, NULL, NULL, &err), &err);
}

Test(carrier, a_bridge_with_the_address_above_a_veth_is_refused_and_both_are_named)
{
	struct nk_error err = { 0 };
	struct veth veth;
	uint32_t bridge;

	veth_open_up(&veth);
	bridge = make_bridge(&veth, "10.1.0.2/24");
	make_port(&veth, 1, bridge);
	unit_expect_error("bridge", check(&veth, 0, "10.1.0.2", &err), &err, NK_CODE_CONFIG,
			  "nkbr|10.1.0.2|nkv1|veth|pair|macvlan");
	err = (struct nk_error){ 0 };
	unit_expect_ok("its own", check(&veth, bridge, "10.1.0.2", &err), &err);
	veth_close(&veth);
}

static void give_lo(struct veth *veth)
{
	struct nk_error err = { 0 };
	struct nk_prefix prefix;

	cr_assert(nk_prefix_parse("10.1.0.2/32", true, &prefix));
	unit_expect_ok("lo", nk_ip_addr_add(&veth->nl, 1, &prefix, 0, &err), &err);
}

/* No frame from outside comes through lo: another device brings those for its addresses. */
Test(carrier, an_address_of_lo_is_refused_if_only_a_veth_can_bring_its_frames)
{
	struct nk_error err = { 0 };
	struct veth veth;

	veth_open_up(&veth);
	give_lo(&veth);
	unit_expect_error("lo", check(&veth, 0, "10.1.0.2", &err), &err, NK_CODE_CONFIG,
			  "lo|10.1.0.2|nkv|veth|pair|macvlan");
	veth_close(&veth);
}

Test(carrier, so_is_that_of_a_bridge_without_ports)
{
	struct nk_error err = { 0 };
	struct veth veth;

	veth_open_up(&veth);
	(void)make_bridge(&veth, "10.1.0.2/24");
	unit_expect_error("bridge", check(&veth, 0, "10.1.0.2", &err), &err, NK_CODE_CONFIG,
			  "nkbr|10.1.0.2|nkv|veth");
	veth_close(&veth);
}

Test(carrier, a_device_that_is_down_brings_nothing)
{
	struct nk_error err = { 0 };
	struct veth veth;

	veth_open(&veth);
	give_lo(&veth);
	unit_expect_ok("lo", check(&veth, 0, "10.1.0.2", &err), &err);
	make_port(&veth, 1, make_bridge(&veth, "10.1.0.3/24"));
	unit_expect_ok("bridge", check(&veth, 0, "10.1.0.3", &err), &err);
	veth_close(&veth);
}
