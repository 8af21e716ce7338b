// SPDX-License-Identifier: Apache-2.0
/* test_config.c - the network configuration: every key, its limits, and what is refused */
#include "configs.h"
#include "kernel/uapi.h"

#include "base/json.h"
#include "base/spelling.h"
#include "cni/conflist.h"
#include "nk_shared.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What does not end is a failure, not a wait. */
TestSuite(config, .timeout = 30);

/* --- what is taken --------------------------------------------------------------------------- */

Test(config, smallest_configuration_gets_the_defaults)
{
	struct nk_config config;
	struct nk_error err;

	unit_expect_ok(GOOD "}", parse(GOOD "}", NK_COMMAND_ADD, &config, &err), &err);
	cr_expect_str_eq(config.cni_version, "1.0.0");
	cr_expect_str_eq(config.name, "net");
	cr_expect_str_eq(config.master, "eth0");
	cr_expect_not(config.fixed_queues);
	cr_expect_eq(config.queue_count, 1);
	cr_expect_eq(config.queue_max, 1);
	cr_expect(nk_queue_set_has(&config.queues, 8) && nk_queue_set_has(&config.queues, 15) &&
		  !nk_queue_set_has(&config.queues, 7) && !nk_queue_set_has(&config.queues, 16));
	cr_expect_eq(config.mac_source, NK_MAC_RANDOM);
	cr_expect_eq(config.mtu, 0);
	cr_expect(config.xsk_map);
	cr_expect_eq(config.xsk_frame_size, 4096);
	cr_expect_eq(config.xsk.key, NK_XSK_KEY_AUTO);
	cr_expect_eq(config.xsk.no_socket, NK_NO_SOCKET_PASS);
	cr_expect_eq(config.xsk.mode, 0600);
	cr_expect_eq(config.xsk.uid, 0);
	cr_expect_eq(config.xsk.gid, 0);
	cr_expect(config.xdp_keep);
	cr_expect_str_eq(config.bpffs, "/sys/fs/bpf");
	cr_expect_null(config.prev);
	nk_config_fini(&config);
}

Test(config, every_key_is_read)
{
	static const char text[] =
		"{\"cniVersion\":\"0.4.0\",\"name\":\"n.e_t-1\",\"type\":\"nk-cni\","
		"\"master\":\"enp3s0f0np0\",\"pairing\":\"single\",\"mode\":\"l2\","
		"\"mac\":\"02:AB:cd:00:00:2a\",\"mtu\":3814,\"bpffs\":\"/run/bpf\","
		"\"queues\":{\"pool\":\"8-15,20\",\"count\":4,\"max\":9},"
		"\"xsk\":{\"map\":false,\"frameSize\":2048,\"key\":\"zero\",\"noSocket\":\"drop\","
		"\"uid\":107,\"gid\":4294967294,\"mode\":\"0640\"},"
		"\"xdp\":{\"keep\":false,\"mode\":\"native\"},"
		"\"capabilities\":{\"mac\":true},\"args\":{},\"dns\":{},\"ipam\":{}}";
	static const uint8_t mac[] = { 0x02, 0xab, 0xcd, 0, 0, 0x2a };
	struct nk_config config;
	struct nk_error err;

	unit_expect_ok(text, parse(text, NK_COMMAND_ADD, &config, &err), &err);
	cr_expect_str_eq(config.cni_version, "0.4.0");
	cr_expect_str_eq(config.name, "n.e_t-1");
	cr_expect_str_eq(config.master, "enp3s0f0np0");
	cr_expect_eq(config.queue_count, 4);
	cr_expect_eq(config.queue_max, 9);
	cr_expect(nk_queue_set_has(&config.queues, 20));
	cr_expect_eq(config.mac_source, NK_MAC_GIVEN);
	cr_expect_arr_eq(config.mac, mac, sizeof(mac));
	cr_expect_eq(config.mtu, 3814);
	cr_expect_not(config.xsk_map);
	cr_expect_eq(config.xsk_frame_size, 2048);
	cr_expect_eq(config.xsk.key, NK_XSK_KEY_ZERO);
	cr_expect_eq(config.xsk.no_socket, NK_NO_SOCKET_DROP);
	cr_expect_eq(config.xsk.uid, 107);
	cr_expect_eq(config.xsk.gid, 4294967294);
	cr_expect_eq(config.xsk.mode, 0640);
	cr_expect_not(config.xdp_keep);
	cr_expect_str_eq(config.bpffs, "/run/bpf");
	nk_config_fini(&config);
}

Test(config, ids_and_device_id_fix_the_queues)
{
	static const struct {
		const char *text, *master;
		uint32_t count, one, max;
	} rows[] = {
		{ HEAD MASTER ",\"queues\":{\"ids\":\"14-15\"}}", "eth0", 2, 15, 2 },
		{ HEAD MASTER ",\"queues\":{\"ids\":\"14\",\"count\":1,\"max\":8}}", "eth0", 1, 14,
		  8 },
		/* What Multus writes into every entry of a network with a resource. */
		{ HEAD MASTER ",\"deviceID\":\"eth0-q14\",\"queues\":{\"ids\":\"14\"}}", "eth0", 1,
		  14, 1 },
		{ HEAD MASTER ",\"deviceID\":\"eth0-q14-15\",\"queues\":{\"ids\":\"15\"}}", "eth0",
		  1, 15, 1 },
		{ HEAD MASTER ",\"deviceID\":\"eth1-q9\",\"queues\":{\"ids\":\"14\"}}", "eth0", 1,
		  14, 1 },
		{ HEAD MASTER ",\"deviceID\":\"0000:3b:00.0\",\"queues\":{\"ids\":\"14\"}}", "eth0",
		  1, 14, 1 },
		{ HEAD ",\"deviceID\":\"0000:3b:00.0\",\"queues\":{\"ids\":\"14\"}}",
		  "0000:3b:00.0", 1, 14, 1 },
		{ HEAD ",\"deviceID\":\"eth0-q14\",\"queues\":{\"ids\":\"14\"}}", "eth0", 1, 14,
		  1 },
		{ HEAD ",\"deviceID\":\"eth1-q3-5\"}", "eth1", 3, 4, 3 },
		{ HEAD MASTER ",\"deviceID\":\"eth0-q3\"}", "eth0", 1, 3, 1 },
		{ HEAD ",\"runtimeConfig\":{\"deviceID\":\"eth2-q7\"}}", "eth2", 1, 7, 1 },
		{ HEAD ",\"runtimeConfig\":{\"DeviceID\":\"eth2-q7\"}}", "eth2", 1, 7, 1 },
		{ HEAD ",\"deviceID\":\"eth0-q3\",\"runtimeConfig\":{\"deviceID\":\"eth0-q4\"}}",
		  "eth0", 1, 4, 1 },
	};
	struct nk_config config;
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unit_expect_ok(rows[i].text, parse(rows[i].text, NK_COMMAND_ADD, &config, &err),
			       &err);
		cr_expect(config.fixed_queues && config.queue_count == rows[i].count &&
				  config.queue_max == rows[i].max &&
				  nk_queue_set_has(&config.queues, rows[i].one) &&
				  !strcmp(config.master, rows[i].master),
			  "ran: %s", rows[i].text);
		nk_config_fini(&config);
	}
}

