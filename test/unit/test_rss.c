// SPDX-License-Identifier: Apache-2.0
/* test_rss.c - RSS: requests byte for byte, replies whole and cut, and the tables' arithmetic */
#include "ethtool/rss.h"

#include "base/cleanup.h"
#include "base/types.h"
#include "genl.h"
#include "kernel/uapi.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <stdlib.h>
#include <string.h>

#define IFINDEX	  7
#define RSS_REPLY 38 /* the kernel numbers replies by themselves; nobody looks */
#define GET_HEX	  "20000000 2000 0500 00000000 00000000 26010000 0c000180 08000100 07000000"

static struct genl genl;

static void open_genl(void)
{
	genl_open(&genl);
}

static void close_genl(void)
{
	genl_close(&genl);
}

TestSuite(rss, .init = open_genl, .fini = close_genl, .timeout = 10);
TestSuite(rss_table, .timeout = 30);

/* table() - of numbers that end with -1 */
static struct nk_rss table(const int32_t *queues)
{
	struct nk_rss ret = { 0 };

	while (queues[ret.size] >= 0) {
		ret.queues[ret.size] = (uint32_t)queues[ret.size];
		ret.size++;
	}
	return ret;
}

#define TABLE(...) table((const int32_t[]){ __VA_ARGS__, -1 })

static bool same(const struct nk_rss *a, const struct nk_rss *b)
{
	return a->size == b->size && !memcmp(a->queues, b->queues, a->size * sizeof(a->queues[0]));
}

/* put_context() - as the kernel writes one: no id for the default, hash key behind the table */
static struct nlmsghdr *put_context(union genl_reply *reply, uint32_t ifindex, uint32_t context,
				    const uint32_t *queues, size_t bytes)
{
	static const uint8_t key[40] = { 0x6d, 0x5a };
	struct nlmsghdr *msg = genl_reply(&genl, reply, RSS_REPLY);

	genl_put_header(msg, ifindex); /* 20 bytes */
	if (context)
		mnl_attr_put_u32(msg, NK_ETHTOOL_A_RSS_CONTEXT, context);
	if (bytes)
		mnl_attr_put(msg, NK_ETHTOOL_A_RSS_INDIR, bytes, queues);
	mnl_attr_put_u32(msg, 3, 1); /* hash function */
	mnl_attr_put(msg, 5, sizeof(key), key);
	return msg;
}

static void give_context(uint32_t ifindex, uint32_t context, const struct nk_rss *t)
{
	union genl_reply reply;
	struct nlmsghdr *msg =
		put_context(&reply, ifindex, context, t->queues, t->size * sizeof(t->queues[0]));

	genl_give(&genl, msg, msg->nlmsg_len);
}

static int get(uint32_t context, struct nk_rss *ret, struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
	return nk_rss_get(&genl.nl, IFINDEX, context, ret, err);
}

/* --- reading --------------------------------------------------------------------------------- */

Test(rss, tables_are_read)
{
	const struct nk_rss odd = TABLE(0, 3, 3, 1, 7, 7, 7);
	struct nk_rss t;
	struct nk_error err;

	give_context(IFINDEX, 0, &odd);
	genl_ack(&genl, 0);
	unit_expect_ok("default", get(0, &t, &err), &err);
	cr_expect(same(&t, &odd));
	genl_expect(&genl, "default", GET_HEX);
	give_context(IFINDEX, 5, &odd);
	genl_ack(&genl, 0);
	unit_expect_ok("context 5", get(5, &t, &err), &err);
	cr_expect(same(&t, &odd));
	genl_expect(&genl, "context 5",
		    "28000000 2000 0500 00000000 00000000 26010000"
		    "0c000180 08000100 07000000 08000200 05000000");
}

