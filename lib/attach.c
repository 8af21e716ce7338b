// SPDX-License-Identifier: Apache-2.0
/*
 * attach.c - the steps of an attachment, each with its create, check and remove
 *
 *   step     ADD                                   DEL, rollback
 *   claim    reserve queues in the claims map      give them back
 *   settings RSS, XPS, features, rings of the NIC  as they were, after the last user
 *   device   netkit in the Pod's netns             delete it, wherever it is now
 *   lease    queue-create for each queue           wait for its users; it ends with the device
 *   program  XDP program on the NIC, on first use  off, after the last user, if so configured
 *   map      XSKMAP pinned and entered             taken out and unpinned
 *   filter   MAC into the NIC's unicast filter     out again
 *   context  RSS context over the queues           deleted
 *   rules    flow rules to queue or context        deleted     } when the addresses
 *   neigh    ARP, NS answered by the program       no more     } are
 *   record   attachment.json for sidecars          deleted     } known
 *
 * The claim is first in and last out. It is written before the step that it tells of, so that a
 * process that dies in between leaves a claim too many, never a thing without a claim.
 */
#include "attach.h"

#include "claims.h"
#include "cleanup.h"
#include "error.h"
#include "ipam.h"
#include "journal.h"
#include "json.h"
#include "log.h"
#include "netns.h"
#include "steps.h"
#include "text.h"
#include "uapi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "banned.h"

/* Bytes of a UMEM chunk that a frame cannot use: XDP headroom 256, and the 26 that the kernel asks
 * for beside the MTU (Ethernet header, two VLAN tags, FCS); net/xdp/xsk_buff_pool.c.
 */
#define XSK_CHUNK_OVERHEAD (256 + 26)

struct step {
	const char *name;
	bool needs_addresses; /* its create waits for nk_attach_steer() */
	int (*create)(struct nk_attachment *att, const struct nk_config *config,
		      struct nk_error *err);
	int (*check)(struct nk_attachment *att, struct nk_error *err);
	int (*remove)(struct nk_attachment *att, struct nk_error *err);
	int (*repair)(struct nk_attachment *att,
		      struct nk_error *err); /* NULL: nothing gets lost */
};

static const struct step steps[] = {
#define STEP(name, needs_addresses, repair) \
	{ #name,                            \
	  needs_addresses,                  \
	  nk_step_##name##_create,          \
	  nk_step_##name##_check,           \
	  nk_step_##name##_remove,          \
	  repair }
	STEP(claim, false, NULL),
	STEP(settings, false, nk_step_settings_repair),
	STEP(device, false, NULL),
	STEP(lease, false, NULL),
	STEP(program, false, nk_step_program_repair),
	STEP(map, false, nk_step_map_repair),
	STEP(filter, false, nk_step_filter_repair),
	STEP(context, false, nk_step_context_repair),
	STEP(rules, true, nk_step_rules_repair),
	STEP(neigh, true, nk_step_neigh_repair),
	STEP(record, true, NULL),
#undef STEP
};

#define STEPS ((int)(sizeof(steps) / sizeof(steps[0])))

int nk_attachment_init_key(struct nk_attachment *att, const struct nk_key *key,
			   struct nk_error *err)
{
	*att = (struct nk_attachment)NK_ATTACHMENT_CLOSED;
	att->key = *key;
	att->lender.nl = &att->host;
	return nk_nl_open(&att->host, -1, "host", err);
}

int nk_attachment_init(struct nk_attachment *att, const struct nk_request *request,
		       const struct nk_config *config, struct nk_error *err)
{
	const char *ifname = *config->ifname ? config->ifname : request->ifname;
	struct nk_key key;
	int rc;

	memcpy(key.network, config->name, sizeof(key.network));
	memcpy(key.container_id, request->container_id, sizeof(key.container_id));
	memcpy(key.cni_ifname, request->ifname, sizeof(key.cni_ifname));
	memcpy(key.ifname, ifname, sizeof(key.ifname));
	rc = nk_attachment_init_key(att, &key, err);
	att->pair = config->pair;
	att->netkit = config->netkit;
	memcpy(att->pod_name, request->pod_name, sizeof(att->pod_name));
	return rc;
}

void nk_attach_unload(struct nk_attachment *att)
{
	nk_lender_close(&att->lender);
}

void nk_attachment_fini(struct nk_attachment *att)
{
	nk_attach_unload(att);
	nk_journal_unlock(&att->key, &att->journal);
	nk_slice_fini(&att->changes);
	nk_nl_close(&att->pod);
	nk_nl_close(&att->host);
	if (att->netns_fd >= 0)
		close(att->netns_fd);
	att->netns_fd = -1;
}

