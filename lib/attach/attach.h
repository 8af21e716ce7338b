/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attach.h - one attachment: a Pod's device, its leases, and what the NIC has for them
 *
 * An attachment consists of steps, which attach.c lists. Each has one create, one check and one
 * idempotent remove. There is no other undo: a remove goes by the claim, and the maps beside it.
 *
 * Call nk_attachment_init(), then either
 *   ADD:    nk_attach_create(), nk_attach_steer() when the addresses are known, nk_attach_commit(),
 *           and nk_attach_undo() if anything after nk_attach_create() fails
 *   others: nk_attach_load(), then nk_attach_check() or nk_attach_remove()
 * then nk_attachment_fini(). The NIC's lock is held from create or load until fini, except between
 * nk_attach_unlock() and nk_attach_lock(), and after nk_attach_unload().
 */
#ifndef NK_ATTACH_H
#define NK_ATTACH_H

#include "base/types.h"
#include "bpffs/claims.h"
#include "kernel/link.h"
#include "kernel/netdev.h"
#include "kernel/nl.h"
#include "nic/lender.h"
#include "nic/nic_plan.h"

struct nk_error;

/* How to remove an attachment. */
struct nk_delete_options {
	bool drop_program;   /* after the last user, detach the XDP program */
	bool keep_rss;	     /* after the last user, keep host traffic off the pool */
	struct nk_add *undo; /* the ADD that failed, if this call undoes it; or NULL */
};

struct nk_attachment {
	/* what the claims of its queues have in common; the key comes from request and configuration */
	struct nk_claim claim;
	uint32_t lease_count;
	struct nk_lease leases[NK_LEASES_MAX];

	/* the host's side */
	struct nk_nl host;
	struct nk_lender lender; /* the NIC; unused for a pair without queues */

	/* the Pod's side */
	int netns_fd;	    /* CNI_NETNS, or negative: none was given, or it is gone */
	int netns_unread;   /* why CNI_NETNS could not be opened, as a negative errno; or 0 */
	bool netns_is_ours; /* CNI_NETNS is the netns in which the attachment was created */
	struct nk_nl pod;

	/* a pair's host end */
	uint32_t host_ifindex;
	int32_t host_nsid; /* NK_NSID_HERE, unless somebody has moved it */
	char host_name[IFNAMSIZ];
	uint8_t host_mac[NK_MAC_LEN];
	struct nk_netkit_options netkit; /* as configured */

	int journal; /* fd of the attachment's lock, or -1 */
};

/* What only the running ADD knows, in the frame of the caller, who owns what the pointers point to. */
struct nk_add {
	const struct nk_config *config;
	const char *netns; /* CNI_NETNS, which identifies the Pod's other devices in prevResult */

	/* the addresses, once they are known */
	const struct nk_ipam_result *given; /* the attachment's own, with prefix and gateway */
	struct nk_pod_ips ips;
	int ipam_rc; /* what nk_ipam_add() returned; 0 before */

	/* what this call has created or changed */
	struct nk_setting_changes changes; /* of the NIC's settings */
	bool name_taken;		   /* the Pod has a device of that name */
	bool asked;	   /* the kernel may have created the device, although the request failed */
	bool made_program; /* it has attached the XDP program */
	bool dropped_program;		/* it has detached the XDP program, which was idle */
	char device_info[NK_PATH_SIZE]; /* the file that it has written, or empty */
	bool remains;			/* it failed, and the undo was incomplete */

	/* who else was on the NIC when its lock was first released: see nk_step_others() */
	bool was_unlocked;
	uint64_t others_then;
};

/* An attachment that has nothing open: nk_attachment_fini() accepts it. */
#define NK_ATTACHMENT_CLOSED                 \
	{ .lender = NK_LENDER_CLOSED,        \
	  .netns_fd = -1,                    \
	  .journal = -1,                     \
	  .claim = { .nsid = NK_NSID_HERE }, \
	  .host_nsid = NK_NSID_HERE }

/* nk_attachment_init() - set the key and open netlink sockets; call fini, also after a failure.
 * nk_attachment_init_key() is enough to find and remove an attachment.
 */
