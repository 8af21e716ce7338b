// SPDX-License-Identifier: Apache-2.0
/*
 * userns.c - translate ids of a Pod that has its own user namespace
 *
 * The kernel shows the maps of a user namespace in /proc/PID/uid_map of a process inside, and the Pod may
 * have no process yet. So a child of ours enters the namespace and waits until its maps are read.
 */
#include "kernel/userns.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/trust.h"
#include "kernel/libc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

static int fail(struct nk_error *err, const char *what)
{
	return nk_error_sys(err, NK_CODE_KERNEL, "cannot read the Pod's user namespace", "%s",
			    what);
}

/* is_own() - is it our own user namespace? Return: 1, 0, or a negative errno */
static int is_own(int userns_fd, struct nk_error *err)
{
	int own cleanup_close = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	struct stat a, b;

	if (own < 0)
		return fail(err, "open /proc/self/ns/user");
	if (fstat(own, &a) || fstat(userns_fd, &b))
		return fail(err, "fstat");
	return nk_trust_same_file(&a, &b);
}

/**
 * stay_inside() - the child: enters the namespace, reports the errno, and waits until we close or die
 *
 * It closes all our descriptors: a process of the Pod must not get the claims from it, and if we are
 * killed, it must not keep the NIC's lock. It cannot be traced.
 */
static void __attribute__((noreturn)) stay_inside(int userns_fd, int parent)
{
	enum {
		USERNS,
		PARENT,
		FIRST_CLOSED
	}; /* the descriptors that stay open */
	int sys = 0;
	char byte;

	if (dup2(userns_fd, USERNS) < 0 || dup2(parent, PARENT) < 0 ||
	    close_range(FIRST_CLOSED, ~0U, 0) || prctl(PR_SET_DUMPABLE, 0) ||
	    setns(USERNS, CLONE_NEWUSER))
		sys = errno;
	if (write(PARENT, &sys, sizeof(sys)) == (ssize_t)sizeof(sys))
		while (read(PARENT, &byte, 1) < 0 && errno == EINTR)
			;
	_exit(0);
}

/* translate_id() - lines have "first id inside, first id outside, count". Return: 0 or -ERANGE */
static int translate_id(FILE *map, uint32_t *id)
{
	unsigned long inside, outside, count;
	char line[128], *at;

	while (fgets(line, sizeof(line), map)) {
		inside = strtoul(line, &at, 10);
		outside = strtoul(at, &at, 10);
		count = strtoul(at, &at, 10);
		if (*id < inside || *id - inside >= count)
			continue;
		*id = (uint32_t)(outside + (*id - inside));
		return 0;
	}
	return -ERANGE;
}

static int translate(pid_t pid, const char *kind, uint32_t *id, struct nk_error *err)
{
	char path[64];
	FILE *map;
	int rc;

	snprintf(path, sizeof(path), "/proc/%d/%s_map", pid, kind);
	map = fopen(path, "re");
	if (!map)
		return fail(err, path);
	rc = translate_id(map, id);
	fclose(map);
	if (!rc)
		return 0;
	nk_error_set(err, NK_CODE_CONFIG, ERANGE, "the Pod has no such id",
		     "xsk.%s: %u is not mapped in the Pod's user namespace", kind, *id);
	nk_error_remedy(err, "use an id that the Pod's user namespace maps");
	return rc;
}

static int translate_both(pid_t pid, int child, uint32_t *uid, uint32_t *gid, struct nk_error *err)
{
	int sys = EPIPE, rc;

	if (read(child, &sys, sizeof(sys)) != (ssize_t)sizeof(sys) || sys) {
		errno = sys;
		return fail(err, "setns");
	}
	rc = translate(pid, "uid", uid, err);
	return rc ? rc : translate(pid, "gid", gid, err);
}

int nk_userns_host_ids(int netns_fd, uint32_t *uid, uint32_t *gid, struct nk_error *err)
{
	int userns cleanup_close = ioctl(netns_fd, NS_GET_USERNS);
	int ends[2], rc;
	pid_t pid;

	if (userns < 0)
		return fail(err, "NS_GET_USERNS");
	rc = is_own(userns, err);
	if (rc)
		return rc < 0 ? rc : 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return fail(err, "socketpair");
	pid = fork();
	if (!pid)
		stay_inside(userns, ends[1]);
	rc = pid < 0 ? fail(err, "fork") : 0;
	close(ends[1]);
	if (!rc)
		rc = translate_both(pid, ends[0], uid, gid, err);
	close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return rc;
}