/* remove_from() - the removes of steps @last and before, backwards. */
static int remove_from(struct nk_attachment *att, int last, struct nk_error *err)
{
	struct nk_error mine;
	int i, rc, first = 0;

	for (i = last; i >= 0; i--) {
		/* Without its claim nobody would find again what could not be removed. */
		if (i == 0 && first)
			continue;
		nk_error_reset(&mine);
		rc = steps[i].remove(att, &mine);
		if (!rc)
			continue;
		nk_error_wrap(&mine, "remove %s", steps[i].name);
		if (err->code == NK_CODE_NONE)
			*err = mine;
		else
			nk_error_note(err, "%s", mine.details);
		first = first ? first : rc;
	}
	return first;
}

static int draw(void *ret, size_t size, struct nk_error *err)
{
	if (getrandom(ret, size, 0) == (ssize_t)size)
		return 0;
	return nk_error_set(err, NK_CODE_INTERNAL, errno, "no random bytes", "getrandom: %s",
			    nk_errno_name(errno));
}

/* choose_nonce() - by which a later ADD of the same key, in the same netns, with the same MAC, is another */
static int choose_nonce(struct nk_attachment *att, struct nk_error *err)
{
	int rc = draw(&att->nonce, sizeof(att->nonce), err);

	att->nonce |= 1; /* older builds have 0 */
	return rc;
}

static int random_mac(uint8_t mac[NK_MAC_LEN], struct nk_error *err)
{
	int rc = draw(mac, NK_MAC_LEN, err);

	if (rc)
		return rc;
	mac[0] = (uint8_t)((mac[0] & 0xfe) | 0x02); /* unicast, locally administered */
	return 0;
}

static int choose_mac(struct nk_attachment *att, const struct nk_config *config,
		      struct nk_error *err)
{
	switch (config->mac_source) {
	case NK_MAC_RANDOM:
		return random_mac(att->mac, err);
	case NK_MAC_GIVEN:
		memcpy(att->mac, config->mac, NK_MAC_LEN);
		return 0;
	case NK_MAC_MASTER:
		memcpy(att->mac, att->lender.nic.mac, NK_MAC_LEN);
		return 0;
	}
	return 0;
}

/* choose_mtu() - a pair without a NIC has the kernel's default for Ethernet. */
static int choose_mtu(struct nk_attachment *att, const struct nk_config *config,
		      struct nk_error *err)
{
	uint32_t limit = att->lender.nic.ifindex ? att->lender.nic.mtu : 1500;
	bool by_frame = false;

	if (config->xsk_map && config->xsk_frame_size - XSK_CHUNK_OVERHEAD < limit) {
		limit = config->xsk_frame_size - XSK_CHUNK_OVERHEAD;
		by_frame = true;
	}
	att->mtu = config->mtu ? config->mtu : limit;
	if (att->mtu <= limit || att->pair)
		return 0;
	nk_error_set(err, NK_CODE_CONFIG, ERANGE, "the MTU is too large",
		     "mtu: %u is more than %u, %s", att->mtu, limit,
		     by_frame ? "which is what AF_XDP zero copy carries in one frame" :
				"the MTU of the NIC");
	nk_error_remedy(err, "set \"mtu\" to %u or less, or leave it out", limit);
	return -ERANGE;
}

/* check_program() - what a map, or a header split, wants of XDP on the NIC, before anything is changed */
static int check_program(struct nk_attachment *att, const struct nk_config *config,
			 struct nk_error *err)
{
	struct nk_lender *lender = &att->lender;
	int rc;

	if (!att->with_map)
		return config->rings.split ? nk_prog_check_none(&lender->nic, err) : 0;
	rc = nk_lender_check_program(lender, config->bpffs, err);
	return rc ? rc : nk_slice_probe_xdp(&att->host, &lender->nic, err);
}

/* take_nic() - the NIC's lock, and how the NIC is now that nobody else of us changes it: a DEL may
 * have taken the program off.
 */
static int take_nic(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err)
{
	int rc;

	if (!config->queue_count)
		return 0;
	rc = nk_lender_open(&att->lender, config->bpffs, err);
	att->claimed_nic = att->lender.nic.ifindex;
	if (!rc)
		rc = nk_nic_get_by_index(&att->host, att->lender.nic.ifindex, &att->lender.nic,
					 err);
	return rc ? rc : check_program(att, config, err);
}

