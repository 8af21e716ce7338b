/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feature.h - device features, by the names that "ethtool -k" prints, such as "rx-ntuple-filter"
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
	bool known; /* the kernel has a feature of this name; otherwise all members are false */
	bool on;
	bool changeable;
};

/* nk_feature_get() - Return: 0, also for an unknown name, or a negative errno */
int nk_feature_get(struct nk_nl *nl, uint32_t ifindex, const char *name, struct nk_feature *ret,
		   struct nk_error *err);

/**
 * nk_feature_set() - turn a feature on or off, and read it back
 *
 * The kernel reports success even if the driver does not change the feature. Then the request is reverted.
 *
 * Return: 0 if the feature is as requested; -EOPNOTSUPP if the name is unknown, or the driver cannot change the
 * feature or did not; or another negative errno
 */
int nk_feature_set(struct nk_nl *nl, uint32_t ifindex, const char *name, bool on,
		   struct nk_error *err);

#endif
