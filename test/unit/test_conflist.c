// SPDX-License-Identifier: Apache-2.0
#include "cni/conflist.h"

#include "base/error.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *pick(const char *text, unsigned int n)
{
	struct nk_error err = { 0 };
	char *picked;

	unit_expect_ok(text, nk_conflist_pick(text, strlen(text), "nk-cni", n, &picked, &err),
		       &err);
	return picked;
}

/* squeeze() - without white space, in place */
static const char *squeeze(char *text)
{
	char *from, *to = text;

	for (from = text; from && *from; from++)
		if (!strchr(" \t\n", *from))
			*to++ = *from;
	if (to)
		*to = '\0';
	return text ? text : "none";
}

static void expect(const char *text, unsigned int n, const char *want)
{
	char *picked = pick(text, n);

	cr_expect_str_eq(squeeze(picked), want, "entry %u of %s", n, text);
	free(picked);
}

Test(conflist, configuration_is_its_own_only_entry)
{
	const char conf[] = "{\"name\":\"a\",\"type\":\"nk-cni\",\"mtu\":1500}";

	expect(conf, 0, conf);
	expect(conf, 1, "none");
}

Test(conflist, entries_get_name_and_version_of_the_list)
{
	const char list[] = "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"plugins\":["
			    "{\"type\":\"ptp\"},{\"type\":\"nk-cni\",\"mtu\":1},"
			    "{\"type\":\"nk-cni\",\"name\":\"other\",\"mtu\":2}]}";

	expect(list, 0, "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"type\":\"nk-cni\",\"mtu\":1}");
	expect(list, 1, "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"type\":\"nk-cni\",\"mtu\":2}");
	expect(list, 2, "none");
}

Test(conflist, list_without_us_and_what_is_no_json_are_refused)
{
	static const struct {
		const char *text;
		enum nk_code code;
		const char *parts;
	} rows[] = {
		{ "{\"plugins\":[{\"type\":\"ptp\"}]}", NK_CODE_CONFIG, "plugins|nk-cni" },
		{ "{\"plugins\":[]}", NK_CODE_CONFIG, "plugins|nk-cni" },
		{ "{\"plugins\":[1,null,{}]}", NK_CODE_CONFIG, "plugins|nk-cni" },
		{ "{\"plugins\":7}", NK_CODE_CONFIG, "plugins|nk-cni" },
		{ "[1]", NK_CODE_CONFIG, "not an object" },
		{ "7", NK_CODE_CONFIG, "not an object" },
		{ "[", NK_CODE_JSON, "stdin" },
	};
	char *picked;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nk_error err = { 0 };

		rc = nk_conflist_pick(rows[i].text, strlen(rows[i].text), "nk-cni", 0, &picked,
				      &err);
		unit_expect_error(rows[i].text, rc, &err, rows[i].code, rows[i].parts);
		cr_expect_null(picked);
	}
}

static void expect_count(const char *text, int want)
{
	struct nk_error err = { 0 };

	cr_expect_eq(nk_conflist_count(text, strlen(text), "nk-cni", &err), want, "%s", text);
}

Test(conflist, entries_of_the_plugin_are_counted_and_a_list_may_have_none)
{
	expect_count("{\"name\":\"a\",\"type\":\"nk-cni\"}", 1);
	expect_count("{\"name\":\"a\",\"type\":\"ptp\"}", 0);
	expect_count("{\"name\":\"a\"}", 0);
	expect_count("{\"name\":\"a\",\"plugins\":[]}", 0);
	expect_count("{\"name\":\"a\",\"type\":\"nk-cni\",\"plugins\":[{\"type\":\"ptp\"}]}", 0);
	expect_count("{\"name\":\"a\",\"plugins\":[{\"type\":\"nk-cni\"},{\"type\":\"ptp\"},"
		     "{\"type\":\"nk-cni\"}]}",
		     2);
	expect_count("[{\"type\":\"nk-cni\"}]", -EINVAL);
	expect_count("{\"type\":\"nk-cni\"", -EINVAL);
	expect_count("", -EINVAL);
}

static void make_file(const char *dir, const char *name)
{
	char path[PATH_MAX + 32];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	cr_assert(file, "%s", path);
	fclose(file);
}

/* libcni reads what ends so, sorted by name: a hidden file too, but not one that an editor leaves */
Test(conflist, files_are_those_of_a_runtime_in_its_order)
{
	static const char *const files[] = { "b.conf",	   "10-x.conflist", "9-y.json",
					     "a.conf.bak", "c.conflist~",   "README",
					     ".d.conf",	   "e.CONF" };
	static const char *const want[] = { ".d.conf", "10-x.conflist", "9-y.json", "b.conf" };
	struct nk_conf_file_list found = { 0 };
	struct nk_error err = { 0 };
	char path[PATH_MAX], full[PATH_MAX + 32];
	uint32_t i;
	int dir;

	unit_temp_dir(path);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		make_file(path, files[i]);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	unit_expect_ok("a directory", nk_conflist_read_dir(dir, &found, &err), &err);
	cr_assert_eq(found.count, sizeof(want) / sizeof(want[0]));
	for (i = 0; i < found.count; i++)
		cr_expect_str_eq(found.at[i].name, want[i]);
	free(found.at);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(full, sizeof(full), "%s/%s", path, files[i]);
		unlink(full);
	}
	unit_temp_dir_end(path);
	close(dir);
}

Test(conflist, a_directory_that_cannot_be_read_is_not_an_empty_one)
{
	struct nk_conf_file_list found = { 0 };
	struct nk_error err = { 0 };
	int file = open("/dev/null", O_RDONLY);

	unit_expect_error("no directory", nk_conflist_read_dir(file, &found, &err), &err,
			  NK_CODE_IO, "cannot read the configurations|ENOTDIR");
	close(file);
}
