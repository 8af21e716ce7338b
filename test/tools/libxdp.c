// SPDX-License-Identifier: Apache-2.0
/* libxdp: an AF_XDP application as people write it, on libxdp, that counts and echoes test frames. */
#include "cli.h"
#include "netns.h"
#include "print.h"
#include "tally.h"

#include <bpf/bpf.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xdp/xsk.h>

/*
 * 1. Open the pinned XSKMAP (a path of the caller's mount namespace), then enter the netns.
 * 2. Open a zero copy socket per queue, and enter each in the map, in the slot that --keys says.
 * 3. Print "ready zerocopy=0|1 queue=N key=K" for each.
 * 4. Receive until what was asked for is done, or time is up, or a signal comes.
 * 5. Print one JSON object.
 */
#define SOCKETS_MAX 64
#define BURST	    64 /* frames per socket and turn, so that no queue starves another */
/* Frames of a socket; they go round between its rings, each of which has room for all of them. */
#define FRAMES	   4096
#define FRAME_SIZE 4096

/* Which slot is whose; the numbers are those of `layouts`. */
enum layout {
	LAYOUT_QUEUE, /* libxdp's own: the queue id */
	LAYOUT_ZERO,  /* counted from 0: QEMU */
	LAYOUT_START, /* counted from --start-index: QEMU with map-start-index */
	LAYOUTS,
};

static const char *const layouts[LAYOUTS] = { "queue", "zero", "start" };

struct app {
	uint8_t *frames;
	struct xsk_umem *umem;
	struct xsk_socket *socket;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons completion, rx;
	uint32_t queue, key;
	uint32_t tx_pending; /* given to the kernel, not yet completed */
	bool zerocopy;	     /* what the kernel says */
};

static const char *netns, *dev, *map, *layout_name = "queue";
static struct cli_list queues;
static uint64_t start_index, tag = 1;
static bool start_index_given, recv_given, first_seq_given, echo;
static uint64_t first_seq;
static enum layout layout;
static struct tally_goal goal = { .idle_ms = 300, .timeout_ms = 180000 };
static struct tally tally;
static uint64_t echoed;
static struct app apps[SOCKETS_MAX]; /* queues.n of them */