Test(config, a_device_id_that_does_not_say_which_queues_leaves_them_to_the_pool)
{
	static const char *const rows[] = {
		GOOD ",\"deviceID\":\"0000:3b:00.0\"}",
		GOOD ",\"deviceID\":\"mlx5_core.sf.4\",\"pciBusID\":\"mlx5_core.sf.4\"}",
		GOOD ",\"deviceID\":\"gpu-queue-0\"}",
	};
	struct nk_config config;
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unit_expect_ok(rows[i], parse(rows[i], NK_COMMAND_ADD, &config, &err), &err);
		cr_expect(!config.fixed_queues && nk_queue_set_has(&config.queues, 15), "ran: %s",
			  rows[i]);
		nk_config_fini(&config);
	}
}

Test(config, a_device_id_by_another_name_of_the_nic_is_kept_for_who_can_resolve_it)
{
	struct nk_config config;
	struct nk_error err;

	unit_expect_ok("altname",
		       parse(GOOD ",\"deviceID\":\"enp3-q9\"}", NK_COMMAND_ADD, &config, &err),
		       &err);
	cr_expect_str_eq(config.master, "eth0");
	cr_expect_str_eq(config.device_id, "enp3-q9");
	cr_expect(config.fixed_queues && nk_queue_set_has(&config.queues, 9));
	nk_config_fini(&config);
}

Test(config, a_pair_that_asks_for_no_queue_leaves_the_device_id_to_others)
{
	struct nk_config config;
	struct nk_error err;

	unit_expect_ok("pair",
		       parse(HEAD ",\"pairing\":\"pair\",\"deviceID\":\"eth0-q9\"}", NK_COMMAND_ADD,
			     &config, &err),
		       &err);
	cr_expect_eq(config.queue_count, 0);
	cr_expect_str_eq(config.master, "");
	nk_config_fini(&config);
	unit_expect_ok("pair with steering",
		       parse(HEAD ",\"pairing\":\"pair\",\"deviceID\":\"eth0-q9\",\"steering\":[]}",
			     NK_COMMAND_ADD, &config, &err),
		       &err);
	cr_expect_eq(config.queue_count, 1);
	cr_expect_str_eq(config.master, "eth0");
	nk_config_fini(&config);
}

Test(config, status_awaits_a_device_that_comes_with_add)
{
	static const char head[] = "{\"cniVersion\":\"1.1.0\",\"name\":\"net\",\"type\":\"nk-cni\","
				   "\"capabilities\":{\"deviceID\":true}";
	static const char *const rows[] = {
		"}", MASTER "}", QUEUES "}",
		",\"steering\":[{\"match\":\"ip\"}],\"mac\":\"master\"}"
	};
	struct nk_config config;
	struct nk_error err;
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", head, rows[i]);
		unit_expect_ok(text, parse(text, NK_COMMAND_STATUS, &config, &err), &err);
		cr_expect(config.awaits_device, "ran: %s", text);
		nk_config_fini(&config);
		cr_expect(parse(text, NK_COMMAND_ADD, &config, &err), "ran: %s", text);
		nk_config_fini(&config);
	}
	snprintf(text, sizeof(text), "%s%s", head, MASTER QUEUES "}");
	unit_expect_ok(text, parse(text, NK_COMMAND_STATUS, &config, &err), &err);
	cr_expect(!config.awaits_device && config.queue_count == 1);
	nk_config_fini(&config);
}

Test(config, mac_comes_from_runtime_config_before_the_document)
{
	struct nk_config config;
	struct nk_error err;
	static const char text[] = GOOD ",\"mac\":\"master\",\"runtimeConfig\":"
					"{\"MAC\":\"02:00:00:00:00:01\"}}";
	static const char master[] = GOOD ",\"mac\":\"master\",\"steering\":[]}";

	unit_expect_ok(text, parse(text, NK_COMMAND_ADD, &config, &err), &err);
	cr_expect_eq(config.mac_source, NK_MAC_GIVEN);
	cr_expect_eq(config.mac[5], 1);
	nk_config_fini(&config);
	unit_expect_ok(master, parse(master, NK_COMMAND_ADD, &config, &err), &err);
	cr_expect_eq(config.mac_source, NK_MAC_MASTER);
	nk_config_fini(&config);
}

Test(config, limits_belong_to_the_range)
{
	static const char *const good[] = {
		GOOD ",\"mtu\":68}",
		GOOD ",\"mtu\":65535}",
		HEAD MASTER ",\"queues\":{\"pool\":\"1-4095\",\"count\":1023}}",
		HEAD MASTER ",\"queues\":{\"pool\":\"1-4095\",\"count\":1,\"max\":1023}}",
		HEAD MASTER ",\"queues\":{\"pool\":\"8-15\",\"count\":8,\"max\":8}}",
		HEAD MASTER ",\"queues\":{\"ids\":\"1-1023\"}}",
		GOOD ",\"xsk\":{\"frameSize\":2048}}",
		GOOD ",\"xsk\":{\"frameSize\":4096}}",
		GOOD ",\"mac\":\"fe:ff:ff:ff:ff:ff\"}",
		GOOD ",\"bpffs\":\"/\"}",
	};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		expect_taken(good[i], NK_COMMAND_ADD);
}

/* And without a warning: "logFile" is not unknown, it is not asked for. */
Test(config, null_and_empty_values_count_as_absent, .init = cr_redirect_stderr)
{
	expect_taken(
		GOOD
		",\"mtu\":null,\"mac\":null,\"xsk\":null,\"xdp\":null,\"bpffs\":null,"
		"\"prevResult\":null,\"runtimeConfig\":null,\"deviceID\":null,\"pairing\":null,"
		"\"mode\":null,\"rss\":null,\"ipam\":{},\"steering\":null,\"rings\":{},"
		"\"neigh\":null,\"logLevel\":null,\"logFile\":null,\"statusQueues\":null}",
		NK_COMMAND_ADD);
	expect_taken(GOOD ",\"runtimeConfig\":{\"mac\":null,\"deviceID\":\"\",\"ips\":[]}}",
		     NK_COMMAND_ADD);
	fflush(stderr);
	cr_assert_stderr_eq_str("", "there was a warning");
}

Test(config, unknown_top_level_key_is_tolerated_with_a_warning, .init = cr_redirect_stderr)
{
	expect_taken(GOOD ",\"io.kubernetes.x\":[1]}", NK_COMMAND_ADD);
	fflush(stderr);
	cr_assert_stderr_eq_str("nk-cni: warning: unknown key \"io.kubernetes.x\" in the "
				"configuration of network net: ignored\n");
}

/* What Multus, libcni and cnitool are known to write into an entry. */
Test(config, what_runtimes_write_is_tolerated_without_a_warning, .init = cr_redirect_stderr)
{
	expect_taken(GOOD ",\"pciBusID\":\"0000:3b:00.0\",\"args\":{\"cni\":{\"x\":1}},"
			  "\"cni.dev/valid-attachments\":[],\"cni.dev/attachments\":[],"
			  "\"disableCheck\":true,\"disableGC\":true,"
			  "\"loadOnlyInlinedPlugins\":true,\"capabilities\":{\"mac\":true},"
			  "\"vlan\":null,\"runtimeConfig\":{\"PortMappings\":[]}}",
		     NK_COMMAND_ADD);
	fflush(stderr);
	cr_assert_stderr_eq_str("", "there was a warning");
}

