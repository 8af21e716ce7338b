// SPDX-License-Identifier: Apache-2.0
/* clock.c - time for deadlines, and pauses between two looks */
#include "base/clock.h"

#include <limits.h>
#include <time.h>

#include "base/banned.h"

int64_t nk_clock_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t nk_clock_ms(void)
{
	return nk_clock_ns(CLOCK_MONOTONIC) / 1000000;
}

int nk_clock_left_ms(int64_t deadline)
{
	const int64_t now = nk_clock_ms();

	if (now >= deadline)
		return 0;
	return deadline - now < INT_MAX ? (int)(deadline - now) : INT_MAX;
}

void nk_clock_sleep(uint32_t ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&pause, NULL);
}
