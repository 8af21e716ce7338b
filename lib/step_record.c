// SPDX-License-Identifier: Apache-2.0
/*
 * step_record.c - step "record": what a sidecar needs to know, where it can be read
 *
 * It is for others alone: CHECK only warns where it is missing, for the attachment is none the
 * worse, and what others have put in its place must not keep a Pod from being deleted.
 *
 * The file of Kubernetes' device information is the runtime's to delete, and not ours to change
 * where it is there already: then a device plugin has written it (device-info-spec 1.1.0, 4.2.1
 * and 5.1.2). An ADD that fails takes back one that it has written.
 */
#include "steps.h"

#include "cleanup.h"
#include "error.h"
#include "handover.h"
#include "log.h"
#include "record.h"
#include "uapi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "banned.h"

static int out_of_memory(struct nk_error *err)
{
	return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
}

/* list_queues() - with their interrupts, as far as the driver tells them */
static int list_queues(struct nk_attachment *att, struct nk_handover_queue *queues,
		       struct nk_error *err)
{
	uint32_t i;
	int rc;

	for (i = 0; i < att->lease_count; i++) {
		queues[i].lease = att->leases[i];
		rc = nk_netdev_irq(&att->host, att->lender.nic.ifindex, att->leases[i].phys,
				   &queues[i].irq, err);
		if (rc == -ENOENT)
			queues[i].irq = NK_HANDOVER_NO_IRQ;
		else if (rc)
			return rc;
	}
	return 0;
}

/* can_zero_copy() - as netkit_xsk() of drivers/net/netkit.c decides. Return: 1, 0, or an errno */
static int can_zero_copy(struct nk_attachment *att, struct nk_error *err)
{
	uint64_t features = 0;
	int rc;

	if (att->pair)
		return 0;
	rc = nk_netdev_xdp_features(&att->host, att->lender.nic.ifindex, &features, err);
	return rc ? rc : (features & NK_XDP_ACT_ZEROCOPY) == NK_XDP_ACT_ZEROCOPY;
}

/* print_record() - Return: attachment.json, to be freed, or NULL and an error */
static char *print_record(struct nk_attachment *att, const struct nk_config *config,
			  const char *map, struct nk_error *err)
{
	off_stack struct nk_handover_queue queues[NK_LEASES_MAX];
	struct nk_handover handover = {
		.network = att->key.network,
		.container_id = att->key.container_id,
		.cni_ifname = att->key.cni_ifname,
		.ifname = att->key.ifname,
		.netns = att->netns,
		.pod = att->pod_name,
		.nic = att->lender.nic.name,
		.pci_id = att->lender.nic.pci_id,
		.numa_node = nk_netdev_numa(&att->lender.nic),
		.has_mac = config->netkit.mode == NK_NETKIT_L2,
		.mtu = att->mtu,
		.ips = att->given->ips,
		.ip_count = att->given->ip_count,
		.queues = queues,
		.queue_count = att->lease_count,
		.map = att->with_map ? map : NULL,
		.xsk = config->xsk,
		.frame_size = config->xsk_frame_size,
		.page_size = (uint32_t)sysconf(_SC_PAGESIZE),
	};
	int zero_copy = can_zero_copy(att, err);
	char *text;

	if (zero_copy < 0 || list_queues(att, queues, err))
		return NULL;
	handover.zero_copy = zero_copy;
	memcpy(handover.mac, att->mac, sizeof(handover.mac));
	text = nk_handover_print(&handover);
	if (!text)
		out_of_memory(err);
	return text;
}

static int write_record(struct nk_attachment *att, const struct nk_config *config, const char *map,
			struct nk_error *err)
{
	char *text = print_record(att, config, map, err);
	uint32_t i;
	int rc = text ? 0 : -err->sys;

	/* The queues are claimed for us: what is told of them is of one whose bpffs was emptied. */
	for (i = 1; i < att->lease_count && !rc; i++)
		rc = nk_record_remove(&att->lender.dir, att->leases[i].phys, err);
	if (!rc)
		rc = nk_record_write(&att->lender.dir, att->leases[0].phys, text, err);
	free(text);
	return rc;
}

static int write_device_info(struct nk_attachment *att, const char *path, const char *map,
			     struct nk_error *err)
{
	char *text = nk_handover_print_device_info(map);
	int rc = text ? nk_record_put(path, text, err) : out_of_memory(err);

	free(text);
	if (rc > 0)
		memcpy(att->device_info, path, sizeof(att->device_info));
	return rc < 0 ? rc : 0;
}

int nk_step_record_create(struct nk_attachment *att, const struct nk_config *config,
			  struct nk_error *err)
{
	char map[NK_PATH_SIZE];
	int rc;

	nk_nicdir_xsks_map(&att->lender.dir, att->leases[0].phys, map);
	rc = write_record(att, config, map, err);
	if (!rc && att->with_map && *config->device_info)
		rc = write_device_info(att, config->device_info, map, err);
	return rc;
}

int nk_step_record_check(struct nk_attachment *att, struct nk_error *err)
{
	char path[NK_PATH_SIZE];

	(void)err;
	if (!att->lease_count)
		return 0;
	nk_record_path(&att->lender.dir, att->leases[0].phys, path);
	if (access(path, R_OK))
		nk_log_warn("%s is gone, by which a sidecar finds the queues: %s", path,
			    nk_errno_name(errno));
	return 0;
}

/* is_in_the_way() - of a record: what others have put there; it will be there the next time too */
static bool is_in_the_way(int rc)
{
	return rc == -EISDIR || rc == -ENOTDIR || rc == -ENOTEMPTY || rc == -ELOOP || rc == -EROFS;
}

int nk_step_record_remove(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc;

	if (*att->device_info && unlink(att->device_info) && errno != ENOENT)
		nk_log_warn("unlink %s: %s", att->device_info, nk_errno_name(errno));
	rc = att->lease_count ? nk_record_remove(&att->lender.dir, att->leases[0].phys, &mine) : 0;
	if (!rc)
		return 0;
	if (!is_in_the_way(rc)) {
		*err = mine;
		return rc;
	}
	nk_log_warn("%s", mine.details);
	return 0;
}
