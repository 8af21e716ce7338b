// SPDX-License-Identifier: Apache-2.0
/* add.c - ADD: look before anything is changed, make the attachment, then give it its addresses */
#include "commands.h"

#include "address.h"
#include "attach.h"
#include "clock.h"
#include "error.h"
#include "ipam.h"
#include "journal.h"
#include "log.h"
#include "netns.h"
#include "result.h"
#include "sweep.h"

#include <errno.h>
#include <string.h>

#include "banned.h"

#define SWEEP_MS	5000  /* others wait for this Pod */
#define JOURNAL_WAIT_MS 45000 /* for who works on the same attachment: as long as for a NIC */

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

/* note_addresses() - how they are given back, before there are any. What the journal has of an
 * attachment that was here before us is owed still.
 */
static int note_addresses(const struct nk_ipam *ipam, const struct nk_request *request,
			  const struct nk_config *config, const struct nk_key *key,
			  struct nk_error *err)
{
	struct nk_error owed = { 0 };

	if (nk_journal_give_back(key, NK_IPAM_OTHER_MS, &owed) < 0)
		nk_log_warn("%s: %s", owed.msg, owed.details);
	return nk_journal_note(key, request, ipam, config->bpffs, err);
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
		rc = note_addresses(&ipam, request, config, &att->key, err);
		if (!rc)
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
	int rc = nk_attach_lock(att, &undo), ipam_rc;

	if (rc == -ESTALE || rc == -ENODEV) { /* what is left of it is removed all the same */
		nk_error_reset(&undo);
		rc = 0;
	}
	if (!rc)
		rc = nk_attach_remove(att, &undo);
	if (rc)
		note_rollback(err, &undo);
	nk_attach_unload(att); /* the NIC is free for others while the plugin works */
	nk_error_reset(&undo);
	ipam_rc = *config->ipam_type ? nk_ipam_del(&ipam, &undo) : 0;
	if (ipam_rc && strcmp(undo.msg, err->msg) != 0)
		note_rollback(err, &undo);
	/* A plugin that is not there has reserved nothing. */
	if (!rc && (!ipam_rc || ipam_rc == -ENOENT || ipam_rc == -EINVAL))
		nk_journal_forget(&att->key);
}

/* sweep() - others' remains are not this ADD's concern, beyond the room they take. */
static void sweep(struct nk_attachment *att, const struct nk_config *config)
{
	const struct nk_sweep sweep = {
		.bpffs = config->bpffs,
		.until = nk_clock_ms() + SWEEP_MS,
		.impatient = true,
		.keep_rss = true,
	};
	struct nk_error none = { 0 };

	if (config->queue_count && nk_sweep_lender(&sweep, &att->lender, &none))
		nk_log_warn("%s: %s", none.msg, none.details);
	nk_error_reset(&none);
	if (nk_sweep_journal(&sweep, &none))
		nk_log_warn("%s: %s", none.msg, none.details);
}

static int make(const struct nk_request *request, const struct nk_config *config,
		struct nk_attachment *att, struct nk_ipam_result *ips, struct nk_error *err)
{
	struct nk_error unheard = { 0 };
	int rc;

	rc = nk_preflight(att, config, err);
	if (rc)
		return rc;
	sweep(att, config);
	rc = nk_journal_lock(&att->key, JOURNAL_WAIT_MS, &att->journal, err);
	if (!rc)
		rc = nk_journal_begin(&att->key, err);
	if (rc)
		return rc;
	rc = nk_attach_create(att, config, err);
	if (rc && !att->remains)
		(void)nk_journal_commit(&att->key, &unheard);
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
	if (!rc)
		rc = nk_preflight_device(att, config, err);
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
