// SPDX-License-Identifier: Apache-2.0
/* test_result_prev.c - looking at a prevResult: its shape, and the interfaces it lists */
#include "cni/result.h"

#include "base/json.h"
#include "cni/config.h"
#include "results.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- its shape ------------------------------------------------------------------------------- */

static int check_shape(const char *prev, const char *version, struct nk_error *err)
{
	struct nk_json *json = unit_json(prev);
	int rc;

	*err = (struct nk_error){ 0 };
	rc = nk_result_check_shape(json, version, err);
	nk_json_free(json);
	return rc;
}

/* All that the specification has, what it does not have beside it, and null for what is absent. */
static const char old_prev[] =
	"{'cniVersion':'%s','interfaces':[{'name':'a','mac':'02:00:00:00:00:01','sandbox':'/n',"
	"'mtu':'x','socketPath':1,'pciID':[]},{}],'ips':[{'version':'4','address':'10.0.0.1/8',"
	"'gateway':'10.0.0.2','interface':1},{'address':'fd00::1/64','gateway':null}],"
	"'routes':[{'dst':'0.0.0.0/0','gw':'10.0.0.2','mtu':1400,'advmss':1360,'priority':1,"
	"'table':254,'scope':0},{'dst':'fd01::/48','gw':''}],'dns':{'nameservers':['5']},'x':[0]}";
static const char new_prev[] =
	"{'cniVersion':'%s','interfaces':[{'name':'a','mac':'02:00:00:00:00:01','sandbox':'/n',"
	"'mtu':1000,'socketPath':'/s','pciID':'0000:04:00.5'},{'mtu':null}],'ips':[{'version':4,"
	"'address':'10.0.0.1/8','gateway':'','interface':7,'x':{}}],'routes':[],"
	"'dns':null}";

Test(result_prev, right_shape_of_any_version_that_we_speak_is_taken)
{
	struct nk_error err = { 0 };
	char prev[1024];
	size_t i;

	for (i = 0; nk_config_versions[i]; i++) {
		snprintf(prev, sizeof(prev),
			 strncmp(nk_config_versions[i], "0.", 2) ? new_prev : old_prev,
			 nk_config_versions[i]);
		unit_expect_ok(prev, check_shape(prev, "1.0.0", &err), &err);
		unit_expect_ok(prev, check_shape(prev, "0.3.0", &err), &err);
	}
	unit_expect_ok("no prevResult", nk_result_check_shape(NULL, "1.0.0", &err), &err);
	unit_expect_ok("{}", check_shape("{}", "1.0.0", &err), &err);
}

Test(result_prev, prev_without_a_version_is_of_the_configurations)
{
	struct nk_error err = { 0 };
	char prev[1024];

	snprintf(prev, sizeof(prev), old_prev, "");
	unit_expect_ok(prev, check_shape(prev, "0.4.0", &err), &err);
	unit_expect_error(prev, check_shape(prev, "1.1.0", &err), &err, NK_CODE_CONFIG,
			  "prevResult.interfaces[0].mtu: \"x\"");
	snprintf(prev, sizeof(prev), new_prev, "");
	unit_expect_ok(prev, check_shape(prev, "1.1.0", &err), &err);
	unit_expect_error(prev, check_shape(prev, "0.3.1", &err), &err, NK_CODE_CONFIG,
			  "prevResult.ips[0].version: 4");
}

