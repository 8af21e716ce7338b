// SPDX-License-Identifier: Apache-2.0
/*
 * step_neigh.c - step "neigh": the XDP program answers ARP and neighbour solicitations for the Pod
 *
 * These are broadcast and multicast, so they arrive on the host's queues, never on a leased one. For
 * IPv6 the NIC's filter must contain the solicited-node group.
 */
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/ipaddr.h"
#include "base/log.h"
#include "bpffs/neigh.h"
#include "ip/ip_addr.h"
#include "kernel/filter.h"
#include "nic/steering.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/banned.h"

/* needs_group() - does the NIC drop solicitations for this address? Return: 1 and the group's MAC, 0, or a negative
 * errno
 */
static int needs_group(struct nk_lender *lender, const struct nk_ipaddr *addr, uint8_t *group,
		       struct nk_error *err)
{
	int rc;

	if (addr->family != AF_INET6)
		return 0;
	nk_neigh_group(addr, group);
	rc = nk_filter_has(lender->nl, lender->nic.ifindex, group, err);
	return rc < 0 ? rc : !rc;
}

static int answer_for(struct nk_attachment *att, const struct nk_steering_neigh *wanted,
		      struct nk_error *err)
{
	const struct nk_ipaddr *addr = &wanted->addr;
	struct nk_lender *lender = &att->lender;
	const uint32_t owner = nk_step_owner(att);
	uint8_t group[NK_MAC_LEN];
	char text[NK_IPADDR_TEXT_SIZE];
	int rc, needed;

	nk_ipaddr_text(addr, text);
	rc = nk_step_is_hosts(lender, addr, wanted->vlan, false, err);
	if (rc > 0) {
		nk_error_set(
			err, NK_CODE_CONFIG, EADDRINUSE, "the address is the host's own",
			"neigh: %s is an address of the host, so the XDP program must not answer "
			"for it",
			text);
		return nk_error_remedy(err, "give the Pod an address of its own");
	}
	needed = rc ? rc : needs_group(lender, addr, group, err);
	if (needed < 0)
		return needed;
	rc = nk_neigh_add(&lender->dir, addr, wanted->vlan, att->claim.mac, owner, needed, err);
	if (!rc && needed)
		rc = nk_filter_add(lender->nl, lender->nic.ifindex, group, err);
	if (rc == -EEXIST && needed && err->code != NK_CODE_BPF) {
		/* The host has just joined the group: it is not ours to remove. */
		nk_error_reset(err);
		rc = nk_neigh_add(&lender->dir, addr, wanted->vlan, att->claim.mac, owner, false,
				  err);
	}
	if (rc)
		nk_error_wrap(err, "answer for %s on %s", text, lender->nic.name);
	return rc;
}

static int create_neigh(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	off_stack struct nk_steering_neigh list[NK_STEERING_NEIGHS_MAX];
	uint32_t i, count = nk_steering_neighs(add->config, &add->ips, list);
	int rc;

	if (!count)
		return 0;
	att->claim.neigh_count = count;
	rc = nk_step_update_claims(att, err);
	for (i = 0; i < count && !rc; i++)
		rc = answer_for(att, &list[i], err);
	return rc;
}

static int check_group(struct nk_lender *lender, const struct nk_ipaddr *addr, struct nk_error *err)
{
	char text[NK_IPADDR_TEXT_SIZE];
	uint8_t group[NK_MAC_LEN];
	int rc = needs_group(lender, addr, group, err);

	if (rc <= 0)
		return rc;
	nk_ipaddr_text(addr, text);
	return nk_error_set(err, NK_CODE_CHECK, ENOENT,
			    "CHECK: the NIC filters out neighbour solicitations",
			    "%s: the multicast group of %s is not in the NIC's filter",
			    lender->nic.name, text);
}

static int check_neigh(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_neigh_list list cleanup_list = { 0 };
	uint32_t i;
	int rc;

	if (!att->claim.neigh_count)
		return 0;
	rc = nk_neigh_read(&att->lender.dir, nk_step_owner(att), &list, err);
	for (i = 0; i < list.count && !rc; i++)
		rc = check_group(&att->lender, &list.at[i].addr, err);
	if (rc || list.count == att->claim.neigh_count)
		return rc;
	return nk_error_set(err, NK_CODE_CHECK, ENOENT,
			    "CHECK: the XDP program does not answer for all addresses",
			    "%s/neigh: expected %u entries, found %u", att->lender.dir.path,
			    att->claim.neigh_count, list.count);
}

static int repair_group(struct nk_attachment *att, const struct nk_ipaddr *addr,
			struct nk_error *err)
{
	struct nk_lender *lender = &att->lender;
	uint8_t group[NK_MAC_LEN];
	int rc = needs_group(lender, addr, group, err);

