// SPDX-License-Identifier: Apache-2.0
/* test_config_slice.c - the keys "rss", "steering", "neigh" and "rings": defaults and refusals */
#include "configs.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

#define IPAM	    ",\"ipam\":{\"type\":\"host-local\"}"
#define IPS	    ",\"runtimeConfig\":{\"ips\":[\"10.0.0.2/24\"]}"
#define NO_MAP	    ",\"xsk\":{\"map\":false}"
#define STATUS_HEAD "{\"cniVersion\":\"1.1.0\",\"name\":\"net\"" MASTER QUEUES
#define PAIR	    HEAD ",\"pairing\":\"pair\"" /* without queues */
#define LENDER	    PAIR MASTER QUEUES		 /* a pair with queues */
#define STEER(...)  ",\"steering\":[" __VA_ARGS__ "]"
#define SPLIT	    ",\"rings\":{\"tcpDataSplit\":true}"
#define TCP	    STEER("{\"match\":\"tcp\",\"port\":5000,\"takeover\":true}")

TestSuite(config_slice, .timeout = 30);

/* take() - @text at ADD; to be freed with nk_config_fini(). */
static struct nk_config take(const char *text)
{
	struct nk_config config;
	struct nk_error err;

	unit_expect_ok(text, parse(text, NK_COMMAND_ADD, &config, &err), &err);
	return config;
}

/* --- what is taken --------------------------------------------------------------------------- */

Test(config_slice, what_is_not_given_has_its_default)
{
	static const struct {
		const char *text;
		uint32_t steering;
		bool neigh;
	} rows[] = {
		{ GOOD "}", 1, false },
		{ GOOD IPAM "}", 1, true },
		{ GOOD IPS "}", 1, true },
		{ GOOD IPAM NO_MAP "}", 1, false },
		{ GOOD IPAM ",\"steering\":null,\"neigh\":null,\"rss\":null,\"rings\":null}", 1,
		  true },
		{ GOOD IPAM ",\"rss\":{},\"rings\":{}}", 1, true },
		{ GOOD ",\"steering\":[]}", 0, false },
		{ LENDER "}", 0, false },
		{ LENDER IPAM "}", 0, false },
		{ PAIR IPAM "}", 0, false },
		{ PAIR IPAM ",\"rss\":{},\"rings\":{},\"steering\":[],\"neigh\":\"off\"}", 0,
		  false },
		{ PAIR MASTER ",\"mac\":\"master\"}", 0, false },
	};
	struct nk_config config;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		config = take(rows[i].text);
		cr_expect(config.rss_exclude && config.rss_keep &&
				  config.rss_context == NK_RSS_CONTEXT_AUTO,
			  "ran: %s", rows[i].text);
		cr_expect_eq(config.steering_count, rows[i].steering, "ran: %s", rows[i].text);
		cr_expect_eq(config.neigh_answer, rows[i].neigh, "ran: %s", rows[i].text);
		cr_expect(!config.rings.has_split && !config.rings.has_threshold, "ran: %s",
			  rows[i].text);
		cr_expect(config.steering[0].match == NK_MATCH_MAC && !config.steering[0].port &&
				  !config.steering[0].vlan && !config.steering[0].takeover,
			  "ran: %s", rows[i].text);
		nk_config_fini(&config);
	}
}

