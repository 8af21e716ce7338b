// SPDX-License-Identifier: Apache-2.0
/* zcrx.c - io_uring zero copy receive by system calls alone */
#include "zcrx.h"

#include <errno.h>
#include <linux/time_types.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SQ_ENTRIES   256
#define ENTRIES_MAX  32768 /* of a refill ring and, twice, of completions: the kernel's limits */
#define PAGE	     4096
#define STATS_BYTES  PAGE
#define WAIT_STEP_NS 100000000

/* With IORING_SETUP_CQE32 a completion is followed by 16 bytes, here those of zero copy. */
struct zcrx_completion {
	struct {
		uint64_t user_data;
		int32_t res;
		uint32_t flags;
	} base;
	struct uring_zcrx_cqe zcrx;
};

static uint32_t power_of_two(uint64_t least)
{
	uint32_t n = 1;

	while (n < least && n < 2 * ENTRIES_MAX)
		n *= 2;
	return n;
}

/* One entry for each page. A page of which two requests took a part is given back twice. */
static uint32_t refill_entries(uint64_t area_bytes)
{
	uint32_t n = power_of_two(2 * area_bytes / PAGE);

	return n < ENTRIES_MAX ? n : ENTRIES_MAX;
}

/* The head and the tail come first; the statistics, which the kernel writes, come last. */
static size_t refill_bytes(uint32_t entries)
{
	return PAGE + entries * sizeof(struct uring_zcrx_rqe);
}

uint64_t zcrx_memlock(uint32_t queues, uint64_t area_bytes)
{
	return queues * (area_bytes + refill_bytes(refill_entries(area_bytes)) + STATS_BYTES);
}

/* --- the ring --------------------------------------------------------------------------------- */

static int enter(struct zcrx *z, uint32_t min_complete)
{
	struct __kernel_timespec ts = { .tv_nsec = WAIT_STEP_NS };
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&ts };
	uint32_t submit = *z->sq_tail - __atomic_load_n(z->sq_head, __ATOMIC_ACQUIRE);

	if (syscall(SYS_io_uring_enter, z->fd, submit, min_complete,
		    IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg)) < 0)
		return -errno;
	return 0;
}

/* Memory of the ring if @fd is one, else of the process. Returns NULL with errno set. */
static void *map(size_t len, int fd, uint64_t offset)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, flags | MAP_POPULATE, fd, (off_t)offset);

	return at == MAP_FAILED ? NULL : at;
}

static void *within(void *base, uint64_t offset)
{
	return (uint8_t *)base + offset;
}

int zcrx_open(struct zcrx *z, uint32_t completions)
{
	struct io_uring_params p = {
		/* What zero copy receive demands. */
		.flags = IORING_SETUP_CQE32 | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
		.cq_entries = power_of_two(completions),
	};
	uint32_t *array, i;
	void *sq, *cq;

	*z = (struct zcrx){ .fd = (int)syscall(SYS_io_uring_setup, SQ_ENTRIES, &p) };
	if (z->fd < 0)
		return -errno;
	sq = map(p.sq_off.array + p.sq_entries * sizeof(uint32_t), z->fd, IORING_OFF_SQ_RING);
	cq = map(p.cq_off.cqes + p.cq_entries * sizeof(*z->cqes), z->fd, IORING_OFF_CQ_RING);
	z->sqes = map(p.sq_entries * sizeof(*z->sqes), z->fd, IORING_OFF_SQES);
	if (!sq || !cq || !z->sqes)
		return -errno;
	z->sq_head = within(sq, p.sq_off.head);
	z->sq_tail = within(sq, p.sq_off.tail);
	z->sq_mask = p.sq_entries - 1;
	array = within(sq, p.sq_off.array);
	for (i = 0; i < p.sq_entries; i++)
		array[i] = i;
	z->cq_head = within(cq, p.cq_off.head);
	z->cq_tail = within(cq, p.cq_off.tail);
	z->cq_mask = p.cq_entries - 1;
	z->cqes = within(cq, p.cq_off.cqes);
	return 0;
}

/* --- interface queues ------------------------------------------------------------------------- */

