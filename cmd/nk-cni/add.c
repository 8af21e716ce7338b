// SPDX-License-Identifier: Apache-2.0
/* add.c - ADD: check the requirements, create the attachment, then configure its addresses */
#include "commands.h"

#include "attach/address.h"
#include "attach/attach.h"
#include "attach/delete.h"
#include "attach/repair.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "bpffs/nicdir.h"
#include "cni/ipam.h"
#include "cni/result.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "node/sweep.h"
#include "run/journal.h"
#include "run/journal_lock.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

#define SWEEP_MS 5000 /* limits how long this Pod waits for the cleanup */

/* copy_runtime_addresses() - without an IPAM plugin, the addresses come from the runtime */
static void copy_runtime_addresses(const struct nk_config *config, struct nk_ipam_result *ret)
{
	uint32_t i;

	for (i = 0; i < config->ip_count; i++) {
		ret->ips[i].address = config->ips[i];
		ret->ips[i].interface = -1;
	}
	ret->ip_count = config->ip_count;
}

/* record_addresses() - record how to release the addresses before any is allocated. First release
 * what the journal still holds for an earlier attachment with the same key.
 */
static int record_addresses(const struct nk_ipam *ipam, const struct nk_request *request,
			    const struct nk_config *config, const struct nk_attachment *att,
			    struct nk_error *err)
{
	struct nk_journal_place place = {
		.pod_netns = att->claim.netns_cookie,
		.host_ifindex = att->host_ifindex,
		.ifindex = att->claim.ifindex,
	};
	const struct nk_key *key = &att->claim.key;
	struct nk_error owed = { 0 };
	int fd, rc;

	if (nk_journal_release_addresses(key, NULL, NK_IPAM_OTHER_MS, &owed) < 0)
		nk_log_tolerated(&owed);
	rc = nk_journal_lock_network(key->network, &fd, err);
	if (!rc)
		rc = nk_journal_record(key, request, ipam, config->bpffs, &place, err);
	nk_journal_unlock_network(key->network, &fd);
	return rc;
}

/* is_alone() - Return: whether no other device has this container id and CNI_IFNAME. The IPAM
 * plugin would know its addresses under the same name.
 */
static bool is_alone(const struct nk_key *key)
{
	struct nk_journal_list entries cleanup_list = { 0 };
	struct nk_error unread = { 0 };
	bool ret = !nk_journal_read(key->network, NK_JOURNAL_ALL, &entries, &unread);
	const struct nk_key *other;
	uint32_t i;

	for (i = 0; i < entries.count; i++) {
		other = &entries.at[i].key;
		if (!strcmp(other->container_id, key->container_id) &&
		    !strcmp(other->cni_ifname, key->cni_ifname) &&
		    strcmp(other->ifname, key->ifname) != 0)
			ret = false;
	}
	return ret;
}

static struct nk_sweep describe_sweep(struct nk_nl *host, const struct nk_config *config,
				      uint32_t most)
{
	return (struct nk_sweep){
		.host = host,
		.bpffs = config->bpffs,
		.until = nk_clock_ms() + SWEEP_MS,
		.most = most,
		.skip_postponed = true,
		.quick = true,
		.options = { .keep_rss = true },
	};
}

/* free_addresses() - The plugin may still hold addresses of dead attachments: sweep() looked at some only.
 * And it may hold those of an earlier attachment with the same key that ended without a DEL, for example at
 * a reboot: then call its DEL, unless another plugin in the list or another device of ours may own these
 * addresses. Return: whether to try again
 */
static bool free_addresses(const struct nk_ipam *ipam, struct nk_attachment *att,
			   const struct nk_config *config)
{
	const struct nk_sweep all = describe_sweep(&att->host, config, NK_JOURNAL_ALL);
	struct nk_error none = { 0 }, refused = { 0 };
	bool removed = false, deleted;

	if (nk_sweep_journal(&all, &removed, &none))
		nk_log_tolerated(&none);
	deleted = !config->prev && is_alone(&att->claim.key) && !nk_ipam_del(ipam, &refused);
	return removed || deleted;
}

