// SPDX-License-Identifier: Apache-2.0
/* nicdir.c - the NIC's directory on bpffs and its lock */
#include "nicdir.h"

#include "cleanup.h"
#include "clock.h"
#include "error.h"
#include "lock.h"
#include "log.h"
#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "banned.h"

#define TOP	 "nk-cni"
#define PAUSE_MS 5

int nk_nicdir_check_bpffs(const char *bpffs, struct nk_error *err)
{
	struct statfs fs;

	if (!statfs(bpffs, &fs) && fs.f_type == BPF_FS_MAGIC)
		return 0;
	nk_error_set(err, NK_CODE_BPF, ENODEV, "bpffs is not mounted",
		     "%s is not a bpf file system", bpffs);
	nk_error_remedy(
		err,
		"mount -t bpf -o mode=0700 bpf %s, or name its mount point: \"bpffs\" of the "
		"configuration, --bpffs of a command",
		bpffs);
	return -ENODEV;
}

static void top_path(const char *bpffs, char ret[NK_PATH_SIZE])
{
	snprintf(ret, NK_PATH_SIZE, "%.*s/" TOP, NK_BPFFS_SIZE, bpffs);
}

static void nic_path(const char *bpffs, const char *nic, char ret[NK_PATH_SIZE])
{
	size_t used;

	top_path(bpffs, ret);
	used = strlen(ret);
	ret[used++] = '/';
	for (; *nic && used + 4 < NK_PATH_SIZE; nic++) {
		if (*nic == '.' || *nic == '%')
			used += (size_t)snprintf(ret + used, NK_PATH_SIZE - used, "%%%02x",
						 (unsigned char)*nic);
		else
			ret[used++] = *nic;
	}
	ret[used] = '\0';
}

/* unescape() - a directory's name back to what it stands for. Return: 0, or -EINVAL if it is none of ours */
static int unescape(const char *name, char ret[NK_NICDIR_NAME_SIZE])
{
	size_t used = 0;

	while (*name && used < NK_NICDIR_NAME_SIZE - 1) {
		if (!strncmp(name, "%2e", 3) || !strncmp(name, "%25", 3)) {
			ret[used++] = name[2] == 'e' ? '.' : '%';
			name += 3;
		} else {
			ret[used++] = *name++;
		}
	}
	ret[used] = '\0';
	return *name ? -EINVAL : 0;
}

/* remove_if_empty() - the top directory, unless somebody is about to make one in it */
static void remove_if_empty(const char *top)
{
	int fd cleanup_close = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		(void)rmdir(top);
}

/* remove_top() - the directory above @path, where it is empty */
static void remove_top(const char *path)
{
	char top[NK_PATH_SIZE];

	snprintf(top, sizeof(top), "%.*s", (int)(strrchr(path, '/') - path), path);
	remove_if_empty(top);
}

/* open_top() - Return: an fd; -ENOENT where there is none; or another negative errno */
static int open_top(const char *bpffs, bool create, struct nk_error *err)
{
	int root cleanup_close = nk_trust_open_root(bpffs, err);
	char top[NK_PATH_SIZE];

	if (root < 0)
		return root;
	top_path(bpffs, top);
	return nk_trust_open(root, TOP, top, create, err);
}

/* open_dir() - the NIC's, without its lock. Return: as open_top() */
static int open_dir(const char *bpffs, const char *path, bool create, struct nk_error *err)
{
	int top cleanup_close = open_top(bpffs, create, err);
	int fd;

	if (top < 0)
		return top;
	fd = nk_trust_open(top, strrchr(path, '/') + 1, path, create, err);
	if (fd < 0 && create)
		remove_top(path); /* which leaves it where somebody uses it */
	return fd;
}

int nk_nicdir_check(const char *bpffs, const char *nic, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;

	nic_path(bpffs, nic, path);
	fd = open_dir(bpffs, path, false, err);
	return fd < 0 ? fd : 0;
}

