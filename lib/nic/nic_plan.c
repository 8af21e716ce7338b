// SPDX-License-Identifier: Apache-2.0
/* nic_plan.c - which shared settings of a NIC have to change for a configuration; changes nothing */
#include "nic/nic_plan.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"
#include "bpffs/claims.h"
#include "ethtool/rss.h"
#include "ethtool/xps.h"
#include "nic/lender.h"
#include "nic/steering.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

struct work {
	const struct nk_nic_plan_on *on;
	struct nk_queue_set excluded; /* queues that host traffic must not reach */
	struct nk_queue_set claimed;  /* those of them that attachments have */
	bool kept;		      /* the RSS table is without them already, by us */
	struct nk_setting_changes *ret;
};

void nk_nic_plan_fini(struct nk_setting_changes *changes)
{
	free(changes->at);
	*changes = (struct nk_setting_changes){ 0 };
}

/* is_ours() - does the setting have a value that we wrote, or were about to write? */
static bool is_ours(const struct nk_setting_change *change)
{
	return change->recorded && nk_saved_is_ours(&change->record, change->record.nic_ifindex,
						    change->present.bytes, change->present.size);
}

const uint8_t *nk_nic_plan_before(const struct nk_setting_change *change)
{
	return is_ours(change) ? change->record.before : change->present.bytes;
}

/* add_change() - read a setting, and append a change that keeps its present value. Return: 0; -ENOENT as
 * nk_setting_read(); or another negative errno
 */
static int add_change(struct work *work, uint32_t item, struct nk_setting_change **ret,
		      struct nk_error *err)
{
	const struct nk_lender *lender = work->on->lender;
	off_stack struct nk_setting_change change;
	int rc;

	memset(&change, 0, sizeof(change));
	change.item = item;
	rc = nk_setting_read(lender->nl, &lender->nic, item, &change.present, err);
	if (rc)
		return rc;
	if (work->on->saved >= 0) {
		rc = nk_saved_get(work->on->saved, item, &change.record, err);
		if (rc && rc != -ENOENT)
			return rc;
		change.recorded = !rc && change.record.nic_ifindex == lender->nic.ifindex;
	}
	if (change.recorded)
		(void)nk_setting_resize(item, &change.present, change.record.size);
	change.want = change.present;
	rc = nk_list_add(work->ret, &change, err);
	if (!rc)
		*ret = &work->ret->at[work->ret->count - 1];
	return rc;
}

/* drop_unchanged() - from @first on, remove the changes that keep the present value */
static void drop_unchanged(struct work *work, uint32_t first)
{
	struct nk_setting_changes *all = work->ret;
	uint32_t i, kept = first;

	for (i = first; i < all->count; i++)
		if (memcmp(all->at[i].want.bytes, all->at[i].present.bytes, all->at[i].want.size) !=
		    0)
			all->at[kept++] = all->at[i];
	all->count = kept;
}

static bool has_entry(const struct nk_rss *table, uint32_t queue)
{
	uint32_t i;

	for (i = 0; i < table->size; i++)
		if (table->queues[i] == queue)
			return true;
	return false;
}

/* exclude_claimed() - add all claimed queues to work->excluded */
static int exclude_claimed(struct work *work, struct nk_error *err)
{
	const int fd = work->on->lender->claims;
	struct nk_claim_list claims cleanup_list = { 0 };
	int rc = fd < 0 ? 0 : nk_claims_read(fd, &claims, err);
	uint32_t i;

	for (i = 0; i < claims.count && !rc; i++) {
		nk_queue_set_put(&work->excluded, claims.at[i].queue);
		nk_queue_set_put(&work->claimed, claims.at[i].queue);
	}
	return rc;
}

/* plan_rss() - keep out of the RSS table what is in work->excluded, and what an earlier change removed, which is
 * added to it
 */
static int plan_rss(struct work *work, struct nk_error *err)
{
	const struct nk_lender *lender = work->on->lender;
	struct nk_setting_change *change;
	off_stack struct nk_setting_value before;
	off_stack struct nk_rss old, present, want;
	uint32_t queues, i;
	int rc = add_change(work, nk_setting_item(NK_SETTING_RSS, 0), &change, err);

	if (rc == -EOPNOTSUPP)
		nk_error_remedy(
			err,
			"if you keep host traffic off the queues of the pool by other means, set "
			"\"rss\": {\"exclude\": false}");
	if (rc)
		return rc;
	before.size = change->present.size;
	memcpy(before.bytes, nk_nic_plan_before(change), before.size);
	nk_setting_unpack_rss(&before, &old);
	nk_setting_unpack_rss(&change->present, &present);
	for (i = 0; i < old.size; i++)
		if (!has_entry(&present, old.queues[i]))
			nk_queue_set_put(&work->excluded, old.queues[i]);
	rc = nk_setting_count_rx(&lender->nic, &queues, err);
	/* By now, the driver's own table would include queues that were added since. */
	for (i = 0; !rc && nk_setting_is_drivers(change->item, &before) && i < old.size; i++)
		old.queues[i] = i % queues;
	if (!rc)
		rc = nk_rss_exclude(&old, &work->excluded, queues, &want, err);
	if (rc)
		return rc;
	nk_setting_pack_rss(&want, &change->want);
	work->kept = is_ours(change) &&
		     !memcmp(change->want.bytes, change->present.bytes, change->want.size);
	drop_unchanged(work, work->ret->count - 1);
	return 0;
}

