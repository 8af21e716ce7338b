// SPDX-License-Identifier: Apache-2.0
/* check.c - CHECK: compare what exists with what ADD created */
#include "commands.h"

#include "attach/address.h"
#include "attach/attach.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "bpffs/nicdir.h"
#include "cni/ipam.h"
#include "cni/result.h"
#include "kernel/netns.h"

#include <errno.h>

#include "base/banned.h"

/* refuse_absent() - no claim names it, and it is no pair that was found */
static int refuse_absent(struct nk_attachment *att, const struct nk_config *config,
			 struct nk_error *err)
{
	struct nk_error unread = { 0 };

	nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the attachment does not exist",
		     config->pair ? "no host device belongs to %s of container %.16s" :
				    "no claim names %s of container %.16s",
		     att->claim.key.ifname, att->claim.key.container_id);
	if (!config->pair && nk_attach_find_unclaimed(att, &unread) > 0)
		nk_error_remedy(err,
				"somebody has removed its claims below %s/nk-cni, but its device "
				"exists: recreate the Pod",
				config->bpffs);
	return -ENOENT;
}

/* load_attachment() - from its claims on any NIC, as "master" may have changed since ADD; a pair without queues
 * from its host device
 */
static int load_attachment(struct nk_attachment *att, const struct nk_config *config,
			   struct nk_error *err)
{
	struct nk_nicdir_list nics cleanup_list = { 0 };
	struct nk_error mine = { 0 };
	int rc = nk_nicdir_read(config->bpffs, &nics, err), one = 0;
	uint32_t i;

	for (i = 0; i < nics.count && one <= 0; i++) {
		one = nk_attach_load(att, false, config->bpffs, nics.at[i], &mine);
		rc = nk_log_keep_first(rc, one < 0 ? one : 0, err, &mine);
	}
	if (one > 0) {
		nk_error_reset(err); /* errors of other NICs' directories do not matter */
		return 0;
	}
	one = config->pair ? nk_attach_find_pair(att, &mine) : 0;
	if (one > 0) {
		nk_error_reset(err);
		return 0;
	}
	rc = nk_log_keep_first(rc, one < 0 ? one : 0, err, &mine);
	return rc ? rc : refuse_absent(att, config, err);
}

static int check_addresses(const struct nk_request *request, const struct nk_config *config,
			   struct nk_attachment *att, struct nk_ipam_result *ips,
			   struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	int32_t interface;
	int rc = 0;

	interface = nk_result_find(config->prev, att->claim.key.ifname, request->netns);
	if (config->set_addresses)
		rc = nk_ipam_parse(config->prev, "prevResult", ips, err);
	if (!rc)
		rc = nk_address_check(att, config, ips, interface, err);
	nk_attach_unload(att); /* unlock the NIC while the IPAM plugin runs */
	if (!rc && *config->ipam_type)
		rc = nk_ipam_check(&ipam, err);
	return rc;
}

int nk_cmd_check(const struct nk_request *request, const struct nk_config *config,
		 struct nk_attachment *att, struct nk_ipam_result *ips, struct nk_error *err)
{
	struct nk_result expected;
	int rc;

	rc = nk_result_check_shape(config->prev, config->cni_version, err);
	if (!rc)
		rc = nk_attachment_init(att, request, config, err);
	if (rc)
		return rc;
	att->netns_fd = nk_netns_open(request->netns, err);
	if (att->netns_fd < 0)
		return att->netns_fd;
	rc = load_attachment(att, config, err);
	if (!rc)
		rc = nk_attach_check(att, err);
	if (!rc)
		rc = nk_attach_read_macs(att, err);
	if (rc)
		return rc;
	nk_attach_result(att, request, config, &expected);
	rc = nk_result_check_prev(config->prev, &expected, err);
	return rc ? rc : check_addresses(request, config, att, ips, err);
}
