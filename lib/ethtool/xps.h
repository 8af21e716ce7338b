/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xps.h - transmit packet steering: which CPUs transmit on which queue of a NIC
 *
 * Each transmit queue has a mask of CPUs in sysfs. A CPU in no mask may use any queue. So to keep the host off
 * some queues, every CPU must be in the mask of another queue.
 */
#ifndef NK_XPS_H
#define NK_XPS_H

#include "base/types.h"

struct nk_error;

#define NK_XPS_CPUS	 2048
#define NK_XPS_TEXT_SIZE 576 /* for each 32 CPUs 8 digits, and a comma or the NUL */

struct nk_cpu_set {
	uint64_t bits[NK_XPS_CPUS / 64];
};

/* nk_xps_count(), nk_xps_rx_count() - transmit or receive queues in use. Return: how many, or a negative errno */
int nk_xps_count(const struct nk_nic *nic);
int nk_xps_rx_count(const struct nk_nic *nic);

/* nk_xps_cpus() - all CPUs that this machine can have. Return: 0 or a negative errno */
int nk_xps_cpus(struct nk_cpu_set *ret, struct nk_error *err);

/**
 * nk_xps_get() - read a queue's mask
 *
 * Return: 0; -ENOENT (err is left empty) if there is none, because the kernel has no XPS, or the NIC only one
 * queue or no such queue; -ENODEV if there is no such NIC; or another negative errno
 */
int nk_xps_get(const struct nk_nic *nic, uint32_t queue, struct nk_cpu_set *ret,
	       struct nk_error *err);

/* nk_xps_set() - Return: 0 or a negative errno */
int nk_xps_set(const struct nk_nic *nic, uint32_t queue, const struct nk_cpu_set *mask,
	       struct nk_error *err);

/**
 * nk_xps_exclude() - compute masks with which no CPU transmits on some queues; no system call
 * @from: the present masks, @queues of them
 * @excluded: queues that lose all CPUs; if no other queue remains, @ret is @from
 * @cpus: all possible CPUs
 * @ret: @queues masks; must not be @from
 *
 * A CPU that was in no mask gets all remaining queues: the kernel distributes its frames as before. The CPUs of
 * excluded queues alone are assigned to the remaining queues in turn.
 */
void nk_xps_exclude(const struct nk_cpu_set *from, uint32_t queues,
		    const struct nk_queue_set *excluded, const struct nk_cpu_set *cpus,
		    struct nk_cpu_set *ret);

/* nk_xps_parse() - parse a mask as the kernel prints it, "ff,ffffffff", with or without a newline. Return: 0; -EINVAL;
 * or -E2BIG if it has CPUs from NK_XPS_CPUS on
 */
int nk_xps_parse(const char *text, struct nk_cpu_set *ret);

/* nk_xps_parse_list() - the same for a list of CPUs, "0-3,8" */
int nk_xps_parse_list(const char *text, struct nk_cpu_set *ret);

/* nk_xps_text() - print a mask as the kernel reads it, without leading zeros */
void nk_xps_text(const struct nk_cpu_set *set, char ret[NK_XPS_TEXT_SIZE]);

#endif