Test(rss, table_of_2048_entries_is_read_and_one_of_2049_refused)
{
	static uint32_t queues[NK_RSS_SIZE_MAX + 1];
	union genl_reply reply;
	struct nlmsghdr *msg;
	struct nk_rss t;
	struct nk_error err;
	int rc;

	queues[NK_RSS_SIZE_MAX - 1] = 99;
	msg = put_context(&reply, IFINDEX, 0, queues, sizeof(queues) - sizeof(queues[0]));
	genl_give(&genl, msg, msg->nlmsg_len);
	genl_ack(&genl, 0);
	unit_expect_ok("2048", get(0, &t, &err), &err);
	cr_expect_eq(t.size, NK_RSS_SIZE_MAX);
	cr_expect_eq(t.queues[NK_RSS_SIZE_MAX - 1], 99);
	msg = put_context(&reply, IFINDEX, 0, queues, sizeof(queues));
	genl_give(&genl, msg, msg->nlmsg_len);
	genl_ack(&genl, 0);
	rc = get(0, &t, &err);
	unit_expect_error("2049", rc, &err, NK_CODE_KERNEL,
			  "the RSS table is too large|2049 entries; nk-cni handles up to 2048");
	cr_expect_eq(rc, -E2BIG);
}

Test(rss, table_that_is_no_list_of_numbers_is_refused)
{
	static const uint32_t queues[2] = { 0, 1 };
	union genl_reply reply;
	struct nk_rss t;
	struct nk_error err;
	size_t bytes;
	int rc;

	for (bytes = 1; bytes < 8; bytes++) {
		struct nlmsghdr *msg = put_context(&reply, IFINDEX, 0, queues, bytes);

		genl_give(&genl, msg, msg->nlmsg_len);
		genl_ack(&genl, 0);
		rc = get(0, &t, &err);
		cr_expect_eq(rc, bytes == 4 ? 0 : -EBADMSG, "%zu bytes: %d", bytes, rc);
	}
	unit_expect_error("7 bytes", rc, &err, NK_CODE_KERNEL, "cannot read the RSS table");
}

Test(rss, reply_cut_at_any_byte_is_read_up_to_there_or_refused)
{
	const struct nk_rss want = TABLE(0, 1, 2);
	union genl_reply reply;
	struct nlmsghdr *msg;
	struct nk_rss t;
	struct nk_error err;
	size_t size, whole = 1;
	int rc;

	for (size = 1; size <= whole; size++) {
		msg = put_context(&reply, IFINDEX, 5, want.queues, 12);
		whole = msg->nlmsg_len;
		genl_give(&genl, msg, size);
		genl_ack(&genl, 0);
		rc = get(5, &t, &err);
		genl_forget(&genl);
		if (size == 64 || size == 72 || size == whole) { /* table, function, key */
			unit_expect_ok("boundary", rc, &err);
			cr_expect(same(&t, &want), "%zu bytes", size);
		} else {
			unit_expect_error("cut", rc, &err, NK_CODE_KERNEL,
					  "cannot read the RSS table|RSS context 5");
			cr_expect_eq(
				rc, size == 20 || size == 40 || size == 48 ? -EOPNOTSUPP : -EBADMSG,
				"%zu bytes: %d", size, rc);
		}
	}
	cr_expect_eq(whole, 116);
}

Test(rss, refusals_to_read_keep_their_errno)
{
	struct nk_rss t = TABLE(1);
	struct nk_error err;
	int rc;

	genl_ack(&genl, -EOPNOTSUPP);
	rc = get(0, &t, &err);
	unit_expect_error("none", rc, &err, NK_CODE_KERNEL, "cannot read the RSS table|EOPNOTSUPP");
	cr_expect_eq(rc, -EOPNOTSUPP);
	cr_expect_eq(t.size, 0);
	genl_ack(&genl, -ENOENT);
	rc = get(5, &t, &err);
	unit_expect_error("no context", rc, &err, NK_CODE_KERNEL, "RSS context 5: ENOENT");
	cr_expect_eq(rc, -ENOENT);
	genl.nl.family[NK_NL_ETHTOOL] = 0;
	rc = get(0, &t, &err);
	unit_expect_error("no family", rc, &err, NK_CODE_KERNEL, "no generic netlink family");
}

/* --- writing --------------------------------------------------------------------------------- */

