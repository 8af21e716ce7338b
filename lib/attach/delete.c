// SPDX-License-Identifier: Apache-2.0
/*
 * delete.c - find an attachment by its key alone, wherever it is, and remove it
 *
 * An unread claim is not an absent one. To conclude that there is no claim, all directories must have
 * been read, or those that were not must be unable to hold one.
 */
#include "attach/delete.h"

#include "attach/attach.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "bpffs/nicdir.h"
#include "cni/request.h"
#include "kernel/nic.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* A walk over the claims of all NICs. */
struct walk {
	struct nk_attachment *att;
	const struct nk_delete *how;
	bool any_name;
	bool found;
	bool in_use; /* find_on() has found a claim that is not only owed, on: */
	char nic[NK_NICDIR_NAME_SIZE];
	int unread; /* errno of the first failure to read claims that may be the attachment's */
	struct nk_error why;
	bool skipped; /* there are claims that no build of nk-cni will be able to read */
	struct nk_error skipped_why;
};

/* may_be_master() - is this the directory of the configured NIC? NULL: a directory of unknown name */
static bool may_be_master(const struct walk *walk, const char *nic)
{
	struct nk_error none = { 0 };
	struct nk_nic master;

	if (!walk->how->master)
		return true;
	if (!*walk->how->master)
		return false;
	return !nic || !strcmp(walk->how->master, nic) ||
	       nk_nic_get(&walk->att->host, walk->how->master, &master, &none) ||
	       !strcmp(master.name, nic);
}

bool nk_delete_is_unreadable(int rc, bool is_master)
{
	/* EPERM: the directory belongs to another user, so no ADD has used it. */
	return rc == -EPERM || ((rc == -EPROTO || rc == -EACCES) && !is_master);
}

static void note_unread(struct walk *walk, const char *nic, int rc, const struct nk_error *why)
{
	if (nk_delete_is_unreadable(rc, may_be_master(walk, nic))) {
		nk_log_tolerated(why);
		walk->skipped_why = walk->skipped ? walk->skipped_why : *why;
		walk->skipped = true;
	} else if (!walk->unread) {
		walk->unread = rc;
		walk->why = *why;
	}
}

/* refuse_running() - an ADD that runs with another /run does not hold our lock. */
static int refuse_running(const struct walk *walk, const char *nic, struct nk_error *err)
{
	const struct nk_attachment *att = walk->att;
	int rc = att->claim.committed ?
			 0 :
			 nk_nicdir_is_held(walk->how->bpffs, nic, att->leases[0].phys, err);

	if (rc <= 0)
		return rc;
	return nk_error_busy(err, "an ADD of %s of container %.16s is running on %s",
			     att->claim.key.ifname, att->claim.key.container_id, nic);
}

/* remove_on() - remove the attachment if this NIC's claims name it. */
static int remove_on(struct walk *walk, const char *nic, struct nk_error *err)
{
	struct nk_error why = { 0 };
	int rc = nk_attach_load(walk->att, walk->any_name, walk->how->bpffs, nic, &why);

	/* The name is known now: a device with another name is another attachment. */
	walk->any_name &= !walk->att->lease_count;
	if (rc < 0)
		note_unread(walk, nic, rc, &why);
	if (rc <= 0)
		return 0;
	walk->found = true;
	rc = refuse_running(walk, nic, err);
	if (!rc)
		rc = nk_attach_remove(walk->att, &walk->how->options, err);
	nk_attach_unload(walk->att);
	return rc;
}

/* find_on() - only note whether this NIC's claims name the attachment */
static void find_on(struct walk *walk, const char *nic)
{
	struct nk_error why = { 0 };
	int rc = walk->in_use ? 0 : nk_attach_has_claim(walk->att, walk->how->bpffs, nic, &why);

	walk->found |= rc > 0;
	if (rc == NK_CLAIMED) {
		walk->in_use = true;
		snprintf(walk->nic, sizeof(walk->nic), "%s", nic);
	}
	if (rc < 0)
		note_unread(walk, nic, rc, &why);
}

/* visit_nics() - remove or only find the attachment on all NICs. Return: 0, or why it could not be removed */
static int visit_nics(struct walk *walk, bool remove, struct nk_error *err)
{
	struct nk_nicdir_list nics cleanup_list = { 0 };
	struct nk_error mine = { 0 }, why = { 0 };
	int rc = nk_nicdir_read(walk->how->bpffs, &nics, &mine);
	uint32_t i;

	for (i = 0; i < nics.count; i++) {
		if (remove)
			rc = nk_log_keep_first(rc, remove_on(walk, nics.at[i], &why), &mine, &why);
		else
			find_on(walk, nics.at[i]);
	}
	if (rc && !walk->found) {
		note_unread(walk, NULL, rc, &mine); /* the list of directories */
		return 0;
	}
	if (rc)
		*err = mine;
	return rc;
}

/* refuse_unread() - Return: @rc */
static int refuse_unread(const struct walk *walk, int rc, const struct nk_error *why,
			 struct nk_error *err)
{
	*err = *why;
	nk_error_wrap(err, "cannot tell whether %s of container %.16s has claims",
		      walk->att->claim.key.ifname, walk->att->claim.key.container_id);
	return rc;
}

