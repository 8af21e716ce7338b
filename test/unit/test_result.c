// SPDX-License-Identifier: Apache-2.0
/* test_result.c - what goes to stdout, alone and behind a prevResult */
#include "cni/result.h"

#include "base/ipaddr.h"
#include "base/json.h"
#include "cni/config.h"
#include "results.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* expect_document() - @text is JSON and reads @wanted on one line: each member, and in that order.
 * Frees @text.
 */
static void expect_document(char *text, const char *wanted)
{
	size_t size = 2 * strlen(wanted) + 4096;
	char *copy = unit_quoted(wanted), *buf = malloc(size);
	struct nk_json *json = NULL;
	struct nk_error err = { 0 };

	cr_assert(text && buf, "nothing was printed, wanted %s", wanted);
	unit_expect_ok(text, nk_json_parse(text, strlen(text), &json, &err), &err);
	if (json) {
		nk_json_print_short(json, buf, size);
		cr_expect_str_eq(buf, copy, "\nprinted %s\nwanted  %s", buf, copy);
	}
	nk_json_free(json);
	free(buf);
	free(copy);
	free(text);
}

/* expect_printed() - of @result with another version; @prev NULL: it begins the list */
static void expect_printed(const struct nk_result *result, const char *version, const char *prev,
			   const char *wanted)
{
	struct nk_json *json = prev ? unit_json(prev) : NULL;
	struct nk_result copy = *result;

	copy.prev = json;
	snprintf(copy.cni_version, sizeof(copy.cni_version), "%s", version);
	expect_document(nk_result_print(&copy), wanted);
	nk_json_free(json);
}

static struct nk_prefix prefix(const char *text)
{
	struct nk_prefix ret = { 0 };

	cr_assert(nk_prefix_parse(text, false, &ret), "%s", text);
	return ret;
}

static struct nk_ipaddr address(const char *text)
{
	struct nk_ipaddr ret = { 0 };

	cr_assert(nk_ipaddr_parse(text, &ret), "%s", text);
	return ret;
}

/* fill_ipam() - two addresses, one with a gateway, and three routes, one with all there is. */
static void fill_ipam(struct nk_ipam_result *ipam)
{
	*ipam = (struct nk_ipam_result){ .ip_count = 2, .route_count = 3 };
	ipam->ips[0].address = prefix("10.9.0.7/24");
	ipam->ips[0].gateway = address("10.9.0.1");
	ipam->ips[1].address = prefix("fd00:9::7/64");
	ipam->routes[0].dst = prefix("0.0.0.0/0");
	ipam->routes[1].dst = prefix("fd00:8::/32");
	ipam->routes[1].gw = address("fd00:9::1");
	ipam->routes[2] = (struct nk_route){
		.dst = prefix("192.0.2.0/28"),
		.gw = address("10.9.0.2"),
		.mtu = 1400,
		.advmss = 1360,
		.priority = 4294967295,
		.has_table = true,
		.table = 254,
		.has_scope = true, /* 0: the universe */
	};
}

#define IPS_1(index)                                                            \
	"{'address':'10.9.0.7/24','gateway':'10.9.0.1','interface':" index "}," \
	"{'address':'fd00:9::7/64','interface':" index "}"
#define IPS_0(index)                                                                          \
	"{'version':'4','address':'10.9.0.7/24','gateway':'10.9.0.1','interface':" index "}," \
	"{'version':'6','address':'fd00:9::7/64','interface':" index "}"
#define ROUTES                                                            \
	"{'dst':'0.0.0.0/0'},{'dst':'fd00:8::/32','gw':'fd00:9::1'},"     \
	"{'dst':'192.0.2.0/28','gw':'10.9.0.2','mtu':1400,'advmss':1360," \
	"'priority':4294967295,'table':254,'scope':0}"

/* --- alone ----------------------------------------------------------------------------------- */

static const char *const old_versions[] = { "0.3.0", "0.3.1", "0.4.0" };
static const char *const new_versions[] = { "1.0.0", "1.1.0" };

/* expect_alone() - of either family; @old and @new without their cniVersion */
static void expect_alone(const struct nk_result *result, const char *old, const char *new)
{
	char wanted[2048];
	size_t i;

	for (i = 0; i < COUNT(old_versions); i++) {
		snprintf(wanted, sizeof(wanted), "{'cniVersion':'%s',%s}", old_versions[i], old);
		expect_printed(result, old_versions[i], NULL, wanted);
	}
	for (i = 0; i < COUNT(new_versions); i++) {
		snprintf(wanted, sizeof(wanted), "{'cniVersion':'%s',%s}", new_versions[i], new);
		expect_printed(result, new_versions[i], NULL, wanted);
	}
}

