// SPDX-License-Identifier: Apache-2.0
/* setting.c - settings of a NIC as bytes: RSS table, XPS masks, features, ring parameters */
#include "nic/setting.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "ethtool/feature.h"
#include "ethtool/rings.h"
#include "ethtool/rss.h"
#include "ethtool/xps.h"
#include "nic/flow.h"
#include "nic/quirk.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

_Static_assert(NK_RSS_SIZE_MAX * sizeof(uint16_t) <= NK_SAVED_BYTES, "a table fits");
_Static_assert(sizeof(struct nk_cpu_set) <= NK_SAVED_BYTES, "a mask fits");

uint32_t nk_setting_item(enum nk_setting_kind kind, uint32_t index)
{
	return (uint32_t)kind << 16 | index;
}

enum nk_setting_kind nk_setting_kind(uint32_t item)
{
	return (enum nk_setting_kind)(item >> 16);
}

bool nk_setting_is_exclusion(uint32_t item)
{
	return nk_setting_kind(item) == NK_SETTING_RSS || nk_setting_kind(item) == NK_SETTING_XPS;
}

bool nk_setting_is_ring(uint32_t item)
{
	return nk_setting_kind(item) == NK_SETTING_SPLIT || nk_setting_kind(item) == NK_SETTING_HDS;
}

static uint32_t index_of(uint32_t item)
{
	return item & 0xffff;
}

const char *nk_setting_feature_name(enum nk_setting_feature feature)
{
	static const char *const names[] = {
		[NK_FEATURE_NTUPLE] = "rx-ntuple-filter",
		[NK_FEATURE_VLAN_STRIP] = "rx-vlan-hw-parse",
		[NK_FEATURE_VLAN_FILTER] = "rx-vlan-filter",
		[NK_FEATURE_STAG_STRIP] = "rx-vlan-stag-hw-parse",
	};

	return feature < sizeof(names) / sizeof(names[0]) ? names[feature] : "";
}

static const char *feature_name(uint32_t item)
{
	return nk_setting_feature_name((enum nk_setting_feature)index_of(item));
}

void nk_setting_name(uint32_t item, char ret[NK_SETTING_NAME_SIZE])
{
	static const char *const names[] = {
		[NK_SETTING_RSS] = "RSS table",
		[NK_SETTING_SPLIT] = "tcp-data-split",
		[NK_SETTING_HDS] = "hds-thresh",
	};
	const enum nk_setting_kind kind = nk_setting_kind(item);

	if (kind == NK_SETTING_XPS)
		snprintf(ret, NK_SETTING_NAME_SIZE, "XPS mask of tx queue %u", index_of(item));
	else if (kind == NK_SETTING_FEATURE)
		snprintf(ret, NK_SETTING_NAME_SIZE, "%s", feature_name(item));
	else
		snprintf(ret, NK_SETTING_NAME_SIZE, "%s",
			 kind <= NK_SETTING_HDS && names[kind] ? names[kind] : "unknown setting");
}

void nk_setting_print(FILE *out, const char *nic, uint32_t item,
		      const struct nk_setting_value *value)
{
	off_stack struct nk_rss table;
	char text[NK_XPS_TEXT_SIZE];
	struct nk_cpu_set mask;
	uint32_t bytes;

	switch (nk_setting_kind(item)) {
	case NK_SETTING_RSS:
		nk_setting_unpack_rss(value, &table);
		fprintf(out, "ethtool -X %s ", nic);
		nk_rss_print(out, &table);
		fputs("  # approximation: nk-cni changes only the entries that must change\n", out);
		break;
	case NK_SETTING_XPS:
		memcpy(&mask, value->bytes, sizeof(mask));
		nk_xps_text(&mask, text);
		fprintf(out, "echo %s > /sys/class/net/%s/queues/tx-%u/xps_cpus\n", text, nic,
			index_of(item));
		break;
	case NK_SETTING_FEATURE:
		fprintf(out, "ethtool -K %s %s %s\n", nic, feature_name(item),
			value->bytes[0] ? "on" : "off");
		break;
	case NK_SETTING_SPLIT:
		fprintf(out, "ethtool -G %s tcp-data-split %s\n", nic,
			value->bytes[0] == NK_SPLIT_ON ? "on" : "off");
		break;
	case NK_SETTING_HDS:
		memcpy(&bytes, value->bytes, sizeof(bytes));
		fprintf(out, "ethtool -G %s hds-thresh %u\n", nic, bytes);
		break;
	}
}

