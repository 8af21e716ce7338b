/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * vlan.bpf.h - the VLAN of a frame, by the tag in the frame
 *
 * The program cannot see a tag that the NIC has stripped. So before a Pod is answered for, or gets a frame by
 * a flow rule, the plugin lets the NIC leave tags in the frame (lib/nic/nic_plan.c). README.md explains why
 * the program does not ask the NIC instead.
 *
 * Part of nk.bpf.c, which alone includes it.
 */
#ifndef NK_VLAN_BPF_H
#define NK_VLAN_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/types.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "nk_shared.h"

struct vlan_tag {
	__be16 tci; /* priority, drop eligibility; the lower 12 bits are the VLAN id */
	__be16 type;
};

#define VLAN_ID_MASK 0xfff
#define VLAN_NO_PODS 0xffff /* in no VLAN that a Pod can be in */

static __always_inline int is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/**
 * read_tag() - the VLAN of a frame
 * @ret_type: EtherType behind the tag, if there is one
 * @ret_at: offset of the bytes behind that type
 *
 * IEEE 802.1Q: id 0 is only a priority, and the frame counts as untagged. A second tag behind it means that
 * the frame is in no VLAN of a Pod. A second tag behind a customer tag (0x8100) with an id is the business of
 * that VLAN's members.
 *
 * Return: the id; 0: untagged; VLAN_NO_PODS: a service tag (802.1ad), a tag behind id 0, or a truncated frame
 */
static __always_inline __u16 read_tag(const void *data, const void *end, __be16 *ret_type,
				      __u32 *ret_at)
{
	const struct ethhdr *eth = data;
	const struct vlan_tag *tag = data + sizeof(*eth);
	__u16 id;

	if ((void *)tag > end)
		return VLAN_NO_PODS;
	*ret_type = eth->h_proto;
	*ret_at = sizeof(*eth);
	if (!is_tag(*ret_type))
		return 0;
	if (*ret_type != bpf_htons(ETH_P_8021Q) || (void *)(tag + 1) > end)
		return VLAN_NO_PODS;
	*ret_type = tag->type;
	*ret_at += sizeof(*tag);
	id = bpf_ntohs(tag->tci) & VLAN_ID_MASK;
	return !id && is_tag(*ret_type) ? VLAN_NO_PODS : id;
}

/* Physical queue -> the VLANs whose frames may go to its socket, if by_vlan of struct nk_queue_info is set. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nk_vlan_set);
} vlans SEC(".maps");

/* is_of_pod() - is the frame in a VLAN of the Pod that has the queue? */
static __always_inline int is_of_pod(const struct xdp_md *ctx, __u32 phys)
{
	const struct nk_vlan_set *set = bpf_map_lookup_elem(&vlans, &phys);
	__be16 type;
	__u32 at;
	__u16 vlan = read_tag((void *)(long)ctx->data, (void *)(long)ctx->data_end, &type, &at);

	return set && vlan <= VLAN_ID_MASK && set->bits[vlan / 64] >> (vlan % 64) & 1;
}

#endif
