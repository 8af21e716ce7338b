// SPDX-License-Identifier: Apache-2.0
/*
 * step_neigh.c - step "neigh": the XDP program answers ARP and neighbour solicitations for the Pod
 *
 * These come by broadcast and multicast, so on the host's queues: a leased queue never sees them.
 * For IPv6 the NIC has to let the solicited-node group in.
 */
#include "steps.h"

#include "error.h"
#include "filter.h"
#include "ip.h"
#include "ipaddr.h"
#include "neigh.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "banned.h"

/* need_group() - does the NIC drop that address' solicitations as yet? Return: 1, 0, or an errno */
static int need_group(struct nk_attachment *att, const struct nk_ipaddr *addr, uint8_t *group,
		      struct nk_error *err)
{
	int rc;

	if (addr->family != AF_INET6)
		return 0;
	nk_neigh_group(addr, group);
	rc = nk_filter_has(&att->host, att->lender.nic.ifindex, group, err);
	return rc < 0 ? rc : !rc;
}

static int answer(struct nk_attachment *att, const struct nk_ipaddr *addr, uint16_t vlan,
		  struct nk_error *err)
{
	uint8_t group[NK_MAC_LEN];
	char text[NK_IPADDR_TEXT_SIZE];
	int rc, needed;

	nk_ipaddr_text(addr, text);
	rc = nk_ip_addr_is_local(&att->host, addr, err);
	if (rc > 0) {
		nk_error_set(err, NK_CODE_CONFIG, EADDRINUSE, "the address is the host's own",
			     "neigh: %s is answered for by the host", text);
		nk_error_remedy(err, "give the Pod an address of its own");
		return -EADDRINUSE;
	}
	needed = rc ? rc : need_group(att, addr, group, err);
	if (needed < 0)
		return needed;
	rc = nk_neigh_add(&att->lender.dir, addr, vlan, att->mac, nk_step_owner(att), needed, err);
	if (!rc && needed)
		rc = nk_filter_add(&att->host, att->lender.nic.ifindex, group, err);
	if (rc == -EEXIST && needed && err->code != NK_CODE_BPF) {
		/* The host has joined it since we looked: it is not ours to take out. */
		nk_error_reset(err);
		rc = nk_neigh_add(&att->lender.dir, addr, vlan, att->mac, nk_step_owner(att), false,
				  err);
	}
	if (rc)
		nk_error_wrap(err, "answer for %s on %s", text, att->lender.nic.name);
	return rc;
}

/* vlans_of() - the VLANs that the attachment's frames come in, 0: untagged. Return: how many */
static uint32_t vlans_of(const struct nk_config *config, uint16_t ret[NK_STEERING_MAX])
{
	uint32_t i, k, count = 0;

	if (!config->steering_count)
		ret[count++] = 0;
	for (i = 0; i < config->steering_count; i++) {
		for (k = 0; k < count && ret[k] != config->steering[i].vlan; k++)
			;
		if (k == count)
			ret[count++] = config->steering[i].vlan;
	}
	return count;
}

int nk_step_neigh_create(struct nk_attachment *att, const struct nk_config *config,
			 struct nk_error *err)
{
	uint16_t vlans[NK_STEERING_MAX];
	uint32_t i, k, count = vlans_of(config, vlans);
	int rc;

	if (!config->neigh_answer || !att->with_map || !att->ip_count)
		return 0;
	att->neigh_count = att->ip_count * count;
	rc = nk_step_update_claims(att, err);
	for (i = 0; i < att->ip_count && !rc; i++)
		for (k = 0; k < count && !rc; k++)
			rc = answer(att, &att->ips[i], vlans[k], err);
	return rc;
}

struct checking {
	struct nk_attachment *att;
	uint32_t found;
};

/* check_entry() - it is there; for IPv6 the NIC lets its group in. */
static int check_entry(const struct nk_ipaddr *addr, void *data, struct nk_error *err)
{
	struct checking *checking = data;
	char text[NK_IPADDR_TEXT_SIZE];
	uint8_t group[NK_MAC_LEN];
	int rc = need_group(checking->att, addr, group, err);

	checking->found++;
	if (rc <= 0)
		return rc;
	nk_ipaddr_text(addr, text);
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: solicitations do not come in",
			    "%s: the multicast group of %s is not in the NIC's filter",
			    checking->att->lender.nic.name, text);
}

int nk_step_neigh_check(struct nk_attachment *att, struct nk_error *err)
{
	struct checking checking = { .att = att };
	int rc;

	if (!att->neigh_count)
		return 0;
	rc = nk_neigh_each(&att->lender.dir, nk_step_owner(att), check_entry, &checking, err);
	if (rc || checking.found == att->neigh_count)
		return rc;
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: addresses are not answered for",
			    "%s/neigh: expected %u entries, found %u", att->lender.dir.path,
			    att->neigh_count, checking.found);
}

static int repair_entry(const struct nk_ipaddr *addr, void *data, struct nk_error *err)
{
	struct nk_attachment *att = data;
	uint8_t group[NK_MAC_LEN];
	int rc = need_group(att, addr, group, err);

	if (rc <= 0)
		return rc;
	rc = nk_filter_add(&att->host, att->lender.nic.ifindex, group, err);
	if (!rc)
		nk_step_say_repaired(att, "multicast group of an address in the filter");
	return rc;
}

/* nk_step_neigh_repair() - the table is the program's, and lasts as long: what the NIC can lose are groups */
int nk_step_neigh_repair(struct nk_attachment *att, struct nk_error *err)
{
	if (!att->neigh_count)
		return 0;
	return nk_neigh_each(&att->lender.dir, nk_step_owner(att), repair_entry, att, err);
}

/* leave_group() - the last entry that needs the group, which is told, has it out of the filter. */
static int leave_group(const struct nk_ipaddr *addr, bool group_is_ours, void *data,
		       struct nk_error *err)
{
	struct nk_attachment *att = data;
	uint8_t group[NK_MAC_LEN];

	if (!group_is_ours || !att->lender.nic.ifindex)
		return 0;
	nk_neigh_group(addr, group);
	return nk_filter_remove(&att->host, att->lender.nic.ifindex, group, err);
}

int nk_step_neigh_remove(struct nk_attachment *att, struct nk_error *err)
{
	if (!att->neigh_count || !att->lease_count)
		return 0;
	return nk_neigh_remove_all(&att->lender.dir, nk_step_owner(att), leave_group, att, err);
}
