// SPDX-License-Identifier: Apache-2.0
/* link.c - network devices over rtnetlink */
#include "kernel/link.h"

#include "base/error.h"
#include "base/list.h"
#include "kernel/uapi.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static const struct nk_nl_names netkit_names[] = {
	{ NK_IFLA_NETKIT_PEER_INFO, "peer-info", NULL },
	{ NK_IFLA_NETKIT_PRIMARY, "primary", NULL },
	{ NK_IFLA_NETKIT_POLICY, "policy", NULL },
	{ NK_IFLA_NETKIT_PEER_POLICY, "peer-policy", NULL },
	{ NK_IFLA_NETKIT_MODE, "mode", NULL },
	{ NK_IFLA_NETKIT_SCRUB, "scrub", NULL },
	{ NK_IFLA_NETKIT_PEER_SCRUB, "peer-scrub", NULL },
	{ NK_IFLA_NETKIT_HEADROOM, "headroom", NULL },
	{ NK_IFLA_NETKIT_TAILROOM, "tailroom", NULL },
	{ NK_IFLA_NETKIT_PAIRING, "pairing", NULL },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names linkinfo_names[] = {
	{ IFLA_INFO_KIND, "kind", NULL },
	{ IFLA_INFO_DATA, "data", netkit_names },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names link_names[] = {
	{ IFLA_ADDRESS, "address", NULL },
	{ IFLA_IFNAME, "ifname", NULL },
	{ IFLA_MTU, "mtu", NULL },
	{ IFLA_LINKINFO, "linkinfo", linkinfo_names },
	{ IFLA_IFALIAS, "ifalias", NULL },
	{ IFLA_GROUP, "group", NULL },
	{ IFLA_NUM_TX_QUEUES, "num-tx-queues", NULL },
	{ IFLA_NUM_RX_QUEUES, "num-rx-queues", NULL },
	{ IFLA_TARGET_NETNSID, "target-netnsid", NULL },
	{ IFLA_ALT_IFNAME, "alt-ifname", NULL },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names nsid_names[] = {
	{ NETNSA_NSID, "nsid", NULL },
	{ NETNSA_FD, "fd", NULL },
	{ 0, NULL, NULL },
};

struct nlmsghdr *nk_link_put_header(void *buf, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	struct nlmsghdr *msg = nk_nl_put_header(buf, type, flags, sizeof(struct ifinfomsg));
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);

	ifi->ifi_index = (int)ifindex;
	return msg;
}

void nk_link_put_up(struct nlmsghdr *msg)
{
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);

	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
}

int nk_link_do(struct nk_nl *nl, struct nlmsghdr *msg, nk_nl_reply reply, void *data,
	       struct nk_error *err)
{
	return nk_nl_do(nl, msg, sizeof(struct ifinfomsg), link_names, reply, data, err);
}

/* get_u32() - Return: the value, or NK_UNSAID */
static uint32_t get_u32(const struct nlattr *attr)
{
	return attr ? nk_nl_u32(attr) : NK_UNSAID;
}

static int parse_vlan(const struct nlattr *attr, struct nk_link *link)
{
	const struct nlattr *data[IFLA_VLAN_PROTOCOL + 1];

	if (nk_nl_parse_nested(attr, IFLA_VLAN_PROTOCOL, data))
		return -EBADMSG;
	if (nk_nl_u16(data[IFLA_VLAN_PROTOCOL]) == htons(ETH_P_8021Q))
		link->vlan = nk_nl_u16(data[IFLA_VLAN_ID]);
	return 0;
}

