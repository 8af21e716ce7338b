// SPDX-License-Identifier: Apache-2.0
/* nicid.c - the identity of a NIC, and the pinned map that stores it */
#include "bpffs/nicid.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "bpffs/nicdir.h"
#include "bpffs/pinmap.h"
#include "kernel/netns.h"
#include "kernel/sysnet.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/banned.h"

static const struct nk_pinmap ids = {
	.what = "map of the NIC's identity",
	.pin = NK_PIN_NIC,
	.name = "nk_nic",
	.value_size = sizeof(struct nk_nicid),
	.max_entries = 1,
};

static const uint32_t only = 0;

int nk_nicid_read(const struct nk_nic *nic, struct nk_nicid *ret, struct nk_error *err)
{
	int rc;

	*ret = (struct nk_nicid){ .version = NK_NICID_VERSION, .ifindex = nic->ifindex };
	rc = nk_netns_own_cookie(&ret->netns_cookie, err);
	if (rc)
		return rc;
	rc = nk_sysnet_serial(nic->ifindex, &ret->serial);
	if (rc)
		return nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot identify the NIC",
				    "%s: its directory below /sys/class/net: %s", nic->name,
				    nk_errno_name(-rc));
	memcpy(ret->name, nic->name, sizeof(ret->name));
	memcpy(ret->parent_bus, nic->parent_bus, sizeof(ret->parent_bus));
	memcpy(ret->parent_dev, nic->parent_dev, sizeof(ret->parent_dev));
	memcpy(ret->permanent_mac, nic->permanent_mac, sizeof(ret->permanent_mac));
	return 0;
}

bool nk_nicid_same(const struct nk_nicid *a, const struct nk_nicid *b)
{
	return a->serial == b->serial;
}

static int read_map(int fd, struct nk_nicid *ret, struct nk_error *err)
{
	if (bpf_map_lookup_elem(fd, &only, ret))
		return errno == ENOENT ? -ENOENT :
					 nk_error_set(err, NK_CODE_BPF, errno,
						      "cannot read the NIC's identity", "%s",
						      nk_errno_name(errno));
	if (ret->version == NK_NICID_VERSION && nk_text_ends(ret->name, sizeof(ret->name)) &&
	    nk_text_ends(ret->parent_bus, sizeof(ret->parent_bus)) &&
	    nk_text_ends(ret->parent_dev, sizeof(ret->parent_dev)))
		return 0;
	nk_error_set(err, NK_CODE_BPF, EPROTO, "the NIC's identity is of another version",
		     "it has version %u; this nk-cni reads version %d", ret->version,
		     NK_NICID_VERSION);
	return nk_pinmap_other_build(err);
}

int nk_nicid_get(const struct nk_nicdir *dir, struct nk_nicid *ret, struct nk_error *err)
{
	int fd cleanup_close = nk_pinmap_open(&ids, dir, false, err);
	int rc = fd < 0 ? fd : read_map(fd, ret, err);

	if (fd >= 0 && rc && rc != -ENOENT)
		nk_error_wrap(err, "%s/" NK_PIN_NIC, dir->path);
	return rc;
}

int nk_nicid_put(const struct nk_nicdir *dir, const struct nk_nicid *id, struct nk_error *err)
{
	int fd cleanup_close = nk_pinmap_open(&ids, dir, true, err);

	if (fd < 0)
		return fd;
	if (bpf_map_update_elem(fd, &only, id, BPF_ANY))
		return nk_error_sys(err, NK_CODE_BPF, "cannot record the NIC's identity",
				    "%s/" NK_PIN_NIC, dir->path);
	return 0;
}

int nk_nicid_elsewhere(const struct nk_nicdir *dir, const struct nk_nicid *id, struct nk_error *err)
{
	int fd cleanup_close = nk_pinmap_open(&ids, dir, false, err);
	struct nk_u32_list maps cleanup_list = { 0 };
	struct nk_nicid other;
	uint32_t i;
	int rc;

	if (fd < 0 && fd != -ENOENT)
		return fd;
	rc = nk_pinmap_read_others(fd, &maps, err);
	for (i = 0; i < maps.count && !rc; i++) {
		int map cleanup_close = nk_pinmap_open_id(&ids, maps.at[i], err);

		rc = map < 0 ? map : read_map(map, &other, err);
		if (rc == -EPROTO)
			nk_error_reset(err);
		if (!rc)
			rc = nk_nicid_same(id, &other);
		else if (rc == -EPROTO || rc == -ENOENT)
			rc = 0;
	}
	return rc;
}
