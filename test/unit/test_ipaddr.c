// SPDX-License-Identifier: Apache-2.0
/* test_ipaddr.c - addresses and prefixes: which texts are one, and what comes back */
#include "base/ipaddr.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- texts ----------------------------------------------------------------------------------- */

Test(ipaddr, addresses_are_read_and_written_in_their_shortest_form)
{
	static const struct {
		const char *text, *written;
		uint8_t family;
	} rows[] = {
		{ "10.0.0.1", "10.0.0.1", AF_INET },
		{ "0.0.0.0", "0.0.0.0", AF_INET },
		{ "255.255.255.255", "255.255.255.255", AF_INET },
		{ "::", "::", AF_INET6 },
		{ "fd00::1", "fd00::1", AF_INET6 },
		{ "FD00:0:0:0:0:0:0:A", "fd00::a", AF_INET6 },
		{ "::ffff:10.0.0.1", "10.0.0.1", AF_INET }, /* another spelling of it */
		{ "::FFFF:0a00:1", "10.0.0.1", AF_INET },
		{ "::fffe:a00:1", "::fffe:a00:1", AF_INET6 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AF_INET6 },
	};
	char text[NK_IPADDR_TEXT_SIZE];
	struct nk_ipaddr addr;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_assert(nk_ipaddr_parse(rows[i].text, &addr), "%s was refused", rows[i].text);
		cr_expect_eq(addr.family, rows[i].family, "%s", rows[i].text);
		nk_ipaddr_text(&addr, text);
		cr_expect_str_eq(text, rows[i].written);
	}
}

Test(ipaddr, bytes_are_in_network_order_and_those_behind_an_ipv4_address_are_zero)
{
	static const uint8_t four[16] = { 10, 1, 2, 3 };
	static const uint8_t six[16] = { 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34 };
	struct nk_ipaddr addr;

	memset(&addr, 0xff, sizeof(addr));
	cr_assert(nk_ipaddr_parse("10.1.2.3", &addr));
	cr_expect_arr_eq(addr.bytes, four, sizeof(four));
	cr_expect_eq(nk_ipaddr_size(&addr), 4);
	cr_assert(nk_ipaddr_parse("fd00::1234", &addr));
	cr_expect_arr_eq(addr.bytes, six, sizeof(six));
	cr_expect_eq(nk_ipaddr_size(&addr), 16);
}

Test(ipaddr, what_is_no_address_is_refused_and_changes_nothing)
{
	static const char *const texts[] = {
		"",
		" ",
		"10",
		"10.0.0",
		"10.0.0.0.1",
		"10.0.0.256",
		"10.0.0.-1",
		"10.0.0.01",
		" 10.0.0.1",
		"10.0.0.1 ",
		"10.0.0.1/24",
		"0x0a000001",
		"167772161",
		"localhost",
		"10.0.0.1\n",
		":",
		":::",
		"fd00:::1",
		"fd00::1::2",
		"fd00::10000",
		"fd00::g",
		"fd00::1%lo",
		"fd00::1%1",
		"[fd00::1]",
		"1:2:3:4:5:6:7",
		"fd00::1/64",
		" fd00::1",
		"::10.0.0.256",
		"fd00::1 ",
		"1:2:3:4:5:6:7:8:9",
		"10.0.0.1:80",
		"::10.0.0.1.",
		"10.0.0.1::",
	};
	struct nk_ipaddr addr, before;
	size_t i;

	memset(&before, 0x5a, sizeof(before));
	for (i = 0; i < COUNT(texts); i++) {
		addr = before;
		cr_expect(!nk_ipaddr_parse(texts[i], &addr), "\"%s\" was taken", texts[i]);
		cr_expect_eq(memcmp(&addr, &before, sizeof(addr)), 0, "\"%s\"", texts[i]);
	}
}

Test(ipaddr, prefixes_keep_the_bits_behind_them_and_bare_addresses_are_whole)
{
	static const struct {
		const char *text;
		bool bare;
		const char *written;
	} rows[] = {
		{ "10.0.0.5/24", false, "10.0.0.5/24" },
		{ "10.0.0.5/24", true, "10.0.0.5/24" },
		{ "0.0.0.0/0", false, "0.0.0.0/0" },
		{ "10.0.0.5/32", false, "10.0.0.5/32" },
		{ "10.0.0.5", true, "10.0.0.5/32" },
		{ "fd00::5/64", false, "fd00::5/64" },
		{ "::/0", false, "::/0" },
		{ "fd00::5/128", false, "fd00::5/128" },
		{ "fd00::5", true, "fd00::5/128" },
		{ "::ffff:10.0.0.5/120", false, "10.0.0.5/24" },
		{ "::ffff:10.0.0.5/96", false, "10.0.0.5/0" },
		{ "::ffff:10.0.0.5", true, "10.0.0.5/32" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128", false,
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
	};
	char text[NK_IPADDR_TEXT_SIZE];
	struct nk_prefix prefix;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_assert(nk_prefix_parse(rows[i].text, rows[i].bare, &prefix), "%s was refused",
			  rows[i].text);
		nk_prefix_text(&prefix, text);
		cr_expect_str_eq(text, rows[i].written);
	}
}

