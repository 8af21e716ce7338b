/* SPDX-License-Identifier: Apache-2.0 */
/* instance.h - another bpffs on which nk-cni has a NIC already: refused, for each would undo the other's */
#ifndef NK_INSTANCE_H
#define NK_INSTANCE_H

#include "nicid.h"
#include "types.h"

struct nk_error;

/**
 * nk_instance_refuse() - the error that names the other directory, where a mount that we see shows it
 * @bpffs: ours
 * @dir: ours, which has the NIC not, or not yet
 * @prog_id: of the program of nk-cni's on the NIC, or 0
 *
 * Return: -EBUSY
 */
int nk_instance_refuse(const struct nk_nic *nic, const struct nk_nicid *id, const char *bpffs,
		       uint32_t prog_id, struct nk_error *err);

#endif