Test(config, keys_of_peers_are_refused_with_what_to_use_instead)
{
	static const struct row rows[] = {
		{ GOOD ",\"vlan\":100}", NK_CODE_UNSUPPORTED,
		  "unsupported key \"vlan\": 100|sriov-cni|remove this key|\"vlan\": 100}]" },
		{ GOOD ",\"Vlan\":100}", NK_CODE_UNSUPPORTED, "unsupported key \"Vlan\": 100" },
		{ GOOD ",\"vlanQoS\":1}", NK_CODE_UNSUPPORTED,
		  "vlanQoS|remove this key|\"vlan\": 100}]" },
		{ GOOD ",\"spoofchk\":\"on\"}", NK_CODE_UNSUPPORTED, "spoofchk|switch port" },
		{ GOOD ",\"trust\":\"on\"}", NK_CODE_UNSUPPORTED, "trust|\"mac\"" },
		{ GOOD ",\"link_state\":\"auto\"}", NK_CODE_UNSUPPORTED,
		  "link_state|the link of the NIC" },
		{ GOOD ",\"max_tx_rate\":100}", NK_CODE_UNSUPPORTED, "max_tx_rate|tc on the host" },
		{ GOOD ",\"ipMasq\":true}", NK_CODE_UNSUPPORTED, "ipMasq|ptp|nftables" },
		{ GOOD ",\"isGateway\":true}", NK_CODE_UNSUPPORTED, "isGateway|routes" },
		{ GOOD ",\"hairpinMode\":true}", NK_CODE_UNSUPPORTED, "hairpinMode|bridge" },
		{ GOOD ",\"linkInContainer\":true}", NK_CODE_UNSUPPORTED, "linkInContainer|host" },
		{ GOOD ",\"device\":\"eth1\"}", NK_CODE_UNSUPPORTED, "device|host-device|master" },
		{ GOOD ",\"sysctl\":{}}", NK_CODE_UNSUPPORTED, "sysctl|tuning" },
		{ GOOD ",\"ingressRate\":1}", NK_CODE_UNSUPPORTED, "ingressRate|bandwidth|tc" },
	};

	EXPECT_ROWS(rows);
	expect_refused(HEAD ",\"pairing\":\"pair\",\"ipMasq\":true}", NK_COMMAND_PLAN,
		       NK_CODE_UNSUPPORTED, "ipMasq");
	expect_taken(GOOD ",\"vlan\":100}", NK_COMMAND_DEL);
}

Test(config, a_key_that_is_ours_but_for_case_or_one_edit_is_refused)
{
	static const struct row rows[] = {
		{ GOOD ",\"steerng\":[]}", NK_CODE_UNSUPPORTED,
		  "unsupported key \"steerng\": []|did you mean \"steering\"?" },
		{ GOOD ",\"Queues\":{}}", NK_CODE_UNSUPPORTED, "Queues|did you mean \"queues\"?" },
		{ GOOD ",\"IPAM\":{}}", NK_CODE_UNSUPPORTED, "IPAM|did you mean \"ipam\"?" },
		{ HEAD QUEUES ",\"Master\":\"eth0\"}", NK_CODE_UNSUPPORTED,
		  "Master|did you mean \"master\"?" },
		{ HEAD QUEUES ",\"masterr\":\"eth0\"}", NK_CODE_UNSUPPORTED,
		  "masterr|did you mean \"master\"?" },
		{ HEAD MASTER ",\"queue\":{}}", NK_CODE_UNSUPPORTED,
		  "queue|did you mean \"queues\"?" },
		{ GOOD ",\"riNgsX\":{}}", NK_CODE_UNSUPPORTED, "riNgsX|did you mean \"rings\"?" },
		{ GOOD ",\"pciBusId\":\"\"}", NK_CODE_UNSUPPORTED, "did you mean \"pciBusID\"?" },
		{ GOOD ",\"mut\":9000}", NK_CODE_UNSUPPORTED, "mut|did you mean \"mtu\"?" },
		{ GOOD ",\"xsk\":{\"Map\":true}}", NK_CODE_UNSUPPORTED,
		  "xsk.Map|did you mean \"map\"?" },
	};

	EXPECT_ROWS(rows);
}

Test(config, words_that_are_two_edits_apart_are_not_near)
{
	cr_expect(nk_spelling_is_near("abc", "ABC"));
	cr_expect(nk_spelling_is_near("acb", "abc"));
	cr_expect(nk_spelling_is_near("abbc", "abc"));
	cr_expect(nk_spelling_is_near("", "a"));
	cr_expect(nk_spelling_is_near("aaa", "aa"));
	cr_expect_not(nk_spelling_is_near("axyc", "abdc"));
	cr_expect_not(nk_spelling_is_near("ca", "abc"));
	cr_expect_not(nk_spelling_is_near("abcde", "abc"));
	cr_expect_not(nk_spelling_is_near("", "ab"));
}

/* --- what is refused ------------------------------------------------------------------------- */

Test(config, what_is_no_json_object_is_refused)
{
	static const struct row rows[] = {
		{ "", NK_CODE_JSON, "not JSON|stdin is empty|configuration on stdin" },
		{ "x", NK_CODE_JSON, "not JSON|stdin: |byte 0" },
		{ GOOD, NK_CODE_JSON, "not JSON|at byte" },
		{ GOOD "}}", NK_CODE_JSON, "not one JSON document|at byte" },
		{ GOOD ",\"name\":\"net\"}", NK_CODE_JSON, "twice|\"name\"" },
		{ GOOD ",\"xdp\":{\"keep\":true,\"keep\":false}}", NK_CODE_JSON, "twice|\"keep\"" },
		{ GOOD ",\"mac\":\"a\\u0000\"}", NK_CODE_JSON, "\\u0000 is not allowed|at byte" },
		{ GOOD ",\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
		  NK_CODE_JSON, "too deep|32 levels" },
		{ "[]", NK_CODE_CONFIG, "not an object" },
		{ "null", NK_CODE_CONFIG, "not an object" },
	};

	EXPECT_ROWS(rows);
}

Test(config, version_we_do_not_speak_is_code_1_and_names_those_we_do)
{
	static const struct row rows[] = {
		{ "{\"cniVersion\":\"0.2.0\",\"name\":\"n\"}", NK_CODE_VERSION,
		  "\"0.2.0\"|0.3.0, 0.3.1, 0.4.0, 1.0.0" },
		{ "{\"cniVersion\":\"2.0.0\",\"name\":\"n\"}", NK_CODE_VERSION, "\"2.0.0\"|1.0.0" },
		{ "{\"cniVersion\":\"1.0\",\"name\":\"n\"}", NK_CODE_VERSION, "\"1.0\"|1.0.0" },
		{ "{\"cniVersion\":\"\",\"name\":\"n\"}", NK_CODE_VERSION, "\"0.1.0\"|1.0.0" },
		{ "{\"name\":\"n\"}", NK_CODE_VERSION, "\"0.1.0\"|1.0.0" },
		{ "{\"cniVersion\":null,\"name\":\"n\"}", NK_CODE_VERSION, "\"0.1.0\"|1.0.0" },
		{ "{\"cniVersion\":1.0,\"name\":\"n\"}", NK_CODE_CONFIG, "cniVersion|a string" },
	};
	size_t i;

	EXPECT_ROWS(rows);
	for (i = 0; i < 2; i++) {
		expect_refused(rows[i].text, NK_COMMAND_DEL, NK_CODE_VERSION, rows[i].words);
		expect_refused(rows[i].text, NK_COMMAND_CHECK, NK_CODE_VERSION, rows[i].words);
	}
}

