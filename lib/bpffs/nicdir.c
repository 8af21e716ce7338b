// SPDX-License-Identifier: Apache-2.0
/* nicdir.c - the NIC's directory on bpffs and its lock */
#include "bpffs/nicdir.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/banned.h"

#define TOP	 "nk-cni"
#define PAUSE_MS 5

int nk_nicdir_check_bpffs(const char *bpffs, struct nk_error *err)
{
	struct statfs fs = { .f_type = SYSFS_MAGIC };

	if (!statfs(bpffs, &fs) && fs.f_type == BPF_FS_MAGIC)
		return 0;
	nk_error_set(err, NK_CODE_BPF, ENODEV, "bpffs is not mounted",
		     "%s is not a bpf file system", bpffs);
	/* A mount over a directory in use would hide its files. That of sysfs is there for bpffs alone. */
	if (fs.f_type != SYSFS_MAGIC)
		return nk_error_remedy(
			err, "name the mount point of a bpffs, such as /sys/fs/bpf: \"bpffs\" in "
			     "the configuration, --bpffs of a subcommand");
	return nk_error_remedy(err,
			       "mount -t bpf -o mode=0700 bpf %s; or name another mount point: "
			       "\"bpffs\" in the configuration, --bpffs of a subcommand",
			       bpffs);
}

static void print_top_path(const char *bpffs, char ret[NK_PATH_SIZE])
{
	snprintf(ret, NK_PATH_SIZE, "%.*s/" TOP, NK_BPFFS_SIZE, bpffs);
}

