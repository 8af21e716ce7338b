// SPDX-License-Identifier: Apache-2.0
/* netns.c - network namespaces: open, compare and enter them */
#include "kernel/netns.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/trust.h"
#include "kernel/uapi.h"

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
#include <unistd.h>

#include "base/banned.h"

/* Prints the error of a process that cannot return to its netns. */
static void (*last_words)(struct nk_error *err);

void nk_netns_set_last_words(void (*fn)(struct nk_error *err))
{
	last_words = fn;
}

/* return_to_own() - return to the netns @own. If that fails, the process ends and leaves the rest to a DEL:
 * every later step, even an undo, would change the wrong netns.
 */
static void return_to_own(int own)
{
	struct nk_error err = { 0 };

	if (!setns(own, CLONE_NEWNET))
		return;
	nk_error_set(&err, NK_CODE_KERNEL, errno, "cannot return from another netns",
		     "setns to the original netns: %s; nk-cni stopped before it changed "
		     "anything in the wrong netns",
		     nk_errno_name(errno));
	nk_error_remedy(&err,
			"call DEL, or call it again: DEL removes what the failed call has left");
	if (last_words)
		last_words(&err);
	_exit(EXIT_FAILURE);
}

int nk_netns_open_own(struct nk_error *err)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return nk_error_sys(err, NK_CODE_INTERNAL, "cannot open the netns of the plugin",
				    "open /proc/thread-self/ns/net");
	return fd;
}

/* refuse_own() - an error if @fd is our own netns: device and inode identify a namespace */
static int refuse_own(int fd, const char *path, struct nk_error *err)
{
	int own cleanup_close = nk_netns_open_own(err);
	struct stat a, b;

	if (own < 0)
		return own;
	if (fstat(fd, &a) || fstat(own, &b))
		return nk_error_sys(err, NK_CODE_INTERNAL, "cannot compare netns", "fstat");
	if (!nk_trust_same_file(&a, &b))
		return 0;
	nk_error_set(err, NK_CODE_ENV, EBUSY, "invalid environment variable CNI_NETNS",
		     "%.256s is the network namespace in which nk-cni runs, the host's own", path);
	nk_error_remedy(
		err,
		"give the Pod a network namespace of its own; Pods with hostNetwork get no CNI "
		"call");
	return -EBUSY;
}

bool nk_netns_is_same(const char *a, const char *b)
{
	struct stat x, y;

	if (!strcmp(a, b))
		return true;
	if (stat(a, &x) || stat(b, &y))
		return errno != ENOENT && errno != ENOTDIR;
	return nk_trust_same_file(&x, &y);
}

/* refuse_other() - an error if @fd is no netns */
static int refuse_other(int fd, const char *path, struct nk_error *err)
{
	struct statfs fs;
	int type = CLONE_NEWNET;
	int rc = fstatfs(fd, &fs);

	if (!rc && fs.f_type == NSFS_MAGIC)
		type = ioctl(fd, NS_GET_NSTYPE);
	if (rc || type < 0)
		return nk_error_sys(err, NK_CODE_ENV, "cannot examine CNI_NETNS", "%.256s: %s",
				    path, rc ? "fstatfs" : "NS_GET_NSTYPE");
	if (fs.f_type == NSFS_MAGIC && type == CLONE_NEWNET)
		return 0;
	return nk_error_set(err, NK_CODE_ENV, EINVAL, "invalid environment variable CNI_NETNS",
			    "%.256s exists but is not a network namespace", path);
}

bool nk_netns_is_none(int rc)
{
	switch (-rc) {
	case ENOENT:
	case ELOOP: /* a path that can lead nowhere */
	case ENAMETOOLONG:
	case ENXIO: /* a socket, or a device */
	case ENODEV:
	case EINVAL:
	case EBUSY:
		return true;
	default:
		return false;
	}
}

int nk_netns_open(const char *path, struct nk_error *err)
{
	int fd cleanup_close = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return nk_error_set(err, NK_CODE_UNKNOWN, ENOENT,
				    "CNI_NETNS: there is no such netns", "open %.256s: %s", path,
				    nk_errno_name(errno));
	if (fd < 0)
		return nk_error_sys(err, NK_CODE_ENV, "invalid environment variable CNI_NETNS",
				    "open %.256s", path);
	rc = refuse_other(fd, path, err);
	if (!rc)
		rc = refuse_own(fd, path, err);
	return rc ? rc : nk_steal_fd(&fd);
}

int nk_netns_open_cookie(uint64_t cookie, struct nk_error *err)
{
	/* include/uapi/linux/nsfs.h: struct nsfs_file_handle; type 0 means any */
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
		return nk_error_sys(err, NK_CODE_KERNEL, "cannot open the Pod's netns",
				    "open the netns with cookie %llu", (unsigned long long)cookie);
	/* Namespaces of all kinds share one series of numbers. */
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return nk_error_set(err, NK_CODE_KERNEL, ESTALE, "cannot open the Pod's netns",
				    "cookie %llu belongs to a namespace of another kind",
				    (unsigned long long)cookie);
	rc = nk_netns_cookie(fd, &found, err);
	if (rc)
		return rc;
	if (found != cookie)
		return nk_error_set(
			err, NK_CODE_KERNEL, ESTALE, "cannot open the Pod's netns",
			"the network namespace that the kernel opened for cookie %llu has another "
			"cookie",
			(unsigned long long)cookie);
	return nk_steal_fd(&fd);
}

/* refuse_netns() - of a system call that failed. EPERM: its capability is CAP_SYS_ADMIN. Return: a negative errno */
static int refuse_netns(const char *msg, const char *call, struct nk_error *err)
{
	const int rc = nk_error_sys(err, NK_CODE_KERNEL, msg, "%s", call);

	return rc == -EPERM ? nk_error_remedy(err, NK_REMEDY_ROOT) : rc;
}

int nk_netns_call(int netns_fd, int (*fn)(void *arg, struct nk_error *err), void *arg,
		  struct nk_error *err)
{
	int own cleanup_close = netns_fd < 0 ? -1 : nk_netns_open_own(err);
	int rc;

	if (netns_fd < 0)
		return fn(arg, err);
	if (own < 0)
		return own;
	if (setns(netns_fd, CLONE_NEWNET))
		return refuse_netns("cannot enter the Pod's netns", "setns", err);
	rc = fn(arg, err);
	return_to_own(own);
	return rc;
}

int nk_netns_new(struct nk_error *err)
{
	int own cleanup_close = nk_netns_open_own(err);
	int fd;

	if (own < 0)
		return own;
	if (unshare(CLONE_NEWNET))
		return refuse_netns("cannot create a netns", "unshare", err);
	fd = nk_netns_open_own(err);
	return_to_own(own);
	return fd;
}

int nk_netns_own_socket(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static int get_cookie(int fd, uint64_t *ret, struct nk_error *err)
{
	socklen_t len = sizeof(*ret);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, NK_SO_NETNS_COOKIE, ret, &len))
		return nk_error_sys(err, NK_CODE_KERNEL,
				    "the kernel does not identify network namespaces",
				    "SO_NETNS_COOKIE (Linux >= 5.14)");
	return 0;
}

static int read_cookie(void *arg, struct nk_error *err)
{
	int fd cleanup_close = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return get_cookie(fd, arg, err);
}

int nk_netns_cookie(int netns_fd, uint64_t *ret, struct nk_error *err)
{
	return nk_netns_call(netns_fd, read_cookie, ret, err);
}

int nk_netns_own_cookie(uint64_t *ret, struct nk_error *err)
{
	return get_cookie(nk_netns_own_socket(), ret, err);
}