	if (rc <= 0)
		return rc;
	/* At ADD it may have been the host's; from now on it is ours to remove. */
	rc = nk_neigh_own_group(&lender->dir, addr, nk_step_owner(att), true, err);
	if (rc)
		return rc;
	rc = nk_filter_add(lender->nl, lender->nic.ifindex, group, err);
	if (rc == -EEXIST) { /* the host has just joined it */
		nk_error_reset(err);
		return nk_neigh_own_group(&lender->dir, addr, nk_step_owner(att), false, err);
	}
	if (!rc)
		nk_step_log_repaired(att, "multicast group of an address in the filter");
	return rc;
}

/* repair_neigh() - groups alone: the table belongs to the program, not to the NIC */
static int repair_neigh(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_neigh_list list cleanup_list = { 0 };
	struct nk_error mine = { 0 };
	uint32_t i;
	int rc;

	if (!att->claim.neigh_count)
		return 0;
	rc = nk_neigh_read(&att->lender.dir, nk_step_owner(att), &list, err);
	for (i = 0; i < list.count; i++)
		rc = nk_log_keep_first(rc, repair_group(att, &list.at[i].addr, &mine), err, &mine);
	if (rc || list.count == att->claim.neigh_count)
		return rc;
	nk_error_set(err, NK_CODE_BPF, ENOENT, "addresses of an attachment are unknown",
		     "%s/neigh: expected %u entries, found %u", att->lender.dir.path,
		     att->claim.neigh_count, list.count);
	return nk_error_remedy(err, "recreate the Pod");
}

/* is_on_nic() - is the device the NIC, or above it, such as a VLAN? Return: 1, 0, or a negative errno */
static int is_on_nic(struct nk_lender *lender, uint32_t ifindex, struct nk_error *err)
{
	struct nk_link link;
	int rc;

	if (ifindex == lender->nic.ifindex)
		return 1;
	rc = nk_link_get(lender->nl, NK_NSID_HERE, NULL, ifindex, &link, err);
	if (rc == -ENODEV)
		nk_error_reset(err);
	if (rc)
		return rc == -ENODEV ? 0 : rc;
	return link.peer_nsid == NK_NSID_HERE && link.peer_ifindex == lender->nic.ifindex;
}

/* remove_group() - the kernel counts how often a group was added. If somebody had removed ours before, we have now
 * removed that of the host, and restore it.
 */
static int remove_group(struct nk_lender *lender, const uint8_t *group, struct nk_error *err)
{
	uint32_t members[NK_IP_OWNERS_MAX];
	int i, count, rc = nk_filter_remove(lender->nl, lender->nic.ifindex, group, err);

	if (!rc)
		rc = nk_filter_has(lender->nl, lender->nic.ifindex, group, err);
	if (rc)
		return rc < 0 ? rc : 0;
	count = nk_ip_group_members(lender->nl, group, members, err);
	rc = count < 0 ? count : count > NK_IP_OWNERS_MAX;
	for (i = 0; i < count && !rc; i++)
		rc = is_on_nic(lender, members[i], err);
	return rc > 0 ? nk_step_filter_restore(lender, group, err) : rc;
}

/* remove_entry() - and its group, if no other entry needs that */
static int remove_entry(struct nk_lender *lender, const struct nk_neigh_entry *entry,
			struct nk_error *err)
{
	uint8_t group[NK_MAC_LEN];
	int rc = nk_neigh_leave_group(&lender->dir, entry, err);

	if (rc > 0 && lender->nic.ifindex) {
		nk_neigh_group(&entry->addr, group);
		rc = remove_group(lender, group, err);
	}
	return rc < 0 ? rc : nk_neigh_remove(&lender->dir, entry, err);
}

static int remove_neigh(struct nk_attachment *att, const struct nk_delete_options *how UNUSED,
			struct nk_error *err)
{
	struct nk_neigh_list list cleanup_list = { 0 };
	struct nk_error mine = { 0 };
	uint32_t i;
	int rc;

	if (!att->claim.neigh_count || !att->lease_count)
		return 0;
	rc = nk_neigh_read(&att->lender.dir, nk_step_owner(att), &list, err);
	for (i = 0; i < list.count; i++)
		rc = nk_log_keep_first(rc, remove_entry(&att->lender, &list.at[i], &mine), err,
				       &mine);
	return rc;
}

const struct nk_step nk_step_neigh = {
	.name = "neigh",
	.removal = "remove the neighbour entries",
	.needs_addresses = true,
	.create = create_neigh,
	.check = check_neigh,
	.remove = remove_neigh,
	.repair = repair_neigh,
};