static int allocate_addresses(const struct nk_ipam *ipam, struct nk_attachment *att,
			      struct nk_add *add, struct nk_ipam_result *ips, struct nk_error *err)
{
	struct nk_error first = { 0 };
	int rc = nk_ipam_add(ipam, ips, &first);

	if (rc == -ECANCELED && free_addresses(ipam, att, add->config)) {
		nk_error_reset(&first);
		rc = nk_ipam_add(ipam, ips, &first);
	}
	add->ipam_rc = rc;
	if (rc)
		*err = first;
	return rc;
}

/* reserve_addresses() - the journal entry comes first */
static int reserve_addresses(const struct nk_request *request, struct nk_attachment *att,
			     struct nk_add *add, struct nk_ipam_result *ips, struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(add->config, request);
	int rc = record_addresses(&ipam, request, add->config, att, err);

	return rc ? rc : allocate_addresses(&ipam, att, add, ips, err);
}

/* configure_addresses() - The NIC is unlocked while the IPAM plugin runs: it may be slow, or hang. */
static int configure_addresses(const struct nk_request *request, struct nk_attachment *att,
			       struct nk_add *add, struct nk_ipam_result *ips, struct nk_error *err)
{
	const struct nk_config *config = add->config;
	int rc;

	copy_runtime_addresses(config, ips);
	if (*config->ipam_type) {
		nk_attach_unlock(att, add);
		rc = reserve_addresses(request, att, add, ips, err);
		nk_log_phase("IPAM plugin");
		if (!rc)
			rc = nk_attach_lock(att, err);
		nk_log_phase("NIC lock");
		if (rc)
			return rc;
	}
	rc = nk_address_create(att, config, ips, err);
	nk_log_phase("addresses");
	return rc ? rc : nk_attach_steer(att, add, ips, err);
}

/* report_rollback() - Rollback failed, so the error codes for "try again" and "nothing was done" no
 * longer apply.
 */
static void report_rollback(struct nk_error *err, const struct nk_error *undo)
{
	err->code = NK_CODE_KERNEL;
	nk_error_note(err, "rollback: %s%s%s", undo->msg, *undo->details ? "; " : "",
		      undo->details);
}

/* release_addresses() - after everything else was removed */
static void release_addresses(const struct nk_request *request, const struct nk_attachment *att,
			      const struct nk_add *add, struct nk_error *err)
{
	const struct nk_config *config = add->config;
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	/* A CNI error: the plugin reserved nothing. */
	const bool refused = add->ipam_rc == -ECANCELED;
	struct nk_error undo = { 0 };
	bool was_there;
	int rc;

	if (refused &&
	    !is_alone(
		    &att->claim.key)) { /* a DEL would release the addresses of the other device */
		(void)nk_journal_remove(&att->claim.key, &undo);
		return;
	}
	rc = *config->ipam_type ? nk_ipam_del(&ipam, &undo) : 0;
	/* A plugin that did not exist at its ADD either reserved nothing. */
	was_there = rc != add->ipam_rc || (rc != -ENOENT && rc != -EINVAL);
	if (rc && !refused && was_there)
		report_rollback(err, &undo);
	else if (rc && refused && strcmp(undo.msg, err->msg) != 0) /* else ADD's error says it */
		nk_log_tolerated(&undo);
	/* One that timed out may still reserve something. */
	if (add->ipam_rc == -ETIMEDOUT)
		nk_journal_postpone(&att->claim.key);
	else if (!rc || refused || !was_there)
		(void)nk_journal_remove(&att->claim.key, &undo); /* one that stays is a sweep's */
}

/* pair_exists() - for a pair without queues, which has no claim */
static bool pair_exists(struct nk_attachment *att)
{
	const uint32_t ifindex = att->host_ifindex;
	struct nk_error unread = { 0 };
	int rc = att->claim.pair && !att->lease_count ? nk_attach_find_pair(att, &unread) : 1;

	return rc && att->host_ifindex == ifindex;
}

