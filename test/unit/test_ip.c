// SPDX-License-Identifier: Apache-2.0
/*
 * test_ip.c - addresses and routes
 *
 * First the requests, byte for byte, and replies with hostile lengths; then the running kernel, on
 * devices in a netns of the test's own.
 */

#include "base/ipaddr.h"
#include "ip/ip_addr.h"
#include "ip/ip_route.h"
#include "kernel/link.h"
#include "kernel/nl.h"
#include "unit.h"
#include "veth.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

TestSuite(ip, .timeout = 30);
TestSuite(ip_kernel, .timeout = 30);

static struct nk_prefix prefix_of(const char *text)
{
	struct nk_prefix prefix;

	cr_assert(nk_prefix_parse(text, true, &prefix), "%s", text);
	return prefix;
}

static struct nk_ipaddr addr_of(const char *text)
{
	struct nk_ipaddr addr = { 0 };

	cr_assert(!text || nk_ipaddr_parse(text, &addr), "%s", text);
	return addr;
}

/* --- requests: all numbers are those of the kernel's headers, written out ---------------------- */

static void expect_bytes(const char *what, const struct nlmsghdr *msg, const uint8_t *golden,
			 size_t size)
{
	const uint8_t *bytes = (const uint8_t *)msg;
	size_t i;

	cr_assert_eq(msg->nlmsg_len, size, "%s: %u bytes, wanted %zu", what, msg->nlmsg_len, size);
	for (i = 0; i < size; i++)
		cr_expect_eq(bytes[i], golden[i], "%s: byte %zu is 0x%02x, wanted 0x%02x", what, i,
			     bytes[i], golden[i]);
}

static void expect_addr(const char *text, bool dad, const uint8_t *golden, size_t size)
{
	const struct nk_prefix prefix = prefix_of(text);
	char buf[NK_NL_REQUEST_SIZE] __attribute__((aligned(4)));

	memset(buf, 0xa5, sizeof(buf)); /* what was in the buffer before does not show */
	expect_bytes(text, nk_ip_put_addr(buf, 7, &prefix, dad), golden, size);
}

Test(ip, request_for_an_ipv4_address_has_the_broadcast_address_where_there_is_one)
{
	/* clang-format off */
	static const uint8_t net24[] = {
		48, 0, 0, 0,  20, 0,  0, 6,  0, 0, 0, 0,  0, 0, 0, 0, /* RTM_NEWADDR, CREATE | EXCL */
		2, 24, 0, 0,  7, 0, 0, 0,
		8, 0, 2, 0,  10, 0, 0, 5,   /* IFA_LOCAL */
		8, 0, 1, 0,  10, 0, 0, 5,   /* IFA_ADDRESS */
		8, 0, 4, 0,  10, 0, 0, 255, /* IFA_BROADCAST */
	};
	static const uint8_t net21[] = {
		48, 0, 0, 0,  20, 0,  0, 6,  0, 0, 0, 0,  0, 0, 0, 0,
		2, 21, 0, 0,  7, 0, 0, 0,
		8, 0, 2, 0,  10, 0, 16, 5,
		8, 0, 1, 0,  10, 0, 16, 5,
		8, 0, 4, 0,  10, 0, 23, 255,
	};
	static const uint8_t net31[] = {
		40, 0, 0, 0,  20, 0,  0, 6,  0, 0, 0, 0,  0, 0, 0, 0,
		2, 31, 0, 0,  7, 0, 0, 0,
		8, 0, 2, 0,  10, 0, 0, 4,
		8, 0, 1, 0,  10, 0, 0, 4,
	};
	static const uint8_t net32[] = {
		40, 0, 0, 0,  20, 0,  0, 6,  0, 0, 0, 0,  0, 0, 0, 0,
		2, 32, 0, 0,  7, 0, 0, 0,
		8, 0, 2, 0,  10, 0, 0, 4,
		8, 0, 1, 0,  10, 0, 0, 4,
	};
	/* clang-format on */

	expect_addr("10.0.0.5/24", false, net24, sizeof(net24));
	expect_addr("10.0.0.5/24", true, net24, sizeof(net24));
	expect_addr("10.0.16.5/21", false, net21, sizeof(net21));
	expect_addr("10.0.0.4/31", false, net31, sizeof(net31));
	expect_addr("10.0.0.4/32", false, net32, sizeof(net32));
}

Test(ip, request_for_an_ipv6_address_has_nodad_unless_dad_is_wanted)
{
	/* clang-format off */
	uint8_t golden[] = {
		64, 0, 0, 0,  20, 0,  0, 6,  0, 0, 0, 0,  0, 0, 0, 0,
		10, 64, 2, 0,  7, 0, 0, 0, /* 2: IFA_F_NODAD */
		20, 0, 2, 0,  0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5,
		20, 0, 1, 0,  0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5,
	};
	/* clang-format on */

	expect_addr("fd00::5/64", false, golden, sizeof(golden));
	golden[18] = 0;
	expect_addr("fd00::5/64", true, golden, sizeof(golden));
}

static void expect_route(const char *what, const struct nk_route *route, bool onlink,
			 const uint8_t *golden, size_t size)
{
	char buf[NK_NL_REQUEST_SIZE] __attribute__((aligned(4)));

	memset(buf, 0xa5, sizeof(buf));
	expect_bytes(what, nk_ip_put_route(buf, 7, route, onlink), golden, size);
}

