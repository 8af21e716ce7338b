// SPDX-License-Identifier: Apache-2.0
/* sweep_journal.c - finish journal entries whose attachments have no claim */
#include "node/sweep.h"

#include "attach/delete.h"
#include "attach/steps.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "node/sweep_common.h"
#include "run/journal.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

static bool is_claimed(const struct nk_key_list *claimed, const struct nk_key *key)
{
	uint32_t i;

	for (i = 0; i < claimed->count; i++)
		if (nk_key_equal(&claimed->at[i], key))
			return true;
	return false;
}

/* open_netns() - open the recorded CNI_NETNS. Return: 0, also if it is gone; or a negative errno */
static int open_netns(struct nk_attachment *att, const char *path, struct nk_error *err)
{
	struct nk_error why = { 0 };

	att->netns_fd = *path ? nk_netns_open(path, &why) : -ENOENT;
	if (att->netns_fd >= 0 || nk_netns_is_none(att->netns_fd))
		return 0;
	*err = why;
	return att->netns_fd;
}

/* is_foreign() - was it made with another bpffs, whose claims were not read, or by another host that
 * has the same /run? Return: 1, 0, or a negative errno
 */
static int is_foreign(const struct nk_sweep *sweep, const struct nk_journal_record *record,
		      struct nk_error *err)
{
	const uint64_t host_netns = record->place.host_netns;
	uint64_t own;
	int rc;

	if (*record->bpffs && strcmp(record->bpffs, sweep->bpffs) != 0)
		return 1;
	rc = nk_netns_own_cookie(&own, err);
	return rc ? rc : host_netns && host_netns != own;
}

/* remove_leftover() - remove what a killed ADD left without a claim. Return: 1: nothing exists any
 * more; 0: the attachment lives, or has a claim; or a negative errno
 */
static int remove_leftover(const struct nk_sweep *sweep, const struct nk_key *key,
			   const char *netns, struct nk_error *err)
{
	const struct nk_delete how = { .bpffs = sweep->bpffs, .options = sweep->options };
	off_stack struct nk_attachment att;
	int rc;

	rc = nk_attachment_init_key(&att, key, err);
	if (!rc)
		rc = open_netns(&att, netns, err);
	if (!rc)
		rc = nk_delete_look(&att, &how, err);
	if (rc == NK_REMAINS_CLAIM || (rc == NK_REMAINS_DEVICE && !nk_journal_is_begun(key))) {
		nk_attachment_fini(&att);
		return 0;
	}
	if (rc == NK_REMAINS_DEVICE) {
		rc = nk_delete_run(&att, &how, err);
		if (rc >= 0)
			nk_log_warn("the ADD of %s of container %s, network %s, was killed: "
				    "removed what it left",
				    key->ifname, key->container_id, key->network);
	}
	nk_attachment_fini(&att);
	return rc < 0 ? rc : 1;
}

/* release_addresses() - Return: 0, also if they are forgotten; or a negative errno */
static int release_addresses(const struct nk_sweep *sweep, const struct nk_key *key,
			     struct nk_error *err)
{
	int rc = nk_journal_release_addresses(key, NULL, nk_sweep_plugin_ms(sweep), err);

	if (rc < 0)
		nk_journal_postpone(key);
	if (rc < 0 && sweep->forget) {
		nk_log_warn(
			"deleted the journal entry of %s of container %s, network %s, although its "
			"IPAM plugin failed (%s: %s). Its addresses may stay reserved: release "
			"them with the tools of the IPAM plugin",
			key->ifname, key->container_id, key->network, err->msg, err->details);
		nk_error_reset(err);
		return 0;
	}
	if (rc > 0)
		nk_log_warn(
			"released the addresses of %s of container %s in network %s, because the "
			"device is gone",
			key->ifname, key->container_id, key->network);
	return rc < 0 ? rc : 0;
}

/* finish_entry() - with its lock. Return: 1: nothing of the attachment is left; 0: the entry stays; or
 * a negative errno
 */
