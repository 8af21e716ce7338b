// SPDX-License-Identifier: Apache-2.0
/* test_request.c - CNI_* variables */
#include "cni/request.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* The environment of one test; NULL: not set. */
static struct {
	const char *command, *id, *netns, *ifname, *args;
} env;

static const char *get_variable(const char *name)
{
	if (!strcmp(name, "CNI_COMMAND"))
		return env.command;
	if (!strcmp(name, "CNI_CONTAINERID"))
		return env.id;
	if (!strcmp(name, "CNI_NETNS"))
		return env.netns;
	if (!strcmp(name, "CNI_IFNAME"))
		return env.ifname;
	if (!strcmp(name, "CNI_ARGS"))
		return env.args;
	if (!strcmp(name, "CNI_PATH"))
		return "/opt/cni/bin";
	cr_assert_fail("a variable that CNI does not have was read: %s", name);
	return NULL;
}

static void use_good_environment(void)
{
	env.command = "ADD";
	env.id = "c1";
	env.netns = "/run/netns/p1";
	env.ifname = "eth0";
	env.args = NULL;
}

static const char *text_of(const char *value)
{
	return value ? value : "(unset)";
}

/* parse() - of the environment; @ret_what says what it was. */
static int parse(struct nk_request *request, struct nk_error *err, char ret_what[1024])
{
	*request = (struct nk_request){ 0 };
	*err = (struct nk_error){ 0 };
	snprintf(ret_what, 1024,
		 "CNI_COMMAND=%.60s CNI_CONTAINERID=%.300s CNI_NETNS=%.60s CNI_IFNAME=%.60s "
		 "CNI_ARGS=%.300s",
		 text_of(env.command), text_of(env.id), text_of(env.netns), text_of(env.ifname),
		 text_of(env.args));
	return nk_request_parse(get_variable, request, err);
}

static void expect_refused(const char *words)
{
	struct nk_request request;
	struct nk_error err;
	char what[1024];
	int rc = parse(&request, &err, what);

	unit_expect_error(what, rc, &err, NK_CODE_ENV, words);
}

static void expect_taken(struct nk_request *request)
{
	struct nk_error err;
	char what[1024];
	int rc = parse(request, &err, what);

	unit_expect_ok(what, rc, &err);
}

TestSuite(request, .init = use_good_environment);

Test(request, takes_all_variables_of_each_command)
{
	static const struct {
		const char *text;
		enum nk_command command;
	} rows[] = { { "ADD", NK_COMMAND_ADD },
		     { "DEL", NK_COMMAND_DEL },
		     { "CHECK", NK_COMMAND_CHECK } };
	struct nk_request request;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		env.command = rows[i].text;
		expect_taken(&request);
		cr_expect_eq(request.command, rows[i].command);
		cr_expect_str_eq(nk_request_command_name(request.command), rows[i].text);
		cr_expect_str_eq(request.container_id, "c1");
		cr_expect_str_eq(request.netns, "/run/netns/p1");
		cr_expect_str_eq(request.ifname, "eth0");
		cr_expect_str_empty(request.pod_name);
		cr_expect_str_eq(request.cni_path, "/opt/cni/bin");
	}
}

Test(request, version_and_no_command_need_nothing_else)
{
	struct nk_request request;

	env.id = env.netns = env.ifname = NULL;
	env.command = "VERSION";
	expect_taken(&request);
	cr_expect_eq(request.command, NK_COMMAND_VERSION);
	env.command = NULL;
	expect_taken(&request);
	cr_expect_eq(request.command, NK_COMMAND_NONE);
	env.command = "";
	expect_taken(&request);
	cr_expect_eq(request.command, NK_COMMAND_NONE);
}

Test(request, refuses_a_command_that_is_none_and_lists_those_there_are)
{
	static const char *const bad[] = { "add", "ADD ", " ADD", "ADDX", "AD", "PING", "ADD\n" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		env.command = bad[i];
		expect_refused("CNI_COMMAND|ADD, DEL, CHECK");
	}
}

Test(request, names_all_missing_variables_in_one_error)
{
	env.id = env.netns = env.ifname = NULL;
	expect_refused("missing|CNI_CONTAINERID|CNI_NETNS|CNI_IFNAME|required by CNI_COMMAND=ADD");
	env.command = "CHECK";
	expect_refused(
		"missing|CNI_CONTAINERID|CNI_NETNS|CNI_IFNAME|required by CNI_COMMAND=CHECK");
}

