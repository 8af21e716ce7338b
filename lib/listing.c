// SPDX-License-Identifier: Apache-2.0
/* listing.c - an inventory as a table and as JSON */
#include "listing.h"

#include "cleanup.h"
#include "inventory.h"
#include "json.h"
#include "mac.h"
#include "text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "banned.h"

#define CELL_SIZE    32768 /* what 1023 queues can need is less */
#define SHORT_ID     13	   /* of a container's id, as crictl shows it */
#define COLUMN_SPACE 2

struct cell {
	size_t used;
	char text[CELL_SIZE];
};

static void __attribute__((format(printf, 2, 3))) put(struct cell *cell, const char *fmt, ...)
{
	const size_t room = sizeof(cell->text) - cell->used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(cell->text + cell->used, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		cell->used += (size_t)n < room ? (size_t)n : room - 1;
}

/* finish() - neither empty, nor with what would break the line or command a terminal */
static void finish(struct cell *cell, bool blanks)
{
	char *c;

	if (!cell->used)
		put(cell, "-");
	nk_text_clean(cell->text, "");
	for (c = cell->text; !blanks && (c = strchr(c, ' ')); c++)
		*c = '?';
}

/* --- columns ---------------------------------------------------------------------------------- */

static void put_range(struct cell *cell, uint32_t first, uint32_t length)
{
	put(cell, "%u", first);
	if (length > 1)
		put(cell, "-%u", first + length - 1);
}

/* put_queues() - "4-5:1-2,7:3": queues of the NIC, and what they are on the device */
static void put_queues(struct cell *cell, const struct nk_inventory_row *row)
{
	const struct nk_inventory_queue *queue = row->queues;
	uint32_t i, n;

	for (i = 0; i < row->queue_count; i += n) {
		for (n = 1; i + n < row->queue_count && queue[i + n].phys == queue[i].phys + n &&
			    queue[i + n].netkit == queue[i].netkit + n;
		     n++)
			;
		put(cell, "%s", i ? "," : "");
		put_range(cell, queue[i].phys, n);
		put(cell, ":");
		put_range(cell, queue[i].netkit, n);
	}
}

/* put_irqs() - of the queues, in their order; nothing where none is known */
static void put_irqs(struct cell *cell, const struct nk_inventory_row *row)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < row->queue_count; i++)
		any |= row->queues[i].has_irq;
	for (i = 0; any && i < row->queue_count; i++) {
		put(cell, "%s", i ? "," : "");
		if (row->queues[i].has_irq)
			put(cell, "%u", row->queues[i].irq);
		else
			put(cell, "-");
	}
}

static void put_netns(struct cell *cell, const struct nk_inventory_row *row)
{
	if (*row->netns)
		put(cell, "%s", row->netns);
	else if (row->claim.nsid >= 0)
		put(cell, "nsid:%d", row->claim.nsid);
}

/* has_program() - is a version of the XDP program to be told of it? */
static bool has_program(const struct nk_inventory_row *row, const struct nk_inventory_nic *nic)
{
	return row->claim.with_map && row->state != NK_INVENTORY_LOST && nic->has_version;
}

/* put_count() - of all queues together */
static void put_count(struct cell *cell, const struct nk_inventory_row *row, size_t member)
{
	uint64_t sum = 0, one;
	bool any = false;
	uint32_t i;

	for (i = 0; i < row->queue_count; i++) {
		memcpy(&one, (const char *)&row->queues[i].counts + member, sizeof(one));
		sum += row->queues[i].has_counts ? one : 0;
		any |= row->queues[i].has_counts;
	}
	if (any)
		put(cell, "%" PRIu64, sum);
}

enum column {
	POD,
	CONTAINER,
	NETWORK,
	DEVICE,
	NETNS,
	NIC,
	QUEUES,
	IRQ,
	NUMA,
	PROGRAM,
	REDIRECTED,
	NO_SOCKET,
	DROPPED,
	MAP,
	STATE,
	COLUMNS,
};

