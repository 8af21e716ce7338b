// SPDX-License-Identifier: Apache-2.0
/* One AF_XDP socket on the raw kernel interface (linux/if_xdp.h): memory, rings, binding. */
#include "xsock.h"
#include "cli.h"
#include "netns.h"

#include <err.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The kernel moves one of the two positions of a ring, we the other one. What it wrote before is to
 * be seen after a load, what we wrote before is to be seen by it after a store.
 */
static uint32_t load(const _Atomic uint32_t *p)
{
	return atomic_load_explicit(p, memory_order_acquire);
}

static void publish(_Atomic uint32_t *p, uint32_t v)
{
	atomic_store_explicit(p, v, memory_order_release);
}

static void set_option(const struct xsock *x, int option, const void *value, socklen_t len,
		       const char *what)
{
	if (!setsockopt(x->fd, SOL_XDP, option, value, len))
		return;
	if (errno == ENOBUFS)
		errx(CLI_SYSTEM,
		     "AF_XDP: %s: ENOBUFS: over the limit of locked memory (ulimit -l), "
		     "and no CAP_IPC_LOCK",
		     what);
	errx(CLI_SYSTEM, "AF_XDP: %s: %s", what, cli_errno(errno));
}

static void map_ring(const struct xsock *x, struct xsock_ring *ring, const char *what,
		     const struct xdp_ring_offset *off, uint32_t entries, size_t entry_size,
		     uint64_t pgoff)
{
	size_t len = off->desc + entries * entry_size;
	char *base = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, x->fd,
			  (off_t)pgoff);

	if (base == MAP_FAILED)
		errx(CLI_SYSTEM, "AF_XDP: map the %s ring: %s", what, cli_errno(errno));
	ring->producer = (void *)(base + off->producer);
	ring->consumer = (void *)(base + off->consumer);
	ring->flags = (void *)(base + off->flags);
	ring->entries = base + off->desc;
	ring->mask = entries - 1;
	ring->mine = 0;
}

static void make_umem(struct xsock *x)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct xdp_umem_reg reg = {
		.len = (uint64_t)(XSOCK_RX_FRAMES + XSOCK_TX_FRAMES) * x->frame_size,
		.chunk_size = x->frame_size,
	};

	/* Helps only where we may; if we may not and it is needed, XDP_UMEM_REG says so. */
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	x->umem = mmap(NULL, reg.len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (x->umem == MAP_FAILED)
		errx(CLI_SYSTEM, "allocate %llu bytes of frame memory: %s",
		     (unsigned long long)reg.len, cli_errno(errno));
	reg.addr = (uint64_t)(uintptr_t)x->umem;
	set_option(x, XDP_UMEM_REG, &reg, sizeof(reg), "register frame memory");
}

static void make_rings(struct xsock *x)
{
	int rx = XSOCK_RX_FRAMES, tx = XSOCK_TX_RING;
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof(off);

	set_option(x, XDP_UMEM_FILL_RING, &rx, sizeof(rx), "make the fill ring");
	set_option(x, XDP_RX_RING, &rx, sizeof(rx), "make the rx ring");
	set_option(x, XDP_UMEM_COMPLETION_RING, &tx, sizeof(tx), "make the completion ring");
	set_option(x, XDP_TX_RING, &tx, sizeof(tx), "make the tx ring");
	if (getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &len))
		errx(CLI_SYSTEM, "AF_XDP: read ring offsets: %s", cli_errno(errno));
	map_ring(x, &x->fill, "fill", &off.fr, XSOCK_RX_FRAMES, sizeof(uint64_t),
		 XDP_UMEM_PGOFF_FILL_RING);
	map_ring(x, &x->rx, "rx", &off.rx, XSOCK_RX_FRAMES, sizeof(struct xdp_desc),
		 XDP_PGOFF_RX_RING);
	map_ring(x, &x->completion, "completion", &off.cr, XSOCK_TX_RING, sizeof(uint64_t),
		 XDP_UMEM_PGOFF_COMPLETION_RING);
	map_ring(x, &x->tx, "tx", &off.tx, XSOCK_TX_RING, sizeof(struct xdp_desc),
		 XDP_PGOFF_TX_RING);
}

/* What the usual refusals of bind() mean; from net/xdp/xsk.c and xsk_buff_pool.c of Linux 7.3. */
static const char *bind_hint(int err)
{
	switch (err) {
	case EBUSY:
		return "; another AF_XDP socket or a lease holds this queue";
	case EINVAL:
		return "; no such queue, or the MTU does not fit into a frame";
	case EOPNOTSUPP:
		return "; no zero copy: queue not leased, or driver without it";
	case ENETDOWN:
		return "; set the device up";
	default:
		return "";
	}
}

