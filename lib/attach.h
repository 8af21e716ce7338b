/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attach.h - one attachment: a Pod's device, its leases, and all on the NIC that serves them
 *
 * An attachment is made of steps: claim, settings, device, lease, program, map, filter, context,
 * rules, neigh, record. Each step has one create, one check and one idempotent remove in a table in
 * attach.c. ADD runs the creates in order and, when one fails, the removes backwards; DEL runs the
 * removes backwards; CHECK runs the checks. There is no other undo: what a remove needs to know is
 * in the claim, and in the maps beside it.
 *
 * Calling sequence: nk_attachment_init(), then either
 *   ADD:    nk_attach_create(), nk_attach_steer() when the addresses are known,
 *           nk_attach_commit(), and nk_attach_remove() if what follows nk_attach_create() fails
 *   others: nk_attach_load(), then nk_attach_check() or nk_attach_remove()
 * then nk_attachment_fini(). Between create or load and fini the NIC's lock is held, but for
 * nk_attach_unlock() and nk_attach_unload().
 */
#ifndef NK_ATTACH_H
#define NK_ATTACH_H

#include "lender.h"
#include "link.h"
#include "netdev.h"
#include "nl.h"
#include "slice.h"
#include "types.h"

struct nk_error;

struct nk_attachment {
	/* the key, from the request and the configuration */
	struct nk_key key;
	bool any_name; /* whatever its effective name: the configuration was edited */
	char pod_name[NK_ID_SIZE];

	/* the host's side */
	struct nk_nl host;
	struct nk_lender lender; /* the NIC; of a pair without queues: none */

	/* the Pod's side */
	int netns_fd;	    /* CNI_NETNS, or -1: the runtime gave none, or it is gone */
	bool netns_is_ours; /* it is the netns the attachment was made in, not another Pod's now */
	struct nk_nl pod;
	uint64_t netns_cookie;
	uint32_t nonce;	  /* of the ADD that made it */
	int32_t nsid;	  /* Pod's netns, as the host's counts */
	int32_t nic_nsid; /* host's netns, as the Pod's counts */

	/* a pair's other end */
	bool pair;
	uint32_t host_ifindex;
	int32_t host_nsid; /* NK_NSID_HERE, but where somebody has moved it */
	char host_name[IFNAMSIZ];
	uint8_t host_mac[NK_MAC_LEN];
	struct nk_netkit_options netkit; /* as configured */

	/* what is, or is going to be, there; as in struct nk_claim */
	uint32_t ifindex;
	uint32_t mtu;
	uint8_t mac[NK_MAC_LEN];
	bool in_filter, with_map, excluded, has_ipam, committed;
	uint32_t flags; /* NK_CLAIM_* */
	struct nk_xsk_options xsk;
	uint32_t rss_context, rule_count, neigh_count;
	uint32_t claimed_nic; /* ifindex of the NIC when it was claimed */
	uint32_t lease_count;
	struct nk_lease leases[NK_LEASES_MAX];

	int journal;	   /* fd of its lock there, or -1 */
	bool remains;	   /* an ADD that failed could not take all back */
	bool asked;	   /* the kernel was asked for the device and did not refuse for certain */
	bool loaded;	   /* from claims: another call made it, perhaps not to its end */
	bool drop_program; /* the remove of the program step takes it off, if nobody else uses it */
	bool keep_rss;	   /* the remove of the settings step leaves host traffic off the pool */

	/* ADD alone: what was changed of the NIC's settings, and addresses, once they are known; what
	 * is pointed to is the caller's
	 */
	int ipam_rc;	      /* what nk_ipam_add() returned; 0 before */
	bool was_unlocked;    /* others may have come since; */
	uint64_t others_then; /* who was there then, as nk_step_others() says it */
	struct nk_setting_changes changes;
	uint32_t ip_count, other_ip_count;
	struct nk_ipaddr ips[NK_IPS_MAX];	/* the attachment's own */
	struct nk_ipaddr other_ips[NK_IPS_MAX]; /* of the Pod's other devices */
	const struct nk_ipam_result *given;	/* the attachment's own, with prefix and gateway */
	const char *netns;			/* CNI_NETNS */
	char device_info[NK_PATH_SIZE];		/* the file that this call has written, or empty */
};

/* Of one that has nothing open: what nk_attachment_fini() takes without nk_attachment_init(). */
#define NK_ATTACHMENT_CLOSED          \
	{ .lender = NK_LENDER_CLOSED, \
	  .netns_fd = -1,             \
	  .journal = -1,              \
	  .nsid = NK_NSID_HERE,       \
	  .nic_nsid = NK_NSID_HERE,   \
	  .host_nsid = NK_NSID_HERE }

/* nk_attachment_init() - keys and netlink sockets. To be followed by fini, also after a failure.
 * nk_attachment_init_key() knows of the key alone: it can be found and removed.
 */
int nk_attachment_init(struct nk_attachment *att, const struct nk_request *request,
		       const struct nk_config *config, struct nk_error *err);
int nk_attachment_init_key(struct nk_attachment *att, const struct nk_key *key,
			   struct nk_error *err);
void nk_attachment_fini(struct nk_attachment *att);

/**
 * nk_attach_plan() - MAC, MTU and queues as ADD would choose them now
 * @att: initialised, with nic set; its directory's path and its claims are opened, nothing is locked
 *
 * Return: 0, or why ADD would fail
 */
int nk_attach_plan(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err);

