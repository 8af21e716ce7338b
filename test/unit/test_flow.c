// SPDX-License-Identifier: Apache-2.0
/* test_flow.c - flow rules: what is built, when two are equal, how they are printed */
#include "nic/flow.h"

#include "base/ipaddr.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mac[NK_MAC_LEN] = { 0x02, 0, 0, 0xaa, 0xbb, 0x01 };

/* Every match of each family. The texts of all rules here were given to ethtool 6.1, which made
 * the very same bytes of them.
 */
static const struct kind {
	enum nk_match match;
	const char *address; /* NULL: none is given */
	const char *text;
	uint32_t type;
	uint16_t at, size; /* of the destination, in value and mask */
	uint16_t port_at;  /* of the port; 0: none */
} kinds[] = {
	{ NK_MATCH_MAC, NULL, "flow-type ether dst 02:00:00:aa:bb:01", 0x12, 0, 6, 0 },
	{ NK_MATCH_IP, "10.0.0.1", "flow-type ip4 dst-ip 10.0.0.1", 0x0d, 4, 4, 0 },
	{ NK_MATCH_IP, "fd00::1:2", "flow-type ip6 dst-ip fd00::1:2", 0x0e, 16, 16, 0 },
	{ NK_MATCH_TCP, "10.0.0.1", "flow-type tcp4 dst-ip 10.0.0.1 dst-port 8080", 1, 4, 4, 10 },
	{ NK_MATCH_TCP, "fd00::1:2", "flow-type tcp6 dst-ip fd00::1:2 dst-port 8080", 5, 16, 16,
	  34 },
	{ NK_MATCH_UDP, "10.0.0.1", "flow-type udp4 dst-ip 10.0.0.1 dst-port 8080", 2, 4, 4, 10 },
	{ NK_MATCH_UDP, "fd00::1:2", "flow-type udp6 dst-ip fd00::1:2 dst-port 8080", 6, 16, 16,
	  34 },
};

static const struct target {
	struct nk_flow_target to;
	const char *text;
} foreign[] = {
	{ { .is_context = false, .id = 7 }, "action 7" },
	{ { .is_context = false, .id = 0 }, "action 0" },
	{ { .is_context = true, .id = 7 }, "context 7" },
	{ { .is_context = true, .id = 4294967295U }, "context 4294967295" },
};

static const uint16_t vlans[] = { 0, 1, 5, 4094 };

#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))
#define TARGETS (sizeof(foreign) / sizeof(foreign[0]))
#define VLANS	(sizeof(vlans) / sizeof(vlans[0]))
#define ALL	(KINDS * TARGETS * VLANS)

/* build() - the rule number @i of all combinations */
static struct nk_flow build(size_t i)
{
	const struct kind *kind = &kinds[i % KINDS];
	const struct target *target = &foreign[i / KINDS % TARGETS];
	struct nk_steering how = { .match = kind->match, .vlan = vlans[i / KINDS / TARGETS] };
	struct nk_ipaddr addr;
	struct nk_flow flow;

	if (kind->port_at)
		how.port = 8080;
	if (kind->address)
		cr_assert(nk_ipaddr_parse(kind->address, &addr));
	memset(&flow, 0x55, sizeof(flow));
	nk_flow_build(&how, kind->address ? NULL : mac, kind->address ? &addr : NULL, &target->to,
		      &flow);
	return flow;
}

static void expect_text(const struct nk_flow *flow, const char *wanted)
{
	char text[NK_FLOW_TEXT_SIZE];

	nk_flow_text(flow, text);
	cr_expect_str_eq(text, wanted, "got    %s\nwanted %s", text, wanted);
}

/* Offsets of struct ethtool_rx_flow_spec: type 0, value 4, its extension 56, mask 76, its extension
 * 128, ring cookie 152, location 160.
 */
