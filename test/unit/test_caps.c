// SPDX-License-Identifier: Apache-2.0
/* test_caps.c - what a process has after it gave up capabilities, as /proc says */
#include "kernel/caps.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* read_set() - the first line of @file that begins with @name, such as "CapEff:"; @file is closed */
static uint64_t read_set(FILE *file, const char *name)
{
	char line[256];
	bool found = false;

	cr_assert(file);
	while (!found && fgets(line, sizeof(line), file))
		found = !strncmp(line, name, strlen(name));
	cr_assert(found, "%s", name);
	fclose(file);
	return strtoull(line + strlen(name), NULL, 16);
}

static uint64_t own(const char *name)
{
	return read_set(fopen("/proc/self/status", "re"), name);
}

/* executed() - what a program has that we execute, as it reads itself */
static uint64_t executed(void)
{
	return read_set(popen("exec grep ^CapEff: /proc/self/status", "re"), "CapEff:");
}

Test(caps, what_is_kept_is_what_there_was_and_may_be_kept)
{
	const uint64_t before = own("CapEff:");

	nk_caps_keep(NK_CAPS_NETWORK);
	cr_expect_eq(own("CapEff:"), before & NK_CAPS_NETWORK);
	cr_expect_eq(own("CapPrm:"), before & NK_CAPS_NETWORK);
	nk_caps_keep(~UINT64_C(0));
	cr_expect_eq(own("CapEff:"), before & NK_CAPS_NETWORK, "none comes back");
	nk_caps_keep(0);
	cr_expect_eq(own("CapPrm:"), 0);
}

Test(caps, an_executed_program_has_them_again_unless_that_is_given_up_too)
{
	const uint64_t before = executed();

	nk_caps_keep(NK_CAP(BPF));
	cr_expect_eq(executed(), before);
	nk_caps_no_new();
	cr_expect_eq(executed(), before & NK_CAP(BPF));
}
