// SPDX-License-Identifier: Apache-2.0
/*
 * frames: runs frames of a table through the XDP program that is on a NIC, or sends them to the NIC,
 * and compares verdict and answer, byte by byte, with what the table says. test/data/frames has the
 * table, and says how it is written.
 */
#include "bpf.h"
#include "cli.h"
#include "link.h"
#include "netns.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BYTES_MAX 8192
#define TAG_AT	  12 /* behind both MACs */
#define TAG_LEN	  4

struct bytes {
	uint32_t len;
	uint8_t v[BYTES_MAX];
};

struct outcome {
	bool given;
	uint32_t verdict;
	struct bytes answer; /* with XDP_TX */
};

struct row {
	char name[64], queue[16];
	struct bytes frame;
	struct outcome off, on; /* the NIC leaves tags in the frame; it takes them out */
};

static const char *dev, *netns, *table;
static uint64_t untagged, vlan10, several, open_queue;
static struct row row;
static uint32_t line_number, rows, failed;

static const struct {
	const char *name;
	uint32_t verdict;
} verdicts[] = {
	{ "aborted", XDP_ABORTED }, { "drop", XDP_DROP },	  { "pass", XDP_PASS },
	{ "tx", XDP_TX },	    { "redirect", XDP_REDIRECT },
};

static const char *verdict_name(uint32_t verdict)
{
	return verdict < sizeof(verdicts) / sizeof(verdicts[0]) ? verdicts[verdict].name : "?";
}

static void mistake(const char *what, const char *word)
{
	errx(CLI_USAGE, "%s, line %u: %s: %s", table, line_number, what, word);
}

/* --- the table -------------------------------------------------------------------------------- */

static void add_byte(struct bytes *to, uint8_t byte)
{
	if (to->len == BYTES_MAX)
		mistake("too long", row.name);
	to->v[to->len++] = byte;
}

/* add_word() - hexadecimal digits, or one byte and how often: "00*48" */
static void add_word(struct bytes *to, char *word)
{
	char *star = strchr(word, '*');
	unsigned long times = 1;
	uint8_t part[64];
	int n, i;

	if (star) {
		*star = '\0';
		times = strtoul(star + 1, NULL, 10);
	}
	n = cli_hex(word, part, sizeof(part));
	if (n < 0)
		mistake("no bytes", word);
	for (; times; times--)
		for (i = 0; i < n; i++)
			add_byte(to, part[i]);
}

static struct outcome *begin_outcome(const char *which, const char *word)
{
	struct outcome *outcome = !strcmp(which, "off") ? &row.off : &row.on;
	size_t i;

	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (!strcmp(verdicts[i].name, word))
			break;
	if (i == sizeof(verdicts) / sizeof(verdicts[0]))
		mistake("no verdict", word);
	*outcome = (struct outcome){ .given = true, .verdict = verdicts[i].verdict };
	return outcome;
}

/* next_word() - Return: NULL where there is none */
static char *next_word(char **rest)
{
	char *word;

	do
		word = strsep(rest, " \t");
	while (word && !*word);
	return word;
}

/* take_line() - of the present row. @to: where bytes go on; Return: where those of the next line do */
static struct bytes *take_line(char *line, struct bytes *to)
{
	const bool goes_on = isspace((unsigned char)*line);
	char *rest = line, *key = goes_on ? NULL : next_word(&rest), *word;

	if (key && !strcmp(key, "send")) {
		to = &row.frame;
	} else if (key) {
		word = next_word(&rest);
		if (!word)
			mistake("nothing behind", key);
		if (!strcmp(key, "queue"))
			snprintf(row.queue, sizeof(row.queue), "%s", word);
		else if (!strcmp(key, "off") || !strcmp(key, "on"))
			to = &begin_outcome(key, word)->answer;
		else
			mistake("no key", key);
	}
	while ((word = next_word(&rest)))
		add_word(to, word);
	return to;
}

/* each_row() - reads the table, and calls @fn with each row in `row` */
static void each_row(void (*fn)(void *), void *data)
{
	FILE *in = fopen(table, "re");
	struct bytes *to = &row.frame;
	char line[1024];

	if (!in)
		errx(CLI_SYSTEM, "open %s: %s", table, cli_errno(errno));
	while (fgets(line, sizeof(line), in)) {
		line_number++;
		line[strcspn(line, "#\n")] = '\0';
		if (line[strspn(line, " \t")] == '\0')
			continue;
		if (strncmp(line, "frame ", 6) != 0) {
			to = take_line(line, to);
			continue;
		}
		if (*row.name)
			fn(data);
		memset(&row, 0, sizeof(row));
		snprintf(row.name, sizeof(row.name), "%.63s", line + 6);
		snprintf(row.queue, sizeof(row.queue), "host");
	}
	if (*row.name)
		fn(data);
	fclose(in);
}

