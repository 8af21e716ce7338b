// SPDX-License-Identifier: Apache-2.0
/* neigh.c - the pinned map of addresses that are answered for */
#include "neigh.h"

#include "cleanup.h"
#include "error.h"
#include "ipaddr.h"
#include "nicdir.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/types.h>
#include <string.h>
#include <sys/socket.h>

#include "nk_shared.h"

#include "banned.h"

_Static_assert(sizeof(struct nk_neigh_key) == 20 && sizeof(struct nk_neigh) == 12,
	       "no hole: key and value go to the kernel byte by byte");

#define GROUP_AT 13 /* the bytes of an IPv6 address that its solicited-node group has of it */

void nk_neigh_group(const struct nk_ipaddr *addr, uint8_t ret[NK_MAC_LEN])
{
	static const uint8_t prefix[] = { 0x33, 0x33, 0xff };

	memcpy(ret, prefix, sizeof(prefix));
	memcpy(ret + sizeof(prefix), addr->bytes + GROUP_AT, NK_MAC_LEN - sizeof(prefix));
}

static struct nk_neigh_key to_key(const struct nk_ipaddr *addr, uint16_t vlan)
{
	struct nk_neigh_key key = { .family = addr->family == AF_INET6 ? 6 : 4, .vlan = vlan };

	memcpy(key.addr, addr->bytes, nk_ipaddr_size(addr));
	return key;
}

static struct nk_ipaddr to_addr(const struct nk_neigh_key *key)
{
	struct nk_ipaddr addr = { .family = key->family == 6 ? AF_INET6 : AF_INET };

	memcpy(addr.bytes, key->addr, nk_ipaddr_size(&addr));
	return addr;
}

/* refused() - errno is still the call's. */
static int refused(struct nk_error *err, const char *what, const struct nk_neigh_key *key)
{
	const struct nk_ipaddr addr = to_addr(key);
	char text[NK_IPADDR_TEXT_SIZE];
	int sys = errno;

	nk_ipaddr_text(&addr, text);
	return nk_error_set(err, NK_CODE_BPF, sys, "cannot use the map of answered addresses",
			    "%s %s, VLAN %u: %s", what, text, key->vlan, nk_errno_name(sys));
}

/* open_map() - Return: an fd, -ENOENT where there is no map, or another negative errno */
static int open_map(const struct nk_nicdir *dir, struct nk_error *err)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;

	nk_nicdir_pin(dir, "neigh", path);
	fd = bpf_obj_get(path);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return nk_error_set(err, NK_CODE_BPF, errno,
				    "cannot open the map of answered addresses",
				    "BPF_OBJ_GET %s: %s", path, nk_errno_name(errno));
	if (info.type != BPF_MAP_TYPE_HASH || info.key_size != sizeof(struct nk_neigh_key) ||
	    info.value_size != sizeof(struct nk_neigh))
		return nk_error_set(err, NK_CODE_BPF, EPROTO,
				    "the map of answered addresses is of another version",
				    "%s has entries of %u and %u bytes, this nk-cni knows %zu and "
				    "%zu",
				    path, info.key_size, info.value_size,
				    sizeof(struct nk_neigh_key), sizeof(struct nk_neigh));
	return nk_steal_fd(&fd);
}

/* What a walk looks for and does; each function below has its own. */
struct walk {
	int fd;
	int (*fn)(struct walk *walk, const struct nk_neigh_key *key, struct nk_neigh *value,
		  struct nk_error *err);
	uint32_t owner;
	const struct nk_neigh_key *key; /* another entry of its group */
	uint32_t count;
	int (*each)(const struct nk_ipaddr *addr, bool group_is_ours, void *data,
		    struct nk_error *err);
	int (*visit)(const struct nk_ipaddr *addr, void *data, struct nk_error *err);
	void *data;
};

/* walk_map() - call walk->fn for every entry; all are visited, the first error is returned. It may
 * remove the entry that it is called for: the next key is fetched before.
 */
static int walk_map(struct walk *walk, struct nk_error *err)
{
	struct nk_neigh_key key, next;
	struct nk_neigh value;
	unsigned int steps;
	int rc = 0, one, end = bpf_map_get_next_key(walk->fd, NULL, &next);

	if (end && errno != ENOENT)
		return nk_error_set(err, NK_CODE_BPF, errno,
				    "cannot use the map of answered addresses", "list: %s",
				    nk_errno_name(errno));

	/* Nobody else changes the map under the lock; the bound is for who does without it. */
	for (steps = 0; !end && steps < NK_NEIGH_MAX; steps++) {
		key = next;
		end = bpf_map_get_next_key(walk->fd, &key, &next);
		if (end && errno != ENOENT)
			return refused(err, "list after", &key);
		if (!bpf_map_lookup_elem(walk->fd, &key, &value))
			one = walk->fn(walk, &key, &value, err);
		else
			one = errno == ENOENT ? 0 : refused(err, "read", &key);
		rc = rc ? rc : one;
	}
	return rc;
}

