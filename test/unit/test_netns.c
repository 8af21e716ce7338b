// SPDX-License-Identifier: Apache-2.0
/* test_netns.c - which paths are a netns of a Pod; entering one needs root and is the lab's */
#include "kernel/netns.h"

#include "spaces.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_refused(const char *path, enum nk_code code, const char *words)
{
	struct nk_error err = { 0 };
	int rc = nk_netns_open(path, &err);

	unit_expect_error(path, rc, &err, code, words);
}

/* Code 3 tells the runtime that nothing was done and DEL is not needed. */
Test(netns, path_that_is_not_there_is_code_3)
{
	expect_refused("/nk-no-such-directory/netns", NK_CODE_UNKNOWN,
		       "no such netns|/nk-no-such-directory/netns|ENOENT");
	expect_refused("", NK_CODE_UNKNOWN, "no such netns|ENOENT");
	expect_refused("/proc/self/ns/net/x", NK_CODE_UNKNOWN, "no such netns|ENOTDIR");
	expect_refused("/proc/0/ns/net", NK_CODE_UNKNOWN, "no such netns|/proc/0/ns/net|ENOENT");
}

Test(netns, what_is_no_netns_is_code_4_and_named)
{
	static const char *const paths[] = { "/proc/self/ns/mnt", "/proc/self/ns/pid",
					     "/proc/self/status", "/",
					     "/dev/null",	  "/proc/self/exe" };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		expect_refused(paths[i], NK_CODE_ENV, "CNI_NETNS|not a network namespace");
		expect_refused(paths[i], NK_CODE_ENV, paths[i]);
	}
}

Test(netns, own_netns_is_refused_with_a_remedy)
{
	expect_refused("/proc/self/ns/net", NK_CODE_ENV,
		       "CNI_NETNS|/proc/self/ns/net|the host's own|a network namespace of its own");
	expect_refused("/proc/thread-self/ns/net", NK_CODE_ENV, "CNI_NETNS|the host's own");
}

/* What could not be opened this time is not gone. */
Test(netns, only_a_path_that_leads_to_no_netns_of_a_pod_says_that_there_is_none)
{
	static const int none[] = { ENOENT, ELOOP, ENAMETOOLONG, ENXIO, ENODEV, EINVAL, EBUSY };
	static const int unread[] = { EMFILE, ENFILE, EACCES, EPERM, ENOMEM, EIO, EINTR, ESTALE };
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		cr_expect(nk_netns_is_none(-none[i]), "%s", nk_errno_name(none[i]));
	for (i = 0; i < sizeof(unread) / sizeof(unread[0]); i++)
		cr_expect(!nk_netns_is_none(-unread[i]), "%s", nk_errno_name(unread[i]));
}

/* A file left by "ip netns" in a mount that is gone is an empty regular file. */
Test(netns, stale_file_and_fifo_are_refused_and_none_is_waited_for, .timeout = 5)
{
	char dir[PATH_MAX], file[PATH_MAX + 8], fifo[PATH_MAX + 8];
	FILE *made;

	unit_temp_dir(dir);
	snprintf(file, sizeof(file), "%s/file", dir);
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	made = fopen(file, "we");
	cr_assert(made && !fclose(made) && !mkfifo(fifo, 0600), "in %s: %s", dir,
		  nk_errno_name(errno));
	expect_refused(file, NK_CODE_ENV, "CNI_NETNS|/file|not a network namespace");
	expect_refused(fifo, NK_CODE_ENV, "CNI_NETNS|/fifo|not a network namespace");
	unlink(file);
	unlink(fifo);
	unit_temp_dir_end(dir);
}

/* The path alone fills the details; what the kernel said must not be lost behind it. */
Test(netns, path_that_cannot_be_opened_is_code_4_with_the_errno)
{
	static char path[3001];

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	expect_refused(path, NK_CODE_ENV, "CNI_NETNS|open|ENAMETOOLONG");
}

Test(netns, own_netns_can_be_opened_where_it_is_asked_for)
{
	struct nk_error err = { 0 };
	int fd = nk_netns_open_own(&err);

	unit_expect_ok("nk_netns_open_own", fd, &err);
	cr_expect_gt(fd, STDERR_FILENO);
	close(fd);
}

static int note_call(void *arg, struct nk_error *err)
{
	*(int *)arg += 1;
	return nk_error_set(err, NK_CODE_RETRY, EAGAIN, "called", "%s", "in the netns");
}

/* setns() into the own netns changes nothing; whether this process may is the kernel's to say. */
Test(netns, call_runs_once_and_hands_its_error_on_or_says_that_setns_was_refused)
{
	struct nk_error err = { 0 };
	int calls = 0, own = nk_netns_open_own(&err), rc;
	const int may = !setns(own, CLONE_NEWNET);
	const int setns_errno = may ? 0 : errno;

	rc = nk_netns_call(own, note_call, &calls, &err);
	cr_expect_eq(calls, may);
	if (may) {
		unit_expect_error("nk_netns_call", rc, &err, NK_CODE_RETRY, "called|in the netns");
	} else {
		unit_expect_error("nk_netns_call", rc, &err, NK_CODE_KERNEL, "cannot enter|setns");
		cr_expect_eq(rc, -setns_errno);
	}
	close(own);
}

Test(netns, cookie_of_a_netns_stays_or_setns_was_refused)
{
	struct nk_error err = { 0 };
	uint64_t first = 0, second = 0;
	int own = nk_netns_open_own(&err);
	int rc = nk_netns_cookie(own, &first, &err);

	if (!setns(own, CLONE_NEWNET)) {
		unit_expect_ok("nk_netns_cookie", rc, &err);
		unit_expect_ok("again", nk_netns_cookie(own, &second, &err), &err);
		cr_expect(first && first == second, "cookies %llu and %llu",
			  (unsigned long long)first, (unsigned long long)second);
	} else {
		unit_expect_error("nk_netns_cookie", rc, &err, NK_CODE_KERNEL, "setns|EPERM");
	}
	close(own);
}

/* --- another netns --------------------------------------------------------------------------- */

/* start_other() - a child in a netns of its own, waiting to be killed; -1 where this machine lets
 * us make none
 */
static pid_t start_other(void)
{
	int ready[2];
	char made = 0;
	pid_t pid;

	cr_assert(!pipe(ready), "pipe: %s", nk_errno_name(errno));
	pid = fork();
	cr_assert_geq(pid, 0, "fork: %s", nk_errno_name(errno));
	if (!pid) {
		made = !spaces_unshare(CLONE_NEWNET);
		if (write(ready[1], &made, 1) == 1)
			pause();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &made, 1), 1);
	close(ready[0]);
	close(ready[1]);
	if (made)
		return pid;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

Test(netns, netns_of_another_process_is_opened)
{
	struct nk_error err = { 0 };
	pid_t pid = start_other();
	char path[64];
	int fd;

	if (pid < 0)
		unit_skip("neither root nor a user namespace: no second netns can be made");
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = nk_netns_open(path, &err);
	unit_expect_ok(path, fd, &err);
	close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	expect_refused(path, NK_CODE_UNKNOWN, "no such netns");
}
