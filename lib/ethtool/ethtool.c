// SPDX-License-Identifier: Apache-2.0
/* ethtool.c - generic netlink family "ethtool": build, send and parse messages */
#include "ethtool/ethtool.h"

#include "base/error.h"

#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "base/banned.h"

/* ETHTOOL_A_*_HEADER has one value in all messages. */
#define HEADER 1

_Static_assert(ETHTOOL_A_FEATURES_HEADER == HEADER && ETHTOOL_A_RINGS_HEADER == HEADER,
	       "the header is attribute 1");

const struct nk_nl_names nk_ethtool_header_names[] = {
	{ ETHTOOL_A_HEADER_DEV_INDEX, "dev-index", NULL },
	{ 0, NULL, NULL },
};

static struct nl_msg *create(struct nk_nl *nl, uint8_t command, int flags, uint32_t ifindex,
			     size_t size)
{
	struct nl_msg *msg = nk_nl_genl_new(nl, NK_NL_ETHTOOL, command, flags, size);
	struct nlattr *header;

	if (!msg)
		return NULL;
	header = nla_nest_start(msg, HEADER);
	if (!header || nla_put_u32(msg, ETHTOOL_A_HEADER_DEV_INDEX, ifindex)) {
		nlmsg_free(msg);
		return NULL;
	}
	nla_nest_end(msg, header);
	return msg;
}

struct nl_msg *nk_ethtool_new(struct nk_nl *nl, uint8_t command, int flags, uint32_t ifindex)
{
	return create(nl, command, flags, ifindex, NK_NL_GENL_SIZE);
}

struct nl_msg *nk_ethtool_new_large(struct nk_nl *nl, uint8_t command, uint32_t ifindex)
{
	return create(nl, command, 0, ifindex, NK_NL_GENL_LARGE);
}

int nk_ethtool_do(struct nk_nl *nl, struct nl_msg *request, const struct nk_nl_names *names,
		  nk_nl_reply reply, void *data, struct nk_error *err)
{
	if (nl->family[NK_NL_ETHTOOL] || !request)
		return nk_nl_genl_do(nl, request, names, reply, data, err);
	nlmsg_free(request);
	nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP, "the kernel refused",
		     "the kernel has no generic netlink family ethtool: EOPNOTSUPP");
	return nk_error_remedy(err, "run a kernel with CONFIG_ETHTOOL_NETLINK");
}

int nk_ethtool_parse(const struct nlmsghdr *reply, uint16_t max, const struct nlattr **tb,
		     struct nk_error *err)
{
	return nk_nl_parse_message(reply, GENL_HDRLEN, max, tb) ? nk_nl_garbled(err, "ethtool") : 0;
}
