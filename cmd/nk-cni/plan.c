// SPDX-License-Identifier: Apache-2.0
/*
 * plan.c - "nk-cni plan": print what ADD would do on this node; read only
 *
 * Prints shell commands where ethtool, bridge or a shell can do it, and the exact kernel parameters
 * where no common tool can.
 */
#include "commands.h"

#include "attach/attach.h"
#include "attach/mode.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mac.h"
#include "base/text.h"
#include "ethtool/rss.h"
#include "ethtool/xps.h"
#include "kernel/filter.h"
#include "kernel/physical.h"
#include "kernel/uapi.h"
#include "nic/flow.h"
#include "nic/nic_plan.h"
#include "nic/quirk.h"
#include "nic/steering.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/banned.h"

struct plan {
	const struct nk_config *config;
	const char *nic; /* its name, quoted for a shell */
	struct nk_attachment *att;
	FILE *out;
};

/* put_present() - the NIC's present state */
static int put_present(const struct plan *plan, struct nk_error *err)
{
	const struct nk_nic *nic = &plan->att->lender.nic;
	struct nk_error none = { 0 };
	struct nk_flow_table rules;
	off_stack struct nk_rss table;
	char driver[NK_QUIRK_DRIVER_SIZE];
	uint32_t free_queues, later;
	int rc;

	(void)nk_quirk_driver(nic, driver); /* empty if unknown */
	fprintf(plan->out, "# %s: driver %s, %d receive queues, MTU %u\n", nic->name,
		*driver ? driver : "unknown", nk_xps_rx_count(nic), nic->mtu);
	rc = nk_attach_count_free(plan->att, plan->config, &free_queues, &later, err);
	if (rc)
		return rc;
	fprintf(plan->out,
		"# queues: %u of the configured queues are free; the attachment needs %u\n",
		free_queues, plan->config->queue_count);
	if (nk_flow_table_get(nic, &rules, &none))
		fputs("# flow rules: the NIC supports none, or they cannot be read\n", plan->out);
	else
		fprintf(plan->out, "# flow rules: %u in use, room for %u; %s\n", rules.used,
			rules.size,
			rules.anywhere ? "the driver chooses locations" :
					 "nk-cni chooses locations");
	if (nk_rss_get(&plan->att->host, nic->ifindex, 0, &table, &none)) {
		fputs("# RSS: no table\n", plan->out);
	} else {
		fprintf(plan->out, "# RSS: %u entries, ", table.size);
		nk_rss_print(plan->out, &table);
		fputc('\n', plan->out);
	}
	return 0;
}

/* is_only_saved() - has the setting the wanted value? Whether header split was set, the NIC does not
 * report.
 */
static bool is_only_saved(const struct nk_setting_change *change)
{
	return nk_setting_kind(change->item) != NK_SETTING_SPLIT &&
	       !memcmp(change->present.bytes, change->want.bytes, change->want.size);
}

static int put_settings(const struct plan *plan, struct nk_error *err)
{
	struct nk_setting_changes changes = { 0 };
	uint32_t i, count = 0;
	int rc = nk_attach_plan_settings(plan->att, plan->config, &changes, err);

	if (!rc)
		fputs("\n# settings of the NIC\n", plan->out);
	/* Any other program was refused. */
	if (!rc && nk_mode_of(plan->config) == NK_MODE_PROVIDER &&
	    plan->att->lender.nic.xdp_prog_id)
		fputs("# BPF: ADD detaches the XDP program of nk-cni, which no Pod uses\n",
		      plan->out);
	for (i = 0; i < changes.count && !rc; i++) {
		if (is_only_saved(&changes.at[i]))
			continue;
		nk_setting_print(plan->out, plan->nic, changes.at[i].item, &changes.at[i].want);
		count++;
	}
	if (!rc && !count)
		fputs("# no change needed\n", plan->out);
	nk_nic_plan_fini(&changes);
	return rc;
}

