/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps.h - the steps of an attachment, and what they share; for lib/attach alone
 *
 * Each step is one object in its own file. The NIC's lock is held in all of its functions.
 */
#ifndef NK_STEPS_H
#define NK_STEPS_H

#include "attach/attach.h"

struct nk_flow;
struct nk_vlan_set;

#define UNUSED __attribute__((unused))

/* How long DEL waits until applications that have ended, or are ending, have left their queues. */
#define NK_USERS_END_MS 2000

struct nk_step {
	const char *name;
	const char *removal;  /* what remove() does, for errors */
	bool needs_addresses; /* create runs after the IPAM plugin */

	/* create() - create the object, and record in @att and the claims what is created */
	int (*create)(struct nk_attachment *att, struct nk_add *add, struct nk_error *err);

	/* check() - compare what exists with what was created. Return: 0, or a negative errno */
	int (*check)(struct nk_attachment *att, struct nk_error *err);

	/* remove() - remove what @att and the claims record; success if it is already gone */
	int (*remove)(struct nk_attachment *att, const struct nk_delete_options *how,
		      struct nk_error *err);

	/* repair() - restore from the claims and maps what the NIC has lost, and log it. Replaces nothing that
	 * somebody else has put there. NULL if the NIC can lose nothing.
	 */
	int (*repair)(struct nk_attachment *att, struct nk_error *err);
};

/* attach.c lists them in their order, with what they do. */
extern const struct nk_step nk_step_claim, nk_step_settings, nk_step_device, nk_step_lease,
	nk_step_program, nk_step_map, nk_step_filter, nk_step_context, nk_step_rules, nk_step_neigh,
	nk_step_sidecar;

/* nk_step_device calls it for a pair. */
extern const struct nk_step nk_step_pair;

/* nk_step_host_name() - the name of a pair's host end: "nk" and 52 bits of a hash of the key */
void nk_step_host_name(const struct nk_key *key, char ret[IFNAMSIZ]);

/* nk_step_differs() - CHECK found another value of a property. Return: -ENOENT */
int nk_step_differs(struct nk_error *err, const char *device, const char *what,
		    const char *expected, const char *found);
int nk_step_differs_by(struct nk_error *err, const char *device, const char *what,
		       uint32_t expected, uint32_t found);

/* nk_step_check_link() - compare name, state, MTU and group of the Pod's device. Return: 0 or -ENOENT */
int nk_step_check_link(const struct nk_claim *claim, const struct nk_link *link,
		       struct nk_error *err);

/* carrier.c: the Pod's devices that carry the connections of an attachment for memory providers */

/* nk_step_refuse_pod_xdp() - the device in the Pod has an XDP program, which discards what providers receive */
int nk_step_refuse_pod_xdp(const struct nk_link *link, struct nk_error *err);

/* nk_step_check_carriers() - can the devices with that address carry what providers receive?
 * @pod: socket of the Pod's netns
 * @ifindex: the attachment's own device, which does not count
 *
 * Return: 0; -EOPNOTSUPP: one is a veth, or its frames come by one in the Pod; -EEXIST: likewise one with an XDP
 * program; or another negative errno
 */
int nk_step_check_carriers(struct nk_nl *pod, uint32_t ifindex, const struct nk_ipaddr *addr,
			   struct nk_error *err);

/* nk_step_pod_addresses() - the addresses of the Pod's other devices that the host routes to the Pod, into ips->others. The
 * Pod's root can give its devices any others. Return: 0 or a negative errno
 */
int nk_step_pod_addresses(struct nk_attachment *att, struct nk_pod_ips *ips, struct nk_error *err);

/* nk_step_check_add_carriers() - ADD: the same for all addresses that it steers by; 0 without providers */
int nk_step_check_add_carriers(struct nk_attachment *att, const struct nk_add *add,
			       struct nk_error *err);

/* nk_step_check_rule_carriers() - CHECK: the same for the destinations of the flow rules. @fd: of their notes */
int nk_step_check_rule_carriers(const struct nk_attachment *att, int fd, struct nk_error *err);

