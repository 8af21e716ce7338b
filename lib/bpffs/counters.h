/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters.h - the counters of the XDP program: frames per physical queue, summed over all CPUs
 *
 * They start at zero with the ADD that leases the queue, and survive a change of the program. There is
 * no lock.
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
	uint32_t queues;		/* queues 0 .. queues - 1 have counters */
	uint32_t cpus;			/* possible CPUs of this machine */
	struct nk_queue_stats *per_cpu; /* room for the result of one look-up */
};

/**
 * nk_counters_open() - open the counters of a NIC; to be closed, also after a failure
 *
 * Return: 0; -ENOENT (which fills no error): the NIC has none; -EPROTO: they have another layout; or
 * another negative errno
 */
int nk_counters_open(const struct nk_nicdir *dir, struct nk_counters *ret, struct nk_error *err);
void nk_counters_close(struct nk_counters *counters);

/* nk_counters_get() - Return: 0; -ENOENT (which fills no error): the queue has none; or another negative errno */
int nk_counters_get(const struct nk_counters *counters, uint32_t queue, struct nk_queue_stats *ret,
		    struct nk_error *err);

/* nk_counters_reset() - set the counters of a queue to 0, but for `answered` */
int nk_counters_reset(const struct nk_counters *counters, uint32_t queue, struct nk_error *err);

/* nk_counters_sum() - add up @cpus CPUs; no system call */
void nk_counters_sum(const struct nk_queue_stats *per_cpu, uint32_t cpus,
		     struct nk_queue_stats *ret);

#endif
