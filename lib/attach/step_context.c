// SPDX-License-Identifier: Apache-2.0
/* step_context.c - step "context": an RSS context that spreads flow rules over several queues */
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "ethtool/rss.h"
#include "nic/quirk.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

#define CONTEXT_TRIES 16 /* ids that others may take after we have read the contexts */

/* note_id() - ids are small numbers, so a set of queues can hold them. */
static void note_id(struct nk_queue_set *used, uint32_t id)
{
	if (id < NK_QUEUE_IDS)
		nk_queue_set_put(used, id);
}

/* is_ours() - has the context exactly our queues? Return: 1 or 0; -ENOENT: there is none; or another negative errno */
static int is_ours(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_queue_set ours = { 0 }, found = { 0 };
	off_stack struct nk_rss table;
	uint32_t i;
	int rc;

	rc = nk_rss_get(&att->host, att->lender.nic.ifindex, att->claim.rss_context, &table, err);
	if (rc)
		return rc;
	for (i = 0; i < att->lease_count; i++)
		nk_queue_set_put(&ours, att->leases[i].phys);
	for (i = 0; i < table.size; i++)
		nk_queue_set_put(&found, table.queues[i]);
	return !memcmp(&ours, &found, sizeof(ours));
}

/* create_on_nic() - with the id in the claim */
static int create_on_nic(struct nk_attachment *att, struct nk_error *err)
{
	uint32_t queues[NK_LEASES_MAX], i;

	for (i = 0; i < att->lease_count; i++)
		queues[i] = att->leases[i].phys;
	return nk_rss_context_create(&att->host, att->lender.nic.ifindex, att->claim.rss_context,
				     queues, att->lease_count, err);
}

/* remove_context() - a context of that id with other queues is somebody else's. */
static int remove_context(struct nk_attachment *att, const struct nk_delete_options *how UNUSED,
			  struct nk_error *err)
{
	const struct nk_nic *nic = &att->lender.nic;
	int rc;

	if (!att->claim.rss_context || !nic->ifindex || !att->lease_count)
		return 0;
	rc = is_ours(att, err);
	if (rc > 0)
		rc = nk_rss_context_remove(&att->host, nic->ifindex, att->claim.rss_context, err);
	if (rc == -ENOENT || rc == -EOPNOTSUPP) {
		nk_error_reset(err);
		rc = 0;
	}
	if (!rc) {
		att->claim.rss_context = 0;
		return 0;
	}
	nk_error_wrap(err, "delete RSS context %u of %s", att->claim.rss_context, nic->name);
	if (rc == -EBUSY)
		nk_error_remedy(err,
				"a foreign flow rule directs frames to this context. The rule may "
				"serve another program: \"ethtool -n %s\" lists the rules. Delete "
				"it only if nobody needs it",
				NK_QUOTED(nic->name));
	return rc;
}

/* try_create() - with this id, which the claims record before the NIC gets it */
static int try_create(struct nk_attachment *att, uint32_t id, struct nk_error *err)
{
	struct nk_error ignored = { 0 };
	int rc;

	att->claim.rss_context = id;
	rc = nk_step_update_claims(att, err);
	if (!rc)
		rc = create_on_nic(att, err);
	if (!rc)
		return 0;
	/* Some kernels keep the context if only their reply failed. If we cannot remove it now, the
	 * rollback tries again.
	 */
	if (rc == -EBUSY || !remove_context(att, NULL, &ignored))
		att->claim.rss_context = 0;
	nk_error_reset(&ignored);
	(void)nk_step_update_claims(att, &ignored);
	return rc;
}

static int create_context(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	struct nk_queue_set used = { 0 };
	struct nk_context_list contexts cleanup_list = { 0 };
	struct nk_claim_list claims cleanup_list = { 0 };
	uint32_t id = 0, tries = 0, i;
	int rc;

	if (!nk_nic_plan_wants_context(add->config))
		return 0;
	/* The claims of a killed ADD may record a context that does not exist yet. */
	rc = nk_claims_read(att->lender.claims, &claims, err);
	if (!rc)
		rc = nk_rss_context_read(&att->host, att->lender.nic.ifindex, &contexts, err);
	if (rc)
		return rc;
	for (i = 0; i < claims.count; i++)
		note_id(&used, claims.at[i].claim.rss_context);
	for (i = 0; i < contexts.count; i++)
		note_id(&used, contexts.at[i].id);
	do {
		nk_error_reset(err);
		for (id++; nk_queue_set_has(&used, id); id++)
			;
		rc = try_create(att, id, err);
	} while (rc == -EBUSY && ++tries < CONTEXT_TRIES);
	if (!rc)
		return 0;
	nk_error_wrap(err, "create RSS context %u of %s", id, att->lender.nic.name);
	nk_quirk_remedy(&att->lender.nic, NK_QUIRK_NO_CONTEXTS, err);
	return rc;
}

static int check_context(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error lost = { 0 };
	int rc;

	if (!att->claim.rss_context)
		return 0;
	rc = is_ours(att, &lost);
	if (rc == 1)
		return 0;
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the RSS context was changed",
			    "%s: expected context %u over the %u leased queues, found %s",
			    att->lender.nic.name, att->claim.rss_context, att->lease_count,
			    rc == -ENOENT ? "none" :
			    rc < 0	  ? lost.details :
					    "other queues in it");
}

/* repair_context() - with the same id, because the flow rules contain it */
static int repair_context(struct nk_attachment *att, struct nk_error *err)
{
	int rc = att->claim.rss_context ? is_ours(att, err) : 1;

	if (!rc)
		return nk_error_set(
			err, NK_CODE_KERNEL, EEXIST, "an RSS context was changed",
			"context %u of %s now has other queues, so nk-cni does not remove it",
			att->claim.rss_context, att->lender.nic.name);
	if (rc != -ENOENT)
		return rc < 0 ? rc : 0;
	nk_error_reset(err);
	rc = create_on_nic(att, err);
	if (!rc)
		nk_step_log_repaired(att, "RSS context");
	return rc;
}

const struct nk_step nk_step_context = {
	.name = "context",
	.removal = "remove the RSS context",
	.create = create_context,
	.check = check_context,
	.remove = remove_context,
	.repair = repair_context,
};
