/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal_lock.h - locks of the journal
 *
 *   /run/nk-cni/journal.d/<network>/<container id>/<CNI_IFNAME>:lock
 * 		of an attachment: with it, ADD, DEL, sweep and GC of one attachment exclude each
 * 		other. Hold it to change or use an entry
 *   /run/nk-cni/journal.d/<network>/.lock
 * 		of a network: hold it to add an `ipam` file, and during the IPAM plugin's GC from
 * 		before the entries are read: so its list has every attachment that has an address
 *
 * The kernel releases a lock when its holder ends.
 */
#ifndef NK_JOURNAL_LOCK_H
#define NK_JOURNAL_LOCK_H

#include "base/types.h"

struct nk_error;

/**
 * nk_journal_lock() - take the lock of an attachment
 * @wait: wait for the holder, with the timeout of lock.h; otherwise do not wait
 * @ret: fd that holds the lock, for nk_journal_unlock(); -1 after a failure
 *
 * Return: 0; -EAGAIN with error code 11 and the holder; or another negative errno
 */
int nk_journal_lock(const struct nk_key *key, bool wait, int *ret, struct nk_error *err);
void nk_journal_unlock(const struct nk_key *key, int *fd); /* may be -1 */

/* nk_journal_lock_network() - as nk_journal_lock(), of a network; waits */
int nk_journal_lock_network(const char *network, int *ret, struct nk_error *err);
void nk_journal_unlock_network(const char *network, int *fd);

/* nk_journal_drop_lock() - remove a lock file that a killed process left and nobody holds */
void nk_journal_drop_lock(int dir, const char *name);

#endif
