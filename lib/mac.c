// SPDX-License-Identifier: Apache-2.0
/* mac.c - MAC addresses as text; no system call */
#include "mac.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

void nk_mac_text(const uint8_t mac[NK_MAC_LEN], char ret[NK_MAC_TEXT_SIZE])
{
	snprintf(ret, NK_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
}

bool nk_mac_parse(const char *text, uint8_t ret[NK_MAC_LEN])
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;
	size_t i;

	if (strlen(text) != 3 * NK_MAC_LEN - 1)
		return false;
	for (i = 0; i < NK_MAC_LEN; i++) {
		high = strchr(digits, tolower((unsigned char)text[3 * i]));
		low = strchr(digits, tolower((unsigned char)text[3 * i + 1]));
		if (!high || !low || (i + 1 < NK_MAC_LEN && text[3 * i + 2] != ':'))
			return false;
		ret[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return true;
}
