// SPDX-License-Identifier: Apache-2.0
/*
 * sweep.c - remove what is dead
 *
 *  1. A first look at the claims of a NIC, without its lock: who is suspected? Mostly nobody.
 *  2. 500 ms later, one suspect after the other: the lock, a second look, the removes of DEL.
 *  3. The plugin of its addresses, without the lock.
 */
#include "sweep.h"

#include "attach.h"
#include "claims.h"
#include "cleanup.h"
#include "clock.h"
#include "error.h"
#include "journal.h"
#include "link.h"
#include "log.h"
#include "netdev.h"
#include "netns.h"
#include "nicdir.h"
#include "removal.h"
#include "steps.h"
#include "uapi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "banned.h"

#define SECOND_LOOK_MS 500
#define PLUGIN_MIN_MS  1000 /* a plugin is not started for less */

/* In this order: the last that holds for one of its queues holds for the attachment. */
enum state {
	DEAD,
	UNKNOWN,
	ALIVE,
};

struct suspect {
	struct nk_key key;
	enum state state;
	bool is_down; /* unknown as the NIC is down */
	uint32_t queue_count;
	bool has_ipam; /* an IPAM plugin gave it addresses */
};

/* A look at a NIC's claims. */
struct look {
	struct nk_nl *host;
	const struct nk_sweep *sweep;
	const struct nk_key *only;	/* NULL: all */
	const struct nk_queue_set *set; /* count queues of this one alone; NULL: of all */
	struct suspect *suspects;	/* all attachments, until the look is over */
	size_t count;
};

/* has_device() - is the device that a claim tells of still there? */
static bool has_device(struct nk_nl *host, const struct nk_claim *claim)
{
	struct nk_error gone = { 0 };
	struct nk_link link;

	return claim->ifindex && claim->nsid >= 0 &&
	       !nk_link_get(host, claim->nsid, NULL, claim->ifindex, &link, &gone) &&
	       !strcmp(link.kind, "netkit");
}

static enum state judge(const struct look *look, uint32_t queue, const struct nk_claim *claim,
			bool *is_down)
{
	struct nk_error gone = { 0 };
	struct nk_queue now;
	struct nk_nic nic;
	int rc;

	rc = nk_nic_get_by_index(look->host, claim->nic_ifindex, &nic, &gone);
	if (rc == -ENODEV) /* a NIC that was moved to another netns still lends */
		return has_device(look->host, claim) ? UNKNOWN : DEAD;
	*is_down = !rc && !nic.up;
	if (rc || !nic.up)
		return UNKNOWN;
	if (!claim->committed)
		return !look->only && nk_journal_is_locked(&claim->key) ? ALIVE : DEAD;
	if (nk_netdev_queue_get(look->host, claim->nic_ifindex, queue, &now, &gone))
		return UNKNOWN;
	return now.leased && now.lease_ifindex == claim->ifindex && now.lease_nsid == claim->nsid ?
		       ALIVE :
		       DEAD;
}

static struct suspect *suspect_of(struct look *look, const struct nk_key *key)
{
	struct suspect *grown;
	size_t i;

