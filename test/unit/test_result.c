// SPDX-License-Identifier: Apache-2.0
/* test_result.c - what goes to stdout, and reading a result back */
#include "result.h"

#include "config.h"
#include "json.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SANDBOX "/run/netns/cni-1a2b"

static const struct nk_result result = {
	.cni_version = "1.0.0",
	.ifname = "nk0",
	.mac = { 0x02, 0x00, 0x5e, 0x10, 0xff, 0x2a },
	.mtu = 3814,
	.sandbox = SANDBOX,
	.pci_id = "0000:3b:00.0",
	.socket_path = "/sys/fs/bpf/nk-cni/eth0/q14/xsks_map",
};

/* expect_document() - @text is JSON that reads @wanted on one line; frees @text. */
static void expect_document(char *text, const char *wanted)
{
	struct nk_json *json = NULL;
	struct nk_error err = { 0 };
	char buf[4096];

	cr_assert(text, "nothing was printed, wanted %s", wanted);
	unit_expect_ok(text, nk_json_parse(text, strlen(text), &json, &err), &err);
	if (json) {
		nk_json_print_short(json, buf, sizeof(buf));
		cr_expect_str_eq(buf, wanted, "printed %s\nwanted  %s", buf, wanted);
	}
	nk_json_free(json);
	free(text);
}

Test(result, interface_carries_all_that_libcni_keeps_from_1_0_on)
{
	expect_document(nk_result_print(&result),
			"{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"nk0\","
			"\"mac\":\"02:00:5e:10:ff:2a\",\"mtu\":3814,\"sandbox\":\"" SANDBOX "\","
			"\"pciID\":\"0000:3b:00.0\","
			"\"socketPath\":\"/sys/fs/bpf/nk-cni/eth0/q14/xsks_map\"}],\"dns\":{}}");
}

Test(result, older_versions_carry_only_what_they_know)
{
	static const char *const versions[] = { "0.3.0", "0.3.1", "0.4.0" };
	struct nk_result old = result;
	char wanted[512];
	size_t i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		snprintf(old.cni_version, sizeof(old.cni_version), "%s", versions[i]);
		snprintf(wanted, sizeof(wanted),
			 "{\"cniVersion\":\"%s\",\"interfaces\":[{\"name\":\"nk0\","
			 "\"mac\":\"02:00:5e:10:ff:2a\",\"sandbox\":\"" SANDBOX "\"}],\"dns\":{}}",
			 versions[i]);
		expect_document(nk_result_print(&old), wanted);
	}
}

Test(result, members_without_a_value_are_left_out)
{
	struct nk_result bare = result;

	bare.pci_id[0] = '\0';
	bare.socket_path[0] = '\0';
	expect_document(nk_result_print(&bare),
			"{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"nk0\","
			"\"mac\":\"02:00:5e:10:ff:2a\",\"mtu\":3814,\"sandbox\":\"" SANDBOX "\"}],"
			"\"dns\":{}}");
}

/* A runtime compares the sandbox with what it gave: whatever it was, it has to come back. */
Test(result, sandbox_is_verbatim)
{
	struct nk_result odd = result;

	odd.pci_id[0] = '\0';
	odd.socket_path[0] = '\0';
	odd.sandbox = "/run//netns/../\"\n\\ \xc3\xa9";
	expect_document(nk_result_print(&odd),
			"{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"nk0\","
			"\"mac\":\"02:00:5e:10:ff:2a\",\"mtu\":3814,"
			"\"sandbox\":\"/run//netns/../\\\"\\n\\\\ \xc3\xa9\"}],\"dns\":{}}");
}

Test(result, error_is_what_cni_wants_with_the_remedy_last)
{
	struct nk_error err = { 0 };

	nk_error_set(&err, NK_CODE_KERNEL, 16, "cannot lease", "queue 3: \"busy\"\n: EBUSY");
	nk_error_remedy(&err, "wait");
	expect_document(nk_result_print_error(&err, "0.4.0"),
			"{\"cniVersion\":\"0.4.0\",\"code\":100,\"msg\":\"cannot lease\","
			"\"details\":\"queue 3: \\\"busy\\\"\\n: EBUSY; remedy: wait\"}");
}

Test(result, error_without_details_or_remedy_has_no_empty_ones)
{
	struct nk_error err = { 0 };

	nk_error_set(&err, NK_CODE_INTERNAL, 12, "out of memory", "%s", "");
	expect_document(nk_result_print_error(&err, "1.0.0"),
			"{\"cniVersion\":\"1.0.0\",\"code\":103,\"msg\":\"out of memory\"}");
	nk_error_remedy(&err, "buy some");
	expect_document(nk_result_print_error(&err, "1.0.0"),
			"{\"cniVersion\":\"1.0.0\",\"code\":103,\"msg\":\"out of memory\","
			"\"details\":\"remedy: buy some\"}");
}

