/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - time for deadlines, and pauses between two looks */
#ifndef NK_CLOCK_H
#define NK_CLOCK_H

#include <stdint.h>
#include <time.h>

/* nk_clock_ns() - nanoseconds of a clock of clock_gettime(2), such as CLOCK_MONOTONIC, which cannot be set */
int64_t nk_clock_ns(clockid_t clock);

/* nk_clock_ms() - milliseconds of CLOCK_MONOTONIC */
int64_t nk_clock_ms(void);

/* nk_clock_left_ms() - until @deadline, in terms of nk_clock_ms(), for poll(2). Return: 0 to INT_MAX */
int nk_clock_left_ms(int64_t deadline);

/* nk_clock_sleep() - a signal may end it early. */
void nk_clock_sleep(uint32_t ms);

#endif
