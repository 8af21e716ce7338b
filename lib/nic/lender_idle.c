// SPDX-License-Identifier: Apache-2.0
/*
 * lender_idle.c - is the XDP program of a NIC idle, so that it can be detached? And may its settings be restored?
 *
 * The claims say so, unless somebody has removed the pin `claims`. Then the queues themselves do: a leased queue with
 * an XSKMAP or an AF_XDP socket, and without a claim, belongs to a Pod that needs the program. One that is leased to a
 * device of ours, without a claim, belongs to a Pod that needs the settings.
 */
#include "nic/lender.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "bpffs/claims.h"
#include "kernel/netdev.h"
#include "nic/device.h"

#include <errno.h>

#include "base/banned.h"

int nk_lender_advise_unclaimed(struct nk_error *err)
{
	return nk_error_remedy(
		err,
		"end its Pod first: \"ip netns list-id\" names the network namespace with that "
		"nsid, and there \"ip -d link\" shows the device, whose alias names the container");
}

/* refuse_used() - @what: between "leased" and "no claim" */
static int refuse_used(const struct nk_lender *on, const struct nk_queue *queue, const char *what,
		       struct nk_error *err)
{
	char lease[NK_LEASE_TEXT_SIZE];

	nk_netdev_lease_text(queue, lease);
	nk_error_set(err, NK_CODE_RETRY, EBUSY, "the NIC is in use",
		     "%s: queue %u is leased to %s%s no claim", on->nic.name, queue->id, lease,
		     what);
	return nk_lender_advise_unclaimed(err);
}

/* check_map() - a queue with a pinned XSKMAP */
static int check_map(struct nk_lender *on, uint32_t queue, struct nk_error *err)
{
	struct nk_queue now = { 0 };
	int rc = nk_netdev_queue_get(on->nl, on->nic.ifindex, queue, &now, err);

	if (rc == -EINVAL || rc == -ERANGE) { /* the NIC has fewer queues now */
		nk_error_reset(err);
		return 0;
	}
	if (rc == -ENOENT)
		nk_error_remedy(
			err,
			"set the NIC up, so that its leases can be read: ip link set dev %s up",
			NK_QUOTED(on->nic.name));
	return rc || !now.leased ? rc : refuse_used(on, &now, " and has a map, but", err);
}

/* check_maps() - of queues with a pinned XSKMAP */
static int check_maps(struct nk_lender *on, const struct nk_queue_set *maps, struct nk_error *err)
{
	uint32_t queue;
	int rc = 0;

	for (queue = 0; queue < NK_QUEUE_IDS && !rc; queue++)
		if (nk_queue_set_has(maps, queue))
			rc = check_map(on, queue, err);
	return rc;
}

bool nk_lender_needs_program(const struct nk_queue *queue)
{
	return queue->leased && nk_netdev_has_xsk(queue);
}

/* check_sockets() - the map of a Pod may have lost its pin too */
static int check_sockets(struct nk_lender *on, struct nk_error *err)
{
	struct nk_queue_list queues cleanup_list = { 0 };
	struct nk_claim_list claims cleanup_list = { 0 };
	uint32_t i;
	int rc = nk_netdev_read_queues(on->nl, on->nic.ifindex, &queues, err);

	if (!rc)
		rc = nk_claims_read_pin(&on->dir, &claims, err);
	for (i = 0; i < queues.count && !rc; i++)
		if (nk_lender_needs_program(&queues.at[i]) &&
		    !nk_claims_have(&claims, queues.at[i].id))
			rc = refuse_used(on, &queues.at[i], " and has an AF_XDP socket, but", err);
	return rc;
}

int nk_lender_check_idle(struct nk_lender *on, struct nk_queue_set *ret, struct nk_error *err)
{
	int rc = nk_nicdir_read_maps(&on->dir, ret, err);

	if (!rc && on->nic.ifindex)
		rc = check_maps(on, ret, err);
	return rc || !on->nic.ifindex ? rc : check_sockets(on, err);
}

/* is_lent() - is the queue leased to a living device that nk-cni has made? Return: 1, 0, or a negative errno */
static int is_lent(const struct nk_lender *on, const struct nk_queue *queue, struct nk_error *err)
{
	struct nk_error absent = { 0 };
	struct nk_link link;
	int rc;

	if (!queue->leased || queue->lease_nsid == NK_NSID_GONE)
		return 0;
	rc = nk_link_get(on->nl, queue->lease_nsid, NULL, queue->lease_ifindex, &link, &absent);
	if (!rc)
		return nk_device_has_marks(&link);
	if (rc == -ENODEV)
		return 0;
	*err = absent;
	return rc;
}

int nk_lender_check_claimed(const struct nk_lender *on, struct nk_error *err)
{
	struct nk_queue_list queues cleanup_list = { 0 };
	struct nk_claim_list claims cleanup_list = { 0 };
	uint32_t i;
	int rc = 0;

	if (on->nic.ifindex)
		rc = nk_netdev_read_queues(on->nl, on->nic.ifindex, &queues, err);
	if (!rc)
		rc = nk_lender_read_claims(on, &claims, err);
	for (i = 0; i < queues.count && !rc; i++) {
		if (!nk_claims_have(&claims, queues.at[i].id))
			rc = is_lent(on, &queues.at[i], err);
		if (rc > 0)
			return refuse_used(on, &queues.at[i], ", but has", err);
	}
	return rc;
}
