// SPDX-License-Identifier: Apache-2.0
/* Calls of a CNI plugin that are written down in files, and a call that is stopped at a system call. */
#include "calls.h"
#include "cli.h"
#include "pause.h"

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

#define POLL_US	     2000
#define LOOKS	     3 /* that many in a row have to see it in flock() */
#define WORDS_MAX    64
#define SYSCALL_TRAP (SIGTRAP | 0x80)

static bool inside; /* is the one that is traced in a system call? */

static void redirect(const char *path, int flags, int to)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0 || dup2(fd, to) < 0)
		err(CLI_SYSTEM, "%s", path);
}

/* Up to WORDS_MAX lines of PREFIX.SUFFIX, which need not be there if it is not @wanted. */
static int read_words(const char *prefix, const char *suffix, bool wanted, char *words[])
{
	char path[4096], line[8192];
	int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s.%s", prefix, suffix);
	file = fopen(path, "re");
	if (!file && wanted)
		err(CLI_SYSTEM, "%s", path);
	while (file && count < WORDS_MAX && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		words[count++] = strdup(line);
	}
	if (file)
		fclose(file);
	return count;
}

/* Never returns. */
static void become(const char *program, const char *prefix, const char *out)
{
	char path[4096], *env[WORDS_MAX + 1] = { NULL }, *argv[WORDS_MAX + 2] = { NULL };

	argv[0] = strdup(program);
	read_words(prefix, "args", false, argv + 1);
	read_words(prefix, "env", true, env);
	snprintf(path, sizeof(path), "%s.in", prefix);
	redirect(path, O_RDONLY, STDIN_FILENO);
	redirect(out, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	execve(program, argv, env);
	err(CLI_SYSTEM, "%s", program);
}

static pid_t fork_or_die(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(CLI_SYSTEM, "fork");
	return pid;
}

pid_t calls_fork_traced(void)
{
	pid_t pid = fork_or_die();

	inside = false;
	if (!pid && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		err(CLI_SYSTEM, "PTRACE_TRACEME");
	if (!pid)
		raise(SIGSTOP);
	else
		calls_wait(pid);
	if (pid && ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
		err(CLI_SYSTEM, "PTRACE_SETOPTIONS");
	return pid;
}

static pid_t start(const char *program, const char *prefix, const char *out)
{
	pid_t pid = fork_or_die();

	if (!pid)
		become(program, prefix, out);
	return pid;
}

/* Return: was there anything to wait for? */
static bool try_wait(pid_t pid, int flags, int *status)
{
	int rc;

	do
		rc = waitpid(pid, status, flags);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		err(CLI_SYSTEM, "waitpid");
	return rc > 0;
}

int calls_wait(pid_t pid)
{
	int status;

	try_wait(pid, 0, &status);
	return status;
}

bool calls_has_ended(int status)
{
	return WIFEXITED(status) || WIFSIGNALED(status);
}

int calls_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int wait_for_end(pid_t pid)
{
	int status;

	do
		status = calls_wait(pid);
	while (!calls_has_ended(status));
	return calls_status(status);
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

/* Until it has ended, or waits for the first. Return: its status, CALLS_NONE while it waits */
static int let_run(pid_t pid)
{
	int seen = 0, status;

	while (seen < LOOKS) {
		if (try_wait(pid, WNOHANG, &status))
			return calls_status(status);
		seen = is_in_flock(pid) ? seen + 1 : 0;
		usleep(POLL_US);
	}
	return CALLS_NONE;
}

/* Is it at the call from which on they are counted? The registers are those of x86-64. */
static bool begins(pid_t pid, bool has_args)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		err(CLI_SYSTEM, "PTRACE_GETREGS");
	if (has_args)
		return regs.orig_rax == SYS_set_tid_address; /* of any libc, before main() */
	return regs.orig_rax == SYS_read && regs.rdi == STDIN_FILENO;
}

/* On to the next stop at a system call, its begin or its end, or to the end of all. */
static int to_trap(pid_t pid)
{
	int sig = 0, status;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, sig))
			err(CLI_SYSTEM, "PTRACE_SYSCALL");
		status = calls_wait(pid);
		if (calls_has_ended(status) || WSTOPSIG(status) == SYSCALL_TRAP)
			return status;
		sig = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status); /* of execve() */
	}
}

int calls_to_pause(pid_t pid)
{
	int sig = 0, status;

	for (;;) {
		if (ptrace(PTRACE_CONT, pid, NULL, sig))
			err(CLI_SYSTEM, "PTRACE_CONT");
		status = calls_wait(pid);
		if (calls_has_ended(status) || WSTOPSIG(status) == SIGSTOP)
			return status;
		sig = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status); /* of execve() */
	}
}

int calls_next_exit(pid_t pid)
{
	inside = false;
	return to_trap(pid);
}

int calls_next(pid_t pid)
{
	int status;

	if (inside) {
		status = calls_next_exit(pid);
		if (calls_has_ended(status))
			return status;
	}
	inside = true;
	return to_trap(pid);
}

/*
 * How many system calls a call makes, from its start on, before those that are counted: it is
 * traced so far, and killed. Each time they are the same ones.
 */
static uint64_t calls_before(const char *program, const char *prefix)
{
	static char known[4096];
	static uint64_t count;
	char args[4200];
	pid_t pid;

	if (!strcmp(known, prefix))
		return count;
	snprintf(known, sizeof(known), "%s", prefix);
	snprintf(args, sizeof(args), "%s.args", prefix);
	pid = calls_fork_traced();
	if (!pid)
		become(program, prefix, "/dev/null");
	for (count = 0;; count++) {
		if (calls_has_ended(calls_next(pid)))
			errx(CLI_SYSTEM, "%s ended before it began", prefix);
		if (begins(pid, !access(args, F_OK)))
			break;
	}
	kill(pid, SIGKILL);
	wait_for_end(pid);
	return count;
}

/* Starts the first, and waits until it has stopped where it is to, or ended. Return: waitpid()'s status */
static int run_first(struct calls_round *round, pid_t *ret_pid)
{
	uint64_t before;
	int status;

	pause_open();
	before = calls_before(round->program, round->first);
	*ret_pid = fork_or_die();
	if (!*ret_pid) {
		raise(SIGSTOP);
		become(round->program, round->first, round->first_out);
	}
	try_wait(*ret_pid, WUNTRACED, &status);
	pause_at(*ret_pid, round->at ? before + round->at : 0);
	kill(*ret_pid, SIGCONT);
	try_wait(*ret_pid, WUNTRACED, &status);
	round->count = pause_count() - before;
	return status;
}

void calls_round(struct calls_round *round)
{
	pid_t pid, other = -1;
	int status = run_first(round, &pid);

	round->during = !calls_has_ended(status);
	round->second_status = CALLS_NONE;
	if (round->second) {
		other = start(round->program, round->second, round->second_out);
		if (round->during)
			round->second_status = let_run(other);
	}
	if (round->during)
		kill(pid, round->second ? SIGCONT : SIGKILL);
	round->first_status = round->during ? wait_for_end(pid) : calls_status(status);
	if (round->second && round->second_status == CALLS_NONE)
		round->second_status = wait_for_end(other);
}

int calls_run(const char *program, const char *prefix, const char *out)
{
	return wait_for_end(start(program, prefix, out));
}
