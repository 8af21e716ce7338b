// SPDX-License-Identifier: Apache-2.0
/* lender_find.c - which directory a NIC has */
#include "nic/lender.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "bpffs/claims.h"
#include "kernel/nic.h"
#include "nic/saved.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* Which NIC a directory belongs to. */
enum owner {
	OWNER_UNKNOWN, /* nothing in it names an existing NIC */
	OWNER_OTHER,   /* another NIC than the one whose directory is searched */
	OWNER_THIS,
};

struct search {
	struct nk_lender *on;
	const char *bpffs;
	const struct nk_nicid *id; /* of on->nic */
	char found[NK_NICDIR_NAME_SIZE];
	bool twice; /* two directories belong to the NIC: see why */
	int failed; /* a directory could not be read, and may be the NIC's: see why */
	struct nk_error why;
};

static int refuse_contradiction(const struct nk_nicdir *dir, const struct nk_nic *nic,
				const char *for_it, const char *against, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_BPF, EUCLEAN, "the records in a NIC's directory disagree",
		     "%s: according to %s it belongs to %s, but according to %s to another NIC",
		     dir->path, for_it, nic->name, against);
	return nk_error_remedy(
		err,
		"end the Pods that \"nk-cni list\" shows for this directory, then run \"nk-cni "
		"release\" without a name, which also releases every other NIC that no Pod uses");
}

bool nk_lender_is_attached(struct nk_lender *on, const struct nk_nicdir *dir,
			   struct nk_prog_link *link)
{
	struct nk_error ignored = { 0 };
	struct nk_nic now = on->nic;
	int tries;

	for (tries = 0; tries < 3 && link->ifindex == on->nic.ifindex; tries++) {
		if (link->prog_id == now.xdp_prog_id)
			return true;
		if (nk_nic_get_by_index(on->nl, on->nic.ifindex, &now, &ignored) ||
		    nk_prog_link(dir, link, &ignored))
			return false;
	}
	return false;
}

/* find_owner_by_index() - Return: OWNER_THIS if @ifindex is that of on->nic, OWNER_OTHER if another device of this
 * netns has it, OWNER_UNKNOWN if none has, or a negative errno
 */
static int find_owner_by_index(struct nk_lender *on, uint32_t ifindex, struct nk_error *err)
{
	struct nk_error why = { 0 };
	struct nk_nic nic;
	int rc;

	if (ifindex == on->nic.ifindex)
		return OWNER_THIS;
	rc = nk_nic_get_by_index(on->nl, ifindex, &nic, &why);
	if (rc && rc != -ENODEV) {
		*err = why;
		return rc;
	}
	return rc ? OWNER_UNKNOWN : OWNER_OTHER;
}

/* find_owner_by_claims() - Return: enum owner or a negative errno */
static int find_owner_by_claims(struct nk_lender *on, const struct nk_nicdir *dir,
				struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	bool this = false, other = false;
	int rc = nk_claims_read_pin(dir, &claims, err);
	uint32_t i;

	for (i = 0; i < claims.count && rc >= 0; i++) {
		rc = find_owner_by_index(on, claims.at[i].claim.nic_ifindex, err);
		this |= rc == OWNER_THIS;
		other |= rc == OWNER_OTHER;
	}
	if (rc < 0)
		return rc;
	if (this && other)
		return refuse_contradiction(dir, &on->nic, "some of the claims", "other claims",
					    err);
	return this ? OWNER_THIS : other ? OWNER_OTHER : OWNER_UNKNOWN;
}

/* find_owner_by_saved() - by the saved settings. Return: enum owner or a negative errno */
static int find_owner_by_saved(struct nk_lender *on, const struct nk_nicdir *dir,
			       struct nk_error *err)
{
	int fd cleanup_close = nk_saved_open(dir, false, err);
	uint32_t ifindex;

