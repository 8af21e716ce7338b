// SPDX-License-Identifier: Apache-2.0
/* listing.c - an inventory as a table and as JSON */
#include "node/listing.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/mac.h"
#include "base/text.h"
#include "node/inventory.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/banned.h"

#define LINE_SIZE    65536 /* 1023 queues need less */
#define SHORT_ID     13	   /* of a container id, as crictl shows it */
#define COLUMN_SPACE 2

/* The order of put_row() */
static const char *const titles[] = {
	"POD", "CONTAINER", "NETWORK", "DEVICE",     "NETNS",	  "NIC",     "QUEUES", "HOLDER",
	"IRQ", "NUMA",	    "PROGRAM", "REDIRECTED", "NO-SOCKET", "DROPPED", "MAP",    "STATE",
};

#define COLUMNS (sizeof(titles) / sizeof(titles[0]))

struct line {
	const char *cells[COLUMNS];
	unsigned int count;		    /* of complete cells */
	size_t start, used;		    /* where the next cell begins and ends, so far */
	char text[LINE_SIZE + 2 * COLUMNS]; /* all cells, each with a NUL */
};

static void append(struct line *line, const char *fmt, va_list ap)
{
	const size_t room = line->used < LINE_SIZE ? LINE_SIZE - line->used : 0;
	const int n = vsnprintf(line->text + line->used, room, fmt, ap);

	if (n > 0 && room)
		line->used += (size_t)n < room ? (size_t)n : room - 1;
}

static void __attribute__((format(printf, 2, 3))) put(struct line *line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(line, fmt, ap);
	va_end(ap);
}

/* end_cell() - without what would break the line or command a terminal; "-" if it is empty */
static void end_cell(struct line *line)
{
	const bool is_last = line->count == COLUMNS - 1;
	char *cell = line->text + line->start, *c;

	if (line->used == line->start)
		line->text[line->used++] = '-';
	line->text[line->used++] = '\0';
	line->start = line->used;
	nk_text_clean(cell, "");
	for (c = cell; !is_last && (c = strchr(c, ' ')); c++)
		*c = '?';
	line->cells[line->count++] = cell;
}

static void __attribute__((format(printf, 2, 3))) put_cell(struct line *line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(line, fmt, ap);
	va_end(ap);
	end_cell(line);
}

/* --- cells ------------------------------------------------------------------------------------ */

static void put_range(struct line *line, uint32_t first, uint32_t length)
{
	put(line, "%u", first);
	if (length > 1)
		put(line, "-%u", first + length - 1);
}

/* put_queues() - "4-5:1-2,7:3": queues of the NIC and, behind the colons, of the device */
static void put_queues(struct line *line, const struct nk_inventory_row *row)
{
	const struct nk_inventory_queue *queue = row->queues;
	uint32_t i, n;

	for (i = 0; i < row->queue_count; i += n) {
		for (n = 1; i + n < row->queue_count && queue[i + n].phys == queue[i].phys + n &&
			    queue[i + n].netkit == queue[i].netkit + n;
		     n++)
			;
		put(line, "%s", i ? "," : "");
		put_range(line, queue[i].phys, n);
		put(line, ":");
		put_range(line, queue[i].netkit, n);
	}
	end_cell(line);
}

/* put_holders() - in the order of the queues; nothing if nobody holds any */
static void put_holders(struct line *line, const struct nk_inventory_row *row)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < row->queue_count; i++)
		any |= row->queues[i].holder != NULL;
	for (i = 0; any && i < row->queue_count; i++)
		put(line, "%s%s", i ? "," : "",
		    row->queues[i].holder ? row->queues[i].holder : "-");
	end_cell(line);
}

/* put_irqs() - in the order of the queues; nothing if none is known */
static void put_irqs(struct line *line, const struct nk_inventory_row *row)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < row->queue_count; i++)
		any |= row->queues[i].has_irq;
	for (i = 0; any && i < row->queue_count; i++) {
		put(line, "%s", i ? "," : "");
		if (row->queues[i].has_irq)
			put(line, "%u", row->queues[i].irq);
		else
			put(line, "-");
	}
	end_cell(line);
}