Test(flow, every_rule_has_its_bytes_where_the_kernel_reads_them_and_no_others)
{
	static const uint8_t port[2] = { 0x1f, 0x90 };
	uint8_t wanted[168], bytes[168], vlan[2];
	const struct target *target;
	const struct kind *kind;
	struct nk_ipaddr addr;
	struct nk_flow flow;
	uint32_t type;
	uint64_t ring;
	size_t i;

	cr_assert_eq(sizeof(flow.spec), sizeof(wanted));
	for (i = 0; i < ALL; i++) {
		kind = &kinds[i % KINDS];
		target = &foreign[i / KINDS % TARGETS];
		flow = build(i);
		memset(wanted, 0, sizeof(wanted));
		if (kind->address)
			cr_assert(nk_ipaddr_parse(kind->address, &addr));
		memcpy(wanted + 4 + kind->at, kind->address ? addr.bytes : mac, kind->size);
		memset(wanted + 76 + kind->at, 0xff, kind->size);
		if (kind->port_at) {
			memcpy(wanted + 4 + kind->port_at, port, 2);
			memset(wanted + 76 + kind->port_at, 0xff, 2);
		}
		if (kind->type == 0x0d)
			wanted[4 + 13] = 1; /* ip_ver */
		vlan[0] = (uint8_t)(vlans[i / KINDS / TARGETS] >> 8);
		vlan[1] = (uint8_t)vlans[i / KINDS / TARGETS];
		type = kind->type;
		if (vlan[0] || vlan[1]) {
			type |= 0x80000000U;
			memcpy(wanted + 56 + 10, vlan, 2);
			memcpy(wanted + 128 + 10, "\x0f\xff", 2);
		}
		if (target->to.is_context)
			type |= 0x20000000U;
		memcpy(wanted, &type, 4);
		ring = target->to.is_context ? 0 : target->to.id;
		memcpy(wanted + 152, &ring, 8);
		memset(wanted + 160, 0xff, 4);
		memcpy(bytes, &flow.spec, sizeof(bytes));
		cr_expect(!memcmp(bytes, wanted, sizeof(wanted)), "%s, rule %zu", kind->text, i);
		cr_expect_eq(flow.context, target->to.is_context ? target->to.id : 0);
		cr_expect_eq(flow.reserved, 0);
	}
}

Test(flow, every_rule_is_printed_as_ethtool_takes_it)
{
	char wanted[NK_FLOW_TEXT_SIZE + 32], vlan[64];
	struct nk_flow flow;
	size_t i;

	for (i = 0; i < ALL; i++) {
		flow = build(i);
		snprintf(vlan, sizeof(vlan), " vlan %u vlan-mask 0xf000",
			 vlans[i / KINDS / TARGETS]);
		snprintf(wanted, sizeof(wanted), "%s%s %s", kinds[i % KINDS].text,
			 vlans[i / KINDS / TARGETS] ? vlan : "", foreign[i / KINDS % TARGETS].text);
		expect_text(&flow, wanted);
		flow.spec.location = 1023;
		memcpy(wanted + strlen(wanted), " loc 1023", 10);
		expect_text(&flow, wanted);
	}
}

Test(flow, each_of_all_rules_equals_itself_alone)
{
	struct nk_flow a, b;
	size_t i, j;

	for (i = 0; i < ALL; i++) {
		a = build(i);
		for (j = 0; j < ALL; j++) {
			b = build(j);
			b.spec.location = 3;
			cr_expect_eq(nk_flow_equal(&a, &b), i == j, "rules %zu and %zu", i, j);
		}
	}
}

/* Value and mask alone: 0 to 51 and 52 to 71, the extension with its padding at 52, 53. */
static uint8_t *byte_of(struct nk_flow *flow, bool mask, size_t at)
{
	uint8_t *bytes = mask ? (uint8_t *)&flow->spec.m_u : (uint8_t *)&flow->spec.h_u;

	return bytes + at;
}

/* Bits that a driver need not keep: of values that are not compared, and of fields that the flow
 * type, or a flag that it has not, does not define.
 */
Test(flow, bits_that_are_not_compared_make_no_difference)
{
	struct nk_flow a, b;
	size_t i, at;

	for (i = 0; i < ALL; i++) {
		a = build(i);
		b = a;
		for (at = 0; at < 72; at++)
			*byte_of(&b, false, at) |= (uint8_t)~*byte_of(&a, true, at);
		cr_expect(nk_flow_equal(&a, &b) && nk_flow_equal(&b, &a), "values of rule %zu", i);
		b = a;
		memset(&b.spec.m_ext.padding, 0xff, 2);
		memset(&b.spec.m_ext.h_dest, 0xff, 6); /* no FLOW_MAC_EXT */
		if (!(a.spec.flow_type & FLOW_EXT))
			memset(&b.spec.m_ext.vlan_etype, 0xff, 12);
		cr_expect(nk_flow_equal(&a, &b) && nk_flow_equal(&b, &a), "masks of rule %zu", i);
		b = a;
		b.spec.flow_type |= FLOW_EXT | FLOW_MAC_EXT; /* which compares nothing more */
		cr_expect(nk_flow_equal(&a, &b) && nk_flow_equal(&b, &a), "flags of rule %zu", i);
	}
}

