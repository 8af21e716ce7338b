// SPDX-License-Identifier: Apache-2.0
/*
 * sweep.c - remove dead attachments that have claims
 *
 *  1. Scan the claims of a NIC without its lock. Mostly nothing is dead.
 *  2. For each dead attachment: take the lock, scan again, run DEL's removes. If the Pod's netns is there, 500 ms
 *     later.
 *  3. sweep_journal.c releases the addresses, later: a plugin that hangs must keep no queue.
 */
#include "node/sweep.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "bpffs/claims.h"
#include "kernel/link.h"
#include "kernel/netdev.h"
#include "kernel/netns.h"
#include "nic/device.h"
#include "node/sweep_common.h"
#include "node/sweep_verdict.h"
#include "run/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/banned.h"

#define SECOND_LOOK_MS 500

/* What a scan finds out about one attachment. */
struct finding {
	struct nk_key key;
	enum nk_verdict verdict;
	bool is_nic_down; /* that is why the verdict is unknown */
	bool committed;
	bool has_ipam;	       /* an IPAM plugin allocated addresses */
	uint64_t netns_cookie; /* of the Pod */
	uint32_t queue_count;
};

struct finding_list {
	struct finding *at;
	uint32_t count;
};

struct scan {
	const struct nk_sweep *sweep;
	const struct nk_key *only;	/* NULL: all */
	const struct nk_queue_set *set; /* count only queues in it; NULL: all */
	struct nk_lender on;		/* the NIC, without its lock */
	struct nk_queue_list queues;	/* of the NIC, for is_leased(); may be empty */
	struct finding_list dead; /* during the scan, all attachments; free it after the scan */
	int failed;		  /* the first attachment that could not be judged, and why */
	struct nk_error why;
};

static enum nk_verdict keep_failure(struct scan *scan, int rc, const struct nk_error *why)
{
	if (!scan->failed) {
		scan->failed = rc;
		scan->why = *why;
	}
	return NK_VERDICT_UNKNOWN;
}

/* is_leased() - by one list of all queues, which costs the same however many are leased. The ids of device and netns
 * identify no device, so this is for a sweep that others may complete: it may take a dead attachment for a living one.
 */
static bool is_leased(const struct scan *scan, uint32_t queue, const struct nk_claim *claim)
{
	const struct nk_queue *now = scan->queues.at;

	for (; now < scan->queues.at + scan->queues.count; now++)
		if (now->id == queue)
			return now->leased && now->lease_ifindex == claim->ifindex &&
			       now->lease_nsid == claim->nsid;
	return false;
}

static enum nk_verdict check_lease(struct scan *scan, uint32_t queue, const struct nk_claim *claim)
{
	struct nk_error why = { 0 };
	struct nk_queue now = { 0 };
	enum nk_verdict verdict;
	int rc = nk_netdev_queue_get(scan->on.nl, scan->on.nic.ifindex, queue, &now, &why);
	int holder = NK_HOLDER_UNKNOWN;

	if (!rc && now.leased)
		holder = nk_device_holder(scan->on.nl, scan->on.claims, claim, &now, NULL, &why);
	if (holder < 0)
		return keep_failure(scan, holder, &why);
	verdict = nk_verdict_by_queue(rc, now.leased, (enum nk_holder)holder);
	return rc && rc != -ENOENT && verdict == NK_VERDICT_UNKNOWN ? keep_failure(scan, rc, &why) :
								      verdict;
}

static enum nk_verdict check_claim(struct scan *scan, uint32_t queue, const struct nk_claim *claim,
				   bool *is_nic_down)
{
	struct nk_error why = { 0 };
	enum nk_verdict verdict;
	int rc = nk_lender_locate(&scan->on, claim->nic_ifindex, &why);

	if (rc)
		return keep_failure(scan, rc, &why);
	verdict = nk_verdict_by_place(claim, scan->on.where, scan->on.nic.up);
	*is_nic_down |= verdict == NK_VERDICT_UNKNOWN && scan->on.where == NK_NIC_HERE;
	if (verdict != NK_VERDICT_OPEN)
		return verdict;
	if (claim->committed && is_leased(scan, queue, claim))
		return NK_VERDICT_ALIVE;
	if (claim->committed)
		return check_lease(scan, queue, claim);
	rc = nk_nicdir_is_held(scan->sweep->bpffs, scan->on.dir.name, queue, &why);
	if (rc < 0)
		return keep_failure(scan, rc, &why);
	return rc ? NK_VERDICT_ALIVE : NK_VERDICT_DEAD;
}