/* relock() - take the locks again that nk_cmd_add_release() released. Return: 0; -ESTALE: a DEL may
 * have removed the attachment meanwhile; or another negative errno
 */
static int relock(struct nk_attachment *att, struct nk_error *err)
{
	const bool was_released = att->journal < 0;
	int rc = was_released ? nk_journal_lock(&att->claim.key, true, &att->journal, err) : 0;

	if (!rc)
		rc = nk_attach_lock(att, err);
	if (!rc && was_released && !pair_exists(att))
		rc = -ESTALE;
	if (rc != -ESTALE && rc != -EIDRM && rc != -ENODEV)
		return rc;
	nk_error_reset(err);
	/* Without the NIC or the pin, removal continues with what is left. */
	return rc == -ESTALE && was_released ? rc : 0;
}

void nk_cmd_add_release(struct nk_attachment *att, struct nk_add *add)
{
	nk_attach_unlock(att, add);
	nk_journal_unlock(&att->claim.key, &att->journal);
}

void nk_cmd_add_undo(const struct nk_request *request, struct nk_attachment *att,
		     struct nk_add *add, struct nk_error *err)
{
	struct nk_error undo = { 0 };
	int rc = relock(att, &undo);

	if (rc == -ESTALE)
		return nk_error_note(err, "the attachment was deleted meanwhile");
	if (!rc)
		rc = nk_attach_undo(att, add, &undo);
	nk_attach_unload(att); /* unlock the NIC while the IPAM plugin runs */
	if (rc)
		report_rollback(err,
				&undo); /* keep the addresses too: the next sweep removes both */
	else
		release_addresses(request, att, add, err);
}

/* sweep_twins() - sweep each NIC that has claims with the key of the new attachment */
static int sweep_twins(const struct nk_attachment *att, const struct nk_sweep *sweep,
		       struct nk_error *err)
{
	struct nk_nicdir_list nics cleanup_list = { 0 };
	struct nk_error unread = { 0 }; /* begin_attachment() reports it */
	struct nk_error mine = { 0 };
	int rc = nk_nicdir_read(sweep->bpffs, &nics, err);
	uint32_t i;

	for (i = 0; i < nics.count; i++)
		if (nk_attach_has_claim(att, sweep->bpffs, nics.at[i], &unread) > 0)
			rc = nk_log_keep_first(rc, nk_sweep_nic(sweep, nics.at[i], &mine), err,
					       &mine);
	return rc;
}

/* sweep() - leftovers of other attachments matter to this ADD only because they occupy queues */
static void sweep(struct nk_attachment *att, const struct nk_config *config)
{
	const struct nk_sweep sweep = describe_sweep(&att->host, config, NK_JOURNAL_SAMPLE);
	struct nk_error none = { 0 };

	if (config->queue_count && nk_sweep_lender(&sweep, &att->lender, &none))
		nk_log_tolerated(&none);
	nk_error_reset(&none);
	if (*att->lender.dir.name &&
	    nk_repair_nic(&att->host, config->bpffs, att->lender.dir.name, false, &none))
		nk_log_tolerated(&none);
	nk_error_reset(&none);
	if (sweep_twins(att, &sweep, &none))
		nk_log_tolerated(&none);
	nk_error_reset(&none);
	if (nk_sweep_begun(&sweep, &att->claim.key, &none))
		nk_log_tolerated(&none);
	nk_error_reset(&none);
	if (nk_sweep_journal(&sweep, NULL, &none))
		nk_log_tolerated(&none);
}

/* refuse_elsewhere() - one that was made with another bpffs, and lives, has the addresses that are noted. */
static int refuse_elsewhere(struct nk_attachment *att, const struct nk_config *config,
			    struct nk_error *err)
{
	off_stack struct nk_journal_record noted;
	int rc = nk_journal_lookup(&att->claim.key, &noted, err);

	if (rc <= 0 || !*noted.bpffs || !strcmp(noted.bpffs, config->bpffs))
		return rc < 0 ? rc : 0;
	return nk_attach_refuse_claimed(att, config->bpffs, err);
}

