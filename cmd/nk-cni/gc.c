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
#include "journal.h"
#include "json.h"
#include "sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

/* CRI-O gives a GC 30 s: these, a last removal of 10 s, and 5 s for the network's lock. */
#define GC_MS	   8000
#define GC_IPAM_MS 6000

static int invalid(struct nk_error *err, const char *key, unsigned int index, const char *what)
{
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
			    "%s[%u]: %s", key, index, what);
}

/* The specification's key, and what it was called by mistake in version 1.1.0's text. */
static const char *const keys[] = { "cni.dev/valid-attachments", "cni.dev/attachments" };

/* find_list() - the attachments that are valid; NULL: none, or the runtime says nothing of them */
static int find_list(const struct nk_config *config, const struct nk_json **ret,
		     struct nk_error *err)
{
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

/* add_list() - to a GC of the IPAM plugin: what the runtime lists, and what is kept beside it */
static void add_list(struct nk_json *root, const char *name, const struct nk_json *list,
		     const struct nk_key *kept, size_t count)
{
	struct nk_json *array = nk_json_add_array(root, name), *entry;
	const struct nk_json *listed;
	size_t i;

	for (listed = nk_json_first(list); listed; listed = nk_json_next(listed))
		nk_json_append_copy(array, listed);
	for (i = 0; i < count; i++) {
		if (is_listed(&kept[i], list))
			continue;
		entry = nk_json_append_object(array);
		nk_json_add_string(entry, "containerID", kept[i].container_id);
		nk_json_add_string(entry, "ifname", kept[i].cni_ifname);
	}
}

/* print_for_ipam() - the configuration with these lists. Return: to be freed; NULL: out of memory */
static char *print_for_ipam(const struct nk_config *config, const struct nk_json *list,
			    const struct nk_key *kept, size_t count)
{
	struct nk_json *root = nk_json_new_object();
	const struct nk_json *member = nk_json_first(config->json);
	char *text;

	for (; member; member = nk_json_next(member))
		if (!strcmp(nk_json_key(member), keys[0]) || !strcmp(nk_json_key(member), keys[1]))
			add_list(root, nk_json_key(member), list, kept, count);
		else
			nk_json_add_copy(root, nk_json_key(member), member);
	text = nk_json_print_line(root);
	nk_json_free(root);
	return text;
}

/* gc_ipam() - with all that lives on its list, whatever the runtime's has. It is not asked where that
 * cannot be told, or the runtime does not say what is valid.
 */
static int gc_ipam(const struct nk_request *request, const struct nk_config *config,
		   const struct nk_json *list, struct nk_error *err)
{
	struct nk_ipam ipam = nk_ipam_of(config, request);
	struct nk_key *kept = NULL;
	size_t count = 0;
	char *text = NULL;
	int rc, fd;

	if (!*config->ipam_type ||
	    (!nk_json_get(config->json, keys[0]) && !nk_json_get(config->json, keys[1])))
		return 0;
	rc = nk_journal_lock_network(config->name, &fd, err);
	if (!rc)
		rc = nk_sweep_kept(config->bpffs, config->name, &kept, &count, err);
	if (!rc) {
		text = print_for_ipam(config, list, kept, count);
		if (!text) {
			nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
			rc = -ENOMEM;
		}
	}
	if (text) {
		ipam.input = text;
		ipam.input_size = strlen(text);
		ipam.limit_ms = GC_IPAM_MS;
		rc = nk_ipam_gc(&ipam, err);
	}
	nk_journal_unlock_network(config->name, &fd);
	free(text);
	free(kept);
	return rc;
}

int nk_cmd_gc(const struct nk_request *request, const struct nk_config *config,
	      struct nk_error *err)
{
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
	return keep(rc, gc_ipam(request, config, list, &mine), err, &mine);
}

int nk_cmd_gc_all(const char *bpffs, bool forget, struct nk_error *err)
{
	const struct nk_sweep sweep = {
		.bpffs = bpffs, .until = nk_clock_ms() + GC_MS, .forget = forget, .keep_rss = true
	};

	return sweep_all(&sweep, err);
}
