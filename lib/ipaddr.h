/* SPDX-License-Identifier: Apache-2.0 */
/* ipaddr.h - IPv4 and IPv6 addresses and prefixes: text and bytes */
#ifndef NK_IPADDR_H
#define NK_IPADDR_H

#include "types.h"

#define NK_IPADDR_TEXT_SIZE 52 /* an IPv6 address, "/128", a NUL; INET6_ADDRSTRLEN is 46 */

/* nk_ipaddr_parse() - "10.0.0.1" or "fd00::1", nothing before or behind it. "::ffff:10.0.0.1" is the
 * first of these, as it is for Go's plugins.
 */
bool nk_ipaddr_parse(const char *text, struct nk_ipaddr *ret);

/**
 * nk_prefix_parse() - "10.0.0.1/24"; the bits behind the prefix are kept
 * @bare: take an address without a length for a whole one, /32 or /128
 */
bool nk_prefix_parse(const char *text, bool bare, struct nk_prefix *ret);

void nk_ipaddr_text(const struct nk_ipaddr *addr, char ret[NK_IPADDR_TEXT_SIZE]);
void nk_prefix_text(const struct nk_prefix *prefix, char ret[NK_IPADDR_TEXT_SIZE]);

/* nk_ipaddr_size() - bytes of an address of that family: 4, 16, or 0 where it is none. */
size_t nk_ipaddr_size(const struct nk_ipaddr *addr);

bool nk_ipaddr_equal(const struct nk_ipaddr *a, const struct nk_ipaddr *b);

/* nk_prefix_mask() - @prefix with the bits behind its length cleared, as routes want it. */
struct nk_prefix nk_prefix_mask(const struct nk_prefix *prefix);

/* nk_prefix_has() - is @addr of the network that @prefix is of? */
bool nk_prefix_has(const struct nk_prefix *prefix, const struct nk_ipaddr *addr);

/* nk_ipaddr_flaw() - why no device can be reached by this address, "is a multicast address" say; NULL:
 * it can. nk_prefix_flaw() - likewise of a device's own address with the prefix of its network.
 */
const char *nk_ipaddr_flaw(const struct nk_ipaddr *addr);
const char *nk_prefix_flaw(const struct nk_prefix *prefix);

/* nk_prefix_equal() - do they hold the same addresses? */
bool nk_prefix_equal(const struct nk_prefix *a, const struct nk_prefix *b);

/* nk_prefix_host() - the whole address: /32 or /128 */
struct nk_prefix nk_prefix_host(const struct nk_ipaddr *addr);

#endif
