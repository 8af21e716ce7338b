/* SPDX-License-Identifier: Apache-2.0 */
/* ipaddr.h - IPv4 and IPv6 addresses and prefixes: text and bytes */
#ifndef NK_IPADDR_H
#define NK_IPADDR_H

#include "base/types.h"

#define NK_IPADDR_TEXT_SIZE 52 /* an IPv6 address, "/128", a NUL; INET6_ADDRSTRLEN is 46 */

/* nk_ipaddr_parse() - "10.0.0.1" or "fd00::1" and nothing else. "::ffff:10.0.0.1" is read as the
 * first of these, as Go's plugins do.
 */
bool nk_ipaddr_parse(const char *text, struct nk_ipaddr *ret);

/**
 * nk_prefix_parse() - "10.0.0.1/24"; the host bits are kept
 * @bare: accept an address without a prefix length, as /32 or /128
 */
bool nk_prefix_parse(const char *text, bool bare, struct nk_prefix *ret);

void nk_ipaddr_text(const struct nk_ipaddr *addr, char ret[NK_IPADDR_TEXT_SIZE]);
void nk_prefix_text(const struct nk_prefix *prefix, char ret[NK_IPADDR_TEXT_SIZE]);

/* nk_ipaddr_size() - bytes of an address: 4, 16, or 0 for family 0. */
size_t nk_ipaddr_size(const struct nk_ipaddr *addr);

bool nk_ipaddr_equal(const struct nk_ipaddr *a, const struct nk_ipaddr *b);

/* nk_prefix_mask() - @prefix with the host bits cleared, as routes require. */
struct nk_prefix nk_prefix_mask(const struct nk_prefix *prefix);

/* nk_prefix_has() - does @prefix contain @addr? */
bool nk_prefix_has(const struct nk_prefix *prefix, const struct nk_ipaddr *addr);

/* nk_ipaddr_flaw() - why no device can have this address, for example "is a multicast address";
 * NULL: it can. nk_prefix_flaw() - the same for a device's address with its prefix length.
 */
const char *nk_ipaddr_flaw(const struct nk_ipaddr *addr);
const char *nk_prefix_flaw(const struct nk_prefix *prefix);

/* nk_prefix_equal() - do they contain the same addresses? */
bool nk_prefix_equal(const struct nk_prefix *a, const struct nk_prefix *b);

/* nk_prefix_host() - @addr as a /32 or /128 */
struct nk_prefix nk_prefix_host(const struct nk_ipaddr *addr);

#endif