static int parse_linkinfo(const struct nlattr *attr, struct nk_link *link)
{
	const struct nlattr *info[IFLA_INFO_SLAVE_KIND + 1], *data[NK_IFLA_NETKIT_PAIRING + 1];

	if (nk_nl_parse_nested(attr, IFLA_INFO_SLAVE_KIND, info))
		return -EBADMSG;
	snprintf(link->kind, sizeof(link->kind), "%s", nk_nl_str(info[IFLA_INFO_KIND]));
	snprintf(link->port_of, sizeof(link->port_of), "%s", nk_nl_str(info[IFLA_INFO_SLAVE_KIND]));
	if (!strcmp(link->kind, "vlan"))
		return parse_vlan(info[IFLA_INFO_DATA], link);
	if (strcmp(link->kind, "netkit") != 0)
		return 0;
	if (nk_nl_parse_nested(info[IFLA_INFO_DATA], NK_IFLA_NETKIT_PAIRING, data))
		return -EBADMSG;
	link->netkit = (struct nk_link_netkit){
		.pairing = get_u32(data[NK_IFLA_NETKIT_PAIRING]),
		.mode = get_u32(data[NK_IFLA_NETKIT_MODE]),
		.policy = get_u32(data[NK_IFLA_NETKIT_POLICY]),
		.peer_policy = get_u32(data[NK_IFLA_NETKIT_PEER_POLICY]),
		.scrub = get_u32(data[NK_IFLA_NETKIT_SCRUB]),
		.peer_scrub = get_u32(data[NK_IFLA_NETKIT_PEER_SCRUB]),
		.headroom = nk_nl_u16(data[NK_IFLA_NETKIT_HEADROOM]),
		.tailroom = nk_nl_u16(data[NK_IFLA_NETKIT_TAILROOM]),
	};
	return 0;
}

int nk_link_parse(const struct nlmsghdr *msg, struct nk_link *ret, struct nk_error *err)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	const struct nlattr *tb[IFLA_PARENT_DEV_BUS_NAME + 1], *xdp[IFLA_XDP_MAX + 1];
	struct nk_link link = { .netkit.pairing = NK_UNSAID };

	if (msg->nlmsg_type != RTM_NEWLINK ||
	    nk_nl_parse_message(msg, sizeof(*ifi), IFLA_PARENT_DEV_BUS_NAME, tb) ||
	    nk_nl_parse_nested(tb[IFLA_XDP], IFLA_XDP_MAX, xdp))
		return nk_nl_garbled(err, "RTM_NEWLINK");
	link.ifindex = (uint32_t)ifi->ifi_index;
	link.up = ifi->ifi_flags & IFF_UP;
	snprintf(link.name, sizeof(link.name), "%s", nk_nl_str(tb[IFLA_IFNAME]));
	(void)nk_nl_mac(tb[IFLA_ADDRESS], link.mac);
	(void)nk_nl_mac(tb[IFLA_PERM_ADDRESS], link.permanent_mac);
	link.mtu = nk_nl_u32(tb[IFLA_MTU]);
	link.peer_ifindex = nk_nl_u32(tb[IFLA_LINK]);
	link.peer_nsid = NK_NSID_HERE;
	if (tb[IFLA_LINK_NETNSID])
		link.peer_nsid = (int32_t)nk_nl_u32(tb[IFLA_LINK_NETNSID]);
	link.port_of_ifindex = nk_nl_u32(tb[IFLA_MASTER]);
	link.group = nk_nl_u32(tb[IFLA_GROUP]);
	link.num_rx_queues = nk_nl_u32(tb[IFLA_NUM_RX_QUEUES]);
	snprintf(link.alias, sizeof(link.alias), "%s", nk_nl_str(tb[IFLA_IFALIAS]));
	link.xdp_prog_id = nk_nl_u32(xdp[IFLA_XDP_PROG_ID]);
	snprintf(link.parent_bus, sizeof(link.parent_bus), "%s",
		 nk_nl_str(tb[IFLA_PARENT_DEV_BUS_NAME]));
	snprintf(link.parent_dev, sizeof(link.parent_dev), "%s",
		 nk_nl_str(tb[IFLA_PARENT_DEV_NAME]));
	if (parse_linkinfo(tb[IFLA_LINKINFO], &link))
		return nk_nl_garbled(err, "RTM_NEWLINK linkinfo");
	*ret = link;
	return 0;
}

int nk_link_parse_reply(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	return nk_link_parse(reply, data, err);
}

