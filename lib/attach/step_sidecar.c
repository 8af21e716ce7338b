// SPDX-License-Identifier: Apache-2.0
/*
 * step_sidecar.c - step "sidecar": files that tell the programs beside a Pod about its queues
 *
 * nk-cni does not need them. So CHECK only warns if attachment.json is missing, and DEL succeeds if
 * others have put something in its place.
 *
 * The runtime deletes Kubernetes' device information. If that file exists at ADD, a device plugin has
 * written it, and it stays as it is (device-info-spec 1.1.0, 4.2.1 and 5.1.2). An ADD that fails
 * removes the file if it has written it.
 */
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "kernel/uapi.h"
#include "run/sidecar.h"
#include "run/sidecar_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

/* list_queues() - with their interrupts, if the driver reports them */
static int list_queues(struct nk_attachment *att, struct nk_sidecar_queue *queues,
		       struct nk_error *err)
{
	uint32_t i;
	int rc;

	for (i = 0; i < att->lease_count; i++) {
		queues[i].lease = att->leases[i];
		rc = nk_netdev_irq(&att->host, att->lender.nic.ifindex, att->leases[i].phys,
				   &queues[i].irq, err);
		if (rc == -ENOENT)
			queues[i].irq = NK_SIDECAR_NO_IRQ;
		else if (rc)
			return rc;
	}
	return 0;
}

/* can_zero_copy() - as netkit_xsk() in drivers/net/netkit.c decides. Return: 1, 0, or a negative errno */
static int can_zero_copy(struct nk_attachment *att, struct nk_error *err)
{
	uint64_t features = 0;
	int rc;

	if (att->claim.pair)
		return 0;
	rc = nk_netdev_xdp_features(&att->host, att->lender.nic.ifindex, &features, err);
	return rc ? rc : (features & NK_XDP_ACT_ZEROCOPY) == NK_XDP_ACT_ZEROCOPY;
}

/* print_sidecar() - Return: attachment.json, which the caller frees, or NULL and an error */
static char *print_sidecar(struct nk_attachment *att, const struct nk_add *add, const char *map,
			   struct nk_error *err)
{
	off_stack struct nk_sidecar_queue queues[NK_LEASES_MAX];
	struct nk_sidecar sidecar = {
		.network = att->claim.key.network,
		.container_id = att->claim.key.container_id,
		.cni_ifname = att->claim.key.cni_ifname,
		.ifname = att->claim.key.ifname,
		.netns = add->netns,
		.pod = att->claim.pod_name,
		.nic = att->lender.nic.name,
		.pci_id = att->lender.nic.pci_id,
		.numa_node = nk_netdev_numa(&att->lender.nic),
		.has_mac = add->config->netkit.mode == NK_NETKIT_L2,
		.mtu = att->claim.mtu,
		.ips = add->given->ips,
		.ip_count = add->given->ip_count,
		.queues = queues,
		.queue_count = att->lease_count,
		.map = att->claim.with_map ? map : NULL,
		.xsk = add->config->xsk,
		.frame_size = add->config->xsk_frame_size,
		.page_size = (uint32_t)sysconf(_SC_PAGESIZE),
	};
	int zero_copy = can_zero_copy(att, err);
	char *text;

	if (zero_copy < 0 || list_queues(att, queues, err))
		return NULL;
	sidecar.zero_copy = zero_copy;
	memcpy(sidecar.mac, att->claim.mac, sizeof(sidecar.mac));
	text = nk_sidecar_print(&sidecar);
	if (!text)
		nk_error_no_memory(err);
	return text;
}

static int write_sidecar(struct nk_attachment *att, const struct nk_add *add, const char *map,
			 struct nk_error *err)
{
	char *text cleanup_free = print_sidecar(att, add, map, err);
	uint32_t i;
	int rc = text ? 0 : -err->sys;

	/* We have claimed the queues: the other files are of an attachment whose bpffs was emptied. */
	for (i = 1; i < att->lease_count && !rc; i++)
		rc = nk_sidecar_file_remove(&att->lender.dir, att->leases[i].phys, err);
	if (!rc)
		rc = nk_sidecar_file_write(&att->lender.dir, att->leases[0].phys, text, err);
	return rc;
}

static int write_device_info(struct nk_add *add, const char *map, struct nk_error *err)
{
	const char *path = add->config->device_info;
	char *text cleanup_free = nk_sidecar_print_device_info(map);
	int rc = text ? nk_sidecar_file_put(path, text, err) : nk_error_no_memory(err);

	if (rc > 0)
		memcpy(add->device_info, path, sizeof(add->device_info));
	return rc < 0 ? rc : 0;
}

static int create_sidecar(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	const struct nk_config *config = add->config;
	char map[NK_PATH_SIZE];
	int rc;

	nk_nicdir_xsks_map(&att->lender.dir, att->leases[0].phys, map);
	rc = write_sidecar(att, add, map, err);
	if (!rc && att->claim.with_map && *config->device_info)
		rc = write_device_info(add, map, err);
	return rc;
}

static int check_sidecar(struct nk_attachment *att, struct nk_error *err UNUSED)
{
	char path[NK_PATH_SIZE];

	if (!att->lease_count)
		return 0;
	nk_sidecar_file_path(&att->lender.dir, att->leases[0].phys, path);
	if (access(path, R_OK))
		nk_log_warn("cannot read the attachment file %s: %s", path, nk_errno_name(errno));
	return 0;
}

/* is_foreign() - does this errno of unlink() show that others have put something else there? It would still be there at
 * the next DEL.
 */
static bool is_foreign(int rc)
{
	return rc == -EISDIR || rc == -ENOTDIR || rc == -ENOTEMPTY || rc == -ELOOP || rc == -EROFS;
}

bool nk_step_sidecar_is_left(const struct nk_attachment *att)
{
	char path[NK_PATH_SIZE];

	nk_sidecar_file_path(&att->lender.dir, att->leases[0].phys, path);
	return access(path, W_OK) && errno == EROFS;
}

static int remove_sidecar(struct nk_attachment *att, const struct nk_delete_options *how,
			  struct nk_error *err)
{
	const char *info = how->undo ? how->undo->device_info : "";
	struct nk_error mine = { 0 };
	int rc = 0;

	if (*info && unlink(info) && errno != ENOENT)
		nk_log_warn("cannot remove the device information file %s: %s", info,
			    nk_errno_name(errno));
	if (att->lease_count)
		rc = nk_sidecar_file_remove(&att->lender.dir, att->leases[0].phys, &mine);
	if (is_foreign(rc))
		nk_log_tolerated(&mine);
	else if (rc)
		*err = mine;
	return is_foreign(rc) ? 0 : rc;
}

const struct nk_step nk_step_sidecar = {
	.name = "sidecar",
	.removal = "remove the attachment file",
	.needs_addresses = true,
	.create = create_sidecar,
	.check = check_sidecar,
	.remove = remove_sidecar,
};