/* The bytes that each flow type's structure of linux/ethtool.h defines, less ip_ver. */
static bool is_defined(uint32_t type, size_t at)
{
	switch (type) {
	case ETHER_FLOW:
		return at < 14;
	case IPV4_USER_FLOW:
		return at < 15 && at != 13;
	case IPV6_USER_FLOW:
		return at < 38;
	case TCP_V4_FLOW:
	case UDP_V4_FLOW:
		return at < 13;
	default:
		return at < 37;
	}
}

Test(flow, any_bit_that_is_compared_or_newly_compared_makes_a_difference)
{
	struct nk_flow a, b;
	size_t i, at;
	bool counts;

	for (i = 0; i < ALL; i++) {
		a = build(i);
		for (at = 0; at < 72; at++) {
			counts = at < 52 ? is_defined(kinds[i % KINDS].type, at) :
					   at >= 60 && a.spec.flow_type & FLOW_EXT;
			b = a;
			*byte_of(&b, true, at) ^= 0x01;
			cr_expect_eq(nk_flow_equal(&a, &b), !counts, "rule %zu, mask %zu", i, at);
			cr_expect_eq(nk_flow_equal(&b, &a), !counts, "rule %zu, mask %zu", i, at);
			b = a;
			*byte_of(&b, false, at) ^= 0x01;
			cr_expect_eq(nk_flow_equal(&a, &b), !(*byte_of(&a, true, at) & 1),
				     "rule %zu, value %zu", i, at);
		}
	}
}

Test(flow, another_target_makes_a_difference)
{
	struct nk_flow a = build(0), b = a;

	b.spec.ring_cookie = 8;
	cr_expect_not(nk_flow_equal(&a, &b));
	b = a;
	b.spec.flow_type |= FLOW_RSS;
	cr_expect_not(nk_flow_equal(&a, &b));
	a.spec.flow_type |= FLOW_RSS;
	cr_expect(nk_flow_equal(&a, &b));
	b.context = 1;
	cr_expect_not(nk_flow_equal(&a, &b));
	a.spec.flow_type = b.spec.flow_type = ETHER_FLOW; /* to queues: the context is nothing */
	cr_expect(nk_flow_equal(&a, &b));
}

Test(flow, rules_of_an_unknown_type_are_compared_byte_by_byte)
{
	struct nk_flow a = { .spec.flow_type = 0x55, .spec.location = 2 }, b = a;

	expect_text(&a, "flow-type 0x55 action 0 loc 2");
	cr_expect(nk_flow_equal(&a, &b));
	b.spec.m_u.hdata[51] = 1;
	cr_expect_not(nk_flow_equal(&a, &b));
	a.spec.m_u.hdata[51] = 1;
	cr_expect(nk_flow_equal(&a, &b));
	b.spec.h_u.hdata[51] = 1;
	cr_expect_not(nk_flow_equal(&a, &b));
}

/* An administrator's; this text, too, was given to ethtool. */
Test(flow, foreign_rule_is_printed_with_all_that_it_compares)
{
	struct nk_flow flow = build(5);

	flow.spec.flow_type |= FLOW_EXT | FLOW_MAC_EXT;
	flow.spec.h_u.udp_ip4_spec.ip4src = htonl(0xc0a80000);
	flow.spec.m_u.udp_ip4_spec.ip4src = htonl(0xffff0000);
	flow.spec.h_u.udp_ip4_spec.tos = 4;
	flow.spec.m_u.udp_ip4_spec.tos = 0x0f;
	flow.spec.h_ext.vlan_etype = htons(0x8100);
	flow.spec.m_ext.vlan_etype = 0xffff;
	flow.spec.h_ext.data[1] = htonl(0x01020304);
	memset(flow.spec.m_ext.data, 0xff, 8);
	memcpy(flow.spec.h_ext.h_dest, mac, 6);
	memset(flow.spec.m_ext.h_dest, 0xff, 5);
	flow.spec.ring_cookie = RX_CLS_FLOW_DISC;
	expect_text(&flow, "flow-type udp4 src-ip 192.168.0.0 src-ip-mask 0.0.255.255 dst-ip "
			   "10.0.0.1 tos 4 tos-mask 0xf0 dst-port 8080 vlan-etype 33024 user-def "
			   "16909060 dst-mac 02:00:00:aa:bb:01 dst-mac-mask 00:00:00:00:00:ff "
			   "action -1");
	flow = build(0);
	flow.spec.ring_cookie = (2ULL << ETHTOOL_RX_FLOW_SPEC_RING_VF_OFF) | 3;
	expect_text(&flow, "flow-type ether dst 02:00:00:aa:bb:01 vf 1 queue 3");
}