/* request_in() - nk_link_do() in the netns of that id. Return: as nk_link_do(); -ENODEV: the id is gone */
static int request_in(struct nk_nl *nl, int32_t nsid, struct nlmsghdr *msg, nk_nl_reply reply,
		      void *data, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc;

	if (nsid != NK_NSID_HERE)
		mnl_attr_put_u32(msg, IFLA_TARGET_NETNSID, (uint32_t)nsid);
	rc = nk_link_do(nl, msg, reply, data, &mine);
	if (rc == -EINVAL && nsid != NK_NSID_HERE) /* rtnl_get_net_ns_capable() */
		return nk_error_set(err, NK_CODE_KERNEL, ENODEV, "the kernel refused",
				    "the network namespace with nsid %d no longer exists", nsid);
	if (rc && err->code == NK_CODE_NONE)
		*err = mine;
	return rc;
}

int nk_link_get(struct nk_nl *nl, int32_t nsid, const char *name, uint32_t ifindex,
		struct nk_link *ret, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_link_put_header(buf, RTM_GETLINK, 0, name ? 0 : ifindex);
	int rc;

	if (name)
		mnl_attr_put_strz(msg, strlen(name) < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME,
				  name);
	rc = request_in(nl, nsid, msg, nk_link_parse_reply, ret, err);
	if (rc && name)
		nk_error_wrap(err, "read device %s (%s)", name, nl->where);
	else if (rc)
		nk_error_wrap(err, "read device with ifindex %u (%s)", ifindex, nl->where);
	return rc;
}

static int add_link(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct nk_link_list *list = data;
	struct nk_link link;
	int rc = nk_link_parse(reply, &link, err);

	return rc ? rc : nk_list_add(list, &link, err);
}

int nk_link_read(struct nk_nl *nl, int32_t nsid, const char *kind, struct nk_link_list *ret,
		 struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_link_put_header(buf, RTM_GETLINK, NLM_F_DUMP, 0);
	struct nlattr *info;
	int rc;

	if (kind) {
		info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
		mnl_attr_put_strz(msg, IFLA_INFO_KIND, kind);
		mnl_attr_nest_end(msg, info);
	}
	rc = request_in(nl, nsid, msg, add_link, ret, err);
	if (rc)
		nk_error_wrap(err, "list devices (%s)", nl->where);
	return rc;
}

int nk_link_set_up(struct nk_nl *nl, uint32_t ifindex, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_link_put_header(buf, RTM_NEWLINK, 0, ifindex);
	int rc;

	nk_link_put_up(msg);
	rc = nk_link_do(nl, msg, NULL, NULL, err);
	if (rc) {
		nk_error_class(err, NK_CODE_KERNEL, "cannot set the device up");
		nk_error_wrap(err, "set ifindex %u up (%s)", ifindex, nl->where);
	}
	return rc;
}

int nk_link_set_alias(struct nk_nl *nl, uint32_t ifindex, const char *alias, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE], text[NK_ALIAS_SIZE];
	struct nlmsghdr *msg;
	int rc;

	/* The kernel accepts 255 bytes with the NUL. */
	snprintf(text, sizeof(text) - 1, "%s", alias);
	msg = nk_link_put_header(buf, RTM_SETLINK, 0, ifindex);
	mnl_attr_put_strz(msg, IFLA_IFALIAS, text);
	rc = nk_link_do(nl, msg, NULL, NULL, err);
	if (rc)
		nk_error_wrap(err, "set the alias of ifindex %u (%s)", ifindex, nl->where);
	return rc;
}

static int change_altname(struct nk_nl *nl, uint16_t type, uint32_t ifindex, const char *name,
			  struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_link_put_header(buf, type, 0, ifindex);
	struct nlattr *list = mnl_attr_nest_start(msg, IFLA_PROP_LIST);
	int rc;

	mnl_attr_put_strz(msg, IFLA_ALT_IFNAME, name);
	mnl_attr_nest_end(msg, list);
	rc = nk_link_do(nl, msg, NULL, NULL, err);
	if (rc)
		nk_error_wrap(err, "altname %s of ifindex %u (%s)", name, ifindex, nl->where);
	return rc;
}

int nk_link_add_altname(struct nk_nl *nl, uint32_t ifindex, const char *name, struct nk_error *err)
{
	return change_altname(nl, RTM_NEWLINKPROP, ifindex, name, err);
}

