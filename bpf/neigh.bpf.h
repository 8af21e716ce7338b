/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * neigh.bpf.h - the XDP program answers requests for the addresses of Pods
 *
 * ARP requests (RFC 826) and neighbour solicitations (RFC 4861) arrive by broadcast and multicast, and so on
 * queues of the host, where no Pod receives them. If a request is for an address in the map `neigh`, the
 * program turns the frame into the answer, in place; its VLAN tag stays. README.md has the rules of the
 * RFCs, each with the frames that test it.
 *
 * Part of nk.bpf.c, which alone includes it.
 */
#ifndef NK_NEIGH_BPF_H
#define NK_NEIGH_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/types.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "nk_shared.h"
#include "vlan.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NK_NEIGH_MAX);
	/* Most maps have few entries, and only bpf(2) adds them. So an allocation of 2 MB in advance
	 * would gain nothing, and look-ups are equally fast.
	 */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct nk_neigh_key);
	__type(value, struct nk_neigh);
} neigh SEC(".maps");

/* ARP for IPv4 on Ethernet; every member has an even offset, so there is no hole. */
struct arp {
	__be16 hardware, protocol;
	__u8 hardware_len, protocol_len;
	__be16 operation;
	__u8 sender_mac[ETH_ALEN];
	__u8 sender_ip[4];
	__u8 target_mac[ETH_ALEN];
	__u8 target_ip[4];
};

#define ARP_ETHERNET 1
#define ARP_REQUEST  1
#define ARP_REPLY    2

/* IPv6 header and neighbour message with one option; solicitation and advertisement have this layout. */
struct nd {
	__u8 version; /* in its upper half */
	__u8 flow[3];
	__be16 payload_len;
	__u8 next_header;
	__u8 hop_limit;
	__u8 src[16];
	__u8 dst[16];
	__u8 type;
	__u8 code;
	__u16 checksum; /* in network byte order */
	__u8 flags;
	__u8 reserved[3];
	__u8 target[16];
	__u8 option;
	__u8 option_len; /* in units of 8 bytes */
	__u8 mac[ETH_ALEN];
};

#define ND_HOP_LIMIT	   255 /* no router has forwarded the frame */
#define ND_ICMPV6	   58
#define ND_SOLICITATION	   135
#define ND_ADVERTISEMENT   136
#define ND_SOLICITED	   0x40
#define ND_OVERRIDE	   0x20
#define ND_SOURCE_MAC	   1
#define ND_TARGET_MAC	   2
#define ND_UNIT		   8 /* bytes; options, and the part before them, are whole units */
#define ND_MESSAGE_AT	   offsetof(struct nd, type)
#define ND_ANSWER_LEN	   (sizeof(struct nd) - ND_MESSAGE_AT)
#define ND_SOLICITATION_AT offsetof(struct nd, option) /* where a frame without options ends */
#define ND_UNITS_MAX	   182			       /* in a packet of 1500 bytes */

/* is_same() - @size is a constant, so the compiler unrolls the loop */
static __always_inline int is_same(const __u8 *a, const __u8 *b, int size)
{
	int i;

	for (i = 0; i < size; i++)
		if (a[i] != b[i])
			return 0;
	return 1;
}

/* is_zero() - likewise */
static __always_inline int is_zero(const __u8 *bytes, int size)
{
	int i;

	for (i = 0; i < size; i++)
		if (bytes[i])
			return 0;
	return 1;
}

static __always_inline int is_group(const __u8 mac[ETH_ALEN])
{
	return mac[0] & 1;
}

/* is_stranger() - is it the MAC of a host other than the Pod? A switch may return the Pod's own frame. */
static __always_inline int is_stranger(const __u8 mac[ETH_ALEN], const struct nk_neigh *entry)
{
	return !is_group(mac) && !is_zero(mac, ETH_ALEN) && !is_same(mac, entry->mac, ETH_ALEN);
}

/* is_asked() - is the frame for the Pod that has the address, and not from it? A promiscuous NIC receives unicast
 * frames for others.
 */
static __always_inline int is_asked(const struct ethhdr *eth, const struct nk_neigh *entry)
{
	return is_stranger(eth->h_source, entry) &&
	       (is_group(eth->h_dest) || is_same(eth->h_dest, entry->mac, ETH_ALEN));
}

/* fold() - reduce a sum of 16 bit words to ones' complement, RFC 1071 */
static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

