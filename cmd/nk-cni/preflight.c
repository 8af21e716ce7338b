// SPDX-License-Identifier: Apache-2.0
/* preflight.c - check what ADD needs and STATUS reports: kernel, bpffs, NIC; read only */
#include "commands.h"

#include "attach/attach.h"
#include "base/error.h"
#include "base/queues.h"
#include "base/text.h"
#include "kernel/netdev.h"
#include "kernel/netkit.h"
#include "kernel/nic.h"
#include "kernel/physical.h"
#include "kernel/probe.h"
#include "nic/nic_probe.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

static int find_nic(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err)
{
	int rc = nk_nic_get(&att->host, config->master, &att->lender.nic, err);

	if (rc == -ENODEV) {
		nk_error_class(err, NK_CODE_CONFIG, "the NIC does not exist");
		nk_error_remedy(err, "set \"master\" to a NIC of this node; ip link lists them");
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
	return nk_error_config(
		err, "deviceID: \"%.64s\" does not belong to the NIC in \"master\", %.64s",
		config->device_id, config->master);
}

/* check_lease() - comes first: whether it can lend queues matters most. A NIC with attachments can. */
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

/* check_mac() - a flow rule for the NIC's own MAC would take the host's frames */
static int check_mac(const struct nk_nic *nic, const struct nk_config *config, struct nk_error *err)
{
	uint32_t i;

	/* The parser refuses the NIC's MAC when it is given as "master". */
	if (config->mac_source != NK_MAC_GIVEN || memcmp(config->mac, nic->mac, NK_MAC_LEN) != 0)
		return 0;
	for (i = 0; i < config->steering_count && config->steering[i].match != NK_MATCH_MAC; i++)
		;
	if (i == config->steering_count)
		return 0;
	nk_error_set(err, NK_CODE_CONFIG, EADDRINUSE,
		     "a flow rule would take the host's own frames",
		     "steering: the device would have the MAC of %s", nic->name);
	return nk_error_remedy(err, "use another \"mac\", or \"steering\": [{\"match\": \"ip\"}]");
}

static int check_nic(struct nk_attachment *att, const struct nk_config *config,
		     struct nk_error *err)
{
	int rc = check_lease(att, config, err);

	if (!rc)
		rc = nk_nic_probe_up(&att->lender.nic, err);
	if (!rc)
		rc = check_mac(&att->lender.nic, config, err);
	return rc ? rc : nk_nic_probe(&att->host, &att->lender.nic, config, err);
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
	if (!rc && config->rings.split)
		rc = nk_netkit_check_unreadable(err);
	if (!rc)
		rc = nk_nicdir_check_usable(config->bpffs, err);
	if (!rc && att->lender.nic.ifindex)
		rc = check_nic(att, config, err);
	return rc;
}
