/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ethtool.h - generic netlink family "ethtool": what all its messages have in common
 *
 * rss.h, feature.h and rings.h have the requests. The first attribute of every message is a header that
 * names the device. Bit sets are lists of names, because we never ask for the compact form.
 *
 * Source: Documentation/networking/ethtool-netlink.rst and net/ethtool/netlink.c.
 */
#ifndef NK_ETHTOOL_H
#define NK_ETHTOOL_H

#include "kernel/nl.h"

/* The header's attributes, for tables of names. */
extern const struct nk_nl_names nk_ethtool_header_names[];

/**
 * nk_ethtool_new() - build a request that has only the header
 * @flags: NLM_F_DUMP, or 0
 *
 * Return: the request, which nk_ethtool_do() frees, or NULL if out of memory
 */
struct nl_msg *nk_ethtool_new(struct nk_nl *nl, uint8_t command, int flags, uint32_t ifindex);

/* nk_ethtool_new_large() - the same, with room for an RSS table */
struct nl_msg *nk_ethtool_new_large(struct nk_nl *nl, uint8_t command, uint32_t ifindex);

/**
 * nk_ethtool_do() - nk_nl_genl_do() for this family
 *
 * Return: as nk_nl_genl_do(); -EOPNOTSUPP also if the kernel has no family "ethtool"
 */
int nk_ethtool_do(struct nk_nl *nl, struct nl_msg *request, const struct nk_nl_names *names,
		  nk_nl_reply reply, void *data, struct nk_error *err);

/* nk_ethtool_parse() - nk_nl_parse_message() for a reply. Return: 0 or -EBADMSG */
int nk_ethtool_parse(const struct nlmsghdr *reply, uint16_t max, const struct nlattr **tb,
		     struct nk_error *err);

#endif
