// SPDX-License-Identifier: Apache-2.0
/* doctor.c - run the checks, and collect what they find */
#include "doctor/doctor.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"
#include "doctor/checks.h"
#include "kernel/link.h"
#include "kernel/nic.h"
#include "kernel/physical.h"
#include "kernel/probe.h"
#include "nic/quirk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

int nk_doctor_open(struct nk_doctor *doctor, struct nk_error *err)
{
	return nk_nl_open(&doctor->host, -1, "host", err);
}

void nk_doctor_close(struct nk_doctor *doctor)
{
	uint32_t i;

	for (i = 0; i < doctor->confs.count; i++)
		free(doctor->confs.at[i].text);
	free(doctor->confs.at);
	free(doctor->pools.at);
	free(doctor->nics.at);
	free(doctor->findings.at);
	nk_nl_close(&doctor->host);
}

/* --- findings --------------------------------------------------------------------------------- */

static void add_finding(struct nk_doctor *doctor, struct nk_finding *finding, const char *about)
{
	struct nk_error full = { 0 };

	finding->check = doctor->check;
	snprintf(finding->about, sizeof(finding->about), "%s", about ? about : "");
	if (nk_finding_add(&doctor->findings, finding, &full))
		doctor->rc = -ENOMEM;
}

void nk_doctor_ok(struct nk_doctor *doctor, const char *about, const char *fmt, ...)
{
	struct nk_finding finding = { .state = NK_FINDING_OK };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(finding.text, sizeof(finding.text), fmt, ap);
	va_end(ap);
	add_finding(doctor, &finding, about);
}

/* is_passing() - is it the error of a look, and not of what was looked at? */
static bool is_passing(const struct nk_error *err)
{
	return err->code == NK_CODE_INTERNAL || err->sys == ENOMEM || err->sys == EAGAIN ||
	       err->sys == EMFILE || err->sys == ENFILE || err->sys == EBADMSG;
}

/* default_fix() - for an error without a remedy */
static const char *default_fix(enum nk_code code)
{
	if (code == NK_CODE_CONFIG || code == NK_CODE_UNSUPPORTED)
		return "correct the configuration: nk-cni(8) has the rules for each key";
	return "the finding has the words of the kernel, and dmesg may have more; nk-cni(8) has the "
	       "rules";
}

void nk_doctor_error(struct nk_doctor *doctor, enum nk_finding_state state, const char *about,
		     const struct nk_error *err)
{
	struct nk_finding finding = { .state = is_passing(err) ? NK_FINDING_UNKNOWN : state };

	snprintf(finding.text, sizeof(finding.text), "%s%s%s", err->msg, *err->details ? ": " : "",
		 err->details);
	snprintf(finding.fix, sizeof(finding.fix), "%s", err->remedy);
	if (finding.state > NK_FINDING_UNKNOWN && !*finding.fix)
		snprintf(finding.fix, sizeof(finding.fix), "%s", default_fix(err->code));
	add_finding(doctor, &finding, about);
}

/* --- the node --------------------------------------------------------------------------------- */

void nk_doctor_examine_node(struct nk_doctor *doctor)
{
	static const struct nk_check *const tables[] = { nk_checks_kernel, nk_checks_cni,
							 nk_checks_attached };
	const struct nk_check *check;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (check = tables[i]; check->name; check++) {
			doctor->check = check->name;
			check->run(doctor);
		}
}

/* --- NICs ------------------------------------------------------------------------------------- */

static bool is_noted(const struct nk_doctor *doctor, uint32_t ifindex)
{
	uint32_t i;

	for (i = 0; i < doctor->nics.count && doctor->nics.at[i].ifindex != ifindex; i++)
		;
	return i < doctor->nics.count;
}

void nk_doctor_add_nic(struct nk_doctor *doctor, const struct nk_nic *nic)
{
	struct nk_error full = { 0 };

	if (!is_noted(doctor, nic->ifindex) && nk_list_add(&doctor->nics, nic, &full))
		doctor->rc = -ENOMEM;
}

