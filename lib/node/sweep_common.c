// SPDX-License-Identifier: Apache-2.0
/* sweep_common.c - what all sweeps share */
#include "node/sweep_common.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "bpffs/claims.h"
#include "bpffs/nicdir.h"
#include "run/journal_lock.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

#define PLUGIN_MIN_MS 1000 /* a plugin is not started for less */

bool nk_sweep_has_time(const struct nk_sweep *sweep)
{
	return nk_clock_ms() < sweep->until;
}

void nk_sweep_warn_left(size_t count)
{
	if (count)
		nk_log_warn(
			"no time was left to check %zu attachment%s for removal: the next ADD or "
			"GC continues",
			count, count == 1 ? "" : "s");
}

uint32_t nk_sweep_plugin_ms(const struct nk_sweep *sweep)
{
	const int64_t half = (sweep->until - nk_clock_ms()) / 2;

	return half > PLUGIN_MIN_MS ? (uint32_t)half : PLUGIN_MIN_MS;
}

int nk_sweep_result_of_lock(int rc, struct nk_error *err)
{
	if (rc != -EAGAIN)
		return rc ? rc : 1;
	nk_error_reset(err);
	return 0;
}

int nk_sweep_lock(const struct nk_key *key, int *ret, struct nk_error *err)
{
	return nk_sweep_result_of_lock(nk_journal_lock(key, false, ret, err), err);
}

int nk_sweep_unlock(const struct nk_key *key, int *fd, int rc, struct nk_error *err)
{
	nk_journal_unlock(key, fd);
	if (rc >= 0)
		return 0;
	nk_error_wrap(err, "remove the dead %s of container %.16s", key->ifname, key->container_id);
	return rc;
}

bool nk_sweep_spares(const struct nk_sweep *sweep, const struct nk_key *key)
{
	return (sweep->network && strcmp(key->network, sweep->network) != 0) ||
	       (sweep->is_valid && sweep->is_valid(key, sweep->data));
}

int nk_sweep_add_key(struct nk_key_list *keys, const struct nk_key *key, struct nk_error *err)
{
	if (keys->count && nk_key_equal(&keys->at[keys->count - 1], key))
		return 0;
	return nk_list_add(keys, key, err);
}

static int read_claimed_on(const char *bpffs, const char *nic, struct nk_key_list *ret,
			   struct nk_error *err)
{
	int fd cleanup_close = nk_claims_open_on(bpffs, nic, err);
	struct nk_claim_list claims cleanup_list = { 0 };
	uint32_t i;
	int rc;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = nk_claims_read(fd, &claims, err);
	for (i = 0; i < claims.count && !rc; i++)
		rc = nk_sweep_add_key(ret, &claims.at[i].claim.key, err);
	return rc;
}

int nk_sweep_read_claimed(const char *bpffs, struct nk_key_list *ret, struct nk_error *err)
{
	struct nk_nicdir_list nics cleanup_list = { 0 };
	int rc = nk_nicdir_read(bpffs, &nics, err);
	uint32_t i;

	for (i = 0; i < nics.count && !rc; i++)
		rc = read_claimed_on(bpffs, nics.at[i], ret, err);
	return rc;
}
