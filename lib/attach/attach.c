// SPDX-License-Identifier: Apache-2.0
/* attach.c - the steps of an attachment in their order, and the functions that run them */
#include "attach/attach.h"

#include "attach/mode.h"
#include "attach/steps.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "bpffs/prog_pins.h"
#include "cni/ipam.h"
#include "kernel/netns.h"
#include "kernel/nic.h"
#include "kernel/uapi.h"
#include "nic/nic_probe.h"
#include "nic/steering.h"
#include "run/journal.h"
#include "run/journal_lock.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/banned.h"

/* Bytes of a UMEM chunk that a frame cannot use: XDP headroom 256, and 26 that the kernel adds to the MTU (Ethernet
 * header, two VLAN tags, FCS); net/xdp/xsk_buff_pool.c.
 */
#define XSK_CHUNK_OVERHEAD (256 + 26)

/* ADD runs the creates downwards; if one fails, it runs the removes upwards from there. DEL runs all removes upwards.
 * The comments describe each create, and its remove if that does more than undo it.
 *
 * The claim is written before the step that it describes. So a process that is killed in between leaves a claim too
 * many, never a thing without a claim.
 */
static const struct nk_step *const steps[] = {
	/* reserves queues in the claims map of the NIC */
	&nk_step_claim,
	/* changes settings of the whole NIC: RSS table, XPS masks, features, ring parameters; after the last
	 * user, remove restores those that still have our value
	 */
	&nk_step_settings,
	/* creates a netkit single in the Pod's netns, or a pair; remove finds it in any netns */
	&nk_step_device,
	/* leases each queue to the device; remove waits for its users: the lease ends with the device */
	&nk_step_lease,
	/* attaches the XDP program for the first user; remove detaches it after the last user, if configured */
	&nk_step_program,
	/* pins the XSKMAP, and adds it to the maps of the program */
	&nk_step_map,
	/* adds the MAC to the unicast filter; remove adds it again for a macvlan that has the same MAC */
	&nk_step_filter,
	/* creates an RSS context over several queues */
	&nk_step_context,
	/* adds flow rules to the queue or the context; remove deletes only those that are as recorded */
	&nk_step_rules,
	/* adds the addresses for which the program answers ARP and neighbour solicitations; remove restores a
	 * multicast group that the host has joined
	 */
	&nk_step_neigh,
	/* writes attachment.json and Kubernetes' device information; the runtime deletes the latter */
	&nk_step_sidecar,
};

#define STEPS ((int)(sizeof(steps) / sizeof(steps[0])))

int nk_attachment_init_key(struct nk_attachment *att, const struct nk_key *key,
			   struct nk_error *err)
{
	*att = (struct nk_attachment)NK_ATTACHMENT_CLOSED;
	att->claim.key = *key;
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
	att->claim.pair = config->pair;
	att->netkit = config->netkit;
	memcpy(att->claim.pod_name, request->pod_name, sizeof(att->claim.pod_name));
	return rc;
}

void nk_attachment_fini(struct nk_attachment *att)
{
	nk_attach_unload(att);
	nk_journal_unlock(&att->claim.key, &att->journal);
	nk_nl_close(&att->pod);
	nk_nl_close(&att->host);
	if (att->netns_fd >= 0)
		close(att->netns_fd);
	att->netns_fd = -1;
}

/* remove_from() - run the removes from step @last to the first */
static int remove_from(struct nk_attachment *att, int last, const struct nk_delete_options *how,
		       struct nk_error *err)
{
	struct nk_error mine;
	int i, rc, first = 0;

	for (i = last; i >= 0; i--) {
		/* Keep the claim: without it nobody would find what could not be removed. */
		if (i == 0 && first)
			continue;
		nk_error_reset(&mine);
		rc = steps[i]->remove(att, how, &mine);
		nk_log_phase(steps[i]->name);
		if (!rc)
			continue;
		nk_error_wrap(&mine, "%s", steps[i]->removal);
		if (err->code == NK_CODE_NONE)
			*err = mine;
		else
			nk_error_note(err, "%s", mine.details);
		first = first ? first : rc;
	}
	return first;
}

static int draw_random(void *ret, size_t size, struct nk_error *err)
{
	if (getrandom(ret, size, 0) == (ssize_t)size)
		return 0;
	return nk_error_set(err, NK_CODE_INTERNAL, errno, "no random bytes", "getrandom: %s",
			    nk_errno_name(errno));
}

static int choose_mac(struct nk_attachment *att, const struct nk_config *config,
		      struct nk_error *err)
{
	uint8_t *mac = att->claim.mac;
	int rc = 0;

