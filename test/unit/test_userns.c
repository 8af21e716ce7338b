// SPDX-License-Identifier: Apache-2.0
/* test_userns.c - ids of a Pod with a user namespace of its own, made here */
#include "kernel/userns.h"

#include "spaces.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What does not end is a failure, not a wait. */
TestSuite(userns, .timeout = 30);

struct row {
	uint32_t uid, gid, host_uid, host_gid;
};

static bool put(pid_t pid, const char *name, const char *text)
{
	const ssize_t size = (ssize_t)strlen(text);
	char path[64];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, text, (size_t)size) == size;
	cr_assert(ok || errno == EPERM, "%s: %s", path, nk_errno_name(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool put_maps(pid_t pid, const char *uid_map, const char *gid_map)
{
	return put(pid, "setgroups", "deny") && put(pid, "uid_map", uid_map) &&
	       put(pid, "gid_map", gid_map);
}

/* open_pod() - the netns of a child in a user namespace with these maps; the child has gone
 *
 * Return: its descriptor, or -1 if the maps are not for us to write
 */
static int open_pod(const char *uid_map, const char *gid_map)
{
	char path[64], byte;
	int ready[2], fd = -1;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		if (spaces_unshare(CLONE_NEWUSER | CLONE_NEWNET) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		unit_skip("no user namespace can be made");
	close(ready[0]);
	if (put_maps(pid, uid_map, gid_map)) {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		cr_assert_geq(fd, 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

/* open_own() - a Pod whose only ids, @uid and @gid, are ours: who is not root maps nothing else */
static int open_own(uint32_t uid, uint32_t gid)
{
	char uid_map[64], gid_map[64];
	int fd;

	snprintf(uid_map, sizeof(uid_map), "%u %u 1\n", uid, geteuid());
	snprintf(gid_map, sizeof(gid_map), "%u %u 1\n", gid, getegid());
	fd = open_pod(uid_map, gid_map);
	cr_assert_geq(fd, 0, "own ids cannot be mapped");
	return fd;
}

static void expect_ids(int pod, const struct row *row)
{
	struct nk_error err = { 0 };
	uint32_t uid = row->uid, gid = row->gid;

	unit_expect_ok("ids", nk_userns_host_ids(pod, &uid, &gid, &err), &err);
	cr_expect_eq(uid, row->host_uid, "uid %u: %u", row->uid, uid);
	cr_expect_eq(gid, row->host_gid, "gid %u: %u", row->gid, gid);
}

static void expect_no_id(int pod, uint32_t uid, uint32_t gid, const char *words)
{
	struct nk_error err = { 0 };
	int rc = nk_userns_host_ids(pod, &uid, &gid, &err);

	unit_expect_error("ids", rc, &err, NK_CODE_CONFIG, words);
}

Test(userns, ids_of_this_user_namespace_stay_as_they_are)
{
	int fd;

	spaces_unshare(
		CLONE_NEWNET); /* that of the machine can be of a user namespace before ours */
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	expect_ids(fd, &(struct row){ 107, 4294967294, 107, 4294967294 });
	close(fd);
}

Test(userns, ids_are_translated_by_the_line_that_has_them)
{
	static const struct row rows[] = {
		{ 0, 0, 10000, 20000 },
		{ 107, 36, 10107, 20036 },
		{ 999, 999, 10999, 20999 },
		{ 5000, 0, 7000, 20000 },
	};
	int fd = open_pod("0 10000 1000\n5000 7000 1\n", "0 20000 1000\n");
	size_t i;

	for (i = 0; fd >= 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_ids(fd, &rows[i]);
	close(fd);
	fd = open_own(107, 36);
	expect_ids(fd, &(struct row){ 107, 36, geteuid(), getegid() });
	close(fd);
}

Test(userns, id_that_the_pod_does_not_have_is_refused)
{
	int fd = open_own(107, 36);

	expect_no_id(fd, 1000, 36, "no such id|xsk.uid: 1000");
	expect_no_id(fd, 107, 10, "no such id|xsk.gid: 10");
	close(fd);
}

Test(userns, what_is_no_namespace_is_an_error)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct nk_error err = { 0 };
	uint32_t uid = 0, gid = 0;

	unit_expect_error("/dev/null", nk_userns_host_ids(fd, &uid, &gid, &err), &err,
			  NK_CODE_KERNEL, "user namespace|NS_GET_USERNS");
	close(fd);
}
