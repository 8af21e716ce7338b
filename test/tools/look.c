// SPDX-License-Identifier: Apache-2.0
/* look: prints all that nk-cni could have changed, as the kernel has it, in one process. */
#include "cli.h"
#include "netdev_uapi.h"
#include "netns.h"
#include "nl.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Attributes are printed by their numbers and in hex, in the kernel's order: it is for comparing. Not
 * printed: counters, times, carrier, and ids of NAPI and network namespaces, which come and go.
 */
#define RULES_MAX 1024
/* linux/if.h, which cannot be included together with net/if.h: LOWER_UP and DORMANT. */
#define CARRIER_FLAGS (IFF_RUNNING | 1U << 16 | 1U << 17)

static struct nl nl;
static FILE *out;

/* --- netlink ---------------------------------------------------------------------------------- */

struct table {
	const char *what;
	size_t header_len;
	uint32_t ifindex;      /* only rows of this device, 0: all */
	const int *skipped;    /* attributes, 0 ends */
	const int *nests;      /* those to look into, for what is skipped inside, 0 ends */
	const int *nest_skips; /* in all of these */
};

static bool is_one_of(const int *list, int type)
{
	for (; list && *list; list++)
		if (*list == type)
			return true;
	return false;
}

static void print_bytes(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	size_t i;

	for (i = 0; i < len; i++)
		fprintf(out, "%02x", bytes[i]);
}

static void print_attr(const struct table *table, const struct nlattr *attr)
{
	const struct nlattr *sub;
	int type = mnl_attr_get_type(attr);

	if (is_one_of(table->skipped, type))
		return;
	fprintf(out, "  %s %d ", table->what, type);
	if (is_one_of(table->nests, type)) {
		mnl_attr_for_each_nested(sub, attr)
			if (!is_one_of(table->nest_skips, mnl_attr_get_type(sub))) {
				fprintf(out, "%u:", mnl_attr_get_type(sub));
				print_bytes(mnl_attr_get_payload(sub),
					    mnl_attr_get_payload_len(sub));
				fputc(' ', out);
			}
	} else {
		print_bytes(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	}
	fputc('\n', out);
}

static void print_attrs(const struct nlmsghdr *msg, const struct table *table)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, table->header_len)
		print_attr(table, attr);
}

static void link_row(const struct nlmsghdr *msg, void *arg)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(msg);

	fprintf(out, "link %d flags %x\n", link->ifi_index, link->ifi_flags & ~CARRIER_FLAGS);
	print_attrs(msg, arg);
}

static void address_row(const struct nlmsghdr *msg, void *arg)
{
	const struct ifaddrmsg *address = mnl_nlmsg_get_payload(msg);

	fprintf(out, "address of %u length %u scope %u\n", address->ifa_index,
		address->ifa_prefixlen, address->ifa_scope);
	print_attrs(msg, arg);
}

static void route_row(const struct nlmsghdr *msg, void *arg)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(msg);

	fprintf(out, "route length %u table %u protocol %u type %u\n", route->rtm_dst_len,
		route->rtm_table, route->rtm_protocol, route->rtm_type);
	print_attrs(msg, arg);
}

static void filter_row(const struct nlmsghdr *msg, void *arg)
{
	const struct ndmsg *entry = mnl_nlmsg_get_payload(msg);
	const struct table *table = arg;

	if ((uint32_t)entry->ndm_ifindex != table->ifindex)
		return;
	fprintf(out, "filter state %x flags %x\n", entry->ndm_state, entry->ndm_flags);
	print_attrs(msg, arg);
}

static void genl_row(const struct nlmsghdr *msg, void *arg)
{
	const struct table *table = arg;

	fprintf(out, "%s\n", table->what);
	print_attrs(msg, arg);
}

static void dump(uint16_t type, nl_row_fn row, unsigned char family, struct table *table)
{
	unsigned char *header = nl_request(&nl, type, NLM_F_DUMP, table->header_len);

	header[0] = family; /* is the first byte of each of these headers */
	if (nl_talk(&nl, row, table))
		errx(CLI_SYSTEM, "%s: %s", table->what, nl_why(&nl));
}

