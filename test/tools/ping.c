// SPDX-License-Identifier: Apache-2.0
/* Answers ICMP and ICMPv6 echo requests. */
#include "ping.h"
#include "cli.h"

#include <stdio.h>
#include <string.h>

#define MAC_LEN	  6
#define ETH_LEN	  14
#define TAG_LEN	  4
#define IP4_LEN	  20 /* without options */
#define IP6_LEN	  40
#define ICMP_LEN  8   /* of an echo */
#define FRAME_MAX 128 /* of the self test */

/* Sum of 16 bit words in ones' complement (RFC 1071); an odd last byte counts as high. */
static uint32_t sum(const uint8_t *p, size_t len, uint32_t start)
{
	uint32_t ret = start;
	size_t i;

	for (i = 0; i < len; i++)
		ret += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (ret >> 16)
		ret = (ret & 0xffff) + (ret >> 16);
	return ret;
}

static void put_checksum(uint8_t *at, uint32_t of)
{
	at[0] = (uint8_t)(~of >> 8);
	at[1] = (uint8_t)~of;
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t old[16];

	memcpy(old, a, len);
	memcpy(a, b, len);
	memcpy(b, old, len);
}

/* Takes an IPv4 packet of at most len bytes. */
static bool answer4(uint8_t *ip, size_t len)
{
	size_t head, total;
	uint8_t *icmp;

	if (len < IP4_LEN || ip[0] >> 4 != 4)
		return false;
	head = (size_t)(ip[0] & 15) * 4;
	total = (size_t)ip[2] << 8 | ip[3];
	if (head < IP4_LEN || total > len || total < head + ICMP_LEN)
		return false;
	icmp = ip + head;
	/* More fragments, or an offset; protocol 1 is ICMP; 224 and up are groups and broadcast. */
	if ((ip[6] & 0x3f) || ip[7] || ip[9] != 1 || ip[12] >= 224 || ip[16] >= 224)
		return false;
	if (icmp[0] != 8 || icmp[1])
		return false;
	if (sum(ip, head, 0) != 0xffff || sum(icmp, total - head, 0) != 0xffff)
		return false;
	swap(ip + 12, ip + 16, 4);
	ip[8] = 64; /* time to live */
	memset(ip + 10, 0, 2);
	put_checksum(ip + 10, sum(ip, head, 0));
	icmp[0] = 0;
	memset(icmp + 2, 0, 2);
	put_checksum(icmp + 2, sum(icmp, total - head, 0));
	return true;
}

/* Takes an IPv6 packet of at most len bytes. */
static bool answer6(uint8_t *ip, size_t len)
{
	uint8_t *icmp = ip + IP6_LEN;
	size_t payload;
	uint32_t pseudo;

	if (len < IP6_LEN || ip[0] >> 4 != 6)
		return false;
	payload = (size_t)ip[4] << 8 | ip[5];
	if (payload < ICMP_LEN || payload > len - IP6_LEN)
		return false;
	if (ip[6] != 58 || ip[8] == 0xff || ip[24] == 0xff || icmp[0] != 128 || icmp[1])
		return false;
	/* RFC 8200 section 8.1: addresses, length and protocol count, too; swapped they count the
	 * same.
	 */
	pseudo = sum(ip + 8, 32, (uint32_t)payload + 58);
	if (sum(icmp, payload, pseudo) != 0xffff)
		return false;
	swap(ip + 8, ip + 24, 16);
	ip[7] = 64; /* hop limit */
	icmp[0] = 129;
	memset(icmp + 2, 0, 2);
	put_checksum(icmp + 2, sum(icmp, payload, pseudo));
	return true;
}

bool ping_answer(uint8_t *frame, size_t len)
{
	size_t l3 = ETH_LEN;
	uint32_t type;
	bool answered;

	if (len < ETH_LEN + TAG_LEN || ((frame[0] | frame[MAC_LEN]) & 1))
		return false;
	if (frame[12] == 0x81 && frame[13] == 0x00)
		l3 += TAG_LEN;
	type = (uint32_t)frame[l3 - 2] << 8 | frame[l3 - 1];
	answered = (type == 0x0800 && answer4(frame + l3, len - l3)) ||
		   (type == 0x86dd && answer6(frame + l3, len - l3));
	if (answered)
		swap(frame, frame + MAC_LEN, MAC_LEN);
	return answered;
}

struct example {
	const char *what;
	size_t l3; /* where its header begins */
	const char *request, *reply;
};

/* Written by hand, their checksums reckoned apart from this program: that it agrees with itself
 * would prove nothing.
 */
static const struct example examples[] = {
	{
		.what = "IPv4",
		.l3 = ETH_LEN,
		.request = "020000000001:020000000002:0800:"
			   "4500001e:00004000:3f01b7db:c0000201:c0000202:"
			   "08008368:12340001:6262",
		.reply = "020000000002:020000000001:0800:"
			 "4500001e:00004000:4001b6db:c0000202:c0000201:"
			 "00008b68:12340001:6262",
	},
	{
		.what = "IPv6 behind a VLAN tag",
		.l3 = ETH_LEN + TAG_LEN,
		.request = "020000000001:020000000002:81000064:86dd:60000000:000a3a3f:"
			   "fd000000000000000000000000000001:fd000000000000000000000000000002:"
			   "8000111f:12340001:6262",
		.reply = "020000000002:020000000001:81000064:86dd:60000000:000a3a40:"
			 "fd000000000000000000000000000002:fd000000000000000000000000000001:"
			 "8100101f:12340001:6262",
	},
};

/* A frame that is none is left as it was. */
static bool is_refused(const uint8_t *frame, size_t len)
{
	uint8_t copy[FRAME_MAX];

	memcpy(copy, frame, FRAME_MAX);
	return !ping_answer(copy, len) && !memcmp(copy, frame, FRAME_MAX);
}

static int selftest_one(const struct example *e)
{
	uint8_t request[FRAME_MAX] = { 0 }, reply[FRAME_MAX] = { 0 }, frame[FRAME_MAX];
	size_t len = (size_t)cli_hex(e->request, request, FRAME_MAX), i;
	bool right = (size_t)cli_hex(e->reply, reply, FRAME_MAX) == len;

	right &= is_refused(reply, len);
	/* As it is, and padded. */
	for (i = 0; i < 2; i++) {
		memcpy(frame, request, FRAME_MAX);
		right &= ping_answer(frame, len + i) && !memcmp(frame, reply, FRAME_MAX);
	}
	for (i = 0; i < len; i++)
		right &= is_refused(request, i);
	/* Whatever is damaged; before that, nothing of IPv6 is under a checksum. */
	for (i = e->l3 + 8; i < len; i++) {
		memcpy(frame, request, FRAME_MAX);
		frame[i] ^= 0x10;
		right &= is_refused(frame, len);
	}
	memcpy(frame, request, FRAME_MAX);
	frame[0] |= 1; /* to a group */
	right &= is_refused(frame, len);
	if (!right)
		printf("  wrong: answer to an echo request by %s\n", e->what);
	return !right;
}

int ping_selftest(void)
{
	int failed = 0;
	size_t i;

	for (i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		failed += selftest_one(&examples[i]);
	return failed;
}
