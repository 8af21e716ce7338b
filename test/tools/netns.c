// SPDX-License-Identifier: Apache-2.0
/* Opens things in another network namespace: go in, open the socket, come back. */
#include "netns.h"
#include "cli.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

static const char self_path[] = "/proc/thread-self/ns/net";

static int open_ns(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		errx(CLI_SYSTEM, "open network namespace %s: %s", path, cli_errno(errno));
	return fd;
}

int netns_current(void)
{
	return open_ns(self_path);
}

int netns_enter(const char *path)
{
	int fd, left_fd;

	if (!path)
		return -1;
	left_fd = netns_current();
	fd = open_ns(path);
	if (setns(fd, CLONE_NEWNET))
		errx(CLI_SYSTEM, "enter network namespace %s: %s", path, cli_errno(errno));
	close(fd);
	return left_fd;
}

void netns_leave(int left_fd)
{
	if (left_fd < 0)
		return;
	if (setns(left_fd, CLONE_NEWNET))
		errx(CLI_SYSTEM, "return to the first network namespace: %s", cli_errno(errno));
	close(left_fd);
}

bool netns_is_current(const char *path)
{
	struct stat here, there;

	if (!path)
		return true;
	if (stat(self_path, &here))
		errx(CLI_SYSTEM, "stat %s: %s", self_path, cli_errno(errno));
	if (stat(path, &there))
		errx(CLI_SYSTEM, "stat network namespace %s: %s", path, cli_errno(errno));
	return here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}
