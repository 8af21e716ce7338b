// SPDX-License-Identifier: Apache-2.0
/*
 * delete_unclaimed.c - delete an attachment that no claim tells of, by what the kernel still knows
 *
 * The Pod's root can give its device any alias, group and MAC. So nothing is done for them beyond the
 * device itself and the queues that are leased to it, and these only if nobody has a claim on them.
 */
#include "attach.h"

#include "claims.h"
#include "cleanup.h"
#include "error.h"
#include "filter.h"
#include "log.h"
#include "record.h"
#include "steps.h"
#include "targets.h"
#include "uapi.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "banned.h"

#define FOUND_MAX 8 /* more devices than one attachment can have: one */

/* A device that carries the attachment's alias, and the NIC that lends to it. */
struct found {
	uint32_t nic_ifindex; /* 0: none is known */
	int32_t nsid;
	struct nk_link link;
	bool shares_mac; /* or may: somebody else has it too */
};

struct search {
	struct nk_attachment *att;
	char alias[NK_ALIAS_SIZE];
	unsigned int count;
	struct found found[FOUND_MAX];
	uint32_t lease_count;
	struct {
		uint32_t nic_ifindex, queue;
	} leases[NK_LEASES_MAX]; /* of any of them */
	int failed;		 /* the first look that failed: there may be more */
	struct nk_error why;
};

static void note_failure(struct search *search, int rc, const struct nk_error *why)
{
	if (search->failed)
		return;
	search->failed = rc;
	search->why = *why;
}

static bool is_device(const struct search *search, const struct nk_link *link)
{
	return !strcmp(link->kind, "netkit") && link->netkit.pairing == NK_NETKIT_PAIRING_SINGLE &&
	       link->group == NK_LINK_GROUP && !strcmp(link->alias, search->alias);
}

/* find() - note the device at the other end of a lease. Return: is it ours? */
static bool find(struct search *search, const struct nk_queue *queue)
{
	struct nk_error why = { 0 };
	struct nk_link link;
	unsigned int i;
	int rc;

	for (i = 0; i < search->count; i++)
		if (search->found[i].nsid == queue->lease_nsid &&
		    search->found[i].link.ifindex == queue->lease_ifindex)
			return true;
	if (search->count == FOUND_MAX)
		return false;
	rc = nk_link_get(&search->att->host, queue->lease_nsid, NULL, queue->lease_ifindex, &link,
			 &why);
	if (rc && rc != -ENODEV)
		note_failure(search, rc, &why);
	if (rc || !is_device(search, &link))
		return false;
	search->found[search->count] = (struct found){
		.nic_ifindex = queue->ifindex,
		.nsid = queue->lease_nsid,
		.link = link,
	};
	search->count++;
	return true;
}

static int note_lease(const struct nk_queue *queue, void *data, struct nk_error *err)
{
	struct search *search = data;

	(void)err;
	if (!queue->leased || !find(search, queue) || search->lease_count == NK_LEASES_MAX)
		return 0;
	search->leases[search->lease_count].nic_ifindex = queue->ifindex;
	search->leases[search->lease_count].queue = queue->id;
	search->lease_count++;
	return 0;
}

/* look_in_netns() - the device may have no lease: ADD was cut short, or the NIC is down. */
static void look_in_netns(struct search *search)
{
	struct nk_error why = { 0 };
	struct found *found = &search->found[search->count];
	int rc;

	if (search->att->netns_fd < 0 || search->count == FOUND_MAX)
		return;
	rc = nk_link_nsid(&search->att->host, search->att->netns_fd, false, &found->nsid, &why);
	if (!rc)
		rc = nk_link_get(&search->att->host, found->nsid, search->att->key.ifname, 0,
				 &found->link, &why);
	if (rc && rc != -ENOENT && rc != -ENODEV)
		note_failure(search, rc, &why);
	if (rc || !is_device(search, &found->link))
		return;
	found->nic_ifindex = 0;
	search->count++;
}

/* look() - everywhere; search->failed says whether all could be looked at. */
static void look(struct search *search)
{
	struct nk_error why = { 0 };
	int rc;

	nk_step_alias(search->att, search->alias);
	/* A kernel without leases has none to find. */
	rc = nk_netdev_probe_lease(&search->att->host, &why);
	if (!rc)
		rc = nk_netdev_queues(&search->att->host, 0, note_lease, search, &why);
	if (rc && rc != -EOPNOTSUPP)
		note_failure(search, rc, &why);
	look_in_netns(search);
}

