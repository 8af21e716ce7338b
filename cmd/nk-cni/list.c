// SPDX-License-Identifier: Apache-2.0
/* list.c - "nk-cni list" and "nk-cni stats": what there is on this node; change nothing */
#include "commands.h"

#include "error.h"
#include "inventory.h"
#include "listing.h"
#include "log.h"
#include "metrics.h"
#include "nicdir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

/* to_text() - what @print prints, without its last newline; NULL when out of memory */
static char *to_text(void (*print)(const struct nk_inventory *inventory, FILE *out),
		     const struct nk_inventory *inventory)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print(inventory, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	if (size && text[size - 1] == '\n')
		text[size - 1] = '\0';
	return text;
}

static int show(const char *bpffs, char *(*print)(const struct nk_inventory *inventory), char **ret,
		struct nk_error *err)
{
	struct nk_inventory inventory;
	int rc = nk_nicdir_check_bpffs(bpffs, err);

	*ret = NULL;
	if (rc) {
		nk_error_remedy(err, "mount -t bpf bpf %s, or name its mount point by --bpffs",
				bpffs);
		return rc;
	}
	rc = nk_inventory_read(bpffs, &inventory, err);
	if (rc == -EPERM || rc == -EACCES)
		nk_error_remedy(err, "run it as root");
	*ret = print(&inventory);
	nk_inventory_fini(&inventory);
	if (!*ret && !rc)
		rc = nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	return rc;
}

static char *table(const struct nk_inventory *inventory)
{
	return to_text(nk_listing_table, inventory);
}

static char *metrics(const struct nk_inventory *inventory)
{
	return to_text(nk_metrics_print, inventory);
}

/* json() - an array of attachments has no place for notes about NICs: they are warnings */
static char *json(const struct nk_inventory *inventory)
{
	char note[NK_LISTING_NOTE_SIZE];
	uint32_t i;

	for (i = 0; i < inventory->nic_count; i++)
		if (nk_listing_note(inventory, i, note))
			nk_log_warn("%s", note);
	return nk_listing_json(inventory);
}

int nk_cmd_list(const char *bpffs, bool as_json, char **ret, struct nk_error *err)
{
	return show(bpffs, as_json ? json : table, ret, err);
}

int nk_cmd_stats(const char *bpffs, char **ret, struct nk_error *err)
{
	return show(bpffs, metrics, ret, err);
}