/* has_masks() - are the masks of all claimed queues empty, and is the first of the others that is not empty ours? Then an
 * earlier attachment has kept the host off all of them. Return: 1, 0, or a negative errno
 */
static int has_masks(struct work *work, struct nk_error *err)
{
	const struct nk_cpu_set none = { 0 };
	struct nk_setting_change *change;
	bool is_claimed, is_set;
	uint32_t queue;
	int rc = 0, ours = 0;

	for (queue = 0; queue < NK_QUEUE_IDS && !rc; queue++) {
		is_claimed = nk_queue_set_has(&work->claimed, queue) ||
			     nk_queue_set_has(work->on->leased, queue);
		if (!is_claimed && (ours || nk_queue_set_has(&work->excluded, queue)))
			continue;
		rc = add_change(work, nk_setting_item(NK_SETTING_XPS, queue), &change, err);
		if (rc)
			break;
		is_set = memcmp(change->present.bytes, &none, sizeof(none)) != 0;
		ours = ours || (is_set && is_ours(change));
		work->ret->count--;
		if (is_set && (is_claimed || !ours))
			return 0;
	}
	return rc && rc != -ENOENT ? rc : ours;
}

/* plan_xps() - the host does not transmit on the queues in work->excluded, where sockets share the rings */
static int plan_xps(struct work *work, struct nk_error *err)
{
	int count = nk_xps_count(&work->on->lender->nic), i, rc;
	uint32_t first = work->ret->count;
	struct nk_setting_change *change;
	struct nk_cpu_set *masks, cpus;

	if (count < 0)
		return nk_error_set(err, NK_CODE_KERNEL, -count, "cannot count the NIC's queues",
				    "%s", nk_errno_name(-count));
	rc = nk_xps_cpus(&cpus, err);
	if (rc)
		return rc;
	masks = calloc(2 * (size_t)count + 1, sizeof(*masks)); /* the old ones, then the new ones */
	if (!masks)
		return nk_error_no_memory(err);
	for (i = 0; i < count && !rc; i++) {
		rc = add_change(work, nk_setting_item(NK_SETTING_XPS, (uint32_t)i), &change, err);
		if (!rc)
			memcpy(&masks[i], nk_nic_plan_before(change), sizeof(masks[i]));
	}
	if (!rc)
		nk_xps_exclude(masks, (uint32_t)count, &work->excluded, &cpus, masks + count);
	for (i = 0; i < count && !rc; i++)
		memcpy(work->ret->at[first + (uint32_t)i].want.bytes, &masks[count + i],
		       sizeof(masks[0]));
	free(masks);
	if (!rc)
		drop_unchanged(work, first);
	if (rc != -ENOENT)
		return rc;
	work->ret->count = first; /* the kernel has no XPS, or the NIC has one queue */
	return 0;
}

uint32_t nk_nic_plan_features(const struct nk_config *config,
			      struct nk_feature_need ret[NK_FEATURE_NEEDS_MAX])
{
	uint16_t vlans[NK_STEERING_MAX];
	uint32_t i, count = 0, vlan_count = nk_steering_vlans(config, vlans);
	bool has_vlan = false;

	for (i = 0; i < vlan_count; i++)
		has_vlan |= vlans[i] != 0;
	if (config->steering_count)
		ret[count++] =
			(struct nk_feature_need){ NK_FEATURE_NTUPLE, true, NK_QUIRK_NO_RULES };
	if (has_vlan)
		ret[count++] = (struct nk_feature_need){ NK_FEATURE_VLAN_FILTER, false,
							 NK_QUIRK_VLAN_RULE };
	/* A guest must see the tag of its VLAN. The XDP program needs it too: without tags, it would take
	 * frames of all VLANs for untagged ones.
	 */
	if (!has_vlan && !config->neigh_answer && !(config->xsk_map && config->steering_count))
		return count;
	ret[count++] =
		(struct nk_feature_need){ NK_FEATURE_VLAN_STRIP, false, NK_QUIRK_VLAN_STRIP };
	ret[count++] =
		(struct nk_feature_need){ NK_FEATURE_STAG_STRIP, false, NK_QUIRK_VLAN_STRIP };
	return count;
}

static int plan_feature(struct work *work, const struct nk_feature_need *need, struct nk_error *err)
{
	struct nk_setting_change *change;
	int rc = add_change(work, nk_setting_item(NK_SETTING_FEATURE, need->feature), &change, err);

	if (rc)
		return rc;
	change->want.bytes[0] = need->on;
	drop_unchanged(work, work->ret->count - 1);
	return 0;
}

bool nk_nic_plan_is_needed(const struct nk_nic_plan_on *on, const struct nk_rings *rings,
			   const struct nk_setting_change *change)
{
	if (!memcmp(change->want.bytes, change->present.bytes, change->want.size))
		return false;
	return (on->others && is_ours(change)) || (on->providers && !rings->split);
}

