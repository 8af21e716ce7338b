// SPDX-License-Identifier: Apache-2.0
/*
 * removal.c - an attachment found by its key alone, wherever it is, and removed
 *
 * What could not be read is not absent: each conclusion below that there is no claim rests on a walk
 * that has read all directories, or on why those that were not read cannot hold one.
 */
#include "removal.h"

#include "attach.h"
#include "error.h"
#include "link.h"
#include "log.h"
#include "nicdir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

/* A walk over the claims of all NICs. */
struct walk {
	struct nk_attachment *att;
	const struct nk_removal *how;
	bool found;
	bool in_use;		       /* and not owed alone, on: */
	char nic[NK_NICDIR_NAME_SIZE]; /* look_on() says so */
	int unread;	     /* the first failure to read claims that may tell of the attachment */
	struct nk_error why; /* of it */
	bool skipped;	     /* there are claims that no version of ours will read */
	struct nk_error skipped_why;
};

/* may_be_master() - is this the directory, NULL: one of unknown name, of the NIC that the configuration
 * names?
 */
static bool may_be_master(const struct walk *walk, const char *nic)
{
	struct nk_error none = { 0 };
	struct nk_nic master;

	if (!walk->how->master)
		return true; /* who knows */
	if (!*walk->how->master)
		return false;
	return !nic || !strcmp(walk->how->master, nic) ||
	       nk_nic_get(&walk->att->host, walk->how->master, &master, &none) ||
	       !strcmp(master.name, nic);
}

/* note_unread() - a look that failed. What stands there and is no map of ours will not be read the next
 * time either: it must not keep all Pods of the node from being deleted.
 */
static void note_unread(struct walk *walk, const char *nic, int rc, const struct nk_error *why)
{
	/* Nor is one of another user: no ADD has put anything in it. */
	if (rc == -EPERM || ((rc == -EPROTO || rc == -EACCES) && !may_be_master(walk, nic))) {
		nk_log_warn("%s: %s", why->msg, why->details);
		walk->skipped_why = walk->skipped ? walk->skipped_why : *why;
		walk->skipped = true;
	} else if (!walk->unread) {
		walk->unread = rc;
		walk->why = *why;
	}
}

/* refuse_begun() - an ADD of it that is under way with another /run has not got our lock. */
static int refuse_begun(const struct walk *walk, const char *nic, struct nk_error *err)
{
	const struct nk_attachment *att = walk->att;
	int rc = att->committed ?
			 0 :
			 nk_nicdir_is_held(walk->how->bpffs, nic, att->leases[0].phys, err);

	if (rc <= 0)
		return rc;
	return nk_error_set(err, NK_CODE_RETRY, EAGAIN, "try again later",
			    "an ADD of %s of container %.16s is under way on %s", att->key.ifname,
			    att->key.container_id, nic);
}

/* remove_on() - remove the attachment if this NIC's claims name it. */
static int remove_on(const char *nic, void *data, struct nk_error *err)
{
	struct walk *walk = data;
	struct nk_error why = { 0 };
	int rc = nk_attach_load(walk->att, walk->how->bpffs, nic, &why);

	if (rc < 0)
		note_unread(walk, nic, rc, &why);
	if (rc <= 0)
		return 0;
	walk->found = true;
	rc = refuse_begun(walk, nic, err);
	if (!rc) {
		nk_attach_set_fate(walk->att, walk->how->drop_program, walk->how->keep_rss);
		rc = nk_attach_remove(walk->att, err);
	}
	nk_attach_unload(walk->att);
	return rc;
}

static int look_on(const char *nic, void *data, struct nk_error *err)
{
	struct walk *walk = data;
	struct nk_error why = { 0 };
	int rc = walk->in_use ? 0 : nk_attach_has_claim(walk->att, walk->how->bpffs, nic, &why);

	(void)err;
	walk->found |= rc > 0;
	if (rc == NK_CLAIMED) {
		walk->in_use = true;
		snprintf(walk->nic, sizeof(walk->nic), "%s", nic);
	}
	if (rc < 0)
		note_unread(walk, nic, rc, &why);
	return 0;
}