static __always_inline int answer_arp(struct ethhdr *eth, struct arp *arp, const void *end,
				      __u16 vlan)
{
	struct nk_neigh_key key = { .family = 4, .vlan = vlan };
	struct nk_neigh *entry;

	if ((void *)(arp + 1) > end || arp->hardware != bpf_htons(ARP_ETHERNET) ||
	    arp->protocol != bpf_htons(ETH_P_IP) || arp->hardware_len != ETH_ALEN ||
	    arp->protocol_len != 4 || arp->operation != bpf_htons(ARP_REQUEST))
		return 0;
	__builtin_memcpy(key.addr, arp->target_ip, 4);
	entry = bpf_map_lookup_elem(&neigh, &key);
	if (!entry || !is_asked(eth, entry) || !is_stranger(arp->sender_mac, entry))
		return 0;
	/* An announcement: another host claims the address. The Pod decides whether to defend it, and a
	 * defence needs a memory of the previous one (RFC 5227 section 2.4).
	 */
	if (is_same(arp->sender_ip, arp->target_ip, 4))
		return 0;

	__builtin_memcpy(eth->h_dest, arp->sender_mac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, entry->mac, ETH_ALEN);
	arp->operation = bpf_htons(ARP_REPLY);
	__builtin_memcpy(arp->target_mac, arp->sender_mac, ETH_ALEN);
	__builtin_memcpy(arp->target_ip, arp->sender_ip, 4);
	__builtin_memcpy(arp->sender_mac, entry->mac, ETH_ALEN);
	__builtin_memcpy(arp->sender_ip, key.addr, 4);
	return 1;
}

/* is_solicited_node() - ff02::1:ff00:0/104, RFC 4291 section 2.7.1 */
static __always_inline int is_solicited_node(const __u8 addr[16])
{
	return addr[0] == 0xff && addr[1] == 0x02 && is_zero(addr + 2, 9) && addr[11] == 1 &&
	       addr[12] == 0xff;
}

/* is_loopback() - ::1, which never is on a wire, RFC 4291 section 2.5.3 */
static __always_inline int is_loopback(const __u8 addr[16])
{
	return is_zero(addr, 15) && addr[15] == 1;
}

/* has_addresses() - may a solicitation have these addresses? One from its own target claims the address, like an
 * ARP announcement.
 */
static __always_inline int has_addresses(const struct nd *nd)
{
	if (is_zero(nd->src, 16))
		return is_solicited_node(nd->dst);
	if (nd->src[0] == 0xff || is_loopback(nd->src) || is_same(nd->src, nd->target, 16))
		return 0;
	return nd->dst[0] == 0xff || is_same(nd->dst, nd->target, 16);
}

/* is_solicitation() - is it valid by RFC 4861 section 7.1.1? read_message() checks the rest. A solicitation behind an
 * extension header, such as a fragment header (RFC 6980), is not valid here.
 */
static __always_inline int is_solicitation(const struct nd *nd, const void *end)
{
	if ((const void *)nd + ND_SOLICITATION_AT > end || nd->next_header != ND_ICMPV6 ||
	    nd->type != ND_SOLICITATION)
		return 0;
	if (nd->version >> 4 != 6 || nd->hop_limit != ND_HOP_LIMIT || nd->code)
		return 0;
	return nd->target[0] != 0xff && has_addresses(nd);
}

/* State of read_message(), which reads unit by unit. */
struct walk {
	const __u8 *message;
	const void *end;
	__u32 sum;  /* ones' complement sum of the pseudo header and the units so far */
	__u32 left; /* units left in the present option, or in the part before the options */
	__u8 from_nobody, failed;
	__u8 asker_mac[ETH_ALEN];
};

/* begin_option() - Return: 1; 0: the option is not allowed here */
static __always_inline int begin_option(struct walk *walk, const __u8 *option)
{
	walk->left = option[1];
	if (option[0] == ND_SOURCE_MAC) {
		if (walk->from_nobody || walk->left != 1)
			return 0;
		__builtin_memcpy(walk->asker_mac, option + 2, ETH_ALEN);
	}
	return walk->left != 0;
}

/* read_unit() - for bpf_loop(). Return: 0: continue; 1: end */
static long read_unit(__u32 number, struct walk *walk)
{
	/* The mask changes nothing; it shows the verifier a limit. */
	const __u8 *unit = walk->message + (number & 0xff) * ND_UNIT;
	const __u16 *words = (const __u16 *)unit;

	if ((const void *)(unit + ND_UNIT) > walk->end ||
	    (!walk->left && !begin_option(walk, unit))) {
		walk->failed = 1;
		return 1;
	}
	walk->sum += words[0] + words[1] + words[2] + words[3];
	walk->left--;
	return 0;
}

/**
 * read_message() - is the checksum right (RFC 4443 section 2.3), and is every option complete and not empty?
 * @asker_mac: the asker's; replaced by the source link-layer address option, if present
 *
 * Other options, such as nonces (RFC 3971), do not affect the answer and are skipped.
 */
