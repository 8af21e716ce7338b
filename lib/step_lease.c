// SPDX-License-Identifier: Apache-2.0
/* step_lease.c - step "lease": the NIC's queues become the device's */
#include "steps.h"

#include "cleanup.h"
#include "error.h"
#include "netns.h"
#include "probe.h"
#include "text.h"

#include <errno.h>

#include "banned.h"

int nk_step_lease_create(struct nk_attachment *att, const struct nk_config *config,
			 struct nk_error *err)
{
	int own cleanup_close = nk_netns_open_own(err);
	uint32_t i, id;
	int rc;

	(void)config;
	if (own < 0)
		return own;
	rc = nk_link_nsid(&att->pod, own, true, &att->nic_nsid, err);
	if (rc)
		return rc;
	for (i = 0; i < att->lease_count; i++) {
		rc = nk_netdev_lease(&att->pod, att->ifindex, att->nic_nsid,
				     att->lender.nic.ifindex, att->leases[i].phys, &id, err);
		if (rc) {
			nk_error_wrap(err, "lease queue %u of %s to %s", att->leases[i].phys,
				      att->lender.nic.name, att->key.ifname);
			nk_probe_remedy(rc, err);
			return rc;
		}
		if (id != att->leases[i].netkit)
			return nk_error_set(err, NK_CODE_INTERNAL, EPROTO,
					    "a lease got an unexpected queue id",
					    "queue %u of %s became %u of %s, not %u",
					    att->leases[i].phys, att->lender.nic.name, id,
					    att->key.ifname, att->leases[i].netkit);
	}
	return 0;
}

int nk_step_lease_check(struct nk_attachment *att, struct nk_error *err)
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
				nk_error_remedy(err, "ip link set dev %s up",
						NK_QUOTED(att->lender.nic.name));
			return rc;
		}
		if (!queue.leased || queue.lease_ifindex != att->ifindex ||
		    queue.lease_nsid != att->nsid || queue.lease_queue != att->leases[i].netkit)
			return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the lease is lost",
					    "%s queue %u: expected a lease to ifindex %u (netns "
					    "id %d) queue %u, found %s %u (netns id %d) queue %u",
					    att->lender.nic.name, att->leases[i].phys, att->ifindex,
					    att->nsid, att->leases[i].netkit,
					    queue.leased ? "one to" : "none:", queue.lease_ifindex,
					    queue.lease_nsid, queue.lease_queue);
	}
	return 0;
}

/**
 * lease_remove() - have the queues let go of what used them
 *
 * The lease itself ends with the device: the kernel has no other way. But an AF_XDP socket that was
 * closed a moment ago is taken off its queue later (xp_release_deferred()), by way of the device. On
 * 7.3.4 a device that is deleted in between leaves the NIC's queue bound to nobody's buffers, and
 * the kernel's log a warning. A socket that stays is alive, and the kernel then unbinds it itself.
 */
int nk_step_lease_remove(struct nk_attachment *att, struct nk_error *err)
{
	uint32_t i, limit = NK_USERS_END_MS;

	(void)err;
	for (i = 0; att->lender.nic.ifindex && i < att->lease_count; i++)
		nk_netdev_queue_wait(&att->host, att->lender.nic.ifindex, att->leases[i].phys,
				     NK_QUEUE_USED, &limit);
	return 0;
}
