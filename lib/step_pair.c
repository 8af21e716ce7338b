// SPDX-License-Identifier: Apache-2.0
/* step_pair.c - step "device" of a pair: made, found and removed by its host's end
 *
 * The host's end is out of the Pod's reach, so its name, group and alias can be trusted: they say
 * whose pair it is where no claim does. To delete it is to delete both.
 */
#include "steps.h"

#include "device.h"
#include "error.h"
#include "ip.h"
#include "mac.h"
#include "netkit.h"
#include "sysctl.h"
#include "uapi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

#define PATH_SIZE 64 /* of a kernel parameter of the host's end */

/* nk_step_host_name() - "nk" and 52 bits of a hash of the device's key: found again by it alone */
void nk_step_host_name(const struct nk_key *key, char ret[IFNAMSIZ])
{
	snprintf(ret, IFNAMSIZ, "nk%013llx", (unsigned long long)(nk_device_hash(key) >> 12));
}

/* choose_host_mac() - 46 bits of the same hash, as a unicast address of local administration. The
 * Pod's MAC may be anybody's choice, and must be another one.
 *
 * It is given at creation, for udev rewrites one that the kernel drew (MACAddressPolicy=persistent,
 * the default of every systemd distribution), after the result has been printed.
 */
static void choose_host_mac(const struct nk_attachment *att, uint8_t ret[NK_MAC_LEN])
{
	const uint64_t hash = nk_device_hash(&att->key);
	int i;

	for (i = 0; i < NK_MAC_LEN; i++)
		ret[i] = (uint8_t)(hash >> 8 * i);
	ret[0] = (ret[0] & 0xfc) | 0x02;
	if (!memcmp(ret, att->mac, NK_MAC_LEN))
		ret[NK_MAC_LEN - 1] ^= 1;
}

/* A Pod must not be able to give the host routes by advertising them (CVE-2020-10749). */
static void accept_ra_path(const struct nk_attachment *att, char ret[PATH_SIZE])
{
	snprintf(ret, PATH_SIZE, "net/ipv6/conf/%s/accept_ra", att->host_name);
}

/* settle() - what the two ends need once they are there */
static int settle(struct nk_attachment *att, struct nk_error *err)
{
	char alias[NK_ALIAS_SIZE], path[PATH_SIZE];
	int rc;

	nk_step_alias(att, alias);
	rc = nk_link_set_alias(&att->host, att->host_ifindex, alias, err);
	if (rc)
		return rc;
	accept_ra_path(att, path);
	rc = nk_sysctl_write(-1, path, "0", err);
	if (rc == -ENOENT) { /* a kernel without IPv6 */
		nk_error_reset(err);
		rc = 0;
	}
	return rc ? rc : nk_ip_link_up(&att->pod, att->ifindex, err);
}

int nk_step_pair_create(struct nk_attachment *att, const struct nk_config *config,
			struct nk_error *err)
{
	const bool l3 = config->netkit.mode == NK_NETKIT_L3;
	const struct nk_netkit_spec spec = {
		.name = att->key.ifname,
		.mac = l3 ? NULL : att->mac,
		.mtu = att->mtu,
		.num_rx_queues = config->queue_max + 1,
		.host_name = att->host_name,
		.host_mac = l3 ? NULL : att->host_mac,
		.netns_fd = att->netns_fd,
		.options = config->netkit,
	};
	struct nk_link link;
	int rc;

	nk_step_host_name(&att->key, att->host_name);
	choose_host_mac(att, att->host_mac);
	rc = nk_nl_open(&att->pod, att->netns_fd, "Pod", err);
	if (!rc)
		rc = nk_netkit_create_pair(&att->host, &spec, &link, err);
	att->asked = rc && rc != -EEXIST; /* the reply may be what was lost */
	if (rc)
		return rc;
	att->host_nsid = NK_NSID_HERE;
	att->host_ifindex = link.ifindex;
	att->ifindex = link.peer_ifindex;
	memcpy(att->host_mac, link.mac, NK_MAC_LEN);
	rc = nk_step_update_claims(att, err);
	if (!rc)
		rc = nk_link_nsid(&att->host, att->netns_fd, true, &att->nsid, err);
	return rc ? rc : settle(att, err);
}

/* is_host_end() - a process that died before it set the alias left a device that has the name. */
static bool is_host_end(const struct nk_attachment *att, const struct nk_link *link)
{
	char alias[NK_ALIAS_SIZE];

	nk_step_alias(att, alias);
	return !strcmp(link->kind, "netkit") && link->netkit.pairing != NK_NETKIT_PAIRING_SINGLE &&
	       link->group == NK_LINK_GROUP && (!*link->alias || !strcmp(link->alias, alias));
}

/* A look for the host's end where it is not under its name: somebody has renamed or moved it. */
struct search {
	struct nk_attachment *att;
	char alias[NK_ALIAS_SIZE];
	bool found;
	int32_t nsid; /* of the netns at hand */
	int32_t found_nsid;
	struct nk_link link;
};