Test(result, single_carries_what_libcni_keeps_of_each_version)
{
	expect_alone(&single, "'interfaces':[" SINGLE_0 "],'dns':{}",
		     "'interfaces':[" SINGLE_1 "],'dns':{}");
}

Test(result, pair_is_listed_host_first_and_the_addresses_are_the_pods)
{
	static struct nk_ipam_result ipam;
	struct nk_result result = pair;

	fill_ipam(&ipam);
	result.ipam = &ipam;
	expect_alone(&result,
		     "'interfaces':[" PAIR_0 "],'ips':[" IPS_0("1") "],'routes':[" ROUTES "],"
								    "'dns':{}",
		     "'interfaces':[" PAIR_1 "],'ips':[" IPS_1("1") "],'routes':[" ROUTES "],"
								    "'dns':{}");
}

Test(result, addresses_of_a_single_are_its_own)
{
	static struct nk_ipam_result ipam;
	struct nk_result result = single;

	fill_ipam(&ipam);
	ipam.route_count = 0;
	result.ipam = &ipam;
	expect_alone(&result, "'interfaces':[" SINGLE_0 "],'ips':[" IPS_0("0") "],'dns':{}",
		     "'interfaces':[" SINGLE_1 "],'ips':[" IPS_1("0") "],'dns':{}");
}

Test(result, members_without_a_value_are_left_out)
{
	struct nk_result bare = { .interface_count = 1, .interfaces = { { .name = "l3" } } };
	static const char wanted[] = "'interfaces':[{'name':'l3'}],'dns':{}";

	expect_alone(&bare, wanted, wanted);
	bare.interfaces[0].sandbox = "";
	expect_alone(&bare, wanted, wanted);
}

/* A runtime compares the sandbox with what it gave: whatever it was, it has to come back. */
Test(result, sandbox_is_verbatim)
{
	struct nk_result odd = { .interface_count = 1, .interfaces = { { .name = "nk0" } } };
	static const char wanted[] = "'interfaces':[{'name':'nk0','sandbox':"
				     "'/run//netns/../\\'\\n\\\\ \xc3\xa9'}],'dns':{}";

	odd.interfaces[0].sandbox = "/run//netns/../\"\n\\ \xc3\xa9";
	expect_alone(&odd, wanted, wanted);
}

/* As Go's plugins print it. */
Test(result, empty_members_of_dns_are_left_out)
{
	struct nk_json *dns =
		unit_json("{'nameservers':[],'search':['a'],'options':[],'domain':''}");
	struct nk_json *none = unit_json("{'nameservers':[],'search':[],'options':[]}");
	struct nk_result result = single;

	result.dns = dns;
	expect_alone(&result, "'interfaces':[" SINGLE_0 "],'dns':{'search':['a']}",
		     "'interfaces':[" SINGLE_1 "],'dns':{'search':['a']}");
	result.dns = none;
	expect_alone(&result, "'interfaces':[" SINGLE_0 "],'dns':{}",
		     "'interfaces':[" SINGLE_1 "],'dns':{}");
	nk_json_free(dns);
	nk_json_free(none);
}

/* Ours come behind those of prevResult, and must not become the owner of its addresses. */
Test(result, an_index_of_no_interface_is_not_handed_on)
{
	expect_printed(
		&single, "1.0.0", "{'ips':[{'address':'10.0.0.2/24','interface':0}]}",
		"{'ips':[{'address':'10.0.0.2/24'}],'cniVersion':'1.0.0','interfaces':[" SINGLE_1
		"],'dns':{}}");
}

