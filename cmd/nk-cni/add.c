// SPDX-License-Identifier: Apache-2.0
/* add.c - ADD: look before anything is changed, make the attachment, then give it its addresses */
#include "commands.h"

#include "address.h"
#include "attach.h"
#include "error.h"
#include "ipam.h"
#include "netns.h"
#include "result.h"

#include <errno.h>
#include <string.h>

#include "banned.h"

/* take_given() - the addresses of the runtime, where no IPAM plugin is configured */
static void take_given(const struct nk_config *config, struct nk_ipam_result *ret)
{
	uint32_t i;

	for (i = 0; i < config->ip_count; i++) {
		ret->ips[i].address = config->ips[i];
		ret->ips[i].interface = -1;
	}
	ret->ip_count = config->ip_count;
}

/* give_addresses() - an IPAM plugin takes its time, or hangs: others may have the NIC meanwhile. */
static int give_addresses(const struct nk_request *request, const struct nk_config *config,
			  struct nk_attachment *att, struct nk_ipam_result *ips,
			  struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	int rc;

	take_given(config, ips);
	if (*config->ipam_type) {
		nk_attach_unlock(att);
		rc = nk_ipam_add(&ipam, ips, err);
		if (!rc)
			rc = nk_attach_lock(att, err);
		if (rc)
			return rc;
	}
	rc = nk_address_create(att, config, ips, err);
	return rc ? rc : nk_attach_steer(att, config, ips, request->netns, err);
}

/* note_rollback() - what is left makes another error of it: "try again", or "nothing was done",
 * would be a lie.
 */
static void note_rollback(struct nk_error *err, const struct nk_error *undo)
{
	err->code = NK_CODE_KERNEL;
	nk_error_note(err, "rollback: %s%s%s", undo->msg, *undo->details ? "; " : "",
		      undo->details);
}

void nk_cmd_add_undo(const struct nk_request *request, const struct nk_config *config,
		     struct nk_attachment *att, struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	struct nk_error undo = { 0 };
	int rc = nk_attach_lock(att, &undo);

	if (rc == -ESTALE) {
		nk_error_reset(&undo);
		rc = 0;
	}
	if (!rc)
		rc = nk_attach_remove(att, &undo);
	if (rc)
		note_rollback(err, &undo);
	nk_attach_unload(att); /* the NIC is free for others while the plugin works */
	nk_error_reset(&undo);
	if (*config->ipam_type && nk_ipam_del(&ipam, &undo) && strcmp(undo.msg, err->msg) != 0)
		note_rollback(err, &undo);
}

static int make(const struct nk_request *request, const struct nk_config *config,
		struct nk_attachment *att, struct nk_ipam_result *ips, struct nk_error *err)
{
	int rc;

	rc = nk_preflight(att, config, err);
	if (!rc)
		rc = nk_attach_create(att, config, err);
	if (rc)
		return rc;
	rc = give_addresses(request, config, att, ips, err);
	if (rc)
		nk_cmd_add_undo(request, config, att, err);
	return rc;
}

int nk_cmd_add(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_ipam_result *ips, struct nk_result *ret,
	       struct nk_error *err)
{
	int rc;

	rc = nk_attachment_init(att, request, config, err);
	if (!rc)
		rc = nk_result_check_shape(config->prev, config->cni_version, err);
	if (!rc)
		rc = nk_result_check_absent(config->prev, att->key.ifname, request->netns, err);
	if (rc)
		return rc;
	att->netns_fd = nk_netns_open(request->netns, err);
	if (att->netns_fd < 0)
		return att->netns_fd;
	rc = make(request, config, att, ips, err);
	if (rc) {
		nk_error_wrap(err, "add %s to container %.16s", att->key.ifname,
			      request->container_id);
		return rc;
	}
	nk_attach_result(att, request, config, ret);
	ret->ipam = ips->ip_count ? ips : NULL;
	return 0;
}
