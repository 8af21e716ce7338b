// SPDX-License-Identifier: Apache-2.0
/*
 * journal_lock.c - locks of the journal
 *
 * A lock file is removed by its last holder. A process that waited for the lock of a removed file
 * starts again, as for a NIC's directory.
 */
#include "run/journal_lock.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/lock.h"
#include "run/journal_file.h"
#include "run/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/banned.h"

#define RACES_MS  1000 /* limits retries when other processes remove the lock file */
#define WHAT_SIZE 128

struct lock_file {
	char dir[NK_RUN_PATH_SIZE];
	char name[NK_JOURNAL_NAME_SIZE];
	char what[WHAT_SIZE]; /* what it locks, for errors */
};

static void init_lock(const struct nk_key *key, struct lock_file *ret)
{
	nk_journal_dir(key->network, key->container_id, ret->dir);
	snprintf(ret->name, sizeof(ret->name), "%s:" NK_JOURNAL_LOCK, key->cni_ifname);
	snprintf(ret->what, sizeof(ret->what), "%s of container %.16s, network %.32s",
		 key->cni_ifname, key->container_id, key->network);
}

static void init_network_lock(const char *network, struct lock_file *ret)
{
	nk_journal_dir(network, NULL, ret->dir);
	snprintf(ret->name, sizeof(ret->name), NK_JOURNAL_NETWORK_LOCK);
	snprintf(ret->what, sizeof(ret->what), "the IPAM records of network %.64s", network);
}

/* try_lock() - Return: an fd with the lock; -EAGAIN: another process held it until @until; -ENOENT:
 * the directory or the file was removed meanwhile; or another negative errno
 */
static int try_lock(const struct lock_file *file, int64_t until, char holder[NK_LOCK_HOLDER_SIZE])
{
	struct nk_rundir dir;
	int fd = -1, rc = nk_rundir_open(file->dir, true, &dir);

	if (!rc) {
		fd = openat(dir.fd, file->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		rc = fd < 0 ? -errno : nk_lock_take(fd, until);
	}
	if (rc == -EAGAIN)
		nk_lock_holder(fd, holder);
	if (!rc && !nk_rundir_is_file(dir.fd, file->name, fd))
		rc = -ENOENT;
	if (!rc) {
		nk_rundir_close(&dir);
		return fd;
	}
	nk_rundir_prune(&dir);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int take_lock(const struct lock_file *file, bool wait, int *ret, struct nk_error *err)
{
	const int64_t now = nk_clock_ms();
	const int64_t until = wait ? nk_lock_until() : now;
	const int64_t last = until > now + RACES_MS ? until : now + RACES_MS;
	char holder[NK_LOCK_HOLDER_SIZE], path[NK_RUN_PATH_SIZE + NK_JOURNAL_NAME_SIZE];
	int fd;

	do
		fd = try_lock(file, until, holder);
	while (fd == -ENOENT && nk_clock_ms() <= last);
	*ret = fd < 0 ? -1 : fd;
	if (fd >= 0)
		return 0;
	if (fd == -EAGAIN && !wait)
		return nk_error_busy(err, "%s is locked by %s", file->what, holder);
	if (fd == -EAGAIN)
		return nk_error_busy(err, "the lock of %s was not released within %g s; held by %s",
				     file->what, nk_lock_limit_ms() / 1000.0, holder);
	snprintf(path, sizeof(path), "%s/%s", file->dir, file->name);
	return nk_rundir_failed(err, fd, NK_JOURNAL_CANNOT_USE, "lock", path);
}

/* release_lock() - remove the file, then unlock it */
static void release_lock(const struct lock_file *file, int *fd)
{
	if (*fd < 0)
		return;
	nk_rundir_drop(file->dir, file->name, *fd);
	close(*fd);
	*fd = -1;
}

int nk_journal_lock(const struct nk_key *key, bool wait, int *ret, struct nk_error *err)
{
	struct lock_file file;

	init_lock(key, &file);
	return take_lock(&file, wait, ret, err);
}

void nk_journal_unlock(const struct nk_key *key, int *fd)
{
	struct lock_file file;

	init_lock(key, &file);
	release_lock(&file, fd);
}

int nk_journal_lock_network(const char *network, int *ret, struct nk_error *err)
{
	struct lock_file file;

	init_network_lock(network, &file);
	return take_lock(&file, true, ret, err);
}

void nk_journal_unlock_network(const char *network, int *fd)
{
	struct lock_file file;

	init_network_lock(network, &file);
	release_lock(&file, fd);
}

void nk_journal_drop_lock(int dir, const char *name)
{
	int fd cleanup_close = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && !nk_lock_take(fd, 0) && nk_rundir_is_file(dir, name, fd))
		(void)unlinkat(dir, name, 0);
}
