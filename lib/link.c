// SPDX-License-Identifier: Apache-2.0
/* link.c - network devices over rtnetlink */
#include "link.h"

#include "error.h"
#include "nl.h"
#include "sysnet.h"
#include "uapi.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

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
	struct nlmsghdr *msg;
	struct ifinfomsg *ifi;

	memset(buf, 0, NK_NL_REQUEST_SIZE); /* libmnl leaves the padding as it was */
	msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = type;
	msg->nlmsg_flags = flags;
	ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	return msg;
}

int nk_link_do(struct nk_nl *nl, struct nlmsghdr *msg, nk_nl_reply reply, void *data,
	       struct nk_error *err)
{
	return nk_nl_do(nl, msg, sizeof(struct ifinfomsg), link_names, reply, data, err);
}

/* u32_or() - what the kernel said, or that it said nothing: it is older than the attribute */
static uint32_t u32_or(const struct nlattr *attr)
{
	return attr ? nk_nl_u32(attr) : NK_UNSAID;
}

static int parse_linkinfo(const struct nlattr *attr, struct nk_link *link)
{
	const struct nlattr *info[IFLA_INFO_SLAVE_KIND + 1], *data[NK_IFLA_NETKIT_PAIRING + 1];

	if (nk_nl_parse_nested(attr, IFLA_INFO_SLAVE_KIND, info))
		return -EBADMSG;
	snprintf(link->kind, sizeof(link->kind), "%s", nk_nl_str(info[IFLA_INFO_KIND]));
	snprintf(link->port_of, sizeof(link->port_of), "%s", nk_nl_str(info[IFLA_INFO_SLAVE_KIND]));
	if (strcmp(link->kind, "netkit") != 0)
		return 0;
	if (nk_nl_parse_nested(info[IFLA_INFO_DATA], NK_IFLA_NETKIT_PAIRING, data))
		return -EBADMSG;
	link->netkit = (struct nk_link_netkit){
		.pairing = u32_or(data[NK_IFLA_NETKIT_PAIRING]),
		.mode = u32_or(data[NK_IFLA_NETKIT_MODE]),
		.policy = u32_or(data[NK_IFLA_NETKIT_POLICY]),
		.peer_policy = u32_or(data[NK_IFLA_NETKIT_PEER_POLICY]),
		.scrub = u32_or(data[NK_IFLA_NETKIT_SCRUB]),
		.peer_scrub = u32_or(data[NK_IFLA_NETKIT_PEER_SCRUB]),
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
	const size_t skip = NLMSG_LENGTH(sizeof(*ifi));

	if (msg->nlmsg_type != RTM_NEWLINK || msg->nlmsg_len < skip ||
	    nk_nl_parse((const char *)msg + skip, msg->nlmsg_len - skip, IFLA_PARENT_DEV_BUS_NAME,
			tb) ||
	    nk_nl_parse_nested(tb[IFLA_XDP], IFLA_XDP_MAX, xdp))
		return nk_nl_garbled(err, "RTM_NEWLINK");
	link.ifindex = (uint32_t)ifi->ifi_index;
	link.up = ifi->ifi_flags & IFF_UP;
	snprintf(link.name, sizeof(link.name), "%s", nk_nl_str(tb[IFLA_IFNAME]));
	if (tb[IFLA_ADDRESS] && mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) == NK_MAC_LEN)
		memcpy(link.mac, mnl_attr_get_payload(tb[IFLA_ADDRESS]), NK_MAC_LEN);
	if (tb[IFLA_PERM_ADDRESS] && mnl_attr_get_payload_len(tb[IFLA_PERM_ADDRESS]) == NK_MAC_LEN)
		memcpy(link.permanent_mac, mnl_attr_get_payload(tb[IFLA_PERM_ADDRESS]), NK_MAC_LEN);
	link.mtu = nk_nl_u32(tb[IFLA_MTU]);
	link.peer_ifindex = nk_nl_u32(tb[IFLA_LINK]);
	link.peer_nsid = NK_NSID_HERE;
	if (tb[IFLA_LINK_NETNSID])
		link.peer_nsid = (int32_t)nk_nl_u32(tb[IFLA_LINK_NETNSID]);
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

int nk_link_get(struct nk_nl *nl, int32_t nsid, const char *name, uint32_t ifindex,
		struct nk_link *ret, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg;
	int rc;

	msg = nk_link_put_header(buf, RTM_GETLINK, 0, name ? 0 : ifindex);
	if (name && strlen(name) < IFNAMSIZ)
		mnl_attr_put_strz(msg, IFLA_IFNAME, name);
	else if (name)
		mnl_attr_put_strz(msg, IFLA_ALT_IFNAME, name);
	if (nsid != NK_NSID_HERE)
		mnl_attr_put_u32(msg, IFLA_TARGET_NETNSID, (uint32_t)nsid);
	rc = nk_link_do(nl, msg, nk_link_parse_reply, ret, err);
	if (rc == -EINVAL && nsid != NK_NSID_HERE) {
		/* The kernel's word for an id that no netns has (rtnl_get_net_ns_capable). */
		nk_error_reset(err);
		rc = nk_error_set(err, NK_CODE_KERNEL, ENODEV, "the kernel refused",
				  "netns id %d is gone", nsid);
	}
	if (rc && name)
		nk_error_wrap(err, "read device %s (%s)", name, nl->where);
	else if (rc)
		nk_error_wrap(err, "read device with ifindex %u (%s)", ifindex, nl->where);
	return rc;
}

struct walk {
	int (*fn)(const struct nk_link *link, void *data, struct nk_error *err);
	void *data;
};

static int visit(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct walk *walk = data;
	struct nk_link link;
	int rc = nk_link_parse(reply, &link, err);

	return rc ? rc : walk->fn(&link, walk->data, err);
}

int nk_link_each(struct nk_nl *nl, int32_t nsid, const char *kind,
		 int (*fn)(const struct nk_link *link, void *data, struct nk_error *err),
		 void *data, struct nk_error *err)
{
	struct walk walk = { .fn = fn, .data = data };
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_link_put_header(buf, RTM_GETLINK, NLM_F_DUMP, 0);
	struct nlattr *info;
	int rc;

	if (kind) {
		info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
		mnl_attr_put_strz(msg, IFLA_INFO_KIND, kind);
		mnl_attr_nest_end(msg, info);
	}
	if (nsid != NK_NSID_HERE)
		mnl_attr_put_u32(msg, IFLA_TARGET_NETNSID, (uint32_t)nsid);
	rc = nk_link_do(nl, msg, visit, &walk, err);
	if (rc == -EINVAL && nsid != NK_NSID_HERE) {
		nk_error_reset(err);
		rc = nk_error_set(err, NK_CODE_KERNEL, ENODEV, "the kernel refused",
				  "netns id %d is gone", nsid);
	}
	if (rc)
		nk_error_wrap(err, "list devices (%s)", nl->where);
	return rc;
}

int nk_link_set_alias(struct nk_nl *nl, uint32_t ifindex, const char *alias, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE], text[NK_ALIAS_SIZE];
	struct nlmsghdr *msg;
	int rc;

	snprintf(text, sizeof(text) - 1, "%s", alias); /* the kernel takes 255 with the NUL */
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
	struct nlmsghdr *msg;
	int rc;

	msg = nk_link_put_header(buf, RTM_DELLINK, 0, ifindex);
	if (nsid != NK_NSID_HERE)
		mnl_attr_put_u32(msg, IFLA_TARGET_NETNSID, (uint32_t)nsid);
	rc = nk_link_do(nl, msg, NULL, NULL, &mine);
	if (!rc || rc == -ENODEV || (rc == -EINVAL && nsid != NK_NSID_HERE))
		return 0;
	nk_error_wrap(&mine, "delete device with ifindex %u (%s)", ifindex, nl->where);
	if (err->code == NK_CODE_NONE)
		*err = mine;
	return rc;
}

