// SPDX-License-Identifier: Apache-2.0
/*
 * step_settings.c - step "settings": what of the NIC as a whole has to be other than it was
 *
 *   RSS table        no entry for a queue of the pool, or for one that is claimed
 *   XPS masks        no CPU of the host transmits on these, where sockets share the rings
 *   features         rx-ntuple-filter on for flow rules; VLAN tags left in the frame
 *   ring parameters  as configured
 *
 * They are shared: by all attachments on the NIC, and with its administrator. So each one is noted
 * in the origin map with what it was and what we make of it before it is changed, and is put back
 * when the last attachment goes, if it is then still what we made of it. What somebody else has
 * made of it since counts as what it was.
 */
#include "steps.h"

#include "claims.h"
#include "cleanup.h"
#include "error.h"
#include "log.h"
#include "origin.h"
#include "rss.h"
#include "slice.h"
#include "xps.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "banned.h"

static int open_origin(const struct nk_attachment *att, bool create, struct nk_error *err)
{
	char path[NK_PATH_SIZE];

	nk_nicdir_pin(&att->lender.dir, "origin", path);
	return nk_origin_open(path, create, err);
}

/* close_origin() - the map goes when nothing is to be put back any more. */
static void close_origin(const struct nk_attachment *att, int fd)
{
	char path[NK_PATH_SIZE];

	if (nk_origin_is_empty(fd)) {
		nk_nicdir_pin(&att->lender.dir, "origin", path);
		(void)unlink(path);
	}
	close(fd);
}

