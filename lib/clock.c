// SPDX-License-Identifier: Apache-2.0
/* clock.c - time for deadlines */
#include "clock.h"

#include <time.h>

#include "banned.h"

int64_t nk_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
