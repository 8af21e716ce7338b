// SPDX-License-Identifier: Apache-2.0
/* record.c - files for the programs beside an attachment */
#include "record.h"

#include "cleanup.h"
#include "error.h"
#include "nicdir.h"
#include "rundir.h"
#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "banned.h"

#define FILE_NAME "attachment.json"
#define NEW_NAME  ".attachment.json.new"

/* write_line() - @text and a newline */
static int write_line(int dir, const char *new, const char *name, const char *text)
{
	const struct iovec parts[] = { { .iov_base = (char *)text, .iov_len = strlen(text) },
				       { .iov_base = "\n", .iov_len = 1 } };

	return nk_rundir_write(dir, new, name, parts, 2, 0644);
}

static int failed(struct nk_error *err, int rc, const char *what, const char *path)
{
	nk_error_set(err, NK_CODE_IO, -rc, "cannot keep a file for the programs beside the Pod",
		     "%s %s: %s", what, path, nk_errno_name(-rc));
	nk_rundir_remedy(rc, err);
	return rc;
}

/* nic_name() - as the NIC's directory on bpffs is called: escaped, and kept when it is renamed */
static const char *nic_name(const struct nk_nicdir *dir)
{
	return strrchr(dir->path, '/') + 1;
}

void nk_record_path(const struct nk_nicdir *dir, uint32_t phys, char ret[NK_PATH_SIZE])
{
	snprintf(ret, NK_PATH_SIZE, NK_RUN "/" NK_RUN_TOP "/%.63s/q%u/" FILE_NAME, nic_name(dir),
		 phys);
}

/* open_dir() - of a record. @queue: where the name of its directory is kept while it is open */
static int open_dir(const struct nk_nicdir *dir, uint32_t phys, bool create, char queue[16],
		    struct nk_rundir *ret)
{
	const char *const names[] = { NK_RUN_TOP, nic_name(dir), queue, NULL };

	snprintf(queue, 16, "q%u", phys);
	return nk_rundir_open(names, create, ret);
}

int nk_record_write(const struct nk_nicdir *dir, uint32_t phys, const char *text,
		    struct nk_error *err)
{
	char path[NK_PATH_SIZE], queue[16];
	struct nk_rundir way;
	int rc;

	nk_record_path(dir, phys, path);
	rc = open_dir(dir, phys, true, queue, &way);
	if (!rc) {
		/* Where a Pod names the file as a hostPath before there is one, kubelet makes an
		 * empty directory of it.
		 */
		(void)unlinkat(nk_rundir_fd(&way), FILE_NAME, AT_REMOVEDIR);
		rc = write_line(nk_rundir_fd(&way), NEW_NAME, FILE_NAME, text);
	}
	nk_rundir_close(&way);
	return rc ? failed(err, rc, "write", path) : 0;
}

int nk_record_remove(const struct nk_nicdir *dir, uint32_t phys, struct nk_error *err)
{
	char path[NK_PATH_SIZE], queue[16];
	struct nk_rundir way;
	int rc;

	nk_record_path(dir, phys, path);
	rc = open_dir(dir, phys, false, queue, &way);
	if (!rc) {
		(void)unlinkat(nk_rundir_fd(&way), NEW_NAME, 0);
		if (unlinkat(nk_rundir_fd(&way), FILE_NAME, 0) && errno != ENOENT &&
		    !(errno == EISDIR && !unlinkat(nk_rundir_fd(&way), FILE_NAME, AT_REMOVEDIR)))
			rc = -errno;
	}
	nk_rundir_prune(&way);
	return rc && rc != -ENOENT ? failed(err, rc, "remove", path) : 0;
}

/* write_unless_there() - the file has its name when it is whole, and none before: a process that is
 * killed leaves nothing. Return: 0 or a negative errno
 */
static int write_unless_there(int dir, const char *name, const char *text)
{
	int fd cleanup_close = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	char path[32];

	if (fd < 0 || fchmod(fd, 0644) || dprintf(fd, "%s\n", text) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

int nk_record_put(const char *path, const char *text, struct nk_error *err)
{
	int dir cleanup_close = nk_trust_walk(path, true, err);
	int rc;

	if (dir < 0) {
		nk_error_class(err, NK_CODE_IO,
			       "cannot keep a file for the programs beside the Pod");
		return dir;
	}
	rc = write_unless_there(dir, strrchr(path, '/') + 1, text);
	if (rc && rc != -EEXIST)
		return failed(err, rc, "write", path);
	return !rc;
}
