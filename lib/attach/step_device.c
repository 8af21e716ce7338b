// SPDX-License-Identifier: Apache-2.0
/* step_device.c - step "device": the netkit single in the Pod's netns, or a pair (step_pair.c) */
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mac.h"
#include "base/text.h"
#include "kernel/netkit.h"
#include "kernel/netns.h"
#include "kernel/uapi.h"
#include "nic/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* The kernel removes a netns, and ends the leases of its devices, some time after the last user has gone: up to
 * 200 ms on a slow machine.
 */
#define LEASE_END_MS 3000

static int create_device(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	const struct nk_netkit_spec spec = {
		.name = att->claim.key.ifname,
		.mac = att->claim.mac,
		.mtu = att->claim.mtu,
		.num_rx_queues = add->config->queue_max + 1, /* queue 0 is netkit's own */
	};
	struct nk_error ignored = { 0 };
	char alias[NK_ALIAS_SIZE];
	struct nk_link link;
	int rc;

	if (att->claim.pair)
		return nk_step_pair.create(att, add, err);
	rc = nk_nl_open(&att->pod, att->netns_fd, "Pod", err);
	if (!rc)
		rc = nk_netkit_create_single(&att->pod, &spec, &link, err);
	add->name_taken = rc == -EEXIST;
	add->asked = rc && rc != -EEXIST; /* perhaps only the reply was lost */
	if (rc)
		return rc;
	att->claim.ifindex = link.ifindex;
	rc = nk_step_update_claims(att, err);
	if (rc)
		return rc;
	nk_device_alias(&att->claim.key, alias);
	if (nk_link_set_alias(&att->pod, att->claim.ifindex, alias, &ignored))
		nk_log_warn("%s: no alias on the device: %s", att->claim.key.ifname,
			    ignored.details);
	return 0;
}

int nk_step_differs(struct nk_error *err, const char *device, const char *what,
		    const char *expected, const char *found)
{
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the device was changed",
			    "%s %s: expected %s, found %s", device, what, expected, found);
}

int nk_step_differs_by(struct nk_error *err, const char *device, const char *what,
		       uint32_t expected, uint32_t found)
{
	char want[16], got[16];

	snprintf(want, sizeof(want), "%u", expected);
	snprintf(got, sizeof(got), "%u", found);
	return nk_step_differs(err, device, what, want, got);
}

void nk_step_wrap_gone(const struct nk_claim *claim, struct nk_error *err)
{
	nk_error_class(err, NK_CODE_CHECK, "CHECK: the device is gone");
	nk_error_wrap(err, "%s in the Pod's netns", claim->key.ifname);
}

int nk_step_check_link(const struct nk_claim *claim, const struct nk_link *link,
		       struct nk_error *err)
{
	const char *name = claim->key.ifname;

	if (strcmp(link->name, name) != 0)
		return nk_step_differs(err, name, "name", name, link->name);
	if (!link->up)
		return nk_step_differs(err, name, "state", "up", "down");
	/* A later plugin may reduce it: "tuning" does, and its result does not report it. */
	if (link->mtu > claim->mtu)
		return nk_step_differs_by(err, name, "MTU", claim->mtu, link->mtu);
	if (link->group != NK_LINK_GROUP)
		return nk_step_differs_by(err, name, "group", NK_LINK_GROUP, link->group);
	if (!claim->pair || !(claim->flags & NK_CLAIM_RINGS) || !link->xdp_prog_id)
		return 0;
	nk_step_refuse_pod_xdp(link, err);
	nk_error_class(err, NK_CODE_CHECK,
		       "CHECK: a device in the Pod discards what memory providers receive");
	return -EEXIST;
}

static int check_device(struct nk_attachment *att, struct nk_error *err)
{
	char expected[NK_ALIAS_SIZE], found[NK_MAC_TEXT_SIZE];
	const struct nk_claim *claim = &att->claim;
	const char *name = claim->key.ifname;
	struct nk_link link;
	int rc;

	if (claim->pair)
		return nk_step_pair.check(att, err);
	rc = nk_link_get(&att->host, claim->nsid, NULL, claim->ifindex, &link, err);
	if (rc) {
		nk_step_wrap_gone(claim, err);
		return rc;
	}
	if (strcmp(link.kind, "netkit") != 0 || link.netkit.pairing != NK_NETKIT_PAIRING_SINGLE)
		return nk_step_differs(err, name, "kind", "netkit single",
				       *link.kind ? link.kind : "none");
	if (memcmp(link.mac, claim->mac, NK_MAC_LEN) != 0) {
		nk_mac_text(claim->mac, expected);
		nk_mac_text(link.mac, found);
		return nk_step_differs(err, name, "MAC", expected, found);
	}
	rc = nk_step_check_link(claim, &link, err);
	nk_device_alias(&att->claim.key, expected);
	/* ADD succeeds without an alias. */
	if (!rc && *link.alias && strcmp(link.alias, expected) != 0 &&
	    !nk_device_is_cut_alias(&claim->key, link.alias))
		rc = nk_step_differs(err, name, "alias", expected, link.alias);
	return rc;
}

/* remove_by_lease() - delete our device if it is at the other end of the leases of our claimed queues: the Pod may
 * have moved it.
 */