static int compare_alias(const struct nk_link *link, void *data, struct nk_error *err)
{
	struct search *search = data;

	(void)err;
	if (search->found || link->netkit.pairing == NK_NETKIT_PAIRING_SINGLE ||
	    link->group != NK_LINK_GROUP || strcmp(link->alias, search->alias) != 0)
		return 0;
	search->found = true;
	search->found_nsid = search->nsid;
	search->link = *link;
	return 0;
}

/* search_in() - a netns that has gone meanwhile has taken its devices along. */
static int search_in(struct search *search, int32_t nsid, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc;

	search->nsid = nsid;
	rc = nk_link_each(&search->att->host, nsid, "netkit", compare_alias, search, &mine);
	if (rc == -ENODEV)
		return 0;
	if (rc)
		*err = mine;
	return rc;
}

/* search_netns() - who moves a device gives the netns an id, as the kernel tells of the move by it. */
static int search_netns(struct search *search, struct nk_error *err)
{
	int32_t *nsids = NULL;
	size_t count = 0, i;
	int rc = nk_link_list_nsids(&search->att->host, &nsids, &count, err);

	for (i = 0; i < count && !rc && !search->found; i++)
		rc = search_in(search, nsids[i], err);
	free(nsids);
	return rc;
}

/* is_other_end() - has the device of our name in the host's netns the Pod's end for its peer? Then it is
 * ours, whatever group and alias a manager has given it.
 */
static bool is_other_end(const struct search *search, const struct nk_link *named,
			 const struct nk_link *pod)
{
	if (!strncmp(named->alias, "nk-cni:", 7) && strcmp(named->alias, search->alias) != 0)
		return false; /* another pair's, under our name */
	return !strcmp(named->kind, "netkit") &&
	       named->netkit.pairing != NK_NETKIT_PAIRING_SINGLE &&
	       named->ifindex == pod->peer_ifindex && named->peer_ifindex == pod->ifindex;
}

/* ask_pod_end() - a pair whose end in the Pod is there, and its other end in no netns that we know of,
 * lives: nothing may be concluded from not finding that.
 * @named: the device that has the name of our end, or one of ifindex 0
 */
static int ask_pod_end(struct search *search, const struct nk_link *named, struct nk_error *err)
{
	struct nk_attachment *att = search->att;
	struct nk_error mine = { 0 };
	struct nk_link pod = { 0 }, host = { 0 };
	int32_t nsid;
	int rc;

	if (att->netns_fd < 0)
		return 0;
	rc = nk_link_nsid(&att->host, att->netns_fd, true, &nsid, &mine);
	if (!rc)
		rc = nk_link_get(&att->host, nsid, att->key.ifname, 0, &pod, &mine);
	if (rc == -ENODEV ||
	    (!rc && (strcmp(pod.kind, "netkit") != 0 || pod.group != NK_LINK_GROUP ||
		     pod.netkit.pairing == NK_NETKIT_PAIRING_SINGLE)))
		return 0;
	if (!rc && is_other_end(search, named, &pod)) {
		search->found = true;
		search->found_nsid = NK_NSID_HERE;
		search->link = *named;
		return 0;
	}
	if (att->lease_count)
		return 0; /* its leases tell of its end in the Pod */
	if (!rc)
		rc = nk_link_get(&att->host, pod.peer_nsid, NULL, pod.peer_ifindex, &host, &mine);
	/* We may be in another netns than the host's, which had no id for that until now. */
	if (!rc && !strcmp(host.alias, search->alias)) {
		search->found = true;
		search->found_nsid = pod.peer_nsid;
		search->link = host;
		return 0;
	}
	if (!rc && host.group == NK_LINK_GROUP && !strncmp(host.alias, "nk-cni:", 7))
		return 0; /* another attachment's, that has the name now */
	if (rc && rc != -ENODEV) {
		*err = mine;
		return rc;
	}
	nk_error_set(err, NK_CODE_KERNEL, EBUSY, "the pair's end on the host was not found",
		     "%s of container %.16s is there, ifindex %u, and the other end is in no netns "
		     "that the host knows of",
		     att->key.ifname, att->key.container_id, pod.ifindex);
	nk_error_remedy(err,
			"move the other end back to the host's netns, and call this again; %s ends "
			"with the Pod's netns in any case",
			att->key.ifname);
	return -EBUSY;
}

static void note_pair(struct nk_attachment *att, int32_t nsid, const struct nk_link *link)
{
	att->pair = true;
	att->host_nsid = nsid;
	att->host_ifindex = link->ifindex;
	att->ifindex = link->peer_ifindex;
	att->nsid = link->peer_nsid;
	if (!att->mtu) /* no claim says it */
		att->mtu = link->mtu;
	memcpy(att->host_mac, link->mac, NK_MAC_LEN);
}

