// SPDX-License-Identifier: Apache-2.0
/* attach_lock.c - an ADD releases its NIC while an IPAM plugin runs, and takes it again */
#include "attach/attach.h"

#include "attach/steps.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mac.h"
#include "base/text.h"

#include <errno.h>
#include <unistd.h>

#include "base/banned.h"

void nk_attach_unlock(struct nk_attachment *att, struct nk_add *add)
{
	struct nk_error ignored = { 0 };

	if (att->lender.dir.fd < 0)
		return;
	if (!add->was_unlocked)
		(void)nk_step_others(att, &add->others_then, &ignored);
	add->was_unlocked = true;
	nk_nicdir_unlock(&att->lender.dir);
}

/* has_claims() - are the claims still those of this ADD? A DEL, and another ADD, may have come meanwhile. Return: 1, 0,
 * or a negative errno
 */
static int has_claims(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_claim claim;
	uint32_t i;
	int rc;

	for (i = 0; i < att->lease_count; i++) {
		rc = nk_claims_get(att->lender.claims, att->leases[i].phys, &claim, err);
		if (rc)
			return rc == -ENOENT ? 0 : rc;
		if (!nk_key_equal(&claim.key, &att->claim.key) || claim.nonce != att->claim.nonce)
			return 0;
		att->claim.nic_ifindex = claim.nic_ifindex; /* it may have been renumbered */
	}
	return 1;
}

/* forget_claims() - what the attachment had on the NIC is gone, or belongs to others by now. Its device, and then also
 * its MAC in the filter, may still exist.
 */
static void forget_claims(struct nk_attachment *att)
{
	struct nk_error gone = { 0 };
	char mac[NK_MAC_TEXT_SIZE];
	struct nk_link link;
	int rc;

	att->lease_count = 0;
	att->claim.with_map = false;
	/* Directory and claims may have been created again by others. */
	close(att->lender.claims);
	att->lender.claims = -1;
	close(att->lender.dir.fd);
	att->lender.dir.fd = -1;
	rc = nk_link_get(&att->pod, NK_NSID_HERE, NULL, att->claim.ifindex, &link, &gone);
	if (rc && rc != -ENODEV && att->claim.in_filter) {
		nk_mac_text(att->claim.mac, mac);
		nk_log_warn(
			"the unicast filter of %s may still have %s, the MAC of %s (\"bridge fdb "
			"show dev %s\" shows it): %s",
			att->lender.nic.name, mac, att->claim.key.ifname,
			NK_QUOTED(att->lender.nic.name), gone.details);
	}
	if (rc)
		att->claim.in_filter = false;
}

/* find_nic() - it may have another name by now, or be in another netns */
static int find_nic(struct nk_attachment *att, struct nk_error *err)
{
	int rc = nk_lender_identify(&att->lender, err);

	if (!rc)
		rc = nk_lender_locate(&att->lender, att->claim.nic_ifindex, err);
	if (rc || att->lender.where == NK_NIC_HERE)
		return rc;
	return nk_error_set(err, NK_CODE_KERNEL, ENODEV,
			    "the NIC was removed or moved during the call",
			    "%s is no longer in this network namespace", att->lender.nic.name);
}

/* check_pin() - without the pin, nobody after this ADD would find its claims */
static int check_pin(const struct nk_attachment *att, struct nk_error *err)
{
	int rc = nk_claims_is_pinned(&att->lender.dir, att->lender.claims, err);

	if (rc)
		return rc < 0 ? rc : 0;
	nk_error_set(err, NK_CODE_BPF, EIDRM, "somebody removed the claims during the call",
		     "%s/claims is no longer the map with the claims of this ADD",
		     att->lender.dir.path);
	return nk_error_remedy(
		err,
		"find out who removes it. Recreate each Pod that has a netkit device with an alias "
		"\"nk-cni:...\" (\"ip -d link\" in its network namespace) and queues of %s, but is "
		"missing in \"nk-cni list\"",
		att->lender.nic.name);
}

int nk_attach_lock(struct nk_attachment *att, struct nk_error *err)
{
	int rc;

	if (att->lender.dir.fd < 0)
		return 0;
	rc = nk_nicdir_relock(&att->lender.dir, err);
	if (!rc)
		rc = has_claims(att, err);
	if (rc > 0) {
		rc = find_nic(att, err);
		return rc ? rc : check_pin(att, err);
	}
	if (rc && rc != -ESTALE)
		return rc;
	forget_claims(att);
	nk_error_reset(err);
	return nk_error_set(err, NK_CODE_KERNEL, ESTALE, "the attachment was deleted meanwhile",
			    "its claims on queues of %s are gone", att->lender.nic.name);
}