Test(config_slice, every_member_is_read)
{
	static const struct nk_steering want[] = {
		{ .match = NK_MATCH_MAC },
		{ .match = NK_MATCH_MAC, .vlan = 4094 },
		{ .match = NK_MATCH_IP, .vlan = 1, .takeover = true },
		{ .match = NK_MATCH_TCP, .port = 65535 },
		{ .match = NK_MATCH_UDP, .port = 1, .takeover = true },
	};
	struct nk_config config = take(
		GOOD IPAM
		",\"rss\":{\"exclude\":false,\"context\":\"always\",\"keep\":false}"
		",\"neigh\":\"off\",\"rings\":{\"tcpDataSplit\":false,\"hdsThreshold\":0}" STEER(
			"{\"match\":\"mac\",\"takeover\":false,\"port\":null},"
			"{\"vlan\":4094,\"match\":\"mac\"},"
			"{\"match\":\"ip\",\"vlan\":1,\"takeover\":true},"
			"{\"match\":\"tcp\",\"port\":65535},"
			"{\"match\":\"udp\",\"port\":1,\"takeover\":true}") "}");
	size_t i;

	cr_expect_not(config.rss_exclude);
	cr_expect_not(config.rss_keep);
	cr_expect_eq(config.rss_context, NK_RSS_CONTEXT_ALWAYS);
	cr_expect_not(config.neigh_answer);
	cr_expect(config.rings.has_split && !config.rings.split);
	cr_expect(config.rings.has_threshold && config.rings.threshold == 0);
	cr_assert_eq(config.steering_count, sizeof(want) / sizeof(want[0]));
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		cr_expect(config.steering[i].match == want[i].match &&
				  config.steering[i].port == want[i].port &&
				  config.steering[i].vlan == want[i].vlan &&
				  config.steering[i].takeover == want[i].takeover,
			  "steering[%zu] is not as it was written", i);
	nk_config_fini(&config);
}

/* A memory provider needs a threshold of 0, which somebody may have changed. */
Test(config_slice, a_ring_parameter_is_set_where_it_is_given_and_the_threshold_with_the_split)
{
	struct nk_config config = take(GOOD NO_MAP TCP SPLIT "}");

	cr_expect(config.rings.has_split && config.rings.split);
	cr_expect(config.rings.has_threshold && !config.rings.threshold);
	nk_config_fini(&config);
	config = take(GOOD ",\"rings\":{\"hdsThreshold\":65535,\"tcpDataSplit\":null}}");
	cr_expect(!config.rings.has_split && config.rings.has_threshold &&
		  config.rings.threshold == 65535);
	nk_config_fini(&config);
}

Test(config_slice, what_seems_a_contradiction_and_is_none_is_taken)
{
	static const char *const good[] = {
		/* addresses of the Pod's other devices, which the plugins before have made */
		GOOD STEER("{\"match\":\"ip\",\"takeover\":true}") "}",
		GOOD ",\"mac\":\"master\"" STEER("{\"match\":\"ip\",\"takeover\":true}") "}",
		LENDER IPAM STEER("{\"match\":\"tcp\",\"port\":443}") "}",
		/* one rule serves one queue; and several, where there is no rule at all */
		GOOD ",\"rss\":{\"context\":\"never\"}}",
		HEAD MASTER
		",\"queues\":{\"ids\":\"8-9\"},\"rss\":{\"context\":\"never\"}" STEER() "}",
		HEAD MASTER ",\"queues\":{\"ids\":\"8-9\"},\"rss\":{\"context\":\"auto\"}}",
		/* other frames: another VLAN, another protocol, another port */
		GOOD IPAM STEER("{\"match\":\"ip\"},{\"match\":\"ip\",\"vlan\":5}") "}",
		GOOD IPAM STEER(
			"{\"match\":\"tcp\",\"port\":5},{\"match\":\"udp\",\"port\":5}") "}",
		GOOD IPAM STEER(
			"{\"match\":\"tcp\",\"port\":5},{\"match\":\"tcp\",\"port\":6}") "}",
		/* no XDP program in the way of memory providers */
		GOOD NO_MAP TCP ",\"rings\":{\"tcpDataSplit\":true,\"hdsThreshold\":0}}",
		GOOD NO_MAP ",\"neigh\":\"off\"}",
		LENDER ",\"neigh\":\"off\"}",
	};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		expect_taken(good[i], NK_COMMAND_ADD);
}

/* steering_of() - @count different entries */
static void steering_of(char *buf, size_t size, unsigned int count)
{
	unsigned int i;
	int n = snprintf(buf, size, GOOD IPAM ",\"steering\":[");

	for (i = 1; i <= count; i++)
		n += snprintf(buf + n, size - (size_t)n, "%s{\"match\":\"tcp\",\"port\":%u}",
			      i == 1 ? "" : ",", i);
	snprintf(buf + n, size - (size_t)n, "]}");
}

