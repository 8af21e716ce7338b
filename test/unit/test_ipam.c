// SPDX-License-Identifier: Apache-2.0
/* test_ipam.c - what IPAM plugins answer, good and bad; they are shell scripts here */
#include "cni/ipam.h"

#include "base/ipaddr.h"
#include "base/json.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char dir[PATH_MAX];

static void make_dir(void)
{
	unit_temp_dir(dir);
}

static void remove_dir(void)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s/ipam1", dir);
	unlink(path);
	unit_temp_dir_end(dir);
}

TestSuite(ipam, .init = make_dir, .fini = remove_dir, .timeout = 30);

static const char input[] = "{\"cniVersion\":\"0.4.0\",\"name\":\"net\"}";

static const struct nk_ipam ipam = {
	.type = "ipam1",
	.cni_path = dir,
	.cni_version = "0.4.0",
	.input = input,
	.input_size = sizeof(input) - 1,
};

/* install() - a plugin that writes @answer, of up to 64 KiB, and exits */
static void install(const char *answer, int status)
{
	size_t size = strlen(answer) + 64;
	char *body = malloc(size);

	cr_assert(body, "out of memory");
	snprintf(body, size, "cat <<'.'\n%s\n.\nexit %d", answer, status);
	unit_write_script(dir, "ipam1", body);
	free(body);
}

/* add() - of a plugin that writes @answer; a failure has to leave nothing in @ret */
static int add(const char *answer, int status, struct nk_ipam_result *ret, struct nk_error *err)
{
	int rc;

	*err = (struct nk_error){ 0 };
	memset(ret, 0xff, sizeof(*ret));
	install(answer, status);
	rc = nk_ipam_add(&ipam, ret, err);
	if (rc)
		cr_expect(!ret->json && !ret->dns && !ret->ip_count && !ret->route_count, "%s",
			  answer);
	return rc;
}

static void expect_prefix(const struct nk_prefix *prefix, const char *wanted)
{
	char text[NK_IPADDR_TEXT_SIZE];

	nk_prefix_text(prefix, text);
	cr_expect_str_eq(text, wanted, "got %s, wanted %s", text, wanted);
}

static void expect_address(const struct nk_ipaddr *addr, const char *wanted)
{
	char text[NK_IPADDR_TEXT_SIZE];

	nk_ipaddr_text(addr, text);
	cr_expect_str_eq(text, wanted, "got %s, wanted %s", text, wanted);
}

/* --- answers --------------------------------------------------------------------------------- */

Test(ipam, answer_is_read_in_full)
{
	static const char answer[] =
		"{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.1.0.5/24\",\"gateway\":"
		"\"10.1.0.1\"},{\"address\":\"fd00::5/64\"}],\"routes\":[{\"dst\":\"0.0.0.0/0\"},"
		"{\"dst\":\"fd01::/48\",\"gw\":\"fd00::1\",\"mtu\":1400,\"advmss\":1360,"
		"\"priority\":4294967295,\"table\":0,\"scope\":253}],\"dns\":{\"nameservers\":"
		"[\"10.1.0.2\"]}}";
	struct nk_ipam_result result;
	struct nk_error err;
	const struct nk_route *route = &result.routes[1];

	unit_expect_ok(answer, add(answer, 0, &result, &err), &err);
	cr_assert(result.ip_count == 2 && result.route_count == 2);
	expect_prefix(&result.ips[0].address, "10.1.0.5/24");
	expect_address(&result.ips[0].gateway, "10.1.0.1");
	cr_expect_eq(result.ips[0].interface, -1);
	expect_prefix(&result.ips[1].address, "fd00::5/64");
	cr_expect_eq(result.ips[1].gateway.family, 0);
	cr_expect_eq(result.ips[1].interface, -1);

	expect_prefix(&result.routes[0].dst, "0.0.0.0/0");
	cr_expect(!result.routes[0].gw.family && !result.routes[0].mtu &&
		  !result.routes[0].advmss && !result.routes[0].priority &&
		  !result.routes[0].has_table && !result.routes[0].has_scope);
	expect_prefix(&route->dst, "fd01::/48");
	expect_address(&route->gw, "fd00::1");
	cr_expect(route->mtu == 1400 && route->advmss == 1360 && route->priority == UINT32_MAX);
	cr_expect(route->has_table && !route->table && route->has_scope && route->scope == 253);
	cr_expect_str_eq(nk_json_string(nk_json_at(nk_json_get(result.dns, "nameservers"), 0)),
			 "10.1.0.2");
	nk_ipam_result_fini(&result);
	cr_expect(!result.json && !result.ip_count);
	nk_ipam_result_fini(&result);
}

