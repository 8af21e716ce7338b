// SPDX-License-Identifier: Apache-2.0
/* features.c - what the NICs of a node can lend, for node-feature-discovery */
#include "node/features.h"

#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "base/text.h"
#include "ethtool/xps.h"
#include "kernel/netdev.h"
#include "kernel/netkit.h"
#include "kernel/nic.h"
#include "kernel/nl.h"
#include "kernel/probe.h"
#include "kernel/uapi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

int nk_features_add(struct nk_feature_list *list, const char *name, struct nk_feature_nic **ret,
		    struct nk_error *err)
{
	struct nk_feature_nic nic = { .numa = -1 };
	uint32_t i;
	int rc = 0;

	for (i = 0; i < list->count && strcmp(list->at[i].name, name) != 0; i++)
		;
	if (i == list->count) {
		snprintf(nic.name, sizeof(nic.name), "%s", name);
		rc = nk_list_add(list, &nic, err);
	}
	if (!rc)
		*ret = &list->at[i];
	return rc;
}

int nk_features_add_config(struct nk_feature_list *list, const struct nk_config *config,
			   struct nk_error *err)
{
	struct nk_feature_nic *nic;
	struct nk_queue_set *set;
	uint32_t id;
	int rc;

	if (!*config->master || (!config->queue_count && !config->awaits_device))
		return 0;
	rc = nk_features_add(list, config->master, &nic, err);
	if (rc)
		return rc;
	set = config->xsk_map ? &nic->queues : &nic->others;
	for (id = 1; id < NK_QUEUE_IDS; id++)
		if (!config->queue_count || nk_queue_set_has(&config->queues, id))
			nk_queue_set_put(set, id);
	nic->has_pool = true;
	return 0;
}

/* read_lending() - can the NIC lend, on this kernel? Return: 0, or a negative errno: unknown */
static int read_lending(struct nk_nl *nl, const struct nk_nic *nic, bool *ret, struct nk_error *err)
{
	int rc = nk_netkit_probe_single(nl, err);

	if (!rc)
		rc = nk_netdev_probe_lease(nl, err);
	if (!rc)
		rc = nk_probe_can_lease(nic, err);
	*ret = !rc;
	if (rc != -EOPNOTSUPP && rc != -EINVAL)
		return rc;
	nk_error_reset(err);
	return 0;
}

/* read_queues() - counts in sysfs, which the NIC has also while it is down */
static int read_queues(struct nk_feature_nic *nic, const struct nk_nic *found, struct nk_error *err)
{
	const int rx = nk_xps_rx_count(found), tx = nk_xps_count(found);
	int id;

	if (rx < 0 || tx < 0)
		return nk_error_set(err, NK_CODE_KERNEL, rx < 0 ? -rx : -tx,
				    "cannot count the NIC's queues", "%s",
				    nk_errno_name(rx < 0 ? -rx : -tx));
	nic->total = (uint32_t)rx;
	for (id = 1; nic->leasable && id < rx && id < NK_QUEUE_IDS; id++)
		if (!nic->has_pool || nk_queue_set_has(&nic->others, (uint32_t)id) ||
		    (id < tx && nk_queue_set_has(&nic->queues, (uint32_t)id)))
			nk_queue_set_put(&nic->usable, (uint32_t)id);
	return 0;
}

static int read_nic(struct nk_nl *nl, struct nk_feature_nic *nic, const struct nk_nic *found,
		    struct nk_error *err)
{
	uint64_t features;
	int rc = read_lending(nl, found, &nic->leasable, err);

	if (!rc)
		rc = read_queues(nic, found, err);
	if (!rc)
		rc = nk_netdev_xdp_features(nl, found->ifindex, &features, err);
	if (rc)
		return rc;
	nic->zero_copy = (features & NK_XDP_ACT_ZEROCOPY) == NK_XDP_ACT_ZEROCOPY;
	nic->numa = nk_netdev_numa(found);
	rc = nk_quirk_driver(found, nic->driver);
	if (rc)
		return nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot read the NIC's driver", "%s",
				    nk_errno_name(-rc));
	nic->ifindex = found->ifindex;
	return 0;
}

int nk_features_read(struct nk_nl *nl, struct nk_feature_nic *nic, struct nk_error *err)
{
	struct nk_nic found;
	int rc = nk_nic_get(nl, nic->name, &found, err);

	if (rc == -ENODEV) {
		nk_error_reset(err);
		nk_log_warn("%s: this node has no such NIC", nic->name);
		return 0;
	}
	if (!rc)
		rc = read_nic(nl, nic, &found, err);
	if (rc)
		nk_error_wrap(err, "%s", nic->name);
	return rc;
}

/* --- the file --------------------------------------------------------------------------------- */

static uint32_t count(const struct nk_queue_set *set)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < sizeof(set->bits) / sizeof(set->bits[0]); i++)
		sum += (uint32_t)__builtin_popcountll(set->bits[i]);
	return sum;
}

/* put() - a feature that makes no label by itself: that is for rules */
static void put(FILE *out, const char *of, const char *what, const char *value)
{
	fprintf(out, "# +no-label\nnk-cni.%s.%s=%s\n", of, what, value);
}

static void put_count(FILE *out, const char *of, const char *what, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	put(out, of, what, text);
}

static void put_nic(FILE *out, const struct nk_feature_nic *nic)
{
	char of[NK_ALTNAME_SIZE + 4], *c;

	snprintf(of, sizeof(of), "nic.%s", nic->name);
	nk_text_clean(of, "");
	for (c = of; (c = strpbrk(c, "= ")) != NULL;)
		*c = '?'; /* they would end the name of the feature */
	put(out, of, "leasable", nic->leasable ? "true" : "false");
	put_count(out, of, "queues.total", nic->total);
	put_count(out, of, "queues.usable", count(&nic->usable));
	put(out, of, "zero-copy", nic->zero_copy ? "true" : "false");
	if (*nic->driver)
		put(out, of, "driver", nic->driver);
	if (nic->numa >= 0)
		put_count(out, of, "numa", (uint32_t)nic->numa);
}

/* put_node() - the sums: a NIC with several names counts once */
static void put_node(FILE *out, const struct nk_feature_list *list)
{
	const struct nk_feature_nic *at = list->at;
	struct nk_queue_set usable;
	uint32_t i, n, sum = 0;
	bool leasable = false;
	size_t word;

	for (i = 0; i < list->count; i++) {
		for (n = 0; n < i && at[n].ifindex != at[i].ifindex; n++)
			;
		if (n < i)
			continue;
		usable = at[i].usable;
		for (n = i + 1; n < list->count; n++)
			for (word = 0; at[n].ifindex == at[i].ifindex && word < NK_QUEUE_IDS / 64;
			     word++)
				usable.bits[word] |= at[n].usable.bits[word];
		sum += count(&usable);
		leasable |= at[i].leasable;
	}
	put(out, "node", "leasable", leasable ? "true" : "false");
	put_count(out, "node", "queues.usable", sum);
}

static int compare(const void *a, const void *b)
{
	const struct nk_feature_nic *one = a, *other = b;

	return strcmp(one->name, other->name);
}

void nk_features_print(struct nk_feature_list *list, bool whole, FILE *out)
{
	uint32_t i;

	fputs("# what nk-cni can lend on this node; printed by nk-cni features\n", out);
	if (list->count)
		qsort(list->at, list->count, sizeof(*list->at), compare);
	for (i = 0; i < list->count; i++)
		put_nic(out, &list->at[i]);
	if (whole)
		put_node(out, list);
	else
		fputs("# incomplete: something could not be read, so keep the former file\n", out);
}