int nk_attach_create(struct nk_attachment *att, const struct nk_config *config,
		     struct nk_error *err)
{
	int i, rc;

	att->with_map = config->xsk_map;
	att->has_ipam = *config->ipam_type;
	att->netns_is_ours = true;
	att->flags = NK_CLAIM_HAS_WISHES | (config->xdp_keep ? 0 : NK_CLAIM_DROP_PROGRAM) |
		     (config->rss_keep ? NK_CLAIM_KEEP_RSS : 0);
	rc = choose_mac(att, config, err);
	if (!rc)
		rc = choose_mtu(att, config, err);
	if (!rc)
		rc = nk_netns_cookie(att->netns_fd, &att->netns_cookie, err);
	if (!rc)
		rc = choose_nonce(att, err);
	if (!rc)
		rc = take_nic(att, config, err);
	if (rc)
		return rc;
	for (i = 0; i < STEPS && !rc; i++)
		if (!steps[i].needs_addresses)
			rc = steps[i].create(att, config, err);
	att->remains = rc && remove_from(att, i - 1, err);
	if (att->remains)
		err->code = NK_CODE_KERNEL; /* "try again" would be a lie */
	return rc;
}

/* is_in_pod() - is this interface of prevResult one of the Pod's? An address that names none, or one
 * that is not listed, is.
 */
static bool is_in_pod(const struct nk_json *prev, int32_t interface, const char *netns)
{
	const struct nk_json *list = nk_json_get(prev, "interfaces");
	const char *sandbox;

	if (interface < 0 || (uint32_t)interface >= nk_json_count(list))
		return true;
	sandbox = nk_json_string(nk_json_get(nk_json_at(list, (unsigned int)interface), "sandbox"));
	return sandbox && *sandbox && nk_netns_is_same(sandbox, netns);
}

/* note_addresses() - the attachment's, and those of the Pod's other devices */
static int note_addresses(struct nk_attachment *att, const struct nk_config *config,
			  const struct nk_ipam_result *ips, const char *netns, struct nk_error *err)
{
	off_stack struct nk_ipam_result others;
	uint32_t i;
	int rc;

	memset(&others, 0, sizeof(others));
	for (i = 0; i < ips->ip_count; i++)
		att->ips[att->ip_count++] = ips->ips[i].address.addr;
	rc = config->prev ? nk_ipam_parse(config->prev, "prevResult", &others, err) : 0;
	for (i = 0; i < others.ip_count && !rc; i++)
		if (is_in_pod(config->prev, others.ips[i].interface, netns))
			att->other_ips[att->other_ip_count++] = others.ips[i].address.addr;
	return rc;
}

int nk_attach_steer(struct nk_attachment *att, const struct nk_config *config,
		    const struct nk_ipam_result *ips, const char *netns, struct nk_error *err)
{
	int i, rc;

	if (!att->lease_count)
		return 0;
	att->given = ips;
	att->netns = netns;
	rc = note_addresses(att, config, ips, netns, err);
	for (i = 0; i < STEPS && !rc; i++)
		if (steps[i].needs_addresses)
			rc = steps[i].create(att, config, err);
	return rc;
}

int nk_attach_plan(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int rc;

	att->with_map = config->xsk_map;
	rc = choose_mac(att, config, err);
	if (!rc)
		rc = choose_mtu(att, config, err);
	if (rc || !config->queue_count)
		return rc;
	rc = nk_lender_find(&att->lender, config->bpffs, err);
	if (rc < 0)
		return rc;
	nk_nicdir_pin(&att->lender.dir, "claims", path);
	att->lender.claims = nk_claims_open(path, false, err);
	if (att->lender.claims < 0 && att->lender.claims != -ENOENT)
		return att->lender.claims;
	rc = check_program(att, config, err);
	return rc ? rc : nk_step_claim_choose(att, config, err);
}

void nk_attach_unlock(struct nk_attachment *att)
{
	struct nk_error ignored = { 0 };

	if (att->lender.dir.fd < 0)
		return;
	if (!att->was_unlocked) /* who came since the first time has come since */
		(void)nk_step_others(att, &att->others_then, &ignored);
	att->was_unlocked = true;
	nk_nicdir_unlock(&att->lender.dir);
}

/* is_still_mine() - a DEL may have come meanwhile, and another ADD taken the queues. Return: 1, 0, or a
 * negative errno
 */
