// SPDX-License-Identifier: Apache-2.0
/* xsk: an AF_XDP application that counts, checks, sends and echoes test frames, and can be pinged. */
#include "bpf.h"
#include "cli.h"
#include "frame.h"
#include "link.h"
#include "ping.h"
#include "print.h"
#include "tally.h"
#include "xsock.h"

#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * 1. Open the pinned XSKMAP (a path of the caller's mount namespace).
 * 2. Open and bind one socket per queue in the netns, and put each into the map under its key.
 * 3. Print "ready zerocopy=0|1 queue=N" for each.
 * 4. Send and receive until what was asked for is done, or time is up, or a signal comes.
 * 5. Print one JSON object.
 */
#define SOCKETS_MAX 64
#define BURST	    64 /* frames per socket and turn, so that no queue starves another */

struct run {
	const char *netns, *dev, *map;
	struct cli_list queues, keys;
	bool keys_given, zerocopy, copy, echo, ping, v6, tcp, raw;
	bool recv_given, first_seq_given, dst_given, src_given;
	uint64_t frame_size, send, size, flows, first_seq, tag;
	uint8_t dst[CLI_MAC_LEN], src[CLI_MAC_LEN];
	struct tally_goal goal;

	struct tally tally;
	uint64_t sent, echoed, pings, completed;
	int send_error; /* negative errno that ended sending */
};

static struct run run = {
	.frame_size = 4096,
	.size = 128,
	.flows = 1,
	.tag = 1,
	.goal = { .idle_ms = 300, .timeout_ms = 180000 },
};

static struct xsock socks[SOCKETS_MAX]; /* run.queues.n of them */

static const struct cli_opt options[] = {
	{ "netns", CLI_STR, &run.netns, .help = "PATH: network namespace of the sockets" },
	{ "dev", CLI_STR, &run.dev, .help = "NAME: device in it", .required = true },
	{ "queue", CLI_LIST, &run.queues, 0, TALLY_NO_QUEUE - 1,
	  .help = "Q[,Q...]: one socket for each", .required = true },
	{ "map", CLI_STR, &run.map, .help = "PIN: XSKMAP to enter the sockets in" },
	{ "key", CLI_LIST, &run.keys, 0, UINT32_MAX,
	  .help = "K[,K...]: their keys, default the queues", .given = &run.keys_given },
	{ "zerocopy", CLI_FLAG, &run.zerocopy, .help = ": bind with XDP_ZEROCOPY" },
	{ "copy", CLI_FLAG, &run.copy, .help = ": bind with XDP_COPY" },
	{ "frame-size", CLI_U64, &run.frame_size, 2048, 4096,
	  .help = "B: UMEM chunk, 2048 or 4096" },
	{ "recv", CLI_U64, &run.goal.frames, 0, UINT32_MAX,
	  .help = "N: expect exactly N test frames; without it: until time-out or signal",
	  .given = &run.recv_given },
	{ "idle-ms", CLI_U64, &run.goal.idle_ms, 0, 600000,
	  .help = "T: silence to wait for after frame N, default 300" },
	{ "timeout-ms", CLI_U64, &run.goal.timeout_ms, 1, 3600000,
	  .help = "T: end in any case, default 180000" },
	{ "send", CLI_U64, &run.send, 1, UINT32_MAX, .help = "N: send N test frames" },
	{ "size", CLI_U64, &run.size, FRAME_SIZE_MIN, 4096, .help = "B: size sent, default 128" },
	{ "dst", CLI_MAC, run.dst, .help = "MAC: needed by --send", .given = &run.dst_given },
	{ "src", CLI_MAC, run.src, .help = "MAC: default that of the device",
	  .given = &run.src_given },
	{ "flows", CLI_U64, &run.flows, 1, FRAME_FLOWS_MAX,
	  .help = "F: flows sent in turn, default 1" },
	{ "first-seq", CLI_U64, &run.first_seq, 0, FRAME_SEQ_MAX,
	  .help = "S: first seq of each flow sent, and from where missing ones count",
	  .given = &run.first_seq_given },
	{ "tag", CLI_U64, &run.tag, 0, 255,
	  .help = "T: of the frames sent and counted, default 1" },
	{ "v6", CLI_FLAG, &run.v6, .help = ": send IPv6" },
	{ "tcp", CLI_FLAG, &run.tcp, .help = ": send TCP" },
	{ "raw-nonip", CLI_FLAG, &run.raw, .help = ": send frames without IP" },
	{ "echo", CLI_FLAG, &run.echo, .help = ": send test frames back, MACs swapped" },
	{ "answer-ping", CLI_FLAG, &run.ping, .help = ": answer echo requests, of any address" },
	{ 0 },
};