static const struct {
	const char *version, *prev, *words;
} misshapen[] = {
	{ "1.0.0", "[]", "prevResult is not an object: []" },
	{ "1.0.0", "'x'", "prevResult is not an object: \"x\"" },
	{ "1.0.0", "{'cniVersion':1}", "prevResult.cniVersion: 1 is not a string" },
	{ "1.0.0", "{'cniVersion':'0.2.0'}", "prevResult.cniVersion: \"0.2.0\"|not supported" },
	{ "1.0.0", "{'cniVersion':'2.0.0'}",
	  "prevResult.cniVersion: \"2.0.0\"|the list's cniVersion, 1.0.0" },
	{ "1.0.0", "{'cniVersion':'1.0'}", "prevResult.cniVersion: \"1.0\"" },
	{ "1.0.0", "{'interfaces':{}}", "prevResult.interfaces: {} is not an array" },
	{ "1.0.0", "{'ips':'10.0.0.1'}", "prevResult.ips: \"10.0.0.1\" is not an array" },
	{ "1.0.0", "{'routes':1e3}", "prevResult.routes: 1e3 is not an array" },
	{ "1.0.0", "{'dns':[]}", "prevResult.dns: [] is not an object" },
	{ "1.0.0", "{'interfaces':[{},null]}", "prevResult.interfaces[1] is not an object: null" },
	{ "1.0.0", "{'interfaces':['eth0']}", "prevResult.interfaces[0] is not an object" },
	{ "1.0.0", "{'interfaces':[{},{'name':5}]}",
	  "prevResult.interfaces[1].name: 5 is not a string" },
	{ "1.0.0", "{'interfaces':[{'mac':[]}]}", "prevResult.interfaces[0].mac: []" },
	{ "0.4.0", "{'interfaces':[{'sandbox':{}}]}", "prevResult.interfaces[0].sandbox: {}" },
	{ "1.0.0", "{'interfaces':[{'mtu':'1500'}]}",
	  "prevResult.interfaces[0].mtu: \"1500\" is not an integer" },
	{ "1.0.0", "{'interfaces':[{'mtu':-1}]}", "prevResult.interfaces[0].mtu: -1" },
	{ "1.0.0", "{'interfaces':[{'socketPath':1}]}", "prevResult.interfaces[0].socketPath: 1" },
	{ "1.0.0", "{'interfaces':[{'pciID':1}]}", "prevResult.interfaces[0].pciID: 1" },
	{ "0.4.0", "{'cniVersion':'1.0.0','interfaces':[{'pciID':1}]}",
	  "prevResult.interfaces[0].pciID: 1" },
	{ "1.0.0", "{'ips':[[]]}", "prevResult.ips[0] is not an object: []" },
	{ "1.0.0", "{'ips':[{}]}", "missing prevResult.ips[0].address" },
	{ "1.0.0", "{'ips':[{'address':null}]}", "missing prevResult.ips[0].address" },
	{ "1.0.0", "{'ips':[{'address':4}]}", "prevResult.ips[0].address: 4 is not a string" },
	{ "1.0.0", "{'ips':[{'address':'10.0.0.1'}]}",
	  "prevResult.ips[0].address: \"10.0.0.1\" is not an address with its prefix length" },
	{ "1.0.0", "{'ips':[{'address':'::1/129'}]}", "prevResult.ips[0].address: \"::1/129\"" },
	{ "1.0.0", "{'ips':[{'address':'::1/128','gateway':1}]}", "prevResult.ips[0].gateway: 1" },
	{ "0.4.0", "{'ips':[{'address':'::1/128','version':6}]}",
	  "prevResult.ips[0].version: 6 is not a string" },
	{ "1.0.0", "{'cniVersion':'0.4.0','ips':[{'address':'::1/128','version':6}]}",
	  "prevResult.ips[0].version: 6 is not a string" },
	{ "1.0.0", "{'ips':[{'address':'::1/128','interface':'0'}],'interfaces':[{}]}",
	  "prevResult.ips[0].interface: \"0\" is not an integer" },
	{ "1.0.0", "{'ips':[{'address':'::1/128','interface':-1}],'interfaces':[{}]}",
	  "prevResult.ips[0].interface: -1" },
	{ "1.0.0", "{'ips':[{'address':'::1/128','interface':0.5}],'interfaces':[{}]}",
	  "prevResult.ips[0].interface: 0.5" },
	{ "1.0.0", "{'ips':[{'address':'::1/128','interface':4294967295}],'interfaces':[{}]}",
	  "prevResult.ips[0].interface: 4294967295" },
	{ "1.0.0", "{'ips':[{'address':'::1/128','interface':1e3}]}",
	  "prevResult.ips[0].interface: 1e3" },
	{ "1.0.0", "{'ips':[{'address':'::1/128','gateway':'10.0.0.300'}]}",
	  "prevResult.ips[0].gateway: \"10.0.0.300\" is not an address" },
	{ "0.4.0", "{'ips':[{'address':'::1/128','gateway':'10.0.0.1/24'}]}",
	  "prevResult.ips[0].gateway: \"10.0.0.1/24\" is not an address" },
	{ "1.0.0", "{'routes':[{}]}", "missing prevResult.routes[0].dst" },
	{ "1.0.0", "{'routes':[{'dst':''}]}", "prevResult.routes[0].dst: \"\"" },
	{ "1.0.0", "{'routes':[{'dst':'default'}]}",
	  "prevResult.routes[0].dst: \"default\" is not an address with its prefix length" },
	{ "1.0.0", "{'routes':[{'dst':'10.0.0.0/8','gw':'eth0'}]}",
	  "prevResult.routes[0].gw: \"eth0\" is not an address" },
	{ "1.0.0", "{'routes':[{'dst':'10.0.0.0/8','mtu':1e3}]}", "prevResult.routes[0].mtu: 1e3" },
	{ "1.0.0", "{'routes':[0]}", "prevResult.routes[0] is not an object: 0" },
	{ "1.0.0", "{'routes':[{'dst':'::/0'},{'dst':0}]}",
	  "prevResult.routes[1].dst: 0 is not a string" },
	{ "0.4.0", "{'routes':[{'gw':0}]}", "prevResult.routes[0].gw: 0" },
	{ "0.4.0", "{'routes':[{'mtu':'0'}]}", "prevResult.routes[0].mtu: \"0\"" },
	{ "1.0.0", "{'routes':[{'advmss':1.5}]}", "prevResult.routes[0].advmss: 1.5" },
	{ "1.0.0", "{'routes':[{'priority':4294967296}]}",
	  "prevResult.routes[0].priority: 4294967296" },
	{ "1.0.0", "{'routes':[{'table':-1}]}", "prevResult.routes[0].table: -1" },
	{ "1.0.0", "{'routes':[{'scope':true}]}", "prevResult.routes[0].scope: true" },
};

