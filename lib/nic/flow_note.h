/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_note.h - flow notes: the records of our flow rules on a NIC
 *
 * A pinned hash map in the NIC's directory, mode 0600. A note is added before its rule is created, and removed after
 * it: so a killed ADD leaves no unknown rule. The owner in a note is the first physical queue of the attachment.
 * All functions need the NIC's lock.
 */
#ifndef NK_FLOW_NOTE_H
#define NK_FLOW_NOTE_H

#include "nic/flow.h"

struct nk_error;
struct nk_nicdir;

#define NK_RULES_MAX	     4096U /* of one attachment */
#define NK_FLOW_NOTE_VERSION 1
#define NK_FLOW_NOTES_MAX    4096U /* of one NIC: a read of all costs as much as there is room */

struct nk_flow_note {
	uint32_t version;
	uint32_t placed; /* the NIC has the rule, at flow.spec.location; 0: it may have it, anywhere */
	struct nk_flow flow; /* placed: as read back from the NIC; otherwise: as requested */
};

struct nk_flow_note_entry {
	uint32_t owner;
	struct nk_flow_note rule;
};

struct nk_flow_note_list {
	struct nk_flow_note_entry *at;
	uint32_t count;
};

/**
 * nk_flow_note_open() - open the map of a NIC
 * @create: create and pin it if there is none
 *
 * Return: an fd; -ENOENT (err is left empty) if there is none; or another negative errno
 */
int nk_flow_note_open(const struct nk_nicdir *dir, bool create, struct nk_error *err);

/* nk_flow_note_put() - add or replace the note of rule number @n, from 0, of @owner */
int nk_flow_note_put(int fd, uint32_t owner, uint32_t n, const struct nk_flow_note *rule,
		     struct nk_error *err);

/* nk_flow_note_get() - Return: 0; -ENOENT (err is left empty); or another negative errno */
int nk_flow_note_get(int fd, uint32_t owner, uint32_t n, struct nk_flow_note *ret,
		     struct nk_error *err);

/* nk_flow_note_read() - list the notes of all attachments. Return: 0 or a negative errno: see list.h */
int nk_flow_note_read(int fd, struct nk_flow_note_list *ret, struct nk_error *err);

/* nk_flow_note_remove() - remove a note; success if there is none */
int nk_flow_note_remove(int fd, uint32_t owner, uint32_t n, struct nk_error *err);

#endif