/* lock() - wait for the lock on @fd. Return: 0 or -EAGAIN */
static int lock(int fd, const char *path, int64_t until, struct nk_error *err)
{
	char holder[NK_LOCK_HOLDER_SIZE];
	int rc = nk_lock_take(fd, until);

	if (!rc)
		return 0;
	if (rc != -EAGAIN)
		return nk_error_set(err, NK_CODE_BPF, -rc, "cannot lock the NIC", "flock %s: %s",
				    path, nk_errno_name(-rc));
	nk_lock_holder(fd, holder);
	return nk_error_set(err, NK_CODE_RETRY, EAGAIN, "try again later",
			    "the lock on %s was not free within %g s: held by %s", path,
			    nk_lock_limit_ms() / 1000.0, holder);
}

static bool is_current(int fd, const char *path)
{
	struct stat mine, present;

	return !fstat(fd, &mine) && !stat(path, &present) && mine.st_ino == present.st_ino &&
	       mine.st_dev == present.st_dev;
}

void nk_nicdir_init(const char *bpffs, const char *nic, struct nk_nicdir *ret)
{
	nic_path(bpffs, nic, ret->path);
	snprintf(ret->name, sizeof(ret->name), "%s", nic);
	ret->fd = -1;
}

int nk_nicdir_open(const char *bpffs, const char *nic, bool create, struct nk_nicdir *ret,
		   struct nk_error *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	const int64_t until = nk_lock_until();
	int rc;

	nk_nicdir_init(bpffs, nic, ret);
	for (;;) {
		int fd cleanup_close = -1;

		fd = open_dir(bpffs, ret->path, create, err);
		/* The last user of another NIC has just removed the top directory, or of this NIC its own. */
		if (fd == -ENOENT && create && nk_clock_ms() <= until) {
			nk_error_reset(err);
			nanosleep(&pause, NULL);
			continue;
		}
		if (fd < 0)
			return fd;
		rc = lock(fd, ret->path, until, err);
		if (rc)
			return rc;
		if (is_current(fd, ret->path)) {
			ret->fd = nk_steal_fd(&fd);
			return 0;
		}
	}
}

int nk_nicdir_lock_all(const char *bpffs, struct nk_error *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	const int64_t until = nk_lock_until();
	char top[NK_PATH_SIZE];
	int rc;

	top_path(bpffs, top);
	for (;;) {
		int fd cleanup_close = open_top(bpffs, true, err);

		/* The last user of another NIC removed it before it was opened. */
		if (fd == -ENOENT && nk_clock_ms() <= until) {
			nk_error_reset(err);
			nanosleep(&pause, NULL);
			continue;
		}
		if (fd < 0)
			return fd;
		rc = lock(fd, top, until, err);
		if (rc)
			return rc;
		if (is_current(fd, top))
			return nk_steal_fd(&fd);
	}
}

int nk_nicdir_make(int all, const char *bpffs, const char *nic, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;

	nic_path(bpffs, nic, path);
	fd = nk_trust_open(all, strrchr(path, '/') + 1, path, true, err);
	return fd < 0 ? fd : 0;
}

/* forget_nic() - of whom nothing else is left */
static void forget_nic(const struct nk_nicdir *dir)
{
	DIR *list cleanup_closedir = opendir(dir->path);
	const struct dirent *entry;
	char path[NK_PATH_SIZE];

	if (!list)
		return;
	for (errno = 0; (entry = readdir(list)); errno = 0)
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, NK_NICDIR_ID) != 0)
			return;
	if (errno)
		return;
	nk_nicdir_pin(dir, NK_NICDIR_ID, path);
	(void)unlink(path);
}

void nk_nicdir_unlock(struct nk_nicdir *dir)
{
	flock(dir->fd, LOCK_UN);
}

int nk_nicdir_relock(struct nk_nicdir *dir, struct nk_error *err)
{
	int rc = lock(dir->fd, dir->path, nk_lock_until(), err);

	if (rc || is_current(dir->fd, dir->path))
		return rc;
	return nk_error_set(err, NK_CODE_BPF, ESTALE, "bpffs was emptied during the call",
			    "%s was removed by somebody", dir->path);
}

/* A read lock on one byte of the directory: bytes are queues. It belongs to the open file. */
static struct flock byte_lock(short type, uint32_t queue)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = queue, .l_len = 1 };
}

