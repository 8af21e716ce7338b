// SPDX-License-Identifier: Apache-2.0
/* wire: source and sink of test frames on a packet socket, and the plan of where RSS sends them. */
#include "cli.h"
#include "frame.h"
#include "link.h"
#include "netns.h"
#include "ping.h"
#include "plan.h"
#include "print.h"
#include "tally.h"
#include "toeplitz.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BURST	     64
#define TABLE_MAX    4096
#define BUFFER_BYTES (64 << 20) /* socket buffer: a test's frames, should we be slow */

/* One program does one command, so all of them share the options. */
static const char *netns, *dev;
static uint64_t count, flows = 1, size = 128, tag = 1, first_seq, pps;
static struct tally_goal goal = { .idle_ms = 300, .timeout_ms = 180000 };
static uint64_t port, vlan;
static const char *ip_text;
static uint8_t dst[CLI_MAC_LEN], src[CLI_MAC_LEN];
static bool src_given, first_seq_given, v6, tcp, raw, promisc, per_queue;

static enum frame_kind kind(void)
{
	return frame_kind_from(v6, tcp, raw);
}

/* What all frames of this run have in common. An IPv6 destination makes them IPv6. */
static struct frame_id common_id(void)
{
	struct frame_id id = { .tag = (uint8_t)tag,
			       .size = (uint32_t)size,
			       .vlan = (uint16_t)vlan,
			       .port = (uint16_t)port,
			       .ip_given = ip_text };

	if (raw && (ip_text || port))
		cli_usage_die("--raw-nonip excludes --dst-ip and --dst-port");
	if (ip_text && inet_pton(AF_INET6, ip_text, id.ip) == 1)
		v6 = true;
	else if (ip_text && (v6 || inet_pton(AF_INET, ip_text, id.ip) != 1))
		cli_usage_die("--dst-ip %s: want an IPv%s address", ip_text,
			      v6 ? "6" : "4 or IPv6");
	id.kind = kind();
	return id;
}