static int taken(struct nk_error *err, const struct nk_neigh_key *key, uint32_t owner)
{
	const struct nk_ipaddr addr = to_addr(key);
	char text[NK_IPADDR_TEXT_SIZE];

	nk_ipaddr_text(&addr, text);
	nk_error_set(err, NK_CODE_BPF, EEXIST, "the address is answered for already",
		     "%s, VLAN %u, is an address of the attachment whose first queue is %u", text,
		     key->vlan, owner);
	nk_error_remedy(err, "give each Pod on a NIC addresses of its own");
	return -EEXIST;
}

int nk_neigh_add(const struct nk_nicdir *dir, const struct nk_ipaddr *addr, uint16_t vlan,
		 const uint8_t mac[NK_MAC_LEN], uint32_t owner, bool group_is_ours,
		 struct nk_error *err)
{
	const struct nk_neigh_key key = to_key(addr, vlan);
	struct nk_neigh value = { .owner = owner, .group_is_ours = group_is_ours }, old;
	int fd cleanup_close = open_map(dir, err);

	if (fd == -ENOENT)
		nk_error_remedy(err, "the XDP program on the NIC is an older nk-cni's: when no Pod "
				     "leases from the NIC, take it off by one ADD and DEL with "
				     "\"xdp\": {\"keep\": false}");
	if (fd < 0)
		return fd;
	memcpy(value.mac, mac, NK_MAC_LEN);
	if (bpf_map_lookup_elem(fd, &key, &old)) {
		if (errno != ENOENT)
			return refused(err, "read", &key);
	} else if (old.owner != owner) {
		return taken(err, &key, old.owner);
	}
	if (bpf_map_update_elem(fd, &key, &value, BPF_ANY)) {
		int rc = refused(err, "enter", &key);

		if (rc == -E2BIG)
			nk_error_remedy(err,
					"at most %d addresses of all Pods on a NIC are answered "
					"for; set \"neigh\": \"off\"",
					NK_NEIGH_MAX);
		return rc;
	}
	return 0;
}

static bool same_group(const struct nk_neigh_key *a, const struct nk_neigh_key *b)
{
	return a->family == 6 && b->family == 6 &&
	       !memcmp(a->addr + GROUP_AT, b->addr + GROUP_AT, sizeof(a->addr) - GROUP_AT);
}

/* inherit() - the first other entry of the group is the one now that has it in the filter. */
static int inherit(struct walk *walk, const struct nk_neigh_key *key, struct nk_neigh *value,
		   struct nk_error *err)
{
	if (walk->count || !same_group(key, walk->key) || !memcmp(key, walk->key, sizeof(*key)))
		return 0;
	walk->count = 1;
	value->group_is_ours = 1;
	return bpf_map_update_elem(walk->fd, key, value, BPF_EXIST) ?
		       refused(err, "pass the multicast group on to", key) :
		       0;
}

static int remove_own(struct walk *walk, const struct nk_neigh_key *key, struct nk_neigh *value,
		      struct nk_error *err)
{
	struct walk heir = { .fd = walk->fd, .fn = inherit, .key = key };
	const struct nk_ipaddr addr = to_addr(key);
	int rc = 0;

	if (value->owner != walk->owner)
		return 0;
	/* Before the entry goes: an interruption leaves two that have it, which is one too many
	 * but forgets nothing.
	 */
	if (value->group_is_ours)
		rc = walk_map(&heir, err);
	if (!rc && walk->each)
		rc = walk->each(&addr, value->group_is_ours && !heir.count, walk->data, err);
	if (rc)
		return rc;
	return bpf_map_delete_elem(walk->fd, key) && errno != ENOENT ? refused(err, "remove", key) :
								       0;
}

/* walk_if_any() - no map: nothing to walk, which is success */
static int walk_if_any(const struct nk_nicdir *dir, struct walk *walk, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int fd cleanup_close = open_map(dir, &mine);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		if (err->code == NK_CODE_NONE)
			*err = mine;
		return fd;
	}
	walk->fd = fd;
	return walk_map(walk, err);
}

int nk_neigh_remove_all(const struct nk_nicdir *dir, uint32_t owner,
			int (*each)(const struct nk_ipaddr *addr, bool group_is_ours, void *data,
				    struct nk_error *err),
			void *data, struct nk_error *err)
{
	struct walk walk = { .fn = remove_own, .owner = owner, .each = each, .data = data };

	return walk_if_any(dir, &walk, err);
}

static int visit_own(struct walk *walk, const struct nk_neigh_key *key, struct nk_neigh *value,
		     struct nk_error *err)
{
	const struct nk_ipaddr addr = to_addr(key);

	return value->owner == walk->owner ? walk->visit(&addr, walk->data, err) : 0;
}

int nk_neigh_each(const struct nk_nicdir *dir, uint32_t owner,
		  int (*fn)(const struct nk_ipaddr *addr, void *data, struct nk_error *err),
		  void *data, struct nk_error *err)
{
	struct walk walk = { .fn = visit_own, .owner = owner, .visit = fn, .data = data };

	return walk_if_any(dir, &walk, err);
}
