// SPDX-License-Identifier: Apache-2.0
/*
 * zcrx-echo: a TCP server that receives by io_uring zero copy - an example for a Pod
 *
 *   zcrx-echo ATTACHMENT PORT [AREA-MIB]
 *
 * ATTACHMENT is the attachment.json that nk-cni wrote for the Pod's device. The server registers an
 * interface queue on each of its leased queues, each with AREA-MIB of memory (16) that the NIC writes
 * to, and sends back what it receives on PORT, IPv4 and IPv6, straight from that memory. On SIGTERM
 * it prints what it received, and how much of that the kernel had to copy.
 *
 * Runs in the Pod's network namespace. Needs CAP_NET_ADMIN in the host's user namespace, and
 * RLIMIT_MEMLOCK for the memory; a seccomp profile must allow io_uring_setup(2), io_uring_enter(2)
 * and io_uring_register(2).
 */
#include "zcrx.h"

#include <cjson/cJSON.h>
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILE_MAX   (1 << 20)
#define QUEUES_MAX 64
#define PAGE	   4096
#define BACKLOG	   64
#define BATCH	   64	     /* pieces in one sendmsg() */
#define LIMIT	   (1 << 16) /* bytes that one connection may hold back from the NIC here ... */
#define BUFFER	   (1 << 18) /* ... and, about, in its socket */

/* What a request was; in the low bits of its user_data, above them the connection. */
enum {
	ACCEPT,
	RECEIVE,
	SEND,
	KINDS = 4
};

struct piece {
	uint32_t queue, len;
	uint64_t offset;
};

struct connection {
	int fd;
	uint32_t queue; /* index of the interface queue that its frames are expected by */
	uint32_t tried; /* interface queues that they did not come by, in a row */
	uint32_t left;	/* bytes that the receive request may bring yet */
	bool receiving, sending, ended, failed;
	struct piece *pieces; /* received, and not sent yet */
	uint32_t count, size, batch;
	struct iovec iov[BATCH];
	struct msghdr msg;
};

static struct zcrx ring;
static struct {
	uint64_t connections, received, sent, failed;
} total;
static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

/* --- the attachment, and its queues ----------------------------------------------------------- */

struct attachment {
	const char *ifname;
	uint32_t queues[QUEUES_MAX], count;
};

static cJSON *read_json(const char *path)
{
	static char text[FILE_MAX];
	FILE *file = fopen(path, "re");
	cJSON *json;
	size_t len;

	if (!file)
		err(1, "open %s", path);
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	json = cJSON_ParseWithLength(text, len);
	if (!json)
		errx(1, "%s is not JSON", path);
	return json;
}

static void read_attachment(const char *path, struct attachment *attachment)
{
	const cJSON *json = read_json(path), *queue, *id;

	attachment->ifname = cJSON_GetStringValue(cJSON_GetObjectItem(json, "ifName"));
	cJSON_ArrayForEach(queue, cJSON_GetObjectItem(json, "queues")) {
		id = cJSON_GetObjectItem(queue, "netkit");
		if (cJSON_IsNumber(id) && attachment->count < QUEUES_MAX)
			attachment->queues[attachment->count++] = (uint32_t)id->valueint;
	}
	if (!attachment->ifname || !attachment->count)
		errx(1, "%s has no ifName or no queues: is it an attachment.json of nk-cni?", path);
}

/* The kernel gives an errno and no text, so this is what the errno means there. */
static const char *remedy(int error)
{
	switch (error) {
	case EPERM:
		return "give the server CAP_NET_ADMIN in the host's user namespace (not in a Pod "
		       "with hostUsers: false)";
	case EEXIST:
		return "an XDP program is on the NIC, or another server has the queue: end the "
		       "AF_XDP attachments of this NIC, or that server";
	case EINVAL:
		return "header split is off on the NIC, or the kernel is older than Linux 7.2: set "
		       "rings.tcpDataSplit to true and rings.hdsThreshold to 0 in nk-cni's "
		       "configuration";
	case EBUSY:
		return "an AF_XDP socket has the queue: end its program";
	case EOPNOTSUPP:
		return "the queue is not leased, or the NIC's driver has no memory providers";
	default:
		return "";
	}
}

