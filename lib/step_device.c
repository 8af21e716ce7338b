// SPDX-License-Identifier: Apache-2.0
/* step_device.c - step "device": the netkit single in the Pod's netns, or a pair (step_pair.c) */
#include "steps.h"

#include "claims.h"
#include "device.h"
#include "error.h"
#include "log.h"
#include "mac.h"
#include "netkit.h"
#include "uapi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

/* A netns is taken down by the kernel after its last user has gone; the leases of its devices end
 * then. 200 ms were seen on a slow machine.
 */
#define LEASE_END_MS 3000

int nk_step_device_create(struct nk_attachment *att, const struct nk_config *config,
			  struct nk_error *err)
{
	const struct nk_netkit_spec spec = {
		.name = att->key.ifname,
		.mac = att->mac,
		.mtu = att->mtu,
		.num_rx_queues = config->queue_max + 1, /* queue 0 is netkit's own */
	};
	struct nk_error ignored = { 0 };
	char alias[NK_ALIAS_SIZE];
	struct nk_link link;
	int rc;

	if (att->pair)
		return nk_step_pair_create(att, config, err);
	rc = nk_nl_open(&att->pod, att->netns_fd, "Pod", err);
	if (!rc)
		rc = nk_netkit_create_single(&att->pod, &spec, &link, err);
	att->asked = rc && rc != -EEXIST; /* the reply may be what was lost */
	if (rc)
		return rc;
	att->ifindex = link.ifindex;
	rc = nk_step_update_claims(att, err);
	if (rc)
		return rc;
	nk_step_alias(att, alias);
	if (nk_link_set_alias(&att->pod, att->ifindex, alias, &ignored))
		nk_log_warn("%s: no alias on the device: %s", att->key.ifname, ignored.details);
	return 0;
}

/* mismatch() - CHECK's "expected, found" for one property of the device. */
static int mismatch(struct nk_error *err, const struct nk_attachment *att, const char *what,
		    const char *expected, const char *found)
{
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the device is not as made",
			    "%s %s: expected %s, found %s", att->key.ifname, what, expected, found);
}

int nk_step_device_check(struct nk_attachment *att, struct nk_error *err)
{
	char expected[NK_ALIAS_SIZE], found[NK_MAC_TEXT_SIZE];
	struct nk_link link;
	int rc;

	if (att->pair)
		return nk_step_pair_check(att, err);
	rc = nk_link_get(&att->host, att->nsid, NULL, att->ifindex, &link, err);
	if (rc) {
		nk_error_class(err, NK_CODE_CHECK, "CHECK: the device is gone");
		nk_error_wrap(err, "%s in the Pod's netns", att->key.ifname);
		return rc;
	}
	if (strcmp(link.name, att->key.ifname) != 0)
		return mismatch(err, att, "name", att->key.ifname, link.name);
	if (strcmp(link.kind, "netkit") != 0 || link.netkit.pairing != NK_NETKIT_PAIRING_SINGLE)
		return mismatch(err, att, "kind", "netkit single", *link.kind ? link.kind : "none");
	if (memcmp(link.mac, att->mac, NK_MAC_LEN) != 0) {
		nk_mac_text(att->mac, expected);
		nk_mac_text(link.mac, found);
		return mismatch(err, att, "MAC", expected, found);
	}
	/* A later plugin may make it smaller, as "tuning" does without a word in its result. */
	if (link.mtu > att->mtu) {
		snprintf(expected, sizeof(expected), "%u", att->mtu);
		snprintf(found, sizeof(found), "%u", link.mtu);
		return mismatch(err, att, "MTU", expected, found);
	}
	if (!link.up)
		return mismatch(err, att, "state", "up", "down");
	if (link.group != NK_LINK_GROUP) {
		snprintf(expected, sizeof(expected), "%u", NK_LINK_GROUP);
		snprintf(found, sizeof(found), "%u", link.group);
		return mismatch(err, att, "group", expected, found);
	}
	nk_step_alias(att, expected);
	if (*link.alias && strcmp(link.alias, expected) != 0) /* ADD can do without it */
		return mismatch(err, att, "alias", expected, link.alias);
	return 0;
}

/* remove_by_lease() - delete the device at the other end of our claimed queues' leases, if it is ours: the
 * Pod may have moved it.
 */
static int remove_by_lease(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error unknown = { 0 };
	struct nk_device device;
	struct nk_claim claim;
	struct nk_queue queue;
	uint32_t i;
	int rc = 0;

	for (i = 0; att->lender.nic.ifindex && i < att->lease_count && !rc; i++) {
		nk_error_reset(&unknown);
		rc = nk_netdev_queue_get(&att->host, att->lender.nic.ifindex, att->leases[i].phys,
					 &queue, &unknown);
		/* A NIC that is down, or has fewer queues now, tells nothing: the other ways must do. */
		if (rc == -ENOENT || rc == -EINVAL || rc == -ERANGE || rc == -ENODEV ||
		    (!rc && !queue.leased)) {
			rc = 0;
			continue;
		}
		if (rc) {
			*err = unknown;
			return rc;
		}
		nk_step_claim_of(att, &att->leases[i], &claim);
		if (nk_device_holder(&att->host, att->lender.claims, &claim, &queue, &device) ==
		    NK_HOLDER_OURS)
			rc = nk_link_remove(&att->host, device.nsid, device.link.ifindex, err);
	}
	return rc;
}

/* wait_for_leases() - the queues are free when DEL has answered. A netns that is on its way out
 * takes its leases along in a moment.
 */
static void wait_for_leases(struct nk_attachment *att)
{
	uint32_t i, limit = LEASE_END_MS;

	for (i = 0; att->lender.nic.ifindex && i < att->lease_count; i++)
		nk_netdev_queue_wait(&att->host, att->lender.nic.ifindex, att->leases[i].phys,
				     NK_QUEUE_LEASED, &limit);
	if (!limit)
		nk_log_warn("%s: a queue is still leased after %d ms, its netns is in use yet",
			    att->lender.nic.name, LEASE_END_MS);
}

/* remove_pair() - by the host's end; and where somebody has changed that, by the Pod's, which has the
 * leases.
 */
static int remove_pair(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int lost = nk_step_pair_remove(att, &mine), rc = remove_by_lease(att, err);

	if (rc < 0)
		return rc;
	if (lost && !rc) {
		*err = mine;
		return lost;
	}
	wait_for_leases(att);
	att->ifindex = 0;
	return 0;
}

/**
 * device_remove() - delete the device, where ever it is
 *
 * It is looked for in the netns that it was made in, and at the other end of the leases.
 */
int nk_step_device_remove(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_device device;
	struct nk_claim claim;
	int rc;

	if (att->flags & NK_CLAIM_OWED)
		return 0; /* it is gone; the Pod's netns may have another one by now */
	/* Of this very call, and not made: a device of that name is somebody else's. */
	if (!att->loaded && !att->ifindex && !att->asked)
		return 0;
	if (att->pair)
		return remove_pair(att, err);
	nk_step_claim_of(att, &att->leases[0], &claim);
	rc = nk_device_find(&att->host, &claim, att->netns_is_ours ? att->netns_fd : -1, &device,
			    err);
	if (rc > 0)
		rc = nk_link_remove(&att->host, device.nsid, device.link.ifindex, err);
	if (!rc)
		rc = remove_by_lease(att, err);
	if (rc < 0)
		return rc;
	wait_for_leases(att);
	att->ifindex = 0;
	return 0;
}
