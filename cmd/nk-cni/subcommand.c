// SPDX-License-Identifier: Apache-2.0
/*
 * subcommand.c - the operator's commands: one row for each subcommand and each option
 *
 * The help is printed and arguments are parsed from these rows.
 */
#include "subcommand.h"

#include "attach/attach.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/spelling.h"
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
#include <unistd.h>

#include "base/banned.h"

enum {
	OPTION_JSON = 1 << 0,
	OPTION_FORGET = 1 << 1,
	OPTION_BPFFS = 1 << 2,
	OPTION_ONLY_NAMED = 1 << 3,
	OPTION_LOG_FILE = 1 << 4,
};

static const struct option {
	unsigned int bit;
	const char *name, *value, *meaning;
} options[] = {
	{ OPTION_JSON, "--json", "", "print JSON instead of a table" },
	{ OPTION_FORGET, "--forget", "",
	  "delete journal entries whose IPAM plugin cannot be called or fails" },
	{ OPTION_ONLY_NAMED, "--only-named", "",
	  "only containers of Pods with the annotation " NK_OCI_ANNOTATION },
	{ OPTION_LOG_FILE, "--log-file", " FILE", "append errors and warnings to it" },
	{ OPTION_BPFFS, "--bpffs", " DIR", "the mount point of bpffs; default: /sys/fs/bpf" },
	{ 0 },
};

static int print_text(void (*print)(const struct nk_subcommand *row, FILE *out),
		      const struct nk_subcommand *row, char **ret, struct nk_error *err)
{
	size_t size;
	FILE *out = open_memstream(ret, &size);

	if (out)
		print(row, out);
	return nk_text_close(out, ret, err);
}

/* --- actions ---------------------------------------------------------------------------------- */

/* plan_entry() - append the plan of one configuration */
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
	if (rc || !before) {
		*ret = rc ? before : plan;
		return rc;
	}
	if (asprintf(ret, "%s\n%s", before, plan) < 0) {
		*ret = NULL;
		rc = nk_error_no_memory(err);
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

static int run_gc(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	(void)ret;
	return nk_cmd_gc_all(invocation->bpffs, invocation->options & OPTION_FORGET, err);
}

static int run_oci_hook(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	(void)ret;
	nk_log_init(NK_LOG_WARNING, invocation->log_file ? invocation->log_file : "");
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

static void print_version(const struct nk_subcommand *row, FILE *out)
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

static int run_version(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	return print_text(print_version, invocation->subcommand, ret, err);
}

static const struct nk_subcommand subcommands[] = {
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
		.name = "reload",
		.summary = "attach this build's XDP program, with the operator's policy, to NICs",
		.details =
			"Without NIC, all NICs that have a program of nk-cni get it. A NIC that is\n"
			"named gets the program even if it had none.",
		.options = OPTION_BPFFS,
		.changes = true,
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
		.name = "version",
		.summary = "print the version, and the supported versions of the CNI protocol",
		.details = "The same as nk-cni --version.",
		.any_user = true,
		.run = run_version,
	},
	{ 0 },
};

/* --- help ------------------------------------------------------------------------------------- */

static void print_subcommands(const struct nk_subcommand *row, FILE *out)
{
	print_version(row, out);
	fputs("\n"
	      "A container runtime runs nk-cni with CNI_COMMAND in the environment. An operator "
	      "runs\n"
	      "nk-cni SUBCOMMAND; nk-cni SUBCOMMAND --help explains it:\n\n",
	      out);
	for (row = subcommands; row->name; row++)
		fprintf(out, "  %-8s  %s\n", row->name, row->summary);
}

static void print_subcommand(const struct nk_subcommand *row, FILE *out)
{
	const struct option *option;
	char usage[32];

	fprintf(out, "usage: nk-cni %s", row->name);
	for (option = options; option->bit; option++)
		if (row->options & option->bit)
			fprintf(out, " [%s%s]", option->name, option->value);
	fprintf(out, "%s\n\n%s: %s.\n%s\n",
		row->on_nic	 ? " [NIC...]" :
		row->reads_stdin ? " < FILE" :
				   "",
		row->name, row->summary, row->details);
	for (option = options; option->bit; option++) {
		if (!(row->options & option->bit))
			continue;
		snprintf(usage, sizeof(usage), "%s%s", option->name, option->value);
		fprintf(out, "\n  %-11s  %s", usage, option->meaning);
	}
	fputs(row->options ? "\n" : "", out);
}

int nk_subcommand_help(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	const struct nk_subcommand *row = invocation->explained;

	return print_text(row ? print_subcommand : print_subcommands, row, ret, err);
}

static const struct nk_subcommand help = {
	.name = "--help",
	.any_user = true,
	.run = nk_subcommand_help,
};

static bool is_help(const char *text)
{
	return !strcmp(text, help.name) || !strcmp(text, "-h");
}

/* --- arguments -------------------------------------------------------------------------------- */

static const struct nk_subcommand *find_subcommand(const char *name)
{
	const struct nk_subcommand *row;

	for (row = subcommands; row->name && strcmp(name, row->name) != 0; row++)
		;
	return row->name ? row : NULL;
}

static int refuse_subcommand(const char *name, struct nk_error *err)
{
	const struct nk_subcommand *row;

	nk_error_set(err, NK_CODE_CONFIG, EINVAL, "unknown subcommand", "%.64s", name);
	name += strspn(name, "-");
	for (row = subcommands; row->name && !nk_spelling_is_near(name, row->name); row++)
		;
	if (row->name)
		nk_error_remedy(err, "did you mean nk-cni %s? nk-cni --help lists all subcommands",
				row->name);
	else
		nk_error_remedy(err, "nk-cni --help lists all subcommands");
	return -EINVAL;
}

static int refuse_argument(const struct nk_subcommand *row, const char *text, struct nk_error *err)
{
	const struct option *option;

	nk_error_set(err, NK_CODE_CONFIG, EINVAL,
		     *text == '-' ? "unknown option" : "unexpected argument", "%s: %.64s",
		     row->name, text);
	for (option = options; option->bit; option++)
		if (row->options & option->bit && nk_spelling_is_near(text, option->name))
			break;
	if (option->bit)
		nk_error_remedy(err, "did you mean %s? nk-cni %s --help lists all options",
				option->name, row->name);
	else
		nk_error_remedy(err, "nk-cni %s --help lists its options", row->name);
	return -EINVAL;
}

/* parse_path() - the value of an option. Return: the number of arguments used, or -EINVAL */
static int parse_path(const struct option *option, char *path, struct nk_invocation *ret,
		      struct nk_error *err)
{
	if (!path || *path != '/' || strlen(path) >= NK_BPFFS_SIZE)
		return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid option",
				    "%s: %s takes an absolute path of less than %d bytes%s%.64s",
				    ret->subcommand->name, option->name, NK_BPFFS_SIZE,
				    path ? ", not " : "", path ? path : "");
	nk_config_tidy_path(path);
	if (option->bit == OPTION_BPFFS)
		ret->bpffs = path;
	else
		ret->log_file = path;
	return 2;
}