/* begin_attachment() - Refuse an attachment that exists on any NIC: a second one would get the same
 * addresses. For a pair without queues, record that its ADD has begun; claims show it for all
 * others. The sweep deletes such a pair by this record, so it is written only if no such pair
 * exists.
 */
static int begin_attachment(struct nk_attachment *att, const struct nk_config *config,
			    struct nk_error *err)
{
	const struct nk_delete how = { .bpffs = config->bpffs, .master = config->master };
	int rc = nk_delete_check_absent(att, &how, err);

	if (!rc)
		rc = refuse_elsewhere(att, config, err);
	if (!rc)
		rc = nk_attach_find_known_pair(att, err);
	if (rc > 0) {
		nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the attachment exists",
			     "host device %s belongs to %s of container %.16s, network %.32s",
			     att->host_name, att->claim.key.ifname, att->claim.key.container_id,
			     att->claim.key.network);
		return nk_delete_advise(err);
	}
	return rc || config->queue_count ? rc : nk_journal_begin(&att->claim.key, err);
}

/* name_owner() - the kernel said only that the Pod has a device of that name */
static void name_owner(const struct nk_attachment *att, struct nk_error *err)
{
	const char *name = att->claim.key.ifname;
	struct nk_error none = { 0 };
	struct nk_nl pod = { 0 };
	struct nk_link link;

	if (!nk_nl_open_rtnl(&pod, att->netns_fd, "Pod", &none) &&
	    !nk_link_get(&pod, NK_NSID_HERE, name, 0, &link, &none))
		nk_error_note(err, "the Pod already has a device %s%s%s%s%.255s", name,
			      *link.kind ? " of kind " : "", link.kind,
			      *link.alias ? ", alias " : "", link.alias);
	nk_nl_close(&pod);
}

static int create_attachment(const struct nk_request *request, struct nk_attachment *att,
			     struct nk_add *add, struct nk_ipam_result *ips, struct nk_error *err)
{
	const struct nk_config *config = add->config;
	struct nk_error ignored = { 0 };
	int rc;

	rc = nk_preflight(att, config, err);
	if (rc)
		return rc;
	nk_log_phase("preflight");
	sweep(att, config);
	nk_log_phase("sweep");
	rc = nk_journal_lock(&att->claim.key, true, &att->journal, err);
	if (!rc)
		rc = begin_attachment(att, config, err);
	nk_log_phase("attachment lock");
	if (rc)
		return rc;
	rc = nk_attach_create(att, add, err);
	if (rc && add->name_taken)
		name_owner(att, err);
	if (rc && !add->remains)
		(void)nk_journal_commit(&att->claim.key, &ignored);
	if (rc)
		return rc;
	rc = configure_addresses(request, att, add, ips, err);
	if (rc)
		nk_cmd_add_undo(request, att, add, err);
	return rc;
}

int nk_cmd_add(const struct nk_request *request, struct nk_attachment *att, struct nk_add *add,
	       struct nk_ipam_result *ips, struct nk_result *ret, struct nk_error *err)
{
	const struct nk_config *config = add->config;
	int rc;

	rc = nk_attachment_init(att, request, config, err);
	if (!rc)
		rc = nk_result_check_shape(config->prev, config->cni_version, err);
	if (!rc)
		rc = nk_result_check_absent(config->prev, att->claim.key.ifname, request->netns,
					    err);
	if (!rc)
		rc = nk_preflight_device(att, config, err);
	if (rc)
		return rc;
	att->netns_fd = nk_netns_open(request->netns, err);
	if (att->netns_fd < 0)
		return att->netns_fd;
	rc = create_attachment(request, att, add, ips, err);
	if (rc) {
		nk_error_wrap(err, "add %s to container %.16s", att->claim.key.ifname,
			      request->container_id);
		return rc;
	}
	nk_attach_result(att, request, config, ret);
	ret->ipam = ips->ip_count ? ips : NULL;
	return 0;
}
