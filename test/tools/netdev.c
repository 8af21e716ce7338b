// SPDX-License-Identifier: Apache-2.0
/* netdev: reads queues, features and links from the kernel; makes and leases a netkit by hand. */
#include "cli.h"
#include "contexts.h"
#include "link.h"
#include "netdev_uapi.h"
#include "netns.h"
#include "nl.h"
#include "print.h"
#include "queues.h"

#include <err.h>
#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <unistd.h>

static const char *netns, *dev;
static bool json;

static struct nl route, genl;

static int open_family(const char *path, const char *name)
{
	int family;

	nl_open(&genl, NETLINK_GENERIC, path);
	family = nl_genl_family(&genl, name);
	if (family < 0)
		errx(CLI_SYSTEM, "look up generic netlink family %s: %s", name, nl_why(&genl));
	return family;
}

static int open_genl(const char *path)
{
	return open_family(path, "netdev");
}

static int run_queues(int argc, char **argv)
{
	struct queues view = { 0 };
	bool one = false;
	uint64_t id;
	const struct cli_opt options[] = {
		{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the device" },
		{ "dev", CLI_STR, &dev, .help = "NAME", .required = true },
		{ "queue", CLI_U64, &id, 0, UINT32_MAX, .help = "N: only this rx queue",
		  .given = &one },
		{ "all", CLI_FLAG, &view.all, .help = ": tx queues too" },
		{ "json", CLI_FLAG, &json, .help = ": a JSON array instead of a line per queue" },
		{ 0 },
	};
	struct link link;
	int family;

	cli_parse(options, argc, argv);
	link_get(netns, dev, &link);
	family = open_genl(netns);
	nl_genl_request(&genl, (uint16_t)family, one ? 0 : NLM_F_DUMP, NETDEV_CMD_QUEUE_GET);
	mnl_attr_put_u32(&genl.request.msg, NETDEV_A_QUEUE_IFINDEX, link.ifindex);
	if (one) {
		mnl_attr_put_u32(&genl.request.msg, NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
		mnl_attr_put_u32(&genl.request.msg, NETDEV_A_QUEUE_ID, (uint32_t)id);
	}
	queues_begin(&view, json);
	if (nl_talk(&genl, queues_row, &view))
		errx(CLI_SYSTEM, "get %s of %s: %s%s", one ? "that queue" : "queues", dev,
		     nl_why(&genl), link.flags & IFF_UP ? "" : "; the device is down, set it up");
	queues_end(&view);
	/* The kernel answers a dump of a device that is down with nothing at all. */
	if (!view.rows)
		warnx("%s shows no queue%s", dev, link.flags & IFF_UP ? "" : ": it is down");
	return CLI_OK;
}

/* Names of the bits that are set; a bit without a name is still in the raw number. */
static void print_bits(struct print *p, const char *key, uint64_t bits, const char *const *names)
{
	print_begin(p, key, '[');
	for (; *names; names++, bits >>= 1)
		if (bits & 1)
			print_str(p, NULL, *names);
	print_end(p, ']');
}

static void print_features(const struct nlmsghdr *msg, void *arg)
{
	static const char *const xdp[] = { "basic",	 "redirect", "ndo-xmit",    "xsk-zerocopy",
					   "hw-offload", "rx-sg",    "ndo-xmit-sg", NULL };
	static const struct {
		int type;
		const char *key;
	} fields[] = {
		{ NETDEV_A_DEV_IFINDEX, "ifindex" },
		{ NETDEV_A_DEV_XDP_FEATURES, "xdp-features" },
		{ NETDEV_A_DEV_XDP_ZC_MAX_SEGS, "xdp-zc-max-segs" },
		{ NETDEV_A_DEV_XDP_RX_METADATA, "xdp-rx-metadata-features" },
		{ NETDEV_A_DEV_XSK_FEATURES, "xsk-features" },
	};
	const struct nlattr *tb[NL_ATTR_MAX];
	struct print *p = arg;
	size_t i;

	nl_attrs(msg, sizeof(struct genlmsghdr), tb);
	print_begin(p, NULL, '{');
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (tb[fields[i].type])
			print_u64(p, fields[i].key, nl_uint(tb[fields[i].type]));
	if (tb[NETDEV_A_DEV_XDP_FEATURES])
		print_bits(p, "xdp-features-names", nl_uint(tb[NETDEV_A_DEV_XDP_FEATURES]), xdp);
	print_end(p, '}');
	print_newline(p);
}

static int run_features(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the device" },
		{ "dev", CLI_STR, &dev, .help = "NAME", .required = true },
		{ "json", CLI_FLAG, &json, .help = ": JSON" },
		{ 0 },
	};
	struct print p;
	struct link link;
	int family;

	cli_parse(options, argc, argv);
	link_get(netns, dev, &link);
	family = open_genl(netns);
	nl_genl_request(&genl, (uint16_t)family, 0, NETDEV_CMD_DEV_GET);
	mnl_attr_put_u32(&genl.request.msg, NETDEV_A_DEV_IFINDEX, link.ifindex);
	print_init(&p, json);
	if (nl_talk(&genl, print_features, &p))
		errx(CLI_SYSTEM, "get features of %s: %s", dev, nl_why(&genl));
	return CLI_OK;
}

static int run_contexts(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "dev", CLI_STR, &dev, .help = "NAME", .required = true },
		{ "json", CLI_FLAG, &json, .help = ": JSON" },
		{ 0 },
	};
	struct link link;
	int family;

	cli_parse(options, argc, argv);
	link_get(NULL, dev, &link);
	family = open_family(NULL, "ethtool");
	if (contexts_print(&genl, (uint16_t)family, link.ifindex, json))
		errx(CLI_SYSTEM, "get RSS contexts of %s: %s", dev, nl_why(&genl));
	return CLI_OK;
}