Test(ip, request_for_a_route_has_what_was_given_and_our_defaults)
{
	const struct nk_route link = { .dst = prefix_of("10.1.2.3/16") };
	const struct nk_route via = { .dst = prefix_of("0.0.0.0/0"), .gw = addr_of("10.0.0.1") };
	/* clang-format off */
	static const uint8_t link_golden[] = {
		44, 0, 0, 0,  24, 0,  0, 6,  0, 0, 0, 0,  0, 0, 0, 0, /* RTM_NEWROUTE, CREATE | EXCL */
		2, 16, 0, 0,  254, 4, 253, 1,  0, 0, 0, 0, /* main, static, link, unicast */
		8, 0, 1, 0,  10, 1, 0, 0, /* RTA_DST */
		8, 0, 4, 0,  7, 0, 0, 0,  /* RTA_OIF */
	};
	uint8_t via_golden[] = {
		44, 0, 0, 0,  24, 0,  0, 6,  0, 0, 0, 0,  0, 0, 0, 0,
		2, 0, 0, 0,  254, 4, 0, 1,  0, 0, 0, 0, /* scope universe */
		8, 0, 4, 0,  7, 0, 0, 0,
		8, 0, 5, 0,  10, 0, 0, 1, /* RTA_GATEWAY */
	};
	/* clang-format on */

	expect_route("link", &link, false, link_golden, sizeof(link_golden));
	/* without a gateway the kernel refuses the flag */
	expect_route("link, onlink", &link, true, link_golden, sizeof(link_golden));
	expect_route("via", &via, false, via_golden, sizeof(via_golden));
	via_golden[24] = 4; /* RTNH_F_ONLINK */
	expect_route("onlink", &via, true, via_golden, sizeof(via_golden));
}

Test(ip, request_for_a_route_has_all_members_of_cni)
{
	struct nk_route all = {
		.dst = prefix_of("10.1.0.0/16"),
		.gw = addr_of("fd00::1"),
		.mtu = 1400,
		.advmss = 1360,
		.priority = 50,
		.has_table = true,
		.table = 1000,
		.has_scope = true,
		.scope = 200,
	};
	/* clang-format off */
	static const uint8_t golden[] = {
		104, 0, 0, 0,  24, 0,  0, 6,  0, 0, 0, 0,  0, 0, 0, 0,
		2, 16, 0, 0,  0, 4, 200, 1,  0, 0, 0, 0, /* the table is in RTA_TABLE */
		8, 0, 1, 0,  10, 1, 0, 0,
		8, 0, 4, 0,  7, 0, 0, 0,
		22, 0, 18, 0,  10, 0,  0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,  0, 0, /* RTA_VIA */
		8, 0, 6, 0,  50, 0, 0, 0,         /* RTA_PRIORITY */
		8, 0, 15, 0,  0xe8, 3, 0, 0,      /* RTA_TABLE */
		20, 0, 8, 0x80,                   /* RTA_METRICS */
		8, 0, 2, 0,  0x78, 5, 0, 0,       /* RTAX_MTU */
		8, 0, 8, 0,  0x50, 5, 0, 0,       /* RTAX_ADVMSS */
	};
	static const uint8_t six[] = {
		72, 0, 0, 0,  24, 0,  0, 6,  0, 0, 0, 0,  0, 0, 0, 0,
		10, 8, 0, 0,  255, 4, 253, 1,  0, 0, 0, 0,
		20, 0, 1, 0,  0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		8, 0, 4, 0,  7, 0, 0, 0,
		8, 0, 6, 0,  0, 4, 0, 0, /* 1024, which the kernel would take */
		8, 0, 8, 0x80, 0, 0, 0, 0, /* overwritten below: mtu alone */
	};
	uint8_t six_golden[sizeof(six) + 4];
	static const uint8_t metrics[] = { 12, 0, 8, 0x80, 8, 0, 2, 0, 0, 5, 0, 0 };
	/* clang-format on */

	expect_route("all", &all, false, golden, sizeof(golden));
	all = (struct nk_route){
		.dst = prefix_of("fd00::1/8"),
		.mtu = 1280,
		.has_table = true,
		.table = 255,
	};
	memcpy(six_golden, six, sizeof(six));
	memcpy(six_golden + 64, metrics, sizeof(metrics));
	six_golden[0] = 76;
	expect_route("IPv6", &all, false, six_golden, sizeof(six_golden));
}

Test(ip, route_that_cannot_be_is_refused_before_the_kernel_is_asked)
{
	struct nk_route route = { .dst = prefix_of("fd00::/64"), .gw = addr_of("10.0.0.1") };
	struct nk_nl none = { .where = "Pod" }; /* no socket: a request would crash */
	struct nk_error err = { 0 };

	unit_expect_error("IPv6 via IPv4", nk_ip_route_add(&none, 7, &route, false, &err), &err,
			  NK_CODE_CONFIG,
			  "add route fd00::/64 via 10.0.0.1 to ifindex 7 (Pod)|IPv4 gateway");
	nk_error_reset(&err);
	route = (struct nk_route){ .dst = prefix_of("10.0.0.0/8"),
				   .has_scope = true,
				   .scope = 256 };
	unit_expect_error("scope 256", nk_ip_route_add(&none, 7, &route, false, &err), &err,
			  NK_CODE_CONFIG, "add route 10.0.0.0/8 to ifindex 7|from 0 to 255");
}

/* --- replies --------------------------------------------------------------------------------- */

struct reply {
	char bytes[512] __attribute__((aligned(4)));
};

