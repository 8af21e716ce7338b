// SPDX-License-Identifier: Apache-2.0
/* test_xps.c - masks of CPUs: text, and queues taken out of them */
#include "ethtool/xps.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has(const struct nk_cpu_set *set, uint32_t cpu)
{
	return set->bits[cpu / 64] >> (cpu % 64) & 1;
}

static struct nk_cpu_set mask(const char *text)
{
	struct nk_cpu_set set = { 0 };

	cr_assert_eq(nk_xps_parse(text, &set), 0, "\"%s\"", text);
	return set;
}

static void expect_mask(const struct nk_cpu_set *set, const char *wanted, const char *what)
{
	char text[NK_XPS_TEXT_SIZE];

	nk_xps_text(set, text);
	cr_expect_str_eq(text, wanted, "%s: got %s, wanted %s", what, text, wanted);
}

Test(xps, masks_are_read_and_written_as_the_kernel_does)
{
	static const struct {
		const char *text, *written;
		int cpu; /* the only one; -1: several or none */
	} rows[] = {
		{ "0", "0", -1 },
		{ "00000000", "0", -1 },
		{ "00000000,00000000\n", "0", -1 },
		{ "1", "1", 0 },
		{ "f\n", "f", -1 },
		{ "80000000", "80000000", 31 },
		{ "1,00000000", "1,00000000", 32 },
		{ "00000000,00000001", "1", 0 },
		{ "80000000,00000000", "80000000,00000000", 63 },
		{ "1,00000000,00000000", "1,00000000,00000000", 64 },
		{ "FF,FFFFFFFF", "ff,ffffffff", -1 },
		{ "1,2,3", "1,00000002,00000003", -1 },
	};
	struct nk_cpu_set set;
	uint32_t cpu;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set = mask(rows[i].text);
		expect_mask(&set, rows[i].written, rows[i].text);
		for (cpu = 0; rows[i].cpu >= 0 && cpu < NK_XPS_CPUS; cpu++)
			cr_expect_eq(has(&set, cpu), (int)cpu == rows[i].cpu, "%s: CPU %u",
				     rows[i].text, cpu);
	}
}

Test(xps, every_single_cpu_survives_the_round_trip)
{
	char text[NK_XPS_TEXT_SIZE];
	struct nk_cpu_set set, back;
	uint32_t cpu;

	for (cpu = 0; cpu < NK_XPS_CPUS; cpu++) {
		set = (struct nk_cpu_set){ 0 };
		set.bits[cpu / 64] = 1ULL << (cpu % 64);
		nk_xps_text(&set, text);
		cr_expect_eq(strlen(text), cpu / 32 * 9 + cpu % 32 / 4 + 1, "CPU %u: %s", cpu,
			     text);
		back = mask(text);
		cr_expect(!memcmp(&set, &back, sizeof(set)), "CPU %u: %s", cpu, text);
	}
	memset(&set, 0xff, sizeof(set));
	nk_xps_text(&set, text);
	cr_expect_eq(strlen(text), NK_XPS_TEXT_SIZE - 1);
	back = mask(text);
	cr_expect(!memcmp(&set, &back, sizeof(set)));
}

Test(xps, text_that_is_no_mask_is_refused)
{
	static const char *const bad[] = { "",	       "\n",	    ",",	  "1,",	  ",1",
					   "1,,2",     "g",	    "0x1",	  " 1",	  "1 ",
					   "1\n\n",    "-1",	    "1;2",	  "1\n2", "1-2",
					   "\xd9\xa1", "123456789", "1,123456789" };
	struct nk_cpu_set set = { .bits = { 0x55 } };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(nk_xps_parse(bad[i], &set), -EINVAL, "\"%s\"", bad[i]);
	cr_expect_eq(set.bits[0], 0x55);
}