static void set_value(struct nk_setting_value *ret, const void *bytes, size_t size)
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
	set_value(ret, entries, table->size * sizeof(entries[0]));
}

#define DRIVERS 0x8000 /* the mark, in each entry */

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

bool nk_setting_resize(uint32_t item, struct nk_setting_value *value, uint32_t size)
{
	const uint32_t less = size < value->size ? size : value->size;
	const uint32_t more = size < value->size ? value->size : size;

	if (size == value->size)
		return true;
	if (nk_setting_kind(item) != NK_SETTING_RSS || !less || more % less ||
	    more > sizeof(value->bytes) || less % sizeof(uint16_t))
		return false;
	/* A table repeats its first entries if it is equal to itself moved by them. */
	if (size < value->size && memcmp(value->bytes, value->bytes + less, more - less) != 0)
		return false;
	for (; value->size < size; value->size += less)
		memcpy(value->bytes + value->size, value->bytes, less);
	value->size = size;
	return true;
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
	const int count = nk_xps_rx_count(nic), sys = count < 0 ? -count : ENODEV;

	*ret = count < 0 ? 0 : (uint32_t)count;
	return count > 0 ? 0 :
			   nk_error_set(err, NK_CODE_KERNEL, sys, "cannot count the NIC's queues",
					"%s: %s", nic->name, nk_errno_name(sys));
}

static bool has_queue_from(const struct nk_rss *table, uint32_t first)
{
	uint32_t i;

	for (i = 0; i < table->size; i++)
		if (table->queues[i] >= first)
			return true;
	return false;
}

/* write_rss() - a table that is the driver's, or looks like it, is written by a reset: then it follows the number of
 * queues. So is a table with a queue that the NIC no longer has.
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
	    nk_rss_is_even(&table, queues) || has_queue_from(&table, queues))
		return nk_rss_reset(nl, nic->ifindex, err);
	return nk_rss_set(nl, nic->ifindex, &table, err);
}

static int read_xps(const struct nk_nic *nic, uint32_t queue, struct nk_setting_value *ret,
		    struct nk_error *err)
{
	struct nk_cpu_set mask;
	int rc = nk_xps_get(nic, queue, &mask, err);

	if (!rc)
		set_value(ret, &mask, sizeof(mask));
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
	set_value(ret, &on, sizeof(on));
	return 0;
}

static int read_rings(struct nk_nl *nl, const struct nk_nic *nic, enum nk_setting_kind kind,
		      struct nk_setting_value *ret, struct nk_error *err)
{
	struct nk_rings_state rings;
	int rc = nk_rings_get(nl, nic->ifindex, &rings, err);

	if (rc)
		return rc;
	/* The kernel does not report a split that nobody has set: split is 0 then, the driver's choice. */
	if (kind == NK_SETTING_SPLIT) {
		set_value(ret, &rings.split, sizeof(rings.split));
		return 0;
	}
	if (!rings.has_threshold)
		return nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP,
				    "the NIC has no header split threshold",
				    "%s does not report hds-thresh: EOPNOTSUPP", nic->name);
	set_value(ret, &rings.threshold, sizeof(rings.threshold));
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
		return read_feature(nl, nic, feature_name(item), ret, err);
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
		return 0;
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
		return nk_feature_set(nl, nic->ifindex, feature_name(item), value->bytes[0], err);
	case NK_SETTING_SPLIT:
	case NK_SETTING_HDS:
		return write_rings(nl, nic, nk_setting_kind(item), value, err);
	}
	return -EINVAL;
}
