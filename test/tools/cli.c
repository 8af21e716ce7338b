// SPDX-License-Identifier: Apache-2.0
/* Command line, exit codes, messages, clock and stop signal of the test programs. */
#include "cli.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t stop_flag;

void cli_usage_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vwarnx(fmt, ap);
	va_end(ap);
	errx(CLI_USAGE, "--help lists the options");
}

const char *cli_errno_name(int err)
{
	const char *name;

	/* Both names have the number 95 in Linux, and glibc picks the POSIX one. */
	if (err == EOPNOTSUPP)
		return "EOPNOTSUPP";
	name = strerrorname_np(err);
	return name ? name : "errno without a name";
}

const char *cli_errno(int err)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s (%s)", cli_errno_name(err), strerror(err));
	return text;
}

static bool parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	/* strtoull() would take a sign and leading blanks. */
	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return !errno && !*end && *out >= min && *out <= max;
}

static bool parse_list(const char *text, uint64_t min, uint64_t max, struct cli_list *list)
{
	char item[24];
	uint64_t value;
	size_t len;

	for (list->n = 0; list->n < CLI_LIST_MAX; text += len + 1) {
		len = strcspn(text, ",");
		if (len >= sizeof(item))
			return false;
		memcpy(item, text, len);
		item[len] = '\0';
		if (!parse_u64(item, min, max, &value))
			return false;
		list->v[list->n++] = (uint32_t)value;
		if (!text[len])
			return true;
	}
	return false;
}

int cli_hex(const char *text, uint8_t *out, int max)
{
	char byte[3] = { 0 };
	int n;

	for (n = 0; *text; n++) {
		if (n && *text == ':')
			text++;
		if (n == max || !isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]))
			return -1;
		memcpy(byte, text, 2);
		out[n] = (uint8_t)strtoul(byte, NULL, 16);
		text += 2;
	}
	return n;
}

static void parse_value(const struct cli_opt *opt, const char *text)
{
	bool ok = true;

	switch (opt->type) {
	case CLI_FLAG:
		*(bool *)opt->out = true;
		break;
	case CLI_STR:
		*(const char **)opt->out = text;
		break;
	case CLI_U64:
		ok = parse_u64(text, opt->min, opt->max, opt->out);
		break;
	case CLI_LIST:
		ok = parse_list(text, opt->min, opt->max, opt->out);
		break;
	case CLI_MAC:
		if (cli_hex(text, opt->out, CLI_MAC_LEN) != CLI_MAC_LEN)
			cli_usage_die("--%s %s: want six bytes, as in 02:00:00:00:00:01", opt->name,
				      text);
		break;
	}
	if (!ok)
		cli_usage_die("--%s %s: want %s of %llu..%llu", opt->name, text,
			      opt->type == CLI_LIST ? "comma separated numbers" : "a number",
			      (unsigned long long)opt->min, (unsigned long long)opt->max);
	if (opt->given)
		*opt->given = true;
}

static void print_options(const struct cli_opt *opts)
{
	printf("usage: %s [options]\n", program_invocation_short_name);
	for (; opts->name; opts++)
		printf("  --%s%s%s%s\n", opts->name, opts->type == CLI_FLAG ? "" : " ", opts->help,
		       opts->required ? " (required)" : "");
}

void cli_parse(const struct cli_opt *opts, int argc, char **argv)
{
	uint64_t seen = 0; /* bit per table row */
	const struct cli_opt *opt;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help")) {
			print_options(opts);
			exit(CLI_OK);
		}
		for (opt = opts; opt->name; opt++)
			if (!strncmp(argv[i], "--", 2) && !strcmp(argv[i] + 2, opt->name))
				break;
		if (!opt->name)
			cli_usage_die("unknown argument %s", argv[i]);
		if (opt->type != CLI_FLAG && ++i == argc)
			cli_usage_die("--%s needs a value", opt->name);
		parse_value(opt, argv[i]);
		seen |= 1ULL << (opt - opts);
	}
	for (opt = opts; opt->name; opt++)
		if (opt->required && !(seen & 1ULL << (opt - opts)))
			cli_usage_die("--%s is required", opt->name);
}

int cli_dispatch(const struct cli_cmd *cmds, int argc, char **argv)
{
	static char label[64];
	const struct cli_cmd *cmd;

	for (cmd = cmds; argc > 1 && cmd->name; cmd++) {
		if (strcmp(argv[1], cmd->name) != 0)
			continue;
		/* Makes the messages of err(3) and the usage text begin with both words. */
		snprintf(label, sizeof(label), "%s %s", program_invocation_short_name, cmd->name);
		program_invocation_short_name = label;
		return cmd->run(argc - 1, argv + 1);
	}
	if (argc < 2 || strcmp(argv[1], "--help") != 0)
		cli_usage_die("%s%s", argc < 2 ? "a command is missing" : "unknown command ",
			      argc < 2 ? "" : argv[1]);
	printf("usage: %s COMMAND [options]; COMMAND --help lists its options\n",
	       program_invocation_short_name);
	for (cmd = cmds; cmd->name; cmd++)
		printf("  %-10s %s\n", cmd->name, cmd->help);
	return CLI_OK;
}

uint64_t cli_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t cli_now_ms(void)
{
	return cli_now_ns() / 1000000;
}

static void on_stop(int sig)
{
	(void)sig;
	stop_flag = 1;
}

void cli_catch_stop(void)
{
	/* No SA_RESTART: a poll() that sleeps must return. */
	struct sigaction sa = { .sa_handler = on_stop };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

bool cli_stopped(void)
{
	return stop_flag;
}
