/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - lists that are read wholly before they are walked
 *
 * A list is any struct that begins with { T *at; uint32_t count; }. It is zeroed before it is read and freed by
 * cleanup_list. A function that reads one appends all entries, or it fails, and then the list means nothing.
 * While the caller loops over it, no socket is busy and no directory is open, so it may remove what an entry
 * stands for.
 */
#ifndef NK_LIST_H
#define NK_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nk_error;

struct nk_u32_list {
	uint32_t *at;
	uint32_t count;
};

static inline bool nk_u32_list_has(const struct nk_u32_list *list, uint32_t value)
{
	uint32_t i;

	for (i = 0; i < list->count && list->at[i] != value; i++)
		;
	return i < list->count;
}

/* nk_list_add() - append a copy of *@entry. Return: 0 or -ENOMEM */
#define nk_list_add(list, entry, err)                                                              \
	nk_list_append(&(list)->at, &(list)->count, 1 ? (entry) : (list)->at, sizeof(*(list)->at), \
		       err)

/* nk_list_append() - for nk_list_add() alone. @at: where the pointer to the first entry is */
int nk_list_append(void *at, uint32_t *count, const void *entry, size_t size, struct nk_error *err);

#endif
