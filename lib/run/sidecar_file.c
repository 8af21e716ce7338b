// SPDX-License-Identifier: Apache-2.0
/* sidecar_file.c - write the files for sidecar programs */
#include "run/sidecar_file.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/trust.h"
#include "bpffs/nicdir.h"
#include "run/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

#define FILE_NAME  "attachment.json"
#define NEW_NAME   ".attachment.json.new"
#define CANNOT_PUT "cannot write the device information file"
#define SIZE_LIMIT 1048576 /* larger than a file with all queues */

/* write_line() - write @text and a newline */
static int write_line(int dir, const char *new, const char *name, const char *text)
{
	const struct iovec parts[] = { { .iov_base = (char *)text, .iov_len = strlen(text) },
				       { .iov_base = "\n", .iov_len = 1 } };

	return nk_rundir_write(dir, new, name, parts, 2, 0644);
}

static int failed(struct nk_error *err, int rc, const char *what, const char *path)
{
	return nk_rundir_failed(err, rc, "cannot use the attachment file", what, path);
}

/* print_dir() - it has the name of the NIC's directory on bpffs, which a rename does not change */
static void print_dir(const struct nk_nicdir *dir, uint32_t phys, char ret[NK_PATH_SIZE])
{
	snprintf(ret, NK_PATH_SIZE, NK_RUN_DIR "/%.63s/q%u", strrchr(dir->path, '/') + 1, phys);
}

void nk_sidecar_file_path(const struct nk_nicdir *dir, uint32_t phys, char ret[NK_PATH_SIZE])
{
	print_dir(dir, phys, ret);
	snprintf(ret + strlen(ret), NK_PATH_SIZE - strlen(ret), "/" FILE_NAME);
}

/* open_dir() - @path: of the file, for errors */
static int open_dir(const struct nk_nicdir *dir, uint32_t phys, bool create,
		    char path[NK_PATH_SIZE], struct nk_rundir *ret)
{
	char text[NK_PATH_SIZE];

	nk_sidecar_file_path(dir, phys, path);
	print_dir(dir, phys, text);
	return nk_rundir_open(text, create, ret);
}

int nk_sidecar_file_write(const struct nk_nicdir *dir, uint32_t phys, const char *text,
			  struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	struct nk_rundir run;
	int rc = open_dir(dir, phys, true, path, &run);

	if (!rc) {
		/* If a Pod uses the file as a hostPath before it exists, kubelet creates an empty
		 * directory in its place.
		 */
		(void)unlinkat(run.fd, FILE_NAME, AT_REMOVEDIR);
		rc = write_line(run.fd, NEW_NAME, FILE_NAME, text);
	}
	nk_rundir_close(&run);
	return rc ? failed(err, rc, "write", path) : 0;
}

int nk_sidecar_file_read(const struct nk_nicdir *dir, uint32_t phys, char **ret,
			 struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	struct nk_rundir run;
	size_t size;
	int rc = open_dir(dir, phys, false, path, &run);

	if (!rc)
		rc = nk_rundir_read(run.fd, FILE_NAME, SIZE_LIMIT, ret, &size);
	nk_rundir_close(&run);
	return rc ? failed(err, rc, "read", path) : 0;
}

int nk_sidecar_file_remove(const struct nk_nicdir *dir, uint32_t phys, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	struct nk_rundir run;
	int rc = open_dir(dir, phys, false, path, &run);
	const bool is_foreign = nk_rundir_is_foreign(rc);

	if (!rc) {
		(void)unlinkat(run.fd, NEW_NAME, 0);
		if (unlinkat(run.fd, FILE_NAME, 0) && errno != ENOENT &&
		    !(errno == EISDIR && !unlinkat(run.fd, FILE_NAME, AT_REMOVEDIR)))
			rc = -errno;
	}
	nk_rundir_prune(&run);
	if (!rc || rc == -ENOENT)
		return 0;
	failed(err, rc, "remove", path);
	if (!is_foreign)
		return rc;
	nk_log_tolerated(err);
	nk_error_reset(err);
	return 0;
}

/* create_file() - The file gets its name when it is complete, so a killed process leaves nothing.
 * Return: 0 or a negative errno
 */
static int create_file(int dir, const char *name, const char *text)
{
	int fd cleanup_close = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	char path[32];

	if (fd < 0 || fchmod(fd, 0644) || dprintf(fd, "%s\n", text) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

int nk_sidecar_file_put(const char *path, const char *text, struct nk_error *err)
{
	int dir cleanup_close = nk_trust_walk(path, true, err);
	int rc;

	if (dir < 0) {
		nk_error_class(err, NK_CODE_IO, CANNOT_PUT);
		return dir;
	}
	rc = create_file(dir, strrchr(path, '/') + 1, text);
	if (rc && rc != -EEXIST)
		return nk_rundir_failed(err, rc, CANNOT_PUT, "write", path);
	return !rc;
}