static int register_queue(struct zcrx *z, const struct zcrx_where *where, struct zcrx_queue *queue)
{
	uint32_t entries = refill_entries(where->area_bytes);
	size_t refill = refill_bytes(entries);
	void *memory = map(refill + STATS_BYTES, -1, 0);
	struct uring_region region = {
		.user_addr = (uintptr_t)memory,
		.size = refill + STATS_BYTES,
		.flags = URING_REGION_USER,
	};
	struct uring_zcrx_area area = {
		.addr = (uintptr_t)queue->area,
		.len = where->area_bytes,
	};
	struct uring_zcrx_events events = {
		.flags = URING_ZCRX_STATS,
		.stats_offset = refill,
	};
	struct uring_zcrx_reg reg = {
		.ifindex = where->ifindex,
		.queue = where->queue,
		.rq_entries = entries,
		.flags = where->no_device ? URING_ZCRX_NODEV : 0,
		.area = (uintptr_t)&area,
		.region = (uintptr_t)&region,
		.events = (uintptr_t)&events,
	};

	if (!memory || syscall(SYS_io_uring_register, z->fd, URING_REGISTER_ZCRX_IFQ, &reg, 1) < 0)
		return -errno;
	queue->id = reg.id;
	queue->token = area.token;
	queue->refill_head = within(memory, reg.offsets.head);
	queue->refill_tail = within(memory, reg.offsets.tail);
	queue->refill_mask = entries - 1;
	queue->refill = within(memory, reg.offsets.rqes);
	queue->stats = within(memory, refill);
	return 0;
}

int zcrx_add_queue(struct zcrx *z, const struct zcrx_where *where)
{
	struct zcrx_queue queue = { .area = map(where->area_bytes, -1, 0) };
	struct zcrx_queue *queues = realloc(z->queues, (z->queue_count + 1) * sizeof(*z->queues));
	int ret;

	if (queues)
		z->queues = queues;
	if (!queues || !queue.area)
		return -ENOMEM;
	ret = register_queue(z, where, &queue);
	if (!ret)
		z->queues[z->queue_count++] = queue;
	return ret;
}

int zcrx_give_back(struct zcrx_queue *queue, uint64_t offset, uint32_t len)
{
	uint32_t tail = *queue->refill_tail;

	if (tail - __atomic_load_n(queue->refill_head, __ATOMIC_ACQUIRE) > queue->refill_mask)
		return -ENOSPC;
	queue->refill[tail & queue->refill_mask] = (struct uring_zcrx_rqe){
		.off = offset | queue->token,
		.len = len,
	};
	__atomic_store_n(queue->refill_tail, tail + 1, __ATOMIC_RELEASE);
	return 0;
}

uint64_t zcrx_copied(const struct zcrx *z)
{
	uint64_t bytes = 0;
	uint32_t i;

	for (i = 0; i < z->queue_count; i++)
		bytes += z->queues[i].stats->copy_bytes;
	return bytes;
}

/* --- requests --------------------------------------------------------------------------------- */

struct io_uring_sqe *zcrx_request(struct zcrx *z)
{
	uint32_t tail = *z->sq_tail;
	struct io_uring_sqe *sqe = &z->sqes[tail & z->sq_mask];

	if (tail - __atomic_load_n(z->sq_head, __ATOMIC_ACQUIRE) > z->sq_mask) {
		enter(z, 0);
		if (tail - __atomic_load_n(z->sq_head, __ATOMIC_ACQUIRE) > z->sq_mask)
			return NULL;
	}
	*sqe = (struct io_uring_sqe){ 0 };
	/* The kernel reads it in enter(), not before. */
	__atomic_store_n(z->sq_tail, tail + 1, __ATOMIC_RELEASE);
	return sqe;
}

int zcrx_receive(struct zcrx *z, int fd, const struct zcrx_queue *queue, uint32_t len,
		 uint64_t user_data)
{
	struct io_uring_sqe *sqe = zcrx_request(z);

	if (!sqe)
		return -ENOSPC;
	sqe->opcode = URING_OP_RECV_ZC;
	sqe->fd = fd;
	sqe->ioprio = URING_RECV_MULTISHOT;
	sqe->len = len;
	sqe->user_data = user_data;
	sqe->splice_fd_in = (int32_t)queue->id; /* later headers: zcrx_ifq_idx */
	return 0;
}

int zcrx_wait(struct zcrx *z)
{
	int ret = enter(z, 1);

	return ret == -ETIME || ret == -EINTR ? 0 : ret;
}

bool zcrx_next(struct zcrx *z, struct zcrx_done *done)
{
	uint32_t head = *z->cq_head;
	const struct zcrx_completion *cqe = &z->cqes[head & z->cq_mask];

	if (head == __atomic_load_n(z->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	*done = (struct zcrx_done){
		.user_data = cqe->base.user_data,
		.res = cqe->base.res,
		.more = cqe->base.flags & IORING_CQE_F_MORE,
		.offset = cqe->zcrx.off & URING_ZCRX_OFFSET_MASK,
	};
	__atomic_store_n(z->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}