/* What else is wrong with a document of another version is not ours to say. */
Test(config, version_is_looked_at_before_anything_else)
{
	expect_refused("{\"cniVersion\":\"2.0.0\",\"name\":5}", NK_COMMAND_ADD, NK_CODE_VERSION,
		       "\"2.0.0\"");
	expect_refused("{\"cniVersion\":\"2.0.0\",\"xdp\":\"native\"}", NK_COMMAND_ADD,
		       NK_CODE_VERSION, "\"2.0.0\"");
	expect_refused("{\"cniVersion\":\"100.200.300-rc.1\"}", NK_COMMAND_ADD, NK_CODE_VERSION,
		       "100.200.300");
}

#define NAMED(name) "{\"cniVersion\":\"1.0.0\",\"name\":" name MASTER QUEUES "}"

Test(config, network_name_is_needed_and_checked_by_every_command)
{
	static const struct row rows[] = {
		{ "{\"cniVersion\":\"1.0.0\"}", NK_CODE_CONFIG, "missing|\"name\"" },
		{ NAMED("\"\""), NK_CODE_CONFIG, "missing|\"name\"" },
		{ NAMED("null"), NK_CODE_CONFIG, "missing|\"name\"" },
		{ NAMED("5"), NK_CODE_CONFIG, "name|5|a string of 0 to 255 bytes" },
		{ NAMED("[\"n\"]"), NK_CODE_CONFIG, "name|a string of 0 to 255 bytes" },
		{ NAMED("\"../x\""), NK_CODE_CONFIG, "name|\"../x\"|[a-zA-Z0-9]" },
		{ NAMED("\"a/b\""), NK_CODE_CONFIG, "name|\"a/b\"|[a-zA-Z0-9]" },
		{ NAMED("\"a\\nb\""), NK_CODE_CONFIG, "name|[a-zA-Z0-9]" },
		{ NAMED("\".a\""), NK_CODE_CONFIG, "name|\".a\"|[a-zA-Z0-9]" },
		{ NAMED("\"a b\""), NK_CODE_CONFIG, "name|\"a b\"|[a-zA-Z0-9]" },
		{ NAMED("\"\\u00e9\""), NK_CODE_CONFIG, "name|[a-zA-Z0-9]" },
	};
	size_t i;

	EXPECT_ROWS(rows);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refused(rows[i].text, NK_COMMAND_DEL, rows[i].code, rows[i].words);
}

Test(config, texts_end_at_their_longest)
{
	static const struct {
		const char *before, *after, *words;
		size_t longest;
	} rows[] = {
		{ "{\"cniVersion\":\"1.0.0\",\"name\":\"", "\"" MASTER QUEUES "}",
		  "name|a string of 0 to 255 bytes", 255 },
		{ HEAD QUEUES ",\"master\":\"", "\"}", "master|a string of 1 to 127 bytes", 127 },
		{ GOOD ",\"bpffs\":\"/", "\"}", "bpffs|a string of 1 to 255 bytes", 254 },
	};
	static char text[2000], value[301];
	size_t i, len;

	memset(value, 'a', sizeof(value) - 1);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const size_t lengths[] = { rows[i].longest, rows[i].longest + 1, 300 };

		for (len = 0; len < 3; len++) {
			snprintf(text, sizeof(text), "%s%.*s%s", rows[i].before, (int)lengths[len],
				 value, rows[i].after);
			if (lengths[len] <= rows[i].longest)
				expect_taken(text, NK_COMMAND_ADD);
			else
				expect_refused(text, NK_COMMAND_ADD, NK_CODE_CONFIG, rows[i].words);
		}
	}
}

Test(config, values_of_the_wrong_type_are_refused_with_path_and_range)
{
	static const struct row rows[] = {
		{ HEAD QUEUES ",\"master\":1}", NK_CODE_CONFIG, "master|1|a string of 1 to 127" },
		{ HEAD QUEUES ",\"master\":\"\"}", NK_CODE_CONFIG, "master|a string of 1 to 127" },
		{ HEAD ",\"deviceID\":[]}", NK_CODE_CONFIG, "deviceID|[]|a string of 1 to 143" },
		{ GOOD ",\"pairing\":1}", NK_CODE_CONFIG, "pairing|1|a string of 1 to 15" },
		{ GOOD ",\"mode\":{}}", NK_CODE_CONFIG, "mode|{}|a string of 1 to 7" },
		{ GOOD ",\"mac\":2}", NK_CODE_CONFIG, "mac|2|a string of 1 to 31" },
		{ GOOD ",\"mac\":\"\"}", NK_CODE_CONFIG, "mac|a string of 1 to 31" },
		{ GOOD ",\"mtu\":\"1500\"}", NK_CODE_CONFIG, "mtu|\"1500\"|from 68 to 65535" },
		{ GOOD ",\"mtu\":true}", NK_CODE_CONFIG, "mtu|true|from 68 to 65535" },
		{ GOOD ",\"bpffs\":false}", NK_CODE_CONFIG, "bpffs|false|a string of 1 to 255" },
		{ GOOD ",\"bpffs\":\"\"}", NK_CODE_CONFIG, "bpffs|a string of 1 to 255" },
		{ HEAD MASTER ",\"queues\":\"8-15\"}", NK_CODE_CONFIG, "queues|an object" },
		{ HEAD MASTER ",\"queues\":[8]}", NK_CODE_CONFIG, "queues|[8]|an object" },
		{ HEAD MASTER ",\"queues\":{\"pool\":8}}", NK_CODE_CONFIG,
		  "queues.pool|8|a string of 1 to 511" },
		{ HEAD MASTER ",\"queues\":{\"ids\":[14]}}", NK_CODE_CONFIG,
		  "queues.ids|[14]|a string of 1 to 511" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"8\",\"count\":\"1\"}}", NK_CODE_CONFIG,
		  "queues.count|\"1\"|from 1 to 1023" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"8\",\"max\":true}}", NK_CODE_CONFIG,
		  "queues.max|true|from 1 to 1023" },
		{ GOOD ",\"xsk\":true}", NK_CODE_CONFIG, "xsk|true|an object" },
		{ GOOD ",\"xsk\":{\"map\":1}}", NK_CODE_CONFIG, "xsk.map|1|true or false" },
		{ GOOD ",\"xsk\":{\"frameSize\":\"4096\"}}", NK_CODE_CONFIG,
		  "xsk.frameSize|\"4096\"|from 2048 to 4096" },
		{ GOOD ",\"xdp\":\"native\"}", NK_CODE_CONFIG, "xdp|\"native\"|an object" },
		{ GOOD ",\"xdp\":{\"keep\":\"no\"}}", NK_CODE_CONFIG,
		  "xdp.keep|\"no\"|true or false" },
		{ GOOD ",\"xdp\":{\"mode\":1}}", NK_CODE_CONFIG, "xdp.mode|1|a string" },
		{ GOOD ",\"runtimeConfig\":[]}", NK_CODE_CONFIG, "runtimeConfig|[]|an object" },
		{ GOOD ",\"prevResult\":\"x\"}", NK_CODE_CONFIG, "prevResult|\"x\"|an object" },
	};

	EXPECT_ROWS(rows);
}

