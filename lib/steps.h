/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps.h - the steps that attach.c composes; for attach.c and step_*.c alone
 *
 * create makes it and notes in @att (and, through it, in the claims) what was made; check compares
 * what is with what was made, error code 102; remove undoes what the claims or @att tell of, and
 * finds success in what is gone. The NIC's lock is held in all of them.
 */
#ifndef NK_STEPS_H
#define NK_STEPS_H

#include "attach.h"

struct nk_claim;
struct nk_vlan_set;

/* How long DEL waits for applications that are gone, or going, to be off their queues. */
#define NK_USERS_END_MS 2000

#define NK_STEP(name)                                                                          \
	int nk_step_##name##_create(struct nk_attachment *att, const struct nk_config *config, \
				    struct nk_error *err);                                     \
	int nk_step_##name##_check(struct nk_attachment *att, struct nk_error *err);           \
	int nk_step_##name##_remove(struct nk_attachment *att, struct nk_error *err)

/* Steps of which the NIC can lose something, at a reset of its driver say, while the Pod lives. repair
 * enters again what check would miss, by the claims and the maps beside them, says so in the log, and
 * overwrites nothing that somebody else has put there.
 */
#define NK_STEP_REPAIR(name) \
	int nk_step_##name##_repair(struct nk_attachment *att, struct nk_error *err)

NK_STEP_REPAIR(settings);
NK_STEP_REPAIR(program);
NK_STEP_REPAIR(map);
NK_STEP_REPAIR(filter);
NK_STEP_REPAIR(context);
NK_STEP_REPAIR(rules);
NK_STEP_REPAIR(neigh);

NK_STEP(claim);
NK_STEP(settings);
NK_STEP(device);
NK_STEP(lease);
NK_STEP(program);
NK_STEP(map);
NK_STEP(filter);
NK_STEP(context);
NK_STEP(rules);
NK_STEP(neigh);
NK_STEP(record);

/* nk_step_claim_choose() - the queues that would be claimed now, into att->leases; claims nothing. */
int nk_step_claim_choose(struct nk_attachment *att, const struct nk_config *config,
			 struct nk_error *err);

/* The same of a pair, for step "device". */
NK_STEP(pair);

/* nk_step_pair_find() - look for the pair by its host's end. Return: 1 and @att filled, 0, or an
 * error.
 */
int nk_step_pair_find(struct nk_attachment *att, struct nk_error *err);

/* nk_step_host_name() - how a pair's end on the host is called */
void nk_step_host_name(const struct nk_key *key, char ret[IFNAMSIZ]);

/* nk_step_is_mine() - is this a claim of the attachment? */
bool nk_step_is_mine(const struct nk_attachment *att, const struct nk_claim *claim);

/* nk_step_claim_of() - the claim of one of its queues, as @att knows it now */
void nk_step_claim_of(const struct nk_attachment *att, const struct nk_lease *lease,
		      struct nk_claim *ret);

/* nk_step_others() - a number for who else has which queue of the NIC; 0: nobody. Return: 0, or an
 * errno
 */
int nk_step_others(const struct nk_attachment *att, uint64_t *ret, struct nk_error *err);

/* nk_step_owner() - by which number the notes about rules and addresses know the attachment */
uint32_t nk_step_owner(const struct nk_attachment *att);

/* nk_step_note_vlan() - put a VLAN, 0 for untagged frames, into a set. */
void nk_step_note_vlan(struct nk_vlan_set *vlans, uint32_t vlan);

/* nk_step_update_claims() - write what @att knows now into all claims of the attachment. */
int nk_step_update_claims(const struct nk_attachment *att, struct nk_error *err);

/* nk_step_say_repaired() - a warning that the NIC had lost something of the attachment */
void nk_step_say_repaired(const struct nk_attachment *att, const char *what);

/* nk_step_alias() - the alias of the attachment's device: see nk_device_alias() */
void nk_step_alias(const struct nk_attachment *att, char ret[NK_ALIAS_SIZE]);

#endif
