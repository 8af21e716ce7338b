// SPDX-License-Identifier: Apache-2.0
/* step_claim.c - step "claim": which queues, and the claims on them */
#include "steps.h"

#include "claims.h"
#include "cleanup.h"
#include "device.h"
#include "error.h"
#include "filter.h"
#include "log.h"
#include "mac.h"
#include "targets.h"
#include "text.h"
#include "xps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

/* describe() - "network/container/interface", for error texts. */
static void describe(const struct nk_claim *claim, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s of container %.16s, network %.32s", claim->pod_name,
		 *claim->pod_name ? " " : "", claim->key.ifname, claim->key.container_id,
		 claim->key.network);
}

void nk_step_alias(const struct nk_attachment *att, char ret[NK_ALIAS_SIZE])
{
	nk_device_alias(&att->key, ret);
}

void nk_step_claim_of(const struct nk_attachment *att, const struct nk_lease *lease,
		      struct nk_claim *ret)
{
	*ret = (struct nk_claim){
		.version = NK_CLAIM_VERSION,
		.key = att->key,
		.nic_ifindex = att->lender.nic.ifindex ? att->lender.nic.ifindex : att->claimed_nic,
		.netns_cookie = att->netns_cookie,
		.ifindex = att->ifindex,
		.netkit_queue = lease->netkit,
		.nsid = att->nsid,
		.mtu = att->mtu,
		.committed = att->committed,
		.in_filter = att->in_filter,
		.with_map = att->with_map,
		.xsk = att->xsk,
		.pair = att->pair,
		.excluded = att->excluded,
		.has_ipam = att->has_ipam,
		.rss_context = att->rss_context,
		.rule_count = att->rule_count,
		.neigh_count = att->neigh_count,
		.flags = att->flags,
		.nonce = att->nonce,
	};
	memcpy(ret->mac, att->mac, sizeof(ret->mac));
	memcpy(ret->pod_name, att->pod_name, sizeof(ret->pod_name));
}

bool nk_step_is_mine(const struct nk_attachment *att, const struct nk_claim *claim)
{
	struct nk_key key = att->key;

	if (!att->any_name)
		return nk_key_equal(&claim->key, &key);
	memcpy(key.ifname, claim->key.ifname, sizeof(key.ifname));
	return claim->pair == att->pair && nk_key_equal(&claim->key, &key);
}

struct others {
	const struct nk_attachment *att;
	uint64_t digest;
};

static int add_other(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct others *others = data;

	if (!nk_step_is_mine(others->att, claim)) /* the sum does not depend on the order */
		others->digest += (claim->netns_cookie + 1) * (queue * 0x9e3779b97f4a7c15ULL + 1);
	return 0;
}

int nk_step_others(const struct nk_attachment *att, uint64_t *ret, struct nk_error *err)
{
	struct others others = { .att = att };
	int rc = nk_claims_each(att->lender.claims, add_other, &others, err);

	*ret = others.digest;
	return rc;
}

uint32_t nk_step_owner(const struct nk_attachment *att)
{
	return att->leases[0].phys;
}

