// SPDX-License-Identifier: Apache-2.0
/* step_claim.c - step "claim": choose queues and claim them */
#include "attach/delete.h"
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mac.h"
#include "base/text.h"
#include "ethtool/xps.h"
#include "kernel/filter.h"
#include "nic/device.h"
#include "nic/foreign.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

void nk_step_claim_of(const struct nk_attachment *att, const struct nk_lease *lease,
		      struct nk_claim *ret)
{
	*ret = att->claim;
	ret->version = NK_CLAIM_VERSION;
	ret->netkit_queue = lease->netkit;
	if (att->lender.nic.ifindex) /* the NIC may have got another one */
		ret->nic_ifindex = att->lender.nic.ifindex;
}

int nk_step_others(const struct nk_attachment *att, uint64_t *ret, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	int rc = nk_claims_read(att->lender.claims, &claims, err);
	const struct nk_claim_entry *entry;
	struct nk_error unclaimed = { 0 };

	*ret = 0;
	for (entry = claims.at; entry < claims.at + claims.count; entry++)
		/* a sum, because the order may differ */
		if (!nk_key_equal(&entry->claim.key, &att->claim.key))
			*ret += (entry->claim.netns_cookie + 1) *
				(entry->queue * 0x9e3779b97f4a7c15ULL + 1);
	if (rc || *ret)
		return rc;
	rc = nk_lender_check_claimed(&att->lender, &unclaimed);
	if (rc == -EBUSY)
		*ret = NK_OTHERS_UNCLAIMED;
	else if (rc)
		*err = unclaimed;
	return rc == -EBUSY ? 0 : rc;
}

uint32_t nk_step_owner(const struct nk_attachment *att)
{
	return att->leases[0].phys;
}

void nk_step_log_repaired(const struct nk_attachment *att, const char *what)
{
	nk_log_warn("restored what %s had lost for %s of container %.16s: %s", att->lender.nic.name,
		    att->claim.key.ifname, att->claim.key.container_id, what);
}

int nk_step_update_claims(const struct nk_attachment *att, struct nk_error *err)
{
	struct nk_claim claim;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < att->lease_count && !rc; i++) {
		nk_step_claim_of(att, &att->leases[i], &claim);
		rc = nk_claims_update(att->lender.claims, att->leases[i].phys, &claim, err);
	}
	return rc;
}

/* refuse_rival() - if the claim is of this very attachment, or has its MAC */
static int refuse_rival(const struct nk_attachment *att, const struct nk_claim *claim,
			struct nk_error *err)
{
	char text[NK_ID_SIZE + 128], mac[NK_MAC_TEXT_SIZE];

	nk_claim_describe(claim, text, sizeof(text));
	if (nk_key_equal(&claim->key, &att->claim.key)) {
		nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the attachment exists",
			     "%s has queues of %s already", text, att->lender.nic.name);
		return nk_delete_advise(err);
	}
	if (memcmp(claim->mac, att->claim.mac, NK_MAC_LEN) != 0 ||
	    !memcmp(claim->mac, att->lender.nic.mac, NK_MAC_LEN))
		return 0;
	nk_mac_text(att->claim.mac, mac);
	nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the MAC is in use", "%s belongs to %s on %s",
		     mac, text, att->lender.nic.name);
	return nk_error_remedy(err, "give each attachment a MAC of its own, or leave \"mac\" out");
}

/* refuse_rivals() - an attachment exists once, and attachments may share only the MAC of the NIC. */
static int refuse_rivals(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	int rc = nk_claims_read(att->lender.claims, &claims, err);
	char mac[NK_MAC_TEXT_SIZE];
	uint32_t i;

	for (i = 0; i < claims.count && !rc; i++)
		rc = refuse_rival(att, &claims.at[i].claim, err);
	if (rc || !memcmp(att->claim.mac, att->lender.nic.mac, NK_MAC_LEN))
		return rc;
	nk_mac_text(att->claim.mac, mac);
	rc = nk_filter_has(&att->host, att->lender.nic.ifindex, att->claim.mac, err);
	if (rc <= 0)
		return rc;
	nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the MAC is in use",
		     "%s is in the unicast filter of %s, but nk-cni did not add it", mac,
		     att->lender.nic.name);
	return nk_error_remedy(
		err,
		"it may serve a macvlan, a bridge or a VM on that NIC: give this attachment "
		"another \"mac\", or leave it out; \"ip -d link\" and \"bridge fdb show dev %s\" "
		"show who has it",
		NK_QUOTED(att->lender.nic.name));
}

