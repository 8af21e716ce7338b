// SPDX-License-Identifier: Apache-2.0
/* journal.c - the entries of attachments in the journal */
#include "run/journal.h"

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "cni/ipam.h"
#include "kernel/netns.h"
#include "run/journal_file.h"
#include "run/journal_ipam.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

#define SIZE_MAX_IPAM \
	(NK_JSON_SIZE_MAX + 65536) /* bytes: stdin of the plugin, and the first line */
#define PLACE_SIZE 64		   /* two numbers of 64 bits and two of 32, as text */

/* --- files of an entry ------------------------------------------------------------------------ */

static void print_name(const struct nk_key *key, const char *kind, char ret[NK_JOURNAL_NAME_SIZE])
{
	snprintf(ret, NK_JOURNAL_NAME_SIZE, "%s:%s:%s", key->cni_ifname, key->ifname, kind);
}

/* open_dir() - the directory of the container, and the name of a file in it */
static int open_dir(const struct nk_key *key, const char *kind, bool create,
		    char ret_name[NK_JOURNAL_NAME_SIZE], struct nk_rundir *ret)
{
	char path[NK_RUN_PATH_SIZE];

	nk_journal_dir(key->network, key->container_id, path);
	print_name(key, kind, ret_name);
	return nk_rundir_open(path, create, ret);
}

static int write_file(const struct nk_key *key, const char *kind, const struct iovec *parts,
		      int count)
{
	char name[NK_JOURNAL_NAME_SIZE], new[NK_JOURNAL_NAME_SIZE];
	struct nk_rundir dir;
	int rc = open_dir(key, kind, true, name, &dir);

	print_name(key, NK_JOURNAL_NEW, new);
	if (!rc)
		rc = nk_rundir_write(dir.fd, new, name, parts, count, 0600);
	nk_rundir_close(&dir);
	return rc;
}

static int read_file(const struct nk_key *key, const char *kind, size_t size_max, char **ret,
		     size_t *ret_size)
{
	char name[NK_JOURNAL_NAME_SIZE];
	struct nk_rundir dir;
	int rc = open_dir(key, kind, false, name, &dir);

	if (!rc)
		rc = nk_rundir_read(dir.fd, name, size_max, ret, ret_size);
	nk_rundir_close(&dir);
	return rc;
}

static int failed(struct nk_error *err, int rc, const char *what, const struct nk_key *key)
{
	char dir[NK_RUN_PATH_SIZE], path[NK_RUN_PATH_SIZE + NK_JOURNAL_NAME_SIZE];

	nk_journal_dir(key->network, key->container_id, dir);
	snprintf(path, sizeof(path), "%s/%s:%s", dir, key->cni_ifname, key->ifname);
	return nk_rundir_failed(err, rc, NK_JOURNAL_CANNOT_USE, what, path);
}

/* --- the place of a device -------------------------------------------------------------------- */

static void print_place(const struct nk_journal_place *place, char ret[PLACE_SIZE])
{
	snprintf(ret, PLACE_SIZE, "%" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu32, place->host_netns,
		 place->pod_netns, place->host_ifindex, place->ifindex);
}

/* parse_place() - values that an older build did not record are unknown */
static void parse_place(const char *text, struct nk_journal_place *ret)
{
	uint64_t numbers[4];
	char *end;
	int i;

	*ret = (struct nk_journal_place){ 0 };
	for (i = 0; i < 4; i++, text = end) {
		numbers[i] = strtoull(text, &end, 10);
		if (end == text)
			return;
	}
	ret->host_netns = numbers[0];
	ret->pod_netns = numbers[1];
	ret->host_ifindex = (uint32_t)numbers[2];
	ret->ifindex = (uint32_t)numbers[3];
}

/* --- the mark of an unfinished ADD ------------------------------------------------------------ */

int nk_journal_begin(const struct nk_key *key, struct nk_error *err)
{
	struct nk_journal_place place = { 0 };
	char text[PLACE_SIZE];
	struct iovec part = { .iov_base = text };
	int rc = nk_netns_own_cookie(&place.host_netns, err);

	if (rc)
		return rc;
	print_place(&place, text);
	part.iov_len = strlen(text);
	rc = write_file(key, NK_JOURNAL_ADD, &part, 1);
	return rc ? failed(err, rc, "write", key) : 0;
}

/* read_mark() - the place, from an ADD that has recorded nothing else. Return: 0 or a negative errno */
static int read_mark(const struct nk_key *key, struct nk_journal_place *ret, struct nk_error *err)
{
	char *text = NULL;
	size_t size;
	int rc = read_file(key, NK_JOURNAL_ADD, PLACE_SIZE, &text, &size);

	if (!rc)
		parse_place(text, ret);
	free(text);
	return !rc || rc == -ENOENT || rc == -EBADMSG || rc == -EFBIG || nk_rundir_is_foreign(rc) ?
		       0 :
		       failed(err, rc, "read", key);
}

bool nk_journal_is_begun(const struct nk_key *key)
{
	char name[NK_JOURNAL_NAME_SIZE];
	struct nk_rundir dir;
	bool ret = !open_dir(key, NK_JOURNAL_ADD, false, name, &dir) &&
		   !faccessat(dir.fd, name, F_OK, AT_SYMLINK_NOFOLLOW);

	nk_rundir_close(&dir);
	return ret;
}

int nk_journal_commit(const struct nk_key *key, struct nk_error *err)
{
	char name[NK_JOURNAL_NAME_SIZE];
	struct nk_rundir dir;
	int rc = open_dir(key, NK_JOURNAL_ADD, false, name, &dir);

	if (!rc && unlinkat(dir.fd, name, 0))
		rc = -errno;
	nk_rundir_close(&dir);
	return rc && rc != -ENOENT ? failed(err, rc, "remove", key) : 0;
}

