// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_claims.c - the pinned maps, and what is printed of claims: the list, its JSON, the metrics
 *
 * The first byte says which map it is.
 */
#include "kernel.h"

#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "bpffs/claims.h"
#include "nic/flow_note.h"
#include "nic/saved.h"
#include "nic/setting.h"
#include "node/inventory.h"
#include "node/listing.h"
#include "node/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 8

/* check_listing() - the JSON is read back with the attachments, and no text has control characters */
static void check_listing(const struct nk_inventory *inventory)
{
	char *json_text = nk_listing_json(inventory), *text = NULL;
	struct nk_json *json = NULL;
	struct nk_error err = { 0 };
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	fuzz_check(json_text && !nk_json_parse(json_text, strlen(json_text), &json, &err),
		   "a list is JSON");
	fuzz_check(nk_json_count(json) == inventory->row_count, "a list has the attachments");
	nk_json_free(json);
	free(json_text);
	nk_listing_table(inventory, out);
	nk_metrics_print(inventory, out);
	fclose(out);
	for (i = 0; i < size; i++)
		fuzz_check((unsigned char)text[i] >= ' ' || text[i] == '\n', "texts are clean");
	free(text);
}

static void print_claims(struct fuzz_input *in, const struct nk_claim_list *list)
{
	static const char *const holders[] = { NULL, "xsk", "dmabuf", "io-uring" };
	static struct nk_inventory_row rows[ROWS];
	static struct nk_inventory_queue queues[ROWS];
	struct nk_inventory_nic nic = { .name = "eth0", .dir = "eth0" };
	struct nk_inventory inventory = { .nic_count = 1, .nics = &nic, .rows = rows };
	uint32_t i;

	nic.has_version = nic.has_answered = fuzz_u8(in) & 1;
	for (i = 0; i < ROWS && i < list->count; i++) {
		const uint8_t how = fuzz_u8(in);

		queues[i] = (struct nk_inventory_queue){
			.phys = list->at[i].queue,
			.has_irq = how & 1,
			.has_counts = how & 2,
			.counts.redirected = fuzz_u32(in),
			.holder = holders[how >> 2 & 3],
		};
		rows[i] = (struct nk_inventory_row){
			.claim = list->at[i].claim,
			.state = (how >> 4) % (NK_INVENTORY_OK + 1),
			.numa_node = (int)(how & 3) - 1,
			.queue_count = 1,
			.queues = &queues[i],
		};
		fuzz_fill(in, rows[i].netns, fuzz_u8(in));
	}
	inventory.row_count = i;
	check_listing(&inventory);
}

static void read_claims(struct fuzz_input *in)
{
	struct nk_claim_list list = { 0 };
	static struct nk_claim claim;
	struct nk_error err = { 0 };
	char text[128];
	uint32_t i;
	int rc;

	fuzz_kernel.value_size = sizeof(claim);
	rc = nk_claims_get(0, 1, &claim, &err);
	if (!rc)
		nk_claim_describe(&claim, text, sizeof(text));
	nk_error_reset(&err);
	rc = nk_claims_read(0, &list, &err);
	fuzz_check_rc(rc, &err, "nk_claims_read");
	for (i = 0; i < list.count; i++) {
		nk_claim_describe(&list.at[i].claim, text, sizeof(text));
		fuzz_check(nk_claims_have(&list, list.at[i].queue) &&
				   nk_key_equal(&list.at[i].claim.key, &list.at[i].claim.key),
			   "a claim is that of an attachment");
	}
	print_claims(in, &list);
	free(list.at);
}

/* print_setting() - as plan does with a value of that size */
static void print_setting(uint32_t item, const struct nk_saved *saved, FILE *out)
{
	static struct nk_setting_value value;
	char name[NK_SETTING_NAME_SIZE];

	value.size = saved->size;
	memcpy(value.bytes, saved->before, saved->size);
	nk_setting_name(item, name);
	nk_setting_print(out, "eth0", item, &value);
	if (nk_setting_resize(item, &value, 2 * value.size))
		fuzz_check(nk_setting_resize(item, &value, saved->size) &&
				   !memcmp(value.bytes, saved->before, saved->size),
			   "a table that was repeated is folded");
	(void)nk_setting_is_drivers(item, &value);
	(void)nk_saved_is_ours(saved, FUZZ_IFINDEX, value.bytes, value.size);
	(void)nk_saved_is_lost(saved, value.bytes, value.size, false);
}

static void read_settings(FILE *out)
{
	struct nk_u32_list items = { 0 };
	static struct nk_saved saved;
	struct nk_error err = { 0 };
	uint32_t i;
	int rc;

	fuzz_kernel.value_size = sizeof(saved);
	rc = nk_saved_get(0, NK_SETTING_RSS << 16, &saved, &err);
	fuzz_check(rc || saved.size <= NK_SAVED_BYTES, "a saved value has its bound");
	for (i = NK_SETTING_RSS; !rc && i <= NK_SETTING_HDS; i++)
		print_setting(i << 16, &saved, out);
	nk_error_reset(&err);
	(void)nk_saved_nic(0);
	(void)nk_saved_is_empty(0);
	fuzz_check_rc(nk_saved_read_items(0, &items, &err), &err, "nk_saved_read_items");
	free(items.at);
}

static void read_notes(FILE *out)
{
	struct nk_flow_note_list list = { 0 };
	struct nk_error err = { 0 };
	struct nk_ipaddr addr;
	uint32_t i;

	fuzz_kernel.value_size = sizeof(struct nk_flow_note);
	fuzz_check_rc(nk_flow_note_read(0, &list, &err), &err, "nk_flow_note_read");
	for (i = 0; i < list.count; i++) {
		nk_flow_print(out, "eth0", &list.at[i].rule.flow, i & 1);
		fuzz_check(nk_flow_equal(&list.at[i].rule.flow, &list.at[i].rule.flow) &&
				   nk_flow_same_match(&list.at[i].rule.flow, &list.at[i].rule.flow),
			   "a rule is equal to itself");
		(void)nk_flow_conflict(&list.at[0].rule.flow, &list.at[i].rule.flow);
		(void)nk_flow_destination(&list.at[i].rule.flow, &addr);
	}
	free(list.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const uint8_t which = fuzz_u8(&in) % 3;
	struct nk_nl nl;
	char *text = NULL;
	size_t text_size;
	FILE *out = open_memstream(&text, &text_size);

	fuzz_kernel_begin(&in, &nl);
	if (!which)
		read_claims(&in);
	else if (which == 1)
		read_settings(out);
	else
		read_notes(out);
	fclose(out);
	free(text);
	return 0;
}
