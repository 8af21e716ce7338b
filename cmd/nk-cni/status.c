// SPDX-License-Identifier: Apache-2.0
/* status.c - STATUS: could ADD succeed now? Read only */
#include "commands.h"

#include "attach/attach.h"
#include "attach/mode.h"
#include "base/error.h"
#include "cni/ipam.h"
#include "nic/nic_probe.h"
#include "node/sweep.h"

#include <errno.h>
#include <string.h>

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

	rc = nk_attach_plan_queues(att, config, &full);
	if (rc != -EBUSY || full.code != NK_CODE_RETRY) {
		if (rc)
			*err = full;
		return rc;
	}
	rc = nk_attach_count_free(att, config, &free_queues, &later, err);
	if (!rc && config->status_queues) {
		rc = nk_sweep_count(&att->host, config->bpffs, att->lender.dir.name,
				    &config->queues, &dead, err);
		later = dead;
	}
	if (rc || free_queues + later >= config->queue_count)
		return rc;
	*err = full;
	return -EBUSY;
}

/* are_dead() - are all attachments dead that exclude this one from the NIC? The next ADD removes them, and there would
 * be no next ADD if STATUS failed. Return: 1, 0, or a negative errno
 */
static int are_dead(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err)
{
	struct nk_queue_set queues = { 0 };
	uint32_t count, dead = 0;
	int rc = nk_mode_blockers(&att->lender.dir, nk_mode_of(config), &queues, &count, err);

	if (!rc && count)
		rc = nk_sweep_count(&att->host, config->bpffs, att->lender.dir.name, &queues, &dead,
				    err);
	return rc ? rc : count && dead == count;
}

static int check_nic(struct nk_attachment *att, const struct nk_config *config,
		     struct nk_error *err)
{
	struct nk_error excluded = { 0 }, unread = { 0 };
	int rc = nk_nic_probe_settings(&att->lender, config, err);

	if (rc)
		return rc;
	rc = nk_attach_plan_nic(att, config, &excluded);
	if (rc == -EEXIST && are_dead(att, config, &unread) > 0)
		rc = 0;
	if (rc) {
		*err = excluded;
		return rc;
	}
	return config->awaits_device ? 0 : check_queues(att, config, err);
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
	if (rc || !*config->ipam_type || strcmp(config->cni_version, "1.1.0") != 0)
		return rc; /* STATUS came with 1.1.0, so an IPAM plugin refuses it before */
	rc = nk_ipam_status(&ipam, err);
	if (rc && err->code != NK_CODE_DEGRADED) /* the code that the plugin returned */
		err->code = NK_CODE_UNAVAILABLE;
	return rc;
}