int nk_attach_find_unclaimed(struct nk_attachment *att, struct nk_error *err)
{
	off_stack struct search search;

	memset(&search, 0, sizeof(search));
	search.att = att;
	look(&search);
	if (search.count || !search.failed)
		return search.count > 0;
	*err = search.why;
	return search.failed;
}

static int is_lent_to(const struct nk_queue *queue, void *data, struct nk_error *err)
{
	const struct nk_attachment *att = data;

	(void)err;
	/* Not an error, but the end of the walk. */
	return queue->leased && queue->lease_ifindex == att->ifindex &&
			       queue->lease_nsid == att->nsid ?
		       -EBUSY :
		       0;
}

int nk_attach_has_lease(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error why = { 0 };
	int rc = nk_netdev_probe_lease(&att->host, &why);

	if (!rc)
		rc = nk_netdev_queues(&att->host, 0, is_lent_to, att, &why);
	if (!rc || rc == -EBUSY || rc == -EOPNOTSUPP)
		return rc == -EBUSY;
	*err = why;
	return rc;
}

/* --- one NIC, under its lock ------------------------------------------------------------------ */

/* What is deleted of one NIC. */
struct at_nic {
	struct search *search;
	struct nk_nic nic;
	struct nk_nicdir dir;
	struct nk_nl device_nl; /* the host's, while the other one is busy with a list */
};

static int compare_claim(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct search *search = ((struct at_nic *)data)->search;
	uint32_t i;

	for (i = 0; i < search->count; i++)
		search->found[i].shares_mac |=
			!memcmp(search->found[i].link.mac, claim->mac, NK_MAC_LEN);
	for (i = 0; i < search->lease_count; i++)
		if (search->leases[i].queue == queue &&
		    search->leases[i].nic_ifindex == claim->nic_ifindex)
			return -EBUSY;
	return 0;
}

