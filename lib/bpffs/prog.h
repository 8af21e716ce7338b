/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prog.h - put our XDP program on a NIC, replace it, and remove it
 *
 * The program is attached in native mode. Its bpf_link is pinned in the NIC's directory, so that it stays
 * when the plugin ends; its maps are pinned beside it. bpf/nk.bpf.c has the program. All functions require
 * the NIC's lock.
 */
#ifndef NK_PROG_H
#define NK_PROG_H

#include "base/types.h"

struct nk_error;
struct nk_nicdir;

/* Version of the program in this build. Increase it with every change below bpf/ that a NIC with an older
 * program has to get.
 */
#ifndef NK_PROG_VERSION
#define NK_PROG_VERSION 3
#endif

/**
 * nk_prog_attach() - ensure that the NIC has the program, of this build's version or a newer one
 * @ret_made: true: the NIC had none; then nk_prog_detach() undoes the call, also after a failure
 *
 * An older program is replaced under traffic, without a lost frame, and keeps its maps. A newer one stays.
 * A link that has lost its NIC (the driver was reloaded) is replaced. The pinned policy program becomes
 * active, see policy.h.
 *
 * Return: 0, or a negative errno
 */
int nk_prog_attach(const struct nk_nicdir *dir, const struct nk_nic *nic, bool *ret_made,
		   struct nk_error *err);

/* nk_prog_reload() - replace the program on the NIC by this build's, whatever its version, and activate the
 * policy program. Return: 0; -ENOENT (which fills no error): none of ours is on it; or another negative
 * errno
 */
int nk_prog_reload(const struct nk_nicdir *dir, const struct nk_nic *nic, struct nk_error *err);

/* nk_prog_detach() - remove the program from the NIC, and its pins; what is missing is success. */
int nk_prog_detach(const struct nk_nicdir *dir, struct nk_error *err);

/* nk_prog_check() - does the NIC have our program? Return: 0, or -ENOENT with error code 102 */
int nk_prog_check(const struct nk_nicdir *dir, const struct nk_nic *nic, struct nk_error *err);

#endif
