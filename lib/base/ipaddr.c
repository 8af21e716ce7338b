// SPDX-License-Identifier: Apache-2.0
/* ipaddr.c - IPv4 and IPv6 addresses and prefixes: text and bytes */
#include "base/ipaddr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define MAPPED_BITS 96 /* prefix length of ::ffff:0:0/96, IPv4-mapped addresses (RFC 4291) */

size_t nk_ipaddr_size(const struct nk_ipaddr *addr)
{
	return addr->family == AF_INET ? 4 : addr->family == AF_INET6 ? 16 : 0;
}

/* parse_addr() - without unmapping */
static bool parse_addr(const char *text, struct nk_ipaddr *ret)
{
	*ret = (struct nk_ipaddr){ .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	return inet_pton(ret->family, text, ret->bytes) == 1;
}

static bool is_mapped(const struct nk_ipaddr *addr)
{
	static const uint8_t start[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

	return addr->family == AF_INET6 && !memcmp(addr->bytes, start, sizeof(start));
}

static struct nk_ipaddr unmap(const struct nk_ipaddr *addr)
{
	struct nk_ipaddr ret = { .family = AF_INET };

	memcpy(ret.bytes, addr->bytes + MAPPED_BITS / 8, 4);
	return ret;
}

bool nk_ipaddr_parse(const char *text, struct nk_ipaddr *ret)
{
	struct nk_ipaddr addr;

	if (!parse_addr(text, &addr))
		return false;
	*ret = is_mapped(&addr) ? unmap(&addr) : addr;
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
	if (!parse_addr(address, &prefix.addr))
		return false;
	prefix.len = (uint8_t)(8 * nk_ipaddr_size(&prefix.addr));
	if (slash && !parse_length(slash + 1, prefix.len, &prefix.len))
		return false;
	if (is_mapped(&prefix.addr) && prefix.len >= MAPPED_BITS) {
		prefix.addr = unmap(&prefix.addr);
		prefix.len -= MAPPED_BITS;
	}
	*ret = prefix;
	return true;
}

void nk_ipaddr_text(const struct nk_ipaddr *addr, char ret[NK_IPADDR_TEXT_SIZE])
{
	if (!inet_ntop(addr->family, addr->bytes, ret, NK_IPADDR_TEXT_SIZE))
		*ret = '\0'; /* family 0: no address */
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
		masked.addr.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	return masked;
}

bool nk_prefix_equal(const struct nk_prefix *a, const struct nk_prefix *b)
{
	const struct nk_prefix x = nk_prefix_mask(a), y = nk_prefix_mask(b);

	return x.len == y.len && nk_ipaddr_equal(&x.addr, &y.addr);
}

struct nk_prefix nk_prefix_host(const struct nk_ipaddr *addr)
{
	return (struct nk_prefix){ .addr = *addr, .len = (uint8_t)(8 * nk_ipaddr_size(addr)) };
}

bool nk_prefix_has(const struct nk_prefix *prefix, const struct nk_ipaddr *addr)
{
	const struct nk_prefix of_addr = { .addr = *addr, .len = prefix->len };
	const struct nk_prefix a = nk_prefix_mask(prefix), b = nk_prefix_mask(&of_addr);

	return nk_ipaddr_equal(&a.addr, &b.addr);
}

static bool is_all(const uint8_t *bytes, size_t size, uint8_t value)
{
	while (size && bytes[size - 1] == value)
		size--;
	return !size;
}

const char *nk_ipaddr_flaw(const struct nk_ipaddr *addr)
{
	const size_t size = nk_ipaddr_size(addr);

	if (is_all(addr->bytes, size, 0))
		return "is the unspecified address";
	if (addr->family == AF_INET ? addr->bytes[0] == 127 :
				      is_all(addr->bytes, size - 1, 0) && addr->bytes[15] == 1)
		return "is a loopback address";
	if (addr->family == AF_INET ? (addr->bytes[0] & 0xf0) == 0xe0 : addr->bytes[0] == 0xff)
		return "is a multicast address";
	if (addr->family == AF_INET && is_all(addr->bytes, size, 0xff))
		return "is the broadcast address";
	return NULL;
}

/* host_bits_are() - do all bits after the prefix equal @value? */
static bool host_bits_are(const struct nk_prefix *prefix, bool value)
{
	size_t bit, bits = 8 * nk_ipaddr_size(&prefix->addr);

	for (bit = prefix->len; bit < bits; bit++)
		if ((prefix->addr.bytes[bit / 8] >> (7 - bit % 8) & 1) != value)
			return false;
	return true;
}

const char *nk_prefix_flaw(const struct nk_prefix *prefix)
{
	const size_t bits = 8 * nk_ipaddr_size(&prefix->addr);
	const char *flaw = nk_ipaddr_flaw(&prefix->addr);

	if (flaw)
		return flaw;
	if (!prefix->len)
		return "has prefix length 0, which puts every address on the link";
	if (prefix->len + 1U >= bits) /* RFC 3021, RFC 6164 */
		return NULL;
	if (host_bits_are(prefix, false))
		return "is the network address, not a device address";
	if (prefix->addr.family == AF_INET && host_bits_are(prefix, true))
		return "is the broadcast address of its network";
	return NULL;
}
