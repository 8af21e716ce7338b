/* SPDX-License-Identifier: Apache-2.0 */
/* listing.h - an inventory as a table for people, and as JSON; no system call */
#ifndef NK_LISTING_H
#define NK_LISTING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct nk_inventory;

/* nk_listing_table() - a line of titles, a line for each attachment, then a line for each NIC that has
 * a note. Empty cells are "-". No cell but the last, STATE, contains blanks. Bytes that are not
 * printable ASCII become '?'.
 */
void nk_listing_table(const struct nk_inventory *inventory, FILE *out);

/* nk_listing_note() - note that a NIC's program is kept although no Pod uses it. Return: is it? */
#define NK_LISTING_NOTE_SIZE 256
bool nk_listing_note(const struct nk_inventory *inventory, uint32_t nic,
		     char ret[NK_LISTING_NOTE_SIZE]);

/* nk_listing_json() - an array of attachments, to be freed; NULL when out of memory. Members whose
 * value is unknown are left out.
 */
char *nk_listing_json(const struct nk_inventory *inventory);

#endif
