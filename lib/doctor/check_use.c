// SPDX-License-Identifier: Apache-2.0
/* check_use.c - who uses the queues of a NIC, what they hinder, and what the pools of the lists want of it */
#include "doctor/checks.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/queues.h"
#include "base/text.h"
#include "bpffs/claims.h"
#include "doctor/doctor.h"
#include "kernel/netdev.h"
#include "nic/foreign.h"
#include "nic/lender.h"
#include "nic/nic_probe.h"
#include "nic/saved.h"
#include "nic/setting.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/banned.h"

#define SET_TEXT_SIZE 128

/* find_dir() - fill @ret for a NIC; without a lock. Return: as nk_lender_find() */
static int find_dir(struct nk_doctor *doctor, const struct nk_nic *nic, struct nk_lender *ret,
		    struct nk_error *err)
{
	int rc;

	*ret = (struct nk_lender)NK_LENDER_CLOSED;
	ret->nl = &doctor->host;
	ret->nic = *nic;
	rc = nk_nicdir_check_bpffs(doctor->bpffs, err);
	return rc ? rc : nk_lender_find(ret, doctor->bpffs, err);
}

/* --- users of queues -------------------------------------------------------------------------- */

/* What the queues of a NIC are used for. */
struct use {
	struct nk_queue_set leased, unleased; /* the second: used by a program of the host */
	uint32_t highest;		      /* used queue; 0: none */
};

static int read_use(struct nk_doctor *doctor, const struct nk_nic *nic, struct use *ret,
		    struct nk_error *err)
{
	struct nk_queue_list queues cleanup_list = { 0 };
	const struct nk_queue *queue;
	uint32_t i;
	int rc = nk_nic_probe_up(nic, err);

	*ret = (struct use){ 0 };
	if (!rc)
		rc = nk_netdev_read_queues(&doctor->host, nic->ifindex, &queues, err);
	for (i = 0; i < queues.count && !rc; i++) {
		queue = &queues.at[i];
		if (!queue->leased && !queue->holder)
			continue;
		nk_queue_set_put(queue->leased ? &ret->leased : &ret->unleased, queue->id);
		if (queue->id > ret->highest)
			ret->highest = queue->id;
	}
	return rc;
}

static void check_users(struct nk_doctor *doctor, const struct nk_nic *nic)
{
	char leased[SET_TEXT_SIZE], unleased[SET_TEXT_SIZE];
	off_stack struct nk_lender on;
	struct nk_error err = { 0 };
	struct use use;
	int rc = find_dir(doctor, nic, &on, &err);

	if (rc >= 0)
		rc = nk_lender_check_claimed(&on, &err);
	if (!rc)
		rc = read_use(doctor, nic, &use, &err);
	if (rc) {
		nk_doctor_error(doctor, rc == -EBUSY ? NK_FINDING_WARN : NK_FINDING_UNKNOWN,
				nic->name, &err);
		return;
	}
	nk_queue_set_text(&use.leased, leased, sizeof(leased));
	nk_queue_set_text(&use.unleased, unleased, sizeof(unleased));
	nk_doctor_ok(doctor, nic->name, "queues leased: %s; used by programs of the host: %s",
		     leased, unleased);
}

/* check_limits() - what the kernel will refuse because of us. Nothing is wrong with that. */
static void check_limits(struct nk_doctor *doctor, const struct nk_nic *nic)
{
	struct nk_error err = { 0 };
	char queues[64] = "";
	struct use use;

	if (read_use(doctor, nic, &use, &err)) {
		nk_doctor_error(doctor, NK_FINDING_UNKNOWN, nic->name, &err);
		return;
	}
	if (use.highest)
		snprintf(queues, sizeof(queues), "fewer queues than %u by ethtool -L",
			 use.highest + 1);
	if (*queues || nic->xdp_prog_id)
		nk_doctor_ok(doctor, nic->name, "the kernel refuses %s%s%s", queues,
			     *queues && nic->xdp_prog_id ? ", and " : "",
			     nic->xdp_prog_id ? "an MTU that is too large for its XDP program" :
						"");
	else
		nk_doctor_ok(doctor, nic->name, "nothing keeps ethtool -L or a larger MTU from it");
}

/* --- settings --------------------------------------------------------------------------------- */

static void check_settings(struct nk_doctor *doctor, const struct nk_nic *nic)
{
	struct nk_u32_list items cleanup_list = { 0 };
	char name[NK_SETTING_NAME_SIZE] = "";
	off_stack struct nk_lender on;
	struct nk_error err = { 0 };
	int found = find_dir(doctor, nic, &on, &err), rc = found < 0 ? found : 0;
	int saved cleanup_close = found > 0 ? nk_saved_open(&on.dir, false, &err) : -ENOENT;

	if (!rc && saved >= 0)
		rc = nk_saved_read_items(saved, &items, &err);
	else if (!rc && saved != -ENOENT)
		rc = saved;
	if (rc) {
		nk_doctor_error(doctor, NK_FINDING_UNKNOWN, nic->name, &err);
		return;
	}
	if (items.count)
		nk_setting_name(items.at[0], name);
	if (items.count)
		nk_doctor_ok(
			doctor, nic->name,
			"nk-cni keeps %u settings changed, such as %s; nk-cni release %s restores "
			"them when no Pod needs them",
			items.count, name, NK_QUOTED(nic->name));
	else
		nk_doctor_ok(doctor, nic->name, "no setting is changed by nk-cni");
}

