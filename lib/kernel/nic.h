/* SPDX-License-Identifier: Apache-2.0 */
/* nic.h - find a NIC by name, altname, parent device or ifindex */
#ifndef NK_NIC_H
#define NK_NIC_H

#include "base/types.h"

struct nk_error;
struct nk_nl;

/**
 * nk_nic_get() - find a NIC
 * @name: its name or altname; or its device on the bus: a PCI address, or an auxiliary device such as
 *	  "mlx5_core.sf.4"
 *
 * Return: 0; -ENODEV: there is none; -ENOTUNIQ: the device has several NICs
 */
int nk_nic_get(struct nk_nl *nl, const char *name, struct nk_nic *ret, struct nk_error *err);

/* nk_nic_get_by_index() - the same by ifindex; a driver that is reloaded gives its NIC another one. */
int nk_nic_get_by_index(struct nk_nl *nl, uint32_t ifindex, struct nk_nic *ret,
			struct nk_error *err);

#endif
