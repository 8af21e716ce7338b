// SPDX-License-Identifier: Apache-2.0
/* test_counters.c - the counters of all CPUs together */
#include "bpffs/counters.h"

#include <criterion/criterion.h>

Test(counters, are_summed_member_by_member)
{
	const struct nk_queue_stats cpus[] = {
		{ .redirected = 1, .no_socket = 20, .dropped = 300, .answered = 4000, .resumed = 5 },
		{ .redirected = UINT32_MAX, .dropped = 1 },
		{ .redirected = 7, .no_socket = 7, .answered = 7, .resumed = 7 },
	};
	struct nk_queue_stats sum = { .redirected = 99 };

	nk_counters_sum(cpus, 3, &sum);
	cr_expect_eq(sum.redirected, (uint64_t)UINT32_MAX + 8);
	cr_expect_eq(sum.no_socket, 27);
	cr_expect_eq(sum.dropped, 301);
	cr_expect_eq(sum.answered, 4007);
	cr_expect_eq(sum.resumed, 12);
	nk_counters_sum(cpus, 0, &sum);
	cr_expect_eq(sum.redirected, 0);
}
