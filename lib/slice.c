// SPDX-License-Identifier: Apache-2.0
/* slice.c - what slicing takes of a NIC: shared settings, and abilities; looks, changes nothing */
#include "slice.h"

#include "claims.h"
#include "cleanup.h"
#include "error.h"
#include "feature.h"
#include "flow.h"
#include "netdev.h"
#include "nl.h"
#include "quirk.h"
#include "rss.h"
#include "text.h"
#include "uapi.h"
#include "xps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "banned.h"

/* What is gathered on the way. */
struct work {
	const struct nk_slice_nic *on;
	const struct nk_config *config;
	struct nk_queue_set excluded;
	struct nk_setting_changes *ret;
};

static int out_of_memory(struct nk_error *err)
{
	nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	return -ENOMEM;
}

void nk_slice_fini(struct nk_setting_changes *changes)
{
	free(changes->list);
	*changes = (struct nk_setting_changes){ 0 };
}

/* is_ours() - is the setting as we made it, or were about to? */
static bool is_ours(const struct nk_setting_change *change)
{
	return change->recorded && nk_origin_is_ours(&change->record, change->record.nic_ifindex,
						     change->present.bytes, change->present.size);
}

const uint8_t *nk_slice_before(const struct nk_setting_change *change)
{
	return is_ours(change) ? change->record.before : change->present.bytes;
}

/* look_at() - a new change at the end of the list, with what is now; want is as present */
static int look_at(struct work *work, uint32_t item, struct nk_setting_change **ret,
		   struct nk_error *err)
{
	struct nk_setting_changes *all = work->ret;
	struct nk_setting_change *list =
		reallocarray(all->list, all->count + 1, sizeof(all->list[0]));
	struct nk_setting_change *change;
	int rc;

	if (!list)
		return out_of_memory(err);
	all->list = list;
	change = &list[all->count];
	memset(change, 0, sizeof(*change));
	change->item = item;
	rc = nk_setting_read(work->on->nl, work->on->nic, item, &change->present, err);
	if (rc)
		return rc;
	change->want = change->present;
	if (work->on->origin >= 0) {
		rc = nk_origin_get(work->on->origin, item, &change->record, err);
		if (rc && rc != -ENOENT)
			return rc;
		change->recorded = !rc && change->record.nic_ifindex == work->on->nic->ifindex;
	}
	all->count++;
	*ret = change;
	return 0;
}

/* drop_unchanged() - of the changes from number @first on, those that are none */
static void drop_unchanged(struct work *work, uint32_t first)
{
	struct nk_setting_changes *all = work->ret;
	uint32_t i, kept = first;

	for (i = first; i < all->count; i++)
		if (memcmp(all->list[i].want.bytes, all->list[i].present.bytes,
			   all->list[i].want.size) != 0)
			all->list[kept++] = all->list[i];
	all->count = kept;
}

static void drop_if_same(struct work *work)
{
	drop_unchanged(work, work->ret->count - 1);
}

static int exclude_claimed(uint32_t queue, const struct nk_claim *claim, void *data)
{
	(void)claim;
	nk_queue_set_put(data, queue);
	return 0;
}

static bool has_entry(const struct nk_rss *table, uint32_t queue)
{
	uint32_t i;

	for (i = 0; i < table->size; i++)
		if (table->queues[i] == queue)
			return true;
	return false;
}

