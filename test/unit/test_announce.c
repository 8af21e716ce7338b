// SPDX-License-Identifier: Apache-2.0
/* test_announce.c - the two frames, byte for byte, and on a wire between two devices */
#include "ip/announce.h"

#include "base/ipaddr.h"
#include "kernel/netns.h"
#include "unit.h"
#include "veth.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

TestSuite(announce, .timeout = 30);

static struct nk_ipaddr addr_of(const char *text)
{
	struct nk_ipaddr addr = { 0 };

	cr_assert(!text || nk_ipaddr_parse(text, &addr), "%s", text);
	return addr;
}

/* --- frames ---------------------------------------------------------------------------------- */

/* clang-format off */
static const uint8_t arp_golden[] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  2, 0, 0, 0, 0, 0xa0,  0x08, 0x06,
	0, 1,  0x08, 0x00,  6, 4,  0, 1, /* Ethernet, IPv4, request */
	2, 0, 0, 0, 0, 0xa0,  10, 0, 0, 5,
	0, 0, 0, 0, 0, 0,     10, 0, 0, 5,
};

/* The checksum, 0x59f4, was computed by another program. */
static const uint8_t na_golden[] = {
	0x33, 0x33, 0, 0, 0, 1,  2, 0, 0, 0, 0, 0xa0,  0x86, 0xdd,
	0x60, 0, 0, 0,  0, 32,  58,  255,
	0xfd, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 5,
	0xff, 2, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 1,
	136, 0,  0x59, 0xf4,  0x20, 0, 0, 0, /* override, neither router nor solicited */
	0xfd, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 5,
	2, 1,  2, 0, 0, 0, 0, 0xa0,
};
/* clang-format on */

static void expect_frame(const char *text, const uint8_t *golden, size_t size)
{
	const struct nk_ipaddr addr = addr_of(text);
	uint8_t frame[NK_ANNOUNCE_SIZE];
	size_t i, got;

	memset(frame, 0xa5, sizeof(frame));
	got = nk_announce_put(frame, veth_mac[0], &addr);
	cr_assert_eq(got, size, "%s: %zu bytes, wanted %zu", text, got, size);
	for (i = 0; i < size; i++)
		cr_expect_eq(frame[i], golden[i], "%s: byte %zu is 0x%02x, wanted 0x%02x", text, i,
			     frame[i], golden[i]);
}

Test(announce, ipv4_address_is_an_arp_request_from_it_for_it)
{
	expect_frame("10.0.0.5", arp_golden, sizeof(arp_golden));
}

Test(announce, ipv6_address_is_an_unsolicited_advertisement_to_all_nodes)
{
	expect_frame("fd00::5", na_golden, sizeof(na_golden));
}

Test(announce, address_of_no_family_is_no_frame)
{
	const struct nk_ipaddr none = { 0 };
	uint8_t frame[NK_ANNOUNCE_SIZE];

	cr_expect_eq(nk_announce_put(frame, veth_mac[0], &none), 0);
}

/* --- on the wire ----------------------------------------------------------------------------- */

static struct nk_ip ip_of(const char *text)
{
	const struct nk_ipaddr addr = addr_of(text);

	return (struct nk_ip){ .address = nk_prefix_host(&addr) };
}

/* listen_on() - a socket that hears all frames, to be opened before they are sent */
static int listen_on(uint32_t ifindex)
{
	const struct sockaddr_ll at = { .sll_family = AF_PACKET,
					.sll_protocol = htons(ETH_P_ALL),
					.sll_ifindex = (int)ifindex };
	const struct timeval timeout = { .tv_sec = 5 };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && !bind(fd, (const struct sockaddr *)&at, sizeof(at)) &&
			  !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)),
		  "listen: %s", nk_errno_name(errno));
	return fd;
}

/* hear() - the next frame of @mac that is no other chatter of the kernel's (MLD reports) */
static size_t hear(int fd, const uint8_t mac[6], uint8_t buf[256])
{
	ssize_t n;

	for (;;) {
		n = recv(fd, buf, 256, 0);
		cr_assert_gt(n, 14, "nothing was heard: %s", nk_errno_name(errno));
		if (memcmp(buf + 6, mac, 6) != 0)
			continue;
		if ((buf[12] == 0x08 && buf[13] == 0x06) || (n > 54 && buf[54] == 136))
			return (size_t)n;
	}
}

static void expect_heard(int fd, const uint8_t *golden, size_t size)
{
	uint8_t frame[256];
	size_t n = hear(fd, veth_mac[0], frame);

	cr_assert_geq(n, size);
	cr_expect_arr_eq(frame, golden, size);
}

Test(announce, each_address_leaves_the_device_once)
{
	const struct nk_ip ips[] = { ip_of("10.0.0.5"), ip_of(NULL), ip_of("fd00::5"),
				     ip_of("10.0.0.5") };
	struct nk_error err = { 0 };
	struct veth veth;
	int fd;

	veth_open_up(&veth);
	fd = listen_on(veth.ifindex[1]);
	unit_expect_ok("announce", nk_announce(-1, veth.ifindex[0], veth_mac[0], ips, 4, &err),
		       &err);
	expect_heard(fd, arp_golden, sizeof(arp_golden));
	expect_heard(fd, na_golden, sizeof(na_golden));
	expect_heard(fd, arp_golden, sizeof(arp_golden));
	close(fd);
	veth_close(&veth);
}