static __always_inline int read_message(const struct nd *nd, const void *end,
					__u8 asker_mac[ETH_ALEN])
{
	const __u32 len = bpf_ntohs(nd->payload_len);
	struct walk walk = {
		.message = &nd->type,
		.end = end,
		.sum = fold(bpf_csum_diff(NULL, 0, (__be32 *)nd->src, 32,
					  (__u32)nd->payload_len + bpf_htons(ND_ICMPV6))),
		.left = (ND_SOLICITATION_AT - ND_MESSAGE_AT) / ND_UNIT,
		.from_nobody = is_zero(nd->src, 16),
	};

	if (len > ND_UNITS_MAX * ND_UNIT || len % ND_UNIT)
		return 0;
	__builtin_memcpy(walk.asker_mac, asker_mac, ETH_ALEN);
	bpf_loop(len / ND_UNIT, read_unit, &walk, 0);
	__builtin_memcpy(asker_mac, walk.asker_mac, ETH_ALEN);
	return !walk.failed && !walk.left && fold(walk.sum) == 0xffff;
}

/* put_advertisement() - overwrite the solicitation, whose frame has the right length already */
static __always_inline void put_advertisement(struct nd *nd, const struct nk_neigh_key *key,
					      const __u8 asker[16], const __u8 mac[ETH_ALEN],
					      __u8 flags)
{
	nd->version = 6 << 4;
	__builtin_memset(nd->flow, 0, sizeof(nd->flow));
	nd->payload_len = bpf_htons(ND_ANSWER_LEN);
	nd->next_header = ND_ICMPV6;
	nd->hop_limit = ND_HOP_LIMIT;
	__builtin_memcpy(nd->src, key->addr, 16);
	__builtin_memcpy(nd->dst, asker, 16);
	nd->type = ND_ADVERTISEMENT;
	nd->code = 0;
	nd->checksum = 0;
	nd->flags = flags;
	__builtin_memset(nd->reserved, 0, sizeof(nd->reserved));
	__builtin_memcpy(nd->target, key->addr, 16);
	nd->option = ND_TARGET_MAC;
	nd->option_len = 1;
	__builtin_memcpy(nd->mac, mac, ETH_ALEN);
	/* Addresses and message are adjacent; the seed is the rest of the pseudo header. */
	nd->checksum = ~fold(bpf_csum_diff(NULL, 0, (__be32 *)nd->src, 32 + ND_ANSWER_LEN,
					   bpf_htons(ND_ANSWER_LEN) + bpf_htons(ND_ICMPV6)));
}

static __always_inline int answer_solicitation(struct xdp_md *ctx, __u32 nd_at, __u16 vlan)
{
	struct nk_neigh_key key = { .family = 6, .vlan = vlan };
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct nd *nd = data + nd_at;
	struct ethhdr *eth = data;
	__u8 asker[16], asker_mac[ETH_ALEN], flags = ND_SOLICITED | ND_OVERRIDE;
	struct nk_neigh *entry;
	int change;

	if (!is_solicitation(nd, end))
		return 0;
	__builtin_memcpy(key.addr, nd->target, 16);
	__builtin_memcpy(asker, nd->src, 16);
	__builtin_memcpy(asker_mac, eth->h_source, ETH_ALEN);
	entry = bpf_map_lookup_elem(&neigh, &key);
	if (!entry || !is_asked(eth, entry) || !read_message(nd, end, asker_mac) ||
	    !is_stranger(asker_mac, entry))
		return 0;
	if (is_zero(asker, 16)) {
		/* Duplicate address detection: the asker has no address yet. So the answer goes to all
		 * nodes, ff02::1 at 33:33:00:00:00:01.
		 */
		asker[0] = 0xff;
		asker[1] = 0x02;
		asker[15] = 1;
		__builtin_memset(asker_mac, 0, sizeof(asker_mac));
		asker_mac[0] = asker_mac[1] = 0x33;
		asker_mac[5] = 1;
		flags = ND_OVERRIDE;
	}

	if (bpf_xdp_get_buff_len(ctx) != (__u64)(end - data))
		return 0; /* in several buffers: the cut would be in the last one */
	/* The answer has one option; a solicitation has any number. */
	change = (int)(nd_at + sizeof(*nd)) - (int)(end - data);
	if (change && bpf_xdp_adjust_tail(ctx, change))
		return 0;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	eth = data;
	nd = data + nd_at;
	if ((void *)(nd + 1) > end)
		return 0; /* impossible, but the verifier cannot know */
	__builtin_memcpy(eth->h_dest, asker_mac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, entry->mac, ETH_ALEN);
	put_advertisement(nd, &key, asker, entry->mac, flags);
	return 1;
}

/**
 * nk_neigh_answer() - turn a request for a Pod's address into the answer
 *
 * Return: 1: the frame is the answer, to be sent back; 0: the frame is unchanged
 */
static __always_inline int nk_neigh_answer(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__be16 type;
	__u32 at;
	__u16 vlan = read_tag(data, end, &type, &at);

	if (vlan == VLAN_NO_PODS)
		return 0;
	if (type == bpf_htons(ETH_P_ARP))
		return answer_arp(data, data + at, end, vlan);
	if (type == bpf_htons(ETH_P_IPV6))
		return answer_solicitation(ctx, at, vlan);
	return 0;
}

#endif