Test(result, dns_is_the_first_that_is_not_empty_of_configuration_ipam_and_prev)
{
	static const struct {
		const char *config, *ipam, *prev, *wanted;
	} rows[] = {
		{ NULL, NULL, NULL, "{}" },
		{ "{}", "{}", NULL, "{}" },
		{ "{'domain':'c'}", NULL, NULL, "{'domain':'c'}" },
		{ "{'domain':'c'}", "{'domain':'i'}", "{'domain':'p'}", "{'domain':'c'}" },
		{ "{}", "{'search':['i']}", "{'domain':'p'}", "{'search':['i']}" },
		{ NULL, "{'search':['i']}", "{}", "{'search':['i']}" },
		{ NULL, NULL, "{'domain':'p','x':[1]}", "{'domain':'p','x':[1]}" },
		{ "{}", "{}", "{'options':[]}", "{'options':[]}" },
		{ NULL, "{}", "{}", "{}" },
		{ NULL, NULL, "null", "null" },
		{ "{'domain':'c'}", NULL, "null", "{'domain':'c'}" },
	};
	static struct nk_ipam_result ipam;
	struct nk_json *config, *own;
	struct nk_result result = single;
	char prev[64], wanted[1024];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		config = rows[i].config ? unit_json(rows[i].config) : NULL;
		own = rows[i].ipam ? unit_json(rows[i].ipam) : NULL;
		ipam.dns = own;
		result.dns = config;
		result.ipam = &ipam;
		if (rows[i].prev) /* where it keeps its place: the first */
			snprintf(wanted, sizeof(wanted),
				 "{'dns':%s,'cniVersion':'1.0.0','interfaces':[" SINGLE_1 "]}",
				 rows[i].wanted);
		else
			snprintf(wanted, sizeof(wanted),
				 "{'cniVersion':'1.0.0','interfaces':[" SINGLE_1 "],'dns':%s}",
				 rows[i].wanted);
		snprintf(prev, sizeof(prev), "{'dns':%s}", rows[i].prev ? rows[i].prev : "{}");
		expect_printed(&result, "1.0.0", rows[i].prev ? prev : NULL, wanted);
		nk_json_free(config);
		nk_json_free(own);
	}
}

/* --- behind a prevResult --------------------------------------------------------------------- */

/* As ptp, bridge and macvlan print them, with the libcni of 2025; _0 as of 0.4.0. */
#define PTP_INTERFACES                                       \
	"{'name':'veth5e0f1d2c','mac':'9a:c0:1f:3b:22:10'}," \
	"{'name':'eth0','mac':'3e:5d:aa:01:7c:94','sandbox':'" SANDBOX "'}"
#define PTP_IP	   "'interface':1,'address':'10.1.0.5/24','gateway':'10.1.0.1'}"
#define PTP_ROUTES "{'dst':'0.0.0.0/0'}"

#define BRIDGE_0                                             \
	"{'name':'cni0','mac':'0a:58:0a:f4:00:01'},"         \
	"{'name':'vethd8e2c8f1','mac':'6e:41:9d:d5:4a:30'}," \
	"{'name':'eth0','mac':'0a:58:0a:f4:00:02','sandbox':'" SANDBOX "'}"
#define BRIDGE_1                                                        \
	"{'name':'cni0','mac':'0a:58:0a:f4:00:01','mtu':1500},"         \
	"{'name':'vethd8e2c8f1','mac':'6e:41:9d:d5:4a:30','mtu':1500}," \
	"{'name':'eth0','mac':'0a:58:0a:f4:00:02','mtu':1500,'sandbox':'" SANDBOX "'}"
#define BRIDGE_IP_4 "'interface':2,'address':'10.244.0.2/24','gateway':'10.244.0.1'}"
#define BRIDGE_IP_6 "'interface':2,'address':'fd00:10:244::2/64','gateway':'fd00:10:244::1'}"
#define BRIDGE_ROUTES                                                                   \
	"{'dst':'10.244.0.0/16'},{'dst':'0.0.0.0/0','gw':'10.244.0.1','priority':100}," \
	"{'dst':'::/0','gw':'fd00:10:244::1','mtu':1400}"
#define DNS	  "{'nameservers':['10.96.0.10'],'domain':'cluster.local','search':['a','b']}"

#define MACVLAN_0 "{'name':'net1','mac':'c6:b2:f8:00:11:07','sandbox':'" SANDBOX "'}"
#define MACVLAN_1                                                                      \
	"{'name':'net1','mac':'c6:b2:f8:00:11:07','mtu':9000,'sandbox':'" SANDBOX "'," \
	"'socketPath':'/run/vhost/s','pciID':'0000:04:00.5'}"

