// SPDX-License-Identifier: Apache-2.0
/* nic_probe.c - can a NIC do what a configuration asks for? Changes nothing. */
#include "nic/nic_probe.h"

#include "base/error.h"
#include "base/text.h"
#include "ethtool/feature.h"
#include "ethtool/rss.h"
#include "kernel/netdev.h"
#include "kernel/uapi.h"
#include "nic/flow.h"
#include "nic/nic_plan.h"
#include "nic/quirk.h"

#include <errno.h>
#include <unistd.h>

#include "base/banned.h"

/* probe_feature() - is the feature as needed, or can it be changed? A feature that the driver lacks is off. */
static int probe_feature(struct nk_nl *nl, const struct nk_nic *nic,
			 const struct nk_feature_need *need, struct nk_error *err)
{
	const char *name = nk_setting_feature_name(need->feature);
	struct nk_feature state;
	int rc = nk_feature_get(nl, nic->ifindex, name, &state, err);

	if (rc || (state.known && state.on) == need->on || (state.known && state.changeable))
		return rc;
	nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP,
		     need->on ? "the NIC has no flow rules" :
				"the NIC removes VLAN tags from frames",
		     "%s is %s, and cannot be turned %s", name, need->on ? "off" : "on",
		     need->on ? "on" : "off");
	nk_quirk_remedy(nic, need->refusal, err);
	return -EOPNOTSUPP;
}

static int probe_rules(const struct nk_nic *nic, struct nk_error *err)
{
	struct nk_flow_table table;
	int rc = nk_flow_table_get(nic, &table, err);

	if (rc == -EOPNOTSUPP)
		nk_quirk_remedy(nic, NK_QUIRK_NO_RULES, err);
	return rc;
}

int nk_nic_probe_up(const struct nk_nic *nic, struct nk_error *err)
{
	if (nic->up)
		return 0;
	nk_error_set(err, NK_CODE_RETRY, ENETDOWN, "the NIC is down",
		     "%s: the kernel reports no queues while it is down", nic->name);
	return nk_error_remedy(err, "if nobody set it down on purpose, run: ip link set dev %s up",
			       NK_QUOTED(nic->name));
}

int nk_nic_probe(struct nk_nl *nl, const struct nk_nic *nic, const struct nk_config *config,
		 struct nk_error *err)
{
	struct nk_feature_need needs[NK_FEATURE_NEEDS_MAX];
	uint32_t i, count = nk_nic_plan_features(config, needs);
	int rc = 0;

	for (i = 0; i < count && !rc; i++)
		rc = probe_feature(nl, nic, &needs[i], err);
	if (!rc && config->steering_count)
		rc = probe_rules(nic, err);
	if (!rc && nk_nic_plan_wants_context(config)) {
		rc = nk_rss_probe_contexts(nl, nic->ifindex, err);
		if (rc)
			nk_quirk_remedy(nic, NK_QUIRK_NO_CONTEXTS, err);
	}
	if (rc)
		nk_error_wrap(err, "%s", nic->name);
	return rc;
}

int nk_nic_probe_settings(const struct nk_lender *lender, const struct nk_config *config,
			  struct nk_error *err)
{
	const struct nk_nic_plan_on on = { .lender = lender, .saved = -1 };
	struct nk_setting_changes changes;
	int rc = nk_nic_plan_settings(&on, config, &changes, err);

	nk_nic_plan_fini(&changes);
	return rc;
}

/* check_xdp_mtu() - a driver without multi-buffer XDP needs a frame in one page, beside XDP_PACKET_HEADROOM and
 * struct skb_shared_info. Many drivers take less; they report it when the program is attached.
 */
static int check_xdp_mtu(const struct nk_nic *nic, struct nk_error *err)
{
	const uint32_t limit = (uint32_t)sysconf(_SC_PAGESIZE) - 256 - 320 - 14;

	if (nic->mtu <= limit)
		return 0;
	nk_error_set(
		err, NK_CODE_BPF, EOPNOTSUPP, "cannot attach the XDP program",
		"%s, native mode: its MTU is %u; for XDP, a frame must fit in one page, so the MTU "
		"must be at most %u",
		nic->name, nic->mtu, limit);
	return nk_error_remedy(
		err,
		"if nothing needs the larger MTU: ip link set dev %s mtu 1500, which may interrupt "
		"the traffic of the NIC; or set \"xsk\": {\"map\": false} to lease queues without "
		"XDP",
		NK_QUOTED(nic->name));
}

int nk_nic_probe_xdp(struct nk_nl *nl, const struct nk_nic *nic, struct nk_error *err)
{
	uint64_t features = 0;
	int rc = nk_netdev_xdp_features(nl, nic->ifindex, &features, err);

	if (rc)
		return rc;
	if ((features & NK_XDP_ACT_ZEROCOPY) != NK_XDP_ACT_ZEROCOPY) {
		nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP, "the NIC has no AF_XDP zero copy",
			     "%s has XDP features 0x%llx, but 0x%llx are needed (basic, "
			     "redirect, xsk-zerocopy)",
			     nic->name, (unsigned long long)features, NK_XDP_ACT_ZEROCOPY);
		return nk_error_remedy(err, "set \"xsk\": {\"map\": false} to lease queues without "
					    "XDP");
	}
	/* If the NIC has a program already, its driver takes one at this MTU. */
	return nic->xdp_prog_id || features & NK_XDP_ACT_RX_SG ? 0 : check_xdp_mtu(nic, err);
}
