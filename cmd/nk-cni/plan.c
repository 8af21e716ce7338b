// SPDX-License-Identifier: Apache-2.0
/*
 * plan.c - "nk-cni plan": what ADD would do with a configuration on this node, and changes nothing
 *
 * What ethtool, bridge and a shell can do is printed as they want it, so that it can be run by hand;
 * what no common tool can do, as the exact parameters.
 */
#include "commands.h"

#include "attach.h"
#include "cleanup.h"
#include "error.h"
#include "flow.h"
#include "ipaddr.h"
#include "mac.h"
#include "neigh.h"
#include "origin.h"
#include "queues.h"
#include "quirk.h"
#include "rss.h"
#include "slice.h"
#include "text.h"
#include "uapi.h"
#include "xps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "banned.h"

struct plan {
	const struct nk_config *config;
	const char *nic; /* its name, for a shell */
	struct nk_attachment *att;
	FILE *out;
	struct nk_flow_table rules;
	uint32_t front,
		behind; /* locations before and from which on the plan has used all that are free */
};

/* put_weights() - a table as "weight 8 8 0 0": the shares of the queues, which is what counts */
static void put_weights(FILE *out, const struct nk_rss *table)
{
	off_stack uint32_t weight[NK_QUEUE_IDS];
	uint32_t i, last = 0;

	memset(weight, 0, sizeof(weight));
	for (i = 0; i < table->size; i++) {
		if (table->queues[i] >= NK_QUEUE_IDS)
			continue;
		weight[table->queues[i]]++;
		last = table->queues[i] > last ? table->queues[i] : last;
	}
	fputs("weight", out);
	for (i = 0; i <= last; i++)
		fprintf(out, " %u", weight[i]);
}

static void put_change(const struct plan *plan, const struct nk_setting_change *change)
{
	const char *nic = plan->nic;
	char text[NK_XPS_TEXT_SIZE];
	struct nk_cpu_set mask;
	off_stack struct nk_rss table;
	uint32_t bytes;

	switch (nk_setting_kind(change->item)) {
	case NK_SETTING_RSS:
		nk_setting_unpack_rss(&change->want, &table);
		fprintf(plan->out, "ethtool -X %s ", nic);
		put_weights(plan->out, &table);
		fputs("  # nk-cni keeps the other entries where they are\n", plan->out);
		break;
	case NK_SETTING_XPS:
		memcpy(&mask, change->want.bytes, sizeof(mask));
		nk_xps_text(&mask, text);
		fprintf(plan->out, "echo %s > /sys/class/net/%s/queues/tx-%u/xps_cpus\n", text, nic,
			change->item & 0xffff);
		break;
	case NK_SETTING_FEATURE:
		fprintf(plan->out, "ethtool -K %s %s %s\n", nic,
			nk_setting_feature_name((enum nk_setting_feature)(change->item & 0xffff)),
			change->want.bytes[0] ? "on" : "off");
		break;
	case NK_SETTING_SPLIT:
		fprintf(plan->out, "ethtool -G %s tcp-data-split %s\n", nic,
			change->want.bytes[0] == NK_SPLIT_ON ? "on" : "off");
		break;
	case NK_SETTING_HDS:
		memcpy(&bytes, change->want.bytes, sizeof(bytes));
		fprintf(plan->out, "ethtool -G %s hds-thresh %u\n", nic, bytes);
		break;
	}
}

/* put_present() - the NIC as it is: what the plan starts from */
static int put_present(const struct plan *plan, struct nk_error *err)
{
	const struct nk_nic *nic = &plan->att->lender.nic;
	struct nk_error none = { 0 };
	struct nk_flow_table rules;
	off_stack struct nk_rss table;
	char driver[NK_QUIRK_DRIVER_SIZE];
	uint32_t free_queues, later;
	int rc;

	(void)nk_quirk_driver(nic, driver); /* for people */
	fprintf(plan->out, "# %s: driver %s, %d receive queues, MTU %u\n", nic->name,
		*driver ? driver : "unknown", nk_xps_rx_count(nic), nic->mtu);
	rc = nk_attach_count_free(plan->att, plan->config, &free_queues, &later, err);
	if (rc)
		return rc;
	fprintf(plan->out, "# queues: %u of those named are free, %u wanted\n", free_queues,
		plan->config->queue_count);
	if (nk_flow_table_get(nic, &rules, &none))
		fputs("# flow rules: none possible\n", plan->out);
	else
		fprintf(plan->out, "# flow rules: %u in use, room for %u; %s\n", rules.used,
			rules.size,
			rules.anywhere ? "the driver chooses locations" :
					 "at the lowest free location");
	if (nk_rss_get(&plan->att->host, nic->ifindex, 0, &table, &none)) {
		fputs("# RSS: no table\n", plan->out);
	} else {
		fprintf(plan->out, "# RSS: %u entries, ", table.size);
		put_weights(plan->out, &table);
		fputc('\n', plan->out);
	}
	return 0;
}