/* find_finding() - find or append it; NULL when out of memory */
static struct finding *find_finding(struct finding_list *list, const struct nk_key *key,
				    struct nk_error *err)
{
	const struct finding new = { .key = *key };
	uint32_t i;

	for (i = 0; i < list->count; i++)
		if (nk_key_equal(&list->at[i].key, key))
			return &list->at[i];
	return nk_list_add(list, &new, err) ? NULL : &list->at[i];
}

static int scan_claim(struct scan *scan, uint32_t queue, const struct nk_claim *claim,
		      struct nk_error *err)
{
	struct finding *finding;
	enum nk_verdict verdict;

	if (scan->sweep->only_owed && !(claim->flags & NK_CLAIM_OWED))
		return 0;
	if (scan->only ? !nk_key_equal(scan->only, &claim->key) :
			 nk_sweep_spares(scan->sweep, &claim->key))
		return 0;
	finding = find_finding(&scan->dead, &claim->key, err);
	if (!finding)
		return -ENOMEM;
	finding->has_ipam |= claim->has_ipam;
	finding->committed |= claim->committed;
	finding->netns_cookie = claim->netns_cookie;
	finding->queue_count += !scan->set || nk_queue_set_has(scan->set, queue);
	if (finding->verdict == NK_VERDICT_ALIVE)
		return 0; /* one queue is enough */
	verdict = check_claim(scan, queue, claim, &finding->is_nic_down);
	if (verdict > finding->verdict)
		finding->verdict = verdict;
	return 0;
}

/* drop_living() - keep only the dead. Return: whether a NIC that is down hides the state of others */
static bool drop_living(struct finding_list *list)
{
	bool is_nic_down = false;
	uint32_t i, kept = 0;

	for (i = 0; i < list->count; i++) {
		is_nic_down |= list->at[i].is_nic_down;
		if (list->at[i].verdict == NK_VERDICT_DEAD)
			list->at[kept++] = list->at[i];
	}
	list->count = kept;
	return is_nic_down;
}

/* scan_nic() - scan all claims of a NIC, if it has any. After a failure @scan->dead is incomplete. */
static int scan_nic(struct scan *scan, struct nk_nl *nl, const char *nic, struct nk_error *err)
{
	int fd cleanup_close = nk_claims_open_on(scan->sweep->bpffs, nic, err);
	struct nk_claim_list claims cleanup_list = { 0 };
	struct nk_error unread = { 0 }; /* check_lease() asks again */
	uint32_t i;
	int rc;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	scan->on = (struct nk_lender)NK_LENDER_CLOSED;
	scan->on.nl = nl;
	scan->queues = (struct nk_queue_list){ 0 };
	scan->on.claims = fd;
	nk_nicdir_init(scan->sweep->bpffs, nic, &scan->on.dir);
	rc = nk_lender_identify(&scan->on, err);
	if (!rc)
		rc = nk_claims_read(fd, &claims, err);
	if (!rc && scan->sweep->quick && scan->on.id_nic.ifindex)
		(void)nk_netdev_read_queues(nl, scan->on.id_nic.ifindex, &scan->queues, &unread);
	for (i = 0; i < claims.count && !rc; i++)
		rc = scan_claim(scan, claims.at[i].queue, &claims.at[i].claim, err);
	free(scan->queues.at);
	scan->queues = (struct nk_queue_list){ 0 };
	if (drop_living(&scan->dead))
		nk_log_warn("%s is down, so it is unknown which of its Pods are dead: all are kept",
			    nic);
	if (rc || !scan->failed)
		return rc;
	*err = scan->why;
	return scan->failed;
}

/* --- removal ---------------------------------------------------------------------------------- */

/* remove_dead() - take the NIC's lock, scan again, and remove. Return: 1; 0: it is not dead; or a
 * negative errno
 */
static int remove_dead(const struct nk_sweep *sweep, const char *nic, const struct nk_key *key,
		       struct nk_error *err)
{
	struct scan scan = { .sweep = sweep, .only = key };
	off_stack struct nk_attachment att;
	int rc;

	rc = nk_attachment_init_key(&att, key, err);
	if (!rc)
		rc = nk_attach_load(&att, false, sweep->bpffs, nic, err);
	if (rc > 0) {
		rc = scan_nic(&scan, &att.host, nic, err);
		rc = rc ? rc : scan.dead.count > 0;
		free(scan.dead.at);
	}
	if (rc > 0) {
		rc = nk_attach_remove(&att, &sweep->options, err);
		rc = rc ? rc : 1;
	}
	nk_attachment_fini(&att);
	return rc;
}

