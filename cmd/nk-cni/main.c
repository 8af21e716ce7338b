// SPDX-License-Identifier: Apache-2.0
/*
 * main.c - one call: read, execute, answer
 *
 *  1. CNI_* variables become a struct nk_request; without CNI_COMMAND print the help.
 *  2. stdin becomes a struct nk_config. Both are const from then on.
 *  3. Execute the command. Signals are blocked until it has ended.
 *  4. Write the answer to stdout. If that fails after an ADD, roll back.
 *  5. Print any error as one JSON object on stdout, and exit with status 1. A subcommand that did
 *     what it was asked to may have an exit status of its own.
 *
 * An operator gives a subcommand instead: see subcommand.c.
 *
 * Only this file reads the environment, writes stdout and ends the process. The exception is
 * netns.c: when it cannot return to the host's netns, it has main() print the error, and exits.
 */
#include "attach/attach.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/text.h"
#include "cni/config.h"
#include "cni/request.h"
#include "cni/result.h"
#include "commands.h"
#include "kernel/caps.h"
#include "kernel/netns.h"
#include "subcommand.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

#define STDIO_MS 60000 /* for the caller to write all of stdin, and to read stdout */

/* The state of one call. */
struct call {
	struct nk_request request;
	struct nk_config config;
	struct nk_attachment att;
	struct nk_ipam_result ips;
	char version[8]; /* cniVersion of the answer */
	char *input;
	size_t input_size;
	bool is_subcommand; /* a subcommand: errors are text on stderr */
};

static struct call the_call = { .att = NK_ATTACHMENT_CLOSED };

static const char *get_variable(const char *name)
{
	return getenv(name);
}

/* open_missing_standard_fds() - If the caller closed stdout, the next file opened would become
 * stdout and receive the result. The placeholder fails every read and write.
 */
static int open_missing_standard_fds(struct nk_error *err)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return nk_error_set(
				err, NK_CODE_IO, errno,
				"stdin, stdout or stderr is closed and cannot be replaced",
				"open /dev/null as file descriptor %d: %s", fd,
				nk_errno_name(errno));
	return 0;
}

/* block_signals() - no signal may end the process in the middle of a change */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* is_ready() - wait for @fd. Return: can it be read or written before @deadline? If not, errno says why */
static bool is_ready(int fd, short events, int64_t deadline)
{
	struct pollfd ready = { .fd = fd, .events = events };
	int n;

	do
		n = poll(&ready, 1, nk_clock_left_ms(deadline));
	while (n < 0 && errno == EINTR);
	if (!n)
		errno = ETIMEDOUT;
	return n > 0;
}

static int stdio_error(const char *msg, const char *late, const char *remedy, struct nk_error *err)
{
	if (errno != ETIMEDOUT)
		return nk_error_set(err, NK_CODE_IO, errno, msg, "%s", nk_errno_name(errno));
	nk_error_set(err, NK_CODE_IO, ETIMEDOUT, msg, "%s within %d s", late, STDIO_MS / 1000);
	return nk_error_remedy(err, "%s", remedy);
}

static int read_stdin(struct call *call, struct nk_error *err)
{
	const int64_t deadline = nk_clock_ms() + STDIO_MS;
	ssize_t n;

	call->input = malloc(NK_JSON_SIZE_MAX + 1);
	if (!call->input)
		return nk_error_no_memory(err);
	do {
		n = -1;
		if (is_ready(STDIN_FILENO, POLLIN, deadline))
			n = read(STDIN_FILENO, call->input + call->input_size,
				 NK_JSON_SIZE_MAX + 1 - call->input_size);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return stdio_error("cannot read stdin", "it did not end",
					   "close it after the configuration, as by < FILE", err);
		call->input_size += n > 0 ? (size_t)n : 0;
	} while (n && call->input_size <= NK_JSON_SIZE_MAX);
	return 0;
}

/* write_stdout() - write @text and a newline, and free it. A pipe that can be written takes PIPE_BUF without a wait. */
static int write_stdout(char *text, struct nk_error *err)
{
	/* The error that the result could not be written is not waited for once more. */
	static int64_t deadline;
	size_t size = text ? strlen(text) : 0, done = 0;
	ssize_t n;
	int rc = 0;

	if (!text)
		return nk_error_no_memory(err);
	deadline = deadline ? deadline : nk_clock_ms() + STDIO_MS;
	text[size++] = '\n'; /* replaces the NUL; @size counts from here on */
	while (done < size && !rc) {
		n = -1;
		if (is_ready(STDOUT_FILENO, POLLOUT, deadline))
			n = write(STDOUT_FILENO, text + done,
				  size - done < PIPE_BUF ? size - done : PIPE_BUF);
		if (n > 0)
			done += (size_t)n;
		else if (!n || (errno != EINTR && errno != EAGAIN))
			rc = stdio_error("cannot write stdout", "nobody read it",
					 "read it while nk-cni runs", err);
	}
	free(text);
	return rc;
}

/* print_error_text() - on stderr, for an operator */
static void print_error_text(struct nk_error *err)
{
	if (err->code == NK_CODE_NONE)
		return;
	nk_text_clean(err->msg, "");
	nk_text_clean(err->details, "");
	nk_text_clean(err->remedy, "");
	fprintf(stderr, "nk-cni: %s: %s%s%s\n", err->msg, err->details, *err->remedy ? "\n  " : "",
		err->remedy);
}

/* commit() - the result, once written, commits the ADD */
static int commit(struct call *call, struct nk_add *work, const struct nk_result *result,
		  struct nk_error *err)
{
	int rc = nk_attach_commit(&call->att, err);

