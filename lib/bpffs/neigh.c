// SPDX-License-Identifier: Apache-2.0
/* neigh.c - the pinned map of the addresses that the XDP program answers for */
#include "bpffs/neigh.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/ipaddr.h"
#include "base/list.h"
#include "bpffs/nicdir.h"
#include "bpffs/pinmap.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/types.h>
#include <string.h>
#include <sys/socket.h>

#include "nk_shared.h"

#include "base/banned.h"

_Static_assert(sizeof(struct nk_neigh_key) == 20 && sizeof(struct nk_neigh) == 12,
	       "no hole: key and value go to the kernel byte by byte");

#define GROUP_AT 13 /* the bytes of an IPv6 address from here on are in its solicited-node group */

void nk_neigh_group(const struct nk_ipaddr *addr, uint8_t ret[NK_MAC_LEN])
{
	static const uint8_t prefix[] = { 0x33, 0x33, 0xff };

	memcpy(ret, prefix, sizeof(prefix));
	memcpy(ret + sizeof(prefix), addr->bytes + GROUP_AT, NK_MAC_LEN - sizeof(prefix));
}

static struct nk_neigh_key make_key(const struct nk_ipaddr *addr, uint16_t vlan)
{
	struct nk_neigh_key key = { .family = addr->family == AF_INET6 ? 6 : 4, .vlan = vlan };

	memcpy(key.addr, addr->bytes, nk_ipaddr_size(addr));
	return key;
}

static struct nk_ipaddr get_addr(const struct nk_neigh_key *key)
{
	struct nk_ipaddr addr = { .family = key->family == 6 ? AF_INET6 : AF_INET };

	memcpy(addr.bytes, key->addr, nk_ipaddr_size(&addr));
	return addr;
}

/* fail() - of a call that has set errno */
static int fail(struct nk_error *err, const char *what, const struct nk_neigh_key *key)
{
	const struct nk_ipaddr addr = get_addr(key);
	char text[NK_IPADDR_TEXT_SIZE];
	int sys = errno;

	nk_ipaddr_text(&addr, text);
	return nk_error_set(err, NK_CODE_BPF, sys, "cannot use the neighbour map",
			    "%s %s, VLAN %u: %s", what, text, key->vlan, nk_errno_name(sys));
}

/* open_map() - Return: an fd; -ENOENT: there is none; or another negative errno */
static int open_map(const struct nk_nicdir *dir, struct nk_error *err)
{
	struct bpf_map_info info = { 0 };
	int fd cleanup_close = nk_pinmap_open_pin(dir, NK_PIN_NEIGH, &info, err);

	if (fd >= 0 &&
	    (info.type != BPF_MAP_TYPE_HASH || info.key_size != sizeof(struct nk_neigh_key) ||
	     info.value_size != sizeof(struct nk_neigh))) {
		nk_error_set(
			err, NK_CODE_BPF, EPROTO, "the neighbour map is of another version",
			"%s/" NK_PIN_NEIGH
			" has keys of %u and values of %u bytes; this nk-cni reads keys of %zu and "
			"values of %zu bytes",
			dir->path, info.key_size, info.value_size, sizeof(struct nk_neigh_key),
			sizeof(struct nk_neigh));
		return nk_pinmap_other_build(err);
	}
	return nk_steal_fd(&fd);
}

/* An entry of the map. */
struct pair {
	struct nk_neigh_key key;
	struct nk_neigh value;
};

struct pair_list {
	struct pair *at;
	uint32_t count;
};

static int read_map(int fd, struct pair_list *ret, struct nk_error *err)
{
	struct nk_neigh_key *previous = NULL;
	struct pair pair;
	int rc = 0;

	/* Nobody changes the map under our lock. The bound ends a loop if somebody ignores the lock. */
	while (!rc && ret->count < NK_NEIGH_MAX) {
		if (bpf_map_get_next_key(fd, previous, &pair.key)) {
			if (errno == ENOENT)
				return 0;
			return nk_error_sys(err, NK_CODE_BPF, "cannot use the neighbour map",
					    "list");
		}
		previous = &pair.key;
		if (!bpf_map_lookup_elem(fd, &pair.key, &pair.value))
			rc = nk_list_add(ret, &pair, err);
		else if (errno != ENOENT)
			rc = fail(err, "read", &pair.key);
	}
	return rc;
}

static int refuse_taken(struct nk_error *err, const struct nk_neigh_key *key, uint32_t owner)
{
	const struct nk_ipaddr addr = get_addr(key);
	char text[NK_IPADDR_TEXT_SIZE];

	nk_ipaddr_text(&addr, text);
	nk_error_set(
		err, NK_CODE_BPF, EEXIST, "another Pod has the address",
		"%s, VLAN %u: the address belongs to the attachment that has queue %u in \"nk-cni "
		"list\"",
		text, key->vlan, owner);
	return nk_error_remedy(err, "give each Pod on a NIC its own addresses");
}