	if (fd < 0)
		return fd == -ENOENT ? OWNER_UNKNOWN : fd;
	ifindex = nk_saved_nic(fd);
	return ifindex ? find_owner_by_index(on, ifindex, err) : OWNER_UNKNOWN;
}

/* find_owner_without_id() - of the directory of an older build: by link, claims, or saved settings */
static int find_owner_without_id(struct nk_lender *on, const struct nk_nicdir *dir,
				 struct nk_prog_link *link, struct nk_error *err)
{
	bool attached = nk_lender_is_attached(on, dir, link);
	int rc = find_owner_by_claims(on, dir, err), by_saved;

	if (rc < 0)
		return rc;
	if (attached && rc == OWNER_OTHER)
		return refuse_contradiction(dir, &on->nic, "the XDP link", "the claims", err);
	if (link->ifindex && !attached && rc == OWNER_THIS)
		return refuse_contradiction(dir, &on->nic, "the claims", "the XDP link", err);
	if (attached || link->ifindex)
		return attached ? OWNER_THIS : OWNER_OTHER;
	by_saved = find_owner_by_saved(on, dir, err);
	if (by_saved < 0 || rc == OWNER_UNKNOWN)
		return by_saved;
	if (rc == OWNER_THIS && by_saved == OWNER_OTHER)
		return refuse_contradiction(dir, &on->nic, "the claims", "the saved settings", err);
	return rc;
}

/* find_owner() - Return: enum owner or a negative errno */
static int find_owner(struct search *search, const struct nk_nicdir *dir, struct nk_error *err)
{
	struct nk_prog_link link;
	struct nk_nicid id;
	int rc, recorded;

	recorded = nk_nicid_get(dir, &id, err);
	if (recorded && recorded != -ENOENT)
		return recorded;
	rc = nk_prog_link(dir, &link, err);
	if (rc)
		return rc;
	if (recorded == -ENOENT)
		return find_owner_without_id(search->on, dir, &link, err);
	if (nk_nicid_same(&id, search->id))
		return OWNER_THIS;
	if (nk_lender_is_attached(search->on, dir, &link))
		return refuse_contradiction(dir, &search->on->nic, "the XDP link",
					    "the recorded identity", err);
	return OWNER_OTHER;
}

/* search_dir() - look at one directory; sets found, twice, failed and why */
static void search_dir(struct search *search, const char *name)
{
	struct nk_error why = { 0 };
	struct nk_nicdir dir;
	int rc;

	nk_nicdir_init(search->bpffs, name, &dir);
	rc = find_owner(search, &dir, &why);
	if (rc < 0 && (!search->failed || search->failed == -EPROTO)) {
		search->failed = rc;
		search->why = why;
		nk_error_wrap(&search->why, "cannot tell whether %s belongs to %s", dir.path,
			      search->on->nic.name);
	}
	if (rc != OWNER_THIS)
		return;
	if (!*search->found) {
		snprintf(search->found, sizeof(search->found), "%s", name);
		return;
	}
	search->twice = true;
	search->failed =
		nk_error_set(&search->why, NK_CODE_BPF, EUCLEAN, "a NIC has two directories",
			     "%s and %s both belong to %s: an older nk-cni created one after a "
			     "rename of the NIC",
			     search->found, name, search->on->nic.name);
	nk_error_remedy(
		&search->why,
		"end the Pods of one of them, which \"nk-cni list\" shows, then run \"nk-cni "
		"release\" without a name, which also releases every other NIC that no Pod uses");
}

/* has_living() - does a directory without an identity have a claim of a NIC that is not proven to be gone?
 * Return: 1, 0, or a negative errno
 */
static int has_living(struct nk_lender *other, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	int fd cleanup_close = nk_claims_open(&other->dir, false, err);
	bool any = false;
	uint32_t i;
	int rc;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = nk_claims_read(fd, &claims, err);
	other->claims = fd;
	for (i = 0; i < claims.count && !rc && !any; i++) {
		rc = nk_lender_locate(other, claims.at[i].claim.nic_ifindex, err);
		any = !rc && other->where != NK_NIC_GONE;
	}
	other->claims = -1;
	return rc ? rc : any;
}

