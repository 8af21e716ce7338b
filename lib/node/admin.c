// SPDX-License-Identifier: Apache-2.0
/* admin.c - reload, repair and release of a NIC, which the operator calls */
#include "node/admin.h"

#include "attach/mode.h"
#include "attach/repair.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/queues.h"
#include "base/text.h"
#include "bpffs/claims.h"
#include "bpffs/policy.h"
#include "bpffs/prog.h"
#include "bpffs/xskmap.h"
#include "kernel/nic.h"
#include "nic/lender.h"
#include "nic/saved.h"
#include "nic/settings.h"
#include "node/sweep.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

#define OWED_MS 20000

/* find_dir() - find the directory of the NIC called @nic; if there is no such NIC, because it is gone
 * or was renamed, the directory called @nic. Return: 1; 0: none; or a negative errno
 */
static int find_dir(struct nk_lender *on, const struct nk_admin *how, const char *nic,
		    struct nk_error *err)
{
	struct nk_error unnamed = { 0 };
	int rc = how->is_dir ? -ENODEV : nk_nic_get(on->nl, nic, &on->nic, &unnamed);

	if (!rc)
		return nk_lender_find(on, how->bpffs, err);
	if (rc != -ENODEV) {
		*err = unnamed;
		return rc;
	}
	nk_nicdir_init(how->bpffs, nic, &on->dir);
	rc = nk_nicdir_check(how->bpffs, nic, err);
	if (rc != -ENOENT)
		return rc ? rc : 1;
	nk_error_reset(err);
	if (how->is_dir)
		return 0;
	*err = unnamed;
	nk_error_class(err, NK_CODE_CONFIG, "the NIC does not exist");
	return nk_error_remedy(err, "name a NIC of this node: see ip link");
}

/* lock_nic() - Return: 1; 0: it has no directory, and needs none; or a negative errno */
static int lock_nic(struct nk_lender *on, const struct nk_admin *how, const char *nic,
		    struct nk_error *err)
{
	const struct nk_sweep owed = {
		.host = on->nl,
		.bpffs = how->bpffs,
		.only_owed = true,
		.options = { .keep_rss = true },
		.until = nk_clock_ms() + OWED_MS,
	};
	char name[NK_NICDIR_NAME_SIZE];
	struct nk_error later = { 0 };
	int rc = find_dir(on, how, nic, err);

	if (rc < 0 || (!rc && !how->attach))
		return rc;
	memcpy(name, on->dir.name, sizeof(name));
	if (rc && nk_sweep_nic(&owed, name, &later))
		nk_log_tolerated(&later);
	rc = rc ? nk_lender_open_dir(on, how->bpffs, name, err) :
		  nk_lender_open(on, how->bpffs, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = nk_lender_follow(on, err);
	if (rc)
		return rc;
	on->claims = nk_claims_open(&on->dir, true, err);
	rc = on->claims < 0 ? on->claims : nk_lender_identify(on, err);
	if (!rc)
		rc = nk_lender_locate(on, 0, err);
	return rc ? rc : 1;
}

/* refuse_used() - refuse a NIC that has an attachment with a map. @ret_used: it has any */
static int refuse_used(struct nk_lender *on, const char *nic, bool *ret_used, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	int rc = nk_claims_read(on->claims, &claims, err);
	char name[NK_ID_SIZE + 128] = "";
	uint32_t i, with_map = 0;

	*ret_used = claims.count != 0;
	for (i = 0; i < claims.count; i++) {
		if (!claims.at[i].claim.with_map)
			continue;
		if (!with_map++)
			nk_claim_describe(&claims.at[i].claim, name, sizeof(name));
	}
	if (rc || !with_map)
		return rc;
	nk_error_set(err, NK_CODE_RETRY, EBUSY, "the NIC is in use",
		     "%s: %u queue%s leased for AF_XDP, the first to %s", nic, with_map,
		     with_map == 1 ? " is" : "s are", name);
	return nk_error_remedy(err,
			       "end the Pods that nk-cni list shows with a map; nk-cni gc removes "
			       "leftovers of dead Pods");
}

static int remove_maps(const struct nk_lender *on, const struct nk_queue_set *maps,
		       struct nk_error *err)
{
	struct nk_lease lease = { 0 };
	int rc = 0;

	for (; lease.phys < NK_QUEUE_IDS && !rc; lease.phys++)
		if (nk_queue_set_has(maps, lease.phys))
			rc = nk_xskmap_remove(&on->dir, &lease, 1, err);
	return rc;
}

static int refuse_absent(const struct nk_lender *on, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_RETRY, ENODEV, "the NIC is not in this network namespace",
		     "the NIC of the directory %s was removed, or is in another network namespace",
		     on->dir.path);
	return nk_error_remedy(
		err, "if it is in another network namespace, move it back, then try again");
}

static int reload(struct nk_lender *on, const struct nk_admin *how, const char *nic,
		  struct nk_error *err)
{
	bool attached = false;
	int rc = how->attach ? nk_nicdir_check_bpffs(how->bpffs, err) : 0;

