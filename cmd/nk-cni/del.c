// SPDX-License-Identifier: Apache-2.0
/* del.c - DEL: remove what the claims and a pair's host device name, even if all else is lost */
#include "commands.h"

#include "attach/attach.h"
#include "attach/delete.h"
#include "base/error.h"
#include "base/log.h"
#include "cni/ipam.h"
#include "cni/result.h"
#include "kernel/netns.h"
#include "run/journal.h"
#include "run/journal_lock.h"
#include "run/rundir.h"

#include <errno.h>

#include "base/banned.h"

/* was_renamed() - does prevResult, which lists all created devices, lack the configured name? Then
 * the device was created under another name.
 */
static bool was_renamed(const struct nk_attachment *att, const struct nk_config *config)
{
	return config->prev && !nk_result_lists(config->prev, att->claim.key.ifname);
}

/* delete_attachment() - also from the netns that CNI_NETNS names now, if it is the attachment's
 * @ret_found: did claims or a pair tell of it?
 */
static int delete_attachment(struct nk_attachment *att, const struct nk_request *request,
			     const struct nk_config *config, bool *ret_found, struct nk_error *err)
{
	const struct nk_delete how = {
		.bpffs = config->bpffs,
		.master = config->master,
		.options = nk_delete_of(config),
		.renamed = was_renamed(att, config) ? config->prev : NULL,
	};
	struct nk_error no_netns = { 0 };
	int rc;

	/* Removal does not need the netns, which may be gone or belong to another Pod. */
	if (*request->netns)
		att->netns_fd = nk_netns_open(request->netns, &no_netns);
	if (*request->netns && att->netns_fd < 0 && !nk_netns_is_none(att->netns_fd))
		att->netns_unread = att->netns_fd;
	rc = nk_delete_run(att, &how, err);
	*ret_found = rc > 0;
	return rc < 0 ? rc : 0;
}

/* free_addresses() - even if the configuration's IPAM plugin was removed or replaced since ADD */
static int free_addresses(const struct nk_request *request, const struct nk_config *config,
			  const struct nk_attachment *att, bool was_found, struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	int rc = nk_journal_release_addresses(&att->claim.key, *config->ipam_type ? &ipam : NULL,
					      NK_IPAM_OTHER_MS, err);

	if (rc || !*config->ipam_type)
		return rc < 0 ? rc : 0;
	rc = nk_ipam_del(&ipam, err);
	if (rc != -ENOENT || was_found)
		return rc;
	/* Nothing exists or is recorded: it was deleted, and the configuration was edited since. */
	nk_log_tolerated(err);
	nk_error_reset(err);
	return 0;
}

/* lock_attachment() - continue without the lock if /run is read-only, full or missing: nobody can
 * hold it then
 */
static int lock_attachment(struct nk_attachment *att, struct nk_error *err)
{
	int rc = nk_journal_lock(&att->claim.key, true, &att->journal, err);

	if (rc != -EROFS && rc != -ENOSPC && rc != -ENOENT && !nk_rundir_is_foreign(rc))
		return rc;
	nk_log_tolerated(err);
	nk_error_reset(err);
	return 0;
}

/* The order matters: an address is released only after nothing answers for it. It stays recorded
 * until it is released. If removal fails the record remains, and the next DEL or sweep continues.
 */
int nk_cmd_del(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_error *err)
{
	bool found = false;
	int rc;

	rc = nk_attachment_init(att, request, config, err);
	if (!rc)
		rc = lock_attachment(att, err);
	if (!rc)
		rc = delete_attachment(att, request, config, &found, err);
	if (!rc)
		rc = free_addresses(request, config, att, found, err);
	if (!rc)
		rc = nk_journal_remove(&att->claim.key, err);
	if (rc)
		nk_error_wrap(err, "delete %s of container %.16s", att->claim.key.ifname,
			      request->container_id);
	return rc;
}