static void print_netns(const char *path)
{
	static const int link_skipped[] = { IFLA_LINK,
					    IFLA_STATS,
					    IFLA_OPERSTATE,
					    IFLA_STATS64,
					    IFLA_AF_SPEC,
					    IFLA_CARRIER,
					    IFLA_LINK_NETNSID,
					    IFLA_CARRIER_CHANGES,
					    IFLA_CARRIER_UP_COUNT,
					    IFLA_CARRIER_DOWN_COUNT,
					    0 },
			 address_skipped[] = { IFA_CACHEINFO, 0 },
			 route_skipped[] = { RTA_CACHEINFO, 0 };
	struct table links = { "link", sizeof(struct ifinfomsg), .skipped = link_skipped },
		     addresses = { "address", sizeof(struct ifaddrmsg),
				   .skipped = address_skipped },
		     routes = { "route", sizeof(struct rtmsg), .skipped = route_skipped };

	fprintf(out, "== %s\n", path ? path : "host");
	nl_open(&nl, NETLINK_ROUTE, path);
	dump(RTM_GETLINK, link_row, AF_UNSPEC, &links);
	dump(RTM_GETADDR, address_row, AF_UNSPEC, &addresses);
	dump(RTM_GETROUTE, route_row, AF_UNSPEC, &routes);
	nl_close(&nl);
}

/* --- the NIC ---------------------------------------------------------------------------------- */

static uint16_t family_of(const char *name)
{
	int family = nl_genl_family(&nl, name);

	if (family < 0)
		errx(CLI_SYSTEM, "family %s: %s", name, nl_why(&nl));
	return (uint16_t)family;
}

static void ask(struct table *table)
{
	if (nl_talk(&nl, genl_row, table))
		errx(CLI_SYSTEM, "%s: %s", table->what, nl_why(&nl));
}

