/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repair.h - restore what a NIC has lost of its living attachments
 *
 * Some drivers silently forget flow rules and RSS contexts when they reset their NIC. Claims and maps
 * still record them. What somebody else has put in their place stays, and is reported.
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
 * nk_repair_nic() - repair all attachments of a NIC
 * @nic: name of its directory
 * @all: check everything of each attachment; else repair only those that have lost rules or their context
 *
 * Skips attachments whose ADD has not ended, or whose device is gone: the sweep handles them. Takes the
 * NIC's lock for each attachment.
 *
 * Return: 0, also if nothing was lost; or the first failure
 */
int nk_repair_nic(struct nk_nl *host, const char *bpffs, const char *nic, bool all,
		  struct nk_error *err);

/**
 * nk_repair_has_rules() - has the NIC all recorded rules and the context of an attachment?
 * @rules: fd of the map of rules, or -1: there is none
 * @owner: as of nk_step_owner()
 *
 * Takes no lock. Return: 1, 0, or a negative errno: unknown
 */
int nk_repair_has_rules(struct nk_nl *host, const struct nk_nic *nic, int rules, uint32_t owner,
			const struct nk_claim *claim, struct nk_error *err);

#endif