	if (!rc) {
		nk_cmd_add_release(&call->att, work);
		nk_log_phase("commit");
		rc = write_stdout(nk_result_print(result), err);
		nk_log_phase("output");
	}
	if (rc)
		nk_cmd_add_undo(&call->request, &call->att, work, err);
	return rc;
}

static int add(struct call *call, struct nk_error *err)
{
	struct nk_add work = { .config = &call->config, .netns = call->request.netns };
	struct nk_result result;
	int rc = nk_cmd_add(&call->request, &call->att, &work, &call->ips, &result, err);

	if (!rc)
		rc = commit(call, &work, &result, err);
	nk_nic_plan_fini(&work.changes);
	return rc;
}

/* run_subcommand() - Runtimes pass no arguments, so CNI_COMMAND is ignored here. After a failure,
 * print what could be read. Return: an exit status, or a negative errno
 */
static int run_subcommand(struct call *call, char **args, struct nk_error *err)
{
	struct nk_invocation invocation = {
		.request = &call->request,
		.config = &call->config,
		.att = &call->att,
		.colour = isatty(STDOUT_FILENO) && !get_variable("NO_COLOR"),
	};
	char *text = NULL;
	int rc, written = 0;

	call->is_subcommand = true;
	nk_caps_keep(NK_CAPS_NETWORK);
	rc = nk_subcommand_parse(args, &invocation, err);
	if (!rc && invocation.subcommand->reads_stdin) {
		rc = nk_request_for_plan(get_variable, &call->request, err);
		if (!rc)
			rc = read_stdin(call, err);
		invocation.input = call->input;
		invocation.input_size = call->input_size;
	}
	if (rc)
		return rc;
	if (invocation.subcommand->changes)
		block_signals();
	rc = invocation.subcommand->run(&invocation, &text, err);
	if (text)
		written = write_stdout(text, err);
	rc = rc < 0 || !written ? rc : written;
	if (rc || !invocation.subcommand->end)
		return rc;
	text = NULL;
	rc = invocation.subcommand->end(&invocation, &text, err);
	written = text ? write_stdout(text, err) : 0;
	return rc ? rc : written;
}

/* print_help() - on stderr, if neither a command nor a subcommand is given */
static int print_help(struct nk_error *err)
{
	const struct nk_invocation all = { 0 };
	char *text;
	int rc = nk_subcommand_help(&all, &text, err);

	if (!rc)
		fprintf(stderr, "%s\n", text);
	free(text);
	return rc;
}

static int run_command(struct call *call, struct nk_error *err)
{
	nk_lock_set_limit(nk_request_lock_ms(call->request.command));
	switch (call->request.command) {
	case NK_COMMAND_ADD:
		return add(call, err);
	case NK_COMMAND_CHECK:
		return nk_cmd_check(&call->request, &call->config, &call->att, &call->ips, err);
	case NK_COMMAND_DEL:
		return nk_cmd_del(&call->request, &call->config, &call->att, err);
	case NK_COMMAND_STATUS:
		return nk_cmd_status(&call->request, &call->config, &call->att, err);
	case NK_COMMAND_GC:
		return nk_cmd_gc(&call->request, &call->config, err);
	case NK_COMMAND_NONE:
	case NK_COMMAND_VERSION:
	case NK_COMMAND_PLAN:
	case NK_COMMAND_FEATURES:
	case NK_COMMAND_DOCTOR:
		break; /* handled by run() */
	}
	return 0;
}

static int run(struct call *call, char **args, struct nk_error *err)
{
	int rc;

	if (*args)
		return run_subcommand(call, args, err);
	rc = nk_request_parse(get_variable, &call->request, err);
	if (rc)
		return rc;
	if (call->request.command == NK_COMMAND_NONE)
		return print_help(err);
	nk_caps_keep(call->request.command == NK_COMMAND_VERSION ? 0 : NK_CAPS_NETWORK);
	rc = read_stdin(call, err);
	if (rc)
		return rc;
	nk_config_probe_version(call->input, call->input_size, call->version);
	if (call->request.command == NK_COMMAND_VERSION)
		return write_stdout(nk_result_print_versions(call->version), err);
	nk_log_subject(nk_request_command_name(call->request.command), call->request.pod_name,
		       call->request.container_id, call->request.ifname);
	rc = nk_config_parse(call->input, call->input_size, &call->request, &call->config, err);
	if (rc)
		return rc;
	if (!*call->config.ipam_type) /* a plugin of another's may need more */
		nk_caps_no_new();
	block_signals();
	nk_log_phase("input");
	return run_command(call, err);
}

/* print_error() - as a CNI error object, or as text for an operator */
static void print_error(struct nk_error *err)
{
	struct nk_error ignored = { 0 };

	nk_log_call(err);
	if (the_call.is_subcommand)
		print_error_text(err);
	else if (write_stdout(nk_result_print_error(err, the_call.version), &ignored))
		nk_log_tolerated(err);
}

int main(int argc, char **argv)
{
	struct call *call = &the_call;
	struct nk_error err = { 0 };
	int rc;

	nk_log_phase("start");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* writes fail with EFBIG instead, and are rolled back */
	nk_config_probe_version("", 0, call->version);
	nk_netns_set_last_words(print_error);
	rc = open_missing_standard_fds(&err);
	if (!rc)
		rc = run(call, argc > 0 ? argv + 1 : argv, &err);
	if (rc < 0)
		print_error(&err);
	nk_ipam_result_fini(&call->ips);
	nk_attachment_fini(&call->att);
	nk_log_phase("end");
	if (!rc)
		nk_log_call(NULL);
	nk_config_fini(&call->config);
	free(call->input);
	return rc < 0 ? EXIT_FAILURE : rc;
}
