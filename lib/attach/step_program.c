// SPDX-License-Identifier: Apache-2.0
/* step_program.c - step "program": the XDP program on the NIC */
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "bpffs/prog.h"

#include <errno.h>

#include "base/banned.h"

static int create_program(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	if (!att->claim.with_map)
		return 0;
	return nk_prog_attach(&att->lender.dir, &att->lender.nic, &add->made_program, err);
}

static int check_program(struct nk_attachment *att, struct nk_error *err)
{
	const struct nk_nic *nic = &att->lender.nic;

	if (att->claim.flags & NK_CLAIM_RINGS && nic->xdp_prog_id) {
		nk_error_set(err, NK_CODE_CHECK, EEXIST,
			     "CHECK: the NIC has an XDP program, so no memory provider can bind",
			     "%s has XDP program id %u", nic->name, nic->xdp_prog_id);
		return nk_error_remedy(
			err,
			"it may serve other software: \"bpftool prog show id %u\" describes "
			"it. Ask its owner to detach it",
			nic->xdp_prog_id);
	}
	return att->claim.with_map ? nk_prog_check(&att->lender.dir, &att->lender.nic, err) : 0;
}

static int repair_program(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error lost = { 0 };
	bool attached = false;
	int rc;

	if (!att->claim.with_map || !check_program(att, &lost))
		return 0;
	/* It never replaces a foreign program. */
	rc = nk_prog_attach(&att->lender.dir, &att->lender.nic, &attached, err);
	if (!rc && attached)
		nk_step_log_repaired(att, "XDP program");
	else if (!rc && !check_program(att, &lost))
		nk_step_log_repaired(att, "maps of the XDP program");
	return rc;
}

static int remove_program(struct nk_attachment *att, const struct nk_delete_options *how,
			  struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	struct nk_error unclaimed = { 0 };
	struct nk_prog_link link;
	uint32_t i;
	int rc;

	if (att->lender.dir.fd < 0)
		return 0; /* a pair without queues */
	rc = nk_prog_link(&att->lender.dir, &link, err);
	/* A link that has lost its NIC is removed in any case. */
	if (rc || (link.ifindex && !(how->drop_program && att->claim.with_map)))
		return rc;
	rc = nk_claims_read(att->lender.claims, &claims, err);
	for (i = 0; i < claims.count && !rc; i++)
		if (claims.at[i].claim.with_map &&
		    !nk_key_equal(&claims.at[i].claim.key, &att->claim.key))
			return 0; /* the program serves its map */
	if (rc)
		return rc;
	rc = link.ifindex ? nk_lender_check_claimed(&att->lender, &unclaimed) : 0;
	if (rc == -EBUSY)
		return 0; /* it may serve that of a Pod whose claims were removed */
	if (rc)
		*err = unclaimed;
	return rc ? rc : nk_prog_detach(&att->lender.dir, err);
}

const struct nk_step nk_step_program = {
	.name = "program",
	.removal = "detach the XDP program",
	.create = create_program,
	.check = check_program,
	.remove = remove_program,
	.repair = repair_program,
};