static void register_queues(const struct attachment *attachment, uint64_t area_bytes)
{
	struct zcrx_where where = { .ifindex = if_nametoindex(attachment->ifname),
				    .area_bytes = area_bytes };
	uint32_t i;
	int ret;

	if (!where.ifindex)
		errx(1, "no device %s in this network namespace: start the server in the Pod's",
		     attachment->ifname);
	for (i = 0; i < attachment->count; i++) {
		where.queue = attachment->queues[i];
		ret = zcrx_add_queue(&ring, &where);
		if (ret == -ENOMEM)
			errx(1,
			     "register queue %u of %s: %s; raise RLIMIT_MEMLOCK to %llu bytes, which "
			     "the kernel counts over all processes of the user",
			     where.queue, attachment->ifname, strerror(-ret),
			     (unsigned long long)zcrx_memlock(attachment->count, area_bytes));
		if (ret)
			errx(1, "register queue %u of %s: %s; %s", where.queue, attachment->ifname,
			     strerror(-ret), remedy(-ret));
	}
}

static void open_ring(const struct attachment *attachment, uint64_t area_bytes)
{
	int ret = zcrx_open(&ring, (uint32_t)(attachment->count * (area_bytes / PAGE)));

	if (ret == -EPERM || ret == -ENOSYS)
		errx(1,
		     "set up an io_uring: %s; allow it in the container's seccomp profile, and look "
		     "at sysctl kernel.io_uring_disabled",
		     strerror(-ret));
	if (ret)
		errx(1, "set up an io_uring: %s", strerror(-ret));
}

/* --- requests --------------------------------------------------------------------------------- */

static struct io_uring_sqe *request(uint8_t opcode, int fd, struct connection *c, unsigned int kind)
{
	struct io_uring_sqe *sqe = zcrx_request(&ring);

	if (!sqe)
		errx(1, "the kernel takes no more requests");
	sqe->opcode = opcode;
	sqe->fd = fd;
	sqe->user_data = (uintptr_t)c | kind;
	return sqe;
}

static void accept_next(int listener)
{
	request(IORING_OP_ACCEPT, listener, NULL, ACCEPT);
}

static void receive(struct connection *c)
{
	c->left = LIMIT;
	c->receiving = true;
	if (zcrx_receive(&ring, c->fd, &ring.queues[c->queue], LIMIT, (uintptr_t)c | RECEIVE))
		errx(1, "the kernel takes no more requests");
}

static void send_pieces(struct connection *c)
{
	struct io_uring_sqe *sqe;
	uint32_t i;

	if (c->sending || !c->count)
		return;
	c->batch = c->count < BATCH ? c->count : BATCH;
	for (i = 0; i < c->batch; i++) {
		c->iov[i].iov_base =
			zcrx_data(&ring.queues[c->pieces[i].queue], c->pieces[i].offset);
		c->iov[i].iov_len = c->pieces[i].len;
	}
	c->msg = (struct msghdr){ .msg_iov = c->iov, .msg_iovlen = c->batch };
	c->sending = true;
	sqe = request(IORING_OP_SENDMSG, c->fd, c, SEND);
	sqe->addr = (uintptr_t)&c->msg;
	sqe->msg_flags = MSG_WAITALL | MSG_NOSIGNAL;
}

/* --- connections ------------------------------------------------------------------------------ */

/* Gives the memory of the first pieces back to the NIC. */
static void give_back(struct connection *c, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (zcrx_give_back(&ring.queues[c->pieces[i].queue], c->pieces[i].offset,
				   c->pieces[i].len))
			errx(1, "the refill ring is full");
	c->count -= count;
	memmove(c->pieces, c->pieces + count, c->count * sizeof(*c->pieces));
}

static void keep_piece(struct connection *c, uint64_t offset, uint32_t len)
{
	struct piece *pieces = c->pieces;

	if (c->count == c->size) {
		c->size = c->size ? 2 * c->size : BATCH;
		pieces = realloc(c->pieces, c->size * sizeof(*pieces));
		if (!pieces)
			err(1, "keep a piece of what was received");
		c->pieces = pieces;
	}
	pieces[c->count++] = (struct piece){ .queue = c->queue, .len = len, .offset = offset };
}

static void fail(struct connection *c, const char *what, int error)
{
	if (c->failed)
		return;
	warnx("%s: %s", what, strerror(error));
	total.failed++;
	c->failed = c->ended = true;
	shutdown(c->fd, SHUT_RDWR); /* what is under way ends */
}

static void start(int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		err(1, "accept a connection");
	c->fd = fd;
	total.connections++;
	receive(c);
}

