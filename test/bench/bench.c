// SPDX-License-Identifier: Apache-2.0
/* bench: what the XDP program costs a frame, beside two that do less. Sends and attaches nothing. */
#include "../tools/cli.h"
#include "../tools/frame.h"
#include "../tools/link.h"
#include "../tools/xsock.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_xdp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nk.skel.h"
#include "nk_shared.h"
#include "test/bench/pass.skel.h"
#include "test/bench/policy.skel.h"
#include "test/bench/redirect.skel.h"

/*
 * 1. Open and bind an AF_XDP socket: a map takes no other, and the program asks it for its queue.
 * 2. Load the plugin's program, the example policy and the baselines, and fill their maps.
 * 3. In each round, for each row: set what the row is about, and have the kernel run the program
 *    many times on one frame (BPF_PROG_TEST_RUN). Its return code must be the expected one.
 * 4. Print a line a row. What calling a program costs at all is in every figure, and alone in that
 *    of the empty one.
 */
#define ROUNDS_MAX 999
#define FRAME_LEN  64
#define NEIGHBOURS 1024 /* addresses that are answered for; the ARP frame asks for another */

enum prog {
	PASS,
	REDIRECT,
	OURS,
	OURS_RESUMED, /* ours from where it goes on behind the policy hook */
};

/* Whose frame it is; for a leased one, where in the Pod's map the socket of its netkit queue q is. */
enum slot {
	NOT_LEASED, /* the host's, on queue 0 */
	NOWHERE,
	AT_Q,
	BEFORE_Q,
	AT_0,
};

