// SPDX-License-Identifier: Apache-2.0
/* setting.c - the settings that a whole NIC shares: RSS table, XPS masks, features, rings */
#include "setting.h"

#include "cleanup.h"
#include "error.h"
#include "feature.h"
#include "flow.h"
#include "quirk.h"
#include "rings.h"
#include "rss.h"
#include "xps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

_Static_assert(NK_RSS_SIZE_MAX * sizeof(uint16_t) <= NK_ORIGIN_BYTES, "a table fits");
_Static_assert(sizeof(struct nk_cpu_set) <= NK_ORIGIN_BYTES, "a mask fits");

uint32_t nk_setting_item(enum nk_setting_kind kind, uint32_t index)
{
	return (uint32_t)kind << 16 | index;
}

enum nk_setting_kind nk_setting_kind(uint32_t item)
{
	return (enum nk_setting_kind)(item >> 16);
}

static uint32_t index_of(uint32_t item)
{
	return item & 0xffff;
}

const char *nk_setting_feature_name(enum nk_setting_feature feature)
{
	switch (feature) {
	case NK_FEATURE_NTUPLE:
		return "rx-ntuple-filter";
	case NK_FEATURE_VLAN_STRIP:
		return "rx-vlan-hw-parse";
	case NK_FEATURE_VLAN_FILTER:
		return "rx-vlan-filter";
	case NK_FEATURE_STAG_STRIP:
		return "rx-vlan-stag-hw-parse";
	}
	return "";
}

static const char *feature_of(uint32_t item)
{
	return nk_setting_feature_name((enum nk_setting_feature)index_of(item));
}

void nk_setting_name(uint32_t item, char ret[NK_SETTING_NAME_SIZE])
{
	switch (nk_setting_kind(item)) {
	case NK_SETTING_RSS:
		snprintf(ret, NK_SETTING_NAME_SIZE, "RSS table");
		break;
	case NK_SETTING_XPS:
		snprintf(ret, NK_SETTING_NAME_SIZE, "XPS mask of tx queue %u", index_of(item));
		break;
	case NK_SETTING_FEATURE:
		snprintf(ret, NK_SETTING_NAME_SIZE, "%s", feature_of(item));
		break;
	case NK_SETTING_SPLIT:
		snprintf(ret, NK_SETTING_NAME_SIZE, "tcp-data-split");
		break;
	case NK_SETTING_HDS:
		snprintf(ret, NK_SETTING_NAME_SIZE, "hds-thresh");
		break;
	}
}

static void put(struct nk_setting_value *ret, const void *bytes, size_t size)
{
	ret->size = (uint32_t)size;
	memcpy(ret->bytes, bytes, size);
}

void nk_setting_pack_rss(const struct nk_rss *table, struct nk_setting_value *ret)
{
	uint16_t entries[NK_RSS_SIZE_MAX] = { 0 };
	uint32_t i;

	for (i = 0; i < table->size; i++)
		entries[i] = (uint16_t)table->queues[i];
	put(ret, entries, table->size * sizeof(entries[0]));
}

#define DRIVERS 0x8000 /* in each entry: the table was the driver's own */

int nk_setting_mark_drivers(const struct nk_nic *nic, uint32_t item, uint8_t *bytes, uint32_t size,
			    struct nk_error *err)
{
	off_stack struct nk_setting_value value;
	off_stack struct nk_rss table;
	uint16_t entry;
	uint32_t i, queues;
	int rc;

	if (nk_setting_kind(item) != NK_SETTING_RSS)
		return 0;
	rc = nk_setting_count_rx(nic, &queues, err);
	if (rc)
		return rc;
	value.size = size;
	memcpy(value.bytes, bytes, size);
	nk_setting_unpack_rss(&value, &table);
	if (!nk_rss_is_even(&table, queues))
		return 0;
	for (i = 0; i < table.size; i++) {
		entry = (uint16_t)(table.queues[i] | DRIVERS);
		memcpy(bytes + i * sizeof(entry), &entry, sizeof(entry));
	}
	return 0;
}

bool nk_setting_is_drivers(uint32_t item, const struct nk_setting_value *value)
{
	uint16_t entry;

	if (nk_setting_kind(item) != NK_SETTING_RSS || value->size < sizeof(entry))
		return false;
	memcpy(&entry, value->bytes, sizeof(entry));
	return entry & DRIVERS;
}

void nk_setting_unpack_rss(const struct nk_setting_value *value, struct nk_rss *ret)
{
	uint16_t entries[NK_RSS_SIZE_MAX];
	uint32_t i;

	ret->size = value->size / (uint32_t)sizeof(entries[0]);
	memcpy(entries, value->bytes, ret->size * sizeof(entries[0]));
	for (i = 0; i < ret->size; i++)
		ret->queues[i] = entries[i] & ~DRIVERS;
}

static int read_rss(struct nk_nl *nl, const struct nk_nic *nic, struct nk_setting_value *ret,
		    struct nk_error *err)
{
	off_stack struct nk_rss table;
	int rc = nk_rss_get(nl, nic->ifindex, 0, &table, err);

	if (!rc)
		nk_setting_pack_rss(&table, ret);
	return rc;
}

int nk_setting_count_rx(const struct nk_nic *nic, uint32_t *ret, struct nk_error *err)
{
	int count = nk_xps_rx_count(nic);

	*ret = count < 0 ? 0 : (uint32_t)count;
	if (count > 0)
		return 0;
	return nk_error_set(err, NK_CODE_KERNEL, count < 0 ? -count : ENODEV,
			    "cannot count the NIC's queues", "%s: %s", nic->name,
			    nk_errno_name(count < 0 ? -count : ENODEV));
}