static int remove_by_lease(struct nk_attachment *att, struct nk_error *err)
{
	const uint32_t nic = att->lender.nic.ifindex;
	struct nk_error unknown = { 0 };
	struct nk_device device;
	struct nk_claim claim;
	struct nk_queue queue;
	uint32_t i;
	int rc = 0;

	for (i = 0; nic && i < att->lease_count && rc >= 0; i++) {
		nk_error_reset(&unknown);
		rc = nk_netdev_queue_get(&att->host, nic, att->leases[i].phys, &queue, &unknown);
		/* A NIC that is down, or has fewer queues now, shows no lease. */
		if ((rc == -ENOENT && !att->lender.nic.up) || rc == -EINVAL || rc == -ERANGE ||
		    rc == -ENODEV || (!rc && !queue.leased)) {
			rc = 0;
			continue;
		}
		if (rc) {
			*err = unknown;
			return rc;
		}
		nk_step_claim_of(att, &att->leases[i], &claim);
		rc = nk_device_holder(&att->host, att->lender.claims, &claim, &queue, &device, err);
		if (rc == NK_HOLDER_OURS)
			rc = nk_link_remove(&att->host, device.nsid, device.link.ifindex, err);
	}
	return rc < 0 ? rc : 0;
}

/* remove_found() - delete the device, unless it is another Pod's that was moved there and got the ifindex of ours.
 * Return: 1; 0: it is not ours; or a negative errno
 */
static int remove_found(struct nk_attachment *att, const struct nk_device *device,
			struct nk_error *err)
{
	struct nk_claim claim;
	int rc, whose = nk_device_whose(&att->host, device, &att->claim.key, &claim, err);

	if (whose < 0)
		return whose;
	if (whose != NK_HOLDER_OTHER) {
		rc = nk_link_remove(&att->host, device->nsid, device->link.ifindex, err);
		return rc ? rc : 1;
	}
	nk_log_warn("%s of container %.16s is gone. The device that has its ifindex now belongs to "
		    "container %.16s, network %s, and is not removed",
		    att->claim.key.ifname, att->claim.key.container_id, claim.key.container_id,
		    claim.key.network);
	return 0;
}

/* find_single() - in the netns in which it was made. Return: as nk_device_find() */
static int find_single(struct nk_attachment *att, struct nk_device *ret, struct nk_error *err)
{
	struct nk_claim claim;

	nk_step_claim_of(att, &att->leases[0], &claim);
	return nk_device_find(&att->host, &claim, att->netns_is_ours ? att->netns_fd : -1, ret,
			      err);
}

/* remove_single() - Return: 1; 0: it is not there; or a negative errno */
static int remove_single(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_device device;
	int rc = find_single(att, &device, err);

	return rc > 0 ? remove_found(att, &device, err) : rc;
}

int nk_step_device_is_hidden(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error unseen = { 0 };
	struct nk_device device;
	int fd cleanup_close = -1;
	int rc = att->host_ifindex != 0;

	if (!att->claim.ifindex || !att->lender.nic.ifindex || att->lender.nic.up)
		return 0;
	if (!att->claim.pair)
		rc = find_single(att, &device, err);
	if (rc)
		return rc < 0 ? rc : 0;
	if (att->netns_is_ours)
		return 1;
	fd = nk_netns_open_cookie(att->claim.netns_cookie, &unseen);
	if (fd != -EPERM) /* nk_device_find() has handled all others */
		return 1;
	*err = unseen;
	return nk_error_remedy(
		err,
		"set the NIC up, so that its leases show where the device is: ip link "
		"set dev %s up",
		NK_QUOTED(att->lender.nic.name));
}

/* wait_for_leases() - DEL answers when the queues are free, also if their netns is being removed. */
static void wait_for_leases(struct nk_attachment *att)
{
	uint32_t i, limit = LEASE_END_MS;

	for (i = 0; att->lender.nic.ifindex && i < att->lease_count; i++)
		nk_netdev_queue_wait(&att->host, att->lender.nic.ifindex, att->leases[i].phys,
				     NK_QUEUE_LEASED, &limit);
	if (!limit)
		nk_log_warn("%s: a queue is still leased after %d ms, because the Pod's netns is "
			    "still in use",
			    att->lender.nic.name, LEASE_END_MS);
}

static int remove_device(struct nk_attachment *att, const struct nk_delete_options *how,
			 struct nk_error *err)
{
	const struct nk_nic *nic = &att->lender.nic;
	const bool shows_leases = nic->ifindex ? nic->up : att->lender.where == NK_NIC_GONE;
	bool found = att->host_ifindex;
	struct nk_error mine = { 0 };
	int rc;

	/* It is gone; the Pod's netns may have another one by now. */
	if (att->claim.flags & NK_CLAIM_OWED && !att->claim.ifindex)
		return 0;
	/* This call has not created it: a device of that name is somebody else's. */
	if (how->undo && !att->claim.ifindex && !how->undo->asked)
		return 0;
	rc = att->claim.pair ? nk_step_pair.remove(att, how, err) : remove_single(att, err);
	found |= rc > 0;
	/* Even if the host end was not found, the leases may show the Pod end. */
	if (rc >= 0 || att->claim.pair)
		rc = nk_log_keep_first(rc < 0 ? rc : 0, remove_by_lease(att, &mine), err, &mine);
	if (rc)
		return rc;
	wait_for_leases(att);
	if (found || shows_leases)
		att->claim.ifindex = 0;
	return 0;
}

const struct nk_step nk_step_device = {
	.name = "device",
	.removal = "remove the device",
	.create = create_device,
	.check = check_device,
	.remove = remove_device,
};
