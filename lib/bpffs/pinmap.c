// SPDX-License-Identifier: Apache-2.0
/* pinmap.c - maps in a NIC's directory on bpffs */
#include "bpffs/pinmap.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "bpffs/nicdir.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/banned.h"

#define MSG_SIZE    64
#define BATCH_FIRST 16 /* entries that one call reads; each further call reads twice as many */

static int fail(const struct nk_pinmap *map, const char *verb, const char *call, const char *path,
		struct nk_error *err)
{
	const int sys = errno;
	char msg[MSG_SIZE];

	snprintf(msg, sizeof(msg), "cannot %s the %s", verb, map->what);
	return nk_error_set(err, NK_CODE_BPF, sys, msg, "%s %s: %s", call, path,
			    nk_errno_name(sys));
}

static int create_and_pin(const struct nk_pinmap *map, const char *path, struct nk_error *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd cleanup_close = bpf_map_create(BPF_MAP_TYPE_HASH, map->name, sizeof(uint32_t),
					      map->value_size, map->max_entries, &opts);

	if (fd < 0)
		return fail(map, "create", "BPF_MAP_CREATE for", path, err);
	if (bpf_obj_pin(fd, path))
		return fail(map, "pin", "BPF_OBJ_PIN", path, err);
	return nk_steal_fd(&fd);
}

/* is_empty() - does a map of any kind have no entry? One that cannot be read counts as not empty. */
static bool is_empty(int fd, const struct bpf_map_info *info)
{
	uint8_t key[512];

	return info->key_size && info->key_size <= sizeof(key) &&
	       bpf_map_get_next_key(fd, NULL, key) && errno == ENOENT;
}

int nk_pinmap_other_build(struct nk_error *err)
{
	return nk_error_remedy(
		err, "the Pods keep running. Use the nk-cni build that created them until they are "
		     "deleted");
}

/* check_layout() - Return: 0; -ENOENT (which fills no error): it has another layout but no entry; or another
 * negative errno
 */
static int check_layout(const struct nk_pinmap *map, int fd, const char *path, struct nk_error *err)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	char msg[MSG_SIZE];

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return fail(map, "open", "BPF_OBJ_GET_INFO_BY_FD", path, err);
	if (info.type == BPF_MAP_TYPE_HASH && info.key_size == sizeof(uint32_t) &&
	    info.value_size == map->value_size)
		return 0;
	if (is_empty(fd, &info))
		return -ENOENT;
	snprintf(msg, sizeof(msg), "the %s is of another version", map->what);
	nk_error_set(err, NK_CODE_BPF, EPROTO, msg,
		     "%s has values of %u bytes; this nk-cni reads values of %u bytes", path,
		     info.value_size, map->value_size);
	return nk_pinmap_other_build(err);
}

/* refuse_pin() - bpf_obj_get() failed. A file of another kind can never become our pin. */
static int refuse_pin(const struct nk_pinmap *map, const char *path, struct nk_error *err)
{
	char msg[MSG_SIZE];
	struct stat st;
	int sys = errno;

	if (sys != EACCES || lstat(path, &st) || S_ISREG(st.st_mode)) {
		errno = sys;
		return fail(map, "open", "BPF_OBJ_GET", path, err);
	}
	snprintf(msg, sizeof(msg), "cannot open the %s", map->what);
	nk_error_set(err, NK_CODE_BPF, EPROTO, msg, "BPF_OBJ_GET %s: it is not a map", path);
	return nk_error_remedy(err, "find out what %s is and what uses it before you move it away",
			       path);
}

int nk_pinmap_open(const struct nk_pinmap *map, const struct nk_nicdir *dir, bool create,
		   struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1, rc;

	nk_nicdir_pin(dir, map->pin, path);
	fd = bpf_obj_get(path);
	if (fd < 0 && errno == ENOENT)
		return create ? create_and_pin(map, path, err) : -ENOENT;
	if (fd < 0)
		return refuse_pin(map, path, err);
	rc = check_layout(map, fd, path, err);
	if (rc != -ENOENT || !create)
		return rc ? rc : nk_steal_fd(&fd);
	if (unlink(path) && errno != ENOENT)
		return fail(map, "replace", "unlink", path, err);
	return create_and_pin(map, path, err);
}

int nk_pinmap_is_pinned(const struct nk_pinmap *map, const struct nk_nicdir *dir, int fd,
			struct nk_error *err)
{
	struct bpf_map_info mine = { 0 }, pinned = { 0 };
	uint32_t size = sizeof(mine), pinned_size = sizeof(pinned);
	struct nk_error other = { 0 };
	int now cleanup_close = nk_pinmap_open(map, dir, false, &other);

