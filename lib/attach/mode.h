/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mode.h - a NIC serves XDP or memory providers, never both
 *
 * The kernel refuses to attach an XDP program to a NIC while a memory provider (io_uring zero copy, devmem) is bound
 * to any of its queues, and to bind a provider while a program is attached. Which of them comes first depends on when
 * the servers in the Pods start. So the claims decide: as long as an attachment with "rings" exists, one with a map
 * is refused, and the reverse. A provider that is bound without such a claim is seen at the queues.
 *
 * Source: net/core/dev.c:dev_xdp_attach() and net/core/netdev_rx_queue.c of Linux 7.3.
 */
#ifndef NK_MODE_H
#define NK_MODE_H

#include "base/types.h"

struct nk_claim;
struct nk_config;
struct nk_error;
struct nk_lender;
struct nk_nicdir;

enum nk_mode {
	NK_MODE_ANY, /* leases without a map and without "rings" */
	NK_MODE_XDP,
	NK_MODE_PROVIDER,
};

/* nk_mode_of() - the mode that a configuration requires */
enum nk_mode nk_mode_of(const struct nk_config *config);

/**
 * nk_mode_of_claim() - the mode in which an attachment uses the NIC
 * @is_split: header split was turned on for attachments of an older build, whose claims do not have NK_CLAIM_RINGS.
 *	      Then each without a map may be for memory providers.
 */
enum nk_mode nk_mode_of_claim(const struct nk_claim *claim, bool is_split);

/**
 * nk_mode_check() - is this mode possible beside the attachments on the NIC?
 * @dir: of the NIC; one that does not exist has no attachments
 *
 * Return: 0; -EEXIST, with an error that names the attachments in the way; or another negative errno
 */
int nk_mode_check(const struct nk_nicdir *dir, const char *nic, enum nk_mode mode,
		  struct nk_error *err);

/* nk_mode_has_provider() - is an attachment on the NIC, other than @except, for memory providers? Return: 1, 0, or a
 * negative errno
 */
int nk_mode_has_provider(const struct nk_lender *lender, const struct nk_key *except,
			 struct nk_error *err);

/* nk_mode_blockers() - the queues of the attachments that nk_mode_check() would name. Return: 0 or a negative errno */
int nk_mode_blockers(const struct nk_nicdir *dir, enum nk_mode mode, struct nk_queue_set *ret,
		     uint32_t *ret_count, struct nk_error *err);

/**
 * nk_mode_check_providers() - can an XDP program be attached, as far as memory providers are concerned?
 * @on: with nl, nic and dir
 *
 * A provider may be on a queue that no claim with "rings" has: one of the host, or of a Pod with leases alone.
 *
 * Return: 0; -EEXIST, with an error that names the queue and who has claimed it; or another negative errno
 */
int nk_mode_check_providers(struct nk_lender *on, struct nk_error *err);

#endif
