// SPDX-License-Identifier: Apache-2.0
/*
 * inventory.c - read the attachments on this node
 *
 *  1. The NICs: every directory on bpffs.
 *  2. Their claims, grouped by key into attachments.
 *  3. For each attachment: its netns, its NIC, and for each queue the lease, interrupt and counters.
 *
 * A failure for one does not hide the others: the first error is returned beside the rest. An ADD or
 * DEL may run meanwhile, so an attachment that looks broken is shown only if its claim still exists
 * after it was read.
 */
#include "node/inventory.h"

#include "attach/repair.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "bpffs/nicdir.h"
#include "bpffs/policy.h"
#include "bpffs/prog_info.h"
#include "kernel/link.h"
#include "kernel/netdev.h"
#include "kernel/nic.h"
#include "nic/device.h"
#include "nic/flow_note.h"
#include "nic/lender.h"
#include "node/netns_paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static const struct {
	const char *key, *text;
} states[] = {
	[NK_INVENTORY_LOST] = { "lost", "lost: NIC removed, recreate the Pod" },
	[NK_INVENTORY_OWED] = { "owed", "deleted; cleanup pending" },
	[NK_INVENTORY_ELSEWHERE] = { "elsewhere", "NIC in another network namespace" },
	[NK_INVENTORY_UNFINISHED] = { "unfinished",
				      "unfinished: ADD is running; if it was killed, run nk-cni gc" },
	[NK_INVENTORY_UNKNOWN] = { "unknown", "unknown (NIC is down or cannot be read)" },
	[NK_INVENTORY_NO_LEASE] = { "no-lease",
				    "no lease: recreate the Pod; if it is gone, run nk-cni gc" },
	[NK_INVENTORY_NO_PROGRAM] = { "no-program", "no XDP program: run nk-cni repair" },
	[NK_INVENTORY_NO_RULES] = { "no-rules", "no flow rules: run nk-cni repair" },
	[NK_INVENTORY_OK] = { "ok", "ok" },
};

const char *nk_inventory_state_key(enum nk_inventory_state state)
{
	return states[state].key;
}

const char *nk_inventory_state_text(enum nk_inventory_state state)
{
	return states[state].text;
}

struct reader {
	struct nk_inventory *inventory;
	struct nk_nl host;
	struct nk_netns_path_list netns;

	/* of the current NIC */
	uint32_t nic;	    /* index */
	uint32_t first_row; /* earlier rows belong to other NICs */
	struct nk_lender on;
	struct nk_counters counters;
	bool has_counters;
};

static int first_of(int a, int b)
{
	return a ? a : b;
}

/* --- group claims into attachments ------------------------------------------------------------ */

static bool is_same_attachment(const struct nk_claim *a, const struct nk_claim *b)
{
	return a->netns_cookie == b->netns_cookie && nk_key_equal(&a->key, &b->key);
}

/* find_row() - find or append the row of a claim; NULL when out of memory */
static struct nk_inventory_row *find_row(struct reader *reader, const struct nk_claim *claim,
					 struct nk_error *err)
{
	const struct nk_inventory_row row = {
		.nic = reader->nic,
		.claim = *claim,
		.state = NK_INVENTORY_UNKNOWN, /* until it is read */
		.numa_node = -1,
	};
	struct nk_inventory *inventory = reader->inventory;
	uint32_t i;

	for (i = reader->first_row; i < inventory->row_count; i++)
		if (is_same_attachment(&inventory->rows[i].claim, claim))
			return &inventory->rows[i];
	return nk_list_append(&inventory->rows, &inventory->row_count, &row, sizeof(row), err) ?
		       NULL :
		       &inventory->rows[i];
}

static int add_claim(struct reader *reader, uint32_t phys, const struct nk_claim *claim,
		     struct nk_error *err)
{
	const struct nk_inventory_queue queue = { .phys = phys,
						  .netkit = claim->netkit_queue,
						  .is_unread = true };
	struct nk_inventory_row *row = find_row(reader, claim, err);
	uint32_t i;

	for (i = 0; row && i < row->queue_count; i++)
		if (row->queues[i].phys == phys)
			return 0; /* a DEL meanwhile makes the kernel start the list again */
	if (!row)
		return -ENOMEM;
	row->claim.committed &= claim->committed;
	return nk_list_append(&row->queues, &row->queue_count, &queue, sizeof(queue), err);
}

