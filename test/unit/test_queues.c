// SPDX-License-Identifier: Apache-2.0
/* test_queues.c - lists of queue ids */
#include "base/queues.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static int parse(const char *text, struct nk_queue_set *set, struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
	return nk_queue_set_parse(text, "queues.ids", set, err);
}

static void expect_refused(const char *text, const char *words)
{
	const struct nk_queue_set full = { .bits = { 0x55 } };
	struct nk_queue_set set = full;
	struct nk_error err;

	unit_expect_error(text, parse(text, &set, &err), &err, NK_CODE_CONFIG, words);
	cr_expect(!memcmp(&set, &full, sizeof(set)), "\"%s\" was refused and changed the set",
		  text);
}

/* print() - a set as ids with commas. */
static void print(const struct nk_queue_set *set, char *buf, size_t size)
{
	uint32_t id;
	size_t used = 0;

	buf[0] = '\0';
	for (id = 0; id < NK_QUEUE_IDS && used < size; id++)
		if (nk_queue_set_has(set, id))
			used += (size_t)snprintf(buf + used, size - used, "%s%u", used ? "," : "",
						 id);
}

Test(queues, lists_and_ranges_are_read)
{
	static const struct {
		const char *text, *ids;
		int count;
	} rows[] = {
		{ "1", "1", 1 },
		{ "8-11,20", "8,9,10,11,20", 5 },
		{ "20,8-9", "8,9,20", 3 },
		{ "5-5", "5", 1 },
		{ "63-65", "63,64,65", 3 },
		{ "4095", "4095", 1 },
		{ "4094-4095", "4094,4095", 2 },
		{ "007", "7", 1 },
	};
	struct nk_queue_set set;
	struct nk_error err;
	char ids[64];
	size_t i;
	int rc;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rc = parse(rows[i].text, &set, &err);
		unit_expect_ok(rows[i].text, rc, &err);
		print(&set, ids, sizeof(ids));
		cr_expect_eq(rc, rows[i].count, "\"%s\": %d queues", rows[i].text, rc);
		cr_expect_str_eq(ids, rows[i].ids, "\"%s\" was read as %s", rows[i].text, ids);
	}
}

Test(queues, the_whole_range_is_4095_queues)
{
	struct nk_queue_set set;
	struct nk_error err;

	cr_expect_eq(parse("1-4095", &set, &err), 4095);
	cr_expect_not(nk_queue_set_has(&set, 0));
	cr_expect(nk_queue_set_has(&set, 1) && nk_queue_set_has(&set, 4095));
	cr_expect_not(nk_queue_set_has(&set, 4096));
	cr_expect_not(nk_queue_set_has(&set, UINT32_MAX));
}

Test(queues, text_that_is_no_list_is_refused_with_path_range_and_example)
{
	static const char *const bad[] = {
		"",	      ",",
		"1,",	      ",1",
		"1,,2",	      "-",
		"1-",	      "-1",
		" 1",	      "1 ",
		"1, 2",	      "1-2-3",
		"0x1",	      "1;2",
		"a",	      "1a",
		"1\n",	      "+1",
		"1.5",	      "1e1",
		"4096",	      "4095-4096",
		"1-99999",    "99999999999",
		"4294967297", "18446744073709551617",
		"\xd9\xa1",   "1\x01",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(bad[i], "queues.ids|from 1 to 4095|8-15,20");
}

Test(queues, a_backwards_range_is_refused_with_the_right_one)
{
	expect_refused("15-8", "queues.ids|\"15-8\"|backwards|write 8-15");
	expect_refused("1,4-3", "queues.ids|\"1,4-3\"|backwards|write 3-4");
}

Test(queues, queue_0_is_refused_as_the_hosts_own)
{
	expect_refused("0", "queues.ids|queue 0|never lent");
	expect_refused("0-3", "queues.ids|queue 0|never lent");
	expect_refused("5,0", "queues.ids|queue 0|never lent");
	expect_refused("3-0", "queues.ids|queue 0|never lent");
}

Test(queues, an_id_named_twice_is_refused)
{
	expect_refused("1,1", "queues.ids|twice");
	expect_refused("1-3,2", "queues.ids|twice");
	expect_refused("8-15,15-16", "queues.ids|twice");
}

Test(queues, a_long_text_is_cut_in_the_error)
{
	static char text[1001];

	memset(text, '1', 1000);
	expect_refused(text, "queues.ids|1111|from 1 to 4095");
}

static int parse_device(const char *text, char master[NK_ALTNAME_SIZE], struct nk_queue_set *set,
			struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
	return nk_device_id_parse(text, "deviceID", master, set, err);
}

Test(queues, device_ids_are_master_and_queues)
{
	static const struct {
		const char *text, *master, *ids;
	} rows[] = {
		{ "eth0-q14", "eth0", "14" },
		{ "eth0-q14-15", "eth0", "14,15" },
		{ "a-q1-q2", "a-q1", "2" },
		{ "-q1-q2", "-q1", "2" },
		{ "enp3s0f0np0-q4095", "enp3s0f0np0", "4095" },
	};
	char master[NK_ALTNAME_SIZE], ids[64];
	struct nk_queue_set set;
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unit_expect_ok(rows[i].text, parse_device(rows[i].text, master, &set, &err), &err);
		print(&set, ids, sizeof(ids));
		cr_expect_str_eq(master, rows[i].master, "\"%s\": %s", rows[i].text, master);
		cr_expect_str_eq(ids, rows[i].ids, "\"%s\": %s", rows[i].text, ids);
	}
}