int nk_neigh_add(const struct nk_nicdir *dir, const struct nk_ipaddr *addr, uint16_t vlan,
		 const uint8_t mac[NK_MAC_LEN], uint32_t owner, bool group_is_ours,
		 struct nk_error *err)
{
	const struct nk_neigh_key key = make_key(addr, vlan);
	struct nk_neigh value = { .owner = owner, .group_is_ours = group_is_ours }, old;
	int fd cleanup_close = open_map(dir, err);

	if (fd == -ENOENT)
		nk_error_remedy(err,
				"the XDP program on the NIC is of an older nk-cni: when no Pod "
				"leases from the NIC, remove the program with nk-cni release");
	if (fd < 0)
		return fd;
	memcpy(value.mac, mac, NK_MAC_LEN);
	if (bpf_map_lookup_elem(fd, &key, &old)) {
		if (errno != ENOENT)
			return fail(err, "read", &key);
	} else if (old.owner != owner) {
		return refuse_taken(err, &key, old.owner);
	}
	if (bpf_map_update_elem(fd, &key, &value, BPF_ANY)) {
		int rc = fail(err, "add", &key);

		if (rc == -E2BIG)
			nk_error_remedy(
				err,
				"nk-cni answers for at most %d addresses per NIC: use fewer, or "
				"set \"neigh\": \"off\" and add static neighbour entries to the "
				"peers",
				NK_NEIGH_MAX);
		return rc;
	}
	return 0;
}

static bool is_same_group(const struct nk_neigh_key *a, const struct nk_neigh_key *b)
{
	return a->family == 6 && b->family == 6 &&
	       !memcmp(a->addr + GROUP_AT, b->addr + GROUP_AT, sizeof(a->addr) - GROUP_AT);
}

int nk_neigh_read(const struct nk_nicdir *dir, uint32_t owner, struct nk_neigh_list *ret,
		  struct nk_error *err)
{
	struct pair_list all cleanup_list = { 0 };
	struct nk_neigh_entry entry;
	struct nk_error mine = { 0 };
	int fd cleanup_close = open_map(dir, &mine);
	uint32_t i;
	int rc;

	if (fd == -ENOENT)
		return 0;
	rc = fd < 0 ? fd : read_map(fd, &all, &mine);
	if (rc && err->code == NK_CODE_NONE)
		*err = mine;
	for (i = 0; i < all.count && !rc; i++) {
		entry.addr = get_addr(&all.at[i].key);
		entry.vlan = all.at[i].key.vlan;
		if (all.at[i].value.owner == owner)
			rc = nk_list_add(ret, &entry, err);
	}
	return rc;
}

int nk_neigh_leave_group(const struct nk_nicdir *dir, const struct nk_neigh_entry *entry,
			 struct nk_error *err)
{
	const struct nk_neigh_key key = make_key(&entry->addr, entry->vlan);
	struct pair_list all cleanup_list = { 0 };
	int fd cleanup_close = open_map(dir, err);
	struct nk_neigh value;
	uint32_t i;
	int rc;

	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &key, &value))
		return errno == ENOENT ? 0 : fail(err, "read", &key);
	if (!value.group_is_ours)
		return 0;
	rc = read_map(fd, &all, err);
	if (rc)
		return rc;
	for (i = 0; i < all.count; i++)
		if (is_same_group(&all.at[i].key, &key) &&
		    memcmp(&all.at[i].key, &key, sizeof(key)) != 0)
			break;
	if (i == all.count)
		return 1;
	all.at[i].value.group_is_ours = 1;
	return bpf_map_update_elem(fd, &all.at[i].key, &all.at[i].value, BPF_EXIST) ?
		       fail(err, "record that nk-cni added the multicast group of",
			    &all.at[i].key) :
		       0;
}

int nk_neigh_remove(const struct nk_nicdir *dir, const struct nk_neigh_entry *entry,
		    struct nk_error *err)
{
	const struct nk_neigh_key key = make_key(&entry->addr, entry->vlan);
	int fd cleanup_close = open_map(dir, err);

	if (fd < 0)
		return fd;
	return bpf_map_delete_elem(fd, &key) && errno != ENOENT ? fail(err, "remove", &key) : 0;
}

int nk_neigh_own_group(const struct nk_nicdir *dir, const struct nk_ipaddr *addr, uint32_t owner,
		       bool group_is_ours, struct nk_error *err)
{
	const struct nk_neigh_key key = make_key(addr, 0);
	struct pair_list all cleanup_list = { 0 };
	int fd cleanup_close = open_map(dir, err);
	int rc = fd < 0 ? fd : read_map(fd, &all, err);
	uint32_t i;

	for (i = 0; i < all.count && !rc; i++) {
		if (all.at[i].value.owner != owner || !is_same_group(&all.at[i].key, &key))
			continue;
		all.at[i].value.group_is_ours = group_is_ours;
		if (bpf_map_update_elem(fd, &all.at[i].key, &all.at[i].value, BPF_EXIST))
			rc = fail(err, "record who added the multicast group of", &all.at[i].key);
	}
	return rc;
}
