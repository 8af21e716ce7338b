// SPDX-License-Identifier: Apache-2.0
/* rundir.c - our directories below /run, and atomic writes of files in them */
#include "run/rundir.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

#define RUN   "/run"
#define TRIES 100 /* other processes remove a directory when it becomes empty */

void nk_rundir_close(struct nk_rundir *dir)
{
	if (dir->fd >= 0)
		close(dir->fd);
	dir->fd = -1;
}

static void remove_empty(char path[NK_RUN_PATH_SIZE])
{
	for (; strlen(path) > strlen(RUN); *strrchr(path, '/') = '\0')
		(void)rmdir(path);
}

void nk_rundir_prune(struct nk_rundir *dir)
{
	nk_rundir_close(dir);
	remove_empty(dir->path);
}

bool nk_rundir_is_file(int dir, const char *name, int fd)
{
	struct stat mine, present;

	return !fstat(fd, &mine) && !fstatat(dir, name, &present, AT_SYMLINK_NOFOLLOW) &&
	       nk_trust_same_file(&mine, &present);
}

void nk_rundir_drop(const char *path, const char *name, int fd)
{
	char text[NK_RUN_PATH_SIZE + NAME_MAX];

	snprintf(text, sizeof(text), "%s/%s", path, name);
	if (nk_rundir_is_file(AT_FDCWD, text, fd))
		(void)unlink(text);
	snprintf(text, NK_RUN_PATH_SIZE, "%s", path);
	remove_empty(text);
}

int nk_rundir_open_at(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int rc = 0;

	if (fd < 0 || fstat(fd, &st))
		rc = -errno;
	else if (st.st_uid != nk_trust_uid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		rc = -EPERM;
	if (rc && fd >= 0)
		close(fd);
	return rc ? rc : fd;
}

/* open_next() - open one directory, and create it first if requested. Return: an fd or a negative
 * errno
 */
static int open_next(int parent, const char *name, bool create)
{
	const bool made = create && !mkdirat(parent, name, 0755);
	int fd, rc = 0;

	if (create && !made && errno != EEXIST)
		return -errno;
	fd = nk_rundir_open_at(parent, name);
	if (fd >= 0 && made && fchmod(fd, 0755)) { /* regardless of the runtime's umask */
		rc = -errno;
		close(fd);
	}
	if ((fd < 0 || rc) && made)
		(void)unlinkat(parent, name, AT_REMOVEDIR);
	return rc ? rc : fd;
}

/* open_run() - Return: an fd that stays open, or a negative errno */
static int open_run(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_path(const char *path, bool create, struct nk_rundir *ret)
{
	char *slash = ret->path + strlen(RUN), *end, cut;
	const int run = open_run();
	int fd;

	snprintf(ret->path, sizeof(ret->path), "%s", path);
	ret->fd = run;
	if (run < 0)
		*slash = '\0';
	while (ret->fd >= 0 && *slash) {
		end = strchrnul(slash + 1, '/');
		cut = *end;
		*end = '\0';
		fd = open_next(ret->fd, slash + 1, create);
		if (ret->fd != run)
			close(ret->fd);
		ret->fd = fd;
		*end = cut;
		if (fd < 0)
			*slash = '\0';
		slash = end;
	}
	return ret->fd < 0 ? ret->fd : 0;
}

int nk_rundir_open(const char *path, bool create, struct nk_rundir *ret)
{
	int rc, tries = 0;

	do
		rc = open_path(path, create, ret);
	while (rc == -ENOENT && create && ++tries < TRIES);
	return rc;
}

static int write_all(int fd, const char *text, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = write(fd, text + done, size - done);
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* write_new() - write a new file. @durably: it is on disk then. Return: 0 or a negative errno */
static int write_new(int dir, const char *name, const struct iovec *parts, int count, mode_t mode,
		     bool durably)
{
	int fd cleanup_close = -1;
	int i, rc = 0;

	(void)unlinkat(dir, name, 0); /* left by a killed process */
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0 || fchmod(fd, mode))
		return -errno;
	for (i = 0; i < count && !rc; i++)
		rc = write_all(fd, parts[i].iov_base, parts[i].iov_len);
	return !rc && durably && fsync(fd) ? -errno : rc;
}

static int replace(int dir, const char *new, const char *name, const struct iovec *parts, int count,
		   mode_t mode, bool durably)
{
	int rc = write_new(dir, new, parts, count, mode, durably);

	if (!rc && renameat(dir, new, dir, name))
		rc = -errno;
	if (rc)
		(void)unlinkat(dir, new, 0);
	return rc;
}

int nk_rundir_write(int dir, const char *new, const char *name, const struct iovec *parts,
		    int count, mode_t mode)
{
	return replace(dir, new, name, parts, count, mode, false);
}

int nk_rundir_write_durably(int dir, const char *new, const char *name, const struct iovec *parts,
			    int count, mode_t mode)
{
	return replace(dir, new, name, parts, count, mode, true);
}

int nk_rundir_read(int dir, const char *name, size_t size_max, char **ret, size_t *ret_size)
{
	int fd cleanup_close = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : nk_rundir_read_fd(fd, size_max, ret, ret_size);
}

int nk_rundir_read_fd(int fd, size_t size_max, char **ret, size_t *ret_size)
{
	size_t done = 0;
	struct stat st;
	char *text;
	ssize_t n = 1;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if (st.st_size < 0 || (size_t)st.st_size > size_max)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (done < (size_t)st.st_size && n) {
		n = read(fd, text + done, (size_t)st.st_size - done);
		if (n < 0 && errno != EINTR) {
			n = -errno;
			free(text);
			return (int)n;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	text[done] = '\0';
	*ret = text;
	*ret_size = done;
	return 0;
}

bool nk_rundir_is_foreign(int rc)
{
	return rc == -ENOTDIR || rc == -ELOOP || rc == -EPERM;
}

int nk_rundir_failed(struct nk_error *err, int rc, const char *msg, const char *what,
		     const char *path)
{
	const char *remedy = NULL;

	if (rc == -ENOTDIR || rc == -ELOOP)
		remedy = "a part of this path is not a directory, and nk-cni follows no symbolic "
			 "links here. Find out what uses it before you move it away";
	if (rc == -EPERM)
		remedy = "a directory of this path belongs to another user, or others can write to "
			 "it. Find out who uses it before you move it away; nk-cni then creates a "
			 "new one";
	if (rc == -EISDIR || rc == -ENOTEMPTY)
		remedy = "a directory has the name of this file. Find out what uses it before "
			 "you move it away";
	if (rc == -EROFS)
		remedy = "its file system is read-only: \"findmnt " RUN
			 "\" shows how it is mounted, and dmesg why. When the cause is gone: "
			 "mount -o remount,rw " RUN;
	if (rc == -ENOSPC || rc == -EDQUOT)
		remedy = "its file system is full: \"df " RUN "\" and \"df -i " RUN "\" show it; "
			 "remove files that nobody needs, or enlarge it";
	nk_error_set(err, NK_CODE_IO, -rc, msg, "%s %s: %s", what, path, nk_errno_name(-rc));
	if (remedy)
		nk_error_remedy(err, "%s", remedy);
	return rc;
}
