// SPDX-License-Identifier: Apache-2.0
/*
 * pair_find.c - find the host end of a pair, even if somebody has renamed or moved it
 *
 * A Pod without CAP_NET_ADMIN in the host's user namespace cannot reach the host end, so its name, group and
 * alias can be trusted in the host's netns. They identify the pair if no claim does. In any other netns its root
 * can give them to a device of its own: there the other end has to be in the netns in which the pair was made.
 */
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "kernel/netkit.h"
#include "kernel/netns.h"
#include "kernel/uapi.h"
#include "nic/device.h"
#include "run/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

struct search {
	struct nk_attachment *att;
	char alias[NK_ALIAS_SIZE];
	struct nk_journal_place place; /* as recorded in the journal */
	struct nk_link named; /* the host's device with the name of our host end; ifindex 0: none */
};

static bool is_pair(const struct nk_link *link)
{
	return !strcmp(link->kind, "netkit") && link->netkit.pairing != NK_NETKIT_PAIRING_SINGLE;
}

/* note_found() - fill the attachment from its host end. Return: 1 */
static int note_found(const struct search *search, int32_t nsid, const struct nk_link *link)
{
	struct nk_attachment *att = search->att;

	att->claim.pair = true;
	att->host_nsid = nsid;
	att->host_ifindex = link->ifindex;
	att->claim.ifindex = link->peer_ifindex;
	att->claim.nsid = link->peer_nsid;
	/* Without a claim: */
	if (!att->lease_count)
		att->claim.committed = true;
	if (!att->claim.mtu)
		att->claim.mtu = link->mtu;
	memcpy(att->host_mac, link->mac, NK_MAC_LEN);
	return 1;
}

/* is_missing() - is there no netns of the Pod to compare with, by what open_pod() returned? */
static bool is_missing(int rc)
{
	return rc == -ESTALE || rc == -ENODATA;
}

/* open_pod() - open the netns in which the attachment was made, as recorded in its claim or in the journal;
 * without a record, CNI_NETNS. Return: an fd; -ESTALE: it is gone, or there is neither; -ENODATA: this kernel cannot
 * open it by its cookie; or another negative errno
 */
static int open_pod(const struct search *search, struct nk_error *err)
{
	const struct nk_attachment *att = search->att;
	const uint64_t made_in = att->claim.netns_cookie ? att->claim.netns_cookie :
							   search->place.pod_netns;
	uint64_t given = made_in;
	int fd, rc = 0;

	if (att->netns_fd >= 0 && made_in)
		rc = nk_netns_cookie(att->netns_fd, &given, err);
	if (rc)
		return rc;
	if (att->netns_fd >= 0 && given == made_in) {
		fd = dup(att->netns_fd);
		return fd < 0 ? nk_error_set(err, NK_CODE_KERNEL, errno,
					     "cannot open the Pod's netns", "dup: %s",
					     nk_errno_name(errno)) :
				fd;
	}
	fd = made_in ? nk_netns_open_cookie(made_in, err) : -ESTALE;
	/* Linux < 6.18; and EPERM, as from a security module, of a pair with queues, which its leases show */
	if (fd == -EOPNOTSUPP || fd == -EINVAL || fd == -EBADF ||
	    (fd == -EPERM && att->lease_count))
		fd = -ENODATA;
	if (is_missing(fd))
		nk_error_reset(err);
	if (fd == -EPERM)
		nk_error_remedy(err, "allow nk-cni to call open_by_handle_at(2): it needs "
				     "CAP_DAC_READ_SEARCH, and a security module can forbid it");
	return fd;
}

/* is_peer_in_pod() - is the other end of this device in the Pod's netns? Return: 1; 0; or a negative errno as of
 * open_pod()
 */
static int is_peer_in_pod(const struct search *search, const struct nk_link *link,
			  struct nk_error *err)
{
	int fd cleanup_close = open_pod(search, err);
	int32_t nsid;
	int rc;

	if (fd < 0)
		return fd;
	rc = nk_link_nsid(&search->att->host, fd, false, &nsid, err);
	if (rc == -ENOENT)
		nk_error_reset(err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	return nsid == link->peer_nsid;
}

/* refuse_doubtful() - the device may be ours or not; with queues, the leases answer that. Return: 0 or -EBUSY */
static int refuse_doubtful(const struct search *search, const struct nk_link *link,
			   struct nk_error *err)
{
	if (search->att->lease_count)
		return 0;
	nk_error_set(
		err, NK_CODE_KERNEL, EBUSY, "the pair's host end was not found",
		"%s may be the host end of %s of container %.16s: the alias is '%s' instead of "
		"'%s', and it is unknown whether the peer is in the Pod's network namespace",
		link->name, search->att->claim.key.ifname, search->att->claim.key.container_id,
		link->alias, search->alias);
	return nk_error_remedy(
		err,
		"find out which Pod %s belongs to. If it is this one, set the expected "
		"alias with \"ip link set dev %s alias ...\", then try again",
		link->name, NK_QUOTED(link->name));
}

/* is_host_end() - is the device with our name the host end? A process that was killed before it set the alias
 * left a device without one, and older builds cut it. If the alias was changed, the other end decides.
 * Return: 1, 0 or a negative errno
 */
static int is_host_end(const struct search *search, const struct nk_link *link,
		       struct nk_error *err)
{
	const struct nk_attachment *att = search->att;
	const bool is_cut = nk_device_is_cut_alias(&att->claim.key, link->alias);
	int rc;

