// SPDX-License-Identifier: Apache-2.0
/* probe.c - find out whether a NIC can lend queues */
#include "kernel/probe.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/link.h"
#include "kernel/netdev.h"
#include "kernel/netkit.h"
#include "kernel/netns.h"
#include "kernel/nl.h"

#include <errno.h>

#include "base/banned.h"

void nk_probe_remedy(int rc, struct nk_error *err)
{
	if (rc == -EINVAL || rc == -EOPNOTSUPP)
		nk_error_remedy(
			err,
			"use a NIC whose driver can lend queues: mlx5 or gve; if AF_XDP is not "
			"needed, also bnxt or fbnic");
}

static int try_lease(struct nk_nl *nl, int own, const struct nk_nic *nic, struct nk_error *err)
{
	static const uint8_t mac[NK_MAC_LEN] = { 0x02, 0, 0, 0, 0, 1 };
	const struct nk_netkit_spec spec = {
		.name = "nk-probe",
		.mac = mac,
		.mtu = 1500,
		.num_rx_queues = 2,
	};
	struct nk_link link;
	uint32_t id;
	int32_t nsid;
	int rc;

	rc = nk_link_nsid(nl, own, true, &nsid, err);
	if (!rc)
		rc = nk_netkit_create_single(nl, &spec, &link, err);
	if (rc)
		return rc;
	rc = nk_netdev_lease(nl, link.ifindex, nsid, nic->ifindex, UINT32_MAX, &id, err);
	if (rc != -ERANGE)
		return rc;
	nk_error_reset(err);
	return 0;
}

int nk_probe_can_lease(const struct nk_nic *nic, struct nk_error *err)
{
	int own cleanup_close = nk_netns_open_own(err);
	int netns cleanup_close = own < 0 ? -1 : nk_netns_new(err);
	struct nk_nl nl;
	int rc;

	if (netns < 0)
		return -err->sys;
	rc = nk_nl_open(&nl, netns, "probe", err);
	if (rc)
		return rc;
	rc = try_lease(&nl, own, nic, err);
	nk_nl_close(&nl);
	if (rc) {
		nk_error_wrap(err, "probe whether %s can lease", nic->name);
		nk_probe_remedy(rc, err);
	}
	return rc;
}
