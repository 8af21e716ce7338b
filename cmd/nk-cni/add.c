// SPDX-License-Identifier: Apache-2.0
/* add.c - ADD: look before anything is changed, make the attachment, then give it its addresses */
#include "commands.h"

#include "address.h"
#include "attach.h"
#include "clock.h"
#include "error.h"
#include "ipam.h"
#include "journal.h"
#include "log.h"
#include "netns.h"
#include "nicdir.h"
#include "removal.h"
#include "repair.h"
#include "result.h"
#include "sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

#define SWEEP_MS 5000 /* others wait for this Pod */

/* take_given() - the addresses of the runtime, where no IPAM plugin is configured */
static void take_given(const struct nk_config *config, struct nk_ipam_result *ret)
{
	uint32_t i;

	for (i = 0; i < config->ip_count; i++) {
		ret->ips[i].address = config->ips[i];
		ret->ips[i].interface = -1;
	}
	ret->ip_count = config->ip_count;
}

/* note_addresses() - how they are given back, before there are any. What the journal has of an
 * attachment that was here before us is owed still.
 */
static int note_addresses(const struct nk_ipam *ipam, const struct nk_request *request,
			  const struct nk_config *config, const struct nk_key *key,
			  struct nk_error *err)
{
	struct nk_error owed = { 0 };
	int fd, rc;

	if (nk_journal_give_back(key, NULL, NK_IPAM_OTHER_MS, &owed) < 0)
		nk_log_warn("%s: %s", owed.msg, owed.details);
	rc = nk_journal_lock_network(key->network, &fd, err);
	if (!rc)
		rc = nk_journal_note(key, request, ipam, config->bpffs, err);
	nk_journal_unlock_network(key->network, &fd);
	return rc;
}

/* is_alone() - is no other device of this container id and CNI_IFNAME known, which would have its
 * addresses under the same name?
 */
static bool is_alone(const struct nk_key *key)
{
	struct nk_journal_entry *entries = NULL;
	struct nk_error unread = { 0 };
	size_t count = 0, i;
	bool ret = !nk_journal_read(key->network, &entries, &count, &unread);

	for (i = 0; i < count; i++)
		if (!strcmp(entries[i].key.container_id, key->container_id) &&
		    !strcmp(entries[i].key.cni_ifname, key->cni_ifname) &&
		    strcmp(entries[i].key.ifname, key->ifname) != 0)
			ret = false;
	free(entries);
	return ret;
}

/* ask_ipam() - have addresses reserved. A plugin that refuses may still have those of an attachment of
 * this very key that went without a DEL, at a reboot say: then its DEL and one more try. Not where
 * another plugin of the list, or another device of ours, may have them.
 */
static int ask_ipam(const struct nk_ipam *ipam, const struct nk_config *config,
		    struct nk_attachment *att, struct nk_ipam_result *ips, struct nk_error *err)
{
	struct nk_error first = { 0 }, refused = { 0 };
	int rc = nk_ipam_add(ipam, ips, &first);

	if (rc == -ECANCELED && !config->prev && is_alone(&att->key) &&
	    !nk_ipam_del(ipam, &refused)) {
		nk_error_reset(&first);
		rc = nk_ipam_add(ipam, ips, &first);
	}
	att->ipam_rc = rc;
	if (rc)
		*err = first;
	return rc;
}

/* reserve() - noted before it is done */
static int reserve(const struct nk_request *request, const struct nk_config *config,
		   struct nk_attachment *att, struct nk_ipam_result *ips, struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	int rc = note_addresses(&ipam, request, config, &att->key, err);

	return rc ? rc : ask_ipam(&ipam, config, att, ips, err);
}

/* give_addresses() - an IPAM plugin takes its time, or hangs: others may have the NIC meanwhile. */
static int give_addresses(const struct nk_request *request, const struct nk_config *config,
			  struct nk_attachment *att, struct nk_ipam_result *ips,
			  struct nk_error *err)
{
	int rc;