Test(xps, cpus_beyond_2048_are_refused_and_zeros_there_are_not)
{
	char text[130 * 9 + 1] = "";
	struct nk_cpu_set set;
	int i;

	for (i = 0; i < 129; i++)
		memcpy(text + strlen(text), "00000000,", 10);
	memcpy(text + strlen(text), "00000001", 9);
	cr_expect_eq(nk_xps_parse(text, &set), 0);
	expect_mask(&set, "1", "130 groups");
	text[64 * 9 + 7] = '1'; /* 65 groups are behind it */
	cr_expect_eq(nk_xps_parse(text, &set), -E2BIG);
	text[64 * 9 + 7] = '0';
	text[65 * 9 + 7] = '1'; /* 64: CPU 2048 */
	cr_expect_eq(nk_xps_parse(text, &set), -E2BIG);
	text[65 * 9 + 7] = '0';
	text[66 * 9] = '8'; /* 63: the last one that we handle */
	cr_expect_eq(nk_xps_parse(text, &set), 0);
	cr_expect(has(&set, 2047) && has(&set, 0));
}

Test(xps, lists_of_cpus_are_read)
{
	static const struct {
		const char *text, *mask;
		int rc;
	} rows[] = {
		{ "0", "1", 0 },
		{ "0-3\n", "f", 0 },
		{ "0-1,4,6-7", "d3", 0 },
		{ "31-32", "1,80000000", 0 },
		{ "5-5", "20", 0 },
		{ "", "", -EINVAL },
		{ "\n", "", -EINVAL },
		{ "a", "", -EINVAL },
		{ "1-", "", -EINVAL },
		{ "-1", "", -EINVAL },
		{ "1,", "", -EINVAL },
		{ "3-1", "", -EINVAL },
		{ "1 ", "", -EINVAL },
		{ "0-3:1/2", "", -EINVAL },
		{ "0-2048", "", -E2BIG },
		{ "2048", "", -E2BIG },
		{ "99999999999999999999", "", -E2BIG },
	};
	struct nk_cpu_set set = { 0 };
	size_t i;
	int rc;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rc = nk_xps_parse_list(rows[i].text, &set);
		cr_expect_eq(rc, rows[i].rc, "\"%s\": %d", rows[i].text, rc);
		if (!rc)
			expect_mask(&set, rows[i].mask, rows[i].text);
	}
	cr_expect_eq(nk_xps_parse_list("0-2047", &set), 0);
	cr_expect(has(&set, 2047));
}

/* Masks, queue by queue, with blanks between them; queues taken out by an 'x' in @excluded. */
static const struct {
	const char *what, *cpus, *from, *excluded, *to;
} cases[] = {
	{ "not configured: all that remain get all", "f", "0 0 0 0", "..xx", "f f 0 0" },
	{ "nothing is taken out", "f", "1 2 4 8", "....", "1 2 4 8" },
	{ "nothing is taken out, none configured", "3", "0 0", "..", "3 3" },
	{ "a CPU each: those without are dealt out", "ff", "1 2 4 8 10 20 40 80", "....xxxx",
	  "11 22 44 88 0 0 0 0" },
	{ "in the middle", "f", "1 2 4 8", ".xx.", "3 0 0 c" },
	{ "more than there are queues: around", "ff", "1 2 f4 8", "..x.", "45 92 0 28" },
	{ "the first queue", "3", "1 2", "x.", "0 3" },
	{ "a CPU with another queue left keeps that alone", "f", "3 c f", "..x", "3 c 0" },
	{ "a CPU without a queue before gets all that remain", "f", "1 2 4 0", "..x.", "d a 0 8" },
	{ "a CPU that is not possible is left where it is", "3", "11 22", ".x", "13 0" },
	{ "no queue remains: as before", "3", "1 2", "xx", "1 2" },
	{ "one queue", "f", "0", ".", "f" },
};

static uint32_t read_masks(const char *text, struct nk_cpu_set *masks)
{
	uint32_t n = 0;
	char word[64];

	for (; sscanf(text, "%63s", word) == 1; text += strcspn(text, " "), text += *text == ' ')
		masks[n++] = mask(word);
	return n;
}

