// SPDX-License-Identifier: Apache-2.0
/* device.c - whose device is it? */
#include "nic/device.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/netns.h"
#include "kernel/uapi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

#define MARK	  "nk-cni:"
#define ALIAS_MAX (NK_ALIAS_SIZE - 2) /* bytes to which older builds cut */
#define TEXT_SIZE (2 * NK_ID_SIZE + 32)

/* fnv1a() - FNV-1a, 64 bits, over a text and its NUL. Source: draft-eastlake-fnv. */
static uint64_t fnv1a(uint64_t hash, const char *text)
{
	do {
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
	} while (*text++);
	return hash;
}

uint64_t nk_device_hash(const struct nk_key *key)
{
	uint64_t hash = 0xcbf29ce484222325;

	hash = fnv1a(hash, key->network);
	hash = fnv1a(hash, key->container_id);
	hash = fnv1a(hash, key->cni_ifname);
	return fnv1a(hash, key->ifname);
}

static void print_key(const struct nk_key *key, char ret[TEXT_SIZE])
{
	snprintf(ret, TEXT_SIZE, MARK "%s:%s:%s", key->ifname, key->container_id, key->network);
}

void nk_device_alias(const struct nk_key *key, char ret[NK_ALIAS_SIZE])
{
	char text[TEXT_SIZE];

	print_key(key, text);
	if (strlen(text) >= ALIAS_MAX)
		snprintf(text, sizeof(text), MARK "#%016llx:%s:%s",
			 (unsigned long long)nk_device_hash(key), key->ifname, key->container_id);
	snprintf(ret, NK_ALIAS_SIZE, "%.*s", ALIAS_MAX - 1, text);
}

bool nk_device_is_cut_alias(const struct nk_key *key, const char *alias)
{
	char text[TEXT_SIZE];

	print_key(key, text);
	return strlen(alias) == ALIAS_MAX && !strncmp(alias, text, ALIAS_MAX);
}

/* is_kind() - is it a netkit device with the attachment's pairing? */
static bool is_kind(const struct nk_claim *claim, const struct nk_link *link)
{
	return !strcmp(link->kind, "netkit") &&
	       (link->netkit.pairing != NK_NETKIT_PAIRING_SINGLE) == claim->pair;
}

/* find_nsid() - the id of a claim's netns in the host's netns. Return: 1; 0 if the netns cannot be opened; or a
 * negative errno
 */
static int find_nsid(struct nk_nl *nl, const struct nk_claim *claim, int netns_fd, int32_t *ret,
		     struct nk_error *err)
{
	struct nk_error closed = { 0 };
	int own cleanup_close = -1;
	int rc;

	if (netns_fd < 0) {
		own = netns_fd = nk_netns_open_cookie(claim->netns_cookie, &closed);
		if (own == -ESTALE || own == -EOPNOTSUPP || own == -EINVAL || own == -EPERM ||
		    own == -EBADF)
			return 0;
	}
	if (netns_fd < 0) {
		*err = err->code == NK_CODE_NONE ? closed : *err;
		return netns_fd;
	}
	rc = nk_link_nsid(nl, netns_fd, true, ret, err);
	return rc ? rc : 1;
}

int nk_device_find(struct nk_nl *nl, const struct nk_claim *claim, int netns_fd,
		   struct nk_device *ret, struct nk_error *err)
{
	struct nk_error absent = { 0 };
	int rc = find_nsid(nl, claim, netns_fd, &ret->nsid, err);

	if (rc <= 0)
		return rc;
	/* A killed ADD may not have recorded the ifindex. Then name, group and MAC identify it. */
	rc = nk_link_get(nl, ret->nsid, claim->ifindex ? NULL : claim->key.ifname, claim->ifindex,
			 &ret->link, &absent);
	if (rc == -ENODEV)
		return 0;
	if (rc) {
		*err = err->code == NK_CODE_NONE ? absent : *err;
		return rc;
	}
	if (!is_kind(claim, &ret->link))
		return 0;
	return claim->ifindex ||
	       (ret->link.group == NK_LINK_GROUP && !memcmp(ret->link.mac, claim->mac, NK_MAC_LEN));
}

enum nk_holder nk_device_by_marks(const struct nk_claim *claim, const struct nk_queue *queue,
				  const struct nk_link *link)
{
	char alias[NK_ALIAS_SIZE];

	if (!is_kind(claim, link))
		return NK_HOLDER_OTHER;
	nk_device_alias(&claim->key, alias);
	if (!strcmp(link->alias, alias))
		return NK_HOLDER_OURS;
	if (!strncmp(link->alias, MARK, strlen(MARK)) &&
	    !nk_device_is_cut_alias(&claim->key, link->alias))
		return NK_HOLDER_OTHER;
	if ((link->group != NK_LINK_GROUP && memcmp(link->mac, claim->mac, NK_MAC_LEN) != 0) ||
	    queue->lease_queue != claim->netkit_queue)
		return NK_HOLDER_UNKNOWN;
	return NK_HOLDER_LIKELY;
}