Test(flow, longest_text_is_cut_off_and_ended)
{
	char text[NK_FLOW_TEXT_SIZE + 1];
	struct nk_flow flow = { .spec.flow_type = TCP_V6_FLOW | FLOW_EXT | FLOW_MAC_EXT };

	memset(&flow.spec.h_u, 0xab, sizeof(flow.spec.h_u));
	memset(&flow.spec.m_u, 0xa5, sizeof(flow.spec.m_u));
	memset(&flow.spec.h_ext, 0xab, sizeof(flow.spec.h_ext));
	memset(&flow.spec.m_ext, 0xa5, sizeof(flow.spec.m_ext));
	text[NK_FLOW_TEXT_SIZE] = 'x';
	nk_flow_text(&flow, text);
	cr_expect_eq(strlen(text), NK_FLOW_TEXT_SIZE - 1);
	cr_expect_eq(text[NK_FLOW_TEXT_SIZE], 'x');
}

Test(flow, lowest_free_location_is_found_whatever_the_order)
{
	uint32_t sorted[] = { 0, 1, 2, 3 }, mixed[] = { 5, 0, 3, 1 }, high[] = { 7, 6 };
	uint32_t twice[] = { 1, 0, 1, 0, 2 }, special[] = { RX_CLS_LOC_ANY, 0 };

	cr_expect_eq(nk_flow_free_location(NULL, 0, 4), 0);
	cr_expect_eq(nk_flow_free_location(sorted, 4, 8), 4);
	cr_expect_eq(nk_flow_free_location(sorted, 4, 4), 4, "full");
	cr_expect_eq(nk_flow_free_location(sorted, 4, 2), 2, "more rules than there is room for");
	cr_expect_eq(nk_flow_free_location(sorted, 4, 0), 4, "size not known");
	cr_expect_eq(nk_flow_free_location(mixed, 4, 8), 2);
	cr_expect_eq(nk_flow_free_location(high, 2, 8), 0);
	cr_expect_eq(nk_flow_free_location(twice, 5, 8), 3);
	cr_expect_eq(nk_flow_free_location(special, 2, 8), 1);
	cr_expect_eq(nk_flow_last_location(NULL, 0, 4), 3);
	cr_expect_eq(nk_flow_last_location(sorted, 4, 8), 7);
	cr_expect_eq(nk_flow_last_location(sorted, 4, 4), 4, "full");
	cr_expect_eq(nk_flow_last_location(sorted, 4, 2), 2, "more rules than there is room for");
	cr_expect_eq(nk_flow_last_location(high, 2, 8), 5);
	cr_expect_eq(nk_flow_last_location(special, 2, 8), 7);
}

Test(flow, destinations_are_the_same_whatever_the_port_or_vlan)
{
	const struct nk_ipaddr v4 = { AF_INET, { 10, 0, 0, 1 } }, v6 = { AF_INET6, { 0xfd, 1 } };
	const struct nk_ipaddr other = { AF_INET, { 10, 0, 0, 2 } };
	const struct nk_flow_target to = { false, 4 }, elsewhere = { true, 1 };
	const struct nk_steering ip = { .match = NK_MATCH_IP };
	const struct nk_steering tcp = { .match = NK_MATCH_TCP, .port = 80, .vlan = 5 };
	const struct nk_steering by_mac = { .match = NK_MATCH_MAC };
	struct nk_flow a, b;

	nk_flow_build(&ip, mac, &v4, &to, &a);
	nk_flow_build(&tcp, mac, &v4, &elsewhere, &b);
	cr_expect(nk_flow_same_destination(&a, &b), "one address");
	cr_expect_eq(nk_flow_vlan(&a), 0);
	cr_expect_eq(nk_flow_vlan(&b), 5);
	nk_flow_build(&tcp, mac, &other, &to, &b);
	cr_expect_not(nk_flow_same_destination(&a, &b), "another address");
	nk_flow_build(&by_mac, mac, NULL, &to, &b);
	cr_expect_not(nk_flow_same_destination(&a, &b), "an address and a MAC");
	nk_flow_build(&ip, mac, &v6, &to, &a);
	nk_flow_build(&tcp, mac, &v6, &to, &b);
	cr_expect(nk_flow_same_destination(&a, &b), "one IPv6 address");
}