static enum frame_kind sent_kind(void)
{
	return frame_kind_from(run.v6, run.tcp, run.raw);
}

static void check_options(void)
{
	run.goal.counted = run.recv_given;
	if (!run.keys_given)
		run.keys = run.queues;
	if (run.keys.n != run.queues.n)
		cli_usage_die("--key lists %u keys for %u queues", run.keys.n, run.queues.n);
	if (run.queues.n > SOCKETS_MAX)
		cli_usage_die("--queue: at most %d queues", SOCKETS_MAX);
	if (run.zerocopy && run.copy)
		cli_usage_die("--zerocopy and --copy exclude each other");
	if (run.frame_size != 2048 && run.frame_size != 4096)
		cli_usage_die("--frame-size %llu: want 2048 or 4096",
			      (unsigned long long)run.frame_size);
	if (run.send && !run.dst_given)
		cli_usage_die("--send needs --dst");
	if (run.size < frame_size_min(sent_kind()) || run.size > run.frame_size)
		cli_usage_die("--size %llu: want %u..%llu for this kind of frame",
			      (unsigned long long)run.size, frame_size_min(sent_kind()),
			      (unsigned long long)run.frame_size);
	if (run.first_seq + run.send / run.flows > FRAME_SEQ_MAX)
		cli_usage_die("--first-seq and --send go beyond seq %d", FRAME_SEQ_MAX);
}

static uint16_t bind_flags(void)
{
	if (run.zerocopy)
		return XDP_ZEROCOPY;
	return run.copy ? XDP_COPY : 0;
}

static void open_sockets(void)
{
	struct xsock_conf conf = {
		.netns = run.netns,
		.dev = run.dev,
		.frame_size = (uint32_t)run.frame_size,
		.bind_flags = bind_flags(),
	};
	int map_fd = run.map ? bpf_obj_get(run.map) : -1;
	struct link link;
	uint32_t i;
	int ret;

	if (run.map && map_fd < 0)
		errx(CLI_SYSTEM, "open pinned map %s: %s", run.map, cli_errno(-map_fd));
	link_get(run.netns, run.dev, &link);
	conf.ifindex = link.ifindex;
	if (!run.src_given)
		memcpy(run.src, link.mac, sizeof(run.src));
	for (i = 0; i < run.queues.n; i++) {
		conf.queue = run.queues.v[i];
		xsock_open(&socks[i], &conf);
		if (map_fd < 0)
			continue;
		ret = bpf_map_update(map_fd, run.keys.v[i], (uint32_t)socks[i].fd);
		if (ret)
			errx(CLI_SYSTEM, "enter the socket of %s queue %u in map %s at key %u: %s",
			     run.dev, conf.queue, run.map, run.keys.v[i], cli_errno(-ret));
	}
	if (map_fd >= 0)
		close(map_fd);
}

/* Takes a burst of received frames. Returns their number. */
static uint32_t receive(struct xsock *x)
{
	enum frame_verdict verdict;
	struct xdp_desc desc;
	uint8_t mac[CLI_MAC_LEN], *data;
	uint32_t n;

	for (n = 0; n < BURST && xsock_receive(x, &desc); n++) {
		data = xsock_data(x, desc.addr);
		if (run.ping && ping_answer(data, desc.len)) {
			xsock_queue(x, desc.addr, desc.len);
			run.pings++;
			continue;
		}
		verdict = tally_frame(&run.tally, x->queue, data, desc.len);
		if (!run.echo || verdict != FRAME_OURS) {
			xsock_refill(x, desc.addr);
			continue;
		}
		memcpy(mac, data, sizeof(mac));
		memcpy(data, data + 6, sizeof(mac));
		memcpy(data + 6, mac, sizeof(mac));
		xsock_queue(x, desc.addr, desc.len);
		run.echoed++;
	}
	return n;
}

