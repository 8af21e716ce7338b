// SPDX-License-Identifier: Apache-2.0
/* netns.c - the only setns() of the program */
#include "netns.h"

#include "cleanup.h"
#include "error.h"
#include "uapi.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "banned.h"

int nk_netns_open_own(struct nk_error *err)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return nk_error_set(err, NK_CODE_INTERNAL, errno, "cannot open the own netns",
				    "open /proc/thread-self/ns/net: %s", nk_errno_name(errno));
	return fd;
}

/* refuse_own() - is @fd the netns we are in? Namespaces are the same if device and inode are. */
static int refuse_own(int fd, const char *path, struct nk_error *err)
{
	int own cleanup_close = nk_netns_open_own(err);
	struct stat a, b;

	if (own < 0)
		return own;
	if (fstat(fd, &a) || fstat(own, &b))
		return nk_error_set(err, NK_CODE_INTERNAL, errno, "cannot compare netns",
				    "fstat: %s", nk_errno_name(errno));
	if (a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return 0;
	nk_error_set(err, NK_CODE_ENV, EINVAL, "invalid environment variable CNI_NETNS",
		     "%.256s is the netns this plugin runs in, the host's own", path);
	nk_error_remedy(err,
			"give the Pod a netns of its own; Pods with hostNetwork get no CNI call");
	return -EINVAL;
}

bool nk_netns_is_same(const char *a, const char *b)
{
	struct stat x, y;

	if (!strcmp(a, b))
		return true;
	if (stat(a, &x) || stat(b, &y))
		return errno != ENOENT && errno != ENOTDIR;
	return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int nk_netns_open(const char *path, struct nk_error *err)
{
	int fd cleanup_close = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct statfs fs;
	int rc;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return nk_error_set(err, NK_CODE_UNKNOWN, ENOENT,
				    "CNI_NETNS: there is no such netns", "open %.256s: %s", path,
				    nk_errno_name(errno));
	if (fd < 0)
		return nk_error_set(err, NK_CODE_ENV, errno,
				    "invalid environment variable CNI_NETNS", "open %.256s: %s",
				    path, nk_errno_name(errno));
	if (fstatfs(fd, &fs) || fs.f_type != NSFS_MAGIC || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return nk_error_set(err, NK_CODE_ENV, EINVAL,
				    "invalid environment variable CNI_NETNS",
				    "%.256s exists but is not a network namespace", path);
	rc = refuse_own(fd, path, err);
	return rc ? rc : nk_steal_fd(&fd);
}

int nk_netns_open_cookie(uint64_t cookie, struct nk_error *err)
{
	/* include/uapi/linux/nsfs.h: struct nsfs_file_handle, of which 0 in the type means any */
	struct {
		struct file_handle head;
		uint64_t id;
		uint32_t type, inode;
	} handle = {
		.head = { .handle_bytes = 16, .handle_type = NK_FILEID_NSFS },
		.id = cookie,
	};
	int fd cleanup_close = -1;
	uint64_t found = 0;
	int rc;

	fd = open_by_handle_at(NK_FD_NSFS_ROOT, &handle.head, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return nk_error_set(err, NK_CODE_KERNEL, errno, "cannot open the Pod's netns",
				    "netns %llu: %s", (unsigned long long)cookie,
				    nk_errno_name(errno));
	/* Namespaces of all kinds have numbers of one series. */
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return nk_error_set(err, NK_CODE_KERNEL, ESTALE, "cannot open the Pod's netns",
				    "%llu is no netns", (unsigned long long)cookie);
	rc = nk_netns_cookie(fd, &found, err);
	if (rc)
		return rc;
	if (found != cookie)
		return nk_error_set(err, NK_CODE_KERNEL, ESTALE, "cannot open the Pod's netns",
				    "%llu is the number of another one",
				    (unsigned long long)cookie);
	return nk_steal_fd(&fd);
}

int nk_netns_call(int netns_fd, int (*fn)(void *arg, struct nk_error *err), void *arg,
		  struct nk_error *err)
{
	int own cleanup_close = nk_netns_open_own(err);
	int rc;

	if (own < 0)
		return own;
	if (setns(netns_fd, CLONE_NEWNET))
		return nk_error_set(err, NK_CODE_KERNEL, errno, "cannot enter the Pod's netns",
				    "setns: %s", nk_errno_name(errno));
	rc = fn(arg, err);
	if (setns(own, CLONE_NEWNET))
		abort();
	return rc;
}

int nk_netns_new(struct nk_error *err)
{
	int own cleanup_close = nk_netns_open_own(err);
	int fd;

	if (own < 0)
		return own;
	if (unshare(CLONE_NEWNET))
		return nk_error_set(err, NK_CODE_KERNEL, errno, "cannot make a netns",
				    "unshare: %s", nk_errno_name(errno));
	fd = nk_netns_open_own(err);
	if (setns(own, CLONE_NEWNET))
		abort();
	return fd;
}

static int read_cookie(void *arg, struct nk_error *err)
{
	int fd cleanup_close = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(uint64_t);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, NK_SO_NETNS_COOKIE, arg, &len))
		return nk_error_set(err, NK_CODE_KERNEL, errno,
				    "the kernel does not tell netns apart",
				    "SO_NETNS_COOKIE (Linux >= 5.14): %s", nk_errno_name(errno));
	return 0;
}

int nk_netns_cookie(int netns_fd, uint64_t *ret, struct nk_error *err)
{
	return nk_netns_call(netns_fd, read_cookie, ret, err);
}
