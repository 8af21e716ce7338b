// SPDX-License-Identifier: Apache-2.0
/*
 * doctor.c - "nk-cni doctor": what is wrong with this node and its NICs; read only
 *
 * lib/doctor has the checks. Whether an ADD of a list would succeed is not theirs: STATUS answers that, of each entry
 * of nk-cni in each list.
 */
#include "commands.h"

#include "base/error.h"
#include "base/text.h"
#include "cni/config.h"
#include "cni/conflist.h"
#include "doctor/doctor.h"
#include "subcommand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* --- configurations --------------------------------------------------------------------------- */

/* judge_entry() - @rc: of STATUS */
static void judge_entry(struct nk_doctor *doctor, const struct nk_invocation *on, const char *file,
			int rc, const struct nk_error *err)
{
	const struct nk_nic *nic = &on->att->lender.nic;
	const struct nk_config *config = on->config;

	if (rc)
		nk_doctor_error(doctor, NK_FINDING_FAIL, file, err);
	else
		nk_doctor_ok(doctor, file, "an ADD of network %s can succeed%s%s", config->name,
			     nic->ifindex ? " on " : "", nic->name);
	if (!nic->ifindex)
		return;
	if (!on->nic_count)
		nk_doctor_add_nic(doctor, nic);
	if (config->queue_count)
		nk_doctor_add_pool(doctor, file, nic, config);
}

/* check_entry() - STATUS of one configuration of nk-cni */
static void check_entry(struct nk_doctor *doctor, const struct nk_invocation *on, const char *file,
			const char *text)
{
	struct nk_error err = { 0 };
	int rc;

	*on->request = (struct nk_request){
		.command = NK_COMMAND_DOCTOR,
		.container_id = "doctor",
		.ifname = "net1",
		.cni_path = on->cnipath,
		.cni_args = "",
	};
	on->att->lender.nic = (struct nk_nic){ 0 };
	rc = nk_config_parse(text, strlen(text), on->request, on->config, &err);
	if (!rc)
		rc = nk_cmd_status(on->request, on->config, on->att, &err);
	judge_entry(doctor, on, file, rc, &err);
	nk_attachment_fini(on->att);
	nk_config_fini(on->config);
	*on->config = (struct nk_config){ 0 };
}

static void check_conf(struct nk_doctor *doctor, const struct nk_invocation *on,
		       const struct nk_doctor_conf *conf)
{
	struct nk_error err = { 0 };
	char *text;
	uint32_t n;

	for (n = 0; n < conf->ours; n++) {
		if (nk_conflist_pick(conf->text, conf->size, "nk-cni", n, &text, &err)) {
			nk_doctor_error(doctor, NK_FINDING_FAIL, conf->file, &err);
			return;
		}
		check_entry(doctor, on, conf->file, text);
		free(text);
	}
}

/* --- all -------------------------------------------------------------------------------------- */

static void examine(struct nk_doctor *doctor, const struct nk_invocation *on)
{
	uint32_t i;
	int n;

	nk_doctor_examine_node(doctor);
	doctor->check = "config";
	for (i = 0; i < doctor->confs.count; i++)
		if (doctor->confs.at[i].text)
			check_conf(doctor, on, &doctor->confs.at[i]);
	for (n = 0; n < on->nic_count; n++)
		nk_doctor_name_nic(doctor, on->nics[n]);
	if (!on->nic_count)
		nk_doctor_add_lenders(doctor);
	nk_doctor_examine_nics(doctor);
}

static int print(const struct nk_finding_list *findings, bool json, bool colour, char **ret,
		 struct nk_error *err)
{
	size_t size;
	FILE *out;

	if (json) {
		*ret = nk_finding_json(findings);
		return *ret ? 0 : nk_error_no_memory(err);
	}
	out = open_memstream(ret, &size);
	if (out)
		nk_finding_table(findings, colour, out);
	return nk_text_close(out, ret, err);
}

int nk_cmd_doctor(const struct nk_invocation *invocation, bool json, char **ret,
		  struct nk_error *err)
{
	struct nk_doctor doctor = {
		.bpffs = invocation->bpffs,
		.conf_dir = invocation->conf_dir,
		.bin_dirs = invocation->cnipath,
	};
	int rc = nk_doctor_open(&doctor, err);

	if (!rc) {
		examine(&doctor, invocation);
		rc = doctor.rc ? nk_error_no_memory(err) :
				 print(&doctor.findings, json, invocation->colour, ret, err);
	}
	if (!rc)
		rc = nk_finding_status(&doctor.findings);
	nk_doctor_close(&doctor);
	return rc;
}
