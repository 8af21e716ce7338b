/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the rows of queue-get (family netdev) as the kernel gave them. */
#ifndef NKT_QUEUES_H
#define NKT_QUEUES_H

#include "print.h"

#include <stdbool.h>
#include <stdint.h>

struct nlmsghdr;

/* Set all, then queues_begin(), nl_talk(..., queues_row, view), queues_end(). */
struct queues {
	struct print p;
	bool all;      /* tx queues too */
	uint32_t rows; /* printed so far */
};

/* JSON: one array; otherwise a line per queue. */
void queues_begin(struct queues *view, bool json);
/* arg is the struct queues. */
void queues_row(const struct nlmsghdr *msg, void *arg);
void queues_end(struct queues *view);

#endif
