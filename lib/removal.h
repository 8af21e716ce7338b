/* SPDX-License-Identifier: Apache-2.0 */
/* removal.h - an attachment found by its key alone, wherever it is, and removed: for DEL, sweep, GC */
#ifndef NK_REMOVAL_H
#define NK_REMOVAL_H

#include "types.h"

struct nk_attachment;
struct nk_error;

struct nk_removal {
	const char *bpffs;
	const char *master; /* the NIC that the configuration names; empty: none. NULL: not known */
	bool drop_program;  /* the XDP program goes with the NIC's last user */
	bool keep_rss;	    /* host traffic stays off the pool */
	bool also_any_name; /* where the name is not found: another effective name of the key */
};

/**
 * nk_removal_run() - remove all there is of it
 * @att: initialised; with netns_fd, where the Pod's netns is known
 *
 * Goes by the claims of all NICs; where none tells of it, by a pair's end on the host; else by what
 * the kernel still knows, see nk_attach_delete_unclaimed().
 *
 * A directory whose claims cannot be read is told, and keeps nothing from the others. Where the
 * attachment is found nowhere else, it is an error if its claims may be there: if they could not be
 * read this time, if @master is that NIC, or if a device of the attachment is still there. Then, and
 * where the NIC's lock is not to be had, nothing is removed.
 *
 * Return: 0, also where nothing was found, or the first failure
 */
int nk_removal_run(struct nk_attachment *att, const struct nk_removal *how, struct nk_error *err);

/* How much there is of an attachment. */
enum nk_remains {
	NK_REMAINS_NOTHING,
	NK_REMAINS_DEVICE, /* that no claim tells of: a pair without queues, or bpffs was emptied */
	NK_REMAINS_CLAIM,
};

/* nk_removal_look() - Return: an enum nk_remains, or a negative errno where that cannot be told */
int nk_removal_look(struct nk_attachment *att, const struct nk_removal *how, struct nk_error *err);

/* nk_removal_check_absent() - is there no claim of it on any NIC, but for what is owed after its DEL? Return: 0,
 * -EEXIST, or another negative errno where that cannot be told
 */
int nk_removal_check_absent(struct nk_attachment *att, const struct nk_removal *how,
			    struct nk_error *err);

#endif
