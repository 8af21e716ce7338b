// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_text.c - texts that are parsed by themselves: lists of queues and CPUs, deviceIDs, addresses, MACs, JSON
 *
 * Every parser gets every text. What one accepts is printed, and read back equal.
 */
#include "input.h"

#include "base/error.h"
#include "base/ipaddr.h"
#include "base/json.h"
#include "base/json_lex.h"
#include "base/mac.h"
#include "base/queues.h"
#include "base/spelling.h"
#include "base/text.h"
#include "ethtool/xps.h"
#include "kernel/netkit.h"
#include "kernel/sysnet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void try_queues(const char *text)
{
	static char printed[5 * NK_QUEUE_IDS];
	struct nk_queue_set set, back;
	struct nk_error err = { 0 };
	char master[NK_ALTNAME_SIZE], small[16];
	int count = nk_queue_set_parse(text, "pool", &set, &err), device;

	fuzz_check_rc(count, &err, "nk_queue_set_parse");
	nk_error_reset(&err);
	if (count > 0) {
		nk_queue_set_text(&set, printed, sizeof(printed));
		fuzz_check(nk_queue_set_parse(printed, "pool", &back, &err) == count &&
				   !memcmp(&set, &back, sizeof(set)),
			   "a list of queues is read back");
		nk_queue_set_text(&set, small, sizeof(small));
	}
	device = nk_device_id_parse(text, "deviceID", master, &set, &err);
	fuzz_check_rc(device, &err, "nk_device_id_parse");
	if (device > 0)
		fuzz_check(!strncmp(text, master, strlen(master)) && *master,
			   "a deviceID begins with its NIC");
}

static void try_cpus(const char *text)
{
	char printed[NK_XPS_TEXT_SIZE];
	struct nk_cpu_set set, back;

	if (!nk_xps_parse_list(text, &set)) {
		nk_xps_text(&set, printed);
		fuzz_check(!nk_xps_parse(printed, &back) && !memcmp(&set, &back, sizeof(set)),
			   "a list of CPUs is read back as a mask");
	}
	if (!nk_xps_parse(text, &set)) {
		nk_xps_text(&set, printed);
		fuzz_check(!nk_xps_parse(printed, &back) && !memcmp(&set, &back, sizeof(set)),
			   "a mask of CPUs is read back");
	}
}

static void try_addresses(const char *text)
{
	char printed[NK_IPADDR_TEXT_SIZE], mac_text[NK_MAC_TEXT_SIZE];
	uint8_t mac[NK_MAC_LEN], mac_back[NK_MAC_LEN];
	struct nk_prefix prefix, prefix_back;
	struct nk_ipaddr addr, back;

	if (nk_ipaddr_parse(text, &addr)) {
		nk_ipaddr_text(&addr, printed);
		fuzz_check(nk_ipaddr_parse(printed, &back) && nk_ipaddr_equal(&addr, &back),
			   "an address is read back");
		prefix = nk_prefix_host(&addr);
		fuzz_check(nk_prefix_has(&prefix, &addr), "an address is in its own prefix");
	}
	if (nk_prefix_parse(text, true, &prefix)) {
		nk_prefix_text(&prefix, printed);
		fuzz_check(nk_prefix_parse(printed, false, &prefix_back) &&
				   !memcmp(&prefix, &prefix_back, sizeof(prefix)),
			   "a prefix is read back");
		fuzz_check(nk_prefix_equal(&prefix, &prefix_back) &&
				   nk_prefix_has(&prefix, &prefix.addr),
			   "a prefix has its address");
		(void)nk_prefix_flaw(&prefix);
	}
	if (nk_mac_parse_any(text, mac)) {
		nk_mac_text(mac, mac_text);
		fuzz_check(nk_mac_parse(mac_text, mac_back) && !memcmp(mac, mac_back, sizeof(mac)),
			   "a MAC is read back");
	}
}

/* try_json() - what is accepted is printed, and read back as a document that prints the same */
static void try_json(const char *text)
{
	struct nk_json *json = NULL, *back = NULL;
	struct nk_error err = { 0 };
	const size_t size = strlen(text);
	char *line, *again, cut[24];
	int rc = nk_json_parse(text, size, &json, &err);

	fuzz_check_rc(rc, &err, "nk_json_parse");
	if (rc)
		return;
	fuzz_check(!nk_json_lex(text, size, &err), "JSON has valid tokens");
	nk_json_print_short(json, cut, sizeof(cut));
	line = nk_json_print_line(json);
	fuzz_check(line && !nk_json_parse(line, strlen(line), &back, &err),
		   "printed JSON is read back");
	again = nk_json_print_line(back);
	fuzz_check(again && !strcmp(line, again), "printed JSON stays as it is");
	nk_json_free(back);
	nk_json_free(json);
	free(again);
	free(line);
}

static void try_names(char *text)
{
	char quoted[NK_QUOTED_SIZE], pci[IFNAMSIZ];
	const char *c;

	fuzz_check(*nk_text_quote(text, quoted) != '\0', "a name is quoted");
	for (c = quoted; *c; c++)
		fuzz_check(*c >= ' ' && *c <= '~', "a quoted name can be printed");
	nk_sysnet_pci_of(text, pci);
	fuzz_check(strstr(text, pci) != NULL, "a PCI address is a part of the path");
	(void)nk_netkit_carries_unreadable(text);
	(void)nk_spelling_is_near(text, "hdsThreshold");
	fuzz_check(nk_spelling_is_near(text, text), "a word is near itself");
	nk_text_clean(text, "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *text = fuzz_rest(&in, NULL);

	try_queues(text);
	try_cpus(text);
	try_addresses(text);
	try_json(text);
	try_names(text);
	free(text);
	return 0;
}