static void put_netns(struct line *line, const struct nk_inventory_row *row)
{
	if (*row->netns)
		put(line, "%s", row->netns);
	else if (row->claim.nsid >= 0)
		put(line, "nsid:%d", row->claim.nsid);
	end_cell(line);
}

/* has_program() - does the attachment depend on an XDP program, of a known version? */
static bool has_program(const struct nk_inventory_row *row, const struct nk_inventory_nic *nic)
{
	return row->claim.with_map && row->state != NK_INVENTORY_LOST && nic->has_version;
}

/* put_count() - the sum of all queues */
static void put_count(struct line *line, const struct nk_inventory_row *row, size_t member)
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
		put(line, "%" PRIu64, sum);
	end_cell(line);
}

static void put_row(struct line *line, const struct nk_inventory *inventory,
		    const struct nk_inventory_row *row)
{
	const struct nk_inventory_nic *nic = &inventory->nics[row->nic];

	line->count = 0;
	line->start = line->used = 0;
	put_cell(line, "%s", row->claim.pod_name);
	put_cell(line, "%.*s", SHORT_ID, row->claim.key.container_id);
	put_cell(line, "%s", row->claim.key.network);
	put_cell(line, "%s", row->claim.key.ifname);
	put_netns(line, row);
	put_cell(line, strcmp(nic->name, nic->dir) != 0 ? "%s(%s)" : "%s", nic->name, nic->dir);
	put_queues(line, row);
	put_holders(line, row);
	put_irqs(line, row);
	if (row->numa_node >= 0)
		put(line, "%d", row->numa_node);
	end_cell(line);
	if (has_program(row, nic))
		put(line, "%u%s", nic->version, nic->has_policy ? "+policy" : "");
	end_cell(line);
	put_count(line, row, offsetof(struct nk_queue_stats, redirected));
	put_count(line, row, offsetof(struct nk_queue_stats, no_socket));
	put_count(line, row, offsetof(struct nk_queue_stats, dropped));
	put_cell(line, "%s", row->map);
	put_cell(line, "%s", nk_inventory_state_text(row->state));
}

/* --- the table -------------------------------------------------------------------------------- */

static void put_line(const char *const cells[COLUMNS], const size_t *widths, FILE *out)
{
	unsigned int column;

	for (column = 0; column < COLUMNS - 1; column++)
		fprintf(out, "%-*s", (int)widths[column] + COLUMN_SPACE, cells[column]);
	fprintf(out, "%s\n", cells[column]);
}

bool nk_listing_note(const struct nk_inventory *inventory, uint32_t nic,
		     char ret[NK_LISTING_NOTE_SIZE])
{
	const struct nk_inventory_nic *of = &inventory->nics[nic];
	uint32_t i;

	for (i = 0; i < inventory->row_count; i++)
		if (inventory->rows[i].nic == nic)
			return false;
	snprintf(ret, NK_LISTING_NOTE_SIZE,
		 "%s: nk-cni's XDP program (version %u) stays attached for the next Pod and limits "
		 "the MTU of the NIC; nk-cni release %s removes it",
		 of->name, of->version, NK_QUOTED(of->name));
	nk_text_clean(ret, "");
	return of->has_version;
}

void nk_listing_table(const struct nk_inventory *inventory, FILE *out)
{
	char note[NK_LISTING_NOTE_SIZE];
	size_t widths[COLUMNS], width;
	unsigned int column;
	off_stack struct line line;
	uint32_t i;

	for (column = 0; column < COLUMNS; column++)
		widths[column] = strlen(titles[column]);
	for (i = 0; i < inventory->row_count; i++) {
		put_row(&line, inventory, &inventory->rows[i]);
		for (column = 0; column < COLUMNS; column++) {
			width = strlen(line.cells[column]);
			if (width > widths[column])
				widths[column] = width;
		}
	}
	put_line(titles, widths, out);
	for (i = 0; i < inventory->row_count; i++) {
		put_row(&line, inventory, &inventory->rows[i]);
		put_line(line.cells, widths, out);
	}
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
	if (queue->holder)
		nk_json_add_string(json, "holder", queue->holder);
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
	if (has_program(row, nic)) {
		nk_json_add_uint(json, "programVersion", nic->version);
		nk_json_add_bool(json, "policy", nic->has_policy);
	}
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
