// SPDX-License-Identifier: Apache-2.0
/*
 * journal.c - what of an attachment no map holds
 *
 * Who waited and got the lock of a file that was removed meanwhile starts again, as with a NIC's
 * directory.
 */
#include "journal.h"

#include "cleanup.h"
#include "clock.h"
#include "error.h"
#include "ipam.h"
#include "json.h"
#include "log.h"
#include "request.h"
#include "rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "banned.h"

/* The names of NICs are escaped in NK_RUN_TOP: none has a '.'. */
#define JOURNAL	     "journal.d"
#define VERSION	     1
#define PAUSE_MS     10
#define FAILED_S     60				/* a plugin that failed is left alone for so long */
#define FILE_MAX     (NK_JSON_SIZE_MAX + 65536) /* bytes: its stdin, and the line before */
#define NAME_SIZE    (2 * IFNAMSIZ + 16)
#define VARIABLE_MAX 8

struct names {
	char lock[NAME_SIZE], add[NAME_SIZE], ipam[NAME_SIZE], new[NAME_SIZE];
};

static struct names names_of(const struct nk_key *key)
{
	struct names ret;

	snprintf(ret.lock, NAME_SIZE, "%s:%s:lock", key->cni_ifname, key->ifname);
	snprintf(ret.add, NAME_SIZE, "%s:%s:add", key->cni_ifname, key->ifname);
	snprintf(ret.ipam, NAME_SIZE, "%s:%s:ipam", key->cni_ifname, key->ifname);
	snprintf(ret.new, NAME_SIZE, "%s:%s:new", key->cni_ifname, key->ifname);
	return ret;
}

static int open_dir(const struct nk_key *key, bool create, struct nk_rundir *ret)
{
	const char *const names[] = { NK_RUN_TOP, JOURNAL, key->network, key->container_id, NULL };

	return nk_rundir_open(names, create, ret);
}

static int failed(struct nk_error *err, int rc, const char *what, const struct nk_key *key)
{
	nk_error_set(err, NK_CODE_IO, -rc, "cannot keep the journal",
		     "%s " NK_RUN "/" NK_RUN_TOP "/" JOURNAL "/%s/%s/%s:%s: %s", what, key->network,
		     key->container_id, key->cni_ifname, key->ifname, nk_errno_name(-rc));
	nk_rundir_remedy(rc, err);
	return rc;
}

/* --- the lock --------------------------------------------------------------------------------- */

static bool is_current(int dir, const char *name, int fd)
{
	struct stat mine, present;

	return !fstat(fd, &mine) && !fstatat(dir, name, &present, AT_SYMLINK_NOFOLLOW) &&
	       mine.st_ino == present.st_ino && mine.st_dev == present.st_dev;
}

/* try_lock() - Return: an fd with the lock; -EWOULDBLOCK; -ENOENT: the directory, or the file, has
 * gone meanwhile; or another negative errno
 */
