// SPDX-License-Identifier: Apache-2.0
/* test_listing.c - an inventory as a table and as JSON */
#include "node/listing.h"

#include "base/json.h"
#include "inventories.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(listing, .timeout = 10);

static void expect_table(const struct nk_inventory *of, const char *want)
{
	char *text = inventory_text(nk_listing_table, of);

	cr_expect_str_eq(text, want, "the table is\n%s", text);
	free(text);
}

/* What is 0 is told, what is not known is "-", and no name can break a line or a terminal. */
Test(listing, a_table_has_a_line_for_each_attachment)
{
	expect_table(
		&inventory,
		"POD         CONTAINER      NETWORK    DEVICE  NETNS             NIC   QUEUES        "
		"HOLDER  IRQ     NUMA  PROGRAM  REDIRECTED            NO-SOCKET  DROPPED  "
		"MAP                                  STATE\n"
		"shop/web-1  0123456789abc  fast       nk0     /run/netns/cni-1  eth0  4-5:1-2       "
		"xsk,-   31,32   0     3        18446744073709551615  7          3        "
		"/sys/fs/bpf/nk-cni/eth0/q4/xsks_map  ok\n"
		"-           c2             wide       eth0    nsid:0            eth0  7:1,9-10:2-3  "
		"-       -,40,-  -     -        -                     -          -        "
		"-                                    unknown (NIC is down or cannot be read)\n"
		"?[2J?       c3             two?lines  a\"b\\c   -                 eth0  12:1          "
		"-       -       -     -        -                     -          -        "
		"-                                    lost: NIC removed, recreate the Pod\n");
}

Test(listing, of_nothing_there_is_a_head_line)
{
	expect_table(
		&inventory_of_nothing,
		"POD  CONTAINER  NETWORK  DEVICE  NETNS  NIC  QUEUES  HOLDER  IRQ  NUMA  PROGRAM  "
		"REDIRECTED  NO-SOCKET  DROPPED  MAP  STATE\n");
}

Test(listing, every_state_has_its_words)
{
	int state;

	for (state = NK_INVENTORY_LOST; state <= NK_INVENTORY_OK; state++) {
		const char *key = nk_inventory_state_key((enum nk_inventory_state)state);

		cr_expect_null(strchr(key, ' '), "\"%s\" has a blank", key);
		cr_expect(*nk_inventory_state_text((enum nk_inventory_state)state));
	}
}

/* No two queues of it are beside another: the longest text that a cell can be asked for */
Test(listing, an_attachment_of_all_queues_fits)
{
	static struct nk_inventory_queue queues[NK_LEASES_MAX];
	struct nk_inventory_row row = inventory_rows[0];
	const struct nk_inventory of = {
		.nic_count = 1, .row_count = 1, .nics = inventory_nics, .rows = &row
	};
	char *text;
	int i;

	for (i = 0; i < NK_LEASES_MAX; i++) {
		queues[i].phys = 1001 + 2 * (uint32_t)i;
		queues[i].netkit = 1 + (uint32_t)i;
		queues[i].irq = UINT32_MAX;
		queues[i].has_irq = true;
		queues[i].holder = "io-uring";
	}
	row.queues = queues;
	row.queue_count = NK_LEASES_MAX;
	text = inventory_text(nk_listing_table, &of);
	cr_expect_not_null(strstr(text, "1001:1,1003:2,"));
	cr_expect_not_null(strstr(text, ",3045:1023  io-uring,io-uring,"));
	cr_expect_not_null(strstr(text, ",4294967295  0 "));
	free(text);
}

Test(listing, json_has_all_members_and_all_digits)
{
	char *want = unit_quoted(
		"[{'network':'fast','containerID':'0123456789abcdef','cniIfName':'net1',"
		"'ifName':'nk0','pod':'shop/web-1','netns':'/run/netns/cni-1','nsid':3,"
		"'pairing':'single','mac':'02:00:00:00:00:05','mtu':1500,'nic':'eth0',"
		"'nicPresent':true,'numaNode':0,'committed':true,'state':'ok',"
		"'map':'/sys/fs/bpf/nk-cni/eth0/q4/xsks_map','programVersion':3,'policy':false,"
		"'queues':[{'netkit':1,'physical':4,'irq':31,'holder':'xsk','redirected':1000,'noSocket':7,"
		"'dropped':3,'resumed':0},{'netkit':2,'physical':5,'irq':32,"
		"'redirected':18446744073709550615,'noSocket':0,'dropped':0,'resumed':2}]},"
		"{'network':'wide','containerID':'c2','cniIfName':'eth0','ifName':'eth0','nsid':0,"
		"'pairing':'pair','mtu':3498,'nic':'eth0','nicPresent':true,'committed':false,"
		"'state':'unknown','queues':[{'netkit':1,'physical':7},"
		"{'netkit':2,'physical':9,'irq':40},{'netkit':3,'physical':10}]},"
		"{'network':'two\\nlines','containerID':'c3','cniIfName':'net1',"
		"'ifName':'a\\'b\\\\c','pod':'\\u001b[2J?','pairing':'single','mtu':1500,"
		"'nic':'eth0','nicPresent':false,'committed':false,'state':'lost',"
		"'queues':[{'netkit':1,'physical':12}]}]");
	char *text = nk_listing_json(&inventory), *from, *to = text;

	cr_assert_not_null(text);
	for (from = text; *from; from++) /* no name here holds one of these */
		if (*from != '\t' && *from != '\n' && *from != ' ')
			*to++ = *from;
	*to = '\0';
	cr_expect_str_eq(text, want, "the list is\n%s", text);
	free(text);
	free(want);
}

Test(listing, json_of_nothing_is_an_empty_array)
{
	char *text = nk_listing_json(&inventory_of_nothing);

	cr_expect_str_eq(text, "[]");
	free(text);
}
