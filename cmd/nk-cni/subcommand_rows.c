// SPDX-License-Identifier: Apache-2.0
/*
 * subcommand_rows.c - the operator's commands: one row for each subcommand and each option, and what they do
 */
#include "subcommand_rows.h"

#include "attach/attach.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "cni/config.h"
#include "cni/conflist.h"
#include "cni/request.h"
#include "commands.h"
#include "node/admin.h"
#include "oci/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum {
	OPTION_JSON = 1 << 0,
	OPTION_FORGET = 1 << 1,
	OPTION_BPFFS = 1 << 2,
	OPTION_ONLY_NAMED = 1 << 3,
	OPTION_LOG_FILE = 1 << 4,
	OPTION_CONF = 1 << 5,
	OPTION_CONF_DIR = 1 << 6,
	OPTION_WAIT = 1 << 7,
	OPTION_UNINSTALL = 1 << 8,
	OPTION_CNIPATH = 1 << 9,
};

#define VALUE(member) offsetof(struct nk_invocation, member)

const struct nk_option nk_options[] = {
	{ "--json", "", "print JSON instead of text", 0, OPTION_JSON, false },
	{ "--forget", "", "delete journal entries whose IPAM plugin cannot be called or fails", 0,
	  OPTION_FORGET, false },
	{ "--only-named", "", "only containers of Pods with the annotation " NK_OCI_ANNOTATION, 0,
	  OPTION_ONLY_NAMED, false },
	{ "--log-file", " FILE", "append errors and warnings to it", VALUE(log_file),
	  OPTION_LOG_FILE, false },
	{ "--conf", " FILE", "also install this network configuration list", VALUE(conf),
	  OPTION_CONF, true },
	{ "--conf-dir", " DIR", "where the network configurations are; default: /etc/cni/net.d",
	  VALUE(conf_dir), OPTION_CONF_DIR, false },
	{ "--wait", "", "stay until SIGTERM or SIGINT, as a container does", 0, OPTION_WAIT,
	  false },
	{ "--uninstall", "",
	  "remove what was installed; with --wait: at the end, and install first", 0,
	  OPTION_UNINSTALL, false },
	{ "--cnipath", " DIRS",
	  "directories of the runtime's plugins, as CNI_PATH; default: /opt/cni/bin",
	  VALUE(cnipath), OPTION_CNIPATH, false },
	{ "--bpffs", " DIR", "the mount point of bpffs; default: /sys/fs/bpf", VALUE(bpffs),
	  OPTION_BPFFS, false },
	{ 0 },
};

int nk_subcommand_print(void (*print)(const struct nk_subcommand *row, FILE *out),
			const struct nk_subcommand *row, char **ret, struct nk_error *err)
{
	size_t size;
	FILE *out = open_memstream(ret, &size);

	if (out)
		print(row, out);
	return nk_text_close(out, ret, err);
}

/* --- actions ---------------------------------------------------------------------------------- */

/* plan_entry() - append the plan of one configuration, or what a failure leaves of it */
static int plan_entry(const struct nk_invocation *invocation, const char *text, char **ret,
		      struct nk_error *err)
{
	char *plan = NULL, *before = *ret;
	int rc;

	rc = nk_config_parse(text, strlen(text), invocation->request, invocation->config, err);
	if (!rc)
		rc = nk_cmd_plan(invocation->request, invocation->config, invocation->att, &plan,
				 err);
	nk_attachment_fini(invocation->att);
	nk_config_fini(invocation->config);
	*invocation->config = (struct nk_config){ 0 };
	if (!plan || !before) {
		*ret = plan ? plan : before;
		return rc;
	}
	if (asprintf(ret, "%s\n%s", before, plan) < 0) {
		*ret = NULL;
		rc = rc ? rc : nk_error_no_memory(err);
	}
	free(before);
	free(plan);
	return rc;
}

