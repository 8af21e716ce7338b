// SPDX-License-Identifier: Apache-2.0
/* nic.c - find a NIC by name, altname, parent device or ifindex */
#include "kernel/nic.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/link.h"
#include "kernel/sysnet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static void make_nic(const struct nk_link *link, struct nk_nic *nic)
{
	*nic = (struct nk_nic){
		.ifindex = link->ifindex,
		.mtu = link->mtu,
		.up = link->up,
		.num_rx_queues = link->num_rx_queues,
		.xdp_prog_id = link->xdp_prog_id,
	};
	memcpy(nic->name, link->name, sizeof(nic->name));
	memcpy(nic->mac, link->mac, sizeof(nic->mac));
	memcpy(nic->permanent_mac, link->permanent_mac, sizeof(nic->permanent_mac));
	memcpy(nic->parent_bus, link->parent_bus, sizeof(nic->parent_bus));
	memcpy(nic->parent_dev, link->parent_dev, sizeof(nic->parent_dev));
	if (!strcmp(link->parent_bus, "pci"))
		snprintf(nic->pci_id, sizeof(nic->pci_id), "%.15s", link->parent_dev);
	else if (*link->parent_bus)
		nk_sysnet_pci(link->parent_bus, link->parent_dev, nic->pci_id);
}

/* find_by_device() - the NIC of a device, or of a part of it.
 *
 * Return: 0; -ENODEV (which fills no error); or another negative errno
 */
static int find_by_device(struct nk_nl *nl, const char *device, struct nk_nic *ret,
			  struct nk_error *err)
{
	struct nk_link_list links cleanup_list = { 0 };
	struct nk_nic nic, found[2]; /* of the device itself, and of a part */
	uint32_t counts[2] = { 0 }, i;
	int rc = nk_link_read(nl, NK_NSID_HERE, NULL, &links, err), part;

	for (i = 0; i < links.count && !rc; i++) {
		if (!*links.at[i].parent_dev)
			continue;
		make_nic(&links.at[i], &nic);
		part = strcmp(nic.parent_dev, device) != 0;
		if (part && strcmp(nic.pci_id, device) != 0)
			continue;
		if (counts[part] && found[part].ifindex == nic.ifindex)
			continue; /* the list may have a device twice */
		found[part] = nic;
		counts[part]++;
	}
	part = !counts[0];
	if (rc || !counts[part])
		return rc ? rc : -ENODEV;
	if (counts[part] > 1)
		return nk_error_set(err, NK_CODE_CONFIG, ENOTUNIQ,
				    "the bus address belongs to several network devices",
				    "%s: use the name of one of its %u network devices", device,
				    counts[part]);
	*ret = found[part];
	return 0;
}

int nk_nic_get(struct nk_nl *nl, const char *name, struct nk_nic *ret, struct nk_error *err)
{
	struct nk_error unnamed = { 0 };
	struct nk_link link;
	int rc, by_device;

	rc = nk_link_get(nl, NK_NSID_HERE, name, 0, &link, &unnamed);
	if (!rc)
		make_nic(&link, ret);
	by_device = rc == -ENODEV && strlen(name) < NK_PARENT_SIZE ?
			    find_by_device(nl, name, ret, err) :
			    rc;
	if (by_device == rc && rc)
		*err = unnamed;
	return by_device;
}

int nk_nic_get_by_index(struct nk_nl *nl, uint32_t ifindex, struct nk_nic *ret,
			struct nk_error *err)
{
	struct nk_link link;
	int rc = nk_link_get(nl, NK_NSID_HERE, NULL, ifindex, &link, err);

	if (!rc)
		make_nic(&link, ret);
	return rc;
}
