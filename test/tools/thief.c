// SPDX-License-Identifier: Apache-2.0
/* thief: an AF_XDP application that tries to get another Pod's frames in every way it has. */
#include "bpf.h"
#include "cli.h"
#include "link.h"
#include "print.h"
#include "tally.h"
#include "xsock.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * 1. Open the Pod's own map, and bind a zero copy socket to a queue of its own. Both are held to the
 *    end, whatever becomes of the Pod.
 * 2. Print "ready".
 * 3. Until a signal comes: make all attempts, print for each how often it gave which errno, and look
 *    what has been received.
 * 4. Print one JSON object with what was received.
 */
#define IDS	     1024 /* keys of a map, and queue ids of a device */
#define ERRNOS	     4096 /* the kernel's errnos are below it */
#define SPARE_FRAMES 64

static const char *dev, *own_pin, *other_pin;
static uint64_t queue, other_id, tag = 1, idle_ms = 100, timeout_ms = 300000;
static struct tally tally;
static struct xsock own;
static int own_map, spare; /* descriptors */
static uint32_t ifindex;

static const struct cli_opt options[] = {
	{ "dev", CLI_STR, &dev, .help = "NAME: its own device", .required = true },
	{ "queue", CLI_U64, &queue, 0, TALLY_NO_QUEUE - 1, .help = "Q: its own queue there",
	  .required = true },
	{ "map", CLI_STR, &own_pin, .help = "PIN: its own map", .required = true },
	{ "other-map", CLI_STR, &other_pin, .help = "PIN: the other Pod's map", .required = true },
	{ "other-id", CLI_U64, &other_id, 1, UINT32_MAX, .help = "ID: of the other Pod's map",
	  .required = true },
	{ "tag", CLI_U64, &tag, 0, 255, .help = "T: of the frames that are its own, default 1" },
	{ "idle-ms", CLI_U64, &idle_ms, 0, 600000, .help = "T: between two rounds, default 100" },
	{ "timeout-ms", CLI_U64, &timeout_ms, 1, 3600000,
	  .help = "T: end in any case, default 300000" },
	{ 0 },
};

/* A socket that is ready to be bound, but for a queue. */
static int open_spare(void)
{
	const int entries = SPARE_FRAMES;
	struct xdp_umem_reg reg = { .len = SPARE_FRAMES * 4096, .chunk_size = 4096 };
	void *frames =
		mmap(NULL, reg.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || frames == MAP_FAILED)
		errx(CLI_SYSTEM, "open a second AF_XDP socket: %s", cli_errno(errno));
	reg.addr = (uint64_t)(uintptr_t)frames;
	if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &entries, sizeof(entries)) ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &entries, sizeof(entries)) ||
	    setsockopt(fd, SOL_XDP, XDP_RX_RING, &entries, sizeof(entries)))
		errx(CLI_SYSTEM, "set a second AF_XDP socket up: %s", cli_errno(errno));
	return fd;
}

/* --- attempts: each returns 0 or a negative errno ----------------------------------------------*/

static int enter_own(uint32_t n)
{
	return bpf_map_update(own_map, n, (uint32_t)own.fd);
}

/* A map that should not have been had: now take what is in it. Closes it. */
static int enter_all(int fd)
{
	uint32_t key;

	for (key = 0; fd >= 0 && key < IDS; key++)
		(void)bpf_map_update(fd, key, (uint32_t)own.fd);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int bind_queue(uint32_t n)
{
	const struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_ZEROCOPY,
		.sxdp_ifindex = ifindex,
		.sxdp_queue_id = n,
	};

	return bind(spare, (const struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
}

static int open_own_again(uint32_t n)
{
	(void)n;
	return enter_all(bpf_obj_get(own_pin));
}

static int open_pin(uint32_t n)
{
	(void)n;
	return enter_all(bpf_obj_get(other_pin));
}

static int unlink_pin(uint32_t n)
{
	(void)n;
	return unlink(other_pin) ? -errno : 0;
}

static int rename_pin(uint32_t n)
{
	char taken[4096];

	(void)n;
	if (snprintf(taken, sizeof(taken), "%s_taken", other_pin) >= (int)sizeof(taken))
		return -ENAMETOOLONG;
	return rename(other_pin, taken) ? -errno : 0;
}

static int open_id(uint32_t n)
{
	(void)n;
	return enter_all(bpf_map_by_id((uint32_t)other_id));
}

static const struct attempt {
	const char *name;
	int (*make)(uint32_t n);
	uint32_t times; /* with n = 0, 1, ... */
} attempts[] = {
	{ "own_map", enter_own, IDS },	  /* the own socket under every key */
	{ "own_pin", open_own_again, 1 }, /* the same, by the path */
	{ "bind", bind_queue, IDS },	  /* a socket to every queue id of the own device */
	{ "other_pin", open_pin, 1 },	  /* the other's map by its path */
	{ "unlink", unlink_pin, 1 },	  /* that path away */
	{ "rename", rename_pin, 1 },	  /* or to another name */
	{ "other_id", open_id, 1 },	  /* the other's map by its id */
};

/* Makes an attempt and puts {"EBUSY":1,"EINVAL":1023} into the open object. */
static void make(const struct attempt *attempt, struct print *p)
{
	static uint32_t counts[ERRNOS];
	uint32_t i;
	int ret;

	for (i = 0; i < ERRNOS; i++)
		counts[i] = 0;
	for (i = 0; i < attempt->times; i++) {
		ret = attempt->make(i);
		counts[-ret]++;
	}
	print_begin(p, attempt->name, '{');
	for (i = 0; i < ERRNOS; i++)
		if (counts[i])
			print_u64(p, i ? cli_errno_name((int)i) : "OK", counts[i]);
	print_end(p, '}');
}

static void attempt_all(void)
{
	struct print p;
	size_t i;

	print_init(&p, true);
	print_begin(&p, NULL, '{');
	for (i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		make(&attempts[i], &p);
	print_end(&p, '}');
	print_newline(&p);
}

static void receive(void)
{
	struct xdp_desc desc;

	while (xsock_receive(&own, &desc)) {
		tally_frame(&tally, own.queue, xsock_data(&own, desc.addr), desc.len);
		xsock_refill(&own, desc.addr);
	}
}

static void open_own(void)
{
	struct xsock_conf conf = {
		.dev = dev,
		.queue = (uint32_t)queue,
		.frame_size = 4096,
		.bind_flags = XDP_ZEROCOPY,
	};
	struct link link;

	own_map = bpf_obj_get(own_pin);
	if (own_map < 0)
		errx(CLI_SYSTEM, "open pinned map %s: %s", own_pin, cli_errno(-own_map));
	link_get(NULL, dev, &link);
	ifindex = conf.ifindex = link.ifindex;
	xsock_open(&own, &conf);
	spare = open_spare();
}

static void print_result(void)
{
	struct print p;

	print_init(&p, true);
	print_begin(&p, NULL, '{');
	tally_print(&tally, &p);
	print_end(&p, '}');
	print_newline(&p);
}

int main(int argc, char **argv)
{
	uint64_t start_ms = cli_now_ms();

	cli_parse(options, argc, argv);
	cli_catch_stop();
	open_own();
	tally_init(&tally, (uint8_t)tag);
	puts("ready");
	fflush(stdout);
	while (!cli_stopped() && cli_now_ms() - start_ms < timeout_ms) {
		attempt_all();
		poll(NULL, 0, (int)idle_ms);
		receive();
	}
	print_result();
	tally_fini(&tally);
	return CLI_OK;
}
