// SPDX-License-Identifier: Apache-2.0
/* Computes the rx queue that RSS gives to each flow of test frames. */
#include "plan.h"
#include "print.h"

#include <assert.h>
#include <stdio.h>

/* Frames without IP, and those with a VLAN tag, go where hash 0 points: so does it the lab NIC. */
static uint32_t queue_of(const struct plan *plan, uint32_t flow)
{
	struct frame_id id = plan->id;
	uint8_t tuple[FRAME_TUPLE_MAX];
	uint32_t hash;
	size_t len;

	id.flow = flow;
	len = id.vlan ? 0 : frame_tuple(&id, tuple);
	hash = len ? toeplitz(plan->key, tuple, len) : 0;

	/* The kernel fills the table by repeating a shorter list (net/ethtool/rss.c). */
	return plan->indir.v[hash % plan->table_size % plan->indir.n];
}

static void print_flows(struct print *p, const uint32_t *queues, uint32_t flows, uint32_t queue)
{
	char name[16];
	uint32_t f;

	snprintf(name, sizeof(name), "%u", queue);
	print_begin(p, name, '[');
	for (f = 0; f < flows; f++)
		if (queues[f] == queue)
			print_u64(p, NULL, f);
	print_end(p, ']');
}

static void print_frames(struct print *p, const uint32_t *queues, const struct plan *plan,
			 uint32_t queue)
{
	uint64_t frames = 0;
	char name[16];
	uint32_t f;

	for (f = 0; f < plan->flows; f++)
		if (queues[f] == queue)
			frames += plan->frames / plan->flows + (f < plan->frames % plan->flows);
	snprintf(name, sizeof(name), "%u", queue);
	print_u64(p, name, frames);
}

void plan_print(const struct plan *plan)
{
	static uint32_t queues[FRAME_FLOWS_MAX];
	uint32_t f, q, last = 0;
	struct print p;

	assert(plan->indir.n && plan->table_size && plan->flows);
	for (q = 0; q < plan->indir.n; q++)
		last = plan->indir.v[q] > last ? plan->indir.v[q] : last;
	print_init(&p, true);
	print_begin(&p, NULL, '{');
	print_begin(&p, "flows", '[');
	for (f = 0; f < plan->flows; f++) {
		queues[f] = queue_of(plan, f);
		print_u64(&p, NULL, queues[f]);
	}
	print_end(&p, ']');
	print_begin(&p, "per_queue", '{');
	for (q = 0; q <= last; q++)
		print_flows(&p, queues, plan->flows, q);
	print_end(&p, '}');
	if (plan->frames) {
		print_begin(&p, "frames", '{');
		for (q = 0; q <= last; q++)
			print_frames(&p, queues, plan, q);
		print_end(&p, '}');
	}
	print_end(&p, '}');
	print_newline(&p);
}
