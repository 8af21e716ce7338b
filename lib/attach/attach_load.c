// SPDX-License-Identifier: Apache-2.0
/* attach_load.c - find an attachment by its claims, or by the host end of a pair */
#include "attach/attach.h"

#include "attach/steps.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/netns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* is_of() - is this a claim of the attachment, @any_name: with any effective name? */
static bool is_of(const struct nk_attachment *att, bool any_name, const struct nk_claim *claim)
{
	struct nk_key key = att->claim.key;

	if (!any_name)
		return nk_key_equal(&claim->key, &att->claim.key);
	memcpy(key.ifname, claim->key.ifname, sizeof(key.ifname));
	return claim->pair == att->claim.pair && nk_key_equal(&claim->key, &key);
}

/* note_leases() - those of its claims. Return: one of the claims, because they differ only in the queue, or if their
 * ADD was killed; or NULL
 */
static const struct nk_claim *note_leases(struct nk_attachment *att, bool any_name,
					  const struct nk_claim_list *claims)
{
	const struct nk_claim *claim, *mine = NULL;
	uint32_t i;

	att->lease_count = 0;
	for (i = 0; i < claims->count && att->lease_count < NK_LEASES_MAX; i++) {
		claim = &claims->at[i].claim;
		/* Devices with different names are different attachments: the first one only. */
		if (!is_of(att, any_name, claim) ||
		    (mine && strcmp(claim->key.ifname, mine->key.ifname) != 0))
			continue;
		mine = claim;
		att->leases[att->lease_count].phys = claims->at[i].queue;
		att->leases[att->lease_count++].netkit = claim->netkit_queue;
	}
	return mine;
}

static int compare_netkit_queues(const void *a, const void *b)
{
	const struct nk_lease *x = a, *y = b;

	return x->netkit < y->netkit ? -1 : x->netkit > y->netkit;
}

/* read_claims() - fill @att from its claims on this NIC. Return: 1, 0 if it has none, or a negative errno */
static int read_claims(struct nk_attachment *att, bool any_name, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	const struct nk_claim *claim;
	int rc;

	att->lease_count = 0;
	att->lender.claims = nk_claims_open(&att->lender.dir, false, err);
	if (att->lender.claims < 0)
		return att->lender.claims == -ENOENT ? 0 : att->lender.claims;
	rc = nk_claims_read(att->lender.claims, &claims, err);
	claim = rc ? NULL : note_leases(att, any_name, &claims);
	if (!claim)
		return rc;
	qsort(att->leases, att->lease_count, sizeof(att->leases[0]), compare_netkit_queues);
	att->claim = *claim;
	return 1;
}

/* find_places() - where the claimed NIC is, and whether CNI_NETNS is the claimed netns */
static int find_places(struct nk_attachment *att, struct nk_error *err)
{
	uint64_t cookie;
	int rc = nk_lender_identify(&att->lender, err);

	if (!rc)
		rc = nk_lender_locate(&att->lender, att->claim.nic_ifindex, err);
	att->netns_is_ours = false;
	if (rc || att->netns_fd < 0)
		return rc;
	rc = nk_netns_cookie(att->netns_fd, &cookie, err);
	att->netns_is_ours = !rc && cookie == att->claim.netns_cookie;
	/* Its id may have changed since. */
	if (att->netns_is_ours)
		rc = nk_link_nsid(&att->host, att->netns_fd, true, &att->claim.nsid, err);
	return rc;
}

struct peek {
	bool any, mine, in_use;
};

/* peek_at() - the claims of a NIC, without its lock. Return: 0; -ENOENT if it has no claims map; or another negative
 * errno
 */
static int peek_at(const struct nk_attachment *att, bool any_name, const char *bpffs,
		   const char *nic, struct peek *ret, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	int fd cleanup_close = nk_claims_open_on(bpffs, nic, err);
	int rc = fd < 0 ? fd : nk_claims_read(fd, &claims, err);
	const struct nk_claim_entry *entry;

	*ret = (struct peek){ .any = claims.count };
	for (entry = claims.at; entry < claims.at + claims.count; entry++) {
		if (!is_of(att, any_name, &entry->claim))
			continue;
		ret->mine = true;
		ret->in_use |= !(entry->claim.flags & NK_CLAIM_OWED);
	}
	return rc;
}

int nk_attach_has_claim(const struct nk_attachment *att, const char *bpffs, const char *nic,
			struct nk_error *err)
{
	struct peek peek;
	int rc = peek_at(att, false, bpffs, nic, &peek, err);

	if (rc && rc != -ENOENT)
		return rc;
	return peek.in_use ? NK_CLAIMED : peek.mine ? NK_CLAIMED_OWED : 0;
}

int nk_attach_has_any(struct nk_attachment *att, const char *bpffs, const char *nic,
		      struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	int rc = 0;

	if (att->lender.nic.ifindex)
		rc = nk_lender_find(&att->lender, bpffs, err);
	else
		nk_nicdir_init(bpffs, nic, &att->lender.dir);
	if (rc >= 0)
		rc = nk_claims_read_pin(&att->lender.dir, &claims, err);
	return rc ? rc : claims.count > 0;
}

int nk_attach_load(struct nk_attachment *att, bool any_name, const char *bpffs, const char *nic,
		   struct nk_error *err)
{
	struct peek peek;
	struct nk_error unread = { 0 };
	int seen = peek_at(att, any_name, bpffs, nic, &peek, &unread), rc;

	/* If only others have claims, do not wait for their lock. */
	if (!seen && peek.any && !peek.mine)
		return 0;
	rc = nk_lender_open_dir(&att->lender, bpffs, nic, err);
	/* If nobody has any claim, the lock would only have served to tidy up. */
	if (rc == -ENOENT || (rc && (!seen || seen == -ENOENT) && !peek.mine)) {
		nk_error_reset(err);
		return 0;
	}
	if (!rc && peek.mine)
		rc = nk_lender_follow(&att->lender, err);
	if (!rc)
		rc = read_claims(att, any_name, err);
	if (rc > 0) {
		rc = find_places(att, err);
		rc = rc ? rc : 1;
	}
	if (rc > 0 && att->claim.pair)
		rc = nk_attach_find_pair(att, err) < 0 ? -err->sys : 1;
	if (rc <= 0)
		nk_attach_unload(att);
	return rc;
}

void nk_attach_unload(struct nk_attachment *att)
{
	nk_lender_close(&att->lender);
}