static void print_rings(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *tb[NL_ATTR_MAX];
	struct print *p = arg;

	nl_attrs(msg, sizeof(struct genlmsghdr), tb);
	print_begin(p, NULL, '{');
	if (tb[RINGS_ATTR_SPLIT])
		print_u64(p, "tcp-data-split", nl_uint(tb[RINGS_ATTR_SPLIT]));
	if (tb[RINGS_ATTR_HDS_THRESHOLD])
		print_u64(p, "hds-thresh", nl_uint(tb[RINGS_ATTR_HDS_THRESHOLD]));
	print_end(p, '}');
	print_newline(p);
}

static void request_rings(int family, uint8_t command, uint32_t ifindex)
{
	struct nlattr *header;

	nl_genl_request(&genl, (uint16_t)family, 0, command);
	header = mnl_attr_nest_start(&genl.request.msg, ETHTOOL_A_RINGS_HEADER);
	mnl_attr_put_u32(&genl.request.msg, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_nest_end(&genl.request.msg, header);
}

static int run_rings(int argc, char **argv)
{
	uint64_t threshold;
	bool set = false;
	const struct cli_opt options[] = {
		{ "dev", CLI_STR, &dev, .help = "NAME", .required = true },
		{ "set-hds-thresh", CLI_U64, &threshold, 0, UINT32_MAX, .given = &set,
		  .help = "B: set it before" },
		{ "json", CLI_FLAG, &json, .help = ": JSON" },
		{ 0 },
	};
	struct print p;
	struct link link;
	int family;

	cli_parse(options, argc, argv);
	link_get(NULL, dev, &link);
	family = open_family(NULL, "ethtool");
	if (set) {
		request_rings(family, ETHTOOL_MSG_RINGS_SET, link.ifindex);
		mnl_attr_put_u32(&genl.request.msg, RINGS_ATTR_HDS_THRESHOLD, (uint32_t)threshold);
		if (nl_talk(&genl, NULL, NULL))
			errx(CLI_SYSTEM, "set hds-thresh of %s to %llu: %s", dev,
			     (unsigned long long)threshold, nl_why(&genl));
	}
	request_rings(family, ETHTOOL_MSG_RINGS_GET, link.ifindex);
	print_init(&p, json);
	if (nl_talk(&genl, print_rings, &p))
		errx(CLI_SYSTEM, "get ring parameters of %s: %s", dev, nl_why(&genl));
	return CLI_OK;
}

static void print_link(const struct link *link)
{
	struct print p;

	print_init(&p, json);
	print_begin(&p, NULL, '{');
	print_str(&p, "name", link->name);
	print_u64(&p, "ifindex", link->ifindex);
	print_str(&p, "kind", link->kind);
	if (link->has_pairing)
		print_u64(&p, "pairing", link->pairing);
	if (link->has_mode)
		print_u64(&p, "mode", link->mode);
	print_u64(&p, "numrxqueues", link->num_rx);
	print_u64(&p, "numtxqueues", link->num_tx);
	print_u64(&p, "group", link->group);
	print_str(&p, "alias", link->alias);
	if (link->has_mac)
		print_hex(&p, "mac", link->mac, sizeof(link->mac), ':');
	print_u64(&p, "mtu", link->mtu);
	print_bool(&p, "up", link->flags & IFF_UP);
	print_str(&p, "xdp", link_xdp_name(link->xdp));
	print_u64(&p, "xdp-prog-id", link->xdp_prog);
	print_end(&p, '}');
	print_newline(&p);
}

static int run_link(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the device" },
		{ "dev", CLI_STR, &dev, .help = "NAME", .required = true },
		{ "json", CLI_FLAG, &json, .help = ": JSON" },
		{ 0 },
	};
	struct link link;

	cli_parse(options, argc, argv);
	link_get(netns, dev, &link);
	print_link(&link);
	return CLI_OK;
}

