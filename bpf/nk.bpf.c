// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * nk.bpf.c - the one XDP program of a NIC: frames of a leased queue go to the Pod's socket
 *
 * Runs in the NIC's driver, before the kernel has an skb. Frames of queues that are not leased
 * pass untouched, after one array look-up and a look at their EtherType; but those who ask for the
 * address of a Pod are answered, see neigh.bpf.h.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "neigh.bpf.h"
#include "nk_shared.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The arrays below are indexed by physical queue; the plugin sizes them to the NIC. */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nk_queue_info);
} queues SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nk_queue_stats);
} stats SEC(".maps");

/* A Pod's own map: it writes its AF_XDP sockets there. */
struct xsks_map {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, NK_XSKS_MAX);
	__type(key, __u32);
	__type(value, __u32);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct xsks_map);
} xsks SEC(".maps");

/* has_socket() - is the socket in slot @key bound to the netkit queue that this frame belongs to?
 * A frame that is redirected to any other socket is lost (net/xdp/xsk.c, xsk_rcv_check).
 */
static __always_inline int has_socket(void *map, __u32 key, __u32 netkit_queue)
{
	struct bpf_xdp_sock *xs = bpf_map_lookup_elem(map, &key);

	return xs && xs->queue_id == netkit_queue;
}

/* of_host() - a frame of a queue that is not leased. What asks by broadcast comes here alone; a
 * leased queue belongs to its Pod, and whatever arrives there the Pod answers itself.
 */
static __always_inline int of_host(struct xdp_md *ctx, __u32 phys)
{
	struct nk_queue_stats *stat;

	if (!nk_neigh_answer(ctx))
		return XDP_PASS;
	stat = bpf_map_lookup_elem(&stats, &phys);
	if (stat)
		stat->answered++;
	return XDP_TX;
}

SEC("xdp")
int nk_redirect(struct xdp_md *ctx)
{
	__u32 phys = ctx->rx_queue_index;
	struct nk_queue_info *queue;
	struct nk_queue_stats *stat;
	__u32 key;
	void *map;

	queue = bpf_map_lookup_elem(&queues, &phys);
	if (!queue || !queue->netkit_queue)
		return of_host(ctx, phys);
	stat = bpf_map_lookup_elem(&stats, &phys);
	map = bpf_map_lookup_elem(&xsks, &phys);
	if (!map || !stat)
		return XDP_PASS;

	/* libxdp and DPDK enter their socket at its queue id, QEMU at ids counted from 0. */
	key = queue->netkit_queue;
	if (!has_socket(map, key, queue->netkit_queue)) {
		key--;
		if (!has_socket(map, key, queue->netkit_queue)) {
			stat->no_socket++;
			return XDP_PASS;
		}
	}
	stat->redirected++;
	return (int)bpf_redirect_map(map, key, XDP_PASS);
}