static void print_ethtool(uint32_t ifindex)
{
	static const int header_skipped[] = { RSS_ATTR_HEADER, 0 };
	struct table contexts = { "RSS", sizeof(struct genlmsghdr), .skipped = header_skipped },
		     features = { "features", sizeof(struct genlmsghdr),
				  .skipped = header_skipped };
	uint16_t family = family_of("ethtool");
	struct nlattr *header;

	nl_genl_request(&nl, family, NLM_F_DUMP, ETHTOOL_RSS_GET);
	header = mnl_attr_nest_start(&nl.request.msg, RSS_ATTR_HEADER);
	mnl_attr_put_u32(&nl.request.msg, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_nest_end(&nl.request.msg, header);
	ask(&contexts);
	nl_genl_request(&nl, family, 0, ETHTOOL_MSG_FEATURES_GET);
	header = mnl_attr_nest_start(&nl.request.msg, ETHTOOL_A_FEATURES_HEADER);
	mnl_attr_put_u32(&nl.request.msg, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_put_u32(&nl.request.msg, ETHTOOL_A_HEADER_FLAGS, ETHTOOL_FLAG_COMPACT_BITSETS);
	mnl_attr_nest_end(&nl.request.msg, header);
	ask(&features);
}

static void print_queues(uint32_t ifindex)
{
	static const int skipped[] = { NETDEV_A_QUEUE_NAPI_ID, 0 },
			 nests[] = { NETDEV_A_QUEUE_LEASE, 0 },
			 nest_skips[] = { NETDEV_A_LEASE_NETNS_ID, 0 };
	struct table queues = { "queue", sizeof(struct genlmsghdr), .skipped = skipped,
				.nests = nests, .nest_skips = nest_skips };

	nl_genl_request(&nl, family_of("netdev"), NLM_F_DUMP, NETDEV_CMD_QUEUE_GET);
	mnl_attr_put_u32(&nl.request.msg, NETDEV_A_QUEUE_IFINDEX, ifindex);
	ask(&queues);
}

/* Asks for one thing about flow rules. Return: 0, or -1 with errno */
static int rules_ioctl(int fd, const char *dev, struct ethtool_rxnfc *command)
{
	struct ifreq request = { .ifr_data = (void *)command };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", dev);
	return ioctl(fd, SIOCETHTOOL, &request);
}

static void print_rules(const char *dev)
{
	static union {
		struct ethtool_rxnfc command;
		char bytes[sizeof(struct ethtool_rxnfc) + RULES_MAX * sizeof(uint32_t)];
	} all;
	struct ethtool_rxnfc one = { .cmd = ETHTOOL_GRXCLSRLCNT };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t count, i;

	if (fd < 0 || rules_ioctl(fd, dev, &one) || one.rule_cnt > RULES_MAX)
		err(CLI_SYSTEM, "count of the rules of %s", dev);
	count = one.rule_cnt;
	all.command.cmd = ETHTOOL_GRXCLSRLALL;
	all.command.rule_cnt = count;
	if (rules_ioctl(fd, dev, &all.command))
		err(CLI_SYSTEM, "rules of %s", dev);
	for (i = 0; i < count; i++) {
		memset(&one, 0, sizeof(one));
		one.cmd = ETHTOOL_GRXCLSRULE;
		one.fs.location = all.command.rule_locs[i];
		if (rules_ioctl(fd, dev, &one))
			err(CLI_SYSTEM, "rule %u of %s", one.fs.location, dev);
		fprintf(out, "rule %u context %u ", one.fs.location, one.rss_context);
		print_bytes(&one.fs, sizeof(one.fs));
		fputc('\n', out);
	}
	close(fd);
}

static void print_nic(const char *dev)
{
	static const int skipped[] = { NDA_CACHEINFO, 0 };
	struct table filter = { "filter", sizeof(struct ndmsg), .skipped = skipped };

	filter.ifindex = if_nametoindex(dev);
	if (!filter.ifindex)
		return;
	fprintf(out, "== NIC\n");
	nl_open(&nl, NETLINK_ROUTE, NULL);
	dump(RTM_GETNEIGH, filter_row, AF_BRIDGE, &filter);
	nl_close(&nl);
	nl_open(&nl, NETLINK_GENERIC, NULL);
	print_ethtool(filter.ifindex);
	print_queues(filter.ifindex);
	nl_close(&nl);
	print_rules(dev);
}

/* --- files ------------------------------------------------------------------------------------ */

static int is_no_dot(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void print_content(const char *path)
{
	char bytes[4096];
	FILE *file = fopen(path, "re");
	size_t n;

	fprintf(out, "%s ", path);
	while (file && (n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		print_bytes(bytes, n);
	if (file)
		fclose(file);
	fputc('\n', out);
}

/* A lock that nobody holds tells nothing, and the next sweep removes it. */
static bool is_lock(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && !strcmp(path + len - 4, "lock");
}

/* With or without the directories. */
static void print_tree(const char *path, bool dirs)
{
	struct dirent **entries;
	char below[4096];
	struct stat st;
	int n, i;

	if (lstat(path, &st))
		return;
	if (S_ISDIR(st.st_mode) ? dirs : !is_lock(path))
		fprintf(out, "%s %o %u:%u\n", path, st.st_mode, st.st_uid, st.st_gid);
	n = S_ISDIR(st.st_mode) ? scandir(path, &entries, is_no_dot, alphasort) : 0;
	for (i = 0; i < n; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name);
		print_tree(below, dirs);
		free(entries[i]);
	}
	if (n > 0)
		free(entries);
}

/* What is kept in files: reservations, and the masks by which the NIC's queues send. */
static void print_contents(const char *dir, const char *start, const char *suffix)
{
	struct dirent **entries;
	char path[4096];
	int n = scandir(dir, &entries, is_no_dot, alphasort), i;

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s%s", dir, entries[i]->d_name, suffix);
		if (!strncmp(entries[i]->d_name, start, strlen(start)))
			print_content(path);
		free(entries[i]);
	}
	if (n > 0)
		free(entries);
}

/* --- all of it -------------------------------------------------------------------------------- */

static const char *same, *dev, *bpffs, *networks, *pods = "";

static void print_all(void)
{
	char names[1024], path[1100], *name, *rest = names;

	print_netns(NULL);
	snprintf(names, sizeof(names), "%s", pods);
	while ((name = strsep(&rest, ","))) {
		snprintf(path, sizeof(path), "/run/netns/%s", name);
		if (*name && !access(path, F_OK))
			print_netns(path);
	}
	print_nic(dev);
	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", dev);
	print_contents(path, "tx-", "/xps_cpus");
	print_tree(bpffs, true);
	print_tree("/run/nk-cni", false);
	print_contents(networks, "1", "");
}

static bool is_same(const char *text, size_t size)
{
	FILE *file = fopen(same, "re");
	char *before = malloc(size + 1);
	size_t n;

	if (!file || !before)
		err(CLI_SYSTEM, "%s", same);
	n = fread(before, 1, size + 1, file);
	fclose(file);
	return n == size && !memcmp(before, text, size);
}

int main(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "dev", CLI_STR, &dev, .help = "NAME: the NIC", .required = true },
		{ "bpffs", CLI_STR, &bpffs, .help = "DIR", .required = true },
		{ "networks", CLI_STR, &networks, .help = "DIR: of host-local", .required = true },
		{ "pods", CLI_STR, &pods, .help = "NAME,NAME...: those that are there" },
		{ "same", CLI_STR, &same, .help = "FILE: if all is as there, print nothing" },
		{ 0 },
	};
	char *text;
	size_t size;

	cli_parse(options, argc, argv);
	out = open_memstream(&text, &size);
	if (!out)
		err(CLI_SYSTEM, "open_memstream");
	print_all();
	fclose(out);
	if (same && is_same(text, size))
		return CLI_OK;
	fwrite(text, 1, size, stdout);
	return same ? CLI_UNMET : CLI_OK;
}