/* exclude_from_rss() - the pool, what is claimed, and what was excluded before */
static int exclude_from_rss(struct work *work, struct nk_error *err)
{
	struct nk_setting_change *change;
	off_stack struct nk_setting_value before;
	off_stack struct nk_rss old, present, want;
	uint32_t queues, i;
	int rc;

	work->excluded = work->config->queues;
	if (work->on->claims >= 0) {
		rc = nk_claims_each(work->on->claims, exclude_claimed, &work->excluded, err);
		if (rc)
			return rc;
	}
	rc = look_at(work, nk_setting_item(NK_SETTING_RSS, 0), &change, err);
	if (rc == -EOPNOTSUPP)
		nk_error_remedy(err, "set \"rss\": {\"exclude\": false}, if the host's traffic "
				     "never is on the queues that are lent");
	if (rc)
		return rc;
	before.size = change->present.size;
	memcpy(before.bytes, nk_slice_before(change), before.size);
	nk_setting_unpack_rss(&before, &old);
	nk_setting_unpack_rss(&change->present, &present);
	for (i = 0; i < old.size; i++)
		if (!has_entry(&present, old.queues[i]))
			nk_queue_set_put(&work->excluded, old.queues[i]);
	rc = nk_setting_count_rx(work->on->nic, &queues, err);
	/* The driver's own would by now reach queues that have come since. */
	for (i = 0; !rc && nk_setting_is_drivers(change->item, &before) && i < old.size; i++)
		old.queues[i] = i % queues;
	if (!rc)
		rc = nk_rss_exclude(&old, &work->excluded, queues, &want, err);
	if (rc)
		return rc;
	nk_setting_pack_rss(&want, &change->want);
	drop_if_same(work);
	return 0;
}

/* exclude_from_xps() - likewise for the host's transmit queues, where sockets share their rings */
static int exclude_from_xps(struct work *work, struct nk_error *err)
{
	int count = nk_xps_count(work->on->nic), i, rc;
	uint32_t first = work->ret->count;
	struct nk_cpu_set *masks, cpus;

	if (count < 0)
		return nk_error_set(err, NK_CODE_KERNEL, -count, "cannot count the NIC's queues",
				    "%s", nk_errno_name(-count));
	rc = nk_xps_cpus(&cpus, err);
	if (rc)
		return rc;
	masks = calloc(2 * (size_t)count + 1, sizeof(*masks)); /* as they were, and to be */
	if (!masks)
		return out_of_memory(err);
	for (i = 0; i < count && !rc; i++) {
		struct nk_setting_change *change;

		rc = look_at(work, nk_setting_item(NK_SETTING_XPS, (uint32_t)i), &change, err);
		if (!rc)
			memcpy(&masks[i], nk_slice_before(change), sizeof(masks[i]));
	}
	if (!rc)
		nk_xps_exclude(masks, (uint32_t)count, &work->excluded, &cpus, masks + count);
	for (i = 0; i < count && !rc; i++)
		memcpy(work->ret->list[first + (uint32_t)i].want.bytes, &masks[count + i],
		       sizeof(masks[0]));
	free(masks);
	if (!rc)
		drop_unchanged(work, first);
	if (rc == -ENOENT) { /* a kernel without XPS, or a NIC with one queue */
		work->ret->count = first;
		rc = 0;
	}
	return rc;
}

static int want_feature(struct work *work, enum nk_setting_feature feature, bool on,
			struct nk_error *err)
{
	struct nk_setting_change *change;
	int rc = look_at(work, nk_setting_item(NK_SETTING_FEATURE, feature), &change, err);

	if (rc)
		return rc;
	change->want.bytes[0] = on;
	drop_if_same(work);
	return 0;
}

static bool has_vlan(const struct nk_config *config)
{
	uint32_t i;

	for (i = 0; i < config->steering_count; i++)
		if (config->steering[i].vlan)
			return true;
	return false;
}

/* needs_tags() - has the NIC to leave tags in the frames? The guest has to see that of its VLAN; and
 * the XDP program decides by them: without, a frame of any VLAN looks untagged, and goes to an
 * untagged Pod or is answered for it.
 */
static bool needs_tags(const struct nk_config *config)
{
	return has_vlan(config) || config->neigh_answer ||
	       (config->xsk_map && config->steering_count);
}

/* refuse_others_rings() - another attachment has them as it needs them. */
static int refuse_others_rings(const struct work *work, const struct nk_setting_change *change,
			       struct nk_error *err)
{
	char name[NK_SETTING_NAME_SIZE];

	if (!work->on->others || !is_ours(change) ||
	    !memcmp(change->want.bytes, change->present.bytes, change->want.size))
		return 0;
	nk_setting_name(change->item, name);
	nk_error_set(err, NK_CODE_RETRY, EBUSY, "the rings are another attachment's",
		     "rings: %s was set otherwise for it", name);
	nk_error_remedy(err, "give all networks of a NIC the same \"rings\", or wait until the "
			     "Pods of the other one have ended");
	return -EBUSY;
}

