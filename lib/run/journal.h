/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - facts about an attachment that no BPF map holds: that its ADD has not ended, and how
 * to release the addresses of an IPAM plugin
 *
 *   /run/nk-cni/journal.d/<network>/<container id>/<CNI_IFNAME>:<effective name>:<kind>
 * 	add	exists from the start of the ADD until the commit; if it remains, the ADD was killed.
 * 		One line with the place of the device
 * 	ipam	exists from before the IPAM plugin's ADD until its DEL has succeeded; see
 * 		journal_ipam.h. Mode 0600: it may contain secrets
 *
 * The journal serves recovery after a process was killed, or after an IPAM plugin failed and nobody
 * tried again. If it is lost, addresses may remain reserved; everything else is found without it.
 *
 * To change or use an entry, hold the attachment's lock: see journal_lock.h.
 */
#ifndef NK_JOURNAL_H
#define NK_JOURNAL_H

#include "base/types.h"

struct nk_error;
struct nk_ipam;

/* nk_journal_begin() - record that an ADD has started. Return: 0 or a negative errno */
int nk_journal_begin(const struct nk_key *key, struct nk_error *err);

/* nk_journal_is_begun() - started and not committed? With its lock held: the ADD was killed. */
bool nk_journal_is_begun(const struct nk_key *key);

/* nk_journal_commit() - the ADD has succeeded; what it created stays even if this process is killed
 * now. Return: 0 or a negative errno
 */
int nk_journal_commit(const struct nk_key *key, struct nk_error *err);

/* nk_journal_record() - record how to call an IPAM plugin's DEL, before its ADD
 * @place: host_netns is filled in here
 *
 * Return: 0 or a negative errno
 */
int nk_journal_record(const struct nk_key *key, const struct nk_request *request,
		      const struct nk_ipam *ipam, const char *bpffs, struct nk_journal_place *place,
		      struct nk_error *err);

/* nk_journal_remove() - remove the entry after everything was removed and released. The lock must
 * have been held since it was read.
 */
int nk_journal_remove(const struct nk_key *key, struct nk_error *err);

/**
 * nk_journal_release_addresses() - call the plugin's DEL for what it may have reserved
 * @now: the runtime's current call, which replaces the recorded one if both have the same "ipam";
 * 	  NULL: none
 * @limit_ms: timeout of the plugin
 *
 * The record has the configuration with which the address was reserved, so it takes precedence if
 * the runtime's configuration was edited since. A record that cannot be read, for example of
 * another version, counts as missing, with a warning.
 *
 * Return: 1 if it did, 0 if nothing is recorded, or a negative errno
 */
int nk_journal_release_addresses(const struct nk_key *key, const struct nk_ipam *now,
				 uint32_t limit_ms, struct nk_error *err);

/* nk_journal_postpone() - for a minute no ADD calls the plugin for this entry: it has just failed,
 * or may still be working.
 */
void nk_journal_postpone(const struct nk_key *key);

/* What the journal records about an ADD. */
struct nk_journal_record {
	char netns[PATH_MAX]; /* CNI_NETNS */
	char bpffs[NK_BPFFS_SIZE];
	struct nk_journal_place place;
};

/* nk_journal_lookup() - Return: 1; 0: no readable record, but the place may be known; or a negative
 * errno
 */
int nk_journal_lookup(const struct nk_key *key, struct nk_journal_record *ret,
		      struct nk_error *err);

/* One attachment that has an entry. */
struct nk_journal_entry {
	struct nk_key key;
	bool has_add;	   /* nk_journal_begin() was called, and no commit */
	bool is_postponed; /* nk_journal_postpone() was called recently */
};

struct nk_journal_list {
	struct nk_journal_entry *at;
	uint32_t count;
};

#define NK_JOURNAL_ALL	  0
#define NK_JOURNAL_SAMPLE 8 /* containers of each network */

/**
 * nk_journal_read() - read entries, see list.h
 * @network: only of this network; NULL: of all
 * @most: NK_JOURNAL_ALL; or NK_JOURNAL_SAMPLE: of no more containers of each network, chosen at random,
 * 	  so that the cost does not grow with their number
 *
 * Return: 0 or a negative errno
 */
int nk_journal_read(const char *network, uint32_t most, struct nk_journal_list *ret,
		    struct nk_error *err);

#endif