	take_given(config, ips);
	if (*config->ipam_type) {
		nk_attach_unlock(att);
		rc = reserve(request, config, att, ips, err);
		if (!rc)
			rc = nk_attach_lock(att, err);
		if (rc)
			return rc;
	}
	rc = nk_address_create(att, config, ips, err);
	return rc ? rc : nk_attach_steer(att, config, ips, request->netns, err);
}

/* note_rollback() - what is left makes another error of it: "try again", or "nothing was done",
 * would be a lie.
 */
static void note_rollback(struct nk_error *err, const struct nk_error *undo)
{
	err->code = NK_CODE_KERNEL;
	nk_error_note(err, "rollback: %s%s%s", undo->msg, *undo->details ? "; " : "",
		      undo->details);
}

/* give_back() - what the IPAM plugin has reserved, after all else has gone */
static void give_back(const struct nk_request *request, const struct nk_config *config,
		      const struct nk_attachment *att, struct nk_error *err)
{
	const struct nk_ipam ipam = nk_ipam_of(config, request);
	const bool refused = att->ipam_rc ==
			     -ECANCELED; /* with a CNI error: it has reserved nothing */
	struct nk_error undo = { 0 };
	int rc;

	if (refused && !is_alone(&att->key))
		return nk_journal_forget(&att->key); /* its DEL would be of the other device */
	rc = *config->ipam_type ? nk_ipam_del(&ipam, &undo) : 0;
	if (rc && refused)
		nk_log_warn("%s: %s", undo.msg, undo.details);
	else if (rc && strcmp(undo.msg, err->msg) != 0)
		note_rollback(err, &undo);
	/* A plugin that is not there has reserved nothing; one that gave no answer may do so yet. */
	if (att->ipam_rc == -ETIMEDOUT)
		nk_journal_postpone(&att->key);
	else if (!rc || refused || rc == -ENOENT || rc == -EINVAL)
		nk_journal_forget(&att->key);
}

/* is_still_there() - a pair without queues, for which no claim tells it */
static bool is_still_there(struct nk_attachment *att)
{
	const uint32_t ifindex = att->host_ifindex;
	struct nk_error unread = { 0 };
	int rc = att->pair && !att->lease_count ? nk_attach_find_pair(att, &unread) : 1;

	return rc && att->host_ifindex == ifindex;
}

/* take_again() - the locks, as far as nk_cmd_add_release() gave them up. Return: 0; -ESTALE: a DEL came
 * meanwhile, and nothing there is of this call; or another negative errno
 */
static int take_again(struct nk_attachment *att, struct nk_error *err)
{
	const bool was_released = att->journal < 0;
	int rc = was_released ? nk_journal_lock(&att->key, true, &att->journal, err) : 0;

	if (!rc)
		rc = nk_attach_lock(att, err);
	if (!rc && was_released && !is_still_there(att))
		rc = -ESTALE;
	if (rc != -ESTALE && rc != -ENODEV)
		return rc;
	nk_error_reset(err);
	return rc == -ESTALE && was_released ? rc :
					       0; /* what is left of it is removed all the same */
}

void nk_cmd_add_release(struct nk_attachment *att)
{
	nk_attach_unlock(att);
	nk_journal_unlock(&att->key, &att->journal);
}

void nk_cmd_add_undo(const struct nk_request *request, const struct nk_config *config,
		     struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error undo = { 0 };
	int rc = take_again(att, &undo);

	if (rc == -ESTALE)
		return nk_error_note(err, "it was deleted meanwhile");
	if (!rc)
		rc = nk_attach_remove(att, &undo);
	nk_attach_unload(att); /* the NIC is free for others while the plugin works */
	if (rc)
		note_rollback(err, &undo); /* it keeps its addresses: a sweep ends both */
	else
		give_back(request, config, att, err);
}

/* What sweep_twin() goes by. */
struct twin {
	const struct nk_attachment *att;
	const struct nk_sweep *sweep;
};