static const struct {
	const char *version;
	bool pair;
	const char *prev, *wanted;
} chained[] = {
	/* ptp, then a pair: the same family, up, down; 0.3.1 and 0.4.0 are one family */
	{ "0.4.0", true,
	  "{'cniVersion':'0.4.0','interfaces':[" PTP_INTERFACES "],'ips':[{'version':'4'," PTP_IP
	  "],'routes':[" PTP_ROUTES "],'dns':{}}",
	  "{'cniVersion':'0.4.0','interfaces':[" PTP_INTERFACES "," PAIR_0
	  "],'ips':[{'version':'4'," PTP_IP "," IPS_0("3") "],'routes':[" PTP_ROUTES "," ROUTES
							   "],'dns':{}}" },
	{ "0.4.0", true,
	  "{'cniVersion':'0.3.1','interfaces':[" PTP_INTERFACES "],'ips':[{'version':'4'," PTP_IP
	  "],'routes':[" PTP_ROUTES "],'dns':{}}",
	  "{'cniVersion':'0.4.0','interfaces':[" PTP_INTERFACES "," PAIR_0
	  "],'ips':[{'version':'4'," PTP_IP "," IPS_0("3") "],'routes':[" PTP_ROUTES "," ROUTES
							   "],'dns':{}}" },
	{ "1.0.0", true,
	  "{'cniVersion':'0.4.0','interfaces':[" PTP_INTERFACES "],'ips':[{'version':'4'," PTP_IP
	  "],'routes':[" PTP_ROUTES "],'dns':{}}",
	  "{'cniVersion':'1.0.0','interfaces':[" PTP_INTERFACES "," PAIR_1 "],'ips':[{" PTP_IP
	  "," IPS_1("3") "],'routes':[" PTP_ROUTES "," ROUTES "],'dns':{}}" },
	{ "0.3.1", true,
	  "{'cniVersion':'1.1.0','interfaces':[" PTP_INTERFACES "],'ips':[{" PTP_IP
	  "],'routes':[" PTP_ROUTES "],'dns':{}}",
	  "{'cniVersion':'0.3.1','interfaces':[" PTP_INTERFACES "," PAIR_0
	  "],'ips':[{'version':'4'," PTP_IP "," IPS_0("3") "],'routes':[" PTP_ROUTES "," ROUTES
							   "],'dns':{}}" },
	/* bridge, dual stack, then a pair */
	{ "1.1.0", true,
	  "{'cniVersion':'1.1.0','interfaces':[" BRIDGE_1 "],'ips':[{" BRIDGE_IP_4 ",{" BRIDGE_IP_6
	  "],'routes':[" BRIDGE_ROUTES "],'dns':" DNS "}",
	  "{'cniVersion':'1.1.0','interfaces':[" BRIDGE_1 "," PAIR_1 "],'ips':[{" BRIDGE_IP_4
	  ",{" BRIDGE_IP_6 "," IPS_1("4") "],'routes':[" BRIDGE_ROUTES "," ROUTES "],'dns':" DNS
					  "}" },
	{ "1.0.0", true,
	  "{'cniVersion':'1.1.0','interfaces':[" BRIDGE_1 "],'ips':[{" BRIDGE_IP_4 ",{" BRIDGE_IP_6
	  "],'routes':[" BRIDGE_ROUTES "],'dns':" DNS "}",
	  "{'cniVersion':'1.0.0','interfaces':[" BRIDGE_1 "," PAIR_1 "],'ips':[{" BRIDGE_IP_4
	  ",{" BRIDGE_IP_6 "," IPS_1("4") "],'routes':[" BRIDGE_ROUTES "," ROUTES "],'dns':" DNS
					  "}" },
	{ "0.4.0", true,
	  "{'cniVersion':'1.0.0','interfaces':[" BRIDGE_1 "],'ips':[{" BRIDGE_IP_4 ",{" BRIDGE_IP_6
	  "],'routes':[" BRIDGE_ROUTES "],'dns':" DNS "}",
	  "{'cniVersion':'0.4.0','interfaces':[" BRIDGE_0 "," PAIR_0
	  "],'ips':[{'version':'4'," BRIDGE_IP_4 ",{'version':'6'," BRIDGE_IP_6
	  "," IPS_0("4") "],'routes':[" BRIDGE_ROUTES "," ROUTES "],'dns':" DNS "}" },
	{ "1.1.0", true,
	  "{'cniVersion':'0.3.0','interfaces':[" BRIDGE_0 "],'ips':[{'version':'4'," BRIDGE_IP_4
	  ",{'version':'6'," BRIDGE_IP_6 "],'routes':[" BRIDGE_ROUTES "],'dns':" DNS "}",
	  "{'cniVersion':'1.1.0','interfaces':[" BRIDGE_0 "," PAIR_1 "],'ips':[{" BRIDGE_IP_4
	  ",{" BRIDGE_IP_6 "," IPS_1("4") "],'routes':[" BRIDGE_ROUTES "," ROUTES "],'dns':" DNS
					  "}" },
	/* macvlan without addresses, then a single */
	{ "0.3.0", false, "{'cniVersion':'0.3.0','interfaces':[" MACVLAN_0 "],'dns':{}}",
	  "{'cniVersion':'0.3.0','interfaces':[" MACVLAN_0 "," SINGLE_0 "],'dns':{}}" },
	{ "1.0.0", false, "{'cniVersion':'1.0.0','interfaces':[" MACVLAN_1 "],'dns':{}}",
	  "{'cniVersion':'1.0.0','interfaces':[" MACVLAN_1 "," SINGLE_1 "],'dns':{}}" },
	{ "0.4.0", false, "{'cniVersion':'1.1.0','interfaces':[" MACVLAN_1 "],'dns':{}}",
	  "{'cniVersion':'0.4.0','interfaces':[" MACVLAN_0 "," SINGLE_0 "],'dns':{}}" },
	{ "1.1.0", false, "{'cniVersion':'0.4.0','interfaces':[" MACVLAN_0 "],'dns':{}}",
	  "{'cniVersion':'1.1.0','interfaces':[" MACVLAN_0 "," SINGLE_1 "],'dns':{}}" },
	/* members in another order keep it; null is a list with nothing in it */
	{ "1.0.0", false,
	  "{'dns':{},'ips':[{" PTP_IP "],'interfaces':[" PTP_INTERFACES "],'cniVersion':'1.0.0'}",
	  "{'dns':{},'ips':[{" PTP_IP "],'interfaces':[" PTP_INTERFACES "," SINGLE_1
	  "],'cniVersion':'1.0.0'}" },
	{ "1.0.0", false, "{'interfaces':null,'ips':null,'routes':null,'cniVersion':null}",
	  "{'interfaces':[" SINGLE_1 "],'ips':null,'routes':null,'cniVersion':'1.0.0','dns':{}}" },
	{ "0.4.0", true, "{'interfaces':null,'ips':null,'routes':null,'dns':null}",
	  "{'interfaces':[" PAIR_0 "],'ips':[" IPS_0("1") "],'routes':[" ROUTES "],'dns':null,"
							  "'cniVersion':'0.4.0'}" },
	{ "1.0.0", false, "{'ips':[],'routes':[],'interfaces':[]}",
	  "{'ips':[],'routes':[],'interfaces':[" SINGLE_1 "],'cniVersion':'1.0.0','dns':{}}" },
	/* without a version it is of the configuration's */
	{ "1.0.0", false, "{}", "{'cniVersion':'1.0.0','interfaces':[" SINGLE_1 "],'dns':{}}" },
	{ "0.4.0", true, "{}",
	  "{'cniVersion':'0.4.0','interfaces':[" PAIR_0 "],'ips':[" IPS_0("1") "],'routes':[" ROUTES
									       "],'dns':{}}" },
	{ "0.4.0", false, "{'cniVersion':'','interfaces':[" MACVLAN_1 "]}",
	  "{'cniVersion':'0.4.0','interfaces':[" MACVLAN_1 "," SINGLE_0 "],'dns':{}}" },
	{ "1.0.0", false, "{'ips':[{'version':'4','address':'10.0.0.1/8'}]}",
	  "{'ips':[{'version':'4','address':'10.0.0.1/8'}],'cniVersion':'1.0.0','interfaces':[" SINGLE_1
	  "],'dns':{}}" },
};

