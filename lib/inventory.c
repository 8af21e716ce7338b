// SPDX-License-Identifier: Apache-2.0
/*
 * inventory.c - reading what there is on this node
 *
 *  1. The NICs: every directory on bpffs.
 *  2. Their claims, put together to attachments by their key.
 *  3. For each attachment: its netns, its NIC, and queue by queue lease, interrupt and counters.
 *
 * What fails for one does not hide the others: the first error is returned, and comes with the rest.
 * An ADD or DEL may go on meanwhile. So an attachment that looks broken is shown only if it still has
 * its claim after that look.
 */
#include "inventory.h"

#include "cleanup.h"
#include "device.h"
#include "error.h"
#include "lender.h"
#include "link.h"
#include "log.h"
#include "netdev.h"
#include "netns.h"
#include "nicdir.h"
#include "policy.h"
#include "prog.h"
#include "repair.h"
#include "rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

static const struct {
	const char *key, *text;
} states[] = {
	[NK_INVENTORY_LOST] = { "lost", "lost: NIC removed, recreate the Pod" },
	[NK_INVENTORY_OWED] = { "owed", "deleted; its NIC is still to be cleaned" },
	[NK_INVENTORY_ELSEWHERE] = { "elsewhere", "NIC in another network namespace" },
	[NK_INVENTORY_UNFINISHED] = { "unfinished", "unfinished" },
	[NK_INVENTORY_UNKNOWN] = { "unknown", "unknown (NIC down)" },
	[NK_INVENTORY_NO_LEASE] = { "no-lease", "no lease" },
	[NK_INVENTORY_NO_PROGRAM] = { "no-program", "no XDP program" },
	[NK_INVENTORY_NO_RULES] = { "no-rules", "no flow rules: nk-cni repair" },
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

struct named_netns {
	uint64_t cookie;
	char path[NK_PATH_SIZE];
};

struct reader {
	struct nk_inventory *inventory;
	struct nk_nl host;
	uint32_t netns_count;
	struct named_netns *netns;

	/* of the NIC at hand */
	uint32_t nic;	    /* index */
	uint32_t first_row; /* the rows before are of other NICs */
	struct nk_lender on;
	struct nk_counters counters;
	bool has_counters;
};

/* grow() - an array of @count elements with one more, zeroed; NULL, and @array as it was, when out of
 * memory
 */
static void *grow(void *array, uint32_t count, size_t size)
{
	char *grown = reallocarray(array, (size_t)count + 1, size);

	if (grown)
		memset(grown + count * size, 0, size);
	return grown;
}

static int first_of(int a, int b)
{
	return a ? a : b;
}

static int out_of_memory(struct nk_error *err)
{
	return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
}

/* --- netns that have a path ------------------------------------------------------------------- */

static int note_netns(struct reader *reader, const char *path, struct nk_error *err)
{
	struct nk_error none = { 0 };
	int fd cleanup_close = nk_netns_open(path, &none);
	struct named_netns *netns;
	uint64_t cookie;

	/* Gone by now, or no netns at all: a file that "ip netns del" left, say. */
	if (fd < 0 || nk_netns_cookie(fd, &cookie, &none)) {
		if (none.sys != ENOENT && none.sys != EINVAL)
			nk_log_warn("%s: %s", none.msg, none.details);
		return 0;
	}
	netns = grow(reader->netns, reader->netns_count, sizeof(*netns));
	if (!netns)
		return out_of_memory(err);
	reader->netns = netns;
	netns += reader->netns_count++;
	netns->cookie = cookie;
	snprintf(netns->path, sizeof(netns->path), "%s", path);
	return 0;
}

static int note_netns_in(struct reader *reader, const char *dir, struct nk_error *err)
{
	DIR *list cleanup_closedir = opendir(dir);
	const struct dirent *entry;
	char path[NK_PATH_SIZE];
	int rc = 0;

	if (!list && errno == ENOENT)
		return 0;
	while (!rc && list && (errno = 0, entry = readdir(list))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		rc = note_netns(reader, path, err);
	}
	if (!rc && errno)
		nk_log_warn("cannot read %s: %s", dir, nk_errno_name(errno));
	return rc;
}

static void find_netns(const struct reader *reader, struct nk_inventory_row *row)
{
	uint32_t i;

	for (i = 0; i < reader->netns_count; i++) {
		if (reader->netns[i].cookie != row->claim.netns_cookie)
			continue;
		memcpy(row->netns, reader->netns[i].path, sizeof(row->netns));
		return;
	}
}

/* --- claims become attachments ---------------------------------------------------------------- */

static bool is_same(const struct nk_claim *a, const struct nk_claim *b)
{
	return a->netns_cookie == b->netns_cookie && nk_key_equal(&a->key, &b->key);
}

/* row_of() - the attachment that a claim is of, a new one if need be; NULL when out of memory */
static struct nk_inventory_row *row_of(struct reader *reader, const struct nk_claim *claim)
{
	struct nk_inventory *inventory = reader->inventory;
	struct nk_inventory_row *row;
	uint32_t i;

	for (i = reader->first_row; i < inventory->row_count; i++)
		if (is_same(&inventory->rows[i].claim, claim))
			return &inventory->rows[i];
	row = grow(inventory->rows, inventory->row_count, sizeof(*row));
	if (!row)
		return NULL;
	inventory->rows = row;
	row += inventory->row_count++;
	row->nic = reader->nic;
	row->claim = *claim;
	row->state = NK_INVENTORY_UNKNOWN; /* until it is read */
	row->numa_node = -1;
	return row;
}

static int note_claim(uint32_t phys, const struct nk_claim *claim, void *data)
{
	struct nk_inventory_row *row = row_of(data, claim);
	struct nk_inventory_queue *queue;
	uint32_t i;

	for (i = 0; row && i < row->queue_count; i++)
		if (row->queues[i].phys == phys)
			return 0; /* a DEL meanwhile has the walk begin again */
	queue = row ? grow(row->queues, row->queue_count, sizeof(*queue)) : NULL;
	if (!queue)
		return -ENOMEM;
	row->queues = queue;
	queue += row->queue_count++;
	row->claim.committed &= claim->committed;
	queue->phys = phys;
	queue->netkit = claim->netkit_queue;
	return 0;
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

/* --- how an attachment fares ------------------------------------------------------------------ */

/* read_lease() - is the queue lent to the device? Unknown where that cannot be told. */
static void read_lease(struct reader *reader, const struct nk_claim *claim,
		       const struct nk_queue *now, struct nk_inventory_queue *queue)
{
	enum nk_holder holder;

	if (!now->leased || now->lease_queue != queue->netkit)
		return;
	holder = nk_device_holder(&reader->host, reader->on.claims, claim, now, NULL);
	queue->leased = holder == NK_HOLDER_OURS;
	queue->hidden = holder == NK_HOLDER_UNKNOWN;
}

static int read_queue(struct reader *reader, const struct nk_claim *claim,
		      struct nk_inventory_queue *queue, struct nk_error *err)
{
	const uint32_t ifindex = reader->on.nic.ifindex;
	struct nk_error none = { 0 };
	struct nk_queue now = { 0 };
	int rc;

	if (reader->has_counters) {
		rc = nk_counters_get(&reader->counters, queue->phys, &queue->counts, err);
		if (rc && rc != -ENOENT)
			return rc;
		queue->has_counts = !rc;
	}
	/* A NIC that is down hides its queues, also one that went down after we looked. One that is up says
	 * of a queue it does not have any more that there is none.
	 */
	rc = nk_netdev_queue_get(&reader->host, ifindex, queue->phys, &now, &none);
	queue->hidden = rc && rc != -EINVAL && rc != -ERANGE;
	if (!rc) {
		read_lease(reader, claim, &now, queue);
		rc = nk_netdev_irq(&reader->host, ifindex, queue->phys, &queue->irq, &none);
		queue->has_irq = !rc;
	}
	if (!rc || rc == -ENOENT || rc == -EINVAL || rc == -ERANGE)
		return 0;
	if (err->code == NK_CODE_NONE)
		*err = none;
	return rc;
}

/* has_rules() - and its context. Return: 1, 0, or a negative errno: it could not be looked at */
static int has_rules(struct reader *reader, const struct nk_inventory_row *row,
		     struct nk_error *err)
{
	const struct nk_nic *nic = &reader->on.nic;
	char path[NK_PATH_SIZE];
	int rules cleanup_close = -1;
	uint32_t i;

	if (!nic->ifindex || !row->claim.committed ||
	    (!row->claim.rule_count && !row->claim.rss_context))
		return 1;
	nk_nicdir_pin(&reader->on.dir, "rules", path);
	rules = nk_rules_open(path, false, err);
	if (rules < 0 && rules != -ENOENT)
		return rules;
	for (i = 0; i + 1 < row->queue_count && row->queues[i].netkit != 1; i++)
		;
	return nk_repair_has_rules(&reader->host, nic, rules, row->queues[i].phys, &row->claim,
				   err);
}

static enum nk_inventory_state judge(const struct reader *reader,
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
		if (row->queues[i].hidden)
			return NK_INVENTORY_UNKNOWN;
	for (i = 0; i < row->queue_count; i++)
		if (!row->queues[i].leased)
			return NK_INVENTORY_NO_LEASE;
	if (row->claim.with_map && !reader->on.link.ifindex)
		return NK_INVENTORY_NO_PROGRAM;
	if (has_rules < 0)
		return NK_INVENTORY_UNKNOWN;
	if (!has_rules)
		return NK_INVENTORY_NO_RULES;
	return NK_INVENTORY_OK;
}

static int read_row(struct reader *reader, struct nk_inventory_row *row, struct nk_error *err)
{
	uint32_t i;
	int rc, rules;

	find_netns(reader, row);
	if (row->claim.with_map)
		nk_nicdir_xsks_map(&reader->on.dir, row->queues[0].phys, row->map);
	rc = nk_lender_place(&reader->on, row->claim.nic_ifindex, err);
	if (rc)
		return rc;
	if (reader->on.where == NK_NIC_HERE)
		row->numa_node = nk_netdev_numa(&reader->on.nic);
	for (i = 0; reader->on.nic.ifindex && i < row->queue_count && !rc; i++)
		rc = read_queue(reader, &row->claim, &row->queues[i], err);
	rules = has_rules(reader, row, err);
	row->state = judge(reader, row, rules);
	return first_of(rc, rules < 0 ? rules : 0);
}

/* has_gone() - did DEL come to its end while we looked? */
static bool has_gone(const struct reader *reader, const struct nk_inventory_row *row)
{
	struct nk_error none = { 0 };
	struct nk_claim claim;
	int rc = nk_claims_get(reader->on.claims, row->queues[0].phys, &claim, &none);

	return rc == -ENOENT || (!rc && !is_same(&claim, &row->claim));
}

/* read_rows() - the attachments of the NIC at hand; one that cannot be read is shown as far as it was */
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
		if (row->state != NK_INVENTORY_OK && has_gone(reader, row))
			free(row->queues);
		else if (kept++ != i)
			inventory->rows[kept - 1] = *row;
	}
	inventory->row_count = kept;
	return rc;
}

