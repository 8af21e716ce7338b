// SPDX-License-Identifier: Apache-2.0
/* gc.c - GC: hands the list of valid attachments on to the IPAM plugin, whose leases on disk are all
 * that outlives a Pod whose DEL never came; our own attachments' kernel objects are not swept here
 */
#include "commands.h"

#include "ipam.h"

#include "banned.h"

int nk_cmd_gc(const struct nk_request *request, const struct nk_config *config,
	      struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);

	return *config->ipam_type ? nk_ipam_gc(&ipam, err) : 0;
}