Test(queues, text_that_is_no_device_id_is_refused_with_the_form_it_has)
{
	static const char *const no_form[] = { "",	    "eth0",    "-q1",	"0000:3b:00.0",
					       "eth0-q1,2", "eth0-Q1", "eth0q1" };
	static const char *const no_list[] = { "eth0-q", "eth0-qx", "eth0-q1-", "eth0-q4096",
					       "eth0-q-1" };
	char master[NK_ALTNAME_SIZE];
	struct nk_queue_set set;
	struct nk_error err;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(no_form) / sizeof(no_form[0]); i++) {
		rc = parse_device(no_form[i], master, &set, &err);
		unit_expect_error(no_form[i], rc, &err, NK_CODE_CONFIG,
				  "deviceID|<master>-q<N>[-<M>]");
	}
	for (i = 0; i < sizeof(no_list) / sizeof(no_list[0]); i++) {
		rc = parse_device(no_list[i], master, &set, &err);
		unit_expect_error(no_list[i], rc, &err, NK_CODE_CONFIG,
				  "deviceID: \"eth0-q|from 1 to 4095");
	}
	rc = parse_device("eth0-q0", master, &set, &err);
	unit_expect_error("eth0-q0", rc, &err, NK_CODE_CONFIG,
			  "deviceID: \"eth0-q0\"|queue 0|never lent");
}

/* An altname has at most 127 bytes. */
Test(queues, master_of_a_device_id_ends_at_127_bytes)
{
	char text[160], master[NK_ALTNAME_SIZE];
	struct nk_queue_set set;
	struct nk_error err;
	int rc;

	memset(text, 'm', 127);
	memcpy(text + 127, "-q1", 4);
	unit_expect_ok(text, parse_device(text, master, &set, &err), &err);
	cr_expect_eq(strlen(master), 127);
	memset(text, 'm', 128);
	memcpy(text + 128, "-q1", 4);
	rc = parse_device(text, master, &set, &err);
	unit_expect_error(text, rc, &err, NK_CODE_CONFIG, "deviceID|<master>-q<N>[-<M>]");
}

Test(queues, a_set_is_printed_as_it_is_written)
{
	static const char *const texts[] = {
		"1", "1,3", "1-2", "8-11,20", "4094-4095", "63-65,4095"
	};
	struct nk_queue_set set;
	struct nk_error err;
	char text[32];
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		set = (struct nk_queue_set){ 0 };
		cr_assert(parse(texts[i], &set, &err) > 0);
		nk_queue_set_text(&set, text, sizeof(text));
		cr_expect_str_eq(text, texts[i]);
	}
	set = (struct nk_queue_set){ 0 };
	nk_queue_set_text(&set, text, sizeof(text));
	cr_expect_str_eq(text, "none");
}

/* At every size the text ends inside the buffer, and says that it is not whole. */
Test(queues, a_set_that_does_not_fit_ends_in_dots)
{
	struct nk_queue_set set = { 0 };
	struct unit_guard guard;
	struct nk_error err;
	char *text;
	size_t size;

	cr_assert(parse("100-101,200,300-399", &set, &err) > 0);
	unit_guard_init(&guard, 64);
	for (size = 8; size < sizeof("100-101,200,300-399"); size++) {
		text = unit_guard_put(&guard, (char[64]){ 0 }, size, 1);
		nk_queue_set_text(&set, text, size);
		cr_expect(strlen(text) < size && !strcmp(text + strlen(text) - 3, "..."), "%s",
			  text);
	}
	text = unit_guard_put(&guard, (char[64]){ 0 }, size, 1);
	nk_queue_set_text(&set, text, size);
	cr_expect_str_eq(text, "100-101,200,300-399");
	unit_guard_fini(&guard);
}
