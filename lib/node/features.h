/* SPDX-License-Identifier: Apache-2.0 */
/*
 * features.h - what the NICs of a node can lend, as a feature file of node-feature-discovery (its source "local")
 *
 * The features are capacity: attachments do not change them. So an extended resource made of them stays as it is
 * while the scheduler counts what Pods request.
 */
#ifndef NK_FEATURES_H
#define NK_FEATURES_H

#include "base/types.h"
#include "nic/quirk.h"

#include <stdio.h>

struct nk_error;
struct nk_nl;

/* A NIC that a configuration or an argument names. */
struct nk_feature_nic {
	char name[NK_ALTNAME_SIZE]; /* as it is named there: an altname can be the same on all nodes */
	bool has_pool; /* a configuration says which queues; otherwise all but queue 0 */
	struct nk_queue_set queues; /* of attachments for AF_XDP, which need transmit queues too */
	struct nk_queue_set others; /* of attachments without a map */

	/* filled by nk_features_read(); all zero if there is no such NIC */
	uint32_t ifindex;
	bool leasable, zero_copy;
	uint32_t total;		    /* receive queues in use */
	struct nk_queue_set usable; /* those of `queues` and `others` that an attachment can get */
	char driver[NK_QUIRK_DRIVER_SIZE]; /* empty: none */
	int numa;			   /* -1: unknown */
};

struct nk_feature_list {
	struct nk_feature_nic *at; /* freed by cleanup_list */
	uint32_t count;
};

/* nk_features_add() - the NIC of that name, appended if it is new. @ret: valid until the next call. Return: 0 or -ENOMEM */
int nk_features_add(struct nk_feature_list *list, const char *name, struct nk_feature_nic **ret,
		    struct nk_error *err);

/* nk_features_add_config() - the NIC of a configuration with its queues; nothing if it names none. Return: the same */
int nk_features_add_config(struct nk_feature_list *list, const struct nk_config *config,
			   struct nk_error *err);

/* nk_features_read() - read the NIC; changes nothing. A NIC that does not exist, or cannot lend, is no failure.
 * Return: 0; or a negative errno: what it can do is unknown
 */
int nk_features_read(struct nk_nl *nl, struct nk_feature_nic *nic, struct nk_error *err);

/* nk_features_print() - sorts the list by name. @whole: no NIC and no configuration is missing; otherwise there are no
 * lines about the node, and a comment says so. No system call
 */
void nk_features_print(struct nk_feature_list *list, bool whole, FILE *out);

#endif