Test(ipaddr, what_is_no_prefix_is_refused_and_changes_nothing)
{
	static const struct {
		const char *text;
		bool bare;
	} rows[] = {
		{ "", false },
		{ "", true },
		{ "/", true },
		{ "/24", true },
		{ "10.0.0.5", false },
		{ "fd00::5", false },
		{ "10.0.0.5/", false },
		{ "10.0.0.5/", true },
		{ "10.0.0.5/33", true },
		{ "10.0.0.5/256", true },
		{ "10.0.0.5/-1", true },
		{ "10.0.0.5/+8", true },
		{ "10.0.0.5/08", true },
		{ "10.0.0.5/00", true },
		{ "10.0.0.5/ 8", true },
		{ "10.0.0.5/8 ", true },
		{ "10.0.0.5/8/8", true },
		{ "10.0.0.5/255.0.0.0", true },
		{ "10.0.0.5/0x8", true },
		{ "10.0.0.5/18446744073709551624", true }, /* 2^64 + 8 */
		{ "10.0.0.5/99999999999999999999999999", true },
		{ "fd00::5/129", true },
		{ "fd00::5%lo/64", true },
		{ "10.0.0/8", true },
		{ "0000000000000000000000000000000000000000000000000010.0.0.5/24", true },
		{ "00000000000000000000000000000000000000000000000000000000000000", true },
	};
	struct nk_prefix prefix, before;
	size_t i;

	memset(&before, 0x5a, sizeof(before));
	for (i = 0; i < COUNT(rows); i++) {
		prefix = before;
		cr_expect(!nk_prefix_parse(rows[i].text, rows[i].bare, &prefix),
			  "\"%s\" was taken (bare: %d)", rows[i].text, rows[i].bare);
		cr_expect_eq(memcmp(&prefix, &before, sizeof(prefix)), 0, "\"%s\"", rows[i].text);
	}
}

Test(ipaddr, address_of_no_family_is_no_text_and_has_no_bytes)
{
	const struct nk_ipaddr none = { 0 };
	char text[NK_IPADDR_TEXT_SIZE] = "x";

	nk_ipaddr_text(&none, text);
	cr_expect_str_empty(text);
	cr_expect_eq(nk_ipaddr_size(&none), 0);
}

/* --- bits ------------------------------------------------------------------------------------ */

Test(ipaddr, mask_clears_the_bits_behind_the_length)
{
	static const struct {
		const char *text, *masked;
	} rows[] = {
		{ "255.255.255.255/0", "0.0.0.0/0" },
		{ "255.255.255.255/1", "128.0.0.0/1" },
		{ "255.255.255.255/7", "254.0.0.0/7" },
		{ "255.255.255.255/8", "255.0.0.0/8" },
		{ "255.255.255.255/9", "255.128.0.0/9" },
		{ "10.1.2.3/24", "10.1.2.0/24" },
		{ "10.1.2.3/31", "10.1.2.2/31" },
		{ "10.1.2.3/32", "10.1.2.3/32" },
		{ "fd00:1:2:3:4:5:6:7/64", "fd00:1:2:3::/64" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/0", "::/0" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/61", "ffff:ffff:ffff:fff8::/61" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/127",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127" },
		{ "fd00::7/128", "fd00::7/128" },
	};
	char text[NK_IPADDR_TEXT_SIZE];
	struct nk_prefix prefix, masked;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_assert(nk_prefix_parse(rows[i].text, false, &prefix));
		masked = nk_prefix_mask(&prefix);
		nk_prefix_text(&masked, text);
		cr_expect_str_eq(text, rows[i].masked, "%s became %s", rows[i].text, text);
		masked = nk_prefix_mask(&masked);
		nk_prefix_text(&masked, text);
		cr_expect_str_eq(text, rows[i].masked, "%s again became %s", rows[i].text, text);
	}
}

Test(ipaddr, equal_is_of_family_and_its_bytes)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{ "10.0.0.1", "10.0.0.1", true },  { "10.0.0.1", "10.0.0.2", false },
		{ "11.0.0.1", "10.0.0.1", false }, { "fd00::1", "FD00:0::1", true },
		{ "fd00::1", "fd00::2", false },   { "fd00::1", "fd01::1", false },
		{ "0.0.0.0", "::", false },	   { "10.0.0.1", "::ffff:10.0.0.1", true },
		{ "10.0.0.1", "a00:1::", false }, /* equal bytes */
	};
	struct nk_ipaddr a, b;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_assert(nk_ipaddr_parse(rows[i].a, &a) && nk_ipaddr_parse(rows[i].b, &b));
		cr_expect_eq(nk_ipaddr_equal(&a, &b), rows[i].equal, "%s %s", rows[i].a, rows[i].b);
		cr_expect_eq(nk_ipaddr_equal(&b, &a), rows[i].equal, "%s %s", rows[i].b, rows[i].a);
	}
	cr_assert(nk_ipaddr_parse("10.0.0.1", &a));
	b = a;
	b.bytes[4] = 1; /* what is behind an IPv4 address does not count */
	cr_expect(nk_ipaddr_equal(&a, &b));
}

