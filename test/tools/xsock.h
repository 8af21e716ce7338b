/* SPDX-License-Identifier: Apache-2.0 */
/* One AF_XDP socket on the raw kernel interface (linux/if_xdp.h): memory, rings, binding. */
#ifndef NKT_XSOCK_H
#define NKT_XSOCK_H

#include <linux/if_xdp.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Frame memory is in two parts: the first XSOCK_RX_FRAMES frames go round between fill and rx
 * ring, the others are for sending. An rx frame may also be sent (echo). The tx and completion
 * rings have more entries than there are frames, and the fill ring as many as there are rx frames:
 * so none of the producer rings here can ever be full, and no code has to handle that.
 */
#define XSOCK_RX_FRAMES 4096
#define XSOCK_TX_FRAMES 2048
#define XSOCK_TX_RING	8192

struct xsock_conf {
	const char *netns; /* where the socket is opened; NULL: here */
	const char *dev;   /* for messages */
	uint32_t ifindex, queue;
	uint32_t frame_size; /* 2048 or 4096 bytes */
	uint16_t bind_flags; /* XDP_ZEROCOPY, XDP_COPY or 0 (the kernel chooses) */
};

struct xsock_ring {
	_Atomic uint32_t *producer, *consumer, *flags; /* shared with the kernel */
	void *entries;
	uint32_t mask;
	uint32_t mine; /* our own position, ahead of what is published */
};

struct xsock {
	int fd;
	uint32_t queue, frame_size;
	bool zerocopy; /* what the kernel says, not what was asked for */
	uint8_t *umem;
	struct xsock_ring rx, tx, fill, completion;
	uint64_t tx_free[XSOCK_TX_FRAMES]; /* stack of frame addresses */
	uint32_t tx_free_count;
	uint32_t tx_pending; /* given to the kernel, not yet completed */
};

/* Opens and binds; exits with a message that says what was refused and what to look at. */
void xsock_open(struct xsock *x, const struct xsock_conf *conf);

static inline uint8_t *xsock_data(const struct xsock *x, uint64_t addr)
{
	return x->umem + addr;
}

/* Takes the next received frame, if there is one; give it back with xsock_refill(). */
bool xsock_receive(struct xsock *x, struct xdp_desc *ret_desc);
void xsock_refill(struct xsock *x, uint64_t addr);

/* Takes a free frame for sending, if there is one. */
bool xsock_tx_frame(struct xsock *x, uint64_t *ret_addr);
/* Queues a frame; xsock_kick() tells the kernel. */
void xsock_queue(struct xsock *x, uint64_t addr, uint32_t len);

/**
 * xsock_kick() - wake the kernel for sending where it asks for that
 *
 * Return: 0, also when the kernel is busy and has to be asked again; negative errno if frames
 * cannot be sent any more (device down or gone)
 */
int xsock_kick(struct xsock *x);

/* Recycles the frames that the kernel has sent. Return: their number. */
uint32_t xsock_reap(struct xsock *x);

/* Kernel's counters of this socket; exits on failure. */
void xsock_stats(const struct xsock *x, struct xdp_statistics *ret_stats);

#endif
