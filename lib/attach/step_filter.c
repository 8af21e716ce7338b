// SPDX-License-Identifier: Apache-2.0
/* step_filter.c - step "filter": the MAC in the unicast filter of the NIC */
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/mac.h"
#include "kernel/filter.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

static int create_filter(struct nk_attachment *att, struct nk_add *add UNUSED, struct nk_error *err)
{
	char mac[NK_MAC_TEXT_SIZE];
	int rc;

	if (att->claim.pair)
		return 0; /* its frames arrive through the host */
	if (!memcmp(att->claim.mac, att->lender.nic.mac, NK_MAC_LEN))
		return 0; /* the NIC accepts its own MAC in any case */
	att->claim.in_filter = true;
	rc = nk_step_update_claims(att, err);
	if (!rc)
		rc = nk_filter_add(&att->host, att->lender.nic.ifindex, att->claim.mac, err);
	if (rc == -EEXIST) {
		/* Somebody else has just added it. If we were killed here, DEL would remove it. */
		att->claim.in_filter = false;
		(void)nk_step_update_claims(att, err);
	}
	if (rc) {
		nk_mac_text(att->claim.mac, mac);
		nk_error_wrap(err, "add %s to the filter of %s", mac, att->lender.nic.name);
	}
	return rc;
}

/* has_lost_mac() - Return: 1 if the filter no longer has what we added, 0, or a negative errno */
static int has_lost_mac(struct nk_attachment *att, struct nk_error *err)
{
	int rc = 1;

	if (att->claim.in_filter)
		rc = nk_filter_has(&att->host, att->lender.nic.ifindex, att->claim.mac, err);
	return rc < 0 ? rc : !rc;
}

static int check_filter(struct nk_attachment *att, struct nk_error *err)
{
	char mac[NK_MAC_TEXT_SIZE];
	int rc = has_lost_mac(att, err);

	if (rc <= 0)
		return rc;
	nk_mac_text(att->claim.mac, mac);
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the unicast filter lost the MAC",
			    "%s: expected %s, found nothing", att->lender.nic.name, mac);
}

static int repair_filter(struct nk_attachment *att, struct nk_error *err)
{
	int rc = has_lost_mac(att, err);

	if (rc <= 0)
		return rc;
	rc = nk_filter_add(&att->host, att->lender.nic.ifindex, att->claim.mac, err);
	if (!rc)
		nk_step_log_repaired(att, "MAC in the unicast filter");
	return rc;
}

int nk_step_filter_restore(struct nk_lender *lender, const uint8_t mac[NK_MAC_LEN],
			   struct nk_error *err)
{
	int rc = nk_filter_add(lender->nl, lender->nic.ifindex, mac, err);

	if (rc != -EEXIST)
		return rc;
	nk_error_reset(err);
	return 0;
}

/* is_used_in() - has a device above the NIC, such as a macvlan, this MAC too? Return: 1, 0, or a negative errno;
 * -ENODEV: the netns is gone
 */
static int is_used_in(struct nk_lender *lender, int32_t nsid, const uint8_t mac[NK_MAC_LEN],
		      struct nk_error *err)
{
	struct nk_link_list links cleanup_list = { 0 };
	int rc = nk_link_read(lender->nl, nsid, NULL, &links, err);
	const struct nk_link *link;

	for (link = links.at; !rc && link < links.at + links.count; link++)
		rc = link->up && link->peer_ifindex == lender->nic.ifindex &&
		     strcmp(link->kind, "netkit") != 0 && strcmp(link->kind, "veth") != 0 &&
		     !memcmp(link->mac, mac, NK_MAC_LEN);
	return rc;
}

/* is_used() - in the host's netns, or in one for which that has an id. Return: 1, 0, or a negative errno */
static int is_used(struct nk_lender *lender, const uint8_t mac[NK_MAC_LEN], struct nk_error *err)
{
	struct nk_nsid_list nsids cleanup_list = { 0 };
	int rc = is_used_in(lender, NK_NSID_HERE, mac, err);
	uint32_t i;

	if (!rc)
		rc = nk_link_read_nsids(lender->nl, &nsids, err);
	for (i = 0; i < nsids.count && !rc; i++) {
		rc = is_used_in(lender, nsids.at[i], mac, err);
		if (rc == -ENODEV) {
			nk_error_reset(err);
			rc = 0;
		}
	}
	return rc;
}

/* nk_step_filter_remove() - the kernel counts how often a MAC was added. If somebody had removed ours before, we have
 * now removed that of a device above the NIC, and restore it.
 */
int nk_step_filter_remove(struct nk_lender *lender, const uint8_t mac[NK_MAC_LEN],
			  struct nk_error *err)
{
	int rc = nk_filter_remove(lender->nl, lender->nic.ifindex, mac, err);

	if (!rc)
		rc = nk_filter_has(lender->nl, lender->nic.ifindex, mac, err);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = is_used(lender, mac, err);
	return rc > 0 ? nk_step_filter_restore(lender, mac, err) : rc;
}

static int remove_filter(struct nk_attachment *att, const struct nk_delete_options *how UNUSED,
			 struct nk_error *err)
{
	if (!att->claim.in_filter || !att->lender.nic.ifindex)
		return 0;
	return nk_step_filter_remove(&att->lender, att->claim.mac, err);
}

const struct nk_step nk_step_filter = {
	.name = "filter",
	.removal = "remove the MAC filter entry",
	.create = create_filter,
	.check = check_filter,
	.remove = remove_filter,
	.repair = repair_filter,
};