static int want_ring(struct work *work, enum nk_setting_kind kind, const void *value, size_t size,
		     struct nk_error *err)
{
	struct nk_setting_change *change;
	int rc = look_at(work, nk_setting_item(kind, 0), &change, err);

	if (rc)
		return rc;
	memcpy(change->want.bytes, value, size);
	rc = refuse_others_rings(work, change, err);
	if (rc)
		return rc;
	/* A split that the driver has by itself is set nevertheless: the kernel wants to have been
	 * told (io_uring: "tcp-data-split is disabled" else); and then left to the driver again.
	 */
	if (kind == NK_SETTING_SPLIT && !change->recorded &&
	    change->present.bytes[0] == change->want.bytes[0])
		change->present.bytes[0] = NK_SPLIT_AUTO;
	drop_if_same(work);
	return 0;
}

static int want_rings(struct work *work, struct nk_error *err)
{
	const struct nk_rings *rings = &work->config->rings;
	const uint8_t split = rings->split ? NK_SPLIT_ON : NK_SPLIT_OFF;
	int rc = 0;

	if (rings->has_split)
		rc = want_ring(work, NK_SETTING_SPLIT, &split, sizeof(split), err);
	if (!rc && rings->has_threshold)
		rc = want_ring(work, NK_SETTING_HDS, &rings->threshold, sizeof(rings->threshold),
			       err);
	return rc;
}

int nk_slice_settings(const struct nk_slice_nic *on, const struct nk_config *config,
		      struct nk_setting_changes *ret, struct nk_error *err)
{
	struct work work = { .on = on, .config = config, .ret = ret };
	char driver[32];
	int rc;

	*ret = (struct nk_setting_changes){ 0 };
	rc = nk_quirk_driver(on->nic, driver);
	if (rc)
		nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot read the NIC's driver", "%s",
			     nk_errno_name(-rc));
	if (!rc && config->rss_exclude) {
		rc = exclude_from_rss(&work, err);
		/* A pair's queues have no AF_XDP zero copy, and so never transmit. */
		if (!rc && !config->pair && !nk_quirk_has_own_tx(driver))
			rc = exclude_from_xps(&work, err);
	}
	if (!rc && config->steering_count)
		rc = want_feature(&work, NK_FEATURE_NTUPLE, true, err);
	if (!rc && needs_tags(config))
		rc = want_feature(&work, NK_FEATURE_VLAN_STRIP, false, err);
	if (!rc && needs_tags(config))
		rc = want_feature(&work, NK_FEATURE_STAG_STRIP, false, err);
	if (!rc && has_vlan(config))
		rc = want_feature(&work, NK_FEATURE_VLAN_FILTER, false, err);
	if (!rc)
		rc = want_rings(&work, err);
	if (rc)
		nk_error_wrap(err, "%s", on->nic->name);
	return rc;
}

bool nk_slice_wants_context(const struct nk_config *config)
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

/* probe_feature() - can it be made so? What the driver does not know at all is off. */
static int probe_feature(struct nk_nl *nl, const struct nk_nic *nic,
			 enum nk_setting_feature feature, bool on, enum nk_quirk_case what,
			 struct nk_error *err)
{
	const char *name = nk_setting_feature_name(feature);
	struct nk_feature state;
	int rc = nk_feature_get(nl, nic->ifindex, name, &state, err);

	if (rc || (state.known && state.on) == on || (state.known && state.changeable))
		return rc;
	nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP,
		     on ? "the NIC has no flow rules" : "the NIC hides VLANs",
		     "%s is %s, and cannot be turned %s", name, on ? "off" : "on",
		     on ? "on" : "off");
	nk_quirk_remedy(nic, what, err);
	return -EOPNOTSUPP;
}

static int probe_rules(struct nk_nl *nl, const struct nk_nic *nic, const struct nk_config *config,
		       struct nk_error *err)
{
	struct nk_flow_table table;
	int rc;

