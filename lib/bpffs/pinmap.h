/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pinmap.h - maps in a NIC's directory on bpffs
 *
 * A struct nk_pinmap describes a hash map with keys of 32 bits, which keeps what must outlive a call. Only
 * root can open its pin, because bpffs creates pins with mode 0600.
 */
#ifndef NK_PINMAP_H
#define NK_PINMAP_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

struct bpf_map_info;
struct nk_error;
struct nk_nicdir;

struct nk_pinmap {
	const char *what; /* for errors: "claims map" */
	const char *pin;  /* NK_PIN_* */
	const char *name; /* the kernel's name of the map, at most 15 bytes */
	uint32_t value_size;
	uint32_t max_entries;
};

/**
 * nk_pinmap_open() - open a map
 * @create: create and pin it if it is missing, or if it has another layout but no entry
 *
 * Return: an fd; -ENOENT (which fills no error): there is none, or an empty one of another layout;
 * -EPROTO: it has another layout; or another negative errno
 */
int nk_pinmap_open(const struct nk_pinmap *map, const struct nk_nicdir *dir, bool create,
		   struct nk_error *err);

/* nk_pinmap_other_build() - set the remedy: another build of nk-cni has written it. Return: the errno of @err, negative */
int nk_pinmap_other_build(struct nk_error *err);

/* nk_pinmap_is_pinned() - is @fd still the map that is pinned? Somebody may have removed the pin, and another call may
 * have created the map anew. Return: 1, 0, or a negative errno
 */
int nk_pinmap_is_pinned(const struct nk_pinmap *map, const struct nk_nicdir *dir, int fd,
			struct nk_error *err);

/* nk_pinmap_read_others() - read the ids of all BPF maps in the kernel, without that of @fd (-1: none) */
int nk_pinmap_read_others(int fd, struct nk_u32_list *ret, struct nk_error *err);

/* nk_pinmap_open_id() - Return: an fd; -ENOENT (which fills no error): it is another kind of map, or gone;
 * or another negative errno
 */
int nk_pinmap_open_id(const struct nk_pinmap *map, uint32_t id, struct nk_error *err);

/* nk_pinmap_read_keys() - a key that is added or deleted meanwhile may be missing, or in @ret twice */
int nk_pinmap_read_keys(const struct nk_pinmap *map, int fd, struct nk_u32_list *ret,
			struct nk_error *err);

/**
 * nk_pinmap_read() - read all entries, many at a time
 * @ret_values: the values, one after the other, in the order of @keys; free() it in any case
 *
 * An entry that is added or deleted meanwhile may be missing. Return: 0 or a negative errno
 */
int nk_pinmap_read(const struct nk_pinmap *map, int fd, struct nk_u32_list *keys, void **ret_values,
		   struct nk_error *err);

/**
 * nk_pinmap_open_pin() - open a map of the XDP program
 * @pin: NK_PIN_*
 * @ret: description of the map; may be NULL
 *
 * Return: an fd; -ENOENT: there is none; or another negative errno
 */
int nk_pinmap_open_pin(const struct nk_nicdir *dir, const char *pin, struct bpf_map_info *ret,
		       struct nk_error *err);

/* nk_pinmap_find_pin() - likewise, but -ENOENT fills no error */
int nk_pinmap_find_pin(const struct nk_nicdir *dir, const char *pin, struct bpf_map_info *ret,
		       struct nk_error *err);

#endif
