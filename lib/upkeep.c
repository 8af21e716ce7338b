// SPDX-License-Identifier: Apache-2.0
/* upkeep.c - the program of a NIC replaced, or all of ours taken off it, when its operator says so */
#include "upkeep.h"

#include "attach.h"
#include "claims.h"
#include "cleanup.h"
#include "clock.h"
#include "error.h"
#include "log.h"
#include "origin.h"
#include "policy.h"
#include "prog.h"
#include "repair.h"
#include "steps.h"
#include "sweep.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "banned.h"

#define OWED_MS 20000

static int no_such_nic(struct nk_error *err)
{
	nk_error_class(err, NK_CODE_CONFIG, "the NIC does not exist");
	nk_error_remedy(err, "name a NIC of this node: see ip link");
	return -ENODEV;
}

/* find() - which directory is meant: by a NIC of that name, else, for NICs that are gone or were renamed, by
 * its own. Return: 1; 0 where there is none; or a negative errno
 */
static int find(struct nk_attachment *att, const struct nk_upkeep *how, const char *nic,
		struct nk_error *err)
{
	struct nk_error unnamed = { 0 };
	int rc = how->is_dir ? -ENODEV : nk_nic_get(&att->host, nic, &att->lender.nic, &unnamed);

	if (!rc)
		return nk_lender_find(&att->lender, how->bpffs, err);
	if (rc != -ENODEV) {
		*err = unnamed;
		return rc;
	}
	nk_nicdir_init(how->bpffs, nic, &att->lender.dir);
	rc = nk_nicdir_check(how->bpffs, nic, err);
	if (rc != -ENOENT)
		return rc ? rc : 1;
	nk_error_reset(err);
	if (how->is_dir)
		return 0;
	*err = unnamed;
	return no_such_nic(err);
}

int nk_upkeep_repair(struct nk_attachment *att, const struct nk_upkeep *how, const char *nic,
		     struct nk_error *err)
{
	int rc = nk_nicdir_check_bpffs(how->bpffs, err);

	*att = (struct nk_attachment)NK_ATTACHMENT_CLOSED;
	att->lender.nl = &att->host;
	if (!rc)
		rc = nk_nl_open(&att->host, -1, "host", err);
	if (!rc)
		rc = find(att, how, nic, err);
	return rc <= 0 ? rc : nk_repair_nic(how->bpffs, att->lender.dir.name, true, err);
}

/* take() - the NIC with its lock. Return: 1; 0 where nobody has had a Pod on it; or a negative errno */
static int take(struct nk_attachment *att, const struct nk_upkeep *how, const char *nic,
		struct nk_error *err)
{
	const struct nk_sweep owed = {
		.bpffs = how->bpffs,
		.only_owed = true,
		.keep_rss = true,
		.until = nk_clock_ms() + OWED_MS,
	};
	char name[NK_NICDIR_NAME_SIZE], path[NK_PATH_SIZE];
	struct nk_error later = { 0 };
	int rc;

	*att = (struct nk_attachment)NK_ATTACHMENT_CLOSED;
	att->lender.nl = &att->host;
	rc = nk_nl_open(&att->host, -1, "host", err);
	if (!rc)
		rc = find(att, how, nic, err);
	if (rc < 0 || (!rc && !how->attach))
		return rc;
	memcpy(name, att->lender.dir.name, sizeof(name));
	if (rc && nk_sweep_nic(&owed, name, &later))
		nk_log_warn("%s: %s", later.msg, later.details);
	rc = rc ? nk_lender_open_dir(&att->lender, how->bpffs, name, err) :
		  nk_lender_open(&att->lender, how->bpffs, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	nk_nicdir_pin(&att->lender.dir, "claims", path);
	att->lender.claims = nk_claims_open(path, true, err);
	rc = att->lender.claims < 0 ? att->lender.claims : nk_lender_look(&att->lender, err);
	if (!rc)
		rc = nk_lender_place(&att->lender, 0, err);
	return rc ? rc : 1;
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

static int refuse_absent(const struct nk_attachment *att, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_RETRY, ENODEV, "the NIC is not here",
		     "that of %s is in another network namespace, or gone", att->lender.dir.path);
	nk_error_remedy(err, "move it back, and call this again");
	return -ENODEV;
}

int nk_upkeep_reload(struct nk_attachment *att, const struct nk_upkeep *how, const char *nic,
		     struct nk_error *err)
{
	int rc = how->attach ? nk_nicdir_check_bpffs(how->bpffs, err) : 0;

	if (!rc)
		rc = take(att, how, nic, err);
	if (rc <= 0)
		return rc;
	if (!att->lender.nic.ifindex) /* what it has left is for release */
		return how->attach ? refuse_absent(att, err) : 0;
	rc = nk_prog_reload(&att->lender.dir, &att->lender.nic, err);
	if (rc != -ENOENT || err->code != NK_CODE_NONE)
		return rc;
	if (!how->attach)
		return 0;
	att->with_map = true;
	rc = nk_lender_check_program(&att->lender, how->bpffs, err);
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

/* find_older() - of a directory that an older build made, and that has no link: by the saved settings, else by
 * its name
 */
static int find_older(struct nk_attachment *att, struct nk_error *err)
{
	uint32_t ifindex = noted_nic(&att->lender.dir);
	struct nk_error gone = { 0 };
	int rc;

	rc = ifindex ? nk_nic_get_by_index(&att->host, ifindex, &att->lender.nic, &gone) :
		       nk_nic_get(&att->host, att->lender.dir.name, &att->lender.nic, &gone);
	if (!rc)
		att->lender.where = NK_NIC_HERE;
	if (rc && rc != -ENODEV)
		*err = gone;
	return rc == -ENODEV ? 0 : rc;
}

static int refused(const char *path, struct nk_error *err)
{
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot remove a pin", "unlink %s: %s", path,
			    nk_errno_name(errno));
}

/* put_back() - the settings; with a NIC that is gone went what was to be put back on it */
static int put_back(struct nk_attachment *att, struct nk_error *err)
{
	char path[NK_PATH_SIZE];

	att->loaded = true; /* so that all is put back, and not what one ADD has changed */
	if (att->lender.where == NK_NIC_ELSEWHERE)
		return refuse_absent(att, err);
	if (att->lender.where == NK_NIC_HERE)
		return nk_step_settings_remove(att, err);
	nk_nicdir_pin(&att->lender.dir, "origin", path);
	return unlink(path) && errno != ENOENT ? refused(path, err) : 0;
}

int nk_upkeep_release(struct nk_attachment *att, const struct nk_upkeep *how, const char *nic,
		      struct nk_error *err)
{
	int rc = nk_nicdir_check_bpffs(how->bpffs, err);

	if (!rc)
		rc = take(att, how, nic, err);
	if (rc <= 0)
		return rc;
	rc = refuse_used(att, nic, err);
	if (!rc && !att->lender.noted && att->lender.where == NK_NIC_GONE)
		rc = find_older(att, err);
	if (!rc)
		rc = put_back(att, err);
	if (!rc)
		rc = nk_prog_detach(&att->lender.dir, err);
	if (rc)
		return rc;
	rc = nk_policy_is_pinned(&att->lender.dir, err);
	if (rc > 0)
		nk_log_warn("%s/policy is still pinned, and will run again with the next Pod",
			    att->lender.dir.path);
	return rc < 0 ? rc : 0;
}
