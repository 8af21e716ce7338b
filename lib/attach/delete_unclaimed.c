// SPDX-License-Identifier: Apache-2.0
/*
 * delete_unclaimed.c - delete the devices of an attachment without claims, and what their NIC has of them
 *
 * The Pod's root can forge alias, group and MAC. So nothing is removed for them beyond the device itself, and
 * only if nobody has claimed the queues that it has leased, on any bpffs.
 */
#include "attach/attach.h"

#include "attach/steps.h"
#include "attach/unclaimed.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "bpffs/instance.h"
#include "kernel/nic.h"
#include "nic/foreign.h"
#include "nic/saved.h"
#include "nic/settings.h"
#include "run/sidecar.h"
#include "run/sidecar_file.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

/* One NIC, under its lock. */
struct at_nic {
	struct nk_unclaimed *unclaimed;
	struct nk_lender on;
	bool has_claims; /* of other attachments */
};

/* note_mac() - of another device, or of a claim */
static void note_mac(struct nk_unclaimed *unclaimed, const uint8_t mac[NK_MAC_LEN])
{
	uint32_t i;

	for (i = 0; i < unclaimed->count; i++)
		unclaimed->devices[i].shares_mac |=
			!memcmp(unclaimed->devices[i].device.link.mac, mac, NK_MAC_LEN);
}

static bool has_queue(const struct nk_unclaimed *unclaimed, uint32_t nic_ifindex, uint32_t queue)
{
	uint32_t i;

	for (i = 0; i < unclaimed->count; i++)
		if (unclaimed->devices[i].nic_ifindex == nic_ifindex &&
		    nk_queue_set_has(&unclaimed->devices[i].queues, queue))
			return true;
	return false;
}

/* refuse_claims() - of the queues that our devices have leased; notes the MACs of all claims */
static int refuse_claims(struct at_nic *at, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	const struct nk_claim_entry *entry;
	char name[NK_ID_SIZE + 128];
	int rc = nk_claims_read_pin(&at->on.dir, &claims, err);

	at->has_claims = claims.count != 0;
	for (entry = claims.at; !rc && entry < claims.at + claims.count; entry++) {
		note_mac(at->unclaimed, entry->claim.mac);
		if (!has_queue(at->unclaimed, entry->claim.nic_ifindex, entry->queue))
			continue;
		nk_claim_describe(&entry->claim, name, sizeof(name));
		nk_error_set(err, NK_CODE_KERNEL, EBUSY,
			     "another attachment has claimed the queues",
			     "%s: the device %s leases queue %u, which %s has claimed",
			     at->on.nic.name, at->unclaimed->att->claim.key.ifname, entry->queue,
			     name);
		rc = nk_error_remedy(err, "recreate the Pod of that attachment, then try again");
	}
	return rc;
}

/* note_macs() - of the other devices that have leased from the NIC, and of the host's other devices */
static int note_macs(struct at_nic *at, struct nk_error *err)
{
	struct nk_queue_list queues cleanup_list = { 0 };
	struct nk_link_list links cleanup_list = { 0 };
	const struct nk_queue *queue;
	struct nk_link link;
	uint32_t i;
	int rc = nk_netdev_read_queues(at->on.nl, at->on.nic.ifindex, &queues, err);

	for (queue = queues.at; !rc && queue < queues.at + queues.count; queue++) {
		if (!queue->leased ||
		    nk_unclaimed_get(at->unclaimed, queue->lease_nsid, queue->lease_ifindex))
			continue;
		rc = nk_link_get(at->on.nl, queue->lease_nsid, NULL, queue->lease_ifindex, &link,
				 err);
		if (!rc)
			note_mac(at->unclaimed, link.mac);
	}
	if (!rc)
		rc = nk_link_read(at->on.nl, NK_NSID_HERE, NULL, &links, err);
	for (i = 0; i < links.count && !rc; i++)
		if (links.at[i].ifindex != at->on.nic.ifindex)
			note_mac(at->unclaimed, links.at[i].mac);
	return rc;
}

/* report_rules() - those that direct to its queues; all other notes about the NIC were on bpffs */
static void report_rules(const struct at_nic *at, const struct nk_unclaimed_device *found)
{
	const struct nk_key *key = &at->unclaimed->att->claim.key;
	struct nk_error ignored = { 0 };

	nk_log_warn("%s: the claims of %s of container %s are gone, because bpffs was "
		    "emptied. The device is removed; settings and flow rules of the NIC "
		    "stay",
		    at->on.nic.name, key->ifname, key->container_id);
	(void)nk_foreign_report(at->on.nl, &at->on.nic, &found->queues, &ignored);
}

/* report_settings() - if bpffs had their originals, and nobody needs them any more */
static void report_settings(const struct at_nic *at)
{
	struct nk_error unread = { 0 };
	int saved cleanup_close = nk_saved_open(&at->on.dir, false, &unread);

	if (saved == -ENOENT && !at->has_claims && !nk_lender_check_claimed(&at->on, &unread) &&
	    nk_settings_may_be_lost(&at->on))
		nk_settings_report_lost(&at->on);
}

