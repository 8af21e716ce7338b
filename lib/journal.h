/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - what of an attachment no map holds: that its ADD is under way, and how the addresses
 * of an IPAM plugin are given back
 *
 *   /run/nk-cni/journal.d/<network>/<container id>/<CNI_IFNAME>:<effective name>:<kind>
 *	add	there from the begin of the ADD until it is committed: else that ADD was killed
 *	ipam	from before the IPAM plugin's ADD until its DEL has succeeded: a line of JSON with
 *		the plugin and its CNI_* variables, then its stdin. Mode 0600: there may be secrets
 *   /run/nk-cni/journal.d/<network>/<container id>/<CNI_IFNAME>:lock
 *		the attachment's lock, of who works on it; the kernel ends the lock with the process
 *   /run/nk-cni/journal.d/<network>/.lock
 *		of who adds an entry, or has the IPAM plugin clean up by all entries
 *
 * It is there for who was killed, and for the IPAM plugin that failed when nobody tried again. Where
 * it is missing, addresses may remain reserved; all else is found without it.
 *
 * All that changes or uses an entry wants the attachment's lock: ADD, DEL, sweep and GC of one
 * attachment exclude each other by it.
 */
#ifndef NK_JOURNAL_H
#define NK_JOURNAL_H

#include "types.h"

struct nk_error;
struct nk_ipam;

/**
 * nk_journal_lock() - take the lock of an attachment
 * @wait: for another who has it, as long as lock.h says; else at most for nobody
 * @ret: fd that holds the lock, for nk_journal_unlock(); -1 after a failure
 *
 * Return: 0; -EAGAIN with error code 11, and who has it; or what /run refused
 */
int nk_journal_lock(const struct nk_key *key, bool wait, int *ret, struct nk_error *err);
void nk_journal_unlock(const struct nk_key *key, int *fd); /* -1 is fine */

/* nk_journal_lock_network() - held to note what an IPAM plugin is going to be asked for, and by a GC of
 * the plugin from its list of what is noted until its end: so that none is missing on the list that
 * has an address. Return: as nk_journal_lock()
 */
int nk_journal_lock_network(const char *network, int *ret, struct nk_error *err);
void nk_journal_unlock_network(const char *network, int *fd);

/* nk_journal_begin() - an ADD is under way. Return: 0 or a negative errno */
int nk_journal_begin(const struct nk_key *key, struct nk_error *err);

/* nk_journal_is_begun() - and not committed? Under its lock: the ADD was killed. */
bool nk_journal_is_begun(const struct nk_key *key);

/* nk_journal_commit() - it came to its end: what it made is to stay, whoever is killed now.
 * Return: 0 or a negative errno
 */
int nk_journal_commit(const struct nk_key *key, struct nk_error *err);

/* nk_journal_note() - an IPAM plugin is about to be asked: note how its DEL is called.
 * Return: 0 or a negative errno
 */
int nk_journal_note(const struct nk_key *key, const struct nk_request *request,
		    const struct nk_ipam *ipam, const char *bpffs, struct nk_error *err);

/* nk_journal_forget() - all is removed and given back. Under the lock, so that it is the entry that was
 * read.
 */
void nk_journal_forget(const struct nk_key *key);

/**
 * nk_journal_give_back() - have the plugin free what it may have reserved
 * @now: the runtime's present call: used in place of the note where both have the same "ipam"; NULL:
 *	 there is none
 * @limit_ms: how long the plugin may take
 *
 * The note has the configuration by which the address was reserved, so it counts where the runtime's
 * was edited since. What is noted and cannot be read, by another version say, counts as nothing,
 * with a warning.
 *
 * Return: 1 if it did, 0 if nothing is noted, or a negative errno
 */
int nk_journal_give_back(const struct nk_key *key, const struct nk_ipam *now, uint32_t limit_ms,
			 struct nk_error *err);

/* nk_journal_postpone() - no ADD asks the plugin about this entry for a minute: it has just failed, or
 * an answer of it may still be under way.
 */
void nk_journal_postpone(const struct nk_key *key);

/* What is noted of an ADD. */
struct nk_journal_look {
	char netns[PATH_MAX]; /* CNI_NETNS */
	char bpffs[NK_BPFFS_SIZE];
};

/* nk_journal_look() - Return: 1; 0: nothing is noted that can be read; or a negative errno */
int nk_journal_look(const struct nk_key *key, struct nk_journal_look *ret, struct nk_error *err);

/* One attachment that has an entry. */
struct nk_journal_entry {
	struct nk_key key;
	bool has_add; /* nk_journal_begin() and no commit, so far */
	bool waits;   /* nk_journal_postpone(), not long ago */
};

/**
 * nk_journal_read() - all entries
 * @network: of this one; NULL: of all
 * @ret: the caller frees it
 *
 * Return: 0, or a negative errno
 */
int nk_journal_read(const char *network, struct nk_journal_entry **ret, size_t *ret_count,
		    struct nk_error *err);

#endif