/* run_plan() - plan each nk-cni entry of the list on stdin */
static int run_plan(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	unsigned int n;
	char *text;
	int rc = 0;

	for (n = 0; !rc; n++) {
		rc = nk_conflist_pick(invocation->input, invocation->input_size, "nk-cni", n, &text,
				      err);
		if (rc || !text)
			break;
		rc = plan_entry(invocation, text, ret, err);
		free(text);
	}
	return rc;
}

static int run_list(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	return nk_cmd_list(invocation->bpffs, invocation->options & OPTION_JSON, ret, err);
}

static int run_stats(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	return nk_cmd_stats(invocation->bpffs, ret, err);
}

static int run_features(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	return nk_cmd_features(invocation->conf_dir, invocation->nics, invocation->nic_count, ret,
			       err);
}

static int run_doctor(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	return nk_cmd_doctor(invocation, invocation->options & OPTION_JSON, ret, err);
}

static int run_gc(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	(void)ret;
	return nk_cmd_gc_all(invocation->bpffs, invocation->options & OPTION_FORGET, err);
}

static int run_oci_hook(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	(void)ret;
	nk_log_init(NK_LOG_WARNING, invocation->log_file ? invocation->log_file : "", false, "");
	return nk_cmd_oci_hook(invocation->bpffs, invocation->input, invocation->input_size,
			       invocation->options & OPTION_ONLY_NAMED, err);
}

static int work_on_nic(const struct nk_invocation *invocation, const char *nic,
		       struct nk_error *err)
{
	const struct nk_admin how = {
		.bpffs = invocation->bpffs,
		.is_dir = !invocation->nic_count,
		.attach = invocation->nic_count,
	};

	return invocation->subcommand->on_nic(&how, nic, err);
}

/* run_on_nics() - the NICs given, or all that have a directory. Return the first failure, log others. */
static int run_on_nics(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	struct nk_nicdir_list all cleanup_list = { 0 };
	uint32_t i, count = (uint32_t)invocation->nic_count;
	struct nk_error mine = { 0 };
	const char *nic;
	int rc = 0;

	(void)ret;
	if (!count) {
		rc = nk_nicdir_read(invocation->bpffs, &all, err);
		count = all.count;
	}
	for (i = 0; i < count; i++) {
		nic = invocation->nic_count ? invocation->nics[i] : all.at[i];
		rc = nk_log_keep_first(rc, work_on_nic(invocation, nic, &mine), err, &mine);
	}
	return rc;
}

/* run_install() - with --uninstall alone, nothing is installed first */
static int run_install(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	const unsigned int end = OPTION_WAIT | OPTION_UNINSTALL;

	return nk_cmd_install(invocation, (invocation->options & end) == OPTION_UNINSTALL, ret,
			      err);
}

static int end_install(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	if (!(invocation->options & OPTION_WAIT))
		return 0;
	nk_cmd_install_wait();
	return invocation->options & OPTION_UNINSTALL ? nk_cmd_install(invocation, true, ret, err) :
							0;
}

static int run_version(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	if (invocation->options & OPTION_JSON)
		return nk_cmd_version_json(ret, err);
	return nk_subcommand_print(nk_subcommand_print_version, invocation->subcommand, ret, err);
}