static struct nlmsghdr *start_reply(struct reply *reply, uint16_t type, size_t header)
{
	struct nlmsghdr *msg;

	*reply = (struct reply){ 0 };
	msg = mnl_nlmsg_put_header(reply->bytes);
	msg->nlmsg_type = type;
	mnl_nlmsg_put_extra_header(msg, header);
	return msg;
}

static void put_ip(struct nlmsghdr *msg, uint16_t type, const char *text)
{
	const struct nk_ipaddr addr = addr_of(text);

	mnl_attr_put(msg, type, nk_ipaddr_size(&addr), addr.bytes);
}

static struct nlmsghdr *put_newaddr(struct reply *reply)
{
	struct nlmsghdr *msg = start_reply(reply, RTM_NEWADDR, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);

	ifa->ifa_family = AF_INET;
	ifa->ifa_prefixlen = 24;
	ifa->ifa_index = 7;
	put_ip(msg, IFA_ADDRESS, "10.0.0.9");
	put_ip(msg, IFA_LOCAL, "10.0.0.5");
	put_ip(msg, IFA_BROADCAST, "10.0.0.255");
	mnl_attr_put_u32(msg, IFA_FLAGS, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE);
	return msg;
}

Test(ip, address_of_a_reply_is_the_local_one_and_the_flags_are_the_wide_ones)
{
	struct nk_error err = { 0 };
	struct nk_ip_addr addr;
	struct reply reply;
	char text[NK_IPADDR_TEXT_SIZE];

	unit_expect_ok("parse", nk_ip_parse_addr(put_newaddr(&reply), &addr, &err), &err);
	nk_prefix_text(&addr.prefix, text);
	cr_expect_str_eq(text, "10.0.0.5/24");
	cr_expect_eq(addr.ifindex, 7);
	cr_expect_eq(addr.flags, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE);
}

/* put_newroute() - 10.1.0.0/16 over two paths: ifindex 7 via 10.0.0.1, ifindex 8 via fd00::1 */
static struct nlmsghdr *put_newroute(struct reply *reply)
{
	static const uint8_t via[] = { 10, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct nlmsghdr *msg = start_reply(reply, RTM_NEWROUTE, sizeof(struct rtmsg));
	struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	struct nlattr *nest;
	struct rtnexthop *path;
	uint32_t start;

	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = 16;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(msg, RTA_TABLE, 254);
	put_ip(msg, RTA_DST, "10.1.0.0");
	nest = mnl_attr_nest_start(msg, RTA_METRICS);
	mnl_attr_put_u32(msg, RTAX_MTU, 1400);
	mnl_attr_nest_end(msg, nest);
	nest = mnl_attr_nest_start(msg, RTA_MULTIPATH);
	path = mnl_nlmsg_put_extra_header(msg, sizeof(*path));
	start = msg->nlmsg_len;
	put_ip(msg, RTA_GATEWAY, "10.0.0.1");
	path->rtnh_len = (uint16_t)(sizeof(*path) + msg->nlmsg_len - start);
	path->rtnh_ifindex = 7;
	path = mnl_nlmsg_put_extra_header(msg, sizeof(*path));
	start = msg->nlmsg_len;
	mnl_attr_put(msg, RTA_VIA, sizeof(via), via);
	path->rtnh_len = (uint16_t)(sizeof(*path) + msg->nlmsg_len - start);
	path->rtnh_ifindex = 8;
	mnl_attr_nest_end(msg, nest);
	return msg;
}

Test(ip, path_of_a_multipath_route_is_found_by_device_and_gateway)
{
	static const struct {
		uint32_t ifindex;
		const char *gw;
		int found;
	} rows[] = {
		{ 7, "10.0.0.1", 1 }, { 8, "fd00::1", 1 },  { 7, NULL, 1 },
		{ 8, NULL, 1 },	      { 7, "10.0.0.2", 0 }, { 8, "10.0.0.1", 0 },
		{ 7, "fd00::1", 0 },  { 8, "fd00::2", 0 },  { 9, NULL, 0 },
	};
	struct nk_error err = { 0 };
	struct nk_route route;
	struct reply reply;
	size_t i;
	int rc;

	for (i = 0; i < COUNT(rows); i++) {
		route = (struct nk_route){ .dst = prefix_of("10.1.0.0/16"),
					   .gw = addr_of(rows[i].gw),
					   .mtu = 1400 };
		rc = nk_ip_match_route(put_newroute(&reply), rows[i].ifindex, &route, &err);
		unit_expect_ok("match", rc, &err);
		cr_expect_eq(rc, rows[i].found, "ifindex %u via %s", rows[i].ifindex,
			     rows[i].gw ? rows[i].gw : "any");
	}
}

/* A single path; a dump that the kernel filters would show none of what differs here. */
struct told {
	uint8_t type, dst_len;
	const char *dst;
	uint32_t table, oif, priority;
	const char *gw;
};

static struct nlmsghdr *put_told(struct reply *reply, const struct told *told)
{
	struct nlmsghdr *msg = start_reply(reply, RTM_NEWROUTE, sizeof(struct rtmsg));
	struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);

	rtm->rtm_family = AF_INET;
	rtm->rtm_type = told->type;
	rtm->rtm_dst_len = told->dst_len;
	mnl_attr_put_u32(msg, RTA_TABLE, told->table);
	if (told->dst)
		put_ip(msg, RTA_DST, told->dst);
	mnl_attr_put_u32(msg, RTA_PRIORITY, told->priority);
	mnl_attr_put_u32(msg, RTA_OIF, told->oif);
	if (told->gw)
		put_ip(msg, RTA_GATEWAY, told->gw);
	return msg;
}