Test(rss, table_is_set_and_reset_without_naming_a_context)
{
	const struct nk_rss t = TABLE(0, 3, 0x01020304);
	struct nk_error err = { 0 };

	genl_ack(&genl, 0);
	unit_expect_ok("set", nk_rss_set(&genl.nl, IFINDEX, &t, &err), &err);
	genl_expect(&genl, "set",
		    "30000000 2000 0500 00000000 00000000 30010000"
		    "0c000180 08000100 07000000"
		    "10000400 00000000 03000000 04030201");
	genl_ack(&genl, 0);
	unit_expect_ok("reset", nk_rss_reset(&genl.nl, IFINDEX, &err), &err);
	genl_expect(&genl, "reset",
		    "24000000 2000 0500 00000000 00000000 30010000"
		    "0c000180 08000100 07000000 04000400");
}

Test(rss, table_of_2048_entries_is_set_whole)
{
	static char want[20000] = "24200000 2000 0500 00000000 00000000 30010000"
				  "0c000180 08000100 07000000 04200400";
	struct nk_rss t = { .size = NK_RSS_SIZE_MAX };
	struct nk_error err = { 0 };
	size_t used = strlen(want);

	memset(want + used, '0', (size_t)8 * NK_RSS_SIZE_MAX);
	memcpy(want + used + (size_t)8 * (NK_RSS_SIZE_MAX - 1), "63000000", 8);
	t.queues[NK_RSS_SIZE_MAX - 1] = 99;
	genl_ack(&genl, 0);
	unit_expect_ok("2048", nk_rss_set(&genl.nl, IFINDEX, &t, &err), &err);
	genl_expect(&genl, "2048", want);
}

/* A table without entries would be a reset. */
Test(rss, table_without_entries_or_with_too_many_is_not_sent)
{
	struct nk_error err = { 0 };
	struct nk_rss t = { 0 };
	int rc = nk_rss_set(&genl.nl, IFINDEX, &t, &err);

	unit_expect_error("0", rc, &err, NK_CODE_INTERNAL, "cannot set the RSS table|0 entries");
	cr_expect_eq(rc, -EINVAL);
	nk_error_reset(&err);
	t.size = NK_RSS_SIZE_MAX + 1;
	rc = nk_rss_set(&genl.nl, IFINDEX, &t, &err);
	unit_expect_error("2049", rc, &err, NK_CODE_INTERNAL, "2049 entries, not 1 to 2048");
	genl_expect_nothing(&genl, "neither");
}

Test(rss, refusals_to_write_name_the_attribute)
{
	const struct nk_rss t = TABLE(0, 9);
	struct nk_error err = { 0 };
	int rc;

	genl_refuse(&genl, -EINVAL, "entry 1: queue out of range (9)", 32);
	rc = nk_rss_set(&genl.nl, IFINDEX, &t, &err);
	unit_expect_error("set", rc, &err, NK_CODE_KERNEL, "cannot set the RSS table");
	cr_expect_str_eq(err.details, "entry 1: queue out of range (9) (attribute .indir): EINVAL");
	nk_error_reset(&err);
	genl_ack(&genl, -EOPNOTSUPP);
	rc = nk_rss_reset(&genl.nl, IFINDEX, &err);
	unit_expect_error("reset", rc, &err, NK_CODE_KERNEL, "cannot reset the RSS table|EOPN");
	cr_expect_eq(rc, -EOPNOTSUPP);
}

/* --- contexts -------------------------------------------------------------------------------- */

static int create(uint32_t context, const uint32_t *queues, uint32_t count, struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
	return nk_rss_context_create(&genl.nl, IFINDEX, context, queues, count, err);
}

