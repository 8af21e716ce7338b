// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_sidecar.c - attachment.json: of whom it is, and as a container sees it
 *
 * The first byte says what the input is: the file; or, with bit 0, what is to be printed and read back.
 */
#include "input.h"

#include "base/error.h"
#include "base/json.h"
#include "run/sidecar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP "/run/xsks_map" /* in the container */

static void read_file(const char *text, const char *host_map)
{
	const struct nk_key key = {
		.ifname = "net1", .cni_ifname = "net1", .network = "fast", .container_id = "c1"
	};
	struct nk_json *json = NULL;
	struct nk_error err = { 0 };
	uint64_t memlock = 0;
	char *seen;

	(void)nk_sidecar_is_of(text, &key);
	seen = nk_sidecar_for_container(text, host_map, MAP, &memlock, &err);
	fuzz_check_rc(seen ? 0 : -err.sys, &err, "nk_sidecar_for_container");
	fuzz_check(seen || err.sys, "a failure has an errno");
	if (seen)
		fuzz_check(!nk_json_parse(seen, strlen(seen), &json, &err),
			   "a container sees JSON");
	nk_json_free(json);
	free(seen);
}

/* is_text() - the member has that value, but that JSON has no bytes that are not UTF-8 */
static bool is_text(const struct nk_json *json, const char *key, const char *value)
{
	const char *text = nk_json_string(nk_json_get(json, key));

	return text && strlen(text) == strlen(value);
}

/* check_printed() - as a sidecar reads it, on the host and in a container */
static void check_printed(const struct nk_sidecar *sidecar)
{
	char *text = nk_sidecar_print(sidecar), *seen;
	struct nk_json *json = NULL;
	struct nk_error err = { 0 };
	uint64_t memlock = 0;

	fuzz_check(text && !nk_json_parse(text, strlen(text), &json, &err), "the file is JSON");
	fuzz_check(is_text(json, "netns", sidecar->netns) &&
			   is_text(json, "ifName", sidecar->ifname) &&
			   nk_json_count(nk_json_get(json, "queues")) == sidecar->queue_count &&
			   nk_json_count(nk_json_get(json, "ips")) == sidecar->ip_count,
		   "the file has what was printed");
	nk_json_free(json);
	seen = nk_sidecar_for_container(text, sidecar->map ? sidecar->map : "/none", MAP, &memlock,
					&err);
	fuzz_check(seen != NULL, "a container sees the file");
	fuzz_check(memlock >= (sidecar->map ? NK_SIDECAR_QEMU_MEMLOCK : 0),
		   "a container may lock what QEMU needs");
	if (sidecar->map && strlen(sidecar->map) > strlen(MAP))
		fuzz_check(!strstr(seen, sidecar->map), "a container sees its own path of the map");
	free(seen);
	free(text);
}

static void print_file(struct fuzz_input *in, const char *ifname, const char *map)
{
	const uint8_t how = fuzz_u8(in);
	struct nk_sidecar_queue queues[4];
	struct nk_ip ips[4];
	struct nk_sidecar sidecar = {
		.network = "fast",
		.container_id = "c1",
		.cni_ifname = "net1",
		.ifname = ifname,
		.netns = "/run/netns/pod",
		.pod = how & 1 ? "shop/web" : "",
		.nic = "eth0",
		.pci_id = how & 2 ? "0000:3b:00.0" : "",
		.numa_node = how & 4 ? 1 : -1,
		.has_mac = how & 8,
		.ips = ips,
		.ip_count = how >> 4 & 3,
		.queues = queues,
		.queue_count = 1 + (how >> 6),
		.map = *map == '/' ? map : NULL,
		.page_size = 4096,
	};
	uint32_t i;

	for (i = 0; i < 4; i++) {
		fuzz_fill(in, &queues[i].lease, sizeof(queues[i].lease));
		queues[i].irq = fuzz_u8(in) & 1 ? NK_SIDECAR_NO_IRQ : i;
		fuzz_fill(in, &ips[i], sizeof(ips[i]));
	}
	sidecar.xsk.key = fuzz_u8(in) % 2;
	check_printed(&sidecar);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const uint8_t how = fuzz_u8(&in);
	char *first = fuzz_line(&in), *map = fuzz_line(&in), *text, ifname[IFNAMSIZ];

	map[strnlen(map, NK_PATH_SIZE - 1)] = '\0';
	if (how & 1) {
		snprintf(ifname, sizeof(ifname), "%s", first);
		print_file(&in, ifname, map);
	} else {
		text = fuzz_rest(&in, NULL);
		read_file(text, map);
		free(text);
	}
	text = nk_sidecar_print_device_info(map);
	fuzz_check(text != NULL, "a device information file is printed");
	free(text);
	free(map);
	free(first);
	return 0;
}
