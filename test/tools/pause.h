/* SPDX-License-Identifier: Apache-2.0 */
/* Stops a process after its N-th system call, by a BPF program that counts, so that none before costs. */
#ifndef NKT_PAUSE_H
#define NKT_PAUSE_H

#include <stdint.h>
#include <sys/types.h>

/* Attaches the program, once, for as long as the caller runs. Exits on failure, as all here. */
void pause_open(void);
/* The same for all who name this directory of a bpffs, until its files are removed: who is first attaches it. */
void pause_share(const char *dir);
/* From now on the calls that @pid ends are counted; after the at-th it gets SIGSTOP, 0: never. */
void pause_at(pid_t pid, uint64_t at);
/* How many it has ended since then. */
uint64_t pause_count(void);

#endif