static struct row {
	const char *name;
	enum prog prog;
	enum nk_xsk_key key;
	enum slot slot;
	bool policy;
	bool arp; /* a broadcast ARP request, else IPv4 */
	double ns[ROUNDS_MAX];
} rows[] = {
	/* The baselines, see print_rows(). */
	{ "empty program", PASS, .slot = NOT_LEASED },
	{ "smallest redirect", REDIRECT, .slot = AT_Q },

	{ "not leased, IPv4", OURS, .slot = NOT_LEASED },
	{ "not leased, ARP", OURS, .slot = NOT_LEASED, .arp = true },
	{ "queue: slot q", OURS, .key = NK_XSK_KEY_QUEUE, .slot = AT_Q },
	{ "zero: slot q-1", OURS, .key = NK_XSK_KEY_ZERO, .slot = BEFORE_Q },
	{ "auto: slot q", OURS, .key = NK_XSK_KEY_AUTO, .slot = AT_Q },
	{ "auto: slot q-1", OURS, .key = NK_XSK_KEY_AUTO, .slot = BEFORE_Q },
	{ "auto: slot 0", OURS, .key = NK_XSK_KEY_AUTO, .slot = AT_0 },
	{ "auto: no socket", OURS, .key = NK_XSK_KEY_AUTO, .slot = NOWHERE },
	{ "auto: slot q, hook left out", OURS_RESUMED, .key = NK_XSK_KEY_AUTO, .slot = AT_Q },
	{ "queue: slot q, policy", OURS, .key = NK_XSK_KEY_QUEUE, .slot = AT_Q, .policy = true },
	{ "zero: slot q-1, policy", OURS, .key = NK_XSK_KEY_ZERO, .slot = BEFORE_Q,
	  .policy = true },
	{ "auto: slot q, policy", OURS, .key = NK_XSK_KEY_AUTO, .slot = AT_Q, .policy = true },
	{ "auto: slot q-1, policy", OURS, .key = NK_XSK_KEY_AUTO, .slot = BEFORE_Q,
	  .policy = true },
	{ "auto: slot 0, policy", OURS, .key = NK_XSK_KEY_AUTO, .slot = AT_0, .policy = true },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct {
	const char *dev, *netns, *sock_dev;
	bool zerocopy;
	uint64_t queue, sock_queue, repeat, rounds;
} conf = { .repeat = 100000, .rounds = 21 };

/* Of the socket's queue: q - 1 and 0 are to be slots of their own. */
#define SOCK_QUEUE_MIN 2

static const struct cli_opt options[] = {
	{ "dev", CLI_STR, &conf.dev, .required = true,
	  .help = "NAME: device that the frames seem to come from, at least 2 rx queues" },
	{ "queue", CLI_U64, &conf.queue, 1, NK_XSKS_MAX - 1, .required = true,
	  .help = "P: its rx queue that is taken for leased" },
	{ "sock-netns", CLI_STR, &conf.netns, .help = "PATH: network namespace of the socket" },
	{ "sock-dev", CLI_STR, &conf.sock_dev, .help = "NAME: device of the socket",
	  .required = true },
	{ "sock-queue", CLI_U64, &conf.sock_queue, SOCK_QUEUE_MIN, NK_XSKS_MAX - 1,
	  .help = "Q: its queue", .required = true },
	{ "zerocopy", CLI_FLAG, &conf.zerocopy, .help = ": bind with XDP_ZEROCOPY, else XDP_COPY" },
	{ "repeat", CLI_U64, &conf.repeat, 1, INT32_MAX,
	  .help = "N: frames of a row in a round, default 100000" },
	{ "rounds", CLI_U64, &conf.rounds, 1, ROUNDS_MAX, .help = "R: default 21" },
	{ 0 },
};

static struct link nic;
static struct xsock sock;
static struct pass_bpf *pass;
static struct redirect_bpf *redirect;
static struct nk_bpf *ours;
static struct policy_bpf *policy;
static int pod_map; /* the Pod's XSKMAP */
static uint8_t ipv4[FRAME_LEN], arp[FRAME_LEN];

/* want() - what libbpf did, or exit; it sets errno, and says on stderr what a verifier said */
static void want(bool ok, const char *what)
{
	if (!ok)
		errx(CLI_SYSTEM, "%s: %s", what, cli_errno(errno));
}

static void put(int map_fd, uint32_t key, const void *value, const char *what)
{
	want(!bpf_map_update_elem(map_fd, &key, value, BPF_ANY), what);
}

/* take_out() - it may not be there */
static void take_out(int map_fd, uint32_t key, const char *what)
{
	want(!bpf_map_delete_elem(map_fd, &key) || errno == ENOENT, what);
}

static void open_socket(void)
{
	struct link sock_link;

	link_get(conf.netns, conf.sock_dev, &sock_link);
	xsock_open(&sock, &(struct xsock_conf){
				  .netns = conf.netns,
				  .dev = conf.sock_dev,
				  .ifindex = sock_link.ifindex,
				  .queue = (uint32_t)conf.sock_queue,
				  .frame_size = 4096,
				  .bind_flags = conf.zerocopy ? XDP_ZEROCOPY : XDP_COPY,
			  });
}

/* load_ours() - as lib/bpffs/prog.c does, but for pins and the NIC */
static void load_ours(void)
{
	ours = nk_bpf__open();
	want(ours, "open nk.bpf.o");
	ours->rodata->bpf_metadata_nk_version = 1;
	want(!bpf_map__set_max_entries(ours->maps.queues, nic.num_rx) &&
		     !bpf_map__set_max_entries(ours->maps.stats, nic.num_rx) &&
		     !bpf_map__set_max_entries(ours->maps.xsks, nic.num_rx) &&
		     !bpf_map__set_max_entries(ours->maps.vlans, nic.num_rx) &&
		     !bpf_program__set_expected_attach_type(ours->progs.nk_redirect, BPF_XDP) &&
		     !bpf_program__set_expected_attach_type(ours->progs.nk_resume, BPF_XDP),
	     "prepare nk.bpf.o");
	want(!nk_bpf__load(ours), "load nk.bpf.o");
}

static void load(void)
{
	load_ours();
	pass = pass_bpf__open_and_load();
	want(pass, "load pass.bpf.o");
	redirect = redirect_bpf__open_and_load();
	want(redirect, "load redirect.bpf.o");
	policy = policy_bpf__open();
	want(policy, "open policy.bpf.o");
	want(!bpf_map__reuse_fd(policy->maps.calls, bpf_map__fd(ours->maps.calls)),
	     "give the policy program our array");
	want(!policy_bpf__load(policy), "load policy.bpf.o");
	pod_map = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "pod", 4, 4, NK_XSKS_MAX, NULL);
	want(pod_map >= 0, "make an XSKMAP");
}