Test(result_prev, misshapen_prev_is_refused_with_its_path)
{
	struct nk_error err;
	size_t i;
	int rc;

	for (i = 0; i < COUNT(misshapen); i++) {
		rc = check_shape(misshapen[i].prev, misshapen[i].version, &err);
		unit_expect_error(misshapen[i].prev, rc, &err, NK_CODE_CONFIG, misshapen[i].words);
		cr_expect_eq(rc, -EINVAL, "ran: %s", misshapen[i].prev);
	}
}

/* Reading a list must not take n * n steps. */
Test(result_prev, one_mib_of_interfaces_is_read_in_little_time, .timeout = 10)
{
	static char text[NK_JSON_SIZE_MAX];
	struct nk_result result = single;
	struct nk_json *json = NULL;
	struct nk_error err = { 0 };
	unsigned int count = 0;
	size_t used = 0;
	char *printed;

	used += (size_t)snprintf(text, sizeof(text), "{\"interfaces\":[");
	for (; used + 8 < sizeof(text); count++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "{},");
	used--; /* the last comma */
	used += (size_t)snprintf(text + used, sizeof(text) - used, "]}");
	unit_expect_ok("parse", nk_json_parse(text, used, &json, &err), &err);
	cr_expect_gt(count, 300000);
	unit_expect_ok("shape", nk_result_check_shape(json, "1.0.0", &err), &err);
	unit_expect_ok("absent", nk_result_check_absent(json, "nk0", SANDBOX, &err), &err);
	result.prev = json;
	printed = nk_result_print(&result);
	cr_expect(printed && strstr(printed, XSKS_MAP));
	free(printed);
	nk_json_free(json);
}

/* --- its interfaces -------------------------------------------------------------------------- */

