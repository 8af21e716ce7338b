/* SPDX-License-Identifier: Apache-2.0 */
/* libc.h - system calls for which musl, the libc of `make static`, has no function */
#ifndef NK_LIBC_H
#define NK_LIBC_H

#include <unistd.h>

#ifdef __GLIBC__
#include <sys/pidfd.h>
#else
#include <linux/close_range.h>
#include <sys/syscall.h>

static inline int close_range(unsigned int first, unsigned int last, int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}
#endif

#endif
