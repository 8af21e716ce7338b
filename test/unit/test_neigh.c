// SPDX-License-Identifier: Apache-2.0
/* test_neigh.c - the multicast group of an IPv6 address */
#include "bpffs/neigh.h"

#include "base/ipaddr.h"
#include "base/mac.h"

#include <criterion/criterion.h>

Test(neigh, a_group_is_33_33_ff_and_the_last_three_bytes)
{
	static const struct {
		const char *addr, *group;
	} rows[] = {
		{ "fd00::1", "33:33:ff:00:00:01" },
		{ "fd00::ff12:3456", "33:33:ff:12:34:56" },
		{ "fe80::6c:6eff:fe00:1", "33:33:ff:00:00:01" },
		{ "2001:db8::fedc:ba98", "33:33:ff:dc:ba:98" }, /* the byte before is not of it */
		{ "::", "33:33:ff:00:00:00" },
	};
	char text[NK_MAC_TEXT_SIZE];
	uint8_t group[NK_MAC_LEN];
	struct nk_ipaddr addr;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert(nk_ipaddr_parse(rows[i].addr, &addr));
		nk_neigh_group(&addr, group);
		nk_mac_text(group, text);
		cr_expect_str_eq(text, rows[i].group, "group of %s: %s", rows[i].addr, text);
	}
}