/* fill_neigh() - with addresses 10.1.0.0 and up */
static void fill_neigh(void)
{
	struct nk_neigh_key key = { .family = 4 };
	const struct nk_neigh value = { .owner = (uint32_t)conf.queue, .mac = { 2 } };
	uint32_t i, addr;

	for (i = 0; i < NEIGHBOURS; i++) {
		addr = htonl(0x0a010000 + i);
		memcpy(key.addr, &addr, sizeof(addr));
		want(!bpf_map_update_elem(bpf_map__fd(ours->maps.neigh), &key, &value, BPF_ANY),
		     "enter an address");
	}
}

static void fill_maps(void)
{
	const int resume = bpf_program__fd(ours->progs.nk_resume);

	put(bpf_map__fd(redirect->maps.sockets), (uint32_t)conf.queue, &sock.fd,
	    "enter the socket in the baseline's map");
	put(bpf_map__fd(ours->maps.xsks), (uint32_t)conf.queue, &pod_map, "enter the Pod's map");
	put(bpf_map__fd(ours->maps.calls), NK_CALL_RESUME, &resume, "enter nk_resume");
	fill_neigh();
}

static void build_frames(void)
{
	static const uint8_t src[CLI_MAC_LEN] = { 2, 0, 0, 0, 0, 1 };
	static const uint8_t dst[CLI_MAC_LEN] = { 2, 0, 0, 0, 0, 2 };
	/* Ethernet, IPv4, request; 10.0.0.1 asks for 10.0.0.2. */
	static const uint8_t request[] = {
		0, 1, 8, 0, 6, 4, 0,  1,       /* what is asked */
		2, 0, 0, 0, 0, 1, 10, 0, 0, 1, /* by whom */
		0, 0, 0, 0, 0, 0, 10, 0, 0, 2, /* for what */
	};
	struct ethhdr eth = { .h_proto = htons(ETH_P_ARP) };

	frame_build(ipv4, &(struct frame_id){ .kind = FRAME_UDP4, .size = FRAME_LEN }, dst, src);
	memset(eth.h_dest, 0xff, sizeof(eth.h_dest));
	memcpy(eth.h_source, src, sizeof(src));
	memcpy(arp, &eth, sizeof(eth));
	memcpy(arp + sizeof(eth), request, sizeof(request));
}

static uint32_t slot_key(enum slot slot)
{
	if (slot == AT_0)
		return 0;
	return (uint32_t)conf.sock_queue - (slot == BEFORE_Q);
}

/* set_up() - what is leased, which slot holds the socket, and whether there is a policy */
static void set_up(const struct row *row)
{
	const struct nk_queue_info info = {
		.netkit_queue = (uint32_t)conf.sock_queue,
		.key = (uint8_t)row->key,
		.by_vlan = 1,
	};
	const struct nk_vlan_set untagged = { .bits = { 1 } };
	const int prog = bpf_program__fd(policy->progs.policy);
	enum slot slot;

	put(bpf_map__fd(ours->maps.queues), (uint32_t)conf.queue, &info, "lease the queue");
	put(bpf_map__fd(ours->maps.vlans), (uint32_t)conf.queue, &untagged, "enter its VLANs");
	for (slot = AT_Q; slot <= AT_0; slot++)
		take_out(pod_map, slot_key(slot), "empty a slot");
	if (row->slot >= AT_Q)
		put(pod_map, slot_key(row->slot), &sock.fd, "enter the socket");
	if (row->policy)
		put(bpf_map__fd(ours->maps.calls), NK_CALL_POLICY, &prog, "enter the policy");
	else
		take_out(bpf_map__fd(ours->maps.calls), NK_CALL_POLICY, "take the policy out");
}

static int prog_fd(enum prog prog)
{
	switch (prog) {
	case PASS:
		return bpf_program__fd(pass->progs.pass);
	case REDIRECT:
		return bpf_program__fd(redirect->progs.redirect);
	case OURS:
		return bpf_program__fd(ours->progs.nk_redirect);
	case OURS_RESUMED:
		return bpf_program__fd(ours->progs.nk_resume);
	}
	return -1;
}