/* Opens a packet socket that is not bound yet, so that it gets no frame of another device. */
static int open_socket(void)
{
	int bytes = BUFFER_BYTES, left_fd = netns_enter(netns);
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		errx(CLI_SYSTEM, "open packet socket (needs CAP_NET_RAW): %s", cli_errno(errno));
	netns_leave(left_fd);
	/* FORCE goes beyond net.core.rmem_max and wmem_max, which would silently cut the size. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
		errx(CLI_SYSTEM, "make the buffers of a packet socket %d bytes: %s", bytes,
		     cli_errno(errno));
	return fd;
}

static void bind_socket(int fd, uint32_t ifindex, uint16_t protocol)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)ifindex,
	};

	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		errx(CLI_SYSTEM, "bind packet socket to %s: %s", dev, cli_errno(errno));
}

/* Sleeps until frame number n is due; returns how many frames of a burst may go then. */
static uint64_t pace(uint64_t start_ns, uint64_t n)
{
	uint64_t now, due_ns, late_ns;
	struct timespec ts;

	if (!pps)
		return BURST;
	now = cli_now_ns() - start_ns;
	due_ns = n * 1000000000 / pps;
	if (due_ns > now) {
		due_ns += start_ns;
		ts.tv_sec = (time_t)(due_ns / 1000000000);
		ts.tv_nsec = (long)(due_ns % 1000000000);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		return 1;
	}
	late_ns = now - due_ns < 1000000000 ? now - due_ns : 1000000000;
	return late_ns * pps / 1000000000 + 1;
}

/* Builds the next burst, from frame number n on. Returns its length. */
static unsigned int build_burst(struct frame_id id, struct mmsghdr *msgs, uint64_t n, uint64_t most)
{
	static uint8_t buf[BURST][FRAME_LEN_MAX];
	static struct iovec iov[BURST];
	unsigned int i;

	for (i = 0; i < BURST && i < most && n + i < count; i++) {
		id.flow = (uint32_t)((n + i) % flows);
		id.seq = (uint32_t)(first_seq + (n + i) / flows);
		frame_build(buf[i], &id, dst, src);
		iov[i] = (struct iovec){ .iov_base = buf[i], .iov_len = frame_len(&id) };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	return i;
}

/* Sends all frames, or as many as the time allows. Returns their number. */
static uint64_t send_all(int fd, const struct frame_id *common)
{
	uint64_t start_ns = cli_now_ns(), sent = 0;
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	struct mmsghdr msgs[BURST];
	unsigned int n;
	int ret;

	while (sent < count && !cli_stopped() &&
	       (cli_now_ns() - start_ns) / 1000000 < goal.timeout_ms) {
		n = build_burst(*common, msgs, sent, pace(start_ns, sent));
		ret = sendmmsg(fd, msgs, n, MSG_DONTWAIT);
		if (ret > 0) {
			sent += (uint64_t)ret;
		} else if (errno == EAGAIN) {
			poll(&pfd, 1, 10);
		} else if (errno == ENOBUFS) {
			poll(NULL, 0, 1); /* a full queue of the device: that frame did not go */
		} else if (errno != EINTR) {
			errx(CLI_SYSTEM, "send frame %llu of %llu on %s: %s",
			     (unsigned long long)sent + 1, (unsigned long long)count, dev,
			     cli_errno(errno));
		}
	}
	return sent;
}

static int run_send(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the device" },
		{ "dev", CLI_STR, &dev, .help = "NAME", .required = true },
		{ "count", CLI_U64, &count, 1, UINT32_MAX, .help = "N: frames", .required = true },
		{ "dst", CLI_MAC, dst, .help = "MAC", .required = true },
		{ "src", CLI_MAC, src, .help = "MAC: default that of the device",
		  .given = &src_given },
		{ "flows", CLI_U64, &flows, 1, FRAME_FLOWS_MAX, .help = "F: in turn, default 1" },
		{ "size", CLI_U64, &size, FRAME_SIZE_MIN, FRAME_SIZE_MAX,
		  .help = "B: frame without FCS, default 128" },
		{ "tag", CLI_U64, &tag, 0, 255, .help = "T: default 1" },
		{ "first-seq", CLI_U64, &first_seq, 0, FRAME_SEQ_MAX,
		  .help = "S: first seq of each flow, default 0" },
		{ "v6", CLI_FLAG, &v6, .help = ": IPv6" },
		{ "tcp", CLI_FLAG, &tcp, .help = ": TCP" },
		{ "raw-nonip", CLI_FLAG, &raw, .help = ": no IP" },
		{ "dst-ip", CLI_STR, &ip_text,
		  .help = "ADDR: destination, default by tag; an IPv6 one implies --v6" },
		{ "dst-port", CLI_U64, &port, 1, 65535, .help = "N: default 9000" },
		{ "vlan", CLI_U64, &vlan, 1, FRAME_VLAN_MAX,
		  .help = "N: 802.1Q tag, 4 bytes beside --size" },
		{ "pps", CLI_U64, &pps, 1, 10000000,
		  .help = "R: frames per second, default no limit" },
		{ "timeout-ms", CLI_U64, &goal.timeout_ms, 1, 3600000,
		  .help = "T: end in any case, default 180000" },
		{ 0 },
	};
	struct frame_id common;
	struct link link;
	struct print p;
	uint64_t sent;
	int fd;

	cli_parse(options, argc, argv);
	common = common_id();
	if (size < frame_size_min(kind()))
		cli_usage_die("--size %llu: want at least %u for this kind of frame",
			      (unsigned long long)size, frame_size_min(kind()));
	if (first_seq + count / flows > FRAME_SEQ_MAX)
		cli_usage_die("--first-seq and --count go beyond seq %d", FRAME_SEQ_MAX);
	cli_catch_stop();
	link_get(netns, dev, &link);
	if (!src_given)
		memcpy(src, link.mac, sizeof(src));
	fd = open_socket();
	bind_socket(fd, link.ifindex, 0); /* protocol 0: nothing is received */
	sent = send_all(fd, &common);
	close(fd);
	print_init(&p, true);
	print_begin(&p, NULL, '{');
	print_u64(&p, "sent", sent);
	print_end(&p, '}');
	print_newline(&p);
	return sent == count ? CLI_OK : CLI_UNMET;
}

/*
 * Lets a socket see only frames of one recorded rx queue (-1: frames without one). The kernel
 * keeps the queue plus one in skb->queue_mapping (skb_record_rx_queue()), which a classic filter
 * can read.
 */
static void filter_queue(int fd, int queue)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_QUEUE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(queue + 1), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { .len = sizeof(insns) / sizeof(insns[0]), .filter = insns };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		errx(CLI_SYSTEM, "filter a packet socket by rx queue %d: %s", queue,
		     cli_errno(errno));
}

struct sink {
	struct pollfd fds[TALLY_NO_QUEUE + 1];
	uint32_t queues[TALLY_NO_QUEUE + 1];
	uint32_t n;
};