static bool same(const struct nk_setting_value *a, const struct nk_setting_value *b)
{
	return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

/**
 * write_noted() - change a setting, with a note that is right whenever we die
 * @before: as it was before our first change
 * @present: as it is, and ours, or else @before
 */
static int write_noted(struct nk_attachment *att, int fd, uint32_t item, const uint8_t *before,
		       const uint8_t *present, const struct nk_setting_value *want,
		       struct nk_error *err)
{
	off_stack struct nk_origin note;
	int rc;

	memset(&note, 0, sizeof(note));
	note.version = NK_ORIGIN_VERSION;
	note.nic_ifindex = att->lender.nic.ifindex;
	note.size = want->size;
	memcpy(note.before, before, note.size);
	memcpy(note.ours, present, note.size);
	memcpy(note.next, want->bytes, note.size);
	rc = nk_setting_mark_drivers(&att->lender.nic, item, note.before, note.size, err);
	if (!rc)
		rc = nk_origin_put(fd, item, &note, err);
	if (!rc)
		rc = nk_setting_write(&att->host, &att->lender.nic, item, want, err);
	if (rc)
		return rc;
	memcpy(note.ours, want->bytes, note.size);
	return nk_origin_put(fd, item, &note, err);
}

static int make_change(struct nk_attachment *att, int fd, struct nk_setting_change *change,
		       struct nk_error *err)
{
	char name[NK_SETTING_NAME_SIZE];
	int rc;

	change->done = true;
	rc = write_noted(att, fd, change->item, nk_slice_before(change), change->present.bytes,
			 &change->want, err);
	if (!rc)
		return 0;
	nk_setting_name(change->item, name);
	nk_error_wrap(err, "set %s of %s", name, att->lender.nic.name);
	return rc;
}

int nk_step_settings_create(struct nk_attachment *att, const struct nk_config *config,
			    struct nk_error *err)
{
	struct nk_slice_nic on = { .nl = &att->host,
				   .nic = &att->lender.nic,
				   .claims = att->lender.claims };
	uint64_t others;
	uint32_t i;
	int rc;

	if (!att->lease_count)
		return 0;
	rc = nk_step_others(att, &others, err);
	if (rc)
		return rc;
	on.others = others != 0;
	on.origin = open_origin(att, true, err);
	if (on.origin < 0)
		return on.origin;
	att->keep_rss = config->rss_keep;
	att->excluded = config->rss_exclude;
	rc = nk_step_update_claims(att, err);
	if (!rc)
		rc = nk_slice_settings(&on, config, &att->changes, err);
	for (i = 0; i < att->changes.count && !rc; i++)
		rc = make_change(att, on.origin, &att->changes.list[i], err);
	close_origin(att, on.origin);
	return rc;
}

/* is_ours() - is a setting still what the note says that we made of it? */
static int is_ours(struct nk_attachment *att, uint32_t item, const struct nk_origin *note,
		   struct nk_error *err)
{
	off_stack struct nk_setting_value present;
	int rc;

	if (note->nic_ifindex != att->lender.nic.ifindex)
		return 0;
	rc = nk_setting_read(&att->host, &att->lender.nic, item, &present, err);
	if (rc)
		return rc;
	return nk_origin_is_ours(note, att->lender.nic.ifindex, present.bytes, present.size);
}

/* A walk through the origin map. */
struct walk {
	struct nk_attachment *att;
	int fd;
	int failed;
	bool exclusion_is_lost;
	struct nk_error *err;
};

static int check_one(uint32_t item, void *data)
{
	struct walk *walk = data;
	struct nk_attachment *att = walk->att;
	char name[NK_SETTING_NAME_SIZE];
	off_stack struct nk_origin note;
	int rc;

	if (nk_setting_kind(item) == NK_SETTING_RSS || nk_setting_kind(item) == NK_SETTING_XPS)
		return 0; /* others may have them as they like, as long as ours stay out */
	rc = nk_origin_get(walk->fd, item, &note, walk->err);
	if (!rc)
		rc = is_ours(att, item, &note, walk->err);
	if (rc)
		return rc < 0 ? rc : 0;
	nk_setting_name(item, name);
	return nk_error_set(walk->err, NK_CODE_CHECK, ENOENT, "CHECK: a setting was changed",
			    "%s: %s is not as nk-cni set it", att->lender.nic.name, name);
}

static int check_rss(struct nk_attachment *att, struct nk_error *err)
{
	off_stack struct nk_rss table;
	uint32_t i, k;
	int rc;

	if (!att->excluded)
		return 0;
	rc = nk_rss_get(&att->host, att->lender.nic.ifindex, 0, &table, err);
	for (i = 0; i < table.size && !rc; i++)
		for (k = 0; k < att->lease_count && !rc; k++)
			if (table.queues[i] == att->leases[k].phys)
				rc = nk_error_set(err, NK_CODE_CHECK, ENOENT,
						  "CHECK: host traffic can reach a leased queue",
						  "%s: the RSS table's entry %u is queue %u",
						  att->lender.nic.name, i, att->leases[k].phys);
	return rc;
}

static int find_xps(uint32_t item, void *data)
{
	(void)data;
	return nk_setting_kind(item) == NK_SETTING_XPS;
}

/* is_xps_ours() - was any mask changed? Return: 1, 0, or a negative errno */
static int is_xps_ours(struct nk_attachment *att, struct nk_error *err)
{
	int fd cleanup_close = open_origin(att, false, err);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return nk_origin_each(fd, find_xps, NULL, err);
}

/* check_xps() - the host transmits on a queue whose mask has a CPU, and on any where no mask has one. A
 * driver sets or clears them all at a reset, or when CPUs come.
 */
static int check_xps(struct nk_attachment *att, struct nk_error *err)
{
	const struct nk_cpu_set none = { 0 };
	int count = nk_xps_count(&att->lender.nic), rc = is_xps_ours(att, err), queue;
	bool any = false, on_ours = false;
	struct nk_cpu_set mask;
	uint32_t k;

	if (rc <= 0 || !att->excluded)
		return rc < 0 ? rc : 0;
	if (count < 0)
		return nk_error_set(err, NK_CODE_KERNEL, -count, "cannot count the NIC's queues",
				    "%s: %s", att->lender.nic.name, nk_errno_name(-count));
	for (queue = 0; queue < count && !on_ours; queue++) {
		rc = nk_xps_get(&att->lender.nic, (uint32_t)queue, &mask, err);
		if (rc)
			return rc == -ENOENT ? 0 : rc;
		if (!memcmp(&mask, &none, sizeof(mask)))
			continue;
		any = true;
		for (k = 0; k < att->lease_count && !on_ours; k++)
			on_ours = att->leases[k].phys == (uint32_t)queue;
	}
	if (any && !on_ours)
		return 0;
	return nk_error_set(err, NK_CODE_CHECK, ENOENT,
			    "CHECK: the host transmits on a leased queue",
			    "%s: expected no CPU in the XPS mask of tx queue %u, found %s",
			    att->lender.nic.name,
			    on_ours ? (uint32_t)queue - 1 : att->leases[0].phys,
			    on_ours ? "some" : "no mask at all");
}

int nk_step_settings_check(struct nk_attachment *att, struct nk_error *err)
{
	struct walk walk = { .att = att, .err = err };
	int rc;

	if (!att->lease_count)
		return 0;
	rc = check_rss(att, err);
	if (!rc)
		rc = check_xps(att, err);
	if (rc)
		return rc;
	walk.fd = open_origin(att, false, err);
	if (walk.fd < 0)
		return walk.fd == -ENOENT ? 0 : walk.fd;
	rc = nk_origin_each(walk.fd, check_one, &walk, err);
	close(walk.fd);
	return rc;
}

/* --- what the NIC has lost -------------------------------------------------------------------- */

static int repair_setting(struct nk_attachment *att, int fd, uint32_t item, const uint8_t *before,
			  const struct nk_setting_value *want, struct nk_error *err)
{
	char name[NK_SETTING_NAME_SIZE];
	int rc = write_noted(att, fd, item, before, want->bytes, want, err);

	nk_setting_name(item, name);
	if (rc)
		nk_error_wrap(err, "set %s of %s", name, att->lender.nic.name);
	else
		nk_step_say_repaired(att, name);
	return rc;
}

/* is_exclusion() - is it a part of what keeps the host off leased queues? */
static bool is_exclusion(uint32_t item)
{
	return nk_setting_kind(item) == NK_SETTING_RSS || nk_setting_kind(item) == NK_SETTING_XPS;
}

/* repair_noted() - a feature or ring parameter that is as it was before us was reset: what is neither is
 * somebody else's. A part of the exclusion was where host traffic gets in, which no operator wants.
 */
static int repair_noted(uint32_t item, void *data)
{
	struct walk *walk = data;
	struct nk_attachment *att = walk->att;
	off_stack struct nk_setting_value present, want;
	off_stack struct nk_origin note;
	int rc;

	if (is_exclusion(item) && !walk->exclusion_is_lost)
		return 0;
	rc = nk_origin_get(walk->fd, item, &note, walk->err);
	if (!rc && note.nic_ifindex == att->lender.nic.ifindex)
		rc = nk_setting_read(&att->host, &att->lender.nic, item, &present, walk->err);
	if (rc || note.nic_ifindex != att->lender.nic.ifindex)
		return rc == -ENOENT ? 0 : rc;
	if (present.size != note.size || !memcmp(present.bytes, note.ours, note.size) ||
	    (!is_exclusion(item) && memcmp(present.bytes, note.before, note.size) != 0))
		return 0;
	want.size = note.size;
	memcpy(want.bytes, note.ours, note.size);
	return repair_setting(att, walk->fd, item, note.before, &want, walk->err);
}

/* note_excluded() - the queues that are to be out of the RSS table: those leased, and those that we took
 * out once
 */
static int note_excluded(struct nk_attachment *att, int fd, struct nk_queue_set *ret,
			 struct nk_error *err)
{
	off_stack struct nk_setting_value value;
	off_stack struct nk_rss table;
	off_stack struct nk_origin note;
	struct nk_queue_set ours = { 0 };
	uint32_t i, queues;
	int rc;

	for (i = 0; i < att->lease_count; i++)
		nk_queue_set_put(ret, att->leases[i].phys);
	rc = nk_origin_get(fd, nk_setting_item(NK_SETTING_RSS, 0), &note, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = nk_setting_count_rx(&att->lender.nic, &queues, err);
	if (rc || note.nic_ifindex != att->lender.nic.ifindex)
		return rc;
	value.size = note.size;
	memcpy(value.bytes, note.ours, note.size);
	nk_setting_unpack_rss(&value, &table);
	for (i = 0; i < table.size; i++)
		nk_queue_set_put(&ours, table.queues[i]);
	memcpy(value.bytes, note.before, note.size);
	nk_setting_unpack_rss(&value, &table);
	for (i = 0; i < table.size; i++)
		if (table.queues[i] < queues && !nk_queue_set_has(&ours, table.queues[i]))
			nk_queue_set_put(ret, table.queues[i]);
	return 0;
}

/* clear_masks() - of queues of which nothing is noted: theirs were empty before us, and are to be again */
static int clear_masks(struct nk_attachment *att, int fd, struct nk_error *err)
{
	off_stack struct nk_setting_value empty;
	off_stack struct nk_origin note;
	struct nk_queue_set excluded = { 0 };
	struct nk_cpu_set mask;
	uint32_t queue, item;
	int count = nk_xps_count(&att->lender.nic), rc = note_excluded(att, fd, &excluded, err);

	memset(&empty, 0, sizeof(empty));
	empty.size = sizeof(mask);
	for (queue = 0; !rc && count > 0 && queue < (uint32_t)count; queue++) {
		item = nk_setting_item(NK_SETTING_XPS, queue);
		if (!nk_queue_set_has(&excluded, queue))
			continue;
		rc = nk_origin_get(fd, item, &note, err);
		if (!rc)
			continue;
		if (rc == -ENOENT)
			rc = nk_xps_get(&att->lender.nic, queue, &mask, err);
		if (!rc && memcmp(&mask, empty.bytes, sizeof(mask)) != 0)
			rc = nk_setting_write(&att->host, &att->lender.nic, item, &empty, err);
	}
	return rc == -ENOENT ? 0 : rc;
}

/* repair_exclusion() - RSS table and XPS masks. What they were before our first change stays noted: who
 * has changed them since cannot be known, and it was the NIC's reset where it lost other things too.
 */
static int repair_exclusion(struct nk_attachment *att, int fd, struct nk_error *err)
{
	struct nk_slice_nic on = { .nl = &att->host,
				   .nic = &att->lender.nic,
				   .claims = att->lender.claims,
				   .origin = fd,
				   .others = true };
	off_stack struct nk_config config;
	struct nk_setting_changes changes = { 0 };
	const struct nk_setting_change *change;
	uint32_t i;
	int rc;

	memset(&config, 0, sizeof(config));
	config.rss_exclude = true;
	config.pair = att->pair;
	rc = note_excluded(att, fd, &config.queues, err);
	if (!rc)
		rc = nk_slice_settings(&on, &config, &changes, err);
	for (i = 0; i < changes.count && !rc; i++) {
		change = &changes.list[i];
		rc = repair_setting(att, fd, change->item,
				    change->recorded ? change->record.before :
						       change->present.bytes,
				    &change->want, err);
	}
	nk_slice_fini(&changes);
	return rc;
}

/* is_excluded() - does no host traffic get at the leased queues? */
static bool is_excluded(struct nk_attachment *att)
{
	struct nk_error lost = { 0 };

	return !check_rss(att, &lost) && !check_xps(att, &lost);
}

int nk_step_settings_repair(struct nk_attachment *att, struct nk_error *err)
{
	struct walk walk = { .att = att, .err = err, .exclusion_is_lost = !is_excluded(att) };
	int rc;

	walk.fd = open_origin(att, true, err);
	if (walk.fd < 0)
		return walk.fd;
	rc = nk_origin_each(walk.fd, repair_noted, &walk, err);
	if (!rc && walk.exclusion_is_lost && is_xps_ours(att, err) > 0)
		rc = clear_masks(att, walk.fd, err);
	if (!rc && walk.exclusion_is_lost && !is_excluded(att))
		rc = repair_exclusion(att, walk.fd, err); /* of a NIC that has become another one */
	close_origin(att, walk.fd);
	return rc;
}

/* put_back_ours() - what is as we made it. Return: 0, -ENOENT where the NIC has no such thing any more,
 * or another negative errno
 */
static int put_back_ours(struct nk_attachment *att, uint32_t item, const struct nk_origin *note,
			 struct nk_error *err)
{
	off_stack struct nk_setting_value before;
	int rc = is_ours(att, item, note, err);

	if (rc <= 0)
		return rc;
	rc = nk_setting_is_in_use(&att->lender.nic, item, err);
	if (rc)
		return rc < 0 ? rc : 0;
	before.size = note->size;
	memcpy(before.bytes, note->before, note->size);
	rc = nk_setting_write(&att->host, &att->lender.nic, item, &before, err);
	/* It was there a moment ago: not to find it now is no answer. */
	return rc == -ENOENT ? -ESTALE : rc;
}

/* put_back() - as it was, if it is as we made it. What the NIC does not take any more, for it was
 * changed in between, is told and forgotten: it must not keep a Pod from being deleted.
 */
static int put_back(struct nk_attachment *att, int fd, uint32_t item, struct nk_error *err)
{
	char name[NK_SETTING_NAME_SIZE];
	off_stack struct nk_origin note;
	int rc;

	rc = nk_origin_get(fd, item, &note, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = put_back_ours(att, item, &note, err);
	nk_setting_name(item, name);
	if (rc == -EINVAL || rc == -ERANGE || rc == -EOPNOTSUPP) {
		nk_log_warn("%s: %s is not put back: %s", att->lender.nic.name, name, err->details);
		nk_error_reset(err);
		rc = 0;
	}
	if (!rc || rc == -ENOENT)
		return nk_origin_remove(fd, item, err);
	nk_error_wrap(err, "put %s of %s back", name, att->lender.nic.name);
	return rc;
}

/* is_kept() - the exclusion from RSS and XPS may stay for the next Pod. */
static bool is_kept(const struct nk_attachment *att, uint32_t item)
{
	return att->keep_rss &&
	       (nk_setting_kind(item) == NK_SETTING_RSS || nk_setting_kind(item) == NK_SETTING_XPS);
}

/* put_back_next() - of a walk that goes to its end; the first failure is kept. */
static int put_back_next(uint32_t item, void *data)
{
	struct walk *walk = data;
	struct nk_error mine = { 0 };
	int rc;

	if (is_kept(walk->att, item))
		return 0;
	rc = put_back(walk->att, walk->fd, item, &mine);
	if (rc && !walk->failed) {
		walk->failed = rc;
		*walk->err = mine;
	}
	return 0;
}

static int put_all_back(struct nk_attachment *att, int fd, struct nk_error *err)
{
	struct walk walk = { .att = att, .fd = fd, .err = err };
	int rc = nk_origin_each(fd, put_back_next, &walk, err);

	return walk.failed ? walk.failed : rc;
}

static int take_one_back(struct nk_attachment *att, int fd, const struct nk_setting_change *change,
			 struct nk_error *err)
{
	off_stack struct nk_setting_value present;
	int rc = nk_setting_read(&att->host, &att->lender.nic, change->item, &present, err);

	if (rc == -ENOENT)
		return nk_origin_remove(fd, change->item, err);
	if (rc)
		return rc;
	/* Another ADD has changed it again since: it goes with that one. */
	if (!same(&present, &change->want) && !same(&present, &change->present))
		return 0;
	if (!same(&present, &change->present))
		rc = nk_setting_is_in_use(&att->lender.nic, change->item, err);
	if (rc < 0)
		return rc;
	if (!same(&present, &change->present) && !rc)
		rc = write_noted(att, fd, change->item, nk_slice_before(change), present.bytes,
				 &change->present, err);
	if (rc < 0)
		return rc;
	return change->recorded ? nk_origin_put(fd, change->item, &change->record, err) :
				  nk_origin_remove(fd, change->item, err);
}

/* take_back() - what this very ADD has changed, the last first */
static int take_back(struct nk_attachment *att, int fd, struct nk_error *err)
{
	struct nk_setting_change *change;
	struct nk_error mine;
	int rc, first = 0;
	uint32_t i;

	for (i = att->changes.count; i > 0; i--) {
		change = &att->changes.list[i - 1];
		if (!change->done)
			continue;
		nk_error_reset(&mine);
		rc = take_one_back(att, fd, change, &mine);
		change->done = rc != 0;
		if (rc && !first) {
			first = rc;
			*err = mine;
		}
	}
	return first;
}

/**
 * remove_settings() - in a rollback what this ADD changed; else all, if nobody else is on the NIC
 *
 * Who came while an ADD had given the lock up may go by what that ADD had changed: then it stays.
 * Who came and went meanwhile has left all to it.
 */
static int remove_settings(struct nk_attachment *att, int fd, struct nk_error *err)
{
	uint64_t others;
	int rc = nk_step_others(att, &others, err);

	if (rc)
		return rc;
	if (!att->loaded) {
		if (att->was_unlocked && others && others != att->others_then)
			return 0;
		rc = take_back(att, fd, err);
		if (rc || !att->was_unlocked)
			return rc;
	}
	return others ? 0 : put_all_back(att, fd, err);
}

/* forget_lost() - with a NIC went what was to be put back on it. */
static int forget_lost(uint32_t item, void *data)
{
	struct walk *walk = data;
	off_stack struct nk_origin note;
	int rc = nk_origin_get(walk->fd, item, &note, walk->err);

	if (!rc && note.nic_ifindex == walk->att->lender.lost_ifindex)
		rc = nk_origin_remove(walk->fd, item, walk->err);
	return rc == -ENOENT ? 0 : rc;
}

int nk_step_settings_remove(struct nk_attachment *att, struct nk_error *err)
{
	struct walk walk = { .att = att, .err = err };
	int rc;

	if (att->lender.dir.fd < 0)
		return 0; /* a pair without queues */
	walk.fd = open_origin(att, false, err);
	if (walk.fd < 0)
		return walk.fd == -ENOENT ? 0 : walk.fd;
	if (att->lender.nic.ifindex)
		rc = remove_settings(att, walk.fd, err);
	else
		rc = nk_origin_each(walk.fd, forget_lost, &walk, err);
	close_origin(att, walk.fd);
	return rc;
}
