/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink request and reply over libmnl, with the kernel's own error text. */
#ifndef NKT_NL_H
#define NKT_NL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Calling sequence: nl_open(), then for each request nl_request() or nl_genl_request(), attributes
 * by mnl_attr_put*(), nl_talk(). The request lives in the struct until the next one. On a refusal
 * nl_why() tells errno and text in one string.
 */
#define NL_BUF_SIZE 65536 /* the kernel makes dump messages of at most 32 KiB */
#define NL_ATTR_MAX 128

struct nl {
	struct mnl_socket *sock;
	uint32_t seq;
	union {
		struct nlmsghdr msg;
		char bytes[8192];
	} request;
	union {
		struct nlmsghdr msg;
		char bytes[NL_BUF_SIZE];
	} reply;
	char why[512];
};

/* Called for each reply message. */
typedef void (*nl_row_fn)(const struct nlmsghdr *msg, void *arg);

/* Opens a socket of NETLINK_ROUTE or NETLINK_GENERIC in a netns (NULL: here); exits on failure. */
void nl_open(struct nl *nl, int protocol, const char *netns);
void nl_close(struct nl *nl);

/* Starts a request with a zeroed family header; returns the address of that header. */
void *nl_request(struct nl *nl, uint16_t type, uint16_t flags, size_t header_len);
void nl_genl_request(struct nl *nl, uint16_t family, uint16_t flags, uint8_t cmd);

/**
 * nl_talk() - send the request and read replies up to the kernel's acknowledgement
 * @row: may be NULL
 *
 * Return: 0 or the kernel's negative errno; nl_why() then explains it
 */
int nl_talk(struct nl *nl, nl_row_fn row, void *arg);
const char *nl_why(const struct nl *nl);

/* Id of a generic netlink family; negative errno if the kernel does not know it. */
int nl_genl_family(struct nl *nl, const char *name);

/* Sorts the attributes behind the family header, or in a nest, into tb by type. */
void nl_attrs(const struct nlmsghdr *msg, size_t header_len, const struct nlattr **tb);
void nl_nested(const struct nlattr *nest, const struct nlattr **tb);
/* Value of an integer attribute of 1, 2, 4 or 8 bytes in length. */
uint64_t nl_uint(const struct nlattr *attr);

#endif
