// SPDX-License-Identifier: Apache-2.0
/* record.c - files for the programs beside an attachment */
#include "record.h"

#include "cleanup.h"
#include "error.h"
#include "nicdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "banned.h"

#define RUN	  "/run"
#define TOP	  "nk-cni"
#define FILE_NAME "attachment.json"
#define NEW_NAME  ".attachment.json.new"
#define LEVELS	  3   /* TOP, NIC, queue */
#define TRIES	  100 /* others remove TOP when they leave it empty */
#define COMPONENT 64  /* bytes of a name of ours: three for each byte of a NIC's, a queue's id */

/* The way down to a record: /run, then the directories below it, as far as they are open. */
struct way {
	char names[LEVELS][COMPONENT];
	int fds[LEVELS + 1];
	int depth; /* of the last one open; -1: not even /run */
};

static int failed(struct nk_error *err, int rc, const char *what, const char *path)
{
	nk_error_set(err, NK_CODE_IO, -rc, "cannot keep a file for the programs beside the Pod",
		     "%s %s: %s", what, path, nk_errno_name(-rc));
	if (rc == -ENOTDIR || rc == -ELOOP)
		nk_error_remedy(err, "remove what stands in the place of a directory there; "
				     "symbolic links are not followed");
	return rc;
}

/* nic_name() - as the NIC's directory on bpffs is called: escaped, and kept when it is renamed */
static const char *nic_name(const struct nk_nicdir *dir)
{
	return strrchr(dir->path, '/') + 1;
}

void nk_record_path(const struct nk_nicdir *dir, uint32_t phys, char ret[NK_PATH_SIZE])
{
	snprintf(ret, NK_PATH_SIZE, RUN "/" TOP "/%.63s/q%u/" FILE_NAME, nic_name(dir), phys);
}

static void way_fini(struct way *way)
{
	for (; way->depth >= 0; way->depth--)
		close(way->fds[way->depth]);
}

/* step_down() - open the next directory, and make it first if so asked */
static int step_down(struct way *way, bool create)
{
	const char *name = way->names[way->depth];
	int parent = way->fds[way->depth], fd;
	bool made = create && !mkdirat(parent, name, 0755);

	if (create && !made && errno != EEXIST)
		return -errno;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	way->fds[++way->depth] = fd;
	return made && fchmod(fd, 0755) ? -errno : 0; /* whatever the runtime's umask is */
}

static int try_way(struct way *way, bool create)
{
	int rc = 0;

	way->depth = -1;
	way->fds[0] = open(RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (way->fds[0] < 0)
		return -errno;
	way->depth = 0;
	while (way->depth < LEVELS && !rc)
		rc = step_down(way, create);
	return rc;
}

/* open_way() - Return: 0; -ENOENT where it ends early; or another negative errno */
static int open_way(const struct nk_nicdir *dir, uint32_t phys, bool create, struct way *way)
{
	int rc, tries = 0;

	snprintf(way->names[0], COMPONENT, TOP);
	snprintf(way->names[1], COMPONENT, "%.*s", COMPONENT - 1, nic_name(dir));
	snprintf(way->names[2], COMPONENT, "q%u", phys);
	rc = try_way(way, create);
	while (rc == -ENOENT && create && ++tries < TRIES) {
		way_fini(way);
		rc = try_way(way, create);
	}
	return rc;
}

/* write_new() - @text and a newline into a new file. Return: 0 or a negative errno */
static int write_new(int dir, const char *name, const char *text)
{
	int fd cleanup_close = -1;

	(void)unlinkat(dir, name, 0); /* of a process that was killed */
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || fchmod(fd, 0644) || dprintf(fd, "%s\n", text) < 0)
		return -errno;
	return 0;
}

/* write_file() - @text as @name, by way of @new. @flags are renameat2()'s. */
static int write_file(int dir, const char *new, const char *name, const char *text,
		      unsigned int flags)
{
	int rc = write_new(dir, new, text);

	if (!rc && renameat2(dir, new, dir, name, flags))
		rc = -errno;
	if (rc)
		(void)unlinkat(dir, new, 0);
	return rc;
}

int nk_record_write(const struct nk_nicdir *dir, uint32_t phys, const char *text,
		    struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	struct way way = { .depth = -1 };
	int rc;

	nk_record_path(dir, phys, path);
	rc = open_way(dir, phys, true, &way);
	if (!rc)
		rc = write_file(way.fds[LEVELS], NEW_NAME, FILE_NAME, text, 0);
	way_fini(&way);
	return rc ? failed(err, rc, "write", path) : 0;
}

int nk_record_remove(const struct nk_nicdir *dir, uint32_t phys, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	struct way way = { .depth = -1 };
	int rc;

	nk_record_path(dir, phys, path);
	rc = open_way(dir, phys, false, &way);
	if (!rc) {
		(void)unlinkat(way.fds[LEVELS], NEW_NAME, 0);
		if (unlinkat(way.fds[LEVELS], FILE_NAME, 0) && errno != ENOENT)
			rc = -errno;
	}
	/* Those that are empty, as far as there are any. */
	for (; way.depth > 0; way.depth--) {
		close(way.fds[way.depth]);
		(void)unlinkat(way.fds[way.depth - 1], way.names[way.depth - 1], AT_REMOVEDIR);
	}
	way_fini(&way);
	return rc && rc != -ENOENT ? failed(err, rc, "remove", path) : 0;
}

/* make_parents() - every directory of @path. Return: 0 or a negative errno */
static int make_parents(const char *path)
{
	char part[NK_PATH_SIZE];
	const char *slash;

	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

int nk_record_put(const char *path, const char *text, struct nk_error *err)
{
	char parent[NK_PATH_SIZE], new[32];
	const char *name = strrchr(path, '/') + 1;
	int dir cleanup_close = -1;
	int rc;

	snprintf(parent, sizeof(parent), "%.*s", (int)(name - path), path);
	snprintf(new, sizeof(new), ".nk-cni.%d", getpid());
	rc = make_parents(path);
	if (!rc) {
		dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = dir < 0 ? -errno : write_file(dir, new, name, text, RENAME_NOREPLACE);
	}
	if (rc && rc != -EEXIST)
		return failed(err, rc, "write", path);
	return !rc;
}