static void print_nic_path(const char *bpffs, const char *nic, char ret[NK_PATH_SIZE])
{
	size_t used;

	print_top_path(bpffs, ret);
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

/* unescape() - the name that a directory stands for. Return: 0; -EINVAL: the directory is not ours */
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

/* remove_if_empty() - remove the top directory, unless a process is about to create one in it */
static void remove_if_empty(const char *top)
{
	int fd cleanup_close = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		(void)rmdir(top);
}

/* open_root() - Return: an fd that stays open while it is what @bpffs leads to, and that is asked for; or a negative
 * errno
 */
static int open_root(const char *bpffs, struct nk_error *err)
{
	static struct stat opened;
	static int fd = -1;
	struct stat now;

	if (fd >= 0 && !stat(bpffs, &now) && nk_trust_same_file(&opened, &now) &&
	    opened.st_mode == now.st_mode && opened.st_uid == now.st_uid)
		return fd;
	if (fd >= 0)
		close(fd);
	fd = nk_trust_open_root(bpffs, err);
	if (fd >= 0 && fstat(fd, &opened))
		opened = (struct stat){ 0 };
	return fd;
}

/* open_top() - Return: an fd; -ENOENT: there is none; or another negative errno */
static int open_top(const char *bpffs, bool create, struct nk_error *err)
{
	const int root = open_root(bpffs, err);
	char top[NK_PATH_SIZE];

	if (root < 0)
		return root;
	print_top_path(bpffs, top);
	return nk_trust_open(root, TOP, top, create, err);
}

/* refuse_mount() - an error if something is mounted over a NIC's directory and hides its pins */
static int refuse_mount(int top, const char *name, const char *path, struct nk_error *err)
{
	struct stat above, st;

	if (fstat(top, &above) || fstatat(top, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    above.st_dev == st.st_dev)
		return 0;
	nk_error_set(err, NK_CODE_BPF, EPROTO, "a mount hides the NIC's directory",
		     "another file system is mounted over %s", path);
	return nk_error_remedy(err, "find out who mounted it. If nothing uses it, run: umount %s",
			       path);
}

/* open_below() - open a NIC's directory, without its lock. Return: as nk_trust_open(), or -EPROTO */
static int open_below(int top, const char *path, bool create, struct nk_error *err)
{
	const char *name = strrchr(path, '/') + 1;
	int rc = refuse_mount(top, name, path, err);

	return rc ? rc : nk_trust_open(top, name, path, create, err);
}

/* open_dir() - likewise, if it exists */
static int open_dir(const char *bpffs, const char *path, struct nk_error *err)
{
	int top cleanup_close = open_top(bpffs, false, err);

	return top < 0 ? top : open_below(top, path, false, err);
}

int nk_nicdir_check_usable(const char *bpffs, struct nk_error *err)
{
	int rc = nk_nicdir_check_bpffs(bpffs, err);
	int top cleanup_close = rc ? -1 : open_top(bpffs, false, err);
	struct statvfs fs;

	if (rc || (top < 0 && top != -ENOENT))
		return rc ? rc : top;
	nk_error_reset(err);
	if (statvfs(bpffs, &fs) || !(fs.f_flag & ST_RDONLY))
		return 0;
	nk_error_set(err, NK_CODE_BPF, EROFS, "bpffs is read-only",
		     "cannot create anything below %s: EROFS", bpffs);
	return nk_error_remedy(
		err,
		"\"findmnt %s\" shows how it is mounted. If it need not be read-only: mount -o "
		"remount,rw %s",
		bpffs, bpffs);
}

/* try_below() - can a NIC's directory be opened, or made, in the open top directory? Return: 0 or as open_below() */
static int try_below(int top, const char *bpffs, const char *nic, bool create, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;

	print_nic_path(bpffs, nic, path);
	fd = open_below(top, path, create, err);
	return fd < 0 ? fd : 0;
}

int nk_nicdir_check(const char *bpffs, const char *nic, struct nk_error *err)
{
	int top cleanup_close = open_top(bpffs, false, err);

	return top < 0 ? top : try_below(top, bpffs, nic, false, err);
}

/* lock() - wait for the lock on @fd. Return: 0, -EAGAIN, or another negative errno */
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
	return nk_error_busy(err, "the lock on %s was not free within %g s: held by %s", path,
			     nk_lock_limit_ms() / 1000.0, holder);
}

static bool is_current(int fd, const char *path)
{
	struct stat mine, present;

	return !fstat(fd, &mine) && !stat(path, &present) && nk_trust_same_file(&mine, &present);
}

void nk_nicdir_init(const char *bpffs, const char *nic, struct nk_nicdir *ret)
{
	print_nic_path(bpffs, nic, ret->path);
	snprintf(ret->name, sizeof(ret->name), "%s", nic);
	ret->fd = -1;
	ret->locked = false;
}

int nk_nicdir_open(const char *bpffs, const char *nic, struct nk_nicdir *ret, struct nk_error *err)
{
	const int64_t until = nk_lock_until();
	int rc;

	nk_nicdir_init(bpffs, nic, ret);
	for (;;) {
		int fd cleanup_close = open_dir(bpffs, ret->path, err);

		if (fd < 0)
			return fd;
		rc = lock(fd, ret->path, until, err);
		if (rc)
			return rc;
		if (is_current(fd, ret->path)) {
			ret->fd = nk_steal_fd(&fd);
			ret->locked = true;
			return 0;
		}
	}
}

int nk_nicdir_lock_all(const char *bpffs, struct nk_error *err)
{
	const int64_t until = nk_lock_until();
	char top[NK_PATH_SIZE];
	int rc;

	print_top_path(bpffs, top);
	for (;;) {
		int fd cleanup_close = open_top(bpffs, true, err);

		/* The last user of another NIC has removed it before we opened it. */
		if (fd == -ENOENT && nk_clock_ms() <= until) {
			nk_error_reset(err);
			nk_clock_sleep(PAUSE_MS);
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

void nk_nicdir_unlock_all(int all, const char *bpffs)
{
	char top[NK_PATH_SIZE];

	print_top_path(bpffs, top);
	(void)rmdir(top); /* fails if it is not empty */
	close(all);
}

int nk_nicdir_make(int all, const char *bpffs, const char *nic, struct nk_error *err)
{
	return try_below(all, bpffs, nic, true, err);
}

/* forget_nic() - remove the NIC's identity if it is the last pin */
static void forget_nic(const struct nk_nicdir *dir)
{
	DIR *list cleanup_closedir = opendir(dir->path);
	const struct dirent *entry;
	char path[NK_PATH_SIZE];

	if (!list)
		return;
	for (errno = 0; (entry = readdir(list)); errno = 0)
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, NK_PIN_NIC) != 0)
			return;
	if (errno)
		return;
	nk_nicdir_pin(dir, NK_PIN_NIC, path);
	(void)unlink(path);
}

void nk_nicdir_unlock(struct nk_nicdir *dir)
{
	flock(dir->fd, LOCK_UN);
	dir->locked = false;
}

int nk_nicdir_relock(struct nk_nicdir *dir, struct nk_error *err)
{
	int rc = lock(dir->fd, dir->path, nk_lock_until(), err);

	dir->locked = !rc && is_current(dir->fd, dir->path);
	if (rc || dir->locked)
		return rc;
	return nk_error_set(err, NK_CODE_BPF, ESTALE, "bpffs was emptied during the call",
			    "another process removed %s", dir->path);
}

/* A lock on one byte of the directory, whose number is the queue. It belongs to the open file. */
static struct flock make_lock(short type, uint32_t queue)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = queue, .l_len = 1 };
}