/* --- addresses of an IPAM plugin ---------------------------------------------------------------- */

int nk_journal_record(const struct nk_key *key, const struct nk_request *request,
		      const struct nk_ipam *ipam, const char *bpffs, struct nk_journal_place *place,
		      struct nk_error *err)
{
	struct iovec parts[] = {
		{ 0 },
		{ .iov_base = "\n", .iov_len = 1 },
		{ .iov_base = (char *)ipam->input, .iov_len = ipam->input_size },
	};
	char *line, where[PLACE_SIZE];
	int rc = nk_netns_own_cookie(&place->host_netns, err);

	if (rc)
		return rc;
	print_place(place, where);
	line = nk_journal_ipam_print(request, ipam, bpffs, where);
	if (!line)
		return nk_error_no_memory(err);
	parts[0] = (struct iovec){ .iov_base = line, .iov_len = strlen(line) };
	rc = write_file(key, NK_JOURNAL_IPAM, parts, 3);
	free(line);
	return rc ? failed(err, rc, "write", key) : 0;
}

int nk_journal_remove(const struct nk_key *key, struct nk_error *err)
{
	static const char *const kinds[] = { NK_JOURNAL_NEW, NK_JOURNAL_IPAM, NK_JOURNAL_ADD };
	char name[NK_JOURNAL_NAME_SIZE];
	struct nk_rundir dir;
	unsigned int i;
	int rc = open_dir(key, NK_JOURNAL_ADD, false, name, &dir);

	for (i = 0; !rc && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		print_name(key, kinds[i], name);
		(void)unlinkat(dir.fd, name, 0);
	}
	nk_rundir_prune(&dir);
	return !rc || rc == -ENOENT || nk_rundir_is_foreign(rc) ? 0 :
								  failed(err, rc, "remove", key);
}

/* read_ipam() - Return: 1; 0: there is none that can be used; or a negative errno. Call
 * nk_journal_ipam_fini() on @ret in any case.
 */
static int read_ipam(const struct nk_key *key, struct nk_journal_ipam *ret, struct nk_error *err)
{
	struct nk_error not_ours = { 0 };
	size_t size;
	int rc;

	*ret = (struct nk_journal_ipam){ 0 };
	rc = read_file(key, NK_JOURNAL_IPAM, SIZE_MAX_IPAM, &ret->text, &size);
	if (rc == -ENOENT)
		return 0;
	if (nk_rundir_is_foreign(rc)) {
		failed(&not_ours, rc, "read", key);
		nk_log_warn("ignored a journal entry, which is not nk-cni's: %s", not_ours.details);
		return 0;
	}
	if (!rc)
		rc = nk_journal_ipam_parse(ret, size, &not_ours);
	if (rc == -EBADMSG || rc == -EFBIG) {
		nk_log_warn("cannot read the journal entry of %s of container %s, network %s. Its "
			    "addresses may stay reserved: release them with the tools of the IPAM "
			    "plugin",
			    key->cni_ifname, key->container_id, key->network);
		return 0;
	}
	return rc ? failed(err, rc, "read", key) : 1;
}

/* The modification time of the file is the end of the wait. */
void nk_journal_postpone(const struct nk_key *key)
{
	const struct timespec until[2] = { { .tv_nsec = UTIME_OMIT },
					   { .tv_sec = time(NULL) + NK_JOURNAL_POSTPONE_S } };
	char name[NK_JOURNAL_NAME_SIZE];
	struct nk_rundir dir;

	if (!open_dir(key, NK_JOURNAL_IPAM, false, name, &dir))
		(void)utimensat(dir.fd, name, until, AT_SYMLINK_NOFOLLOW);
	nk_rundir_close(&dir);
}

/* print_ipam() - the keys of a configuration that decide what an IPAM plugin reserves, as text for
 * comparison, to be freed; NULL: out of memory, or no configuration
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

/* is_unchanged() - does the current configuration request the same from the same plugin? */
static bool is_unchanged(const struct nk_ipam *noted, const struct nk_ipam *now)
{
	char *then = print_ipam(noted->input, noted->input_size);
	char *present = print_ipam(now->input, now->input_size);
	const bool ret = then && present && !strcmp(then, present);

	free(then);
	free(present);
	return ret;
}

int nk_journal_release_addresses(const struct nk_key *key, const struct nk_ipam *now,
				 uint32_t limit_ms, struct nk_error *err)
{
	struct nk_journal_ipam record;
	struct nk_ipam ipam;
	int rc = read_ipam(key, &record, err);

	if (rc > 0) {
		ipam = now && is_unchanged(&record.ipam, now) ? *now : record.ipam;
		ipam.limit_ms = limit_ms;
		rc = nk_ipam_del(&ipam, err);
		rc = rc ? rc : 1;
	}
	nk_journal_ipam_fini(&record);
	return rc;
}

int nk_journal_lookup(const struct nk_key *key, struct nk_journal_record *ret, struct nk_error *err)
{
	struct nk_error none = { 0 };
	struct nk_journal_ipam record;
	const char *place;
	int rc;

	*ret = (struct nk_journal_record){ 0 };
	rc = read_ipam(key, &record, err);
	if (rc > 0) {
		snprintf(ret->netns, sizeof(ret->netns), "%s", record.netns ? record.netns : "");
		(void)nk_json_read_string(record.json, "", "bpffs", ret->bpffs, sizeof(ret->bpffs),
					  &none);
		place = nk_json_string(nk_json_get(record.json, "place"));
		parse_place(place ? place : "", &ret->place);
	} else if (!rc) {
		rc = read_mark(key, &ret->place, err);
	}
	nk_journal_ipam_fini(&record);
	return rc;
}
