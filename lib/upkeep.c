// SPDX-License-Identifier: Apache-2.0
/* upkeep.c - the program of a NIC replaced, or all of ours taken off it, when its operator says so */
#include "upkeep.h"

#include "attach.h"
#include "claims.h"
#include "cleanup.h"
#include "error.h"
#include "log.h"
#include "origin.h"
#include "policy.h"
#include "prog.h"
#include "steps.h"

#include <errno.h>
#include <unistd.h>

#include "banned.h"

/* take() - the NIC with its lock. Return: 1; 0 where nobody has had a Pod on it; or a negative errno */
static int take(struct nk_attachment *att, const char *bpffs, const char *nic, bool create,
		struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int rc;

	*att = (struct nk_attachment)NK_ATTACHMENT_CLOSED;
	att->lender.nl = &att->host;
	rc = nk_nl_open(&att->host, -1, "host", err);
	if (!rc)
		rc = nk_nicdir_open(bpffs, nic, create, &att->lender.dir, err);
	if (rc == -ENOENT) {
		nk_error_reset(err);
		return 0;
	}
	if (rc)
		return rc;
	nk_nicdir_pin(&att->lender.dir, "claims", path);
	att->lender.claims = nk_claims_open(path, true, err);
	return att->lender.claims < 0 ? att->lender.claims : 1;
}

static int count_claim(uint32_t queue, const struct nk_claim *claim, void *data)
{
	(void)queue;
	(void)claim;
	++*(uint32_t *)data;
	return 0;
}

static int refuse_used(struct nk_attachment *att, const char *nic, struct nk_error *err)
{
	uint32_t lent = 0;
	int rc = nk_claims_each(att->lender.claims, count_claim, &lent, err);

	if (rc || !lent)
		return rc;
	nk_error_set(err, NK_CODE_RETRY, EBUSY, "the NIC is in use", "%s: queues lent: %u", nic,
		     lent);
	nk_error_remedy(err, "end their Pods first, which nk-cni list shows; what is dead goes by "
			     "nk-cni gc");
	return -EBUSY;
}

static int no_such_nic(struct nk_error *err)
{
	nk_error_class(err, NK_CODE_CONFIG, "the NIC does not exist");
	nk_error_remedy(err, "name a NIC of this node: see ip link");
	return -ENODEV;
}

int nk_upkeep_reload(struct nk_attachment *att, const char *bpffs, const char *nic, bool attach,
		     struct nk_error *err)
{
	int rc = attach ? nk_nicdir_check_bpffs(bpffs, err) : 0;

	if (!rc)
		rc = take(att, bpffs, nic, attach, err);
	if (rc <= 0)
		return rc;
	rc = nk_nic_get(&att->host, nic, &att->lender.nic, err);
	if (rc == -ENODEV && !attach) {
		nk_error_reset(err); /* what it has left is for release */
		return 0;
	}
	if (rc == -ENODEV)
		return no_such_nic(err);
	if (rc)
		return rc;
	rc = nk_prog_reload(&att->lender.dir, &att->lender.nic, err);
	if (rc != -ENOENT || err->code != NK_CODE_NONE)
		return rc;
	if (!attach)
		return 0;
	att->with_map = true;
	rc = nk_prog_check_owner(&att->lender.dir, &att->lender.nic, err);
	if (!rc)
		rc = nk_step_program_create(att, NULL, err);
	if (rc && att->drop_program)
		(void)nk_prog_detach(&att->lender.dir, err);
	return rc;
}

/* noted_nic() - the NIC whose settings were changed; 0: none was */
static uint32_t noted_nic(const struct nk_nicdir *dir)
{
	struct nk_error none = { 0 };
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;

	nk_nicdir_pin(dir, "origin", path);
	fd = nk_origin_open(path, false, &none);
	return fd < 0 ? 0 : nk_origin_nic(fd);
}

/* find_nic() - by the program that is on it, for it may have been renamed since; else by name; else by the
 * notes
 */
static int find_nic(struct nk_attachment *att, const char *nic, struct nk_error *err)
{
	uint32_t ifindex = nk_prog_nic(&att->lender.dir);
	int rc;

	if (ifindex)
		return nk_nic_get_by_index(&att->host, ifindex, &att->lender.nic, err);
	rc = nk_nic_get(&att->host, nic, &att->lender.nic, err);
	ifindex = rc == -ENODEV ? noted_nic(&att->lender.dir) : 0;
	if (!ifindex)
		return rc;
	nk_error_reset(err);
	return nk_nic_get_by_index(&att->host, ifindex, &att->lender.nic, err);
}

static int refused(const char *path, struct nk_error *err)
{
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot remove a pin", "unlink %s: %s", path,
			    nk_errno_name(errno));
}

int nk_upkeep_release(struct nk_attachment *att, const char *bpffs, const char *nic,
		      struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int rc = nk_nicdir_check_bpffs(bpffs, err);

	if (!rc)
		rc = take(att, bpffs, nic, false, err);
	if (!rc && nk_nic_get(&att->host, nic, &att->lender.nic, err) == -ENODEV)
		return no_such_nic(err); /* neither a NIC nor what one has left */
	if (rc <= 0)
		return rc;
	rc = refuse_used(att, nic, err);
	if (rc)
		return rc;
	att->loaded = true; /* so that all is put back, and not what one ADD has changed */
	rc = find_nic(att, nic, err);
	if (!rc)
		rc = nk_step_settings_remove(att, err);
	if (rc == -ENODEV) {
		nk_error_reset(err);
		nk_nicdir_pin(&att->lender.dir, "origin", path);
		rc = unlink(path) && errno != ENOENT ? refused(path, err) : 0;
	}
	if (!rc)
		rc = nk_prog_detach(&att->lender.dir, err);
	if (!rc && nk_policy_is_pinned(&att->lender.dir))
		nk_log_warn("%s/policy is still pinned, and will run again with the next Pod",
			    att->lender.dir.path);
	return rc;
}
