// SPDX-License-Identifier: Apache-2.0
/* between: runs a second program between two system calls of a first, or kills the first there. */
#include "cli.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A program is given by a prefix: PREFIX.env has its environment, a variable a line, PREFIX.in is its
 * stdin, PREFIX.out gets its stdout and stderr; it has no arguments.
 *
 * 1. Start the first, and stop it where it enters its N-th system call, counted from the first read
 *    of its stdin on: what the dynamic loader does is not of interest.
 * 2. Start the second. Wait until it has ended, or sleeps in flock(2): then it waits for the first.
 * 3. Let the first go on. Wait for both.
 *
 * Printed, in one line: the system calls of the first until its end or its stop, both exit statuses,
 * and "during" or "after": whether the second was started before the first had ended. A status is 128
 * + N after signal N, and - where nothing was started.
 */
#define POLL_US	     2000
#define LOOKS	     3 /* that many in a row have to see it in flock() */
#define TIMEOUT_S    120
#define ENV_MAX	     64
#define SYSCALL_TRAP (SIGTRAP | 0x80)

static const char *program, *first, *second;
static uint64_t at;

static const struct cli_opt options[] = {
	{ "program", CLI_STR, &program, .help = "FILE: both run it", .required = true },
	{ "first", CLI_STR, &first, .help = "PREFIX: of its files", .required = true },
	{ "second", CLI_STR, &second, .help = "PREFIX: likewise; without it the first is killed" },
	{ "at", CLI_U64, &at, 0, UINT32_MAX, .help = "N: the system call; 0: after its end" },
	{ 0 },
};

static void redirect(const char *prefix, const char *suffix, int flags, int to)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s.%s", prefix, suffix);
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0 || dup2(fd, to) < 0)
		err(CLI_SYSTEM, "%s", path);
}

/* Never returns. */
static void become(const char *prefix)
{
	char path[4096], line[8192], *env[ENV_MAX + 1] = { NULL }, *argv[] = { NULL, NULL };
	int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s.env", prefix);
	file = fopen(path, "re");
	if (!file)
		err(CLI_SYSTEM, "%s", path);
	while (count < ENV_MAX && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		env[count++] = strdup(line);
	}
	argv[0] = strdup(program);
	redirect(prefix, "in", O_RDONLY, STDIN_FILENO);
	redirect(prefix, "out", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	execve(program, argv, env);
	err(CLI_SYSTEM, "%s", program);
}

static pid_t start(const char *prefix, bool traced)
{
	pid_t pid = fork();

	if (pid < 0)
		err(CLI_SYSTEM, "fork");
	if (pid)
		return pid;
	if (traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		err(CLI_SYSTEM, "PTRACE_TRACEME");
	if (traced)
		raise(SIGSTOP);
	become(prefix);
	return 0;
}

static int wait_for(pid_t pid, int flags, int *status)
{
	int rc;

	do
		rc = waitpid(pid, status, flags);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		err(CLI_SYSTEM, "waitpid");
	return rc;
}

static bool has_ended(int status)
{
	return WIFEXITED(status) || WIFSIGNALED(status);
}

static bool is_in_flock(pid_t pid)
{
	char path[64], text[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	return *text >= '0' && *text <= '9' && strtol(text, NULL, 10) == SYS_flock;
}

/* Until it has ended, which sets *status, or waits for the first. Return: has it ended? */
static bool let_run(pid_t pid, int *status)
{
	int seen = 0;

	while (seen < LOOKS) {
		if (wait_for(pid, WNOHANG, status) > 0)
			return true;
		seen = is_in_flock(pid) ? seen + 1 : 0;
		usleep(POLL_US);
	}
	return false;
}

/* Is it at the read of its stdin? The registers are those of x86-64. */
static bool reads_stdin(pid_t pid)
{
	struct user_regs_struct regs;

	return !ptrace(PTRACE_GETREGS, pid, NULL, &regs) && regs.orig_rax == SYS_read &&
	       regs.rdi == STDIN_FILENO;
}

/* Runs the first until it enters call @n, or to its end. Return: how many calls it has entered */
static uint64_t run_to(pid_t pid, uint64_t n, int *status)
{
	uint64_t count = 0;
	bool inside = false;
	int sig = 0;

	wait_for(pid, 0, status);
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
		err(CLI_SYSTEM, "PTRACE_SETOPTIONS");
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, sig))
			err(CLI_SYSTEM, "PTRACE_SYSCALL");
		wait_for(pid, 0, status);
		if (has_ended(*status))
			return count;
		sig = WSTOPSIG(*status);
		if (sig != SYSCALL_TRAP) {
			sig = sig == SIGTRAP ? 0 : sig; /* of execve() */
			continue;
		}
		sig = 0;
		inside = !inside;
		if (inside && (count || reads_stdin(pid)) && ++count == n)
			return count;
	}
}

static void print_status(bool started, int status)
{
	if (!started)
		printf(" -");
	else
		printf(" %d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv)
{
	int status = 0, second_status = 0;
	bool during, second_ended = false;
	pid_t pid, other = -1;
	uint64_t count;

	cli_parse(options, argc, argv);
	alarm(TIMEOUT_S);
	pid = start(first, true);
	count = run_to(pid, at, &status);
	during = !has_ended(status);
	if (during && !second)
		kill(pid, SIGKILL);
	if (second) {
		other = start(second, false);
		if (during)
			second_ended = let_run(other, &second_status);
	}
	if (during) {
		if (second && ptrace(PTRACE_DETACH, pid, NULL, NULL))
			err(CLI_SYSTEM, "PTRACE_DETACH");
		do
			wait_for(pid, 0, &status);
		while (!has_ended(status));
	}
	if (second && !second_ended)
		wait_for(other, 0, &second_status);
	printf("%llu", (unsigned long long)count);
	print_status(true, status);
	print_status(second != NULL, second_status);
	puts(during ? " during" : " after");
	return CLI_OK;
}