Test(result, prev_comes_out_whole_with_ours_behind_it_in_the_form_of_our_version)
{
	static struct nk_ipam_result ipam;
	struct nk_result result;
	size_t i;

	fill_ipam(&ipam);
	for (i = 0; i < COUNT(chained); i++) {
		result = chained[i].pair ? pair : single;
		result.ipam = chained[i].pair ? &ipam : NULL;
		expect_printed(&result, chained[i].version, chained[i].prev, chained[i].wanted);
	}
}

/* What is unknown to us at any level, in any type, and any way of writing numbers and strings. */
#define UNKNOWN                                                                                \
	"'x':[true,false,null,{'':'','deep':[[[{'n':9007199254740993}]]]}],"                   \
	"'Mtu':1.5,'big':123456789012345678901234567890,'exp':1e3,'Exp':-1.50E+007,'zero':-0," \
	"'far':1e999,'small':0.10,'text':'\\n\\t\\b\\f\\r\\\\/\xc3\xa9\xf0\x9f\x98\x80\x7f'"

Test(result, unknown_members_survive_at_every_level_to_the_last_digit)
{
	/* mtu and its like are unknown to 0.x, version to 1.x: of the same family they stay */
	static const char old[] =
		"{" UNKNOWN ",'cniVersion':'0.4.0','interfaces':[{" UNKNOWN ",'name':'a','mtu':[],"
		"'socketPath':1,'pciID':{}}%s],'ips':[{" UNKNOWN ",'address':'10.0.0.1/8',"
		"'version':'4'}],'routes':[{" UNKNOWN ",'dst':'::/0'}],'dns':{" UNKNOWN "},'y':0}";
	static const char new[] =
		"{" UNKNOWN ",'cniVersion':'1.0.0','interfaces':[{" UNKNOWN ",'name':'a',"
		"'version':1e1}%s],'ips':[{" UNKNOWN ",'address':'10.0.0.1/8','version':4}],"
		"'routes':[{" UNKNOWN ",'dst':'::/0'}],'dns':{" UNKNOWN "},'y':0}";
	char prev[8192], wanted[8192];

	snprintf(prev, sizeof(prev), old, "");
	snprintf(wanted, sizeof(wanted), old, "," SINGLE_0);
	expect_printed(&single, "0.4.0", prev, wanted);

	snprintf(prev, sizeof(prev), new, "");
	snprintf(wanted, sizeof(wanted), new, "," SINGLE_1);
	expect_printed(&single, "1.0.0", prev, wanted);
}

