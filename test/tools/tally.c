// SPDX-License-Identifier: Apache-2.0
/* Counts received frames: ours per flow and queue, duplicates, holes, foreign and damaged ones. */
#include "tally.h"
#include "cli.h"
#include "print.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64

struct tally_flow {
	uint64_t *bits;	       /* a bit for each seq that was seen */
	uint32_t first, words; /* bits[0] is for seqs first * 64 to first * 64 + 63 */
	uint32_t lowest, highest;
	uint64_t frames, distinct;
};

/* Makes the bitmap cover seq; it may grow at either end. */
static void flow_cover(struct tally_flow *flow, uint32_t seq)
{
	uint32_t word = seq / WORD_BITS;
	uint32_t first = flow->words && flow->first < word ? flow->first : word;
	uint32_t last = word;
	uint64_t *bits;

	if (word >= flow->first && word - flow->first < flow->words)
		return;
	if (word >= flow->first + flow->words)
		last += flow->words; /* doubled: counting up must not copy it for each word */
	else
		last = flow->first + flow->words - 1;
	bits = calloc(last - first + 1, sizeof(*bits));
	if (!bits)
		errx(CLI_SYSTEM, "out of memory for a flow's seqs up to %u", seq);
	if (flow->words)
		memcpy(bits + (flow->first - first), flow->bits, flow->words * sizeof(*bits));
	free(flow->bits);
	flow->bits = bits;
	flow->first = first;
	flow->words = last - first + 1;
}

/* Returns true if this seq had been seen already. */
static bool flow_mark(struct tally_flow *flow, uint32_t seq)
{
	uint64_t *word, bit;

	flow_cover(flow, seq);
	word = &flow->bits[seq / WORD_BITS - flow->first];
	bit = 1ULL << seq % WORD_BITS;
	if (!flow->frames++)
		flow->lowest = flow->highest = seq;
	if (*word & bit)
		return true;
	*word |= bit;
	flow->distinct++;
	if (seq < flow->lowest)
		flow->lowest = seq;
	if (seq > flow->highest)
		flow->highest = seq;
	return false;
}

void tally_init(struct tally *t, uint8_t tag)
{
	*t = (struct tally){ .tag = tag, .last_ms = cli_now_ms() };
}

enum frame_verdict tally_frame(struct tally *t, uint32_t queue, const uint8_t *buf, size_t len)
{
	struct frame_id id;
	enum frame_verdict verdict = frame_check(buf, len, t->tag, &id);

	if (verdict == FRAME_FOREIGN) {
		t->foreign++;
		return verdict;
	}
	t->last_ms = cli_now_ms();
	if (verdict == FRAME_CORRUPT) {
		t->corrupt++;
		return verdict;
	}
	if (!t->flows)
		t->flows = calloc(FRAME_FLOWS_MAX, sizeof(*t->flows));
	if (!t->flows)
		errx(CLI_SYSTEM, "out of memory for %d flows", FRAME_FLOWS_MAX);
	t->received++;
	t->tagged += frame_is_tagged(buf, len);
	t->dups += flow_mark(&t->flows[id.flow], id.seq);
	t->queue_frames[queue]++;
	return verdict;
}

uint64_t tally_missing(const struct tally *t)
{
	uint64_t missing = 0;
	uint32_t f, first;

	for (f = 0; t->flows && f < FRAME_FLOWS_MAX; f++) {
		const struct tally_flow *flow = &t->flows[f];

		if (!flow->frames)
			continue;
		first = t->from_known && t->first_seq < flow->lowest ? t->first_seq : flow->lowest;
		missing += (uint64_t)flow->highest - first + 1 - flow->distinct;
	}
	return missing;
}

void tally_print(const struct tally *t, struct print *p)
{
	char key[16];
	uint32_t i;

	print_u64(p, "received", t->received);
	print_u64(p, "tagged", t->tagged);
	print_u64(p, "foreign", t->foreign);
	print_u64(p, "corrupt", t->corrupt);
	print_u64(p, "dups", t->dups);
	print_u64(p, "missing", tally_missing(t));
	print_begin(p, "per_queue", '{');
	for (i = 0; i <= TALLY_NO_QUEUE; i++) {
		if (!t->queue_listed[i])
			continue;
		snprintf(key, sizeof(key), "%" PRIu32, i);
		print_u64(p, i == TALLY_NO_QUEUE ? "none" : key, t->queue_frames[i]);
	}
	print_end(p, '}');
	print_begin(p, "per_flow", '{');
	for (i = 0; t->flows && i < FRAME_FLOWS_MAX; i++) {
		if (!t->flows[i].frames)
			continue;
		snprintf(key, sizeof(key), "%" PRIu32, i);
		print_u64(p, key, t->flows[i].frames);
	}
	print_end(p, '}');
}

void tally_fini(struct tally *t)
{
	uint32_t f;

	for (f = 0; t->flows && f < FRAME_FLOWS_MAX; f++)
		free(t->flows[f].bits);
	free(t->flows);
	t->flows = NULL;
}

bool tally_finished(const struct tally *t, const struct tally_goal *goal)
{
	return goal->counted && t->received >= goal->frames &&
	       cli_now_ms() - t->last_ms >= goal->idle_ms;
}

bool tally_met(const struct tally *t, const struct tally_goal *goal)
{
	return !goal->counted || (t->received == goal->frames && !t->dups && !t->corrupt);
}

static int expect(const char *what, uint64_t got, uint64_t want)
{
	if (got == want)
		return 0;
	printf("  wrong: %s is %" PRIu64 ", not %" PRIu64 "\n", what, got, want);
	return 1;
}

int tally_selftest(void)
{
	/* Out of order across several words, both ends grow, one duplicate, two holes (64, 1002). */
	static const uint32_t seqs[] = { 1000, 1001, 1003, 65, 66, 1000 };
	static const uint8_t mac[6] = { 2 };
	struct frame_id id = { .tag = 9, .flow = 5, .size = 100 };
	struct tally t;
	uint8_t buf[FRAME_LEN_MAX];
	uint32_t seq;
	int failed = 0;
	size_t i;

	tally_init(&t, 9);
	for (i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
		id.seq = seqs[i];
		frame_build(buf, &id, mac, mac);
		tally_frame(&t, 3, buf, id.size);
	}
	for (seq = 67; seq < 1000; seq++) {
		id.seq = seq;
		frame_build(buf, &id, mac, mac);
		tally_frame(&t, 7, buf, id.size);
	}
	buf[99] ^= 1;
	tally_frame(&t, 7, buf, id.size);
	buf[50] ^= 1; /* in the tag or magic: nobody can say that it was ours */
	buf[42] ^= 1;
	tally_frame(&t, 7, buf, id.size);
	id.seq = 1004;
	id.vlan = 100;
	frame_build(buf, &id, mac, mac);
	tally_frame(&t, 7, buf, frame_len(&id));
	failed += expect("received", t.received, 933 + 6 + 1);
	failed += expect("tagged", t.tagged, 1);
	failed += expect("dups", t.dups, 1);
	failed += expect("corrupt", t.corrupt, 1);
	failed += expect("foreign", t.foreign, 1);
	failed += expect("missing", tally_missing(&t), 1);
	failed += expect("queue 3", t.queue_frames[3], 6);
	failed += expect("queue 7", t.queue_frames[7], 933 + 1);
	t.from_known = true;
	t.first_seq = 64;
	failed += expect("missing from seq 64", tally_missing(&t), 2);
	tally_fini(&t);
	return failed;
}
