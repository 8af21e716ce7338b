// SPDX-License-Identifier: Apache-2.0
/*
 * mount.c - show a Pod's attachments in one of its containers
 *
 *  1. On the host: for each attachment a tmpfs that is mounted nowhere, with the file and the map in it.
 *  2. Enter the container's mount namespace, and mount each of them below the container's root.
 *
 * The image and the Pod's volumes decide what is there. So each path is resolved inside that root, and nothing is
 * mounted where others than the container would see it.
 */
#include "oci/mount.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/trust.h"
#include "kernel/libc.h"
#include "kernel/uapi.h"
#include "run/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/banned.h"

#define CANNOT_MOUNT "cannot mount the attachment into the container"
#define FILE_NAME    "attachment.json"
#define MAP_NAME     "xsks_map"

/* A file of 1024 queues takes less than 512 KiB. */
#define TMPFS_SIZE "1m"

#define TRIES	   100

#define HARMLESS   (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static int failed(struct nk_error *err, const char *what, const char *path)
{
	return nk_error_sys(err, NK_CODE_KERNEL, CANNOT_MOUNT, "%s %.512s", what, path);
}

/* --- 1. on the host --------------------------------------------------------------------------- */

/* new_tmpfs() - Return: an fd of a mount that is nowhere and ends with the fd, or a negative errno */
static int new_tmpfs(struct nk_error *err)
{
	int fs cleanup_close = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "source", "nk-cni", 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "size", TMPFS_SIZE, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return failed(err, "create a", "tmpfs");
	fd = fsmount(fs, FSMOUNT_CLOEXEC, HARMLESS);
	return fd < 0 ? failed(err, "mount a", "tmpfs") : fd;
}

static int write_file(int dir, const char *name, const char *text, struct nk_error *err)
{
	int fd cleanup_close =
		openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0 || (*text && dprintf(fd, "%s\n", text) < 0))
		return failed(err, "write", name);
	return 0;
}