/* The spec wants the names in msg, where people look first. */
Test(request, msg_of_a_missing_variable_holds_its_name_and_no_other)
{
	struct nk_request request;
	struct nk_error err;
	char what[1024];

	env.ifname = NULL;
	parse(&request, &err, what);
	cr_expect_str_eq(err.msg, "missing environment variables: CNI_IFNAME", "ran: %s", what);
	use_good_environment();
	env.netns = NULL;
	parse(&request, &err, what);
	cr_expect_str_eq(err.msg, "missing environment variables: CNI_NETNS", "ran: %s", what);
}

Test(request, empty_variables_count_as_unset)
{
	env.id = "";
	expect_refused("missing|CNI_CONTAINERID");
	use_good_environment();
	env.netns = "";
	expect_refused("missing|CNI_NETNS");
	use_good_environment();
	env.ifname = "";
	expect_refused("missing|CNI_IFNAME");
}

Test(request, del_needs_no_netns_but_keeps_the_one_it_gets)
{
	struct nk_request request;

	env.command = "DEL";
	expect_taken(&request);
	cr_expect_str_eq(request.netns, "/run/netns/p1");
	env.netns = "";
	expect_taken(&request);
	cr_expect_str_empty(request.netns);
	env.netns = NULL;
	expect_taken(&request);
	cr_expect_str_empty(request.netns);
	env.id = NULL;
	env.ifname = NULL;
	expect_refused("missing|CNI_CONTAINERID|CNI_IFNAME|required by CNI_COMMAND=DEL");
}

Test(request, refuses_hostile_container_ids)
{
	static const char *const bad[] = { "../x",	"a/b", "a\nb",	"-a",  ".a",   "_a",
					   " a",	"a b", "a\x7f", "a%n", "a\"b", "\xc3\xa9",
					   "a\xc3\xa9", "a;b", "/",	"..",  "a\t" };
	static char long_id[301];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		env.id = bad[i];
		expect_refused("CNI_CONTAINERID|a-zA-Z0-9|255");
	}
	memset(long_id, 'a', 300);
	env.id = long_id;
	expect_refused("CNI_CONTAINERID|255 bytes");
}

Test(request, container_ids_end_at_255_bytes)
{
	struct nk_request request;
	char id[257];

	memset(id, 'a', 256);
	id[256] = '\0';
	env.id = id;
	expect_refused("CNI_CONTAINERID|255 bytes");
	id[255] = '\0';
	expect_taken(&request);
	cr_expect_str_eq(request.container_id, id);
	env.id = "0aZ_.-9";
	expect_taken(&request);
	cr_expect_str_eq(request.container_id, "0aZ_.-9");
}

Test(request, refuses_names_that_no_interface_may_have)
{
	static const char *const bad[] = { ".",
					   "..",
					   "a/b",
					   "a:b",
					   "a b",
					   "a\n",
					   "a\tb",
					   "../x",
					   "eth%d",
					   "a\x7f",
					   "a\x01",
					   "0123456789abcdef",
					   "a\xff",
					   "\xc3",
					   "\xc3\xa0",
					   "a\xc2\x85",
					   "\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6"
					   "\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		env.ifname = bad[i];
		expect_refused("CNI_IFNAME|1 to 15 bytes");
	}
}

Test(request, takes_names_that_an_interface_may_have)
{
	static const char *const good[] = { "a",
					    "...",
					    ".a",
					    "eth0.5",
					    "a-b_c@d",
					    "0123456789abcde",
					    "Gr\xc3\xb6\xc3\x9f\x65",
					    "\xe7\xbd\x91\xe5\x8d\xa1"
					    "0",
					    "\xf0\x9f\x90\xa7" };
	struct nk_request request;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		env.ifname = good[i];
		expect_taken(&request);
		cr_expect_str_eq(request.ifname, good[i]);
	}
}

Test(request, error_texts_hold_no_control_characters)
{
	struct nk_request request;
	struct nk_error err;
	char what[1024];

	env.id = "a\n\x1b[31m";
	parse(&request, &err, what);
	cr_expect_not(strpbrk(err.details, "\n\x1b"), "ran: %s\n%s", what, err.details);
	cr_expect(strstr(err.details, "\"a??[31m\""), "ran: %s\n%s", what, err.details);
}

Test(request, netns_paths_end_at_4095_bytes)
{
	static char path[4097];
	struct nk_request request;

	memset(path, 'x', 4096);
	path[0] = '/';
	env.netns = path;
	expect_refused("CNI_NETNS|less than 4096 bytes");
	path[4095] = '\0';
	expect_taken(&request);
	cr_expect_str_eq(request.netns, path);
}

