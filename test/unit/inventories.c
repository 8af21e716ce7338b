// SPDX-License-Identifier: Apache-2.0
/* inventories.c - an inventory for tests */
#include "inventories.h"

#include <criterion/criterion.h>

static struct nk_inventory_queue inventory_queues[] = {
	{ 4,
	  1,
	  true,
	  true,
	  true,
	  31,
	  { .redirected = 1000, .no_socket = 7, .dropped = 3 },
	  false,
	  "xsk" },
	{ 5, 2, true, true, true, 32, { .redirected = UINT64_MAX - 1000, .resumed = 2 }, false, NULL },
	{ 7, 1, true, false, false, 0, { 0 }, false, NULL },
	{ 9, 2, true, true, false, 40, { 0 }, false, NULL },
	{ 10, 3, true, false, false, 0, { 0 }, false, NULL },
	{ 12, 1, false, false, false, 0, { 0 }, false, NULL },
};

struct nk_inventory_row inventory_rows[] = {
	{
		.claim = { .nsid = 3,
			   .mtu = 1500,
			   .mac = { 2, 0, 0, 0, 0, 5 },
			   .committed = 1,
			   .with_map = 1,
			   .key.ifname = "nk0",
			   .key.cni_ifname = "net1",
			   .key.network = "fast",
			   .key.container_id = "0123456789abcdef",
			   .pod_name = "shop/web-1" },
		.netns = "/run/netns/cni-1",
		.map = "/sys/fs/bpf/nk-cni/eth0/q4/xsks_map",
		.state = NK_INVENTORY_OK,
		.queue_count = 2,
		.queues = &inventory_queues[0],
	},
	{
		.claim = { .nsid = 0,
			   .mtu = 3498,
			   .pair = 1,
			   .key.ifname = "eth0",
			   .key.cni_ifname = "eth0",
			   .key.network = "wide",
			   .key.container_id = "c2" },
		.state = NK_INVENTORY_UNKNOWN,
		.numa_node = -1,
		.queue_count = 3,
		.queues = &inventory_queues[2],
	},
	{
		.claim = { .nsid = -1,
			   .mtu = 1500,
			   .with_map = 1,
			   .key.ifname = "a\"b\\c",
			   .key.cni_ifname = "net1",
			   .key.network = "two\nlines",
			   .key.container_id = "c3",
			   .pod_name = "\x1b[2J\xff" },
		.state = NK_INVENTORY_LOST,
		.numa_node = -1,
		.queue_count = 1,
		.queues = &inventory_queues[5],
	},
};

struct nk_inventory_nic inventory_nics[] = {
	{ .name = "eth0",
	  .dir = "eth0",
	  .has_version = true,
	  .version = 3,
	  .has_answered = true,
	  .answered = 11 },
	{ .name = "eth1", .dir = "eth1" },
};

const struct nk_inventory inventory = {
	.nic_count = 2,
	.row_count = 3,
	.nics = inventory_nics,
	.rows = inventory_rows,
};

const struct nk_inventory inventory_of_nothing;

char *inventory_text(void (*print)(const struct nk_inventory *of, FILE *out),
		     const struct nk_inventory *of)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(out);
	print(of, out);
	cr_assert_not(fclose(out));
	return text;
}
