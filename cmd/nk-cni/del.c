// SPDX-License-Identifier: Apache-2.0
/* del.c - DEL: remove what the claims and the host's end of a pair name, whatever else has gone */
#include "commands.h"

#include "attach.h"
#include "error.h"
#include "ipam.h"
#include "netns.h"
#include "result.h"

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
	deletion->att->keep_rss = deletion->config->rss_keep;
	rc = nk_attach_remove(deletion->att, err);
	nk_attach_unload(deletion->att);
	return rc;
}

static int delete_pair(struct deletion *deletion, struct nk_error *err)
{
	int rc = nk_attach_find_pair(deletion->att, err);

	if (rc <= 0)
		return rc;
	deletion->found = true;
	return nk_attach_remove(deletion->att, err);
}

/* was_renamed() - was another name than the configuration's made? Then the prevResult, which has all
 * that was made, does not list it.
 */
static bool was_renamed(const struct nk_attachment *att, const struct nk_config *config)
{
	return config->prev && !nk_result_lists(config->prev, att->key.ifname);
}

/* look_further() - for what no claim and no pair of that name tells of */
static int look_further(struct deletion *deletion, struct nk_error *err)
{
	struct nk_attachment *att = deletion->att;
	int rc;

	if (was_renamed(att, deletion->config)) {
		att->any_name = true;
		rc = nk_nicdir_each(deletion->config->bpffs, delete_on, deletion, err);
		att->any_name = false;
		if (rc || deletion->found)
			return rc;
	}
	return nk_attach_repair(att, err);
}

/* delete_attachment() - what is wrong with one NIC's directory must not keep us from the rest. */
static int delete_attachment(struct nk_attachment *att, const struct nk_config *config,
			     struct nk_error *err)
{
	struct deletion deletion = { .att = att, .config = config };
	struct nk_error later = { 0 };
	int rc, more = 0;

	rc = nk_nicdir_each(config->bpffs, delete_on, &deletion, err);
	if (!deletion.found)
		more = delete_pair(&deletion, &later);
	if (!deletion.found && !more)
		more = look_further(&deletion, &later);
	if (more && !rc)
		*err = later;
	return rc ? rc : more;
}

int nk_cmd_del(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	struct nk_error no_netns = { 0 }, no_ipam = { 0 };
	int rc, ipam_rc = 0;

	/* First, and whatever becomes of the rest: an address that is not given back is lost. */
	if (*config->ipam_type)
		ipam_rc = nk_ipam_del(&ipam, &no_ipam);
	rc = nk_attachment_init(att, request, config, err);
	/* All of it can be found without the netns, which may be gone, or never was ours. */
	if (!rc && *request->netns)
		att->netns_fd = nk_netns_open(request->netns, &no_netns);
	if (!rc)
		rc = delete_attachment(att, config, err);
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
