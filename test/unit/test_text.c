// SPDX-License-Identifier: Apache-2.0
/* test_text.c - text of others on a terminal and in commands */
#include "base/text.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static const struct {
	const char *name, *quoted;
} names[] = {
	{ "eth0", "eth0" },
	{ "eth0.100@x", "eth0.100@x" },
	{ "a b", "'a b'" },
	{ "", "''" },
	{ "-x", "'-x'" },
	{ "$(reboot)", "'$(reboot)'" },
	{ "`id`;\"", "'`id`;\"'" },
	{ "it's", "$'it\\x27s'" },
	{ "a\\b", "$'a\\x5cb'" },
	{ "\033[2J", "$'\\x1b[2J'" },
	{ "\303\244\177", "$'\\xc3\\xa4\\x7f'" },
	{ "*~#!&|<>()", "'*~#!&|<>()'" },
};

/* read_by_shell() - the word that a shell makes of it */
static void read_by_shell(const char *quoted, char *ret, size_t size)
{
	char command[160];
	FILE *out;
	size_t n;

	snprintf(command, sizeof(command), "printf %%s %s", quoted);
	cr_assert(!setenv("NK_COMMAND", command, 1));
	out = popen("exec bash -c \"$NK_COMMAND\"", "r");
	cr_assert(out);
	n = fread(ret, 1, size - 1, out);
	ret[n] = '\0';
	cr_expect(!pclose(out));
}

Test(text, names_are_quoted_so_that_a_shell_reads_them_as_they_are)
{
	char quoted[NK_QUOTED_SIZE], word[64];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_expect_str_eq(nk_text_quote(names[i].name, quoted), names[i].quoted);
		read_by_shell(quoted, word, sizeof(word));
		cr_expect_str_eq(word, names[i].name, "%s is read as %s", quoted, word);
	}
}

Test(text, longest_name_of_a_device_fits)
{
	char quoted[NK_QUOTED_SIZE];

	nk_text_quote("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", quoted);
	cr_expect_eq(strlen(quoted), 15 * strlen("\\x01") + strlen("$''"));
	cr_expect_str_eq(NK_QUOTED("eth0"), "eth0");
}

Test(text, nothing_that_commands_a_terminal_is_left)
{
	char text[] = "a\033[31m\tb\nc\177\302\233~ ";

	nk_text_clean(text, "\n");
	cr_expect_str_eq(text, "a?[31m?b\nc???~ ");
}

Test(text, stream_loses_its_last_newline)
{
	struct nk_error err = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("a\nb\n", out);
	unit_expect_ok("close", nk_text_close(out, &text, &err), &err);
	cr_expect_str_eq(text, "a\nb");
	free(text);
	out = open_memstream(&text, &size);
	unit_expect_ok("empty", nk_text_close(out, &text, &err), &err);
	cr_expect_str_empty(text);
	free(text);
	unit_expect_error("not opened", nk_text_close(NULL, &text, &err), &err, NK_CODE_INTERNAL,
			  "out of memory");
	cr_expect_null(text);
}

Test(text, text_ends_if_it_has_a_nul)
{
	cr_expect(nk_text_ends("abc", 4));
	cr_expect(nk_text_ends("", 1));
	cr_expect_not(nk_text_ends("abc", 3));
	cr_expect_not(nk_text_ends("abc", 0));
}
