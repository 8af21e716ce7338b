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
#include "lock.h"
#include "log.h"
#include "request.h"
#include "rundir.h"

#include <ctype.h>
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
#define VERSION	     2				/* 1: the same, but variables are not escaped */
#define FAILED_S     60				/* a plugin that failed is left alone for so long */
#define FILE_MAX     (NK_JSON_SIZE_MAX + 65536) /* bytes: its stdin, and the line before */
#define RACES_MS     1000 /* with others who remove the file that is to be locked */
#define LOCK	     ":lock"
#define NAME_SIZE    (2 * IFNAMSIZ + 16)
#define VARIABLE_MAX 8

struct names {
	char add[NAME_SIZE], ipam[NAME_SIZE], new[NAME_SIZE];
};

static struct names names_of(const struct nk_key *key)
{
	struct names ret;

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

static int no_memory(struct nk_error *err)
{
	return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
}

/* --- the lock --------------------------------------------------------------------------------- */

/* A lock file, by the directories above it. */
struct place {
	const char *dirs[NK_RUN_LEVELS + 1];
	char file[NAME_SIZE];
};

static struct place place_of(const struct nk_key *key)
{
	struct place ret = { { NK_RUN_TOP, JOURNAL, key->network, key->container_id, NULL }, "" };

	snprintf(ret.file, NAME_SIZE, "%s" LOCK, key->cni_ifname);
	return ret;
}

/* place_of_network() - no container id begins with a dot. */
static struct place place_of_network(const char *network)
{
	return (struct place){ { NK_RUN_TOP, JOURNAL, network, NULL }, ".lock" };
}

static bool is_current(int dir, const char *name, int fd)
{
	struct stat mine, present;

	return !fstat(fd, &mine) && !fstatat(dir, name, &present, AT_SYMLINK_NOFOLLOW) &&
	       mine.st_ino == present.st_ino && mine.st_dev == present.st_dev;
}

/* try_lock() - Return: an fd with the lock; -EAGAIN: others had it until then; -ENOENT: the
 * directory, or the file, has gone meanwhile; or another negative errno
 */
static int try_lock(const struct place *place, int64_t until, char holder[NK_LOCK_HOLDER_SIZE])
{
	struct nk_rundir dir;
	int fd = -1, rc = nk_rundir_open(place->dirs, true, &dir);

	if (!rc) {
		fd = openat(nk_rundir_fd(&dir), place->file,
			    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		rc = fd < 0 ? -errno : nk_lock_take(fd, until);
	}
	if (rc == -EAGAIN)
		nk_lock_holder(fd, holder);
	if (!rc && !is_current(nk_rundir_fd(&dir), place->file, fd))
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

/* lock() - Return: an fd, or as try_lock() */
static int lock(const struct place *place, bool wait, char holder[NK_LOCK_HOLDER_SIZE])
{
	const int64_t now = nk_clock_ms();
	const int64_t until = wait ? nk_lock_until() : now;
	const int64_t last = until > now + RACES_MS ? until : now + RACES_MS;
	int rc;

	do
		rc = try_lock(place, until, holder);
	while (rc == -ENOENT && nk_clock_ms() <= last);
	return rc;
}

/* unlock() - the file goes too. */
static void unlock(const struct place *place, int *fd)
{
	struct nk_rundir dir;

	if (*fd < 0)
		return;
	if (!nk_rundir_open(place->dirs, false, &dir) &&
	    is_current(nk_rundir_fd(&dir), place->file, *fd))
		(void)unlinkat(nk_rundir_fd(&dir), place->file, 0);
	nk_rundir_prune(&dir);
	close(*fd);
	*fd = -1;
}

int nk_journal_lock(const struct nk_key *key, bool wait, int *ret, struct nk_error *err)
{
	const struct place place = place_of(key);
	char holder[NK_LOCK_HOLDER_SIZE];

	*ret = lock(&place, wait, holder);
	if (*ret >= 0)
		return 0;
	if (*ret == -EAGAIN)
		nk_error_set(err, NK_CODE_RETRY, EAGAIN, "try again later",
			     "another call works on %s of container %.16s, network %.32s, and did "
			     "not end within %g s: held by %s",
			     key->cni_ifname, key->container_id, key->network,
			     wait ? nk_lock_limit_ms() / 1000.0 : 0, holder);
	else
		failed(err, *ret, "lock", key);
	*ret = -1;
	return -err->sys;
}

void nk_journal_unlock(const struct nk_key *key, int *fd)
{
	const struct place place = place_of(key);

	unlock(&place, fd);
}

int nk_journal_lock_network(const char *network, int *ret, struct nk_error *err)
{
	const struct place place = place_of_network(network);
	char holder[NK_LOCK_HOLDER_SIZE];

	*ret = lock(&place, true, holder);
	if (*ret >= 0)
		return 0;
	if (*ret == -EAGAIN)
		nk_error_set(err, NK_CODE_RETRY, EAGAIN, "try again later",
			     "another call has the IPAM plugin of network %.64s clean up, and did "
			     "not end within %g s: held by %s",
			     network, nk_lock_limit_ms() / 1000.0, holder);
	else
		nk_error_set(err, NK_CODE_IO, -*ret, "cannot keep the journal",
			     "lock " NK_RUN "/" NK_RUN_TOP "/" JOURNAL "/%.64s: %s", network,
			     nk_errno_name(-*ret));
	*ret = -1;
	return -err->sys;
}

void nk_journal_unlock_network(const char *network, int *fd)
{
	const struct place place = place_of_network(network);

	unlock(&place, fd);
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

/* escape() - a variable may have any byte, JSON text may not: %XX. Return: to be freed, or NULL */
static char *escape(const char *text)
{
	char *ret = malloc(3 * strlen(text) + 1), *end = ret;

	for (; ret && *text; text++)
		if (*text > ' ' && *text < 0x7f && *text != '%')
			*end++ = *text;
		else
			end += snprintf(end, 4, "%%%02X", (unsigned char)*text);
	if (ret)
		*end = '\0';
	return ret;
}

/* unescape() - in place; what is no %XX stays */
static void unescape(char *text)
{
	char *end = text;

	for (; *text; text++) {
		char digits[3] = { 0 };

		if (*text == '%' && isxdigit((unsigned char)text[1]) &&
		    isxdigit((unsigned char)text[2])) {
			memcpy(digits, text + 1, 2);
			*end++ = (char)strtoul(digits, NULL, 16);
			text += 2;
		} else {
			*end++ = *text;
		}
	}
	*end = '\0';
}

/* absolute() - CNI_PATH as it is meant now: a relative entry is of the present directory alone.
 * Return: to be freed, or NULL
 */
static char *absolute(const char *path)
{
	char here[PATH_MAX], *ret, *end;
	const char *from;
	size_t entries = 1;

	if (!getcwd(here, sizeof(here)))
		*here = '\0'; /* it was removed: a relative entry names nothing */
	for (from = path; *from; from++)
		entries += *from == ':';
	ret = malloc(strlen(path) + entries * (strlen(here) + 2) + 1);
	for (end = ret; ret && *path; path += *path == ':') {
		from = path;
		path = strchrnul(path, ':');
		if (path == from || (*from != '/' && !*here))
			continue; /* nk_delegate_run() passes over empty entries too */
		if (end != ret)
			*end++ = ':';
		if (*from != '/') {
			end = stpcpy(end, here);
			*end++ = '/';
		}
		end = mempcpy(end, from, (size_t)(path - from));
	}
	if (ret)
		*end = '\0';
	return ret;
}

/* add_variable() - Return: 0 or -ENOMEM */
static int add_variable(struct nk_json *variables, const char *name, const char *value)
{
	char *escaped = value ? escape(value) : NULL;
	struct nk_json *added = escaped ? nk_json_add_string(variables, name, escaped) : NULL;

	free(escaped);
	return added ? 0 : -ENOMEM;
}

/* print_line() - Return: to be freed; NULL when out of memory */
static char *print_line(const struct nk_request *request, const struct nk_ipam *ipam,
			const char *bpffs)
{
	struct nk_json *root = nk_json_new_object(), *variables;
	char *path = absolute(ipam->cni_path), *text;
	int rc;

	nk_json_add_uint(root, "version", VERSION);
	nk_json_add_string(root, "type", ipam->type);
	nk_json_add_string(root, "cniVersion", ipam->cni_version);
	nk_json_add_string(root, "bpffs", bpffs);
	variables = nk_json_add_object(root, "variables");
	rc = add_variable(variables, "CNI_PATH", path);
	rc |= add_variable(variables, "CNI_ARGS", request->cni_args);
	rc |= add_variable(variables, "CNI_CONTAINERID", request->container_id);
	rc |= add_variable(variables, "CNI_IFNAME", request->ifname);
	rc |= add_variable(variables, "CNI_NETNS", request->netns);
	text = rc ? NULL : nk_json_print_line(root);
	nk_json_free(root);
	free(path);
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
		return no_memory(err);
	rc = open_dir(key, true, &dir);
	if (!rc)
		rc = nk_rundir_write(nk_rundir_fd(&dir), names.new, names.ipam, parts, 3, 0600);
	nk_rundir_close(&dir);
	free(line);
	return rc ? failed(err, rc, "write", key) : 0;
}

void nk_journal_forget(const struct nk_key *key)
{
	const struct names names = names_of(key);
	struct nk_rundir dir;

	if (!open_dir(key, false, &dir)) {
		(void)unlinkat(nk_rundir_fd(&dir), names.new, 0);
		(void)unlinkat(nk_rundir_fd(&dir), names.ipam, 0);
		(void)unlinkat(nk_rundir_fd(&dir), names.add, 0);
	}
	nk_rundir_prune(&dir);
}

/* An entry, read. */
struct note {
	char *text;	      /* all of it */
	struct nk_json *json; /* of the first line */
	struct nk_ipam ipam;  /* points into both, and to: */
	char *variables[VARIABLE_MAX + 1];
	const char *netns; /* CNI_NETNS, or NULL */
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

/* take_variables() - all of them are for the plugin; CNI_PATH is for finding it too, and CNI_ARGS are
 * passed on as in any other call.
 */
static int take_variables(struct note *note, const struct nk_json *variables, uint32_t version,
			  struct nk_error *err)
{
	const struct nk_json *value = nk_json_first(variables);
	const char *text;
	char *variable;
	int count = 0;

	for (; value && count < VARIABLE_MAX; value = nk_json_next(value), count++) {
		text = nk_json_string(value);
		if (!text)
			return -EBADMSG;
		if (asprintf(&variable, "%s=%s", nk_json_key(value), text) < 0)
			return no_memory(err);
		note->variables[count] = variable;
		if (version > 1)
			unescape(strchr(variable, '=') + 1);
		if (!strncmp(variable, "CNI_PATH=", 9))
			note->ipam.cni_path = variable + 9;
		if (!strncmp(variable, "CNI_ARGS=", 9))
			note->ipam.cni_args = variable + 9;
		if (!strncmp(variable, "CNI_NETNS=", 10))
			note->netns = variable + 10;
	}
	note->ipam.variables = note->variables;
	note->ipam.trusted_only = true;
	return note->ipam.cni_path ? 0 : -EBADMSG;
}

/* parse_note() - Return: 0; -ENOMEM; -EBADMSG: it is none, or of another version */
static int parse_note(struct note *note, size_t size, struct nk_error *err)
{
	char *end = strchr(note->text, '\n');
	uint32_t version = 0;
	const struct nk_json_field version_field[] = {
		{ "version", NK_JSON_UINT, 0, 0, 1, VERSION },
		{ NULL, NK_JSON_ANY, 0, 0, 0, 0 },
	};
	int rc;

	if (!end)
		return -EBADMSG;
	rc = nk_json_parse(note->text, (size_t)(end - note->text), &note->json, err);
	if (rc)
		return rc == -ENOMEM ? rc : -EBADMSG;
	if (nk_json_decode(note->json, "", version_field, NK_JSON_IGNORE, &version, err) ||
	    !version ||
	    nk_json_decode(note->json, "", note_fields, NK_JSON_IGNORE, &note->ipam, err) ||
	    !note->ipam.type || !note->ipam.cni_version)
		return -EBADMSG;
	note->ipam.input = end + 1;
	note->ipam.input_size = size - (size_t)(end + 1 - note->text);
	return take_variables(note, nk_json_get(note->json, "variables"), version, err);
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

/* The entry's time of change says until when. */
void nk_journal_postpone(const struct nk_key *key)
{
	const struct timespec then[2] = { { .tv_nsec = UTIME_OMIT },
					  { .tv_sec = time(NULL) + FAILED_S } };
	const struct names names = names_of(key);
	struct nk_rundir dir;

	if (!open_dir(key, false, &dir))
		(void)utimensat(nk_rundir_fd(&dir), names.ipam, then, AT_SYMLINK_NOFOLLOW);
	nk_rundir_close(&dir);
}

/* print_ipam() - the part of a configuration that says what an IPAM plugin reserves, as text to
 * compare, to be freed; NULL: out of memory, or no configuration
 */
static char *print_ipam(const char *text, size_t size)
{
	struct nk_error not_json = { 0 };
	struct nk_json *json = NULL;
	char *ret = NULL;

	if (!nk_json_parse(text, size, &json, &not_json))
		ret = nk_json_print_line(nk_json_get(json, "ipam"));
	nk_json_free(json);
	return ret;
}

/* is_unchanged() - does the runtime's present configuration ask the same of the same plugin? */
static bool is_unchanged(const struct nk_ipam *noted, const struct nk_ipam *now)
{
	char *then = print_ipam(noted->input, noted->input_size);
	char *present = print_ipam(now->input, now->input_size);
	const bool ret = then && present && !strcmp(then, present);

	free(then);
	free(present);
	return ret;
}

int nk_journal_give_back(const struct nk_key *key, const struct nk_ipam *now, uint32_t limit_ms,
			 struct nk_error *err)
{
	struct nk_ipam ipam;
	struct note note;
	int rc = read_note(key, &note, err);

	if (rc > 0) {
		ipam = now && is_unchanged(&note.ipam, now) ? *now : note.ipam;
		ipam.limit_ms = limit_ms;
		rc = nk_ipam_del(&ipam, err);
		rc = rc ? rc : 1;
	}
	note_fini(&note);
	return rc;
}

int nk_journal_look(const struct nk_key *key, struct nk_journal_look *ret, struct nk_error *err)
{
	struct nk_error none = { 0 };
	struct note note;
	int rc;

	*ret = (struct nk_journal_look){ 0 };
	rc = read_note(key, &note, err);
	if (rc > 0) {
		snprintf(ret->netns, sizeof(ret->netns), "%s", note.netns ? note.netns : "");
		(void)nk_json_read_string(note.json, "", "bpffs", ret->bpffs, sizeof(ret->bpffs),
					  &none);
	}
	note_fini(&note);
	return rc;
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

/* drop_lock() - a lock file that nobody holds is of who was killed. */
static void drop_lock(int dir, const char *name)
{
	int fd cleanup_close = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && !nk_lock_take(fd, 0) && is_current(dir, name, fd))
		(void)unlinkat(dir, name, 0);
}

static int read_file(struct reading *reading, int dir, const char *name)
{
	const char *kind = parse_name(name, &reading->key);
	const char *colon = strchr(name, ':');
	struct nk_journal_entry *entry;

	if (!kind && colon && !strcmp(colon, LOCK))
		drop_lock(dir, name);
	if (!kind)
		return 0;
	entry = entry_of(reading);
	if (!entry)
		return -ENOMEM;
	entry->has_add |= !strcmp(kind, "add");
	entry->waits |= !strcmp(kind, "ipam") && is_later(dir, name);
	return 0;
}

/* each_name() - of directory @name in @dir, which may be gone by now, and goes where it is empty.
 * Return: what @fn returned, or why the directory cannot be read
 */
static int each_name(struct reading *reading, int dir, const char *name,
		     int (*fn)(struct reading *reading, int dir, const char *name))
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = 0;
	DIR *list cleanup_closedir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!list) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc == -ENOENT || rc == -ENOTDIR || rc == -ELOOP ? 0 : rc;
	}
	for (errno = 0; !rc && (entry = readdir(list)); errno = 0)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = fn(reading, fd, entry->d_name);
	rc = rc ? rc : -errno;
	drop_lock(fd, ".lock");
	(void)unlinkat(dir, name, AT_REMOVEDIR);
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
	nk_rundir_prune(&dir);
	*ret = reading.entries;
	*ret_count = reading.count;
	if (!rc || rc == -ENOENT)
		return 0;
	return nk_error_set(err, NK_CODE_IO, -rc, "cannot read the journal", "%s: %s",
			    NK_RUN "/" NK_RUN_TOP "/" JOURNAL, nk_errno_name(-rc));
}