Test(flow, destination_is_the_address_or_none)
{
	struct nk_ipaddr wanted, got;
	struct nk_flow flow;
	size_t i;

	for (i = 0; i < ALL; i++) {
		const struct kind *kind = &kinds[i % KINDS];

		flow = build(i);
		memset(&got, 0x55, sizeof(got));
		cr_expect_eq(nk_flow_destination(&flow, &got), kind->address != NULL, "%s",
			     kind->text);
		cr_assert(!kind->address || nk_ipaddr_parse(kind->address, &wanted));
		cr_expect(!kind->address || nk_ipaddr_equal(&got, &wanted), "%s", kind->text);
	}
	memset(&flow, 0, sizeof(flow));
	cr_expect_not(nk_flow_destination(&flow, &got), "of an unknown type");
}

#define COMMAND "ethtool -N n flow-type ether dst 02:00:00:aa:bb:01 action 7"

Test(flow, a_rule_prints_the_command_that_enters_it)
{
	static const struct {
		uint32_t location;
		bool anywhere;
		const char *want;
	} rows[] = {
		{ RX_CLS_LOC_ANY, true, COMMAND "\n" },
		{ RX_CLS_LOC_ANY, false, COMMAND "\n" },
		{ 7, false, COMMAND " loc 7\n" },
		{ 7, true, COMMAND " loc 7 || " COMMAND "\n" },
	};
	struct nk_flow flow = build(0);
	char text[512];
	FILE *out;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		flow.spec.location = rows[i].location;
		out = fmemopen(text, sizeof(text), "w");
		nk_flow_print(out, "n", &flow, rows[i].anywhere);
		fclose(out);
		cr_expect_str_eq(text, rows[i].want);
	}
}

Test(flow, rules_that_take_the_same_frames_match_wherever_they_direct_to)
{
	struct nk_flow a, b;
	size_t i, j;

	for (i = 0; i < ALL; i++)
		for (j = 0; j < ALL; j++) {
			a = build(i);
			b = build(j);
			cr_expect_eq(nk_flow_same_match(&a, &b),
				     i % KINDS == j % KINDS &&
					     i / KINDS / TARGETS == j / KINDS / TARGETS,
				     "rules %zu and %zu", i, j);
		}
}

/* rule_on() - number @kind of kinds[], on a VLAN, at a location */
static struct nk_flow rule_on(size_t kind, size_t vlan, uint32_t location)
{
	struct nk_flow flow = build(kind + vlan * KINDS * TARGETS);

	flow.spec.location = location;
	return flow;
}

Test(flow, rules_of_two_pods_conflict)
{
	static const struct {
		size_t kind[2], vlan[2];
		uint32_t location[2];
		bool conflict;
	} cases[] = {
		/* one VLAN: one destination, a port of it, another address, MAC and address */
		{ { 1, 1 }, { 0, 0 }, { 3, RX_CLS_LOC_ANY }, true },
		{ { 1, 3 }, { 1, 1 }, { 3, RX_CLS_LOC_ANY }, true },
		{ { 1, 2 }, { 1, 1 }, { 3, RX_CLS_LOC_ANY }, false },
		{ { 0, 1 }, { 1, 1 }, { 3, RX_CLS_LOC_ANY }, false },
		/* two VLANs */
		{ { 1, 1 }, { 1, 2 }, { 3, 4 }, false },
		/* no VLAN and one: the lower location goes first */
		{ { 1, 1 }, { 0, 1 }, { 3, 4 }, true },
		{ { 1, 1 }, { 0, 1 }, { 4, 3 }, false },
		{ { 1, 1 }, { 0, 1 }, { 4, RX_CLS_LOC_ANY }, false },
		{ { 0, 0 }, { 0, 1 }, { 3, 4 }, true },
	};
	struct nk_flow a, b;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		a = rule_on(cases[i].kind[0], cases[i].vlan[0], cases[i].location[0]);
		b = rule_on(cases[i].kind[1], cases[i].vlan[1], cases[i].location[1]);
		cr_expect_eq(nk_flow_conflict(&a, &b), cases[i].conflict, "case %zu", i);
		cr_expect_eq(nk_flow_conflict(&b, &a), cases[i].conflict, "case %zu", i);
	}
}
