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
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/banned.h"

#define CANNOT_MOUNT "cannot mount the attachment into the container"
#define FILE_NAME    "attachment.json"
#define MAP_NAME     "xsks_map"

/* A file of 1024 queues takes less than 512 KiB. */
#define TMPFS_SIZE "1m"

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

/* prepare() - Return: the mount of an attachment, as new_tmpfs() */
static int prepare(const struct nk_oci_attachment *att, struct nk_error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	int fd cleanup_close = new_tmpfs(err);
	int rc;

	if (fd < 0)
		return fd;
	rc = write_file(fd, FILE_NAME, att->text, err);
	if (!rc && *att->map)
		rc = add_map(fd, att->map, err);
	if (rc)
		return rc;
	if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return failed(err, "make read-only the", "tmpfs");
	return nk_steal_fd(&fd);
}

/* --- 2. in the container ---------------------------------------------------------------------- */

static int enter(uint32_t pid, struct nk_error *err)
{
	int fd cleanup_close = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/ns/mnt", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed(err, "open", path);
	return setns(fd, CLONE_NEWNS) ? failed(err, "enter the mount namespace", path) : 0;
}

static int open_inside(int root, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* make_dir() - open directory @path inside @root, and create what is missing. Return: an fd or a negative errno */
static int make_dir(int root, const char *path, struct nk_error *err)
{
	int parent cleanup_close = -1, fd = root;
	char done[NK_PATH_SIZE];
	const char *end = path;

	do {
		end = strchrnul(end + 1, '/');
		snprintf(done, sizeof(done), "%.*s", (int)(end - path), path);
		fd = open_inside(root, done);
		if (fd < 0 && errno == ENOENT &&
		    !mkdirat(parent < 0 ? root : parent, strrchr(done, '/') + 1, 0755))
			fd = open_inside(root, done);
		if (fd < 0)
			return failed(err, "create in the container", done);
		if (parent >= 0)
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

/* refuse_place() - an error if a mount on @dir would be seen outside the container, or hide files of it */
static int refuse_place(int dir, const char *path, struct nk_error *err)
{
	int fd cleanup_close = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list cleanup_closedir = nk_steal_dir(&fd);
	const int shared = is_shared(dir);
	const struct dirent *entry;

	if (!list || shared < 0)
		return failed(err, "examine in the container", path);
	if (shared)
		return nk_error_set(
			err, NK_CODE_KERNEL, EBUSY, CANNOT_MOUNT,
			"%s in the container is in a volume with "
			"mountPropagation: Bidirectional, so the host would see the mount",
			path);
	while ((errno = 0, entry = readdir(list)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return nk_error_set(err, NK_CODE_KERNEL, EBUSY, CANNOT_MOUNT,
					    "%s in the container has files, such as %.64s", path,
					    entry->d_name);
	return errno ? failed(err, "read in the container", path) : 0;
}

/* refuse_host() - an error if the container sees the host's own directory, where a new directory would be ours to
 * explain
 */
static int refuse_host(int root, const struct stat *host, struct nk_error *err)
{
	int dir cleanup_close = make_dir(root, NK_RUN_DIR, err);
	struct stat st;

	if (dir < 0)
		return dir;
	if (fstat(dir, &st))
		return failed(err, "examine in the container", NK_RUN_DIR);
	if (!nk_trust_same_file(&st, host))
		return 0;
	return nk_error_set(err, NK_CODE_KERNEL, EBUSY, CANNOT_MOUNT,
			    "%s in the container is that of the host, by a volume", NK_RUN_DIR);
}

static int mount_one(int root, int mount, const char *ifname, struct nk_error *err)
{
	int dir cleanup_close = -1;
	char path[NK_PATH_SIZE];
	int rc;

	snprintf(path, sizeof(path), NK_RUN_DIR "/%.15s", ifname);
	dir = make_dir(root, path, err);
	rc = dir < 0 ? dir : refuse_place(dir, path, err);
	if (rc)
		return rc;
	return move_mount(mount, "", dir, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) ?
		       failed(err, "mount in the container", path) :
		       0;
}

static int mount_all(uint32_t pid, const char *root_path, const int *mounts,
		     const struct nk_oci_attachment *list, uint32_t count, struct nk_error *err)
{
	int root cleanup_close = -1;
	struct stat host;
	uint32_t i;
	int rc;

	if (stat(NK_RUN_DIR, &host))
		return failed(err, "examine", NK_RUN_DIR);
	rc = enter(pid, err);
	if (rc)
		return rc;
	root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return failed(err, "open the container's root", root_path);
	umask(022);
	rc = refuse_host(root, &host, err);
	for (i = 0; i < count && !rc; i++)
		rc = mount_one(root, mounts[i], list[i].ifname, err);
	return rc;
}

int nk_oci_mount(uint32_t pid, const char *root, const struct nk_oci_attachment *list,
		 uint32_t count, struct nk_error *err)
{
	int *mounts = calloc(count, sizeof(*mounts));
	uint32_t i;
	int rc = 0;

	if (!mounts)
		return nk_error_no_memory(err);
	for (i = 0; i < count && !rc; i++) {
		mounts[i] = prepare(&list[i], err);
		rc = mounts[i] < 0 ? mounts[i] : 0;
	}
	if (!rc)
		rc = mount_all(pid, root, mounts, list, count, err);
	while (i--)
		if (mounts[i] >= 0)
			close(mounts[i]);
	free(mounts);
	if (rc)
		nk_error_remedy(err,
				"to start the container without it, set the annotation "
				"nk-cni/containers of the Pod to the names of the others, or none");
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