/* The test's second netns is empty: what leaves the device can only come by way of @netns_fd. */
Test(announce, socket_is_of_the_netns_that_is_given)
{
	const struct nk_ip ips[] = { ip_of("10.0.0.5") };
	struct nk_error err = { 0 };
	struct veth veth, empty;
	int fd, netns;

	veth_open_up(&veth);
	netns = nk_netns_open_own(&err);
	fd = listen_on(veth.ifindex[1]);
	veth_open(&empty);
	unit_expect_ok("announce", nk_announce(netns, veth.ifindex[0], veth_mac[0], ips, 1, &err),
		       &err);
	expect_heard(fd, arp_golden, sizeof(arp_golden));
	close(netns);
	close(fd);
	veth_close(&empty);
	veth_close(&veth);
}

Test(announce, device_that_is_down_or_gone_is_an_error_that_names_the_first_address)
{
	const struct nk_ip ips[] = { ip_of("fd00::5"), ip_of("10.0.0.5") };
	struct nk_error err = { 0 };
	struct veth veth;
	int rc;

	veth_open(&veth);
	rc = nk_announce(-1, veth.ifindex[0], veth_mac[0], ips, 2, &err);
	unit_expect_error("down", rc, &err, NK_CODE_KERNEL,
			  "cannot announce|announce fd00::5 out of ifindex|ENETDOWN");
	nk_error_reset(&err);
	rc = nk_announce(-1, 0x7ffffffe, veth_mac[0], ips, 2, &err);
	unit_expect_error("gone", rc, &err, NK_CODE_KERNEL,
			  "cannot announce|announce fd00::5 out of ifindex 2147483646|ENXIO");
	veth_close(&veth);
}

/* set_mtu() - 68 is the least there is, and has room for ARP alone */
static void set_mtu(struct veth *veth, uint32_t mtu)
{
	char buf[NK_NL_REQUEST_SIZE] = "";
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct nk_error err = { 0 };
	struct ifinfomsg *ifi;

	msg->nlmsg_type = RTM_NEWLINK;
	ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_index = (int)veth->ifindex[0];
	mnl_attr_put_u32(msg, IFLA_MTU, mtu);
	unit_expect_ok("mtu", nk_nl_do(&veth->nl, msg, sizeof(*ifi), NULL, NULL, NULL, &err), &err);
}

Test(announce, address_that_fails_does_not_keep_the_next_from_being_sent)
{
	const struct nk_ip ips[] = { ip_of("fd00::5"), ip_of("10.0.0.5") };
	struct nk_error err = { 0 };
	struct veth veth;
	int fd, rc;

	veth_open_up(&veth);
	set_mtu(&veth, 68);
	fd = listen_on(veth.ifindex[1]);
	rc = nk_announce(-1, veth.ifindex[0], veth_mac[0], ips, 2, &err);
	unit_expect_error("MTU 68", rc, &err, NK_CODE_KERNEL, "announce fd00::5 out of|EMSGSIZE");
	expect_heard(fd, arp_golden, sizeof(arp_golden));
	close(fd);
	veth_close(&veth);
}

/* --- the kernel as a neighbour --------------------------------------------------------------- */

/* snmp6() - one of the counters of this netns */
static unsigned long snmp6(const char *name)
{
	char line[128], word[64];
	unsigned long value, found = 0;
	FILE *file = fopen("/proc/thread-self/net/snmp6", "re");

	cr_assert(file, "open snmp6: %s", nk_errno_name(errno));
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %lu", word, &value) == 2 && !strcmp(word, name))
			found = value;
	fclose(file);
	return found;
}

/* The sum of fd00::2d00 is 0x3fffe, whose halves carry once more; the kernel counts wrong ones. */
Test(announce, kernel_takes_the_advertisements_and_finds_no_wrong_checksum)
{
	static const char *const texts[] = {
		"fd00::2d00",
		"fd00::5",
		"::1:0:0",
		"2001:db8::ffff",
		"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"fdff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
		"fe80::1",
		"fd01:203:405:607:809:a0b:c0d:e0f",
	};
	const unsigned long count = sizeof(texts) / sizeof(texts[0]);
	struct nk_error err = { 0 };
	uint8_t frame[256];
	struct nk_ip ip;
	struct veth veth;
	unsigned long i;
	int fd;

	veth_open_up(&veth);
	fd = listen_on(veth.ifindex[1]);
	for (i = 0; i < count; i++) {
		ip = ip_of(texts[i]);
		unit_expect_ok(texts[i],
			       nk_announce(-1, veth.ifindex[0], veth_mac[0], &ip, 1, &err), &err);
		hear(fd, veth_mac[0], frame);
	}
	/* our ear is before IPv6's; the suite's timeout ends a wait in vain */
	while (snmp6("Icmp6InNeighborAdvertisements") + snmp6("Icmp6InErrors") < count)
		usleep(1000);
	cr_expect_eq(snmp6("Icmp6InCsumErrors"), 0);
	cr_expect_eq(snmp6("Icmp6InErrors"), 0);
	cr_expect_eq(snmp6("Icmp6InNeighborAdvertisements"), count);
	close(fd);
	veth_close(&veth);
}