/* sweep_twin() - if this NIC has claims of the very attachment that is about to be made */
static int sweep_twin(const char *nic, void *data, struct nk_error *err)
{
	const struct twin *twin = data;
	struct nk_error unread = { 0 }; /* begin() says so */

	if (nk_attach_has_claim(twin->att, twin->sweep->bpffs, nic, &unread) <= 0)
		return 0;
	return nk_sweep_nic(twin->sweep, nic, err);
}

/* sweep() - others' remains are not this ADD's concern, beyond the room they take. */
static void sweep(struct nk_attachment *att, const struct nk_config *config)
{
	const struct nk_sweep sweep = {
		.bpffs = config->bpffs,
		.until = nk_clock_ms() + SWEEP_MS,
		.impatient = true,
		.keep_rss = true,
	};
	struct twin twin = { att, &sweep };
	struct nk_error none = { 0 };

	if (config->queue_count && nk_sweep_lender(&sweep, &att->lender, &none))
		nk_log_warn("%s: %s", none.msg, none.details);
	nk_error_reset(&none);
	if (*att->lender.dir.name &&
	    nk_repair_nic(config->bpffs, att->lender.dir.name, false, &none))
		nk_log_warn("%s: %s", none.msg, none.details);
	nk_error_reset(&none);
	if (nk_nicdir_each(config->bpffs, sweep_twin, &twin, &none))
		nk_log_warn("%s: %s", none.msg, none.details);
	nk_error_reset(&none);
	if (nk_sweep_journal(&sweep, &none))
		nk_log_warn("%s: %s", none.msg, none.details);
}

/* begin() - an attachment is made once, on whatever NIC: a second one would have the addresses of the first.
 * Note that the ADD of a pair without queues is under way; of all others their claims say so.
 * The note is what a sweep destroys such a pair by, so it is made only where there is none.
 */
static int begin(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err)
{
	const struct nk_removal how = { .bpffs = config->bpffs, .master = config->master };
	int rc = nk_removal_check_absent(att, &how, err);

	if (!rc && !config->queue_count)
		rc = nk_attach_find_pair(att, err);
	if (rc > 0) {
		nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the attachment exists",
			     "%s is the host's end of %s of container %.16s, network %.32s",
			     att->host_name, att->key.ifname, att->key.container_id,
			     att->key.network);
		nk_error_remedy(err, "call DEL for it first");
		return -EEXIST;
	}
	return rc || config->queue_count ? rc : nk_journal_begin(&att->key, err);
}

static int make(const struct nk_request *request, const struct nk_config *config,
		struct nk_attachment *att, struct nk_ipam_result *ips, struct nk_error *err)
{
	struct nk_error unheard = { 0 };
	int rc;

	rc = nk_preflight(att, config, err);
	if (rc)
		return rc;
	sweep(att, config);
	rc = nk_journal_lock(&att->key, true, &att->journal, err);
	if (!rc)
		rc = begin(att, config, err);
	if (rc)
		return rc;
	rc = nk_attach_create(att, config, err);
	if (rc && !att->remains)
		(void)nk_journal_commit(&att->key, &unheard);
	if (rc)
		return rc;
	rc = give_addresses(request, config, att, ips, err);
	if (rc)
		nk_cmd_add_undo(request, config, att, err);
	return rc;
}

int nk_cmd_add(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_ipam_result *ips, struct nk_result *ret,
	       struct nk_error *err)
{
	int rc;

	rc = nk_attachment_init(att, request, config, err);
	if (!rc)
		rc = nk_result_check_shape(config->prev, config->cni_version, err);
	if (!rc)
		rc = nk_result_check_absent(config->prev, att->key.ifname, request->netns, err);
	if (!rc)
		rc = nk_preflight_device(att, config, err);
	if (rc)
		return rc;
	att->netns_fd = nk_netns_open(request->netns, err);
	if (att->netns_fd < 0)
		return att->netns_fd;
	rc = make(request, config, att, ips, err);
	if (rc) {
		nk_error_wrap(err, "add %s to container %.16s", att->key.ifname,
			      request->container_id);
		return rc;
	}
	nk_attach_result(att, request, config, ret);
	ret->ipam = ips->ip_count ? ips : NULL;
	return 0;
}