/* Queues a burst of the frames still to be sent. Returns their number. */
static uint32_t send_some(struct xsock *x)
{
	struct frame_id id = {
		.tag = (uint8_t)run.tag,
		.kind = sent_kind(),
		.size = (uint32_t)run.size,
	};
	uint64_t addr;
	uint32_t n;

	for (n = 0; n < BURST && run.sent < run.send && xsock_tx_frame(x, &addr); n++) {
		id.flow = (uint32_t)(run.sent % run.flows);
		id.seq = (uint32_t)(run.first_seq + run.sent / run.flows);
		frame_build(xsock_data(x, addr), &id, run.dst, run.src);
		xsock_queue(x, addr, id.size);
		run.sent++;
	}
	return n;
}

static uint32_t serve(struct xsock *x)
{
	uint32_t work = receive(x) + send_some(x), done;
	int ret = xsock_kick(x);

	done = xsock_reap(x);
	run.completed += done;
	if (ret) {
		warnx("send on %s queue %u: %s; sending ends", run.dev, x->queue, cli_errno(-ret));
		run.send_error = ret;
	}
	return work + done;
}

static bool sending_done(void)
{
	return run.sent == run.send && run.completed == run.sent + run.echoed + run.pings;
}

static bool finished(uint64_t start_ms)
{
	if (cli_stopped() || run.send_error || cli_now_ms() - start_ms >= run.goal.timeout_ms)
		return true;
	if (!run.goal.counted)
		return run.send && !run.echo && !run.ping && sending_done();
	return sending_done() && tally_finished(&run.tally, &run.goal);
}

static void loop(void)
{
	struct pollfd fds[SOCKETS_MAX];
	uint64_t start_ms = cli_now_ms();
	uint32_t i, work;

	for (i = 0; i < run.queues.n; i++)
		fds[i] = (struct pollfd){ .fd = socks[i].fd, .events = POLLIN };
	while (!finished(start_ms)) {
		for (work = 0, i = 0; i < run.queues.n; i++)
			work += serve(&socks[i]);
		/*
		 * poll() is also what wakes the driver for an empty fill ring. Completions raise no
		 * event, and a socket whose device went away never does: so it must be short.
		 */
		if (!work)
			poll(fds, run.queues.n, sending_done() ? 20 : 1);
	}
}

static void print_result(void)
{
	struct xdp_statistics stats, sum = { 0 };
	bool zerocopy = true;
	struct print p;
	uint32_t i;

	for (i = 0; i < run.queues.n; i++) {
		zerocopy &= socks[i].zerocopy;
		xsock_stats(&socks[i], &stats);
		sum.rx_dropped += stats.rx_dropped;
		sum.rx_ring_full += stats.rx_ring_full;
		sum.rx_fill_ring_empty_descs += stats.rx_fill_ring_empty_descs;
		sum.tx_invalid_descs += stats.tx_invalid_descs;
	}
	print_init(&p, true);
	print_begin(&p, NULL, '{');
	print_bool(&p, "zerocopy", zerocopy);
	tally_print(&run.tally, &p);
	print_u64(&p, "sent", run.sent);
	print_u64(&p, "echoed", run.echoed);
	print_u64(&p, "pings", run.pings);
	print_u64(&p, "completed", run.completed);
	/* The kernel's counters tell loss in this program from loss before it. */
	print_u64(&p, "rx_dropped", sum.rx_dropped);
	print_u64(&p, "rx_ring_full", sum.rx_ring_full);
	print_u64(&p, "fill_ring_empty", sum.rx_fill_ring_empty_descs);
	print_u64(&p, "tx_invalid", sum.tx_invalid_descs);
	print_end(&p, '}');
	print_newline(&p);
}

int main(int argc, char **argv)
{
	uint32_t i;

	cli_parse(options, argc, argv);
	check_options();
	cli_catch_stop();
	open_sockets();
	tally_init(&run.tally, (uint8_t)run.tag);
	run.tally.from_known = run.first_seq_given;
	run.tally.first_seq = (uint32_t)run.first_seq;
	for (i = 0; i < run.queues.n; i++) {
		run.tally.queue_listed[run.queues.v[i]] = true;
		printf("ready zerocopy=%d queue=%u\n", socks[i].zerocopy, run.queues.v[i]);
	}
	fflush(stdout);
	loop();
	print_result();
	tally_fini(&run.tally);
	if (run.send_error)
		return CLI_SYSTEM;
	return tally_met(&run.tally, &run.goal) && sending_done() ? CLI_OK : CLI_UNMET;
}
