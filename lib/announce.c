// SPDX-License-Identifier: Apache-2.0
/* announce.c - ARP announcements and unsolicited neighbour advertisements, by a packet socket */
#include "announce.h"

#include "cleanup.h"
#include "error.h"
#include "ipaddr.h"
#include "netns.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "banned.h"

#define ETHERTYPE_AT 12 /* where in a frame it is */
#define NA_SUM_AT    22 /* from here on the checksum counts: addresses, then ICMPv6 to the end */
#define NA_CHECK_AT  56
#define NA_ICMP_SIZE 32
#define ICMPV6	     58

static uint8_t *put(uint8_t *at, const void *data, size_t size)
{
	memcpy(at, data, size);
	return at + size;
}

static size_t put_arp(uint8_t *buf, const uint8_t mac[NK_MAC_LEN], const struct nk_ipaddr *addr)
{
	static const uint8_t broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t head[] = { 0x08, 0x06,		      /* ARP */
					0,    1,    0x08, 0x00, 6, 4, /* Ethernet, IPv4, sizes */
					0,    1 };		      /* request */
	static const uint8_t nobody[NK_MAC_LEN];
	uint8_t *at = put(buf, broadcast, sizeof(broadcast));

	at = put(at, mac, NK_MAC_LEN);
	at = put(at, head, sizeof(head));
	at = put(at, mac, NK_MAC_LEN);
	at = put(at, addr->bytes, 4);
	at = put(at, nobody, sizeof(nobody));
	at = put(at, addr->bytes, 4);
	return (size_t)(at - buf);
}

/* na_checksum() - RFC 4443 section 2.3: over a pseudo header and the message */
static uint16_t na_checksum(const uint8_t *frame)
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
	static const uint8_t head[] = {
		0x86, 0xdd,					/* IPv6 */
		0x60, 0,    0, 0, 0, NA_ICMP_SIZE, ICMPV6, 255, /* hop limit: none other is taken */
	};
	static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
	static const uint8_t advert[] = { 136, 0, 0, 0, 0x20, 0, 0, 0 }; /* 0x20: override */
	static const uint8_t option[] = { 2, 1 }; /* target's address, in eight bytes */
	uint8_t *at = put(buf, all_nodes_mac, sizeof(all_nodes_mac));
	uint16_t check;

	at = put(at, mac, NK_MAC_LEN);
	at = put(at, head, sizeof(head));
	at = put(at, addr->bytes, 16);
	at = put(at, all_nodes, sizeof(all_nodes));
	at = put(at, advert, sizeof(advert));
	at = put(at, addr->bytes, 16);
	at = put(at, option, sizeof(option));
	at = put(at, mac, NK_MAC_LEN);
	check = na_checksum(buf);
	buf[NA_CHECK_AT] = (uint8_t)(check >> 8);
	buf[NA_CHECK_AT + 1] = (uint8_t)check;
	return (size_t)(at - buf);
}

size_t nk_announce_put(uint8_t buf[NK_ANNOUNCE_SIZE], const uint8_t mac[NK_MAC_LEN],
		       const struct nk_ipaddr *addr)
{
	if (addr->family == AF_INET)
		return put_arp(buf, mac, addr);
	return addr->family == AF_INET6 ? put_na(buf, mac, addr) : 0;
}

/* open_socket() - protocol 0: it sends and hears nothing */
static int open_socket(void *arg, struct nk_error *err)
{
	int *fd = arg;

	*fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return nk_error_set(err, NK_CODE_KERNEL, errno, "cannot announce the addresses",
				    "open a packet socket: %s", nk_errno_name(errno));
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
	return nk_error_set(err, NK_CODE_KERNEL, errno, "cannot announce the addresses",
			    "announce %s out of ifindex %u: sendto: %s", text, ifindex,
			    nk_errno_name(errno));
}

int nk_announce(int netns_fd, uint32_t ifindex, const uint8_t mac[NK_MAC_LEN],
		const struct nk_ip *ips, uint32_t count, struct nk_error *err)
{
	int fd cleanup_close = -1;
	uint32_t i;
	int rc, one;

	rc = netns_fd < 0 ? open_socket(&fd, err) : nk_netns_call(netns_fd, open_socket, &fd, err);
	if (rc)
		return rc;
	for (i = 0; i < count; i++) {
		one = announce_one(fd, ifindex, mac, &ips[i].address.addr, err);
		rc = rc ? rc : one;
	}
	return rc;
}