Test(ip, route_of_a_reply_is_compared_in_every_member)
{
	static const struct {
		struct told told;
		int same;
	} rows[] = {
		{ { 1, 16, "10.1.0.0", 254, 7, 5, "10.0.0.1" }, 1 },
		{ { 2, 16, "10.1.0.0", 254, 7, 5, "10.0.0.1" }, 0 }, /* RTN_LOCAL */
		{ { 1, 17, "10.1.0.0", 254, 7, 5, "10.0.0.1" }, 0 },
		{ { 1, 16, "10.2.0.0", 254, 7, 5, "10.0.0.1" }, 0 },
		{ { 1, 16, "fd00::", 254, 7, 5, "10.0.0.1" }, 0 },
		{ { 1, 16, NULL, 254, 7, 5, "10.0.0.1" }, 0 },
		{ { 1, 16, "10.1.0.0", 255, 7, 5, "10.0.0.1" }, 0 },
		{ { 1, 16, "10.1.0.0", 254, 8, 5, "10.0.0.1" }, 0 },
		{ { 1, 16, "10.1.0.0", 254, 7, 0, "10.0.0.1" }, 0 },
		{ { 1, 16, "10.1.0.0", 254, 7, 5, "10.0.0.2" }, 0 },
		{ { 1, 16, "10.1.0.0", 254, 7, 5, "fd00::1" }, 0 },
		{ { 1, 16, "10.1.0.0", 254, 7, 5, NULL }, 0 },
	};
	const struct nk_route route = {
		.dst = prefix_of("10.1.0.0/16"),
		.gw = addr_of("10.0.0.1"),
		.priority = 5,
	};
	struct nk_error err = { 0 };
	struct reply reply;
	size_t i;
	int rc;

	for (i = 0; i < COUNT(rows); i++) {
		rc = nk_ip_match_route(put_told(&reply, &rows[i].told), 7, &route, &err);
		unit_expect_ok("match", rc, &err);
		cr_expect_eq(rc, rows[i].same, "row %zu", i);
	}
}

typedef int (*judge)(const struct nlmsghdr *msg, struct nk_error *err);

static int judge_addr(const struct nlmsghdr *msg, struct nk_error *err)
{
	struct nk_ip_addr addr;

	return nk_ip_parse_addr(msg, &addr, err);
}

static int judge_route(const struct nlmsghdr *msg, struct nk_error *err)
{
	const struct nk_route route = { .dst = prefix_of("10.1.0.0/16"), .gw = addr_of("fd00::1") };

	return nk_ip_match_route(msg, 8, &route, err);
}

/* judge_at_page() - in front of a page that ends the test when it is read. Return: refused? */
static bool judge_at_page(const struct unit_guard *guard, judge fn, const struct nlmsghdr *msg,
			  size_t size, const char *what)
{
	struct nk_error err = { 0 };
	int rc = fn(unit_guard_put(guard, msg, size, 4), &err);

	if (rc < 0)
		unit_expect_error(what, rc, &err, NK_CODE_KERNEL, "garbled");
	else
		unit_expect_ok(what, rc, &err);
	return rc < 0;
}

/* All attributes of our replies but the last are of whole words, and so are those in nests: a
 * message or an attribute that ends elsewhere is cut.
 */
static void cut_and_change(judge fn, struct nlmsghdr *msg, const char *name)
{
	const uint32_t size = msg->nlmsg_len;
	uint8_t *bytes = (uint8_t *)msg;
	struct unit_guard guard;
	char what[64];
	unsigned int i, value;

	unit_guard_init(&guard, size);
	for (i = NLMSG_HDRLEN; i < size; i++) {
		snprintf(what, sizeof(what), "%s cut at %u of %u bytes", name, i, size);
		msg->nlmsg_len = i;
		cr_expect(judge_at_page(&guard, fn, msg, i, what) || i % 4 == 0, "taken: %s", what);
	}
	msg->nlmsg_len = size;
	for (i = sizeof(uint32_t); i < size; i++) { /* but for nlmsg_len */
		const uint8_t good = bytes[i];

		for (value = 0; value < 256; value++) {
			snprintf(what, sizeof(what), "%s, byte %u = 0x%02x", name, i, value);
			bytes[i] = (uint8_t)value;
			judge_at_page(&guard, fn, msg, size, what);
		}
		bytes[i] = good;
	}
	cr_expect(!judge_at_page(&guard, fn, msg, size, name), "whole and refused: %s", name);
	unit_guard_fini(&guard);
}

Test(ip, reply_cut_or_changed_at_any_byte_is_read_or_refused_and_never_read_beyond)
{
	struct reply reply;

	cut_and_change(judge_addr, put_newaddr(&reply), "RTM_NEWADDR");
	cut_and_change(judge_route, put_newroute(&reply), "RTM_NEWROUTE");
}

