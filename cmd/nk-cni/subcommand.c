// SPDX-License-Identifier: Apache-2.0
/* subcommand.c - the help and the arguments of the operator's commands, from the rows of subcommand_rows.c */
#include "subcommand_rows.h"

#include "base/error.h"
#include "base/spelling.h"
#include "bpffs/nicdir.h"
#include "cni/config.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

/* --- help ------------------------------------------------------------------------------------- */

static void print_subcommands(const struct nk_subcommand *row, FILE *out)
{
	nk_subcommand_print_version(row, out);
	fputs("\n"
	      "A container runtime runs nk-cni with CNI_COMMAND in the environment. An operator "
	      "runs\n"
	      "nk-cni SUBCOMMAND; nk-cni SUBCOMMAND --help explains it:\n\n",
	      out);
	for (row = nk_subcommands; row->name; row++)
		fprintf(out, "  %-8s  %s\n", row->name, row->summary);
}

static void print_subcommand(const struct nk_subcommand *row, FILE *out)
{
	const struct nk_option *option;
	char usage[32];

	fprintf(out, "usage: nk-cni %s", row->name);
	for (option = nk_options; option->bit; option++)
		if (row->options & option->bit)
			fprintf(out, " [%s%s]", option->name, option->value);
	fprintf(out, "%s\n\n%s: %s.\n%s\n",
		row->takes_nics	 ? " [NIC...]" :
		row->takes_dir	 ? " DIR" :
		row->reads_stdin ? " < FILE" :
				   "",
		row->name, row->summary, row->details);
	for (option = nk_options; option->bit; option++) {
		if (!(row->options & option->bit))
			continue;
		snprintf(usage, sizeof(usage), "%s%s", option->name, option->value);
		fprintf(out, "\n  %-15s  %s", usage, option->meaning);
	}
	fputs(row->options ? "\n" : "", out);
}

int nk_subcommand_help(const struct nk_invocation *invocation, char **ret, struct nk_error *err)
{
	const struct nk_subcommand *row = invocation->explained;

	return nk_subcommand_print(row ? print_subcommand : print_subcommands, row, ret, err);
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

	for (row = nk_subcommands; row->name && strcmp(name, row->name) != 0; row++)
		;
	return row->name ? row : NULL;
}

static int refuse_subcommand(const char *name, struct nk_error *err)
{
	const struct nk_subcommand *row;

	nk_error_set(err, NK_CODE_CONFIG, EINVAL, "unknown subcommand", "%.64s", name);
	name += strspn(name, "-");
	for (row = nk_subcommands; row->name && !nk_spelling_is_near(name, row->name); row++)
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
	const struct nk_option *option;

	nk_error_set(err, NK_CODE_CONFIG, EINVAL,
		     *text == '-' ? "unknown option" : "unexpected argument", "%s: %.64s",
		     row->name, text);
	for (option = nk_options; option->bit; option++)
		if (row->options & option->bit && nk_spelling_is_near(text, option->name))
			break;
	if (option->bit)
		nk_error_remedy(err, "did you mean %s? nk-cni %s --help lists all options",
				option->name, row->name);
	else
		nk_error_remedy(err, "nk-cni %s --help lists its options", row->name);
	return -EINVAL;
}

static int refuse_no_dir(const struct nk_subcommand *row, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_CONFIG, EINVAL, "missing argument", "%s: no DIR", row->name);
	return nk_error_remedy(
		err,
		"name the directory in which the runtime looks for plugins: nk-cni %s /opt/cni/bin",
		row->name);
}

/* parse_path() - the value of an option. Return: the number of arguments used, or -EINVAL */
static int parse_path(const struct nk_option *option, char *path, struct nk_invocation *ret,
		      struct nk_error *err)
{
	if (!path || !*path || (!option->relative && *path != '/') || strlen(path) >= NK_BPFFS_SIZE)
		return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid option",
				    "%s: %s takes %s of less than %d bytes%s%.64s",
				    ret->subcommand->name, option->name,
				    option->relative ? "a path" : "an absolute path", NK_BPFFS_SIZE,
				    path ? ", not " : "", path ? path : "");
	if (!option->relative)
		nk_config_tidy_path(path);
	memcpy((char *)ret + option->offset, &path, sizeof(path));
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
	const struct nk_option *option;

	for (option = nk_options; option->bit; option++)
		if (row->options & option->bit && !strcmp(*args, option->name))
			break;
	ret->options |= option->bit;
	if (option->bit && *option->value)
		return parse_path(option, args[1], ret, err);
	if (option->bit)
		return 1;
	if (row->takes_dir && !ret->dir && **args && **args != '-') {
		ret->dir = *args;
		return 1;
	}
	if (!row->takes_nics || !is_nic_name(*args))
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
	ret->conf_dir = "/etc/cni/net.d";
	ret->cnipath = "/opt/cni/bin";
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
	used = check_user(ret->subcommand, err);
	if (!used && ret->subcommand->takes_dir && !ret->dir)
		used = refuse_no_dir(ret->subcommand, err);
	return used;
}