	if (!rc)
		rc = lock_nic(on, how, nic, err);
	if (rc <= 0)
		return rc;
	if (!on->nic.ifindex) /* release removes what it left */
		return how->attach ? refuse_absent(on, err) : 0;
	rc = nk_prog_reload(&on->dir, &on->nic, err);
	if (rc != -ENOENT || err->code != NK_CODE_NONE)
		return rc;
	if (!how->attach)
		return 0;
	rc = nk_mode_check(&on->dir, nic, NK_MODE_XDP, err);
	if (!rc)
		rc = nk_mode_check_providers(on, err);
	if (!rc)
		rc = nk_lender_check_program(on, how->bpffs, err);
	if (!rc)
		rc = nk_prog_attach(&on->dir, &on->nic, &attached, err);
	if (rc && attached)
		(void)nk_prog_detach(&on->dir, err);
	return rc;
}

/* find_older() - find the NIC of a directory that an older build created and that has no link: by the
 * saved settings, else by its name. Return: 0, also if it is gone; or a negative errno
 */
static int find_older(struct nk_lender *on, struct nk_error *err)
{
	int saved cleanup_close = nk_saved_open(&on->dir, false, err);
	const uint32_t ifindex = saved < 0 ? 0 : nk_saved_nic(saved);
	struct nk_error gone = { 0 };
	int rc;

	if (saved < 0 && saved != -ENOENT)
		return saved;
	rc = ifindex ? nk_nic_get_by_index(on->nl, ifindex, &on->nic, &gone) :
		       nk_nic_get(on->nl, on->dir.name, &on->nic, &gone);
	if (!rc)
		on->where = NK_NIC_HERE;
	if (rc && rc != -ENODEV)
		*err = gone;
	return rc == -ENODEV ? 0 : rc;
}

/* restore() - restore the settings; those of a NIC that is gone are dropped */
static int restore(const struct nk_lender *on, struct nk_error *err)
{
	int rc;

	if (on->where == NK_NIC_ELSEWHERE)
		return refuse_absent(on, err);
	if (on->where == NK_NIC_HERE) {
		rc = nk_settings_restore(on, false, err);
		if (rc > 0 && nk_settings_may_be_lost(on))
			nk_settings_report_lost(on);
		return rc < 0 ? rc : 0;
	}
	return nk_nicdir_unpin(&on->dir, NK_PIN_ORIGIN, err);
}

/* detach_idle() - attachments without a map do not need the program, but they need the settings */
static int detach_idle(const struct nk_lender *on, const char *nic, struct nk_error *err)
{
	int rc = nk_prog_detach(&on->dir, err);

	if (!rc)
		nk_log_warn(
			"%s: the XDP program is removed; the settings stay until the attachments "
			"without AF_XDP have ended",
			nic);
	return rc;
}

static int release(struct nk_lender *on, const struct nk_admin *how, const char *nic,
		   struct nk_error *err)
{
	struct nk_queue_set maps = { 0 };
	bool used = false;
	int rc = nk_nicdir_check_bpffs(how->bpffs, err);

	if (!rc)
		rc = lock_nic(on, how, nic, err);
	if (rc <= 0)
		return rc;
	rc = refuse_used(on, nic, &used, err);
	if (!rc)
		rc = nk_lender_check_idle(on, &maps, err);
	if (!rc && used)
		return detach_idle(on, nic, err);
	if (!rc)
		rc = nk_lender_check_claimed(on, err);
	if (!rc && !on->has_id && on->where == NK_NIC_GONE)
		rc = find_older(on, err);
	if (!rc)
		rc = restore(on, err);
	if (!rc)
		rc = nk_prog_detach(&on->dir, err);
	if (!rc)
		rc = remove_maps(on, &maps, err);
	if (rc)
		return rc;
	rc = nk_policy_is_pinned(&on->dir, err);
	if (rc > 0)
		nk_log_warn(
			"%s/policy is still pinned: it runs again with the next Pod. If that is "
			"not wanted: rm %s/policy",
			on->dir.path, on->dir.path);
	return rc < 0 ? rc : 0;
}

static int repair(struct nk_lender *on, const struct nk_admin *how, const char *nic,
		  struct nk_error *err)
{
	int rc = nk_nicdir_check_bpffs(how->bpffs, err);

	if (!rc)
		rc = find_dir(on, how, nic, err);
	return rc <= 0 ? rc : nk_repair_nic(on->nl, how->bpffs, on->dir.name, true, err);
}

/* run_on() - run one of these */
static int run_on(int (*work)(struct nk_lender *on, const struct nk_admin *how, const char *nic,
			      struct nk_error *err),
		  const struct nk_admin *how, const char *nic, struct nk_error *err)
{
	struct nk_lender on = NK_LENDER_CLOSED;
	struct nk_nl host;
	int rc = nk_nl_open(&host, -1, "host", err);

	on.nl = &host;
	if (!rc)
		rc = work(&on, how, nic, err);
	nk_lender_close(&on);
	nk_nl_close(&host);
	return rc;
}

int nk_admin_reload(const struct nk_admin *how, const char *nic, struct nk_error *err)
{
	return run_on(reload, how, nic, err);
}

int nk_admin_repair(const struct nk_admin *how, const char *nic, struct nk_error *err)
{
	return run_on(repair, how, nic, err);
}

int nk_admin_release(const struct nk_admin *how, const char *nic, struct nk_error *err)
{
	return run_on(release, how, nic, err);
}