/* match_paths() - @size bytes of RTA_MULTIPATH; what is behind the message must not be read. */
static int match_paths(const void *paths, uint16_t size, struct nk_error *err)
{
	const struct nk_route route = { .dst = prefix_of("10.1.0.0/16"), .gw = addr_of("fd00::1") };
	const struct told told = { 1, 16, "10.1.0.0", 254, 1, 0, NULL };
	struct unit_guard guard;
	struct nlmsghdr *msg;
	struct reply reply;
	int rc;

	msg = put_told(&reply, &told);
	mnl_attr_put(msg, RTA_MULTIPATH, size, paths);
	unit_guard_init(&guard, msg->nlmsg_len);
	*err = (struct nk_error){ 0 };
	rc = nk_ip_match_route(unit_guard_put(&guard, msg, msg->nlmsg_len, 4), 8, &route, err);
	unit_guard_fini(&guard);
	return rc;
}

Test(ip, paths_of_odd_lengths_are_read_to_their_end_or_refused)
{
	/* length 30, flags, hops, ifindex 8, then RTA_VIA without the padding behind it */
	uint8_t path[32] = { 30, 0, 0, 0, 8, 0, 0, 0, 22, 0, 18, 0, 10, 0, 0xfd, [29] = 1 };
	struct nk_error err;
	uint16_t size;

	unit_expect_ok("30", match_paths(path, 30, &err), &err);
	cr_expect_eq(match_paths(path, 30, &err), 1);
	for (size = 1; size < 30; size++)
		unit_expect_error("cut", match_paths(path, size, &err), &err, NK_CODE_KERNEL,
				  "garbled|RTM_NEWROUTE");
	path[0] = 16; /* and in it RTA_VIA of a family without an address */
	path[8] = 6;
	unit_expect_ok("short RTA_VIA", match_paths(path, 16, &err), &err);
	cr_expect_eq(match_paths(path, 16, &err), 0);
	path[0] = 7;
	unit_expect_error("7", match_paths(path, 30, &err), &err, NK_CODE_KERNEL, "garbled");
	path[0] = 0;
	unit_expect_error("0", match_paths(path, 30, &err), &err, NK_CODE_KERNEL, "garbled");
}

Test(ip, reply_without_a_usable_address_is_garbled)
{
	struct nk_error err = { 0 };
	struct nk_ip_addr addr;
	struct reply reply;
	struct nlmsghdr *msg = put_newaddr(&reply);

	msg->nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg));
	unit_expect_error("none", nk_ip_parse_addr(msg, &addr, &err), &err, NK_CODE_KERNEL,
			  "garbled|RTM_NEWADDR");
	nk_error_reset(&err);
	msg = put_newaddr(&reply);
	((struct ifaddrmsg *)mnl_nlmsg_get_payload(msg))->ifa_prefixlen = 33;
	unit_expect_error("/33", nk_ip_parse_addr(msg, &addr, &err), &err, NK_CODE_KERNEL,
			  "garbled|RTM_NEWADDR");
	nk_error_reset(&err);
	msg = put_newaddr(&reply);
	((struct ifaddrmsg *)mnl_nlmsg_get_payload(msg))->ifa_family = AF_INET6;
	unit_expect_error("four bytes", nk_ip_parse_addr(msg, &addr, &err), &err, NK_CODE_KERNEL,
			  "garbled|RTM_NEWADDR");
}

/* --- the kernel of this machine -------------------------------------------------------------- */

Test(ip_kernel, device_that_is_not_there_is_enodev_and_named)
{
	const struct nk_route route = { .dst = prefix_of("10.1.0.0/16") };
	const struct nk_prefix prefix = prefix_of("10.0.0.5/24");
	struct nk_error err = { 0 };
	struct nk_nl nl;
	int rc;

	unit_expect_ok("nk_nl_open", nk_nl_open(&nl, -1, "host", &err), &err);
	rc = nk_ip_addr_has(&nl, 0x7ffffffe, &prefix, &err);
	unit_expect_error("address", rc, &err, NK_CODE_KERNEL,
			  "read the addresses of ifindex 2147483646 (host)|ENODEV");
	nk_error_reset(&err);
	rc = nk_ip_route_has(&nl, 0x7ffffffe, &route, &err);
	unit_expect_error("route", rc, &err, NK_CODE_KERNEL,
			  "look for route 10.1.0.0/16 on ifindex 2147483646 (host)|ENODEV");
	nk_error_reset(&err);
	rc = nk_ip_addr_wait_dad(&nl, 0x7ffffffe, 1000, &err);
	unit_expect_error("DAD", rc, &err, NK_CODE_KERNEL, "ifindex 2147483646 (host)|ENODEV");
	nk_nl_close(&nl);
}

static struct veth veth;

static int has_addr(int device, const char *text)
{
	const struct nk_prefix prefix = prefix_of(text);
	struct nk_error err = { 0 };
	int rc = nk_ip_addr_has(&veth.nl, veth.ifindex[device], &prefix, &err);

	unit_expect_ok(text, rc, &err);
	return rc;
}

static int add_addr(int device, const char *text, bool dad, struct nk_error *err)
{
	const struct nk_prefix prefix = prefix_of(text);

	return nk_ip_addr_add(&veth.nl, veth.ifindex[device], &prefix, dad, err);
}

static void add_addr_ok(int device, const char *text, bool dad)
{
	struct nk_error err = { 0 };

	unit_expect_ok(text, add_addr(device, text, dad, &err), &err);
}

