// SPDX-License-Identifier: Apache-2.0
/*
 * metrics.c - an inventory as Prometheus metrics
 *
 * Source: "Exposition formats" in the Prometheus documentation. All samples of a metric follow its
 * HELP and TYPE, so each metric needs a loop over the inventory.
 */
#include "node/metrics.h"

#include "base/json_lex.h"
#include "base/text.h"
#include "node/inventory.h"

#include <inttypes.h>
#include <string.h>

#include "base/banned.h"

void nk_metrics_label(const char *value, FILE *out)
{
	size_t n;

	for (; *value; value += n ? n : 1) {
		n = nk_json_utf8(value, strlen(value));
		if (*value == '\n')
			fputs("\\n", out);
		else if (!n || nk_text_is_control(value))
			fputc('?', out);
		else if (*value == '\\' || *value == '"')
			fprintf(out, "\\%c", *value);
		else
			fwrite(value, 1, n, out);
	}
}

static void put_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* put_label() - @next: not the first, so it needs a comma */
static void put_label(FILE *out, bool next, const char *name, const char *value)
{
	fprintf(out, "%s%s=\"", next ? "," : "", name);
	nk_metrics_label(value, out);
	fputc('"', out);
}

/* put_pod() - labels of the Pod, named as in Kubernetes' own metrics so that both can be joined */
static void put_pod(FILE *out, const char *pod)
{
	const char *slash = strchr(pod, '/');
	char namespace[NK_ID_SIZE] = "";

	if (slash)
		snprintf(namespace, sizeof(namespace), "%.*s", (int)(slash - pod), pod);
	put_label(out, true, "namespace", namespace);
	put_label(out, true, "pod", slash ? slash + 1 : pod);
}

static void put_owner(FILE *out, const struct nk_inventory_row *row)
{
	put_label(out, true, "network", row->claim.key.network);
	put_pod(out, row->claim.pod_name);
	put_label(out, true, "container", row->claim.key.container_id);
	put_label(out, true, "ifname", row->claim.key.ifname);
}

static void put_nic_value(FILE *out, const char *name, const char *nic, uint64_t value)
{
	fprintf(out, "%s{", name);
	put_label(out, false, "nic", nic);
	fprintf(out, "} %" PRIu64 "\n", value);
}

/* --- queues ----------------------------------------------------------------------------------- */

static const struct {
	const char *name, *help;
	size_t member;
} counters[] = {
	{ "nk_cni_queue_redirected_frames_total",
	  "Frames handed to the AF_XDP socket of a leased queue.",
	  offsetof(struct nk_queue_stats, redirected) },
	{ "nk_cni_queue_no_socket_frames_total", "Frames of a leased queue that had no socket.",
	  offsetof(struct nk_queue_stats, no_socket) },
	{ "nk_cni_queue_dropped_frames_total",
	  "Frames without a socket that were dropped, not passed to the host stack.",
	  offsetof(struct nk_queue_stats, dropped) },
	{ "nk_cni_queue_resumed_frames_total",
	  "Frames that the policy program passed on to the Pod.",
	  offsetof(struct nk_queue_stats, resumed) },
	{ "nk_cni_queue_other_vlan_frames_total",
	  "Frames of a VLAN that the Pod is not in, passed to the host.",
	  offsetof(struct nk_queue_stats, other_vlan) },
};

static const char holder_metric[] = "nk_cni_queue_holder";

static void put_queue(FILE *out, const char *name, const char *nic,
		      const struct nk_inventory_row *row, const struct nk_inventory_queue *queue,
		      uint64_t value)
{
	fprintf(out, "%s{", name);
	put_label(out, false, "nic", nic);
	fprintf(out, ",queue=\"%u\",netkit_queue=\"%u\"", queue->phys, queue->netkit);
	put_owner(out, row);
	if (!strcmp(name, holder_metric))
		put_label(out, true, "holder", queue->holder);
	fprintf(out, "} %" PRIu64 "\n", value);
}

static void put_holders(const struct nk_inventory *inventory, FILE *out)
{
	const struct nk_inventory_row *row;
	uint32_t i, k;

	put_head(out, holder_metric, "gauge",
		 "Always 1, for each leased queue that AF_XDP (xsk), devmem (dmabuf) or io_uring "
		 "(io-uring) uses in zero copy.");
	for (i = 0; i < inventory->row_count; i++) {
		row = &inventory->rows[i];
		for (k = 0; k < row->queue_count; k++)
			if (row->queues[k].holder)
				put_queue(out, holder_metric, inventory->nics[row->nic].name, row,
					  &row->queues[k], 1);
	}
}

