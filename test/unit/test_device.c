// SPDX-License-Identifier: Apache-2.0
/* test_device.c - whose device is it, by alias, group, MAC and queue? */
#include "nic/device.h"

#include "kernel/uapi.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static const struct nk_key key = {
	.network = "fast",
	.container_id = "c1",
	.ifname = "net1",
	.cni_ifname = "net1",
};

static struct nk_claim claim;
static struct nk_queue queue;
static struct nk_link link;

/* init() - a single that has all its marks, on its first queue */
static void init(void)
{
	memset(&claim, 0, sizeof(claim));
	memset(&queue, 0, sizeof(queue));
	memset(&link, 0, sizeof(link));
	claim.key = key;
	claim.netkit_queue = queue.lease_queue = 1;
	memcpy(claim.mac, "\x02\0\0\0\0\x01", NK_MAC_LEN);
	memcpy(link.mac, claim.mac, NK_MAC_LEN);
	snprintf(link.kind, sizeof(link.kind), "netkit");
	link.netkit.pairing = NK_NETKIT_PAIRING_SINGLE;
	link.group = NK_LINK_GROUP;
	nk_device_alias(&key, link.alias);
}

static void expect(enum nk_holder wanted, const char *what)
{
	cr_expect_eq(nk_device_by_marks(&claim, &queue, &link), wanted, "%s", what);
}

Test(device, its_alias_makes_it_ours, .init = init)
{
	expect(NK_HOLDER_OURS, "all marks");
	link.group = 0;
	link.mac[5]++;
	queue.lease_queue = 2;
	expect(NK_HOLDER_OURS, "the alias alone");
}

Test(device, another_kind_or_alias_makes_it_another_ones, .init = init)
{
	struct nk_key other = key;

	claim.pair = true;
	expect(NK_HOLDER_OTHER, "a single, where a pair is claimed");
	claim.pair = false;
	snprintf(link.kind, sizeof(link.kind), "veth");
	expect(NK_HOLDER_OTHER, "no netkit");
	init();
	snprintf(other.container_id, sizeof(other.container_id), "c2");
	nk_device_alias(&other, link.alias);
	expect(NK_HOLDER_OTHER, "the alias of another container");
	other = key;
	snprintf(other.network, sizeof(other.network), "slow");
	nk_device_alias(&other, link.alias);
	expect(NK_HOLDER_OTHER, "the alias of another network");
}

Test(device, without_an_alias_group_or_mac_make_it_likely_on_the_queue_that_was_leased,
     .init = init)
{
	static const char *const aliases[] = { "", "an operator's", "nk-cn" };
	size_t i;

	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		init();
		snprintf(link.alias, sizeof(link.alias), "%s", aliases[i]);
		expect(NK_HOLDER_LIKELY, aliases[i]);
		link.group = 0;
		expect(NK_HOLDER_LIKELY, "the MAC alone");
		link.mac[5]++;
		expect(NK_HOLDER_UNKNOWN, "neither");
		link.group = NK_LINK_GROUP;
		expect(NK_HOLDER_LIKELY, "the group alone");
		queue.lease_queue = 2;
		expect(NK_HOLDER_UNKNOWN, "on another queue");
	}
}

Test(device, the_cut_alias_of_an_older_build_tells_nothing_alone, .init = init)
{
	char text[2 * NK_ID_SIZE + 32];

	memset(claim.key.network, 'n', sizeof(claim.key.network) - 1);
	snprintf(text, sizeof(text), "nk-cni:net1:c1:%s", claim.key.network);
	snprintf(link.alias, sizeof(link.alias), "%.*s", NK_ALIAS_SIZE - 2, text);
	expect(NK_HOLDER_LIKELY, "cut");
	link.group = 0;
	link.mac[5]++;
	expect(NK_HOLDER_UNKNOWN, "cut, and nothing else");
}

Test(device, a_long_key_has_an_alias_that_is_its_own, .init = init)
{
	char first[NK_ALIAS_SIZE], second[NK_ALIAS_SIZE];
	struct nk_key other;

	memset(claim.key.network, 'n', sizeof(claim.key.network) - 1);
	memset(claim.key.container_id, 'c', sizeof(claim.key.container_id) - 1);
	other = claim.key;
	other.network[sizeof(other.network) - 2] = 'm';
	nk_device_alias(&claim.key, first);
	nk_device_alias(&other, second);
	cr_expect_str_neq(first, second);
	cr_expect(strlen(first) < NK_ALIAS_SIZE);
}

Test(device, group_or_alias_show_that_nk_cni_made_it, .init = init)
{
	cr_expect(nk_device_has_marks(&link), "both");
	link.alias[0] = '\0';
	cr_expect(nk_device_has_marks(&link), "the group alone");
	snprintf(link.kind, sizeof(link.kind), "veth");
	cr_expect_not(nk_device_has_marks(&link), "another kind");
	init();
	link.group = 0;
	cr_expect(nk_device_has_marks(&link), "the alias alone");
	snprintf(link.alias, sizeof(link.alias), "nk-cn");
	cr_expect_not(nk_device_has_marks(&link), "neither");
}