Test(ip_kernel, device_is_set_up_twice_or_named_where_it_is_not_there)
{
	struct nk_error err = { 0 };
	struct nk_link link;
	int rc;

	veth_open(&veth);
	unit_expect_ok("get", nk_link_get(&veth.nl, NK_NSID_HERE, "nkv0", 0, &link, &err), &err);
	cr_expect(!link.up);
	unit_expect_ok("up", nk_link_set_up(&veth.nl, veth.ifindex[0], &err), &err);
	unit_expect_ok("again", nk_link_set_up(&veth.nl, veth.ifindex[0], &err), &err);
	unit_expect_ok("get", nk_link_get(&veth.nl, NK_NSID_HERE, "nkv0", 0, &link, &err), &err);
	cr_expect(link.up);
	rc = nk_link_set_up(&veth.nl, 0x7ffffffe, &err);
	unit_expect_error("no device", rc, &err, NK_CODE_KERNEL,
			  "cannot set the device up|set ifindex 2147483646 up (Pod)|ENODEV");
	veth_close(&veth);
}

Test(ip_kernel, address_is_there_once_added_and_only_that_one)
{
	static const char *const texts[] = { "10.0.0.5/24", "10.9.0.4/31", "10.9.9.9/32",
					     "fd00::5/64", "fd09::9/128" };
	static const char *const others[] = { "10.0.0.5/25", "10.0.0.6/24", "fd00::5/65",
					      "fd00::6/64" };
	size_t i;

	veth_open_up(&veth);
	for (i = 0; i < COUNT(texts); i++) {
		cr_expect_eq(has_addr(0, texts[i]), 0, "%s before", texts[i]);
		add_addr_ok(0, texts[i], false);
		cr_expect_eq(has_addr(0, texts[i]), 1, "%s", texts[i]);
		cr_expect_eq(has_addr(1, texts[i]), 0, "%s on the other device", texts[i]);
	}
	for (i = 0; i < COUNT(others); i++)
		cr_expect_eq(has_addr(0, others[i]), 0, "%s", others[i]);
	veth_close(&veth);
}

Test(ip_kernel, address_that_is_there_already_is_eexist_and_named)
{
	struct nk_error err = { 0 };
	char words[128];
	int rc;

	veth_open_up(&veth);
	add_addr_ok(0, "10.0.0.5/24", false);
	add_addr_ok(0, "fd00::5/64", false);
	rc = add_addr(0, "10.0.0.5/24", false, &err);
	snprintf(words, sizeof(words),
		 "cannot add|add address 10.0.0.5/24 to ifindex %u (Pod): |%s", veth.ifindex[0],
		 "EEXIST");
	unit_expect_error("IPv4", rc, &err, NK_CODE_KERNEL, words);
	cr_expect_eq(rc, -EEXIST);
	nk_error_reset(&err);
	rc = add_addr(0, "fd00::5/64", false, &err);
	snprintf(words, sizeof(words), "cannot add|add address fd00::5/64 to ifindex %u (Pod): |%s",
		 veth.ifindex[0], "EEXIST");
	unit_expect_error("IPv6", rc, &err, NK_CODE_KERNEL, words);
	cr_expect_eq(rc, -EEXIST);
	veth_close(&veth);
}

Test(ip_kernel, ipv6_address_on_a_device_without_ipv6_names_the_sysctl)
{
	struct nk_error err = { 0 };

	veth_open_up(&veth);
	veth_sysctl("ipv6/conf/nkv0/disable_ipv6", "1");
	unit_expect_error("fd00::5/64", add_addr(0, "fd00::5/64", false, &err), &err,
			  NK_CODE_KERNEL, "add address fd00::5/64|EACCES|disable_ipv6");
	veth_close(&veth);
}

/* --- duplicate address detection --- */

/* quick() - have DAD take milliseconds where it takes one to two seconds */
static void quick(void)
{
	veth_sysctl("ipv6/neigh/nkv0/retrans_time_ms", "20");
	veth_sysctl("ipv6/conf/nkv0/router_solicitation_delay", "0");
}

Test(ip_kernel, dad_that_ends_well_is_waited_for)
{
	struct nk_error err = { 0 };

	veth_open_up(&veth);
	quick();
	add_addr_ok(0, "10.0.0.5/24", false);
	add_addr_ok(0, "fd00::5/64", false);
	unit_expect_ok("no DAD", nk_ip_addr_wait_dad(&veth.nl, veth.ifindex[0], 0, &err), &err);
	add_addr_ok(0, "fd00::6/64", true);
	unit_expect_ok("DAD", nk_ip_addr_wait_dad(&veth.nl, veth.ifindex[0], 10000, &err), &err);
	unit_expect_ok("over", nk_ip_addr_wait_dad(&veth.nl, veth.ifindex[0], 0, &err), &err);
	veth_close(&veth);
}

Test(ip_kernel, address_of_another_host_is_eaddrinuse_and_named)
{
	struct nk_error err = { 0 };
	int rc;

	veth_open_up(&veth);
	quick();
	add_addr_ok(1, "fd00::5/64", false);
	add_addr_ok(0, "fd00::4/64", false);
	add_addr_ok(0, "fd00::5/64", true);
	rc = nk_ip_addr_wait_dad(&veth.nl, veth.ifindex[0], 10000, &err);
	unit_expect_error("DAD", rc, &err, NK_CODE_KERNEL,
			  "another host has the address|fd00::5/64|(Pod)|EADDRINUSE");
	cr_expect_eq(rc, -EADDRINUSE);
	veth_close(&veth);
}

