// SPDX-License-Identifier: Apache-2.0
/* rundir.c - directories of ours below /run, and files in them that are there whole or not at all */
#include "rundir.h"

#include "cleanup.h"
#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "banned.h"

#define TRIES 100 /* others remove a directory when they leave it empty */

int nk_rundir_fd(const struct nk_rundir *dir)
{
	return dir->depth >= 0 && !(dir->depth < NK_RUN_LEVELS && dir->names[dir->depth]) ?
		       dir->fds[dir->depth] :
		       -1;
}

void nk_rundir_close(struct nk_rundir *dir)
{
	for (; dir->depth >= 0; dir->depth--)
		close(dir->fds[dir->depth]);
}

void nk_rundir_prune(struct nk_rundir *dir)
{
	for (; dir->depth > 0; dir->depth--) {
		close(dir->fds[dir->depth]);
		(void)unlinkat(dir->fds[dir->depth - 1], dir->names[dir->depth - 1], AT_REMOVEDIR);
	}
	nk_rundir_close(dir);
}

/* step_down() - open the next directory, and make it first if so asked */
static int step_down(struct nk_rundir *dir, bool create)
{
	const char *name = dir->names[dir->depth];
	int parent = dir->fds[dir->depth], fd;
	bool made = create && !mkdirat(parent, name, 0755);

	if (create && !made && errno != EEXIST)
		return -errno;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir->fds[++dir->depth] = fd;
	return made && fchmod(fd, 0755) ? -errno : 0; /* whatever the runtime's umask is */
}

static int try_way(struct nk_rundir *dir, bool create)
{
	int rc = 0;

	dir->depth = -1;
	dir->fds[0] = open(NK_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fds[0] < 0)
		return -errno;
	dir->depth = 0;
	while (!rc && dir->depth < NK_RUN_LEVELS && dir->names[dir->depth])
		rc = step_down(dir, create);
	return rc;
}

int nk_rundir_open(const char *const *names, bool create, struct nk_rundir *ret)
{
	int rc, i, tries = 0;

	*ret = (struct nk_rundir){ .depth = -1 };
	for (i = 0; i < NK_RUN_LEVELS && names[i]; i++)
		ret->names[i] = names[i];
	rc = try_way(ret, create);
	while (rc == -ENOENT && create && ++tries < TRIES) {
		nk_rundir_close(ret);
		rc = try_way(ret, create);
	}
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

/* write_new() - a new file. Return: 0 or a negative errno */
static int write_new(int dir, const char *name, const struct iovec *parts, int count, mode_t mode)
{
	int fd cleanup_close = -1;
	int i, rc = 0;

	(void)unlinkat(dir, name, 0); /* of a process that was killed */
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0 || fchmod(fd, mode))
		return -errno;
	for (i = 0; i < count && !rc; i++)
		rc = write_all(fd, parts[i].iov_base, parts[i].iov_len);
	return rc;
}

int nk_rundir_write(int dir, const char *new, const char *name, const struct iovec *parts,
		    int count, mode_t mode)
{
	int rc = write_new(dir, new, parts, count, mode);

	if (!rc && renameat(dir, new, dir, name))
		rc = -errno;
	if (rc)
		(void)unlinkat(dir, new, 0);
	return rc;
}

int nk_rundir_read(int dir, const char *name, size_t size_max, char **ret, size_t *ret_size)
{
	int fd cleanup_close = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	size_t done = 0;
	struct stat st;
	char *text;
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, &st))
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

void nk_rundir_remedy(int rc, struct nk_error *err)
{
	if (rc == -ENOTDIR || rc == -ELOOP)
		nk_error_remedy(err, "find out what stands in the place of a directory there, and "
				     "move it away; symbolic links are not followed");
	if (rc == -EISDIR || rc == -ENOTEMPTY)
		nk_error_remedy(
			err, "find out what is in the directory that stands in the place of a file "
			     "there, and move it away");
}
