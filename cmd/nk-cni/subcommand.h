/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subcommand.h - the operator's commands: nk-cni SUBCOMMAND [OPTION...]
 *
 * main() parses the arguments, reads stdin if the subcommand needs it, runs the subcommand and
 * prints its text.
 */
#ifndef NK_SUBCOMMAND_H
#define NK_SUBCOMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct nk_attachment;
struct nk_config;
struct nk_error;
struct nk_invocation;
struct nk_request;
struct nk_admin;

struct nk_subcommand {
	const char *name;
	const char *summary; /* one line, for the list of subcommands */
	const char *details;
	unsigned int options; /* accepted options, as bits */
	bool reads_stdin;
	bool changes;	/* it makes changes, so signals are blocked */
	bool any_user;	/* it need not run as root */
	bool takes_dir; /* one argument, a directory */
	bool takes_nics;

	/* @ret: NULL on entry; text for stdout, which the caller frees. After a failure it holds
	 * what could be read. Return: 0, or another exit status; or the first failure
	 */
	int (*run)(const struct nk_invocation *invocation, char **ret, struct nk_error *err);

	/* for subcommands that do the same to each NIC */
	int (*on_nic)(const struct nk_admin *how, const char *nic, struct nk_error *err);

	/* NULL, or what is left to do when the text of run() was printed; @ret, return: as of run() */
	int (*end)(const struct nk_invocation *invocation, char **ret, struct nk_error *err);
};

/* A subcommand with its arguments and data. */
struct nk_invocation {
	const struct nk_subcommand *subcommand;
	const struct nk_subcommand *explained; /* for --help; NULL: all */
	unsigned int options;		       /* given options, as bits */
	const char *bpffs;
	const char *cnipath;		   /* directories, as CNI_PATH */
	bool colour;			   /* stdout is a terminal */
	const char *log_file;		   /* NULL: none */
	const char *dir, *conf, *conf_dir; /* the first two may be NULL */
	char **nics;
	int nic_count; /* 0: all */

	/* Owned by the caller. The first three are zeroed, except for what their init functions need. */
	struct nk_request *request;
	struct nk_config *config;
	struct nk_attachment *att;
	const char *input; /* stdin */
	size_t input_size;
};

/* nk_subcommand_parse() - parse @args, ended by NULL; their order may change. Return: 0;
 * -EINVAL for an unknown argument; the remedy suggests a similar one; or -EPERM: it must run as root
 */
int nk_subcommand_parse(char **args, struct nk_invocation *ret, struct nk_error *err);

/* nk_subcommand_help() - the run() function of --help: usage and options of one subcommand, or the list of all;
 * one option or subcommand a line, indented by two spaces
 */
int nk_subcommand_help(const struct nk_invocation *invocation, char **ret, struct nk_error *err);

#endif
