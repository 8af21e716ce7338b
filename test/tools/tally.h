/* SPDX-License-Identifier: Apache-2.0 */
/* Counts received frames: ours per flow and queue, duplicates, holes, foreign and damaged ones. */
#ifndef NKT_TALLY_H
#define NKT_TALLY_H

#include "frame.h"

#include <stdbool.h>

struct print;

#define TALLY_NO_QUEUE 1024 /* frame without a recorded rx queue; real ids are below */

struct tally_flow; /* which seqs of a flow were seen */

/* tally_init(), then tally_frame() for every frame, then tally_fini(). */
struct tally {
	uint8_t tag;	 /* frames with another tag are foreign */
	bool from_known; /* holes are counted from first_seq, not from the lowest seq seen */
	uint32_t first_seq;
	uint64_t received; /* ours and whole, duplicates included */
	uint64_t tagged;   /* how many of these came with their VLAN tag */
	uint64_t dups;	   /* how many had been there before */
	uint64_t foreign, corrupt;
	uint64_t last_ms; /* when the last test frame came, damaged or not; at first: the start */
	uint64_t queue_frames[TALLY_NO_QUEUE + 1];
	bool queue_listed[TALLY_NO_QUEUE + 1]; /* printed, even with no frame */
	struct tally_flow *flows;	       /* FRAME_FLOWS_MAX of them, made on first use */
};

void tally_init(struct tally *t, uint8_t tag);

/* Judges and counts one frame that came on a queue. */
enum frame_verdict tally_frame(struct tally *t, uint32_t queue, const uint8_t *buf, size_t len);

/* Seqs not seen though a later one of the same flow was. A cut-off tail cannot be known here. */
uint64_t tally_missing(const struct tally *t);

/* Puts the counters into the open JSON object of p. */
void tally_print(const struct tally *t, struct print *p);
void tally_fini(struct tally *t);

/**
 * struct tally_goal - when a receiver has finished
 * @counted: @frames were asked for; without it only the time or a signal ends the run
 * @idle_ms: after the last of @frames this much silence must pass, so that surplus is seen
 * @timeout_ms: the end in any case, from the start of the run
 */
struct tally_goal {
	bool counted;
	uint64_t frames;
	uint64_t idle_ms, timeout_ms;
};

bool tally_finished(const struct tally *t, const struct tally_goal *goal);
/* True if exactly the frames asked for came, each once and whole; or if none were asked for. */
bool tally_met(const struct tally *t, const struct tally_goal *goal);

int tally_selftest(void);

#endif
