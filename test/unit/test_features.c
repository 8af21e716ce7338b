// SPDX-License-Identifier: Apache-2.0
#include "node/features.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "cni/config.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct nk_feature_nic *add(struct nk_feature_list *list, const char *name)
{
	struct nk_error err = { 0 };
	struct nk_feature_nic *nic;

	unit_expect_ok(name, nk_features_add(list, name, &nic, &err), &err);
	return nic;
}

/* expect() - the text without its first line and without directives */
static void expect(struct nk_feature_list *list, bool whole, const char *want)
{
	char *text = NULL, *got = NULL, *line, *rest;
	size_t size, got_size;
	FILE *out = open_memstream(&text, &size), *to = open_memstream(&got, &got_size);
	bool is_silent = false;

	nk_features_print(list, whole, out);
	fclose(out);
	cr_expect_eq(*text, '#');
	for (line = strtok_r(strchr(text, '\n'), "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (*line != '#') {
			cr_expect(is_silent, "would be a label: %s", line);
			fprintf(to, "%s\n", line);
		} else if (strcmp(line, "# +no-label") != 0) {
			fprintf(to, "%s\n", line);
		}
		is_silent = !strcmp(line, "# +no-label");
	}
	fclose(to);
	cr_expect_str_eq(got, want);
	free(text);
	free(got);
}

Test(features, a_node_without_nics_can_lend_nothing)
{
	struct nk_feature_list list = { 0 };

	expect(&list, true, "nk-cni.node.leasable=false\nnk-cni.node.queues.usable=0\n");
}

Test(features, each_nic_has_its_lines_sorted_by_name_and_the_node_the_sums)
{
	struct nk_feature_list list cleanup_list = { 0 };
	struct nk_feature_nic *nic = add(&list, "eth2");

	nic->ifindex = 7;
	nic->total = 4;
	nic->numa = -1;
	nic = add(&list, "eth1");
	nic->ifindex = 6;
	nic->leasable = nic->zero_copy = true;
	nic->total = 64;
	nic->usable.bits[0] = 0xff00;
	nic->usable.bits[1] = 1;
	nic->numa = 0;
	snprintf(nic->driver, sizeof(nic->driver), "mlx5_core");
	expect(&list, true,
	       "nk-cni.nic.eth1.leasable=true\n"
	       "nk-cni.nic.eth1.queues.total=64\n"
	       "nk-cni.nic.eth1.queues.usable=9\n"
	       "nk-cni.nic.eth1.zero-copy=true\n"
	       "nk-cni.nic.eth1.driver=mlx5_core\n"
	       "nk-cni.nic.eth1.numa=0\n"
	       "nk-cni.nic.eth2.leasable=false\n"
	       "nk-cni.nic.eth2.queues.total=4\n"
	       "nk-cni.nic.eth2.queues.usable=0\n"
	       "nk-cni.nic.eth2.zero-copy=false\n"
	       "nk-cni.node.leasable=true\n"
	       "nk-cni.node.queues.usable=9\n");
}

Test(features, a_nic_with_two_names_counts_once)
{
	struct nk_feature_list list cleanup_list = { 0 };
	struct nk_feature_nic *nic;
	char *text = NULL;
	size_t size;
	FILE *out;

	nic = add(&list, "fast0");
	nic->ifindex = 6;
	nic->usable.bits[0] = 0xf0;
	nic = add(&list, "eth1");
	nic->ifindex = 6;
	nic->usable.bits[0] = 0x1f0;
	cr_expect_eq(add(&list, "fast0"), &list.at[0], "the same name again is the same NIC");
	out = open_memstream(&text, &size);
	nk_features_print(&list, true, out);
	fclose(out);
	cr_expect(strstr(text, "nk-cni.node.queues.usable=5\n"), "%s", text);
	cr_expect(strstr(text, "nk-cni.nic.fast0.queues.usable=4\n"), "%s", text);
	free(text);
}

Test(features, what_is_incomplete_says_so_and_has_no_sums)
{
	struct nk_feature_list list cleanup_list = { 0 };

	add(&list, "eth1");
	expect(&list, false,
	       "nk-cni.nic.eth1.leasable=false\n"
	       "nk-cni.nic.eth1.queues.total=0\n"
	       "nk-cni.nic.eth1.queues.usable=0\n"
	       "nk-cni.nic.eth1.zero-copy=false\n"
	       "# incomplete: something could not be read, so keep the former file\n");
}

Test(features, a_name_ends_no_line_and_no_key)
{
	struct nk_feature_list list cleanup_list = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	add(&list, "a=b\nc d\xc3\xa4");
	nk_features_print(&list, true, out);
	fclose(out);
	cr_expect(strstr(text, "\nnk-cni.nic.a?b?c?d??.leasable=false\n"), "%s", text);
	free(text);
}

static void take(struct nk_feature_list *list, const char *pairing, const char *keys)
{
	const struct nk_request request = { .command = NK_COMMAND_FEATURES,
					    .cni_path = "",
					    .cni_args = "" };
	struct nk_config config = { 0 };
	struct nk_error err = { 0 };
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"type\":\"nk-cni\"%s%s}", pairing,
		 keys);
	unit_expect_ok(text, nk_config_parse(text, strlen(text), &request, &config, &err), &err);
	unit_expect_ok(text, nk_features_add_config(list, &config, &err), &err);
	nk_config_fini(&config);
}

Test(features, configurations_name_nics_and_queues)
{
	struct nk_feature_list list cleanup_list = { 0 };
	struct nk_feature_nic *nic;

	take(&list, "", ",\"master\":\"eth1\",\"queues\":{\"pool\":\"8-11\",\"count\":2}");
	take(&list, "", ",\"deviceID\":\"eth1-q3\"");
	take(&list, "", ",\"master\":\"eth1\",\"queues\":{\"ids\":\"5\"},\"xsk\":{\"map\":false}");
	take(&list, ",\"pairing\":\"pair\"", ",\"ipam\":{\"type\":\"host-local\"}");
	take(&list, "", ",\"capabilities\":{\"deviceID\":true}"); /* which NIC, nobody knows yet */
	cr_assert_eq(list.count, 1);
	nic = &list.at[0];
	cr_expect_str_eq(nic->name, "eth1");
	cr_expect_eq(nic->queues.bits[0], 0xf08);
	cr_expect_eq(nic->others.bits[0], 0x20);
	take(&list, "", ",\"master\":\"eth2\",\"capabilities\":{\"deviceID\":true}");
	cr_assert_eq(list.count, 2);
	cr_expect_eq(list.at[1].queues.bits[0], ~1ULL, "any but queue 0");
	cr_expect_eq(list.at[1].queues.bits[NK_QUEUE_IDS / 64 - 1], ~0ULL);
}