	switch (config->mac_source) {
	case NK_MAC_RANDOM:
		rc = draw_random(mac, NK_MAC_LEN, err);
		mac[0] = (uint8_t)((mac[0] & 0xfe) | 0x02); /* unicast, locally administered */
		break;
	case NK_MAC_GIVEN:
		memcpy(mac, config->mac, NK_MAC_LEN);
		break;
	case NK_MAC_MASTER:
		memcpy(mac, att->lender.nic.mac, NK_MAC_LEN);
		break;
	}
	return rc;
}

/* choose_mtu() - without a NIC, the kernel's default for Ethernet */
static int choose_mtu(struct nk_attachment *att, const struct nk_config *config,
		      struct nk_error *err)
{
	uint32_t limit = att->lender.nic.ifindex ? att->lender.nic.mtu : 1500;
	bool by_frame = false;

	if (config->xsk_map && config->xsk_frame_size - XSK_CHUNK_OVERHEAD < limit) {
		limit = config->xsk_frame_size - XSK_CHUNK_OVERHEAD;
		by_frame = true;
	}
	att->claim.mtu = config->mtu ? config->mtu : limit;
	if (att->claim.mtu <= limit || att->claim.pair)
		return 0;
	nk_error_set(err, NK_CODE_CONFIG, ERANGE, "the MTU is too large",
		     "mtu: %u is more than %u, %s", att->claim.mtu, limit,
		     by_frame ? "which is what AF_XDP zero copy carries in one frame" :
				"the MTU of the NIC");
	return nk_error_remedy(err, "set \"mtu\" to %u or less, or leave it out", limit);
}

/* check_mode() - do the attachments on the NIC, its XDP program and its queues permit what the configuration requires?
 * Our own program does not hinder memory providers if no attachment has a map: nk_step_settings detaches it.
 */
static int check_mode(struct nk_attachment *att, const struct nk_config *config,
		      struct nk_error *err)
{
	const enum nk_mode mode = nk_mode_of(config);
	struct nk_lender *lender = &att->lender;
	struct nk_queue_set maps = { 0 };
	int rc;

	if (mode == NK_MODE_ANY)
		return 0;
	rc = nk_mode_check(&lender->dir, lender->nic.name, mode, err);
	if (!rc)
		rc = nk_lender_check_program(lender, config->bpffs, err);
	if (rc)
		return rc;
	if (mode == NK_MODE_PROVIDER)
		return lender->nic.xdp_prog_id ? nk_lender_check_idle(lender, &maps, err) : 0;
	rc = nk_mode_check_providers(lender, err);
	return rc ? rc : nk_nic_probe_xdp(&att->host, &lender->nic, err);
}

/* lock_nic() - and read the NIC again: before we had the lock, another call may have changed it */
static int lock_nic(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err)
{
	int rc;

	if (!config->queue_count)
		return 0;
	rc = nk_lender_open(&att->lender, config->bpffs, err);
	att->claim.nic_ifindex = att->lender.nic.ifindex;
	if (!rc)
		rc = nk_nic_get_by_index(&att->host, att->lender.nic.ifindex, &att->lender.nic,
					 err);
	return rc ? rc : check_mode(att, config, err);
}

/* get_undo() - the program is detached if this call has attached it, whatever is configured for DEL */
static struct nk_delete_options get_undo(struct nk_add *add)
{
	return (struct nk_delete_options){
		.drop_program = add->made_program,
		.keep_rss = add->config->rss_keep,
		.undo = add,
	};
}

int nk_attach_create(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	const struct nk_config *config = add->config;
	struct nk_delete_options undo;
	int i, rc;

	att->claim.with_map = config->xsk_map;
	att->claim.has_ipam = *config->ipam_type != '\0';
	att->netns_is_ours = true;
	att->claim.flags = NK_CLAIM_HAS_WISHES | (config->xdp_keep ? 0 : NK_CLAIM_DROP_PROGRAM) |
			   (config->rss_keep ? NK_CLAIM_KEEP_RSS : 0) |
			   (nk_mode_of(config) == NK_MODE_PROVIDER ? NK_CLAIM_RINGS : 0);
	rc = choose_mac(att, config, err);
	if (!rc)
		rc = choose_mtu(att, config, err);
	if (!rc)
		rc = nk_netns_cookie(att->netns_fd, &att->claim.netns_cookie, err);
	if (!rc)
		rc = draw_random(&att->claim.nonce, sizeof(att->claim.nonce), err);
	att->claim.nonce |= 1; /* 0: of an older build */
	if (!rc)
		rc = lock_nic(att, config, err);
	nk_log_phase("NIC lock");
	if (rc)
		return rc;
	for (i = 0; i < STEPS && !rc; i++) {
		if (steps[i]->needs_addresses)
			continue;
		rc = steps[i]->create(att, add, err);
		nk_log_phase(steps[i]->name);
	}
	undo = get_undo(add);
	add->remains = rc && remove_from(att, i - 1, &undo, err);
	if (add->remains)
		err->code = NK_CODE_KERNEL; /* not "try again" */
	return rc;
}

