// SPDX-License-Identifier: Apache-2.0
/* claims.c - the pinned map of claims */
#include "bpffs/claims.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "bpffs/nicdir.h"
#include "bpffs/pinmap.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/banned.h"

static const struct nk_pinmap claims = {
	.what = "claims map",
	.pin = NK_PIN_CLAIMS,
	.name = "nk_claims",
	.value_size = sizeof(struct nk_claim),
	.max_entries = NK_CLAIMS_MAX,
};

static int fail(struct nk_error *err, const char *what, uint32_t queue)
{
	const int rc = nk_error_sys(err, NK_CODE_BPF, "cannot use the claims map", "%s queue %u",
				    what, queue);

	if (rc == -E2BIG)
		nk_error_remedy(err,
				"nk-cni lends at most %u queues of a NIC: end other Pods first",
				NK_CLAIMS_MAX);
	return rc;
}

int nk_claims_open(const struct nk_nicdir *dir, bool create, struct nk_error *err)
{
	return nk_pinmap_open(&claims, dir, create, err);
}

int nk_claims_open_on(const char *bpffs, const char *nic, struct nk_error *err)
{
	int rc = nk_nicdir_check(bpffs, nic, err);
	struct nk_nicdir dir;

	if (rc == -ENOENT)
		nk_error_reset(err);
	if (rc)
		return rc;
	nk_nicdir_init(bpffs, nic, &dir);
	return nk_claims_open(&dir, false, err);
}

int nk_claims_is_pinned(const struct nk_nicdir *dir, int fd, struct nk_error *err)
{
	return nk_pinmap_is_pinned(&claims, dir, fd, err);
}

int nk_claims_add(int fd, uint32_t queue, const struct nk_claim *claim, struct nk_error *err)
{
	return bpf_map_update_elem(fd, &queue, claim, BPF_NOEXIST) ? fail(err, "claim", queue) : 0;
}

int nk_claims_update(int fd, uint32_t queue, const struct nk_claim *claim, struct nk_error *err)
{
	return bpf_map_update_elem(fd, &queue, claim, BPF_EXIST) ?
		       fail(err, "update the claim on", queue) :
		       0;
}

int nk_claims_remove(int fd, uint32_t queue, struct nk_error *err)
{
	if (bpf_map_delete_elem(fd, &queue) && errno != ENOENT)
		return fail(err, "release", queue);
	return 0;
}

static bool do_texts_end(const struct nk_claim *claim)
{
	const struct nk_key *key = &claim->key;

	return nk_text_ends(key->ifname, sizeof(key->ifname)) &&
	       nk_text_ends(key->cni_ifname, sizeof(key->cni_ifname)) &&
	       nk_text_ends(key->network, sizeof(key->network)) &&
	       nk_text_ends(key->container_id, sizeof(key->container_id)) &&
	       nk_text_ends(claim->pod_name, sizeof(claim->pod_name));
}

int nk_claim_check(const struct nk_claim *claim, uint32_t queue, struct nk_error *err)
{
	if (claim->version != NK_CLAIM_VERSION)
		nk_error_set(err, NK_CODE_BPF, EPROTO, "a claim is of another version",
			     "the claim on queue %u has version %u; this nk-cni reads version %d",
			     queue, claim->version, NK_CLAIM_VERSION);
	else if (!do_texts_end(claim))
		nk_error_set(err, NK_CODE_BPF, EPROTO, "a claim is garbled",
			     "the claim on queue %u has a text without end", queue);
	else
		return 0;
	return nk_pinmap_other_build(err);
}

int nk_claims_get(int fd, uint32_t queue, struct nk_claim *ret, struct nk_error *err)
{
	if (!bpf_map_lookup_elem(fd, &queue, ret))
		return nk_claim_check(ret, queue, err);
	return errno == ENOENT ? -ENOENT : fail(err, "read the claim on", queue);
}

int nk_claims_elsewhere(int fd, uint32_t queue, uint32_t nic_ifindex, struct nk_error *err)
{
	struct nk_u32_list maps cleanup_list = { 0 };
	struct nk_claim claim;
	int rc = nk_pinmap_read_others(fd, &maps, err);
	uint32_t i;

	for (i = 0; i < maps.count && !rc; i++) {
		int map cleanup_close = nk_pinmap_open_id(&claims, maps.at[i], err);

		if (map < 0)
			rc = map;
		else if (!bpf_map_lookup_elem(map, &queue, &claim))
			rc = claim.nic_ifindex == nic_ifindex;
		else
			rc = errno == ENOENT ? 0 : fail(err, "read the claim on", queue);
		rc = rc == -ENOENT ? 0 : rc;
	}
	return rc;
}

void nk_claim_describe(const struct nk_claim *claim, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s of container %.16s, network %.32s", claim->pod_name,
		 *claim->pod_name ? " " : "", claim->key.ifname, claim->key.container_id,
		 claim->key.network);
}

int nk_claims_read(int fd, struct nk_claim_list *ret, struct nk_error *err)
{
	struct nk_u32_list queues cleanup_list = { 0 };
	struct nk_claim_entry entry;
	void *values = NULL;
	int rc = nk_pinmap_read(&claims, fd, &queues, &values, err), foreign = 0;
	uint32_t i;

	for (i = 0; i < queues.count && !rc; i++) {
		entry.queue = queues.at[i];
		entry.claim = ((const struct nk_claim *)values)[i];
		if (nk_claim_check(&entry.claim, entry.queue, err))
			foreign = -EPROTO;
		else
			rc = nk_list_add(ret, &entry, err);
	}
	free(values);
	return rc ? rc : foreign;
}

bool nk_claims_have(const struct nk_claim_list *list, uint32_t queue)
{
	uint32_t i;

	for (i = 0; i < list->count && list->at[i].queue != queue; i++)
		;
	return i < list->count;
}

int nk_claims_read_pin(const struct nk_nicdir *dir, struct nk_claim_list *ret, struct nk_error *err)
{
	int fd cleanup_close = nk_claims_open(dir, false, err);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return nk_claims_read(fd, ret, err);
}

int nk_claims_read_everywhere(struct nk_claim_list *ret, struct nk_error *err)
{
	struct nk_u32_list maps cleanup_list = { 0 };
	int rc = nk_pinmap_read_others(-1, &maps, err);
	uint32_t i;

	for (i = 0; i < maps.count && !rc; i++) {
		int map cleanup_close = nk_pinmap_open_id(&claims, maps.at[i], err);

		rc = map < 0 ? map : nk_claims_read(map, ret, err);
		if (rc == -EPROTO)
			nk_error_reset(err);
		if (rc == -EPROTO || rc == -ENOENT)
			rc = 0;
	}
	return rc;
}