static int parse_nsid(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[NETNSA_NSID + 1];
	const size_t skip = NLMSG_SPACE(sizeof(struct rtgenmsg));

	if (reply->nlmsg_len < skip ||
	    nk_nl_parse((const char *)reply + skip, reply->nlmsg_len - skip, NETNSA_NSID, tb))
		return nk_nl_garbled(err, "RTM_NEWNSID");
	*(int32_t *)data = tb[NETNSA_NSID] ? (int32_t)nk_nl_u32(tb[NETNSA_NSID]) : NK_NSID_HERE;
	return 0;
}

static int do_nsid(struct nk_nl *nl, uint16_t type, int netns_fd, int32_t *ret,
		   struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE] = { 0 };
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);

	msg->nlmsg_type = type;
	mnl_nlmsg_put_extra_header(msg, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(msg, NETNSA_FD, (uint32_t)netns_fd);
	if (type == RTM_NEWNSID)
		mnl_attr_put_u32(msg, NETNSA_NSID, (uint32_t)-1); /* any that is free */
	return nk_nl_do(nl, msg, sizeof(struct rtgenmsg), nsid_names,
			type == RTM_GETNSID ? parse_nsid : NULL, ret, err);
}

int nk_link_nsid(struct nk_nl *nl, int netns_fd, bool allocate, int32_t *ret, struct nk_error *err)
{
	int rc = do_nsid(nl, RTM_GETNSID, netns_fd, ret, err);

	if (!rc && *ret < 0 && allocate) {
		rc = do_nsid(nl, RTM_NEWNSID, netns_fd, NULL, err);
		if (rc == -EEXIST) { /* somebody else was quicker */
			nk_error_reset(err);
			rc = 0;
		}
		if (!rc)
			rc = do_nsid(nl, RTM_GETNSID, netns_fd, ret, err);
	}
	if (!rc && *ret < 0)
		rc = nk_error_set(err, NK_CODE_KERNEL, ENOENT, "netns has no id", "%s", nl->where);
	if (rc)
		nk_error_wrap(err, "netns id (%s)", nl->where);
	return rc;
}