int nk_nicdir_hold(struct nk_nicdir *dir, uint32_t queue, struct nk_error *err)
{
	struct flock lock = make_lock(F_RDLCK, queue);

	if (!fcntl(dir->fd, F_OFD_SETLK, &lock))
		return 0;
	return nk_error_sys(err, NK_CODE_BPF, "cannot lock the queue",
			    "fcntl F_OFD_SETLK %s, byte %u", dir->path, queue);
}

int nk_nicdir_is_held(const char *bpffs, const char *nic, uint32_t queue, struct nk_error *err)
{
	struct flock lock = make_lock(F_WRLCK, queue);
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;

	print_nic_path(bpffs, nic, path);
	fd = open_dir(bpffs, path, err);
	if (fd == -ENOENT)
		nk_error_reset(err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fcntl(fd, F_OFD_GETLK, &lock))
		return nk_error_sys(err, NK_CODE_BPF, "cannot read the lock of the queue",
				    "fcntl F_OFD_GETLK %s, byte %u", path, queue);
	return lock.l_type != F_UNLCK;
}

void nk_nicdir_close(struct nk_nicdir *dir)
{
	if (dir->fd < 0)
		return;
	if (dir->locked)
		forget_nic(dir);
	/* The next user creates both again. */
	if (dir->locked && !rmdir(dir->path)) {
		char top[NK_PATH_SIZE];

		snprintf(top, sizeof(top), "%.*s", (int)(strrchr(dir->path, '/') - dir->path),
			 dir->path);
		remove_if_empty(top);
	}
	close(dir->fd);
	dir->fd = -1;
	dir->locked = false;
}

void nk_nicdir_unmake(const char *bpffs, const char *nic)
{
	struct nk_nicdir dir;

	nk_nicdir_init(bpffs, nic, &dir);
	dir.fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir.locked = dir.fd >= 0 && !flock(dir.fd, LOCK_EX | LOCK_NB);
	nk_nicdir_close(&dir);
}

void nk_nicdir_pin(const struct nk_nicdir *dir, const char *name, char ret[NK_PATH_SIZE])
{
	snprintf(ret, NK_PATH_SIZE, "%.400s/%.64s", dir->path, name);
}

