// SPDX-License-Identifier: Apache-2.0
/* ipaddr.c - IPv4 and IPv6 addresses and prefixes: text and bytes */
#include "ipaddr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

size_t nk_ipaddr_size(const struct nk_ipaddr *addr)
{
	return addr->family == AF_INET ? 4 : addr->family == AF_INET6 ? 16 : 0;
}

bool nk_ipaddr_parse(const char *text, struct nk_ipaddr *ret)
{
	struct nk_ipaddr addr = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(addr.family, text, addr.bytes) != 1)
		return false;
	*ret = addr;
	return true;
}

/* parse_length() - a decimal number without sign or leading zero */
static bool parse_length(const char *text, unsigned long max, uint8_t *ret)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)*text) || (text[0] == '0' && text[1]))
		return false;
	value = strtoul(text, &end, 10);
	if (*end || value > max)
		return false;
	*ret = (uint8_t)value;
	return true;
}

bool nk_prefix_parse(const char *text, bool bare, struct nk_prefix *ret)
{
	const char *slash = strchr(text, '/');
	char address[NK_IPADDR_TEXT_SIZE];
	struct nk_prefix prefix;
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (len >= sizeof(address) || (!slash && !bare))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!nk_ipaddr_parse(address, &prefix.addr))
		return false;
	prefix.len = (uint8_t)(8 * nk_ipaddr_size(&prefix.addr));
	if (slash && !parse_length(slash + 1, prefix.len, &prefix.len))
		return false;
	*ret = prefix;
	return true;
}

void nk_ipaddr_text(const struct nk_ipaddr *addr, char ret[NK_IPADDR_TEXT_SIZE])
{
	if (!inet_ntop(addr->family, addr->bytes, ret, NK_IPADDR_TEXT_SIZE))
		*ret = '\0'; /* of no family: absent */
}

void nk_prefix_text(const struct nk_prefix *prefix, char ret[NK_IPADDR_TEXT_SIZE])
{
	size_t len;

	nk_ipaddr_text(&prefix->addr, ret);
	len = strlen(ret);
	snprintf(ret + len, NK_IPADDR_TEXT_SIZE - len, "/%u", prefix->len);
}

bool nk_ipaddr_equal(const struct nk_ipaddr *a, const struct nk_ipaddr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, nk_ipaddr_size(a));
}

struct nk_prefix nk_prefix_mask(const struct nk_prefix *prefix)
{
	struct nk_prefix masked = *prefix;
	unsigned int bit;

	for (bit = prefix->len; bit < 8 * nk_ipaddr_size(&prefix->addr); bit++)
		masked.addr.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return masked;
}

struct nk_prefix nk_prefix_host(const struct nk_ipaddr *addr)
{
	return (struct nk_prefix){ .addr = *addr, .len = (uint8_t)(8 * nk_ipaddr_size(addr)) };
}
