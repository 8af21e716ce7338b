// SPDX-License-Identifier: Apache-2.0
/* delegate.c - run another CNI plugin, exchange its input and output, reap it */
#include "cni/delegate.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "kernel/libc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

#define TRIES	 6    /* attempts while a file is being written, as in libcni */
#define PAUSE_MS 1000 /* between attempts */
#define GRACE_MS 200  /* if a process holds stdout open after the plugin's end */

/* Data for the child, prepared before fork(). */
struct plan {
	char *file;
	char **environment;
	pid_t parent;
	pid_t group; /* the plugin and the processes it starts */
};

/* A running plugin. Each fd is -1 once it is closed. */
struct child {
	pid_t pid;
	int pidfd; /* becomes readable when the plugin ends */
	int in;	   /* our end of its stdin */
	int out;   /* our end of its stdout */
};

struct output {
	char *text; /* NK_DELEGATE_OUTPUT_MAX + 1 bytes */
	size_t size;
};

static int __attribute__((format(printf, 4, 5)))
set_error(const struct nk_delegate *call, int sys, struct nk_error *err, const char *fmt, ...)
{
	char text[1536];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return nk_error_set(err, NK_CODE_IPAM, sys, "the IPAM plugin failed",
			    "IPAM plugin %.64s (command %s) %s", call->type, call->command, text);
}

static void close_end(int *fd)
{
	close(*fd);
	*fd = -1;
}

/* replaces() - does @variables contain the variable of @text? */
static bool replaces(char *const *variables, const char *text)
{
	const size_t key_size = strcspn(text, "=") + 1;

	for (; variables && *variables; variables++)
		if (!strncmp(*variables, text, key_size))
			return true;
	return false;
}

/* make_environment() - our environment without CNI_COMMAND and with the caller's replacements.
 * Return: an array to be freed, not its strings; NULL: out of memory
 */
static char **make_environment(char *command, char *const *variables)
{
	char *const commands[] = { command, NULL };
	size_t i, size = 2, used = 0;
	char **ret;

	for (i = 0; environ && environ[i]; i++)
		size++;
	for (i = 0; variables && variables[i]; i++)
		size++;
	ret = calloc(size, sizeof(*ret));
	if (!ret)
		return NULL;
	for (i = 0; environ && environ[i]; i++)
		if (!replaces(commands, environ[i]) && !replaces(variables, environ[i]))
			ret[used++] = environ[i];
	for (i = 0; variables && variables[i]; i++)
		ret[used++] = variables[i];
	ret[used] = command;
	return ret;
}

/**
 * exec_plugin() - in the child, from fork() to execve()
 * @report: receives the errno of a failure; closed on success
 *
 * Uses only functions that are safe between fork() and execve() in a process with threads.
 */
