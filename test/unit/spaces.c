// SPDX-License-Identifier: Apache-2.0
/* spaces.c - namespaces for tests, on machines that grant them in different ways */
#include "spaces.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* enter_mounts_root() - a process that enters its own mount namespace has the root of that, no chroot */
static int enter_mounts_root(void)
{
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int rc = self < 0 || setns(self, CLONE_NEWNS) ? -errno : 0;

	if (self >= 0)
		close(self);
	return rc;
}

/* pivot_to() - the directory @root becomes the root of all mounts of this namespace */
static int pivot_to(int root)
{
	char path[PATH_MAX];

	if (fchdir(root) || !getcwd(path, sizeof(path)) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(path, path, NULL, MS_BIND | MS_REC, NULL) || chdir(path) ||
	    syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH))
		return -errno;
	return 0;
}

/* leave_chroot() - all files keep their paths, and so does the current directory */
static int leave_chroot(void)
{
	char here[PATH_MAX];
	int root, rc;

	if (!getcwd(here, sizeof(here)) || unshare(CLONE_NEWNS))
		return -errno;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* of the new namespace */
	if (root < 0)
		return -errno;
	rc = enter_mounts_root();
	if (!rc)
		rc = pivot_to(root);
	close(root);
	return rc || !chdir(here) ? rc : -errno;
}

static int make(int kinds)
{
	return unshare(kinds) ? -errno : 0;
}

int spaces_unshare(int kinds)
{
	int rc = make(kinds);

	if (rc == -EPERM && !geteuid() && !leave_chroot())
		rc = make(kinds);
	return rc;
}

static bool write_self(const char *name, const char *text)
{
	const ssize_t size = (ssize_t)strlen(text);
	char path[64];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, text, (size_t)size) == size;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Before main(), for Criterion makes threads, and a process that has some gets no user namespace. */
static void __attribute__((constructor)) become_root(void)
{
	const uid_t uid = geteuid();
	const gid_t gid = getegid();
	char uid_map[64], gid_map[64];

	snprintf(uid_map, sizeof(uid_map), "0 %u 1\n", uid);
	snprintf(gid_map, sizeof(gid_map), "0 %u 1\n", gid);
	if (uid && !unshare(CLONE_NEWUSER) &&
	    !(write_self("setgroups", "deny") && write_self("uid_map", uid_map) &&
	      write_self("gid_map", gid_map)))
		_exit(EXIT_FAILURE);
}