/* is_in_pod() - is this interface of prevResult in the Pod? An address without a listed interface is the Pod's. */
static bool is_in_pod(const struct nk_json *prev, int32_t interface, const char *netns)
{
	const struct nk_json *list = nk_json_get(prev, "interfaces");
	const char *sandbox;

	if (interface < 0 || (uint32_t)interface >= nk_json_count(list))
		return true;
	sandbox = nk_json_string(nk_json_get(nk_json_at(list, (unsigned int)interface), "sandbox"));
	return sandbox && *sandbox && nk_netns_is_same(sandbox, netns);
}

/* read_addresses() - the attachment's, and those of the Pod's other devices */
static int read_addresses(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	const struct nk_json *prev = add->config->prev;
	off_stack struct nk_ipam_result others;
	uint32_t i;
	int rc;

	memset(&others, 0, sizeof(others));
	for (i = 0; i < add->given->ip_count; i++)
		add->ips.own[add->ips.own_count++] = add->given->ips[i].address.addr;
	if (!prev && nk_steering_takes_over(add->config))
		return nk_step_pod_addresses(att, &add->ips, err);
	rc = prev ? nk_ipam_parse(prev, "prevResult", &others, err) : 0;
	for (i = 0; i < others.ip_count && !rc; i++)
		if (is_in_pod(prev, others.ips[i].interface, add->netns))
			add->ips.others[add->ips.other_count++] = others.ips[i].address.addr;
	return rc;
}

int nk_attach_steer(struct nk_attachment *att, struct nk_add *add, const struct nk_ipam_result *ips,
		    struct nk_error *err)
{
	int i, rc;

	if (!att->lease_count)
		return 0;
	add->given = ips;
	rc = read_addresses(att, add, err);
	if (!rc)
		rc = nk_step_check_add_carriers(att, add, err);
	for (i = 0; i < STEPS && !rc; i++) {
		if (!steps[i]->needs_addresses)
			continue;
		rc = steps[i]->create(att, add, err);
		nk_log_phase(steps[i]->name);
	}
	return rc;
}

int nk_attach_plan_nic(struct nk_attachment *att, const struct nk_config *config,
		       struct nk_error *err)
{
	int rc;

	att->claim.with_map = config->xsk_map;
	rc = choose_mac(att, config, err);
	if (!rc)
		rc = choose_mtu(att, config, err);
	if (rc || (!config->queue_count && !config->awaits_device))
		return rc;
	rc = nk_lender_find(&att->lender, config->bpffs, err);
	if (rc < 0)
		return rc;
	att->lender.claims = nk_claims_open(&att->lender.dir, false, err);
	if (att->lender.claims < 0 && att->lender.claims != -ENOENT)
		return att->lender.claims;
	return check_mode(att, config, err);
}

int nk_attach_commit(struct nk_attachment *att, struct nk_error *err)
{
	int rc;

	att->claim.committed = true;
	rc = nk_step_update_claims(att, err);
	return rc ? rc : nk_journal_commit(&att->claim.key, err);
}

int nk_attach_check(struct nk_attachment *att, struct nk_error *err)
{
	int i, rc = 0;

	for (i = 0; i < STEPS && !rc; i++) {
		rc = steps[i]->check(att, err);
		nk_log_phase(steps[i]->name);
	}
	if (!rc)
		return 0;
	err->code = NK_CODE_CHECK;
	if (steps[i - 1]->repair && !*err->remedy)
		nk_error_remedy(err, "run: nk-cni repair %s; it restores what the NIC has lost",
				NK_QUOTED(att->lender.nic.name));
	return rc;
}

struct nk_delete_options nk_attach_wishes(const struct nk_claim *claim,
					  const struct nk_delete_options *else_how)
{
	if (!(claim->flags & NK_CLAIM_HAS_WISHES))
		return *else_how;
	return (struct nk_delete_options){
		.drop_program = claim->flags & NK_CLAIM_DROP_PROGRAM,
		.keep_rss = claim->flags & NK_CLAIM_KEEP_RSS,
	};
}