static int by_phys(const void *a, const void *b)
{
	const struct nk_inventory_queue *x = a, *y = b;

	return (x->phys > y->phys) - (x->phys < y->phys);
}

static int by_first_queue(const void *a, const void *b)
{
	const struct nk_inventory_row *x = a, *y = b;

	return by_phys(x->queues, y->queues);
}

/* --- the state of an attachment --------------------------------------------------------------- */

/* read_lease() - is the queue leased to the device? Return: 0, also if that is unknown; or a negative
 * errno
 */
static int read_lease(struct reader *reader, const struct nk_claim *claim,
		      const struct nk_queue *now, struct nk_inventory_queue *queue,
		      struct nk_error *err)
{
	int holder;

	queue->is_unread = false;
	if (!now->leased || now->lease_queue != queue->netkit)
		return 0;
	holder = nk_device_holder(&reader->host, reader->on.claims, claim, now, NULL, err);
	queue->leased = holder == NK_HOLDER_OURS;
	queue->is_unread = holder != NK_HOLDER_OURS && holder != NK_HOLDER_OTHER;
	return holder < 0 ? holder : 0;
}

/* read_kernel() - read lease and interrupt. A NIC that is down hides its queues (ENOENT); for a queue
 * that a NIC no longer has, the kernel returns EINVAL or ERANGE.
 */
static int read_kernel(struct reader *reader, const struct nk_claim *claim,
		       struct nk_inventory_queue *queue, struct nk_error *err)
{
	const uint32_t ifindex = reader->on.nic.ifindex;
	struct nk_queue now = { 0 };
	int rc;

	rc = nk_netdev_queue_get(&reader->host, ifindex, queue->phys, &now, err);
	if (rc == -EINVAL || rc == -ERANGE)
		queue->is_unread = false;
	if (!rc)
		rc = read_lease(reader, claim, &now, queue, err);
	if (rc)
		return rc;
	queue->holder = queue->leased ? now.holder : NULL; /* else it is not of this Pod */
	rc = nk_netdev_irq(&reader->host, ifindex, queue->phys, &queue->irq, err);
	queue->has_irq = !rc;
	return rc;
}

static int read_queue(struct reader *reader, const struct nk_claim *claim,
		      struct nk_inventory_queue *queue, struct nk_error *err)
{
	struct nk_error none = { 0 };
	int rc;

	if (reader->has_counters) {
		rc = nk_counters_get(&reader->counters, queue->phys, &queue->counts, err);
		if (rc && rc != -ENOENT)
			return rc;
		queue->has_counts = !rc;
	}
	rc = read_kernel(reader, claim, queue, &none);
	if (!rc || rc == -ENOENT || rc == -EINVAL || rc == -ERANGE)
		return 0;
	if (err->code == NK_CODE_NONE)
		*err = none;
	return rc;
}

/* has_rules() - does the NIC have its flow rules and context? Return: 1, 0, or a negative errno */
static int has_rules(struct reader *reader, const struct nk_inventory_row *row,
		     struct nk_error *err)
{
	const struct nk_nic *nic = &reader->on.nic;
	int rules cleanup_close = -1;
	uint32_t i;

	if (!nic->ifindex || !row->claim.committed ||
	    (!row->claim.rule_count && !row->claim.rss_context))
		return 1;
	rules = nk_flow_note_open(&reader->on.dir, false, err);
	if (rules < 0 && rules != -ENOENT)
		return rules;
	for (i = 0; i + 1 < row->queue_count && row->queues[i].netkit != 1; i++)
		;
	return nk_repair_has_rules(&reader->host, nic, rules, row->queues[i].phys, &row->claim,
				   err);
}

static enum nk_inventory_state decide_state(const struct reader *reader,
					    const struct nk_inventory_row *row, int has_rules)
{
	uint32_t i;

	if (reader->on.where == NK_NIC_GONE)
		return NK_INVENTORY_LOST;
	if (row->claim.flags & NK_CLAIM_OWED)
		return NK_INVENTORY_OWED;
	if (reader->on.where == NK_NIC_ELSEWHERE)
		return NK_INVENTORY_ELSEWHERE;
	if (!row->claim.committed)
		return NK_INVENTORY_UNFINISHED;
	if (!reader->on.nic.up)
		return NK_INVENTORY_UNKNOWN;
	for (i = 0; i < row->queue_count; i++)
		if (row->queues[i].is_unread)
			return NK_INVENTORY_UNKNOWN;
	for (i = 0; i < row->queue_count; i++)
		if (!row->queues[i].leased)
			return NK_INVENTORY_NO_LEASE;
	if (row->claim.with_map && !reader->on.link.ifindex)
		return NK_INVENTORY_NO_PROGRAM;
	if (has_rules < 0)
		return NK_INVENTORY_UNKNOWN;
	return has_rules ? NK_INVENTORY_OK : NK_INVENTORY_NO_RULES;
}