/* compare_claims() - whose are its queues, and its MAC? Return: 0, or a negative errno */
static int compare_claims(struct at_nic *at, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;
	int rc;

	nk_nicdir_pin(&at->dir, "claims", path);
	fd = nk_claims_open(path, false, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = nk_claims_each(fd, compare_claim, at, err);
	if (rc != -EBUSY || err->code != NK_CODE_NONE)
		return rc;
	return nk_error_set(err, NK_CODE_KERNEL, EBUSY, "the queues are another attachment's",
			    "%s: queues that are leased to the device of %s are claimed",
			    at->nic.name, at->search->att->key.ifname);
}

static int compare_link(const struct nk_link *link, void *data, struct nk_error *err)
{
	struct at_nic *at = data;
	unsigned int i;

	(void)err;
	for (i = 0; i < at->search->count; i++)
		at->search->found[i].shares_mac |=
			link->ifindex != at->nic.ifindex &&
			!memcmp(at->search->found[i].link.mac, link->mac, NK_MAC_LEN);
	return 0;
}

static int compare_borrower(const struct nk_queue *queue, void *data, struct nk_error *err)
{
	struct at_nic *at = data;
	struct nk_link link;
	unsigned int i;
	int rc;

	if (!queue->leased)
		return 0;
	for (i = 0; i < at->search->count; i++)
		if (at->search->found[i].nsid == queue->lease_nsid &&
		    at->search->found[i].link.ifindex == queue->lease_ifindex)
			return 0;
	rc = nk_link_get(&at->device_nl, queue->lease_nsid, NULL, queue->lease_ifindex, &link, err);
	return rc ? rc : compare_link(&link, at, err);
}

/* compare_devices() - is a MAC somebody else's too: of a Pod, or of a device of the host? */
static int compare_devices(struct at_nic *at, struct nk_error *err)
{
	struct nk_nl *host = &at->search->att->host;
	int rc = nk_nl_open(&at->device_nl, -1, "host", err);

	if (!rc)
		rc = nk_netdev_queues(host, at->nic.ifindex, compare_borrower, at, err);
	if (!rc)
		rc = nk_link_each(host, NK_NSID_HERE, NULL, compare_link, at, err);
	nk_nl_close(&at->device_nl);
	return rc;
}

/* report_rules() - that direct to its queues: what else there is on the NIC had its notes on bpffs. */
static void report_rules(const struct at_nic *at)
{
	const struct search *search = at->search;
	struct nk_queue_set queues = { 0 };
	struct nk_error ignored = { 0 };
	uint32_t i;

	for (i = 0; i < search->lease_count; i++)
		if (search->leases[i].nic_ifindex == at->nic.ifindex)
			nk_queue_set_put(&queues, search->leases[i].queue);
	nk_log_warn("%s has no claims of %s of container %s, for bpffs was emptied: its device is "
		    "removed, what the NIC was told for it is not",
		    at->nic.name, search->att->key.ifname, search->att->key.container_id);
	(void)nk_targets_report(&search->att->host, &at->nic, &queues, &ignored);
}

/* free_queues() - what used them, and what is told of them to others */
static void free_queues(const struct at_nic *at)
{
	const struct search *search = at->search;
	uint32_t i, limit = NK_USERS_END_MS;
	struct nk_error ignored = { 0 };

	for (i = 0; i < search->lease_count; i++) {
		if (search->leases[i].nic_ifindex != at->nic.ifindex)
			continue;
		nk_netdev_queue_wait(&search->att->host, at->nic.ifindex, search->leases[i].queue,
				     NK_QUEUE_USED, &limit);
		/* One that stays is replaced by the next ADD. */
		(void)nk_record_remove(&at->dir, search->leases[i].queue, &ignored);
	}
}

static int remove_mac(const struct at_nic *at, const struct found *found, struct nk_error *err)
{
	if (!found->shares_mac)
		return nk_filter_remove(&at->search->att->host, at->nic.ifindex, found->link.mac,
					err);
	nk_log_warn("the unicast filter of %s keeps the MAC of %s: somebody else may have it too",
		    at->nic.name, found->link.name);
	return 0;
}

/* delete_on() - the devices that this NIC lends to. Return: 0, or a negative errno */
static int delete_on(struct at_nic *at, struct nk_error *err)
{
	struct search *search = at->search;
	struct nk_error unknown = { 0 };
	int rc = compare_claims(at, err);
	unsigned int i;

	if (rc)
		return rc;
	if (compare_devices(at, &unknown))
		for (i = 0; i < search->count; i++)
			search->found[i].shares_mac = true;
	report_rules(at);
	free_queues(at); /* while its leases keep others off them */
	for (i = 0; i < search->count; i++) {
		struct found *found = &search->found[i];

		if (found->nic_ifindex != at->nic.ifindex)
			continue;
		(void)remove_mac(at, found, err);
		(void)nk_link_remove(&search->att->host, found->nsid, found->link.ifindex, err);
	}
	return err->code == NK_CODE_NONE ? 0 : -err->sys;
}

/* lock_and_delete() - Return: 0, or a negative errno; -EAGAIN: somebody else has the NIC */
static int lock_and_delete(struct search *search, uint32_t nic_ifindex, const char *bpffs,
			   struct nk_error *err)
{
	struct at_nic at = { .search = search };
	struct nk_error no_bpffs = { 0 };
	int rc = nk_nic_get_by_index(&search->att->host, nic_ifindex, &at.nic, err);

	if (rc)
		return rc;
	/* Without bpffs there is no lock, but nobody either who could have it. */
	nk_nicdir_init(bpffs, at.nic.name, &at.dir);
	if (!nk_nicdir_check_bpffs(bpffs, &no_bpffs))
		rc = nk_nicdir_open(bpffs, at.nic.name, true, &at.dir, err);
	if (!rc)
		rc = delete_on(&at, err);
	nk_nicdir_close(&at.dir);
	return rc;
}

int nk_attach_delete_unclaimed(struct nk_attachment *att, const char *bpffs, struct nk_error *err)
{
	off_stack struct search search;
	unsigned int i, k;
	int rc = 0;

	memset(&search, 0, sizeof(search));
	search.att = att;
	look(&search);
	for (i = 0; i < search.count && !rc; i++) {
		const struct found *found = &search.found[i];

		for (k = 0; k < i && search.found[k].nic_ifindex != found->nic_ifindex; k++)
			;
		if (!found->nic_ifindex)
			rc = nk_link_remove(&att->host, found->nsid, found->link.ifindex, err);
		else if (k == i)
			rc = lock_and_delete(&search, found->nic_ifindex, bpffs, err);
	}
	if (rc || !search.failed)
		return rc;
	*err = search.why;
	return search.failed;
}