Test(xps, excluded_queues_lose_their_cpus_to_the_others)
{
	struct nk_cpu_set from[8], wanted[8], got[8], cpus;
	struct nk_queue_set excluded;
	char text[NK_XPS_TEXT_SIZE];
	uint32_t queues, queue;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		queues = read_masks(cases[i].from, from);
		cr_assert_eq(read_masks(cases[i].to, wanted), queues);
		cr_assert_eq(strlen(cases[i].excluded), queues);
		excluded = (struct nk_queue_set){ 0 };
		for (queue = 0; queue < queues; queue++)
			if (cases[i].excluded[queue] == 'x')
				nk_queue_set_put(&excluded, queue);
		nk_queue_set_put(&excluded, 100); /* of a pool that is larger than the NIC */
		cpus = mask(cases[i].cpus);
		memset(got, 0x55, sizeof(got));
		nk_xps_exclude(from, queues, &excluded, &cpus, got);
		for (queue = 0; queue < queues; queue++) {
			nk_xps_text(&wanted[queue], text);
			expect_mask(&got[queue], text, cases[i].what);
		}
	}
}

#define QUEUES 16

/* Whatever was configured: no CPU on an excluded queue, none without one, others untouched. */
Test(xps, any_configuration_leaves_each_cpu_a_queue_and_the_excluded_ones_none)
{
	struct nk_cpu_set from[QUEUES], got[QUEUES], again[QUEUES], cpus = mask("ff,ffffffff");
	struct nk_queue_set excluded;
	uint32_t queue, cpu, round;
	uint64_t any, out;
	int i;

	srand(1);
	for (round = 0; round < 300; round++) {
		memset(from, 0, sizeof(from));
		excluded = (struct nk_queue_set){ 0 };
		for (i = 0; i < (int)(round % 50); i++)
			from[rand() % QUEUES].bits[0] |= 1ULL << (rand() % 40);
		for (i = 0; i < QUEUES - 1; i++) /* the last one always remains */
			if (rand() % 3 == 0)
				nk_queue_set_put(&excluded, (uint32_t)i);
		nk_xps_exclude(from, QUEUES, &excluded, &cpus, got);
		for (queue = 0, any = out = 0; queue < QUEUES; queue++) {
			any |= got[queue].bits[0];
			if (nk_queue_set_has(&excluded, queue))
				out |= got[queue].bits[0];
			else
				cr_expect_eq(from[queue].bits[0] & ~got[queue].bits[0], 0);
		}
		cr_expect_eq(out, 0, "round %u", round);
		cr_expect_eq(any, 0xffffffffffULL, "round %u", round);
		nk_xps_exclude(got, QUEUES, &excluded, &cpus, again);
		cr_expect(!memcmp(got, again, sizeof(got)), "round %u: not idempotent", round);
		for (cpu = 40; cpu < 64; cpu++)
			cr_expect_not(any >> cpu & 1);
	}
}

Test(xps, what_is_no_device_has_no_queues_and_is_not_taken_for_one_without_xps)
{
	const struct nk_nic none = { .ifindex = INT32_MAX, .name = "nk-none" };
	struct nk_error err = { 0 };
	struct nk_cpu_set set;

	cr_expect_eq(nk_xps_count(&none), -ENODEV);
	cr_expect_eq(nk_xps_rx_count(&none), -ENODEV);
	unit_expect_error("get", nk_xps_get(&none, 0, &set, &err), &err, NK_CODE_KERNEL,
			  "cannot read an XPS mask|nk-none: queues/tx-0/xps_cpus: ENODEV");
	nk_error_reset(&err);
	memset(&set, 0xff, sizeof(set));
	unit_expect_error("set", nk_xps_set(&none, 7, &set, &err), &err, NK_CODE_KERNEL,
			  "nk-none: write ffffffff,|... to queues/tx-7/xps_cpus: ENODEV");
}

Test(xps, this_machine_has_a_cpu)
{
	struct nk_error err = { 0 };
	struct nk_cpu_set set;

	unit_expect_ok("possible", nk_xps_cpus(&set, &err), &err);
	cr_expect(has(&set, 0));
}
