// SPDX-License-Identifier: Apache-2.0
/* sweep_unclaimed.c - devices without a claim: bpffs or /run was emptied */
#include "node/sweep.h"

#include "attach/delete.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "kernel/link.h"
#include "kernel/netdev.h"
#include "kernel/uapi.h"
#include "nic/device.h"
#include "node/sweep_common.h"
#include "run/journal.h"
#include "run/rundir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* parse_alias() - "nk-cni:<effective name>:<container id>:<network>"; false if it may be cut */
static bool parse_alias(const char *alias, struct nk_key *ret)
{
	int end = 0;

	*ret = (struct nk_key){ 0 };
	return sscanf(alias, "nk-cni:%15[^:]:%255[^:]:%255s%n", ret->ifname, ret->container_id,
		      ret->network, &end) == 3 &&
	       !alias[end] && strlen(alias) < NK_ALIAS_SIZE - 2;
}

/* --- bpffs was emptied: devices with leases --------------------------------------------------- */

static int add_unlisted(const struct nk_sweep *sweep, struct nk_nl *host,
			const struct nk_queue *queue, struct nk_key_list *ret, struct nk_error *err)
{
	struct nk_error gone = { 0 };
	struct nk_link link;
	struct nk_key key;

	if (!queue->leased ||
	    nk_link_get(host, queue->lease_nsid, NULL, queue->lease_ifindex, &link, &gone) ||
	    link.group != NK_LINK_GROUP || !parse_alias(link.alias, &key) ||
	    strcmp(key.network, sweep->network) != 0 ||
	    sweep->is_listed(key.container_id, sweep->data))
		return 0;
	return nk_sweep_add_key(ret, &key, err);
}

/* read_unlisted() - read the unlisted devices of the network that have leases */
static int read_unlisted(const struct nk_sweep *sweep, struct nk_key_list *ret,
			 struct nk_error *err)
{
	struct nk_queue_list queues cleanup_list = { 0 };
	struct nk_error no_leases = { 0 };
	uint32_t i;
	int rc;

	/* A kernel without leases has no such device. */
	rc = nk_netdev_probe_lease(sweep->host, &no_leases) ?
		     0 :
		     nk_netdev_read_queues(sweep->host, 0, &queues, err);
	for (i = 0; i < queues.count && !rc; i++)
		rc = add_unlisted(sweep, sweep->host, &queues.at[i], ret, err);
	return rc;
}

/* has_claim() - an alias does not contain CNI_IFNAME */
static bool has_claim(const struct nk_key_list *claimed, const struct nk_key *key)
{
	uint32_t i;

	for (i = 0; i < claimed->count; i++)
		if (nk_key_same_device(&claimed->at[i], key))
			return true;
	return false;
}

static int remove_unlisted(const struct nk_sweep *sweep, const struct nk_key *key,
			   struct nk_error *err)
{
	const struct nk_delete how = { .bpffs = sweep->bpffs, .options = sweep->options };
	off_stack struct nk_attachment att;
	int rc = nk_attachment_init_key(&att, key, err);

	if (!rc)
		rc = nk_delete_look(&att, &how, err);
	if (rc == NK_REMAINS_DEVICE) {
		rc = nk_delete_run(&att, &how, err);
		if (rc >= 0)
			nk_log_warn("removed %s of container %s, network %s: it had leases but no "
				    "claim, and the runtime did not list it as valid",
				    key->ifname, key->container_id, key->network);
	}
	nk_attachment_fini(&att);
	return rc < 0 ? rc : 0;
}

int nk_sweep_unclaimed(const struct nk_sweep *sweep, struct nk_error *err)
{
	struct nk_key_list unlisted cleanup_list = { 0 };
	struct nk_key_list claimed cleanup_list = { 0 };
	struct nk_error mine = { 0 };
	uint32_t i;
	int rc = read_unlisted(sweep, &unlisted, err);

	if (!rc)
		rc = nk_sweep_read_claimed(sweep->bpffs, &claimed, err);
	if (rc)
		return rc;
	for (i = 0; i < unlisted.count && nk_sweep_has_time(sweep); i++) {
		if (!has_claim(&claimed, &unlisted.at[i]))
			rc = nk_log_keep_first(rc, remove_unlisted(sweep, &unlisted.at[i], &mine),
					       err, &mine);
	}
	return rc;
}

/* --- /run was emptied: pairs without queues --------------------------------------------------- */

static int read_links(struct nk_link_list *ret, struct nk_error *err)
{
	struct nk_nl host;
	int rc = nk_nl_open(&host, -1, "host", err);

	if (!rc)
		rc = nk_link_read(&host, NK_NSID_HERE, "netkit", ret, err);
	nk_nl_close(&host);
	return rc;
}

/* is_pair_of() - is it the host device of a pair, and of this network? A cut alias may be. */
static bool is_pair_of(const struct nk_link *link, const char *network)
{
	struct nk_key key;

	return link->netkit.pairing != NK_NETKIT_PAIRING_SINGLE && link->group == NK_LINK_GROUP &&
	       !strncmp(link->alias, "nk-cni:", 7) &&
	       (!parse_alias(link->alias, &key) || !strcmp(key.network, network));
}

static bool is_known(const struct nk_key_list *all, const struct nk_link *link)
{
	char alias[NK_ALIAS_SIZE];
	uint32_t i;

	for (i = 0; i < all->count; i++) {
		nk_device_alias(&all->at[i], alias);
		if (!strcmp(alias, link->alias) || nk_device_is_cut_alias(&all->at[i], link->alias))
			return true;
	}
	return false;
}

/* refuse_unknown() - the CNI_IFNAME of a pair that neither claims nor journal have is unknown */
static int refuse_unknown(const struct nk_key_list *all, const struct nk_link_list *links,
			  const char *network, struct nk_error *err)
{
	const struct nk_link *link;

	for (link = links->at; link < links->at + links->count; link++)
		if (is_pair_of(link, network) && !is_known(all, link))
			return nk_error_set(
				err, NK_CODE_KERNEL, EUCLEAN,
				"the list of attachments is incomplete",
				"device %s (alias %s) exists, but has no entry in " NK_RUN_DIR,
				link->name, link->alias);
	return 0;
}

int nk_sweep_read_existing(const char *bpffs, const char *network, struct nk_key_list *ret,
			   struct nk_error *err)
{
	struct nk_link_list links cleanup_list = { 0 };
	struct nk_journal_list entries cleanup_list = { 0 };
	struct nk_key_list all cleanup_list = { 0 };
	uint32_t i;
	int rc = read_links(&links, err); /* first: a device that exists has been recorded before */

	if (!rc)
		rc = nk_sweep_read_claimed(bpffs, &all, err);
	if (!rc)
		rc = nk_journal_read(network, NK_JOURNAL_ALL, &entries, err);
	for (i = 0; i < entries.count && !rc; i++)
		rc = nk_sweep_add_key(&all, &entries.at[i].key, err);
	if (!rc)
		rc = refuse_unknown(&all, &links, network, err);
	for (i = 0; i < all.count && !rc; i++)
		if (!strcmp(all.at[i].network, network))
			rc = nk_sweep_add_key(ret, &all.at[i], err);
	return rc;
}
