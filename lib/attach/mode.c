// SPDX-License-Identifier: Apache-2.0
/* mode.c - does a NIC serve XDP or memory providers? */
#include "attach/mode.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "bpffs/claims.h"
#include "ethtool/rings.h"
#include "kernel/netdev.h"
#include "nic/lender.h"
#include "nic/saved.h"
#include "nic/setting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

#define NAMED_MAX 3 /* attachments that an error names */

enum nk_mode nk_mode_of(const struct nk_config *config)
{
	if (config->xsk_map)
		return NK_MODE_XDP;
	return config->rings.split ? NK_MODE_PROVIDER : NK_MODE_ANY;
}

enum nk_mode nk_mode_of_claim(const struct nk_claim *claim, bool is_split)
{
	if (claim->with_map)
		return NK_MODE_XDP;
	return is_split || claim->flags & NK_CLAIM_RINGS ? NK_MODE_PROVIDER : NK_MODE_ANY;
}

/* has_saved_split() - has nk-cni turned header split on? Return: 1, 0, or a negative errno */
static int has_saved_split(const struct nk_nicdir *dir, struct nk_error *err)
{
	off_stack struct nk_saved saved;
	int fd cleanup_close = nk_saved_open(dir, false, err);
	int rc;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = nk_saved_get(fd, nk_setting_item(NK_SETTING_SPLIT, 0), &saved, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	return saved.ours[0] == NK_SPLIT_ON || saved.next[0] == NK_SPLIT_ON;
}

/* has_older_split() - was header split turned on for attachments of an older build? The last one with NK_CLAIM_RINGS
 * restores it. Return: 1, 0, or a negative errno
 */
static int has_older_split(const struct nk_nicdir *dir, const struct nk_claim_list *claims,
			   struct nk_error *err)
{
	uint32_t i;

	for (i = 0; i < claims->count; i++)
		if (claims->at[i].claim.flags & NK_CLAIM_RINGS)
			return 0;
	return claims->count ? has_saved_split(dir, err) : 0;
}

/* is_first() - is it the first entry of its attachment? */
static bool is_first(const struct nk_claim_list *claims, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (nk_key_equal(&claims->at[i].claim.key, &claims->at[n].claim.key))
			return false;
	return true;
}

/* is_in_way() - does the attachment keep the NIC from serving that mode? */
static bool is_in_way(const struct nk_claim *claim, enum nk_mode mode, bool is_split)
{
	const enum nk_mode other = nk_mode_of_claim(claim, is_split);

	return mode != NK_MODE_ANY && other != NK_MODE_ANY && other != mode;
}

static int refuse_mode(const char *nic, enum nk_mode mode, const char *names, uint32_t count,
		       struct nk_error *err)
{
	nk_error_set(err, NK_CODE_RETRY, EEXIST,
		     "one NIC cannot serve AF_XDP and memory providers at the same time",
		     "%s is used for %s by %u attachment%s: %s%s", nic,
		     mode == NK_MODE_XDP ? "memory providers (io_uring, devmem)" : "AF_XDP", count,
		     count == 1 ? "" : "s", names, count > NAMED_MAX ? ", ..." : "");
	return nk_error_remedy(err, "use another NIC, or wait until these Pods have ended; nk-cni "
				    "gc removes leftovers of dead Pods");
}

int nk_mode_check(const struct nk_nicdir *dir, const char *nic, enum nk_mode mode,
		  struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	char names[NAMED_MAX * (NK_ID_SIZE + 96)] = "";
	uint32_t i, count = 0;
	size_t len = 0;
	int rc = mode == NK_MODE_ANY ? 0 : nk_claims_read_pin(dir, &claims, err);
	int is_split = rc ? rc : has_older_split(dir, &claims, err);

	for (i = 0; i < claims.count && is_split >= 0; i++) {
		if (!is_in_way(&claims.at[i].claim, mode, is_split) || !is_first(&claims, i) ||
		    count++ >= NAMED_MAX)
			continue;
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s", len ? "; " : "");
		nk_claim_describe(&claims.at[i].claim, names + len, sizeof(names) - len);
		len = strlen(names);
	}
	if (is_split < 0)
		return is_split;
	return count ? refuse_mode(nic, mode, names, count, err) : 0;
}

int nk_mode_has_provider(const struct nk_lender *lender, const struct nk_key *except,
			 struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	int rc = lender->claims < 0 ? 0 : nk_claims_read(lender->claims, &claims, err), is_split;
	uint32_t i;

	if (rc)
		return rc;
	is_split = has_older_split(&lender->dir, &claims, err);
	if (is_split < 0)
		return is_split;
	for (i = 0; i < claims.count; i++)
		if (!nk_key_equal(&claims.at[i].claim.key, except) &&
		    nk_mode_of_claim(&claims.at[i].claim, is_split) == NK_MODE_PROVIDER)
			return 1;
	return 0;
}

int nk_mode_blockers(const struct nk_nicdir *dir, enum nk_mode mode, struct nk_queue_set *ret,
		     uint32_t *ret_count, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	uint32_t i;
	int rc = nk_claims_read_pin(dir, &claims, err);
	int is_split = rc ? rc : has_older_split(dir, &claims, err);

	*ret_count = 0;
	for (i = 0; i < claims.count && is_split >= 0; i++) {
		if (!is_in_way(&claims.at[i].claim, mode, is_split))
			continue;
		nk_queue_set_put(ret, claims.at[i].queue);
		++*ret_count;
	}
	return is_split < 0 ? is_split : 0;
}

static int refuse_provider(const struct nk_lender *on, const struct nk_queue *queue,
			   struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	char name[NK_ID_SIZE + 128] = "";
	const char *whose = "has no claim";
	struct nk_error unread = { 0 };
	uint32_t i;

	if (nk_claims_read_pin(&on->dir, &claims, &unread))
		whose = "may have a claim, which cannot be read";
	for (i = 0; i < claims.count; i++) {
		if (claims.at[i].queue != queue->id)
			continue;
		whose = "belongs to ";
		nk_claim_describe(&claims.at[i].claim, name, sizeof(name));
	}
	nk_error_set(err, NK_CODE_RETRY, EEXIST,
		     "one NIC cannot serve AF_XDP and memory providers at the same time",
		     "%s: queue %u is used by %s; it %s%s", on->nic.name, queue->id, queue->user,
		     whose, name);
	return nk_error_remedy(err, "use another NIC, or end the program that uses the queue");
}

/* refuse_unclaimed() - nk-cni has turned header split on, and somebody has removed the claims: a leased queue without a
 * claim and without a map is that of a Pod whose server may bind later
 */
static int refuse_unclaimed(const struct nk_lender *on, const struct nk_queue *queue,
			    const struct nk_claim_list *claims, struct nk_error *err)
{
	char lease[NK_LEASE_TEXT_SIZE], path[NK_PATH_SIZE];

	nk_nicdir_xsks_map(&on->dir, queue->id, path);
	if (!access(path, F_OK) || nk_claims_have(claims, queue->id))
		return 0;
	nk_netdev_lease_text(queue, lease);
	nk_error_set(
		err, NK_CODE_RETRY, EEXIST,
		"one NIC cannot serve AF_XDP and memory providers at the same time",
		"%s: nk-cni has turned header split on, and queue %u is leased to %s, but has no "
		"claim",
		on->nic.name, queue->id, lease);
	return nk_lender_advise_unclaimed(err);
}

/* check_unnoted() - somebody has removed the whole directory of the NIC: that a Pod without a claim is for a memory
 * provider is not noted any more, but header split is still on
 */
static int check_unnoted(const struct nk_lender *on, struct nk_error *err)
{
	struct nk_rings_state rings = { 0 };
	struct nk_error none = { 0 };
	int rc = nk_rings_get(on->nl, on->nic.ifindex, &rings, &none);

	if (rc && rc != -EOPNOTSUPP)
		*err = none;
	if (rc)
		return rc == -EOPNOTSUPP ? 0 : rc;
	return rings.split == NK_SPLIT_ON ? nk_lender_check_claimed(on, err) : 0;
}

int nk_mode_check_providers(struct nk_lender *on, struct nk_error *err)
{
	struct nk_queue_list queues cleanup_list = { 0 };
	struct nk_claim_list claims cleanup_list = { 0 };
	bool is_unclaimed = false;
	uint32_t i;
	int rc = nk_netdev_read_queues(on->nl, on->nic.ifindex, &queues, err);
	int is_split = rc ? rc : has_saved_split(&on->dir, err);

	if (is_split < 0)
		return is_split;
	rc = nk_claims_read_pin(&on->dir, &claims, err);
	for (i = 0; i < queues.count && !rc; i++) {
		if (nk_netdev_has_provider(&queues.at[i]))
			rc = refuse_provider(on, &queues.at[i], err);
		else if (is_split && queues.at[i].leased)
			rc = refuse_unclaimed(on, &queues.at[i], &claims, err);
		is_unclaimed |= queues.at[i].leased && !nk_claims_have(&claims, queues.at[i].id);
	}
	return rc || is_split || !is_unclaimed ? rc : check_unnoted(on, err);
}
