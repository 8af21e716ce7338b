// SPDX-License-Identifier: Apache-2.0
/*
 * gc.c - GC: remove what is dead of this network, but for what the runtime says is valid
 *
 * What lives is kept, listed or not: a runtime may send an empty list for a network of which Multus
 * has Pods (CRI-O sends null), and Multus' own list may not have all. The one exception are devices
 * that nothing tells of but the kernel, as bpffs was emptied: then a list that has others is all
 * there is to go by.
 */
#include "commands.h"

#include "clock.h"
#include "error.h"
#include "ipam.h"
#include "json.h"
#include "sweep.h"

#include <errno.h>
#include <string.h>

#include "banned.h"

#define GC_MS 20000 /* CRI-O gives a GC 30 s, of which the IPAM plugin wants some too */

static int invalid(struct nk_error *err, const char *key, unsigned int index, const char *what)
{
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
			    "%s[%u]: %s", key, index, what);
}

/* find_list() - the attachments that are valid; NULL: the runtime says nothing of them */
static int find_list(const struct nk_config *config, const struct nk_json **ret,
		     struct nk_error *err)
{
	/* The specification's key, and what it was called by mistake in version 1.1.0's text. */
	static const char *const keys[] = { "cni.dev/valid-attachments", "cni.dev/attachments" };
	const struct nk_json *list, *entry;
	unsigned int i, index = 0;

	*ret = NULL;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]) && !*ret; i++) {
		list = nk_json_get(config->json, keys[i]);
		if (!list || nk_json_is_null(list))
			continue;
		if (!nk_json_is_array(list))
			return nk_error_set(err, NK_CODE_CONFIG, EINVAL,
					    "invalid network configuration", "%s: not an array",
					    keys[i]);
		for (entry = nk_json_first(list); entry; entry = nk_json_next(entry), index++)
			if (!nk_json_string(nk_json_get(entry, "containerID")) ||
			    !nk_json_string(nk_json_get(entry, "ifname")))
				return invalid(err, keys[i], index,
					       "not an object with strings containerID and ifname");
		*ret = list;
	}
	return 0;
}

static bool is_listed(const struct nk_key *key, const void *data)
{
	const struct nk_json *entry;

	for (entry = nk_json_first(data); entry; entry = nk_json_next(entry))
		if (!strcmp(nk_json_string(nk_json_get(entry, "containerID")), key->container_id) &&
		    !strcmp(nk_json_string(nk_json_get(entry, "ifname")), key->cni_ifname))
			return true;
	return false;
}

/* is_listed_container() - what tells of a device that has no claim does not say its CNI_IFNAME. */
static bool is_listed_container(const char *container_id, const void *data)
{
	const struct nk_json *entry;

	for (entry = nk_json_first(data); entry; entry = nk_json_next(entry))
		if (!strcmp(nk_json_string(nk_json_get(entry, "containerID")), container_id))
			return true;
	return false;
}

/* keep() - the first failure; all that can be done is done */
static int keep(int first, int rc, struct nk_error *err, struct nk_error *mine)
{
	if (rc && !first)
		*err = *mine;
	else if (rc)
		nk_error_note(err, "%s: %s", mine->msg, mine->details);
	nk_error_reset(mine);
	return first ? first : rc;
}

static int sweep_all(const struct nk_sweep *sweep, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc;

	rc = keep(0, nk_sweep_nics(sweep, &mine), err, &mine);
	return keep(rc, nk_sweep_journal(sweep, &mine), err, &mine);
}

int nk_cmd_gc(const struct nk_request *request, const struct nk_config *config,
	      struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	const struct nk_json *list;
	struct nk_sweep sweep = {
		.bpffs = config->bpffs,
		.network = config->name,
		.is_valid = is_listed,
		.is_listed = is_listed_container,
		.until = nk_clock_ms() + GC_MS,
		.drop_program = !config->xdp_keep,
		.keep_rss = config->rss_keep,
	};
	struct nk_error mine = { 0 };
	int rc;

	rc = find_list(config, &list, err);
	if (rc)
		return rc;
	sweep.data = list;
	rc = keep(0, nk_json_count(list) ? nk_sweep_unclaimed(&sweep, &mine) : 0, err, &mine);
	rc = keep(rc, sweep_all(&sweep, &mine), err, &mine);
	if (*config->ipam_type)
		rc = keep(rc, nk_ipam_gc(&ipam, &mine), err, &mine);
	return rc;
}

int nk_cmd_gc_all(const char *bpffs, struct nk_error *err)
{
	const struct nk_sweep sweep = { .bpffs = bpffs,
					.until = nk_clock_ms() + GC_MS,
					.keep_rss = true };

	return sweep_all(&sweep, err);
}
