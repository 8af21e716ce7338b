// SPDX-License-Identifier: Apache-2.0
/* install.c - put this executable, and a network, where a container runtime looks for them */
#include "node/install.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/types.h"
#include "cni/config.h"
#include "cni/conflist.h"
#include "run/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/banned.h"

#define SELF	  "/proc/self/exe"
#define SIZE_MOST (64U << 20) /* an executable with sanitizers and debug data has 20 MiB */

enum present {
	ABSENT,
	EQUAL,
	OTHER,
};

/* remedy_of() - for each of them @path is what could not be used; NULL: none is known */
static const char *remedy_of(int sys)
{
	switch (sys) {
	case ENOENT:
	case ENOTDIR:
		return "name a directory that exists, and that the container runtime reads. In a container, "
		       "mount that directory of the host, and name where it is mounted";
	case EROFS:
		return "its file system, or the mount of it in this container, is read-only. Mount it "
		       "writable, or name another directory that the container runtime reads";
	case ENOSPC:
	case EDQUOT:
		return "its file system is full: \"df\" and \"df -i\" of the directory show it. The file that "
		       "was there before is unchanged";
	case EACCES:
	case EPERM:
		return "run as root. If it does: \"lsattr -d\" shows whether the directory is immutable, and the "
		       "audit log whether SELinux or AppArmor refuses";
	case ELOOP:
		return "it is a symbolic link, perhaps of a package. Install into the directory that it "
		       "leads to, or find out who needs it before you move it away";
	case EBADMSG:
	case EISDIR:
		return "it is no regular file. Find out what uses it before you move it away";
	case EBUSY:
		return "a file is mounted there. Mount the directory instead, so that the file can be replaced";
	default:
		return NULL;
	}
}

/* failed() - Return: @rc, negative */
static int failed(struct nk_error *err, int rc, const char *what, const char *dir, const char *name)
{
	const char *remedy = remedy_of(-rc);

	nk_error_set(err, NK_CODE_IO, -rc, "cannot install", "%s %s%s%s: %s", what, dir,
		     *name ? "/" : "", name,
		     rc == -EBADMSG ? "not a regular file" : nk_errno_name(-rc));
	if (remedy)
		nk_error_remedy(err, "%s", remedy);
	return rc;
}

/* --- what is to be installed -------------------------------------------------------------------- */

int nk_install_add(struct nk_install *install, const char *source, const char *dir,
		   const char *name, mode_t mode, struct nk_error *err)
{
	struct nk_install_file *file = &install->files[install->count];
	int fd cleanup_close = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc = fd < 0 ? -errno : nk_rundir_read_fd(fd, SIZE_MOST, &file->text, &file->size);

	if (rc) {
		nk_error_set(err, NK_CODE_IO, -rc, "cannot read what to install", "%s: %s", source,
			     rc == -EBADMSG ? "not a regular file" : nk_errno_name(-rc));
		if (!strcmp(source, SELF))
			nk_error_remedy(err, "mount a proc file system at /proc");
		return rc;
	}
	file->dir = dir;
	file->mode = mode;
	snprintf(file->name, sizeof(file->name), "%s", name);
	file->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	install->count++; /* from here on, fini releases both */
	return file->dir_fd < 0 ? failed(err, -errno, "open the directory", dir, "") : 0;
}

int nk_install_add_self(struct nk_install *install, const char *dir, struct nk_error *err)
{
	return nk_install_add(install, SELF, dir, "nk-cni", 0755, err);
}

/* check_name() - by libcni: a list is in a file NAME.conflist, and no directory is searched for hidden files */
static int check_name(const char *name, struct nk_error *err)
{
	const size_t size = strlen(name), least = sizeof(".conflist");

	if (size >= least && *name != '.' && !strcmp(name + size - least + 1, ".conflist"))
		return 0;
	return nk_error_set(
		err, NK_CODE_CONFIG, EINVAL, "no container runtime would read this file",
		"%s: the name of a list ends in .conflist, and does not begin with a dot", name);
}

/* check_entry() - would an ADD take it, with a deviceID where it waits for one? */
static int check_entry(const char *text, struct nk_error *err)
{
	const struct nk_request request = {
		.command = NK_COMMAND_FEATURES,
		.container_id = "install",
		.ifname = "net1",
		.cni_path = "",
		.cni_args = "",
	};
	off_stack struct nk_config config;
	int rc;

	config = (struct nk_config){ 0 };
	rc = nk_config_parse(text, strlen(text), &request, &config, err);
	nk_config_fini(&config);
	return rc;
}

static int check_conf(const char *text, size_t size, struct nk_error *err)
{
	struct nk_json *json = NULL;
	unsigned int n = 0;
	char *entry;
	int rc = nk_json_parse(text, size, &json, err);

	if (!rc && !nk_json_get(json, "plugins"))
		rc = nk_error_config(err, "it is no list: it has no \"plugins\"");
	nk_json_free(json);
	while (!rc) {
		rc = nk_conflist_pick(text, size, "nk-cni", n++, &entry, err);
		if (rc || !entry)
			break;
		rc = check_entry(entry, err);
		free(entry);
	}
	return rc;
}