Test(ipam, answers_of_other_versions_and_with_more_in_them_are_taken)
{
	static const char *const answers[] = {
		"{\"ips\":[{\"address\":\"10.0.0.2/24\"}]}",
		"{\"cniVersion\":\"\",\"ips\":[{\"address\":\"10.0.0.2/24\"}]}",
		"{\"cniVersion\":null,\"ips\":[{\"address\":\"10.0.0.2/24\"}],\"dns\":null}",
		"{\"cniVersion\":\"0.3.0\",\"ips\":[{\"version\":\"4\",\"address\":\"10.0.0.2/24\","
		"\"interface\":0,\"gateway\":\"\"}],\"dns\":{}}",
		"{\"cniVersion\":\"0.4.0\",\"ips\":[{\"version\":\"4\",\"address\":\"10.0.0.2/24\","
		"\"gateway\":null}],\"routes\":null,\"dns\":{}}",
		"\n{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.0.0.2/24\",\"x\":[1]}],"
		"\"interfaces\":[],\"routes\":[],\"y\":{\"z\":\"\"}}\n\n",
	};
	struct nk_ipam_result result;
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		unit_expect_ok(answers[i], add(answers[i], 0, &result, &err), &err);
		cr_expect_eq(result.ip_count, 1);
		expect_prefix(&result.ips[0].address, "10.0.0.2/24");
		cr_expect(!result.ips[0].gateway.family && result.ips[0].interface == -1);
		nk_ipam_result_fini(&result);
	}
}

Test(ipam, answer_without_addresses_is_missing_ip_config)
{
	static const char *const answers[] = { "{}", "{\"ips\":[]}", "{\"ips\":null}",
					       "{\"ip4\":{\"ip\":\"10.0.0.2/24\"}}",
					       "{\"routes\":[{\"dst\":\"0.0.0.0/0\"}]}" };
	struct nk_ipam_result result;
	struct nk_error err;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		rc = add(answers[i], 0, &result, &err);
		unit_expect_error(answers[i], rc, &err, NK_CODE_IPAM,
				  "IPAM plugin ipam1 (command ADD): no ips");
		cr_expect_str_eq(err.msg, "the IPAM plugin returned no addresses");
		cr_expect(strstr(err.details, answers[i]), "%s", err.details);
	}
}

#define ONE(address, gateway) \
	"{\"ips\":[{\"address\":\"" address "\",\"gateway\":\"" gateway "\"}]}"

Test(ipam, answer_that_nobody_can_use_is_refused)
{
	static const struct {
		const char *answer, *words;
	} rows[] = {
		{ ONE("0.0.0.0/0", ""), "ips[0].address|\"0.0.0.0/0\"|unspecified" },
		{ ONE("10.1.0.0/24", ""), "ips[0].address|\"10.1.0.0/24\"|the network address" },
		{ ONE("10.1.0.255/24", ""), "\"10.1.0.255/24\"|broadcast" },
		{ ONE("224.0.0.9/24", ""), "\"224.0.0.9/24\"|multicast" },
		{ ONE("127.0.0.2/8", ""), "\"127.0.0.2/8\"|loopback" },
		{ ONE("fd00::/64", ""), "\"fd00::/64\"|the network address" },
		{ ONE("10.1.0.5/24", "10.1.0.5"), "ips[0].gateway|\"10.1.0.5\"|own address" },
		{ ONE("10.1.0.5/24", "10.2.0.1"), "ips[0].gateway|\"10.2.0.1\"|no route reaches" },
		{ ONE("10.1.0.5/24", "fd00::1"),
		  "ips[0].gateway|\"fd00::1\"|another address family" },
		{ ONE("10.1.0.5/24", "0.0.0.0"), "ips[0].gateway|unspecified" },
		{ ONE("fd00::5/64", "ff02::1"), "ips[0].gateway|multicast" },
		{ "{\"ips\":[{\"address\":\"10.1.0.5/24\"},{\"address\":\"10.2.0.0/24\"}]}",
		  "ips[1].address|\"10.2.0.0/24\"" },
		{ "{\"ips\":[{\"address\":\"10.1.0.5/24\",\"gateway\":\"10.2.0.1\"}],"
		  "\"routes\":[{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"10.2.0.0/16\",\"gw\":\"10.1.0.1\"}]}",
		  "ips[0].gateway|\"10.2.0.1\"|no route" },
	};
	struct nk_ipam_result result;
	struct nk_error err;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rc = add(rows[i].answer, 0, &result, &err);
		unit_expect_error(rows[i].answer, rc, &err, NK_CODE_IPAM, rows[i].words);
		cr_expect(strstr(err.details, "IPAM plugin ipam1 answered"), "%s", err.details);
	}
}

