// SPDX-License-Identifier: Apache-2.0
/* del.c - DEL: remove what the claims and the host's end of a pair name, whatever else has gone */
#include "commands.h"

#include "attach.h"
#include "error.h"
#include "ipam.h"
#include "journal.h"
#include "log.h"
#include "netns.h"
#include "removal.h"
#include "result.h"

#include <errno.h>

#include "banned.h"

/* was_renamed() - was another name than the configuration's made? Then the prevResult, which has all
 * that was made, does not list it.
 */
static bool was_renamed(const struct nk_attachment *att, const struct nk_config *config)
{
	return config->prev && !nk_result_lists(config->prev, att->key.ifname);
}

/* delete_attachment() - from what CNI_NETNS is by now too, if it is the attachment's at all */
static int delete_attachment(struct nk_attachment *att, const struct nk_request *request,
			     const struct nk_config *config, struct nk_error *err)
{
	const struct nk_removal how = {
		.bpffs = config->bpffs,
		.master = config->master,
		.drop_program = !config->xdp_keep,
		.keep_rss = config->rss_keep,
		.also_any_name = was_renamed(att, config),
	};
	struct nk_error no_netns = { 0 };

	/* All of it can be found without the netns, which may be gone, or never was ours. */
	if (*request->netns)
		att->netns_fd = nk_netns_open(request->netns, &no_netns);
	return nk_removal_run(att, &how, err);
}

/* free_addresses() - also where the configuration has lost its IPAM plugin since, or has another one */
static int free_addresses(const struct nk_request *request, const struct nk_config *config,
			  const struct nk_key *key, struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	int rc =
		nk_journal_give_back(key, *config->ipam_type ? &ipam : NULL, NK_IPAM_OTHER_MS, err);

	if (!rc && *config->ipam_type)
		rc = nk_ipam_del(&ipam, err);
	return rc < 0 ? rc : 0;
}

/* lock() - the attachment. A lock that cannot be made, since /run is read-only or full, nobody has. */
static int lock(struct nk_attachment *att, struct nk_error *err)
{
	int rc = nk_journal_lock(&att->key, true, &att->journal, err);

	if (rc != -EROFS && rc != -ENOSPC && rc != -ENOENT && rc != -ENOTDIR && rc != -ELOOP)
		return rc;
	nk_log_warn("%s: %s", err->msg, err->details);
	nk_error_reset(err);
	return 0;
}

/* In this order: an address is free for others only when nothing of the old Pod answers for it, and it
 * is noted until it is free. Where the first fails the note stays, and the next DEL or sweep goes on.
 */
int nk_cmd_del(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_error *err)
{
	int rc;

	rc = nk_attachment_init(att, request, config, err);
	if (!rc)
		rc = lock(att, err);
	if (!rc)
		rc = delete_attachment(att, request, config, err);
	if (!rc)
		rc = free_addresses(request, config, &att->key, err);
	if (!rc)
		nk_journal_forget(&att->key);
	else
		nk_error_wrap(err, "delete %s of container %.16s", att->key.ifname,
			      request->container_id);
	return rc;
}
