// SPDX-License-Identifier: Apache-2.0
/* tcp: sends and receives checked TCP streams: by copy, by io_uring zero copy, into device memory. */
#include "cli.h"
#include "devmem.h"
#include "link.h"
#include "netns.h"
#include "print.h"
#include "stream.h"
#include "uring.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_MIB 65536

/* One program does one command, so all of them share the options. */
static const char *netns, *dev, *addr_text;
static uint64_t port = 5000, from, mib, connections = 1, timeout_ms = 60000, area_mib = 16;
static struct cli_list queues;
static bool mib_given;

static void check(int ret, const char *what)
{
	if (ret < 0)
		errx(CLI_SYSTEM, "%s: %s", what, cli_errno(errno));
}

/* --- receiving --- */

typedef void (*receive_fn)(int fd, struct stream *s);

static void copy_receive(int fd, struct stream *s)
{
	static uint8_t buf[65536];
	ssize_t got;

	while (stream_wait(s, fd)) {
		got = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (!got)
			return;
		if (got > 0) {
			stream_data(s, buf, (size_t)got);
			s->copied += (uint64_t)got;
		} else if (errno != EAGAIN && errno != EINTR) {
			s->error = -errno;
			return;
		}
	}
}

/* One socket for IPv6 and IPv4. */
static int listen_here(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	check(fd, "open a TCP socket");
	check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "set SO_REUSEADDR");
	check(bind(fd, (struct sockaddr *)&any, sizeof(any)), "bind a TCP socket");
	check(listen(fd, 16), "listen");
	return fd;
}

static void print_received(const struct stream *s, uint64_t done, uint64_t ms)
{
	struct print p;

	print_init(&p, true);
	print_begin(&p, NULL, '{');
	print_u64(&p, "connections", done);
	print_u64(&p, "received", s->received);
	print_u64(&p, "corrupt", s->corrupt);
	print_u64(&p, "copied", s->copied);
	print_u64(&p, "zero_copy", s->received - s->copied);
	print_u64(&p, "ms", ms);
	print_u64(&p, "gap_ms", s->gap_ms);
	print_str(&p, "error", s->error ? cli_errno_name(-s->error) : "");
	print_end(&p, '}');
	print_newline(&p);
}

/* One connection after the other. Returns the exit status. */
static int serve(receive_fn receive)
{
	struct stream s = { .deadline_ms = cli_now_ms() + timeout_ms };
	int listener = listen_here(), fd;
	uint64_t done = 0, ms = 0, since;

	cli_catch_stop();
	puts("ready");
	fflush(stdout);
	while (done < connections && !s.error && stream_wait(&s, listener)) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		check(fd, "accept a connection");
		since = cli_now_ms();
		s.at = 0;
		receive(fd, &s);
		close(fd);
		ms += cli_now_ms() - since;
		done++;
	}
	print_received(&s, done, ms);
	if (s.error || s.corrupt || done != connections)
		return CLI_UNMET;
	return !mib_given || s.received == mib << 20 ? CLI_OK : CLI_UNMET;
}

#define SERVER_OPTIONS                                                                         \
	{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the socket" },         \
		{ "port", CLI_U64, &port, 1, 65535, .help = "N: default 5000" },               \
		{ "mib",                                                                       \
		  CLI_U64,                                                                     \
		  &mib,                                                                        \
		  0,                                                                           \
		  MAX_MIB,                                                                     \
		  .help = "N: expect that many MiB in all",                                    \
		  .given = &mib_given },                                                       \
		{ "connections", CLI_U64,                                                      \
		  &connections,	 1,                                                            \
		  UINT32_MAX,	 .help = "N: serve so many, one after the other, default 1" }, \
		{ "timeout-ms", CLI_U64,                                                       \
		  &timeout_ms,	1,                                                             \
		  3600000,	.help = "T: end in any case, default 60000" }

#define AREA_OPTION \
	{ "area-mib", CLI_U64, &area_mib, 1, 128, .help = "N: memory to receive into, default 16" }

static int run_recv(int argc, char **argv)
{
	const struct cli_opt options[] = { SERVER_OPTIONS, { 0 } };

	cli_parse(options, argc, argv);
	netns_enter(netns);
	return serve(copy_receive);
}

static int run_zcrx(int argc, char **argv)
{
	struct uring_conf conf = { .queues = &queues };
	const struct cli_opt options[] = {
		SERVER_OPTIONS,
		AREA_OPTION,
		{ "dev", CLI_STR, &dev, .help = "NAME: without it: no device, and all is copied" },
		{ "keep", CLI_FLAG, &conf.keep, .help = ": give no memory back" },
		{ "queue", CLI_LIST, &queues, 0, UINT32_MAX, .help = "N[,N...]: of it, default 0" },
		{ 0 },
	};
	struct link link;

	cli_parse(options, argc, argv);
	netns_enter(netns);
	if (dev) {
		link_get(NULL, dev, &link);
		conf.ifindex = link.ifindex;
	}
	conf.dev = dev;
	if (!queues.n)
		queues.n = 1;
	conf.area_bytes = area_mib << 20;
	uring_open(&conf);
	return serve(uring_receive);
}

static int run_devmem(int argc, char **argv)
{
	struct devmem_conf conf = { .queues = &queues };
	const struct cli_opt options[] = {
		SERVER_OPTIONS,
		AREA_OPTION,
		{ "dev", CLI_STR, &dev, .help = "NAME", .required = true },
		{ "queue", CLI_LIST, &queues, 0, UINT32_MAX, .help = "N[,N...]: of it",
		  .required = true },
		{ 0 },
	};
	struct link link;

	cli_parse(options, argc, argv);
	netns_enter(netns);
	link_get(NULL, dev, &link);
	conf.dev = dev;
	conf.ifindex = link.ifindex;
	conf.area_bytes = area_mib << 20;
	devmem_open(&conf);
	return serve(devmem_receive);
}

/* --- sending --- */

/* bind_to_from() - the connection's port on this side, which decides its queue on the other one */
static void bind_to_from(int fd, bool v6)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)from) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)from) };

	if (v6)
		check(bind(fd, (struct sockaddr *)&six, sizeof(six)), "bind to --from");
	else
		check(bind(fd, (struct sockaddr *)&four, sizeof(four)), "bind to --from");
}