static int refuse_beyond(struct nk_attachment *att, uint32_t queue, struct nk_error *err)
{
	struct nk_queue_list queues cleanup_list = { 0 };

	nk_error_reset(err);
	(void)nk_netdev_read_queues(&att->host, att->lender.nic.ifindex, &queues, err);
	nk_error_reset(err);
	nk_error_set(err, NK_CODE_CONFIG, ERANGE, "the NIC has no such queue",
		     "queue %u: %s has %u receive queues, 0 to %u", queue, att->lender.nic.name,
		     queues.count, queues.count ? queues.count - 1 : 0);
	return nk_error_remedy(
		err,
		"use queues that exist, or add queues with \"ethtool -L %s combined N\", which may "
		"interrupt the traffic of the NIC",
		NK_QUOTED(att->lender.nic.name));
}

/* Who has a queue. */
enum holder {
	NOBODY,
	ATTACHMENT, /* an attachment, or an application that is about to release it */
	FOREIGN,    /* somebody else; or the queue cannot be lent */
};

/* What is read once for all queues. */
struct look {
	struct nk_attachment *att;
	const struct nk_config *config;
	struct nk_foreign foreign; /* rules and contexts that use an unclaimed queue */
	int tx_queues;		   /* of the NIC; negative: unknown */
};

static int begin_look(struct nk_attachment *att, const struct nk_config *config, struct look *ret,
		      struct nk_error *err)
{
	ret->att = att;
	ret->config = config;
	ret->tx_queues = nk_xps_count(&att->lender.nic);
	return nk_foreign_read(&att->lender, &ret->foreign, err);
}

/* find_claim() - Return: enum holder, or a negative errno */
static int find_claim(const struct nk_attachment *att, uint32_t queue, char *why, size_t size,
		      struct nk_error *err)
{
	char text[NK_ID_SIZE + 128];
	struct nk_claim claim;
	int rc = att->lender.claims < 0 ? -ENOENT :
					  nk_claims_get(att->lender.claims, queue, &claim, err);

	if (rc)
		return rc == -ENOENT ? NOBODY : rc;
	nk_claim_describe(&claim, text, sizeof(text));
	snprintf(why, size, "queue %u is held by %s", queue, text);
	return ATTACHMENT;
}

/**
 * find_holder() - can this queue be claimed?
 * @why: if not, the reason
 *
 * Return: enum holder, or a negative errno
 */
static int find_holder(const struct look *look, uint32_t queue, char *why, size_t size,
		       struct nk_error *err)
{
	char lease[NK_LEASE_TEXT_SIZE];
	struct nk_attachment *att = look->att;
	struct nk_queue state;
	int rc = find_claim(att, queue, why, size, err);

	if (!rc)
		rc = nk_netdev_queue_get(&att->host, att->lender.nic.ifindex, queue, &state, err);
	if (rc)
		return rc;
	if (state.leased) {
		nk_netdev_lease_text(&state, lease);
		snprintf(why, size, "queue %u has no claim, but is leased to %s", queue, lease);
		return FOREIGN;
	}
	/* An AF_XDP socket needs the rx and the tx queue of its number (xsk_bind() in net/xdp/xsk.c). */
	if (look->config->xsk_map && look->tx_queues > 0 && queue >= (uint32_t)look->tx_queues) {
		snprintf(why, size,
			 "queue %u has no transmit queue of the same number, which AF_XDP "
			 "needs: the NIC has %d",
			 queue, look->tx_queues);
		return FOREIGN;
	}
	if (nk_foreign_describe(&look->foreign, att->lender.nic.name, queue, why, size))
		return FOREIGN;
	if (state.user)
		snprintf(why, size, "queue %u is used by %s", queue, state.user);
	return state.user ? ATTACHMENT : NOBODY;
}

/* refuse_busy() - @holder: ATTACHMENT if an attachment has any of the queues */
static int refuse_busy(const struct nk_attachment *att, const struct nk_config *config,
		       enum holder holder, const char *why, struct nk_error *err)
{
	if (config->fixed_queues)
		nk_error_set(err, NK_CODE_RETRY, EBUSY, "a queue is busy", "%s: %s",
			     att->lender.nic.name, why);
	else
		nk_error_set(err, NK_CODE_RETRY, EBUSY, "the pool is exhausted",
			     "%s: %u of %u requested queues are free; for example, %s",
			     att->lender.nic.name, att->lease_count, config->queue_count, why);
	return nk_error_remedy(
		err, "configure other or more queues%s",
		holder == ATTACHMENT ?
			", or wait until one of the attachments that nk-cni list shows has ended" :
			"");
}

