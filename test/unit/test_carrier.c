// SPDX-License-Identifier: Apache-2.0
/* test_carrier.c - devices that discard what memory providers receive, on the running kernel */
#include "attach/steps.h"
#include "base/ipaddr.h"
#include "ip/ip_addr.h"
#include "unit.h"
#include "veth.h"

#include <criterion/criterion.h>
#include <errno.h>

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

/* The loopback device has what no wire brings; it is no veth. */
Test(carrier, another_kind_of_device_is_accepted)
{
	struct nk_error err = { 0 };
	struct nk_prefix prefix;
	struct veth veth;

	veth_open(&veth);
	cr_assert(nk_prefix_parse("10.1.0.2/32", true, &prefix));
	unit_expect_ok("lo", nk_ip_addr_add(&veth.nl, 1, &prefix, 0, &err), &err);
	unit_expect_ok("lo", check(&veth, 0, "10.1.0.2", &err), &err);
	veth_close(&veth);
}