Test(rss, context_is_created_over_exactly_its_queues)
{
	const struct nk_rss six = TABLE(0, 1, 2, 3, 0, 1);
	const uint32_t queues[] = { 8, 9, 10, 11 };
	struct nk_error err;

	give_context(IFINDEX, 0, &six);
	genl_ack(&genl, 0);
	genl_ack(&genl, 0);
	unit_expect_ok("2 of 6", create(3, queues, 2, &err), &err);
	genl_expect(&genl, "2 of 6", GET_HEX);
	genl_expect(&genl, "2 of 6",
		    "34000000 2000 0500 00000000 00000000 31010000"
		    "0c000180 08000100 07000000 08000200 03000000"
		    "0c000400 08000000 09000000");
	give_context(IFINDEX, 0, &six);
	genl_ack(&genl, 0);
	genl_ack(&genl, 0);
	unit_expect_ok("4 of 6", create(4, queues, 4, &err), &err);
	genl_expect(&genl, "4 of 6", GET_HEX);
	genl_expect(&genl, "4 of 6",
		    "44000000 2000 0500 00000000 00000000 31010000"
		    "0c000180 08000100 07000000 08000200 04000000"
		    "1c000400 08000000 09000000 0a000000 0b000000 08000000 09000000");
}

Test(rss, context_of_no_or_too_many_queues_is_refused_before_it_is_asked_for)
{
	const struct nk_rss three = TABLE(0, 1, 2);
	const uint32_t queues[] = { 8, 9, 10, 11 };
	struct nk_error err;
	int rc;

	give_context(IFINDEX, 0, &three);
	genl_ack(&genl, 0);
	rc = create(3, queues, 4, &err);
	unit_expect_error("4 of 3", rc, &err, NK_CODE_KERNEL,
			  "cannot create RSS context 3|4 queues do not fit in a table of 3");
	cr_expect_eq(rc, -EINVAL);
	genl_expect(&genl, "4 of 3", GET_HEX);
	give_context(IFINDEX, 0, &three);
	genl_ack(&genl, 0);
	rc = create(3, queues, 0, &err);
	unit_expect_error("none", rc, &err, NK_CODE_KERNEL, "0 queues do not fit");
	genl_expect(&genl, "none", GET_HEX);
	genl_expect_nothing(&genl, "none");
}

Test(rss, context_that_cannot_be_created_keeps_the_errno)
{
	const struct nk_rss two = TABLE(0, 1);
	const uint32_t queues[] = { 8, 9 };
	struct nk_error err;
	int rc;

	give_context(IFINDEX, 0, &two);
	genl_ack(&genl, 0);
	genl_refuse(&genl, -EBUSY, "error allocating context ID", 32);
	rc = create(3, queues, 2, &err);
	unit_expect_error("taken", rc, &err, NK_CODE_KERNEL, "cannot create RSS context 3");
	cr_expect_eq(rc, -EBUSY);
	cr_expect_str_eq(err.details, "error allocating context ID (attribute .context): EBUSY");
	give_context(IFINDEX, 0, &two);
	genl_ack(&genl, 0);
	genl_ack(&genl, -EOPNOTSUPP);
	cr_expect_eq(create(3, queues, 2, &err), -EOPNOTSUPP);
	genl_ack(&genl, -ENODEV);
	rc = create(3, queues, 2, &err);
	unit_expect_error("no NIC", rc, &err, NK_CODE_KERNEL, "cannot create RSS context 3|ENODEV");
	cr_expect_eq(rc, -ENODEV);
}

Test(rss, context_is_removed_and_one_that_is_not_there_is_success)
{
	static const int absent[] = { 0, -ENOENT, -ENODEV, -EOPNOTSUPP };
	struct nk_error err = { 0 }, first = { 0 };
	size_t i;
	int rc;

	for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		genl_ack(&genl, absent[i]);
		unit_expect_ok("remove", nk_rss_context_remove(&genl.nl, IFINDEX, 3, &err), &err);
		genl_expect(&genl, "remove",
			    "28000000 2000 0500 00000000 00000000 32010000"
			    "0c000180 08000100 07000000 08000200 03000000");
	}
	genl_ack(&genl, -EBUSY);
	rc = nk_rss_context_remove(&genl.nl, IFINDEX, 3, &err);
	unit_expect_error(
		"busy", rc, &err, NK_CODE_KERNEL,
		"cannot remove RSS context 3|a flow rule still directs frames to the RSS context: EBUSY");
	cr_expect_eq(rc, -EBUSY);
	nk_error_set(&first, NK_CODE_IPAM, EIO, "the first error", "%s", "");
	genl_ack(&genl, -EBUSY);
	cr_expect_eq(nk_rss_context_remove(&genl.nl, IFINDEX, 3, &first), -EBUSY);
	cr_expect_str_eq(first.msg, "the first error");
}

