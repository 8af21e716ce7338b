// SPDX-License-Identifier: Apache-2.0
/* version.c - the version, for people and for programs; only this file knows it */
#include "base/error.h"
#include "base/json.h"
#include "bpffs/claims.h"
#include "bpffs/prog.h"
#include "cni/config.h"
#include "commands.h"
#include "subcommand_rows.h"

#include <stdio.h>

#include "base/banned.h"

void nk_subcommand_print_version(const struct nk_subcommand *row, FILE *out)
{
	unsigned int i;

	(void)row;
	fprintf(out,
		"CNI plugin nk-cni %s: netkit devices with leased NIC queues\n"
		"CNI protocol versions supported:",
		NK_VERSION);
	for (i = 0; nk_config_versions[i]; i++)
		fprintf(out, "%s %s", i ? "," : "", nk_config_versions[i]);
	fputc('\n', out);
}

int nk_cmd_version_json(char **ret, struct nk_error *err)
{
	struct nk_json *root = nk_json_new_object(), *versions;
	unsigned int i;

	nk_json_add_string(root, "version", NK_VERSION);
	versions = nk_json_add_array(root, "cniVersions");
	for (i = 0; nk_config_versions[i]; i++)
		nk_json_append_string(versions, nk_config_versions[i]);
	nk_json_add_uint(root, "claims", NK_CLAIM_VERSION);
	nk_json_add_uint(root, "program", NK_PROG_VERSION);
	*ret = nk_json_print_line(root);
	nk_json_free(root);
	return *ret ? 0 : nk_error_no_memory(err);
}