int nk_attachment_init(struct nk_attachment *att, const struct nk_request *request,
		       const struct nk_config *config, struct nk_error *err);
int nk_attachment_init_key(struct nk_attachment *att, const struct nk_key *key,
			   struct nk_error *err);
void nk_attachment_fini(struct nk_attachment *att);

/**
 * nk_attach_plan_nic() - choose MAC and MTU as ADD would now, and look for what excludes the attachment from the NIC;
 * locks nothing
 * @att: initialised, with nic set; gets the path of its directory, and its claims
 *
 * Return: 0; -EEXIST: it is excluded, see mode.h; or why else ADD would fail
 */
int nk_attach_plan_nic(struct nk_attachment *att, const struct nk_config *config,
		       struct nk_error *err);

/* nk_attach_plan_queues() - after nk_attach_plan_nic(): choose the lowest free queues, or exactly the configured ones,
 * into att->leases; claims nothing. Return: 0; -EBUSY: too few are free; or why else ADD would fail
 */
int nk_attach_plan_queues(struct nk_attachment *att, const struct nk_config *config,
			  struct nk_error *err);

/* nk_attach_count_free() - after nk_attach_plan_nic(): how many queues of the pool are free, and how many more will be
 * when all attachments have ended
 */
int nk_attach_count_free(struct nk_attachment *att, const struct nk_config *config, uint32_t *ret,
			 uint32_t *ret_later, struct nk_error *err);

/* nk_attach_plan_settings() - after nk_attach_plan_queues(): which settings of the NIC ADD would change now
 * @ret: the caller frees it with nk_nic_plan_fini(), also after a failure
 */
int nk_attach_plan_settings(struct nk_attachment *att, const struct nk_config *config,
			    struct nk_setting_changes *ret, struct nk_error *err);

/**
 * nk_attach_create() - create everything that needs no address
 * @att: initialised, with netns_fd and nic set, and no lock held
 * @add: with config and netns; at the end the caller frees its changes with nk_nic_plan_fini()
 *
 * Return: 0, or a negative errno; then everything was removed again, or @err lists what was not
 */
int nk_attach_create(struct nk_attachment *att, struct nk_add *add, struct nk_error *err);

/**
 * nk_attach_steer() - create what needs the addresses: flow rules, neighbour entries, sidecar files
 *
 * Return: 0, or a negative errno; then the caller calls nk_attach_undo()
 */
int nk_attach_steer(struct nk_attachment *att, struct nk_add *add, const struct nk_ipam_result *ips,
		    struct nk_error *err);

/* nk_attach_unlock() - release the NIC's lock during something slow; nk_attach_lock() takes it again. It fails with
 * -ESTALE if the NIC's directory or our claims were removed meanwhile; nk_attach_undo() then removes the rest of
 * what is ours. It fails with -EIDRM if the pin of the claims was removed, and with -ENODEV if the NIC was;
 * nk_attach_undo() then removes everything. Without a NIC both do nothing.
 */