/* --- pools ------------------------------------------------------------------------------------ */

static void warn_of_pool(struct nk_doctor *doctor, const struct nk_doctor_pool *pool, int sys,
			 const char *what, const char *why, const char *remedy)
{
	struct nk_error err = { 0 };

	nk_error_set(&err, NK_CODE_CONFIG, sys, what, "network %s: %s", pool->network, why);
	nk_error_remedy(&err, "%s", remedy);
	nk_doctor_error(doctor, NK_FINDING_WARN, pool->file, &err);
}

/* judge_overlap() - Return: has no earlier pool queues of this one? */
static bool judge_overlap(struct nk_doctor *doctor, const struct nk_doctor_pool *pool)
{
	const struct nk_doctor_pool *other;
	char text[SET_TEXT_SIZE], why[2 * NAME_MAX + SET_TEXT_SIZE];
	struct nk_queue_set both;
	bool any, is_alone = true;
	uint32_t i;

	for (other = doctor->pools.at; other < pool; other++) {
		any = false;
		for (i = 0; i < sizeof(both.bits) / sizeof(both.bits[0]); i++) {
			both.bits[i] = pool->queues.bits[i] & other->queues.bits[i];
			any |= both.bits[i] != 0;
		}
		if (!any || other->ifindex != pool->ifindex)
			continue;
		nk_queue_set_text(&both, text, sizeof(text));
		snprintf(why, sizeof(why), "queues %s are also in the pool of %s, network %s", text,
			 other->file, other->network);
		warn_of_pool(
			doctor, pool, EEXIST, "two pools have the same queues", why,
			"give each network queues of its own, unless each may take those of the "
			"other");
		is_alone = false;
	}
	return is_alone;
}

/* judge_users() - queues of the pool that others use and nobody has claimed. Return: are there none? */
static bool judge_users(struct nk_doctor *doctor, const struct nk_nic *nic,
			const struct nk_doctor_pool *pool, const struct nk_claim_list *claims,
			const struct nk_foreign *foreign, const struct use *use)
{
	char why[256];
	bool none = true;
	uint32_t id;

	for (id = 1; id < NK_QUEUE_IDS; id++) {
		if (!nk_queue_set_has(&pool->queues, id) || nk_claims_have(claims, id))
			continue;
		if (nk_queue_set_has(&use->unleased, id))
			snprintf(why, sizeof(why),
				 "queue %u of %s is used by a program of the host", id, nic->name);
		else if (!nk_foreign_describe(foreign, nic->name, id, why, sizeof(why)))
			continue;
		warn_of_pool(doctor, pool, EBUSY, "a queue of the pool is in use", why,
			     "leave the queue out of the pool, or end its user (ss --xdp -p lists "
			     "programs with AF_XDP sockets)");
		none = false;
	}
	return none;
}

/* check_pools() - whether the NIC has their queues is found by STATUS */
static void check_pools(struct nk_doctor *doctor, const struct nk_nic *nic)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	off_stack struct nk_foreign foreign;
	const struct nk_doctor_pool *pool;
	off_stack struct nk_lender on;
	struct nk_error err = { 0 };
	uint32_t i, bad = 0, pools = 0;
	struct use use;
	int rc = find_dir(doctor, nic, &on, &err);

	rc = rc > 0 ? nk_claims_read_pin(&on.dir, &claims, &err) : rc;
	rc = rc ? rc : nk_foreign_read(&on, &foreign, &err);
	rc = rc ? rc : read_use(doctor, nic, &use, &err);
	if (rc) {
		nk_doctor_error(doctor, NK_FINDING_UNKNOWN, nic->name, &err);
		return;
	}
	for (i = 0; i < doctor->pools.count; i++) {
		pool = &doctor->pools.at[i];
		if (pool->ifindex != nic->ifindex)
			continue;
		pools++;
		bad += !judge_overlap(doctor, pool);
		bad += !judge_users(doctor, nic, pool, &claims, &foreign, &use);
	}
	if (!bad)
		nk_doctor_ok(doctor, nic->name,
			     "configurations with queues of it: %u; no queue is in two", pools);
}

const struct nk_nic_check nk_checks_use[] = {
	{ "users", check_users },
	{ "limits", check_limits },
	{ "settings", check_settings },
	{ "pools", check_pools },
	{ NULL, NULL },
};
