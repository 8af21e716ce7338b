// SPDX-License-Identifier: Apache-2.0
/* test_steering.c - from configuration and addresses to the flow rules and neighbour entries */
#include "nic/steering.h"

#include "base/ipaddr.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAC	    .match = NK_MATCH_MAC
#define IP	    .match = NK_MATCH_IP
#define TCP(number) .match = NK_MATCH_TCP, .port = number
#define UDP(number) .match = NK_MATCH_UDP, .port = number

static const uint8_t mac[NK_MAC_LEN] = { 0x02, 0, 0, 0, 0, 0x05 };

/* The lists are written as one line: rules as ethtool takes them, entries as address/VLAN, with a '+' that
 * of a multicast group.
 */
static const struct row {
	const char *what;
	uint32_t count;
	struct nk_steering entries[3];
	const char *own, *others; /* addresses with a space between */
	const char *rules, *neighs;
} rows[] = {
	{ "nothing", 0, { { 0 } }, "", "", "", "" },
	{ "no steering", 0, { { 0 } }, "10.0.0.1", "", "", "10.0.0.1/0 " },
	{ "by MAC, without addresses",
	  1,
	  { { MAC } },
	  "",
	  "",
	  "ether dst 02:00:00:00:00:05 action 4; ",
	  "" },
	{ "by MAC, with addresses",
	  1,
	  { { MAC } },
	  "10.0.0.1 fd00::1",
	  "",
	  "ether dst 02:00:00:00:00:05 action 4; ",
	  "10.0.0.1/0 fd00::1/0+ " },
	{ "by MAC in two VLANs",
	  2,
	  { { MAC, .vlan = 7 }, { MAC, .vlan = 8 } },
	  "10.0.0.1",
	  "",
	  "ether dst 02:00:00:00:00:05 vlan 7 vlan-mask 0xf000 action 4; "
	  "ether dst 02:00:00:00:00:05 vlan 8 vlan-mask 0xf000 action 4; ",
	  "10.0.0.1/7 10.0.0.1/8 " },
	{ "by address, of both families",
	  1,
	  { { IP } },
	  "10.0.0.1 fd00::1",
	  "",
	  "ip4 dst-ip 10.0.0.1 action 4; ip6 dst-ip fd00::1 action 4; ",
	  "10.0.0.1/0 fd00::1/0+ " },
	{ "by address, in a VLAN",
	  1,
	  { { IP, .vlan = 7 } },
	  "fd00::1",
	  "",
	  "ip6 dst-ip fd00::1 vlan 7 vlan-mask 0xf000 action 4; ",
	  "fd00::1/7+ " },
	{ "by ports",
	  2,
	  { { TCP(80) }, { UDP(53) } },
	  "10.0.0.1 fd00::1",
	  "",
	  "tcp4 dst-ip 10.0.0.1 dst-port 80 action 4; tcp6 dst-ip fd00::1 dst-port 80 action 4; "
	  "udp4 dst-ip 10.0.0.1 dst-port 53 action 4; udp6 dst-ip fd00::1 dst-port 53 action 4; ",
	  "10.0.0.1/0 fd00::1/0+ " },
	{ "by MAC and port in one VLAN",
	  2,
	  { { MAC, .vlan = 7 }, { TCP(80), .vlan = 7 } },
	  "10.0.0.1",
	  "",
	  "ether dst 02:00:00:00:00:05 vlan 7 vlan-mask 0xf000 action 4; "
	  "tcp4 dst-ip 10.0.0.1 dst-port 80 vlan 7 vlan-mask 0xf000 action 4; ",
	  "10.0.0.1/7 " },
	{ "in a VLAN and in none",
	  2,
	  { { IP, .vlan = 7 }, { IP } },
	  "fd00::1",
	  "",
	  "ip6 dst-ip fd00::1 vlan 7 vlan-mask 0xf000 action 4; ip6 dst-ip fd00::1 action 4; ",
	  "fd00::1/7+ fd00::1/0 " },
	{ "an address given twice",
	  1,
	  { { IP } },
	  "10.0.0.1 fd00::1 10.0.0.1",
	  "",
	  "ip4 dst-ip 10.0.0.1 action 4; ip6 dst-ip fd00::1 action 4; ",
	  "10.0.0.1/0 fd00::1/0+ " },
	{ "addresses of one multicast group",
	  1,
	  { { IP } },
	  "fd00:1::1 fd00:2::1 fd00::2",
	  "",
	  "ip6 dst-ip fd00:1::1 action 4; ip6 dst-ip fd00:2::1 action 4; "
	  "ip6 dst-ip fd00::2 action 4; ",
	  "fd00:1::1/0+ fd00:2::1/0 fd00::2/0+ " },
	{ "other devices' addresses",
	  1,
	  { { IP } },
	  "10.0.0.1",
	  "10.0.0.2",
	  "ip4 dst-ip 10.0.0.1 action 4; ",
	  "10.0.0.1/0 " },
	{ "other devices' addresses taken over",
	  1,
	  { { TCP(80), .takeover = true } },
	  "10.0.0.1",
	  "10.0.0.2 10.0.0.1 fd00::2 10.0.0.2",
	  "tcp4 dst-ip 10.0.0.1 dst-port 80 action 4; "
	  "tcp4 dst-ip 10.0.0.2 dst-port 80 action 4; "
	  "tcp6 dst-ip fd00::2 dst-port 80 action 4; ",
	  "10.0.0.1/0 " },
	{ "taken over by one entry alone",
	  2,
	  { { UDP(53), .takeover = true }, { UDP(54) } },
	  "",
	  "10.0.0.2",
	  "udp4 dst-ip 10.0.0.2 dst-port 53 action 4; ",
	  "" },
};

