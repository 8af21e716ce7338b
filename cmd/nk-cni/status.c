// SPDX-License-Identifier: Apache-2.0
/* status.c - STATUS: could an ADD be served now? Changes nothing. */
#include "commands.h"

#include "attach.h"
#include "error.h"
#include "ipam.h"
#include "probe.h"
#include "slice.h"

#include "banned.h"

int nk_cmd_status(const struct nk_request *request, const struct nk_config *config,
		  struct nk_attachment *att, struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	int rc;

	rc = nk_attachment_init(att, request, config, err);
	if (!rc)
		rc = nk_preflight(att, config, err);
	if (!rc && config->queue_count)
		rc = nk_slice_probe_settings(&att->host, &att->nic, config, err);
	if (!rc && config->queue_count)
		rc = nk_probe_can_lease(&att->nic, err);
	if (!rc && *config->ipam_type)
		rc = nk_ipam_status(&ipam, err);
	if (rc && err->code != NK_CODE_DEGRADED) /* an IPAM plugin's own */
		err->code = NK_CODE_UNAVAILABLE;
	return rc;
}