static void print_bytes(const char *what, const uint8_t *bytes, uint32_t len)
{
	uint32_t i;

	printf("    %s:", what);
	for (i = 0; i < len; i++)
		printf("%s%02x", i % 2 ? "" : " ", bytes[i]);
	putchar('\n');
}

static bool same_bytes(const char *how, const struct bytes *want, const uint8_t *got, uint32_t len)
{
	if (want->len == len && !memcmp(want->v, got, len))
		return true;
	printf("not ok - %s, %s\n", row.name, how);
	print_bytes("expected", want->v, want->len);
	print_bytes("found", got, len);
	failed++;
	return false;
}

/* --- run: the program alone ------------------------------------------------------------------- */

struct run {
	int prog;
	uint32_t ifindex;
};

static uint32_t queue_of_row(void)
{
	if (!strcmp(row.queue, "untagged"))
		return (uint32_t)untagged;
	if (!strcmp(row.queue, "vlan10"))
		return (uint32_t)vlan10;
	if (!strcmp(row.queue, "several"))
		return (uint32_t)several;
	if (!strcmp(row.queue, "open"))
		return (uint32_t)open_queue;
	if (strcmp(row.queue, "host") != 0)
		mistake("no queue", row.queue);
	return 0;
}

static void run_one(const struct run *run, const char *how, const struct bytes *frame,
		    const struct outcome *want)
{
	static uint8_t out[BYTES_MAX + 256];
	uint32_t len = sizeof(out), verdict = 0;
	int rc;

	rows++;
	rc = bpf_xdp_run(run->prog, run->ifindex, queue_of_row(), frame->v, frame->len, out, &len,
			 &verdict);
	if (rc)
		errx(CLI_SYSTEM, "%s, %s: BPF_PROG_TEST_RUN on rx queue %u: %s", row.name, how,
		     queue_of_row(), cli_errno(-rc));
	if (verdict != want->verdict) {
		printf("not ok - %s, %s: expected %s, found %s\n", row.name, how,
		       verdict_name(want->verdict), verdict_name(verdict));
		failed++;
	} else {
		/* What is not answered has to leave the program as it came. */
		same_bytes(how, verdict == XDP_TX ? &want->answer : frame, out, len);
	}
}

/* is_tagged() - with a tag that a NIC takes out */
static bool is_tagged(const struct bytes *frame)
{
	return frame->len >= TAG_AT + TAG_LEN + 2 && frame->v[TAG_AT] == 0x81 &&
	       frame->v[TAG_AT + 1] == 0;
}

static void run_row(void *data)
{
	static struct bytes stripped;

	if (!row.off.given || is_tagged(&row.frame) != row.on.given)
		mistake("wants \"off\", and \"on\" for a tagged frame alone", row.name);
	run_one(data, "tags left", &row.frame, &row.off);
	stripped = row.frame;
	if (row.on.given) {
		stripped.len -= TAG_LEN;
		memmove(stripped.v + TAG_AT, stripped.v + TAG_AT + TAG_LEN, stripped.len - TAG_AT);
	}
	run_one(data, "tags stripped", &stripped, row.on.given ? &row.on : &row.off);
}

static int run_run(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "dev", CLI_STR, &dev, .help = "NAME: the NIC", .required = true },
		{ "table", CLI_STR, &table, .help = "FILE", .required = true },
		{ "untagged", CLI_U64, &untagged, 0, 4095, .help = "N: queue of an untagged Pod",
		  .required = true },
		{ "vlan10", CLI_U64, &vlan10, 0, 4095, .help = "N: of one in VLAN 10",
		  .required = true },
		{ "several", CLI_U64, &several, 0, 4095,
		  .help = "N: of one that is untagged and in VLAN 5", .required = true },
		{ "open", CLI_U64, &open_queue, 0, 4095,
		  .help = "N: of one whose steering is not ours", .required = true },
		{ 0 },
	};
	struct run run;
	struct link link;

	cli_parse(options, argc, argv);
	link_get(NULL, dev, &link);
	run.ifindex = link.ifindex;
	run.prog = bpf_prog_by_id(link.xdp_prog);
	if (run.prog < 0)
		errx(CLI_SYSTEM, "open the XDP program of %s: %s", dev, cli_errno(-run.prog));
	each_row(run_row, &run);
	printf("%u runs, %u failed\n", rows, failed);
	return failed ? CLI_UNMET : CLI_OK;
}

