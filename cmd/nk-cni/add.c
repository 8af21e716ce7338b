// SPDX-License-Identifier: Apache-2.0
/* add.c - ADD: look before anything is changed, then make the attachment */
#include "commands.h"

#include "attach.h"
#include "error.h"
#include "netdev.h"
#include "netns.h"

#include <errno.h>

#include "banned.h"

/* find_nic() - the NIC must be there, and up: a NIC that is down tells nothing of its queues. */
static int find_nic(struct nk_attachment *att, const char *master, struct nk_error *err)
{
	int rc = nk_nic_get(&att->host, master, &att->nic, err);

	if (rc == -ENODEV) {
		nk_error_class(err, NK_CODE_CONFIG, "the NIC does not exist");
		nk_error_remedy(err, "name a NIC of this node in \"master\": see ip link");
	}
	if (rc)
		return rc;
	if (att->nic.up)
		return 0;
	nk_error_set(err, NK_CODE_KERNEL, ENETDOWN, "the NIC is down",
		     "%s: its queues cannot be read while it is down", att->nic.name);
	nk_error_remedy(err, "ip link set dev %s up", att->nic.name);
	return -ENETDOWN;
}

int nk_cmd_add(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_result *ret, struct nk_error *err)
{
	int rc;

	rc = nk_attachment_init(att, request, config, err);
	if (rc)
		return rc;
	att->netns_fd = nk_netns_open(request->netns, err);
	if (att->netns_fd < 0)
		return att->netns_fd;
	rc = nk_link_probe_single(&att->host, err);
	if (!rc)
		rc = nk_netdev_probe_lease(&att->host, err);
	if (!rc)
		rc = nk_nicdir_check_bpffs(config->bpffs, err);
	if (!rc)
		rc = find_nic(att, config->master, err);
	if (!rc)
		rc = nk_attach_create(att, config, err);
	if (rc) {
		nk_error_wrap(err, "add %s to container %.16s", request->ifname,
			      request->container_id);
		return rc;
	}
	nk_attach_result(att, request, config, ret);
	return 0;
}