static int read_contexts(struct nk_context_list *list, struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
	return nk_rss_context_read(&genl.nl, IFINDEX, list, err);
}

Test(rss, contexts_of_this_device_are_listed_without_the_default_one)
{
	const struct nk_rss a = TABLE(0, 1), b = TABLE(4, 5, 4), none = { 0 };
	struct nk_context_list list cleanup_list = { 0 };
	struct nk_error err;

	give_context(IFINDEX + 1, 0, &a);
	give_context(IFINDEX + 1, 1, &a);
	give_context(IFINDEX, 0, &a);
	give_context(IFINDEX, 1, &none);
	give_context(IFINDEX, 15, &b);
	genl_done(&genl, 0);
	unit_expect_ok("read", read_contexts(&list, &err), &err);
	cr_assert_eq(list.count, 2);
	cr_expect_eq(list.at[0].id, 1);
	cr_expect_eq(list.at[1].id, 15);
	cr_expect(same(&list.at[1].table, &b));
	genl_expect(&genl, "read",
		    "28000000 2000 0503 00000000 00000000 26010000"
		    "0c000180 08000100 07000000 08000700 01000000");
}

Test(rss, list_of_a_driver_or_kernel_without_contexts_is_empty)
{
	struct nk_context_list list cleanup_list = { 0 };
	struct nk_error err;
	int rc;

	genl_ack(&genl, -EOPNOTSUPP);
	unit_expect_ok("refused", read_contexts(&list, &err), &err);
	genl_done(&genl, 0);
	unit_expect_ok("empty", read_contexts(&list, &err), &err);
	genl_done(&genl, -ENODEV);
	rc = read_contexts(&list, &err);
	unit_expect_error("no NIC", rc, &err, NK_CODE_KERNEL, "cannot list RSS contexts|ENODEV");
	genl.nl.family[NK_NL_ETHTOOL] = 0;
	unit_expect_ok("no family", read_contexts(&list, &err), &err);
	cr_expect_eq(list.count, 0);
}

Test(rss, probe_asks_for_a_context_that_nobody_has)
{
	const struct nk_rss small = TABLE(0, 1);
	struct nk_rss large = { .size = NK_RSS_CONTEXT_SIZE_MAX };
	struct nk_error err = { 0 };
	int rc;

	genl_ack(&genl, -ENOENT);
	give_context(IFINDEX, 0, &small);
	genl_ack(&genl, 0);
	unit_expect_ok("has", nk_rss_probe_contexts(&genl.nl, IFINDEX, &err), &err);
	genl_expect(&genl, "has",
		    "28000000 2000 0500 00000000 00000000 26010000"
		    "0c000180 08000100 07000000 08000200 ffffffff");
	genl_forget(&genl);
	genl_ack(&genl, -ENOENT);
	give_context(IFINDEX, 0, &large);
	genl_ack(&genl, 0);
	unit_expect_ok("large", nk_rss_probe_contexts(&genl.nl, IFINDEX, &err), &err);
	large.size++;
	genl_ack(&genl, -ENOENT);
	give_context(IFINDEX, 0, &large);
	genl_ack(&genl, 0);
	rc = nk_rss_probe_contexts(&genl.nl, IFINDEX, &err);
	unit_expect_error("too large", rc, &err, NK_CODE_KERNEL,
			  "cannot create an RSS context|1025 entries|1024");
	cr_expect_eq(rc, -EOPNOTSUPP);
	nk_error_reset(&err);
	genl_ack(&genl, -EOPNOTSUPP);
	rc = nk_rss_probe_contexts(&genl.nl, IFINDEX, &err);
	unit_expect_error("has none", rc, &err, NK_CODE_KERNEL,
			  "the NIC's driver has no RSS contexts|EOPNOTSUPP");
	cr_expect_eq(rc, -EOPNOTSUPP);
	nk_error_reset(&err);
	genl_ack(&genl, -ENODEV);
	rc = nk_rss_probe_contexts(&genl.nl, IFINDEX, &err);
	unit_expect_error("no NIC", rc, &err, NK_CODE_KERNEL,
			  "cannot probe for RSS contexts|ENODEV");
	cr_expect_eq(rc, -ENODEV);
}