static void __attribute__((noreturn)) exec_plugin(const struct plan *plan, int in, int out,
						  int report)
{
	char *const argv[] = { plan->file, NULL };
	sigset_t none;
	int sys;

	/* On a timeout a runtime kills only us (SIGKILL), and nobody waits for the plugin. If we
	 * are killed before prctl(), no signal is sent, but we are no longer the parent.
	 */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != plan->parent || setpgid(0, plan->group))
		_exit(EXIT_FAILURE);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && /* stdin, stdout; stderr is inherited */
	    !close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) &&
	    !sigprocmask(SIG_SETMASK, &none, NULL))
		execve(plan->file, argv, plan->environment);
	sys = errno;
	if (write(report, &sys, sizeof(sys)) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

/* wait_for_child() - wait for a child that has ended or will be killed. Return: 0 or a negative errno */
static int wait_for_child(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* confirm_exec() - did the child execute the plugin? If not, reap it. */
static int confirm_exec(int report, struct child *child, const char **what)
{
	int sys = 0, status;
	ssize_t n;

	*what = "execve";
	do
		n = read(report, &sys, sizeof(sys));
	while (n < 0 && errno == EINTR);
	if (!sys) {
		*what = "pidfd_open";
		child->pidfd = pidfd_open(child->pid, 0);
		if (child->pidfd >= 0)
			return 0;
		sys = errno;
		kill(child->pid, SIGKILL);
	}
	(void)wait_for_child(child->pid, &status); /* the reason is known */
	return -sys;
}

/**
 * spawn_plugin() - fork and execute the plugin
 * @in, @out: the child's ends of its stdin and stdout
 * @what: set to the name of the call that failed
 *
 * Return: 0, or a negative errno and no child
 */
static int spawn_plugin(const struct plan *plan, int in, int out, struct child *ret,
			const char **what)
{
	int report[2], rc;

	*what = "pipe";
	if (pipe2(report, O_CLOEXEC))
		return -errno;
	*what = "fork";
	ret->pid = fork();
	if (!ret->pid)
		exec_plugin(plan, in, out, report[1]);
	rc = ret->pid < 0 ? -errno : 0;
	close(report[1]);
	if (!rc)
		rc = confirm_exec(report[0], ret, what);
	close(report[0]);
	return rc;
}

/* start_plugin() - spawn_plugin() with pipes for stdin and stdout; our ends are non-blocking. */
static int start_plugin(const struct plan *plan, struct child *ret, const char **what)
{
	int in[2], out[2], rc;

	*what = "pipe";
	if (pipe2(in, O_CLOEXEC))
		return -errno;
	if (pipe2(out, O_CLOEXEC)) {
		rc = -errno;
		close(in[0]);
		close(in[1]);
		return rc;
	}
	rc = fcntl(in[1], F_SETFL, O_NONBLOCK) || fcntl(out[0], F_SETFL, O_NONBLOCK) ? -errno : 0;
	if (!rc)
		rc = spawn_plugin(plan, in[0], out[1], ret, what);
	close(in[0]);
	close(out[1]);
	ret->in = in[1];
	ret->out = out[0];
	if (rc) {
		close_end(&ret->in);
		close_end(&ret->out);
	}
	return rc;
}

/* start_with_retries() - the plugin may be in the middle of an installation */
static int start_with_retries(const struct nk_delegate *call, const struct plan *plan,
			      int64_t deadline, struct child *ret, struct nk_error *err)
{
	const char *what;
	int tries = 1, rc, pause;

	while ((rc = start_plugin(plan, ret, &what)) == -ETXTBSY && tries < TRIES &&
	       nk_clock_left_ms(deadline)) {
		pause = nk_clock_left_ms(deadline);
		poll(NULL, 0, pause < PAUSE_MS ? pause : PAUSE_MS);
		tries++;
	}
	if (rc)
		set_error(call, -rc, err, "cannot be started: %s %.1024s: %s%s", what, plan->file,
			  nk_errno_name(-rc),
			  rc == -ETXTBSY ? "; the file is still being written, so try again later" :
					   "");
	if (rc == -EACCES)
		nk_error_remedy(
			err,
			"make the file executable (chmod +x), and mount its file system without "
			"noexec");
	return rc;
}

/* write_input() - A plugin need not read it: a closed pipe is no error. */
static void write_input(const struct nk_delegate *call, struct child *child, size_t *done)
{
	ssize_t n = write(child->in, call->input + *done, call->input_size - *done);

	if (n > 0)
		*done += (size_t)n;
	if (*done == call->input_size || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_end(&child->in);
}

/* read_output() - Return: 0, or -EFBIG */
static int read_output(struct child *child, struct output *output)
{
	ssize_t n = read(child->out, output->text + output->size,
			 NK_DELEGATE_OUTPUT_MAX + 1 - output->size);

	if (n > 0)
		output->size += (size_t)n;
	else if (!n || (errno != EAGAIN && errno != EINTR))
		close_end(&child->out);
	return output->size > NK_DELEGATE_OUTPUT_MAX ? -EFBIG : 0;
}

/**
 * exchange_data() - write input and read output until the plugin has ended and its output is read
 *
 * It has ended when its process has, not when its stdout is closed: a daemon that it started may
 * hold that open forever, and a plugin may close it early.
 *
 * Return: 0, -ETIMEDOUT, -EFBIG, or the errno of poll()
 */
static int exchange_data(const struct nk_delegate *call, struct child *child, int64_t deadline,
			 struct output *output)
{
	bool ended = false;
	size_t done = 0;
	int n;

	while (!ended || child->out >= 0) {
		struct pollfd fds[] = { { .fd = child->pidfd, .events = POLLIN },
					{ .fd = child->out, .events = POLLIN },
					{ .fd = child->in, .events = POLLOUT } };

		n = poll(fds, sizeof(fds) / sizeof(fds[0]), nk_clock_left_ms(deadline));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		if (!ended && !fds[0].revents && !nk_clock_left_ms(deadline))
			return -ETIMEDOUT;
		if (!n)
			return 0; /* do not wait longer */
		if (fds[1].revents && read_output(child, output))
			return -EFBIG;
		if (fds[2].revents)
			write_input(call, child, &done);
		if (fds[0].revents) {
			ended = true;
			close_end(&child->pidfd);
			if (child->in >= 0)
				close_end(&child->in);
			deadline = nk_clock_ms() + GRACE_MS;
		}
	}
	return 0;
}

/* report_end() - report how the process ended. @rc: result of exchange_data(); @status: from waitpid() */
static int report_end(const struct nk_delegate *call, int rc, int status, struct nk_error *err)
{
	switch (-rc) {
	case 0:
		break;
	case ETIMEDOUT:
		return set_error(call, ETIMEDOUT, err, "did not answer within %g s",
				 call->limit_ms / 1000.0);
	case EFBIG:
		return set_error(call, EFBIG, err, "wrote more than %u bytes on its stdout",
				 NK_DELEGATE_OUTPUT_MAX);
	default:
		return set_error(call, -rc, err, "was started, but waiting for its end failed: %s",
				 nk_errno_name(-rc));
	}
	if (WIFSIGNALED(status))
		return set_error(call, EREMOTEIO, err, "was killed by signal %d (%s)",
				 WTERMSIG(status), strsignal(WTERMSIG(status)));
	return 0;
}

static void kill_my_group(int number)
{
	(void)number;
	kill(0, SIGKILL);
}

/* run_guard() - the guard's process; it closes @ready when it is in place */
static void __attribute__((noreturn)) run_guard(pid_t us)
{
	const struct sigaction action = { .sa_handler = kill_my_group };
	sigset_t none;

	if (setpgid(0, 0) || sigaction(SIGTERM, &action, NULL) ||
	    prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != us || close_range(0, ~0U, 0))
		_exit(EXIT_FAILURE);
	sigemptyset(&none);
	for (;;)
		sigsuspend(&none);
}

/**
 * start_guard() - start the leader of the plugin's process group, which kills the group when we die
 *
 * The signal at our end (exec_plugin()) reaches only the plugin, not the processes it started: a
 * shell script's child could reserve an address after the runtime's DEL. The guard starts before
 * the plugin. It is reaped last, so that the number of the group is not reused.
 *
 * Return: its pid, which is the group's number, or a negative errno
 */
static pid_t start_guard(void)
{
	const pid_t us = getpid();
	int ready[2], rc;
	pid_t pid;
	char none;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		run_guard(us);
	rc = pid < 0 ? -errno : pid;
	close(ready[1]);
	while (pid > 0 && read(ready[0], &none, 1) < 0 && errno == EINTR)
		;
	close(ready[0]);
	return rc;
}

/* end_plugin() - end the plugin, its guard and, unless it succeeded, its process group: a process
 * left over could still reserve an address
 */
static int end_plugin(pid_t pid, pid_t group, bool kill_all, int *ret_status)
{
	int rc, guard_status;

	if (kill_all) {
		kill(-group, SIGKILL);
		kill(pid, SIGKILL); /* the plugin may have left the group */
	}
	rc = wait_for_child(pid, ret_status);
	if (rc || !WIFEXITED(*ret_status) || WEXITSTATUS(*ret_status))
		kill(-group, SIGKILL);
	kill(group, SIGKILL);
	(void)wait_for_child(group, &guard_status);
	return rc;
}

static int run_plugin(const struct nk_delegate *call, struct plan *plan, struct output *output,
		      int *ret_status, struct nk_error *err)
{
	const int64_t deadline = nk_clock_ms() + call->limit_ms;
	struct child child = { .pidfd = -1, .in = -1, .out = -1 };
	int rc, reaped, status = 0;

	plan->group = start_guard();
	if (plan->group < 0)
		return set_error(call, -plan->group, err, "cannot be started: %s",
				 nk_errno_name(-plan->group));
	rc = start_with_retries(call, plan, deadline, &child, err);
	if (rc) {
		kill(plan->group, SIGKILL);
		(void)wait_for_child(plan->group, &status);
		return rc;
	}
	rc = exchange_data(call, &child, deadline, output);
	reaped = end_plugin(child.pid, plan->group, rc != 0, &status);
	nk_cleanup_close(&child.pidfd);
	nk_cleanup_close(&child.in);
	nk_cleanup_close(&child.out);
	rc = report_end(call, rc ? rc : reaped, status, err);
	*ret_status = WEXITSTATUS(status);
	return rc;
}

int nk_delegate_run(const struct nk_delegate *call, char **ret, size_t *ret_size, int *ret_status,
		    struct nk_error *err)
{
	/* A runtime may have left SIGCHLD ignored: then the plugin would be reaped without a
	 * status. SIGPIPE must be ignored, or a plugin that does not read would end us.
	 */
	const struct sigaction keep = { .sa_handler = SIG_DFL }, ignore = { .sa_handler = SIG_IGN };
	struct output output = { .text = malloc(NK_DELEGATE_OUTPUT_MAX + 1) };
	off_stack char file[PATH_MAX];
	char command[32];
	struct plan plan = { .file = file, .parent = getpid() };
	struct sigaction old_child, old_pipe;
	int rc;

	snprintf(command, sizeof(command), "CNI_COMMAND=%s", call->command);
	plan.environment = make_environment(command, call->variables);
	rc = nk_delegate_find(call, file, err);
	if (!rc && (!output.text || !plan.environment))
		rc = nk_error_no_memory(err);
	if (!rc) {
		sigaction(SIGCHLD, &keep, &old_child);
		sigaction(SIGPIPE, &ignore, &old_pipe);
		rc = run_plugin(call, &plan, &output, ret_status, err);
		sigaction(SIGPIPE, &old_pipe, NULL);
		sigaction(SIGCHLD, &old_child, NULL);
	}
	free(plan.environment);
	if (rc || !output.text) {
		free(output.text);
		return rc;
	}
	output.text[output.size] = '\0';
	*ret = output.text;
	*ret_size = output.size;
	return 0;
}
