/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feature.h - device features by the name that ethtool -k shows: "rx-ntuple-filter", say
 *
 * Source: net/ethtool/features.c; the names are netdev_features_strings of net/ethtool/common.c.
 */
#ifndef NK_FEATURE_H
#define NK_FEATURE_H

#include <stdbool.h>
#include <stdint.h>

struct nk_error;
struct nk_nl;

struct nk_feature {
	bool known; /* the kernel has a feature of that name; else all is false */
	bool on;
	bool changeable;
};

/* nk_feature_get() - Return: 0, also where the name is not known, or a negative errno */
int nk_feature_get(struct nk_nl *nl, uint32_t ifindex, const char *name, struct nk_feature *ret,
		   struct nk_error *err);

/**
 * nk_feature_set() - turn a feature on or off, and see that it is
 *
 * The kernel calls it success where the driver then does otherwise; so the state is read back, and
 * a wish that was not granted is taken back.
 *
 * Return: 0, also where it was so before; -EOPNOTSUPP where the name is not known, the driver does
 * not let it change, or did not change it; or another negative errno
 */
int nk_feature_set(struct nk_nl *nl, uint32_t ifindex, const char *name, bool on,
		   struct nk_error *err);

#endif