void nk_attach_unlock(struct nk_attachment *att, struct nk_add *add);
int nk_attach_lock(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_commit() - record in the claims that ADD has succeeded */
int nk_attach_commit(struct nk_attachment *att, struct nk_error *err);

/**
 * nk_attach_load() - find this attachment in the claims of a NIC, and take the NIC's lock
 * @any_name: with any effective name, because the configuration may have been edited
 * @nic: name of a directory
 *
 * Return: 1 if found, 0 if not (then nothing is locked), or a negative errno
 */
int nk_attach_load(struct nk_attachment *att, bool any_name, const char *bpffs, const char *nic,
		   struct nk_error *err);

/* Claims of an attachment on a NIC. */
enum nk_claimed {
	NK_CLAIMED_OWED = 1, /* its DEL could remove only a part */
	NK_CLAIMED,
};

/* nk_attach_has_claim() - has it a claim on this NIC? Takes no lock. Return: enum nk_claimed, 0, or a negative errno */
int nk_attach_has_claim(const struct nk_attachment *att, const char *bpffs, const char *nic,
			struct nk_error *err);

/* nk_attach_has_any() - are there any claims in the NIC's directory, or, without the NIC, in the directory @nic?
 * Return: 1, 0, or a negative errno
 */
int nk_attach_has_any(struct nk_attachment *att, const char *bpffs, const char *nic,
		      struct nk_error *err);

/* nk_attach_find_pair() - find a pair by its host end, without claims. Return: 1, 0, or a negative errno */
int nk_attach_find_pair(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_find_known_pair() - the same at a cost that does not depend on how many devices there are. If the journal has
 * no record of the pair, it is found by the name of either end, not by its alias.
 */
int nk_attach_find_known_pair(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_unload() - release the lock, for another nk_attach_load(). Removes the NIC's directory if nobody uses
 * the NIC.
 */
void nk_attach_unload(struct nk_attachment *att);

/* nk_attach_check() - is everything as created? Changes nothing. Return: 0, or a negative errno with error code 102 */
int nk_attach_check(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_read_macs() - read the present MACs of a pair, for nk_attach_result(). Return: 0, or a negative errno */
int nk_attach_read_macs(struct nk_attachment *att, struct nk_error *err);

/**
 * nk_attach_repair() - restore from claims and maps what the NIC has lost, and go on after a failure
 * @att: loaded and committed, with its NIC in this netns
 *
 * Return: 0, also if nothing was lost; or the first failure
 */
int nk_attach_repair(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_is_leased() - has the device all its leases, for certain? If not, a repair is useless. */
bool nk_attach_is_leased(struct nk_attachment *att);

/* nk_attach_wishes() - how to remove it: as recorded in the claim, or as @else_how if an older build made the claim */
struct nk_delete_options nk_attach_wishes(const struct nk_claim *claim,
					  const struct nk_delete_options *else_how);

/**
 * nk_attach_remove() - remove everything, and go on after a failure
 * @how: if the claims do not record it
 *
 * While the NIC is in another netns, its settings and rules stay, and so do the claims, which record that their
 * removal is owed. The next sweep, DEL or release that finds the NIC here again removes them.
 *
 * Return: 0, or the first failure
 */
int nk_attach_remove(struct nk_attachment *att, const struct nk_delete_options *how,
		     struct nk_error *err);

/* nk_attach_undo() - likewise, what this ADD has created or changed. Return: 0, or the first failure */
int nk_attach_undo(struct nk_attachment *att, struct nk_add *add, struct nk_error *err);

/**
 * nk_attach_delete_unclaimed() - remove the devices of an attachment without claims: bpffs was emptied
 *
 * Finds them by journal, leases, alias and group. The Pod's root can forge alias and group, but only of a device of
 * its own Pod. If the NIC is down, the MAC stays in its filter. A MAC that others may have stays too, because the
 * Pod's root can give its device any MAC.
 *
 * Locks the NIC. Call it only if all claims were read, and none is the attachment's.
 *
 * Return: 0, or the first failure
 */
int nk_attach_delete_unclaimed(struct nk_attachment *att, const char *bpffs, struct nk_error *err);

/* nk_attach_refuse_claimed() - fail if another bpffs has claims of the attachment; call it after all claims on @bpffs
 * were read
 */
int nk_attach_refuse_claimed(struct nk_attachment *att, const char *bpffs, struct nk_error *err);

/* nk_attach_has_room() - has the Pod end of a pair that was found room for leases? Then it was made with queues. Return:
 * false also if it cannot be read
 */
bool nk_attach_has_room(struct nk_attachment *att);

/* nk_attach_has_lease() - has the Pod end of a pair that was found any lease? Return: 1, 0, or a negative errno */
int nk_attach_has_lease(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_find_unclaimed() - is there a device for nk_attach_delete_unclaimed()? Return: 1, 0, or a negative errno */
int nk_attach_find_unclaimed(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_result() - the result of ADD */
void nk_attach_result(const struct nk_attachment *att, const struct nk_request *request,
		      const struct nk_config *config, struct nk_result *ret);

#endif
