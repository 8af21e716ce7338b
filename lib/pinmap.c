// SPDX-License-Identifier: Apache-2.0
/* pinmap.c - BPF hash maps pinned on bpffs */
#include "pinmap.h"

#include "cleanup.h"
#include "error.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "banned.h"

#define MSG_SIZE 64

static int create_and_pin(const struct nk_pinmap *map, const char *path, struct nk_error *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd cleanup_close = bpf_map_create(BPF_MAP_TYPE_HASH, map->name, sizeof(uint32_t),
					      map->value_size, map->max_entries, &opts);
	char msg[MSG_SIZE];

	if (fd < 0) {
		snprintf(msg, sizeof(msg), "cannot make the %s", map->what);
		return nk_error_set(err, NK_CODE_BPF, errno, msg, "BPF_MAP_CREATE: %s",
				    nk_errno_name(errno));
	}
	if (bpf_obj_pin(fd, path)) {
		snprintf(msg, sizeof(msg), "cannot pin the %s", map->what);
		return nk_error_set(err, NK_CODE_BPF, errno, msg, "BPF_OBJ_PIN %s: %s", path,
				    nk_errno_name(errno));
	}
	return nk_steal_fd(&fd);
}

/* is_empty() - has a map, of whatever kind, no entry? What cannot be read is taken to have some. */
static bool is_empty(int fd, const struct bpf_map_info *info)
{
	uint8_t key[512];

	return info->key_size && info->key_size <= sizeof(key) &&
	       bpf_map_get_next_key(fd, NULL, key) && errno == ENOENT;
}

/* check() - is it the map that we would have made? Return: 0; -ENOENT (which fills no error): of
 * another version, but without an entry, which is as good as none; or another negative errno
 */
static int check(const struct nk_pinmap *map, int fd, const char *path, struct nk_error *err)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	char msg[MSG_SIZE];

	if (bpf_obj_get_info_by_fd(fd, &info, &size)) {
		snprintf(msg, sizeof(msg), "cannot open the %s", map->what);
		return nk_error_set(err, NK_CODE_BPF, errno, msg, "BPF_OBJ_GET_INFO_BY_FD %s: %s",
				    path, nk_errno_name(errno));
	}
	if (info.type == BPF_MAP_TYPE_HASH && info.key_size == sizeof(uint32_t) &&
	    info.value_size == map->value_size)
		return 0;
	if (is_empty(fd, &info))
		return -ENOENT;
	snprintf(msg, sizeof(msg), "the %s is of another version", map->what);
	nk_error_set(err, NK_CODE_BPF, EPROTO, msg,
		     "%s has values of %u bytes, this nk-cni knows %u", path, info.value_size,
		     map->value_size);
	nk_error_remedy(
		err, "the Pods that lease from the NIC go on: use the nk-cni that made them until "
		     "they have ended");
	return -EPROTO;
}

/* unopened() - bpf_obj_get() failed. What stands there and is no pin at all will never be one. */
static int unopened(const struct nk_pinmap *map, const char *path, struct nk_error *err)
{
	int sys = errno;
	char msg[MSG_SIZE];
	struct stat st;

	if (sys == EACCES && !lstat(path, &st) && !S_ISREG(st.st_mode))
		sys = EPROTO;
	snprintf(msg, sizeof(msg), "cannot open the %s", map->what);
	nk_error_set(err, NK_CODE_BPF, sys, msg, "BPF_OBJ_GET %s: %s", path,
		     sys == EPROTO ? "it is no map" : nk_errno_name(sys));
	if (sys == EPROTO)
		nk_error_remedy(err, "find out what %s is, and move it away", path);
	return -sys;
}

int nk_pinmap_open(const struct nk_pinmap *map, const char *path, bool create, struct nk_error *err)
{
	int fd cleanup_close = bpf_obj_get(path);
	int rc;

	if (fd < 0 && errno == ENOENT)
		return create ? create_and_pin(map, path, err) : -ENOENT;
	if (fd < 0)
		return unopened(map, path, err);
	rc = check(map, fd, path, err);
	if (rc != -ENOENT || !create)
		return rc ? rc : nk_steal_fd(&fd);
	if (unlink(path) && errno != ENOENT)
		return unopened(map, path, err);
	return create_and_pin(map, path, err);
}

/* visit() - one map by its id, if it is of this kind */
static int visit(const struct nk_pinmap *map, uint32_t id,
		 int (*fn)(int fd, void *data, struct nk_error *err), void *data,
		 struct nk_error *err)
{
	int fd cleanup_close = bpf_map_get_fd_by_id(id);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (fd < 0 && errno == ENOENT)
		return 0; /* gone meanwhile */
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot look at a BPF map",
				    "map %u: %s", id, nk_errno_name(errno));
	if (strcmp(info.name, map->name) != 0 || info.type != BPF_MAP_TYPE_HASH ||
	    info.key_size != sizeof(uint32_t) || info.value_size != map->value_size)
		return 0;
	return fn(fd, data, err);
}

int nk_pinmap_each_other(const struct nk_pinmap *map, int fd,
			 int (*fn)(int fd, void *data, struct nk_error *err), void *data,
			 struct nk_error *err)
{
	struct bpf_map_info mine = { 0 };
	uint32_t size = sizeof(mine), id = 0;
	int rc = 0;

	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &mine, &size))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot look at a BPF map", "%s",
				    nk_errno_name(errno));
	while (!rc && !bpf_map_get_next_id(id, &id))
		rc = id == mine.id ? 0 : visit(map, id, fn, data, err);
	if (!rc && errno != ENOENT)
		rc = nk_error_set(err, NK_CODE_BPF, errno, "cannot list the BPF maps", "%s",
				  nk_errno_name(errno));
	return rc;
}

int nk_pinmap_each(const struct nk_pinmap *map, int fd,
		   int (*fn)(uint32_t key, void *data, struct nk_error *err), void *data,
		   struct nk_error *err)
{
	uint32_t key = 0, *previous = NULL, steps;
	char msg[MSG_SIZE];
	int rc;

	/* Where keys come and go under the walk the kernel starts again; the bound keeps that from
	 * going on for ever.
	 */
	for (steps = 0; steps < 4 * map->max_entries; steps++) {
		if (bpf_map_get_next_key(fd, previous, &key)) {
			if (errno == ENOENT)
				return 0;
			snprintf(msg, sizeof(msg), "cannot use the %s", map->what);
			return nk_error_set(err, NK_CODE_BPF, errno, msg,
					    "BPF_MAP_GET_NEXT_KEY after %#x: %s", key,
					    nk_errno_name(errno));
		}
		previous = &key;
		rc = fn(key, data, err);
		if (rc)
			return rc;
	}
	snprintf(msg, sizeof(msg), "cannot use the %s", map->what);
	return nk_error_set(err, NK_CODE_RETRY, EAGAIN, msg, "it changes faster than it is read");
}
