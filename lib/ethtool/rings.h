/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rings.h - receive ring parameters: headers and payload of TCP frames in separate buffers
 *
 * io_uring zero copy and devmem TCP need the split, with a threshold of 0. Each setter changes one value. Source:
 * net/ethtool/rings.c of Linux 7.3.
 */
#ifndef NK_RINGS_H
#define NK_RINGS_H

#include <stdbool.h>
#include <stdint.h>

struct nk_error;
struct nk_nl;

struct nk_rings_state {
	bool has_split; /* false: the driver decides, or cannot split; the kernel does not report which */
	uint8_t split;	    /* ETHTOOL_TCP_DATA_SPLIT_*: 0 the driver decides, 1 off, 2 on */
	bool has_threshold; /* false: the driver has none */
	uint32_t threshold, threshold_max; /* bytes; frames of up to this size are not split */
};

/**
 * nk_rings_get() - read them; a split that the driver chose looks like one that was set
 *
 * Return: 0; -EOPNOTSUPP if the driver has no ring parameters; or another negative errno
 */
int nk_rings_get(struct nk_nl *nl, uint32_t ifindex, struct nk_rings_state *ret,
		 struct nk_error *err);

/**
 * nk_rings_set_split() - turn the split off (1) or on (2), or let the driver decide (0)
 *
 * Return: 0; -EOPNOTSUPP if the driver cannot split; -EINVAL with the kernel's reason if it cannot now, for example
 * while the NIC has a single-buffer XDP program; or another negative errno
 */
int nk_rings_set_split(struct nk_nl *nl, uint32_t ifindex, uint8_t split, struct nk_error *err);

/**
 * nk_rings_set_threshold() - do not split frames of up to @bytes
 *
 * Return: 0; -EOPNOTSUPP if the driver has no threshold; -EINVAL if @bytes is above its maximum, or the threshold
 * cannot change now; or another negative errno
 */
int nk_rings_set_threshold(struct nk_nl *nl, uint32_t ifindex, uint32_t bytes,
			   struct nk_error *err);

#endif