/* is_nic_name() - could a NIC's directory have this name? */
static bool is_nic_name(const char *text)
{
	return *text && *text != '-' && strlen(text) < IFNAMSIZ && !strchr(text, '/');
}

/* parse_argument() - Return: the number of arguments used, or -EINVAL */
static int parse_argument(char **args, struct nk_invocation *ret, struct nk_error *err)
{
	const struct nk_subcommand *row = ret->subcommand;
	const struct option *option;

	for (option = options; option->bit; option++)
		if (row->options & option->bit && !strcmp(*args, option->name))
			break;
	ret->options |= option->bit;
	if (*option->value)
		return parse_path(option, args[1], ret, err);
	if (option->bit)
		return 1;
	if (!row->on_nic || !is_nic_name(*args))
		return refuse_argument(row, *args, err);
	ret->nics[ret->nic_count++] = *args; /* reuses the slot of a parsed argument */
	return 1;
}

static int check_user(const struct nk_subcommand *row, struct nk_error *err)
{
	char msg[64];

	if (row->any_user || !geteuid())
		return 0;
	snprintf(msg, sizeof(msg), "nk-cni %s must run as root", row->name);
	nk_error_set(err, NK_CODE_KERNEL, EPERM, msg, "the effective user id is %u", geteuid());
	return nk_error_remedy(err, "run it as root: sudo nk-cni %s", row->name);
}

int nk_subcommand_parse(char **args, struct nk_invocation *ret, struct nk_error *err)
{
	int used;

	ret->bpffs = "/sys/fs/bpf";
	ret->nics = args;
	ret->subcommand = &help;
	if (is_help(*args) || !strcmp(*args, "help"))
		return 0;
	ret->subcommand = find_subcommand(strcmp(*args, "--version") ? *args : "version");
	if (!ret->subcommand)
		return refuse_subcommand(*args, err);
	for (args++; *args; args += used) {
		if (is_help(*args)) {
			ret->explained = ret->subcommand;
			ret->subcommand = &help;
			return 0;
		}
		used = parse_argument(args, ret, err);
		if (used < 0)
			return used;
	}
	return check_user(ret->subcommand, err);
}