static const char *const titles[COLUMNS] = {
	[POD] = "POD",
	[CONTAINER] = "CONTAINER",
	[NETWORK] = "NETWORK",
	[DEVICE] = "DEVICE",
	[NETNS] = "NETNS",
	[NIC] = "NIC",
	[QUEUES] = "QUEUES",
	[IRQ] = "IRQ",
	[NUMA] = "NUMA",
	[PROGRAM] = "PROGRAM",
	[REDIRECTED] = "REDIRECTED",
	[NO_SOCKET] = "NO-SOCKET",
	[DROPPED] = "DROPPED",
	[MAP] = "MAP",
	[STATE] = "STATE",
};

static void put_cell(struct cell *cell, const struct nk_inventory *inventory,
		     const struct nk_inventory_row *row, enum column column)
{
	const struct nk_inventory_nic *nic = &inventory->nics[row->nic];

	switch (column) {
	case POD:
		put(cell, "%s", row->claim.pod_name);
		break;
	case CONTAINER:
		put(cell, "%.*s", SHORT_ID, row->claim.key.container_id);
		break;
	case NETWORK:
		put(cell, "%s", row->claim.key.network);
		break;
	case DEVICE:
		put(cell, "%s", row->claim.key.ifname);
		break;
	case NETNS:
		put_netns(cell, row);
		break;
	case NIC:
		put(cell, strcmp(nic->name, nic->dir) != 0 ? "%s(%s)" : "%s", nic->name, nic->dir);
		break;
	case QUEUES:
		put_queues(cell, row);
		break;
	case IRQ:
		put_irqs(cell, row);
		break;
	case NUMA:
		if (row->numa_node >= 0)
			put(cell, "%d", row->numa_node);
		break;
	case PROGRAM:
		if (has_program(row, nic))
			put(cell, "%u%s", nic->version, nic->has_policy ? "+policy" : "");
		break;
	case REDIRECTED:
		put_count(cell, row, offsetof(struct nk_queue_stats, redirected));
		break;
	case NO_SOCKET:
		put_count(cell, row, offsetof(struct nk_queue_stats, no_socket));
		break;
	case DROPPED:
		put_count(cell, row, offsetof(struct nk_queue_stats, dropped));
		break;
	case MAP:
		put(cell, "%s", row->map);
		break;
	case STATE:
		put(cell, "%s", nk_inventory_state_text(row->state));
		break;
	case COLUMNS:
		break;
	}
}

/* make_cell() - @row NULL: the title */
static void make_cell(struct cell *cell, const struct nk_inventory *inventory,
		      const struct nk_inventory_row *row, enum column column)
{
	cell->used = 0;
	cell->text[0] = '\0';
	if (row)
		put_cell(cell, inventory, row, column);
	else
		put(cell, "%s", titles[column]);
	finish(cell, column == STATE);
}

static void put_line(const struct nk_inventory *inventory, const struct nk_inventory_row *row,
		     const size_t *widths, FILE *out)
{
	off_stack struct cell cell;
	unsigned int column;

	for (column = 0; column < STATE; column++) {
		make_cell(&cell, inventory, row, column);
		fprintf(out, "%-*s", (int)widths[column] + COLUMN_SPACE, cell.text);
	}
	make_cell(&cell, inventory, row, STATE);
	fprintf(out, "%s\n", cell.text);
}

bool nk_listing_note(const struct nk_inventory *inventory, uint32_t nic,
		     char ret[NK_LISTING_NOTE_SIZE])
{
	const struct nk_inventory_nic *of = &inventory->nics[nic];
	uint32_t i;

	for (i = 0; i < inventory->row_count; i++)
		if (inventory->rows[i].nic == nic)
			return false;
	snprintf(
		ret, NK_LISTING_NOTE_SIZE,
		"%s: XDP program %u is kept for the next Pod, and with it the NIC's limit on the MTU; "
		"nk-cni release %s takes it off",
		of->name, of->version, NK_QUOTED(of->name));
	nk_text_clean(ret, "");
	return of->has_version;
}

