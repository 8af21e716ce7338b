// SPDX-License-Identifier: Apache-2.0
/* test_log.c - the log file, as text and as JSON */
#include "base/log.h"

#include "base/json.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[PATH_MAX], file[PATH_MAX + 16];
static bool inside;
static int root;

/*
 * begin() - the directory of the log file becomes the root. Of an ordinary user, the test is root in a user
 * namespace, where /tmp belongs to a user that is not known there, and is refused.
 */
static void begin(enum nk_log_level level, bool json)
{
	unit_temp_dir(dir);
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	inside = !chroot(dir);
	snprintf(file, sizeof(file), "%s/nk.log", inside ? "" : dir);
	nk_log_init(level, file, json, "fast");
	nk_log_subject("ADD", "shop/web", "c1", "net1");
}

/* end() - the lines, to be freed; the file is removed */
static char *end(void)
{
	size_t size;
	char *text = unit_read_text(file, &size);

	unlink(file);
	cr_assert(!inside || (!fchdir(root) && !chroot(".")), "leave %s", dir);
	close(root);
	unit_temp_dir_end(dir);
	return text;
}

static void expect_member(const struct nk_json *line, const char *key, const char *want)
{
	const char *got = nk_json_string(nk_json_get(line, key));

	cr_expect_str_eq(got ? got : "none", want, "%s", key);
}

/* line_of() - the first line of *@text, parsed and to be freed; *@text is moved to the next one */
static struct nk_json *line_of(char **text)
{
	const size_t size = strcspn(*text, "\n");
	struct nk_error err = { 0 };
	struct nk_json *json = NULL;

	unit_expect_ok(*text, nk_json_parse(*text, size, &json, &err), &err);
	*text += size + ((*text)[size] == '\n');
	expect_member(json, "plugin", "nk-cni");
	expect_member(json, "command", "ADD");
	expect_member(json, "network", "fast");
	expect_member(json, "containerID", "c1");
	expect_member(json, "ifName", "net1");
	expect_member(json, "pod", "shop/web");
	return json;
}

/* expect_number() - @least: -1: it is missing */
static void expect_number(const struct nk_json *line, const char *key, double least, double most)
{
	const struct nk_json *value = nk_json_get(line, key);
	char text[32] = "-1";

	if (value)
		nk_json_print_short(value, text, sizeof(text));
	cr_expect(strtod(text, NULL) >= least && strtod(text, NULL) <= most, "%s: %s", key, text);
}

Test(log, a_call_that_succeeded_is_one_line_of_json_at_any_level)
{
	struct nk_json *line;
	char *text, *at;

	begin(NK_LOG_ERROR, true);
	nk_log_phase("input");
	nk_log_phase("work");
	nk_log_call(NULL);
	text = at = end();
	line = line_of(&at);
	expect_member(line, "level", "info");
	expect_member(line, "msg", "none");
	expect_number(line, "code", 0, 0);
	expect_number(line, "ms", 0, 60000);
	expect_number(nk_json_get(line, "phases"), "input", 0, 60000);
	expect_number(nk_json_get(line, "phases"), "work", 0, 60000);
	cr_expect_str_empty(at);
	nk_json_free(line);
	free(text);
}

Test(log, a_call_that_failed_has_code_and_remedy_and_each_warning_its_line)
{
	struct nk_error err = { 0 };
	struct nk_json *line;
	char *text, *at;

	begin(NK_LOG_DEBUG, true);
	nk_log_warn("a \"quoted\" \\ thing\nof %s", "two lines");
	nk_log_info("not of the file: the line of the call says it");
	nk_error_set(&err, NK_CODE_RETRY, 0, "busy", "%s: \x1b[31m\xc3\xa4", "ln0");
	nk_error_remedy(&err, "wait");
	nk_log_call(&err);
	text = at = end();
	line = line_of(&at);
	expect_member(line, "level", "warning");
	expect_member(line, "message", "a \"quoted\" \\ thing?of two lines");
	expect_number(line, "code", -1, -1);
	nk_json_free(line);
	line = line_of(&at);
	expect_member(line, "level", "error");
	expect_member(line, "msg", "busy");
	expect_member(line, "details", "ln0: ?[31m??");
	expect_member(line, "remedy", "wait");
	expect_number(line, "code", 11, 11);
	nk_json_free(line);
	cr_expect_str_empty(at);
	free(text);
}

Test(log, warnings_below_the_level_are_no_lines)
{
	char *text;

	begin(NK_LOG_ERROR, true);
	nk_log_warn("unseen");
	nk_log_call(NULL);
	text = end();
	cr_expect_null(strstr(text, "unseen"));
	free(text);
}

/* A file that was begun in one format is continued in the other. */
Test(log, a_line_of_text_ends_with_the_subject)
{
	char *text;

	begin(NK_LOG_WARNING, true);
	nk_log_call(NULL);
	nk_log_init(NK_LOG_WARNING, file, false, "fast");
	nk_log_warn("careful");
	nk_log_call(NULL);
	text = end();
	cr_expect_not_null(strstr(text,
				  "] nk-cni: warning: careful (shop/web, container c1, net1)\n"),
			   "%s", text);
	cr_expect_null(strstr(text, "done"), "the level is warning: %s", text);
	free(text);
}
