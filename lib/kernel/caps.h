/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caps.h - give up capabilities (capabilities(7)) that a call does not need
 *
 * What is left is enough to become any user and to change any network, so this is no border for code that takes over a
 * call. It keeps such code from what no network needs: kernel modules, raw I/O, the clock, a reboot.
 */
#ifndef NK_CAPS_H
#define NK_CAPS_H

#include <linux/capability.h>
#include <stdint.h>

#define NK_CAP(name) (UINT64_C(1) << (CAP_##name))

/*
 * What changes a NIC and the network of a Pod:
 *
 *  SYS_ADMIN, BPF, PERFMON, IPC_LOCK      bpf(2), as the verifier has it of root; AF_XDP
 *  NET_ADMIN, NET_RAW                     netlink, packet sockets
 *  SYS_PTRACE, SYS_RESOURCE               a netns at /proc/PID/ns/net, a limit of another process
 *  SYS_CHROOT, SETUID, SETGID             other namespaces
 *  CHOWN, FOWNER, DAC_OVERRIDE            files, also in directories of others
 *  DAC_READ_SEARCH                        open_by_handle_at(2)
 */
#define NK_CAPS_NETWORK                                                                          \
	(NK_CAP(SYS_ADMIN) | NK_CAP(BPF) | NK_CAP(PERFMON) | NK_CAP(IPC_LOCK) |                  \
	 NK_CAP(NET_ADMIN) | NK_CAP(NET_RAW) | NK_CAP(SYS_PTRACE) | NK_CAP(SYS_RESOURCE) |       \
	 NK_CAP(SYS_CHROOT) | NK_CAP(SETUID) | NK_CAP(SETGID) | NK_CAP(CHOWN) | NK_CAP(FOWNER) | \
	 NK_CAP(DAC_OVERRIDE) | NK_CAP(DAC_READ_SEARCH))

/* nk_caps_keep() - give up all others, for this process. A program that it executes as root has them again, but for
 * nk_caps_no_new()
 */
void nk_caps_keep(uint64_t keep);

/* nk_caps_no_new() - no program that is executed gets more than this process has */
void nk_caps_no_new(void);

#endif
