// SPDX-License-Identifier: Apache-2.0
/* The Toeplitz hash of receive side scaling. */
#include "toeplitz.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

uint32_t toeplitz(const uint8_t key[TOEPLITZ_KEY_LEN], const uint8_t *tuple, size_t len)
{
	/* The 32 key bits that begin at the current input bit. */
	uint32_t window = (uint32_t)key[0] << 24 | key[1] << 16 | key[2] << 8 | key[3];
	uint32_t hash = 0;
	size_t i;
	int bit;

	for (i = 0; i < len; i++) {
		for (bit = 7; bit >= 0; bit--) {
			if (tuple[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (key[i + 4] >> bit & 1);
		}
	}
	return hash;
}

/*
 * From "Verifying the RSS hash calculation" in Microsoft's driver documentation
 * (learn.microsoft.com, windows-hardware/drivers/network/verifying-the-rss-hash-calculation).
 */
static const uint8_t ms_key[TOEPLITZ_KEY_LEN] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct {
	const char *src, *dst;
	uint16_t src_port, dst_port;
	uint32_t hash_addrs, hash_ports;
} ms_vectors[] = {
	{ "66.9.149.187", "161.142.100.80", 2794, 1766, 0x323e8fc2, 0x51ccc178 },
	{ "199.92.111.2", "65.69.140.83", 14230, 4739, 0xd718262a, 0xc626b0ea },
	{ "24.19.198.95", "12.22.207.184", 12898, 38024, 0xd2d0a5de, 0x5c2b394a },
	{ "38.27.205.30", "209.142.163.6", 48228, 2217, 0x82989176, 0xafc7327f },
	{ "153.39.163.191", "202.188.127.2", 44251, 1303, 0x5d1809c5, 0x10e828a2 },
	{ "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766, 0x2cc18cd5, 0x40207d3d },
	{ "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739, 0x0f0c461c, 0xdde51bbf },
	{ "3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf", 44251, 38024,
	  0x4b61e985, 0x02d1feef },
};

int toeplitz_selftest(void)
{
	uint8_t tuple[36];
	size_t i, addrs;
	int failed = 0;

	for (i = 0; i < sizeof(ms_vectors) / sizeof(ms_vectors[0]); i++) {
		bool v6 = strchr(ms_vectors[i].src, ':');
		int family = v6 ? AF_INET6 : AF_INET;
		uint16_t ports[2] = { htons(ms_vectors[i].src_port),
				      htons(ms_vectors[i].dst_port) };

		addrs = v6 ? 32 : 8;
		if (inet_pton(family, ms_vectors[i].src, tuple) == 1 &&
		    inet_pton(family, ms_vectors[i].dst, tuple + addrs / 2) == 1) {
			memcpy(tuple + addrs, ports, 4);
			if (toeplitz(ms_key, tuple, addrs) == ms_vectors[i].hash_addrs &&
			    toeplitz(ms_key, tuple, addrs + 4) == ms_vectors[i].hash_ports)
				continue;
		}
		printf("  wrong: RSS vector %s -> %s\n", ms_vectors[i].src, ms_vectors[i].dst);
		failed++;
	}
	return failed;
}
