/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rss.h - receive side scaling: the indirection table of a NIC, and RSS contexts
 *
 * The NIC hashes a frame, and the entry of the table at hash % size names its queue. Context 0, the
 * default one, is where frames go that no flow rule catches; others have a table of their own, for
 * rules that point at them. Hash key and function are never touched here.
 *
 * The kernel lets a table name leased queues: keeping them apart is up to us.
 * Source: net/ethtool/rss.c of Linux 7.3.
 */
#ifndef NK_RSS_H
#define NK_RSS_H

#include <stdbool.h>
#include <stdint.h>

struct nk_error;
struct nk_nl;
struct nk_queue_set;

#define NK_RSS_SIZE_MAX		2048 /* entries; a larger table is refused with -E2BIG */
#define NK_RSS_CONTEXT_SIZE_MAX 1024 /* and for contexts, with -EOPNOTSUPP, this one */

/* An indirection table. */
struct nk_rss {
	uint32_t size; /* entries in use */
	uint32_t queues[NK_RSS_SIZE_MAX];
};

/**
 * nk_rss_get() - read a table
 * @context: 0: the default one
 *
 * Return: 0; -EOPNOTSUPP: the driver has no table, or no contexts; -ENOENT: no such context; -E2BIG
 */
int nk_rss_get(struct nk_nl *nl, uint32_t ifindex, uint32_t context, struct nk_rss *ret,
	       struct nk_error *err);

/**
 * nk_rss_set() - write the default context's table
 *
 * The kernel notes that it was set by hand, also where it is the driver's default: such a table
 * stays as it is when the number of queues grows. nk_rss_reset() takes that back.
 *
 * Return: 0; -EINVAL: not a divisor of the NIC's size, or a queue that the NIC does not have
 */
int nk_rss_set(struct nk_nl *nl, uint32_t ifindex, const struct nk_rss *table,
	       struct nk_error *err);

/* nk_rss_reset() - have the default context's table be the driver's default again. */
int nk_rss_reset(struct nk_nl *nl, uint32_t ifindex, struct nk_error *err);

/* nk_rss_is_even() - has each of @queues its share, in whatever order? So drivers fill a table of their own,
 * most of them with i % @queues.
 */
bool nk_rss_is_even(const struct nk_rss *table, uint32_t queues);

/**
 * nk_rss_exclude() - a table without certain queues
 * @queues: the NIC's; ids beyond are kept: they are not ours to judge
 * @ret: not @from
 *
 * The entries of excluded queues are dealt out to the queues of the other entries in proportion, so
 * that an administrator's weights hold, to one entry; where there are no others, to all queues that
 * are not excluded. A table that names no excluded queue comes back as it was.
 *
 * Return: 0, or -EINVAL where all queues are excluded
 */
int nk_rss_exclude(const struct nk_rss *from, const struct nk_queue_set *excluded, uint32_t queues,
		   struct nk_rss *ret, struct nk_error *err);

/**
 * nk_rss_context_create() - make an RSS context of an id we choose, over exactly these queues
 * @context: from 1; drivers have a highest one
 * @queues, @count: each gets as many entries as the next, or one more or less
 *
 * Return: 0; -EBUSY: the id is taken; -ERANGE: beyond the driver's highest; -EOPNOTSUPP: it has no
 * contexts; -EINVAL: more queues than a table has entries, or one that the NIC does not have
 */
int nk_rss_context_create(struct nk_nl *nl, uint32_t ifindex, uint32_t context,
			  const uint32_t *queues, uint32_t count, struct nk_error *err);

/* nk_rss_context_remove() - one that is not there is success. Return: 0; -EBUSY: rules point at it */
int nk_rss_context_remove(struct nk_nl *nl, uint32_t ifindex, uint32_t context,
			  struct nk_error *err);

/**
 * nk_rss_context_each() - call @fn for each context but the default one
 * @fn: returns 0, or a negative errno that ends the walk; it sends nothing over @nl, which is busy
 *
 * A driver without contexts has none: success.
 */
int nk_rss_context_each(struct nk_nl *nl, uint32_t ifindex,
			int (*fn)(uint32_t context, const struct nk_rss *table, void *data,
				  struct nk_error *err),
			void *data, struct nk_error *err);

/**
 * nk_rss_probe_contexts() - does the driver have RSS contexts, and a table that they can be made of?
 * Changes nothing.
 *
 * Return: 0, or -EOPNOTSUPP
 */
int nk_rss_probe_contexts(struct nk_nl *nl, uint32_t ifindex, struct nk_error *err);

#endif
