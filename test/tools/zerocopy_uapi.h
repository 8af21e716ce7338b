/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel constants of device memory (devmem) that the headers of Debian 12 (Linux 6.1) lack. The names are
 * ours, because newer headers have the kernel's.
 */
#ifndef NKT_ZEROCOPY_UAPI_H
#define NKT_ZEROCOPY_UAPI_H

#include <stdint.h>

/* linux/uio.h and asm-generic/socket.h: devmem is of Linux 6.12. */
#define DEVMEM_MSG_SOCK	    0x2000000
#define DEVMEM_SCM_LINEAR   78
#define DEVMEM_SCM_DMABUF   79
#define DEVMEM_SO_DONTNEED  80
#define DEVMEM_MAX_DONTNEED 128 /* tokens in one call */

struct devmem_frag {
	uint64_t offset; /* in the dmabuf */
	uint32_t size, token, dmabuf_id, flags;
};

struct devmem_tokens {
	uint32_t start, count;
};

/* linux/netdev.h */
#define NETDEV_CMD_BIND_RX	13
#define NETDEV_A_DMABUF_IFINDEX 1
#define NETDEV_A_DMABUF_QUEUES	2
#define NETDEV_A_DMABUF_FD	3
#define NETDEV_A_DMABUF_ID	4

#endif