static void add_socket(struct sink *sink, uint32_t ifindex, int queue)
{
	int fd = open_socket(), on = 1;

	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)))
		errx(CLI_SYSTEM, "set PACKET_IGNORE_OUTGOING on a packet socket: %s",
		     cli_errno(errno));
	if (per_queue)
		filter_queue(fd, queue);
	bind_socket(fd, ifindex, ETH_P_ALL);
	sink->fds[sink->n] = (struct pollfd){ .fd = fd, .events = POLLIN };
	sink->queues[sink->n++] = queue < 0 ? TALLY_NO_QUEUE : (uint32_t)queue;
}

static void open_sink(struct sink *sink, struct tally *t)
{
	struct packet_mreq mreq = { .mr_type = PACKET_MR_PROMISC };
	struct link link;
	uint32_t i;

	link_get(netns, dev, &link);
	if (link.num_rx > TALLY_NO_QUEUE)
		errx(CLI_SYSTEM, "%s has %u rx queues, at most %d can be told apart", dev,
		     link.num_rx, TALLY_NO_QUEUE);
	sink->n = 0;
	add_socket(sink, link.ifindex, -1);
	for (i = 0; per_queue && i < link.num_rx; i++)
		add_socket(sink, link.ifindex, (int)i);
	for (i = 0; per_queue && i < sink->n; i++)
		t->queue_listed[sink->queues[i]] = true;
	mreq.mr_ifindex = (int)link.ifindex;
	if (promisc &&
	    setsockopt(sink->fds[0].fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)))
		errx(CLI_SYSTEM, "make %s promiscuous: %s", dev, cli_errno(errno));
}

