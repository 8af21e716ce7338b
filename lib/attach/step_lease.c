// SPDX-License-Identifier: Apache-2.0
/* step_lease.c - step "lease": the device leases the claimed queues of the NIC */
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "kernel/netns.h"
#include "kernel/probe.h"

#include <errno.h>
#include <stdio.h>

#include "base/banned.h"

static int create_lease(struct nk_attachment *att, struct nk_add *add UNUSED, struct nk_error *err)
{
	int own cleanup_close = nk_netns_open_own(err);
	uint32_t i, id;
	int32_t nic_nsid; /* the id that the Pod's netns has for the host's */
	int rc;

	if (own < 0)
		return own;
	rc = nk_link_nsid(&att->pod, own, true, &nic_nsid, err);
	if (rc)
		return rc;
	for (i = 0; i < att->lease_count; i++) {
		rc = nk_netdev_lease(&att->pod, att->claim.ifindex, nic_nsid,
				     att->lender.nic.ifindex, att->leases[i].phys, &id, err);
		if (rc) {
			nk_error_wrap(err, "lease queue %u of %s to %s", att->leases[i].phys,
				      att->lender.nic.name, att->claim.key.ifname);
			nk_probe_remedy(rc, err);
			return rc;
		}
		if (id != att->leases[i].netkit)
			return nk_error_set(err, NK_CODE_INTERNAL, EPROTO,
					    "a lease got an unexpected queue id",
					    "queue %u of %s became %u of %s, not %u",
					    att->leases[i].phys, att->lender.nic.name, id,
					    att->claim.key.ifname, att->leases[i].netkit);
	}
	return 0;
}

/* refuse_lease() - CHECK found another lease than number @i, or none */
static int refuse_lease(const struct nk_attachment *att, uint32_t i, const struct nk_queue *found,
			struct nk_error *err)
{
	char text[64] = "none";

	if (found->leased)
		snprintf(text, sizeof(text), "one to ifindex %u (netns id %d) queue %u",
			 found->lease_ifindex, found->lease_nsid, found->lease_queue);
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the lease is lost",
			    "%s queue %u: expected a lease to ifindex %u (netns id %d) queue %u, "
			    "found %s",
			    att->lender.nic.name, att->leases[i].phys, att->claim.ifindex,
			    att->claim.nsid, att->leases[i].netkit, text);
}

static int check_lease(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_queue queue;
	uint32_t i;
	int rc;

	for (i = 0; i < att->lease_count; i++) {
		rc = nk_netdev_queue_get(&att->host, att->lender.nic.ifindex, att->leases[i].phys,
					 &queue, err);
		if (rc) {
			nk_error_class(err, NK_CODE_CHECK, "CHECK: cannot read the lease");
			if (rc == -ENOENT)
				nk_error_remedy(
					err,
					"see whether %s is down: ip link show. If nobody "
					"set it down on purpose, run: ip link set dev %s up",
					att->lender.nic.name, NK_QUOTED(att->lender.nic.name));
			return rc;
		}
		if (!queue.leased || queue.lease_ifindex != att->claim.ifindex ||
		    queue.lease_nsid != att->claim.nsid ||
		    queue.lease_queue != att->leases[i].netkit)
			return refuse_lease(att, i, &queue, err);
	}
	return 0;
}

/* remove_lease() - wait for the AF_XDP sockets on the queues; the lease itself ends with the device, and in no other way
 *
 * The kernel takes an AF_XDP socket that was just closed off its queue later (xp_release_deferred()), through the
 * device. If the device is deleted in between, Linux 7.3.4 leaves the NIC's queue bound to the socket's buffers and
 * logs a warning. From a living socket the kernel unbinds the queue itself. So it does from a memory provider, living or
 * not: nobody waits for one.
 */
static int remove_lease(struct nk_attachment *att, const struct nk_delete_options *how UNUSED,
			struct nk_error *err UNUSED)
{
	uint32_t i, limit = NK_USERS_END_MS;

	for (i = 0; att->lender.nic.ifindex && i < att->lease_count; i++)
		nk_netdev_queue_wait(&att->host, att->lender.nic.ifindex, att->leases[i].phys,
				     NK_QUEUE_XSK, &limit);
	return 0;
}

const struct nk_step nk_step_lease = {
	.name = "lease",
	.removal = "wait until the queues are unused",
	.create = create_lease,
	.check = check_lease,
	.remove = remove_lease,
};