static void put_counter(const struct nk_inventory *inventory, unsigned int counter, FILE *out)
{
	const struct nk_inventory_row *row;
	const struct nk_inventory_queue *queue;
	uint64_t value;
	uint32_t i, k;

	put_head(out, counters[counter].name, "counter", counters[counter].help);
	for (i = 0; i < inventory->row_count; i++) {
		row = &inventory->rows[i];
		for (k = 0; k < row->queue_count; k++) {
			queue = &row->queues[k];
			if (!queue->has_counts)
				continue;
			memcpy(&value, (const char *)&queue->counts + counters[counter].member,
			       sizeof(value));
			put_queue(out, counters[counter].name, inventory->nics[row->nic].name, row,
				  queue, value);
		}
	}
}

/* --- attachments and NICs --------------------------------------------------------------------- */

static void put_attachments(const struct nk_inventory *inventory, FILE *out)
{
	static const char name[] = "nk_cni_attachment_info";
	const struct nk_inventory_row *row;
	char help[256] = "An attachment; always 1. Its state is one of";
	uint32_t i;

	for (i = 0; i <= NK_INVENTORY_OK; i++)
		snprintf(help + strlen(help), sizeof(help) - strlen(help), "%s %s%s", i ? "," : "",
			 nk_inventory_state_key((enum nk_inventory_state)i),
			 i < NK_INVENTORY_OK ? "" : ".");
	put_head(out, name, "gauge", help);
	for (i = 0; i < inventory->row_count; i++) {
		row = &inventory->rows[i];
		fprintf(out, "%s{", name);
		put_label(out, false, "nic", inventory->nics[row->nic].name);
		put_owner(out, row);
		put_label(out, true, "cni_ifname", row->claim.key.cni_ifname);
		put_label(out, true, "pairing", row->claim.pair ? "pair" : "single");
		put_label(out, true, "netns", row->netns);
		put_label(out, true, "state", nk_inventory_state_key(row->state));
		fputs("} 1\n", out);
	}
}

/* count_queues() - count the claimed queues of a NIC; @leased: only those known to be leased */
static uint32_t count_queues(const struct nk_inventory *inventory, uint32_t nic, bool leased)
{
	uint32_t i, k, count = 0;

	for (i = 0; i < inventory->row_count; i++)
		for (k = 0; inventory->rows[i].nic == nic && k < inventory->rows[i].queue_count;
		     k++)
			count += !leased || inventory->rows[i].queues[k].leased;
	return count;
}

/* are_leases_known() - of all attachments on the NIC? */
static bool are_leases_known(const struct nk_inventory *inventory, uint32_t nic)
{
	uint32_t i;

	for (i = 0; i < inventory->row_count; i++)
		if (inventory->rows[i].nic == nic &&
		    (inventory->rows[i].state == NK_INVENTORY_UNKNOWN ||
		     inventory->rows[i].state == NK_INVENTORY_ELSEWHERE))
			return false;
	return true;
}

static void put_nics(const struct nk_inventory *inventory, FILE *out)
{
	static const char claimed[] = "nk_cni_queues_claimed", leased[] = "nk_cni_queues_leased",
			  version[] = "nk_cni_program_version", policy[] = "nk_cni_policy_active",
			  answered[] = "nk_cni_answered_frames_total";
	const struct nk_inventory_nic *nic = inventory->nics;
	uint32_t i;

	put_head(out, claimed, "gauge",
		 "Number of receive queues of a NIC that attachments have claimed.");
	for (i = 0; i < inventory->nic_count; i++)
		put_nic_value(out, claimed, nic[i].name, count_queues(inventory, i, false));
	put_head(out, leased, "gauge",
		 "Claimed queues that are leased to their device; missing while a NIC is down.");
	for (i = 0; i < inventory->nic_count; i++)
		if (are_leases_known(inventory, i))
			put_nic_value(out, leased, nic[i].name, count_queues(inventory, i, true));
	put_head(out, version, "gauge", "Version of the XDP program on a NIC.");
	for (i = 0; i < inventory->nic_count; i++)
		if (nic[i].has_version)
			put_nic_value(out, version, nic[i].name, nic[i].version);
	put_head(out, policy, "gauge", "Whether an operator's policy program runs on a NIC.");
	for (i = 0; i < inventory->nic_count; i++)
		if (nic[i].has_version)
			put_nic_value(out, policy, nic[i].name, nic[i].has_policy);
	put_head(out, answered, "counter",
		 "ARP requests and neighbour solicitations answered on a NIC, all queues.");
	for (i = 0; i < inventory->nic_count; i++)
		if (nic[i].has_answered)
			put_nic_value(out, answered, nic[i].name, nic[i].answered);
}

void nk_metrics_print(const struct nk_inventory *inventory, FILE *out)
{
	unsigned int i;

	put_attachments(inventory, out);
	put_nics(inventory, out);
	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		put_counter(inventory, i, out);
	put_holders(inventory, out);
}
