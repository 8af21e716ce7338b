/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep.h - remove dead attachments: those whose DEL never came, or did not finish
 *
 * An attachment is dead if its device is gone, or if its ADD was killed:
 *   - its NIC is up, and none of its queues is leased. If its netns may be there, this must be so
 *     500 ms later too (the kernel removes a netns in the background);
 *   - its queues are leased to a device that certainly belongs to another, or no longer exist;
 *   - its NIC is certainly gone, or its driver was reloaded: the device went with it;
 *   - its DEL came while the NIC was in another netns, and the NIC is back;
 *   - its claims or, for a pair without queues, the journal show that its ADD did not finish, and
 *     no process is running it.
 * Attachments on a NIC that is down or in another netns are unknown and stay. A live attachment
 * always stays, even if it is not valid.
 *
 * A sweep removes all that DEL would remove, and releases the addresses recorded in the journal.
 */
#ifndef NK_SWEEP_H
#define NK_SWEEP_H

#include "attach/attach.h"

struct nk_error;
struct nk_lender;
struct nk_nl;

struct nk_sweep {
	struct nk_nl *host; /* of the host's netns */
	const char *bpffs;
	const char *network; /* only of this network; NULL: of all */
	/* A valid attachment is kept, even if it is dead; NULL: none is valid. */
	bool (*is_valid)(const struct nk_key *key, const void *data);
	/* For nk_sweep_unclaimed() */
	bool (*is_listed)(const char *container_id, const void *data);
	const void *data;
	int64_t until;	     /* as of nk_clock_ms(): no removal begins later */
	bool skip_postponed; /* do not call IPAM plugins that failed a short while ago */
	bool forget;	     /* drop journal entries whose IPAM plugin cannot be called */
	bool only_owed; /* only those of which DEL removed a part, because the NIC was elsewhere */
	bool quick;	/* an attachment whose queue is leased to the noted ids is alive */
	uint32_t most;	/* for nk_sweep_journal(): containers, as of nk_journal_read() */
	struct nk_delete_options options; /* how to remove what claims do not describe */
};

/* A list as of list.h. */
struct nk_key_list {
	struct nk_key *at;
	uint32_t count;
};

/**
 * nk_sweep_nic() - remove what the claims of a NIC show to be dead
 * @nic: name of its directory; if there is none, there are no attachments
 *
 * Return: 0, or the first failure, which does not prevent other removals
 */
int nk_sweep_nic(const struct nk_sweep *sweep, const char *nic, struct nk_error *err);

/* nk_sweep_lender() - the same, for the directory of a NIC
 * @on: with nl and nic, and with dir if it was found
 */
int nk_sweep_lender(const struct nk_sweep *sweep, struct nk_lender *on, struct nk_error *err);

/* nk_sweep_nics() - the same, for all NICs */
int nk_sweep_nics(const struct nk_sweep *sweep, struct nk_error *err);

/**
 * nk_sweep_journal() - finish journal entries without a claim: remove what killed ADDs left, also
 * pairs without queues, and release addresses of attachments that do not exist
 *
 * Call it after nk_sweep_nic(): it leaves attachments that have a claim alone.
 *
 * @any: set if it removed one, also after a failure; or NULL
 *
 * Return: 0, or the first failure, which does not prevent other removals
 */
int nk_sweep_journal(const struct nk_sweep *sweep, bool *any, struct nk_error *err);

/* nk_sweep_read_journal() - the attachments that nk_sweep_journal() would look at: their ADD runs or was killed, or
 * their addresses were not released. Return: 0 or a negative errno: see list.h
 */
int nk_sweep_read_journal(struct nk_nl *host, const char *bpffs, struct nk_key_list *ret,
			  struct nk_error *err);

/* nk_sweep_begun() - the same for the attachment with that key, if its ADD was killed */
int nk_sweep_begun(const struct nk_sweep *sweep, const struct nk_key *key, struct nk_error *err);

/* nk_sweep_unclaimed() - remove devices of sweep->network that have leases but no claim, because
 * bpffs was emptied, and whose container is not listed. They may be alive: call this only with a
 * list of all live containers.
 */
int nk_sweep_unclaimed(const struct nk_sweep *sweep, struct nk_error *err);

/* nk_sweep_read_existing() - read the attachments of a network, from claims and journal
 * @ret: see list.h
 *
 * Return: 0; -EUCLEAN if there are others, because /run was emptied; or another negative errno
 */
int nk_sweep_read_existing(const char *bpffs, const char *network, struct nk_key_list *ret,
			   struct nk_error *err);

/* nk_sweep_count() - count the queues of @set that a sweep would free; without the second look.
 * Return: 0 or a negative errno
 */
int nk_sweep_count(struct nk_nl *host, const char *bpffs, const char *nic,
		   const struct nk_queue_set *set, uint32_t *ret, struct nk_error *err);

#endif
