// SPDX-License-Identifier: Apache-2.0
/* step_nic.c - steps "program", "map" and "filter": what the NIC itself needs */
#include "steps.h"

#include "claims.h"
#include "counters.h"
#include "error.h"
#include "filter.h"
#include "mac.h"
#include "prog.h"
#include "uapi.h"
#include "userns.h"
#include "xskmap.h"

#include <errno.h>
#include <linux/types.h>
#include <string.h>

#include "nk_shared.h"

#include "banned.h"

int nk_step_program_create(struct nk_attachment *att, const struct nk_config *config,
			   struct nk_error *err)
{
	(void)config;
	if (!att->with_map)
		return 0;
	return nk_prog_attach(&att->lender.dir, &att->lender.nic, &att->drop_program, err);
}

int nk_step_program_check(struct nk_attachment *att, struct nk_error *err)
{
	return att->with_map ? nk_prog_check(&att->lender.dir, &att->lender.nic, err) : 0;
}

int nk_step_program_repair(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error off = { 0 };
	int rc;

	if (!nk_step_program_check(att, &off))
		return 0;
	rc = nk_step_program_create(att, NULL, err); /* the kernel replaces nobody's */
	if (!rc && att->drop_program) {		     /* this call has attached it */
		att->drop_program = false;
		nk_step_say_repaired(att, "XDP program");
	}
	return rc;
}

struct others {
	const struct nk_attachment *att;
	bool any; /* another attachment has the program redirect to its map */
};

static int find_other(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct others *others = data;

	(void)queue;
	others->any |= !nk_step_is_mine(others->att, claim) && claim->with_map;
	return 0;
}

int nk_step_program_remove(struct nk_attachment *att, struct nk_error *err)
{
	struct others others = { .att = att };
	struct nk_prog_link link;
	int rc;

	if (att->lender.dir.fd < 0)
		return 0; /* a pair without queues */
	rc = nk_prog_link(&att->lender.dir, &link, err);
	/* A link that lost its NIC is of no use to anybody, kept or not. */
	if (rc || (link.ifindex && !(att->drop_program && att->with_map)))
		return rc;
	rc = nk_claims_each(att->lender.claims, find_other, &others, err);
	return rc || others.any ? rc : nk_prog_detach(&att->lender.dir, err);
}

/* count_anew() - the queues' counters were another Pod's before */
static int count_anew(const struct nk_attachment *att, struct nk_error *err)
{
	struct nk_counters counters;
	uint32_t i;
	int rc = nk_counters_open(&att->lender.dir, &counters, err);

	if (rc == -ENOENT)
		nk_error_set(err, NK_CODE_BPF, ENOENT, "a map of the NIC is gone", "%s/stats",
			     att->lender.dir.path);
	for (i = 0; i < att->lease_count && !rc; i++)
		rc = nk_counters_reset(&counters, att->leases[i].phys, err);
	nk_counters_close(&counters);
	return rc;
}

void nk_step_note_vlan(struct nk_vlan_set *vlans, uint32_t vlan)
{
	vlans->bits[vlan / 64] |= 1ULL << (vlan % 64);
}

int nk_step_map_create(struct nk_attachment *att, const struct nk_config *config,
		       struct nk_error *err)
{
	struct nk_vlan_set vlans = { 0 };
	uint32_t i;
	int rc;

	if (!att->with_map)
		return 0;
	att->xsk = config->xsk;
	rc = nk_userns_host_ids(att->netns_fd, &att->xsk.uid, &att->xsk.gid, err);
	if (!rc)
		rc = nk_step_update_claims(att, err);
	if (!rc)
		rc = count_anew(att, err);
	if (rc)
		return rc;
	for (i = 0; i < config->steering_count; i++)
		nk_step_note_vlan(&vlans, config->steering[i].vlan);
	return nk_xskmap_create(&att->lender.dir, att->leases, att->lease_count, &att->xsk, &vlans,
				err);
}

int nk_step_map_check(struct nk_attachment *att, struct nk_error *err)
{
	if (!att->with_map)
		return 0;
	return nk_xskmap_check(&att->lender.dir, att->leases, att->lease_count, &att->xsk, err);
}

int nk_step_map_repair(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error lost = { 0 };
	int rc;

	if (!nk_step_map_check(att, &lost))
		return 0;
	rc = nk_xskmap_repair(&att->lender.dir, att->leases, att->lease_count, &att->xsk, err);
	if (!rc)
		nk_step_say_repaired(att, "XSKMAP of the XDP program");
	return rc;
}

int nk_step_map_remove(struct nk_attachment *att, struct nk_error *err)
{
	if (!att->with_map || !att->lease_count)
		return 0;
	return nk_xskmap_remove(&att->lender.dir, att->leases, att->lease_count, err);
}

int nk_step_filter_create(struct nk_attachment *att, const struct nk_config *config,
			  struct nk_error *err)
{
	char mac[NK_MAC_TEXT_SIZE];
	int rc;

	(void)config;
	if (att->pair)
		return 0; /* its frames come by way of the host */
	if (!memcmp(att->mac, att->lender.nic.mac, NK_MAC_LEN))
		return 0; /* the NIC's own: it is let in anyway, and not ours to take out */
	att->in_filter = true;
	rc = nk_step_update_claims(att, err);
	if (!rc)
		rc = nk_filter_add(&att->host, att->lender.nic.ifindex, att->mac, err);
	if (rc == -EEXIST) {
		/* Somebody else's, since we looked; killed before this line, DEL would take it out. */
		att->in_filter = false;
		(void)nk_step_update_claims(att, err);
	}
	if (rc) {
		nk_mac_text(att->mac, mac);
		nk_error_wrap(err, "enter %s in %s", mac, att->lender.nic.name);
	}
	return rc;
}

/* lacks_mac() - has the NIC's filter lost what we entered? Return: 1, 0, or a negative errno */
static int lacks_mac(struct nk_attachment *att, struct nk_error *err)
{
	int rc = att->in_filter ?
			 nk_filter_has(&att->host, att->lender.nic.ifindex, att->mac, err) :
			 1;

	return rc < 0 ? rc : !rc;
}

int nk_step_filter_check(struct nk_attachment *att, struct nk_error *err)
{
	char mac[NK_MAC_TEXT_SIZE];
	int rc = lacks_mac(att, err);

	if (rc <= 0)
		return rc;
	nk_mac_text(att->mac, mac);
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the unicast filter lost the MAC",
			    "%s: expected %s, found nothing", att->lender.nic.name, mac);
}

int nk_step_filter_repair(struct nk_attachment *att, struct nk_error *err)
{
	int rc = lacks_mac(att, err);

	if (rc <= 0)
		return rc;
	rc = nk_filter_add(&att->host, att->lender.nic.ifindex, att->mac, err);
	if (!rc)
		nk_step_say_repaired(att, "MAC in the unicast filter");
	return rc;
}

int nk_step_filter_remove(struct nk_attachment *att, struct nk_error *err)
{
	if (!att->in_filter || !att->lender.nic.ifindex)
		return 0;
	return nk_filter_remove(&att->host, att->lender.nic.ifindex, att->mac, err);
}