const struct nk_subcommand nk_subcommands[] = {
	{
		.name = "plan",
		.summary = "print what ADD would do with a configuration",
		.details =
			"FILE is a network configuration, or a list: then each entry of nk-cni is\n"
			"planned. CNI_IFNAME and CNI_ARGS are used if they are set.\n"
			"Nothing is changed.",
		.reads_stdin = true,
		.run = run_plan,
	},
	{
		.name = "list",
		.summary = "list the attachments that have queues, and their state",
		.details = "Nothing is locked or changed.",
		.options = OPTION_JSON | OPTION_BPFFS,
		.run = run_list,
	},
	{
		.name = "stats",
		.summary = "print attachments, NICs and counters as metrics for Prometheus",
		.details = "Nothing is locked or changed.",
		.options = OPTION_BPFFS,
		.run = run_stats,
	},
	{
		.name = "features",
		.summary = "print what NICs can lend, for node-feature-discovery",
		.details =
			"The NICs are those that the configurations in DIR name, and those given.\n"
			"If something could not be read, the text is incomplete, and the exit\n"
			"status is 1. Nothing is locked or changed.",
		.options = OPTION_CONF_DIR,
		.takes_nics = true,
		.run = run_features,
	},
	{
		.name = "doctor",
		.summary =
			"examine the node and its NICs, and print what to do about what is wrong",
		.details =
			"Without NIC, all NICs that can lend queues, and those that lists name, are\n"
			"examined. Nothing is changed. The exit status is 0 if all is well, 1 after a\n"
			"warning or if a check could not look, and 2 after a failure.",
		.options = OPTION_JSON | OPTION_BPFFS | OPTION_CONF_DIR | OPTION_CNIPATH,
		.takes_nics = true,
		.run = run_doctor,
	},
	{
		.name = "reload",
		.summary = "attach this build's XDP program, with the operator's policy, to NICs",
		.details =
			"Without NIC, all NICs that have a program of nk-cni get it. A NIC that is\n"
			"named gets the program even if it had none.",
		.options = OPTION_BPFFS,
		.changes = true,
		.takes_nics = true,
		.run = run_on_nics,
		.on_nic = nk_admin_reload,
	},
	{
		.name = "repair",
		.summary = "restore lost flow rules, RSS contexts and settings of NICs",
		.details =
			"Without NIC, all NICs that have attachments are repaired. A rule, context\n"
			"or program of another owner is not overwritten.",
		.options = OPTION_BPFFS,
		.changes = true,
		.takes_nics = true,
		.run = run_on_nics,
		.on_nic = nk_admin_repair,
	},
	{
		.name = "gc",
		.summary = "remove leftovers of dead Pods",
		.details =
			"Their addresses are released too. If an IPAM plugin cannot be called or\n"
			"fails, --forget deletes the journal entries of these addresses, and names\n"
			"their containers and networks.",
		.options = OPTION_FORGET | OPTION_BPFFS,
		.changes = true,
		.run = run_gc,
	},
	{
		.name = "release",
		.summary =
			"detach the XDP program and restore settings of NICs without AF_XDP Pods",
		.details =
			"Without NIC, all NICs are released. A NIC that has an attachment with a\n"
			"map is refused. If a NIC has only attachments without a map, its settings\n"
			"stay until these have ended.",
		.options = OPTION_BPFFS,
		.changes = true,
		.takes_nics = true,
		.run = run_on_nics,
		.on_nic = nk_admin_release,
	},
	{
		.name = "oci-hook",
		.summary = "show a container the attachments of its Pod, for OCI runtimes",
		.details =
			"A hook of stage createRuntime. FILE is the state of the container. Below\n"
			"/run/nk-cni/<ifName> the container finds the map and the attachment's file.\n"
			"Containers of Pods without leased queues stay as they are.",
		.options = OPTION_ONLY_NAMED | OPTION_LOG_FILE | OPTION_BPFFS,
		.reads_stdin = true,
		.run = run_oci_hook,
	},
	{
		.name = "install",
		.summary = "copy this executable, and a network, to where the runtime reads them",
		.details =
			"DIR gets this executable as nk-cni, by a rename, also while the old one runs.\n"
			"A file that is there already is not written again, and --uninstall removes no\n"
			"other one. A list that ADD would refuse is refused, and nothing is installed.",
		.options = OPTION_CONF | OPTION_CONF_DIR | OPTION_WAIT | OPTION_UNINSTALL,
		.changes = true,
		.takes_dir = true,
		.run = run_install,
		.end = end_install,
	},
	{
		.name = "version",
		.summary = "print the version, and the supported versions of the CNI protocol",
		.details =
			"The same as nk-cni --version. JSON also has the versions of what it stores.",
		.options = OPTION_JSON,
		.any_user = true,
		.run = run_version,
	},
	{ 0 },
};
