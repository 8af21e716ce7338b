// SPDX-License-Identifier: Apache-2.0
/* test_oci_state.c - the state of a container: whose it is, and whether it is chosen */
#include "oci/state.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(oci_state, .timeout = 10);

static int parse(const char *document, struct nk_oci_state *ret, struct nk_error *err)
{
	char *text = unit_quoted(document);
	int rc = nk_oci_state_parse(text, strlen(text), ret, err);

	free(text);
	return rc;
}

static void expect_choice(const char *annotations, enum nk_oci_choice choice)
{
	struct nk_oci_state state = { 0 };
	struct nk_error err = { 0 };
	char text[1024];

	snprintf(text, sizeof(text),
		 "{'ociVersion':'1.0.2','id':'c1','status':'creating','pid':4422,"
		 "'bundle':'/run/b'%s%s}",
		 *annotations ? ",'annotations':" : "", annotations);
	unit_expect_ok(text, parse(text, &state, &err), &err);
	cr_expect_eq(state.pid, 4422);
	cr_expect_str_eq(state.bundle, "/run/b");
	cr_expect_eq(state.choice, choice, "%s: %d", annotations, state.choice);
}

Test(oci_state, without_an_annotation_nothing_is_said)
{
	expect_choice("", NK_OCI_UNNAMED);
	expect_choice("null", NK_OCI_UNNAMED);
	expect_choice("{}", NK_OCI_UNNAMED);
	expect_choice("{'io.kubernetes.cri.container-type':'container'}", NK_OCI_UNNAMED);
	expect_choice("{'nk-cni/container':'app'}", NK_OCI_UNNAMED);
}

Test(oci_state, a_container_is_named_as_containerd_and_as_crio_do)
{
	static const char *const names[] = { "io.kubernetes.cri.container-name",
					     "io.kubernetes.container.name" };
	static const struct {
		const char *named;
		enum nk_oci_choice choice;
	} cases[] = {
		{ "app", NK_OCI_CHOSEN },	  { "*", NK_OCI_CHOSEN },
		{ "log,app", NK_OCI_CHOSEN },	  { " log , app ", NK_OCI_CHOSEN },
		{ "app,", NK_OCI_CHOSEN },	  { "none", NK_OCI_LEFT_OUT },
		{ "", NK_OCI_LEFT_OUT },	  { "ap", NK_OCI_LEFT_OUT },
		{ "apple", NK_OCI_LEFT_OUT },	  { "app*", NK_OCI_LEFT_OUT },
		{ "log,apple", NK_OCI_LEFT_OUT }, { ",", NK_OCI_LEFT_OUT },
	};
	char text[256];
	size_t i, j;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (j = 0; j < sizeof(cases) / sizeof(cases[0]); j++) {
			snprintf(text, sizeof(text), "{'nk-cni/containers':'%s','%s':'app'}",
				 cases[j].named, names[i]);
			expect_choice(text, cases[j].choice);
		}
}

Test(oci_state, a_container_whose_name_is_unknown_is_chosen_by_the_star_alone)
{
	expect_choice("{'nk-cni/containers':'*'}", NK_OCI_CHOSEN);
	expect_choice("{'nk-cni/containers':'app'}", NK_OCI_LEFT_OUT);
}

Test(oci_state, a_sandbox_is_never_chosen)
{
	expect_choice("{'io.kubernetes.cri.container-type':'sandbox'}", NK_OCI_LEFT_OUT);
	expect_choice("{'io.kubernetes.cri-o.ContainerType':'sandbox','nk-cni/containers':'*'}",
		      NK_OCI_LEFT_OUT);
}

Test(oci_state, what_is_no_state_is_refused)
{
	static const struct {
		const char *document, *words;
	} cases[] = {
		{ "", "invalid state|createRuntime" },
		{ "{", "invalid state|createRuntime" },
		{ "[]", "invalid state|createRuntime" },
		{ "{'bundle':'/run/b'}", "no \"pid\"" },
		{ "{'pid':7}", "no \"bundle\"" },
		{ "{'pid':0,'bundle':'/run/b'}", "pid" },
		{ "{'pid':-1,'bundle':'/run/b'}", "pid" },
		{ "{'pid':'7','bundle':'/run/b'}", "pid" },
		{ "{'pid':4294967297,'bundle':'/run/b'}", "pid" },
		{ "{'pid':7,'bundle':''}", "bundle" },
		{ "{'pid':7,'bundle':'/run/b','annotations':[]}", "annotations" },
		{ "{'pid':7,'pid':8,'bundle':'/run/b'}", "pid" },
	};
	struct nk_oci_state state;
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err = (struct nk_error){ 0 };
		unit_expect_error(cases[i].document, parse(cases[i].document, &state, &err), &err,
				  NK_CODE_CONFIG, cases[i].words);
	}
}

/* with_config() - the root of a bundle whose config.json is @config; @config: NULL: there is none */
static int with_config(const char *config, char root[PATH_MAX], struct nk_error *err)
{
	struct nk_oci_state state = { .pid = 7 };
	char path[PATH_MAX + 16], *text;
	FILE *file;
	int rc;

	unit_temp_dir(state.bundle);
	snprintf(path, sizeof(path), "%s/config.json", state.bundle);
	if (config) {
		text = unit_quoted(config);
		file = fopen(path, "w");
		cr_assert(file);
		fputs(text, file);
		fclose(file);
		free(text);
	}
	rc = nk_oci_state_root(&state, root, err);
	unlink(path);
	unit_temp_dir_end(state.bundle);
	return rc;
}

Test(oci_state, the_root_is_absolute_or_below_the_bundle)
{
	struct nk_error err = { 0 };
	char root[PATH_MAX] = "";

	unit_expect_ok("absolute", with_config("{'root':{'path':'/var/r'}}", root, &err), &err);
	cr_expect_str_eq(root, "/var/r");
	unit_expect_ok("relative", with_config("{'root':{'path':'rootfs'}}", root, &err), &err);
	cr_expect(strlen(root) > 7 && !strcmp(root + strlen(root) - 7, "/rootfs"), "%s", root);
	cr_expect_eq(*root, '/');
}

Test(oci_state, a_bundle_without_a_root_is_an_error)
{
	static const struct {
		const char *config, *words;
	} cases[] = {
		{ "{'root':{}}", "root.path" },
		{ "{'root':'x'}", "root.path" },
		{ "{'root':{'path':''}}", "root.path" },
		{ "{}", "root.path" },
		{ "", "config" },
	};
	char root[PATH_MAX];
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err = (struct nk_error){ 0 };
		unit_expect_error(cases[i].config, with_config(cases[i].config, root, &err), &err,
				  NK_CODE_CONFIG, cases[i].words);
	}
	err = (struct nk_error){ 0 };
	unit_expect_error("no config.json", with_config(NULL, root, &err), &err, NK_CODE_IO,
			  "config.json|ENOENT");
}