static const struct cli_opt options[] = {
	{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the sockets" },
	{ "dev", CLI_STR, &dev, .help = "NAME: device in it", .required = true },
	{ "queue", CLI_LIST, &queues, 0, TALLY_NO_QUEUE - 1,
	  .help = "Q[,Q...]: one socket for each", .required = true },
	{ "map", CLI_STR, &map, .help = "PIN: XSKMAP to enter the sockets in", .required = true },
	{ "keys", CLI_STR, &layout_name,
	  .help = "queue|zero|start: slots are queue ids (default), or counted from 0 or "
		  "--start-index" },
	{ "start-index", CLI_U64, &start_index, 0, UINT32_MAX - SOCKETS_MAX,
	  .help = "S: slot of the first queue", .given = &start_index_given },
	{ "recv", CLI_U64, &goal.frames, 0, UINT32_MAX,
	  .help = "N: expect exactly N test frames; without it: until time-out or signal",
	  .given = &recv_given },
	{ "idle-ms", CLI_U64, &goal.idle_ms, 0, 600000,
	  .help = "T: silence to wait for after frame N, default 300" },
	{ "timeout-ms", CLI_U64, &goal.timeout_ms, 1, 3600000,
	  .help = "T: end in any case, default 180000" },
	{ "tag", CLI_U64, &tag, 0, 255, .help = "T: of the frames counted, default 1" },
	{ "first-seq", CLI_U64, &first_seq, 0, FRAME_SEQ_MAX,
	  .help = "S: from where missing ones count", .given = &first_seq_given },
	{ "echo", CLI_FLAG, &echo, .help = ": send test frames back, MACs swapped" },
	{ 0 },
};

static void check_options(void)
{
	goal.counted = recv_given;
	while (layout < LAYOUTS && strcmp(layout_name, layouts[layout]) != 0)
		layout++;
	if (layout == LAYOUTS)
		cli_usage_die("--keys %s: want queue, zero or start", layout_name);
	if ((layout == LAYOUT_START) != start_index_given)
		cli_usage_die("--keys start and --start-index belong together");
	if (queues.n > SOCKETS_MAX)
		cli_usage_die("--queue: at most %d queues", SOCKETS_MAX);
}

static void make_umem(struct app *app)
{
	const struct xsk_umem_config config = {
		.fill_size = FRAMES,
		.comp_size = FRAMES,
		.frame_size = FRAME_SIZE,
	};
	const size_t size = (size_t)FRAMES * FRAME_SIZE;
	int ret;

	app->frames = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (app->frames == MAP_FAILED)
		errx(CLI_SYSTEM, "allocate %zu bytes of frame memory: %s", size, cli_errno(errno));
	ret = xsk_umem__create(&app->umem, app->frames, size, &app->fill, &app->completion,
			       &config);
	if (ret)
		errx(CLI_SYSTEM, "xsk_umem__create of %zu bytes: %s", size, cli_errno(-ret));
}

static void refill(struct app *app, uint64_t addr)
{
	uint32_t at;

	if (!xsk_ring_prod__reserve(&app->fill, 1, &at))
		errx(CLI_SYSTEM, "the fill ring of queue %u is full", app->queue);
	*xsk_ring_prod__fill_addr(&app->fill, at) = addr;
	xsk_ring_prod__submit(&app->fill, 1);
}

static void open_socket(struct app *app)
{
	const struct xsk_socket_config config = {
		.rx_size = FRAMES,
		.tx_size = FRAMES,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = XDP_ZEROCOPY | XDP_USE_NEED_WAKEUP,
	};
	struct xdp_options got;
	socklen_t len = sizeof(got);
	int ret;

	make_umem(app);
	for (uint64_t i = 0; i < FRAMES; i++)
		refill(app, i * FRAME_SIZE);
	ret = xsk_socket__create(&app->socket, dev, app->queue, app->umem, &app->rx, &app->tx,
				 &config);
	if (ret)
		errx(CLI_SYSTEM, "xsk_socket__create for %s queue %u, zero copy: %s", dev,
		     app->queue, cli_errno(-ret));
	if (getsockopt(xsk_socket__fd(app->socket), SOL_XDP, XDP_OPTIONS, &got, &len))
		errx(CLI_SYSTEM, "AF_XDP: read XDP_OPTIONS: %s", cli_errno(errno));
	app->zerocopy = got.flags & XDP_OPTIONS_ZEROCOPY;
}

/* libxdp itself knows only the first layout. */
static int enter(struct app *app, int map_fd)
{
	int fd = xsk_socket__fd(app->socket);

	if (layout == LAYOUT_QUEUE)
		return xsk_socket__update_xskmap(app->socket, map_fd);
	return bpf_map_update_elem(map_fd, &app->key, &fd, BPF_ANY);
}

static void open_all(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int map_fd = bpf_obj_get(map), ret;
	struct app *app;
	uint32_t i;

	if (map_fd < 0)
		errx(CLI_SYSTEM, "open pinned map %s: %s", map, cli_errno(-map_fd));
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited); /* if it matters, xsk_umem__create() says so */
	netns_enter(netns);
	for (i = 0; i < queues.n; i++) {
		app = &apps[i];
		app->queue = queues.v[i];
		app->key = layout == LAYOUT_QUEUE ? app->queue : (uint32_t)start_index + i;
		open_socket(app);
		ret = enter(app, map_fd);
		if (ret)
			errx(CLI_SYSTEM, "enter the socket of %s queue %u in map %s at key %u: %s",
			     dev, app->queue, map, app->key, cli_errno(-ret));
	}
}

static void send_back(struct app *app, const struct xdp_desc *desc, uint8_t *data)
{
	uint8_t mac[CLI_MAC_LEN];
	uint32_t at;

	memcpy(mac, data, sizeof(mac));
	memcpy(data, data + sizeof(mac), sizeof(mac));
	memcpy(data + sizeof(mac), mac, sizeof(mac));
	if (!xsk_ring_prod__reserve(&app->tx, 1, &at))
		errx(CLI_SYSTEM, "the tx ring of queue %u is full", app->queue);
	*xsk_ring_prod__tx_desc(&app->tx, at) = *desc;
	xsk_ring_prod__submit(&app->tx, 1);
	app->tx_pending++;
	echoed++;
}

