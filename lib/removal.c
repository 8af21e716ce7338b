// SPDX-License-Identifier: Apache-2.0
/* removal.c - an attachment found by its key alone, wherever it is, and removed */
#include "removal.h"

#include "attach.h"
#include "error.h"

#include "banned.h"

struct removing {
	struct nk_attachment *att;
	const struct nk_removal *how;
	bool found;
};

/* remove_on() - remove the attachment if this NIC's claims name it. */
static int remove_on(const char *nic, void *data, struct nk_error *err)
{
	struct removing *removing = data;
	int rc = nk_attach_load(removing->att, removing->how->bpffs, nic, err);

	if (rc <= 0)
		return rc;
	removing->found = true;
	removing->att->drop_program = removing->how->drop_program;
	removing->att->keep_rss = removing->how->keep_rss;
	rc = nk_attach_remove(removing->att, err);
	nk_attach_unload(removing->att);
	return rc;
}

static int remove_pair(struct removing *removing, struct nk_error *err)
{
	int rc = nk_attach_find_pair(removing->att, err);

	if (rc <= 0)
		return rc;
	removing->found = true;
	return nk_attach_remove(removing->att, err);
}

/* look_further() - for what no claim and no pair of that name tells of */
static int look_further(struct removing *removing, struct nk_error *err)
{
	int rc;

	if (removing->how->also_any_name) {
		removing->att->any_name = true;
		rc = nk_nicdir_each(removing->how->bpffs, remove_on, removing, err);
		removing->att->any_name = false;
		if (rc || removing->found)
			return rc;
	}
	return nk_attach_delete_unclaimed(removing->att, err);
}

int nk_removal_run(struct nk_attachment *att, const struct nk_removal *how, struct nk_error *err)
{
	struct removing removing = { .att = att, .how = how };
	struct nk_error later = { 0 };
	int rc, more = 0;

	rc = nk_nicdir_each(how->bpffs, remove_on, &removing, err);
	if (!removing.found)
		more = remove_pair(&removing, &later);
	if (!removing.found && !more)
		more = look_further(&removing, &later);
	if (more && !rc)
		*err = later;
	return rc ? rc : more;
}

struct looking {
	struct nk_attachment *att;
	const char *bpffs;
	bool found;
};

static int look_on(const char *nic, void *data, struct nk_error *err)
{
	struct looking *looking = data;
	int rc = looking->found ? 0 : nk_attach_has_claim(looking->att, looking->bpffs, nic, err);

	looking->found |= rc > 0;
	return rc < 0 ? rc : 0;
}

int nk_removal_look(struct nk_attachment *att, const char *bpffs, struct nk_error *err)
{
	struct looking looking = { .att = att, .bpffs = bpffs };
	int rc = nk_nicdir_each(bpffs, look_on, &looking, err);

	if (rc || looking.found)
		return rc ? rc : NK_REMAINS_CLAIM;
	rc = nk_attach_find_pair(att, err);
	if (!rc)
		rc = nk_attach_find_unclaimed(att, err);
	return rc > 0 ? NK_REMAINS_DEVICE : rc;
}
