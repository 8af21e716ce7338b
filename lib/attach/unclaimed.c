// SPDX-License-Identifier: Apache-2.0
/* unclaimed.c - find the devices of an attachment without claims: by journal, leases, alias and group */
#include "attach/unclaimed.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "kernel/uapi.h"
#include "run/journal.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

static void note_failure(struct nk_unclaimed *unclaimed, int rc, const struct nk_error *why)
{
	if (unclaimed->failed)
		return;
	unclaimed->failed = rc;
	unclaimed->why = *why;
}

/* has_alias() - an alias that an older build has cut may be another attachment's, unless the device has our name
 * in the Pod's netns
 */
static bool has_alias(const struct nk_unclaimed *unclaimed, const struct nk_device *device)
{
	const struct nk_link *link = &device->link;
	struct nk_attachment *att = unclaimed->att;
	struct nk_error none = { 0 };
	int32_t pod;

	if (!strcmp(link->alias, unclaimed->alias))
		return true;
	return nk_device_is_cut_alias(&att->claim.key, link->alias) && att->netns_fd >= 0 &&
	       !strcmp(link->name, att->claim.key.ifname) &&
	       !nk_link_nsid(&att->host, att->netns_fd, false, &pod, &none) && pod == device->nsid;
}

/* is_pod_end() - of the pair that was found by its host end */
static bool is_pod_end(const struct nk_attachment *att, const struct nk_device *device)
{
	return att->claim.pair && att->claim.ifindex && device->nsid == att->claim.nsid &&
	       device->link.ifindex == att->claim.ifindex;
}

static bool is_ours(const struct nk_unclaimed *unclaimed, const struct nk_device *device)
{
	const struct nk_link *link = &device->link;

	if (is_pod_end(unclaimed->att, device))
		return true;
	return !strcmp(link->kind, "netkit") && link->netkit.pairing == NK_NETKIT_PAIRING_SINGLE &&
	       link->group == NK_LINK_GROUP && has_alias(unclaimed, device);
}

struct nk_unclaimed_device *nk_unclaimed_get(struct nk_unclaimed *unclaimed, int32_t nsid,
					     uint32_t ifindex)
{
	struct nk_unclaimed_device *at;

	for (at = unclaimed->devices; at < unclaimed->devices + unclaimed->count; at++)
		if (at->device.nsid == nsid && at->device.link.ifindex == ifindex)
			return at;
	return NULL;
}

/* note_borrower() - note the device at the other end of a lease, if it is ours */
static struct nk_unclaimed_device *note_borrower(struct nk_unclaimed *unclaimed,
						 const struct nk_queue *queue)
{
	struct nk_device device = { .nsid = queue->lease_nsid };
	struct nk_error why = { 0 };
	int rc;

	if (unclaimed->count == NK_UNCLAIMED_MAX)
		return NULL;
	rc = nk_link_get(&unclaimed->att->host, device.nsid, NULL, queue->lease_ifindex,
			 &device.link, &why);
	if (rc && rc != -ENODEV)
		note_failure(unclaimed, rc, &why);
	if (rc || !is_ours(unclaimed, &device))
		return NULL;
	unclaimed->devices[unclaimed->count] = (struct nk_unclaimed_device){ .device = device };
	return &unclaimed->devices[unclaimed->count++];
}

static void note_lease(struct nk_unclaimed *unclaimed, const struct nk_queue *queue)
{
	struct nk_unclaimed_device *found =
		nk_unclaimed_get(unclaimed, queue->lease_nsid, queue->lease_ifindex);

	if (!found)
		found = note_borrower(unclaimed, queue);
	if (!found)
		return;
	if (!found->nic_ifindex)
		found->nic_ifindex = queue->ifindex;
	if (found->nic_ifindex == queue->ifindex)
		nk_queue_set_put(&found->queues, queue->id);
}

/* find_by_journal() - where the journal has recorded that it was made, even if its alias was changed since, but not
 * to that of another attachment
 */
static void find_by_journal(struct nk_unclaimed *unclaimed)
{
	struct nk_attachment *att = unclaimed->att;
	struct nk_device *device = &unclaimed->devices[unclaimed->count].device;
	off_stack struct nk_journal_record recorded;
	struct nk_error why = { 0 };
	struct nk_claim claim = { .key = att->claim.key };
	int rc = nk_journal_lookup(&att->claim.key, &recorded, &why);

	claim.netns_cookie = recorded.place.pod_netns;
	claim.ifindex = recorded.place.ifindex;
	if (rc > 0)
		rc = claim.netns_cookie && claim.ifindex;
	if (rc > 0)
		rc = nk_device_find(&att->host, &claim, -1, device, &why);
	if (rc < 0)
		note_failure(unclaimed, rc, &why);
	unclaimed->count += rc > 0 && (strncmp(device->link.alias, "nk-cni:", 7) != 0 ||
				       !strcmp(device->link.alias, unclaimed->alias));
}

