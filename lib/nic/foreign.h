/* SPDX-License-Identifier: Apache-2.0 */
/* foreign.h - the queues that foreign flow rules and RSS contexts of a NIC direct to */
#ifndef NK_FOREIGN_H
#define NK_FOREIGN_H

#include "base/types.h"

struct nk_error;
struct nk_lender;
struct nk_nl;

struct nk_foreign {
	/* for each queue: the location of the first rule, or the id of the first context, plus 1; 0: none */
	uint32_t by_rule[NK_QUEUE_IDS];
	uint32_t by_context[NK_QUEUE_IDS];
};

/* nk_foreign_read() - read all rules and contexts, also ours: on a queue that nobody has claimed, none is ours
 * @on: with nl and nic
 *
 * Return: 0, also if there are none, or a negative errno
 */
int nk_foreign_read(const struct nk_lender *on, struct nk_foreign *ret, struct nk_error *err);

/* nk_foreign_report() - warn of each rule and context that directs to one of @queues, and stays. Return: 0 or a
 * negative errno
 */
int nk_foreign_report(struct nk_nl *nl, const struct nk_nic *nic, const struct nk_queue_set *queues,
		      struct nk_error *err);

/* nk_foreign_describe() - print what directs to a queue. Return: false if nothing does */
bool nk_foreign_describe(const struct nk_foreign *foreign, const char *nic, uint32_t queue,
			 char *buf, size_t size);

#endif
