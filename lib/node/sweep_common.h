/* SPDX-License-Identifier: Apache-2.0 */
/* sweep_common.h - what all sweeps share; for sweep*.c alone */
#ifndef NK_SWEEP_COMMON_H
#define NK_SWEEP_COMMON_H

#include "node/sweep.h"

/* nk_sweep_has_time() - may another removal begin? */
bool nk_sweep_has_time(const struct nk_sweep *sweep);

/* nk_sweep_warn_left() - warn that @count attachments are left to the next sweep, unless 0 */
void nk_sweep_warn_left(size_t count);

/* nk_sweep_plugin_ms() - the timeout of one IPAM plugin: half of the remaining time, so that a plugin
 * that hangs leaves time for the next
 */
uint32_t nk_sweep_plugin_ms(const struct nk_sweep *sweep);

/* nk_sweep_lock() - try to lock an attachment. Return: 1; 0: another call holds the lock, and either
 * removes the attachment or creates it anew; or a negative errno
 */
int nk_sweep_lock(const struct nk_key *key, int *ret, struct nk_error *err);

/* nk_sweep_result_of_lock() - what nk_sweep_lock() returns for @rc of nk_journal_lock() */
int nk_sweep_result_of_lock(int rc, struct nk_error *err);

/* nk_sweep_unlock() - Return: @rc if it is a failure, which then names the attachment; else 0 */
int nk_sweep_unlock(const struct nk_key *key, int *fd, int rc, struct nk_error *err);

/* nk_sweep_spares() - does the sweep keep it, whatever its state? */
bool nk_sweep_spares(const struct nk_sweep *sweep, const struct nk_key *key);

/* nk_sweep_add_key() - append it, unless it is equal to the last one. Return: 0 or -ENOMEM */
int nk_sweep_add_key(struct nk_key_list *keys, const struct nk_key *key, struct nk_error *err);

/* nk_sweep_read_claimed() - append all attachments that have a claim on any NIC */
int nk_sweep_read_claimed(const char *bpffs, struct nk_key_list *ret, struct nk_error *err);

#endif