static const char *mode_name(uint16_t bind_flags)
{
	if (bind_flags & XDP_ZEROCOPY)
		return "zero copy";
	return bind_flags & XDP_COPY ? "copy mode" : "any mode";
}

static void bind_socket(struct xsock *x, const struct xsock_conf *conf)
{
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = conf->bind_flags | XDP_USE_NEED_WAKEUP,
		.sxdp_ifindex = conf->ifindex,
		.sxdp_queue_id = conf->queue,
	};
	struct xdp_options options;
	socklen_t len = sizeof(options);

	if (bind(x->fd, (struct sockaddr *)&addr, sizeof(addr)))
		errx(CLI_SYSTEM, "bind AF_XDP socket to %s queue %u, %s: %s%s", conf->dev,
		     conf->queue, mode_name(conf->bind_flags), cli_errno_name(errno),
		     bind_hint(errno));
	if (getsockopt(x->fd, SOL_XDP, XDP_OPTIONS, &options, &len))
		errx(CLI_SYSTEM, "AF_XDP: read XDP_OPTIONS: %s", cli_errno(errno));
	x->zerocopy = options.flags & XDP_OPTIONS_ZEROCOPY;
}

void xsock_open(struct xsock *x, const struct xsock_conf *conf)
{
	int left_fd = netns_enter(conf->netns);
	uint32_t i;

	x->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (x->fd < 0)
		errx(CLI_SYSTEM, "open AF_XDP socket (needs CAP_NET_RAW): %s", cli_errno(errno));
	netns_leave(left_fd);
	x->queue = conf->queue;
	x->frame_size = conf->frame_size;
	x->tx_free_count = 0;
	x->tx_pending = 0;
	make_umem(x);
	make_rings(x);
	for (i = 0; i < XSOCK_RX_FRAMES; i++)
		xsock_refill(x, (uint64_t)i * x->frame_size);
	for (; i < XSOCK_RX_FRAMES + XSOCK_TX_FRAMES; i++)
		x->tx_free[x->tx_free_count++] = (uint64_t)i * x->frame_size;
	bind_socket(x, conf);
}

bool xsock_receive(struct xsock *x, struct xdp_desc *ret_desc)
{
	struct xsock_ring *rx = &x->rx;

	if (rx->mine == load(rx->producer))
		return false;
	*ret_desc = ((struct xdp_desc *)rx->entries)[rx->mine++ & rx->mask];
	publish(rx->consumer, rx->mine);
	return true;
}

void xsock_refill(struct xsock *x, uint64_t addr)
{
	struct xsock_ring *fill = &x->fill;

	/* A received frame begins behind some headroom; the kernel rounds down to its chunk. */
	((uint64_t *)fill->entries)[fill->mine++ & fill->mask] = addr;
	publish(fill->producer, fill->mine);
}

bool xsock_tx_frame(struct xsock *x, uint64_t *ret_addr)
{
	if (!x->tx_free_count)
		return false;
	*ret_addr = x->tx_free[--x->tx_free_count];
	return true;
}

void xsock_queue(struct xsock *x, uint64_t addr, uint32_t len)
{
	struct xsock_ring *tx = &x->tx;

	((struct xdp_desc *)tx->entries)[tx->mine++ & tx->mask] =
		(struct xdp_desc){ .addr = addr, .len = len };
	publish(tx->producer, tx->mine);
	x->tx_pending++;
}

int xsock_kick(struct xsock *x)
{
	if (!x->tx_pending || !(load(x->tx.flags) & XDP_RING_NEED_WAKEUP))
		return 0;
	if (sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
		return 0;
	/* Full queues of the device; copy mode also sends only 32 frames for each call. */
	if (errno == EAGAIN || errno == EBUSY || errno == ENOBUFS || errno == EINTR)
		return 0;
	return -errno;
}

uint32_t xsock_reap(struct xsock *x)
{
	struct xsock_ring *done = &x->completion;
	uint32_t end = load(done->producer);
	uint32_t count = end - done->mine;
	uint64_t addr;

	while (done->mine != end) {
		addr = ((uint64_t *)done->entries)[done->mine++ & done->mask];
		if (addr / x->frame_size < XSOCK_RX_FRAMES)
			xsock_refill(x, addr);
		else
			x->tx_free[x->tx_free_count++] = addr;
	}
	publish(done->consumer, done->mine);
	x->tx_pending -= count;
	return count;
}

void xsock_stats(const struct xsock *x, struct xdp_statistics *ret_stats)
{
	socklen_t len = sizeof(*ret_stats);

	if (getsockopt(x->fd, SOL_XDP, XDP_STATISTICS, ret_stats, &len))
		errx(CLI_SYSTEM, "AF_XDP: read XDP_STATISTICS: %s", cli_errno(errno));
}
