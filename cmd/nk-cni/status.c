// SPDX-License-Identifier: Apache-2.0
/* status.c - STATUS: could an ADD be served now? Changes nothing. */
#include "commands.h"

#include "attach.h"
#include "error.h"
#include "ipam.h"
#include "slice.h"
#include "sweep.h"

#include <errno.h>

#include "banned.h"

/* check_queues() - could an ADD have its queues? Not where others than attachments of ours hold them; and
 * where the configuration asks for it, not while attachments hold them. Those that are dead do not
 * count: the next ADD sweeps them, and a runtime that lets no Pod in while STATUS fails would never
 * get there.
 */
static int check_queues(struct nk_attachment *att, const struct nk_config *config,
			struct nk_error *err)
{
	uint32_t free_queues, later, dead;
	struct nk_error full = { 0 };
	int rc;

	rc = nk_attach_plan(att, config, &full);
	if (rc != -EBUSY || full.code != NK_CODE_RETRY) {
		if (rc)
			*err = full;
		return rc;
	}
	rc = nk_attach_count_free(att, config, &free_queues, &later, err);
	if (!rc && config->status_queues) {
		rc = nk_sweep_count(config->bpffs, att->lender.dir.name, &config->queues, &dead,
				    err);
		later = dead;
	}
	if (rc || free_queues + later >= config->queue_count)
		return rc;
	*err = full;
	return -EBUSY;
}

static int check_nic(struct nk_attachment *att, const struct nk_config *config,
		     struct nk_error *err)
{
	int rc = nk_slice_probe_settings(&att->host, &att->lender.nic, config, err);

	return rc || config->awaits_device ? rc : check_queues(att, config, err);
}

/* has_pods() - does the NIC that is gone, or down, have attachments? */
static bool has_pods(struct nk_attachment *att, const struct nk_config *config, int why)
{
	const char *nic = *att->lender.nic.name ? att->lender.nic.name : config->master;
	struct nk_error ignored = { 0 };

	return (why == -ENODEV || why == -ENETDOWN) && config->queue_count &&
	       nk_attach_has_any(att, config->bpffs, nic, &ignored) > 0;
}

int nk_cmd_status(const struct nk_request *request, const struct nk_config *config,
		  struct nk_attachment *att, struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	int rc;

	rc = nk_attachment_init(att, request, config, err);
	if (!rc)
		rc = nk_preflight(att, config, err);
	if (!rc && att->lender.nic.ifindex && (config->queue_count || config->awaits_device))
		rc = check_nic(att, config, err);
	if (rc)
		err->code = has_pods(att, config, rc) ? NK_CODE_DEGRADED : NK_CODE_UNAVAILABLE;
	if (rc || !*config->ipam_type)
		return rc;
	rc = nk_ipam_status(&ipam, err);
	if (rc && err->code != NK_CODE_DEGRADED) /* its own */
		err->code = NK_CODE_UNAVAILABLE;
	return rc;
}