Test(config_slice, sixteen_entries_are_taken_and_more_are_refused)
{
	static char text[1000000];
	struct nk_config config;

	steering_of(text, sizeof(text), 16);
	config = take(text);
	cr_expect_eq(config.steering_count, 16);
	cr_expect_eq(config.steering[15].port, 16);
	nk_config_fini(&config);
	steering_of(text, sizeof(text), 17);
	expect_refused(text, NK_COMMAND_ADD, NK_CODE_CONFIG, "steering: 17 entries|at most 16");
	steering_of(text, sizeof(text), 25000);
	expect_refused(text, NK_COMMAND_ADD, NK_CODE_CONFIG, "steering: 25000 entries|at most 16");
}

/* --- what is refused ------------------------------------------------------------------------- */

Test(config_slice, values_of_the_wrong_type_are_refused_with_path_and_range)
{
	static const struct row rows[] = {
		{ GOOD ",\"rss\":true}", NK_CODE_CONFIG, "rss: true is not an object" },
		{ GOOD ",\"rss\":[]}", NK_CODE_CONFIG, "rss: [] is not an object" },
		{ GOOD ",\"rss\":{\"exclude\":1}}", NK_CODE_CONFIG, "rss.exclude|1|true or false" },
		{ GOOD ",\"rss\":{\"keep\":\"no\"}}", NK_CODE_CONFIG,
		  "rss.keep|\"no\"|true or false" },
		{ GOOD ",\"rss\":{\"context\":1}}", NK_CODE_CONFIG, "rss.context|1|a string" },
		{ GOOD ",\"rss\":{\"context\":\"\"}}", NK_CODE_CONFIG, "rss.context|1 to 15" },
		{ GOOD ",\"rss\":{\"context\":\"Auto\"}}", NK_CODE_CONFIG,
		  "rss.context: \"Auto\" is not \"auto\", \"always\" or \"never\"" },
		{ GOOD ",\"steering\":\"mac\"}", NK_CODE_CONFIG,
		  "steering: \"mac\" is not an array" },
		{ GOOD ",\"steering\":{\"match\":\"mac\"}}", NK_CODE_CONFIG,
		  "steering|is not an array" },
		{ GOOD STEER("\"mac\"") "}", NK_CODE_CONFIG,
		  "steering[0] is not an object: \"mac\"" },
		{ GOOD STEER("null") "}", NK_CODE_CONFIG, "steering[0] is not an object: null" },
		{ GOOD STEER("{\"match\":\"mac\"},[[]]") "}", NK_CODE_CONFIG,
		  "steering[1] is not an object: [[]]" },
		{ GOOD STEER("{}") "}", NK_CODE_CONFIG, "missing steering[0].match" },
		{ GOOD STEER("{\"match\":null}") "}", NK_CODE_CONFIG, "missing steering[0].match" },
		{ GOOD STEER("{\"match\":4}") "}", NK_CODE_CONFIG, "steering[0].match|4|a string" },
		{ GOOD STEER("{\"match\":\"sctp\"}") "}", NK_CODE_CONFIG,
		  "steering[0].match: \"sctp\" is not \"mac\", \"ip\", \"tcp\" or \"udp\"" },
		{ GOOD STEER("{\"match\":\"mac\",\"takeover\":0}") "}", NK_CODE_CONFIG,
		  "steering[0].takeover|0|true or false" },
		{ GOOD IPAM ",\"neigh\":true}", NK_CODE_CONFIG, "neigh|true|a string" },
		{ GOOD IPAM ",\"neigh\":\"on\"}", NK_CODE_CONFIG,
		  "neigh: \"on\" is not \"off\" or \"answer\"" },
		{ GOOD ",\"rings\":[{}]}", NK_CODE_CONFIG, "rings|is not an object" },
		{ LENDER ",\"rings\":{\"tcpDataSplit\":\"on\"}}", NK_CODE_CONFIG,
		  "rings.tcpDataSplit|\"on\"|true or false" },
	};

	EXPECT_ROWS(rows);
}