Test(ipam, gateway_beyond_the_network_is_taken_where_a_way_leads_to_it)
{
	static const char *const answers[] = {
		ONE("10.1.0.5/32", "169.254.1.1"),
		ONE("10.1.0.4/31", "10.1.0.5"),
		ONE("fd00::5/64", "fe80::1"),
		"{\"ips\":[{\"address\":\"10.1.0.5/24\",\"gateway\":\"169.254.1.1\"}],"
		"\"routes\":[{\"dst\":\"169.254.1.1/32\"},{\"dst\":\"0.0.0.0/0\"}]}",
		"{\"ips\":[{\"address\":\"10.1.0.5/24\",\"gateway\":\"10.2.0.1\"},"
		"{\"address\":\"10.2.0.5/24\"}]}",
	};
	struct nk_ipam_result result;
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		unit_expect_ok(answers[i], add(answers[i], 0, &result, &err), &err);
		nk_ipam_result_fini(&result);
	}
}

#define IP "{\"address\":\"10.0.0.2/24\"}"

static const struct {
	const char *answer, *words;
} malformed[] = {
	{ "", "not JSON|it wrote: ?" },
	{ "hello", "not JSON|byte 0|it wrote: hello" },
	{ "\x1b[1m\xff", "not JSON|it wrote: ?[1m?" },
	{ "{\"ips\":[" IP "]", "not JSON|at byte|it wrote: {\"ips\"" },
	{ "{\"ips\":[" IP "]}{}", "not one JSON document|it wrote: {\"ips\"" },
	{ "{\"ips\":[" IP "],\"ips\":[]}", "JSON key given twice|\"ips\"" },
	{ "[]", "the document is not an object" },
	{ "{\"cniVersion\":\"0.2.0\",\"ips\":[" IP "]}",
	  "cniVersion: \"0.2.0\" is not a version|0.3.0 to" },
	{ "{\"cniVersion\":\"2.0.0\",\"ips\":[" IP "]}", "cniVersion: \"2.0.0\" is not" },
	{ "{\"cniVersion\":1,\"ips\":[" IP "]}", "cniVersion: 1 is not a string" },
	{ "{\"ips\":{}}", "ips: {} is not an array" },
	{ "{\"ips\":[null]}", "ips[0] is not an object: null" },
	{ "{\"ips\":[" IP ",7]}", "ips[1] is not an object: 7" },
	{ "{\"ips\":[{}]}", "ips[0].address: missing|an address with its prefix length" },
	{ "{\"ips\":[{\"address\":\"\"}]}", "ips[0].address: missing" },
	{ "{\"ips\":[{\"address\":null}]}", "ips[0].address: missing" },
	{ "{\"ips\":[{\"address\":5}]}", "ips[0].address: 5 is not a string" },
	{ "{\"ips\":[{\"address\":\"10.0.0.2\"}]}",
	  "ips[0].address: \"10.0.0.2\" is not an address with its prefix length" },
	{ "{\"ips\":[{\"address\":\"10.0.0.2/33\"}]}", "ips[0].address: \"10.0.0.2/33\"" },
	{ "{\"ips\":[" IP ",{\"address\":\"fd00::g/64\"}]}",
	  "ips[1].address: \"fd00::g/64\" is not" },
	{ "{\"ips\":[{\"address\":\"fd00:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"
	  "/64\"}]}",
	  "ips[0].address|is not a string of 0 to 51 bytes" },
	{ "{\"ips\":[{\"address\":\"10.0.0.2/24\",\"gateway\":\"10.0.0.1/24\"}]}",
	  "ips[0].gateway: \"10.0.0.1/24\" is not an address" },
	{ "{\"ips\":[{\"address\":\"10.0.0.2/24\",\"gateway\":[]}]}",
	  "ips[0].gateway: [] is not a string" },
	{ "{\"ips\":[{\"address\":\"10.0.0.2/24\",\"interface\":-1}]}",
	  "ips[0].interface: -1 is not an integer from 0 to 2147483647" },
	{ "{\"ips\":[" IP "],\"routes\":\"x\"}", "routes: \"x\" is not an array" },
	{ "{\"ips\":[" IP "],\"routes\":[[]]}", "routes[0] is not an object: []" },
	{ "{\"ips\":[" IP "],\"routes\":[{}]}", "routes[0].dst: missing" },
	{ "{\"ips\":[" IP "],\"routes\":[{\"dst\":\"default\"}]}",
	  "routes[0].dst: \"default\" is not" },
	{ "{\"ips\":[" IP "],\"routes\":[{\"dst\":\"::/0\"},{\"dst\":\"::/0\",\"gw\":\"x\"}]}",
	  "routes[1].gw: \"x\" is not an address" },
	{ "{\"ips\":[" IP "],\"routes\":[{\"dst\":\"::/0\",\"mtu\":\"1\"}]}",
	  "routes[0].mtu: \"1\" is not an integer" },
	{ "{\"ips\":[" IP "],\"routes\":[{\"dst\":\"::/0\",\"advmss\":1.5}]}",
	  "routes[0].advmss: 1.5 is not an integer" },
	{ "{\"ips\":[" IP "],\"routes\":[{\"dst\":\"::/0\",\"priority\":-1}]}",
	  "routes[0].priority: -1 is not an integer" },
	{ "{\"ips\":[" IP "],\"routes\":[{\"dst\":\"::/0\",\"table\":4294967296}]}",
	  "routes[0].table: 4294967296 is not an integer from 0 to 4294967295" },
	{ "{\"ips\":[" IP "],\"routes\":[{\"dst\":\"::/0\",\"scope\":256}]}",
	  "routes[0].scope: 256 is not an integer from 0 to 255" },
	{ "{\"ips\":[" IP "],\"dns\":[]}", "dns: [] is not an object" },
};

