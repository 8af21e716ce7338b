// SPDX-License-Identifier: Apache-2.0
/* test_finding.c - what "nk-cni doctor" has found: as a table, as JSON, as an exit status */
#include "doctor/finding.h"

#include "base/json.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(finding, .timeout = 10);

static const struct nk_finding good = { NK_FINDING_OK, "kernel", "", "all is well", "" };
static const struct nk_finding blind = { NK_FINDING_UNKNOWN, "users", "ln0", "the NIC is down",
					 "" };
static const struct nk_finding doubtful = { NK_FINDING_WARN, "lists", "00 a\033.conflist",
					    "sorts first\nof all", "rename it" };
static const struct nk_finding bad = { NK_FINDING_FAIL, "bpffs", "/sys/fs/bpf", "not mounted",
				       "mount -t bpf bpf /sys/fs/bpf" };

static void add(struct nk_finding_list *list, const struct nk_finding *finding)
{
	struct nk_error err = { 0 };

	unit_expect_ok("add", nk_finding_add(list, finding, &err), &err);
}

static char *table(const struct nk_finding_list *list, bool colour)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(out);
	nk_finding_table(list, colour, out);
	cr_assert_not(fclose(out));
	return text;
}

/* No text of the node can break a line, a column or a terminal. */
Test(finding, a_table_has_a_line_for_each_finding_and_one_for_its_fix)
{
	struct nk_finding_list list = { 0 };
	char *text;

	add(&list, &good);
	add(&list, &blind);
	add(&list, &doubtful);
	add(&list, &bad);
	text = table(&list, false);
	cr_expect_str_eq(text,
			 "STATE    CHECK   ABOUT           FINDING\n"
			 "ok       kernel  -               all is well\n"
			 "unknown  users   ln0             the NIC is down\n"
			 "warn     lists   00?a?.conflist  sorts first?of all\n"
			 "         fix: rename it\n"
			 "fail     bpffs   /sys/fs/bpf     not mounted\n"
			 "         fix: mount -t bpf bpf /sys/fs/bpf\n",
			 "the table is\n%s", text);
	free(text);
	free(list.at);
}

/* The widths of a coloured table are those of the other. */
Test(finding, colours_are_around_the_states_alone)
{
	struct nk_finding_list list = { 0 };
	char *text;

	add(&list, &good);
	add(&list, &bad);
	text = table(&list, true);
	cr_expect_str_eq(text,
			 "STATE    CHECK   ABOUT        FINDING\n"
			 "\033[32mok       \033[0mkernel  -            all is well\n"
			 "\033[31mfail     \033[0mbpffs   /sys/fs/bpf  not mounted\n"
			 "         fix: mount -t bpf bpf /sys/fs/bpf\n",
			 "the table is\n%s", text);
	free(text);
	free(list.at);
}

Test(finding, json_leaves_out_what_a_finding_has_not)
{
	struct nk_finding_list list = { 0 };
	struct nk_json *want;
	char *text, *wanted;

	text = nk_finding_json(&list);
	cr_expect_str_eq(text, "[]");
	free(text);
	add(&list, &good);
	add(&list, &bad);
	want = unit_json("[{'state': 'ok', 'check': 'kernel', 'finding': 'all is well'},"
			 " {'state': 'fail', 'check': 'bpffs', 'about': '/sys/fs/bpf',"
			 "  'finding': 'not mounted', 'fix': 'mount -t bpf bpf /sys/fs/bpf'}]");
	wanted = nk_json_print(want);
	text = nk_finding_json(&list);
	cr_expect_str_eq(text, wanted);
	free(text);
	free(wanted);
	nk_json_free(want);
	free(list.at);
}

/* What could not be looked at is not well; the worst finding decides, wherever it stands. */
Test(finding, the_exit_status_is_that_of_the_worst)
{
	const struct nk_finding *const order[] = { &good, &blind, &good, &doubtful, &bad, &good };
	const int want[] = { 0, 1, 1, 1, 2, 2 };
	struct nk_finding_list list = { 0 };
	size_t i;

	cr_expect_eq(nk_finding_status(&list), 0);
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		add(&list, order[i]);
		cr_expect_eq(nk_finding_status(&list), want[i], "after %zu", i);
	}
	free(list.at);
}