Test(config_slice, numbers_outside_the_range_are_refused_with_it)
{
	static const struct {
		const char *before, *after, *path, *range, *above;
	} members[] = {
		{ GOOD IPAM ",\"steering\":[{\"match\":\"tcp\",\"port\":", "}]}",
		  "steering[0].port", "from 1 to 65535", "65536" },
		{ GOOD IPAM ",\"steering\":[{\"match\":\"mac\"},{\"match\":\"ip\",\"vlan\":", "}]}",
		  "steering[1].vlan", "from 1 to 4094", "4095" },
		{ GOOD ",\"rings\":{\"hdsThreshold\":", "}}", "rings.hdsThreshold",
		  "from 0 to 65535", "65536" },
	};
	const char *values[] = { "-1",	   "1e3",	 "80.0",
				 "\"80\"", "4294967376", "99999999999999999999",
				 "true",   "[80]",	 "{}",
				 NULL };
	char text[400], words[128];
	size_t i, k;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		values[sizeof(values) / sizeof(values[0]) - 1] = members[i].above;
		for (k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
			snprintf(text, sizeof(text), "%s%s%s", members[i].before, values[k],
				 members[i].after);
			snprintf(words, sizeof(words), "%s: %s is not an integer %s",
				 members[i].path, values[k], members[i].range);
			expect_refused(text, NK_COMMAND_ADD, NK_CODE_CONFIG, words);
		}
	}
	expect_refused(GOOD IPAM STEER("{\"match\":\"udp\",\"port\":0}") "}", NK_COMMAND_ADD,
		       NK_CODE_CONFIG, "steering[0].port: 0|from 1 to 65535");
	expect_refused(GOOD STEER("{\"match\":\"mac\",\"vlan\":0}") "}", NK_COMMAND_ADD,
		       NK_CODE_CONFIG, "steering[0].vlan: 0|from 1 to 4094");
}

/* The spec wants key and value in msg. */
Test(config_slice, unknown_members_are_refused_with_key_and_value)
{
	static const struct row rows[] = {
		{ GOOD ",\"rss\":{\"exlude\":false}}", NK_CODE_UNSUPPORTED,
		  "\"rss.exlude\": false|exclude, keep, context" },
		{ GOOD STEER("{\"match\":\"mac\"},{\"Match\":\"ip\"}") "}", NK_CODE_UNSUPPORTED,
		  "\"steering[1].Match\": \"ip\"|match, port, vlan, takeover" },
		{ GOOD ",\"rings\":{\"rx\":4096}}", NK_CODE_UNSUPPORTED,
		  "\"rings.rx\": 4096|tcpDataSplit, hdsThreshold" },
	};

	EXPECT_ROWS(rows);
}

Test(config_slice, texts_of_300_bytes_are_refused_with_their_path)
{
	static const struct {
		const char *before, *after, *words;
	} rows[] = {
		{ GOOD ",\"steering\":[{\"match\":\"", "\"}]}",
		  "steering[0].match|a string of 1 to 15" },
		{ GOOD ",\"rss\":{\"context\":\"", "\"}}", "rss.context|a string of 1 to 15" },
		{ GOOD ",\"neigh\":\"", "\"}", "neigh|a string of 1 to 15" },
	};
	char text[600], value[301] = "";
	size_t i;

	memset(value, 'a', sizeof(value) - 1);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s%s%s", rows[i].before, value, rows[i].after);
		expect_refused(text, NK_COMMAND_ADD, NK_CODE_CONFIG, rows[i].words);
	}
}

Test(config_slice, members_that_a_match_does_not_have_are_refused)
{
	static const struct row rows[] = {
		{ GOOD IPAM STEER("{\"match\":\"tcp\"}") "}", NK_CODE_CONFIG,
		  "missing steering[0].port, the destination port from 1 to 65535" },
		{ GOOD IPAM STEER("{\"match\":\"udp\",\"port\":null}") "}", NK_CODE_CONFIG,
		  "missing steering[0].port" },
		{ GOOD STEER("{\"match\":\"mac\",\"port\":80}") "}", NK_CODE_CONFIG,
		  "steering[0].port: only valid for match \"tcp\" and \"udp\"" },
		{ GOOD IPAM STEER("{\"match\":\"mac\"},{\"match\":\"ip\",\"port\":80}") "}",
		  NK_CODE_CONFIG, "steering[1].port: only valid for match" },
		{ GOOD STEER("{\"match\":\"mac\",\"takeover\":true}") "}", NK_CODE_CONFIG,
		  "steering[0].takeover: only valid for match \"ip\", \"tcp\" and \"udp\"" },
	};

	EXPECT_ROWS(rows);
}

