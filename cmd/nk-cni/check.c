// SPDX-License-Identifier: Apache-2.0
/* check.c - CHECK: read back all that ADD made */
#include "commands.h"

#include "attach.h"
#include "error.h"
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

int nk_cmd_check(const struct nk_request *request, const struct nk_config *config,
		 struct nk_attachment *att, struct nk_error *err)
{
	struct search search = { .att = att, .config = config };
	struct nk_result expected;
	int rc;

	rc = nk_attachment_init(att, request, config, err);
	if (rc)
		return rc;
	att->netns_fd = nk_netns_open(request->netns, err);
	if (att->netns_fd < 0)
		return att->netns_fd;
	rc = nk_nicdir_each(config->bpffs, load_first, &search, err);
	if (search.found)
		nk_error_reset(err); /* what another NIC's directory has is not our concern */
	else if (rc)
		return rc;
	if (!search.found)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT,
				    "CHECK: there is no such attachment",
				    "no claim below %s/nk-cni names %s of container %.16s",
				    config->bpffs, request->ifname, request->container_id);
	rc = nk_attach_check(att, err);
	if (rc)
		return rc;
	nk_attach_result(att, request, config, &expected);
	return nk_result_check_prev(config->prev, &expected, err);
}
