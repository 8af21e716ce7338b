// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * policy.bpf.c - an example of an operator's policy: frames for Pods, by who sent them
 *
 * IPv4 frames from an address in the map `denied` are dropped, all others go on to their Pod. Both
 * are counted, in `verdicts`. bpf/README.md, "Policy", tells how to build and install it.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/types.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define RESUME 1 /* slot of `calls`: nk-cni's program takes the frame from there */

/* nk-cni's own map, pinned in the NIC's directory. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __be32); /* source address */
	__type(value, __u8); /* any */
} denied SEC(".maps");

enum verdict {
	GOES_ON,
	DROPPED,
	VERDICTS
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VERDICTS);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");

static __always_inline void count(__u32 verdict)
{
	__u64 *counter = bpf_map_lookup_elem(&verdicts, &verdict);

	if (counter)
		++*counter;
}

static __always_inline int is_denied(const struct xdp_md *ctx)
{
	const void *end = (void *)(long)ctx->data_end;
	const struct ethhdr *eth = (void *)(long)ctx->data;
	const struct iphdr *ip = (const void *)(eth + 1);

	return (const void *)(ip + 1) <= end && eth->h_proto == bpf_htons(ETH_P_IP) &&
	       bpf_map_lookup_elem(&denied, &ip->saddr);
}

SEC("xdp.frags")
int policy(struct xdp_md *ctx)
{
	if (is_denied(ctx)) {
		count(DROPPED);
		return XDP_DROP;
	}
	count(GOES_ON);
	bpf_tail_call(ctx, &calls, RESUME);
	return XDP_DROP; /* nk-cni's program was not there: what cannot reach its Pod goes nowhere */
}