/* With and without "takeover" they are two answers to one question. */
Test(config_slice, the_same_frames_twice_are_refused)
{
	static const struct row rows[] = {
		{ GOOD STEER("{\"match\":\"mac\"},{\"match\":\"mac\"}") "}", NK_CODE_CONFIG,
		  "steering[1]: matches the same frames as steering[0]" },
		{ GOOD IPAM STEER("{\"match\":\"mac\"},{\"match\":\"tcp\",\"port\":8,\"vlan\":2},"
				  "{\"vlan\":2,\"port\":8,\"match\":\"tcp\"}") "}",
		  NK_CODE_CONFIG, "steering[2]: matches the same frames as steering[1]" },
		{ GOOD IPAM STEER("{\"match\":\"ip\"},{\"match\":\"ip\",\"takeover\":true}") "}",
		  NK_CODE_CONFIG, "steering[1]: matches the same frames as steering[0]" },
	};

	EXPECT_ROWS(rows);
}

Test(config_slice, without_queues_there_is_nothing_to_slice)
{
	static const struct row rows[] = {
		{ PAIR ",\"rss\":{\"keep\":true}}", NK_CODE_CONFIG, "rss: requires \"queues\"" },
		{ PAIR IPAM STEER("{\"match\":\"ip\"}") "}", NK_CODE_CONFIG,
		  "steering: requires \"queues\"" },
		{ PAIR STEER("7") "}", NK_CODE_CONFIG, "steering: requires \"queues\"" },
		{ PAIR ",\"rings\":{\"hdsThreshold\":0}}", NK_CODE_CONFIG,
		  "rings: requires \"queues\"" },
		{ HEAD MASTER ",\"rss\":{\"keep\":true}}", NK_CODE_CONFIG, "missing queues" },
	};

	EXPECT_ROWS(rows);
}

Test(config_slice, a_rule_that_would_catch_the_hosts_frames_is_refused)
{
	static const struct row rows[] = {
		{ GOOD ",\"mac\":\"master\"}", NK_CODE_CONFIG,
		  "mac: \"master\"|the host's own frames|\"steering\": []|\"match\": \"ip\"" },
		{ GOOD ",\"args\":{\"cni\":{\"mac\":\"master\"}}}", NK_CODE_CONFIG,
		  "args.cni.mac: \"master\"|the host's own frames" },
		{ GOOD ",\"mac\":\"master\"" STEER("{\"match\":\"mac\",\"vlan\":7}") "}",
		  NK_CODE_CONFIG,
		  "steering[0].match|the host's own frames|another \"mac\"|match \"ip\"" },
		{ GOOD IPAM
		  ",\"mac\":\"master\"" STEER("{\"match\":\"ip\"},{\"match\":\"mac\"}") "}",
		  NK_CODE_CONFIG, "steering[1].match|the host's own frames" },
	};

	EXPECT_ROWS(rows);
}

Test(config_slice, what_is_nothing_to_match_by_is_refused)
{
	static const struct row rows[] = {
		{ LENDER STEER("{\"match\":\"mac\"}") "}", NK_CODE_CONFIG,
		  "steering[0].match|pair|match \"ip\"" },
		{ GOOD STEER("{\"match\":\"ip\"}") "}", NK_CODE_CONFIG,
		  "steering[0].match: the device has no address|\"ipam\"|\"takeover\": true" },
		{ GOOD STEER(
			  "{\"match\":\"ip\",\"takeover\":true},{\"match\":\"tcp\",\"port\":1}") "}",
		  NK_CODE_CONFIG, "steering[1].match: the device has no address" },
		{ GOOD ",\"ipam\":{}" STEER("{\"match\":\"udp\",\"port\":1}") "}", NK_CODE_CONFIG,
		  "steering[0].match: the device has no address" },
	};

	EXPECT_ROWS(rows);
}

