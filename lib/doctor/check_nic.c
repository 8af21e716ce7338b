// SPDX-License-Identifier: Apache-2.0
/* check_nic.c - what a NIC can do: link, queues, XDP, flow rules, RSS contexts */
#include "doctor/checks.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "bpffs/prog_info.h"
#include "doctor/doctor.h"
#include "ethtool/feature.h"
#include "kernel/sysnet.h"
#include "nic/flow.h"
#include "nic/nic_probe.h"
#include "nic/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/banned.h"

/* report() - nothing, if the check went well. Return: did it? */
static bool report(struct nk_doctor *doctor, const struct nk_nic *nic, int rc,
		   const struct nk_error *err)
{
	if (rc < 0)
		nk_doctor_error(doctor, NK_FINDING_WARN, nic->name, err);
	return rc >= 0;
}

/* has_carrier() - Return: 1, 0, or a negative errno */
static int has_carrier(const struct nk_nic *nic, struct nk_error *err)
{
	int fd cleanup_close = nk_sysnet_open(nic->ifindex, "carrier", O_RDONLY | O_CLOEXEC);
	char first = '0';

	if (fd < 0 || read(fd, &first, 1) != 1)
		return nk_error_set(err, NK_CODE_INTERNAL, fd < 0 ? -fd : errno,
				    "cannot read the state of the link", "carrier of %s",
				    nic->name);
	return first == '1';
}

static void check_link(struct nk_doctor *doctor, const struct nk_nic *nic)
{
	struct nk_error err = { 0 };
	int rc = nk_nic_probe_up(nic, &err);

	if (!rc)
		rc = has_carrier(nic, &err);
	if (!rc) {
		rc = nk_error_set(&err, NK_CODE_KERNEL, ENETDOWN, "the NIC has no link",
				  "%s is up, but has no carrier", nic->name);
		nk_error_remedy(&err,
				"look at the cable, the transceiver and the port of the "
				"switch; ethtool %s shows what the NIC knows",
				NK_QUOTED(nic->name));
	}
	if (report(doctor, nic, rc, &err))
		nk_doctor_ok(doctor, nic->name, "up, with a link, MTU %u", nic->mtu);
}

static void check_queues(struct nk_doctor *doctor, const struct nk_nic *nic)
{
	struct nk_error err = { 0 };
	uint32_t count;
	int rc = nk_setting_count_rx(nic, &count, &err);

	if (!rc && count < 2) {
		rc = nk_error_set(&err, NK_CODE_KERNEL, ENOSPC, "the NIC has no queue to lend",
				  "%s has one receive queue in use, which is the host's own",
				  nic->name);
		nk_error_remedy(
			&err,
			"ethtool -l %s shows how many it can have; if nothing has chosen one on "
			"purpose: ethtool -L %s combined N, which may interrupt its traffic",
			NK_QUOTED(nic->name), NK_QUOTED(nic->name));
	}
	if (report(doctor, nic, rc, &err))
		nk_doctor_ok(doctor, nic->name, "%u receive queues; it can lend 1 to %u", count,
			     count - 1);
}

static void check_xdp(struct nk_doctor *doctor, const struct nk_nic *nic)
{
	struct nk_error err = { 0 };
	uint32_t version = 0;
	int rc = 1;

	if (nic->xdp_prog_id)
		rc = nk_prog_is_ours(nic->xdp_prog_id, &version, &err);
	if (!rc)
		rc = nk_prog_refuse_foreign(nic, &err);
	if (rc > 0)
		rc = nk_nic_probe_xdp(&doctor->host, nic, &err);
	if (report(doctor, nic, rc, &err))
		nk_doctor_ok(doctor, nic->name, "native XDP and AF_XDP zero copy at MTU %u%s",
			     nic->mtu,
			     nic->xdp_prog_id ? "; the program of nk-cni is attached" : "");
}

/* What a single needs that has one queue, and what it needs more if it has several. */
static const struct nk_config one_queue = {
	.queue_count = 1,
	.xsk_map = true,
	.steering_count = 1,
	.steering = { { .match = NK_MATCH_MAC } },
	.rss_context = NK_RSS_CONTEXT_NEVER,
};
static const struct nk_config several_queues = {
	.queue_count = 2,
	.rss_context = NK_RSS_CONTEXT_ALWAYS,
};

static void check_rules(struct nk_doctor *doctor, const struct nk_nic *nic)
{
	struct nk_feature ntuple = { 0 };
	struct nk_flow_table table = { 0 };
	struct nk_error err = { 0 };
	int rc = nk_nic_probe(&doctor->host, nic, &one_queue, &err);

	if (!rc)
		rc = nk_flow_table_get(nic, &table, &err);
	if (!rc)
		rc = nk_feature_get(&doctor->host, nic->ifindex,
				    nk_setting_feature_name(NK_FEATURE_NTUPLE), &ntuple, &err);
	if (!rc && table.size && table.used >= table.size) {
		rc = nk_error_set(&err, NK_CODE_KERNEL, ENOSPC, "no flow rule fits into the NIC",
				  "%s: %u of %u rules are in use", nic->name, table.used,
				  table.size);
		nk_error_remedy(&err,
				"ethtool -n %s lists them; ask the owners of those that are not "
				"of nk-cni, or end a Pod",
				NK_QUOTED(nic->name));
	}
	if (report(doctor, nic, rc, &err))
		nk_doctor_ok(doctor, nic->name, "flow rules: %u of %u in use%s", table.used,
			     table.size, ntuple.on ? "" : "; an ADD turns ntuple on first");
}

static void check_contexts(struct nk_doctor *doctor, const struct nk_nic *nic)
{
	struct nk_error err = { 0 };

	if (report(doctor, nic, nk_nic_probe(&doctor->host, nic, &several_queues, &err), &err))
		nk_doctor_ok(doctor, nic->name,
			     "has RSS contexts, for attachments of several queues");
}

const struct nk_nic_check nk_checks_nic[] = {
	{ "link", check_link },	  { "queues", check_queues },	  { "xdp", check_xdp },
	{ "rules", check_rules }, { "contexts", check_contexts }, { NULL, NULL },
};
