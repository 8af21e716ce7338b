// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_result.c - prevResult of every CNI version, and the result that ADD makes of it
 *
 * The first byte is the version of the configuration. Then comes prevResult, and after a byte of zero what an IPAM
 * plugin answered.
 */
#include "input.h"

#include "base/error.h"
#include "base/json.h"
#include "cni/config.h"
#include "cni/ipam.h"
#include "cni/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct nk_result_interface interfaces[2] = {
	{ .name = "nkh1a2b", .has_mac = true, .mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500 },
	{ .name = "net1",
	  .has_mac = true,
	  .mac = { 2, 0, 0, 0, 0, 2 },
	  .mtu = 1500,
	  .sandbox = "/run/netns/pod",
	  .pci_id = "0000:3b:00.0",
	  .socket_path = "/sys/fs/bpf/nk-cni/eth0/q4/xsks_map" },
};

static uint32_t count_versions(void)
{
	uint32_t i = 0;

	while (nk_config_versions[i])
		i++;
	return i;
}

static struct nk_json *parse(const char *text)
{
	struct nk_json *json = NULL;
	struct nk_error err = { 0 };

	fuzz_check(text && !nk_json_parse(text, strlen(text), &json, &err), "a result is JSON");
	return json;
}

/* check_addresses() - ours are the last ones, and are read back */
static void check_addresses(const struct nk_json *json, const struct nk_result *result)
{
	static struct nk_ipam_result back;
	struct nk_error err = { 0 };
	uint32_t i, first;

	back = (struct nk_ipam_result){ 0 };
	if (!result->ipam || nk_ipam_parse(json, "", &back, &err))
		return; /* with prevResult's, they can be too many */
	fuzz_check(back.ip_count >= result->ipam->ip_count, "all addresses are there");
	first = back.ip_count - result->ipam->ip_count;
	for (i = 0; i < result->ipam->ip_count; i++)
		fuzz_check(!memcmp(&back.ips[first + i].address, &result->ipam->ips[i].address,
				   sizeof(back.ips[0].address)) &&
				   !memcmp(&back.ips[first + i].gateway,
					   &result->ipam->ips[i].gateway,
					   sizeof(back.ips[0].gateway)),
			   "addresses are read back");
	first = back.route_count - result->ipam->route_count;
	for (i = 0; i < result->ipam->route_count; i++)
		fuzz_check(!memcmp(&back.routes[first + i], &result->ipam->routes[i],
				   sizeof(back.routes[0])),
			   "routes are read back");
}

/* check_printed() - a result is a valid prevResult, has our interfaces, and printed again it is the same */
static void check_printed(const struct nk_result *result)
{
	char *text = nk_result_print(result), *again;
	struct nk_json *json = parse(text);
	struct nk_result same = { .prev = json };
	struct nk_error err = { 0 };
	uint32_t i;

	fuzz_check(!nk_result_check_shape(json, result->cni_version, &err),
		   "a result is a valid prevResult");
	fuzz_check(!nk_result_check_prev(json, result, &err), "CHECK accepts what ADD printed");
	for (i = 0; i < result->interface_count; i++)
		fuzz_check(nk_result_lists(json, result->interfaces[i].name) &&
				   nk_result_find(json, result->interfaces[i].name,
						  result->interfaces[i].sandbox) >= 0,
			   "the interfaces are listed");
	check_addresses(json, result);
	snprintf(same.cni_version, sizeof(same.cni_version), "%s", result->cni_version);
	again = nk_result_print(&same);
	fuzz_check(again && !strcmp(text, again), "a result that is passed on is not changed");
	free(again);
	nk_json_free(json);
	free(text);
}

/* set_ipam() - a plugin's answer as part of our result, if it is valid */
static void set_ipam(struct nk_result *result, struct nk_json *json, struct nk_ipam_result *ipam)
{
	struct nk_error err = { 0 };

	*ipam = (struct nk_ipam_result){ 0 };
	if (json && !nk_ipam_parse(json, "", ipam, &err))
		result->ipam = ipam;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nk_ipam_result ipam;
	struct fuzz_input in = { data, size };
	const char *version = nk_config_versions[fuzz_u8(&in) % count_versions()];
	const uint8_t *end = in.left ? memchr(in.at, 0, in.left) : NULL;
	struct fuzz_input prev = { in.at, end ? (size_t)(end - in.at) : in.left };
	struct fuzz_input rest = { in.at + prev.left, in.left - prev.left };
	struct nk_result result = { .interface_count = 2, .pod_interface = 1 };
	struct nk_json *json = NULL, *answer = NULL;
	struct nk_error err = { 0 };
	char *text, *said;
	size_t text_size, said_size;

	(void)fuzz_u8(&rest);
	text = fuzz_rest(&prev, &text_size);
	said = fuzz_rest(&rest, &said_size);
	snprintf(result.cni_version, sizeof(result.cni_version), "%s", version);
	memcpy(result.interfaces, interfaces, sizeof(interfaces));
	if (text_size && nk_json_parse(text, text_size, &json, &err))
		goto out;
	if (said_size && nk_json_parse(said, said_size, &answer, &err))
		goto out;
	result.prev = json;
	set_ipam(&result, answer, &ipam);
	if (!nk_result_check_shape(json, version, &err) &&
	    !nk_result_check_absent(json, interfaces[0].name, NULL, &err) &&
	    !nk_result_check_absent(json, interfaces[1].name, interfaces[1].sandbox, &err))
		check_printed(&result);
	nk_error_reset(&err);
	(void)nk_result_check_prev(json, &result, &err);
out:
	nk_json_free(answer);
	nk_json_free(json);
	free(said);
	free(text);
	return 0;
}
