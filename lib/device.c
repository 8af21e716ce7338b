// SPDX-License-Identifier: Apache-2.0
/* device.c - the device of an attachment, told from those of other Pods */
#include "device.h"

#include "cleanup.h"
#include "error.h"
#include "netns.h"
#include "uapi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

#define MARK	  "nk-cni:"
#define ALIAS_MAX (NK_ALIAS_SIZE - 2) /* older builds cut to so many bytes */

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

void nk_device_alias(const struct nk_key *key, char ret[NK_ALIAS_SIZE])
{
	char text[2 * NK_ID_SIZE + 32];

	snprintf(text, sizeof(text), MARK "%s:%s:%s", key->ifname, key->container_id, key->network);
	if (strlen(text) >= ALIAS_MAX)
		snprintf(text, sizeof(text), MARK "#%016llx:%s:%s",
			 (unsigned long long)nk_device_hash(key), key->ifname, key->container_id);
	snprintf(ret, NK_ALIAS_SIZE, "%.*s", ALIAS_MAX - 1, text);
}

/* is_kind() - can it be a device of this attachment at all? */
static bool is_kind(const struct nk_claim *claim, const struct nk_link *link)
{
	return !strcmp(link->kind, "netkit") &&
	       (link->netkit.pairing != NK_NETKIT_PAIRING_SINGLE) == claim->pair;
}

/* netns_of() - the netns of a claim, as the host counts. Return: 1, 0 where it cannot be opened, or a
 * negative errno
 */
static int netns_of(struct nk_nl *nl, const struct nk_claim *claim, int netns_fd, int32_t *ret,
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
	int rc = netns_of(nl, claim, netns_fd, &ret->nsid, err);

	if (rc <= 0)
		return rc;
	/* Not noted yet where the process died: then name, group and MAC, chosen before, stand for it. */
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

/* judge_marks() - by what the Pod can change, of a device that is not where it was made */
static enum nk_holder judge_marks(int claims, const struct nk_claim *claim,
				  const struct nk_queue *queue, const struct nk_link *link)
{
	char alias[NK_ALIAS_SIZE];
	struct nk_error err = { 0 };

	if (!is_kind(claim, link))
		return NK_HOLDER_OTHER;
	nk_device_alias(&claim->key, alias);
	if (!strcmp(link->alias, alias))
		return NK_HOLDER_OURS;
	if (!strncmp(link->alias, MARK, strlen(MARK)) && strcmp(link->alias, alias) != 0)
		return NK_HOLDER_OTHER;
	if ((link->group == NK_LINK_GROUP || !memcmp(link->mac, claim->mac, NK_MAC_LEN)) &&
	    queue->lease_queue == claim->netkit_queue &&
	    nk_claims_elsewhere(claims, queue->id, claim->nic_ifindex, &err) == 0)
		return NK_HOLDER_OURS;
	return NK_HOLDER_UNKNOWN;
}

enum nk_holder nk_device_holder(struct nk_nl *nl, int claims, const struct nk_claim *claim,
				const struct nk_queue *queue, struct nk_device *ret)
{
	struct nk_error unread = { 0 };
	struct nk_device mine = { 0 }, holder = { .nsid = queue->lease_nsid };
	int rc;

	rc = nk_device_find(nl, claim, -1, &mine, &unread);
	if (ret)
		*ret = mine;
	if (rc < 0)
		return NK_HOLDER_UNKNOWN;
	if (rc && mine.nsid == queue->lease_nsid && mine.link.ifindex == queue->lease_ifindex)
		return NK_HOLDER_OURS;
	if (queue->lease_nsid == NK_NSID_GONE ||
	    nk_link_get(nl, queue->lease_nsid, NULL, queue->lease_ifindex, &holder.link, &unread))
		return NK_HOLDER_UNKNOWN;
	if (ret)
		*ret = holder;
	return judge_marks(claims, claim, queue, &holder.link);
}