int nk_nicdir_unpin(const struct nk_nicdir *dir, const char *name, struct nk_error *err)
{
	char path[NK_PATH_SIZE];

	nk_nicdir_pin(dir, name, path);
	if (!unlink(path) || errno == ENOENT)
		return 0;
	return nk_error_sys(err, NK_CODE_BPF, "cannot remove a pin", "unlink %s", path);
}

void nk_nicdir_xsks_map(const struct nk_nicdir *dir, uint32_t phys, char ret[NK_PATH_SIZE])
{
	snprintf(ret, NK_PATH_SIZE, "%.400s/q%u/xsks_map", dir->path, phys);
}

/* put_map() - if the entry @name is a queue's directory with a map. Return: 0, or -1 with errno */
static int put_map(const struct nk_nicdir *dir, const char *name, struct nk_queue_set *ret)
{
	char map[NK_PATH_SIZE];
	unsigned long queue;

	if (*name != 'q')
		return 0;
	queue = strtoul(name + 1, NULL, 10);
	if (queue >= NK_QUEUE_IDS)
		return 0;
	nk_nicdir_xsks_map(dir, (uint32_t)queue, map); /* of whatever else has a 'q', q0's */
	if (!access(map, F_OK))
		nk_queue_set_put(ret, (uint32_t)queue);
	else if (errno != ENOENT && errno != ENOTDIR)
		return -1;
	return 0;
}

int nk_nicdir_read_maps(const struct nk_nicdir *dir, struct nk_queue_set *ret, struct nk_error *err)
{
	DIR *list cleanup_closedir = opendir(dir->path);
	const struct dirent *entry;

	while (list && (errno = 0, entry = readdir(list)))
		if (put_map(dir, entry->d_name, ret))
			break;
	if (!list || errno)
		return nk_error_sys(err, NK_CODE_BPF, "cannot read the NIC's directory", "%s",
				    dir->path);
	return 0;
}

/* open_list() - open the top directory for reading; @ret stays NULL if there is nothing of ours. A directory of
 * another user is not ours, because no ADD has put anything in it. Return: 0 or a negative errno
 */
static int open_list(const char *bpffs, DIR **ret, struct nk_error *err)
{
	int fd cleanup_close = open_top(bpffs, false, err);

	if (fd == -EPERM)
		nk_log_warn("%s: %s; nk-cni ignores it", err->msg, err->details);
	if (fd == -EPERM || fd == -ENOENT || fd == -ENOTDIR) {
		nk_error_reset(err);
		return 0;
	}
	*ret = nk_steal_dir(&fd);
	if (fd >= 0)
		nk_error_sys(err, NK_CODE_BPF, "cannot read bpffs", "%s/" TOP, bpffs);
	return *ret ? 0 : -err->sys;
}

int nk_nicdir_read(const char *bpffs, struct nk_nicdir_list *ret, struct nk_error *err)
{
	char top[NK_PATH_SIZE], nic[NK_NICDIR_NAME_SIZE];
	DIR *list cleanup_closedir = NULL;
	const struct dirent *entry;
	struct nk_error mine = { 0 };
	int rc = open_list(bpffs, &list, err), first = 0;
	bool is_empty = true;

	if (rc || !list)
		return rc;
	print_top_path(bpffs, top);
	while ((errno = 0, entry = readdir(list))) {
		if (entry->d_name[0] == '.' || unescape(entry->d_name, nic))
			continue;
		is_empty = false;
		mine = (struct nk_error){ 0 };
		rc = try_below(dirfd(list), bpffs, nic, false, &mine);
		if (rc == -ENOENT || rc == -ENOTDIR)
			continue; /* removed meanwhile, or not a directory */
		if (!rc)
			rc = nk_list_add(ret, &nic, &mine);
		first = nk_log_keep_first(first, rc, err, &mine);
	}
	if (errno && !first)
		first = nk_error_sys(err, NK_CODE_BPF, "cannot read bpffs", "%s", top);
	if (is_empty)
		remove_if_empty(top); /* an ADD may have been killed after it created it */
	return first;
}