Test(ipam, answer_that_is_malformed_is_refused_with_plugin_path_and_value)
{
	struct nk_ipam_result result;
	struct nk_error err;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		rc = add(malformed[i].answer, 0, &result, &err);
		unit_expect_error(malformed[i].answer, rc, &err, NK_CODE_IPAM, malformed[i].words);
		unit_expect_error(malformed[i].answer, rc, &err, NK_CODE_IPAM,
				  "IPAM plugin ipam1 (command ADD): |answer is invalid");
		cr_expect_eq(rc, -EBADMSG);
		cr_expect_not(strstr(err.msg, "network configuration"), "%s", err.msg);
	}
}

Test(ipam, plugin_that_says_nothing_is_refused)
{
	struct nk_ipam_result result;
	struct nk_error err = { 0 };
	int rc;

	unit_write_script(dir, "ipam1", "exit 0");
	rc = nk_ipam_add(&ipam, &result, &err);
	unit_expect_error("exit 0", rc, &err, NK_CODE_IPAM,
			  "IPAM plugin ipam1 (command ADD)|it wrote: nothing on its stdout");
}

/* fill() - @start, then @count times @element with commas, then @end */
static void fill(char *buf, size_t size, const char *start, const char *element, unsigned int count,
		 const char *end)
{
	size_t used = (size_t)snprintf(buf, size, "%s", start);
	unsigned int i;

	for (i = 0; i < count; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? "," : "", element);
	used += (size_t)snprintf(buf + used, size - used, "%s", end);
	cr_assert_lt(used, size);
}

