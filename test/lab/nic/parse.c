// SPDX-License-Identifier: GPL-2.0-only
/*
 * Headers of a frame: what RSS and flow rules look at. One VLAN tag is looked through.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ip.h>

#include "labnic.h"

/* @l4: offset of the transport header in the frame */
static void labnic_parse_ports(struct labnic_headers *headers, const struct labnic_frame *frame,
			       unsigned int l4)
{
	if (headers->protocol != IPPROTO_TCP && headers->protocol != IPPROTO_UDP)
		return;
	if (frame->len >= l4 + 2 * sizeof(__be16))
		headers->ports = (const void *)(frame->data + l4);
}

static void labnic_parse_ipv4(struct labnic_headers *headers, const struct labnic_frame *frame,
			      unsigned int l3)
{
	const struct iphdr *ip = (const void *)(frame->data + l3);

	if (frame->len < l3 + sizeof(*ip) || ip->version != 4 || ip->ihl < 5)
		return;
	headers->ipv4 = ip;
	headers->protocol = ip->protocol;
	if (!ip_is_fragment(ip))
		labnic_parse_ports(headers, frame, l3 + ip->ihl * 4);
}

static void labnic_parse_ipv6(struct labnic_headers *headers, const struct labnic_frame *frame,
			      unsigned int l3)
{
	const struct ipv6hdr *ip = (const void *)(frame->data + l3);

	if (frame->len < l3 + sizeof(*ip) || ip->version != 6)
		return;
	headers->ipv6 = ip;
	headers->protocol = ip->nexthdr;
	labnic_parse_ports(headers, frame, l3 + sizeof(*ip));
}

/* What the frame does not have whole stays NULL or 0. */
void labnic_parse(const struct labnic_frame *frame, struct labnic_headers *headers)
{
	const struct vlan_ethhdr *eth = (const void *)frame->data;
	unsigned int l3 = ETH_HLEN;

	*headers = (struct labnic_headers){ .eth = (const void *)eth };
	headers->type = headers->eth->h_proto;
	if (eth->h_vlan_proto == htons(ETH_P_8021Q)) { /* a frame has ETH_ZLEN bytes at least */
		headers->tagged = true;
		headers->tci = eth->h_vlan_TCI;
		headers->type = eth->h_vlan_encapsulated_proto;
		l3 = VLAN_ETH_HLEN;
	}
	if (headers->type == htons(ETH_P_IP))
		labnic_parse_ipv4(headers, frame, l3);
	else if (headers->type == htons(ETH_P_IPV6))
		labnic_parse_ipv6(headers, frame, l3);
}
