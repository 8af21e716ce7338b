/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters.h - what the XDP program counts: frames per physical queue, all CPUs together
 *
 * They count from the ADD that leased the queue, over changes of the program. Nothing is locked.
 */
#ifndef NK_COUNTERS_H
#define NK_COUNTERS_H

#include <linux/types.h>
#include <stdint.h>

#include "nk_shared.h"

struct nk_error;
struct nk_nicdir;

struct nk_counters {
	int fd;
	uint32_t queues;		/* 0 .. queues - 1 are counted */
	uint32_t cpus;			/* that may ever be on this machine */
	struct nk_queue_stats *per_cpu; /* room for what one look-up gives */
};

/**
 * nk_counters_open() - those of a NIC. To be closed, also after a failure.
 *
 * Return: 0; -ENOENT (which fills no error) where the NIC has none; -EPROTO where they are of another
 * layout; or another negative errno
 */
int nk_counters_open(const struct nk_nicdir *dir, struct nk_counters *ret, struct nk_error *err);
void nk_counters_close(struct nk_counters *counters);

/* nk_counters_get() - Return: 0; -ENOENT (which fills no error) for a queue that is not counted. */
int nk_counters_get(const struct nk_counters *counters, uint32_t queue, struct nk_queue_stats *ret,
		    struct nk_error *err);

/* nk_counters_reset() - a queue's, to 0 for its next user, but for what was answered. Return: 0, or a negative errno. */
int nk_counters_reset(const struct nk_counters *counters, uint32_t queue, struct nk_error *err);

/* nk_counters_sum() - of @cpus CPUs; no system call */
void nk_counters_sum(const struct nk_queue_stats *per_cpu, uint32_t cpus,
		     struct nk_queue_stats *ret);

#endif