Test(result, longest_error_is_printed_whole)
{
	static char text[3000];
	struct nk_error err = { 0 };
	struct nk_json *json = NULL;
	struct nk_error parse_err = { 0 };
	const char *details;
	char *printed;

	memset(text, 'x', sizeof(text) - 1);
	nk_error_set(&err, NK_CODE_KERNEL, 16, "m", "%s", text);
	nk_error_remedy(&err, "%.382sEND", text);
	printed = nk_result_print_error(&err, "1.0.0");
	cr_assert(printed);
	cr_assert_eq(nk_json_parse(printed, strlen(printed), &json, &parse_err), 0);
	details = nk_json_string(nk_json_get(json, "details"));
	cr_assert(details);
	cr_expect_eq(strlen(details),
		     strlen(err.details) + strlen("; remedy: ") + strlen(err.remedy));
	nk_json_free(json);
	free(printed);
}

Test(result, versions_list_all_that_a_configuration_may_have)
{
	char wanted[256] = "{\"cniVersion\":\"1.0.0\",\"supportedVersions\":[";
	size_t i, used = strlen(wanted);

	for (i = 0; nk_config_versions[i]; i++)
		used += (size_t)snprintf(wanted + used, sizeof(wanted) - used, "%s\"%s\"",
					 i ? "," : "", nk_config_versions[i]);
	snprintf(wanted + used, sizeof(wanted) - used, "]}");
	cr_assert_gt(i, 0);
	expect_document(nk_result_print_versions("1.0.0"), wanted);
}

/* --- prevResult ------------------------------------------------------------------------------ */

static int check(const char *prev, struct nk_error *err)
{
	struct nk_json *json = NULL;
	int rc;

	*err = (struct nk_error){ 0 };
	unit_expect_ok(prev, nk_json_parse(prev, strlen(prev), &json, err), err);
	rc = nk_result_check_prev(json, &result, err);
	nk_json_free(json);
	return rc;
}

static void expect_differs(const char *prev, const char *words)
{
	struct nk_error err;
	int rc = check(prev, &err);

	unit_expect_error(prev, rc, &err, NK_CODE_CHECK, words);
	cr_expect_eq(rc, -2, "ran: %s", prev); /* ENOENT */
}

static void expect_same(const char *prev)
{
	struct nk_error err;

	unit_expect_ok(prev, check(prev, &err), &err);
}

Test(result, own_result_is_found_again_in_every_version)
{
	struct nk_result own = result;
	size_t i;
	char *text;

	for (i = 0; nk_config_versions[i]; i++) {
		snprintf(own.cni_version, sizeof(own.cni_version), "%s", nk_config_versions[i]);
		text = nk_result_print(&own);
		cr_assert(text);
		expect_same(text);
		free(text);
	}
}

Test(result, what_other_plugins_added_is_tolerated)
{
	expect_same("{\"interfaces\":[{\"name\":\"br0\"},{\"name\":\"nk0\",\"sandbox\":\"\"},5,"
		    "{\"name\":\"nk0\",\"sandbox\":\"" SANDBOX "\",\"mac\":\"02:00:5e:10:ff:2a\","
		    "\"more\":[]},{\"name\":\"tap0\"}],\"ips\":[{\"address\":\"10.0.0.2/24\"}]}");
	expect_same("{\"interfaces\":[{\"name\":\"nk0\",\"sandbox\":\"" SANDBOX "\"}]}");
}

Test(result, interface_that_is_not_listed_is_named_with_its_sandbox)
{
	static const char *const prev[] = {
		"{}",
		"{\"interfaces\":[]}",
		"{\"interfaces\":null}",
		"{\"interfaces\":{\"name\":\"nk0\",\"sandbox\":\"" SANDBOX "\"}}",
		"{\"interfaces\":[{\"name\":\"nk1\",\"sandbox\":\"" SANDBOX "\"}]}",
		"{\"interfaces\":[{\"name\":\"NK0\",\"sandbox\":\"" SANDBOX "\"}]}",
		"{\"interfaces\":[{\"name\":\"nk0\",\"sandbox\":\"/run/netns/other\"}]}",
		"{\"interfaces\":[{\"name\":\"nk0\"}]}",
		"{\"interfaces\":[{\"name\":7,\"sandbox\":\"" SANDBOX "\"}]}",
		"{\"interfaces\":[[\"nk0\"]]}",
		"[]",
		"\"nk0\"",
	};
	size_t i;

	for (i = 0; i < sizeof(prev) / sizeof(prev[0]); i++)
		expect_differs(prev[i], "CHECK|no interface nk0|" SANDBOX);
}

Test(result, member_that_changed_is_named_with_both_values)
{
	expect_differs("{\"interfaces\":[{\"name\":\"nk0\",\"sandbox\":\"" SANDBOX "\","
		       "\"mac\":\"02:00:5e:10:ff:2b\"}]}",
		       "CHECK|mac|made 02:00:5e:10:ff:2a|prevResult has 02:00:5e:10:ff:2b");
	expect_differs("{\"interfaces\":[{\"name\":\"nk0\",\"sandbox\":\"" SANDBOX "\","
		       "\"socketPath\":\"/sys/fs/bpf/x\"}]}",
		       "CHECK|socketPath|eth0/q14/xsks_map|prevResult has /sys/fs/bpf/x");
}