static int read_row(struct reader *reader, struct nk_inventory_row *row, struct nk_error *err)
{
	uint32_t i;
	int rc, rules;

	snprintf(row->netns, sizeof(row->netns), "%s",
		 nk_netns_paths_find(&reader->netns, row->claim.netns_cookie));
	if (row->claim.with_map)
		nk_nicdir_xsks_map(&reader->on.dir, row->queues[0].phys, row->map);
	rc = nk_lender_locate(&reader->on, row->claim.nic_ifindex, err);
	if (rc)
		return rc;
	if (reader->on.where == NK_NIC_HERE)
		row->numa_node = nk_netdev_numa(&reader->on.nic);
	for (i = 0; reader->on.nic.ifindex && i < row->queue_count && !rc; i++)
		rc = read_queue(reader, &row->claim, &row->queues[i], err);
	rules = has_rules(reader, row, err);
	row->state = decide_state(reader, row, rules);
	return first_of(rc, rules < 0 ? rules : 0);
}

/* was_removed() - has a DEL finished meanwhile? */
static bool was_removed(const struct reader *reader, const struct nk_inventory_row *row)
{
	struct nk_error none = { 0 };
	struct nk_claim claim;
	int rc = nk_claims_get(reader->on.claims, row->queues[0].phys, &claim, &none);

	return rc == -ENOENT || (!rc && !is_same_attachment(&claim, &row->claim));
}

/* read_rows() - read the attachments of the current NIC; one that could be read in part is shown */
static int read_rows(struct reader *reader, struct nk_error *err)
{
	struct nk_inventory *inventory = reader->inventory;
	struct nk_inventory_row *row;
	uint32_t i, kept = reader->first_row;
	int rc = 0;

	for (i = reader->first_row; i < inventory->row_count; i++)
		qsort(inventory->rows[i].queues, inventory->rows[i].queue_count,
		      sizeof(inventory->rows[i].queues[0]), by_phys);
	if (inventory->row_count > kept)
		qsort(inventory->rows + kept, inventory->row_count - kept,
		      sizeof(inventory->rows[0]), by_first_queue);
	for (i = kept; i < inventory->row_count; i++) {
		row = &inventory->rows[i];
		rc = first_of(rc, read_row(reader, row, err));
		if (row->state != NK_INVENTORY_OK && was_removed(reader, row))
			free(row->queues);
		else if (kept++ != i)
			inventory->rows[kept - 1] = *row;
	}
	inventory->row_count = kept;
	return rc;
}

/* --- NICs ------------------------------------------------------------------------------------- */

/* read_program() - read the version and counters of the XDP program, and whether a policy is active */
static int read_program(struct reader *reader, struct nk_inventory_nic *nic, struct nk_error *err)
{
	struct nk_queue_stats counts;
	uint32_t queue;
	int rc, active = 0;

	rc = nk_prog_version(&reader->on.dir, &nic->version, err);
	nic->has_version = !rc;
	if (!rc)
		active = nk_policy_is_active(&reader->on.dir, err);
	nic->has_policy = active > 0;
	if ((rc && rc != -ENOENT) || active < 0)
		return active < 0 ? active : rc;
	rc = nk_counters_open(&reader->on.dir, &reader->counters, err);
	reader->has_counters = nic->has_answered = !rc;
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	for (queue = 0; queue < reader->counters.queues && !rc; queue++) {
		rc = nk_counters_get(&reader->counters, queue, &counts, err);
		nic->answered += rc ? 0 : counts.answered;
	}
	return rc;
}

static int read_claims(struct reader *reader, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	uint32_t i;
	int rc;

	reader->on.claims = nk_claims_open(&reader->on.dir, false, err);
	if (reader->on.claims < 0)
		return reader->on.claims == -ENOENT ? 0 : reader->on.claims;
	rc = nk_claims_read(reader->on.claims, &claims, err);
	if (rc && rc != -EPROTO)
		return rc;
	for (i = 0; i < claims.count; i++)
		rc = first_of(rc, add_claim(reader, claims.at[i].queue, &claims.at[i].claim, err));
	return rc;
}