/* --- arithmetic ------------------------------------------------------------------------------ */

Test(rss_table, even_is_a_share_for_each_queue_in_any_order)
{
	const struct nk_rss t = TABLE(0, 1, 2, 0, 1), none = { 0 }, blocks = TABLE(2, 2, 0, 0, 1),
			    uneven = TABLE(0, 0, 0, 1, 2);

	cr_expect(nk_rss_is_even(&blocks, 3));
	cr_expect_not(nk_rss_is_even(&uneven, 3));

	cr_expect(nk_rss_is_even(&t, 3));
	cr_expect_not(nk_rss_is_even(&t, 2));
	cr_expect_not(nk_rss_is_even(&t, 4));
	cr_expect_not(nk_rss_is_even(&t, 0));
	cr_expect_not(nk_rss_is_even(&none, 3));
}

Test(rss_table, excluded_queues_entries_go_to_the_others)
{
	static const struct {
		const char *what;
		uint32_t queues;
		int32_t excluded[9], from[13], want[13];
	} rows[] = {
		{ "none excluded", 4, { -1 }, { 0, 3, 3, 1, -1 }, { 0, 3, 3, 1, -1 } },
		{ "not in the table", 4, { 2, -1 }, { 0, 3, 3, 1, -1 }, { 0, 3, 3, 1, -1 } },
		{ "default of 4",
		  4,
		  { 2, 3, -1 },
		  { 0, 1, 2, 3, 0, 1, 2, 3, -1 },
		  { 0, 1, 0, 0, 0, 1, 1, 1, -1 } },
		{ "weights 3:1",
		  4,
		  { 2, 3, -1 },
		  { 0, 0, 0, 1, 2, 3, 2, 3, -1 },
		  { 0, 0, 0, 1, 0, 0, 0, 1, -1 } },
		{ "excluded first", 4, { 0, -1 }, { 0, 0, 3, 2, 0, -1 }, { 2, 3, 3, 2, 3, -1 } },
		{ "one remains", 8, { 4, 5, -1 }, { 4, 5, 7, 4, 5, -1 }, { 7, 7, 7, 7, 7, -1 } },
		{ "odd size",
		  3,
		  { 2, -1 },
		  { 0, 1, 2, 0, 1, 2, 0, -1 },
		  { 0, 1, 0, 0, 1, 1, 0, -1 } },
		{ "none remain", 6, { 2, 3, -1 }, { 2, 3, 2, 3, 2, -1 }, { 0, 1, 4, 4, 5, -1 } },
		{ "beyond the queues is kept",
		  2,
		  { 1, -1 },
		  { 9, 1, 0, 1, -1 },
		  { 9, 0, 0, 9, -1 } },
		{ "beyond, but excluded", 2, { 9, -1 }, { 9, 1, 0, -1 }, { 1, 1, 0, -1 } },
		{ "beyond any id", 2, { 1, -1 }, { 70000, 1, -1 }, { 70000, 70000, -1 } },
	};
	struct nk_rss from, want, got;
	struct nk_queue_set excluded;
	struct nk_error err = { 0 };
	size_t i, j;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		excluded = (struct nk_queue_set){ 0 };
		for (j = 0; rows[i].excluded[j] >= 0; j++)
			nk_queue_set_put(&excluded, (uint32_t)rows[i].excluded[j]);
		from = table(rows[i].from);
		want = table(rows[i].want);
		unit_expect_ok(rows[i].what,
			       nk_rss_exclude(&from, &excluded, rows[i].queues, &got, &err), &err);
		cr_expect(same(&got, &want), "%s", rows[i].what);
	}
}