Test(result, conversion_leaves_unknown_members_where_they_are)
{
	expect_printed(&single, "0.4.0",
		       "{'a':1e0,'cniVersion':'1.0.0','interfaces':[{'mtu':1,'b':2e0,'name':'n',"
		       "'pciID':'p','c':[{'mtu':3}],'socketPath':'s'}],'ips':[{'d':4e0,"
		       "'address':'::1/128','e':{'version':5}}],'routes':[{'mtu':6,'version':7,"
		       "'dst':'::/0'}]}",
		       "{'a':1e0,'cniVersion':'0.4.0','interfaces':[{'b':2e0,'name':'n',"
		       "'c':[{'mtu':3}]}," SINGLE_0 "],'ips':[{'version':'6','d':4e0,"
		       "'address':'::1/128','e':{'version':5}}],'routes':[{'mtu':6,'version':7,"
		       "'dst':'::/0'}],'dns':{}}");
	expect_printed(
		&single, "1.0.0",
		"{'a':1e0,'cniVersion':'0.4.0','interfaces':[{'mtu':'x','b':2e0,'name':'n'}],"
		"'ips':[{'d':4e0,'version':'6','address':'::1/128','e':{'version':5}}]}",
		"{'a':1e0,'cniVersion':'1.0.0','interfaces':[{'b':2e0,'name':'n'}," SINGLE_1
		"],'ips':[{'d':4e0,'address':'::1/128','e':{'version':5}}],"
		"'dns':{}}");
}

Test(result, two_hundred_interfaces_shift_the_index_of_our_addresses)
{
	static char prev[16384], wanted[32768];
	static struct nk_ipam_result ipam;
	struct nk_result result = pair;
	size_t i, used;

	fill_ipam(&ipam);
	result.ipam = &ipam;
	used = (size_t)snprintf(prev, sizeof(prev), "{'cniVersion':'1.0.0','interfaces':[");
	for (i = 0; i < 200; i++)
		used += (size_t)snprintf(prev + used, sizeof(prev) - used, "%s{'name':'if%zu'}",
					 i ? "," : "", i);
	snprintf(wanted, sizeof(wanted),
		 "%s," PAIR_1 "],'ips':[{'address':'10.0.0.1/8','interface':199}," IPS_1(
			 "201") "],'routes':[" ROUTES "],'dns':{}}",
		 prev);
	snprintf(prev + used, sizeof(prev) - used,
		 "],'ips':[{'address':'10.0.0.1/8','interface':199}]}");
	expect_printed(&result, "1.0.0", prev, wanted);
}

/* --- errors and versions --------------------------------------------------------------------- */

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
