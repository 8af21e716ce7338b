/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - time for deadlines */
#ifndef NK_CLOCK_H
#define NK_CLOCK_H

#include <stdint.h>

/* nk_clock_ms() - milliseconds of the monotonic clock, which nobody sets. */
int64_t nk_clock_ms(void);

#endif