bool nk_device_has_room(const struct nk_link *link)
{
	return link->num_rx_queues > 1;
}

bool nk_device_has_marks(const struct nk_link *link)
{
	return !strcmp(link->kind, "netkit") &&
	       (link->group == NK_LINK_GROUP || !strncmp(link->alias, MARK, strlen(MARK)));
}

int nk_device_holder(struct nk_nl *nl, int claims, const struct nk_claim *claim,
		     const struct nk_queue *queue, struct nk_device *ret, struct nk_error *err)
{
	struct nk_error absent = { 0 };
	struct nk_device mine = { 0 }, holder = { .nsid = queue->lease_nsid };
	int rc;

	rc = nk_device_find(nl, claim, -1, &mine, err);
	if (ret)
		*ret = mine;
	if (rc < 0)
		return rc;
	if (rc && mine.nsid == queue->lease_nsid && mine.link.ifindex == queue->lease_ifindex)
		return NK_HOLDER_OURS;
	if (queue->lease_nsid == NK_NSID_GONE)
		return NK_HOLDER_UNKNOWN;
	rc = nk_link_get(nl, queue->lease_nsid, NULL, queue->lease_ifindex, &holder.link, &absent);
	if (rc && rc != -ENODEV)
		*err = absent;
	if (rc)
		return rc == -ENODEV ? NK_HOLDER_UNKNOWN : rc;
	if (ret)
		*ret = holder;
	rc = (int)nk_device_by_marks(claim, queue, &holder.link);
	if (rc != NK_HOLDER_LIKELY)
		return rc;
	rc = nk_claims_elsewhere(claims, queue->id, claim->nic_ifindex, err);
	return rc < 0 ? rc : rc ? NK_HOLDER_UNKNOWN : NK_HOLDER_OURS;
}

bool nk_device_is_of(const struct nk_key *key, const struct nk_key *claimed)
{
	return *key->cni_ifname ? nk_key_equal(key, claimed) : nk_key_same_device(key, claimed);
}

/* compare_claims() - whose claim is on a queue that the device leases? */
static enum nk_holder compare_claims(const struct nk_claim_list *claims,
				     const struct nk_queue *queue, const struct nk_key *key,
				     struct nk_claim *ret)
{
	enum nk_holder whose = NK_HOLDER_UNKNOWN;
	const struct nk_claim_entry *entry;

	/* In another netns, another NIC may have its ifindex. So a claim of ours takes precedence. */
	for (entry = claims->at; entry < claims->at + claims->count; entry++) {
		if (entry->queue != queue->id || entry->claim.nic_ifindex != queue->ifindex)
			continue;
		*ret = entry->claim;
		if (nk_device_is_of(key, &entry->claim.key))
			return NK_HOLDER_OURS;
		whose = NK_HOLDER_OTHER;
	}
	return whose;
}

/* compare_marks() - does another attachment have the device's alias and MAC? */
static enum nk_holder compare_marks(const struct nk_claim_list *claims, const struct nk_link *link,
				    const struct nk_key *key, struct nk_claim *ret)
{
	const struct nk_claim *claim;
	char alias[NK_ALIAS_SIZE];
	uint32_t i;

	for (i = 0; i < claims->count; i++) {
		claim = &claims->at[i].claim;
		nk_device_alias(&claim->key, alias);
		if (nk_device_is_of(key, &claim->key) || strcmp(link->alias, alias) != 0 ||
		    memcmp(link->mac, claim->mac, NK_MAC_LEN) != 0)
			continue;
		*ret = *claim;
		return NK_HOLDER_OTHER;
	}
	return NK_HOLDER_UNKNOWN;
}

int nk_device_whose(struct nk_nl *nl, const struct nk_device *device, const struct nk_key *key,
		    struct nk_claim *ret, struct nk_error *err)
{
	struct nk_queue_list queues cleanup_list = { 0 };
	struct nk_claim_list claims cleanup_list = { 0 };
	enum nk_holder whose = NK_HOLDER_UNKNOWN;
	const struct nk_queue *queue;
	int rc = nk_netdev_read_queues(nl, 0, &queues, err);

	if (!rc)
		rc = nk_claims_read_everywhere(&claims, err);
	if (rc)
		return rc;
	for (queue = queues.at; queue < queues.at + queues.count && whose == NK_HOLDER_UNKNOWN;
	     queue++)
		if (queue->leased && queue->lease_ifindex == device->link.ifindex &&
		    queue->lease_nsid == device->nsid)
			whose = compare_claims(&claims, queue, key, ret);
	if (whose == NK_HOLDER_UNKNOWN)
		whose = compare_marks(&claims, &device->link, key, ret);
	return (int)whose;
}
