// SPDX-License-Identifier: Apache-2.0
/* sweep_rest.c - the part of a sweep that no claim tells of: the journal, and an emptied bpffs */
#include "sweep.h"

#include "attach.h"
#include "claims.h"
#include "cleanup.h"
#include "error.h"
#include "journal.h"
#include "link.h"
#include "log.h"
#include "netdev.h"
#include "netns.h"
#include "nicdir.h"
#include "removal.h"
#include "steps.h"
#include "sweep_course.h"
#include "uapi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

/* --- the journal ------------------------------------------------------------------------------ */

/* All attachments that have a claim on any NIC. */
struct claimed {
	struct nk_key *keys;
	size_t count;
	const char *bpffs;
};

static int add_key(struct claimed *claimed, const struct nk_key *key)
{
	struct nk_key *grown;

	/* Queues of one attachment mostly come one after the other. */
	if (claimed->count && nk_key_equal(&claimed->keys[claimed->count - 1], key))
		return 0;
	grown = reallocarray(claimed->keys, claimed->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	claimed->keys = grown;
	grown[claimed->count++] = *key;
	return 0;
}

static int note_key(uint32_t queue, const struct nk_claim *claim, void *data)
{
	(void)queue;
	return add_key(data, &claim->key);
}

static int note_keys_on(const char *nic, void *data, struct nk_error *err)
{
	struct claimed *claimed = data;
	int fd cleanup_close = nk_claims_open_on(claimed->bpffs, nic, err);
	int rc;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = nk_claims_each(fd, note_key, claimed, err);
	return rc == -ENOMEM ? nk_sweep_no_memory(err) : rc;
}

static bool is_claimed(const struct claimed *claimed, const struct nk_key *key)
{
	size_t i;

	for (i = 0; i < claimed->count; i++)
		if (nk_key_equal(&claimed->keys[i], key))
			return true;
	return false;
}

/* remove_rest() - what there is without a claim, if its ADD was killed. Return: 1: nothing is there
 * any more, 0: it lives, or is none of our business, or a negative errno
 */
static int remove_rest(const struct nk_course *course, const struct nk_key *key,
		       const struct nk_journal_look *noted, struct nk_error *err)
{
	const struct nk_removal how = nk_course_removal(course);
	struct nk_attachment *att = course->att;
	struct nk_error no_netns = { 0 };
	int rc;

	rc = nk_attachment_init_key(att, key, err);
	if (!rc && *noted->netns)
		att->netns_fd = nk_netns_open(noted->netns, &no_netns);
	if (!rc)
		rc = nk_removal_look(att, &how, err);
	if (rc == NK_REMAINS_CLAIM || (rc == NK_REMAINS_DEVICE && !nk_journal_is_begun(key))) {
		nk_attachment_fini(att);
		return 0;
	}
	if (rc == NK_REMAINS_DEVICE) {
		rc = nk_removal_run(att, &how, err);
		if (!rc)
			nk_log_warn("the ADD of %s of container %s, network %s, was killed: it is "
				    "removed",
				    key->ifname, key->container_id, key->network);
	}
	nk_attachment_fini(att);
	return rc < 0 ? rc : 1;
}

/* end_unclaimed() - under the entry's lock. Return: 1: the entry has come to its end, 0: it stays, or a
 * negative errno
 */
static int end_unclaimed(const struct nk_course *course, const struct nk_key *key,
			 struct nk_error *err)
{
	off_stack struct nk_journal_look noted;
	int rc = nk_journal_look(key, &noted, err);

	/* The claims of one that was made with another bpffs are not among those that we read. */
	if (rc < 0 || (rc && *noted.bpffs && strcmp(noted.bpffs, course->sweep->bpffs) != 0))
		return rc < 0 ? rc : 0;
	rc = remove_rest(course, key, &noted, err);
	if (rc <= 0)
		return rc;
	rc = nk_journal_give_back(key, NULL, nk_course_plugin_ms(course), err);
	if (rc < 0)
		nk_journal_postpone(key);
	if (rc < 0 && course->sweep->forget) {
		nk_log_warn("%s of container %s, network %s: forgotten, although its IPAM plugin "
			    "could not be asked: its addresses may remain reserved there: %s: %s",
			    key->ifname, key->container_id, key->network, err->msg, err->details);
		nk_error_reset(err);
		return 1;
	}
	if (rc > 0)
		nk_log_warn(
			"%s of container %s is gone: its addresses of network %s are given back",
			key->ifname, key->container_id, key->network);
	return rc < 0 ? rc : 1;
}

static int end_entry(const struct nk_course *course, const struct nk_journal_entry *entry,
		     struct nk_error *err)
{
	struct nk_error busy = { 0 };
	int fd, rc;

	rc = nk_journal_lock(&entry->key, false, &fd, &busy);
	if (rc)
		return nk_course_leave(rc, err, &busy);
	rc = end_unclaimed(course, &entry->key, err);
	if (rc > 0)
		nk_journal_forget(&entry->key);
	nk_journal_unlock(&entry->key, &fd);
	if (rc < 0)
		nk_error_wrap(err, "sweep %s of container %.16s", entry->key.ifname,
			      entry->key.container_id);
	return rc < 0 ? rc : 0;
}

/* has_host_end() - a pair that lives, as most entries without a claim are: told without the lock */
static bool has_host_end(struct nk_nl *host, const struct nk_journal_entry *entry)
{
	struct nk_error gone = { 0 };
	struct nk_link link;
	char name[IFNAMSIZ];

	nk_step_host_name(&entry->key, name);
	return !entry->has_add && !nk_link_get(host, NK_NSID_HERE, name, 0, &link, &gone);
}

/* end_entries() - Return: 0, or the first failure */
static int end_entries(const struct nk_course *course, const struct nk_journal_entry *entries,
		       size_t count, const struct claimed *claimed, struct nk_error *err)
{
	const struct nk_sweep *sweep = course->sweep;
	struct nk_error mine;
	struct nk_nl host;
	size_t i;
	int rc = nk_nl_open(&host, -1, "host", err);

	if (rc)
		return rc;
	for (i = 0; i < count && !nk_course_is_over(course); i++) {
		if (nk_sweep_spares(sweep, &entries[i].key) ||
		    is_claimed(claimed, &entries[i].key) ||
		    (entries[i].waits && sweep->impatient) || has_host_end(&host, &entries[i]))
			continue;
		mine = (struct nk_error){ 0 };
		rc = nk_course_keep(rc, end_entry(course, &entries[i], &mine), err, &mine);
	}
	nk_nl_close(&host);
	nk_course_say_late(count - i);
	return rc;
}

int nk_sweep_journal(const struct nk_sweep *sweep, struct nk_error *err)
{
	struct claimed claimed = { .bpffs = sweep->bpffs };
	struct nk_journal_entry *entries = NULL;
	struct nk_course course;
	size_t count = 0;
	int rc;

	rc = nk_course_begin(sweep, NULL, &course, err);
	if (!rc)
		rc = nk_journal_read(sweep->network, &entries, &count, err);
	if (!rc)
		rc = nk_nicdir_each(sweep->bpffs, note_keys_on, &claimed, err);
	if (!rc && count)
		rc = end_entries(&course, entries, count, &claimed, err);
	free(claimed.keys);
	free(entries);
	nk_course_end(&course);
	return rc;
}

int nk_sweep_kept(const char *bpffs, const char *network, struct nk_key **ret, size_t *ret_count,
		  struct nk_error *err)
{
	struct claimed all = { .bpffs = bpffs };
	struct nk_journal_entry *entries = NULL;
	size_t count = 0, kept = 0, i;
	int rc = nk_nicdir_each(bpffs, note_keys_on, &all, err);

	if (!rc)
		rc = nk_journal_read(network, &entries, &count, err);
	for (i = 0; i < count && !rc; i++)
		rc = add_key(&all, &entries[i].key) ? nk_sweep_no_memory(err) : 0;
	free(entries);
	for (i = 0; i < all.count; i++)
		if (!strcmp(all.keys[i].network, network))
			all.keys[kept++] = all.keys[i];
	*ret = all.keys;
	*ret_count = kept;
	return rc;
}

/* --- bpffs was emptied ------------------------------------------------------------------------ */

struct unclaimed {
	const struct nk_sweep *sweep;
	struct nk_nl device_nl; /* the other one is busy with a dump */
	struct nk_key *keys;
	size_t count;
};

/* parse_alias() - "nk-cni:<effective name>:<container id>:<network>"; one that was cut is left alone */
static bool parse_alias(const char *alias, struct nk_key *ret)
{
	int end = 0;

	*ret = (struct nk_key){ 0 };
	return sscanf(alias, "nk-cni:%15[^:]:%255[^:]:%255s%n", ret->ifname, ret->container_id,
		      ret->network, &end) == 3 &&
	       !alias[end] && strlen(alias) < NK_ALIAS_SIZE - 2;
}

static int note_unclaimed(const struct nk_queue *queue, void *data, struct nk_error *err)
{
	struct unclaimed *unclaimed = data;
	const struct nk_sweep *sweep = unclaimed->sweep;
	struct nk_error gone = { 0 };
	struct nk_link link;
	struct nk_key key, *grown;

	if (!queue->leased ||
	    nk_link_get(&unclaimed->device_nl, queue->lease_nsid, NULL, queue->lease_ifindex, &link,
			&gone) ||
	    link.group != NK_LINK_GROUP || !parse_alias(link.alias, &key) ||
	    strcmp(key.network, sweep->network) != 0 ||
	    sweep->is_listed(key.container_id, sweep->data))
		return 0;
	if (unclaimed->count && nk_key_equal(&unclaimed->keys[unclaimed->count - 1], &key))
		return 0;
	grown = reallocarray(unclaimed->keys, unclaimed->count + 1, sizeof(*grown));
	if (!grown)
		return nk_sweep_no_memory(err);
	unclaimed->keys = grown;
	grown[unclaimed->count++] = key;
	return 0;
}

/* has_claim() - of this device, whatever its CNI_IFNAME: then it is not ours to judge here */
static bool has_claim(const struct claimed *claimed, const struct nk_key *key)
{
	size_t i;

	for (i = 0; i < claimed->count; i++)
		if (!strcmp(claimed->keys[i].container_id, key->container_id) &&
		    !strcmp(claimed->keys[i].ifname, key->ifname) &&
		    !strcmp(claimed->keys[i].network, key->network))
			return true;
	return false;
}

static int end_unlisted(const struct nk_course *course, const struct nk_key *key,
			struct nk_error *err)
{
	const struct nk_removal how = nk_course_removal(course);
	int rc = nk_attachment_init_key(course->att, key, err);

	if (!rc)
		rc = nk_removal_run(course->att, &how, err);
	nk_attachment_fini(course->att);
	if (!rc)
		nk_log_warn("%s of container %s, network %s, had leases but no claim, and was not "
			    "valid: removed",
			    key->ifname, key->container_id, key->network);
	return rc;
}

/* find_unclaimed() - and who has a claim; both are the caller's to free, also after a failure */
static int find_unclaimed(struct unclaimed *unclaimed, struct claimed *claimed,
			  struct nk_error *err)
{
	struct nk_error no_leases = { 0 };
	struct nk_nl host;
	int rc = nk_nl_open(&host, -1, "host", err);

	if (!rc)
		rc = nk_nl_open(&unclaimed->device_nl, -1, "host", err);
	/* A kernel without leases has none to find. */
	if (!rc && !nk_netdev_probe_lease(&host, &no_leases))
		rc = nk_netdev_queues(&host, 0, note_unclaimed, unclaimed, err);
	nk_nl_close(&unclaimed->device_nl);
	nk_nl_close(&host);
	return rc ? rc : nk_nicdir_each(claimed->bpffs, note_keys_on, claimed, err);
}

int nk_sweep_unclaimed(const struct nk_sweep *sweep, struct nk_error *err)
{
	struct unclaimed unclaimed = { .sweep = sweep };
	struct claimed claimed = { .bpffs = sweep->bpffs };
	struct nk_error mine;
	struct nk_course course;
	size_t i, count;
	int rc;

	rc = nk_course_begin(sweep, NULL, &course, err);
	if (!rc)
		rc = find_unclaimed(&unclaimed, &claimed, err);
	count = rc ? 0 : unclaimed.count;
	for (i = 0; i < count && !nk_course_is_over(&course); i++) {
		mine = (struct nk_error){ 0 };
		if (!has_claim(&claimed, &unclaimed.keys[i]))
			rc = nk_course_keep(rc, end_unlisted(&course, &unclaimed.keys[i], &mine),
					    err, &mine);
	}
	free(claimed.keys);
	free(unclaimed.keys);
	nk_course_end(&course);
	return rc;
}
