// SPDX-License-Identifier: Apache-2.0
/*
 * gc.c - GC: remove dead attachments of this network, except those that the runtime lists as valid
 *
 * Live attachments are kept, listed or not: a runtime may send an empty list for a network in which
 * Multus has Pods (CRI-O sends null), and Multus' own list may be incomplete. The exception is a
 * device without a claim, for example after bpffs was emptied. Such a device is removed if the list
 * names other attachments and not this one.
 */
#include "commands.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "cni/ipam.h"
#include "kernel/nl.h"
#include "node/sweep.h"
#include "run/journal_lock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* CRI-O gives a GC 30 s: these, one last removal of 10 s, and 5 s for the network's lock. */
#define GC_MS	   8000
#define GC_IPAM_MS 6000

/* The specification's key, and the wrong name in the text of version 1.1.0. */
static const char *const keys[] = { "cni.dev/valid-attachments", "cni.dev/attachments" };

/* find_list() - the valid attachments; NULL: the runtime sends no list */
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
			return nk_error_config(err, "%s: not an array", keys[i]);
		for (entry = nk_json_first(list); entry; entry = nk_json_next(entry), index++)
			if (!nk_json_string(nk_json_get(entry, "containerID")) ||
			    !nk_json_string(nk_json_get(entry, "ifname")))
				return nk_error_config(
					err,
					"%s[%u]: not an object with strings containerID and ifname",
					keys[i], index);
		*ret = list;
	}
	return 0;
}

/* contains() - does @list have this attachment? @ifname: its CNI_IFNAME; NULL: any of the container */
static bool contains(const struct nk_json *list, const char *container_id, const char *ifname)
{
	const struct nk_json *entry;

	for (entry = nk_json_first(list); entry; entry = nk_json_next(entry))
		if (!strcmp(nk_json_string(nk_json_get(entry, "containerID")), container_id) &&
		    (!ifname || !strcmp(nk_json_string(nk_json_get(entry, "ifname")), ifname)))
			return true;
	return false;
}

static bool is_listed(const struct nk_key *key, const void *data)
{
	return contains(data, key->container_id, key->cni_ifname);
}

/* is_listed_container() - for a device without a claim, whose CNI_IFNAME is unknown */
static bool is_listed_container(const char *container_id, const void *data)
{
	return contains(data, container_id, NULL);
}

static int sweep_all(const struct nk_sweep *sweep, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc;

	rc = nk_log_keep_first(0, nk_sweep_nics(sweep, &mine), err, &mine);
	return nk_log_keep_first(rc, nk_sweep_journal(sweep, NULL, &mine), err, &mine);
}

/* add_list() - a list for the IPAM plugin's GC: what the runtime lists, and @kept */
static void add_list(struct nk_json *root, const char *name, const struct nk_json *list,
		     const struct nk_key_list *kept)
{
	struct nk_json *array = nk_json_add_array(root, name), *entry;
	const struct nk_json *listed;
	uint32_t i;

	for (listed = nk_json_first(list); listed; listed = nk_json_next(listed))
		nk_json_append_copy(array, listed);
	for (i = 0; i < kept->count; i++) {
		if (is_listed(&kept->at[i], list))
			continue;
		entry = nk_json_append_object(array);
		nk_json_add_string(entry, "containerID", kept->at[i].container_id);
		nk_json_add_string(entry, "ifname", kept->at[i].cni_ifname);
	}
}

/* print_for_ipam() - the configuration with extended lists. Return: text to be freed; NULL: out of
 * memory
 */
static char *print_for_ipam(const struct nk_config *config, const struct nk_json *list,
			    const struct nk_key_list *kept)
{
	struct nk_json *root = nk_json_new_object();
	const struct nk_json *member = nk_json_first(config->json);
	char *text;

	for (; member; member = nk_json_next(member))
		if (!strcmp(nk_json_key(member), keys[0]) || !strcmp(nk_json_key(member), keys[1]))
			add_list(root, nk_json_key(member), list, kept);
		else
			nk_json_add_copy(root, nk_json_key(member), member);
	text = nk_json_print_line(root);
	nk_json_free(root);
	return text;
}

/* gc_ipam() - add all live attachments to the runtime's list. Do not call the plugin if they are
 * unknown, or if the runtime sends no list.
 */
static int gc_ipam(const struct nk_request *request, const struct nk_config *config,
		   const struct nk_json *list, struct nk_error *err)
{
	struct nk_ipam ipam = nk_ipam_of(config, request);
	struct nk_key_list kept cleanup_list = { 0 };
	char *text = NULL;
	int rc, fd;

	if (!*config->ipam_type ||
	    (!nk_json_get(config->json, keys[0]) && !nk_json_get(config->json, keys[1])))
		return 0;
	rc = nk_journal_lock_network(config->name, &fd, err);
	if (!rc)
		rc = nk_sweep_read_existing(config->bpffs, config->name, &kept, err);
	if (rc == -EUCLEAN) {
		nk_log_warn(
			"did not call the IPAM plugin's GC, which might release addresses of live "
			"Pods: %s: %s",
			err->msg, err->details);
		nk_error_reset(err);
		rc = 0;
	} else if (!rc) {
		text = print_for_ipam(config, list, &kept);
		if (!text)
			rc = nk_error_no_memory(err);
	}
	if (text) {
		ipam.input = text;
		ipam.input_size = strlen(text);
		ipam.limit_ms = GC_IPAM_MS;
		rc = nk_ipam_gc(&ipam, err);
	}
	nk_journal_unlock_network(config->name, &fd);
	free(text);
	return rc;
}

int nk_cmd_gc(const struct nk_request *request, const struct nk_config *config,
	      struct nk_error *err)
{
	const struct nk_json *list;
	struct nk_nl host = { 0 };
	struct nk_sweep sweep = {
		.host = &host,
		.bpffs = config->bpffs,
		.network = config->name,
		.is_valid = is_listed,
		.is_listed = is_listed_container,
		.until = nk_clock_ms() + GC_MS,
		.options = nk_delete_of(config),
	};
	struct nk_error mine = { 0 };
	int rc;

	rc = find_list(config, &list, err);
	if (rc)
		return rc;
	sweep.data = list;
	rc = nk_nl_open(&host, -1, "host", err);
	if (!rc) {
		rc = nk_json_count(list) ? nk_sweep_unclaimed(&sweep, err) : 0;
		rc = nk_log_keep_first(rc, sweep_all(&sweep, &mine), err, &mine);
	}
	nk_nl_close(&host);
	return nk_log_keep_first(rc, gc_ipam(request, config, list, &mine), err, &mine);
}

int nk_cmd_gc_all(const char *bpffs, bool forget, struct nk_error *err)
{
	struct nk_nl host = { 0 };
	const struct nk_sweep sweep = { .host = &host,
					.bpffs = bpffs,
					.until = nk_clock_ms() + GC_MS,
					.forget = forget,
					.options = { .keep_rss = true } };
	int rc = nk_nl_open(&host, -1, "host", err);

	if (!rc)
		rc = sweep_all(&sweep, err);
	nk_nl_close(&host);
	return rc;
}