/* --- wire: the NIC with its program ------------------------------------------------------------ */

static int open_wire(void)
{
	int left_fd = netns_enter(netns), on = 1;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct packet_mreq mreq = { .mr_type = PACKET_MR_PROMISC };
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct link link;

	if (fd < 0)
		errx(CLI_SYSTEM, "open packet socket (needs CAP_NET_RAW): %s", cli_errno(errno));
	netns_leave(left_fd);
	link_get(netns, dev, &link);
	mreq.mr_ifindex = addr.sll_ifindex = (int)link.ifindex;
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		errx(CLI_SYSTEM, "prepare a packet socket on %s: %s", dev, cli_errno(errno));
	return fd;
}

/* put_tag() - back into the frame: the kernel has it beside */
static void put_tag(struct msghdr *msg, struct bytes *frame)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	struct tpacket_auxdata aux;

	if (!c || c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
		return;
	memcpy(&aux, CMSG_DATA(c), sizeof(aux));
	if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
		return;
	memmove(frame->v + TAG_AT + TAG_LEN, frame->v + TAG_AT, frame->len - TAG_AT);
	frame->v[TAG_AT] = (uint8_t)(aux.tp_vlan_tpid >> 8);
	frame->v[TAG_AT + 1] = (uint8_t)aux.tp_vlan_tpid;
	frame->v[TAG_AT + 2] = (uint8_t)(aux.tp_vlan_tci >> 8);
	frame->v[TAG_AT + 3] = (uint8_t)aux.tp_vlan_tci;
	frame->len += TAG_LEN;
}

/* receive() - Return: was there a frame within the time? */
static bool receive(int fd, int wait_ms, struct bytes *ret)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct iovec iov = { ret->v, BYTES_MAX - TAG_LEN };
	uint8_t control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t n;

	if (poll(&pfd, 1, wait_ms) <= 0)
		return false;
	n = recvmsg(fd, &msg, 0);
	if (n < TAG_AT)
		errx(CLI_SYSTEM, "receive on %s: %s", dev, cli_errno(errno));
	ret->len = (uint32_t)n;
	put_tag(&msg, ret);
	return true;
}

/* wire_row() - of what comes by broadcast or multicast; the NIC gives a Pod's queue the rest. An answer
 * that should not be is what comes in the place of the next.
 */
static void wire_row(void *data)
{
	static struct bytes found;
	const int fd = *(const int *)data;

	if (strcmp(row.queue, "host") != 0 || !(row.frame.v[0] & 1) ||
	    row.frame.len > ETH_FRAME_LEN + TAG_LEN)
		return;
	rows++;
	if (send(fd, row.frame.v, row.frame.len, 0) != (ssize_t)row.frame.len)
		errx(CLI_SYSTEM, "%s: send on %s: %s", row.name, dev, cli_errno(errno));
	if (row.off.verdict != XDP_TX)
		return;
	/* On the wire a frame has 60 bytes at least. */
	while (row.off.answer.len < ETH_ZLEN)
		add_byte(&row.off.answer, 0);
	if (receive(fd, 2000, &found)) {
		same_bytes("by wire", &row.off.answer, found.v, found.len);
		return;
	}
	printf("not ok - %s, by wire: no answer\n", row.name);
	failed++;
}

static int run_wire(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the device" },
		{ "dev", CLI_STR, &dev, .help = "NAME: the far end of the NIC's wire",
		  .required = true },
		{ "table", CLI_STR, &table, .help = "FILE", .required = true },
		{ 0 },
	};
	static struct bytes found;
	int fd;

	cli_parse(options, argc, argv);
	fd = open_wire();
	each_row(wire_row, &fd);
	if (receive(fd, 200, &found)) {
		print_bytes("one more than expected", found.v, found.len);
		failed++;
	}
	printf("%u frames, %u failed\n", rows, failed);
	return failed ? CLI_UNMET : CLI_OK;
}

static const struct cli_cmd commands[] = {
	{ "run", run_run, "by BPF_PROG_TEST_RUN, with the tags left and stripped" },
	{ "wire", run_wire, "the frames for the host's queues, as the NIC gets them" },
	{ 0 },
};

int main(int argc, char **argv)
{
	return cli_dispatch(commands, argc, argv);
}
