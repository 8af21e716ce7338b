/* SPDX-License-Identifier: Apache-2.0 */
/*
 * genl.h - a kernel of our own behind a generic netlink socket
 *
 * Replies are given before the call that asks for them; what was asked is read after it. So a test
 * runs without threads, and without a family or device that this machine's kernel may lack.
 */
#ifndef NK_TEST_GENL_H
#define NK_TEST_GENL_H

#include "kernel/nl.h"

#define GENL_FAMILY 0x20 /* number of family "ethtool" here */

struct genl {
	struct nk_nl nl;  /* for the code under test */
	int kernel;	  /* the other end */
	unsigned int seq; /* of the exchange that is being given */
};

/* Room for a message of the kernel: headers, then what the mnl_attr_put functions add. */
union genl_reply {
	uint64_t alignment;
	uint8_t bytes[16384];
};

void genl_open(struct genl *genl);
void genl_close(struct genl *genl);

/* genl_reply() - the headers of a reply to the request that is to be acknowledged next */
struct nlmsghdr *genl_reply(const struct genl *genl, union genl_reply *reply, uint8_t command);

/* genl_put_header() - the ethtool header that begins a reply, of 20 bytes: ifindex and name */
void genl_put_header(struct nlmsghdr *msg, uint32_t ifindex);

/* genl_give() - a message, cut to @size bytes of it; what fills it up to four is 0xff. */
void genl_give(const struct genl *genl, const struct nlmsghdr *msg, size_t size);

/* genl_ack() - end an exchange; @error is 0 or a negative errno. */
void genl_ack(struct genl *genl, int error);

/* genl_refuse() - end an exchange with an extended ACK: text, and an offset into the request */
void genl_refuse(struct genl *genl, int error, const char *text, uint32_t offset);

/* genl_done() - end a dump; @status is 0 or a negative errno. */
void genl_done(struct genl *genl, int status);

/**
 * genl_expect() - the next request that came, byte for byte
 * @hex: digits and blanks; sequence number and port are 0
 */
void genl_expect(const struct genl *genl, const char *what, const char *hex);

/* genl_forget() - read away what came: the socket holds some hundred requests, then it blocks. */
void genl_forget(const struct genl *genl);

/* genl_expect_nothing() - no request came that was not read. */
void genl_expect_nothing(const struct genl *genl, const char *what);

#endif
