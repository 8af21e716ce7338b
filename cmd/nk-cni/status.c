// SPDX-License-Identifier: Apache-2.0
/* status.c - STATUS: could ADD succeed now? Read only */
#include "commands.h"

#include "attach/attach.h"
#include "base/error.h"
#include "cni/ipam.h"
#include "nic/nic_probe.h"
#include "node/sweep.h"

#include <errno.h>

#include "base/banned.h"

/* check_queues() - are enough queues available for an ADD? Queues that foreign users hold never
 * count. Queues of live attachments count unless the configuration sets "statusQueues". Queues of
 * dead attachments always count: the next ADD frees them, and there would be no next ADD if STATUS
 * failed.
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
	int rc = nk_nic_probe_settings(&att->lender, config, err);

	return rc || config->awaits_device ? rc : check_queues(att, config, err);
}

/* has_pods() - does the NIC, which is gone or down, have attachments? */
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
	if (rc && err->code != NK_CODE_DEGRADED) /* the code that the plugin returned */
		err->code = NK_CODE_UNAVAILABLE;
	return rc;
}
