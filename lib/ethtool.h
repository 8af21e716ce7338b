/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ethtool.h - generic netlink family "ethtool": the frame of its requests and replies
 *
 * What is asked for is in rss.h, feature.h and rings.h. The first attribute of every request and
 * reply is a header, which names the device. Bit sets come as lists of names: no request of ours
 * asks for the compact form.
 *
 * Source: Documentation/networking/ethtool-netlink.rst and net/ethtool/netlink.c.
 */
#ifndef NK_ETHTOOL_H
#define NK_ETHTOOL_H

#include "nl.h"

/* The header's attributes, for tables of names. */
extern const struct nk_nl_names nk_ethtool_header_names[];

/**
 * nk_ethtool_new() - a request, with its header
 * @flags: NLM_F_DUMP, or 0
 *
 * Return: the request, which nk_ethtool_do() frees, or NULL when out of memory
 */
struct nl_msg *nk_ethtool_new(struct nk_nl *nl, uint8_t command, int flags, uint32_t ifindex);

/**
 * nk_ethtool_do() - send a request, hand its replies to @reply, wait for the end
 * @request: of nk_ethtool_new(); NULL: it could not be built for want of memory
 *
 * Return: 0, or the kernel's errno, negative; -EOPNOTSUPP also where it has no family "ethtool"
 */
int nk_ethtool_do(struct nk_nl *nl, struct nl_msg *request, const struct nk_nl_names *names,
		  nk_nl_reply reply, void *data, struct nk_error *err);

/**
 * nk_ethtool_parse() - attributes of a reply into a table, like nk_nl_parse()
 * @max: highest type wanted; @tb has @max + 1 entries
 *
 * Return: 0, or -EBADMSG
 */
int nk_ethtool_parse(const struct nlmsghdr *reply, uint16_t max, const struct nlattr **tb,
		     struct nk_error *err);

#endif
