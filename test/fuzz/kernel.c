// SPDX-License-Identifier: Apache-2.0
/* kernel.c - the input plays the kernel: netlink, flow rules, BPF maps */
#include "kernel.h"

#include "base/error.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <netlink/msg.h>
#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Sizes of a datagram that stand for something else. */
#define FROM_A_PROCESS 0x8000 /* a bit of it */
#define INTERRUPTED    0x7ffe
#define FAILED	       0x7ffd
#define TOO_LONG       0x7ffc

struct fuzz_kernel fuzz_kernel;

static uint32_t seq; /* of the last request */

void fuzz_kernel_begin(struct fuzz_input *in, struct nk_nl *ret)
{
	static char socket; /* never looked into */

	fuzz_kernel = (struct fuzz_kernel){ .in = in };
	*ret = (struct nk_nl){
		.rtnl = (struct mnl_socket *)&socket,
		.genl = (struct nl_sock *)&socket,
		.family = { FUZZ_FAMILY, FUZZ_FAMILY },
		.where = "fuzz",
	};
}

void fuzz_kernel_answer(const fuzz_request requests[], size_t count, const uint8_t *data,
			size_t size)
{
	struct fuzz_input in = { data, size };
	const uint8_t which = fuzz_u8(&in) % count;
	struct nk_error err = { 0 };
	struct nk_nl nl;

	fuzz_kernel_begin(&in, &nl);
	fuzz_check_rc(requests[which](&nl, &err), &err, "a request");
}

/* --- netlink ---------------------------------------------------------------------------------- */

int __wrap_mnl_socket_get_fd(const struct mnl_socket *socket)
{
	(void)socket;
	return -1;
}

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *request, size_t size)
{
	(void)socket;
	seq = ((const struct nlmsghdr *)request)->nlmsg_seq;
	return (ssize_t)size;
}

int __wrap_nl_socket_get_fd(const struct nl_sock *socket)
{
	(void)socket;
	return -1;
}

int __wrap_nl_send_auto(struct nl_sock *socket, struct nl_msg *request)
{
	(void)socket;
	nlmsg_hdr(request)->nlmsg_seq = ++seq;
	return (int)nlmsg_hdr(request)->nlmsg_len;
}

/* answer() - give messages without a sequence number that of the request, which no fuzzer could guess */
static void answer(char *buf, size_t size)
{
	struct nlmsghdr msg;
	size_t at, step;

	for (at = 0; at + sizeof(msg) <= size; at += step) {
		memcpy(&msg, buf + at, sizeof(msg));
		if (!msg.nlmsg_seq)
			memcpy(buf + at + offsetof(struct nlmsghdr, nlmsg_seq), &seq, sizeof(seq));
		step = MNL_ALIGN((size_t)msg.nlmsg_len);
		if (step < sizeof(msg))
			return;
	}
}

ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_size)
{
	const uint16_t word = fuzz_u16(fuzz_kernel.in);
	size_t got = word & ~FROM_A_PROCESS;

	(void)fd;
	(void)flags;
	(void)from_size;
	if (got == TOO_LONG)
		return (ssize_t)size + 1;
	if (!got || got == INTERRUPTED || got == FAILED) {
		errno = !got ? EAGAIN : got == INTERRUPTED ? EINTR : ENOBUFS;
		return -1;
	}
	((struct sockaddr_nl *)from)->nl_pid = word & FROM_A_PROCESS ? 1 : 0;
	if (got > fuzz_kernel.in->left)
		got = fuzz_kernel.in->left;
	ASAN_UNPOISON_MEMORY_REGION(buf, size);
	fuzz_fill(fuzz_kernel.in, buf, got);
	answer(buf, got);
	ASAN_POISON_MEMORY_REGION((char *)buf + got, size - got);
	return (ssize_t)got;
}

/* Nothing is left of a dump. */
ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags)
{
	(void)fd;
	(void)buf;
	(void)size;
	(void)flags;
	errno = EAGAIN;
	return -1;
}

/* --- flow rules ------------------------------------------------------------------------------- */

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct ethtool_rxnfc *rules;
	uint32_t asked;
	va_list ap;
	int sys;

	(void)fd;
	va_start(ap, request);
	rules = (void *)va_arg(ap, struct ifreq *)->ifr_data;
	va_end(ap);
	sys = fuzz_kernel.in->left ? fuzz_u8(fuzz_kernel.in) : EIO;
	if (sys) {
		errno = sys;
		return -1;
	}
	asked = rules->rule_cnt;
	rules->data = fuzz_u32(fuzz_kernel.in);
	rules->rule_cnt = fuzz_u32(fuzz_kernel.in);
	if (rules->cmd == ETHTOOL_GRXCLSRLALL) /* the kernel copies as many as were asked for */
		fuzz_fill(fuzz_kernel.in, rules->rule_locs,
			  sizeof(rules->rule_locs[0]) *
				  (asked < rules->rule_cnt ? asked : rules->rule_cnt));
	else if (rules->cmd != ETHTOOL_GRXCLSRLCNT)
		fuzz_fill(fuzz_kernel.in, &rules->fs, sizeof(rules->fs));
	return 0;
}

int __wrap_nk_netns_own_socket(void)
{
	return 0;
}

int __wrap_nk_netns_own_cookie(uint64_t *ret, struct nk_error *err)
{
	(void)err;
	*ret = 1;
	return 0;
}

int __wrap_nk_sysnet_name(uint32_t ifindex, char ret[IFNAMSIZ])
{
	(void)ifindex;
	snprintf(ret, IFNAMSIZ, "ln0");
	return 0;
}

uint32_t __wrap_nk_sysnet_index(const char *name)
{
	(void)name;
	return FUZZ_IFINDEX;
}

void __wrap_nk_clock_sleep(uint32_t ms)
{
	(void)ms;
}

/* --- BPF maps --------------------------------------------------------------------------------- */

/* take_value() - Return: 0, or -1 with errno if there are no more */
static int take_value(void *value)
{
	size_t size;

	if (!fuzz_kernel.in->left) {
		errno = ENOENT;
		return -1;
	}
	size = fuzz_u16(fuzz_kernel.in);
	memset(value, 0, fuzz_kernel.value_size);
	fuzz_fill(fuzz_kernel.in, value,
		  size < fuzz_kernel.value_size ? size : fuzz_kernel.value_size);
	return 0;
}

int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	(void)fd;
	(void)key;
	return take_value(value);
}

int __wrap_bpf_map_get_next_key(int fd, const void *key, void *next)
{
	uint32_t item = fuzz_u32(fuzz_kernel.in);

	(void)fd;
	(void)key;
	memcpy(next, &item, sizeof(item));
	errno = fuzz_kernel.in->left ? 0 : ENOENT;
	return errno ? -1 : 0;
}

int __wrap_bpf_map_lookup_batch(int fd, void *in_batch, void *out_batch, void *keys, void *values,
				uint32_t *count, const struct bpf_map_batch_opts *opts)
{
	const uint32_t room = *count;
	uint32_t item;

	(void)fd;
	(void)in_batch;
	(void)out_batch;
	(void)opts;
	for (*count = 0; *count < room; ++*count) {
		item = fuzz_u16(fuzz_kernel.in);
		memcpy((uint32_t *)keys + *count, &item, sizeof(item));
		if (take_value((char *)values + *count * fuzz_kernel.value_size))
			return -1;
	}
	return 0;
}