/* find_pair() - by its host end. If some claims were not read, only a pair without leases can be removed.
 *
 * Return: 1, 0, or a negative errno
 */
static int find_pair(const struct walk *walk, struct nk_error *err)
{
	int lent, rc = nk_attach_find_pair(walk->att, err);

	if (rc <= 0 || (!walk->unread && !walk->skipped))
		return rc;
	/* A NIC that is down hides its leases. */
	lent = walk->unread && may_be_master(walk, NULL) ? 1 : nk_attach_has_lease(walk->att, err);
	if (lent > 0)
		return refuse_unread(walk, walk->unread ? walk->unread : -EPROTO,
				     walk->unread ? &walk->why : &walk->skipped_why, err);
	return lent < 0 ? lent : 1;
}

/* find_unclaimed() - a device without a claim. Return: 1; 0; or a negative errno, also if unread claims may name it */
static int find_unclaimed(const struct walk *walk, struct nk_error *err)
{
	int rc;

	if (walk->unread)
		return refuse_unread(walk, walk->unread, &walk->why, err);
	rc = nk_attach_find_unclaimed(walk->att, err);
	return rc > 0 && walk->skipped ? refuse_unread(walk, -EPROTO, &walk->skipped_why, err) : rc;
}

/* find_renamed_pair() - a pair without queues, under a name in prevResult: from the end, because a list is deleted from
 * its end. Return: 1, and the key has that name; 0; or a negative errno
 */
static int find_renamed_pair(struct walk *walk, struct nk_error *err)
{
	const struct nk_json *list = nk_json_get(walk->how->renamed, "interfaces");
	struct nk_key *key = &walk->att->claim.key;
	const struct nk_key configured = *key;
	unsigned int i = walk->att->claim.pair ? nk_json_count(list) : 0;
	const char *name;
	int rc = 0;

	while (i-- > 0 && !rc) {
		name = nk_json_string(nk_json_get(nk_json_at(list, i), "name"));
		if (!name || !nk_request_is_ifname(name))
			continue;
		snprintf(key->ifname, sizeof(key->ifname), "%s", name);
		rc = find_pair(walk, err);
	}
	if (rc <= 0)
		*key = configured;
	return rc;
}

/* remove_renamed() - "ifName" was edited since ADD. Return: 1, 0 if there is nothing, or a negative errno */
static int remove_renamed(struct walk *walk, struct nk_error *err)
{
	int rc;

	walk->any_name = true;
	rc = visit_nics(walk, true, err);
	if (rc || walk->found)
		return rc ? rc : 1;
	rc = find_renamed_pair(walk, err);
	if (rc > 0)
		rc = nk_attach_remove(walk->att, &walk->how->options, err) ? -err->sys : 1;
	return rc;
}

static int remove_unclaimed(struct walk *walk, struct nk_error *err)
{
	int rc = find_pair(walk, err);

	/* Its claims were removed, so the NIC has more of it than the device. */
	if (rc > 0 && nk_attach_has_room(walk->att) &&
	    nk_attach_delete_unclaimed(walk->att, walk->how->bpffs, err))
		return -err->sys;
	if (rc > 0) {
		rc = nk_attach_remove(walk->att, &walk->how->options, err);
		return rc ? rc : 1;
	}
	if (!rc && walk->how->renamed)
		rc = remove_renamed(walk, err);
	if (rc)
		return rc;
	rc = find_unclaimed(walk, err);
	return rc > 0 ? nk_attach_delete_unclaimed(walk->att, walk->how->bpffs, err) : rc;
}

int nk_delete_run(struct nk_attachment *att, const struct nk_delete *how, struct nk_error *err)
{
	struct walk walk = { .att = att, .how = how };
	int rc = visit_nics(&walk, true, err);

	if (rc || walk.found)
		return rc ? rc : 1;
	if (walk.unread == -EAGAIN)
		return refuse_unread(&walk, walk.unread, &walk.why, err);
	return remove_unclaimed(&walk, err);
}

int nk_delete_look(struct nk_attachment *att, const struct nk_delete *how, struct nk_error *err)
{
	struct walk walk = { .att = att, .how = how };
	int rc = visit_nics(&walk, false, err);

	if (rc || walk.found)
		return rc ? rc : NK_REMAINS_CLAIM;
	rc = find_pair(&walk, err);
	if (!rc)
		rc = find_unclaimed(&walk, err);
	return rc > 0 ? NK_REMAINS_DEVICE : rc;
}

int nk_delete_advise(struct nk_error *err)
{
	return nk_error_remedy(
		err, "if its Pod no longer needs it, delete the Pod, or call DEL with the full "
		     "CNI_CONTAINERID, the CNI_IFNAME and the configuration of its ADD");
}

int nk_delete_check_absent(struct nk_attachment *att, const struct nk_delete *how,
			   struct nk_error *err)
{
	struct walk walk = { .att = att, .how = how };
	int rc = visit_nics(&walk, false, err);

	if (rc)
		return rc;
	if (!walk.in_use)
		return walk.unread ? refuse_unread(&walk, walk.unread, &walk.why, err) : 0;
	nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the attachment exists",
		     "%s of container %.16s, network %.32s, has queues of %s already",
		     att->claim.key.ifname, att->claim.key.container_id, att->claim.key.network,
		     walk.nic);
	return nk_delete_advise(err);
}