Test(config, numbers_outside_the_range_are_refused_with_it)
{
	static const struct row rows[] = {
		{ GOOD ",\"mtu\":67}", NK_CODE_CONFIG, "mtu|67|an integer from 68 to 65535" },
		{ GOOD ",\"mtu\":65536}", NK_CODE_CONFIG, "mtu|65536|from 68 to 65535" },
		{ GOOD ",\"mtu\":0}", NK_CODE_CONFIG, "mtu|0|from 68 to 65535" },
		{ GOOD ",\"mtu\":-1}", NK_CODE_CONFIG, "mtu|-1|from 68 to 65535" },
		{ GOOD ",\"mtu\":1500.9}", NK_CODE_CONFIG, "mtu|1500.9|an integer from 68" },
		{ GOOD ",\"mtu\":99999999999}", NK_CODE_CONFIG, "mtu|99999999999|to 65535" },
		{ GOOD ",\"mtu\":1e9}", NK_CODE_CONFIG, "mtu|1e9|to 65535" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"8\",\"count\":0}}", NK_CODE_CONFIG,
		  "queues.count|0|an integer from 1 to 1023" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"8\",\"count\":1024}}", NK_CODE_CONFIG,
		  "queues.count|1024|from 1 to 1023" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"8\",\"max\":0}}", NK_CODE_CONFIG,
		  "queues.max|0|an integer from 1 to 1023" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"8\",\"max\":1024}}", NK_CODE_CONFIG,
		  "queues.max|1024|from 1 to 1023" },
		{ GOOD ",\"xsk\":{\"frameSize\":2047}}", NK_CODE_CONFIG,
		  "xsk.frameSize|2047|from 2048 to 4096" },
		{ GOOD ",\"xsk\":{\"frameSize\":4097}}", NK_CODE_CONFIG,
		  "xsk.frameSize|4097|from 2048 to 4096" },
		{ GOOD ",\"xsk\":{\"frameSize\":3000}}", NK_CODE_CONFIG,
		  "xsk.frameSize|3000|2048 or 4096" },
		{ GOOD ",\"xsk\":{\"key\":\"zer\"}}", NK_CODE_CONFIG,
		  "xsk.key|zer|auto, queue or zero" },
		{ GOOD ",\"xsk\":{\"noSocket\":\"\"}}", NK_CODE_CONFIG, "xsk.noSocket" },
		{ GOOD ",\"xsk\":{\"noSocket\":\"lose\"}}", NK_CODE_CONFIG,
		  "xsk.noSocket|lose|pass or drop" },
		{ GOOD ",\"xsk\":{\"uid\":4294967295}}", NK_CODE_CONFIG,
		  "xsk.uid|4294967295|from 0 to 4294967294" },
		{ GOOD ",\"xsk\":{\"gid\":-1}}", NK_CODE_CONFIG, "xsk.gid|-1" },
		{ GOOD ",\"xsk\":{\"mode\":600}}", NK_CODE_CONFIG, "xsk.mode|600|a string" },
		{ GOOD ",\"xsk\":{\"mode\":\"60\"}}", NK_CODE_CONFIG, "xsk.mode|60|octal" },
		{ GOOD ",\"xsk\":{\"mode\":\"00600\"}}", NK_CODE_CONFIG, "xsk.mode|00600|octal" },
		{ GOOD ",\"xsk\":{\"mode\":\"0700\"}}", NK_CODE_CONFIG, "xsk.mode|0700|0660" },
		{ GOOD ",\"xsk\":{\"mode\":\"4600\"}}", NK_CODE_CONFIG, "xsk.mode|4600|0660" },
		{ GOOD ",\"xsk\":{\"mode\":\"0608\"}}", NK_CODE_CONFIG, "xsk.mode|0608|octal" },
	};

	EXPECT_ROWS(rows);
}

Test(config, queues_that_contradict_themselves_are_refused)
{
	static const struct row rows[] = {
		{ HEAD MASTER "}", NK_CODE_CONFIG, "missing queues|pool|ids|deviceID" },
		{ HEAD MASTER ",\"queues\":{}}", NK_CODE_CONFIG, "missing queues|pool|ids" },
		{ HEAD MASTER ",\"queues\":{\"count\":2}}", NK_CODE_CONFIG, "missing queues|pool" },
		{ HEAD QUEUES "}", NK_CODE_CONFIG, "missing|\"master\"" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"8-15\",\"count\":9}}", NK_CODE_CONFIG,
		  "queues.count|9 is more|8 queues|queues.pool" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"8-15\",\"count\":3,\"max\":2}}",
		  NK_CODE_CONFIG, "queues.max|2 is less|3 queues" },
		{ HEAD MASTER ",\"queues\":{\"ids\":\"8-9\",\"max\":1}}", NK_CODE_CONFIG,
		  "queues.max|1 is less|2 queues" },
		{ HEAD MASTER ",\"queues\":{\"ids\":\"8-9\",\"count\":1}}", NK_CODE_CONFIG,
		  "queues.count|1|queues.ids or deviceID is 2" },
		{ HEAD MASTER ",\"queues\":{\"ids\":\"8\",\"pool\":\"8-15\"}}", NK_CODE_CONFIG,
		  "queues.pool|beside \"queues.ids\"" },
		{ HEAD MASTER ",\"deviceID\":\"eth0-q8\",\"queues\":{\"ids\":\"9\"}}",
		  NK_CODE_CONFIG, "queues.ids: queue 9 is not in deviceID" },
		{ HEAD ",\"deviceID\":\"eth1-q8-9\",\"queues\":{\"count\":3}}", NK_CODE_CONFIG,
		  "queues.count|3|queues.ids or deviceID is 2" },
		{ HEAD MASTER ",\"queues\":{\"ids\":\"1-1024\"}}", NK_CODE_CONFIG,
		  "queues: 1024|at most 1023" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"0-3\"}}", NK_CODE_CONFIG,
		  "queues.pool|queue 0|never lent" },
		{ HEAD MASTER ",\"queues\":{\"ids\":\"0\"}}", NK_CODE_CONFIG,
		  "queues.ids|queue 0" },
		{ HEAD MASTER ",\"queues\":{\"ids\":\"8,8\"}}", NK_CODE_CONFIG,
		  "queues.ids|twice" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"4096\"}}", NK_CODE_CONFIG,
		  "queues.pool|from 1 to 4095" },
		{ HEAD ",\"deviceID\":\"eth1\"}", NK_CODE_CONFIG, "deviceID|<master>-q<N>" },
		{ HEAD ",\"deviceID\":\"0000:3b:00.0\"}", NK_CODE_CONFIG,
		  "deviceID|0000:3b:00.0|<master>-q<N>|\"queues\"" },
		{ HEAD ",\"deviceID\":\"mlx5_core.sf.4\"}", NK_CODE_CONFIG,
		  "deviceID|<master>-q<N>" },
	};

	EXPECT_ROWS(rows);
}