Test(result_prev, interface_is_absent_unless_name_and_sandbox_are_listed_together)
{
	static const struct {
		const char *prev, *name, *sandbox, *words;
	} rows[] = {
		{ "{}", "nk0", SANDBOX, NULL },
		{ "{'interfaces':null}", "nk0", SANDBOX, NULL },
		{ "{'interfaces':[" PAIR_1 "]}", "eth0", SANDBOX, NULL },
		{ "{'interfaces':[" PAIR_1 "]}", "nk0", NULL, NULL },
		{ "{'interfaces':[" PAIR_1 "]}", "nk0", "/run/netns/other", NULL },
		{ "{'interfaces':[" PAIR_1 "]}", "nkh1a2b", SANDBOX, NULL },
		{ "{'interfaces':[" PAIR_1 "]}", "nk0", SANDBOX,
		  "prevResult already has interface nk0 with sandbox " SANDBOX },
		{ "{'interfaces':[" PAIR_0 "]}", "nkh1a2b", NULL,
		  "prevResult already has interface nkh1a2b on the host" },
		{ "{'interfaces':[{'name':'a','sandbox':''}]}", "a", NULL,
		  "interface a on the host" },
		{ "{'interfaces':[{'name':'a','sandbox':null}]}", "a", "",
		  "interface a on the host" },
	};
	struct nk_error err;
	struct nk_json *json;
	size_t i;
	int rc;

	for (i = 0; i < COUNT(rows); i++) {
		err = (struct nk_error){ 0 };
		json = unit_json(rows[i].prev);
		rc = nk_result_check_absent(json, rows[i].name, rows[i].sandbox, &err);
		if (rows[i].words) {
			unit_expect_error(rows[i].prev, rc, &err, NK_CODE_CONFIG, rows[i].words);
			cr_expect_eq(rc, -EEXIST, "ran: %s", rows[i].prev);
		} else {
			unit_expect_ok(rows[i].prev, rc, &err);
		}
		nk_json_free(json);
	}
	err = (struct nk_error){ 0 };
	unit_expect_ok("no prevResult", nk_result_check_absent(NULL, "nk0", SANDBOX, &err), &err);
}

static int check(const char *prev, const struct nk_result *expected, struct nk_error *err)
{
	struct nk_json *json = unit_json(prev);
	int rc;

	*err = (struct nk_error){ 0 };
	rc = nk_result_check_prev(json, expected, err);
	nk_json_free(json);
	return rc;
}

static void expect_differs(const char *prev, const struct nk_result *expected, const char *words)
{
	struct nk_error err;
	int rc = check(prev, expected, &err);

	unit_expect_error(prev, rc, &err, NK_CODE_CHECK, words);
	cr_expect_eq(rc, -ENOENT, "ran: %s", prev);
}

static void expect_same(const char *prev, const struct nk_result *expected)
{
	struct nk_error err;

	unit_expect_ok(prev, check(prev, expected, &err), &err);
}

