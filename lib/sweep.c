// SPDX-License-Identifier: Apache-2.0
/*
 * sweep.c - remove what is dead
 *
 *  1. A first look at the claims of a NIC, without its lock: who is suspected? Mostly nobody.
 *  2. 500 ms later, one suspect after the other: the lock, a second look, the removes of DEL.
 *  3. Its addresses: sweep_rest.c, for a plugin that hangs must not keep the queues of the others.
 */
#include "sweep.h"

#include "attach.h"
#include "claims.h"
#include "cleanup.h"
#include "device.h"
#include "error.h"
#include "journal.h"
#include "link.h"
#include "log.h"
#include "netdev.h"
#include "sweep_course.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "banned.h"

#define SECOND_LOOK_MS 500

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
	bool committed;
	uint32_t queue_count;
	bool has_ipam; /* an IPAM plugin gave it addresses */
};

/* A look at a NIC's claims. */
struct look {
	struct nk_nl *host;
	struct nk_lender on; /* the directory, without its lock */
	int claims;	     /* fd */
	const struct nk_sweep *sweep;
	const char *nic;
	const struct nk_key *only;	/* NULL: all */
	const struct nk_queue_set *set; /* count queues of this one alone; NULL: of all */
	struct suspect *suspects;	/* all attachments, until the look is over */
	size_t count;
	int failed; /* the first that could not be judged, as something could not be read */
	struct nk_error why;
};

static enum state unread(struct look *look, int rc, const struct nk_error *why)
{
	if (!look->failed) {
		look->failed = rc;
		look->why = *why;
	}
	return UNKNOWN;
}

static enum state judge_lease(struct look *look, uint32_t queue, const struct nk_claim *claim)
{
	struct nk_error why = { 0 };
	struct nk_queue now;
	int rc = nk_netdev_queue_get(look->host, look->on.nic.ifindex, queue, &now, &why);

	/* Of a NIC that is up: it has fewer queues by now (ethtool -L), and none of them is leased away. */
	if (rc == -EINVAL || rc == -ERANGE)
		return DEAD;
	if (rc) /* ENOENT: it went down meanwhile */
		return rc == -ENOENT ? UNKNOWN : unread(look, rc, &why);
	if (!now.leased)
		return DEAD;
	switch (nk_device_holder(look->host, look->claims, claim, &now, NULL)) {
	case NK_HOLDER_OURS:
		return ALIVE;
	case NK_HOLDER_OTHER:
		return DEAD;
	case NK_HOLDER_UNKNOWN:
		break;
	}
	return UNKNOWN;
}

static enum state judge(struct look *look, uint32_t queue, const struct nk_claim *claim,
			bool *is_down)
{
	struct nk_error why = { 0 };
	int rc = nk_lender_place(&look->on, claim->nic_ifindex, &why);

	if (rc)
		return unread(look, rc, &why);
	if (look->on.where != NK_NIC_HERE)
		return look->on.where == NK_NIC_GONE ? DEAD : UNKNOWN;
	if (claim->flags & NK_CLAIM_OWED)
		return DEAD;
	if (!look->on.nic.up) {
		*is_down = true;
		return UNKNOWN;
	}
	if (!claim->committed) {
		rc = nk_nicdir_is_held(look->sweep->bpffs, look->nic, queue, &why);
		if (rc < 0)
			return unread(look, rc, &why);
		return rc ? ALIVE : DEAD;
	}
	return judge_lease(look, queue, claim);
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

static int look_at(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct look *look = data;
	struct suspect *suspect;
	enum state state;

	if (look->sweep->only_owed && !(claim->flags & NK_CLAIM_OWED))
		return 0;
	if (look->only ? !nk_key_equal(look->only, &claim->key) :
			 nk_sweep_spares(look->sweep, &claim->key))
		return 0;
	suspect = suspect_of(look, &claim->key);
	if (!suspect)
		return -ENOMEM;
	suspect->has_ipam |= claim->has_ipam;
	suspect->committed |= claim->committed;
	suspect->queue_count += !look->set || nk_queue_set_has(look->set, queue);
	if (suspect->state == ALIVE)
		return 0; /* one queue will do */
	state = judge(look, queue, claim, &suspect->is_down);
	if (state > suspect->state)
		suspect->state = state;
	return 0;
}

/* look_round() - at all claims of a NIC, if it has any; only those who are dead stay suspects */
static int look_round(struct look *look, const char *nic, struct nk_error *err)
{
	int fd cleanup_close = nk_claims_open_on(look->sweep->bpffs, nic, err);
	size_t i, kept = 0;
	bool is_down = false;
	int rc;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	look->nic = nic;
	look->claims = fd;
	look->on = (struct nk_lender)NK_LENDER_CLOSED;
	look->on.nl = look->host;
	look->on.claims = fd;
	nk_nicdir_init(look->sweep->bpffs, nic, &look->on.dir);
	rc = nk_lender_look(&look->on, err);
	if (!rc)
		rc = nk_claims_each(fd, look_at, look, err);
	if (rc == -ENOMEM)
		return nk_sweep_no_memory(err);
	for (i = 0; i < look->count; i++) {
		is_down |= look->suspects[i].is_down;
		if (look->suspects[i].state == DEAD)
			look->suspects[kept++] = look->suspects[i];
	}
	look->count = kept;
	if (is_down)
		nk_log_warn("%s is down: which Pods on it are dead cannot be told, all are kept",
			    nic);
	if (rc || !look->failed)
		return rc;
	*err = look->why;
	return look->failed;
}

/* --- a suspect's end -------------------------------------------------------------------------- */

/* remove_dead() - under the NIC's lock, after a second look. Return: 1, 0 where it is not dead, or a
 * negative errno
 */
static int remove_dead(const struct nk_course *course, const struct suspect *suspect,
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
		nk_attach_set_fate(att, course->sweep->drop_program, course->sweep->keep_rss);
		rc = nk_attach_remove(att, err);
		rc = rc ? rc : 1;
	}
	nk_attachment_fini(att);
	return rc;
}