static int put_settings(const struct plan *plan, struct nk_error *err)
{
	struct nk_slice_nic on = {
		.nl = &plan->att->host,
		.nic = &plan->att->lender.nic,
		.claims = plan->att->lender.claims,
	};
	off_stack struct nk_config config;
	char path[NK_PATH_SIZE];
	uint32_t i;
	int rc;

	config = *plan->config;
	/* ADD has claimed them by then. */
	for (i = 0; i < plan->att->lease_count; i++)
		nk_queue_set_put(&config.queues, plan->att->leases[i].phys);
	nk_nicdir_pin(&plan->att->lender.dir, "origin", path);
	on.origin = nk_origin_open(path, false, err);
	if (on.origin < 0 && on.origin != -ENOENT)
		return on.origin;
	rc = nk_slice_settings(&on, &config, &plan->att->changes, err);
	if (on.origin >= 0)
		close(on.origin);
	if (rc)
		return rc;
	fputs("\n# settings of the NIC\n", plan->out);
	for (i = 0; i < plan->att->changes.count; i++)
		put_change(plan, &plan->att->changes.list[i]);
	if (!plan->att->changes.count)
		fputs("# none has to change\n", plan->out);
	return 0;
}

static void put_device(const struct plan *plan)
{
	const struct nk_attachment *att = plan->att;
	char mac[NK_MAC_TEXT_SIZE];
	uint32_t i;

	fputs("\n# device and leases: rtnetlink, and family netdev in the Pod's netns; as ynl takes it\n",
	      plan->out);
	nk_mac_text(att->mac, mac);
	fprintf(plan->out,
		"# rt-link newlink%s: {\"ifname\": \"%s\", \"address\": \"%s\", \"mtu\": %u, "
		"\"num-rx-queues\": %u, \"group\": %u, \"linkinfo\": {\"kind\": \"netkit\", "
		"\"data\": {\"mode\": \"%s\", \"pairing\": \"%s\"}}}\n",
		att->pair ? ", the Pod's end" : "", att->key.ifname,
		plan->config->netkit.mode == NK_NETKIT_L3 ? "" : mac, att->mtu,
		plan->config->queue_max + 1, NK_LINK_GROUP,
		plan->config->netkit.mode == NK_NETKIT_L3 ? "l3" : "l2",
		att->pair ? "pair" : "single");
	for (i = 0; i < att->lease_count; i++)
		fprintf(plan->out,
			"# netdev queue-create {\"ifindex\": <of %s>, \"type\": \"rx\", \"lease\": "
			"{\"ifindex\": %u, \"queue\": {\"id\": %u, \"type\": \"rx\"}, "
			"\"netns-id\": <of the host>}}\n",
			att->key.ifname, att->lender.nic.ifindex, att->leases[i].phys);
}

static void put_map(const struct plan *plan)
{
	char path[NK_PATH_SIZE];

	if (!plan->att->with_map)
		return;
	nk_nicdir_pin(&plan->att->lender.dir, "link", path);
	fprintf(plan->out,
		"\n# BPF: XDP program nk_redirect on %s, native mode, link pinned at %s\n",
		plan->att->lender.nic.name, path);
	nk_nicdir_xsks_map(&plan->att->lender.dir, plan->att->leases[0].phys, path);
	fprintf(plan->out, "# XSKMAP for the Pod: %s\n", path);
}

static bool is_free(const struct plan *plan, uint32_t location)
{
	struct nk_error none = { 0 };
	struct nk_flow other;

	return nk_flow_get(&plan->att->lender.nic, location, &other, &none) == -ENOENT;
}

/* choose_location() - as nk_flow_place() does, were the rules of the plan there already */
static uint32_t choose_location(struct plan *plan, const struct nk_flow *flow)
{
	if (!nk_flow_vlan(flow)) {
		while (plan->behind > 0)
			if (is_free(plan, --plan->behind))
				return plan->behind;
	} else if (!plan->rules.anywhere) {
		while (plan->front < plan->rules.size)
			if (is_free(plan, plan->front++))
				return plan->front - 1;
	}
	return RX_CLS_LOC_ANY;
}

