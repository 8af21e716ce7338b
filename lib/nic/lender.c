// SPDX-License-Identifier: Apache-2.0
/* lender.c - a NIC under its lock: take the lock, and release it */
#include "nic/lender.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "bpffs/claims.h"
#include "bpffs/instance.h"
#include "bpffs/prog.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

#define OPEN_MS	 45000
#define PAUSE_MS 5

int nk_lender_read_claims(const struct nk_lender *on, struct nk_claim_list *ret,
			  struct nk_error *err)
{
	return on->claims < 0 ? nk_claims_read_pin(&on->dir, ret, err) :
				nk_claims_read(on->claims, ret, err);
}

/* has_committed() - has an ADD with this NIC and this directory succeeded? What the directory has of an earlier NIC does
 * not count. Return: 1, 0, or a negative errno
 */
static int has_committed(const struct nk_lender *on, const struct nk_nicid *id,
			 struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	struct nk_nicid recorded;
	uint32_t i;
	int rc = nk_nicid_get(&on->dir, &recorded, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	if (!nk_nicid_same(&recorded, id))
		return 0;
	rc = nk_claims_read_pin(&on->dir, &claims, err);
	for (i = 0; i < claims.count && !rc; i++)
		rc = claims.at[i].claim.committed &&
		     claims.at[i].claim.nic_ifindex == recorded.ifindex;
	return rc;
}

/* refuse_instance() - fail if another bpffs has a directory of the NIC. All maps of the machine are read for it, so it
 * is done until an ADD has succeeded: after that, the other instance finds us and is refused.
 */
static int refuse_instance(struct nk_lender *on, const struct nk_nicid *id, const char *bpffs,
			   struct nk_error *err)
{
	int rc = has_committed(on, id, err);

	if (rc)
		return rc < 0 ? rc : 0;
	rc = nk_nicid_elsewhere(&on->dir, id, err);
	return rc > 0 ? nk_instance_refuse(&on->nic, id, bpffs, 0, err) : rc;
}

/* record_nic() - record the NIC in on->dir. If only the ifindex differs, confirm_dir() updates it under the lock. */
static int record_nic(struct nk_lender *on, const struct nk_nicid *id, struct nk_error *err)
{
	struct nk_nicid recorded;
	int rc = nk_nicid_get(&on->dir, &recorded, err);

	if (!rc && nk_nicid_same(&recorded, id))
		return 0;
	return rc && rc != -ENOENT ? rc : nk_nicid_put(&on->dir, id, err);
}

/* claim_dir() - find, create or take over the NIC's directory, and record the NIC in it: on->dir. Return: 0 or a
 * negative errno
 */
static int claim_dir(struct nk_lender *on, const struct nk_nicid *id, const char *bpffs,
		     struct nk_error *err)
{
	int all = nk_nicdir_lock_all(bpffs, err);
	int rc;

	if (all < 0)
		return all;
	rc = nk_lender_find_id(on, id, bpffs, err);
	if (!rc)
		rc = refuse_instance(on, id, bpffs, err);
	if (!rc)
		rc = nk_nicdir_make(all, bpffs, on->dir.name, err);
	if (rc >= 0)
		rc = record_nic(on, id, err);
	if (rc)
		nk_nicdir_unmake(bpffs, on->dir.name);
	nk_nicdir_unlock_all(all, bpffs);
	return rc;
}

/* confirm_dir() - is the locked directory still the NIC's? Return: 1, 0, or a negative errno */
static int confirm_dir(struct nk_lender *on, const struct nk_nicid *id, struct nk_error *err)
{
	struct nk_nicid recorded;
	int rc = nk_nicid_get(&on->dir, &recorded, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	if (!nk_nicid_same(&recorded, id))
		return 0;
	rc = recorded.ifindex == id->ifindex ? 0 : nk_lender_renumber(on, &recorded, id, err);
	return rc ? rc : 1;
}

/* try_open() - Return: 0; 1 if another process has removed the directory meanwhile; or a negative errno */
static int try_open(struct nk_lender *on, const struct nk_nicid *id, const char *bpffs,
		    struct nk_error *err)
{
	char name[NK_NICDIR_NAME_SIZE];
	int rc = claim_dir(on, id, bpffs, err);

	if (!rc) {
		memcpy(name, on->dir.name, sizeof(name));
		rc = nk_nicdir_open(bpffs, name, &on->dir, err);
	}
	if (rc == -ENOENT) {
		nk_error_reset(err);
		return 1;
	}
	if (!rc)
		rc = confirm_dir(on, id, err);
	if (rc > 0)
		return refuse_instance(on, id, bpffs, err);
	return rc ? rc : 1;
}

int nk_lender_open(struct nk_lender *on, const char *bpffs, struct nk_error *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	const int64_t deadline = nk_clock_ms() + OPEN_MS;
	struct nk_nicid id;
	int rc = nk_nicid_read(&on->nic, &id, err);

	on->where = NK_NIC_HERE;
	if (rc)
		return rc;
	while ((rc = try_open(on, &id, bpffs, err)) > 0 && nk_clock_ms() <= deadline) {
		nk_lender_close(on);
		nanosleep(&pause, NULL);
	}
	if (rc)
		nk_lender_close(on);
	if (rc > 0)
		return nk_error_busy(err,
				     "other processes kept removing the directory of %s below "
				     "%s/nk-cni",
				     on->nic.name, bpffs);
	return rc;
}

int nk_lender_open_dir(struct nk_lender *on, const char *bpffs, const char *name,
		       struct nk_error *err)
{
	int rc = nk_nicdir_open(bpffs, name, &on->dir, err);

	if (rc == -ENOENT)
		nk_error_reset(err);
	return rc;
}

int nk_lender_check_program(struct nk_lender *on, const char *bpffs, struct nk_error *err)
{
	struct nk_prog_link link;
	struct nk_nicid id;
	uint32_t version;
	int rc;

	if (!on->nic.xdp_prog_id)
		return 0;
	rc = nk_prog_link(&on->dir, &link, err);
	if (rc || nk_lender_is_attached(on, &on->dir, &link))
		return rc;
	rc = nk_prog_is_ours(on->nic.xdp_prog_id, &version, err);
	if (rc < 0)
		return rc;
	if (!rc)
		return nk_prog_refuse_foreign(&on->nic, err);
	rc = nk_nicid_read(&on->nic, &id, err);
	return rc ? rc : nk_instance_refuse(&on->nic, &id, bpffs, on->nic.xdp_prog_id, err);
}

/* drop_unused_claims() - remove the maps if there is no claim and no program on the NIC, also after an ADD that was
 * killed before its first claim. A map that was created in the place of ours is another's.
 */
static void drop_unused_claims(struct nk_lender *on)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	struct nk_error ignored = { 0 };
	struct nk_prog_link link;

	if (nk_claims_read(on->claims, &claims, &ignored) || claims.count ||
	    nk_claims_is_pinned(&on->dir, on->claims, &ignored) <= 0 ||
	    nk_prog_link(&on->dir, &link, &ignored) || link.ifindex)
		return;
	(void)nk_prog_detach(&on->dir, &ignored); /* the pins that a removed NIC has left */
	(void)nk_nicdir_unpin(&on->dir, NK_PIN_RULES, &ignored);
	/* If this fails, the next user of the NIC finds an empty map, which does no harm. */
	(void)nk_nicdir_unpin(&on->dir, NK_PIN_CLAIMS, &ignored);
}

void nk_lender_close(struct nk_lender *on)
{
	if (on->claims >= 0 && on->dir.locked)
		drop_unused_claims(on);
	if (on->claims >= 0)
		close(on->claims);
	on->claims = -1;
	nk_nicdir_close(&on->dir);
}