/* note_addresses() - the journal's pass gives them back; without an entry nobody knows how. */
static void note_addresses(const struct suspect *suspect)
{
	const struct nk_key *key = &suspect->key;
	struct nk_error unread = { 0 };
	off_stack struct nk_journal_look noted;
	int rc = nk_journal_look(key, &noted, &unread);

	if (rc < 0)
		nk_log_warn("%s: %s", unread.msg, unread.details);
	if (rc)
		return;
	/* Not committed, and nothing noted: the plugin was not asked yet. */
	if (suspect->has_ipam && suspect->committed)
		nk_log_warn("container %s: the journal has no entry: what addresses network %s "
			    "gave it as %s may remain reserved at its IPAM plugin",
			    key->container_id, key->network, key->cni_ifname);
	nk_journal_forget(key);
}

/* bury() - Return: 0, also where it is not dead after all, or a negative errno */
static int bury(const struct nk_course *course, const struct suspect *suspect, struct nk_error *err)
{
	struct nk_error busy = { 0 };
	int fd, rc;

	/* Who has it removes it, or makes it anew. */
	rc = nk_journal_lock(&suspect->key, false, &fd, &busy);
	if (rc)
		return nk_course_leave(rc, err, &busy);
	rc = remove_dead(course, suspect, err);
	if (rc > 0) {
		nk_log_warn("%s of container %s, network %s, was dead on %s: removed, queues: %u",
			    suspect->key.ifname, suspect->key.container_id, suspect->key.network,
			    course->nic, suspect->queue_count);
		note_addresses(suspect);
	}
	nk_journal_unlock(&suspect->key, &fd);
	if (rc < 0)
		nk_error_wrap(err, "sweep %s of container %.16s", suspect->key.ifname,
			      suspect->key.container_id);
	return rc < 0 ? rc : 0;
}

int nk_sweep_nic(const struct nk_sweep *sweep, const char *nic, struct nk_error *err)
{
	const struct timespec pause = { .tv_nsec = SECOND_LOOK_MS * 1000000L };
	struct nk_nl host;
	struct look look = { .host = &host, .sweep = sweep };
	struct nk_course course = { 0 };
	struct nk_error mine = { 0 };
	size_t i;
	int rc = nk_nl_open(&host, -1, "host", err);

	if (!rc)
		rc = look_round(&look, nic, err);
	nk_nl_close(&host);
	/* Also after a failure: each one is judged anew, under the lock. */
	if (look.count) {
		nanosleep(&pause, NULL);
		rc = nk_course_keep(rc, nk_course_begin(sweep, nic, &course, &mine), err, &mine);
	}
	for (i = 0; course.att && i < look.count && !nk_course_is_over(&course); i++) {
		mine = (struct nk_error){ 0 };
		rc = nk_course_keep(rc, bury(&course, &look.suspects[i], &mine), err, &mine);
	}
	if (course.att)
		nk_course_say_late(look.count - i);
	nk_course_end(&course);
	free(look.suspects);
	return rc;
}

int nk_sweep_lender(const struct nk_sweep *sweep, struct nk_lender *on, struct nk_error *err)
{
	int rc = nk_lender_find(on, sweep->bpffs, err);

	/* Also of one that it is about to take over. */
	return rc < 0 ? rc : nk_sweep_nic(sweep, on->dir.name, err);
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

int nk_sweep_count(const char *bpffs, const char *nic, const struct nk_queue_set *set,
		   uint32_t *ret, struct nk_error *err)
{
	const struct nk_sweep all = { .bpffs = bpffs };
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
