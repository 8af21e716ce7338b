// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * nk.bpf.c - the one XDP program of a NIC: frames of a leased queue go to the Pod's socket
 *
 *   unleased queue:  a request for the address of a Pod is answered, see neigh.bpf.h. Other frames pass
 *                    unchanged, after one array look-up and a look at the EtherType
 *   leased queue:    first the operator's policy program, if there is one. A frame in a VLAN of the Pod
 *                    goes to the socket in the Pod's map that is bound to this queue; without a socket, to
 *                    the host stack or nowhere. A frame in another VLAN goes to the host stack
 *
 * It runs in the NIC's driver, before the kernel creates an skb. Newer versions replace it under traffic:
 * nk_shared.h has what they share.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "neigh.bpf.h"
#include "nk_shared.h"
#include "vlan.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The plugin sets it before the load, and others read it from the map of read-only data. bpftool shows variables
 * with this prefix.
 */
const volatile __u32 bpf_metadata_nk_version = 0;

/* The index of the arrays below is the physical queue; the plugin sets their size to that of the NIC. */

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

/* A Pod's own map, into which the Pod puts its AF_XDP sockets. */
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

/* The operator's program and the way back from it: see "Policy" in README.md. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, NK_CALLS);
	__type(key, __u32);
	__type(value, __u32);
} calls SEC(".maps");

/* has_socket() - is the socket in slot @key bound to the netkit queue of this frame? The kernel drops a frame that is
 * redirected to another socket (net/xdp/xsk.c, xsk_rcv_check()).
 */
static __always_inline int has_socket(void *map, __u32 key, __u32 netkit_queue)
{
	struct bpf_xdp_sock *xs = bpf_map_lookup_elem(map, &key);

	return xs && xs->queue_id == netkit_queue;
}

/* search_socket() - Return: its slot; NK_XSKS_MAX: there is none */
static __always_inline __u32 search_socket(void *map, const struct nk_queue_info *queue)
{
	__u32 q = queue->netkit_queue;

	if (queue->key != NK_XSK_KEY_ZERO && has_socket(map, q, q))
		return q;
	if (queue->key != NK_XSK_KEY_QUEUE && has_socket(map, q - 1, q))
		return q - 1;
	/* QEMU with start-queue but without map-start-index counts from 0 nevertheless. */
	if (queue->key == NK_XSK_KEY_AUTO && q > 1 && has_socket(map, 0, q))
		return 0;
	return NK_XSKS_MAX;
}

/* find_socket() - first where the last one was, so that every slot costs the same. The hint may be of another Pod, or
 * out of date: has_socket() tells.
 */
static __always_inline __u32 find_socket(void *map, const struct nk_queue_info *queue,
					 struct nk_queue_stats *stat)
{
	__u32 slot = (__u32)stat->hint - 1;

	if (queue->key != NK_XSK_KEY_AUTO)
		return search_socket(map, queue);
	if (has_socket(map, slot, queue->netkit_queue))
		return slot;
	slot = search_socket(map, queue);
	if (slot < NK_XSKS_MAX)
		stat->hint = slot + 1;
	return slot;
}

/* send_to_socket() - a frame of a leased queue. Flow rules without a VLAN match the frames of all VLANs. A frame that is
 * not the Pod's goes where it would go without the lease.
 */
static __always_inline int send_to_socket(const struct xdp_md *ctx, __u32 phys,
					  const struct nk_queue_info *queue,
					  struct nk_queue_stats *stat)
{
	int otherwise = queue->no_socket == NK_NO_SOCKET_DROP ? XDP_DROP : XDP_PASS;
	__u32 key;
	void *map;

	if (queue->by_vlan && !is_of_pod(ctx, phys)) {
		stat->other_vlan++;
		return XDP_PASS;
	}
	map = bpf_map_lookup_elem(&xsks, &phys);
	key = map ? find_socket(map, queue, stat) : NK_XSKS_MAX;
	if (map && key < NK_XSKS_MAX) {
		stat->redirected++;
		return (int)bpf_redirect_map(map, key, otherwise);
	}
	stat->no_socket++;
	stat->dropped += otherwise == XDP_DROP;
	return otherwise;
}

/* answer_or_pass() - a frame of a queue that is not leased. Only here are requests answered: the frames of a leased queue
 * belong to its Pod, which answers them itself.
 */
static __always_inline int answer_or_pass(struct xdp_md *ctx, __u32 phys)
{
	struct nk_queue_stats *stat;

	if (!nk_neigh_answer(ctx))
		return XDP_PASS;
	stat = bpf_map_lookup_elem(&stats, &phys);
	if (stat)
		stat->answered++;
	return XDP_TX;
}

SEC("xdp.frags")
int nk_redirect(struct xdp_md *ctx)
{
	__u32 phys = ctx->rx_queue_index;
	struct nk_queue_info *queue;
	struct nk_queue_stats *stat;

	queue = bpf_map_lookup_elem(&queues, &phys);
	if (!queue || !queue->netkit_queue)
		return answer_or_pass(ctx, phys);
	bpf_tail_call(ctx, &calls, NK_CALL_POLICY); /* returns only if the slot is empty */
	stat = bpf_map_lookup_elem(&stats, &phys);
	return stat ? send_to_socket(ctx, phys, queue, stat) : XDP_PASS;
}

/* The policy program tail calls this one for a frame that may continue to the Pod. */
SEC("xdp.frags")
int nk_resume(struct xdp_md *ctx)
{
	__u32 phys = ctx->rx_queue_index;
	struct nk_queue_info *queue = bpf_map_lookup_elem(&queues, &phys);
	struct nk_queue_stats *stat = bpf_map_lookup_elem(&stats, &phys);

	if (!queue || !queue->netkit_queue || !stat)
		return XDP_PASS;
	stat->resumed++;
	return send_to_socket(ctx, phys, queue, stat);
}
