/* SPDX-License-Identifier: Apache-2.0 */
/* instance.h - refuse a NIC that nk-cni has on another bpffs, because each would undo the other's work */
#ifndef NK_INSTANCE_H
#define NK_INSTANCE_H

#include "base/types.h"
#include "bpffs/nicid.h"

struct nk_error;

/**
 * nk_instance_refuse() - the error that names the other directory, if one of our mounts shows it
 * @bpffs: ours, which does not have the NIC
 * @prog_id: id of nk-cni's program on the NIC, or 0
 *
 * Return: -EBUSY
 */
int nk_instance_refuse(const struct nk_nic *nic, const struct nk_nicid *id, const char *bpffs,
		       uint32_t prog_id, struct nk_error *err);

#endif