static int finish_entry(const struct nk_sweep *sweep, const struct nk_key *key,
			struct nk_error *err)
{
	off_stack struct nk_journal_record record;
	int rc = nk_journal_lookup(key, &record, err);

	if (rc >= 0)
		rc = is_foreign(sweep, &record, err);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = remove_leftover(sweep, key, record.netns, err);
	if (rc <= 0)
		return rc;
	rc = release_addresses(sweep, key, err);
	return rc ? rc : 1;
}

/* sweep_entry() - Return: 1: removed it; 0: it stays, or is in use; or a negative errno */
static int sweep_entry(const struct nk_sweep *sweep, const struct nk_key *key, struct nk_error *err)
{
	int fd, removed, rc = nk_sweep_lock(key, &fd, err);

	if (rc <= 0)
		return rc;
	removed = rc = finish_entry(sweep, key, err);
	if (rc > 0)
		rc = nk_journal_remove(key, err);
	rc = nk_sweep_unlock(key, &fd, rc, err);
	return rc ? rc : removed;
}

/* is_living_pair() - is it a complete pair with its device on the host? Most entries without a claim
 * are. This needs no lock.
 */
static bool is_living_pair(struct nk_nl *host, const struct nk_journal_entry *entry)
{
	struct nk_error gone = { 0 };
	struct nk_link link;
	char name[IFNAMSIZ];

	nk_step_host_name(&entry->key, name);
	return !entry->has_add && !nk_link_get(host, NK_NSID_HERE, name, 0, &link, &gone);
}

/* sweep_entries() - @any: as of nk_sweep_journal(). Return: 0 or the first failure */
static int sweep_entries(const struct nk_sweep *sweep, const struct nk_journal_list *list,
			 const struct nk_key_list *claimed, bool *any, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	const struct nk_journal_entry *entry;
	int swept, rc = 0;
	uint32_t i;

	for (i = 0; i < list->count && nk_sweep_has_time(sweep); i++) {
		entry = &list->at[i];
		if (nk_sweep_spares(sweep, &entry->key) || is_claimed(claimed, &entry->key) ||
		    (entry->is_postponed && sweep->skip_postponed) ||
		    is_living_pair(sweep->host, entry))
			continue;
		swept = sweep_entry(sweep, &entry->key, &mine);
		if (swept > 0 && any)
			*any = true;
		rc = nk_log_keep_first(rc, swept < 0 ? swept : 0, err, &mine);
	}
	nk_sweep_warn_left(list->count - i);
	return rc;
}

int nk_sweep_begun(const struct nk_sweep *sweep, const struct nk_key *key, struct nk_error *err)
{
	int swept = nk_journal_is_begun(key) ? sweep_entry(sweep, key, err) : 0;

	return swept < 0 ? swept : 0;
}

int nk_sweep_journal(const struct nk_sweep *sweep, bool *any, struct nk_error *err)
{
	struct nk_journal_list entries cleanup_list = { 0 };
	struct nk_key_list claimed cleanup_list = { 0 };
	int rc = nk_journal_read(sweep->network, sweep->most, &entries, err);

	if (!rc)
		rc = nk_sweep_read_claimed(sweep->bpffs, &claimed, err);
	if (!rc && entries.count)
		rc = sweep_entries(sweep, &entries, &claimed, any, err);
	return rc;
}

int nk_sweep_read_journal(struct nk_nl *host, const char *bpffs, struct nk_key_list *ret,
			  struct nk_error *err)
{
	struct nk_journal_list entries cleanup_list = { 0 };
	struct nk_key_list claimed cleanup_list = { 0 };
	const struct nk_journal_entry *entry;
	uint32_t i;
	int rc = nk_journal_read(NULL, NK_JOURNAL_ALL, &entries, err);

	if (!rc)
		rc = nk_sweep_read_claimed(bpffs, &claimed, err);
	for (i = 0; i < entries.count && !rc; i++) {
		entry = &entries.at[i];
		if (!is_claimed(&claimed, &entry->key) && !is_living_pair(host, entry))
			rc = nk_sweep_add_key(ret, &entry->key, err);
	}
	return rc;
}
