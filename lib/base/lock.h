/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.h - take a flock with a timeout, queued by the kernel
 *
 * The kernel wakes the waiters when the holder unlocks or exits, so there is no polling. SIGALRM and
 * the real-time interval timer are used during the wait and restored after it.
 */
#ifndef NK_LOCK_H
#define NK_LOCK_H

#include <stdint.h>

#define NK_LOCK_HOLDER_SIZE 96

/* The timeout of each later wait of this process. main() sets it, so that a call ends before its
 * runtime's timeout.
 */
void nk_lock_set_limit(uint32_t ms);
uint32_t nk_lock_limit_ms(void);

/* nk_lock_until() - deadline of a wait that starts now, in terms of nk_clock_ms() */
int64_t nk_lock_until(void);

/* nk_lock_take() - lock @fd exclusively. @until: deadline; one in the past: do not wait. Return: 0; -EAGAIN:
 * another process held it until the deadline; or another negative errno
 */
int nk_lock_take(int fd, int64_t until);

/* nk_lock_holder() - the process that holds the flock of @fd, for errors: "pid 12 (nk-cni)" */
void nk_lock_holder(int fd, char ret[NK_LOCK_HOLDER_SIZE]);

#endif
