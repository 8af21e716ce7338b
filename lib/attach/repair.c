// SPDX-License-Identifier: Apache-2.0
/* repair.c - restore what a NIC has lost of its living attachments */
#include "attach/repair.h"

#include "attach/attach.h"
#include "attach/steps.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "ethtool/rss.h"
#include "nic/flow.h"
#include "nic/flow_note.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"

/* has_rule() - Return: 1, 0, or a negative errno */
static int has_rule(const struct nk_nic *nic, const struct nk_flow *wanted, struct nk_error *err)
{
	uint32_t location;
	int rc = nk_step_find_rule(nic, wanted, &location, err);

	if (rc != -EOPNOTSUPP)
		return rc;
	nk_error_reset(err); /* flow rules were switched off, which removed them */
	return 0;
}

static int has_context(struct nk_nl *host, const struct nk_nic *nic, uint32_t context,
		       struct nk_error *err)
{
	off_stack struct nk_rss table;
	int rc = nk_rss_get(host, nic->ifindex, context, &table, err);

	if (rc != -ENOENT)
		return rc ? rc : 1;
	nk_error_reset(err);
	return 0;
}

int nk_repair_has_rules(struct nk_nl *host, const struct nk_nic *nic, int rules, uint32_t owner,
			const struct nk_claim *claim, struct nk_error *err)
{
	struct nk_flow_note rule;
	uint32_t n;
	int rc = claim->rss_context ? has_context(host, nic, claim->rss_context, err) : 1;

	for (n = 0; n < claim->rule_count && rc > 0; n++) {
		rc = rules < 0 ? -ENOENT : nk_flow_note_get(rules, owner, n, &rule, err);
		if (rc == -ENOENT)
			return 0; /* its record is lost */
		rc = rc ? rc : has_rule(nic, &rule.flow, err);
	}
	return rc;
}

/* One repair of a NIC. */
struct repairing {
	const char *bpffs, *nic;
	bool all;
	struct nk_lender on; /* not locked */
	int rules;
	/* unless all: what the NIC has, and what is noted */
	bool is_listed;
	struct nk_flow_list flows;
	struct nk_context_list contexts;
	struct nk_flow_note_list notes;
};

/* read_lists() - a few reads for all attachments, so that one costs the same however many there are */
static void read_lists(struct repairing *repairing)
{
	const struct nk_nic *nic = &repairing->on.id_nic;
	struct nk_error unread = { 0 }; /* nk_repair_has_rules() asks again */

	if (!nic->ifindex || repairing->rules < 0 ||
	    nk_flow_note_read(repairing->rules, &repairing->notes, &unread) ||
	    nk_flow_read(nic, &repairing->flows, &unread))
		return;
	repairing->is_listed =
		!nk_rss_context_read(repairing->on.nl, nic->ifindex, &repairing->contexts, &unread);
}

static void free_lists(struct repairing *repairing)
{
	free(repairing->flows.at);
	free(repairing->contexts.at);
	free(repairing->notes.at);
}

/* is_placed() - does the NIC have the rule where it is noted? */
static bool is_placed(const struct repairing *repairing, const struct nk_flow_note *rule)
{
	const struct nk_flow *found = repairing->flows.at;

	for (; found < repairing->flows.at + repairing->flows.count; found++)
		if (found->spec.location == rule->flow.spec.location)
			return rule->placed && nk_flow_equal(found, &rule->flow);
	return false;
}

/* seems_whole() - does the NIC have each rule of the attachment where it is noted, and its context? */
static bool seems_whole(const struct repairing *repairing, const struct nk_claim_entry *first)
{
	const struct nk_flow_note_entry *note = repairing->notes.at;
	uint32_t i, count = 0;

	for (; note < repairing->notes.at + repairing->notes.count; note++)
		count += note->owner == first->queue && is_placed(repairing, &note->rule);
	for (i = 0; i < repairing->contexts.count; i++)
		if (repairing->contexts.at[i].id == first->claim.rss_context)
			break;
	return count == first->claim.rule_count &&
	       (!first->claim.rss_context || i < repairing->contexts.count);
}

/* needs_repair() - Return: 1, 0, or a negative errno */
static int needs_repair(struct repairing *repairing, const struct nk_claim_entry *first,
			struct nk_error *err)
{
	int rc = nk_lender_locate(&repairing->on, first->claim.nic_ifindex, err);

	if (rc || repairing->on.where != NK_NIC_HERE)
		return rc; /* its devices are gone too, or are repaired when it is here again */
	if (repairing->all || repairing->is_listed)
		return repairing->all || !seems_whole(repairing, first);
	rc = nk_repair_has_rules(repairing->on.nl, &repairing->on.nic, repairing->rules,
				 first->queue, &first->claim, err);
	return rc < 0 ? rc : !rc;
}

/* repair_one() - repair an attachment, if this claim is on its first queue: netkit queue 1 */
static int repair_one(struct repairing *repairing, const struct nk_claim_entry *first,
		      struct nk_error *err)
{
	off_stack struct nk_attachment att;
	int rc;

	if (first->claim.netkit_queue != 1 || !first->claim.committed)
		return 0;
	rc = needs_repair(repairing, first, err);
	if (rc <= 0)
		return rc;
	rc = nk_attachment_init_key(&att, &first->claim.key, err);
	if (!rc)
		rc = nk_attach_load(&att, false, repairing->bpffs, repairing->nic, err);
	/* Without the lock, it may have been removed meanwhile. */
	if (rc > 0)
		rc = att.claim.committed && att.lender.where == NK_NIC_HERE &&
		     nk_attach_is_leased(&att);
	if (rc > 0)
		rc = nk_attach_repair(&att, err);
	nk_attachment_fini(&att);
	return rc;
}

static int repair_all(struct repairing *repairing, const struct nk_claim_list *claims,
		      struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc = nk_lender_identify(&repairing->on, err);
	const bool ready = !rc;
	uint32_t i;

	if (ready && !repairing->all)
		read_lists(repairing);
	for (i = 0; ready && i < claims->count; i++)
		rc = nk_log_keep_first(rc, repair_one(repairing, &claims->at[i], &mine), err,
				       &mine);
	free_lists(repairing);
	return rc;
}

int nk_repair_nic(struct nk_nl *host, const char *bpffs, const char *nic, bool all,
		  struct nk_error *err)
{
	struct repairing repairing = { .bpffs = bpffs, .nic = nic, .all = all };
	int claims cleanup_close = nk_claims_open_on(bpffs, nic, err);
	int rules cleanup_close = -1;
	struct nk_claim_list list cleanup_list = { 0 };
	int rc;

	if (claims < 0)
		return claims == -ENOENT ? 0 : claims;
	repairing.on = (struct nk_lender)NK_LENDER_CLOSED;
	repairing.on.nl = host;
	repairing.on.claims = claims;
	nk_nicdir_init(bpffs, nic, &repairing.on.dir);
	rules = nk_flow_note_open(&repairing.on.dir, false, err);
	rc = rules < 0 && rules != -ENOENT ? rules : 0;
	repairing.rules = rules;
	if (!rc)
		rc = nk_claims_read(claims, &list, err);
	return rc ? rc : repair_all(&repairing, &list, err);
}
