/* SPDX-License-Identifier: Apache-2.0 */
/*
 * saved.h - the original values of the settings that nk-cni changes on a NIC
 *
 * A pinned hash map in the NIC's directory, item -> struct nk_saved, mode 0600. An item is the number of a setting
 * (setting.h). The entry is written before the setting is changed, and holds three values: the original, which
 * the last user restores; the one that we wrote; and the one that we are about to write, because the process may
 * die in between. A setting with any other value was changed by somebody else.
 *
 * All functions need the NIC's lock, except nk_saved_get(), _read_items() and _is_empty().
 */
#ifndef NK_SAVED_H
#define NK_SAVED_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

struct nk_error;
struct nk_nicdir;

/* The value of the map. Later versions of nk-cni read it: a change of its layout changes NK_SAVED_VERSION. */
#define NK_SAVED_VERSION 1
#define NK_SAVED_BYTES	 4096

struct nk_saved {
	uint32_t version;
	uint32_t nic_ifindex; /* if another NIC has the directory now, the entry does not count */
	uint32_t size;	      /* bytes used of each value */
	uint8_t before[NK_SAVED_BYTES];
	uint8_t ours[NK_SAVED_BYTES];
	uint8_t next[NK_SAVED_BYTES];
};

_Static_assert(sizeof(struct nk_saved) == 12 + 3 * NK_SAVED_BYTES,
	       "no hole: the value goes to the kernel byte by byte");

/**
 * nk_saved_open() - open the map of a NIC
 * @create: create and pin it if there is none
 *
 * Return: an fd; -ENOENT (err is left empty) if there is none; or another negative errno
 */
int nk_saved_open(const struct nk_nicdir *dir, bool create, struct nk_error *err);

/* nk_saved_get() - Return: 0; -ENOENT (err is left empty) if we have not changed the setting; or another negative
 * errno
 */
int nk_saved_get(int fd, uint32_t item, struct nk_saved *ret, struct nk_error *err);

/* nk_saved_put() - add or replace an entry, which has NK_SAVED_VERSION */
int nk_saved_put(int fd, uint32_t item, const struct nk_saved *saved, struct nk_error *err);

/* nk_saved_remove() - remove an entry; success if there is none */
int nk_saved_remove(int fd, uint32_t item, struct nk_error *err);

/* nk_saved_read_items() - list the items. Return: 0 or a negative errno: see list.h */
int nk_saved_read_items(int fd, struct nk_u32_list *ret, struct nk_error *err);

/* nk_saved_nic() - the ifindex of the NIC whose settings are saved; 0 if no entry can be read */
uint32_t nk_saved_nic(int fd);

/* nk_saved_renumber() - change a NIC's ifindex in all entries. Return: 0 or a negative errno */
int nk_saved_renumber(int fd, uint32_t from, uint32_t to, struct nk_error *err);

/**
 * nk_saved_is_ours() - does the setting have a value that we wrote, or were about to write?
 * @nic_ifindex: the NIC's present ifindex
 * @bytes: the setting's present value, of @size bytes
 */
bool nk_saved_is_ours(const struct nk_saved *saved, uint32_t nic_ifindex, const void *bytes,
		      uint32_t size);

/**
 * nk_saved_is_lost() - has the NIC lost the value that we wrote, so that we have to write it again?
 * @by_anybody: true: any other value counts as lost; false: only the original one does, because somebody has
 *		chosen all others
 */
bool nk_saved_is_lost(const struct nk_saved *saved, const void *bytes, uint32_t size,
		      bool by_anybody);

/* nk_saved_is_empty() - Return: true if the map has no entry, false also if it cannot be read */
bool nk_saved_is_empty(int fd);

#endif