	if (!is_pair(link) || link->group != NK_LINK_GROUP)
		return 0;
	if (!strcmp(link->alias, search->alias) ||
	    (!*link->alias && nk_journal_is_begun(&att->claim.key)))
		return 1;
	if (*link->alias && !is_cut)
		return 0;
	rc = is_peer_in_pod(search, link, err);
	if (!is_missing(rc))
		return rc;
	return is_cut ? 1 : refuse_doubtful(search, link, err);
}

/* Each find_*() returns 1 and fills the attachment, 0 if it found nothing, or a negative errno. */

static int find_by_name(struct search *search, struct nk_error *err)
{
	struct nk_attachment *att = search->att;
	int rc;

	nk_step_host_name(&att->claim.key, att->host_name);
	rc = nk_link_get(&att->host, NK_NSID_HERE, att->host_name, 0, &search->named, err);
	if (rc == -ENODEV)
		nk_error_reset(err);
	if (rc)
		return rc == -ENODEV ? 0 : rc;
	rc = is_host_end(search, &search->named, err);
	return rc > 0 ? note_found(search, NK_NSID_HERE, &search->named) : rc;
}

/* is_moved_host_end() - is this device with our marks, in a netns that the host has an id for, our host end? Return:
 * 1; 0: the root of that netns made it; or a negative errno
 */
static int is_moved_host_end(const struct search *search, int32_t nsid, const struct nk_link *link,
			     struct nk_error *err)
{
	int rc = nsid == NK_NSID_HERE ? 1 : is_peer_in_pod(search, link, err);