/* remove_pod_side() - remove what is not on the NIC, which is in another netns or hides the device; the claims record
 * that the rest is owed. If DEL failed until the NIC is back, runtimes would repeat it forever.
 */
static int remove_pod_side(struct nk_attachment *att, const struct nk_delete_options *how,
			   struct nk_error *err)
{
	int rc = nk_step_sidecar.remove(att, how, err);

	if (!rc)
		rc = nk_step_map.remove(att, how, err);
	if (!rc)
		rc = nk_step_device.remove(att, how, err);
	att->claim.flags |= NK_CLAIM_OWED;
	if (!rc)
		rc = nk_step_update_claims(att, err);
	if (!rc)
		nk_log_warn(
			att->lender.where == NK_NIC_ELSEWHERE ?
				"removed %s of container %.16s. NIC %s is in another network "
				"namespace; when it returns, nk-cni restores its settings and "
				"removes the flow rules" :
				"%s of container %.16s is not where it was created, and NIC %s, "
				"whose leases would show where it is, is down. Set the NIC up: "
				"then the next ADD on it, or nk-cni gc, removes the device",
			att->claim.key.ifname, att->claim.key.container_id, att->lender.nic.name);
	return rc;
}

int nk_attach_repair(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int i, rc = 0;

	for (i = 0; i < STEPS; i++)
		if (steps[i]->repair)
			rc = nk_log_keep_first(rc, steps[i]->repair(att, &mine), err, &mine);
	if (rc)
		nk_error_wrap(err, "repair %s of container %.16s on %s", att->claim.key.ifname,
			      att->claim.key.container_id, att->lender.nic.name);
	return rc;
}

bool nk_attach_is_leased(struct nk_attachment *att)
{
	struct nk_error ignored = { 0 };

	return !nk_step_lease.check(att, &ignored);
}

static int remove_all(struct nk_attachment *att, const struct nk_delete_options *how,
		      struct nk_error *err)
{
	int is_owed = att->lender.where == NK_NIC_ELSEWHERE;

	if (att->lease_count && !is_owed)
		is_owed = nk_step_device_is_hidden(att, err);
	if (is_owed < 0)
		return is_owed;
	if (att->lease_count && is_owed)
		return remove_pod_side(att, how, err);
	return remove_from(att, STEPS - 1, how, err);
}

int nk_attach_remove(struct nk_attachment *att, const struct nk_delete_options *how,
		     struct nk_error *err)
{
	const struct nk_delete_options options = nk_attach_wishes(&att->claim, how);
	struct nk_error unpinned = { 0 };

	/* Otherwise the program would keep what its maps have of this attachment. */
	if (att->claim.with_map && nk_prog_restore_pins(&att->lender.dir, &unpinned))
		nk_log_tolerated(&unpinned);
	return remove_all(att, &options, err);
}

int nk_attach_undo(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	const struct nk_delete_options undo = get_undo(add);

	return remove_all(att, &undo, err);
}

void nk_attach_result(const struct nk_attachment *att, const struct nk_request *request,
		      const struct nk_config *config, struct nk_result *ret)
{
	struct nk_result_interface *pod = &ret->interfaces[att->claim.pair ? 1 : 0];
	struct nk_result_interface *host = &ret->interfaces[0];

	*ret = (struct nk_result){
		.prev = config->prev,
		.dns = config->dns,
		.interface_count = att->claim.pair ? 2 : 1,
		.pod_interface = att->claim.pair ? 1 : 0,
	};
	memcpy(ret->cni_version, config->cni_version, sizeof(ret->cni_version));
	if (att->claim.pair) {
		memcpy(host->name, att->host_name, sizeof(host->name));
		host->has_mac = config->netkit.mode == NK_NETKIT_L2;
		memcpy(host->mac, att->host_mac, sizeof(host->mac));
		host->mtu = att->claim.mtu;
	}
	memcpy(pod->name, att->claim.key.ifname, sizeof(pod->name));
	pod->has_mac = config->netkit.mode == NK_NETKIT_L2;
	memcpy(pod->mac, att->claim.mac, sizeof(pod->mac));
	pod->mtu = att->claim.mtu;
	pod->sandbox = request->netns;
	memcpy(pod->pci_id, att->lender.nic.pci_id, sizeof(pod->pci_id));
	if (att->claim.with_map)
		nk_nicdir_xsks_map(&att->lender.dir, att->leases[0].phys, pod->socket_path);
}
