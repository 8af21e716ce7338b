// SPDX-License-Identifier: Apache-2.0
/* del.c - DEL: remove what the claims and the host's end of a pair name, whatever else has gone */
#include "commands.h"

#include "attach.h"
#include "error.h"
#include "ipam.h"
#include "journal.h"
#include "netns.h"
#include "removal.h"
#include "result.h"

#include <string.h>

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
	struct nk_journal_look noted;
	int rc = 0;

	if (*config->ipam_type)
		rc = nk_ipam_del(&ipam, err);
	if (!rc && nk_journal_look(key, &noted) && strcmp(noted.type, config->ipam_type) != 0)
		rc = nk_journal_give_back(key, NK_IPAM_OTHER_MS, err);
	return rc < 0 ? rc : 0;
}

int nk_cmd_del(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error no_ipam = { 0 };
	int rc, ipam_rc;

	rc = nk_attachment_init(att, request, config, err);
	/* First, and whatever becomes of the rest. A plugin that fails is asked again by the next ADD
	 * or GC, for the runtime may never come back.
	 */
	ipam_rc = free_addresses(request, config, &att->key, &no_ipam);
	if (!rc)
		rc = delete_attachment(att, request, config, err);
	/* What an ADD that is under way has noted is its own. */
	if (!rc && !ipam_rc && !nk_journal_is_locked(&att->key))
		nk_journal_forget(&att->key);
	if (rc && ipam_rc)
		nk_error_note(err, "%s %s", no_ipam.msg, no_ipam.details);
	else if (ipam_rc)
		*err = no_ipam;
	rc = rc ? rc : ipam_rc;
	if (rc)
		nk_error_wrap(err, "delete %s of container %.16s", att->key.ifname,
			      request->container_id);
	return rc;
}