/* choose_queues() - Return: 0, or a negative errno */
static int choose_queues(const struct look *look, struct nk_error *err)
{
	const struct nk_config *config = look->config;
	struct nk_attachment *att = look->att;
	char why[NK_ID_SIZE + 256] = "";
	int holder, in_way = FOREIGN;
	uint32_t queue;

	for (queue = 1; queue < NK_QUEUE_IDS && att->lease_count < config->queue_count; queue++) {
		if (!nk_queue_set_has(&config->queues, queue))
			continue;
		holder = find_holder(look, queue, why, sizeof(why), err);
		if (holder < 0)
			return holder;
		if (holder == ATTACHMENT)
			in_way = ATTACHMENT;
		if (holder != NOBODY && config->fixed_queues)
			return refuse_busy(att, config, (enum holder)holder, why, err);
		if (holder != NOBODY)
			continue;
		att->leases[att->lease_count].phys = queue;
		att->leases[att->lease_count].netkit = att->lease_count + 1;
		att->lease_count++;
	}
	if (att->lease_count < config->queue_count)
		return refuse_busy(att, config, (enum holder)in_way, why, err);
	return 0;
}

int nk_attach_plan_queues(struct nk_attachment *att, const struct nk_config *config,
			  struct nk_error *err)
{
	off_stack struct look look;
	struct nk_queue state;
	uint32_t queue;
	int rc;

	/* A pool with queues that the NIC does not have fails at the first ADD. */
	for (queue = NK_QUEUE_IDS - 1; !nk_queue_set_has(&config->queues, queue); queue--)
		;
	rc = nk_netdev_queue_get(&att->host, att->lender.nic.ifindex, queue, &state, err);
	if (rc)
		return rc == -EINVAL ? refuse_beyond(att, queue, err) : rc;
	rc = begin_look(att, config, &look, err);
	return rc ? rc : choose_queues(&look, err);
}

int nk_attach_count_free(struct nk_attachment *att, const struct nk_config *config, uint32_t *ret,
			 uint32_t *ret_later, struct nk_error *err)
{
	char why[NK_ID_SIZE + 256];
	off_stack struct look look;
	uint32_t queue;
	int rc = begin_look(att, config, &look, err);

	*ret = *ret_later = 0;
	for (queue = 1; queue < NK_QUEUE_IDS && rc >= 0; queue++) {
		if (!nk_queue_set_has(&config->queues, queue))
			continue;
		rc = find_holder(&look, queue, why, sizeof(why), err);
		*ret += rc == NOBODY;
		*ret_later += rc == ATTACHMENT;
	}
	return rc < 0 ? rc : 0;
}

static int create_claim(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	struct nk_claim claim;
	uint32_t wanted, i;
	int rc;

	if (!add->config->queue_count)
		return 0; /* a pair without queues */
	att->lender.claims = nk_claims_open(&att->lender.dir, true, err);
	if (att->lender.claims < 0)
		return att->lender.claims;
	rc = refuse_rivals(att, err);
	if (!rc)
		rc = nk_attach_plan_queues(att, add->config, err);
	wanted = att->lease_count;
	att->lease_count = 0; /* of the claims that were made, which remove removes */
	if (!rc)
		rc = nk_link_nsid(&att->host, att->netns_fd, true, &att->claim.nsid, err);
	for (i = 0; i < wanted && !rc; i++) {
		nk_step_claim_of(att, &att->leases[i], &claim);
		rc = nk_nicdir_hold(&att->lender.dir, att->leases[i].phys, err);
		if (!rc)
			rc = nk_claims_add(att->lender.claims, att->leases[i].phys, &claim, err);
		att->lease_count += !rc;
	}
	return rc;
}

static int check_claim(struct nk_attachment *att, struct nk_error *err)
{
	if (!att->lease_count)
		return 0;
	if (att->lender.where == NK_NIC_ELSEWHERE)
		return nk_error_set(err, NK_CODE_CHECK, ENODEV,
				    "CHECK: the NIC is in another network namespace", "%s",
				    att->lender.nic.name);
	if (!att->lender.nic.ifindex)
		return nk_error_set(err, NK_CODE_CHECK, ENODEV, "CHECK: the NIC is gone",
				    "%s: lost: NIC removed, recreate the Pod",
				    att->lender.nic.name);
	if (!att->claim.committed)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: ADD did not complete",
				    "%s/claims", att->lender.dir.path);
	if (!att->netns_is_ours)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT,
				    "CHECK: CNI_NETNS is not the network namespace of the ADD",
				    "%s was created in another network namespace",
				    att->claim.key.ifname);
	return 0;
}

static int remove_claim(struct nk_attachment *att, const struct nk_delete_options *how UNUSED,
			struct nk_error *err)
{
	uint32_t i;
	int rc = 0;

	/* Without the claim, nobody would remove the file later. */
	if (att->lease_count && nk_step_sidecar_is_left(att)) {
		att->claim.flags |= NK_CLAIM_OWED;
		return nk_step_update_claims(att, err);
	}
	for (i = 0; i < att->lease_count && !rc; i++)
		rc = nk_claims_remove(att->lender.claims, att->leases[i].phys, err);
	return rc;
}

const struct nk_step nk_step_claim = {
	.name = "claim",
	.removal = "remove the claims",
	.create = create_claim,
	.check = check_claim,
	.remove = remove_claim,
};
