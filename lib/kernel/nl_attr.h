/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nl_attr.h - headers and attributes of netlink messages
 *
 * Everything here is pure. A parser checks each length before it reads the field.
 */
#ifndef NK_NL_ATTR_H
#define NK_NL_ATTR_H

#include "base/types.h"

#include <stddef.h>

struct nlattr;
struct nlmsghdr;

#define NK_NL_REQUEST_SIZE 4096 /* bytes that a builder may fill */

/**
 * nk_nl_put_header() - begin an rtnetlink request
 * @buf: of NK_NL_REQUEST_SIZE bytes; is zeroed, because libmnl does not set the padding
 * @header: size of the family header behind the netlink header
 */
struct nlmsghdr *nk_nl_put_header(void *buf, uint16_t type, uint16_t flags, size_t header);

void nk_nl_put_ipaddr(struct nlmsghdr *msg, uint16_t type, const struct nk_ipaddr *addr);

/**
 * nk_nl_parse() - sort the attributes of a reply into a table
 * @attrs, @size: the attribute stream
 * @max: highest type wanted; @ret has @max + 1 entries and is zeroed first
 *
 * Return: 0, or -EBADMSG
 */
int nk_nl_parse(const void *attrs, size_t size, uint16_t max, const struct nlattr **ret);

/* nk_nl_parse_message() - the same for the attributes behind a family header of @header bytes */
int nk_nl_parse_message(const struct nlmsghdr *msg, size_t header, uint16_t max,
			const struct nlattr **ret);

/* nk_nl_parse_nested() - the same for a nested attribute; NULL: there are none */
int nk_nl_parse_nested(const struct nlattr *attr, uint16_t max, const struct nlattr **ret);

/* nk_nl_is_errno() - can the kernel have meant it? Its errnos are negative, down to -4095 (MAX_ERRNO of linux/err.h); the
 * least int of all has no positive one.
 */
bool nk_nl_is_errno(int error);

/* Typed payloads: 0, or "", if @attr is NULL or has another length. */
uint16_t nk_nl_u16(const struct nlattr *attr);
uint32_t nk_nl_u32(const struct nlattr *attr);
uint64_t nk_nl_u64(const struct nlattr *attr);
const char *nk_nl_str(const struct nlattr *attr);

/* nk_nl_mac(), nk_nl_ipaddr() - Return: true; false if @attr is NULL or has another length */
bool nk_nl_mac(const struct nlattr *attr, uint8_t ret[NK_MAC_LEN]);
bool nk_nl_ipaddr(const struct nlattr *attr, uint8_t family, struct nk_ipaddr *ret);

#endif