/* go_round() - all NICs. Return: 0, or how the removal of what was found failed */
static int go_round(struct walk *walk, int (*fn)(const char *nic, void *data, struct nk_error *err),
		    struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc = nk_nicdir_each(walk->how->bpffs, fn, walk, &mine);

	if (rc && !walk->found) {
		note_unread(walk, NULL, rc, &mine); /* the list of directories itself */
		return 0;
	}
	if (rc)
		*err = mine;
	return rc;
}

static int give_up(const struct walk *walk, int rc, const struct nk_error *why,
		   struct nk_error *err)
{
	*err = *why;
	nk_error_wrap(err, "%s of container %.16s may have claims that cannot be read",
		      walk->att->key.ifname, walk->att->key.container_id);
	return rc;
}

/* find_pair() - by its end on the host. Where claims were not read, only one that has no queue can be
 * removed without them.
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
		return give_up(walk, walk->unread ? walk->unread : -EPROTO,
			       walk->unread ? &walk->why : &walk->skipped_why, err);
	return lent < 0 ? lent : 1;
}

/* find_unclaimed() - what no claim and no pair tells of. Return: 1, 0, or a negative errno, also where
 * claims that were not read may tell of it
 */
static int find_unclaimed(const struct walk *walk, struct nk_error *err)
{
	int rc;

	if (walk->unread)
		return give_up(walk, walk->unread, &walk->why, err);
	rc = nk_attach_find_unclaimed(walk->att, err);
	return rc > 0 && walk->skipped ? give_up(walk, -EPROTO, &walk->skipped_why, err) : rc;
}

static int remove_unclaimed(struct walk *walk, struct nk_error *err)
{
	int rc = find_pair(walk, err);

	if (rc > 0)
		return nk_attach_remove(walk->att, err);
	if (!rc && walk->how->also_any_name) {
		walk->att->any_name = true;
		rc = go_round(walk, remove_on, err);
		walk->att->any_name = false;
		if (rc || walk->found)
			return rc;
	}
	if (!rc)
		rc = find_unclaimed(walk, err);
	return rc > 0 ? nk_attach_delete_unclaimed(walk->att, walk->how->bpffs, err) : rc;
}

int nk_removal_run(struct nk_attachment *att, const struct nk_removal *how, struct nk_error *err)
{
	struct walk walk = { .att = att, .how = how };
	int rc = go_round(&walk, remove_on, err);

	if (rc || walk.found)
		return rc;
	if (walk.unread == -EAGAIN)
		return give_up(&walk, walk.unread, &walk.why, err);
	return remove_unclaimed(&walk, err);
}

int nk_removal_look(struct nk_attachment *att, const struct nk_removal *how, struct nk_error *err)
{
	struct walk walk = { .att = att, .how = how };
	int rc = go_round(&walk, look_on, err);

	if (rc || walk.found)
		return rc ? rc : NK_REMAINS_CLAIM;
	rc = find_pair(&walk, err);
	if (!rc)
		rc = find_unclaimed(&walk, err);
	return rc > 0 ? NK_REMAINS_DEVICE : rc;
}

int nk_removal_check_absent(struct nk_attachment *att, const struct nk_removal *how,
			    struct nk_error *err)
{
	struct walk walk = { .att = att, .how = how };
	int rc = go_round(&walk, look_on, err);

	if (rc)
		return rc;
	if (!walk.in_use)
		return walk.unread ? give_up(&walk, walk.unread, &walk.why, err) : 0;
	nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the attachment exists",
		     "%s of container %.16s, network %.32s, has queues of %s already",
		     att->key.ifname, att->key.container_id, att->key.network, walk.nic);
	nk_error_remedy(err, "call DEL for it first");
	return -EEXIST;
}
