/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.h - the NIC's unicast filter
 *
 * A NIC drops frames to any MAC that is neither its own nor in this list. We create the same entries as
 * "bridge fdb add <mac> dev <nic> self permanent" (RTM_NEWNEIGH with NTF_SELF, ndo_dflt_fdb_add()).
 * The kernel refuses a second entry of one MAC.
 */
#ifndef NK_FILTER_H
#define NK_FILTER_H

#include <stdint.h>
#include <stdio.h>

struct nk_error;
struct nk_nl;

/* nk_filter_add() - Return: 0; -EEXIST: @mac is in the filter already; or another negative errno */
int nk_filter_add(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6], struct nk_error *err);

/* nk_filter_remove() - a missing entry or NIC is success. */
int nk_filter_remove(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6],
		     struct nk_error *err);

/* nk_filter_has() - is @mac in the filter? Return: 1 or 0, or a negative errno */
int nk_filter_has(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6], struct nk_error *err);

/* nk_filter_print() - the command that adds @mac, with a line end. @nic: its name, quoted for a shell */
void nk_filter_print(FILE *out, const char *nic, const uint8_t mac[6]);

#endif
