// SPDX-License-Identifier: Apache-2.0
/* trust.c - directories whose entries only we can have created */
#include "base/trust.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

static int set_error(const char *what, const char *path, struct nk_error *err)
{
	int sys = errno == ELOOP ? ENOTDIR : errno;

	nk_error_set(err, NK_CODE_BPF, sys, "cannot use a directory", "%s %s: %s", what, path,
		     nk_errno_name(sys));
	if (sys == ENOTDIR)
		nk_error_remedy(
			err,
			"%s is not a directory, and nk-cni follows no symbolic links here. If "
			"it is a link, configure the path that it leads to. Otherwise find out "
			"what uses it before you move it away",
			path);
	return -sys;
}

static int refuse_dir(const char *path, const struct stat *st, struct nk_error *err)
{
	const int sys = st->st_uid == nk_trust_uid() ? EACCES : EPERM;

	return nk_error_set(
		err, NK_CODE_BPF, sys, "other users can change what nk-cni stores there",
		"%s belongs to uid %u and has mode %04o; it must belong to uid %u, and nobody "
		"else may have write permission",
		path, st->st_uid, st->st_mode & 07777, nk_trust_uid());
}

/* refuse_mount() - of the mount point itself */
static int refuse_mount(const char *path, const struct stat *st, struct nk_error *err)
{
	refuse_dir(path, st, err);
	return nk_error_remedy(
		err,
		"find out whether another user needs to write there. If not, let only root do so: "
		"chown root %s; chmod go-w %s",
		path, path);
}

/* refuse_on_bpffs() - the remedy deletes nothing that another program may use */
static int refuse_on_bpffs(const char *path, const struct stat *st, struct nk_error *err)
{
	refuse_dir(path, st, err);
	if (st->st_uid == nk_trust_uid())
		return nk_error_remedy(
			err,
			"find out why others may write there. If nothing in it is theirs, let only "
			"root write: chmod go-w %s",
			path);
	return nk_error_remedy(
		err,
		"find out who created it and what uses it before you move it away. Then let only "
		"root write to the directory above it: chmod go-w %.*s",
		(int)(strrchr(path, '/') - path), path);
}

int nk_trust_open_root(const char *path, struct nk_error *err)
{
	int fd cleanup_close = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return set_error("open", path, err);
	if (fstat(fd, &st))
		return set_error("stat", path, err);
	if (st.st_uid != nk_trust_uid() || ((st.st_mode & OTHERS_WRITE) && !(st.st_mode & S_ISVTX)))
		return refuse_mount(path, &st, err);
	return nk_steal_fd(&fd);
}

int nk_trust_open(int parent, const char *name, const char *path, bool create, struct nk_error *err)
{
	int fd cleanup_close = -1;
	struct stat st;

	if (create && mkdirat(parent, name, 0700) && errno != EEXIST)
		return set_error("mkdir", path, err);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return set_error("open", path, err);
	if (fstat(fd, &st))
		return set_error("stat", path, err);
	if (st.st_uid != nk_trust_uid() || (st.st_mode & OTHERS_WRITE))
		return refuse_on_bpffs(path, &st, err);
	/* Its mode comes from a umask, or from a kubelet that made it as a mount point. */
	if (create && (st.st_mode & 0777) != 0700 && fchmod(fd, 0700))
		return set_error("chmod", path, err);
	return nk_steal_fd(&fd);
}

bool nk_trust_is_plain(const char *path)
{
	size_t length;

	if (*path != '/')
		return false;
	for (; *path == '/'; path += length) {
		path++;
		length = strcspn(path, "/");
		if (!length || (length <= 2 && !strncmp(path, "..", length)))
			return false;
	}
	return true;
}

/* enter_dir() - open the next directory on the path to a file */
static int enter_dir(int parent, const char *name, const char *path, bool create,
		     struct nk_error *err)
{
	bool made = create && !mkdirat(parent, name, 0755);
	int fd cleanup_close = -1;
	struct stat st;

	if (create && !made && errno != EEXIST)
		return set_error("mkdir", path, err);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return set_error("open", path, err);
	if (fstat(fd, &st) || (made && fchmod(fd, 0755)))
		return set_error("stat", path, err);
	if ((st.st_uid && st.st_uid != nk_trust_uid()) ||
	    ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX)))
		return refuse_dir(path, &st, err);
	return nk_steal_fd(&fd);
}

int nk_trust_walk(const char *path, bool create, struct nk_error *err)
{
	int fd cleanup_close = -1, next;
	off_stack char way[PATH_MAX];
	char *slash;

	if (!strncmp(path, "/var/run/", 9))
		path += 4;
	snprintf(way, sizeof(way), "%s", path);
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return set_error("open", "/", err);
	for (slash = strchr(way + 1, '/'); slash && fd >= 0; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		next = enter_dir(fd, strrchr(way, '/') + 1, way, create, err);
		*slash = '/';
		close(fd);
		fd = next;
	}
	return nk_steal_fd(&fd);
}