static int is_still_mine(const struct nk_attachment *att, struct nk_error *err)
{
	struct nk_claim claim;
	uint32_t i;
	int rc;

	for (i = 0; i < att->lease_count; i++) {
		rc = nk_claims_get(att->lender.claims, att->leases[i].phys, &claim, err);
		if (rc)
			return rc == -ENOENT ? 0 : rc;
		if (!nk_step_is_mine(att, &claim) || claim.nonce != att->nonce)
			return 0;
	}
	return 1;
}

/* disown() - what it had on the NIC is gone, or somebody else's by now; its device may be there yet,
 * and then its MAC in the filter.
 */
static void disown(struct nk_attachment *att)
{
	struct nk_error gone = { 0 };
	struct nk_link link;
	int rc;

	att->lease_count = 0;
	att->with_map = false;
	/* Directory and claims may be those of others by now, made anew. */
	close(att->lender.claims);
	att->lender.claims = -1;
	close(att->lender.dir.fd);
	att->lender.dir.fd = -1;
	rc = nk_link_get(&att->pod, NK_NSID_HERE, NULL, att->ifindex, &link, &gone);
	if (rc && rc != -ENODEV && att->in_filter)
		nk_log_warn("the unicast filter of %s may still have the MAC of %s: %s",
			    att->lender.nic.name, att->key.ifname, gone.details);
	if (rc)
		att->in_filter = false;
}

/* see_again() - the NIC may have another name by now, or be in another netns */
static int see_again(struct nk_attachment *att, struct nk_error *err)
{
	int rc = nk_lender_look(&att->lender, err);

	if (!rc)
		rc = nk_lender_place(&att->lender, att->claimed_nic, err);
	if (rc || att->lender.where == NK_NIC_HERE)
		return rc;
	return nk_error_set(err, NK_CODE_KERNEL, ENODEV, "the NIC went meanwhile",
			    "%s is not in this network namespace any more", att->lender.nic.name);
}

int nk_attach_lock(struct nk_attachment *att, struct nk_error *err)
{
	int rc;

	if (att->lender.dir.fd < 0)
		return 0;
	rc = nk_nicdir_relock(&att->lender.dir, err);
	if (rc && rc != -ESTALE)
		return rc;
	if (!rc)
		rc = is_still_mine(att, err);
	if (rc && rc != -ESTALE)
		return rc < 0 ? rc : see_again(att, err);
	disown(att);
	nk_error_reset(err);
	return nk_error_set(err, NK_CODE_KERNEL, ESTALE, "the attachment was deleted meanwhile",
			    "its queues of %s are not claimed for it any more",
			    att->lender.nic.name);
}

int nk_attach_commit(struct nk_attachment *att, struct nk_error *err)
{
	int rc;

	att->committed = true;
	rc = nk_step_update_claims(att, err);
	return rc ? rc : nk_journal_commit(&att->key, err);
}

int nk_attach_check(struct nk_attachment *att, struct nk_error *err)
{
	int i, rc = 0;

	for (i = 0; i < STEPS && !rc; i++)
		rc = steps[i].check(att, err);
	if (!rc)
		return 0;
	err->code = NK_CODE_CHECK;
	if (steps[i - 1].repair && !*err->remedy)
		nk_error_remedy(err, "nk-cni repair %s enters again what the NIC has lost",
				NK_QUOTED(att->lender.nic.name));
	return rc;
}

void nk_attach_set_fate(struct nk_attachment *att, bool drop_program, bool keep_rss)
{
	const bool has_wishes = att->flags & NK_CLAIM_HAS_WISHES;

	att->drop_program = has_wishes ? att->flags & NK_CLAIM_DROP_PROGRAM : drop_program;
	att->keep_rss = has_wishes ? att->flags & NK_CLAIM_KEEP_RSS : keep_rss;
}

/* leave_owed() - what is not on the NIC, which is in another netns, goes; the claims say that the rest is owed.
 * To fail until it is back would have runtimes call again for ever.
 */
static int leave_owed(struct nk_attachment *att, struct nk_error *err)
{
	int rc = nk_step_record_remove(att, err);

	if (!rc)
		rc = nk_step_map_remove(att, err);
	if (!rc)
		rc = nk_step_device_remove(att, err);
	att->flags |= NK_CLAIM_OWED;
	if (!rc)
		rc = nk_step_update_claims(att, err);
	if (!rc)
		nk_log_warn(
			"%s of container %.16s is removed, but its NIC is in another network "
			"namespace: what %s was told for it is taken back when it is here again",
			att->key.ifname, att->key.container_id, att->lender.nic.name);
	return rc;
}