static void put_device(const struct plan *plan)
{
	const struct nk_attachment *att = plan->att;
	char mac[NK_MAC_TEXT_SIZE];
	uint32_t i;

	fputs("\n# device and leases: rtnetlink, and family netdev in the Pod's netns; in ynl's "
	      "format\n",
	      plan->out);
	nk_mac_text(att->claim.mac, mac);
	fprintf(plan->out,
		"# rt-link newlink%s: {\"ifname\": \"%s\", \"address\": \"%s\", \"mtu\": %u, "
		"\"num-rx-queues\": %u, \"group\": %u, \"linkinfo\": {\"kind\": \"netkit\", "
		"\"data\": {\"mode\": \"%s\", \"pairing\": \"%s\"}}}\n",
		att->claim.pair ? ", the Pod's end" : "", att->claim.key.ifname,
		plan->config->netkit.mode == NK_NETKIT_L3 ? "" : mac, att->claim.mtu,
		plan->config->queue_max + 1, NK_LINK_GROUP,
		plan->config->netkit.mode == NK_NETKIT_L3 ? "l3" : "l2",
		att->claim.pair ? "pair" : "single");
	for (i = 0; i < att->lease_count; i++)
		fprintf(plan->out,
			"# netdev queue-create {\"ifindex\": <of %s>, \"type\": \"rx\", \"lease\": "
			"{\"ifindex\": %u, \"queue\": {\"id\": %u, \"type\": \"rx\"}, "
			"\"netns-id\": <of the host>}}\n",
			att->claim.key.ifname, att->lender.nic.ifindex, att->leases[i].phys);
}

static void put_map(const struct plan *plan)
{
	char path[NK_PATH_SIZE];

	if (!plan->att->claim.with_map)
		return;
	nk_nicdir_pin(&plan->att->lender.dir, NK_PIN_LINK, path);
	fprintf(plan->out,
		"\n# BPF: XDP program nk_redirect on %s, native mode, link pinned at %s\n",
		plan->att->lender.nic.name, path);
	nk_nicdir_xsks_map(&plan->att->lender.dir, plan->att->leases[0].phys, path);
	fprintf(plan->out, "# XSKMAP for the Pod: %s\n", path);
}

static void put_context(const struct plan *plan)
{
	const struct nk_attachment *att = plan->att;
	off_stack struct nk_rss table;

	for (table.size = 0; table.size < att->lease_count; table.size++)
		table.queues[table.size] = att->leases[table.size].phys;
	fprintf(plan->out, "ethtool -X %s context new ", plan->nic);
	nk_rss_print(plan->out, &table);
	fputs("  # in the rules below, replace context 1 by the id that this prints\n", plan->out);
}

/* put_rules() - rules for the known addresses, each at the location it gets after those before it */
static int put_rules(const struct plan *plan, const struct nk_pod_ips *ips,
		     const struct nk_flow_target *to, struct nk_error *err)
{
	off_stack uint32_t locations[NK_STEERING_RULES_MAX];
	off_stack struct nk_steering_rule list[NK_STEERING_RULES_MAX];
	struct nk_flow_table table;
	uint32_t i, count = nk_steering_rules(plan->config, plan->att->claim.mac, ips, to, list);
	int rc = count ? nk_flow_table_get(&plan->att->lender.nic, &table, err) : 0;

	for (i = 0; i < count && !rc; i++) {
		rc = nk_flow_place(&plan->att->lender.nic, locations, i, &list[i].flow, err);
		locations[i] = list[i].flow.spec.location;
		if (!rc)
			nk_flow_print(plan->out, plan->nic, &list[i].flow, table.anywhere);
	}
	return rc;
}

static void put_neighs(const struct plan *plan, const struct nk_pod_ips *ips)
{
	off_stack struct nk_steering_neigh list[NK_STEERING_NEIGHS_MAX];
	uint32_t i, count = nk_steering_neighs(plan->config, ips, list);

	for (i = 0; i < count; i++)
		nk_steering_neigh_print(plan->out, plan->nic, &list[i]);
	if (plan->config->neigh_answer)
		fputs("# the XDP program answers ARP and neighbour solicitations for the "
		      "addresses\n",
		      plan->out);
}

/* put_frames() - uses the addresses of the configuration; the IPAM plugin is not called */
static int put_frames(const struct plan *plan, struct nk_error *err)
{
	const struct nk_config *config = plan->config;
	const bool context = nk_nic_plan_wants_context(config);
	const struct nk_flow_target to = {
		.is_context = context,
		.id = context ? 1 : plan->att->leases[0].phys,
	};
	struct nk_pod_ips ips = { 0 };
	int rc;

	for (; ips.own_count < config->ip_count; ips.own_count++)
		ips.own[ips.own_count] = config->ips[ips.own_count].addr;
	fputs("\n# MAC filter, RSS context and flow rules\n", plan->out);
	if (config->mac_source == NK_MAC_RANDOM)
		fputs("# each ADD generates another MAC\n", plan->out);
	if (!plan->att->claim.pair && config->mac_source != NK_MAC_MASTER)
		nk_filter_print(plan->out, plan->nic, plan->att->claim.mac);
	if (context)
		put_context(plan);
	rc = put_rules(plan, &ips, &to, err);
	if (rc)
		return rc;
	if (*config->ipam_type || config->prev)
		fputs("# ADD also creates rules for the addresses that the IPAM plugin or "
		      "prevResult supplies\n",
		      plan->out);
	else if (nk_steering_takes_over(config))
		fputs("# ADD also creates rules for the addresses of the Pod's other devices\n",
		      plan->out);
	put_neighs(plan, &ips);
	return 0;
}

