/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xps.h - transmit packet steering: which CPU's frames the host sends by which queue
 *
 * A mask of CPUs for each transmit queue, in sysfs. Frames of a CPU that is in no mask go to any
 * queue at all; so to keep the host off some queues, every CPU has to be in the mask of another.
 */
#ifndef NK_XPS_H
#define NK_XPS_H

#include "types.h"

struct nk_error;

#define NK_XPS_CPUS	 2048
#define NK_XPS_TEXT_SIZE 576 /* for each 32 CPUs 8 digits, and a comma or the NUL */

struct nk_cpu_set {
	uint64_t bits[NK_XPS_CPUS / 64];
};

/* nk_xps_count() - transmit queues of a NIC, by its ifindex. Return: how many, or a negative errno */
int nk_xps_count(const struct nk_nic *nic);

/* nk_xps_rx_count() - receive queues of a NIC that are in use, listed beside them. Return: likewise */
int nk_xps_rx_count(const struct nk_nic *nic);

/* nk_xps_cpus() - all CPUs that may come to be on this machine. Return: 0, or a negative errno */
int nk_xps_cpus(struct nk_cpu_set *ret, struct nk_error *err);

/**
 * nk_xps_get() - one queue's mask
 *
 * Return: 0; -ENOENT (which fills no error) where the kernel keeps none, for it has no XPS or the
 * NIC but one queue, or no such queue; -ENODEV where there is no such NIC; or another negative errno
 */
int nk_xps_get(const struct nk_nic *nic, uint32_t queue, struct nk_cpu_set *ret,
	       struct nk_error *err);

/* nk_xps_set() - Return: 0, or a negative errno */
int nk_xps_set(const struct nk_nic *nic, uint32_t queue, const struct nk_cpu_set *mask,
	       struct nk_error *err);

/**
 * nk_xps_exclude() - masks by which no CPU sends on some queues; no system call
 * @from: the present masks, @queues of them
 * @cpus: all possible CPUs
 * @ret: @queues masks; may not be @from
 *
 * The queues in @excluded lose all CPUs. A CPU that had no queue before gets all that remain, over
 * which the kernel then spreads its frames as it did; CPUs whose queues were all taken from them
 * are dealt out to the remaining ones in turn. Where no queue would remain nothing is changed.
 */
void nk_xps_exclude(const struct nk_cpu_set *from, uint32_t queues,
		    const struct nk_queue_set *excluded, const struct nk_cpu_set *cpus,
		    struct nk_cpu_set *ret);

/* nk_xps_parse() - a mask as the kernel writes it, "ff,ffffffff", with or without a line end.
 * Return: 0; -EINVAL if it is none; -E2BIG if it has CPUs beyond NK_XPS_CPUS
 */
int nk_xps_parse(const char *text, struct nk_cpu_set *ret);

/* nk_xps_text() - a mask as the kernel takes it, no longer than it must be */
void nk_xps_text(const struct nk_cpu_set *set, char ret[NK_XPS_TEXT_SIZE]);

/* nk_xps_parse_list() - CPUs as the kernel lists them, "0-3,8". Return: as nk_xps_parse() */
int nk_xps_parse_list(const char *text, struct nk_cpu_set *ret);

#endif