static uint32_t parse(const char *text, struct nk_ipaddr *ret)
{
	char copy[256], *word, *rest = copy;
	uint32_t count = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strtok_r(rest, " ", &rest)))
		cr_assert(nk_ipaddr_parse(word, &ret[count++]), "%s", word);
	return count;
}

static struct nk_pod_ips ips_of(const char *own, const char *others)
{
	struct nk_pod_ips ips = { 0 };

	ips.own_count = parse(own, ips.own);
	ips.other_count = parse(others, ips.others);
	return ips;
}

static struct nk_config config_of(const struct row *row)
{
	struct nk_config config = { .steering_count = row->count, .neigh_answer = true };

	memcpy(config.steering, row->entries, sizeof(row->entries));
	return config;
}

static void expect_rules(const struct row *row, const struct nk_steering_rule *list, uint32_t count)
{
	char text[NK_FLOW_TEXT_SIZE], *all;
	size_t size;
	FILE *out = open_memstream(&all, &size);
	uint32_t i;

	for (i = 0; i < count; i++) {
		nk_flow_text(&list[i].flow, text);
		fprintf(out, "%s; ", text + strlen("flow-type "));
		cr_expect_eq(list[i].addr.family != 0, list[i].entry->match != NK_MATCH_MAC);
		cr_expect_eq(list[i].flow.spec.location, RX_CLS_LOC_ANY);
	}
	fclose(out);
	cr_expect_str_eq(all, row->rules, "%s\ngot    %s\nwanted %s", row->what, all, row->rules);
	free(all);
}

static void expect_neighs(const struct row *row, const struct nk_steering_neigh *list,
			  uint32_t count)
{
	char text[NK_IPADDR_TEXT_SIZE], *all;
	size_t size;
	FILE *out = open_memstream(&all, &size);
	uint32_t i;

	for (i = 0; i < count; i++) {
		nk_ipaddr_text(&list[i].addr, text);
		fprintf(out, "%s/%u%s ", text, list[i].vlan, list[i].needs_group ? "+" : "");
	}
	fclose(out);
	cr_expect_str_eq(all, row->neighs, "%s\ngot    %s\nwanted %s", row->what, all, row->neighs);
	free(all);
}