/* is_beyond() - does it name a queue that the NIC does not have by now? */
static bool is_beyond(const struct nk_rss *table, uint32_t queues)
{
	uint32_t i;

	for (i = 0; i < table->size; i++)
		if (table->queues[i] >= queues)
			return true;
	return false;
}

/* write_rss() - a table that was the driver's own, or looks like it, is given back to the driver: then the
 * NIC follows its number of queues again. So is one that the NIC has become too small for.
 */
static int write_rss(struct nk_nl *nl, const struct nk_nic *nic,
		     const struct nk_setting_value *value, struct nk_error *err)
{
	off_stack struct nk_rss table;
	uint32_t queues;
	int rc = nk_setting_count_rx(nic, &queues, err);

	if (rc)
		return rc;
	nk_setting_unpack_rss(value, &table);
	if (nk_setting_is_drivers(nk_setting_item(NK_SETTING_RSS, 0), value) ||
	    nk_rss_is_even(&table, queues) || is_beyond(&table, queues))
		return nk_rss_reset(nl, nic->ifindex, err);
	return nk_rss_set(nl, nic->ifindex, &table, err);
}

static int read_xps(const struct nk_nic *nic, uint32_t queue, struct nk_setting_value *ret,
		    struct nk_error *err)
{
	struct nk_cpu_set mask;
	int rc = nk_xps_get(nic, queue, &mask, err);

	if (!rc)
		put(ret, &mask, sizeof(mask));
	return rc;
}

static int read_feature(struct nk_nl *nl, const struct nk_nic *nic, const char *name,
			struct nk_setting_value *ret, struct nk_error *err)
{
	struct nk_feature feature;
	int rc = nk_feature_get(nl, nic->ifindex, name, &feature, err);
	uint8_t on;

	if (rc)
		return rc;
	on = feature.on;
	put(ret, &on, sizeof(on));
	return 0;
}

static int read_rings(struct nk_nl *nl, const struct nk_nic *nic, enum nk_setting_kind kind,
		      struct nk_setting_value *ret, struct nk_error *err)
{
	struct nk_rings_state rings;
	int rc = nk_rings_get(nl, nic->ifindex, &rings, err);

	if (rc)
		return rc;
	/* Of a split that nobody has set the kernel says nothing, which is the driver's choice. */
	if (kind == NK_SETTING_SPLIT) {
		put(ret, &rings.split, sizeof(rings.split));
		return 0;
	}
	if (!rings.has_threshold)
		return nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP,
				    "the NIC has no threshold for splitting headers off",
				    "%s has no hds-thresh", nic->name);
	put(ret, &rings.threshold, sizeof(rings.threshold));
	return 0;
}

int nk_setting_read(struct nk_nl *nl, const struct nk_nic *nic, uint32_t item,
		    struct nk_setting_value *ret, struct nk_error *err)
{
	*ret = (struct nk_setting_value){ 0 };
	switch (nk_setting_kind(item)) {
	case NK_SETTING_RSS:
		return read_rss(nl, nic, ret, err);
	case NK_SETTING_XPS:
		return read_xps(nic, index_of(item), ret, err);
	case NK_SETTING_FEATURE:
		return read_feature(nl, nic, feature_of(item), ret, err);
	case NK_SETTING_SPLIT:
	case NK_SETTING_HDS:
		return read_rings(nl, nic, nk_setting_kind(item), ret, err);
	}
	return -EINVAL;
}

int nk_setting_is_in_use(const struct nk_nic *nic, uint32_t item, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	struct nk_flow_table rules = { 0 };
	int rc;

	if (item != nk_setting_item(NK_SETTING_FEATURE, NK_FEATURE_NTUPLE))
		return 0;
	rc = nk_flow_table_get(nic, &rules, &mine);
	if (rc == -EOPNOTSUPP)
		return 0; /* it has no rules at all */
	if (rc)
		*err = mine;
	return rc ? rc : rules.used > 0;
}

static int write_rings(struct nk_nl *nl, const struct nk_nic *nic, enum nk_setting_kind kind,
		       const struct nk_setting_value *value, struct nk_error *err)
{
	uint32_t threshold;
	int rc;

	if (kind == NK_SETTING_SPLIT) {
		rc = nk_rings_set_split(nl, nic->ifindex, value->bytes[0], err);
	} else {
		memcpy(&threshold, value->bytes, sizeof(threshold));
		rc = nk_rings_set_threshold(nl, nic->ifindex, threshold, err);
	}
	if (rc)
		nk_quirk_remedy(nic, NK_QUIRK_DATA_SPLIT, err);
	return rc;
}

int nk_setting_write(struct nk_nl *nl, const struct nk_nic *nic, uint32_t item,
		     const struct nk_setting_value *value, struct nk_error *err)
{
	struct nk_cpu_set mask;

	switch (nk_setting_kind(item)) {
	case NK_SETTING_RSS:
		return write_rss(nl, nic, value, err);
	case NK_SETTING_XPS:
		memcpy(&mask, value->bytes, sizeof(mask));
		return nk_xps_set(nic, index_of(item), &mask, err);
	case NK_SETTING_FEATURE:
		return nk_feature_set(nl, nic->ifindex, feature_of(item), value->bytes[0], err);
	case NK_SETTING_SPLIT:
	case NK_SETTING_HDS:
		return write_rings(nl, nic, nk_setting_kind(item), value, err);
	}
	return -EINVAL;
}
