/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setting.h - one setting of a NIC, which all its users share: read, written and compared as bytes
 *
 * A setting is identified by its item: a number made of its kind and an index within the kind.
 */
#ifndef NK_SETTING_H
#define NK_SETTING_H

#include "base/types.h"
#include "nic/saved.h"

#include <stdio.h>

struct nk_error;
struct nk_nl;
struct nk_rss;

enum nk_setting_kind {
	NK_SETTING_RSS = 1, /* the default RSS table: a uint16_t for each entry */
	NK_SETTING_XPS,	    /* the mask of a transmit queue, the index: struct nk_cpu_set */
	NK_SETTING_FEATURE, /* the index is an enum nk_setting_feature: 0 or 1 */
	NK_SETTING_SPLIT,   /* tcp-data-split: NK_SPLIT_* */
	NK_SETTING_HDS,	    /* hds-thresh: uint32_t, bytes */
};

enum nk_setting_feature {
	NK_FEATURE_NTUPLE,     /* rx-ntuple-filter: flow rules */
	NK_FEATURE_VLAN_STRIP, /* rx-vlan-hw-parse: removes the tag from the frame */
	NK_FEATURE_VLAN_FILTER, /* rx-vlan-filter: drops frames of VLANs that the host does not have */
	NK_FEATURE_STAG_STRIP, /* rx-vlan-stag-hw-parse: removes a service tag (802.1ad) */
};

/* ETHTOOL_TCP_DATA_SPLIT_UNKNOWN (the driver decides), _DISABLED and _ENABLED of linux/ethtool.h */
#define NK_SPLIT_AUTO 0
#define NK_SPLIT_OFF  1
#define NK_SPLIT_ON   2

struct nk_setting_value {
	uint32_t size;
	uint8_t bytes[NK_SAVED_BYTES];
};

uint32_t nk_setting_item(enum nk_setting_kind kind, uint32_t index);
enum nk_setting_kind nk_setting_kind(uint32_t item);

/* nk_setting_is_exclusion() - does the setting keep host traffic off queues? */
bool nk_setting_is_exclusion(uint32_t item);

/* nk_setting_is_ring() - is it a parameter of the receive rings: header split, its threshold? */
bool nk_setting_is_ring(uint32_t item);

/* nk_setting_name() - the name for people: "RSS table", "rx-ntuple-filter" */
#define NK_SETTING_NAME_SIZE 48
void nk_setting_name(uint32_t item, char ret[NK_SETTING_NAME_SIZE]);

/* nk_setting_feature_name() - the kernel's name of a feature */
const char *nk_setting_feature_name(enum nk_setting_feature feature);

/* nk_setting_print() - print the command that sets a value, as a line. @nic: its name, quoted for a shell */
void nk_setting_print(FILE *out, const char *nic, uint32_t item,
		      const struct nk_setting_value *value);

/* nk_setting_count_rx() - receive queues in use, at least one. Return: 0 or a negative errno */
int nk_setting_count_rx(const struct nk_nic *nic, uint32_t *ret, struct nk_error *err);

/* RSS table to bytes, and back without the mark of nk_setting_mark_drivers() */
void nk_setting_pack_rss(const struct nk_rss *table, struct nk_setting_value *ret);
void nk_setting_unpack_rss(const struct nk_setting_value *value, struct nk_rss *ret);

/* nk_setting_resize() - give an RSS table another size as the kernel does when a NIC's table changes its size: repeat
 * its entries, or fold them if they repeat. Return: whether @value has @size bytes now; else it is unchanged
 */
bool nk_setting_resize(uint32_t item, struct nk_setting_value *value, uint32_t size);

/**
 * nk_setting_mark_drivers() - mark an RSS table as the driver's own; other settings stay unchanged
 * @bytes: the table, as nk_setting_pack_rss() writes it
 *
 * A marked table is restored by a reset, so that it follows the number of queues again. The kernel does not report
 * whether a user has written a table, so an even one counts as the driver's. An uneven one is restored entry by
 * entry, whoever chose it.
 */
int nk_setting_mark_drivers(const struct nk_nic *nic, uint32_t item, uint8_t *bytes, uint32_t size,
			    struct nk_error *err);
bool nk_setting_is_drivers(uint32_t item, const struct nk_setting_value *value);

/**
 * nk_setting_read() - read the present value
 *
 * Return: 0; -ENOENT (err is left empty) if the setting does not exist, because the kernel has no XPS or the NIC no
 * such queue (any more); -EOPNOTSUPP if the NIC does not support it; or another negative errno
 */
int nk_setting_read(struct nk_nl *nl, const struct nk_nic *nic, uint32_t item,
		    struct nk_setting_value *ret, struct nk_error *err);

/* nk_setting_is_in_use() - would turning it off delete flow rules? Return: 1, 0, or a negative errno */
int nk_setting_is_in_use(const struct nk_nic *nic, uint32_t item, struct nk_error *err);

/* nk_setting_write() - Return: 0 or a negative errno */
int nk_setting_write(struct nk_nl *nl, const struct nk_nic *nic, uint32_t item,
		     const struct nk_setting_value *value, struct nk_error *err);

#endif