Test(ipaddr, equal_prefixes_hold_the_same_addresses)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{ "0.0.0.0/0", "10.1.2.3/0", true },	 { "::/0", "fd00::1/0", true },
		{ "0.0.0.0/0", "::/0", false },		 { "10.1.2.3/24", "10.1.2.0/24", true },
		{ "10.1.2.3/24", "10.1.2.0/25", false }, { "10.1.2.3/24", "10.1.3.3/24", false },
		{ "fd00:0:0::1/64", "FD00::/64", true },
	};
	struct nk_prefix a, b;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_assert(nk_prefix_parse(rows[i].a, false, &a) &&
			  nk_prefix_parse(rows[i].b, false, &b));
		cr_expect_eq(nk_prefix_equal(&a, &b), rows[i].equal, "%s %s", rows[i].a, rows[i].b);
	}
}

Test(ipaddr, host_is_the_whole_address)
{
	char text[NK_IPADDR_TEXT_SIZE];
	struct nk_prefix prefix;
	struct nk_ipaddr addr;

	cr_assert(nk_ipaddr_parse("10.0.0.1", &addr));
	prefix = nk_prefix_host(&addr);
	nk_prefix_text(&prefix, text);
	cr_expect_str_eq(text, "10.0.0.1/32");
	cr_assert(nk_ipaddr_parse("fd00::1", &addr));
	prefix = nk_prefix_host(&addr);
	nk_prefix_text(&prefix, text);
	cr_expect_str_eq(text, "fd00::1/128");
}

Test(ipaddr, what_no_device_can_have_is_told_with_the_reason)
{
	static const struct {
		const char *text, *flaw;
	} rows[] = {
		{ "0.0.0.0/0", "unspecified" },
		{ "::/64", "unspecified" },
		{ "127.0.0.1/8", "loopback" },
		{ "::1/128", "loopback" },
		{ "224.0.0.1/24", "multicast" },
		{ "239.1.2.3/32", "multicast" },
		{ "ff02::1/64", "multicast" },
		{ "255.255.255.255/32", "broadcast address" },
		{ "10.0.0.0/24", "the network address" },
		{ "10.0.0.255/24", "broadcast address of its" },
		{ "10.0.0.4/30", "the network address" },
		{ "10.0.0.7/30", "broadcast address of its" },
		{ "10.0.0.5/0", "length 0" },
		{ "fd00::/64", "the network address" },
		{ "fd00::4/126", "the network address" },
		{ "10.0.0.4/31", NULL },
		{ "10.0.0.5/31", NULL },
		{ "10.0.0.0/32", NULL },
		{ "fd00::/127", NULL },
		{ "fd00::/128", NULL },
		{ "fd00::ffff:ffff:ffff:ffff/64", NULL },
		{ "10.0.0.1/8", NULL },
		{ "fe80::1/64", NULL },
		{ "10.0.0.254/24", NULL },
		{ "0.0.0.1/8", NULL },
	};
	struct nk_prefix prefix;
	const char *flaw;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_assert(nk_prefix_parse(rows[i].text, false, &prefix));
		flaw = nk_prefix_flaw(&prefix);
		cr_expect(rows[i].flaw ? flaw && strstr(flaw, rows[i].flaw) : !flaw, "%s: %s",
			  rows[i].text, flaw ? flaw : "none");
	}
}

Test(ipaddr, a_prefix_has_the_addresses_of_its_family_with_its_first_bits)
{
	static const struct {
		const char *prefix, *addr;
		bool has;
	} rows[] = {
		{ "10.0.0.5/24", "10.0.0.1", true },   { "10.0.0.5/24", "10.0.1.1", false },
		{ "10.0.0.5/32", "10.0.0.1", false },  { "0.0.0.0/0", "10.0.0.1", true },
		{ "fd00::5/64", "fd00::1:2:3", true }, { "fd00::5/64", "fd00:0:0:1::1", false },
		{ "::/0", "10.0.0.1", false },
	};
	struct nk_prefix prefix;
	struct nk_ipaddr addr;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_assert(nk_prefix_parse(rows[i].prefix, false, &prefix) &&
			  nk_ipaddr_parse(rows[i].addr, &addr));
		cr_expect_eq(nk_prefix_has(&prefix, &addr), rows[i].has, "%s %s", rows[i].prefix,
			     rows[i].addr);
	}
}
