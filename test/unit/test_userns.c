// SPDX-License-Identifier: Apache-2.0
/* test_userns.c - ids of a Pod with a user namespace of its own, made here */
#include "userns.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What does not end is a failure, not a wait. */
TestSuite(userns, .timeout = 30);

static void put(pid_t pid, const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "w");
	cr_assert(file && fputs(text, file) >= 0 && !fclose(file), "%s", path);
}

/* open_pod() - the netns of a child in a user namespace with these maps; the child has gone */
static int open_pod(const char *uid_map, const char *gid_map)
{
	char path[64], byte;
	int ready[2], fd;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		unit_skip("this kernel makes no user namespace");
	close(ready[0]);
	put(pid, "uid_map", uid_map);
	put(pid, "gid_map", gid_map);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

static void need_root(void)
{
	if (geteuid())
		unit_skip("maps of several ids are root's to write");
}

Test(userns, ids_of_this_user_namespace_stay_as_they_are)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	uint32_t uid = 107, gid = 4294967294;
	struct nk_error err = { 0 };

	unit_expect_ok("own", nk_userns_host_ids(fd, &uid, &gid, &err), &err);
	cr_expect_eq(uid, 107);
	cr_expect_eq(gid, 4294967294);
	close(fd);
}

Test(userns, ids_are_translated_by_the_line_that_has_them)
{
	static const struct {
		uint32_t uid, gid, host_uid, host_gid;
	} rows[] = {
		{ 0, 0, 100000, 200000 },
		{ 107, 36, 100107, 200036 },
		{ 999, 999, 100999, 200999 },
		{ 5000, 0, 7000, 200000 },
	};
	struct nk_error err = { 0 };
	uint32_t uid, gid;
	size_t i;
	int fd;

	need_root();
	fd = open_pod("0 100000 1000\n5000 7000 1\n", "0 200000 1000\n");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uid = rows[i].uid;
		gid = rows[i].gid;
		unit_expect_ok("row", nk_userns_host_ids(fd, &uid, &gid, &err), &err);
		cr_expect_eq(uid, rows[i].host_uid, "row %zu: %u", i, uid);
		cr_expect_eq(gid, rows[i].host_gid, "row %zu: %u", i, gid);
	}
	close(fd);
}

Test(userns, id_that_the_pod_does_not_have_is_refused)
{
	struct nk_error err = { 0 };
	uint32_t uid = 1000, gid = 0;
	int fd;

	need_root();
	fd = open_pod("0 100000 1000\n", "0 200000 10\n");
	unit_expect_error("uid", nk_userns_host_ids(fd, &uid, &gid, &err), &err, NK_CODE_CONFIG,
			  "no such id|xsk.uid: 1000");
	nk_error_reset(&err);
	uid = 0;
	gid = 10;
	unit_expect_error("gid", nk_userns_host_ids(fd, &uid, &gid, &err), &err, NK_CODE_CONFIG,
			  "no such id|xsk.gid: 10");
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
