// SPDX-License-Identifier: Apache-2.0
/* list.c - "nk-cni list" and "nk-cni stats": print this node's attachments; read only */
#include "commands.h"

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "bpffs/nicdir.h"
#include "node/inventory.h"
#include "node/listing.h"
#include "node/metrics.h"

#include <stdio.h>

#include "base/banned.h"

/* print_json() - an array of attachments cannot hold notes about NICs: log them as warnings */
static char *print_json(const struct nk_inventory *inventory)
{
	char note[NK_LISTING_NOTE_SIZE];
	uint32_t i;

	for (i = 0; i < inventory->nic_count; i++)
		if (nk_listing_note(inventory, i, note))
			nk_log_warn("%s", note);
	return nk_listing_json(inventory);
}

/* print_inventory() - @print: NULL: as JSON */
static int print_inventory(const char *bpffs,
			   void (*print)(const struct nk_inventory *inventory, FILE *out),
			   char **ret, struct nk_error *err)
{
	int rc = nk_nicdir_check_bpffs(bpffs, err), printed = 0;
	struct nk_error unprinted = { 0 };
	struct nk_inventory inventory;
	FILE *out;
	size_t size;

	*ret = NULL;
	if (rc)
		return rc;
	rc = nk_inventory_read(bpffs, &inventory, err);
	out = print ? open_memstream(ret, &size) : NULL;
	if (out)
		print(&inventory, out);
	else if (!print)
		*ret = print_json(&inventory);
	if (print)
		printed = nk_text_close(out, ret, &unprinted);
	else if (!*ret)
		printed = nk_error_no_memory(&unprinted);
	nk_inventory_fini(&inventory);
	return nk_log_keep_first(rc, printed, err, &unprinted);
}

int nk_cmd_list(const char *bpffs, bool as_json, char **ret, struct nk_error *err)
{
	return print_inventory(bpffs, as_json ? NULL : nk_listing_table, ret, err);
}

int nk_cmd_stats(const char *bpffs, char **ret, struct nk_error *err)
{
	return print_inventory(bpffs, nk_metrics_print, ret, err);
}