/* remove_sidecar_file() - if it is this attachment's: after NICs have swapped names it can be another's */
static void remove_sidecar_file(const struct at_nic *at, uint32_t queue)
{
	struct nk_error ignored = { 0 };
	char *text cleanup_free = NULL;
	int rc = nk_sidecar_file_read(&at->on.dir, queue, &text, &ignored);

	/* If it stays, the next ADD replaces it. */
	if (!rc && nk_sidecar_is_of(text, &at->unclaimed->att->claim.key))
		(void)nk_sidecar_file_remove(&at->on.dir, queue, &ignored);
}

/* free_queues() - wait for their users, and remove their sidecar files */
static void free_queues(const struct at_nic *at, const struct nk_unclaimed_device *found)
{
	uint32_t queue, limit = NK_USERS_END_MS;

	for (queue = 0; queue < NK_QUEUE_IDS; queue++) {
		if (!nk_queue_set_has(&found->queues, queue))
			continue;
		nk_netdev_queue_wait(at->on.nl, at->on.nic.ifindex, queue, NK_QUEUE_XSK, &limit);
		remove_sidecar_file(at, queue);
	}
}

static int remove_mac(struct at_nic *at, const struct nk_unclaimed_device *found,
		      struct nk_error *err)
{
	if (!found->shares_mac)
		return nk_step_filter_remove(&at->on, found->device.link.mac, err);
	nk_log_warn("the MAC of %s stays in the unicast filter of %s, because another device may "
		    "use it",
		    found->device.link.name, at->on.nic.name);
	return 0;
}

/* delete_on() - the devices to which this NIC lends. Return: 0, or a negative errno */
static int delete_on(struct at_nic *at, struct nk_error *err)
{
	struct nk_unclaimed_device *found;
	struct nk_error unknown = { 0 }, mine = { 0 };
	struct nk_unclaimed *unclaimed = at->unclaimed;
	struct nk_unclaimed_device *end = unclaimed->devices + unclaimed->count;
	int rc = refuse_claims(at, err);

	if (rc)
		return rc;
	if (note_macs(at, &unknown))
		for (found = unclaimed->devices; found < end; found++)
			found->shares_mac = true;
	for (found = unclaimed->devices; found < end; found++) {
		if (found->nic_ifindex != at->on.nic.ifindex)
			continue;
		report_rules(at, found);
		free_queues(at, found); /* before its leases end, after which others may get them */
		rc = nk_log_keep_first(rc, remove_mac(at, found, &mine), err, &mine);
		rc = nk_log_keep_first(rc,
				       nk_link_remove(at->on.nl, found->device.nsid,
						      found->device.link.ifindex, &mine),
				       err, &mine);
	}
	report_settings(at);
	return rc;
}

/* lock_and_delete() - Return: 0, or a negative errno; -EAGAIN: another call holds the NIC's lock */
static int lock_and_delete(struct nk_unclaimed *unclaimed, uint32_t nic_ifindex, const char *bpffs,
			   struct nk_error *err)
{
	struct at_nic at = { .unclaimed = unclaimed, .on = NK_LENDER_CLOSED };
	struct nk_error no_bpffs = { 0 };
	int rc;

	at.on.nl = &unclaimed->att->host;
	rc = nk_nic_get_by_index(at.on.nl, nic_ifindex, &at.on.nic, err);
	if (rc)
		return rc;
	/* Without bpffs there is no lock, and nobody who could hold it. */
	nk_nicdir_init(bpffs, at.on.nic.name, &at.on.dir);
	if (!nk_nicdir_check_bpffs(bpffs, &no_bpffs))
		rc = nk_lender_open(&at.on, bpffs, err);
	if (!rc)
		rc = delete_on(&at, err);
	nk_lender_close(&at.on);
	return rc;
}

int nk_attach_refuse_claimed(struct nk_attachment *att, const char *bpffs, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	int rc = nk_claims_read_everywhere(&claims, err);
	struct nk_nicid id;
	struct nk_nic nic;
	uint32_t i = 0;

	while (i < claims.count && (!nk_device_is_of(&att->claim.key, &claims.at[i].claim.key) ||
				    (claims.at[i].claim.flags & NK_CLAIM_OWED)))
		i++;
	if (rc || i == claims.count)
		return rc;
	rc = nk_nic_get_by_index(&att->host, claims.at[i].claim.nic_ifindex, &nic, err);
	if (!rc)
		rc = nk_nicid_read(&nic, &id, err);
	return rc ? rc : nk_instance_refuse(&nic, &id, bpffs, nic.xdp_prog_id, err);
}

int nk_attach_delete_unclaimed(struct nk_attachment *att, const char *bpffs, struct nk_error *err)
{
	off_stack struct nk_unclaimed unclaimed;
	const struct nk_unclaimed_device *found;
	uint32_t i, k;
	int rc;

	nk_unclaimed_find(att, &unclaimed);
	rc = unclaimed.count ? nk_attach_refuse_claimed(att, bpffs, err) : 0;
	for (i = 0; i < unclaimed.count && !rc; i++) {
		found = &unclaimed.devices[i];
		for (k = 0; unclaimed.devices[k].nic_ifindex != found->nic_ifindex; k++)
			;
		if (!found->nic_ifindex)
			rc = nk_link_remove(&att->host, found->device.nsid,
					    found->device.link.ifindex, err);
		else if (k == i) /* the first of this NIC */
			rc = lock_and_delete(&unclaimed, found->nic_ifindex, bpffs, err);
	}
	if (rc || !unclaimed.failed)
		return rc;
	*err = unclaimed.why;
	return unclaimed.failed;
}