/* Takes a burst of received frames. Returns their number. */
static uint32_t receive(struct app *app)
{
	enum frame_verdict verdict;
	struct xdp_desc desc;
	uint32_t i, at, n = xsk_ring_cons__peek(&app->rx, BURST, &at);
	uint8_t *data;

	for (i = 0; i < n; i++) {
		desc = *xsk_ring_cons__rx_desc(&app->rx, at + i);
		data = xsk_umem__get_data(app->frames, desc.addr);
		verdict = tally_frame(&tally, app->queue, data, desc.len);
		if (echo && verdict == FRAME_OURS)
			send_back(app, &desc, data);
		else
			refill(app, desc.addr);
	}
	xsk_ring_cons__release(&app->rx, n);
	return n;
}

/* Wakes the kernel for sending where it asks for that, and takes back what it has sent. */
static uint32_t transmit(struct app *app)
{
	uint32_t i, at, n;

	if (app->tx_pending && xsk_ring_prod__needs_wakeup(&app->tx) &&
	    sendto(xsk_socket__fd(app->socket), NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 &&
	    errno != EAGAIN && errno != EBUSY && errno != ENOBUFS && errno != EINTR)
		errx(CLI_SYSTEM, "send on %s queue %u: %s", dev, app->queue, cli_errno(errno));
	n = xsk_ring_cons__peek(&app->completion, BURST, &at);
	for (i = 0; i < n; i++)
		refill(app, *xsk_ring_cons__comp_addr(&app->completion, at + i));
	xsk_ring_cons__release(&app->completion, n);
	app->tx_pending -= n;
	return n;
}

static bool sending_done(void)
{
	for (uint32_t i = 0; i < queues.n; i++)
		if (apps[i].tx_pending)
			return false;
	return true;
}

static void loop(void)
{
	struct pollfd fds[SOCKETS_MAX];
	uint64_t start_ms = cli_now_ms();
	uint32_t i, work;

	for (i = 0; i < queues.n; i++)
		fds[i] = (struct pollfd){ .fd = xsk_socket__fd(apps[i].socket), .events = POLLIN };
	while (!cli_stopped() && cli_now_ms() - start_ms < goal.timeout_ms &&
	       !(sending_done() && tally_finished(&tally, &goal))) {
		for (work = 0, i = 0; i < queues.n; i++)
			work += receive(&apps[i]) + transmit(&apps[i]);
		/* poll() also wakes the driver for an empty fill ring; a completion does not end it. */
		if (!work)
			poll(fds, queues.n, sending_done() ? 20 : 1);
	}
}

static void print_result(void)
{
	struct xdp_statistics stats;
	uint64_t dropped = 0, full = 0;
	bool zerocopy = true;
	struct print p;
	uint32_t i;

	for (i = 0; i < queues.n; i++) {
		socklen_t len = sizeof(stats);

		if (getsockopt(xsk_socket__fd(apps[i].socket), SOL_XDP, XDP_STATISTICS, &stats,
			       &len))
			errx(CLI_SYSTEM, "AF_XDP: read XDP_STATISTICS: %s", cli_errno(errno));
		dropped += stats.rx_dropped;
		full += stats.rx_ring_full;
		zerocopy &= apps[i].zerocopy;
	}
	print_init(&p, true);
	print_begin(&p, NULL, '{');
	print_bool(&p, "zerocopy", zerocopy);
	tally_print(&tally, &p);
	print_u64(&p, "echoed", echoed);
	print_u64(&p, "rx_dropped", dropped);
	print_u64(&p, "rx_ring_full", full);
	print_end(&p, '}');
	print_newline(&p);
}

static void close_all(void)
{
	for (uint32_t i = 0; i < queues.n; i++) {
		xsk_socket__delete(apps[i].socket);
		xsk_umem__delete(apps[i].umem);
	}
}

int main(int argc, char **argv)
{
	bool met;

	cli_parse(options, argc, argv);
	check_options();
	cli_catch_stop();
	open_all();
	tally_init(&tally, (uint8_t)tag);
	tally.from_known = first_seq_given;
	tally.first_seq = (uint32_t)first_seq;
	for (uint32_t i = 0; i < queues.n; i++) {
		tally.queue_listed[apps[i].queue] = true;
		printf("ready zerocopy=%d queue=%u key=%u\n", apps[i].zerocopy, apps[i].queue,
		       apps[i].key);
	}
	fflush(stdout);
	loop();
	print_result();
	met = tally_met(&tally, &goal) && sending_done();
	tally_fini(&tally);
	close_all();
	return met ? CLI_OK : CLI_UNMET;
}
