// SPDX-License-Identifier: Apache-2.0
/* del.c - DEL: remove what the claims name, whatever else has gone */
#include "commands.h"

#include "attach.h"
#include "error.h"
#include "netns.h"

#include "banned.h"

struct deletion {
	struct nk_attachment *att;
	const struct nk_config *config;
	bool found;
};

/* delete_on() - remove the attachment if this NIC's claims name it. */
static int delete_on(const char *nic, void *data, struct nk_error *err)
{
	struct deletion *deletion = data;
	int rc = nk_attach_load(deletion->att, deletion->config->bpffs, nic, err);

	if (rc <= 0)
		return rc;
	deletion->found = true;
	deletion->att->drop_program = !deletion->config->xdp_keep;
	rc = nk_attach_remove(deletion->att, err);
	nk_attach_unload(deletion->att);
	return rc;
}

int nk_cmd_del(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_error *err)
{
	struct deletion deletion = { .att = att, .config = config };
	struct nk_error no_netns = { 0 };
	int rc;

	rc = nk_attachment_init(att, request, config, err);
	if (rc)
		return rc;
	/* All of it can be found without the netns, which may be gone, or never was ours. */
	if (*request->netns)
		att->netns_fd = nk_netns_open(request->netns, &no_netns);
	rc = nk_nicdir_each(config->bpffs, delete_on, &deletion, err);
	if (!rc && !deletion.found)
		rc = nk_attach_repair(att, err);
	if (rc)
		nk_error_wrap(err, "delete %s of container %.16s", request->ifname,
			      request->container_id);
	return rc;
}