static int add_map(int dir, const char *map, struct nk_error *err)
{
	struct mount_attr attr = { .attr_set = HARMLESS };
	int fd cleanup_close = -1;
	int rc = write_file(dir, MAP_NAME, "", err);

	if (rc)
		return rc;
	fd = open_tree(AT_FDCWD, map, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return failed(err, "open the map", map);
	return move_mount(fd, "", dir, MAP_NAME, MOVE_MOUNT_F_EMPTY_PATH) ?
		       failed(err, "mount the map", map) :
		       0;
}

int nk_oci_prepare(struct nk_oci_attachment *att, struct nk_error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	int fd cleanup_close = new_tmpfs(err);
	int rc;

	if (fd < 0)
		return fd;
	umask(022);
	rc = write_file(fd, FILE_NAME, att->text, err);
	if (!rc && *att->map)
		rc = add_map(fd, att->map, err);
	if (rc)
		return rc;
	if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return failed(err, "make read-only the", "tmpfs");
	att->mount = nk_steal_fd(&fd);
	return 0;
}

/* --- 2. in the container ---------------------------------------------------------------------- */

int nk_oci_has_own_mounts(uint32_t pid, struct nk_error *err)
{
	struct stat ours, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/ns/mnt", pid);
	if (stat("/proc/self/ns/mnt", &ours) || stat(path, &its))
		return failed(err, "examine", path);
	return !nk_trust_same_file(&ours, &its);
}

/* The container's root, and what its volumes may show of the host */
struct inside {
	int root;
	dev_t host_run; /* the file system of the host's /run */
};

static int open_inside(const struct inside *in, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int fd, tries = TRIES;

	do
		fd = (int)syscall(SYS_openat2, in->root, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && --tries); /* something was renamed meanwhile */
	return fd;
}

/* refuse_host() - an error if a volume shows the container what is the host's: /run, or a bpffs. A directory that is
 * created there would stay.
 */
static int refuse_host(const struct inside *in, int dir, const char *path, struct nk_error *err)
{
	struct statfs fs;
	struct stat st;

	if (fstat(dir, &st) || fstatfs(dir, &fs))
		return failed(err, "examine in the container", path);
	if (st.st_dev != in->host_run && fs.f_type != BPF_FS_MAGIC)
		return 0;
	return nk_error_set(err, NK_CODE_KERNEL, EBUSY, CANNOT_MOUNT,
			    "%s in the container is that of the host, by a volume", path);
}

/* make_one() - as the owner of the directory above: root of the host may have no id in a user namespace's file
 * system. What exists stays.
 */
static int make_one(const struct inside *in, int parent, const char *path, struct nk_error *err)
{
	int rc = refuse_host(in, parent, path, err);
	struct stat st;

	if (rc)
		return rc;
	if (fstat(parent, &st))
		return failed(err, "examine in the container", path);
	setfsgid(st.st_gid);
	setfsuid(st.st_uid);
	rc = mkdirat(parent, strrchr(path, '/') + 1, 0755) && errno != EEXIST ?
		     failed(err, "create in the container", path) :
		     0;
	setfsuid(0);
	setfsgid(0);
	return rc;
}

/* make_dir() - open directory @path in the container, and create what is missing. Return: an fd or a negative errno */
static int make_dir(const struct inside *in, const char *path, struct nk_error *err)
{
	int parent cleanup_close = dup(in->root), fd, rc;
	char done[NK_PATH_SIZE];
	const char *end = path;

	do {
		end = strchrnul(end + 1, '/');
		snprintf(done, sizeof(done), "%.*s", (int)(end - path), path);
		fd = open_inside(in, done);
		if (fd < 0 && errno == ENOENT) {
			rc = make_one(in, parent, done, err);
			if (rc)
				return rc;
			fd = open_inside(in, done);
		}
		if (fd < 0)
			return failed(err, "open in the container", done);
		close(parent);
		parent = fd;
	} while (*end);
	return nk_steal_fd(&parent);
}

/* is_shared() - does a mount on the directory reach other mount namespaces? Return: 1, 0, or a negative errno */
static int is_shared(int dir)
{
	struct nk_mnt_id_req request = { .size = sizeof(request), .param = NK_STATMOUNT_MNT_BASIC };
	struct nk_statmount mount = { 0 };
	struct nk_statx st;

	if (syscall(SYS_statx, dir, "", AT_EMPTY_PATH, NK_STATX_MNT_ID_UNIQUE, &st))
		return -errno;
	request.mnt_id = st.mnt_id;
	if (syscall(NK_SYS_STATMOUNT, &request, &mount, sizeof(mount), 0))
		return -errno;
	return !!(mount.propagation & MS_SHARED);
}

/* has_files() - Return: 1 and the name of one; 0; or a negative errno */
static int has_files(int dir, char name[NAME_MAX + 1])
{
	int fd cleanup_close = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list cleanup_closedir = nk_steal_dir(&fd);
	const struct dirent *entry;

	if (!list)
		return -errno;
	while ((errno = 0, entry = readdir(list)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
			return 1;
		}
	return -errno;
}

/* refuse_place() - an error if a mount on @dir would be seen outside the container, or hide files of it */
static int refuse_place(int dir, const char *path, struct nk_error *err)
{
	const int shared = is_shared(dir);
	char name[NAME_MAX + 1];
	int rc;

	if (shared > 0)
		return nk_error_set(
			err, NK_CODE_KERNEL, EBUSY, CANNOT_MOUNT,
			"%s in the container is in a volume with "
			"mountPropagation: Bidirectional, so the host would see the mount",
			path);
	rc = shared < 0 ? shared : has_files(dir, name);
	if (rc > 0)
		return nk_error_set(err, NK_CODE_KERNEL, EBUSY, CANNOT_MOUNT,
				    "%s in the container has files, such as %.64s", path, name);
	errno = -rc;
	return rc ? failed(err, "examine in the container", path) : 0;
}

static int mount_one(const struct inside *in, const struct nk_oci_attachment *att,
		     struct nk_error *err)
{
	int dir cleanup_close = -1;
	char path[NK_PATH_SIZE];
	int rc;

	snprintf(path, sizeof(path), NK_RUN_DIR "/%.15s", att->ifname);
	dir = make_dir(in, path, err);
	rc = dir < 0 ? dir : refuse_host(in, dir, path, err);
	if (!rc)
		rc = refuse_place(dir, path, err);
	if (rc)
		return rc;
	return move_mount(att->mount, "", dir, "",
			  MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) ?
		       failed(err, "mount in the container", path) :
		       0;
}

/* enter() - Without a mount namespace of its own, the mounts would be the host's, and stay. */
static int enter(uint32_t pid, int pidfd, struct nk_error *err)
{
	const int own = nk_oci_has_own_mounts(pid, err);

	if (own < 0)
		return own;
	if (!own)
		return nk_error_set(err, NK_CODE_KERNEL, EBUSY, CANNOT_MOUNT,
				    "process %u has the mount namespace of the host", pid);
	return setns(pidfd, CLONE_NEWNS) ?
		       failed(err, "enter the mount namespace of", "the container") :
		       0;
}

int nk_oci_mount(uint32_t pid, int pidfd, const char *root, const struct nk_oci_attachment *list,
		 uint32_t count, struct nk_error *err)
{
	struct inside in;
	struct stat host;
	uint32_t i;
	int rc;

	if (stat(NK_RUN_DIR, &host))
		return failed(err, "examine", NK_RUN_DIR);
	rc = enter(pid, pidfd, err);
	if (rc)
		return rc;
	in.host_run = host.st_dev;
	in.root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (in.root < 0)
		return failed(err, "open the container's root", root);
	for (i = 0; i < count && !rc; i++)
		rc = mount_one(&in, &list[i], err);
	close(in.root);
	return rc;
}

int nk_oci_raise_memlock(uint32_t pid, const struct nk_oci_attachment *list, uint32_t count,
			 struct nk_error *err)
{
	struct rlimit limit;
	rlim_t need = 0;
	uint32_t i;

	for (i = 0; i < count; i++)
		need += list[i].memlock;
	if (prlimit((pid_t)pid, RLIMIT_MEMLOCK, NULL, &limit))
		return nk_error_sys(err, NK_CODE_KERNEL,
				    "cannot raise the container's memory lock limit",
				    "read RLIMIT_MEMLOCK of process %u", pid);
	if (limit.rlim_cur >= need) /* RLIM_INFINITY is the largest */
		return 0;
	limit.rlim_cur = need;
	limit.rlim_max = limit.rlim_max > need ? limit.rlim_max : need;
	if (prlimit((pid_t)pid, RLIMIT_MEMLOCK, &limit, NULL))
		return nk_error_sys(err, NK_CODE_KERNEL,
				    "cannot raise the container's memory lock limit",
				    "set RLIMIT_MEMLOCK of process %u to %llu bytes", pid,
				    (unsigned long long)need);
	return 0;
}