/* The kernel's own limit: 1024 receive queues, of which queue 0 is the device's. */
Test(config, a_device_leases_1023_queues_and_not_one_more)
{
	static const char good[] = HEAD MASTER ",\"queues\":{\"pool\":\"1-1024\",\"count\":1023}}";
	static const struct row rows[] = {
		{ HEAD MASTER ",\"queues\":{\"pool\":\"1-1024\",\"count\":1024}}", NK_CODE_CONFIG,
		  "queues.count|1024|from 1 to 1023" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"1-1024\",\"max\":1024}}", NK_CODE_CONFIG,
		  "queues.max|1024|from 1 to 1023" },
		{ HEAD MASTER ",\"queues\":{\"ids\":\"1-1024\"}}", NK_CODE_CONFIG,
		  "queues: 1024|at most 1023" },
		{ HEAD ",\"deviceID\":\"eth0-q1-1024\"}", NK_CODE_CONFIG,
		  "queues: 1024|at most 1023" },
	};
	struct nk_config config;
	struct nk_error err;

	unit_expect_ok(good, parse(good, NK_COMMAND_ADD, &config, &err), &err);
	cr_expect_eq(config.queue_count, 1023);
	cr_expect_eq(config.queue_max, 1023);
	nk_config_fini(&config);
	EXPECT_ROWS(rows);
}

Test(config, mac_that_is_no_unicast_address_is_refused)
{
	static const struct row rows[] = {
		{ GOOD ",\"mac\":\"x\"}", NK_CODE_CONFIG, "mac|\"x\"|six hex bytes" },
		{ GOOD ",\"mac\":\"02:00:00:00:00\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\"02:00:00:00:00:01:02\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\"2:0:0:0:0:1\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\"02-00-00-00-00-01\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\"02:00:00:00:00:0g\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\" 02:00:00:00:00:01\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\"02:00:00:00:00:01 \"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\"Master\"}", NK_CODE_CONFIG, "mac|\"master\" or" },
		{ GOOD ",\"mac\":\"01:00:00:00:00:01\"}", NK_CODE_CONFIG, "mac|unicast" },
		{ GOOD ",\"mac\":\"ff:ff:ff:ff:ff:ff\"}", NK_CODE_CONFIG, "mac|unicast" },
		{ GOOD ",\"mac\":\"00:00:00:00:00:00\"}", NK_CODE_CONFIG, "mac|unicast" },
	};

	EXPECT_ROWS(rows);
}

Test(config, logs_and_status)
{
	static const struct row rows[] = {
		{ GOOD ",\"logLevel\":\"verbose\"}", NK_CODE_CONFIG,
		  "logLevel|\"verbose\"|\"error\", \"warning\", \"info\" or \"debug\"" },
		{ GOOD ",\"logLevel\":1}", NK_CODE_CONFIG, "logLevel|1" },
		{ GOOD ",\"logFile\":\"l\"}", NK_CODE_CONFIG, "logFile|\"l\"|absolute path" },
		{ GOOD ",\"statusQueues\":2}", NK_CODE_CONFIG, "statusQueues|2|true or false" },
	};

	EXPECT_ROWS(rows);
	expect_taken(GOOD ",\"logLevel\":\"info\",\"logFile\":\"/l.log\",\"statusQueues\":true}",
		     NK_COMMAND_ADD);
	expect_taken(GOOD ",\"logLevel\":1,\"logFile\":\"l\"}", NK_COMMAND_DEL);
}

/* scanf() takes a sign or a space for the first of two digits. */
Test(config, mac_has_two_hex_digits_a_byte)
{
	static const struct row rows[] = {
		{ GOOD ",\"mac\":\"+2:00:00:00:00:01\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\"-2:00:00:00:00:01\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\"02:-1:00:00:00:01\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\"02: 1:00:00:00:01\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\"02:0x:00:00:00:01\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
		{ GOOD ",\"mac\":\"02:\\n1:00:00:00:01\"}", NK_CODE_CONFIG, "mac|six hex bytes" },
	};

	EXPECT_ROWS(rows);
}

Test(config, what_is_not_built_is_refused_with_key_and_value)
{
	static const struct row rows[] = {
		{ GOOD ",\"xdp\":{\"mode\":\"generic\"}}", NK_CODE_UNSUPPORTED,
		  "\"xdp.mode\"|generic" },
		{ HEAD MASTER ",\"queues\":{\"pool\":\"8\",\"coutn\":2}}", NK_CODE_UNSUPPORTED,
		  "\"queues.coutn\"|2" },
		{ GOOD ",\"xsk\":{\"Map\":false}}", NK_CODE_UNSUPPORTED, "\"xsk.Map\"|false" },
		{ GOOD ",\"xsk\":{\"owner\":0}}", NK_CODE_UNSUPPORTED, "\"xsk.owner\"|0" },
		{ GOOD ",\"xdp\":{\"kep\":false}}", NK_CODE_UNSUPPORTED, "\"xdp.kep\"|false" },
	};
	struct nk_config config;
	struct nk_error err;
	size_t i;

	EXPECT_ROWS(rows);
	/* the spec wants key and value in msg */
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char key[32];

		parse(rows[i].text, NK_COMMAND_ADD, &config, &err);
		snprintf(key, sizeof(key), "%.*s", (int)strcspn(rows[i].words, "|"), rows[i].words);
		cr_expect(strstr(err.msg, key) && strstr(err.msg, strchr(rows[i].words, '|') + 1),
			  "ran: %s\nmsg: %s", rows[i].text, err.msg);
		nk_config_fini(&config);
	}
}

Test(config, paths_have_one_spelling)
{
	static const char *const rows[][2] = {
		{ "/sys/fs/bpf", "/sys/fs/bpf" },
		{ "/sys/fs/bpf/", "/sys/fs/bpf" },
		{ "//sys///fs/bpf//", "/sys/fs/bpf" },
		{ "/", "/" },
		{ "///", "/" },
		{ "/a", "/a" },
	};
	char path[32];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(path, sizeof(path), "%s", rows[i][0]);
		nk_config_tidy_path(path);
		cr_expect_str_eq(path, rows[i][1], "%s", rows[i][0]);
	}
}

Test(config, bpffs_is_an_absolute_path)
{
	expect_refused(GOOD ",\"bpffs\":\"sys/fs/bpf\"}", NK_COMMAND_ADD, NK_CODE_CONFIG,
		       "bpffs|\"sys/fs/bpf\"|an absolute path");
	expect_refused(GOOD ",\"bpffs\":\"../bpf\"}", NK_COMMAND_DEL, NK_CODE_CONFIG,
		       "bpffs|\"../bpf\"|an absolute path");
}

/* --- runtimeConfig --------------------------------------------------------------------------- */

Test(config, runtime_config_that_is_too_long_is_refused)
{
	static const char zeros[] = "000000000000000000000000000000000000000000000000000000000000"
				    "000000000000000000000000000000000000000000000000000000000000"
				    "000000000000000000000000000000";
	static char text[1000];

	snprintf(text, sizeof(text), HEAD ",\"runtimeConfig\":{\"deviceID\":\"eth0-q%s\"}}", zeros);
	expect_refused(text, NK_COMMAND_ADD, NK_CODE_CONFIG, "runtimeConfig.deviceID|eth0-q00");
	snprintf(text, sizeof(text), GOOD ",\"runtimeConfig\":{\"mac\":\"%s\"}}", zeros);
	expect_refused(text, NK_COMMAND_ADD, NK_CODE_CONFIG, "runtimeConfig.mac|0000");
}

/* A key that asks for something is never ignored: here a fixed MAC would become a random one. */
Test(config, runtime_config_of_the_wrong_type_is_refused)
{
	expect_refused(GOOD ",\"runtimeConfig\":{\"mac\":5}}", NK_COMMAND_ADD, NK_CODE_CONFIG,
		       "runtimeConfig.mac|5|string");
	expect_refused(GOOD ",\"runtimeConfig\":{\"deviceID\":[\"eth0-q3\"]}}", NK_COMMAND_ADD,
		       NK_CODE_CONFIG, "runtimeConfig.deviceID|string");
}

