// SPDX-License-Identifier: Apache-2.0
/* caps.c - give up capabilities that a call does not need */
#include "kernel/caps.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/banned.h"

/* The kernel refuses neither to a process about itself. Where a seccomp filter does, we are no worse off than before. */
void nk_caps_keep(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	uint32_t i;

	if (syscall(SYS_capget, &header, sets))
		return;
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		sets[i].permitted &= (uint32_t)(keep >> 32 * i);
		sets[i].effective &= sets[i].permitted;
	}
	syscall(SYS_capset, &header, sets);
}

void nk_caps_no_new(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