/* nk_attach_count_free() - how many queues of the pool could be claimed now, and how many more once
 * those who have them by nk-cni end; after nk_attach_plan()
 */
int nk_attach_count_free(struct nk_attachment *att, const struct nk_config *config, uint32_t *ret,
			 uint32_t *ret_later, struct nk_error *err);

/**
 * nk_attach_create() - make all that needs no address, or nothing
 * @att: initialised, with netns_fd and nic set, and no lock held
 *
 * Return: 0, or a negative errno; then what was made is gone again, or @err says what is not
 */
int nk_attach_create(struct nk_attachment *att, const struct nk_config *config,
		     struct nk_error *err);

/**
 * nk_attach_steer() - have the NIC put the attachment's frames on its queues, and be found
 * @netns: CNI_NETNS, by which prevResult tells the Pod's other devices
 *
 * Return: 0, or a negative errno; then nk_attach_remove() is due
 */
int nk_attach_steer(struct nk_attachment *att, const struct nk_config *config,
		    const struct nk_ipam_result *ips, const char *netns, struct nk_error *err);

/* nk_attach_unlock() - let others have the NIC while something slow is waited for; nk_attach_lock()
 * takes it back. It fails with -ESTALE if the NIC's directory, or our claims, went meanwhile: then
 * nk_attach_remove() still removes what is ours. Both do nothing where there is no NIC, and lock
 * nothing twice.
 */
void nk_attach_unlock(struct nk_attachment *att);
int nk_attach_lock(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_commit() - note in the claims that ADD came to its end. */
int nk_attach_commit(struct nk_attachment *att, struct nk_error *err);

/**
 * nk_attach_load() - find this attachment among the claims of a NIC, and take the NIC's lock
 * @nic: name of a directory
 *
 * Return: 1 if found, 0 if not (nothing is locked then), or a negative errno
 */
int nk_attach_load(struct nk_attachment *att, const char *bpffs, const char *nic,
		   struct nk_error *err);

/* Claims of an attachment on a NIC. */
enum nk_claimed {
	NK_CLAIMED_OWED = 1, /* its DEL came, and could remove only a part */
	NK_CLAIMED,
};

/* nk_attach_has_claim() - is there a claim of it on this NIC? Without the lock. Return: enum nk_claimed,
 * 0, or a negative errno
 */
int nk_attach_has_claim(const struct nk_attachment *att, const char *bpffs, const char *nic,
			struct nk_error *err);

/* nk_attach_has_any() - is there any claim in the directory that a NIC has? Where the NIC is not there, in the
 * one of that name.
 */
int nk_attach_has_any(struct nk_attachment *att, const char *bpffs, const char *nic,
		      struct nk_error *err);

/* nk_attach_find_pair() - find this attachment by a pair's end on the host, where no claim tells of
 * it, as it had no queues. Return: 1 if found, 0 if not, or a negative errno.
 */
int nk_attach_find_pair(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_unload() - give the lock up, ready for another nk_attach_load(). Where nobody uses the
 * NIC any more its directory goes.
 */
void nk_attach_unload(struct nk_attachment *att);

/* nk_attach_set_fate() - what is to become of the NIC if this was its last user: as the claims say, else, where
 * an older build made them, as told
 */
void nk_attach_set_fate(struct nk_attachment *att, bool drop_program, bool keep_rss);

/* nk_attach_check() - is it all as made? Return: 0, or a negative errno with error code 102. */
int nk_attach_check(struct nk_attachment *att, struct nk_error *err);

/**
 * nk_attach_repair() - enter again what the NIC has lost of what claims and maps tell
 * @att: loaded, committed, with its NIC there
 *
 * Goes on where one thing fails, in whose place somebody else's is by now, say.
 *
 * Return: 0, also where nothing was lost, or the first failure
 */
int nk_attach_repair(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_is_leased() - has its device all its queues, for certain? Without it nothing can serve it. */
bool nk_attach_is_leased(struct nk_attachment *att);

/**
 * nk_attach_remove() - remove it all, to the end
 *
 * While the NIC is in another netns what it was told stays, and so do the claims, which then say that it is
 * owed: the next sweep, DEL or release that finds the NIC back takes it back.
 *
 * Return: 0, or the first failure
 */
int nk_attach_remove(struct nk_attachment *att, struct nk_error *err);

/**
 * nk_attach_delete_unclaimed() - remove what is left where no claim tells of it: bpffs was emptied
 *
 * Goes by what the kernel still knows: leases, and the alias and group of the device. The Pod's
 * root can forge these, but only on a device of its own Pod. With the NIC down its filter entry stays;
 * so does a MAC that may be somebody else's, for the Pod's root can give its device any.
 *
 * The NIC is locked meanwhile. To be called only if all claims were read, and none is the attachment's.
 *
 * Return: 0, or the first failure
 */
int nk_attach_delete_unclaimed(struct nk_attachment *att, const char *bpffs, struct nk_error *err);

/* nk_attach_has_lease() - has the device of a pair that was found a lease of any NIC? Return: 1, 0, or a
 * negative errno
 */
int nk_attach_has_lease(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_find_unclaimed() - is there what nk_attach_delete_unclaimed() would remove? Return: 1, 0, or a
 * negative errno
 */
int nk_attach_find_unclaimed(struct nk_attachment *att, struct nk_error *err);

/* nk_attach_result() - what ADD reports. */
void nk_attach_result(const struct nk_attachment *att, const struct nk_request *request,
		      const struct nk_config *config, struct nk_result *ret);

#endif
