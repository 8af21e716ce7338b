// SPDX-License-Identifier: Apache-2.0
/*
 * carrier.c - the Pod's devices that carry the connections of an attachment for memory providers
 *
 * A single lends queues, and another device of the Pod has the address: its flow rules have "takeover". The NIC puts
 * the frames into the memory of the provider, and the kernel brings them to that device. No CPU can read their
 * payload. So two devices discard them without a message: a veth (net/core/dev.c:validate_xmit_unreadable_skb()), and
 * one with an XDP program. The handshake succeeds, and then nothing arrives. The same is true if such a device is a
 * port of the one with the address, or below it.
 */
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/ipaddr.h"
#include "base/list.h"
#include "ip/ip_addr.h"
#include "ip/ip_route.h"
#include "kernel/uapi.h"
#include "nic/flow_note.h"
#include "nic/steering.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

#define LOOPBACK_IFINDEX 1 /* of lo in each netns: include/net/flow.h */

int nk_step_refuse_pod_xdp(const struct nk_link *link, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_CONFIG, EEXIST, "XDP discards what memory providers receive",
		     "%s in the Pod has XDP program id %u", link->name, link->xdp_prog_id);
	return nk_error_remedy(
		err, "ask the owner of the program to detach it, or give the Pod a network without "
		     "\"rings\"");
}

static int refuse_veth(const struct nk_link *link, const struct nk_link *owner,
		       const struct nk_ipaddr *addr, struct nk_error *err)
{
	char text[NK_IPADDR_TEXT_SIZE];

	nk_ipaddr_text(addr, text);
	nk_error_set(
		err, NK_CODE_CONFIG, EOPNOTSUPP, "a veth discards what memory providers receive",
		link == owner ?
			"%s in the Pod, which has the address %s, is a veth" :
			"%s in the Pod has the address %s, and receives its frames through the "
			"veth %s",
		owner->name, text, link->name);
	return nk_error_remedy(
		err,
		"create %s with nk-cni (\"pairing\": \"pair\") or as a macvlan on the NIC, or give "
		"the Pod a network without \"rings\"",
		link->name);
}

/* brings_nothing() - does no frame from outside come by it, unless by a device below it? */
static bool brings_nothing(const struct nk_link *link)
{
	return link->ifindex == LOOPBACK_IFINDEX || !strcmp(link->kind, "dummy") ||
	       !strcmp(link->kind, "bridge") || link->netkit.pairing == NK_NETKIT_PAIRING_SINGLE;
}

/* is_below() - do the frames of @upper come by @link? The other end of a netkit pair is not below it. */
static bool is_below(const struct nk_link *link, const struct nk_link *upper)
{
	if (link->port_of_ifindex == upper->ifindex)
		return link->up;
	return upper->peer_ifindex == link->ifindex && upper->peer_nsid == NK_NSID_HERE &&
	       strcmp(upper->kind, "netkit") != 0;
}

/* reach() - add entry @at of the devices to those by which the frames come, unless it is there */
static int reach(struct nk_u32_list *way, uint32_t at, struct nk_error *err)
{
	return nk_u32_list_has(way, at) ? 0 : nk_list_add(way, &at, err);
}

/* reach_all() - add the devices below @upper; or, if @others, all others that are up. Return: their number, or
 * a negative errno
 */
static int reach_all(const struct nk_link_list *links, const struct nk_link *upper, bool others,
		     struct nk_u32_list *way, struct nk_error *err)
{
	int rc = 0, count = 0;
	uint32_t i;

	for (i = 0; i < links->count && !rc; i++) {
		const struct nk_link *link = &links->at[i];

		if (link == upper || !(others ? link->up : is_below(link, upper)))
			continue;
		rc = reach(way, i, err);
		count++;
	}
	return rc ? rc : count;
}

/* find_discarder() - by which device do the frames for @owner come that discards them? None if another device
 * brings them too, because the route to the Pod decides between the two. Those of lo, and of a bridge without
 * ports, come by any device of the Pod. Return: 1 and @ret, 0, or a negative errno
 */
static int find_discarder(const struct nk_link_list *links, uint32_t owner,
			  const struct nk_link **ret, struct nk_error *err)
{
	struct nk_u32_list way cleanup_list = { 0 };
	int rc = reach(&way, owner, err);
	uint32_t i;

	*ret = NULL;
	for (i = 0; i < way.count && rc >= 0; i++) {
		const struct nk_link *link = &links->at[way.at[i]];

		if (!strcmp(link->kind, "veth") || link->xdp_prog_id) {
			*ret = *ret ? *ret : link;
			continue;
		}
		rc = reach_all(links, link, false, &way, err);
		if (!rc && !brings_nothing(link))
			return 0;
		if (!rc && way.at[i] == owner)
			rc = reach_all(links, link, true, &way, err);
	}
	return rc < 0 ? rc : *ret != NULL;
}

