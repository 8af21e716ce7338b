// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_ipam.c - what an IPAM plugin answers: its exit status, and its output
 *
 * The first line is CNI_ARGS.
 */
#include "kernel.h"

#include "base/error.h"
#include "base/ipaddr.h"
#include "cni/ipam.h"

#include <stdlib.h>

/* check_answer() - nothing that the kernel would refuse is left in it */
static void check_answer(const struct nk_ipam_result *result)
{
	uint32_t i;

	fuzz_check(result->ip_count > 0 && result->ip_count <= NK_IPS_MAX &&
			   result->route_count <= NK_ROUTES_MAX,
		   "lists have their bounds");
	for (i = 0; i < result->ip_count; i++)
		fuzz_check(result->ips[i].interface == -1 &&
				   !nk_prefix_flaw(&result->ips[i].address),
			   "addresses are usable");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nk_ipam_result result;
	struct fuzz_input in = { data, size };
	char *args = fuzz_line(&in);
	const struct nk_ipam ipam = {
		.type = "host-local",
		.cni_path = "/opt/cni/bin",
		.cni_version = "1.0.0",
		.cni_args = args,
		.input = "",
	};
	struct fuzz_input again = in;
	struct nk_error err = { 0 };
	struct nk_nl nl;
	int rc;

	fuzz_kernel_begin(&in, &nl);
	rc = nk_ipam_add(&ipam, &result, &err);
	fuzz_check_rc(rc, &err, "nk_ipam_add");
	if (!rc) {
		check_answer(&result);
		nk_ipam_result_fini(&result);
	}
	nk_error_reset(&err);
	fuzz_kernel_begin(&again, &nl);
	fuzz_check_rc(nk_ipam_del(&ipam, &err), &err, "nk_ipam_del");
	free(args);
	return 0;
}