static int connect_there(void)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	bool v6 = inet_pton(AF_INET6, addr_text, &six.sin6_addr) == 1;
	int fd;

	if (!v6 && inet_pton(AF_INET, addr_text, &four.sin_addr) != 1)
		cli_usage_die("--addr %s: want an IPv4 or IPv6 address", addr_text);
	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(fd, "open a TCP socket");
	if (from)
		bind_to_from(fd, v6);
	if (v6)
		check(connect(fd, (struct sockaddr *)&six, sizeof(six)), "connect");
	else
		check(connect(fd, (struct sockaddr *)&four, sizeof(four)), "connect");
	return fd;
}

/* Sends for a limited time. Returns how much; on an error, *ret_error is its negative errno. */
static uint64_t send_stream(int fd, int *ret_error)
{
	struct timeval step = { .tv_usec = 100000 };
	struct stream s = { .deadline_ms = cli_now_ms() + timeout_ms };
	uint64_t want = mib_given ? mib << 20 : UINT64_MAX;
	static uint8_t buf[65536];
	ssize_t sent;
	size_t len;

	check(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &step, sizeof(step)), "set SO_SNDTIMEO");
	while (s.at < want && !stream_over(&s)) {
		len = want - s.at < sizeof(buf) ? (size_t)(want - s.at) : sizeof(buf);
		stream_fill(buf, len, s.at);
		sent = send(fd, buf, len, MSG_NOSIGNAL);
		if (sent > 0) {
			s.at += (uint64_t)sent;
		} else if (errno != EAGAIN && errno != EINTR) {
			*ret_error = -errno;
			return s.at;
		}
	}
	/* What has been received is known when the other end has closed too. */
	shutdown(fd, SHUT_WR);
	if (stream_wait(&s, fd) && recv(fd, buf, 1, 0) < 0)
		*ret_error = -errno;
	return s.at;
}

static int run_send(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the socket" },
		{ "addr", CLI_STR, &addr_text, .help = "ADDR: where to", .required = true },
		{ "port", CLI_U64, &port, 1, 65535, .help = "N: default 5000" },
		{ "from", CLI_U64, &from, 1, 65535, .help = "N: port on this side; default: any" },
		{ "mib", CLI_U64, &mib, 0, MAX_MIB,
		  .help = "N: send N MiB; without it: until time-out or signal",
		  .given = &mib_given },
		{ "timeout-ms", CLI_U64, &timeout_ms, 1, 3600000,
		  .help = "T: end in any case, default 60000" },
		{ 0 },
	};
	uint64_t sent;
	struct print p;
	int error = 0, fd;

	cli_parse(options, argc, argv);
	netns_enter(netns);
	fd = connect_there();
	cli_catch_stop();
	puts("ready");
	fflush(stdout);
	sent = send_stream(fd, &error);
	print_init(&p, true);
	print_begin(&p, NULL, '{');
	print_u64(&p, "sent", sent);
	print_str(&p, "error", error ? cli_errno_name(-error) : "");
	print_end(&p, '}');
	print_newline(&p);
	return !error && (!mib_given || sent == mib << 20) ? CLI_OK : CLI_UNMET;
}

static int run_selftest(int argc, char **argv)
{
	const struct cli_opt none[] = { { 0 } };
	bool bad;

	cli_parse(none, argc, argv);
	bad = stream_selftest() > 0;
	printf("%s - a damaged or misplaced byte of a stream is seen\n", bad ? "not ok" : "ok");
	printf("%d passed, %d failed, 0 skipped\n", !bad, bad);
	return bad ? CLI_UNMET : CLI_OK;
}

int main(int argc, char **argv)
{
	static const struct cli_cmd cmds[] = {
		{ "recv", run_recv, "receive by copy" },
		{ "zcrx", run_zcrx, "receive by io_uring zero copy" },
		{ "devmem", run_devmem, "receive into device memory (udmabuf)" },
		{ "send", run_send, "send a stream" },
		{ "selftest", run_selftest, "check the stream; needs no network" },
		{ 0 },
	};

	return cli_dispatch(cmds, argc, argv);
}