	/* Without a netns to compare with, only the marks are left. */
	return rc == -ESTALE ? 0 : rc == -ENODATA ? 1 : rc;
}

/* find_in_netns() - by group and alias; if the netns no longer exists, neither do its devices */
static int find_in_netns(const struct search *search, int32_t nsid, struct nk_error *err)
{
	struct nk_link_list links cleanup_list = { 0 };
	const struct nk_link *link;
	int rc = nk_link_read(&search->att->host, nsid, "netkit", &links, err);

	if (rc == -ENODEV)
		nk_error_reset(err);
	if (rc)
		return rc == -ENODEV ? 0 : rc;
	for (link = links.at; link < links.at + links.count; link++) {
		if (!is_pair(link) || link->group != NK_LINK_GROUP ||
		    strcmp(link->alias, search->alias) != 0)
			continue;
		rc = is_moved_host_end(search, nsid, link, err);
		if (rc)
			return rc < 0 ? rc : note_found(search, nsid, link);
	}
	return 0;
}

/* find_in_other_netns() - if a device is moved, its new netns gets an id, because the kernel reports it by that. */
static int find_in_other_netns(const struct search *search, struct nk_error *err)
{
	struct nk_nsid_list nsids cleanup_list = { 0 };
	int rc = nk_link_read_nsids(&search->att->host, &nsids, err);
	uint32_t i;

	for (i = 0; i < nsids.count && !rc; i++)
		rc = find_in_netns(search, nsids.at[i], err);
	return rc;
}

/* find_by_journal() - by the recorded ifindex in the host's netns, if the other end is in the Pod's netns */
static int find_by_journal(const struct search *search, struct nk_error *err)
{
	const struct nk_journal_place *place = &search->place;
	struct nk_link link;
	uint64_t own;
	int rc = nk_netns_own_cookie(&own, err);

	if (rc || !place->host_ifindex || place->host_netns != own)
		return rc;
	rc = nk_link_get(&search->att->host, NK_NSID_HERE, NULL, place->host_ifindex, &link, err);
	if (rc == -ENODEV)
		nk_error_reset(err);
	if (rc || !is_pair(&link))
		return rc == -ENODEV ? 0 : rc;
	rc = is_peer_in_pod(search, &link, err);
	if (!rc || is_missing(rc))
		return refuse_doubtful(search, &link, err);
	return rc > 0 ? note_found(search, NK_NSID_HERE, &link) : rc;
}

/* read_pod_end() - Return: 1; 0: there is none, or the Pod's root made it; or a negative errno */
static int read_pod_end(const struct search *search, struct nk_link *ret, struct nk_error *err)
{
	struct nk_attachment *att = search->att;
	const uint32_t ifindex = search->place.ifindex;
	int fd cleanup_close = open_pod(search, err);
	int32_t nsid;
	int rc;

	if (fd < 0)
		return is_missing(fd) ? 0 : fd;
	rc = nk_link_nsid(&att->host, fd, true, &nsid, err);
	if (!rc)
		rc = nk_link_get(&att->host, nsid, ifindex ? NULL : att->claim.key.ifname, ifindex,
				 ret, err);
	if (rc == -ENODEV)
		nk_error_reset(err);
	if (rc)
		return rc == -ENODEV ? 0 : rc;
	/* If both ends are in the Pod's netns, the Pod's root made them. */
	return is_pair(ret) && ret->group == NK_LINK_GROUP && ret->peer_nsid != NK_NSID_HERE;
}

/* is_other_end() - are the device with our name and the Pod end peers of each other? Then it is ours, with
 * whatever group and alias.
 */
static bool is_other_end(const struct search *search, const struct nk_link *pod)
{
	const struct nk_link *named = &search->named;

	if (!strncmp(named->alias, "nk-cni:", 7) && strcmp(named->alias, search->alias) != 0)
		return false; /* another pair's, renamed to our name */
	return is_pair(named) && named->ifindex == pod->peer_ifindex &&
	       named->peer_ifindex == pod->ifindex;
}

/* is_others() - has this peer of the device with our name in the Pod's netns the marks of another attachment? A cut
 * alias may be ours, unless the device has the host name of another attachment.
 */
static bool is_others(const struct search *search, const struct nk_link *link)
{
	return link->group == NK_LINK_GROUP && !strncmp(link->alias, "nk-cni:", 7) &&
	       (!nk_device_is_cut_alias(&search->att->claim.key, link->alias) ||
		(!strncmp(link->name, "nk", 2) && strlen(link->name) == IFNAMSIZ - 1));
}

/* find_by_pod_end() - while the Pod end exists and the host end is in no known netns, the pair is alive: fail,
 * and conclude nothing.
 */
static int find_by_pod_end(const struct search *search, struct nk_error *err)
{
	struct nk_attachment *att = search->att;
	struct nk_link pod = { 0 }, host = { 0 };
	struct nk_error absent = { 0 };
	int rc = read_pod_end(search, &pod, err);

	if (rc <= 0)
		return rc;
	if (is_other_end(search, &pod))
		return note_found(search, NK_NSID_HERE, &search->named);
	if (att->lease_count)
		return 0; /* the Pod end is found by its leases */
	rc = nk_link_get(&att->host, pod.peer_nsid, NULL, pod.peer_ifindex, &host, &absent);
	/* We may run in another netns than the host's, where that had no id until now. */
	if (!rc && !strcmp(host.alias, search->alias))
		return note_found(search, pod.peer_nsid, &host);
	if (!rc && is_others(search, &host))
		return 0;
	if (rc && rc != -ENODEV) {
		*err = absent;
		return rc;
	}
	nk_error_set(err, NK_CODE_KERNEL, EBUSY, "the pair's host end was not found",
		     "%s of container %.16s exists (ifindex %u), but its host end is in a "
		     "netns for which the host has no id",
		     att->claim.key.ifname, att->claim.key.container_id, pod.ifindex);
	return nk_error_remedy(
		err,
		"move the host end back to the host's network namespace, then try again. If the "
		"Pod has ended, you can delete its network namespace instead: with it, the kernel "
		"removes %s",
		att->claim.key.ifname);
}

/* find() - @everywhere: among all devices, or only if the journal has a record of the attachment */
static int find(struct nk_attachment *att, bool everywhere, struct nk_error *err)
{
	off_stack struct nk_journal_record recorded;
	struct search search = { .att = att };
	int rc = nk_journal_lookup(&att->claim.key, &recorded, err);

	if (rc < 0)
		return rc;
	everywhere |= rc > 0;
	search.place = recorded.place;
	nk_device_alias(&att->claim.key, search.alias);
	rc = find_by_name(&search, err);
	if (!rc && everywhere)
		rc = find_in_netns(&search, NK_NSID_HERE, err);
	if (!rc && everywhere)
		rc = find_in_other_netns(&search, err);
	if (!rc)
		rc = find_by_journal(&search, err);
	return rc ? rc : find_by_pod_end(&search, err);
}

int nk_attach_find_pair(struct nk_attachment *att, struct nk_error *err)
{
	return find(att, true, err);
}

int nk_attach_find_known_pair(struct nk_attachment *att, struct nk_error *err)
{
	return find(att, false, err);
}
