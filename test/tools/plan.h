/* SPDX-License-Identifier: Apache-2.0 */
/* Computes the rx queue that RSS gives to each flow of test frames. */
#ifndef NKT_PLAN_H
#define NKT_PLAN_H

#include "cli.h"
#include "frame.h"
#include "toeplitz.h"

struct plan {
	struct frame_id id; /* what all frames have in common */
	uint32_t flows;	    /* 1..FRAME_FLOWS_MAX */
	uint64_t frames;    /* sent over them in turn; 0: do not count */
	uint8_t key[TOEPLITZ_KEY_LEN];
	uint64_t table_size;
	struct cli_list indir; /* its first entries; the kernel repeats them to the full size */
};

/* Prints {"flows":[queue of flow 0, ...],"per_queue":{"0":[flows]},"frames":{"0":count}}. */
void plan_print(const struct plan *plan);

#endif
