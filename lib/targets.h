/* SPDX-License-Identifier: Apache-2.0 */
/* targets.h - which queues of a NIC its flow rules and RSS contexts direct to */
#ifndef NK_TARGETS_H
#define NK_TARGETS_H

#include "types.h"

struct nk_error;
struct nk_nl;

struct nk_targets {
	/* By queue: the first rule's location, or context's id, plus 1; 0: none. */
	uint32_t by_rule[NK_QUEUE_IDS];
	uint32_t by_context[NK_QUEUE_IDS];
};

/* nk_targets_read() - a NIC without rules or contexts has none. Return: 0, or a negative errno. */
int nk_targets_read(struct nk_nl *nl, const struct nk_nic *nic, struct nk_targets *ret,
		    struct nk_error *err);

/* nk_targets_report() - a warning for each rule and context that directs to one of @queues, with its
 * location or id, and how it is deleted: nobody else will. Return: 0, or a negative errno
 */
int nk_targets_report(struct nk_nl *nl, const struct nk_nic *nic, const struct nk_queue_set *queues,
		      struct nk_error *err);

/* nk_targets_describe() - what directs to a queue, in words; false: nothing does. */
bool nk_targets_describe(const struct nk_targets *targets, const char *nic, uint32_t queue,
			 char *buf, size_t size);

#endif
