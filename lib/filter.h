/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.h - the NIC's unicast filter
 *
 * A NIC drops frames for addresses that are neither its own nor in this list. An entry is what
 * "bridge fdb add <mac> dev <nic> self permanent" makes (rtnetlink RTM_NEWNEIGH with NTF_SELF,
 * ndo_dflt_fdb_add); it is exclusive, the kernel refuses a second one of the same address.
 */
#ifndef NK_FILTER_H
#define NK_FILTER_H

#include <stdint.h>

struct nk_error;
struct nk_nl;

/* nk_filter_add() - let @mac in. Return: 0, or -EEXIST where it is in already. */
int nk_filter_add(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6], struct nk_error *err);

/* nk_filter_remove() - take @mac out; an address or a NIC that is not there is success. */
int nk_filter_remove(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6],
		     struct nk_error *err);

/* nk_filter_has() - is @mac in? Return: 1 or 0, or a negative errno. */
int nk_filter_has(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6], struct nk_error *err);

#endif
