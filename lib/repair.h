/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repair.h - what a NIC has lost of its living attachments, entered again
 *
 * Some drivers forget flow rules and RSS contexts when they reset their NIC, without a trace; claims
 * and maps still tell of them. What somebody else has put in their place is left, and told.
 */
#ifndef NK_REPAIR_H
#define NK_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

struct nk_claim;
struct nk_error;
struct nk_nic;
struct nk_nicdir;
struct nk_nl;

/**
 * nk_repair_nic() - all attachments of a NIC
 * @nic: name of its directory
 * @all: look at everything of each; else only at those that have lost rules or their context
 *
 * Not those whose ADD has not come to its end, and not those whose device has gone: they are for the
 * sweep. Each is locked for itself.
 *
 * Return: 0, also where nothing was lost, or the first failure
 */
int nk_repair_nic(const char *bpffs, const char *nic, bool all, struct nk_error *err);

/**
 * nk_repair_has_rules() - has the NIC all rules and the context that are noted for an attachment?
 * @rules: fd of the map of rules, or -1: there is none
 * @owner: the queue by which the notes know the attachment
 *
 * Without any lock. Return: 1, 0, or a negative errno where it could not be looked at
 */
int nk_repair_has_rules(struct nk_nl *host, const struct nk_nic *nic, int rules, uint32_t owner,
			const struct nk_claim *claim, struct nk_error *err);

#endif