Test(ipam, more_addresses_and_routes_than_there_is_room_for_are_refused)
{
	static const char route[] = "{\"dst\":\"10.0.0.0/8\"}", end[] = "]}";
	static const char routes[] = "{\"ips\":[" IP "],\"routes\":[";
	static char text[16384];
	struct nk_ipam_result result;
	struct nk_error err;

	fill(text, sizeof(text), "{\"ips\":[", IP, NK_IPS_MAX, end);
	unit_expect_ok("64 ips", add(text, 0, &result, &err), &err);
	cr_expect_eq(result.ip_count, NK_IPS_MAX);
	expect_prefix(&result.ips[NK_IPS_MAX - 1].address, "10.0.0.2/24");
	nk_ipam_result_fini(&result);
	fill(text, sizeof(text), "{\"ips\":[", IP, NK_IPS_MAX + 1, end);
	unit_expect_error("65 ips", add(text, 0, &result, &err), &err, NK_CODE_IPAM,
			  "ipam1|ips: 65 elements, at most 64");

	fill(text, sizeof(text), routes, route, NK_ROUTES_MAX, end);
	unit_expect_ok("256 routes", add(text, 0, &result, &err), &err);
	cr_expect_eq(result.route_count, NK_ROUTES_MAX);
	expect_prefix(&result.routes[NK_ROUTES_MAX - 1].dst, "10.0.0.0/8");
	nk_ipam_result_fini(&result);
	fill(text, sizeof(text), routes, route, NK_ROUTES_MAX + 1, end);
	unit_expect_error("257 routes", add(text, 0, &result, &err), &err, NK_CODE_IPAM,
			  "ipam1|routes: 257 elements, at most 256");
}

static const char sample[] = "{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.1.0.5/24\","
			     "\"gateway\":\"10.1.0.1\",\"interface\":0}],\"routes\":[{\"dst\":"
			     "\"0.0.0.0/0\",\"mtu\":1400}],\"dns\":{}}";

Test(ipam, answer_cut_anywhere_is_refused)
{
	char text[sizeof(sample)];
	struct nk_ipam_result result;
	struct nk_error err;
	size_t size;
	int rc;

	for (size = 1; size < sizeof(sample) - 1; size += 4) {
		snprintf(text, sizeof(text), "%.*s", (int)size, sample);
		rc = add(text, 0, &result, &err);
		unit_expect_error(text, rc, &err, NK_CODE_IPAM, "ipam1|answer is invalid|not JSON");
	}
}

/* --- what the plugin gets ---------------------------------------------------------------------- */

/* MAC is nk-cni's own key: a plugin that refuses unknown ones must not see it. */
Test(ipam, args_that_nk_cni_consumed_are_not_passed_on)
{
	static const struct {
		const char *args, *seen;
	} rows[] = {
		{ "", "" },
		{ "MAC=02:00:00:00:00:01", "" },
		{ "MAC=02:00:00:00:00:01;IP=10.1.0.9", "IP=10.1.0.9" },
		{ "IP=10.1.0.9;MAC=02:00:00:00:00:01", "IP=10.1.0.9" },
		{ "K8S_POD_NAME=a;MAC=x;;IP=b;MACHINE=c", "K8S_POD_NAME=a;IP=b;MACHINE=c" },
		{ "IgnoreUnknown=1;MAC=02:00:00:00:00:01",
		  "IgnoreUnknown=1;MAC=02:00:00:00:00:01" },
		{ "MAC=x;ignoreunknown=TRUE", "MAC=x;ignoreunknown=TRUE" },
		{ "MAC=x;IgnoreUnknown=0", "IgnoreUnknown=0" },
	};
	struct nk_error err;
	size_t i;

	unit_write_script(dir, "ipam1", "echo \"{\\\"msg\\\":\\\"got ($CNI_ARGS)\\\"}\"; exit 1");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nk_ipam mine = ipam;
		char want[128];

		mine.cni_args = rows[i].args;
		err = (struct nk_error){ 0 };
		cr_expect_eq(nk_ipam_del(&mine, &err), -ECANCELED);
		snprintf(want, sizeof(want), "IPAM plugin ipam1: got (%s)", rows[i].seen);
		cr_expect_str_eq(err.msg, want, "of %s: %s", rows[i].args, err.msg);
	}
}

/* --- errors that the plugin reports ---------------------------------------------------------- */

