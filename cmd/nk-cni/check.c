// SPDX-License-Identifier: Apache-2.0
/* check.c - CHECK: read back all that ADD made */
#include "commands.h"

#include "address.h"
#include "attach.h"
#include "error.h"
#include "ipam.h"
#include "netns.h"
#include "result.h"

#include <errno.h>

#include "banned.h"

/* The NIC whose claims hold the attachment; the configuration may name another one by now. */
struct search {
	struct nk_attachment *att;
	const struct nk_config *config;
	bool found;
};

static int load_first(const char *nic, void *data, struct nk_error *err)
{
	struct search *search = data;
	int rc;

	if (search->found)
		return 0;
	rc = nk_attach_load(search->att, search->config->bpffs, nic, err);
	search->found = rc > 0;
	return rc < 0 ? rc : 0;
}

/* load() - by the claims, or, for a pair without queues, by its end on the host */
static int load(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err)
{
	struct search search = { .att = att, .config = config };
	struct nk_error no_pair = { 0 };
	int rc = nk_nicdir_each(config->bpffs, load_first, &search, err);

	if (search.found) {
		nk_error_reset(err); /* what another NIC's directory has is not our concern */
		return 0;
	}
	if (config->pair && nk_attach_find_pair(att, &no_pair) > 0) {
		nk_error_reset(err);
		return 0;
	}
	if (rc)
		return rc;
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: there is no such attachment",
			    config->pair ? "no pair's end on the host is of %s of container %.16s" :
					   "no claim names %s of container %.16s",
			    att->key.ifname, att->key.container_id);
}

static int check_addresses(const struct nk_request *request, const struct nk_config *config,
			   struct nk_attachment *att, struct nk_ipam_result *ips,
			   struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	int32_t interface;
	int rc = 0;

	interface = nk_result_find(config->prev, att->key.ifname, request->netns);
	if (config->set_addresses)
		rc = nk_ipam_parse(config->prev, "prevResult", ips, err);
	if (!rc)
		rc = nk_address_check(att, config, ips, interface, err);
	nk_attach_unload(att); /* the NIC is free for others while the plugin works */
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
	rc = load(att, config, err);
	if (!rc)
		rc = nk_attach_check(att, err);
	if (rc)
		return rc;
	nk_attach_result(att, request, config, &expected);
	rc = nk_result_check_prev(config->prev, &expected, err);
	return rc ? rc : check_addresses(request, config, att, ips, err);
}