/* is_free() - may the NIC create this directory, or take it over? Return: 1, 0, or a negative errno */
static int is_free(struct search *search, const char *name, struct nk_error *err)
{
	struct nk_lender other = NK_LENDER_CLOSED;
	int rc;

	rc = nk_nicdir_check(search->bpffs, name, err);
	if (rc == -ENOENT)
		nk_error_reset(err);
	if (rc)
		return rc == -ENOENT ? 1 : rc;
	nk_nicdir_init(search->bpffs, name, &other.dir);
	rc = find_owner(search, &other.dir, err);
	if (rc < 0 || rc == OWNER_THIS)
		return rc < 0 ? rc : 1;
	other.nl = search->on->nl;
	if (rc == OWNER_UNKNOWN) {
		rc = has_living(&other, err);
		return rc < 0 ? rc : !rc;
	}
	rc = nk_lender_identify(&other, err);
	return rc ? rc : other.has_id && other.id_where == NK_NIC_GONE;
}

/* choose_dir() - fill found with the directory to create or take over. Return: 0 or a negative errno */
static int choose_dir(struct search *search, struct nk_error *err)
{
	const struct nk_nic *nic = &search->on->nic;
	int rc;

	snprintf(search->found, sizeof(search->found), "%s", nic->name);
	rc = is_free(search, search->found, err);
	if (rc)
		return rc < 0 ? rc : 0;
	snprintf(search->found, sizeof(search->found), "%s~%u", nic->name, nic->ifindex);
	rc = is_free(search, search->found, err);
	if (rc)
		return rc < 0 ? rc : 0;
	nk_error_set(err, NK_CODE_BPF, EEXIST, "there is no name for the NIC's directory",
		     "below %s/nk-cni, %s and %s belong to other NICs", search->bpffs, nic->name,
		     search->found);
	return nk_error_remedy(
		err, "release one of these NICs when no Pod uses it (nk-cni release), or rename %s",
		nic->name);
}

/* find_dir() - Return: 1 if the NIC has a directory; 0 if it has none: found is the one to create; or a negative
 * errno
 */
static int find_dir(struct search *search, struct nk_error *err)
{
	struct nk_nicdir_list nics cleanup_list = { 0 };
	struct nk_error unread = { 0 };
	uint32_t i;
	int rc = nk_nicdir_read(search->bpffs, &nics, &unread);

	for (i = 0; i < nics.count; i++)
		search_dir(search, nics.at[i]);
	if (search->twice) {
		*err = search->why;
		return search->failed;
	}
	if (*search->found)
		return 1;
	if (rc && rc != -EPERM) {
		*err = unread;
		return rc;
	}
	/* A directory of another version (EPROTO) cannot be this NIC's, unless it has the NIC's name: then
	 * choose_dir() fails for it.
	 */
	if (search->failed && search->failed != -EPROTO) {
		*err = search->why;
		return search->failed;
	}
	if (search->failed)
		nk_log_warn("%s: %s: nk-cni ignores this directory", search->why.msg,
			    search->why.details);
	return choose_dir(search, err);
}

int nk_lender_find_id(struct nk_lender *on, const struct nk_nicid *id, const char *bpffs,
		      struct nk_error *err)
{
	struct search search = { .on = on, .bpffs = bpffs, .id = id };
	int rc = find_dir(&search, err);

	if (rc >= 0)
		nk_nicdir_init(bpffs, search.found, &on->dir);
	return rc;
}

int nk_lender_find(struct nk_lender *on, const char *bpffs, struct nk_error *err)
{
	struct nk_nicid id;
	int rc = nk_nicid_read(&on->nic, &id, err);

	return rc ? rc : nk_lender_find_id(on, &id, bpffs, err);
}