void nk_doctor_name_nic(struct nk_doctor *doctor, const char *name)
{
	struct nk_error err = { 0 };
	struct nk_nic nic;
	int rc = nk_nic_get(&doctor->host, name, &nic, &err);

	if (!rc) {
		nk_doctor_add_nic(doctor, &nic);
		return;
	}
	if (rc == -ENODEV) {
		nk_error_class(&err, NK_CODE_CONFIG, "the NIC does not exist");
		nk_error_remedy(&err, "name a NIC of this node; ip link lists them");
	}
	doctor->check = "nic";
	nk_doctor_error(doctor, NK_FINDING_FAIL, name, &err);
}

void nk_doctor_add_pool(struct nk_doctor *doctor, const char *file, const struct nk_nic *nic,
			const struct nk_config *config)
{
	struct nk_doctor_pool pool = { .ifindex = nic->ifindex, .queues = config->queues };
	struct nk_error full = { 0 };

	snprintf(pool.file, sizeof(pool.file), "%s", file);
	memcpy(pool.network, config->name, sizeof(pool.network));
	if (nk_list_add(&doctor->pools, &pool, &full))
		doctor->rc = -ENOMEM;
}

/* add_lender() - if it is hardware that can lend queues */
static void add_lender(struct nk_doctor *doctor, const struct nk_link *link)
{
	struct nk_error refused = { 0 };
	struct nk_nic nic;

	if (*link->parent_dev &&
	    !nk_nic_get_by_index(&doctor->host, link->ifindex, &nic, &refused) &&
	    !nk_probe_can_lease(&nic, &refused))
		nk_doctor_add_nic(doctor, &nic);
}

void nk_doctor_add_lenders(struct nk_doctor *doctor)
{
	struct nk_link_list links cleanup_list = { 0 };
	struct nk_error err = { 0 };
	uint32_t i;
	int rc = nk_link_read(&doctor->host, NK_NSID_HERE, NULL, &links, &err);

	for (i = 0; i < links.count && !rc; i++)
		add_lender(doctor, &links.at[i]);
	if (doctor->nics.count && !rc)
		return;
	if (!rc) {
		nk_error_set(&err, NK_CODE_KERNEL, ENODEV, "no NIC of this node can lend queues",
			     "the kernel refuses a lease from each");
		nk_probe_remedy(-EOPNOTSUPP, &err);
	}
	doctor->check = "lend";
	nk_doctor_error(doctor, NK_FINDING_WARN, NULL, &err);
}

/* check_lend() - whatever else it lacks does not matter if it cannot lend. Return: can it? */
static bool check_lend(struct nk_doctor *doctor, const struct nk_nic *nic)
{
	char driver[NK_QUIRK_DRIVER_SIZE];
	struct nk_error err = { 0 };
	int rc = nk_probe_can_lease(nic, &err);

	doctor->check = "lend";
	if (rc == -EINVAL || rc == -EOPNOTSUPP)
		nk_physical_explain(&doctor->host, nic, &err);
	if (rc)
		nk_doctor_error(doctor, NK_FINDING_FAIL, nic->name, &err);
	else
		nk_doctor_ok(doctor, nic->name, "can lend queues (driver %s)",
			     nk_quirk_driver(nic, driver) ? "unknown" : driver);
	return !rc;
}

void nk_doctor_examine_nics(struct nk_doctor *doctor)
{
	static const struct nk_nic_check *const tables[] = { nk_checks_nic, nk_checks_use };
	const struct nk_nic_check *check;
	const struct nk_nic *nic;
	uint32_t i, k;

	for (i = 0; i < doctor->nics.count; i++) {
		nic = &doctor->nics.at[i];
		if (!check_lend(doctor, nic))
			continue;
		for (k = 0; k < sizeof(tables) / sizeof(tables[0]); k++)
			for (check = tables[k]; check->name; check++) {
				doctor->check = check->name;
				check->run(doctor, nic);
			}
	}
}