Test(ip_kernel, dad_that_does_not_end_in_time_is_a_timeout_that_names_the_address)
{
	struct nk_error err = { 0 };
	int rc;

	veth_open(&veth);
	/* the other end stays down: without a carrier DAD does not begin */
	unit_expect_ok("up", nk_link_set_up(&veth.nl, veth.ifindex[0], &err), &err);
	add_addr_ok(0, "fd00::5/64", true);
	rc = nk_ip_addr_wait_dad(&veth.nl, veth.ifindex[0], 30, &err);
	unit_expect_error("DAD", rc, &err, NK_CODE_KERNEL,
			  "fd00::5/64|longer than 30 ms|ETIMEDOUT");
	cr_expect_eq(rc, -ETIMEDOUT);
	veth_close(&veth);
}

/* --- routes --- */

/* Texts, so that a table reads as "ip route" does. */
struct row {
	const char *dst, *gw;
	bool onlink;
	uint32_t mtu, advmss, priority;
	int table, scope; /* -1: not given */
};

static struct nk_route route_of(const struct row *row)
{
	return (struct nk_route){
		.dst = prefix_of(row->dst),
		.gw = addr_of(row->gw),
		.mtu = row->mtu,
		.advmss = row->advmss,
		.priority = row->priority,
		.has_table = row->table >= 0,
		.table = row->table >= 0 ? (uint32_t)row->table : 0,
		.has_scope = row->scope >= 0,
		.scope = row->scope >= 0 ? (uint32_t)row->scope : 0,
	};
}

static void up_with_addresses(void)
{
	veth_open_up(&veth);
	add_addr_ok(0, "10.0.0.5/24", false);
	add_addr_ok(0, "fd00::5/64", false);
}

static int has_route(const struct nk_route *route, const char *what)
{
	struct nk_error err = { 0 };
	int rc = nk_ip_route_has(&veth.nl, veth.ifindex[0], route, &err);

	unit_expect_ok(what, rc, &err);
	return rc;
}

static void expect_only_on_its_device(const struct nk_route *route, const char *what)
{
	struct nk_error err = { 0 };

	cr_expect_eq(nk_ip_route_has(&veth.nl, veth.ifindex[1], route, &err), 0,
		     "%s is on the other device", what);
	unit_expect_ok(what, 0, &err);
}

/* expect_not() - @route is there; with one thing changed it is not. */
static void expect_not(struct nk_route route, const char *what)
{
	struct nk_route other = route;

	other.dst.len--;
	cr_expect_eq(has_route(&other, what), 0, "%s: shorter prefix", what);
	other = route;
	other.dst.addr.bytes[0] ^= 0x80;
	cr_expect_eq(has_route(&other, what), 0, "%s: other destination", what);
	other = route;
	other.priority += 7;
	cr_expect_eq(has_route(&other, what), 0, "%s: other priority", what);
	other = route;
	other.has_table = true;
	other.table += 77;
	cr_expect_eq(has_route(&other, what), 0, "%s: other table", what);
	other = route;
	other.mtu = 1333;
	cr_expect_eq(has_route(&other, what), 0, "%s: other mtu", what);
	other = route;
	other.advmss = 1222;
	cr_expect_eq(has_route(&other, what), 0, "%s: other advmss", what);
	other = route;
	other.gw = addr_of(route.dst.addr.family == AF_INET ? "10.0.0.77" : "fd00::77");
	cr_expect_eq(has_route(&other, what), 0, "%s: other gateway", what);
	other.gw = addr_of("fd00::77");
	cr_expect_eq(has_route(&other, what), 0, "%s: other IPv6 gateway", what);
	other = route;
	other.has_scope = true;
	other.scope = 201;
	cr_expect_eq(has_route(&other, what), route.dst.addr.family == AF_INET6, "%s: other scope",
		     what);
}

/* remove_route() - for the next one; what we make goes with its device. */
static void remove_route(const struct nk_route *route, const char *what)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_ip_put_route(buf, veth.ifindex[0], route, false);
	struct nk_error err = { 0 };

	msg->nlmsg_type = RTM_DELROUTE;
	msg->nlmsg_flags = 0;
	unit_expect_ok(what, nk_nl_do(&veth.nl, msg, sizeof(struct rtmsg), NULL, NULL, NULL, &err),
		       &err);
	cr_expect_eq(has_route(route, what), 0, "removed: %s", what);
}

