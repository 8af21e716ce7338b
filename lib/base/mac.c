// SPDX-License-Identifier: Apache-2.0
/* mac.c - MAC addresses as text; no system call */
#include "base/mac.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

void nk_mac_text(const uint8_t mac[NK_MAC_LEN], char ret[NK_MAC_TEXT_SIZE])
{
	snprintf(ret, NK_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
}

/* parse_groups() - hex bytes with @separator after every @group of them */
static bool parse_groups(const char *text, size_t group, char separator, uint8_t ret[NK_MAC_LEN])
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;
	size_t i;

	if (strlen(text) != (size_t)2 * NK_MAC_LEN + NK_MAC_LEN / group - 1)
		return false;
	for (i = 0; i < NK_MAC_LEN; i++) {
		if (i && i % group == 0 && *text++ != separator)
			return false;
		high = strchr(digits, tolower((unsigned char)*text++));
		low = strchr(digits, tolower((unsigned char)*text++));
		if (!high || !low)
			return false;
		ret[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return true;
}

bool nk_mac_parse(const char *text, uint8_t ret[NK_MAC_LEN])
{
	return parse_groups(text, 1, ':', ret);
}

bool nk_mac_parse_any(const char *text, uint8_t ret[NK_MAC_LEN])
{
	return parse_groups(text, 1, ':', ret) || parse_groups(text, 1, '-', ret) ||
	       parse_groups(text, 2, '.', ret);
}