int nk_attach_repair(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error mine;
	int i, rc, first = 0;

	for (i = 0; i < STEPS; i++) {
		if (!steps[i].repair)
			continue;
		nk_error_reset(&mine);
		rc = steps[i].repair(att, &mine);
		if (!rc || first)
			continue;
		first = rc;
		*err = mine;
	}
	if (first)
		nk_error_wrap(err, "repair %s of container %.16s on %s", att->key.ifname,
			      att->key.container_id, att->lender.nic.name);
	return first;
}

bool nk_attach_is_leased(struct nk_attachment *att)
{
	struct nk_error ignored = { 0 };

	return !nk_step_lease_check(att, &ignored);
}

int nk_attach_remove(struct nk_attachment *att, struct nk_error *err)
{
	if (att->lease_count && att->lender.where == NK_NIC_ELSEWHERE)
		return leave_owed(att, err);
	return remove_from(att, STEPS - 1, err);
}

struct search {
	struct nk_attachment *att;
	struct nk_claim
		claim; /* one of ours; but for the queue they are alike, or an ADD was cut short */
};

static int note_mine(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct search *search = data;
	struct nk_attachment *att = search->att;

	if (!nk_step_is_mine(att, claim) || att->lease_count == NK_LEASES_MAX)
		return 0;
	/* Two devices of one key are two attachments: one at a time. */
	if (att->lease_count && strcmp(claim->key.ifname, search->claim.key.ifname) != 0)
		return 0;
	search->claim = *claim;
	att->leases[att->lease_count].phys = queue;
	att->leases[att->lease_count].netkit = claim->netkit_queue;
	att->lease_count++;
	return 0;
}

static int by_netkit_queue(const void *a, const void *b)
{
	const struct nk_lease *x = a, *y = b;

	return x->netkit < y->netkit ? -1 : x->netkit > y->netkit;
}

/* read_claims() - fill @att from its claims on this NIC. Return: 1 if it has any, 0, or an error */
static int read_claims(struct nk_attachment *att, struct nk_error *err)
{
	struct search search = { .att = att };
	char path[NK_PATH_SIZE];
	int rc;

	att->lease_count = 0;
	nk_nicdir_pin(&att->lender.dir, "claims", path);
	att->lender.claims = nk_claims_open(path, false, err);
	if (att->lender.claims < 0)
		return att->lender.claims == -ENOENT ? 0 : att->lender.claims;
	rc = nk_claims_each(att->lender.claims, note_mine, &search, err);
	if (rc || !att->lease_count)
		return rc;
	qsort(att->leases, att->lease_count, sizeof(att->leases[0]), by_netkit_queue);
	att->netns_cookie = search.claim.netns_cookie;
	att->nonce = search.claim.nonce;
	att->ifindex = search.claim.ifindex;
	att->nsid = search.claim.nsid;
	att->mtu = search.claim.mtu;
	att->committed = search.claim.committed;
	att->in_filter = search.claim.in_filter;
	att->with_map = search.claim.with_map;
	att->xsk = search.claim.xsk;
	att->excluded = search.claim.excluded;
	att->has_ipam = search.claim.has_ipam;
	att->rss_context = search.claim.rss_context;
	att->rule_count = search.claim.rule_count;
	att->neigh_count = search.claim.neigh_count;
	att->pair = search.claim.pair;
	att->flags = search.claim.flags;
	att->claimed_nic = search.claim.nic_ifindex;
	memcpy(att->mac, search.claim.mac, sizeof(att->mac));
	att->key = search.claim.key;
	att->any_name =
		false; /* it is known now: a sibling of another name is another attachment */
	return 1;
}

/* look_around() - does what the claims tell of still have its NIC, and is CNI_NETNS its netns? */
static int look_around(struct nk_attachment *att, struct nk_error *err)
{
	uint64_t cookie;
	int rc = nk_lender_look(&att->lender, err);

	if (!rc)
		rc = nk_lender_place(&att->lender, att->claimed_nic, err);
	att->netns_is_ours = false;
	if (rc || att->netns_fd < 0)
		return rc;
	rc = nk_netns_cookie(att->netns_fd, &cookie, err);
	att->netns_is_ours = !rc && cookie == att->netns_cookie;
	/* The kernel may have given it another id since. */
	if (att->netns_is_ours)
		rc = nk_link_nsid(&att->host, att->netns_fd, true, &att->nsid, err);
	return rc;
}

struct peek {
	const struct nk_attachment *att;
	bool any, mine, in_use;
};