int nk_install_add_conf(struct nk_install *install, const char *source, const char *dir,
			struct nk_error *err)
{
	const char *slash = strrchr(source, '/'), *name = slash ? slash + 1 : source;
	const struct nk_install_file *file = &install->files[install->count];
	int rc = check_name(name, err);

	/* Root alone: a list may hold what others should not read, and the CIS benchmark asks for it. */
	if (!rc)
		rc = nk_install_add(install, source, dir, name, 0600, err);
	if (!rc)
		rc = check_conf(file->text, file->size, err);
	if (rc)
		nk_error_wrap(err, "--conf %s", source);
	return rc;
}

void nk_install_fini(struct nk_install *install)
{
	while (install->count) {
		const struct nk_install_file *file = &install->files[--install->count];

		if (file->dir_fd >= 0)
			close(file->dir_fd);
		free(file->text);
	}
}

/* --- in a directory ------------------------------------------------------------------------------- */

/* look() - what has the name of @file? Return: enum present, or a negative errno */
static int look(const struct nk_install_file *file, struct nk_error *err)
{
	char cleanup_free *text = NULL;
	struct stat st;
	size_t size;
	int rc = nk_rundir_read(file->dir_fd, file->name, SIZE_MOST, &text, &size);

	if (rc == -ENOENT)
		return ABSENT;
	if (rc == -EFBIG)
		return OTHER;
	if (!rc && fstatat(file->dir_fd, file->name, &st, AT_SYMLINK_NOFOLLOW))
		rc = -errno;
	if (rc)
		return failed(err, rc, "read", file->dir, file->name);
	return size == file->size && !memcmp(text, file->text, size) &&
			       (st.st_mode & 07777) == file->mode ?
		       EQUAL :
		       OTHER;
}

/* sync_dir() - so that a rename or removal outlives a power failure. Some file systems cannot. */
static int sync_dir(const struct nk_install_file *file, struct nk_error *err)
{
	if (!fsync(file->dir_fd) || errno == EINVAL)
		return 0;
	return failed(err, -errno, "sync", file->dir, "");
}

static int put(const struct nk_install_file *file, const char *temporary, FILE *out,
	       struct nk_error *err)
{
	const struct iovec text = { file->text, file->size };
	int rc = look(file, err);

	if (rc == EQUAL)
		fprintf(out, "unchanged %s/%s\n", file->dir, file->name);
	if (rc < 0 || rc == EQUAL)
		return rc < 0 ? rc : 0;
	rc = nk_rundir_write_durably(file->dir_fd, temporary, file->name, &text, 1, file->mode);
	if (rc)
		return failed(err, rc, "write", file->dir, file->name);
	fprintf(out, "installed %s/%s\n", file->dir, file->name);
	return sync_dir(file, err);
}

static int take_away(const struct nk_install_file *file, FILE *out, struct nk_error *err)
{
	int rc = look(file, err);

	if (rc == EQUAL && unlinkat(file->dir_fd, file->name, 0))
		rc = failed(err, -errno, "remove", file->dir, file->name);
	if (rc < 0)
		return rc;
	fprintf(out, "%s %s/%s%s\n",
		rc == EQUAL ? "removed" :
		rc == OTHER ? "kept" :
			      "absent",
		file->dir, file->name, rc == OTHER ? ": it is another one" : "");
	return rc == EQUAL ? sync_dir(file, err) : 0;
}

/* work() - install or remove a file, while no other nk-cni works in its directory */
static int work(const struct nk_install_file *file, bool remove, FILE *out, struct nk_error *err)
{
	char temporary[NAME_MAX + 16], holder[NK_LOCK_HOLDER_SIZE];
	int rc = nk_lock_take(file->dir_fd, nk_lock_until());

	if (rc == -EAGAIN) {
		nk_lock_holder(file->dir_fd, holder);
		return nk_error_busy(err, "%s is locked by %s", file->dir, holder);
	}
	if (rc)
		return failed(err, rc, "lock", file->dir, "");
	snprintf(temporary, sizeof(temporary), ".%s.installing", file->name);
	(void)unlinkat(file->dir_fd, temporary, 0); /* of a killed one */
	rc = remove ? take_away(file, out, err) : put(file, temporary, out, err);
	(void)flock(file->dir_fd, LOCK_UN);
	return rc;
}

int nk_install_put(const struct nk_install *install, FILE *out, struct nk_error *err)
{
	int i, rc = 0;

	for (i = 0; i < install->count && !rc; i++)
		rc = work(&install->files[i], false, out, err);
	return rc;
}

int nk_install_remove(const struct nk_install *install, FILE *out, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int i, rc = 0;

	for (i = install->count - 1; i >= 0; i--)
		rc = nk_log_keep_first(rc, work(&install->files[i], true, out, &mine), err, &mine);
	return rc;
}
