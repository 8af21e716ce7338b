// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* peer.bpf.c - frames to one IPv4 address go from the NIC straight to the Pod's end of a pair, past routing */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/types.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <stddef.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 host_end = 0;
const volatile __be32 address = 0;

SEC("tc")
int redirect_to_peer(struct __sk_buff *skb)
{
	__be32 destination;

	if (skb->protocol != bpf_htons(ETH_P_IP) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct iphdr, daddr), &destination,
			       sizeof(destination)) ||
	    destination != address)
		return TC_ACT_UNSPEC;
	return (int)bpf_redirect_peer(host_end, 0);
}
