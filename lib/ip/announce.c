// SPDX-License-Identifier: Apache-2.0
/* announce.c - ARP announcements and unsolicited neighbour advertisements, through a packet socket */
#include "ip/announce.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/ipaddr.h"
#include "kernel/netns.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/banned.h"

/* Offsets and sizes in a frame. */
#define SENDER_AT    6
#define ETHERTYPE_AT 12
#define ARP_SIZE     42
#define NA_SUM_AT    22 /* the checksum covers all from here on: addresses, then ICMPv6 */
#define NA_CHECK_AT  56
#define NA_ICMP_SIZE 32
#define ICMPV6	     58

static size_t put_arp(uint8_t *buf, const uint8_t mac[NK_MAC_LEN], const struct nk_ipaddr *addr)
{
	/* ARP; Ethernet, IPv4, sizes of their addresses, request */
	static const uint8_t head[] = { 0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, 1 };

	memset(buf, 0, ARP_SIZE);
	memset(buf, 0xff, NK_MAC_LEN); /* to all */
	memcpy(buf + SENDER_AT, mac, NK_MAC_LEN);
	memcpy(buf + ETHERTYPE_AT, head, sizeof(head));
	memcpy(buf + 22, mac, NK_MAC_LEN); /* sender */
	memcpy(buf + 28, addr->bytes, 4);
	memcpy(buf + 38, addr->bytes, 4); /* target */
	return ARP_SIZE;
}

/* sum_na() - the checksum of RFC 4443 section 2.3, over a pseudo header and the message */
static uint16_t sum_na(const uint8_t *frame)
{
	uint32_t sum = NA_ICMP_SIZE + ICMPV6;
	size_t i;

	for (i = NA_SUM_AT; i < NK_ANNOUNCE_SIZE; i += 2)
		sum += (uint32_t)(frame[i] << 8 | frame[i + 1]);
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return (uint16_t)~sum;
}

static size_t put_na(uint8_t *buf, const uint8_t mac[NK_MAC_LEN], const struct nk_ipaddr *addr)
{
	static const uint8_t all_nodes_mac[] = { 0x33, 0x33, 0, 0, 0, 1 };
	/* IPv6; version, length, next header, hop limit: receivers require 255 */
	static const uint8_t head[] = { 0x86, 0xdd, 0x60, 0, 0, 0, 0, NA_ICMP_SIZE, ICMPV6, 255 };
	static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
	static const uint8_t advert[] = { 136, 0, 0, 0, 0x20 }; /* override */
	static const uint8_t option[] = { 2, 1 }; /* target's link-layer address, in eight bytes */
	uint16_t check;

	memset(buf, 0, NK_ANNOUNCE_SIZE);
	memcpy(buf, all_nodes_mac, sizeof(all_nodes_mac));
	memcpy(buf + SENDER_AT, mac, NK_MAC_LEN);
	memcpy(buf + ETHERTYPE_AT, head, sizeof(head));
	memcpy(buf + 22, addr->bytes, 16); /* source */
	memcpy(buf + 38, all_nodes, sizeof(all_nodes));
	memcpy(buf + 54, advert, sizeof(advert));
	memcpy(buf + 62, addr->bytes, 16); /* target */
	memcpy(buf + 78, option, sizeof(option));
	memcpy(buf + 80, mac, NK_MAC_LEN);
	check = sum_na(buf);
	buf[NA_CHECK_AT] = (uint8_t)(check >> 8);
	buf[NA_CHECK_AT + 1] = (uint8_t)check;
	return NK_ANNOUNCE_SIZE;
}

size_t nk_announce_put(uint8_t buf[NK_ANNOUNCE_SIZE], const uint8_t mac[NK_MAC_LEN],
		       const struct nk_ipaddr *addr)
{
	if (addr->family == AF_INET)
		return put_arp(buf, mac, addr);
	return addr->family == AF_INET6 ? put_na(buf, mac, addr) : 0;
}

/* open_socket() - with protocol 0 it receives nothing */
static int open_socket(void *arg, struct nk_error *err)
{
	int *fd = arg;

	*fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return nk_error_sys(err, NK_CODE_KERNEL, "cannot announce the addresses",
				    "open a packet socket");
	return 0;
}

static int announce_one(int fd, uint32_t ifindex, const uint8_t mac[NK_MAC_LEN],
			const struct nk_ipaddr *addr, struct nk_error *err)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)ifindex };
	uint8_t frame[NK_ANNOUNCE_SIZE];
	char text[NK_IPADDR_TEXT_SIZE];
	size_t size = nk_announce_put(frame, mac, addr);

	if (!size)
		return 0;
	memcpy(&to.sll_protocol, frame + ETHERTYPE_AT, sizeof(to.sll_protocol));
	if (sendto(fd, frame, size, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) >= 0)
		return 0;
	nk_ipaddr_text(addr, text);
	return nk_error_sys(err, NK_CODE_KERNEL, "cannot announce the addresses",
			    "announce %s out of ifindex %u: sendto", text, ifindex);
}

int nk_announce(int netns_fd, uint32_t ifindex, const uint8_t mac[NK_MAC_LEN],
		const struct nk_ip *ips, uint32_t count, struct nk_error *err)
{
	int fd cleanup_close = -1;
	uint32_t i;
	int rc, one;

	rc = nk_netns_call(netns_fd, open_socket, &fd, err);
	if (rc)
		return rc;
	for (i = 0; i < count; i++) {
		one = announce_one(fd, ifindex, mac, &ips[i].address.addr, err);
		rc = rc ? rc : one;
	}
	return rc;
}