Test(ipam, error_of_the_plugin_is_passed_on_with_its_code)
{
	static const struct {
		const char *answer, *msg, *details;
		unsigned int code;
	} rows[] = {
		{ "{\"code\":11,\"msg\":\"no address free\",\"details\":\"in 10.0.0.0/24\"}",
		  "IPAM plugin ipam1: no address free", "in 10.0.0.0/24", 11 },
		{ "{\"cniVersion\":\"1.0.0\",\"code\":999,\"msg\":\"all gone\"}",
		  "IPAM plugin ipam1: all gone", "", 999 },
		{ "{\"code\":1,\"msg\":\"incompatible CNI versions\",\"details\":5,\"x\":null}",
		  "IPAM plugin ipam1: incompatible CNI versions", "", 1 },
		{ "{\"msg\":\"who knows\"}", "IPAM plugin ipam1: who knows", "", NK_CODE_IPAM },
		{ "{\"code\":4294967295,\"msg\":\"%s%n\",\"details\":\"%s\"}",
		  "IPAM plugin ipam1: %s%n", "%s", UINT32_MAX },
	};
	struct nk_ipam_result result;
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(add(rows[i].answer, 1, &result, &err), -ECANCELED);
		cr_expect_eq((unsigned int)err.code, rows[i].code, "code %u", (unsigned)err.code);
		cr_expect_str_eq(err.msg, rows[i].msg, "%s", err.msg);
		cr_expect_str_eq(err.details, rows[i].details, "%s", err.details);
		cr_expect(strstr(err.remedy, "compare \"ipam\""), "%s", err.remedy);
	}
}

/* Most plugins of the reference set put all they know into msg. */
Test(ipam, long_error_of_the_plugin_is_told_in_full)
{
	char answer[600], many[301];
	struct nk_ipam_result result;
	struct nk_error err;
	int rc;

	memset(many, 'x', 300);
	many[300] = '\0';
	snprintf(answer, sizeof(answer),
		 "{\"code\":11,\"msg\":\"%s the end\",\"details\":\"and more\"}", many);
	rc = add(answer, 1, &result, &err);
	unit_expect_error(answer, rc, &err, NK_CODE_RETRY, "IPAM plugin ipam1: xxx|xx the end");
	cr_expect(strstr(err.details, "xx the end; and more"), "%s", err.details);
}

Test(ipam, exit_status_without_an_error_object_is_told_with_what_was_written)
{
	static const struct {
		const char *answer, *words;
	} rows[] = {
		{ "Segmentation fault", "it wrote: Segmentation fault" },
		{ "{\"code\":7}", "it wrote: {\"code\":7}" },
		{ "{\"code\":7,\"msg\":\"\"}", "it wrote: {\"code\":7," },
		{ "{\"code\":7,\"msg\":[]}", "it wrote: {\"code\":7," },
		{ "{\"code\":\"7\",\"msg\":\"m\"}", "it wrote: {\"code\":\"7\"" },
		{ "{\"code\":0,\"msg\":\"m\"}", "it wrote: {\"code\":0" },
		{ "{\"code\":-7,\"msg\":\"m\"}", "it wrote: {\"code\":-7" },
		{ "{}{\"code\":7,\"msg\":\"m\"}", "it wrote: {}{" },
		{ "[]", "it wrote: []" },
		{ "0123456789012345678901234567890123456789012345678901234567890123456789"
		  "0123456789012345678901234567890123456789012345678901234567890123456789",
		  "890123...|it wrote: 0123" },
	};
	struct nk_ipam_result result;
	struct nk_error err;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rc = add(rows[i].answer, 3, &result, &err);
		unit_expect_error(rows[i].answer, rc, &err, NK_CODE_IPAM, rows[i].words);
		unit_expect_error(rows[i].answer, rc, &err, NK_CODE_IPAM,
				  "IPAM plugin ipam1 (command ADD) exited with status 3");
	}
	unit_write_script(dir, "ipam1", "exit 3");
	err = (struct nk_error){ 0 };
	rc = nk_ipam_add(&ipam, &result, &err);
	unit_expect_error("exit 3", rc, &err, NK_CODE_IPAM,
			  "exited with status 3|it wrote: nothing on its stdout");
}

Test(ipam, plugin_that_is_not_there_or_dies_is_reported)
{
	struct nk_ipam none = ipam;
	struct nk_ipam_result result;
	struct nk_error err = { 0 };
	int rc;

	none.cni_path = "/no/such";
	rc = nk_ipam_add(&none, &result, &err);
	unit_expect_error("/no/such", rc, &err, NK_CODE_CONFIG, "IPAM plugin ipam1|/no/such");
	nk_ipam_result_fini(&result);
	err = (struct nk_error){ 0 };
	unit_write_script(dir, "ipam1", "kill -KILL $$");
	rc = nk_ipam_add(&ipam, &result, &err);
	unit_expect_error("kill", rc, &err, NK_CODE_IPAM, "was killed by signal 9");
	nk_ipam_result_fini(&result);
}