static int run_single(int argc, char **argv)
{
	uint8_t mac[CLI_MAC_LEN];
	uint64_t queues, mtu;
	bool mac_given = false, mtu_given = false, down = false;
	const struct cli_opt options[] = {
		{ "netns", CLI_STR, &netns, .help = "PATH: network namespace to make it in" },
		{ "name", CLI_STR, &dev, .help = "NAME", .required = true },
		{ "queues", CLI_U64, &queues, 0, 1023, .required = true,
		  .help = "N: how many it can lease; the kernel's count is one more" },
		{ "mac", CLI_MAC, mac, .help = "MAC: default random", .given = &mac_given },
		{ "mtu", CLI_U64, &mtu, 68, 65535, .help = "M: default 1500", .given = &mtu_given },
		{ "down", CLI_FLAG, &down, .help = ": leave it down" },
		{ "json", CLI_FLAG, &json, .help = ": JSON" },
		{ 0 },
	};
	struct nlmsghdr *msg = &route.request.msg;
	struct nlattr *info, *data;
	struct ifinfomsg *head;
	struct link link;
	int ret;

	cli_parse(options, argc, argv);
	nl_open(&route, NETLINK_ROUTE, netns);
	head = nl_request(&route, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*head));
	head->ifi_flags = head->ifi_change = down ? 0 : IFF_UP;
	mnl_attr_put_strz(msg, IFLA_IFNAME, dev);
	mnl_attr_put_u32(msg, IFLA_NUM_RX_QUEUES, (uint32_t)queues + 1);
	if (mac_given)
		mnl_attr_put(msg, IFLA_ADDRESS, sizeof(mac), mac);
	if (mtu_given)
		mnl_attr_put_u32(msg, IFLA_MTU, (uint32_t)mtu);
	info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
	mnl_attr_put_strz(msg, IFLA_INFO_KIND, "netkit");
	data = mnl_attr_nest_start(msg, IFLA_INFO_DATA);
	mnl_attr_put_u32(msg, NETKIT_ATTR_MODE, NETKIT_MODE_L2); /* L3 has no MAC */
	mnl_attr_put_u32(msg, NETKIT_ATTR_PAIRING, NETKIT_PAIRING_SINGLE);
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, info);
	ret = nl_talk(&route, NULL, NULL);
	/* Before 7.1 PAIRING is ignored, and a pair of two devices of that name is asked for. */
	if (ret)
		errx(CLI_SYSTEM, "make netkit single %s in %s: %s%s", dev,
		     netns ? netns : "this network namespace", nl_why(&route),
		     ret == -EEXIST ? "; the name is taken, or the kernel is older than 7.1" : "");
	link_get(netns, dev, &link);
	print_link(&link);
	if (!link.has_pairing || link.pairing != NETKIT_PAIRING_SINGLE)
		errx(CLI_SYSTEM, "the kernel made netkit %s, but not as a single", dev);
	return CLI_OK;
}

static void take_nsid(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *tb[NL_ATTR_MAX];

	nl_attrs(msg, sizeof(struct rtgenmsg), tb);
	if (tb[NETNSA_NSID])
		*(int32_t *)arg = (int32_t)nl_uint(tb[NETNSA_NSID]);
}