	for (i = 0; i < look->count; i++)
		if (nk_key_equal(&look->suspects[i].key, key))
			return &look->suspects[i];
	grown = reallocarray(look->suspects, look->count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	look->suspects = grown;
	grown += look->count++;
	*grown = (struct suspect){ .key = *key };
	return grown;
}

static bool is_spared(const struct nk_sweep *sweep, const struct nk_key *key)
{
	return (sweep->network && strcmp(key->network, sweep->network) != 0) ||
	       (sweep->is_valid && sweep->is_valid(key, sweep->data));
}

static int look_at(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct look *look = data;
	struct suspect *suspect;
	enum state state;

	if (look->only ? !nk_key_equal(look->only, &claim->key) :
			 is_spared(look->sweep, &claim->key))
		return 0;
	suspect = suspect_of(look, &claim->key);
	if (!suspect)
		return -ENOMEM;
	suspect->has_ipam |= claim->has_ipam;
	suspect->queue_count += !look->set || nk_queue_set_has(look->set, queue);
	if (suspect->state == ALIVE)
		return 0; /* one queue will do */
	state = judge(look, queue, claim, &suspect->is_down);
	if (state > suspect->state)
		suspect->state = state;
	return 0;
}

static int out_of_memory(struct nk_error *err)
{
	return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
}

/* look_round() - at all claims of a NIC, if it has any; only those who are dead stay suspects */
static int look_round(struct look *look, const char *nic, struct nk_error *err)
{
	struct nk_nicdir dir;
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;
	size_t i, kept = 0;
	bool is_down = false;
	int rc;

	nk_nicdir_init(look->sweep->bpffs, nic, &dir);
	nk_nicdir_pin(&dir, "claims", path);
	fd = nk_claims_open(path, false, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = nk_claims_each(fd, look_at, look, err);
	if (rc == -ENOMEM)
		return out_of_memory(err);
	for (i = 0; i < look->count; i++) {
		is_down |= look->suspects[i].is_down;
		if (look->suspects[i].state == DEAD)
			look->suspects[kept++] = look->suspects[i];
	}
	look->count = kept;
	if (is_down)
		nk_log_warn("%s is down: which Pods on it are dead cannot be told, all are kept",
			    nic);
	return rc;
}

/* --- a suspect's end -------------------------------------------------------------------------- */

/* A sweep under way. */
struct course {
	const struct nk_sweep *sweep;
	struct nk_attachment *att; /* one at a time; it is large */
	int64_t deadline;
	const char *nic;
};

static void course_begin(struct course *course, const struct nk_sweep *sweep, const char *nic)
{
	*course = (struct course){
		.sweep = sweep,
		.att = calloc(1, sizeof(*course->att)),
		.deadline = nk_clock_ms() + sweep->limit_ms,
		.nic = nic,
	};
}

static int64_t left_ms(const struct course *course)
{
	const int64_t left = course->deadline - nk_clock_ms();

	return left > 0 ? left : 0;
}

static struct nk_removal how_to(const struct nk_sweep *sweep)
{
	return (struct nk_removal){
		.bpffs = sweep->bpffs,
		.drop_program = sweep->drop_program,
		.keep_rss = sweep->keep_rss,
	};
}

/* give_back() - its addresses. Without an entry there is nobody who knows how. */
static int give_back(const struct course *course, const struct nk_key *key, bool has_ipam,
		     struct nk_error *err)
{
	int64_t left = left_ms(course);
	int rc;

	rc = nk_journal_give_back(key, (uint32_t)(left > PLUGIN_MIN_MS ? left : PLUGIN_MIN_MS),
				  err);
	if (!rc && has_ipam)
		nk_log_warn("container %s: the journal has no entry: what addresses network %s "
			    "gave it as %s may remain reserved at its IPAM plugin",
			    key->container_id, key->network, key->cni_ifname);
	return rc < 0 ? rc : 0;
}

/* remove_dead() - under the NIC's lock, after a second look. Return: 1, 0 where it is not dead, or a
 * negative errno
 */
static int remove_dead(const struct course *course, const struct suspect *suspect,
		       struct nk_error *err)
{
	struct nk_attachment *att = course->att;
	struct look look = { .host = &att->host, .sweep = course->sweep, .only = &suspect->key };
	int rc;

	rc = nk_attachment_init_key(att, &suspect->key, err);
	if (!rc)
		rc = nk_attach_load(att, course->sweep->bpffs, course->nic, err);
	if (rc > 0) {
		rc = look_round(&look, course->nic, err);
		rc = rc ? rc : look.count > 0;
		free(look.suspects);
	}
	if (rc > 0) {
		att->drop_program = course->sweep->drop_program;
		att->keep_rss = course->sweep->keep_rss;
		rc = nk_attach_remove(att, err);
		rc = rc ? rc : 1;
	}
	nk_attachment_fini(att);
	return rc;
}

/* bury() - Return: 0, also where it is not dead after all, or a negative errno */
static int bury(const struct course *course, const struct suspect *suspect, struct nk_error *err)
{
	struct nk_error busy = { 0 };
	int fd, rc;

	/* Who has it removes it, or makes it anew. */
	if (nk_journal_lock(&suspect->key, 0, &fd, &busy))
		return 0;
	rc = remove_dead(course, suspect, err);
	if (rc > 0) {
		nk_log_warn("%s of container %s, network %s, was dead on %s: removed, queues: %u",
			    suspect->key.ifname, suspect->key.container_id, suspect->key.network,
			    course->nic, suspect->queue_count);
		rc = give_back(course, &suspect->key, suspect->has_ipam, err);
		if (!rc)
			nk_journal_forget(&suspect->key);
	}
	nk_journal_unlock(&suspect->key, &fd);
	if (rc)
		nk_error_wrap(err, "sweep %s of container %.16s", suspect->key.ifname,
			      suspect->key.container_id);
	return rc;
}

/* keep_first() - the first failure is returned, and the later ones are logged */
static int keep_first(int first, int rc, struct nk_error *err, const struct nk_error *mine)
{
	if (rc && !first)
		*err = *mine;
	else if (rc)
		nk_log_warn("%s: %s", mine->msg, mine->details);
	return first ? first : rc;
}

static void say_late(const struct nk_sweep *sweep, size_t left)
{
	nk_log_warn("%u ms were not enough to remove all that is dead: the next ADD or GC goes on "
		    "with %zu more",
		    sweep->limit_ms, left);
}

int nk_sweep_nic(const struct nk_sweep *sweep, const char *nic, struct nk_error *err)
{
	const struct timespec pause = { .tv_nsec = SECOND_LOOK_MS * 1000000L };
	struct nk_nl host;
	struct look look = { .host = &host, .sweep = sweep };
	struct course course;
	struct nk_error mine;
	size_t i;
	int rc = nk_nl_open(&host, -1, "host", err);

	if (!rc)
		rc = look_round(&look, nic, err);
	nk_nl_close(&host);
	if (look.count)
		nanosleep(&pause, NULL);
	course_begin(&course, sweep, nic);
	if (!course.att && !rc)
		rc = out_of_memory(err);
	for (i = 0; course.att && i < look.count && left_ms(&course); i++) {
		mine = (struct nk_error){ 0 };
		rc = keep_first(rc, bury(&course, &look.suspects[i], &mine), err, &mine);
	}
	if (course.att && i < look.count)
		say_late(sweep, look.count - i);
	free(look.suspects);
	free(course.att);
	return rc;
}

static int sweep_next(const char *nic, void *data, struct nk_error *err)
{
	return nk_sweep_nic(data, nic, err);
}

int nk_sweep_nics(const struct nk_sweep *sweep, struct nk_error *err)
{
	struct nk_sweep copy = *sweep;

	return nk_nicdir_each(sweep->bpffs, sweep_next, &copy, err);
}

static bool no_key(const struct nk_key *key, const void *data)
{
	(void)key;
	(void)data;
	return false;
}

int nk_sweep_count(const char *bpffs, const char *nic, const struct nk_queue_set *set,
		   uint32_t *ret, struct nk_error *err)
{
	const struct nk_sweep all = { .bpffs = bpffs, .is_valid = no_key };
	struct nk_nl host;
	struct look look = { .host = &host, .sweep = &all, .set = set };
	size_t i;
	int rc = nk_nl_open(&host, -1, "host", err);

	*ret = 0;
	if (!rc)
		rc = look_round(&look, nic, err);
	nk_nl_close(&host);
	for (i = 0; i < look.count; i++)
		*ret += look.suspects[i].queue_count;
	free(look.suspects);
	return rc;
}

/* --- the journal ------------------------------------------------------------------------------ */

/* All attachments that have a claim on any NIC. */
struct claimed {
	struct nk_key *keys;
	size_t count;
	const char *bpffs;
};

static int note_key(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct claimed *claimed = data;
	struct nk_key *grown;

	(void)queue;
	/* Queues of one attachment mostly come one after the other. */
	if (claimed->count && nk_key_equal(&claimed->keys[claimed->count - 1], &claim->key))
		return 0;
	grown = reallocarray(claimed->keys, claimed->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	claimed->keys = grown;
	grown[claimed->count++] = claim->key;
	return 0;
}

static int note_keys_on(const char *nic, void *data, struct nk_error *err)
{
	struct claimed *claimed = data;
	struct nk_nicdir dir;
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;
	int rc;

	nk_nicdir_init(claimed->bpffs, nic, &dir);
	nk_nicdir_pin(&dir, "claims", path);
	fd = nk_claims_open(path, false, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = nk_claims_each(fd, note_key, claimed, err);
	return rc == -ENOMEM ? out_of_memory(err) : rc;
}

static bool is_claimed(const struct claimed *claimed, const struct nk_key *key)
{
	size_t i;

	for (i = 0; i < claimed->count; i++)
		if (nk_key_equal(&claimed->keys[i], key))
			return true;
	return false;
}

/* end_unclaimed() - under the entry's lock. Return: 1: the entry has come to its end, 0: it stays, or a
 * negative errno
 */
static int end_unclaimed(const struct course *course, const struct nk_journal_entry *entry,
			 struct nk_error *err)
{
	const struct nk_removal how = how_to(course->sweep);
	struct nk_attachment *att = course->att;
	struct nk_error no_netns = { 0 };
	char netns[PATH_MAX];
	int rc;

	rc = nk_attachment_init_key(att, &entry->key, err);
	if (!rc && nk_journal_netns(&entry->key, netns))
		att->netns_fd = nk_netns_open(netns, &no_netns);
	if (!rc)
		rc = nk_removal_look(att, how.bpffs, err);
	if (rc < 0 || rc == NK_REMAINS_CLAIM || (rc == NK_REMAINS_DEVICE && !entry->has_add)) {
		nk_attachment_fini(att);
		return rc < 0 ? rc : 0;
	}
	if (rc == NK_REMAINS_DEVICE)
		nk_log_warn("the ADD of %s of container %s, network %s, was killed: it is removed",
			    entry->key.ifname, entry->key.container_id, entry->key.network);
	rc = rc == NK_REMAINS_DEVICE ? nk_removal_run(att, &how, err) : 0;
	nk_attachment_fini(att);
	if (!rc)
		rc = give_back(course, &entry->key, false, err);
	return rc ? rc : 1;
}

static int end_entry(const struct course *course, const struct nk_journal_entry *entry,
		     struct nk_error *err)
{
	struct nk_error busy = { 0 };
	int fd, rc;

	if (nk_journal_lock(&entry->key, 0, &fd, &busy))
		return 0;
	rc = end_unclaimed(course, entry, err);
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
static int end_entries(const struct course *course, const struct nk_journal_entry *entries,
		       size_t count, const struct claimed *claimed, struct nk_error *err)
{
	const struct nk_sweep *sweep = course->sweep;
	struct nk_error mine;
	struct nk_nl host;
	size_t i;
	int rc = nk_nl_open(&host, -1, "host", err);

	for (i = 0; i < count && left_ms(course); i++) {
		if (is_spared(sweep, &entries[i].key) || is_claimed(claimed, &entries[i].key) ||
		    (entries[i].waits && sweep->impatient) || has_host_end(&host, &entries[i]))
			continue;
		mine = (struct nk_error){ 0 };
		rc = keep_first(rc, end_entry(course, &entries[i], &mine), err, &mine);
	}
	nk_nl_close(&host);
	if (i < count)
		say_late(sweep, count - i);
	return rc;
}

int nk_sweep_journal(const struct nk_sweep *sweep, struct nk_error *err)
{
	struct claimed claimed = { .bpffs = sweep->bpffs };
	struct nk_journal_entry *entries = NULL;
	struct course course;
	size_t count = 0;
	int rc;

	course_begin(&course, sweep, NULL);
	rc = course.att ? nk_journal_read(sweep->network, &entries, &count, err) :
			  out_of_memory(err);
	if (!rc)
		rc = nk_nicdir_each(sweep->bpffs, note_keys_on, &claimed, err);
	if (!rc && count)
		rc = end_entries(&course, entries, count, &claimed, err);
	free(claimed.keys);
	free(entries);
	free(course.att);
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
		return out_of_memory(err);
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

static int end_unlisted(const struct course *course, const struct nk_key *key, struct nk_error *err)
{
	const struct nk_removal how = how_to(course->sweep);
	int rc = nk_attachment_init_key(course->att, key, err);

	nk_log_warn("%s of container %s, network %s, has leases but no claim, and is not valid: it "
		    "is removed",
		    key->ifname, key->container_id, key->network);
	if (!rc)
		rc = nk_removal_run(course->att, &how, err);
	nk_attachment_fini(course->att);
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
	struct course course;
	size_t i, count;
	int rc;

	course_begin(&course, sweep, NULL);
	rc = course.att ? find_unclaimed(&unclaimed, &claimed, err) : out_of_memory(err);
	count = rc ? 0 : unclaimed.count;
	for (i = 0; i < count && left_ms(&course); i++) {
		mine = (struct nk_error){ 0 };
		if (!has_claim(&claimed, &unclaimed.keys[i]))
			rc = keep_first(rc, end_unlisted(&course, &unclaimed.keys[i], &mine), err,
					&mine);
	}
	free(claimed.keys);
	free(unclaimed.keys);
	free(course.att);
	return rc;
}