bool nk_nic_plan_is_due(const struct nk_setting_change *change)
{
	return !is_ours(change) ||
	       memcmp(change->want.bytes, change->present.bytes, change->want.size) != 0;
}

/* refuse_ring() - another attachment needs the present value */
static int refuse_ring(uint32_t item, struct nk_error *err)
{
	char name[NK_SETTING_NAME_SIZE];

	nk_setting_name(item, name);
	nk_error_set(err, NK_CODE_RETRY, EBUSY,
		     "another attachment needs the ring parameters as they are",
		     "rings: the value of %s must stay, but another one is requested", name);
	return nk_error_remedy(err,
			       "configure the same \"rings\" in all networks of the NIC, or wait "
			       "until the Pods of the other network have ended");
}

static int plan_ring(struct work *work, const struct nk_rings *rings, enum nk_setting_kind kind,
		     const void *value, size_t size, struct nk_error *err)
{
	struct nk_setting_change *change;
	int rc = add_change(work, nk_setting_item(kind, 0), &change, err);

	if (rc)
		return rc;
	memcpy(change->want.bytes, value, size);
	if (nk_nic_plan_is_needed(work->on, rings, change))
		return refuse_ring(change->item, err);
	if (!nk_nic_plan_is_due(change))
		work->ret->count--;
	return 0;
}

static int plan_rings(struct work *work, const struct nk_rings *rings, struct nk_error *err)
{
	const uint8_t split = rings->split ? NK_SPLIT_ON : NK_SPLIT_OFF;
	int rc = 0;

	if (rings->has_split)
		rc = plan_ring(work, rings, NK_SETTING_SPLIT, &split, sizeof(split), err);
	if (rc || !rings->has_threshold)
		return rc;
	rc = plan_ring(work, rings, NK_SETTING_HDS, &rings->threshold, sizeof(rings->threshold),
		       err);
	if (rc == -EOPNOTSUPP && !rings->split)
		return nk_error_remedy(err, "leave \"hdsThreshold\" out of \"rings\"");
	if (rc != -EOPNOTSUPP)
		return rc;
	nk_error_reset(err); /* a NIC without a threshold splits every frame */
	return 0;
}

/* plan_exclusion() - keep host traffic off work->excluded, claimed queues, and queues that were excluded before */
static int plan_exclusion(struct work *work, bool sends, struct nk_error *err)
{
	char driver[NK_QUIRK_DRIVER_SIZE];
	int rc = nk_quirk_driver(&work->on->lender->nic, driver);

	if (rc)
		return nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot read the NIC's driver", "%s",
				    nk_errno_name(-rc));
	rc = exclude_claimed(work, err);
	if (!rc)
		rc = plan_rss(work, err);
	if (rc || !sends || nk_quirk_has_own_tx(driver))
		return rc;
	/* Not a look at each queue of the NIC */
	rc = work->on->others && work->on->leased && work->kept ? has_masks(work, err) : 0;
	if (rc)
		return rc < 0 ? rc : 0;
	return plan_xps(work, err);
}

bool nk_nic_plan_sends(bool pair, bool provider)
{
	return !pair && !provider;
}

int nk_nic_plan_exclude(const struct nk_nic_plan_on *on, const struct nk_queue_set *queues,
			bool sends, struct nk_setting_changes *ret, struct nk_error *err)
{
	struct work work = { .on = on, .excluded = *queues, .ret = ret };
	int rc;

	*ret = (struct nk_setting_changes){ 0 };
	rc = plan_exclusion(&work, sends, err);
	if (rc)
		nk_error_wrap(err, "%s", on->lender->nic.name);
	return rc;
}

int nk_nic_plan_settings(const struct nk_nic_plan_on *on, const struct nk_config *config,
			 struct nk_setting_changes *ret, struct nk_error *err)
{
	struct work work = { .on = on, .excluded = config->queues, .ret = ret };
	struct nk_feature_need needs[NK_FEATURE_NEEDS_MAX];
	uint32_t i, count = nk_nic_plan_features(config, needs);
	int rc = 0;

	*ret = (struct nk_setting_changes){ 0 };
	if (config->rss_exclude)
		rc = plan_exclusion(&work, nk_nic_plan_sends(config->pair, config->rings.split),
				    err);
	for (i = 0; i < count && !rc; i++)
		rc = plan_feature(&work, &needs[i], err);
	if (!rc)
		rc = plan_rings(&work, &config->rings, err);
	if (rc)
		nk_error_wrap(err, "%s", on->lender->nic.name);
	return rc;
}

bool nk_nic_plan_wants_context(const struct nk_config *config)
{
	switch (config->rss_context) {
	case NK_RSS_CONTEXT_AUTO:
		return config->queue_count > 1 && config->steering_count;
	case NK_RSS_CONTEXT_ALWAYS:
		return config->queue_count > 0;
	case NK_RSS_CONTEXT_NEVER:
		return false;
	}
	return false;
}