Test(config_slice, several_queues_without_a_context_are_out_of_reach_of_a_rule)
{
	static const struct row rows[] = {
		{ HEAD MASTER ",\"queues\":{\"ids\":\"8-9\"},\"rss\":{\"context\":\"never\"}}",
		  NK_CODE_CONFIG,
		  "rss.context: \"never\"|one queue, not 2|\"context\": \"auto\"|\"steering\": []" },
		{ PAIR MASTER IPAM ",\"queues\":{\"pool\":\"8-15\",\"count\":3},\"rss\":{"
				   "\"context\":\"never\"}" STEER("{\"match\":\"ip\"}") "}",
		  NK_CODE_CONFIG, "rss.context: \"never\"|one queue, not 3" },
	};

	EXPECT_ROWS(rows);
}

Test(config_slice, answers_that_nobody_could_give_are_refused)
{
	static const struct row rows[] = {
		{ GOOD ",\"neigh\":\"answer\"}", NK_CODE_CONFIG,
		  "neigh: \"answer\"|no address|\"ipam\"" },
		{ GOOD STEER("{\"match\":\"ip\",\"takeover\":true}") ",\"neigh\":\"answer\"}",
		  NK_CODE_CONFIG, "neigh: \"answer\"|no address" },
		{ GOOD IPAM NO_MAP ",\"neigh\":\"answer\"}", NK_CODE_CONFIG,
		  "neigh: \"answer\"|XDP program|xsk.map: false" },
		{ LENDER IPAM ",\"neigh\":\"answer\"}", NK_CODE_CONFIG,
		  "neigh: \"answer\"|for singles only|the kernel answers" },
		{ PAIR IPAM ",\"neigh\":\"answer\"}", NK_CODE_CONFIG,
		  "neigh: \"answer\"|for singles only" },
	};

	EXPECT_ROWS(rows);
	expect_taken(GOOD IPAM ",\"neigh\":\"answer\"}", NK_COMMAND_ADD);
	expect_taken(GOOD IPS ",\"neigh\":\"answer\"}", NK_COMMAND_ADD);
}

Test(config_slice, memory_providers_and_an_xskmap_are_refused_together)
{
	expect_refused(GOOD TCP SPLIT "}", NK_COMMAND_ADD, NK_CODE_CONFIG,
		       "rings.tcpDataSplit|one NIC cannot serve AF_XDP and memory providers|"
		       "\"xsk\": {\"map\": false}");
}

Test(config_slice, a_threshold_that_no_memory_provider_takes_is_refused_with_header_split)
{
	expect_refused(GOOD NO_MAP TCP ",\"rings\":{\"tcpDataSplit\":true,\"hdsThreshold\":64}}",
		       NK_COMMAND_ADD, NK_CODE_CONFIG,
		       "rings.hdsThreshold: 64|\"tcpDataSplit\"|0|leave out");
	expect_taken(GOOD NO_MAP ",\"rings\":{\"tcpDataSplit\":false,\"hdsThreshold\":64}}",
		     NK_COMMAND_ADD);
}

/* What a single or a pair has by default directs no connection to the leased queues. */
Test(config_slice, header_split_that_would_copy_every_byte_or_reset_the_host_is_refused)
{
	static const struct row rows[] = {
		{ LENDER SPLIT "}", NK_CODE_CONFIG,
		  "rings.tcpDataSplit|without \"steering\"|copied|\"match\": \"tcp\"" },
		{ GOOD NO_MAP SPLIT "}", NK_CODE_CONFIG,
		  "rings.tcpDataSplit|without \"steering\"|copied|\"takeover\": true" },
		{ GOOD IPAM NO_MAP SPLIT ",\"steering\":null}", NK_CODE_CONFIG,
		  "rings.tcpDataSplit|without \"steering\"|copied" },
		{ GOOD NO_MAP TCP SPLIT ",\"rss\":{\"exclude\":false}}", NK_CODE_CONFIG,
		  "rss.exclude: with false|memory provider|reset" },
	};

	EXPECT_ROWS(rows);
	expect_taken(LENDER SPLIT "}", NK_COMMAND_DEL);
	expect_taken(GOOD NO_MAP SPLIT "}", NK_COMMAND_DEL);
}

static const char *const copied[] = {
	STATUS_HEAD NO_MAP SPLIT STEER() "}",
	STATUS_HEAD NO_MAP SPLIT STEER("{\"match\":\"mac\"}") "}",
	STATUS_HEAD NO_MAP SPLIT STEER("{\"match\":\"udp\",\"port\":53,\"takeover\":true}") "}",
};