Test(config, errors_in_runtime_config_carry_its_path)
{
	expect_refused(GOOD ",\"runtimeConfig\":{\"mac\":\"x\"}}", NK_COMMAND_ADD, NK_CODE_CONFIG,
		       "runtimeConfig.mac|\"x\"|six hex bytes");
	expect_refused(HEAD ",\"runtimeConfig\":{\"deviceID\":\"eth0\"}}", NK_COMMAND_ADD,
		       NK_CODE_CONFIG, "runtimeConfig.deviceID|<master>-q<N>");
}

/* parse_args() - with what CNI_ARGS and CNI_PATH may have said */
static int parse_args(const char *mac, const char *ips, const char *cni_path, const char *text,
		      struct nk_config *ret, struct nk_error *err)
{
	struct nk_request request = { .command = NK_COMMAND_ADD, .cni_path = cni_path };

	snprintf(request.mac, sizeof(request.mac), "%s", mac);
	snprintf(request.ips, sizeof(request.ips), "%s", ips);
	*ret = (struct nk_config){ 0 };
	*err = (struct nk_error){ 0 };
	return nk_config_parse(text, strlen(text), &request, ret, err);
}

static void expect_bad_args(const char *mac, const char *ips, const char *cni_path,
			    const char *text, enum nk_code code, const char *words)
{
	struct nk_config config;
	struct nk_error err;
	int rc = parse_args(mac, ips, cni_path, text, &config, &err);

	unit_expect_error(text, rc, &err, code, words);
	nk_config_fini(&config);
}

/* The variable is at fault, not the configuration, unless that says so too. */
Test(config, bad_values_in_cni_args_are_errors_of_the_environment)
{
	expect_bad_args("zz", "", "", GOOD "}", NK_CODE_ENV, "CNI_ARGS|MAC|\"zz\"|six hex bytes");
	expect_bad_args("01:00:5e:00:00:01", "", "", GOOD "}", NK_CODE_ENV, "CNI_ARGS|unicast");
	expect_bad_args("", "10.0.0.2,10.0.0.256", "", GOOD "}", NK_CODE_ENV,
			"CNI_ARGS|IP|\"10.0.0.256\"");
	expect_bad_args("02:00:00:00:00:01", "", "", GOOD ",\"runtimeConfig\":{\"mac\":\"x\"}}",
			NK_CODE_CONFIG, "runtimeConfig.mac|\"x\"");
	expect_bad_args("zz", "", "", GOOD ",\"runtimeConfig\":{\"deviceID\":5}}", NK_CODE_CONFIG,
			"runtimeConfig.deviceID|5");
}

Test(config, args_of_the_wrong_type_are_refused)
{
	static const struct row rows[] = {
		{ GOOD ",\"args\":\"a\"}", NK_CODE_CONFIG, "args: \"a\" is not an object" },
		{ GOOD ",\"args\":{\"cni\":[]}}", NK_CODE_CONFIG, "args.cni: [] is not an object" },
		{ GOOD ",\"args\":{\"cni\":{\"mac\":1}}}", NK_CODE_CONFIG, "args.cni.mac: 1" },
		{ GOOD ",\"args\":{\"cni\":{\"ips\":[1]}}}", NK_CODE_CONFIG, "args.cni.ips[0]" },
	};

	EXPECT_ROWS(rows);
	expect_taken(GOOD ",\"args\":{\"labels\":[{\"key\":\"a\"}],\"cni\":null}}", NK_COMMAND_ADD);
}

/* --- ipam, dns ------------------------------------------------------------------------------- */

Test(config, ipam_type_is_a_file_name_to_be_found_in_cni_path)
{
	struct nk_config config;
	struct nk_error err;
	static const char good[] = GOOD ",\"ipam\":{\"type\":\"host-local\",\"subnet\":1}}";

	unit_expect_ok(good, parse_args("", "", "/opt/cni/bin", good, &config, &err), &err);
	cr_expect_str_eq(config.ipam_type, "host-local");
	nk_config_fini(&config);
	expect_bad_args("", "", "", good, NK_CODE_ENV, "missing|CNI_PATH|host-local");
	expect_bad_args("", "", "/b", GOOD ",\"ipam\":{\"type\":\"../x\"}}", NK_CODE_CONFIG,
			"ipam.type|\"../x\"|file name");
	expect_bad_args("", "", "/b", GOOD ",\"ipam\":{\"type\":\"..\"}}", NK_CODE_CONFIG,
			"ipam.type|\"..\"|file name");
	expect_bad_args("", "", "/b", GOOD ",\"ipam\":{\"subnet\":\"x\"}}", NK_CODE_CONFIG,
			"missing ipam.type");
}

/* It goes into the result, and a runtime that cannot read that has an attachment that it cannot use.
 */
Test(config, dns_is_of_the_types_that_results_have)
{
	static const struct row rows[] = {
		{ GOOD ",\"dns\":\"10.0.0.10\"}", NK_CODE_CONFIG, "dns|not an object" },
		{ GOOD ",\"dns\":{\"nameservers\":\"x\"}}", NK_CODE_CONFIG,
		  "dns.nameservers|not an array" },
		{ GOOD ",\"dns\":{\"nameservers\":[\"x\",1]}}", NK_CODE_CONFIG,
		  "dns.nameservers[1]|not a string" },
		{ GOOD ",\"dns\":{\"search\":[{}]}}", NK_CODE_CONFIG,
		  "dns.search[0]|not a string" },
		{ GOOD ",\"dns\":{\"options\":[[]]}}", NK_CODE_CONFIG,
		  "dns.options[0]|not a string" },
		{ GOOD ",\"dns\":{\"domain\":5}}", NK_CODE_CONFIG, "dns.domain|5|a string" },
	};

	EXPECT_ROWS(rows);
	expect_taken(GOOD
		     ",\"dns\":{\"nameservers\":[\"10.0.0.10\"],\"domain\":\"\",\"search\":null,"
		     "\"options\":[],\"other\":1}}",
		     NK_COMMAND_ADD);
}

/* --- DEL, CHECK, VERSION --------------------------------------------------------------------- */

Test(config, del_reads_name_bpffs_and_keep)
{
	struct nk_config config;
	struct nk_error err;
	static const char text[] = HEAD ",\"bpffs\":\"/run/bpf\",\"xdp\":{\"keep\":false}}";

	unit_expect_ok(text, parse(text, NK_COMMAND_DEL, &config, &err), &err);
	cr_expect_str_eq(config.name, "net");
	cr_expect_str_eq(config.bpffs, "/run/bpf");
	cr_expect_not(config.xdp_keep);
	nk_config_fini(&config);
}

/* The configuration may have been edited since, for a version of ours that knows other keys. */
Test(config, del_takes_what_only_add_would_refuse)
{
	expect_taken(HEAD "}", NK_COMMAND_DEL);
	expect_taken(HEAD ",\"master\":5,\"queues\":\"x\",\"mtu\":-1,\"mac\":[],\"xsk\":0,"
			  "\"pairing\":\"pair\",\"mode\":\"l3\",\"deviceID\":\"?\",\"rss\":1,"
			  "\"runtimeConfig\":7,\"ipam\":{\"type\":\"dhcp\"},\"steering\":\"x\"}",
		     NK_COMMAND_DEL);
	expect_taken(GOOD ",\"prevResult\":{\"cniVersion\":\"1.0.0\"}}", NK_COMMAND_DEL);
}