struct nsids {
	int32_t *list;
	size_t count;
};

static int note_nsid(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct nsids *nsids = data;
	int32_t nsid = NK_NSID_HERE, *grown;
	int rc = parse_nsid(reply, &nsid, err);

	if (rc || nsid < 0)
		return rc;
	grown = reallocarray(nsids->list, nsids->count + 1, sizeof(*grown));
	if (!grown)
		return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	nsids->list = grown;
	grown[nsids->count++] = nsid;
	return 0;
}

int nk_link_list_nsids(struct nk_nl *nl, int32_t **ret, size_t *ret_count, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE] = { 0 };
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct nsids nsids = { 0 };
	int rc;

	msg->nlmsg_type = RTM_GETNSID;
	msg->nlmsg_flags = NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(msg, sizeof(struct rtgenmsg));
	rc = nk_nl_do(nl, msg, sizeof(struct rtgenmsg), nsid_names, note_nsid, &nsids, err);
	if (rc)
		nk_error_wrap(err, "list netns ids (%s)", nl->where);
	*ret = nsids.list;
	*ret_count = nsids.count;
	return rc;
}

static void link_to_nic(const struct nk_link *link, struct nk_nic *nic)
{
	*nic = (struct nk_nic){
		.ifindex = link->ifindex,
		.mtu = link->mtu,
		.up = link->up,
		.num_rx_queues = link->num_rx_queues,
		.xdp_prog_id = link->xdp_prog_id,
	};
	memcpy(nic->name, link->name, sizeof(nic->name));
	memcpy(nic->mac, link->mac, sizeof(nic->mac));
	memcpy(nic->permanent_mac, link->permanent_mac, sizeof(nic->permanent_mac));
	memcpy(nic->parent_bus, link->parent_bus, sizeof(nic->parent_bus));
	memcpy(nic->parent_dev, link->parent_dev, sizeof(nic->parent_dev));
	if (!strcmp(link->parent_bus, "pci"))
		snprintf(nic->pci_id, sizeof(nic->pci_id), "%.15s", link->parent_dev);
	else if (*link->parent_bus)
		nk_sysnet_pci(link->parent_bus, link->parent_dev, nic->pci_id);
}

/* A NIC looked for by the device that it is of. */
struct search {
	const char *device;
	unsigned int of, below; /* how many are of it, and of parts of it */
	struct nk_nic nic;
};

static int compare_device(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct search *search = data;
	struct nk_link link = { 0 };
	struct nk_nic nic;
	int rc = nk_link_parse(reply, &link, err);

	if (rc || !*link.parent_dev)
		return rc;
	link_to_nic(&link, &nic);
	if (!strcmp(nic.parent_dev, search->device)) {
		search->of++;
		search->nic = nic;
	} else if (!strcmp(nic.pci_id, search->device)) {
		search->below++;
		if (!search->of)
			search->nic = nic;
	}
	return 0;
}

/* find_by_device() - Return: 0, or -ENODEV, which fills no error, or another negative errno */
static int find_by_device(struct nk_nl *nl, const char *device, struct nk_nic *ret,
			  struct nk_error *err)
{
	struct search search = { .device = device };
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_link_put_header(buf, RTM_GETLINK, NLM_F_DUMP, 0);
	int rc = nk_link_do(nl, msg, compare_device, &search, err);
	unsigned int count = search.of ? search.of : search.below;

	if (rc || !count)
		return rc ? rc : -ENODEV;
	if (count > 1)
		return nk_error_set(err, NK_CODE_CONFIG, ENOTUNIQ, "a device has several NICs",
				    "%u network devices are of %s: name the one that is meant",
				    count, device);
	*ret = search.nic;
	return 0;
}

int nk_nic_get(struct nk_nl *nl, const char *name, struct nk_nic *ret, struct nk_error *err)
{
	struct nk_error unnamed = { 0 };
	struct nk_link link;
	int rc, by_device;

	rc = nk_link_get(nl, NK_NSID_HERE, name, 0, &link, &unnamed);
	if (!rc)
		link_to_nic(&link, ret);
	by_device = rc == -ENODEV && strlen(name) < NK_PARENT_SIZE ?
			    find_by_device(nl, name, ret, err) :
			    rc;
	if (by_device == rc && rc)
		*err = unnamed;
	return by_device;
}

int nk_nic_get_by_index(struct nk_nl *nl, uint32_t ifindex, struct nk_nic *ret,
			struct nk_error *err)
{
	struct nk_link link;
	int rc = nk_link_get(nl, NK_NSID_HERE, NULL, ifindex, &link, err);

	if (!rc)
		link_to_nic(&link, ret);
	return rc;
}
