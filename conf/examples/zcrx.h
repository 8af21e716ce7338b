/* SPDX-License-Identifier: Apache-2.0 */
/*
 * io_uring zero copy receive by system calls alone: a ring, the interface queues of it, and the memory
 * that the NIC writes to. Functions that return int return 0, or a negative errno.
 *
 * Needs Linux 7.2 or later, for the statistics.
 */
#ifndef ZCRX_H
#define ZCRX_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zcrx_uapi.h"

#define ZCRX_AREA_MAX \
	(128ULL << 20) /* of one interface queue: the kernel's refill ring is limited */

/** struct zcrx_where - a queue of a device in the network namespace of the caller */
struct zcrx_where {
	uint32_t ifindex, queue;
	uint64_t area_bytes; /* memory to receive into, a multiple of 4096, up to ZCRX_AREA_MAX */
	bool no_device;	     /* no queue: all is copied */
};

/** struct zcrx_queue - an interface queue: the io_uring's name for a leased queue and its memory */
struct zcrx_queue {
	uint32_t id;
	uint8_t *area;
	uint64_t token;
	uint32_t *refill_head, *refill_tail, refill_mask;
	struct uring_zcrx_rqe *refill;
	const volatile struct uring_zcrx_stats *stats; /* the kernel writes them */
};

struct zcrx {
	int fd;
	uint32_t *sq_head, *sq_tail, sq_mask;
	struct io_uring_sqe *sqes;
	uint32_t *cq_head, *cq_tail, cq_mask;
	struct zcrx_completion *cqes;
	struct zcrx_queue *queues;
	uint32_t queue_count;
};

/** struct zcrx_done - what a request says when something of it is done */
struct zcrx_done {
	uint64_t user_data;
	int32_t res;
	bool more;	 /* the request goes on */
	uint64_t offset; /* of a receive request: where the data is in the area */
};

/* Makes the ring, for the completions that may be waiting at a time: a page each, at worst. */
int zcrx_open(struct zcrx *z, uint32_t completions);

/* Registers a queue. The next call that registers one may move queues[]. */
int zcrx_add_queue(struct zcrx *z, const struct zcrx_where *where);

/* Locked memory (RLIMIT_MEMLOCK) that queues with such areas need together. The ring needs none. */
uint64_t zcrx_memlock(uint32_t queues, uint64_t area_bytes);

/* An empty request, for the caller to fill. NULL: the kernel takes no more. */
struct io_uring_sqe *zcrx_request(struct zcrx *z);

/*
 * Asks for what a connection receives, until it ends. If the frames came by another queue, the
 * result is -EFAULT, and nothing was taken (io_uring/zcrx.c, io_zcrx_recv_frag()). @len: stop after so many bytes, with the result 0.
 * 0: do not stop. Return: -ENOSPC if the kernel takes no more requests.
 */
int zcrx_receive(struct zcrx *z, int fd, const struct zcrx_queue *queue, uint32_t len,
		 uint64_t user_data);

/* Hands the requests to the kernel and waits for one that is done, 0.1 s at most. */
int zcrx_wait(struct zcrx *z);

/* The next that is done. Returns false if there is none. */
bool zcrx_next(struct zcrx *z, struct zcrx_done *done);

static inline void *zcrx_data(const struct zcrx_queue *queue, uint64_t offset)
{
	return queue->area + offset;
}

/* Gives memory back to the NIC. Returns -ENOSPC if more is given back than there was. */
int zcrx_give_back(struct zcrx_queue *queue, uint64_t offset, uint32_t len);

/* Bytes that came by copy so far, over all queues. */
uint64_t zcrx_copied(const struct zcrx *z);

#endif