Test(request, pod_name_is_read_from_the_kubernetes_arguments)
{
	static const struct {
		const char *args, *pod;
	} rows[] = {
		{ "K8S_POD_NAMESPACE=ns;K8S_POD_NAME=pod", "ns/pod" },
		{ "IgnoreUnknown=1;K8S_POD_NAME=pod;K8S_POD_NAMESPACE=ns;K8S_POD_UID=7", "ns/pod" },
		{ ";;K8S_POD_NAMESPACE=ns;;K8S_POD_NAME=pod;", "ns/pod" },
		{ "K8S_POD_NAMESPACE=n\ns;K8S_POD_NAME=p\x1bod", "n?s/p?od" },
		{ "K8S_POD_NAMESPACE=ns", "" },
		{ "K8S_POD_NAME=pod", "" },
		{ "K8S_POD_NAMESPACE=;K8S_POD_NAME=pod", "" },
		{ "XK8S_POD_NAMESPACE=ns;K8S_POD_NAME=pod", "" },
		{ "K8S_POD_NAME", "" },
		{ "", "" },
		{ NULL, "" },
	};
	struct nk_request request;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		env.args = rows[i].args;
		expect_taken(&request);
		cr_expect_str_eq(request.pod_name, rows[i].pod, "CNI_ARGS=%s gave %s",
				 text_of(rows[i].args), request.pod_name);
	}
}

Test(request, pod_name_that_does_not_fit_is_left_out)
{
	struct nk_request request;
	char args[400], name[256];

	/* "ns/" and 252 bytes fill the 255 there are */
	memset(name, 'p', 255);
	name[252] = '\0';
	snprintf(args, sizeof(args), "K8S_POD_NAMESPACE=ns;K8S_POD_NAME=%s", name);
	env.args = args;
	expect_taken(&request);
	cr_expect_eq(strlen(request.pod_name), 255);
	name[252] = 'p';
	name[253] = '\0';
	snprintf(args, sizeof(args), "K8S_POD_NAMESPACE=ns;K8S_POD_NAME=%s", name);
	expect_taken(&request);
	cr_expect_str_empty(request.pod_name);
}

Test(request, mac_and_ip_are_taken_from_args_by_add_alone)
{
	struct nk_request request;

	env.args = "IgnoreUnknown=1;MAC=02:00:00:00:00:01;IP=10.0.0.2,fd00::2;XMAC=a;;IPX=b;=";
	expect_taken(&request);
	cr_expect_str_eq(request.mac, "02:00:00:00:00:01");
	cr_expect_str_eq(request.ips, "10.0.0.2,fd00::2");
	env.command = "DEL";
	expect_taken(&request);
	cr_expect_str_empty(request.mac);
	cr_expect_str_empty(request.ips);
}

/* A DEL must not fail for what only ADD would have read. */
Test(request, args_that_are_too_long_are_refused_by_add_alone)
{
	static const struct {
		const char *key, *words;
		int longest;
	} rows[] = { { "MAC", "CNI_ARGS|MAC is longer than 31 bytes", 31 },
		     { "IP", "CNI_ARGS|IP is longer than 1023 bytes", 1023 } };
	struct nk_request request;
	char args[2000];
	size_t i;

	env.args = args;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(args, sizeof(args), "A=b;%s=%0*d", rows[i].key, rows[i].longest, 0);
		expect_taken(&request);
		snprintf(args, sizeof(args), "A=b;%s=%0*d", rows[i].key, rows[i].longest + 1, 0);
		expect_refused(rows[i].words);
		env.command = "DEL";
		expect_taken(&request);
		env.command = "ADD";
	}
}

/* For up to three locks, one after the other, a command waits less than its caller does. */
Test(request, waits_for_locks_less_than_the_runtime)
{
	static const struct {
		enum nk_command command;
		uint32_t runtime_ms;
	} limits[] = {
		{ NK_COMMAND_ADD, 240000 },  { NK_COMMAND_DEL, 60000 },
		{ NK_COMMAND_CHECK, 60000 }, { NK_COMMAND_STATUS, 60000 },
		{ NK_COMMAND_GC, 30000 },
	};
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		cr_expect(3 * nk_request_lock_ms(limits[i].command) < limits[i].runtime_ms, "%s",
			  nk_request_command_name(limits[i].command));
}