static void put_rule(struct plan *plan, const struct nk_steering *how, const struct nk_ipaddr *addr,
		     const struct nk_flow_target *to)
{
	char text[NK_FLOW_TEXT_SIZE], unplaced[NK_FLOW_TEXT_SIZE];
	struct nk_flow flow;

	nk_flow_build(how, plan->att->mac, addr, to, &flow);
	nk_flow_text(&flow, unplaced);
	flow.spec.location = choose_location(plan, &flow);
	nk_flow_text(&flow, text);
	fprintf(plan->out, "ethtool -N %s %s", plan->nic, text);
	/* A driver may insist on choosing it. */
	if (flow.spec.location != RX_CLS_LOC_ANY && plan->rules.anywhere)
		fprintf(plan->out, " || ethtool -N %s %s", plan->nic, unplaced);
	fputc('\n', plan->out);
}

/* put_group() - the multicast group in which an IPv6 address is asked for */
static void put_group(const struct plan *plan, const struct nk_ipaddr *addr)
{
	char text[NK_MAC_TEXT_SIZE];
	uint8_t group[NK_MAC_LEN];

	if (addr->family != AF_INET6)
		return;
	nk_neigh_group(addr, group);
	nk_mac_text(group, text);
	fprintf(plan->out, "bridge fdb add %s dev %s self permanent\n", text, plan->nic);
}

/* put_rules() - with the addresses that the configuration knows; an IPAM plugin is not asked. */
static void put_rules(struct plan *plan)
{
	const struct nk_config *config = plan->config;
	const struct nk_flow_target to = {
		.is_context = nk_slice_wants_context(config),
		.id = nk_slice_wants_context(config) ? 1 : plan->att->leases[0].phys,
	};
	struct nk_error none = { 0 };
	char mac[NK_MAC_TEXT_SIZE];
	uint32_t i, k;

	(void)nk_flow_table_get(&plan->att->lender.nic, &plan->rules, &none);
	plan->behind = plan->rules.size;
	nk_mac_text(plan->att->mac, mac);
	fputs("\n# which frames\n", plan->out);
	if (config->mac_source == NK_MAC_RANDOM)
		fputs("# the MAC is another one at each ADD\n", plan->out);
	if (!plan->att->pair && config->mac_source != NK_MAC_MASTER)
		fprintf(plan->out, "bridge fdb add %s dev %s self permanent\n", mac, plan->nic);
	if (to.is_context) {
		fprintf(plan->out, "ethtool -X %s context new weight", plan->nic);
		for (i = 0; i <= plan->att->leases[plan->att->lease_count - 1].phys; i++) {
			for (k = 0; k < plan->att->lease_count && plan->att->leases[k].phys != i;
			     k++)
				;
			fprintf(plan->out, " %d", k < plan->att->lease_count);
		}
		fputs("  # its id takes the place of 1 below\n", plan->out);
	}
	for (i = 0; i < config->steering_count; i++) {
		if (config->steering[i].match == NK_MATCH_MAC)
			put_rule(plan, &config->steering[i], NULL, &to);
		for (k = 0; k < config->ip_count && config->steering[i].match != NK_MATCH_MAC; k++)
			put_rule(plan, &config->steering[i], &config->ips[k].addr, &to);
	}
	if (*config->ipam_type || config->prev)
		fputs("# and rules for the addresses that an IPAM plugin or the plugins before give\n",
		      plan->out);
	for (i = 0; config->neigh_answer && i < config->ip_count; i++)
		put_group(plan, &config->ips[i].addr);
	if (config->neigh_answer)
		fputs("# ARP and neighbour solicitations for the addresses are answered by the XDP "
		      "program\n",
		      plan->out);
}

static int write_plan(struct plan *plan, struct nk_error *err)
{
	int rc;

	fprintf(plan->out, "# %s of network %s; nothing was changed\n", plan->att->key.ifname,
		plan->config->name);
	if (!plan->config->queue_count) {
		put_device(plan);
		return 0;
	}
	rc = put_present(plan, err);
	if (!rc)
		rc = put_settings(plan, err);
	if (rc)
		return rc;
	put_device(plan);
	put_map(plan);
	put_rules(plan);
	return 0;
}

int nk_cmd_plan(const struct nk_request *request, const struct nk_config *config,
		struct nk_attachment *att, char **ret, struct nk_error *err)
{
	struct plan plan = { .config = config, .att = att };
	char quoted[NK_QUOTED_SIZE];
	size_t size;
	int rc;

	*ret = NULL;
	rc = nk_attachment_init(att, request, config, err);
	if (!rc)
		rc = nk_preflight(att, config, err);
	if (!rc)
		rc = nk_attach_plan(att, config, err);
	if (rc)
		return rc;
	plan.nic = nk_text_quote(att->lender.nic.name, quoted);
	plan.out = open_memstream(ret, &size);
	if (!plan.out)
		return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	rc = write_plan(&plan, err);
	if (fclose(plan.out) && !rc)
		rc = nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	if (!rc) {
		nk_text_clean(*ret, "\n");
		return 0;
	}
	free(*ret);
	*ret = NULL;
	return rc;
}
