// SPDX-License-Identifier: Apache-2.0
/* fault: runs a command one of whose system calls fails; no other one is traced. */
#include "calls.h"
#include "cli.h"
#include "pause.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * fault DIR CALL NUMBER ERROR COMMAND [ARGUMENT...]: the NUMBER-th system call, counted from its execve(),
 * which is number 1, or the next after it that is a CALL. DIR is of pause_share().
 */
static const struct {
	const char *name;
	unsigned long long number;
} syscalls[] = {
	{ "access", SYS_access },
	{ "bpf", SYS_bpf },
	{ "faccessat2", SYS_faccessat2 },
	{ "flock", SYS_flock },
	{ "fstat", SYS_fstat },
	{ "getdents64", SYS_getdents64 },
	{ "ioctl", SYS_ioctl },
	{ "newfstatat", SYS_newfstatat },
	{ "open", SYS_open },
	{ "openat", SYS_openat },
	{ "read", SYS_read },
	{ "readlink", SYS_readlink },
	{ "recvfrom", SYS_recvfrom },
	{ "recvmsg", SYS_recvmsg },
	{ "stat", SYS_stat },
	{ "statfs", SYS_statfs },
};
static const int errors[] = { EIO, ENOMEM, EMFILE, EACCES, ETIMEDOUT, EINTR };

static unsigned long long number_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(syscalls) / sizeof(syscalls[0]); i++)
		if (!strcmp(syscalls[i].name, name))
			return syscalls[i].number;
	cli_usage_die("%s is not a system call that is known here", name);
}

static int error_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (!strcmp(cli_errno_name(errors[i]), name))
			return errors[i];
	cli_usage_die("%s is not an error that is known here", name);
}

static void get_registers(pid_t pid, struct user_regs_struct *ret_regs)
{
	if (ptrace(PTRACE_GETREGS, pid, NULL, ret_regs))
		err(CLI_SYSTEM, "PTRACE_GETREGS");
}

static void set_registers(pid_t pid, const struct user_regs_struct *regs)
{
	if (ptrace(PTRACE_SETREGS, pid, NULL, regs))
		err(CLI_SYSTEM, "PTRACE_SETREGS");
}

/* Is at the entry of a call, which the kernel is not to do. Return: status after its exit */
static int fail_call(pid_t pid, int error)
{
	struct user_regs_struct regs;
	int status;

	get_registers(pid, &regs);
	regs.orig_rax = (unsigned long long)-1;
	set_registers(pid, &regs);
	status = calls_next_exit(pid);
	if (calls_has_ended(status))
		return status;
	get_registers(pid, &regs);
	regs.rax = (unsigned long long)-error;
	set_registers(pid, &regs);
	return status;
}

/* On to the entry of the wanted call, of which none is before the number-th of all. Return: its status */
static int run_to(pid_t pid, unsigned long long number, unsigned long long wanted)
{
	struct user_regs_struct regs;
	int status;

	pause_at(pid, number - 1);
	status = calls_to_pause(pid);
	while (!calls_has_ended(status)) {
		status = calls_next(pid);
		if (calls_has_ended(status))
			break;
		get_registers(pid, &regs);
		if (regs.orig_rax == wanted)
			break;
	}
	return status;
}

int main(int argc, char **argv)
{
	unsigned long long wanted;
	int error, status;
	pid_t pid;

	if (argc < 6)
		cli_usage_die("want DIR CALL NUMBER ERROR COMMAND [ARGUMENT...]");
	wanted = number_of(argv[2]);
	error = error_of(argv[4]);
	pause_share(argv[1]);
	pid = calls_fork_traced();
	if (!pid) {
		execvp(argv[5], argv + 5);
		err(CLI_SYSTEM, "%s", argv[5]);
	}
	status = run_to(pid, strtoull(argv[3], NULL, 10), wanted);
	if (!calls_has_ended(status))
		status = fail_call(pid, error);
	if (!calls_has_ended(status)) {
		if (ptrace(PTRACE_DETACH, pid, NULL, NULL))
			err(CLI_SYSTEM, "PTRACE_DETACH");
		do
			status = calls_wait(pid);
		while (!calls_has_ended(status));
	}
	return calls_status(status);
}