/* check_owner() - @owner: the entry of the device with the address */
static int check_owner(const struct nk_link_list *links, uint32_t owner,
		       const struct nk_ipaddr *addr, struct nk_error *err)
{
	const struct nk_link *link;
	int rc = find_discarder(links, owner, &link, err);

	if (rc <= 0)
		return rc;
	if (!strcmp(link->kind, "veth"))
		return refuse_veth(link, &links->at[owner], addr, err);
	return nk_step_refuse_pod_xdp(link, err);
}

/* is_one_of() - @count: see nk_ip_addr_owners() */
static bool is_one_of(uint32_t ifindex, const uint32_t owners[NK_IP_OWNERS_MAX], int count)
{
	int i;

	for (i = 0; i < count && i < NK_IP_OWNERS_MAX; i++)
		if (owners[i] == ifindex)
			return true;
	return false;
}

int nk_step_check_carriers(struct nk_nl *pod, uint32_t ifindex, const struct nk_ipaddr *addr,
			   struct nk_error *err)
{
	struct nk_link_list links cleanup_list = { 0 };
	uint32_t i, owners[NK_IP_OWNERS_MAX];
	int rc, count = nk_ip_addr_owners(pod, addr, owners, err);

	if (count <= 0)
		return count;
	rc = nk_link_read(pod, NK_NSID_HERE, NULL, &links, err);
	for (i = 0; i < links.count && !rc; i++)
		if (links.at[i].ifindex != ifindex && is_one_of(links.at[i].ifindex, owners, count))
			rc = check_owner(&links, i, addr, err);
	return rc;
}

/* is_routed_to_pod() - does the host send to the address by a device whose other end is in the Pod? Return: 1, 0, or a
 * negative errno
 */
static int is_routed_to_pod(struct nk_attachment *att, const struct nk_ipaddr *addr,
			    struct nk_error *err)
{
	struct nk_link link;
	uint32_t ifindex;
	int rc = nk_ip_route_lookup(&att->host, addr, &ifindex, err);

	if (rc <= 0)
		return rc;
	rc = nk_link_get(&att->host, NK_NSID_HERE, NULL, ifindex, &link, err);
	if (rc == -ENODEV)
		nk_error_reset(err);
	if (rc)
		return rc == -ENODEV ? 0 : rc;
	return link.peer_ifindex && link.peer_nsid == att->claim.nsid;
}

int nk_step_pod_addresses(struct nk_attachment *att, struct nk_pod_ips *ips, struct nk_error *err)
{
	struct nk_ipaddr all[NK_IPS_MAX];
	int i, rc = 0, count = nk_ip_addr_list(&att->pod, att->claim.ifindex, all, NK_IPS_MAX, err);

	for (i = 0; i < count && rc >= 0; i++) {
		rc = is_routed_to_pod(att, &all[i], err);
		if (rc > 0)
			ips->others[ips->other_count++] = all[i];
	}
	return count < 0 ? count : rc < 0 ? rc : 0;
}

int nk_step_check_add_carriers(struct nk_attachment *att, const struct nk_add *add,
			       struct nk_error *err)
{
	const struct nk_pod_ips *ips = &add->ips;
	const uint32_t taken = nk_steering_takes_over(add->config) ? ips->other_count : 0;
	uint32_t i;
	int rc = 0;

	if (!(att->claim.flags & NK_CLAIM_RINGS) || !add->config->steering_count)
		return 0;
	for (i = 0; i < ips->own_count + taken && !rc; i++)
		rc = nk_step_check_carriers(
			&att->pod, att->claim.ifindex,
			i < ips->own_count ? &ips->own[i] : &ips->others[i - ips->own_count], err);
	return rc;
}

/* check_rule() - the device that has the destination of rule @n. @last: the rule before it */
static int check_rule(const struct nk_attachment *att, struct nk_nl *pod, int fd, uint32_t n,
		      struct nk_flow *last, struct nk_error *err)
{
	struct nk_flow_note rule;
	struct nk_ipaddr addr;
	int rc = nk_flow_note_get(fd, nk_step_owner(att), n, &rule, err);
	const bool again = !rc && n && nk_flow_same_destination(last, &rule.flow);

	if (rc) /* nk_step_rules reports a missing one */
		return rc == -ENOENT ? 0 : rc;
	*last = rule.flow;
	if (again || !nk_flow_destination(&rule.flow, &addr))
		return 0;
	return nk_step_check_carriers(pod, att->claim.ifindex, &addr, err);
}

int nk_step_check_rule_carriers(const struct nk_attachment *att, int fd, struct nk_error *err)
{
	struct nk_flow last = { 0 };
	struct nk_nl pod = { 0 };
	uint32_t n;
	int rc;

	if (!(att->claim.flags & NK_CLAIM_RINGS))
		return 0;
	rc = nk_nl_open_rtnl(&pod, att->netns_fd, "Pod", err);
	for (n = 0; n < att->claim.rule_count && !rc; n++)
		rc = check_rule(att, &pod, fd, n, &last, err);
	nk_nl_close(&pod);
	if (rc == -EOPNOTSUPP || rc == -EEXIST)
		nk_error_class(err, NK_CODE_CHECK,
			       "CHECK: a device in the Pod discards what memory providers receive");
	return rc;
}
