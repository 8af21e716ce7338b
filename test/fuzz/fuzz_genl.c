// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_genl.c - what the kernel answers over generic netlink, families netdev and ethtool, and to ioctls
 *
 * The first byte says which request is answered: one of the table.
 */
#include "kernel.h"

#include "base/error.h"
#include "base/list.h"
#include "ethtool/feature.h"
#include "ethtool/rings.h"
#include "ethtool/rss.h"
#include "kernel/netdev.h"
#include "kernel/uapi.h"
#include "nic/flow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEATURE "rx-ntuple-filter"

static const struct nk_nic nic = { .ifindex = FUZZ_IFINDEX, .name = "ln0", .num_rx_queues = 16 };

static int has_command(struct nk_nl *nl, struct nk_error *err)
{
	return nk_nl_genl_has_command(nl, NK_NETDEV_CMD_QUEUE_CREATE, err);
}

static int get_xdp_features(struct nk_nl *nl, struct nk_error *err)
{
	uint64_t features;

	return nk_netdev_xdp_features(nl, FUZZ_IFINDEX, &features, err);
}

static int get_queue(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_queue queue = { 0 };
	char text[NK_LEASE_TEXT_SIZE];
	int rc = nk_netdev_queue_get(nl, FUZZ_IFINDEX, 3, &queue, err);

	nk_netdev_lease_text(&queue, text);
	fuzz_check(!(nk_netdev_has_xsk(&queue) && nk_netdev_has_provider(&queue)),
		   "a queue has one user");
	return rc;
}

static int read_queues(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_queue_list list = { 0 };
	int rc = nk_netdev_read_queues(nl, 0, &list, err);

	free(list.at);
	return rc;
}

/* get_irq() - -ENOENT fills no error */
static int get_irq(struct nk_nl *nl, struct nk_error *err)
{
	uint32_t irq;
	int rc = nk_netdev_irq(nl, FUZZ_IFINDEX, 3, &irq, err);

	return rc == -ENOENT ? 0 : rc;
}

static int wait_for_queue(struct nk_nl *nl, struct nk_error *err)
{
	uint32_t limit_ms = 60;

	(void)err;
	nk_netdev_queue_wait(nl, FUZZ_IFINDEX, 3, NK_QUEUE_LEASED, &limit_ms);
	return 0;
}

static int lease(struct nk_nl *nl, struct nk_error *err)
{
	uint32_t queue;

	return nk_netdev_lease(nl, FUZZ_IFINDEX, 0, FUZZ_IFINDEX, 3, &queue, err);
}

static int get_feature(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_feature feature;

	return nk_feature_get(nl, FUZZ_IFINDEX, FEATURE, &feature, err);
}

static int set_feature(struct nk_nl *nl, struct nk_error *err)
{
	return nk_feature_set(nl, FUZZ_IFINDEX, FEATURE, true, err);
}

static int get_rings(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_rings_state rings;

	return nk_rings_get(nl, FUZZ_IFINDEX, &rings, err);
}

static int set_rings(struct nk_nl *nl, struct nk_error *err)
{
	int rc = nk_rings_set_split(nl, FUZZ_IFINDEX, 2, err);

	return rc ? rc : nk_rings_set_threshold(nl, FUZZ_IFINDEX, 0, err);
}

/* exclude_queues() - of a table that the NIC reported: no entry has an excluded queue */
static void exclude_queues(const struct nk_rss *table)
{
	static struct nk_rss without;
	struct nk_queue_set excluded = { 0 };
	struct nk_error err = { 0 };
	uint32_t i;

	nk_queue_set_put(&excluded, 3);
	if (!nk_rss_exclude(table, &excluded, 16, &without, &err))
		for (i = 0; i < without.size; i++)
			fuzz_check(without.queues[i] != 3, "an excluded queue is in no table");
	(void)nk_rss_is_even(table, 16);
}

static int get_rss(struct nk_nl *nl, struct nk_error *err)
{
	static struct nk_rss table;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int rc = nk_rss_get(nl, FUZZ_IFINDEX, 1, &table, err);

	if (!rc) {
		exclude_queues(&table);
		nk_rss_print(out, &table);
	}
	fclose(out);
	free(text);
	return rc;
}

static int read_contexts(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_context_list list = { 0 };
	int rc = nk_rss_context_read(nl, FUZZ_IFINDEX, &list, err);

	free(list.at);
	return rc;
}

static int change_context(struct nk_nl *nl, struct nk_error *err)
{
	static const uint32_t queues[] = { 3, 4, 5 };
	int rc = nk_rss_context_create(nl, FUZZ_IFINDEX, 1, queues, 3, err);

	return rc ? rc : nk_rss_context_remove(nl, FUZZ_IFINDEX, 1, err);
}

static int reset_rss(struct nk_nl *nl, struct nk_error *err)
{
	static const struct nk_rss table = { .size = 2, .queues = { 0, 1 } };
	int rc = nk_rss_set(nl, FUZZ_IFINDEX, &table, err);

	return rc ? rc : nk_rss_reset(nl, FUZZ_IFINDEX, err);
}

static int read_rules(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_flow_list list = { 0 };
	char text[NK_FLOW_TEXT_SIZE];
	int rc = nk_flow_read(&nic, &list, err);
	uint32_t i;

	(void)nl;
	for (i = 0; i < list.count; i++)
		nk_flow_text(&list.at[i], text);
	free(list.at);
	return rc;
}

/* build_rule() - of ours: all frames to an address, or those of a VLAN to a port */
static void build_rule(bool is_vlan, struct nk_flow *ret)
{
	const struct nk_ipaddr addr = { AF_INET, { 10, 0, 0, 1 } };
	const struct nk_flow_target to = { .id = 3 };
	const struct nk_steering entry = {
		.match = is_vlan ? NK_MATCH_TCP : NK_MATCH_IP,
		.port = 80,
		.vlan = is_vlan ? 7 : 0,
	};

	nk_flow_build(&entry, NULL, &addr, &to, ret);
}

static int insert_rule(struct nk_nl *nl, struct nk_error *err)
{
	const uint32_t planned[] = { 0, 7 };
	struct nk_flow flow;
	int rc, i;

	for (i = 0; i < 2; i++) {
		build_rule(i, &flow);
		rc = nk_flow_place(&nic, planned, 2, &flow, err);
		if (!rc)
			rc = nk_flow_insert(nl, &nic, &flow, err);
		if (rc)
			return rc;
	}
	return nk_flow_remove(nl, &nic, 7, err);
}

static int find_rule(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_flow flow;
	uint32_t location;

	(void)nl;
	build_rule(true, &flow);
	return nk_flow_find(&nic, &flow, &location, err);
}

static int get_table(struct nk_nl *nl, struct nk_error *err)
{
	struct nk_flow_table table;

	(void)nl;
	return nk_flow_table_get(&nic, &table, err);
}

static const fuzz_request requests[] = {
	has_command,   get_xdp_features,      get_queue,   read_queues, get_irq,     wait_for_queue,
	lease,	       get_feature,	      set_feature, get_rings,	set_rings,   get_rss,
	read_contexts, change_context,	      reset_rss,   read_rules,	insert_rule, find_rule,
	get_table,     nk_netdev_probe_lease,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_kernel_answer(requests, sizeof(requests) / sizeof(requests[0]), data, size);
	return 0;
}