Test(config, del_takes_members_of_xdp_that_it_does_not_read)
{
	expect_taken(HEAD ",\"xdp\":{\"mode\":\"generic\"}}", NK_COMMAND_DEL);
	expect_taken(HEAD ",\"xdp\":{\"keep\":true,\"frags\":true}}", NK_COMMAND_DEL);
}

Test(config, status_refuses_what_add_would_refuse)
{
	static const char head[] = "{\"cniVersion\":\"1.1.0\",\"name\":\"n\",\"pairing\":\"pair\"";
	char text[128];

	snprintf(text, sizeof(text), "%s}", head);
	expect_taken(text, NK_COMMAND_STATUS);
	snprintf(text, sizeof(text), "%s,\"xdp\":true}", head);
	expect_refused(text, NK_COMMAND_STATUS, NK_CODE_CONFIG, "xdp|true|not an object");
	snprintf(text, sizeof(text), "%s,\"mtu\":0}", head);
	expect_refused(text, NK_COMMAND_STATUS, NK_CODE_CONFIG, "mtu|0|from 68 to 65535");
}

Test(config, del_does_not_look_at_prev_result)
{
	expect_taken(HEAD ",\"prevResult\":[]}", NK_COMMAND_DEL);
	expect_taken(HEAD ",\"prevResult\":\"\"}", NK_COMMAND_DEL);
}

Test(config, check_needs_prev_result_and_cni_0_4_0)
{
	struct nk_config config;
	struct nk_error err;
	static const char text[] = HEAD ",\"prevResult\":{\"interfaces\":[]}}";

	expect_refused(HEAD "}", NK_COMMAND_CHECK, NK_CODE_CONFIG, "missing|\"prevResult\"");
	expect_refused("{\"cniVersion\":\"0.3.0\",\"name\":\"n\",\"prevResult\":{}}",
		       NK_COMMAND_CHECK, NK_CODE_VERSION, "CHECK|0.4.0|0.3.0");
	expect_refused("{\"cniVersion\":\"0.3.1\",\"name\":\"n\",\"prevResult\":{}}",
		       NK_COMMAND_CHECK, NK_CODE_VERSION, "CHECK|0.4.0|0.3.1");
	unit_expect_ok(text, parse(text, NK_COMMAND_CHECK, &config, &err), &err);
	cr_expect_not_null(nk_json_get(config.prev, "interfaces"));
	nk_config_fini(&config);
	expect_taken("{\"cniVersion\":\"0.4.0\",\"name\":\"n\",\"prevResult\":{}}",
		     NK_COMMAND_CHECK);
}

Test(config, check_and_del_read_what_is_valid_beside_what_is_not)
{
	struct nk_config config;
	struct nk_error err;
	static const char text[] = HEAD
		",\"mtu\":\"x\",\"scrub\":7,\"pairing\":\"pair\",\"peerPolicy\":\"blackhole\","
		"\"ifName\":\"nk7\",\"setAddresses\":1,\"hostRoute\":false,\"forwarding\":true,"
		"\"ipam\":{\"type\":\"dhcp\"},\"rss\":{\"keep\":false},\"prevResult\":{}}";

	unit_expect_ok(text, parse(text, NK_COMMAND_CHECK, &config, &err), &err);
	cr_expect(config.pair && config.set_addresses && !config.host_route && config.forwarding);
	cr_expect_eq(config.netkit.peer_policy, NK_NETKIT_POLICY_BLACKHOLE);
	cr_expect_eq(config.netkit.scrub, NK_NETKIT_SCRUB_DEFAULT);
	nk_config_fini(&config);
	unit_expect_ok(text, parse(text, NK_COMMAND_DEL, &config, &err), &err);
	cr_expect(config.pair && !config.rss_keep);
	cr_expect_str_eq(config.ifname, "nk7");
	cr_expect_str_eq(config.ipam_type, "dhcp");
	nk_config_fini(&config);
}

Test(config, probe_finds_the_version_or_takes_the_newest)
{
	static const struct {
		const char *text, *version;
	} rows[] = {
		{ "{\"cniVersion\":\"0.3.1\"}", "0.3.1" },
		{ "{\"cniVersion\":\"9.9.9\"}", "9.9.9" },
		{ "{\"cniVersion\":\"1.0.0-rc1\"}", "1.1.0" },
		{ "{\"cniVersion\":\"\"}", "1.1.0" },
		{ "{\"cniVersion\":1}", "1.1.0" },
		{ "{\"cniversion\":\"0.3.1\"}", "1.1.0" },
		{ "{}", "1.1.0" },
		{ "[]", "1.1.0" },
		{ "", "1.1.0" },
		{ "{\"cniVersion\":\"0.3.1\"", "1.1.0" },
	};
	char version[8];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		nk_config_probe_version(rows[i].text, strlen(rows[i].text), version);
		cr_expect_str_eq(version, rows[i].version, "%s gave %s", rows[i].text, version);
	}
}

/* --- conf/ ----------------------------------------------------------------------------------- */

/* try_entries() - every entry of ours in a conflist or configuration; there must be one */
static void try_entries(const char *text, const char *path)
{
	struct nk_error err = { 0 };
	unsigned int n;
	char *entry;

	for (n = 0;; n++) {
		unit_expect_ok(path,
			       nk_conflist_pick(text, strlen(text), "nk-cni", n, &entry, &err),
			       &err);
		if (!entry)
			break;
		expect_taken(entry, NK_COMMAND_ADD);
		expect_taken(entry, NK_COMMAND_DEL);
		free(entry);
	}
	cr_expect_gt(n, 0, "%s: no plugin is nk-cni", path);
}

/* in_manifest() - the configuration in a NetworkAttachmentDefinition: an indented block of YAML,
 * cut out in place
 */
static char *in_manifest(char *text, const char *path)
{
	static const char head[] = "  config: |\n";
	char *block = strstr(text, head), *end;

	cr_assert(block, "%s has no \"config: |\"", path);
	block += strlen(head);
	for (end = block; !strncmp(end, "    ", 4); end += strcspn(end, "\n") + 1)
		;
	*end = '\0';
	return block;
}

Test(config, every_example_in_conf_is_taken, .init = cr_redirect_stderr)
{
	glob_t found;
	char *text;
	size_t i, size, manifests = 0;

	cr_assert(!glob("conf/*.conflist", 0, NULL, &found), "there is no conf/*.conflist here");
	cr_assert(!glob("conf/kubernetes/*.yaml", GLOB_APPEND, NULL, &found));
	for (i = 0; i < found.gl_pathc; i++) {
		text = unit_read_text(found.gl_pathv[i], &size);
		if (!strstr(found.gl_pathv[i], ".yaml")) {
			try_entries(text, found.gl_pathv[i]);
		} else if (strstr(text, "kind: NetworkAttachmentDefinition")) {
			try_entries(in_manifest(text, found.gl_pathv[i]), found.gl_pathv[i]);
			manifests++;
		}
		free(text);
	}
	cr_expect_geq(manifests, 3);
	globfree(&found);
	fflush(stderr);
	cr_assert_stderr_eq_str("", "an example has a key that nk-cni warns about");
}
