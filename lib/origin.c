// SPDX-License-Identifier: Apache-2.0
/* origin.c - the pinned map of what the NIC was like before our first change */
#include "origin.h"

#include "cleanup.h"
#include "error.h"
#include "pinmap.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "banned.h"

static const struct nk_pinmap origins = {
	.what = "origin map",
	.name = "nk_origin",
	.value_size = sizeof(struct nk_origin),
	.max_entries = 8192,
};

static int refused(struct nk_error *err, const char *what, uint32_t item)
{
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot use the origin map", "%s item %#x: %s",
			    what, item, nk_errno_name(errno));
}

int nk_origin_open(const char *path, bool create, struct nk_error *err)
{
	return nk_pinmap_open(&origins, path, create, err);
}

int nk_origin_get(int fd, uint32_t item, struct nk_origin *ret, struct nk_error *err)
{
	if (bpf_map_lookup_elem(fd, &item, ret))
		return errno == ENOENT ? -ENOENT : refused(err, "read", item);
	if (ret->version != NK_ORIGIN_VERSION || ret->size > NK_ORIGIN_BYTES)
		return nk_error_set(err, NK_CODE_BPF, EPROTO,
				    "an origin entry is of another version",
				    "item %#x has version %u and %u bytes, this nk-cni knows "
				    "version %d and at most %d bytes",
				    item, ret->version, ret->size, NK_ORIGIN_VERSION,
				    NK_ORIGIN_BYTES);
	return 0;
}

int nk_origin_put(int fd, uint32_t item, const struct nk_origin *origin, struct nk_error *err)
{
	if (origin->version != NK_ORIGIN_VERSION || origin->size > NK_ORIGIN_BYTES)
		return nk_error_set(err, NK_CODE_INTERNAL, EINVAL, "cannot use the origin map",
				    "enter item %#x: version %u, %u bytes; at most %d fit", item,
				    origin->version, origin->size, NK_ORIGIN_BYTES);
	return bpf_map_update_elem(fd, &item, origin, BPF_ANY) ? refused(err, "enter", item) : 0;
}

int nk_origin_remove(int fd, uint32_t item, struct nk_error *err)
{
	if (bpf_map_delete_elem(fd, &item) && errno != ENOENT)
		return refused(err, "remove", item);
	return 0;
}

struct walk {
	int (*fn)(uint32_t item, void *data);
	void *data;
};

static int step(uint32_t item, void *data, struct nk_error *err)
{
	const struct walk *walk = data;

	(void)err;
	return walk->fn(item, walk->data);
}

int nk_origin_each(int fd, int (*fn)(uint32_t item, void *data), void *data, struct nk_error *err)
{
	struct walk walk = { .fn = fn, .data = data };

	return nk_pinmap_each(&origins, fd, step, &walk, err);
}

uint32_t nk_origin_nic(int fd)
{
	off_stack struct nk_origin origin;
	uint32_t item;

	if (bpf_map_get_next_key(fd, NULL, &item) || bpf_map_lookup_elem(fd, &item, &origin) ||
	    origin.version != NK_ORIGIN_VERSION)
		return 0;
	return origin.nic_ifindex;
}

struct renumbering {
	int fd;
	uint32_t from, to;
};

static int renumber(uint32_t item, void *data, struct nk_error *err)
{
	const struct renumbering *renumbering = data;
	struct nk_origin origin;
	int rc = nk_origin_get(renumbering->fd, item, &origin, err);

	if (rc || origin.nic_ifindex != renumbering->from)
		return rc == -ENOENT ? 0 : rc;
	origin.nic_ifindex = renumbering->to;
	return nk_origin_put(renumbering->fd, item, &origin, err);
}

int nk_origin_renumber(int fd, uint32_t from, uint32_t to, struct nk_error *err)
{
	struct renumbering renumbering = { .fd = fd, .from = from, .to = to };

	return nk_pinmap_each(&origins, fd, renumber, &renumbering, err);
}

bool nk_origin_is_ours(const struct nk_origin *origin, uint32_t nic_ifindex, const void *bytes,
		       uint32_t size)
{
	return origin->nic_ifindex == nic_ifindex && origin->size == size &&
	       (!memcmp(origin->ours, bytes, size) || !memcmp(origin->next, bytes, size));
}

bool nk_origin_is_empty(int fd)
{
	uint32_t item;

	return bpf_map_get_next_key(fd, NULL, &item) && errno == ENOENT;
}