static int peek_claim(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct peek *peek = data;

	(void)queue;
	peek->any = true;
	if (!nk_step_is_mine(peek->att, claim))
		return 0;
	peek->mine = true;
	peek->in_use |= !(claim->flags & NK_CLAIM_OWED);
	return 0;
}

/* peek_at() - the claims of a NIC, without its lock. Return: 0, -ENOENT where it has none, or an
 * errno
 */
static int peek_at(struct peek *peek, const char *bpffs, const char *nic, struct nk_error *err)
{
	int fd cleanup_close = nk_claims_open_on(bpffs, nic, err);

	return fd < 0 ? fd : nk_claims_each(fd, peek_claim, peek, err);
}

int nk_attach_has_claim(const struct nk_attachment *att, const char *bpffs, const char *nic,
			struct nk_error *err)
{
	struct peek peek = { .att = att };
	int rc = peek_at(&peek, bpffs, nic, err);

	if (rc && rc != -ENOENT)
		return rc;
	return peek.in_use ? NK_CLAIMED : peek.mine ? NK_CLAIMED_OWED : 0;
}

int nk_attach_has_any(struct nk_attachment *att, const char *bpffs, const char *nic,
		      struct nk_error *err)
{
	static const struct nk_attachment nobody;
	struct peek peek = { .att = &nobody };
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;
	int rc = 0;

	if (att->lender.nic.ifindex)
		rc = nk_lender_find(&att->lender, bpffs, err);
	else
		nk_nicdir_init(bpffs, nic, &att->lender.dir);
	if (rc < 0)
		return rc;
	nk_nicdir_pin(&att->lender.dir, "claims", path);
	fd = nk_claims_open(path, false, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = nk_claims_each(fd, peek_claim, &peek, err);
	return rc ? rc : peek.any;
}

int nk_attach_load(struct nk_attachment *att, const char *bpffs, const char *nic,
		   struct nk_error *err)
{
	struct peek peek = { .att = att };
	struct nk_error unread = { 0 };
	int seen = peek_at(&peek, bpffs, nic, &unread), rc;

	/* Where others have claims, and we none, its lock is none of our business. */
	if (!seen && peek.any && !peek.mine)
		return 0;
	rc = nk_lender_open_dir(&att->lender, bpffs, nic, err);
	/* Where nobody has any, it was only for tidying up. */
	if (rc == -ENOENT || (rc && (!seen || seen == -ENOENT) && !peek.mine)) {
		nk_error_reset(err);
		return 0;
	}
	if (!rc)
		rc = read_claims(att, err);
	if (rc > 0) {
		att->loaded = true;
		rc = look_around(att, err);
		rc = rc ? rc : 1;
	}
	if (rc > 0 && att->pair)
		rc = nk_step_pair_find(att, err) < 0 ? -err->sys : 1;
	if (rc <= 0)
		nk_attach_unload(att);
	return rc;
}

int nk_attach_find_pair(struct nk_attachment *att, struct nk_error *err)
{
	int rc = nk_step_pair_find(att, err);

	if (rc > 0)
		att->loaded = att->committed = true;
	return rc;
}

void nk_attach_result(const struct nk_attachment *att, const struct nk_request *request,
		      const struct nk_config *config, struct nk_result *ret)
{
	struct nk_result_interface *pod = &ret->interfaces[att->pair ? 1 : 0];
	struct nk_result_interface *host = &ret->interfaces[0];

	*ret = (struct nk_result){
		.prev = config->prev,
		.dns = config->dns,
		.interface_count = att->pair ? 2 : 1,
		.pod_interface = att->pair ? 1 : 0,
	};
	memcpy(ret->cni_version, config->cni_version, sizeof(ret->cni_version));
	if (att->pair) {
		memcpy(host->name, att->host_name, sizeof(host->name));
		host->has_mac = config->netkit.mode == NK_NETKIT_L2;
		memcpy(host->mac, att->host_mac, sizeof(host->mac));
		host->mtu = att->mtu;
	}
	memcpy(pod->name, att->key.ifname, sizeof(pod->name));
	pod->has_mac = config->netkit.mode == NK_NETKIT_L2;
	memcpy(pod->mac, att->mac, sizeof(pod->mac));
	pod->mtu = att->mtu;
	pod->sandbox = request->netns;
	memcpy(pod->pci_id, att->lender.nic.pci_id, sizeof(pod->pci_id));
	if (att->with_map)
		nk_nicdir_xsks_map(&att->lender.dir, att->leases[0].phys, pod->socket_path);
}
