/* SPDX-License-Identifier: Apache-2.0 */
/* delete.h - find an attachment by its key alone, wherever it is, and remove it: for DEL, sweep and GC */
#ifndef NK_DELETE_H
#define NK_DELETE_H

#include "attach/attach.h"

#include <stdbool.h>

struct nk_error;
struct nk_json;

struct nk_delete {
	const char *bpffs;
	const char *master;		  /* the configured NIC; empty: none; NULL: unknown */
	struct nk_delete_options options; /* if the claims do not record them */
	const struct nk_json *renamed; /* prevResult, if it has another effective name; or NULL */
};

/**
 * nk_delete_run() - remove the whole attachment
 * @att: initialised; with netns_fd, if the Pod's netns is known
 *
 * It is found by the claims of all NICs; or else by a pair's host end; or else by what the kernel still
 * knows: see nk_attach_delete_unclaimed().
 *
 * A claims map that cannot be read is reported, and the others are still used. If the attachment is found
 * nowhere else, this fails if the unread map may have its claims: if the map could not be read this time,
 * if it is of @master, or if a device of the attachment exists. Then nothing is removed; nor is it without
 * the NIC's lock.
 *
 * Return: 1 if claims or a pair identified it; 0 if neither did; or the first failure
 */
int nk_delete_run(struct nk_attachment *att, const struct nk_delete *how, struct nk_error *err);

/* nk_delete_is_unreadable() - claims could not be read, with errno @rc: will that never succeed, so that DEL ignores
 * them? What is no map of ours must not keep the Pods of the node from being deleted. But on the configured NIC,
 * @is_master, it may have been ours.
 */
bool nk_delete_is_unreadable(int rc, bool is_master);

/* How much there is of an attachment. */
enum nk_remains {
	NK_REMAINS_NOTHING,
	NK_REMAINS_DEVICE, /* without a claim: a pair without queues, or bpffs was emptied */
	NK_REMAINS_CLAIM,
};

/* nk_delete_look() - what exists of it? Return: an enum nk_remains, or a negative errno: unknown */
int nk_delete_look(struct nk_attachment *att, const struct nk_delete *how, struct nk_error *err);

/* nk_delete_advise() - the remedy for "the attachment exists". Return: as nk_error_remedy() */
int nk_delete_advise(struct nk_error *err);

/* nk_delete_check_absent() - has it no claim on any NIC, except one that is owed after its DEL? Return: 0; -EEXIST; or
 * another negative errno: unknown
 */
int nk_delete_check_absent(struct nk_attachment *att, const struct nk_delete *how,
			   struct nk_error *err);

#endif
