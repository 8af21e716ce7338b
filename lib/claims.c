// SPDX-License-Identifier: Apache-2.0
/* claims.c - the pinned map of claims */
#include "claims.h"

#include "error.h"
#include "nicdir.h"
#include "pinmap.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "banned.h"

static const struct nk_pinmap claims = {
	.what = "claims map",
	.name = "nk_claims",
	.value_size = sizeof(struct nk_claim),
	.max_entries = NK_QUEUE_IDS,
};

static int refused(struct nk_error *err, const char *what, uint32_t queue)
{
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot use the claims map", "%s queue %u: %s",
			    what, queue, nk_errno_name(errno));
}

int nk_claims_open(const char *path, bool create, struct nk_error *err)
{
	return nk_pinmap_open(&claims, path, create, err);
}

int nk_claims_open_on(const char *bpffs, const char *nic, struct nk_error *err)
{
	struct nk_nicdir dir;
	char path[NK_PATH_SIZE];

	int rc = nk_nicdir_check(bpffs, nic, err);

	if (rc == -ENOENT)
		nk_error_reset(err);
	if (rc)
		return rc;
	nk_nicdir_init(bpffs, nic, &dir);
	nk_nicdir_pin(&dir, "claims", path);
	return nk_claims_open(path, false, err);
}

int nk_claims_add(int fd, uint32_t queue, const struct nk_claim *claim, struct nk_error *err)
{
	return bpf_map_update_elem(fd, &queue, claim, BPF_NOEXIST) ? refused(err, "claim", queue) :
								     0;
}

int nk_claims_update(int fd, uint32_t queue, const struct nk_claim *claim, struct nk_error *err)
{
	return bpf_map_update_elem(fd, &queue, claim, BPF_EXIST) ?
		       refused(err, "update the claim on", queue) :
		       0;
}

int nk_claims_remove(int fd, uint32_t queue, struct nk_error *err)
{
	if (bpf_map_delete_elem(fd, &queue) && errno != ENOENT)
		return refused(err, "give back", queue);
	return 0;
}

int nk_claims_get(int fd, uint32_t queue, struct nk_claim *ret, struct nk_error *err)
{
	if (!bpf_map_lookup_elem(fd, &queue, ret)) {
		if (ret->version == NK_CLAIM_VERSION)
			return 0;
		return nk_error_set(err, NK_CODE_BPF, EPROTO, "a claim is of another version",
				    "queue %u has version %u, this nk-cni knows %d", queue,
				    ret->version, NK_CLAIM_VERSION);
	}
	return errno == ENOENT ? -ENOENT : refused(err, "read the claim on", queue);
}

struct elsewhere {
	uint32_t queue, nic_ifindex;
};

static int compare(int fd, void *data, struct nk_error *err)
{
	const struct elsewhere *elsewhere = data;
	struct nk_claim claim;

	(void)err;
	return !bpf_map_lookup_elem(fd, &elsewhere->queue, &claim) &&
	       claim.nic_ifindex == elsewhere->nic_ifindex;
}

int nk_claims_elsewhere(int fd, uint32_t queue, uint32_t nic_ifindex, struct nk_error *err)
{
	struct elsewhere elsewhere = { .queue = queue, .nic_ifindex = nic_ifindex };

	return nk_pinmap_each_other(&claims, fd, compare, &elsewhere, err);
}

struct walk {
	int fd;
	int (*fn)(uint32_t queue, const struct nk_claim *claim, void *data);
	void *data;
};

static int step(uint32_t queue, void *data, struct nk_error *err)
{
	const struct walk *walk = data;
	struct nk_claim claim;
	int rc = nk_claims_get(walk->fd, queue, &claim, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc; /* without the lock it may have gone */
	return walk->fn(queue, &claim, walk->data);
}

int nk_claims_each(int fd, int (*fn)(uint32_t queue, const struct nk_claim *claim, void *data),
		   void *data, struct nk_error *err)
{
	struct walk walk = { .fd = fd, .fn = fn, .data = data };

	return nk_pinmap_each(&claims, fd, step, &walk, err);
}