static int try_lock(const struct nk_key *key)
{
	const struct names names = names_of(key);
	struct nk_rundir dir;
	int fd = -1, rc = open_dir(key, true, &dir);

	if (!rc) {
		fd = openat(nk_rundir_fd(&dir), names.lock,
			    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		rc = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
	}
	if (!rc && !is_current(nk_rundir_fd(&dir), names.lock, fd))
		rc = -ENOENT;
	if (!rc) {
		nk_rundir_close(&dir);
		return fd;
	}
	nk_rundir_prune(&dir); /* what was made for it, and is empty */
	if (fd >= 0)
		close(fd);
	return rc;
}

int nk_journal_lock(const struct nk_key *key, uint32_t limit_ms, int *ret, struct nk_error *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	const int64_t deadline = nk_clock_ms() + limit_ms;
	int rc;

	*ret = -1;
	while ((rc = try_lock(key)) < 0) {
		if (rc != -EWOULDBLOCK && rc != -ENOENT && rc != -EINTR)
			return failed(err, rc, "lock", key);
		if (nk_clock_ms() >= deadline)
			return nk_error_set(err, NK_CODE_RETRY, EAGAIN, "try again later",
					    "another nk-cni works on %s of container %.16s",
					    key->ifname, key->container_id);
		nanosleep(&pause, NULL);
	}
	*ret = rc;
	return 0;
}

void nk_journal_unlock(const struct nk_key *key, int *fd)
{
	const struct names names = names_of(key);
	struct nk_rundir dir;

	if (*fd < 0)
		return;
	if (!open_dir(key, false, &dir) && is_current(nk_rundir_fd(&dir), names.lock, *fd))
		(void)unlinkat(nk_rundir_fd(&dir), names.lock, 0);
	nk_rundir_prune(&dir);
	close(*fd);
	*fd = -1;
}

bool nk_journal_is_locked(const struct nk_key *key)
{
	int fd cleanup_close = -1;
	const struct names names = names_of(key);
	struct nk_rundir dir;

	if (!open_dir(key, false, &dir))
		fd = openat(nk_rundir_fd(&dir), names.lock, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	nk_rundir_close(&dir);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

/* --- an ADD under way ------------------------------------------------------------------------- */

int nk_journal_begin(const struct nk_key *key, struct nk_error *err)
{
	int fd cleanup_close = -1;
	const struct names names = names_of(key);
	struct nk_rundir dir;
	int rc = open_dir(key, true, &dir);

	if (!rc) {
		fd = openat(nk_rundir_fd(&dir), names.add,
			    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		rc = fd < 0 ? -errno : 0;
	}
	nk_rundir_close(&dir);
	return rc ? failed(err, rc, "begin", key) : 0;
}

bool nk_journal_is_begun(const struct nk_key *key)
{
	const struct names names = names_of(key);
	struct nk_rundir dir;
	bool ret = !open_dir(key, false, &dir) &&
		   !faccessat(nk_rundir_fd(&dir), names.add, F_OK, AT_SYMLINK_NOFOLLOW);

	nk_rundir_close(&dir);
	return ret;
}

int nk_journal_commit(const struct nk_key *key, struct nk_error *err)
{
	const struct names names = names_of(key);
	struct nk_rundir dir;
	int rc = open_dir(key, false, &dir);

	if (!rc && unlinkat(nk_rundir_fd(&dir), names.add, 0))
		rc = -errno;
	nk_rundir_close(&dir);
	return rc && rc != -ENOENT ? failed(err, rc, "commit", key) : 0;
}

/* --- what an IPAM plugin has reserved --------------------------------------------------------- */

/* print_line() - Return: to be freed; NULL when out of memory */
static char *print_line(const struct nk_request *request, const struct nk_ipam *ipam,
			const char *bpffs)
{
	struct nk_json *root = nk_json_new_object(), *variables;
	char *text;

	nk_json_add_uint(root, "version", VERSION);
	nk_json_add_string(root, "type", ipam->type);
	nk_json_add_string(root, "cniVersion", ipam->cni_version);
	nk_json_add_string(root, "bpffs", bpffs);
	variables = nk_json_add_object(root, "variables");
	nk_json_add_string(variables, "CNI_PATH", ipam->cni_path);
	nk_json_add_string(variables, "CNI_ARGS", request->cni_args);
	nk_json_add_string(variables, "CNI_CONTAINERID", request->container_id);
	nk_json_add_string(variables, "CNI_IFNAME", request->ifname);
	text = nk_json_add_string(variables, "CNI_NETNS", request->netns) ?
		       nk_json_print_line(root) :
		       NULL;
	nk_json_free(root);
	return text;
}

int nk_journal_note(const struct nk_key *key, const struct nk_request *request,
		    const struct nk_ipam *ipam, const char *bpffs, struct nk_error *err)
{
	char *line = print_line(request, ipam, bpffs);
	const struct iovec parts[] = {
		{ .iov_base = line, .iov_len = line ? strlen(line) : 0 },
		{ .iov_base = "\n", .iov_len = 1 },
		{ .iov_base = (char *)ipam->input, .iov_len = ipam->input_size },
	};
	const struct names names = names_of(key);
	struct nk_rundir dir;
	int rc;

	if (!line)
		return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	rc = open_dir(key, true, &dir);
	if (!rc)
		rc = nk_rundir_write(nk_rundir_fd(&dir), names.new, names.ipam, parts, 3, 0600);
	nk_rundir_close(&dir);
	free(line);
	return rc ? failed(err, rc, "write", key) : 0;
}

void nk_journal_forget(const struct nk_key *key)
{
	struct nk_error busy = { 0 };
	const struct names names = names_of(key);
	struct nk_rundir dir;
	bool has_lock = false;
	int fd;

	if (!open_dir(key, false, &dir)) {
		has_lock = !faccessat(nk_rundir_fd(&dir), names.lock, F_OK, AT_SYMLINK_NOFOLLOW);
		(void)unlinkat(nk_rundir_fd(&dir), names.new, 0);
		(void)unlinkat(nk_rundir_fd(&dir), names.ipam, 0);
		(void)unlinkat(nk_rundir_fd(&dir), names.add, 0);
	}
	nk_rundir_prune(&dir);
	/* A lock that nobody has is of who was killed. */
	if (has_lock && !nk_journal_lock(key, 0, &fd, &busy))
		nk_journal_unlock(key, &fd);
}

/* An entry, read. */
struct note {
	char *text;	      /* all of it */
	struct nk_json *json; /* of the first line */
	struct nk_ipam ipam;  /* points into both, and to: */
	char *variables[VARIABLE_MAX + 1];
};

static void note_fini(struct note *note)
{
	int i;

	for (i = 0; i < VARIABLE_MAX; i++)
		free(note->variables[i]);
	nk_json_free(note->json);
	free(note->text);
}

static const struct nk_json_field note_fields[] = {
	{ "type", NK_JSON_TEXT, offsetof(struct nk_ipam, type), 0, 0, 0 },
	{ "cniVersion", NK_JSON_TEXT, offsetof(struct nk_ipam, cni_version), 0, 0, 0 },
	{ NULL, NK_JSON_ANY, 0, 0, 0, 0 },
};

/* take_variables() - all of them are for the plugin; CNI_PATH is for finding it too. */
static int take_variables(struct note *note, const struct nk_json *variables, struct nk_error *err)
{
	const struct nk_json *value = nk_json_first(variables);
	const char *text;
	int count = 0;

	for (; value && count < VARIABLE_MAX; value = nk_json_next(value)) {
		text = nk_json_string(value);
		if (!text)
			return -EBADMSG;
		if (asprintf(&note->variables[count], "%s=%s", nk_json_key(value), text) < 0) {
			note->variables[count] = NULL;
			return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s",
					    "");
		}
		if (!strcmp(nk_json_key(value), "CNI_PATH"))
			note->ipam.cni_path = text;
		count++;
	}
	note->ipam.variables = note->variables;
	return note->ipam.cni_path ? 0 : -EBADMSG;
}

/* parse_note() - Return: 0; -EBADMSG: it is none, or of another version */
static int parse_note(struct note *note, size_t size, struct nk_error *err)
{
	char *end = strchr(note->text, '\n');
	uint32_t version = 0;
	const struct nk_json_field version_field[] = {
		{ "version", NK_JSON_UINT, 0, 0, 0, UINT32_MAX },
		{ NULL, NK_JSON_ANY, 0, 0, 0, 0 },
	};

	if (!end || nk_json_parse(note->text, (size_t)(end - note->text), &note->json, err) ||
	    nk_json_decode(note->json, "", version_field, NK_JSON_IGNORE, &version, err) ||
	    version != VERSION ||
	    nk_json_decode(note->json, "", note_fields, NK_JSON_IGNORE, &note->ipam, err) ||
	    !note->ipam.type || !note->ipam.cni_version)
		return -EBADMSG;
	note->ipam.input = end + 1;
	note->ipam.input_size = size - (size_t)(end + 1 - note->text);
	return take_variables(note, nk_json_get(note->json, "variables"), err);
}

/* read_note() - Return: 1; 0: there is none; or a negative errno. @ret is to be finished anyway. */
static int read_note(const struct nk_key *key, struct note *ret, struct nk_error *err)
{
	struct nk_error not_ours = { 0 };
	const struct names names = names_of(key);
	struct nk_rundir dir;
	size_t size;
	int rc;

	*ret = (struct note){ 0 };
	rc = open_dir(key, false, &dir);
	if (!rc)
		rc = nk_rundir_read(nk_rundir_fd(&dir), names.ipam, FILE_MAX, &ret->text, &size);
	nk_rundir_close(&dir);
	if (rc == -ENOENT)
		return 0;
	if (!rc)
		rc = parse_note(ret, size, &not_ours);
	if (rc == -EBADMSG || rc == -EFBIG) {
		nk_log_warn(
			"the journal's entry of %s of container %s cannot be read: what addresses "
			"network %s gave it may remain reserved at its IPAM plugin",
			key->cni_ifname, key->container_id, key->network);
		return 0;
	}
	return rc ? failed(err, rc, "read", key) : 1;
}

/* postpone() - not every ADD is to wait for a plugin that fails; its time of change says until when */
static void postpone(const struct nk_key *key)
{
	const struct timespec then[2] = { { .tv_nsec = UTIME_OMIT },
					  { .tv_sec = time(NULL) + FAILED_S } };
	const struct names names = names_of(key);
	struct nk_rundir dir;

	if (!open_dir(key, false, &dir))
		(void)utimensat(nk_rundir_fd(&dir), names.ipam, then, AT_SYMLINK_NOFOLLOW);
	nk_rundir_close(&dir);
}

int nk_journal_give_back(const struct nk_key *key, uint32_t limit_ms, struct nk_error *err)
{
	struct note note;
	int rc = read_note(key, &note, err);

	if (rc > 0) {
		note.ipam.limit_ms = limit_ms;
		rc = nk_ipam_del(&note.ipam, err);
		rc = rc ? rc : 1;
	}
	note_fini(&note);
	if (rc < 0)
		postpone(key);
	return rc;
}

bool nk_journal_look(const struct nk_key *key, struct nk_journal_look *ret)
{
	struct nk_error none = { 0 };
	struct note note;
	bool found;

	*ret = (struct nk_journal_look){ 0 };
	found = read_note(key, &note, &none) > 0;
	if (found) {
		snprintf(ret->type, sizeof(ret->type), "%s", note.ipam.type);
		(void)nk_json_read_string(note.json, "", "bpffs", ret->bpffs, sizeof(ret->bpffs),
					  &none);
		(void)nk_json_read_string(nk_json_get(note.json, "variables"), "", "CNI_NETNS",
					  ret->netns, sizeof(ret->netns), &none);
	}
	note_fini(&note);
	return found;
}

/* --- all entries ------------------------------------------------------------------------------ */

struct reading {
	struct nk_journal_entry *entries;
	size_t count;
	struct nk_key key; /* as far as the way down says it */
};

/* parse_name() - "<CNI_IFNAME>:<effective name>:<kind>" into @key. Return: the kind, or NULL */
static const char *parse_name(const char *name, struct nk_key *key)
{
	const char *second = strchr(name, ':'), *kind = second ? strchr(second + 1, ':') : NULL;

	if (!kind || second - name >= IFNAMSIZ || kind - second - 1 >= IFNAMSIZ)
		return NULL;
	memset(key->cni_ifname, 0, sizeof(key->cni_ifname));
	memset(key->ifname, 0, sizeof(key->ifname));
	memcpy(key->cni_ifname, name, (size_t)(second - name));
	memcpy(key->ifname, second + 1, (size_t)(kind - second - 1));
	return nk_request_is_ifname(key->cni_ifname) && nk_request_is_ifname(key->ifname) ?
		       kind + 1 :
		       NULL;
}

static struct nk_journal_entry *entry_of(struct reading *reading)
{
	struct nk_journal_entry *grown;
	size_t i;

	/* Those of one container come one after the other. */
	for (i = reading->count; i-- > 0;)
		if (nk_key_equal(&reading->entries[i].key, &reading->key))
			return &reading->entries[i];
		else if (strcmp(reading->entries[i].key.container_id, reading->key.container_id) !=
			 0)
			break;
	grown = reallocarray(reading->entries, reading->count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	reading->entries = grown;
	grown += reading->count++;
	*grown = (struct nk_journal_entry){ .key = reading->key };
	return grown;
}

static bool is_later(int dir, const char *name)
{
	const time_t now = time(NULL);
	struct stat st;

	/* A clock that was set back must not make it wait for ever. */
	return !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && st.st_mtim.tv_sec > now &&
	       st.st_mtim.tv_sec <= now + FAILED_S;
}

static int read_file(struct reading *reading, int dir, const char *name)
{
	const char *kind = parse_name(name, &reading->key);
	struct nk_journal_entry *entry;

	if (!kind)
		return 0;
	entry = entry_of(reading);
	if (!entry)
		return -ENOMEM;
	entry->has_add |= !strcmp(kind, "add");
	entry->waits |= !strcmp(kind, "ipam") && is_later(dir, name);
	return 0;
}

/* each_name() - of directory @name in @dir, which may be gone by now. Return: what @fn returned */
static int each_name(struct reading *reading, int dir, const char *name,
		     int (*fn)(struct reading *reading, int dir, const char *name))
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *list cleanup_closedir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int rc = 0;

	if (fd >= 0 && !list)
		close(fd);
	while (!rc && list && (entry = readdir(list)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = fn(reading, fd, entry->d_name);
	return rc;
}

static int read_container(struct reading *reading, int dir, const char *name)
{
	if (!nk_request_is_id(name))
		return 0;
	snprintf(reading->key.container_id, NK_ID_SIZE, "%.255s", name);
	return each_name(reading, dir, name, read_file);
}

static int read_network(struct reading *reading, int dir, const char *name)
{
	if (!nk_request_is_id(name))
		return 0;
	snprintf(reading->key.network, NK_ID_SIZE, "%.255s", name);
	return each_name(reading, dir, name, read_container);
}

int nk_journal_read(const char *network, struct nk_journal_entry **ret, size_t *ret_count,
		    struct nk_error *err)
{
	const char *const names[] = { NK_RUN_TOP, JOURNAL, NULL };
	struct reading reading = { 0 };
	struct nk_rundir dir;
	int rc = nk_rundir_open(names, false, &dir), fd = nk_rundir_fd(&dir);

	if (!rc)
		rc = network ? read_network(&reading, fd, network) :
			       each_name(&reading, fd, ".", read_network);
	nk_rundir_close(&dir);
	*ret = reading.entries;
	*ret_count = reading.count;
	if (!rc || rc == -ENOENT)
		return 0;
	return nk_error_set(err, NK_CODE_IO, -rc, "cannot read the journal", "%s: %s",
			    NK_RUN "/" NK_RUN_TOP "/" JOURNAL, nk_errno_name(-rc));
}