#define WARNING                                                                                 \
	"nk-cni: warning: network net: \"rings\" without an \"ip\" or \"tcp\" entry in "        \
	"\"steering\": every byte is copied unless another program directs the connections to " \
	"the leased queues\n"

Test(config_slice, header_split_without_a_rule_for_tcp_is_warned_of, .init = cr_redirect_stderr)
{
	size_t i;

	for (i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		expect_taken(copied[i], NK_COMMAND_ADD);
	fflush(stderr);
	cr_assert_stderr_eq_str(WARNING WARNING WARNING);
}

/* Runtimes call STATUS every few seconds. */
Test(config_slice, a_rule_for_tcp_and_status_give_no_warning, .init = cr_redirect_stderr)
{
	size_t i;

	for (i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		expect_taken(copied[i], NK_COMMAND_STATUS);
	expect_taken(STATUS_HEAD NO_MAP SPLIT TCP "}", NK_COMMAND_ADD);
	expect_taken(STATUS_HEAD NO_MAP SPLIT STEER(
			     "{\"match\":\"mac\"},{\"match\":\"ip\",\"takeover\":true}") "}",
		     NK_COMMAND_ADD);
	fflush(stderr);
	cr_assert_stderr_eq_str("", "there was a warning");
}

/* --- other commands -------------------------------------------------------------------------- */

/* A runtime that gives addresses with ADD gives none with STATUS, and takes the node out of service
 * where that fails.
 */
Test(config_slice, status_does_not_miss_the_addresses_of_a_pod)
{
	expect_taken(STATUS_HEAD STEER("{\"match\":\"ip\"},{\"match\":\"tcp\",\"port\":80}") "}",
		     NK_COMMAND_STATUS);
	expect_taken(STATUS_HEAD ",\"neigh\":\"answer\"}", NK_COMMAND_STATUS);
	expect_refused(STATUS_HEAD NO_MAP ",\"neigh\":\"answer\"}", NK_COMMAND_STATUS,
		       NK_CODE_CONFIG, "neigh|XDP program");
	expect_refused(STATUS_HEAD STEER("{\"match\":\"tcp\"}") "}", NK_COMMAND_STATUS,
		       NK_CODE_CONFIG, "missing steering[0].port");
}

/* What is wrong in it goes by the default, at every command that must work after an edit. */
Test(config_slice, others_than_add_read_rss_keep_and_nothing_else, .init = cr_redirect_stderr)
{
	static const struct {
		const char *members;
		bool keep;
	} rows[] = {
		{ "", true },
		{ ",\"rss\":{\"keep\":false}", false },
		{ ",\"rss\":{\"keep\":true}", true },
		{ ",\"rss\":{\"keep\":false,\"context\":7,\"other\":{}}", false },
		{ ",\"rss\":{\"keep\":null}", true },
		{ ",\"rss\":{\"keep\":0}", true },
		{ ",\"rss\":{\"keep\":\"false\"}", true },
		{ ",\"rss\":{\"Keep\":false}", true },
		{ ",\"rss\":{}", true },
		{ ",\"rss\":[false]", true },
		{ ",\"rss\":[{\"keep\":false}]", true },
		{ ",\"rss\":false", true },
		{ ",\"rss\":null", true },
		{ ",\"steering\":{},\"neigh\":[],\"rings\":\"x\"", true },
		{ ",\"steering\":[[null]],\"neigh\":\"?\",\"rings\":{\"rx\":-1}", true },
	};
	static const enum nk_command commands[] = { NK_COMMAND_DEL, NK_COMMAND_GC,
						    NK_COMMAND_CHECK };
	struct nk_config config;
	struct nk_error err;
	char text[300];
	size_t i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s%s,\"prevResult\":{}}", STATUS_HEAD,
			 rows[i].members);
		for (k = 0; k < sizeof(commands) / sizeof(commands[0]); k++) {
			unit_expect_ok(text, parse(text, commands[k], &config, &err), &err);
			cr_expect_eq(config.rss_keep, rows[i].keep, "command %d, ran: %s",
				     (int)commands[k], text);
			nk_config_fini(&config);
		}
	}
	fflush(stderr);
	cr_assert_stderr_eq_str("", "there was a warning");
}
