/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pinmap.h - BPF hash maps pinned on bpffs, in which we keep what has to outlive a call
 *
 * Keys are of 32 bits. The pin is root's alone, as bpffs makes it (mode 0600).
 */
#ifndef NK_PINMAP_H
#define NK_PINMAP_H

#include <stdbool.h>
#include <stdint.h>

struct nk_error;

struct nk_pinmap {
	const char *what; /* for errors: "claims map" */
	const char *name; /* the kernel's, at most 15 bytes */
	uint32_t value_size;
	uint32_t max_entries;
};

/**
 * nk_pinmap_open() - open the map pinned at @path
 * @create: make and pin it where there is none
 *
 * Return: an fd; -ENOENT (which fills no error) where there is none; -EPROTO where the map there
 * has values of another size; or another negative errno
 */
int nk_pinmap_open(const struct nk_pinmap *map, const char *path, bool create,
		   struct nk_error *err);

/**
 * nk_pinmap_each_other() - call @fn for each map of this kind that the kernel has, pinned wherever it is
 * @fd: the one that is left out, or -1
 * @fn: gets the map's fd; what it returns other than 0 ends the walk and is returned
 */
int nk_pinmap_each_other(const struct nk_pinmap *map, int fd,
			 int (*fn)(int fd, void *data, struct nk_error *err), void *data,
			 struct nk_error *err);

/**
 * nk_pinmap_each() - call @fn for each key
 * @fn: may remove the key; what it returns other than 0 ends the walk and is returned
 */
int nk_pinmap_each(const struct nk_pinmap *map, int fd,
		   int (*fn)(uint32_t key, void *data, struct nk_error *err), void *data,
		   struct nk_error *err);

#endif
