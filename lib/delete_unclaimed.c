// SPDX-License-Identifier: Apache-2.0
/* delete_unclaimed.c - delete an attachment that no claim tells of, by what the kernel still knows */
#include "attach.h"

#include "error.h"
#include "filter.h"
#include "log.h"
#include "record.h"
#include "steps.h"
#include "targets.h"
#include "uapi.h"

#include <errno.h>
#include <string.h>

#include "banned.h"

#define FOUND_MAX 8 /* more devices than one attachment can have: one */

/* A device that carries the attachment's alias, and the NIC that lends to it. */
struct found {
	uint32_t nic_ifindex;
	int32_t nsid;
	struct nk_link link;
};

struct search {
	struct nk_attachment *att;
	char alias[NK_ALIAS_SIZE];
	unsigned int count;
	struct found found[FOUND_MAX];
	uint32_t lease_count;
	struct {
		uint32_t nic_ifindex, queue;
	} leases[NK_LEASES_MAX]; /* of any of them */
};

static bool is_device(const struct search *search, const struct nk_link *link)
{
	return !strcmp(link->kind, "netkit") && link->netkit.pairing == NK_NETKIT_PAIRING_SINGLE &&
	       link->group == NK_LINK_GROUP && !strcmp(link->alias, search->alias);
}

/* find() - note the device at the other end of a lease. Return: is it ours? */
static bool find(struct search *search, const struct nk_queue *queue)
{
	struct nk_error gone = { 0 };
	struct nk_link link;
	unsigned int i;

	for (i = 0; i < search->count; i++)
		if (search->found[i].nsid == queue->lease_nsid &&
		    search->found[i].link.ifindex == queue->lease_ifindex)
			return true;
	if (search->count == FOUND_MAX ||
	    nk_link_get(&search->att->host, queue->lease_nsid, NULL, queue->lease_ifindex, &link,
			&gone) ||
	    !is_device(search, &link))
		return false;
	search->found[search->count] = (struct found){
		.nic_ifindex = queue->ifindex,
		.nsid = queue->lease_nsid,
		.link = link,
	};
	search->count++;
	return true;
}

static int note_lease(const struct nk_queue *queue, void *data, struct nk_error *err)
{
	struct search *search = data;

	(void)err;
	if (!queue->leased || !find(search, queue) || search->lease_count == NK_LEASES_MAX)
		return 0;
	search->leases[search->lease_count].nic_ifindex = queue->ifindex;
	search->leases[search->lease_count].queue = queue->id;
	search->lease_count++;
	return 0;
}

/* look_in_netns() - the device may have no lease: ADD was cut short, or the NIC is down. */
static void look_in_netns(struct search *search)
{
	struct nk_error none = { 0 };
	struct found *found = &search->found[search->count];

	if (search->att->netns_fd < 0 || search->count == FOUND_MAX)
		return;
	if (nk_link_nsid(&search->att->host, search->att->netns_fd, false, &found->nsid, &none) ||
	    nk_link_get(&search->att->host, found->nsid, search->att->key.ifname, 0, &found->link,
			&none) ||
	    !is_device(search, &found->link))
		return;
	found->nic_ifindex = 0;
	search->count++;
}

/* forget_records() - under the name that the NIC has now; one that stays is replaced by the next ADD */
static void forget_records(const struct search *search)
{
	struct nk_error ignored = { 0 };
	struct nk_nicdir dir;
	struct nk_nic nic;
	uint32_t i;

	for (i = 0; i < search->lease_count; i++) {
		if (nk_nic_get_by_index(&search->att->host, search->leases[i].nic_ifindex, &nic,
					&ignored))
			continue;
		nk_nicdir_init("", nic.name, &dir);
		(void)nk_record_remove(&dir, search->leases[i].queue, &ignored);
	}
}

/* report_rules() - that direct to its queues: what else there is on the NIC had its notes on bpffs. */
static void report_rules(const struct search *search)
{
	struct nk_queue_set queues = { 0 };
	struct nk_error ignored = { 0 };
	struct nk_nic nic;
	uint32_t i;

	if (!search->lease_count ||
	    nk_nic_get_by_index(&search->att->host, search->leases[0].nic_ifindex, &nic, &ignored))
		return;
	for (i = 0; i < search->lease_count; i++)
		nk_queue_set_put(&queues, search->leases[i].queue);
	nk_log_warn("%s has no claims of %s of container %s, for bpffs was emptied: its device is "
		    "removed, what the NIC was told for it is not",
		    nic.name, search->att->key.ifname, search->att->key.container_id);
	(void)nk_targets_report(&search->att->host, &nic, &queues, &ignored);
}

/* look() - everywhere. Return: 0, or a negative errno; then some may have been found all the same */
static int look(struct search *search, struct nk_error *err)
{
	struct nk_error none = { 0 };
	int rc = 0;

	nk_step_alias(search->att, search->alias);
	/* A kernel without leases has none to find; then there is nothing to list. */
	if (!nk_netdev_probe_lease(&search->att->host, &none))
		rc = nk_netdev_queues(&search->att->host, 0, note_lease, search, err);
	look_in_netns(search);
	return rc;
}

int nk_attach_find_unclaimed(struct nk_attachment *att, struct nk_error *err)
{
	struct search search = { .att = att };
	int rc = look(&search, err);

	return rc ? rc : search.count > 0;
}

int nk_attach_delete_unclaimed(struct nk_attachment *att, struct nk_error *err)
{
	struct search search = { .att = att };
	uint32_t i, limit = NK_USERS_END_MS;
	int rc = look(&search, err);

	for (i = 0; i < search.lease_count; i++)
		nk_netdev_queue_wait(&att->host, search.leases[i].nic_ifindex,
				     search.leases[i].queue, NK_QUEUE_USED, &limit);
	report_rules(&search);
	forget_records(&search); /* while its leases keep others off the queues */
	for (i = 0; i < search.count; i++) {
		const struct found *found = &search.found[i];

		if (found->nic_ifindex)
			(void)nk_filter_remove(&att->host, found->nic_ifindex, found->link.mac,
					       err);
		(void)nk_link_remove(&att->host, found->nsid, found->link.ifindex, err);
	}
	return err->code == NK_CODE_NONE ? rc : -err->sys;
}
