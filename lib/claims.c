// SPDX-License-Identifier: Apache-2.0
/* claims.c - the pinned map of claims */
#include "claims.h"

#include "cleanup.h"
#include "error.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "banned.h"

static int refused(struct nk_error *err, const char *what, uint32_t queue)
{
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot use the claims map", "%s queue %u: %s",
			    what, queue, nk_errno_name(errno));
}

static int create_and_pin(const char *path, struct nk_error *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd cleanup_close = bpf_map_create(BPF_MAP_TYPE_HASH, "nk_claims", sizeof(uint32_t),
					      sizeof(struct nk_claim), NK_QUEUE_IDS, &opts);

	if (fd < 0)
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot make the claims map",
				    "BPF_MAP_CREATE: %s", nk_errno_name(errno));
	if (bpf_obj_pin(fd, path))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot pin the claims map",
				    "BPF_OBJ_PIN %s: %s", path, nk_errno_name(errno));
	return nk_steal_fd(&fd);
}

int nk_claims_open(const char *path, bool create, struct nk_error *err)
{
	int fd cleanup_close = bpf_obj_get(path);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (fd < 0 && errno == ENOENT && create)
		return create_and_pin(path, err);
	if (fd < 0)
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot open the claims map",
				    "BPF_OBJ_GET %s: %s", path, nk_errno_name(errno));
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot open the claims map", "%s: %s",
				    path, nk_errno_name(errno));
	if (info.type != BPF_MAP_TYPE_HASH || info.key_size != sizeof(uint32_t) ||
	    info.value_size != sizeof(struct nk_claim))
		return nk_error_set(err, NK_CODE_BPF, EPROTO,
				    "the claims map is of another version",
				    "%s has values of %u bytes, this nk-cni knows %zu", path,
				    info.value_size, sizeof(struct nk_claim));
	return nk_steal_fd(&fd);
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

int nk_claims_each(int fd, int (*fn)(uint32_t queue, const struct nk_claim *claim, void *data),
		   void *data, struct nk_error *err)
{
	uint32_t queue = 0, *previous = NULL;
	struct nk_claim claim;
	unsigned int steps;
	int rc;

	/* Without the lock keys may come and go under the walk, which the kernel answers by
	 * starting again; the bound keeps that from going on for ever.
	 */
	for (steps = 0; steps < 4 * NK_QUEUE_IDS; steps++) {
		if (bpf_map_get_next_key(fd, previous, &queue))
			return errno == ENOENT ? 0 : refused(err, "list claims after", queue);
		previous = &queue;
		rc = nk_claims_get(fd, queue, &claim, err);
		if (rc == -ENOENT)
			continue;
		if (!rc)
			rc = fn(queue, &claim, data);
		if (rc)
			return rc;
	}
	return 0;
}
