/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rss.h - receive side scaling: the indirection table of a NIC, and RSS contexts
 *
 * The NIC hashes a frame; entry hash % size of the table is its queue. Context 0, the default, gets the frames that
 * no flow rule matches. Each other context has its own table, for rules that point to it. nk-cni never changes hash
 * key and function. The kernel allows leased queues in a table, so keeping them out is our work.
 *
 * Source: net/ethtool/rss.c of Linux 7.3.
 */
#ifndef NK_RSS_H
#define NK_RSS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct nk_error;
struct nk_nl;
struct nk_queue_set;

#define NK_RSS_SIZE_MAX		2048 /* entries; a larger table is refused with -E2BIG */
#define NK_RSS_CONTEXT_SIZE_MAX 1024 /* the same for contexts, with -EOPNOTSUPP */

/* An indirection table. */
struct nk_rss {
	uint32_t size; /* entries in use */
	uint32_t queues[NK_RSS_SIZE_MAX];
};

/**
 * nk_rss_get() - read the table of a context
 *
 * Return: 0; -EOPNOTSUPP if the driver has no table, or no contexts; -ENOENT if there is no such context; -E2BIG; or
 * another negative errno
 */
int nk_rss_get(struct nk_nl *nl, uint32_t ifindex, uint32_t context, struct nk_rss *ret,
	       struct nk_error *err);

/**
 * nk_rss_set() - write the default table
 *
 * The kernel then counts it as the user's, even if it is equal to the driver's: it does not follow the number of
 * queues until nk_rss_reset(). A table that is smaller than the NIC's is repeated.
 *
 * Return: 0; -EINVAL if its size does not divide that of the NIC's, or the NIC lacks a queue; or another negative errno
 */
int nk_rss_set(struct nk_nl *nl, uint32_t ifindex, const struct nk_rss *table,
	       struct nk_error *err);

/* nk_rss_reset() - let the driver choose the default table again */
int nk_rss_reset(struct nk_nl *nl, uint32_t ifindex, struct nk_error *err);

/* nk_rss_is_even() - does each of @queues have the same share, in any order? Drivers fill their own tables so, most of
 * them with i % @queues.
 */
bool nk_rss_is_even(const struct nk_rss *table, uint32_t queues);

/* nk_rss_print() - print the queues' shares for ethtool(8): "weight 8 8 0 0" */
void nk_rss_print(FILE *out, const struct nk_rss *table);

/**
 * nk_rss_exclude() - compute a table without certain queues
 * @queues: receive queues of the NIC; entries with higher ids stay unchanged
 * @ret: must not be @from
 *
 * The entries of excluded queues go to the other queues of the table in proportion, to one entry: so an
 * administrator's weights are kept. If there is no other queue, they go to all queues that are not excluded.
 *
 * Return: 0, or -EINVAL if all queues are excluded
 */
int nk_rss_exclude(const struct nk_rss *from, const struct nk_queue_set *excluded, uint32_t queues,
		   struct nk_rss *ret, struct nk_error *err);

/**
 * nk_rss_context_create() - create an RSS context over certain queues, which get equal shares
 * @context: its id, from 1 to the driver's maximum
 *
 * Return: 0; -EBUSY if the id is taken; -ERANGE if it is above the maximum; -EOPNOTSUPP if the driver has no
 * contexts; -EINVAL if there are more queues than entries, or the NIC lacks a queue; or another negative errno
 */
int nk_rss_context_create(struct nk_nl *nl, uint32_t ifindex, uint32_t context,
			  const uint32_t *queues, uint32_t count, struct nk_error *err);

/* nk_rss_context_remove() - Return: 0, also if there is no such context; -EBUSY if a rule points to it; or another
 * negative errno
 */
int nk_rss_context_remove(struct nk_nl *nl, uint32_t ifindex, uint32_t context,
			  struct nk_error *err);

struct nk_context {
	uint32_t ifindex; /* of the NIC */
	uint32_t id;
	struct nk_rss table; /* of size 0 if the driver does not report it */
};

struct nk_context_list {
	struct nk_context *at;
	uint32_t count;
};

/* nk_rss_context_read() - list all contexts but the default one. Return: 0, also if the driver has no contexts, or a
 * negative errno: see list.h
 */
int nk_rss_context_read(struct nk_nl *nl, uint32_t ifindex, struct nk_context_list *ret,
			struct nk_error *err);

/* nk_rss_probe_contexts() - can RSS contexts be created? Changes nothing. Return: 0; -EOPNOTSUPP; or another negative
 * errno
 */
int nk_rss_probe_contexts(struct nk_nl *nl, uint32_t ifindex, struct nk_error *err);

#endif
