/* SPDX-License-Identifier: Apache-2.0 */
/* Command line, exit codes, messages, clock and stop signal of the test programs. */
#ifndef NKT_CLI_H
#define NKT_CLI_H

#include <stdbool.h>
#include <stdint.h>

enum cli_exit {
	CLI_OK = 0,
	CLI_UNMET = 1, /* ran, but what was asked for did not happen */
	CLI_USAGE = 2,
	CLI_SYSTEM = 3, /* a system call or the kernel refused */
};

#define CLI_LIST_MAX 1024 /* netkit takes at most 1024 rx queues */
#define CLI_MAC_LEN  6

struct cli_list {
	uint32_t v[CLI_LIST_MAX];
	uint32_t n;
};

enum cli_type {
	CLI_FLAG, /* bool, takes no value */
	CLI_STR,  /* const char * into argv */
	CLI_U64,  /* uint64_t between min and max */
	CLI_LIST, /* struct cli_list, comma separated, each between min and max */
	CLI_MAC,  /* uint8_t[6] */
};

/**
 * struct cli_opt - one option; a table of them ends with a NULL name
 * @name: without the leading "--"
 * @out: where the value goes, of the type that @type says
 * @help: "VALUE: meaning" as --help prints it, ": meaning" for a flag
 * @given: set to true when the option was there; may be NULL
 */
struct cli_opt {
	const char *name;
	enum cli_type type;
	void *out;
	uint64_t min, max;
	const char *help;
	bool *given;
	bool required;
};

/** struct cli_cmd - one subcommand; a table of them ends with a NULL name */
struct cli_cmd {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

/* Parses argv[1..] into the table; on --help or a mistake it prints and exits. */
void cli_parse(const struct cli_opt *opts, int argc, char **argv);
/* Runs the subcommand named by argv[1]; on --help or a mistake it prints and exits. */
int cli_dispatch(const struct cli_cmd *cmds, int argc, char **argv);

/*
 * Messages go through err(3), which puts the program's name before them; the subcommand is part of
 * that name. A mistake of the caller ends by cli_usage_die(), a refusal by errx(CLI_SYSTEM, ...).
 */
void cli_usage_die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Name of a positive errno; the kernel's EOPNOTSUPP is never called ENOTSUP here. */
const char *cli_errno_name(int err);
/* Name and text, valid until the next call. */
const char *cli_errno(int err);

/* Bytes from hexadecimal text, colons allowed between bytes. Return: count, or -1. */
int cli_hex(const char *text, uint8_t *out, int max);

uint64_t cli_now_ms(void);
uint64_t cli_now_ns(void);

/* Makes SIGINT and SIGTERM set a flag instead of killing, so that counts still get printed. */
void cli_catch_stop(void);
bool cli_stopped(void);

#endif