void nk_step_say_repaired(const struct nk_attachment *att, const char *what)
{
	nk_log_warn("%s had lost, for %s of container %.16s, and has again: %s",
		    att->lender.nic.name, att->key.ifname, att->key.container_id, what);
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

struct rival {
	const struct nk_attachment *att;
	struct nk_claim claim;
	bool same_mac;
};

/* find_rival() - a claim that is in the way: of this very attachment, or with its MAC. */
static int find_rival(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct rival *rival = data;

	(void)queue;
	rival->claim = *claim;
	rival->same_mac = !memcmp(claim->mac, rival->att->mac, NK_MAC_LEN) &&
			  memcmp(claim->mac, rival->att->lender.nic.mac, NK_MAC_LEN) != 0;
	return rival->same_mac || nk_step_is_mine(rival->att, claim);
}

/* refuse_rivals() - an attachment is made once, and no two share a MAC but the NIC's own. */
static int refuse_rivals(struct nk_attachment *att, struct nk_error *err)
{
	struct rival rival = { .att = att };
	char text[NK_ID_SIZE + 128], mac[NK_MAC_TEXT_SIZE];
	int rc;

	nk_mac_text(att->mac, mac);
	rc = nk_claims_each(att->lender.claims, find_rival, &rival, err);
	if (rc < 0)
		return rc;
	describe(&rival.claim, text, sizeof(text));
	if (rc && nk_step_is_mine(att, &rival.claim)) {
		nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the attachment exists",
			     "%s has queues of %s already", text, att->lender.nic.name);
		nk_error_remedy(err, "call DEL for it first");
		return -EEXIST;
	}
	if (rc) {
		nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the MAC is in use",
			     "%s belongs to %s on %s", mac, text, att->lender.nic.name);
		nk_error_remedy(err, "give each attachment a MAC of its own, or leave \"mac\" out");
		return -EEXIST;
	}
	if (!memcmp(att->mac, att->lender.nic.mac, NK_MAC_LEN))
		return 0;
	rc = nk_filter_has(&att->host, att->lender.nic.ifindex, att->mac, err);
	if (rc <= 0)
		return rc;
	nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the MAC is in use",
		     "%s is in the unicast filter of %s, and not by nk-cni", mac,
		     att->lender.nic.name);
	nk_error_remedy(
		err,
		"it may serve a macvlan, a bridge or a VM on that NIC: give this attachment "
		"another \"mac\", or leave it out; \"ip -d link\" and \"bridge fdb show dev %s\" "
		"show who has it",
		NK_QUOTED(att->lender.nic.name));
	return -EEXIST;
}

static int count_queue(const struct nk_queue *queue, void *data, struct nk_error *err)
{
	(void)queue;
	(void)err;
	++*(uint32_t *)data;
	return 0;
}

static int refuse_beyond(struct nk_attachment *att, uint32_t queue, struct nk_error *err)
{
	uint32_t count = 0;

	nk_error_reset(err);
	(void)nk_netdev_queues(&att->host, att->lender.nic.ifindex, count_queue, &count, err);
	nk_error_reset(err);
	nk_error_set(err, NK_CODE_CONFIG, ERANGE, "the NIC has no such queue",
		     "queue %u: %s has %u receive queues, 0 to %u", queue, att->lender.nic.name,
		     count, count ? count - 1 : 0);
	nk_error_remedy(err, "name queues it has, or give it more: ethtool -L %s combined N",
			NK_QUOTED(att->lender.nic.name));
	return -ERANGE;
}

/* Who has a queue. */
enum holder {
	NOBODY,
	ATTACHMENT, /* of ours, or an application that is about to leave it */
	SOMEBODY,   /* else; or the queue cannot be lent at all */
};

/* What is looked at for all queues at once. */
struct look {
	struct nk_attachment *att;
	const struct nk_config *config;
	struct nk_targets targets; /* of others: into a queue that nobody has claimed none is ours */
	int tx_queues;		   /* of the NIC; an errno: not known */
};

static int begin_look(struct nk_attachment *att, const struct nk_config *config, struct look *ret,
		      struct nk_error *err)
{
	ret->att = att;
	ret->config = config;
	ret->tx_queues = nk_xps_count(&att->lender.nic);
	return nk_targets_read(&att->host, &att->lender.nic, &ret->targets, err);
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
	describe(&claim, text, sizeof(text));
	snprintf(why, size, "queue %u is held by %s", queue, text);
	return ATTACHMENT;
}

/**
 * find_holder() - may this queue be claimed?
 * @why: filled with who has it, if not
 *
 * Return: enum holder, or a negative errno
 */
static int find_holder(const struct look *look, uint32_t queue, char *why, size_t size,
		       struct nk_error *err)
{
	struct nk_attachment *att = look->att;
	struct nk_queue state;
	int rc;