int nk_link_remove_altname(struct nk_nl *nl, uint32_t ifindex, const char *name,
			   struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc = change_altname(nl, RTM_DELLINKPROP, ifindex, name, &mine);

	if (!rc || rc == -ENODEV || rc == -ENOENT)
		return 0;
	*err = err->code == NK_CODE_NONE ? mine : *err;
	return rc;
}

int nk_link_remove(struct nk_nl *nl, int32_t nsid, uint32_t ifindex, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	char buf[NK_NL_REQUEST_SIZE];
	int rc = request_in(nl, nsid, nk_link_put_header(buf, RTM_DELLINK, 0, ifindex), NULL, NULL,
			    &mine);

	if (!rc || rc == -ENODEV)
		return 0;
	nk_error_wrap(&mine, "delete device with ifindex %u (%s)", ifindex, nl->where);
	if (err->code == NK_CODE_NONE)
		*err = mine;
	return rc;
}

static int parse_nsid(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[NETNSA_NSID + 1];

	if (nk_nl_parse_message(reply, sizeof(struct rtgenmsg), NETNSA_NSID, tb))
		return nk_nl_garbled(err, "RTM_NEWNSID");
	*(int32_t *)data = tb[NETNSA_NSID] ? (int32_t)nk_nl_u32(tb[NETNSA_NSID]) : NK_NSID_HERE;
	return 0;
}

static int request_nsid(struct nk_nl *nl, struct nlmsghdr *msg, nk_nl_reply reply, void *data,
			struct nk_error *err)
{
	return nk_nl_do(nl, msg, sizeof(struct rtgenmsg), nsid_names, reply, data, err);
}

static int get_nsid(struct nk_nl *nl, int netns_fd, int32_t *ret, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_nl_put_header(buf, RTM_GETNSID, 0, sizeof(struct rtgenmsg));

	mnl_attr_put_u32(msg, NETNSA_FD, (uint32_t)netns_fd);
	return request_nsid(nl, msg, parse_nsid, ret, err);
}

/* allocate_nsid() - Return: 0, also if another process was faster; or a negative errno */
static int allocate_nsid(struct nk_nl *nl, int netns_fd, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_nl_put_header(buf, RTM_NEWNSID, 0, sizeof(struct rtgenmsg));
	struct nk_error mine = { 0 };
	int rc;

	mnl_attr_put_u32(msg, NETNSA_FD, (uint32_t)netns_fd);
	mnl_attr_put_u32(msg, NETNSA_NSID, (uint32_t)-1); /* any free id */
	rc = request_nsid(nl, msg, NULL, NULL, &mine);
	if (!rc || rc == -EEXIST)
		return 0;
	*err = mine;
	return rc;
}

int nk_link_nsid(struct nk_nl *nl, int netns_fd, bool allocate, int32_t *ret, struct nk_error *err)
{
	int rc = get_nsid(nl, netns_fd, ret, err);

	if (!rc && *ret < 0 && allocate) {
		rc = allocate_nsid(nl, netns_fd, err);
		if (!rc)
			rc = get_nsid(nl, netns_fd, ret, err);
	}
	if (!rc && *ret < 0)
		rc = nk_error_set(err, NK_CODE_KERNEL, ENOENT, "a network namespace has no nsid",
				  "ENOENT");
	if (rc)
		nk_error_wrap(err, "nsid of a network namespace (%s)", nl->where);
	return rc;
}

static int add_nsid(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct nk_nsid_list *list = data;
	int32_t nsid = NK_NSID_HERE;
	int rc = parse_nsid(reply, &nsid, err);

	return rc || nsid < 0 ? rc : nk_list_add(list, &nsid, err);
}

int nk_link_read_nsids(struct nk_nl *nl, struct nk_nsid_list *ret, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	int rc = request_nsid(
		nl, nk_nl_put_header(buf, RTM_GETNSID, NLM_F_DUMP, sizeof(struct rtgenmsg)),
		add_nsid, ret, err);

	if (rc)
		nk_error_wrap(err, "list the nsids (%s)", nl->where);
	return rc;
}