/* nk_step_wrap_gone() - CHECK could not read the device. */
void nk_step_wrap_gone(const struct nk_claim *claim, struct nk_error *err);

/* nk_step_claim_of() - the claim on one of its queues, from what @att holds now */
void nk_step_claim_of(const struct nk_attachment *att, const struct nk_lease *lease,
		      struct nk_claim *ret);

/* nk_step_update_claims() - write what @att holds now into all claims of the attachment */
int nk_step_update_claims(const struct nk_attachment *att, struct nk_error *err);

/* nk_step_others() - a number that identifies the other attachments on the NIC and their queues; 0: there are none.
 * If none has a claim, but a Pod whose claims were removed leases a queue, it is NK_OTHERS_UNCLAIMED. Return: 0, or a
 * negative errno
 */
#define NK_OTHERS_UNCLAIMED UINT64_MAX
int nk_step_others(const struct nk_attachment *att, uint64_t *ret, struct nk_error *err);

/* Which settings a remove restores: none, those that this ADD has changed, all of the NIC, or both in this order; or
 * only header split.
 */
enum nk_restore {
	NK_RESTORE_NONE,
	NK_RESTORE_OWN,
	NK_RESTORE_ALL,
	NK_RESTORE_BOTH, /* the bits of both */
	NK_RESTORE_SPLIT,
};

/**
 * nk_step_settings_restore() - an ADD that is undone restores what it changed; a DEL restores everything if nobody
 * else is on the NIC, and header split if nobody else needs it
 * @undo: the ADD; NULL: a DEL
 * @others: from nk_step_others()
 * @last_provider: the attachment is for memory providers, and none of the others is
 *
 * While an ADD has released the lock, another attachment may come. It may rely on what the ADD had changed, so that
 * stays. If it has left since, it has restored nothing, and the ADD does.
 */
enum nk_restore nk_step_settings_restore(const struct nk_add *undo, uint64_t others,
					 bool last_provider);

/* nk_step_is_hosts() - is it an address of the host whose frames arrive in VLAN @vlan of the NIC, 0: untagged?
 * Any device matches if its VLAN is unknown, or if @tagged_too. Return: 1, 0, or a negative errno
 */
int nk_step_is_hosts(struct nk_lender *lender, const struct nk_ipaddr *addr, uint16_t vlan,
		     bool tagged_too, struct nk_error *err);

/* nk_step_find_rule() - find a rule on the NIC: at its location, or else anywhere. Return: 1 and @location, 0, or
 * a negative errno
 */
int nk_step_find_rule(const struct nk_nic *nic, const struct nk_flow *wanted, uint32_t *location,
		      struct nk_error *err);

/* nk_step_filter_remove() - remove a MAC from the NIC's filter, unless a device above the NIC has it too */
int nk_step_filter_remove(struct nk_lender *lender, const uint8_t mac[NK_MAC_LEN],
			  struct nk_error *err);

/* nk_step_filter_restore() - add a MAC to the NIC's filter; success if it is there already */
int nk_step_filter_restore(struct nk_lender *lender, const uint8_t mac[NK_MAC_LEN],
			   struct nk_error *err);

/* nk_step_sidecar_is_left() - could attachment.json not be removed, because /run is read-only now? */
bool nk_step_sidecar_is_left(const struct nk_attachment *att);

/* nk_step_device_is_hidden() - is the device not where it was created, while the NIC is down and so hides its leases?
 * Then the Pod may have moved it. Return: 1, 0, or a negative errno
 */
int nk_step_device_is_hidden(struct nk_attachment *att, struct nk_error *err);

/* nk_step_owner() - the number under which rules and addresses record the attachment: its first queue */
uint32_t nk_step_owner(const struct nk_attachment *att);

/* nk_step_add_vlan() - add a VLAN to a set; 0: untagged frames */
void nk_step_add_vlan(struct nk_vlan_set *vlans, uint32_t vlan);

/* nk_step_log_repaired() - warn that the NIC had lost something of the attachment */
void nk_step_log_repaired(const struct nk_attachment *att, const char *what);

#endif
