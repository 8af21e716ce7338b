/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nl.h - netlink transport: sockets of one netns, requests, and what the kernel says to them
 *
 * struct nk_nl holds two sockets of one netns: rtnetlink over libmnl, generic netlink over
 * libnl-genl-3. A request is sent with nk_nl_do() or nk_nl_genl_do(); a refusal becomes an
 * nk_error whose details end in the kernel's extended ACK text, the name of the attribute it
 * objects to, and the errno name. Both paths share one extended ACK parser.
 *
 * Calling sequence: nk_nl_open(), requests, nk_nl_close(). A zeroed struct may be closed.
 */
#ifndef NK_NL_H
#define NK_NL_H

#include <stddef.h>
#include <stdint.h>

struct mnl_socket;
struct nk_error;
struct nl_msg;
struct nl_sock;
struct nlattr;
struct nlmsghdr;

#define NK_NL_REQUEST_SIZE 4096	 /* bytes a builder may fill */
#define NK_NL_GENL_SIZE	   16384 /* of generic netlink: an RSS table is up to 8 KiB */

/* The generic netlink families we speak to. */
enum nk_nl_family {
	NK_NL_NETDEV,  /* since Linux 6.3 */
	NK_NL_ETHTOOL, /* since Linux 5.6 */
	NK_NL_FAMILIES,
};

struct nk_nl {
	struct mnl_socket *rtnl;
	unsigned int seq;
	struct nl_sock *genl;
	int family[NK_NL_FAMILIES]; /* their ids, or 0: the kernel has none of that name */
	const char *where;	    /* "host" or "Pod", for error texts */
};

/* Names of attributes, by which an extended ACK's offset becomes ".linkinfo.data.mode". */
struct nk_nl_names {
	uint16_t type;
	const char *name; /* NULL ends the table */
	const struct nk_nl_names *nested;
};

/**
 * nk_nl_open() - open both sockets in a netns
 * @netns_fd: the netns, or -1 for the one of the process
 * @where: kept, not copied
 *
 * Return: 0, or a negative errno
 */
int nk_nl_open(struct nk_nl *nl, int netns_fd, const char *where, struct nk_error *err);
void nk_nl_close(struct nk_nl *nl);

/* Called for every reply; returns 0, or a negative errno (with @err filled) that ends the request. */
typedef int (*nk_nl_reply)(const struct nlmsghdr *reply, void *data, struct nk_error *err);

/**
 * nk_nl_do() - send one rtnetlink request, hand its replies to @reply, wait for the end
 * @request: built by a *_put function; sequence, NLM_F_REQUEST and NLM_F_ACK are filled in here
 * @header: bytes of the family header behind the netlink header, sizeof(struct ifinfomsg) say
 * @reply: may be NULL. Else, but for a dump, 0 means that it was called: an ACK without an object
 * is -EBADMSG
 *
 * Return: 0, or the kernel's errno, negative, with error code 100. -EAGAIN: a dump was
 * interrupted three times.
 */
int nk_nl_do(struct nk_nl *nl, struct nlmsghdr *request, size_t header,
	     const struct nk_nl_names *names, nk_nl_reply reply, void *data, struct nk_error *err);

/* nk_nl_genl_new() - a request of a family; NULL when out of memory. nk_nl_genl_do() frees. */
struct nl_msg *nk_nl_genl_new(struct nk_nl *nl, enum nk_nl_family family, uint8_t command,
			      int flags);

/* nk_nl_genl_do() - like nk_nl_do(), for a message of nk_nl_genl_new(), which it frees; a dump that
 * was interrupted is not tried again but -EAGAIN.
 */
int nk_nl_genl_do(struct nk_nl *nl, struct nl_msg *request, const struct nk_nl_names *names,
		  nk_nl_reply reply, void *data, struct nk_error *err);

/**
 * nk_nl_genl_has_command() - does the netdev family of this kernel have the command?
 *
 * Return: 1 or 0, or a negative errno
 */
int nk_nl_genl_has_command(struct nk_nl *nl, uint8_t command, struct nk_error *err);

/* nk_nl_garbled() - the error of a reply that is not as the kernel writes it: -EBADMSG */
int nk_nl_garbled(struct nk_error *err, const char *what);

/**
 * nk_nl_parse() - attributes of a reply into a table, the lengths checked
 * @attrs, @size: the attribute stream
 * @max: highest type wanted; @ret has @max + 1 entries and is zeroed first
 *
 * Return: 0, or -EBADMSG
 */
int nk_nl_parse(const void *attrs, size_t size, uint16_t max, const struct nlattr **ret);

/* Typed payloads: 0, or "" , where @attr is NULL or of another length. */
uint16_t nk_nl_u16(const struct nlattr *attr);
uint32_t nk_nl_u32(const struct nlattr *attr);
uint64_t nk_nl_u64(const struct nlattr *attr);
const char *nk_nl_str(const struct nlattr *attr);
int nk_nl_parse_nested(const struct nlattr *attr, uint16_t max, const struct nlattr **ret);

#endif