Test(steering, configuration_and_addresses_make_the_lists)
{
	static const struct nk_flow_target to = { .id = 4 };
	static struct nk_steering_rule rules[NK_STEERING_RULES_MAX];
	static struct nk_steering_neigh neighs[NK_STEERING_NEIGHS_MAX];
	const struct row *row;

	for (row = rows; row < rows + sizeof(rows) / sizeof(rows[0]); row++) {
		const struct nk_pod_ips ips = ips_of(row->own, row->others);
		struct nk_config config = config_of(row);

		expect_rules(row, rules, nk_steering_rules(&config, mac, &ips, &to, rules));
		expect_neighs(row, neighs, nk_steering_neighs(&config, &ips, neighs));
		config.neigh_answer = false;
		cr_expect_eq(nk_steering_neighs(&config, &ips, neighs), 0, "%s, and nobody answers",
			     row->what);
	}
}

Test(steering, the_longest_lists_have_room)
{
	static const struct nk_flow_target to = { .is_context = true, .id = 1 };
	static struct nk_steering_rule rules[NK_STEERING_RULES_MAX];
	static struct nk_steering_neigh neighs[NK_STEERING_NEIGHS_MAX];
	struct nk_config config = { .steering_count = NK_STEERING_MAX, .neigh_answer = true };
	struct nk_pod_ips ips = { .own_count = NK_IPS_MAX, .other_count = NK_IPS_MAX };
	uint32_t i;

	for (i = 0; i < NK_STEERING_MAX; i++)
		config.steering[i] = (struct nk_steering){ UDP(53), .vlan = (uint16_t)(i + 1),
							   .takeover = true };
	for (i = 0; i < NK_IPS_MAX; i++) {
		ips.own[i] = (struct nk_ipaddr){ 2, { 10, 0, 0, (uint8_t)i } };
		ips.others[i] = (struct nk_ipaddr){ 2, { 10, 0, 1, (uint8_t)i } };
	}
	cr_expect_eq(nk_steering_rules(&config, mac, &ips, &to, rules), NK_STEERING_RULES_MAX);
	cr_expect_eq(nk_steering_neighs(&config, &ips, neighs), NK_STEERING_NEIGHS_MAX);
}

Test(steering, entries_without_addresses_and_others_addresses_are_refused)
{
	static const struct {
		struct nk_steering entries[2];
		const char *own, *others, *error; /* NULL: none */
	} refusals[] = {
		{ { { MAC }, { MAC, .vlan = 7 } }, "", "10.0.0.1", NULL },
		{ { { MAC }, { MAC, .vlan = 7 } }, "10.0.0.1", "10.0.0.1", NULL },
		{ { { MAC }, { IP } }, "", "10.0.0.1", "the flow rules have no address" },
		{ { { IP, .takeover = true }, { TCP(80), .takeover = true } },
		  "",
		  "",
		  "the flow rules have no address|takeover" },
		{ { { IP, .takeover = true }, { TCP(80), .takeover = true } },
		  "10.0.0.1",
		  "10.0.0.1",
		  NULL },
		{ { { IP, .takeover = true }, { TCP(80) } },
		  "10.0.0.2 10.0.0.1",
		  "10.0.0.1",
		  "another device's frames|10.0.0.1 is the address of another device|takeover" },
	};
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct nk_pod_ips ips = ips_of(refusals[i].own, refusals[i].others);
		struct nk_config config = { .steering_count = 2 };
		struct nk_error err = { 0 };
		int rc;

		memcpy(config.steering, refusals[i].entries, sizeof(refusals[i].entries));
		rc = nk_steering_check(&config, &ips, &err);
		if (!refusals[i].error)
			unit_expect_ok("check", rc, &err);
		else
			unit_expect_error("check", rc, &err, NK_CODE_CONFIG, refusals[i].error);
	}
}

Test(steering, a_neighbour_entry_prints_the_group_it_needs)
{
	static struct nk_steering_neigh list[NK_STEERING_NEIGHS_MAX];
	const struct nk_pod_ips ips = ips_of("10.0.0.1 fd00::12:3456 fd01::12:3456", "");
	const struct nk_config config = { .neigh_answer = true };
	char *all;
	size_t size;
	FILE *out = open_memstream(&all, &size);
	uint32_t i, count = nk_steering_neighs(&config, &ips, list);

	for (i = 0; i < count; i++)
		nk_steering_neigh_print(out, "'a b'", &list[i]);
	fclose(out);
	cr_expect_str_eq(all, "bridge fdb add 33:33:ff:12:34:56 dev 'a b' self permanent\n");
	free(all);
}
