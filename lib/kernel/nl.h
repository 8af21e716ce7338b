/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nl.h - netlink transport: sockets of one netns, requests, and the kernel's answers
 *
 * struct nk_nl holds two sockets of one netns: rtnetlink over libmnl, generic netlink over
 * libnl-genl-3. nk_nl_do() and nk_nl_genl_do() send a request. If the kernel refuses it, the details
 * of the nk_error end in the text of the extended ACK, the name of the attribute, and the errno.
 *
 * Calling sequence: nk_nl_open(), requests, nk_nl_close(). A zeroed struct may be closed.
 */
#ifndef NK_NL_H
#define NK_NL_H

#include "kernel/nl_attr.h"

struct mnl_socket;
struct nk_error;
struct nl_msg;
struct nl_sock;

/* Sizes of generic netlink requests. */
#define NK_NL_GENL_SIZE	 1024
#define NK_NL_GENL_LARGE 16384 /* an RSS table is up to 8 KiB */

/* The generic netlink families that nk-cni uses. */
enum nk_nl_family {
	NK_NL_NETDEV,  /* since Linux 6.3 */
	NK_NL_ETHTOOL, /* since Linux 5.6 */
	NK_NL_FAMILIES,
};

struct nk_nl {
	struct mnl_socket *rtnl;
	unsigned int seq;
	struct nl_sock *genl;
	int family[NK_NL_FAMILIES]; /* their ids; 0: the kernel lacks the family */
	const char *where;	    /* "host" or "Pod", for error texts */
};

/* Names of attributes, which turn the offset in an extended ACK into ".linkinfo.data.mode". */
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

/* nk_nl_open_rtnl() - the same for rtnetlink alone: nk_nl_genl_do() is not possible */
int nk_nl_open_rtnl(struct nk_nl *nl, int netns_fd, const char *where, struct nk_error *err);

/* Called for each reply; returns 0, or a negative errno (with @err filled), which ends the request. */
typedef int (*nk_nl_reply)(const struct nlmsghdr *reply, void *data, struct nk_error *err);

/**
 * nk_nl_do() - send one rtnetlink request, pass its replies to @reply, wait for the end
 * @request: built by a *_put function; this function sets the sequence, NLM_F_REQUEST and, but for a get, NLM_F_ACK
 * @header: size of the family header, for example sizeof(struct ifinfomsg)
 * @names: of the request's attributes; NULL: an error shows their numbers
 * @reply: NULL: replies are ignored, and the ACK is the end. Otherwise 0 means that @reply was called, except for a
 *	   dump: an ACK without an object is -EBADMSG
 *
 * Return: 0, or the kernel's errno, negative, with error code 100. -EAGAIN: a dump was
 * interrupted three times.
 */
int nk_nl_do(struct nk_nl *nl, struct nlmsghdr *request, size_t header,
	     const struct nk_nl_names *names, nk_nl_reply reply, void *data, struct nk_error *err);

/* nk_nl_genl_new() - @size: room for it. Return: a request, which nk_nl_genl_do() frees, or NULL if out of memory */
struct nl_msg *nk_nl_genl_new(struct nk_nl *nl, enum nk_nl_family family, uint8_t command,
			      int flags, size_t size);

/**
 * nk_nl_genl_do() - nk_nl_do() for generic netlink; an interrupted dump is not repeated
 * @request: NULL: it could not be built for lack of memory
 *
 * Return: as nk_nl_do(); -EAGAIN: the dump was interrupted; -ENOMEM
 */
int nk_nl_genl_do(struct nk_nl *nl, struct nl_msg *request, const struct nk_nl_names *names,
		  nk_nl_reply reply, void *data, struct nk_error *err);

/**
 * nk_nl_genl_has_command() - does the netdev family of this kernel have the command?
 *
 * Return: 1 or 0, or a negative errno
 */
int nk_nl_genl_has_command(struct nk_nl *nl, uint8_t command, struct nk_error *err);

/* nk_nl_garbled() - the error for a reply that violates the kernel's format. Return: -EBADMSG */
int nk_nl_garbled(struct nk_error *err, const char *what);

#endif