	if (now == -ENOENT || now == -EPROTO) /* none, or another kind of map */
		return 0;
	if (now < 0) {
		*err = other;
		return now;
	}
	if (bpf_obj_get_info_by_fd(fd, &mine, &size) ||
	    bpf_obj_get_info_by_fd(now, &pinned, &pinned_size))
		return fail(map, "open", "BPF_OBJ_GET_INFO_BY_FD", map->pin, err);
	return mine.id == pinned.id;
}

int nk_pinmap_read_others(int fd, struct nk_u32_list *ret, struct nk_error *err)
{
	struct bpf_map_info mine = { 0 };
	uint32_t size = sizeof(mine), id = 0;
	int rc = 0;

	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &mine, &size))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot read a BPF map", "%s",
				    nk_errno_name(errno));
	while (!rc && !bpf_map_get_next_id(id, &id))
		rc = id == mine.id ? 0 : nk_list_add(ret, &id, err);
	if (!rc && errno != ENOENT)
		rc = nk_error_set(err, NK_CODE_BPF, errno, "cannot list the BPF maps", "%s",
				  nk_errno_name(errno));
	return rc;
}

int nk_pinmap_open_id(const struct nk_pinmap *map, uint32_t id, struct nk_error *err)
{
	int fd cleanup_close = bpf_map_get_fd_by_id(id);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return nk_error_sys(err, NK_CODE_BPF, "cannot read a BPF map", "map %u", id);
	if (strcmp(info.name, map->name) != 0 || info.type != BPF_MAP_TYPE_HASH ||
	    info.key_size != sizeof(uint32_t) || info.value_size != map->value_size)
		return -ENOENT;
	return nk_steal_fd(&fd);
}

int nk_pinmap_read_keys(const struct nk_pinmap *map, int fd, struct nk_u32_list *ret,
			struct nk_error *err)
{
	uint32_t key = 0, *previous = NULL, steps;
	int rc;

	/* If the previous key was deleted meanwhile, the kernel starts from the first one again. The
	 * bound ends that.
	 */
	for (steps = 0; steps < 4 * map->max_entries; steps++) {
		if (bpf_map_get_next_key(fd, previous, &key))
			return errno == ENOENT ?
				       0 :
				       fail(map, "read", "BPF_MAP_GET_NEXT_KEY", map->pin, err);
		previous = &key;
		rc = nk_list_add(ret, &key, err);
		if (rc)
			return rc;
	}
	return nk_error_busy(err, "the %s changes faster than it can be read", map->what);
}

/* grow() - room for @count entries. Return: 0 or -ENOMEM */
static int grow(struct nk_u32_list *keys, char **values, size_t count, size_t value_size,
		struct nk_error *err)
{
	uint32_t *more_keys = reallocarray(keys->at, count, sizeof(*more_keys));
	char *more_values;

	if (!more_keys)
		return nk_error_no_memory(err);
	keys->at = more_keys;
	more_values = reallocarray(*values, count, value_size);
	if (!more_values)
		return nk_error_no_memory(err);
	*values = more_values;
	return 0;
}

int nk_pinmap_read(const struct nk_pinmap *map, int fd, struct nk_u32_list *keys, void **ret_values,
		   struct nk_error *err)
{
	uint32_t position, count, batch = BATCH_FIRST, *from = NULL;
	char *values = NULL;
	int rc = 0;

	while (!rc) {
		rc = grow(keys, &values, (size_t)keys->count + batch, map->value_size, err);
		*ret_values = values;
		if (rc)
			return rc;
		count = batch;
		rc = bpf_map_lookup_batch(fd, from, &position, keys->at + keys->count,
					  values + (size_t)keys->count * map->value_size, &count,
					  NULL);
		/* ENOENT: these are the last ones. ENOSPC: not even those of one hash value fit. */
		if (!rc || errno == ENOENT)
			keys->count += count;
		if (!rc)
			from = &position;
		else if (errno == ENOSPC && batch < map->max_entries)
			rc = 0;
		batch *= 2;
	}
	return errno == ENOENT ? 0 : fail(map, "read", "BPF_MAP_LOOKUP_BATCH", map->pin, err);
}

int nk_pinmap_open_pin(const struct nk_nicdir *dir, const char *pin, struct bpf_map_info *ret,
		       struct nk_error *err)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;

	nk_nicdir_pin(dir, pin, path);
	fd = bpf_obj_get(path);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, ret ? ret : &info, &size))
		return nk_error_sys(err, NK_CODE_BPF, "cannot open a pinned BPF map for the NIC",
				    "BPF_OBJ_GET %s", path);
	return nk_steal_fd(&fd);
}

int nk_pinmap_find_pin(const struct nk_nicdir *dir, const char *pin, struct bpf_map_info *ret,
		       struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int fd = nk_pinmap_open_pin(dir, pin, ret, &mine);

	if (fd < 0 && fd != -ENOENT)
		*err = mine;
	return fd;
}
