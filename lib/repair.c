// SPDX-License-Identifier: Apache-2.0
/* repair.c - what a NIC has lost of its living attachments, entered again */
#include "repair.h"

#include "attach.h"
#include "claims.h"
#include "cleanup.h"
#include "error.h"
#include "rss.h"
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "banned.h"

/* An attachment of the NIC, by the claim on its first queue: netkit queue 1. */
struct first_claim {
	uint32_t phys;
	struct nk_claim claim;
};

struct walk {
	struct first_claim *list;
	size_t count;
};

static int note_first(uint32_t phys, const struct nk_claim *claim, void *data)
{
	struct walk *walk = data;
	struct first_claim *list;

	if (claim->netkit_queue != 1 || !claim->committed)
		return 0;
	list = reallocarray(walk->list, walk->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	walk->list = list;
	list[walk->count].phys = phys;
	list[walk->count++].claim = *claim;
	return 0;
}

/* has_rule() - where it is noted, or anywhere. Return: 1, 0, or a negative errno */
static int has_rule(const struct nk_nic *nic, const struct nk_flow *wanted, struct nk_error *err)
{
	struct nk_flow found;
	uint32_t location;
	int rc = nk_flow_get(nic, wanted->spec.location, &found, err);

	if (!rc && nk_flow_equal(&found, wanted))
		return 1;
	if (!rc || rc == -ENOENT)
		rc = nk_flow_find(nic, wanted, &location, err);
	if (rc != -EOPNOTSUPP)
		return rc;
	nk_error_reset(err); /* flow rules were switched off, and went with that */
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
	struct nk_rule rule;
	uint32_t n;
	int rc = claim->rss_context ? has_context(host, nic, claim->rss_context, err) : 1;

	for (n = 0; n < claim->rule_count && rc > 0; n++) {
		rc = rules < 0 ? -ENOENT : nk_rules_get(rules, owner, n, &rule, err);
		if (rc == -ENOENT)
			return 0; /* nobody knows it any more */
		rc = rc ? rc : has_rule(nic, &rule.flow, err);
	}
	return rc;
}

/* Repairing one NIC. */
struct repairing {
	const char *bpffs, *nic;
	bool all;
	struct nk_nl host;
	int rules;
};

/* needs_it() - Return: 1, 0, or a negative errno */
static int needs_it(struct repairing *repairing, const struct first_claim *first,
		    struct nk_error *err)
{
	struct nk_error gone = { 0 };
	struct nk_nic nic;
	int rc;

	rc = nk_nic_get_by_index(&repairing->host, first->claim.nic_ifindex, &nic, &gone);
	if (rc == -ENODEV)
		return 0; /* the devices went with it */
	if (rc) {
		*err = gone;
		return rc;
	}
	if (repairing->all)
		return 1;
	rc = nk_repair_has_rules(&repairing->host, &nic, repairing->rules, first->phys,
				 &first->claim, err);
	return rc < 0 ? rc : !rc;
}

static int repair_one(struct repairing *repairing, const struct first_claim *first,
		      struct nk_error *err)
{
	off_stack struct nk_attachment att;
	int rc = needs_it(repairing, first, err);

	if (rc <= 0)
		return rc;
	rc = nk_attachment_init_key(&att, &first->claim.key, err);
	if (!rc)
		rc = nk_attach_load(&att, repairing->bpffs, repairing->nic, err);
	/* Under the lock: it may have gone meanwhile. */
	if (rc > 0)
		rc = att.committed && att.lender.where == NK_NIC_HERE && nk_attach_is_leased(&att) ?
			     nk_attach_repair(&att, err) :
			     0;
	nk_attachment_fini(&att);
	return rc;
}

static int open_rules(const char *bpffs, const char *nic, struct nk_error *err)
{
	struct nk_nicdir dir;
	char path[NK_PATH_SIZE];

	nk_nicdir_init(bpffs, nic, &dir);
	nk_nicdir_pin(&dir, "rules", path);
	return nk_rules_open(path, false, err);
}

static int repair_all(struct repairing *repairing, const struct walk *walk, struct nk_error *err)
{
	struct nk_error mine;
	int rc = nk_nl_open(&repairing->host, -1, "host", err), first = rc;
	size_t i;

	for (i = 0; !rc && i < walk->count; i++) {
		nk_error_reset(&mine);
		if (!repair_one(repairing, &walk->list[i], &mine) || first)
			continue;
		first = -mine.sys;
		*err = mine;
	}
	nk_nl_close(&repairing->host);
	return first;
}

int nk_repair_nic(const char *bpffs, const char *nic, bool all, struct nk_error *err)
{
	struct repairing repairing = { .bpffs = bpffs, .nic = nic, .all = all };
	int claims cleanup_close = nk_claims_open_on(bpffs, nic, err);
	int rules cleanup_close = -1;
	struct walk walk = { 0 };
	int rc;

	if (claims < 0)
		return claims == -ENOENT ? 0 : claims;
	rules = open_rules(bpffs, nic, err);
	rc = rules < 0 && rules != -ENOENT ? rules : 0;
	repairing.rules = rules;
	if (!rc)
		rc = nk_claims_each(claims, note_first, &walk, err);
	if (rc == -ENOMEM)
		nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	if (!rc)
		rc = repair_all(&repairing, &walk, err);
	free(walk.list);
	return rc;
}