/* name_nic() - its present name; if it is not here, that of its directory */
static int name_nic(struct reader *reader, struct nk_inventory_nic *nic, struct nk_error *err)
{
	struct nk_inventory *inventory = reader->inventory;
	struct nk_error none = { 0 };
	struct nk_nic another;
	uint32_t claimed = 0;
	int rc;

	if (inventory->row_count > reader->first_row)
		claimed = inventory->rows[reader->first_row].claim.nic_ifindex;
	rc = nk_lender_locate(&reader->on, reader->on.has_id ? 0 : claimed, err);
	if (!rc && reader->on.nic.ifindex)
		snprintf(nic->name, sizeof(nic->name), "%s", reader->on.nic.name);
	else if (nk_nic_get(&reader->host, nic->dir, &another, &none))
		snprintf(nic->name, sizeof(nic->name), "%s", nic->dir);
	else /* another NIC has this name */
		snprintf(nic->name, sizeof(nic->name), "%.20s~%u", nic->dir,
			 reader->on.lost_ifindex);
	return rc;
}

static int read_nic(struct reader *reader, const char *bpffs, struct nk_error *err)
{
	struct nk_inventory *inventory = reader->inventory;
	struct nk_inventory_nic *nic = &inventory->nics[reader->nic];
	int rc;

	reader->on = (struct nk_lender)NK_LENDER_CLOSED;
	reader->on.nl = &reader->host;
	nk_nicdir_init(bpffs, nic->dir, &reader->on.dir);
	reader->counters = (struct nk_counters){ .fd = -1 };
	reader->first_row = inventory->row_count;
	rc = read_program(reader, nic, err);
	rc = first_of(rc, read_claims(reader, err));
	rc = first_of(rc, nk_lender_identify(&reader->on, err));
	rc = first_of(rc, name_nic(reader, nic, err));
	rc = first_of(rc, read_rows(reader, err));
	nk_counters_close(&reader->counters);
	if (reader->on.claims >= 0)
		close(reader->on.claims);
	return rc;
}

static int list_nics(struct nk_inventory *inventory, const char *bpffs, struct nk_error *err)
{
	struct nk_nicdir_list dirs cleanup_list = { 0 };
	int rc = nk_nicdir_read(bpffs, &dirs, err), one;
	uint32_t i;

	for (i = 0; i < dirs.count; i++) {
		struct nk_inventory_nic nic = { 0 };

		memcpy(nic.dir, dirs.at[i], sizeof(nic.dir));
		one = nk_list_append(&inventory->nics, &inventory->nic_count, &nic, sizeof(nic),
				     err);
		rc = rc ? rc : one;
	}
	return rc;
}

static int by_name(const void *a, const void *b)
{
	const struct nk_inventory_nic *x = a, *y = b;

	return strcmp(x->dir, y->dir);
}

static int read_nics(struct reader *reader, const char *bpffs, struct nk_error *err)
{
	struct nk_inventory *inventory = reader->inventory;
	int rc = list_nics(inventory, bpffs, err);

	if (inventory->nic_count)
		qsort(inventory->nics, inventory->nic_count, sizeof(inventory->nics[0]), by_name);
	for (reader->nic = 0; reader->nic < inventory->nic_count; reader->nic++)
		rc = first_of(rc, read_nic(reader, bpffs, err));
	return rc;
}

int nk_inventory_read(const char *bpffs, struct nk_inventory *ret, struct nk_error *err)
{
	struct reader reader = { .inventory = ret };
	int rc;

	*ret = (struct nk_inventory){ 0 };
	rc = nk_nl_open(&reader.host, -1, "host", err);
	if (!rc)
		rc = nk_netns_paths_read(&reader.netns, err);
	if (!rc)
		rc = read_nics(&reader, bpffs, err);
	nk_nl_close(&reader.host);
	free(reader.netns.at);
	return rc;
}

void nk_inventory_fini(struct nk_inventory *inventory)
{
	uint32_t i;

	for (i = 0; i < inventory->row_count; i++)
		free(inventory->rows[i].queues);
	free(inventory->rows);
	free(inventory->nics);
	*inventory = (struct nk_inventory){ 0 };
}