/* Receives again when all is sent, so that a client that does not read cannot keep the memory. */
static void go_on(struct connection *c)
{
	if (c->failed && !c->sending)
		give_back(c, c->count);
	send_pieces(c);
	if (c->sending || c->receiving)
		return;
	if (!c->ended) {
		receive(c);
		return;
	}
	close(c->fd);
	free(c->pieces);
	free(c);
}

/* What comes by copy uses up the memory: the kernel takes none back for it (Linux 7.3). */
static const char copies_filled_it[] =
	"receive: the frames did not come by a leased queue, and copies have filled the memory; "
	"steer this port to the leased queues (steering in nk-cni's configuration)";

static void received(struct connection *c, const struct zcrx_done *done)
{
	if (done->res > 0) {
		c->left -= (uint32_t)done->res;
		c->tried = 0;
		total.received += (uint32_t)done->res;
		keep_piece(c, done->offset, (uint32_t)done->res);
	}
	c->receiving = done->more;
	if (!done->res && c->left) {
		c->ended = true;
	} else if (done->res == -EFAULT && ++c->tried < ring.queue_count) {
		/* The frames came by another queue, and are still in the socket. */
		c->queue = (c->queue + 1) % ring.queue_count;
		receive(c);
	} else if (done->res < 0) {
		fail(c, done->res == -ENOMEM ? copies_filled_it : "receive", -done->res);
	}
	go_on(c);
}

static void sent(struct connection *c, int32_t res)
{
	uint32_t i, want = 0;

	for (i = 0; i < c->batch; i++)
		want += c->pieces[i].len;
	c->sending = false;
	if (res > 0)
		total.sent += (uint32_t)res;
	if (res >= 0 && (uint32_t)res == want)
		give_back(c, c->batch);
	else
		fail(c, "send", res < 0 ? -res : EPIPE);
	go_on(c);
}

/* --------------------------------------------------------------------------------------------- */

/* One socket for IPv6 and IPv4. Connections inherit the size of its buffer, whose data fills the NIC's memory. */
static int listen_on(uint16_t port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, size = BUFFER;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, BACKLOG))
		err(1, "listen on TCP port %u", port);
	return fd;
}

static void handle(const struct zcrx_done *done, int listener)
{
	struct connection *c =
		(struct connection *)(uintptr_t)(done->user_data & ~(uint64_t)(KINDS - 1));

	switch (done->user_data & (KINDS - 1)) {
	case ACCEPT:
		if (done->res >= 0)
			start(done->res);
		else if (done->res != -ECONNABORTED)
			errx(1, "accept a connection: %s", strerror(-done->res));
		accept_next(listener);
		break;
	case RECEIVE:
		received(c, done);
		break;
	default:
		sent(c, done->res);
		break;
	}
}

static void serve(int listener)
{
	struct zcrx_done done;
	int ret;

	accept_next(listener);
	while (!stopped) {
		ret = zcrx_wait(&ring);
		if (ret)
			errx(1, "wait for an io_uring: %s", strerror(-ret));
		while (zcrx_next(&ring, &done))
			handle(&done, listener);
	}
}

static unsigned long number(const char *what, const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || !value || value > max)
		errx(2, "%s '%s': want 1 to %lu", what, text, max);
	return value;
}

int main(int argc, char **argv)
{
	const struct sigaction stop = { .sa_handler = on_signal };
	struct attachment attachment = { 0 };
	unsigned long port, mib;
	int listener;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: zcrx-echo ATTACHMENT PORT [AREA-MIB]\n");
		return 2;
	}
	port = number("PORT", argv[2], 65535);
	mib = number("AREA-MIB", argc > 3 ? argv[3] : "16", ZCRX_AREA_MAX >> 20);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	read_attachment(argv[1], &attachment);
	open_ring(&attachment, (uint64_t)mib << 20);
	register_queues(&attachment, (uint64_t)mib << 20);
	listener = listen_on((uint16_t)port);
	printf("ready\n");
	fflush(stdout);
	serve(listener);
	printf("{\"connections\":%llu,\"failed\":%llu,\"received\":%llu,\"copied\":%llu,\"sent\":%llu}\n",
	       (unsigned long long)total.connections, (unsigned long long)total.failed,
	       (unsigned long long)total.received, (unsigned long long)zcrx_copied(&ring),
	       (unsigned long long)total.sent);
	return 0;
}