	rc = probe_feature(nl, nic, NK_FEATURE_NTUPLE, true, NK_QUIRK_NO_RULES, err);
	if (!rc && has_vlan(config))
		rc = probe_feature(nl, nic, NK_FEATURE_VLAN_FILTER, false, NK_QUIRK_VLAN_RULE, err);
	if (rc)
		return rc;
	rc = nk_flow_table_get(nic, &table, err);
	if (rc == -EOPNOTSUPP)
		nk_quirk_remedy(nic, NK_QUIRK_NO_RULES, err);
	return rc;
}

static int probe_tags(struct nk_nl *nl, const struct nk_nic *nic, struct nk_error *err)
{
	int rc = probe_feature(nl, nic, NK_FEATURE_VLAN_STRIP, false, NK_QUIRK_VLAN_STRIP, err);

	return rc ? rc :
		    probe_feature(nl, nic, NK_FEATURE_STAG_STRIP, false, NK_QUIRK_VLAN_STRIP, err);
}

int nk_slice_probe_settings(struct nk_nl *nl, const struct nk_nic *nic,
			    const struct nk_config *config, struct nk_error *err)
{
	const struct nk_slice_nic on = { .nl = nl, .nic = nic, .claims = -1, .origin = -1 };
	struct nk_setting_changes changes;
	int rc = nk_slice_settings(&on, config, &changes, err);

	nk_slice_fini(&changes);
	return rc;
}

int nk_slice_probe(struct nk_nl *nl, const struct nk_nic *nic, const struct nk_config *config,
		   struct nk_error *err)
{
	int rc = 0;

	if (config->steering_count)
		rc = probe_rules(nl, nic, config, err);
	if (!rc && needs_tags(config))
		rc = probe_tags(nl, nic, err);
	if (!rc && nk_slice_wants_context(config)) {
		rc = nk_rss_probe_contexts(nl, nic->ifindex, err);
		if (rc)
			nk_quirk_remedy(nic, NK_QUIRK_NO_CONTEXTS, err);
	}
	if (rc)
		nk_error_wrap(err, "%s", nic->name);
	return rc;
}

/* check_xdp_mtu() - without buffers of several pieces a frame has one page, with room before and behind
 * it (XDP_PACKET_HEADROOM, struct skb_shared_info). Many a driver takes less; it says so at the attach.
 */
static int check_xdp_mtu(const struct nk_nic *nic, struct nk_error *err)
{
	const uint32_t limit = (uint32_t)sysconf(_SC_PAGESIZE) - 256 - 320 - 14;

	if (nic->mtu <= limit)
		return 0;
	nk_error_set(err, NK_CODE_BPF, EOPNOTSUPP, "cannot attach the XDP program",
		     "%s, native mode: its MTU is %u, and for XDP a frame has to fit in one page, "
		     "with which the MTU is at most %u",
		     nic->name, nic->mtu, limit);
	nk_error_remedy(
		err,
		"lower the NIC's MTU, if nothing needs it: ip link set dev %s mtu 1500; or set "
		"\"xsk\": {\"map\": false} to lease queues without XDP",
		NK_QUOTED(nic->name));
	return -EOPNOTSUPP;
}

int nk_slice_probe_xdp(struct nk_nl *nl, const struct nk_nic *nic, struct nk_error *err)
{
	uint64_t features = 0;
	int rc = nk_netdev_xdp_features(nl, nic->ifindex, &features, err);

	if (rc)
		return rc;
	if ((features & NK_XDP_ACT_ZEROCOPY) != NK_XDP_ACT_ZEROCOPY) {
		nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP, "the NIC has no AF_XDP zero copy",
			     "%s has XDP features 0x%llx, "
			     "needed are 0x%llx (basic, redirect, xsk-zerocopy)",
			     nic->name, (unsigned long long)features, NK_XDP_ACT_ZEROCOPY);
		nk_error_remedy(err, "set \"xsk\": {\"map\": false} to lease queues without XDP");
		return -EOPNOTSUPP;
	}
	/* A program that is on it shows that its driver takes one. */
	return nic->xdp_prog_id || features & NK_XDP_ACT_RX_SG ? 0 : check_xdp_mtu(nic, err);
}