int nk_step_pair_find(struct nk_attachment *att, struct nk_error *err)
{
	struct search search = { .att = att };
	struct nk_error not_there = { 0 };
	struct nk_link named = { 0 };
	int rc;

	nk_step_host_name(&att->key, att->host_name);
	rc = nk_link_get(&att->host, NK_NSID_HERE, att->host_name, 0, &named, &not_there);
	if (!rc && is_host_end(att, &named)) {
		note_pair(att, NK_NSID_HERE, &named);
		return 1;
	}
	if (rc && rc != -ENODEV) {
		*err = not_there;
		return rc;
	}
	nk_step_alias(att, search.alias);
	rc = search_in(&search, NK_NSID_HERE, err);
	if (!rc && !search.found)
		rc = search_netns(&search, err);
	if (!rc && !search.found)
		rc = ask_pod_end(&search, &named, err);
	if (rc || !search.found)
		return rc;
	note_pair(att, search.found_nsid, &search.link);
	return 1;
}

static int differs(struct nk_error *err, const char *device, const char *what, const char *expected,
		   const char *found)
{
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the device is not as made",
			    "%s %s: expected %s, found %s", device, what, expected, found);
}

static int differs_by(struct nk_error *err, const char *device, const char *what, uint32_t expected,
		      uint32_t found)
{
	char want[16], got[16];

	snprintf(want, sizeof(want), "%u", expected);
	snprintf(got, sizeof(got), "%u", found);
	return differs(err, device, what, want, got);
}

static int check_accept_ra(const struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error no_ipv6 = { 0 };
	char path[PATH_SIZE], found[NK_SYSCTL_SIZE];
	int rc;

	accept_ra_path(att, path);
	rc = nk_sysctl_read(-1, path, found, &no_ipv6);
	if (rc == -ENOENT) /* then there are no advertisements either */
		return 0;
	if (rc) {
		*err = no_ipv6;
		return rc;
	}
	return strcmp(found, "0") != 0 ? differs(err, att->host_name, path, "0", found) : 0;
}

static int check_host_end(const struct nk_attachment *att, const struct nk_link *host,
			  struct nk_error *err)
{
	struct nk_netkit_difference difference;
	char alias[NK_ALIAS_SIZE];

	nk_step_alias(att, alias);
	if (strcmp(host->name, att->host_name) != 0)
		return differs(err, att->host_name, "name", att->host_name, host->name);
	if (!host->up)
		return differs(err, host->name, "state", "up", "down");
	if (host->mtu != att->mtu)
		return differs_by(err, host->name, "MTU", att->mtu, host->mtu);
	if (host->group != NK_LINK_GROUP)
		return differs_by(err, host->name, "group", NK_LINK_GROUP, host->group);
	if (strcmp(host->alias, alias) != 0)
		return differs(err, host->name, "alias", alias, host->alias);
	if (!nk_netkit_compare(&att->netkit, &host->netkit, &difference))
		return differs(err, host->name, difference.option, difference.want, difference.got);
	return check_accept_ra(att, err);
}

static int check_pod_end(const struct nk_attachment *att, const struct nk_link *pod,
			 struct nk_error *err)
{
	const char *name = att->key.ifname;

	if (strcmp(pod->kind, "netkit") != 0 || pod->peer_ifindex != att->host_ifindex)
		return differs(err, name, "kind", "the other end of a netkit pair",
			       *pod->kind ? pod->kind : "none");
	if (strcmp(pod->name, name) != 0)
		return differs(err, name, "name", name, pod->name);
	if (!pod->up)
		return differs(err, name, "state", "up", "down");
	/* A later plugin may make it smaller, as "tuning" does without a word in its result. */
	if (pod->mtu > att->mtu)
		return differs_by(err, name, "MTU", att->mtu, pod->mtu);
	if (pod->group != NK_LINK_GROUP)
		return differs_by(err, name, "group", NK_LINK_GROUP, pod->group);
	return 0;
}

/* nk_step_pair_check() - the MACs are compared with those of prevResult: see nk_result_check_prev() */
int nk_step_pair_check(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_link host, pod;
	int32_t nsid;
	int rc;

	if (att->host_nsid != NK_NSID_HERE)
		return differs(err, att->host_name, "netns", "the host's", "another one");
	rc = nk_link_get(&att->host, NK_NSID_HERE, NULL, att->host_ifindex, &host, err);
	if (!rc)
		rc = nk_link_nsid(&att->host, att->netns_fd, true, &nsid, err);
	if (!rc)
		rc = nk_link_get(&att->host, nsid, NULL, att->ifindex, &pod, err);
	if (rc) {
		nk_error_class(err, NK_CODE_CHECK, "CHECK: the device is gone");
		nk_error_wrap(err, "%s in the Pod's netns", att->key.ifname);
		return rc;
	}
	memcpy(att->mac, pod.mac, NK_MAC_LEN);
	memcpy(att->host_mac, host.mac, NK_MAC_LEN);
	rc = check_host_end(att, &host, err);
	return rc ? rc : check_pod_end(att, &pod, err);
}

int nk_step_pair_remove(struct nk_attachment *att, struct nk_error *err)
{
	int rc;

	if (!att->host_ifindex) {
		rc = nk_step_pair_find(att, err);
		if (rc < 0)
			return rc;
	}
	if (!att->host_ifindex)
		return 0;
	rc = nk_link_remove(&att->host, att->host_nsid, att->host_ifindex, err);
	if (!rc)
		att->host_ifindex = 0;
	return rc;
}
