// SPDX-License-Identifier: Apache-2.0
/* check_attached.c - attachments that are broken or dead, and what may break the host ends of pairs */
#include "doctor/checks.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "bpffs/nicdir.h"
#include "doctor/doctor.h"
#include "doctor/process.h"
#include "node/inventory.h"
#include "node/sweep.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/banned.h"

/* --- attachments ------------------------------------------------------------------------------ */

/* remedy_of() - safe also if the Pod lives: gc leaves living attachments, repair those that lack nothing */
static const char *remedy_of(enum nk_inventory_state state)
{
	switch (state) {
	case NK_INVENTORY_OWED:
	case NK_INVENTORY_UNFINISHED:
		return "if it stays so, run: nk-cni gc";
	case NK_INVENTORY_LOST:
	case NK_INVENTORY_NO_LEASE:
		return "recreate the Pod; if it is gone already, run: nk-cni gc";
	case NK_INVENTORY_NO_PROGRAM:
	case NK_INVENTORY_NO_RULES:
		return "run: nk-cni repair";
	case NK_INVENTORY_ELSEWHERE:
		return "move the NIC back into this network namespace, or delete the Pod";
	case NK_INVENTORY_UNKNOWN:
	case NK_INVENTORY_OK:
		break;
	}
	return "set the NIC up: until then nothing is known of the Pod's queues";
}

static void judge_row(struct nk_doctor *doctor, const struct nk_inventory *inventory,
		      const struct nk_inventory_row *row)
{
	const struct nk_claim *claim = &row->claim;
	struct nk_error err = { 0 };

	nk_error_set(&err, NK_CODE_CHECK, ENOTCONN, "an attachment is broken",
		     "%s of container %s%s%s%s, network %s: %s", claim->key.ifname,
		     claim->key.container_id, *claim->pod_name ? " (" : "", claim->pod_name,
		     *claim->pod_name ? ")" : "", claim->key.network,
		     nk_inventory_state_text(row->state));
	nk_error_remedy(&err, "%s", remedy_of(row->state));
	nk_doctor_error(doctor,
			row->state == NK_INVENTORY_UNKNOWN ? NK_FINDING_UNKNOWN : NK_FINDING_WARN,
			inventory->nics[row->nic].name, &err);
}

static void check_attachments(struct nk_doctor *doctor)
{
	struct nk_inventory inventory;
	struct nk_error err = { 0 };
	uint32_t i, broken = 0;
	int rc = nk_nicdir_check_bpffs(doctor->bpffs, &err);

	if (rc) {
		nk_doctor_error(doctor, NK_FINDING_UNKNOWN, NULL, &err);
		return;
	}
	rc = nk_inventory_read(doctor->bpffs, &inventory, &err);
	for (i = 0; i < inventory.row_count; i++)
		if (inventory.rows[i].state != NK_INVENTORY_OK) {
			judge_row(doctor, &inventory, &inventory.rows[i]);
			broken++;
		}
	if (rc)
		nk_doctor_error(doctor, NK_FINDING_UNKNOWN, doctor->bpffs, &err);
	else if (!broken)
		nk_doctor_ok(doctor, NULL, "%u attachments have queues, and none is broken",
			     inventory.row_count);
	nk_inventory_fini(&inventory);
}

static void check_journal(struct nk_doctor *doctor)
{
	struct nk_key_list keys cleanup_list = { 0 };
	struct nk_error err = { 0 };
	uint32_t i;

	/* Without the claims, each entry of an attachment with queues would look like one without a device. */
	if (nk_nicdir_check_bpffs(doctor->bpffs, &err) ||
	    nk_sweep_read_journal(&doctor->host, doctor->bpffs, &keys, &err)) {
		nk_doctor_error(doctor, NK_FINDING_UNKNOWN, NULL, &err);
		return;
	}
	for (i = 0; i < keys.count; i++) {
		nk_error_reset(&err);
		nk_error_set(&err, NK_CODE_CHECK, ENOTCONN,
			     "the journal has an entry without a device",
			     "%s of container %s, network %s: its ADD runs or was killed, or its "
			     "addresses were not released",
			     keys.at[i].ifname, keys.at[i].container_id, keys.at[i].network);
		nk_error_remedy(&err, "if it stays so, run: nk-cni gc");
		nk_doctor_error(doctor, NK_FINDING_WARN, NULL, &err);
	}
	if (!keys.count)
		nk_doctor_ok(doctor, NULL, "each entry has its device");
}

/* --- network managers ------------------------------------------------------------------------- */

/* udev is none of them: it changes neither name nor MAC of a device that was created with both. */
static const struct manager {
	const char *process, *name;
	const char *dirs[4]; /* of its configuration */
	const char *file;    /* ours in one of them, and in conf/ */
	const char *source;
} managers[] = {
	{ "systemd-networkd",
	  "systemd-networkd",
	  { "/etc/systemd/network", "/run/systemd/network", "/usr/lib/systemd/network" },
	  "10-nk-cni.network",
	  "conf/systemd-networkd" },
	{ "NetworkManager",
	  "NetworkManager",
	  { "/etc/NetworkManager/conf.d", "/run/NetworkManager/conf.d",
	    "/usr/lib/NetworkManager/conf.d" },
	  "nk-cni.conf",
	  "conf/NetworkManager" },
};

static bool has_file(const struct manager *manager)
{
	char path[128];
	size_t i;

	for (i = 0; manager->dirs[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s", manager->dirs[i], manager->file);
		if (!access(path, R_OK))
			return true;
	}
	return false;
}

static void judge_manager(struct nk_doctor *doctor, const struct manager *manager)
{
	struct nk_process_list running cleanup_list = { 0 };
	struct nk_error err = { 0 };
	int rc = nk_process_read(manager->process, &running, &err);

	if (!rc && (!running.count || has_file(manager))) {
		nk_doctor_ok(doctor, manager->name, "%s%s",
			     running.count ? "runs, and has " : "does not run",
			     running.count ? manager->file : "");
		return;
	}
	if (!rc) {
		nk_error_set(&err, NK_CODE_CONFIG, EEXIST, "it may change the host ends of pairs",
			     "%s runs without %s", manager->name, manager->file);
		nk_error_remedy(&err, "copy %s/%s to %s, and reload %s", manager->source,
				manager->file, manager->dirs[0], manager->name);
	}
	nk_doctor_error(doctor, rc ? NK_FINDING_UNKNOWN : NK_FINDING_WARN, manager->name, &err);
}

static void check_managers(struct nk_doctor *doctor)
{
	size_t i;

	for (i = 0; i < sizeof(managers) / sizeof(managers[0]); i++)
		judge_manager(doctor, &managers[i]);
}

const struct nk_check nk_checks_attached[] = {
	{ "attachments", check_attachments },
	{ "journal", check_journal },
	{ "managers", check_managers },
	{ NULL, NULL },
};
