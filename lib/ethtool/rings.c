// SPDX-License-Identifier: Apache-2.0
/* rings.c - receive ring parameters over ethtool netlink */
#include "ethtool/rings.h"

#include "base/error.h"
#include "ethtool/ethtool.h"
#include "kernel/uapi.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "base/banned.h"

static const struct nk_nl_names names[] = {
	{ ETHTOOL_A_RINGS_HEADER, "header", nk_ethtool_header_names },
	{ ETHTOOL_A_RINGS_TCP_DATA_SPLIT, "tcp-data-split", NULL },
	{ NK_ETHTOOL_A_RINGS_HDS_THRESH, "hds-thresh", NULL },
	{ 0, NULL, NULL },
};

static int take_state(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[NK_ETHTOOL_A_RINGS_HDS_THRESH_MAX + 1], *split;
	struct nk_rings_state *ret = data;
	int rc = nk_ethtool_parse(reply, NK_ETHTOOL_A_RINGS_HDS_THRESH_MAX, tb, err);

	if (rc)
		return rc;
	split = tb[ETHTOOL_A_RINGS_TCP_DATA_SPLIT];
	if (split && mnl_attr_get_payload_len(split) != sizeof(ret->split))
		return nk_nl_garbled(err, "ethtool rings");
	*ret = (struct nk_rings_state){
		.has_split = split != NULL,
		.split = split ? mnl_attr_get_u8(split) : ETHTOOL_TCP_DATA_SPLIT_UNKNOWN,
		.has_threshold = tb[NK_ETHTOOL_A_RINGS_HDS_THRESH] != NULL,
		.threshold = nk_nl_u32(tb[NK_ETHTOOL_A_RINGS_HDS_THRESH]),
		.threshold_max = nk_nl_u32(tb[NK_ETHTOOL_A_RINGS_HDS_THRESH_MAX]),
	};
	return 0;
}

int nk_rings_get(struct nk_nl *nl, uint32_t ifindex, struct nk_rings_state *ret,
		 struct nk_error *err)
{
	int rc;

	*ret = (struct nk_rings_state){ 0 };
	rc = nk_ethtool_do(nl, nk_ethtool_new(nl, ETHTOOL_MSG_RINGS_GET, 0, ifindex), names,
			   take_state, ret, err);
	if (rc)
		nk_error_class(err, err->code, "cannot read the ring parameters");
	return rc;
}

/* set_parameter() - @key: the configuration's, for the remedy */
static int set_parameter(struct nk_nl *nl, uint32_t ifindex, int attr, const void *value, int size,
			 const char *key, struct nk_error *err)
{
	struct nl_msg *msg = nk_ethtool_new(nl, ETHTOOL_MSG_RINGS_SET, 0, ifindex);
	int rc;

	if (msg && nla_put(msg, attr, size, value)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	rc = nk_ethtool_do(nl, msg, names, NULL, NULL, err);
	if (rc == -EOPNOTSUPP && !*err->remedy)
		nk_error_remedy(err, "leave out rings.%s: the NIC's driver has no such setting",
				key);
	return rc;
}

int nk_rings_set_split(struct nk_nl *nl, uint32_t ifindex, uint8_t split, struct nk_error *err)
{
	static const char *const to[] = {
		[ETHTOOL_TCP_DATA_SPLIT_UNKNOWN] = "the driver's default",
		[ETHTOOL_TCP_DATA_SPLIT_DISABLED] = "off",
		[ETHTOOL_TCP_DATA_SPLIT_ENABLED] = "on",
	};
	int rc = set_parameter(nl, ifindex, ETHTOOL_A_RINGS_TCP_DATA_SPLIT, &split, sizeof(split),
			       "tcpDataSplit", err);

	if (rc)
		nk_error_class(err, err->code, "cannot set TCP data split to %s",
			       split <= ETHTOOL_TCP_DATA_SPLIT_ENABLED ? to[split] :
									 "an unknown value");
	return rc;
}

int nk_rings_set_threshold(struct nk_nl *nl, uint32_t ifindex, uint32_t bytes, struct nk_error *err)
{
	int rc = set_parameter(nl, ifindex, NK_ETHTOOL_A_RINGS_HDS_THRESH, &bytes, sizeof(bytes),
			       "hdsThreshold", err);

	if (rc)
		nk_error_class(err, err->code, "cannot set the header split threshold to %u",
			       bytes);
	return rc;
}
