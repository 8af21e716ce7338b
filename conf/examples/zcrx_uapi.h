/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel constants and structures of io_uring zero copy receive, which older headers (Debian 12 has
 * those of Linux 6.1) lack. The names are ours, because newer headers have the kernel's.
 */
#ifndef ZCRX_UAPI_H
#define ZCRX_UAPI_H

#include <stdint.h>

/* linux/io_uring.h and linux/io_uring/zcrx.h: of Linux 6.15, the statistics of 7.2. */
#define URING_OP_RECV_ZC	58
#define URING_RECV_MULTISHOT	(1U << 1) /* in ioprio */
#define URING_REGISTER_ZCRX_IFQ 32
#define URING_REGION_USER	1
#define URING_ZCRX_NODEV	2 /* without a device: all is copied */
#define URING_ZCRX_STATS	(1U << 0)
#define URING_ZCRX_OFFSET_MASK	((1ULL << 48) - 1) /* above: the area */

struct uring_region {
	uint64_t user_addr, size;
	uint32_t flags, id;
	uint64_t mmap_offset, reserved[4];
};

struct uring_zcrx_area {
	uint64_t addr, len, token;
	uint32_t flags, dmabuf_fd;
	uint64_t reserved[2];
};

struct uring_zcrx_stats {
	uint64_t copy_count, copy_bytes;
};

struct uring_zcrx_events {
	uint64_t user_data;
	uint32_t type_mask, flags;
	uint64_t stats_offset; /* in the region */
	uint64_t reserved[9];
};

struct uring_zcrx_reg {
	uint32_t ifindex, queue, rq_entries, flags;
	uint64_t area, region;
	struct {
		uint32_t head, tail, rqes, reserved;
		uint64_t more[2];
	} offsets;
	uint32_t id, rx_buf_len;
	uint64_t events, reserved[2];
};

/* What lies behind a completion of RECV_ZC, and what is given back by the refill ring. */
struct uring_zcrx_cqe {
	uint64_t off, reserved;
};

struct uring_zcrx_rqe {
	uint64_t off;
	uint32_t len, reserved;
};

#endif