/* --- commands -------------------------------------------------------------------------------- */

Test(ipam, commands_go_by_the_exit_status_and_give_input_and_command)
{
	static const struct {
		const char *command;
		int (*fn)(const struct nk_ipam *ipam, struct nk_error *err);
	} rows[] = { { "DEL", nk_ipam_del },
		     { "CHECK", nk_ipam_check },
		     { "STATUS", nk_ipam_status } };
	char body[256], words[128];
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err = (struct nk_error){ 0 };
		snprintf(body, sizeof(body),
			 "[ \"$CNI_COMMAND\" = %s ] && [ \"$(cat)\" = '%s' ] && echo garbage",
			 rows[i].command, input);
		unit_write_script(dir, "ipam1", body);
		unit_expect_ok(body, rows[i].fn(&ipam, &err), &err);
		install("{\"code\":50,\"msg\":\"not now\"}", 1);
		unit_expect_error(rows[i].command, rows[i].fn(&ipam, &err), &err, (enum nk_code)50,
				  "IPAM plugin ipam1: not now");
		err = (struct nk_error){ 0 };
		install("garbage", 1);
		snprintf(words, sizeof(words), "(command %s) exited with status 1|garbage",
			 rows[i].command);
		unit_expect_error(rows[i].command, rows[i].fn(&ipam, &err), &err, NK_CODE_IPAM,
				  words);
	}
}

/* --- prevResult ------------------------------------------------------------------------------ */

static int parse(const char *text, struct nk_json **ret_json, struct nk_ipam_result *ret,
		 struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
	*ret = (struct nk_ipam_result){ 0 };
	unit_expect_ok(text, nk_json_parse(text, strlen(text), ret_json, err), err);
	return nk_ipam_parse(*ret_json, "prevResult", ret, err);
}

Test(ipam, prev_result_is_read_with_the_index_of_each_interface)
{
	static const char text[] =
		"{\"interfaces\":[{\"name\":\"a\"},{\"name\":\"b\"}],\"ips\":[{\"address\":"
		"\"10.0.0.2/24\",\"interface\":1},{\"address\":\"fd00::2/64\",\"interface\":0},"
		"{\"address\":\"fd00::3/64\"},{\"address\":\"fd00::4/64\",\"interface\":null}],"
		"\"routes\":[{\"dst\":\"::/0\"}],\"dns\":{\"domain\":\"d\"}}";
	struct nk_ipam_result result;
	struct nk_json *json = NULL;
	struct nk_error err;

	unit_expect_ok(text, parse(text, &json, &result, &err), &err);
	cr_assert(result.ip_count == 4 && result.route_count == 1);
	cr_expect(result.ips[0].interface == 1 && result.ips[1].interface == 0 &&
		  result.ips[2].interface == -1 && result.ips[3].interface == -1);
	cr_expect_eq(result.routes[0].dst.addr.family, AF_INET6);
	cr_expect_eq(result.dns, nk_json_get(json, "dns"));
	cr_expect_null(result.json, "the document stays the caller's");
	nk_json_free(json);
	unit_expect_ok("{}", parse("{}", &json, &result, &err), &err);
	cr_expect(!result.ip_count && !result.route_count && !result.dns);
	nk_json_free(json);
}

Test(ipam, prev_result_that_is_malformed_is_code_7_with_its_path)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "[]", "prevResult is not an object: []" },
		{ "{\"ips\":5}", "prevResult.ips: 5 is not an array" },
		{ "{\"ips\":[{\"address\":\"x\"}]}", "prevResult.ips[0].address: \"x\" is not" },
		{ "{\"ips\":[{\"address\":\"10.0.0.2/24\",\"interface\":\"0\"}]}",
		  "prevResult.ips[0].interface: \"0\" is not an integer" },
		{ "{\"routes\":[{\"dst\":\"1.2.3.4\"}]}", "prevResult.routes[0].dst: \"1.2.3.4\"" },
		{ "{\"dns\":\"x\"}", "prevResult.dns: \"x\" is not an object" },
	};
	struct nk_ipam_result result;
	struct nk_json *json = NULL;
	struct nk_error err;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rc = parse(rows[i].text, &json, &result, &err);
		unit_expect_error(rows[i].text, rc, &err, NK_CODE_CONFIG, rows[i].words);
		nk_json_free(json);
	}
}