Test(result_prev, own_result_is_found_again_in_every_version)
{
	static const char *const versions[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0" };
	struct nk_json *prev = unit_json("{'interfaces':[{'name':'nk0'},{'name':'eth0'}]}");
	struct nk_result own = pair;
	char *text;
	size_t i;

	for (i = 0; i < 2 * COUNT(versions); i++) {
		own.prev = i % 2 ? prev : NULL;
		snprintf(own.cni_version, sizeof(own.cni_version), "%s", versions[i / 2]);
		text = nk_result_print(&own);
		cr_assert(text);
		expect_same(text, &own);
		expect_same(text, &single);
		free(text);
	}
	nk_json_free(prev);
}

Test(result_prev, what_other_plugins_added_is_tolerated)
{
	expect_same("{'interfaces':[{'name':'br0'},{'name':'nk0','sandbox':''},5,"
		    "{'name':'nk0','sandbox':'" SANDBOX "','mac':'" POD_MAC "','mtu':9,"
		    "'more':[]},{'name':'tap0'}],'ips':[{'address':'10.0.0.2/24'}]}",
		    &single);
	expect_same("{'interfaces':[{'name':'nk0','sandbox':'" SANDBOX "'}]}", &single);
	expect_same("{'interfaces':[{'name':'nk0','sandbox':'" SANDBOX "'},{'name':'nkh1a2b'}]}",
		    &pair);
}

/* Go's net.ParseMAC takes all of these, and "tuning" puts what it got into its result. */
Test(result_prev, mac_is_compared_by_its_value)
{
	static const char *const macs[] = { "02:00:00:00:AB:0C", "02-00-00-00-ab-0c",
					    "0200.0000.AB0c", "02:00:00:00:ab:0c" };
	struct nk_result own = single;
	char prev[256];
	size_t i;

	memcpy(own.interfaces[0].mac, (const uint8_t[]){ 2, 0, 0, 0, 0xab, 0x0c }, NK_MAC_LEN);
	for (i = 0; i < COUNT(macs); i++) {
		snprintf(prev, sizeof(prev),
			 "{'interfaces':[{'name':'nk0','sandbox':'" SANDBOX "','mac':'%s'}]}",
			 macs[i]);
		expect_same(prev, &own);
	}
	expect_differs("{'interfaces':[{'name':'nk0','sandbox':'" SANDBOX
		       "','mac':'0200.0000.ab0d'}]}",
		       &own, "mac|created 02:00:00:00:ab:0c|prevResult has 0200.0000.ab0d");
	expect_differs("{'interfaces':[{'name':'nk0','sandbox':'" SANDBOX "','mac':'02'}]}", &own,
		       "prevResult has 02");
}

/* The paths of this process' own netns stand for those of a Pod's. */
Test(result_prev, sandbox_is_told_by_the_netns_that_it_leads_to)
{
	struct nk_result own = single;
	struct nk_json *json =
		unit_json("{'interfaces':[{'name':'nk0','sandbox':'/proc/thread-self/ns/net'}]}");
	struct nk_error err = { 0 };

	own.interfaces[0].sandbox = "/proc/self/ns/net";
	unit_expect_ok("CHECK", nk_result_check_prev(json, &own, &err), &err);
	cr_expect_eq(nk_result_find(json, "nk0", "/proc/self/ns/net"), 0);
	cr_expect_eq(nk_result_find(json, "nk0", "/proc/self/ns/mnt"), -1);
	cr_expect_eq(nk_result_find(json, "nk0", "/run/netns/nobody"), -1);
	cr_expect_eq(nk_result_find(json, "nk0", ""), -1);
	cr_expect_eq(nk_result_check_absent(json, "nk0", "/proc/self/ns/net", &err), -EEXIST);
	nk_json_free(json);
}

Test(result_prev, interface_that_is_not_listed_is_named_with_its_sandbox)
{
	static const char *const prev[] = {
		"{}",
		"{'interfaces':[]}",
		"{'interfaces':null}",
		"{'interfaces':{'name':'nk0','sandbox':'" SANDBOX "'}}",
		"{'interfaces':[{'name':'nk1','sandbox':'" SANDBOX "'}]}",
		"{'interfaces':[{'name':'NK0','sandbox':'" SANDBOX "'}]}",
		"{'interfaces':[{'name':'nk0','sandbox':'/run/netns/other'}]}",
		"{'interfaces':[{'name':'nk0'}]}",
		"{'interfaces':[{'name':7,'sandbox':'" SANDBOX "'}]}",
		"{'interfaces':[['nk0']]}",
		"[]",
		"'nk0'",
	};
	size_t i;

	for (i = 0; i < COUNT(prev); i++)
		expect_differs(prev[i], &single, "CHECK|no interface nk0 with sandbox " SANDBOX);
	expect_differs("{'interfaces':[" SINGLE_1 "]}", &pair,
		       "CHECK|no interface nkh1a2b on the host");
	expect_differs("{'interfaces':[" HOST_1 "]}", &pair,
		       "CHECK|no interface nk0 with sandbox " SANDBOX);
}

Test(result_prev, member_that_changed_is_named_with_both_values)
{
	expect_differs("{'interfaces':[{'name':'nk0','sandbox':'" SANDBOX "','mac':'" HOST_MAC
		       "'}]}",
		       &single,
		       "CHECK|interface nk0: mac|created " POD_MAC "|prevResult has " HOST_MAC);
	expect_differs("{'interfaces':[" SINGLE_1 ",{'name':'nkh1a2b','mac':'" POD_MAC "'}]}",
		       &pair,
		       "CHECK|interface nkh1a2b: mac|created " HOST_MAC "|prevResult has " POD_MAC);
	expect_differs("{'interfaces':[{'name':'nk0','sandbox':'" SANDBOX "',"
		       "'socketPath':'/sys/fs/bpf/x'}]}",
		       &single, "CHECK|socketPath|eth0/q14/xsks_map|prevResult has /sys/fs/bpf/x");
	expect_differs("{'interfaces':[" SINGLE_1 ",{'name':'nkh1a2b','mtu':1400}]}", &pair,
		       "CHECK|interface nkh1a2b: mtu|created 1500|prevResult has 1400");
}