/* cpu_ns() - of this thread. The kernel's own figure of a test run is in whole nanoseconds, which is
 * too coarse for programs that take ten.
 */
static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* run_row() - Return: nanoseconds a frame */
static double run_row(const struct row *row)
{
	const uint32_t expected = row->slot >= AT_Q ? XDP_REDIRECT : XDP_PASS;
	struct xdp_md ctx = {
		.data_end = FRAME_LEN,
		.ingress_ifindex = nic.ifindex,
		.rx_queue_index = row->slot == NOT_LEASED ? 0 : (uint32_t)conf.queue,
	};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = row->arp ? arp : ipv4,
		    .data_size_in = FRAME_LEN, .ctx_in = &ctx, .ctx_size_in = sizeof(ctx),
		    .repeat = (int)conf.repeat);
	double begun, spent;

	set_up(row);
	begun = cpu_ns();
	if (bpf_prog_test_run_opts(prog_fd(row->prog), &run))
		errx(CLI_SYSTEM, "%s: BPF_PROG_TEST_RUN on rx queue %u of %s: %s%s", row->name,
		     ctx.rx_queue_index, conf.dev, cli_errno(errno),
		     errno == EINVAL ? "; the queue must be in use (ethtool -L)" : "");
	spent = cpu_ns() - begun;
	if (run.retval != expected)
		errx(CLI_UNMET, "%s: the program returned %u, expected %u", row->name, run.retval,
		     expected);
	return spent / (double)conf.repeat;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double sorted[ROUNDS_MAX]; /* of one row */

static double median(void)
{
	size_t n = conf.rounds;

	qsort(sorted, n, sizeof(sorted[0]), compare);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* median_ratio() - to a baseline, round by round: what slows a round down slows down both */
static double median_ratio(const struct row *row, const struct row *baseline)
{
	size_t i;

	for (i = 0; i < conf.rounds; i++)
		sorted[i] = row->ns[i] / baseline->ns[i];
	return median();
}

static void print_rows(void)
{
	const struct row *row, *empty = &rows[0], *redirecting = &rows[1];
	double middle, empty_middle = 0;

	printf("%-28s %8s %8s %8s %9s %11s\n", "ns a frame", "min", "median", "- empty", "/ empty",
	       "/ redirect");
	for (row = rows; row < rows + ROWS; row++) {
		memcpy(sorted, row->ns, conf.rounds * sizeof(sorted[0]));
		middle = median();
		if (row == empty)
			empty_middle = middle;
		printf("%-28s %8.1f %8.1f %8.1f", row->name, sorted[0], middle,
		       middle - empty_middle);
		printf(" %9.2f %11.2f\n", median_ratio(row, empty), median_ratio(row, redirecting));
	}
}

/* is_compiled() - else the kernel interprets programs, and the figures are of no use */
static bool is_compiled(void)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	want(!bpf_obj_get_info_by_fd(prog_fd(OURS), &info, &size), "look at the program");
	return info.jited_prog_len;
}

/* stay() - on the processor that this runs on, whose share of the counters is then in its cache */
static void stay(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		errx(CLI_SYSTEM, "stay on one processor: %s", cli_errno(errno));
}

int main(int argc, char **argv)
{
	size_t round, i;

	cli_parse(options, argc, argv);
	link_get(NULL, conf.dev, &nic);
	if (nic.num_rx <= conf.queue)
		errx(CLI_USAGE, "--queue %llu: %s has %u rx queues", (unsigned long long)conf.queue,
		     conf.dev, nic.num_rx);
	stay();
	open_socket();
	load();
	fill_maps();
	build_frames();
	printf("%llu rounds of %llu frames for each row, %s, %d addresses answered for\n",
	       (unsigned long long)conf.rounds, (unsigned long long)conf.repeat,
	       is_compiled() ? "programs compiled (JIT)" : "programs INTERPRETED", NEIGHBOURS);
	for (round = 0; round < conf.rounds; round++)
		for (i = 0; i < ROWS; i++)
			rows[i].ns[round] = run_row(&rows[i]);
	print_rows();
	return CLI_OK;
}
