// SPDX-License-Identifier: Apache-2.0
/* nicid.c - what a NIC is, and the pinned map that says so */
#include "nicid.h"

#include "cleanup.h"
#include "error.h"
#include "netns.h"
#include "pinmap.h"
#include "sysnet.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "banned.h"

static const struct nk_pinmap ids = {
	.what = "map of the NIC's identity",
	.name = "nk_nic",
	.value_size = sizeof(struct nk_nicid),
	.max_entries = 1,
};

static const uint32_t only = 0;

int nk_nicid_read(const struct nk_nic *nic, struct nk_nicid *ret, struct nk_error *err)
{
	int own cleanup_close = nk_netns_open_own(err);
	int rc = own < 0 ? own : 0;

	*ret = (struct nk_nicid){ .version = NK_NICID_VERSION, .ifindex = nic->ifindex };
	if (!rc)
		rc = nk_netns_cookie(own, &ret->netns_cookie, err);
	if (rc)
		return rc;
	rc = nk_sysnet_serial(nic->ifindex, &ret->serial);
	if (rc)
		return nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot tell the NIC from others",
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

static int get_by_map(int fd, struct nk_nicid *ret, struct nk_error *err)
{
	if (bpf_map_lookup_elem(fd, &only, ret))
		return errno == ENOENT ? -ENOENT :
					 nk_error_set(err, NK_CODE_BPF, errno,
						      "cannot read the NIC's identity", "%s",
						      nk_errno_name(errno));
	if (ret->version == NK_NICID_VERSION)
		return 0;
	return nk_error_set(err, NK_CODE_BPF, EPROTO, "the NIC's identity is of another version",
			    "version %u, this nk-cni knows %d", ret->version, NK_NICID_VERSION);
}

int nk_nicid_get(const char *path, struct nk_nicid *ret, struct nk_error *err)
{
	int fd cleanup_close = nk_pinmap_open(&ids, path, false, err);
	int rc = fd < 0 ? fd : get_by_map(fd, ret, err);

	if (rc && rc != -ENOENT)
		nk_error_wrap(err, "%s", path);
	return rc;
}

int nk_nicid_put(const char *path, const struct nk_nicid *id, struct nk_error *err)
{
	int fd cleanup_close = nk_pinmap_open(&ids, path, true, err);

	if (fd < 0)
		return fd;
	if (bpf_map_update_elem(fd, &only, id, BPF_ANY))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot note the NIC's identity",
				    "%s: %s", path, nk_errno_name(errno));
	return 0;
}

static int compare(int fd, void *data, struct nk_error *err)
{
	struct nk_nicid other;
	int rc = get_by_map(fd, &other, err);

	if (rc == -EPROTO || rc == -ENOENT) {
		nk_error_reset(err);
		return 0;
	}
	return rc ? rc : nk_nicid_same(data, &other);
}

int nk_nicid_elsewhere(const char *path, const struct nk_nicid *id, struct nk_error *err)
{
	int fd cleanup_close = nk_pinmap_open(&ids, path, false, err);
	struct nk_nicid copy = *id;

	if (fd < 0)
		return fd;
	return nk_pinmap_each_other(&ids, fd, compare, &copy, err);
}