Test(ip_kernel, route_is_there_with_all_its_members)
{
	static const struct row rows[] = {
		{ "10.1.2.3/16", NULL, false, 0, 0, 0, -1, -1 },
		{ "10.1.0.0/16", "10.0.0.1", false, 0, 0, 0, -1, -1 },
		{ "10.9.9.9/32", NULL, false, 0, 0, 0, -1, -1 },
		{ "10.9.9.9/32", "10.0.0.1", false, 0, 0, 50, -1, -1 },
		{ "10.1.0.0/16", "10.0.0.1", false, 1400, 1360, 0, -1, -1 },
		{ "10.1.0.0/16", "10.0.0.1", false, 0, 0, 0, 100, -1 },
		{ "10.1.0.0/16", "10.0.0.1", false, 0, 0, 0, 0, -1 },
		{ "10.1.0.0/16", NULL, false, 0, 0, 0, 100000, 253 },
		{ "10.1.0.0/16", "10.0.0.1", false, 0, 0, 9, -1, 200 },
		{ "10.1.0.0/16", "192.0.2.1", true, 0, 0, 0, -1, -1 },
		{ "10.1.0.0/16", "fd00::1", false, 0, 0, 0, -1, -1 },
		{ "10.1.0.0/16", "fe80::1", true, 1400, 0, 5, 1000, -1 },
		{ "fd01::1/64", NULL, false, 0, 0, 0, -1, -1 },
		{ "fd01::/64", "fd00::1", false, 0, 0, 0, -1, -1 },
		{ "fd09::9/128", NULL, false, 0, 0, 0, -1, -1 },
		{ "fd09::9/128", "fd00::1", false, 1280, 1220, 50, -1, -1 },
		{ "fd01::/64", "fd00::1", false, 0, 0, 0, 100000, 0 },
		{ "fd01::/64", "2001:db8::1", true, 0, 0, 0, 100, -1 },
	};
	struct nk_error err = { 0 };
	struct nk_route route;
	char what[128];
	size_t i;
	int rc;

	up_with_addresses();
	for (i = 0; i < COUNT(rows); i++) {
		snprintf(what, sizeof(what), "row %zu: %s via %s", i, rows[i].dst,
			 rows[i].gw ? rows[i].gw : "nothing");
		route = route_of(&rows[i]);
		cr_expect_eq(has_route(&route, what), 0, "before: %s", what);
		rc = nk_ip_route_add(&veth.nl, veth.ifindex[0], &route, rows[i].onlink, &err);
		unit_expect_ok(what, rc, &err);
		cr_expect_eq(has_route(&route, what), 1, "added: %s", what);
		expect_only_on_its_device(&route, what);
		expect_not(route, what);
		rc = nk_ip_route_add(&veth.nl, veth.ifindex[0], &route, rows[i].onlink, &err);
		unit_expect_error(what, rc, &err, NK_CODE_KERNEL, "EEXIST");
		cr_expect_eq(rc, -EEXIST);
		nk_error_reset(&err);
		remove_route(&route, what);
	}
	veth_close(&veth);
}

Test(ip_kernel, default_routes_of_both_families_are_there)
{
	static const struct row rows[] = {
		{ "0.0.0.0/0", "10.0.0.1", false, 0, 0, 0, -1, -1 },
		{ "0.0.0.0/0", NULL, false, 0, 0, 0, -1, -1 },
		{ "::/0", "fd00::1", false, 0, 0, 0, -1, -1 },
		{ "::/0", NULL, false, 0, 0, 77, -1, -1 },
	};
	struct nk_error err = { 0 };
	struct nk_route route;
	size_t i;

	up_with_addresses();
	for (i = 0; i < COUNT(rows); i++) {
		route = route_of(&rows[i]);
		cr_expect_eq(has_route(&route, rows[i].dst), 0);
		unit_expect_ok(rows[i].dst,
			       nk_ip_route_add(&veth.nl, veth.ifindex[0], &route, false, &err),
			       &err);
		cr_expect_eq(has_route(&route, rows[i].dst), 1, "row %zu", i);
		remove_route(&route, rows[i].dst);
	}
	veth_close(&veth);
}

Test(ip_kernel, gateway_out_of_reach_is_refused_in_the_kernels_words)
{
	const struct row four = { "0.0.0.0/0", "192.0.2.1", false, 0, 0, 0, -1, -1 };
	const struct row six = { "::/0", "2001:db8::1", false, 0, 0, 3, 500, -1 };
	struct nk_route route = route_of(&four);
	struct nk_error err = { 0 };
	char words[160];
	int rc;

	up_with_addresses();
	rc = nk_ip_route_add(&veth.nl, veth.ifindex[0], &route, false, &err);
	snprintf(words, sizeof(words),
		 "cannot add the route|add route 0.0.0.0/0 via 192.0.2.1 to ifindex %u (Pod): "
		 "Nexthop has invalid gateway: ENETUNREACH|subnet",
		 veth.ifindex[0]);
	unit_expect_error("IPv4", rc, &err, NK_CODE_KERNEL, words);
	nk_error_reset(&err);
	route = route_of(&six);
	rc = nk_ip_route_add(&veth.nl, veth.ifindex[0], &route, false, &err);
	unit_expect_error("IPv6", rc, &err, NK_CODE_KERNEL,
			  "add route ::/0 via 2001:db8::1 table 500 priority 3 to|EHOSTUNREACH|"
			  "subnet");
	veth_close(&veth);
}

/* The reference plugins add routes that way; IPv6 then has one route of two paths. */
Test(ip_kernel, ipv6_route_that_another_plugin_joined_is_still_ours)
{
	const struct row rows[] = { { "::/0", "fd00::1", false, 0, 0, 0, -1, -1 },
				    { "::/0", "fd00::2", false, 0, 0, 0, -1, -1 } };
	const struct nk_route mine = route_of(&rows[0]), theirs = route_of(&rows[1]);
	char buf[NK_NL_REQUEST_SIZE];
	struct nk_error err = { 0 };
	struct nlmsghdr *msg;

	up_with_addresses();
	unit_expect_ok("mine", nk_ip_route_add(&veth.nl, veth.ifindex[0], &mine, false, &err),
		       &err);
	msg = nk_ip_put_route(buf, veth.ifindex[0], &theirs, false);
	msg->nlmsg_flags = NLM_F_CREATE | NLM_F_APPEND;
	unit_expect_ok("theirs",
		       nk_nl_do(&veth.nl, msg, sizeof(struct rtmsg), NULL, NULL, NULL, &err), &err);
	cr_expect_eq(has_route(&mine, "mine"), 1);
	cr_expect_eq(has_route(&theirs, "theirs"), 1);
	remove_route(&mine, "mine");
	cr_expect_eq(has_route(&theirs, "theirs"), 1);
	veth_close(&veth);
}