/* The id that the namespace behind netns gives to the caller's own; makes one if there is none. */
static int32_t own_nsid(void)
{
	struct nlmsghdr *msg = &route.request.msg;
	int32_t nsid = NETNSA_NSID_NOT_ASSIGNED;
	int fd = netns_current();
	int ret;

	nl_open(&route, NETLINK_ROUTE, netns);
	nl_request(&route, RTM_NEWNSID, 0, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(msg, NETNSA_NSID, (uint32_t)nsid); /* -1: any free one */
	mnl_attr_put_u32(msg, NETNSA_FD, (uint32_t)fd);
	ret = nl_talk(&route, NULL, NULL);
	if (ret && ret != -EEXIST)
		errx(CLI_SYSTEM, "give this network namespace an id in %s: %s", netns,
		     nl_why(&route));
	nl_request(&route, RTM_GETNSID, 0, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(msg, NETNSA_FD, (uint32_t)fd);
	if (nl_talk(&route, take_nsid, &nsid) || nsid < 0)
		errx(CLI_SYSTEM, "read the id of this network namespace in %s: %s", netns,
		     nl_why(&route));
	close(fd);
	return nsid;
}

static void take_queue_id(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *tb[NL_ATTR_MAX];

	nl_attrs(msg, sizeof(struct genlmsghdr), tb);
	if (tb[NETDEV_A_QUEUE_ID])
		*(int64_t *)arg = (int64_t)nl_uint(tb[NETDEV_A_QUEUE_ID]);
}

static int run_lease(int argc, char **argv)
{
	const char *name;
	uint64_t id;
	const struct cli_opt options[] = {
		{ "netns", CLI_STR, &netns, .help = "PATH: network namespace of the netkit" },
		{ "name", CLI_STR, &name, .help = "NAME: the netkit", .required = true },
		{ "dev", CLI_STR, &dev, .help = "NAME: NIC in the caller's namespace",
		  .required = true },
		{ "queue", CLI_U64, &id, 0, UINT32_MAX, .help = "Q: rx queue of the NIC",
		  .required = true },
		{ 0 },
	};
	struct nlmsghdr *msg = &genl.request.msg;
	struct link virt, phys;
	struct nlattr *lease, *queue;
	int64_t got = -1;
	int family;

	cli_parse(options, argc, argv);
	link_get(netns, name, &virt);
	link_get(NULL, dev, &phys);
	/* The kernel looks for the netkit, and reads the id, in the namespace of the socket. */
	family = open_genl(netns);
	nl_genl_request(&genl, (uint16_t)family, 0, NETDEV_CMD_QUEUE_CREATE);
	mnl_attr_put_u32(msg, NETDEV_A_QUEUE_IFINDEX, virt.ifindex);
	mnl_attr_put_u32(msg, NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
	lease = mnl_attr_nest_start(msg, NETDEV_A_QUEUE_LEASE);
	mnl_attr_put_u32(msg, NETDEV_A_LEASE_IFINDEX, phys.ifindex);
	queue = mnl_attr_nest_start(msg, NETDEV_A_LEASE_QUEUE);
	mnl_attr_put_u32(msg, NETDEV_A_QUEUE_ID, (uint32_t)id);
	mnl_attr_put_u32(msg, NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
	mnl_attr_nest_end(msg, queue);
	if (!netns_is_current(netns))
		mnl_attr_put_u32(msg, NETDEV_A_LEASE_NETNS_ID, (uint32_t)own_nsid());
	mnl_attr_nest_end(msg, lease);
	if (nl_talk(&genl, take_queue_id, &got))
		errx(CLI_SYSTEM, "lease %s queue %llu to %s: %s", dev, (unsigned long long)id, name,
		     nl_why(&genl));
	printf("%lld\n", (long long)got);
	return CLI_OK;
}

int main(int argc, char **argv)
{
	static const struct cli_cmd cmds[] = {
		{ "queues", run_queues, "the kernel's queue-get rows of a device" },
		{ "features", run_features, "XDP features of a device" },
		{ "contexts", run_contexts, "RSS contexts of a device, and their queues" },
		{ "rings", run_rings, "header split of a device's receive rings" },
		{ "link", run_link, "kind, pairing, queues, MAC and more of a device" },
		{ "single", run_single, "make a netkit of pairing single" },
		{ "lease", run_lease,
		  "lease a NIC's rx queue to a netkit; prints the new queue id" },
		{ 0 },
	};

	return cli_dispatch(cmds, argc, argv);
}