/* Takes one burst from a socket. Returns the number of frames. */
static int drain(struct tally *t, int fd, uint32_t queue)
{
	static uint8_t buf[BURST][FRAME_LEN_MAX + 1]; /* one more: too long must not look whole */
	struct mmsghdr msgs[BURST];
	struct iovec iov[BURST];
	int i, n;

	for (i = 0; i < BURST; i++) {
		iov[i] = (struct iovec){ .iov_base = buf[i], .iov_len = sizeof(buf[i]) };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(fd, msgs, BURST, MSG_DONTWAIT, NULL);
	if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
		errx(CLI_SYSTEM, "receive on %s: %s", dev, cli_errno(errno));
	for (i = 0; i < n; i++)
		tally_frame(t, queue, buf[i], msgs[i].msg_len);
	return n;
}

static void receive_all(struct sink *sink, struct tally *t)
{
	uint64_t start_ms = cli_now_ms();
	bool work;
	uint32_t i;

	while (!cli_stopped() && !tally_finished(t, &goal) &&
	       cli_now_ms() - start_ms < goal.timeout_ms) {
		for (work = false, i = 0; i < sink->n; i++)
			work |= drain(t, sink->fds[i].fd, sink->queues[i]) > 0;
		if (!work)
			poll(sink->fds, sink->n, 20);
	}
}

/* Frames that the kernel had for us but found no room for. */
static uint64_t dropped(const struct sink *sink)
{
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < sink->n; i++) {
		if (getsockopt(sink->fds[i].fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
			errx(CLI_SYSTEM, "read PACKET_STATISTICS: %s", cli_errno(errno));
		sum += stats.tp_drops;
	}
	return sum;
}

static int run_recv(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the device" },
		{ "dev", CLI_STR, &dev, .help = "NAME", .required = true },
		{ "count", CLI_U64, &goal.frames, 0, UINT32_MAX,
		  .help = "N: expect exactly N test frames; without it: until time-out or signal",
		  .given = &goal.counted },
		{ "idle-ms", CLI_U64, &goal.idle_ms, 0, 600000,
		  .help = "T: silence to wait for after frame N, default 300" },
		{ "timeout-ms", CLI_U64, &goal.timeout_ms, 1, 3600000,
		  .help = "T: end in any case, default 180000" },
		{ "tag", CLI_U64, &tag, 0, 255, .help = "T: other tags are foreign, default 1" },
		{ "first-seq", CLI_U64, &first_seq, 0, FRAME_SEQ_MAX,
		  .help = "S: from where missing ones count", .given = &first_seq_given },
		{ "promisc", CLI_FLAG, &promisc,
		  .help = ": make the device promiscuous meanwhile" },
		{ "per-queue", CLI_FLAG, &per_queue, .help = ": count per recorded rx queue" },
		{ 0 },
	};
	static struct sink sink;
	static struct tally t;
	struct print p;
	uint64_t lost;

	cli_parse(options, argc, argv);
	cli_catch_stop();
	tally_init(&t, (uint8_t)tag);
	t.from_known = first_seq_given;
	t.first_seq = (uint32_t)first_seq;
	open_sink(&sink, &t);
	puts("ready");
	fflush(stdout);
	receive_all(&sink, &t);
	lost = dropped(&sink);
	print_init(&p, true);
	print_begin(&p, NULL, '{');
	tally_print(&t, &p);
	print_u64(&p, "dropped", lost);
	print_end(&p, '}');
	print_newline(&p);
	tally_fini(&t);
	return tally_met(&t, &goal) && !lost ? CLI_OK : CLI_UNMET;
}

static int run_plan(int argc, char **argv)
{
	static struct plan plan = { .table_size = 128 };
	const char *hex;
	const struct cli_opt options[] = {
		{ "flows", CLI_U64, &flows, 1, FRAME_FLOWS_MAX, .help = "F", .required = true },
		{ "key", CLI_STR, &hex, .help = "HEX: 40 bytes of the NIC's RSS key",
		  .required = true },
		{ "indir", CLI_LIST, &plan.indir, 0, TALLY_NO_QUEUE - 1,
		  .help = "Q,Q...: RSS table, repeated to its full size", .required = true },
		{ "table", CLI_U64, &plan.table_size, 1, TABLE_MAX,
		  .help = "N: its size, default 128" },
		{ "count", CLI_U64, &count, 1, UINT32_MAX,
		  .help = "N: also print how many of N frames sent in turn go to each queue" },
		{ "tag", CLI_U64, &tag, 0, 255, .help = "T: default 1" },
		{ "v6", CLI_FLAG, &v6, .help = ": IPv6" },
		{ "tcp", CLI_FLAG, &tcp, .help = ": TCP" },
		{ "raw-nonip", CLI_FLAG, &raw, .help = ": no IP" },
		{ "dst-ip", CLI_STR, &ip_text,
		  .help = "ADDR: destination, default by tag; an IPv6 one implies --v6" },
		{ "dst-port", CLI_U64, &port, 1, 65535, .help = "N: default 9000" },
		{ "vlan", CLI_U64, &vlan, 1, FRAME_VLAN_MAX,
		  .help = "N: with a tag, behind which the lab NIC hashes nothing" },
		{ 0 },
	};

	cli_parse(options, argc, argv);
	if (cli_hex(hex, plan.key, TOEPLITZ_KEY_LEN) != TOEPLITZ_KEY_LEN)
		cli_usage_die("--key: want %d bytes in hexadecimal", TOEPLITZ_KEY_LEN);
	if (plan.indir.n > plan.table_size)
		cli_usage_die("--indir lists %u entries, the table has %llu", plan.indir.n,
			      (unsigned long long)plan.table_size);
	plan.id = common_id();
	plan.flows = (uint32_t)flows;
	plan.frames = count;
	plan_print(&plan);
	return CLI_OK;
}

static int run_selftest(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void); /* says what is wrong; returns the number of failures */
	} tests[] = {
		{ "the hash agrees with Microsoft's RSS vectors", toeplitz_selftest },
		{ "frames are rebuilt, and any damage to one is seen", frame_selftest },
		{ "echo requests are answered, and nothing else is", ping_selftest },
		{ "duplicates, holes and damaged frames are counted", tally_selftest },
	};
	const struct cli_opt none[] = { { 0 } };
	int n = sizeof(tests) / sizeof(tests[0]), failed = 0, bad, i;

	cli_parse(none, argc, argv);
	for (i = 0; i < n; i++) {
		bad = tests[i].run() > 0;
		printf("%s - %s\n", bad ? "not ok" : "ok", tests[i].name);
		failed += bad;
	}
	printf("%d passed, %d failed, 0 skipped\n", n - failed, failed);
	return failed ? CLI_UNMET : CLI_OK;
}

int main(int argc, char **argv)
{
	static const struct cli_cmd cmds[] = {
		{ "send", run_send, "send test frames" },
		{ "recv", run_recv, "count the test frames that come in" },
		{ "plan", run_plan, "compute the rx queue of each flow" },
		{ "selftest", run_selftest, "check hash, frames and counters; needs no network" },
		{ 0 },
	};

	return cli_dispatch(cmds, argc, argv);
}