static int write_plan(struct plan *plan, struct nk_error *err)
{
	int rc;

	fprintf(plan->out, "# %s of network %s; nothing was changed\n", plan->att->claim.key.ifname,
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
	return put_frames(plan, err);
}

/* list_ports() - those of a bond, which ADD refuses; none for another device, or if they cannot be read */
static void list_ports(struct nk_attachment *att, struct nk_link_list *ret)
{
	struct nk_error unread = { 0 };
	struct nk_link link;

	if (att->lender.nic.ifindex &&
	    !nk_link_get(&att->host, NK_NSID_HERE, NULL, att->lender.nic.ifindex, &link, &unread) &&
	    (!strcmp(link.kind, "bond") || !strcmp(link.kind, "team")))
		(void)nk_physical_below(&att->host, link.ifindex, ret, &unread);
}

/* put_entry() - the configuration with another NIC and device; cniVersion and name are the list's */
static int put_entry(const struct plan *plan, const char *nic, uint32_t number,
		     struct nk_error *err)
{
	static const char not_copied[] = " cniVersion name type master ifName deviceID prevResult ";
	struct nk_json *entry = nk_json_new_object();
	const struct nk_json *member;
	char ifname[IFNAMSIZ], word[32], *text;

	snprintf(ifname, sizeof(ifname), "nk%u", number);
	nk_json_add_string(entry, "type", "nk-cni");
	nk_json_add_string(entry, "master", nic);
	nk_json_add_string(entry, "ifName", ifname);
	for (member = nk_json_first(plan->config->json); member; member = nk_json_next(member)) {
		snprintf(word, sizeof(word), " %s ", nk_json_key(member));
		if (!strstr(not_copied, word))
			nk_json_add_copy(entry, nk_json_key(member), member);
	}
	text = nk_json_print_line(entry);
	nk_json_free(entry);
	if (!text)
		return nk_error_no_memory(err);
	fputs(text, plan->out);
	free(text);
	return 0;
}

static int put_ports(const struct plan *plan, const struct nk_link_list *ports,
		     struct nk_error *err)
{
	uint32_t i;
	int rc = 0;

	fprintf(plan->out,
		"# %s cannot lend; its ports may. In place of this entry, an entry for each port:\n",
		plan->att->lender.nic.name);
	if (plan->config->mac_source != NK_MAC_GIVEN)
		fputs("# The switch may send a frame to any port: set the same \"mac\" in all.\n",
		      plan->out);
	for (i = 0; i < ports->count && !rc; i++) {
		fputs(i ? ",\n" : "", plan->out);
		rc = put_entry(plan, ports->at[i].name, i, err);
	}
	fputc('\n', plan->out);
	return rc;
}

static int prepare(const struct nk_request *request, const struct nk_config *config,
		   struct nk_attachment *att, struct nk_error *err)
{
	int rc = nk_attachment_init(att, request, config, err);

	if (!rc)
		rc = nk_preflight(att, config, err);
	if (!rc)
		rc = nk_attach_plan_nic(att, config, err);
	if (!rc && config->queue_count)
		rc = nk_attach_plan_queues(att, config, err);
	return rc;
}

int nk_cmd_plan(const struct nk_request *request, const struct nk_config *config,
		struct nk_attachment *att, char **ret, struct nk_error *err)
{
	struct plan plan = { .config = config, .att = att };
	struct nk_link_list ports cleanup_list = { 0 };
	struct nk_error unprinted = { 0 };
	char quoted[NK_QUOTED_SIZE];
	int rc = prepare(request, config, att, err), printed;
	size_t size;

	*ret = NULL;
	if (rc)
		list_ports(att, &ports);
	if (rc && !ports.count)
		return rc;
	plan.nic = nk_text_quote(att->lender.nic.name, quoted);
	plan.out = open_memstream(ret, &size);
	if (!plan.out)
		return nk_error_no_memory(err);
	printed = rc ? put_ports(&plan, &ports, &unprinted) : write_plan(&plan, &unprinted);
	if (fclose(plan.out) && !printed)
		printed = nk_error_no_memory(&unprinted);
	if (!printed) {
		nk_text_clean(*ret, "\n");
		return rc;
	}
	free(*ret);
	*ret = NULL;
	return nk_log_keep_first(rc, printed, err, &unprinted);
}
