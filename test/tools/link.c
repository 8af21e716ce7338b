// SPDX-License-Identifier: Apache-2.0
/* Reads one network device from rtnetlink, netkit's attributes included. */
#include "link.h"
#include "cli.h"
#include "netdev_uapi.h"
#include "nl.h"

#include <err.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

static void take_string(char *out, size_t size, const struct nlattr *attr)
{
	/* IFLA_IFALIAS comes without a NUL. */
	if (attr)
		snprintf(out, size, "%.*s", mnl_attr_get_payload_len(attr), mnl_attr_get_str(attr));
}

static void take_uint(uint32_t *out, const struct nlattr *attr)
{
	if (attr)
		*out = (uint32_t)nl_uint(attr);
}

static void take_linkinfo(struct link *link, const struct nlattr *info)
{
	const struct nlattr *tb[NL_ATTR_MAX], *data[NL_ATTR_MAX];

	nl_nested(info, tb);
	take_string(link->kind, sizeof(link->kind), tb[IFLA_INFO_KIND]);
	if (strcmp(link->kind, "netkit") != 0 || !tb[IFLA_INFO_DATA])
		return;
	nl_nested(tb[IFLA_INFO_DATA], data);
	link->has_pairing = data[NETKIT_ATTR_PAIRING];
	take_uint(&link->pairing, data[NETKIT_ATTR_PAIRING]);
	link->has_mode = data[NETKIT_ATTR_MODE];
	take_uint(&link->mode, data[NETKIT_ATTR_MODE]);
}

static void take_link(const struct nlmsghdr *msg, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	const struct nlattr *tb[NL_ATTR_MAX], *xdp[NL_ATTR_MAX];
	struct link *link = arg;

	if (msg->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(msg) < sizeof(*info))
		return;
	nl_attrs(msg, sizeof(*info), tb);
	link->ifindex = (uint32_t)info->ifi_index;
	link->flags = info->ifi_flags;
	take_string(link->name, sizeof(link->name), tb[IFLA_IFNAME]);
	take_string(link->alias, sizeof(link->alias), tb[IFLA_IFALIAS]);
	take_uint(&link->mtu, tb[IFLA_MTU]);
	take_uint(&link->group, tb[IFLA_GROUP]);
	take_uint(&link->num_rx, tb[IFLA_NUM_RX_QUEUES]);
	take_uint(&link->num_tx, tb[IFLA_NUM_TX_QUEUES]);
	if (tb[IFLA_ADDRESS] && mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) == sizeof(link->mac)) {
		memcpy(link->mac, mnl_attr_get_payload(tb[IFLA_ADDRESS]), sizeof(link->mac));
		link->has_mac = true;
	}
	if (tb[IFLA_LINKINFO])
		take_linkinfo(link, tb[IFLA_LINKINFO]);
	if (tb[IFLA_XDP]) {
		nl_nested(tb[IFLA_XDP], xdp);
		take_uint(&link->xdp, xdp[IFLA_XDP_ATTACHED]);
		take_uint(&link->xdp_prog, xdp[IFLA_XDP_PROG_ID]);
	}
}

void link_get(const char *netns, const char *name, struct link *ret_link)
{
	static struct nl nl;

	memset(ret_link, 0, sizeof(*ret_link));
	nl_open(&nl, NETLINK_ROUTE, netns);
	nl_request(&nl, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(&nl.request.msg, IFLA_IFNAME, name);
	if (nl_talk(&nl, take_link, ret_link))
		errx(CLI_SYSTEM, "read device %s in %s: %s", name,
		     netns ? netns : "the caller's network namespace", nl_why(&nl));
	nl_close(&nl);
}

const char *link_xdp_name(uint32_t xdp)
{
	switch (xdp) {
	case XDP_ATTACHED_NONE:
		return "none";
	case XDP_ATTACHED_DRV:
		return "native";
	case XDP_ATTACHED_SKB:
		return "generic";
	case XDP_ATTACHED_HW:
		return "hardware";
	default:
		return "several";
	}
}