/* read_queues() - of all NICs; a kernel that cannot lease shows none */
static int read_queues(struct nk_nl *host, struct nk_queue_list *ret, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc = nk_netdev_probe_lease(host, &mine);

	if (!rc)
		rc = nk_netdev_read_queues(host, 0, ret, &mine);
	if (rc && rc != -EOPNOTSUPP)
		*err = mine;
	return rc == -EOPNOTSUPP ? 0 : rc;
}

static void find_by_leases(struct nk_unclaimed *unclaimed)
{
	struct nk_queue_list queues cleanup_list = { 0 };
	struct nk_error why = { 0 };
	int rc = read_queues(&unclaimed->att->host, &queues, &why);
	uint32_t i;

	for (i = 0; i < queues.count && !rc; i++)
		if (queues.at[i].leased)
			note_lease(unclaimed, &queues.at[i]);
	if (rc)
		note_failure(unclaimed, rc, &why);
}

/* find_by_name() - in CNI_NETNS: the device has no lease if its ADD was killed, and shows none if the NIC is down */
static void find_by_name(struct nk_unclaimed *unclaimed)
{
	struct nk_attachment *att = unclaimed->att;
	struct nk_error why = { 0 };
	struct nk_device device;
	int rc;

	if (att->netns_unread) {
		nk_error_set(&why, NK_CODE_ENV, -att->netns_unread,
			     "the Pod's netns cannot be opened", "open CNI_NETNS: %s",
			     nk_errno_name(-att->netns_unread));
		note_failure(unclaimed, att->netns_unread, &why);
	}
	if (att->netns_fd < 0 || unclaimed->count == NK_UNCLAIMED_MAX)
		return;
	rc = nk_link_nsid(&att->host, att->netns_fd, false, &device.nsid, &why);
	if (!rc)
		rc = nk_link_get(&att->host, device.nsid, att->claim.key.ifname, 0, &device.link,
				 &why);
	if (rc && rc != -ENOENT && rc != -ENODEV)
		note_failure(unclaimed, rc, &why);
	if (!rc && is_ours(unclaimed, &device) &&
	    !nk_unclaimed_get(unclaimed, device.nsid, device.link.ifindex))
		unclaimed->devices[unclaimed->count++] =
			(struct nk_unclaimed_device){ .device = device };
}

/* is_others() - has another attachment claimed a queue that this device has leased? */
static bool is_others(struct nk_unclaimed *unclaimed, const struct nk_unclaimed_device *found)
{
	const struct nk_key *key = &unclaimed->att->claim.key;
	struct nk_error why = { 0 };
	struct nk_claim claim;
	int whose = nk_device_whose(&unclaimed->att->host, &found->device, key, &claim, &why);

	if (whose < 0)
		note_failure(unclaimed, whose, &why);
	if (whose == NK_HOLDER_OTHER)
		nk_log_warn(
			"did not remove the device with the alias of %s of container %s, network "
			"%s: container %s, network %s, has claimed its queues",
			key->ifname, key->container_id, key->network, claim.key.container_id,
			claim.key.network);
	return whose < 0 || whose == NK_HOLDER_OTHER;
}

static void drop_others(struct nk_unclaimed *unclaimed)
{
	uint32_t i, kept = 0;

	for (i = 0; i < unclaimed->count; i++)
		if (!is_others(unclaimed, &unclaimed->devices[i]))
			unclaimed->devices[kept++] = unclaimed->devices[i];
	unclaimed->count = kept;
}

void nk_unclaimed_find(struct nk_attachment *att, struct nk_unclaimed *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->att = att;
	nk_device_alias(&att->claim.key, ret->alias);
	find_by_journal(ret);
	find_by_leases(ret);
	find_by_name(ret);
	drop_others(ret);
}

int nk_attach_find_unclaimed(struct nk_attachment *att, struct nk_error *err)
{
	off_stack struct nk_unclaimed unclaimed;

	nk_unclaimed_find(att, &unclaimed);
	if (unclaimed.count || !unclaimed.failed)
		return unclaimed.count > 0;
	*err = unclaimed.why;
	return unclaimed.failed;
}

bool nk_attach_has_room(struct nk_attachment *att)
{
	struct nk_error unread = { 0 };
	struct nk_link pod;

	return !nk_link_get(&att->host, att->claim.nsid, NULL, att->claim.ifindex, &pod, &unread) &&
	       nk_device_has_room(&pod);
}

int nk_attach_has_lease(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_queue_list queues cleanup_list = { 0 };
	const struct nk_queue *queue;
	int rc = read_queues(&att->host, &queues, err);

	for (queue = queues.at; !rc && queue < queues.at + queues.count; queue++)
		rc = queue->leased && queue->lease_ifindex == att->claim.ifindex &&
		     queue->lease_nsid == att->claim.nsid;
	return rc;
}
