/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rings.h - receive ring parameters: headers and payload of TCP frames into buffers of their own
 *
 * io_uring zero copy and devmem TCP want the split, and a threshold of 0. A value that is not set
 * here is not touched. Source: net/ethtool/rings.c of Linux 7.3.
 */
#ifndef NK_RINGS_H
#define NK_RINGS_H

#include <stdbool.h>
#include <stdint.h>

struct nk_error;
struct nk_nl;

struct nk_rings_state {
	bool has_split; /* else the driver decides, or cannot split: the kernel does not tell which */
	uint8_t split;	    /* ETHTOOL_TCP_DATA_SPLIT_*: 0 the driver decides, 1 off, 2 on */
	bool has_threshold; /* else the driver has none */
	uint32_t threshold, threshold_max; /* bytes; frames of up to that many are not split */
};

/**
 * nk_rings_get() - read them
 *
 * A split that the driver turned on of itself reads like one that was set.
 *
 * Return: 0; -EOPNOTSUPP where the driver has no ring parameters; or another negative errno
 */
int nk_rings_get(struct nk_nl *nl, uint32_t ifindex, struct nk_rings_state *ret,
		 struct nk_error *err);

/**
 * nk_rings_set_split() - turn the split off (1) or on (2), or leave it to the driver (0)
 *
 * Return: 0; -EOPNOTSUPP: the driver cannot; -EINVAL: not now, the kernel says why: an XDP program
 * of single buffers is on the NIC, say
 */
int nk_rings_set_split(struct nk_nl *nl, uint32_t ifindex, uint8_t split, struct nk_error *err);

/**
 * nk_rings_set_threshold() - frames of up to @bytes are not split
 *
 * Return: 0; -EOPNOTSUPP: the driver cannot; -EINVAL: above its largest, or not now
 */
int nk_rings_set_threshold(struct nk_nl *nl, uint32_t ifindex, uint32_t bytes,
			   struct nk_error *err);

#endif