	rc = nk_netdev_queue_get(&att->host, att->lender.nic.ifindex, queue, &state, err);
	if (!rc)
		rc = find_claim(att, queue, why, size, err);
	if (rc)
		return rc;
	if (state.leased) {
		snprintf(why, size, "queue %u is leased to ifindex %u (netns id %d), not by us",
			 queue, state.lease_ifindex, state.lease_nsid);
		return SOMEBODY;
	}
	/* An AF_XDP socket binds both of its number (xsk_bind() of the kernel's net/xdp/xsk.c). */
	if (look->config->xsk_map && look->tx_queues > 0 && queue >= (uint32_t)look->tx_queues) {
		snprintf(why, size,
			 "queue %u has no transmit queue of its number, of which there are %d, and "
			 "AF_XDP needs one",
			 queue, look->tx_queues);
		return SOMEBODY;
	}
	if (nk_targets_describe(&look->targets, att->lender.nic.name, queue, why, size))
		return SOMEBODY;
	if (state.user)
		snprintf(why, size, "queue %u is used by %s", queue, state.user);
	return state.user ? ATTACHMENT : NOBODY;
}

/* refuse_busy() - @holder: of one of them; ATTACHMENT if any is an attachment's */
static int refuse_busy(const struct nk_attachment *att, const struct nk_config *config,
		       enum holder holder, const char *why, struct nk_error *err)
{
	if (config->fixed_queues)
		nk_error_set(err, NK_CODE_RETRY, EBUSY, "a queue is busy", "%s: %s",
			     att->lender.nic.name, why);
	else
		nk_error_set(err, NK_CODE_RETRY, EBUSY, "the pool is exhausted",
			     "%s: %u of the %u queues wanted are free; %s", att->lender.nic.name,
			     att->lease_count, config->queue_count, why);
	nk_error_remedy(err, "give the network other or more queues%s",
			holder == ATTACHMENT ? ", or wait until an attachment has ended: nk-cni "
					       "list shows them" :
					       "");
	return -EBUSY;
}

/* choose_queues() - Return: 0, or a negative errno */
static int choose_queues(const struct look *look, struct nk_error *err)
{
	const struct nk_config *config = look->config;
	struct nk_attachment *att = look->att;
	char why[NK_ID_SIZE + 256] = "";
	int holder, in_way = SOMEBODY;
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

/* nk_step_claim_choose() - the lowest free ones, or exactly those configured. */
int nk_step_claim_choose(struct nk_attachment *att, const struct nk_config *config,
			 struct nk_error *err)
{
	off_stack struct look look;
	struct nk_queue state;
	uint32_t queue;
	int rc;

	/* A pool that reaches beyond the NIC is wrong from the first ADD on. */
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

int nk_step_claim_create(struct nk_attachment *att, const struct nk_config *config,
			 struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	struct nk_claim claim;
	uint32_t wanted, i;
	int rc;

	if (!config->queue_count)
		return 0; /* a pair without queues */
	nk_nicdir_pin(&att->lender.dir, "claims", path);
	att->lender.claims = nk_claims_open(path, true, err);
	if (att->lender.claims < 0)
		return att->lender.claims;
	rc = refuse_rivals(att, err);
	if (!rc)
		rc = nk_step_claim_choose(att, config, err);
	wanted = att->lease_count;
	att->lease_count = 0; /* counts up again, so that remove gives back just what was taken */
	if (!rc)
		rc = nk_link_nsid(&att->host, att->netns_fd, true, &att->nsid, err);
	for (i = 0; i < wanted && !rc; i++) {
		nk_step_claim_of(att, &att->leases[i], &claim);
		rc = nk_nicdir_hold(&att->lender.dir, att->leases[i].phys, err);
		if (!rc)
			rc = nk_claims_add(att->lender.claims, att->leases[i].phys, &claim, err);
		att->lease_count += !rc;
	}
	return rc;
}

int nk_step_claim_check(struct nk_attachment *att, struct nk_error *err)
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
	if (!att->committed)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: ADD never came to its end",
				    "%s/claims", att->lender.dir.path);
	if (!att->netns_is_ours)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: CNI_NETNS is another netns",
				    "%s was made in another one", att->key.ifname);
	return 0;
}

int nk_step_claim_remove(struct nk_attachment *att, struct nk_error *err)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < att->lease_count && !rc; i++)
		rc = nk_claims_remove(att->lender.claims, att->leases[i].phys, err);
	return rc;
}
