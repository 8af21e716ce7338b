// SPDX-License-Identifier: Apache-2.0
/* preflight.c - what ADD needs and STATUS asks: kernel, bpffs, NIC; changes nothing */
#include "commands.h"

#include "attach.h"
#include "error.h"
#include "netdev.h"
#include "netkit.h"
#include "physical.h"
#include "probe.h"
#include "queues.h"
#include "slice.h"
#include "text.h"

#include <errno.h>

#include "banned.h"

static int find_nic(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err)
{
	int rc = nk_nic_get(&att->host, config->master, &att->lender.nic, err);

	if (rc == -ENODEV) {
		nk_error_class(err, NK_CODE_CONFIG, "the NIC does not exist");
		nk_error_remedy(err, "name a NIC of this node in \"master\": see ip link");
	}
	return rc;
}

int nk_preflight_device(struct nk_attachment *att, const struct nk_config *config,
			struct nk_error *err)
{
	char name[NK_ALTNAME_SIZE];
	struct nk_queue_set queues;
	struct nk_nic named, device;
	int rc;

	if (!*config->device_id)
		return 0;
	if (nk_device_id_parse(config->device_id, "deviceID", name, &queues, err) < 0)
		return -EINVAL;
	rc = nk_nic_get(&att->host, config->master, &named, err);
	if (!rc)
		rc = nk_nic_get(&att->host, name, &device, err);
	if (rc != -ENODEV && (rc || named.ifindex == device.ifindex))
		return rc;
	nk_error_reset(err);
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
			    "deviceID: \"%.64s\" is not of the NIC in \"master\", %.64s",
			    config->device_id, config->master);
}

/* check_lease() - before anything is said of what else it cannot do. One that has lent before can. */
static int check_lease(struct nk_attachment *att, const struct nk_config *config,
		       struct nk_error *err)
{
	const struct nk_nic *nic = &att->lender.nic;
	struct nk_error unknown = { 0 };
	int rc;

	if (nk_attach_has_any(att, config->bpffs, nic->name, &unknown) > 0)
		return 0;
	rc = nk_probe_can_lease(nic, err);
	if (rc == -EINVAL || rc == -EOPNOTSUPP)
		nk_physical_explain(&att->host, nic, err);
	return rc;
}

/* check_up() - a NIC that is down tells nothing of its queues. */
static int check_up(const struct nk_nic *nic, struct nk_error *err)
{
	if (nic->up)
		return 0;
	nk_error_set(err, NK_CODE_RETRY, ENETDOWN, "the NIC is down",
		     "%s: its queues cannot be read while it is down", nic->name);
	nk_error_remedy(err, "ip link set dev %s up", NK_QUOTED(nic->name));
	return -ENETDOWN;
}

static int check_nic(struct nk_attachment *att, const struct nk_config *config,
		     struct nk_error *err)
{
	int rc = check_lease(att, config, err);

	if (!rc)
		rc = check_up(&att->lender.nic, err);
	return rc ? rc : nk_slice_probe(&att->host, &att->lender.nic, config, err);
}

int nk_preflight(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err)
{
	int rc = nk_preflight_device(att, config, err);

	if (!rc && *config->master)
		rc = find_nic(att, config, err);
	if (!rc)
		rc = config->pair ? nk_netkit_probe(&att->host, err) :
				    nk_netkit_probe_single(&att->host, err);
	if (rc || (!config->queue_count && !config->awaits_device))
		return rc;
	rc = nk_netdev_probe_lease(&att->host, err);
	if (!rc)
		rc = nk_nicdir_check_bpffs(config->bpffs, err);
	if (!rc && att->lender.nic.ifindex)
		rc = check_nic(att, config, err);
	return rc;
}
