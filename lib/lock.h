/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.h - take a flock, waiting in the kernel's queue for a limited time
 *
 * One helper for the lock of an attachment and the lock of a NIC. The kernel wakes the waiters when
 * the holder unlocks or ends, so nothing is polled. SIGALRM and the real-time interval timer are
 * used during the wait and restored after it.
 */
#ifndef NK_LOCK_H
#define NK_LOCK_H

#include <stdint.h>

#define NK_LOCK_HOLDER_SIZE 96

/* nk_lock_set_limit() - how long each later wait of this process may take; main() chooses it by the
 * command, so that a call ends before its runtime's own limit. nk_lock_limit_ms() tells it.
 */
void nk_lock_set_limit(uint32_t ms);
uint32_t nk_lock_limit_ms(void);

/* nk_lock_until() - nk_clock_ms() at the end of a wait that begins now */
int64_t nk_lock_until(void);

/**
 * nk_lock_take() - lock @fd exclusively
 * @until: of nk_clock_ms(): when to give up; a time that has passed: do not wait
 *
 * Return: 0; -EAGAIN: others held it until then; or another negative errno
 */
int nk_lock_take(int fd, int64_t until);

/* nk_lock_holder() - who holds a flock on the file of @fd, for an error: "pid 12 (nk-cni)" */
void nk_lock_holder(int fd, char ret[NK_LOCK_HOLDER_SIZE]);

#endif