/* --- NICs ------------------------------------------------------------------------------------- */

/* read_program() - what the XDP program of the NIC tells of itself */
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
	char path[NK_PATH_SIZE];
	int rc;

	nk_nicdir_pin(&reader->on.dir, "claims", path);
	reader->on.claims = nk_claims_open(path, false, err);
	if (reader->on.claims < 0)
		return reader->on.claims == -ENOENT ? 0 : reader->on.claims;
	rc = nk_claims_each(reader->on.claims, note_claim, reader, err);
	if (rc == -ENOMEM)
		return out_of_memory(err);
	return rc;
}

/* name_nic() - as it is called now; one that is not here as its directory */
static int name_nic(struct reader *reader, struct nk_inventory_nic *nic, struct nk_error *err)
{
	struct nk_inventory *inventory = reader->inventory;
	struct nk_error none = { 0 };
	struct nk_nic another;
	uint32_t claimed = 0;
	int rc;

	if (inventory->row_count > reader->first_row)
		claimed = inventory->rows[reader->first_row].claim.nic_ifindex;
	rc = nk_lender_place(&reader->on, reader->on.noted ? 0 : claimed, err);
	if (!rc && reader->on.nic.ifindex)
		snprintf(nic->name, sizeof(nic->name), "%s", reader->on.nic.name);
	else if (nk_nic_get(&reader->host, nic->dir, &another, &none))
		snprintf(nic->name, sizeof(nic->name), "%s", nic->dir);
	else /* another NIC is called so */
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
	rc = first_of(rc, nk_lender_look(&reader->on, err));
	rc = first_of(rc, name_nic(reader, nic, err));
	rc = first_of(rc, read_rows(reader, err));
	nk_counters_close(&reader->counters);
	if (reader->on.claims >= 0)
		close(reader->on.claims);
	return rc;
}

static int note_nic(const char *name, void *data, struct nk_error *err)
{
	struct nk_inventory *inventory = data;
	struct nk_inventory_nic *nic = grow(inventory->nics, inventory->nic_count, sizeof(*nic));

	if (!nic)
		return out_of_memory(err);
	inventory->nics = nic;
	nic += inventory->nic_count++;
	snprintf(nic->dir, sizeof(nic->dir), "%s", name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct nk_inventory_nic *x = a, *y = b;

	return strcmp(x->dir, y->dir);
}

static int read_nics(struct reader *reader, const char *bpffs, struct nk_error *err)
{
	struct nk_inventory *inventory = reader->inventory;
	int rc = nk_nicdir_each(bpffs, note_nic, inventory, err);

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
		rc = note_netns_in(&reader, "/run/netns", err);
	if (!rc)
		rc = note_netns_in(&reader, "/var/run/netns", err);
	if (!rc)
		rc = read_nics(&reader, bpffs, err);
	nk_nl_close(&reader.host);
	free(reader.netns);
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
