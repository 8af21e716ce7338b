// SPDX-License-Identifier: Apache-2.0
/* step_context.c - step "context": an RSS context over the attachment's queues, for its flow rules */
#include "steps.h"

#include "claims.h"
#include "cleanup.h"
#include "error.h"
#include "quirk.h"
#include "rss.h"
#include "slice.h"
#include "text.h"

#include <errno.h>
#include <string.h>

#include "banned.h"

#define CONTEXT_TRIES 16 /* ids that somebody else takes between our look and our call */

/* Ids in use are kept in a set as queues are: they are small numbers, too. */
static void use(struct nk_queue_set *used, uint32_t id)
{
	if (id < NK_QUEUE_IDS)
		nk_queue_set_put(used, id);
}

static int note_context(uint32_t id, const struct nk_rss *table, void *data, struct nk_error *err)
{
	(void)table;
	(void)err;
	use(data, id);
	return 0;
}

static int note_claim(uint32_t queue, const struct nk_claim *claim, void *data)
{
	(void)queue;
	use(data, claim->rss_context);
	return 0;
}

/* free_id() - the lowest id above @id that is not in use */
static uint32_t free_id(const struct nk_queue_set *used, uint32_t id)
{
	for (id++; nk_queue_set_has(used, id); id++)
		;
	return id;
}

/* try_create() - with this id; the claims know it before the NIC does. */
static int try_create(struct nk_attachment *att, uint32_t id, struct nk_error *err)
{
	uint32_t queues[NK_LEASES_MAX], i;
	struct nk_error ignored = { 0 };
	int rc;

	for (i = 0; i < att->lease_count; i++)
		queues[i] = att->leases[i].phys;
	att->rss_context = id;
	rc = nk_step_update_claims(att, err);
	if (!rc)
		rc = nk_rss_context_create(&att->host, att->lender.nic.ifindex, id, queues,
					   att->lease_count, err);
	if (!rc)
		return 0;
	/* Some kernels leave it behind when only their reply failed; what cannot be removed now is
	 * left to the rollback.
	 */
	if (rc == -EBUSY || !nk_step_context_remove(att, &ignored))
		att->rss_context = 0;
	nk_error_reset(&ignored);
	(void)nk_step_update_claims(att, &ignored);
	return rc;
}

int nk_step_context_create(struct nk_attachment *att, const struct nk_config *config,
			   struct nk_error *err)
{
	struct nk_queue_set used = { 0 };
	uint32_t id = 0, tries = 0;
	int rc;

	if (!nk_slice_wants_context(config))
		return 0;
	/* Those that are there, and of claims whose context may come yet. */
	rc = nk_claims_each(att->lender.claims, note_claim, &used, err);
	if (!rc)
		rc = nk_rss_context_each(&att->host, att->lender.nic.ifindex, note_context, &used,
					 err);
	if (rc)
		return rc;
	do {
		nk_error_reset(err);
		id = free_id(&used, id);
		rc = try_create(att, id, err);
	} while (rc == -EBUSY && ++tries < CONTEXT_TRIES);
	if (!rc)
		return 0;
	nk_error_wrap(err, "create RSS context %u of %s", id, att->lender.nic.name);
	nk_quirk_remedy(&att->lender.nic, NK_QUIRK_NO_CONTEXTS, err);
	return rc;
}

/* is_ours() - has it exactly our queues? Return: 1 or 0; -ENOENT: there is none; or another errno */
static int is_ours(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_queue_set mine = { 0 }, found = { 0 };
	off_stack struct nk_rss table;
	uint32_t i;
	int rc;

	rc = nk_rss_get(&att->host, att->lender.nic.ifindex, att->rss_context, &table, err);
	if (rc)
		return rc;
	for (i = 0; i < att->lease_count; i++)
		nk_queue_set_put(&mine, att->leases[i].phys);
	for (i = 0; i < table.size; i++)
		nk_queue_set_put(&found, table.queues[i]);
	return !memcmp(&mine, &found, sizeof(mine));
}

int nk_step_context_check(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error lost = { 0 };
	int rc;

	if (!att->rss_context)
		return 0;
	rc = is_ours(att, &lost);
	if (rc == 1)
		return 0;
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the RSS context is not as made",
			    "%s: expected context %u over the %u leased queues, found %s",
			    att->lender.nic.name, att->rss_context, att->lease_count,
			    rc == -ENOENT ? "none" :
			    rc < 0	  ? lost.details :
					    "other queues in it");
}

/* nk_step_context_repair() - under the id that its flow rules have noted */
int nk_step_context_repair(struct nk_attachment *att, struct nk_error *err)
{
	uint32_t queues[NK_LEASES_MAX], i;
	struct nk_error lost = { 0 };
	int rc;

	if (!att->rss_context)
		return 0;
	rc = is_ours(att, &lost);
	if (!rc)
		return nk_error_set(err, NK_CODE_KERNEL, EEXIST, "an RSS context is not nk-cni's",
				    "context %u of %s has other queues by now: it is left as it is",
				    att->rss_context, att->lender.nic.name);
	if (rc > 0)
		return 0;
	if (rc != -ENOENT) {
		*err = lost;
		return rc;
	}
	for (i = 0; i < att->lease_count; i++)
		queues[i] = att->leases[i].phys;
	rc = nk_rss_context_create(&att->host, att->lender.nic.ifindex, att->rss_context, queues,
				   att->lease_count, err);
	if (!rc)
		nk_step_say_repaired(att, "RSS context");
	return rc;
}

/* nk_step_context_remove() - one of that id with other queues in it is somebody else's. */
int nk_step_context_remove(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error gone = { 0 };
	int rc;

	if (!att->rss_context || !att->lender.nic.ifindex || !att->lease_count)
		return 0;
	rc = is_ours(att, &gone);
	if (rc == -ENOENT || rc == -EOPNOTSUPP || rc == 0) {
		att->rss_context = 0;
		return 0;
	}
	if (rc < 0) {
		*err = gone;
		return rc;
	}
	rc = nk_rss_context_remove(&att->host, att->lender.nic.ifindex, att->rss_context, err);
	if (rc) {
		nk_error_wrap(err, "delete RSS context %u of %s", att->rss_context,
			      att->lender.nic.name);
		if (rc == -EBUSY)
			nk_error_remedy(err,
					"a flow rule that is not nk-cni's directs to it: "
					"ethtool -n %s",
					NK_QUOTED(att->lender.nic.name));
		return rc;
	}
	att->rss_context = 0;
	return 0;
}
