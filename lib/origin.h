/* SPDX-License-Identifier: Apache-2.0 */
/*
 * origin.h - what the NIC was like before our first change
 *
 * A pinned hash map in the NIC's directory, item -> struct nk_origin, mode 0600. An item is one
 * thing that we change on the NIC for all attachments together: its RSS table, one queue's XPS
 * mask, a feature, a ring parameter. It is entered before the change, and holds three states: the one
 * found, which the last user puts back; the one that we set; and the one that we are about to set,
 * for a process may die in between. A thing in neither of these two was changed by somebody else.
 * What the bytes mean is known to who enters them.
 *
 * All functions but nk_origin_get(), _each() and _is_empty() want the NIC's lock held.
 */
#ifndef NK_ORIGIN_H
#define NK_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

struct nk_error;

/* Value of the map. Its layout is read by later versions of the plugin: change NK_ORIGIN_VERSION
 * with it.
 */
#define NK_ORIGIN_VERSION 1
#define NK_ORIGIN_BYTES	  4096

struct nk_origin {
	uint32_t version;
	uint32_t nic_ifindex; /* of a NIC that has gone: it tells nothing of a new one */
	uint32_t size;	      /* bytes used of each */
	uint8_t before[NK_ORIGIN_BYTES];
	uint8_t ours[NK_ORIGIN_BYTES];
	uint8_t next[NK_ORIGIN_BYTES];
};

_Static_assert(sizeof(struct nk_origin) == 12 + 3 * NK_ORIGIN_BYTES,
	       "no hole: the value goes to the kernel byte by byte");

/**
 * nk_origin_open() - the NIC's origin map
 * @path: of the pin
 * @create: make and pin the map where there is none
 *
 * Return: an fd, -ENOENT (which fills no error) where there is none, or another negative errno
 */
int nk_origin_open(const char *path, bool create, struct nk_error *err);

/* nk_origin_get() - Return: 0, or -ENOENT (which fills no error) where we have not changed it. */
int nk_origin_get(int fd, uint32_t item, struct nk_origin *ret, struct nk_error *err);

/* nk_origin_put() - enter an item or replace it; @origin->version is NK_ORIGIN_VERSION. */
int nk_origin_put(int fd, uint32_t item, const struct nk_origin *origin, struct nk_error *err);

/* nk_origin_remove() - forget an item; one that is not there is success. */
int nk_origin_remove(int fd, uint32_t item, struct nk_error *err);

/* nk_origin_each() - call @fn for each item, which may remove it; @fn returns 0, or non-zero, which
 * ends the walk and is returned.
 */
int nk_origin_each(int fd, int (*fn)(uint32_t item, void *data), void *data, struct nk_error *err);

/* nk_origin_nic() - ifindex of the NIC that the notes are of; 0: there are none that can be read */
uint32_t nk_origin_nic(int fd);

/* nk_origin_renumber() - the NIC of that ifindex has another one now. Return: 0 or a negative errno */
int nk_origin_renumber(int fd, uint32_t from, uint32_t to, struct nk_error *err);

/**
 * nk_origin_is_ours() - is what is there now what we made of it, or were about to?
 * @nic_ifindex: of the NIC as it is now
 * @bytes: as the item is now, @size of them
 */
bool nk_origin_is_ours(const struct nk_origin *origin, uint32_t nic_ifindex, const void *bytes,
		       uint32_t size);

/* nk_origin_is_empty() - false also where the map cannot be read. */
bool nk_origin_is_empty(int fd);

#endif