/* check_journal() - if there is an entry, nk_sweep_journal() releases the addresses */
static void check_journal(const struct finding *dead)
{
	const struct nk_key *key = &dead->key;
	struct nk_error unread = { 0 };
	off_stack struct nk_journal_record record;
	int rc = nk_journal_lookup(key, &record, &unread);

	if (rc < 0)
		nk_log_tolerated(&unread);
	if (rc)
		return;
	/* If it is not committed, the plugin was not called yet. */
	if (dead->has_ipam && dead->committed)
		nk_log_warn(
			"the addresses of %s of container %s, network %s, may stay reserved, "
			"because its journal entry is missing: release them with the tools of the "
			"IPAM plugin",
			key->cni_ifname, key->container_id, key->network);
	(void)nk_journal_remove(key, &unread); /* if it stays, nk_sweep_journal() removes it */
}

/* sweep_attachment() - Return: 0, also if it is not dead after all; or a negative errno */
static int sweep_attachment(const struct nk_sweep *sweep, const char *nic,
			    const struct finding *dead, struct nk_error *err)
{
	const struct nk_key *key = &dead->key;
	int fd, rc = nk_sweep_lock(key, &fd, err);

	if (rc <= 0)
		return rc;
	rc = remove_dead(sweep, nic, key, err);
	if (rc > 0) {
		nk_log_warn(
			"removed the dead %s of container %s, network %s, from %s, and freed %u "
			"queue%s",
			key->ifname, key->container_id, key->network, nic, dead->queue_count,
			dead->queue_count == 1 ? "" : "s");
		check_journal(dead);
	}
	return nk_sweep_unlock(key, &fd, rc, err);
}

/* is_netns_gone() - certainly */
static bool is_netns_gone(uint64_t cookie)
{
	struct nk_error why = { 0 };
	int fd cleanup_close = nk_netns_open_cookie(cookie, &why);

	return fd == -ESTALE;
}

/* await_second_look() - if the netns of any may be there: that the kernel is removing it is no reason to hurry */
static void await_second_look(const struct finding_list *dead)
{
	const struct timespec pause = { .tv_nsec = SECOND_LOOK_MS * 1000000L };
	uint32_t i;

	for (i = 0; i < dead->count; i++) {
		if (dead->at[i].committed && !is_netns_gone(dead->at[i].netns_cookie)) {
			nanosleep(&pause, NULL);
			return;
		}
	}
}

int nk_sweep_nic(const struct nk_sweep *sweep, const char *nic, struct nk_error *err)
{
	struct scan scan = { .sweep = sweep };
	const struct finding_list *dead = &scan.dead;
	struct nk_error mine = { 0 };
	uint32_t i;
	int rc = scan_nic(&scan, sweep->host, nic, err);

	/* Also after a failure: each one is checked again under the lock. */
	await_second_look(dead);
	for (i = 0; i < dead->count && nk_sweep_has_time(sweep); i++) {
		rc = nk_log_keep_first(rc, sweep_attachment(sweep, nic, &dead->at[i], &mine), err,
				       &mine);
	}
	nk_sweep_warn_left(dead->count - i);
	free(scan.dead.at);
	return rc;
}

int nk_sweep_lender(const struct nk_sweep *sweep, struct nk_lender *on, struct nk_error *err)
{
	int rc = *on->dir.name ? 0 : nk_lender_find(on, sweep->bpffs, err);

	/* If it has none, the directory that it will take over. */
	return rc < 0 ? rc : nk_sweep_nic(sweep, on->dir.name, err);
}

int nk_sweep_nics(const struct nk_sweep *sweep, struct nk_error *err)
{
	struct nk_nicdir_list nics cleanup_list = { 0 };
	struct nk_error mine = { 0 };
	uint32_t i;
	int rc = nk_nicdir_read(sweep->bpffs, &nics, err);

	for (i = 0; i < nics.count; i++) {
		rc = nk_log_keep_first(rc, nk_sweep_nic(sweep, nics.at[i], &mine), err, &mine);
	}
	return rc;
}

int nk_sweep_count(struct nk_nl *host, const char *bpffs, const char *nic,
		   const struct nk_queue_set *set, uint32_t *ret, struct nk_error *err)
{
	const struct nk_sweep all = { .bpffs = bpffs };
	struct scan scan = { .sweep = &all, .set = set };
	int rc = scan_nic(&scan, host, nic, err);
	uint32_t i;

	*ret = 0;
	for (i = 0; i < scan.dead.count; i++)
		*ret += scan.dead.at[i].queue_count;
	free(scan.dead.at);
	return rc;
}