Test(rss_table, all_queues_excluded_is_refused)
{
	const struct nk_rss from = TABLE(0, 1, 0, 1);
	struct nk_queue_set excluded = { 0 };
	struct nk_error err = { 0 };
	struct nk_rss got;
	int rc;

	nk_queue_set_put(&excluded, 0);
	nk_queue_set_put(&excluded, 1);
	rc = nk_rss_exclude(&from, &excluded, 2, &got, &err);
	unit_expect_error("all of 2", rc, &err, NK_CODE_KERNEL, "no receive queue is left|all 2");
	cr_expect_eq(rc, -EINVAL);
	nk_error_reset(&err);
	rc = nk_rss_exclude(&from, &excluded, 0, &got, &err);
	unit_expect_error("all of none", rc, &err, NK_CODE_KERNEL, "no receive queue is left");
	nk_error_reset(&err);
	unit_expect_ok("one of 3", nk_rss_exclude(&from, &excluded, 3, &got, &err), &err);
	cr_expect_eq(got.queues[0], 2);
}

/* What no test could choose by hand: 3000 tables of any size, weights, and queues excluded. */
#define QUEUES 24U

struct sample {
	struct nk_rss from, got;
	struct nk_queue_set excluded;
	uint32_t weight[QUEUES], gained[QUEUES]; /* entries of a queue, before and besides */
	uint32_t lost, kept;			 /* entries of excluded queues, and the others */
};

static void draw(struct sample *s, unsigned int *seed)
{
	uint32_t used = 1 + (uint32_t)rand_r(seed) % QUEUES, i;

	*s = (struct sample){ 0 };
	for (i = 1; i < QUEUES; i++) /* 0 stays */
		if (rand_r(seed) % 3 == 0)
			nk_queue_set_put(&s->excluded, i);
	s->from.size = 1 + (uint32_t)rand_r(seed) % (rand_r(seed) % 8 ? 128 : NK_RSS_SIZE_MAX);
	for (i = 0; i < s->from.size; i++) {
		s->from.queues[i] = (uint32_t)rand_r(seed) % used;
		if (rand_r(seed) % 2)
			s->from.queues[i] /= 2; /* the low ones weigh more */
		s->weight[s->from.queues[i]]++;
		if (nk_queue_set_has(&s->excluded, s->from.queues[i]))
			s->lost++;
		else
			s->kept++;
	}
}

static void expect_shares(const struct sample *s, unsigned int n)
{
	uint32_t q, weight, sum;
	int64_t off;

	sum = s->kept;
	for (q = 0; !s->kept && q < QUEUES; q++)
		sum += !nk_queue_set_has(&s->excluded, q);
	for (q = 0; q < QUEUES; q++) {
		weight = s->kept ? s->weight[q] : 1;
		if (nk_queue_set_has(&s->excluded, q))
			weight = 0;
		off = (int64_t)s->gained[q] * sum - (int64_t)weight * s->lost;
		cr_expect(off >= -(int64_t)sum && off <= sum,
			  "table %u: queue %u of weight %u in %u gained %u of %u", n, q, weight,
			  sum, s->gained[q], s->lost);
	}
}

Test(rss_table, any_table_loses_what_is_excluded_and_nothing_else_in_proportion)
{
	static struct sample s;
	unsigned int seed = 4, n;
	struct nk_error err = { 0 };
	struct nk_rss again;
	uint32_t i;

	for (n = 0; n < 3000; n++) {
		draw(&s, &seed);
		unit_expect_ok("exclude",
			       nk_rss_exclude(&s.from, &s.excluded, QUEUES, &s.got, &err), &err);
		cr_assert_eq(s.got.size, s.from.size);
		for (i = 0; i < s.got.size; i++) {
			cr_assert(s.got.queues[i] < QUEUES &&
					  !nk_queue_set_has(&s.excluded, s.got.queues[i]),
				  "table %u: entry %u is queue %u", n, i, s.got.queues[i]);
			if (nk_queue_set_has(&s.excluded, s.from.queues[i]))
				s.gained[s.got.queues[i]]++;
			else
				cr_assert_eq(s.got.queues[i], s.from.queues[i]);
		}
		expect_shares(&s, n);
		nk_rss_exclude(&s.got, &s.excluded, QUEUES, &again, &err);
		cr_assert(same(&again, &s.got), "table %u: a second time changes it", n);
	}
}
