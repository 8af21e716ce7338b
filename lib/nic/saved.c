// SPDX-License-Identifier: Apache-2.0
/* saved.c - the pinned map of the original values of a NIC's settings */
#include "nic/saved.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "bpffs/nicdir.h"
#include "bpffs/pinmap.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/banned.h"

static const struct nk_pinmap pinmap = {
	.what = "map of saved settings",
	.pin = NK_PIN_ORIGIN,
	.name = "nk_saved",
	.value_size = sizeof(struct nk_saved),
	.max_entries = 8192,
};

/* set_error() - of a call that has failed with errno */
static int set_error(struct nk_error *err, const char *what, uint32_t item)
{
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot use the map of saved settings",
			    "%s setting %#x: %s", what, item, nk_errno_name(errno));
}

int nk_saved_open(const struct nk_nicdir *dir, bool create, struct nk_error *err)
{
	return nk_pinmap_open(&pinmap, dir, create, err);
}

int nk_saved_get(int fd, uint32_t item, struct nk_saved *ret, struct nk_error *err)
{
	if (bpf_map_lookup_elem(fd, &item, ret))
		return errno == ENOENT ? -ENOENT : set_error(err, "read", item);
	if (ret->version == NK_SAVED_VERSION && ret->size <= NK_SAVED_BYTES)
		return 0;
	nk_error_set(
		err, NK_CODE_BPF, EPROTO, "a saved setting is of another version",
		"setting %#x has version %u and %u bytes; this nk-cni reads version %d, of at most "
		"%d bytes",
		item, ret->version, ret->size, NK_SAVED_VERSION, NK_SAVED_BYTES);
	return nk_pinmap_other_build(err);
}

int nk_saved_put(int fd, uint32_t item, const struct nk_saved *saved, struct nk_error *err)
{
	return bpf_map_update_elem(fd, &item, saved, BPF_ANY) ? set_error(err, "write", item) : 0;
}

int nk_saved_remove(int fd, uint32_t item, struct nk_error *err)
{
	if (bpf_map_delete_elem(fd, &item) && errno != ENOENT)
		return set_error(err, "remove", item);
	return 0;
}

int nk_saved_read_items(int fd, struct nk_u32_list *ret, struct nk_error *err)
{
	return nk_pinmap_read_keys(&pinmap, fd, ret, err);
}

uint32_t nk_saved_nic(int fd)
{
	off_stack struct nk_saved saved;
	uint32_t item;

	if (bpf_map_get_next_key(fd, NULL, &item) || bpf_map_lookup_elem(fd, &item, &saved) ||
	    saved.version != NK_SAVED_VERSION)
		return 0;
	return saved.nic_ifindex;
}

int nk_saved_renumber(int fd, uint32_t from, uint32_t to, struct nk_error *err)
{
	struct nk_u32_list items cleanup_list = { 0 };
	off_stack struct nk_saved saved;
	int rc = nk_saved_read_items(fd, &items, err);
	uint32_t i;

	for (i = 0; i < items.count && !rc; i++) {
		rc = nk_saved_get(fd, items.at[i], &saved, err);
		if (!rc && saved.nic_ifindex == from) {
			saved.nic_ifindex = to;
			rc = nk_saved_put(fd, items.at[i], &saved, err);
		}
		rc = rc == -ENOENT ? 0 : rc;
	}
	return rc;
}

bool nk_saved_is_ours(const struct nk_saved *saved, uint32_t nic_ifindex, const void *bytes,
		      uint32_t size)
{
	return saved->nic_ifindex == nic_ifindex && saved->size == size &&
	       (!memcmp(saved->ours, bytes, size) || !memcmp(saved->next, bytes, size));
}

bool nk_saved_is_lost(const struct nk_saved *saved, const void *bytes, uint32_t size,
		      bool by_anybody)
{
	return saved->size == size && memcmp(saved->ours, bytes, size) != 0 &&
	       (by_anybody || !memcmp(saved->before, bytes, size));
}

bool nk_saved_is_empty(int fd)
{
	uint32_t item;

	return bpf_map_get_next_key(fd, NULL, &item) && errno == ENOENT;
}
