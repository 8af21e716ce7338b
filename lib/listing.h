/* SPDX-License-Identifier: Apache-2.0 */
/* listing.h - an inventory as a table for people, and as JSON; no system call */
#ifndef NK_LISTING_H
#define NK_LISTING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct nk_inventory;

/* nk_listing_table() - a head line, then a line an attachment, in columns. A cell that is empty is
 * "-"; but for the last one, STATE, none holds a blank. What is not printable ASCII becomes '?'. Behind
 * them a line for each NIC of which there is a note.
 */
void nk_listing_table(const struct nk_inventory *inventory, FILE *out);

/* nk_listing_note() - about a NIC whose program is kept though no Pod uses it. Return: is there one? */
#define NK_LISTING_NOTE_SIZE 256
bool nk_listing_note(const struct nk_inventory *inventory, uint32_t nic,
		     char ret[NK_LISTING_NOTE_SIZE]);

/* nk_listing_json() - an array of attachments, which the caller frees; NULL when out of memory.
 * Members whose value is not known are left out.
 */
char *nk_listing_json(const struct nk_inventory *inventory);

#endif
