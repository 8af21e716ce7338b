// SPDX-License-Identifier: Apache-2.0
/* step_map.c - step "map": the XSKMAP of an attachment, and its entries in the maps of the program */
#include "attach/steps.h"

#include "base/error.h"
#include "bpffs/counters.h"
#include "bpffs/xskmap.h"
#include "kernel/userns.h"
#include "nic/steering.h"

#include <errno.h>
#include <linux/types.h>

#include "nk_shared.h"

#include "base/banned.h"

/* reset_counters() - the queues may have served another Pod before */
static int reset_counters(const struct nk_attachment *att, struct nk_error *err)
{
	struct nk_counters counters;
	uint32_t i;
	int rc = nk_counters_open(&att->lender.dir, &counters, err);

	if (rc == -ENOENT)
		nk_error_set(err, NK_CODE_BPF, ENOENT, "a pinned BPF map for the NIC is gone",
			     "%s/stats", att->lender.dir.path);
	for (i = 0; i < att->lease_count && !rc; i++)
		rc = nk_counters_reset(&counters, att->leases[i].phys, err);
	nk_counters_close(&counters);
	return rc;
}

void nk_step_add_vlan(struct nk_vlan_set *vlans, uint32_t vlan)
{
	vlans->bits[vlan / 64] |= 1ULL << (vlan % 64);
}

static int create_map(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	struct nk_vlan_set vlans = { 0 };
	uint16_t list[NK_STEERING_MAX];
	uint32_t i, count = nk_steering_vlans(add->config, list);
	int rc;

	if (!att->claim.with_map)
		return 0;
	att->claim.xsk = add->config->xsk;
	rc = nk_userns_host_ids(att->netns_fd, &att->claim.xsk.uid, &att->claim.xsk.gid, err);
	if (!rc)
		rc = nk_step_update_claims(att, err);
	if (!rc)
		rc = reset_counters(att, err);
	if (rc)
		return rc;
	for (i = 0; i < count; i++)
		nk_step_add_vlan(&vlans, list[i]);
	return nk_xskmap_create(&att->lender.dir, att->leases, att->lease_count, &att->claim.xsk,
				&vlans, err);
}

static int check_map(struct nk_attachment *att, struct nk_error *err)
{
	if (!att->claim.with_map)
		return 0;
	return nk_xskmap_check(&att->lender.dir, att->leases, att->lease_count, &att->claim.xsk,
			       err);
}

static int repair_map(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error lost = { 0 };
	int rc;

	if (!check_map(att, &lost))
		return 0;
	rc = nk_xskmap_repair(&att->lender.dir, att->leases, att->lease_count, &att->claim.xsk,
			      err);
	if (!rc)
		nk_step_log_repaired(att, "XSKMAP of the XDP program");
	return rc;
}

static int remove_map(struct nk_attachment *att, const struct nk_delete_options *how UNUSED,
		      struct nk_error *err)
{
	if (!att->claim.with_map || !att->lease_count)
		return 0;
	return nk_xskmap_remove(&att->lender.dir, att->leases, att->lease_count, err);
}

const struct nk_step nk_step_map = {
	.name = "map",
	.removal = "remove the XSKMAP",
	.create = create_map,
	.check = check_map,
	.remove = remove_map,
	.repair = repair_map,
};