void nk_listing_table(const struct nk_inventory *inventory, FILE *out)
{
	size_t widths[COLUMNS] = { 0 };
	char note[NK_LISTING_NOTE_SIZE];
	unsigned int column;
	off_stack struct cell cell;
	uint32_t i;

	for (column = 0; column < COLUMNS; column++) {
		widths[column] = strlen(titles[column]);
		for (i = 0; i < inventory->row_count; i++) {
			make_cell(&cell, inventory, &inventory->rows[i], column);
			if (cell.used > widths[column])
				widths[column] = cell.used;
		}
	}
	put_line(inventory, NULL, widths, out);
	for (i = 0; i < inventory->row_count; i++)
		put_line(inventory, &inventory->rows[i], widths, out);
	for (i = 0; i < inventory->nic_count; i++)
		if (nk_listing_note(inventory, i, note))
			fprintf(out, "%s\n", note);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void add_text(struct nk_json *json, const char *key, const char *text)
{
	if (*text)
		nk_json_add_string(json, key, text);
}

static void add_queue(struct nk_json *list, const struct nk_inventory_queue *queue)
{
	struct nk_json *json = nk_json_append_object(list);

	nk_json_add_uint(json, "netkit", queue->netkit);
	nk_json_add_uint(json, "physical", queue->phys);
	if (queue->has_irq)
		nk_json_add_uint(json, "irq", queue->irq);
	if (!queue->has_counts)
		return;
	nk_json_add_uint(json, "redirected", queue->counts.redirected);
	nk_json_add_uint(json, "noSocket", queue->counts.no_socket);
	nk_json_add_uint(json, "dropped", queue->counts.dropped);
	nk_json_add_uint(json, "resumed", queue->counts.resumed);
}

static void add_row(struct nk_json *list, const struct nk_inventory *inventory,
		    const struct nk_inventory_row *row)
{
	const struct nk_inventory_nic *nic = &inventory->nics[row->nic];
	static const uint8_t no_mac[NK_MAC_LEN];
	struct nk_json *json = nk_json_append_object(list), *queues;
	char mac[NK_MAC_TEXT_SIZE];
	uint32_t i;

	nk_json_add_string(json, "network", row->claim.key.network);
	nk_json_add_string(json, "containerID", row->claim.key.container_id);
	nk_json_add_string(json, "cniIfName", row->claim.key.cni_ifname);
	nk_json_add_string(json, "ifName", row->claim.key.ifname);
	add_text(json, "pod", row->claim.pod_name);
	add_text(json, "netns", row->netns);
	if (row->claim.nsid >= 0)
		nk_json_add_uint(json, "nsid", (uint32_t)row->claim.nsid);
	nk_json_add_string(json, "pairing", row->claim.pair ? "pair" : "single");
	if (memcmp(row->claim.mac, no_mac, sizeof(no_mac)) != 0) {
		nk_mac_text(row->claim.mac, mac);
		nk_json_add_string(json, "mac", mac);
	}
	nk_json_add_uint(json, "mtu", row->claim.mtu);
	nk_json_add_string(json, "nic", nic->name);
	if (strcmp(nic->name, nic->dir) != 0)
		nk_json_add_string(json, "nicDirectory", nic->dir);
	nk_json_add_bool(json, "nicPresent",
			 row->state != NK_INVENTORY_LOST && row->state != NK_INVENTORY_ELSEWHERE);
	if (row->numa_node >= 0)
		nk_json_add_uint(json, "numaNode", (uint32_t)row->numa_node);
	nk_json_add_bool(json, "committed", row->claim.committed);
	nk_json_add_string(json, "state", nk_inventory_state_key(row->state));
	add_text(json, "map", row->map);
	if (has_program(row, nic))
		nk_json_add_uint(json, "programVersion", nic->version);
	if (has_program(row, nic))
		nk_json_add_bool(json, "policy", nic->has_policy);
	queues = nk_json_add_array(json, "queues");
	for (i = 0; i < row->queue_count; i++)
		add_queue(queues, &row->queues[i]);
}

char *nk_listing_json(const struct nk_inventory *inventory)
{
	struct nk_json *list = nk_json_new_array();
	char *text;
	uint32_t i;

	for (i = 0; i < inventory->row_count; i++)
		add_row(list, inventory, &inventory->rows[i]);
	text = nk_json_print(list);
	nk_json_free(list);
	return text;
}