int nk_nicdir_hold(struct nk_nicdir *dir, uint32_t queue, struct nk_error *err)
{
	struct flock lock = byte_lock(F_RDLCK, queue);

	if (!fcntl(dir->fd, F_OFD_SETLK, &lock))
		return 0;
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot lock the queue",
			    "fcntl F_OFD_SETLK %s, byte %u: %s", dir->path, queue,
			    nk_errno_name(errno));
}

int nk_nicdir_is_held(const char *bpffs, const char *nic, uint32_t queue, struct nk_error *err)
{
	struct flock lock = byte_lock(F_WRLCK, queue);
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;

	nic_path(bpffs, nic, path);
	fd = open_dir(bpffs, path, false, err);
	if (fd == -ENOENT)
		nk_error_reset(err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fcntl(fd, F_OFD_GETLK, &lock))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot tell who works on the queue",
				    "fcntl F_OFD_GETLK %s, byte %u: %s", path, queue,
				    nk_errno_name(errno));
	return lock.l_type != F_UNLCK;
}

void nk_nicdir_close(struct nk_nicdir *dir)
{
	if (dir->fd < 0)
		return;
	forget_nic(dir);
	/* rmdir leaves what is not empty; both are made anew by the next user. */
	if (!rmdir(dir->path))
		remove_top(dir->path);
	close(dir->fd);
	dir->fd = -1;
}

void nk_nicdir_pin(const struct nk_nicdir *dir, const char *name, char ret[NK_PATH_SIZE])
{
	snprintf(ret, NK_PATH_SIZE, "%.400s/%.64s", dir->path, name);
}

void nk_nicdir_xsks_map(const struct nk_nicdir *dir, uint32_t phys, char ret[NK_PATH_SIZE])
{
	snprintf(ret, NK_PATH_SIZE, "%.400s/q%u/xsks_map", dir->path, phys);
}

/* list_top() - @ret stays NULL where there is nothing of ours. What another user made is not: no ADD has
 * put anything in it. Return: 0, or a negative errno where it could not be looked at
 */
static int list_top(const char *bpffs, DIR **ret, struct nk_error *err)
{
	int fd = open_top(bpffs, false, err);

	if (fd == -EPERM)
		nk_log_warn("%s: %s: it is left alone", err->msg, err->details);
	if (fd == -EPERM || fd == -ENOENT || fd == -ENOTDIR) {
		nk_error_reset(err);
		return 0;
	}
	*ret = fd < 0 ? NULL : fdopendir(fd);
	if (fd >= 0 && !*ret) {
		nk_error_set(err, NK_CODE_BPF, errno, "cannot read bpffs", "%s/" TOP ": %s", bpffs,
			     nk_errno_name(errno));
		close(fd);
	}
	return *ret ? 0 : -err->sys;
}

int nk_nicdir_each(const char *bpffs, int (*fn)(const char *nic, void *data, struct nk_error *err),
		   void *data, struct nk_error *err)
{
	char top[NK_PATH_SIZE], nic[NK_NICDIR_NAME_SIZE];
	DIR *list cleanup_closedir = NULL;
	const struct dirent *entry;
	struct nk_error mine;
	int rc = list_top(bpffs, &list, err), first = 0;

	if (rc || !list)
		return rc;
	top_path(bpffs, top);
	while ((errno = 0, entry = readdir(list))) {
		if (entry->d_name[0] == '.' || unescape(entry->d_name, nic))
			continue;
		mine = (struct nk_error){ 0 };
		rc = nk_nicdir_check(bpffs, nic, &mine);
		if (rc == -ENOENT || rc == -ENOTDIR)
			continue; /* gone meanwhile, or no directory at all */
		if (!rc)
			rc = fn(nic, data, &mine);
		if (rc && first)
			nk_log_warn("%s: %s", mine.msg, mine.details);
		if (rc && !first) {
			first = rc;
			*err = mine;
		}
	}
	if (errno && !first)
		first = nk_error_set(err, NK_CODE_BPF, errno, "cannot read bpffs", "%s: %s", top,
				     nk_errno_name(errno));
	remove_if_empty(
		top); /* an ADD may have been killed before it had a NIC's directory in it */
	return first;
}
