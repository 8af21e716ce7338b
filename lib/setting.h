/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setting.h - a setting that the whole NIC shares, as bytes: read, written, and compared alike
 *
 * Which one is told by an item, as in the origin map: its kind, and an index within the kind.
 */
#ifndef NK_SETTING_H
#define NK_SETTING_H

#include "origin.h"
#include "types.h"

struct nk_error;
struct nk_nl;
struct nk_rss;

enum nk_setting_kind {
	NK_SETTING_RSS = 1, /* the default RSS table; uint16_t an entry */
	NK_SETTING_XPS,	    /* struct nk_cpu_set of transmit queue number index */
	NK_SETTING_FEATURE, /* enum nk_setting_feature: 0 or 1 */
	NK_SETTING_SPLIT,   /* ETHTOOL_TCP_DATA_SPLIT_* */
	NK_SETTING_HDS,	    /* hds-thresh, bytes, uint32_t */
};

enum nk_setting_feature {
	NK_FEATURE_NTUPLE,	/* rx-ntuple-filter: flow rules */
	NK_FEATURE_VLAN_STRIP,	/* rx-vlan-hw-parse: takes the tag out of the frame */
	NK_FEATURE_VLAN_FILTER, /* rx-vlan-filter: drops frames of VLANs that the host has not */
	NK_FEATURE_STAG_STRIP,	/* rx-vlan-stag-hw-parse: takes a service tag (802.1ad) out */
};

/* linux/ethtool.h: ETHTOOL_TCP_DATA_SPLIT_UNKNOWN, which leaves it to the driver; _DISABLED, _ENABLED */
#define NK_SPLIT_AUTO 0
#define NK_SPLIT_OFF  1
#define NK_SPLIT_ON   2

struct nk_setting_value {
	uint32_t size;
	uint8_t bytes[NK_ORIGIN_BYTES];
};

uint32_t nk_setting_item(enum nk_setting_kind kind, uint32_t index);
enum nk_setting_kind nk_setting_kind(uint32_t item);

/* nk_setting_name() - as people call it: "RSS table", "rx-ntuple-filter". */
#define NK_SETTING_NAME_SIZE 48
void nk_setting_name(uint32_t item, char ret[NK_SETTING_NAME_SIZE]);

/* nk_setting_count_rx() - receive queues that a NIC uses, at least one. Return: 0 or a negative errno */
int nk_setting_count_rx(const struct nk_nic *nic, uint32_t *ret, struct nk_error *err);

/* The kernel's name of a feature. */
const char *nk_setting_feature_name(enum nk_setting_feature feature);

/* The bytes of an RSS table, and back. */
void nk_setting_pack_rss(const struct nk_rss *table, struct nk_setting_value *ret);
void nk_setting_unpack_rss(const struct nk_setting_value *value, struct nk_rss *ret);

/**
 * nk_setting_read() - as it is now
 *
 * Return: 0; -ENOENT (which fills no error) where there is none: no XPS, no such queue by now;
 * -EOPNOTSUPP where the NIC does not have it; or another negative errno
 */
int nk_setting_read(struct nk_nl *nl, const struct nk_nic *nic, uint32_t item,
		    struct nk_setting_value *ret, struct nk_error *err);

/* nk_setting_is_in_use() - would switching it off take flow rules away? Whoever's they are. Return: 1, 0,
 * or a negative errno
 */
int nk_setting_is_in_use(const struct nk_nic *nic, uint32_t item, struct nk_error *err);

/* nk_setting_write() - Return: 0, or a negative errno */
int nk_setting_write(struct nk_nl *nl, const struct nk_nic *nic, uint32_t item,
		     const struct nk_setting_value *value, struct nk_error *err);

/**
 * nk_setting_mark_drivers() - note of an RSS table that it is the driver's own
 * @bytes: the table, as nk_setting_pack_rss() makes it; of other settings nothing changes
 *
 * The kernel does not tell whether a table was configured; one that spreads evenly over all queues
 * counts as the driver's. A marked one is restored by a reset, so that the NIC follows its number of queues
 * again; otherwise it is read as before.
 */
int nk_setting_mark_drivers(const struct nk_nic *nic, uint32_t item, uint8_t *bytes, uint32_t size,
			    struct nk_error *err);
bool nk_setting_is_drivers(uint32_t item, const struct nk_setting_value *value);

#endif
