// SPDX-License-Identifier: Apache-2.0
/* Prints the RSS contexts of a device, each with the queues in its table (ethtool netlink). */
#include "contexts.h"
#include "netdev_uapi.h"
#include "nl.h"
#include "print.h"

#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#define CONTEXT_QUEUES 4096

struct view {
	struct print p;
	uint32_t ifindex;
};

/* Each queue once, in ascending order, and how many entries it has. */
static void print_shares(struct print *p, const struct nlattr *table)
{
	const char *bytes = mnl_attr_get_payload(table);
	uint32_t shares[CONTEXT_QUEUES] = { 0 }, entry, i;
	char name[16];

	for (i = 0; i + sizeof(entry) <= mnl_attr_get_payload_len(table); i += sizeof(entry)) {
		memcpy(&entry, bytes + i, sizeof(entry));
		if (entry < CONTEXT_QUEUES)
			shares[entry]++;
	}
	print_begin(p, "entries", '{');
	for (i = 0; i < CONTEXT_QUEUES; i++) {
		if (!shares[i])
			continue;
		snprintf(name, sizeof(name), "%u", i);
		print_u64(p, name, shares[i]);
	}
	print_end(p, '}');
}

static void print_context(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *tb[NL_ATTR_MAX], *header[NL_ATTR_MAX];
	struct view *view = arg;

	nl_attrs(msg, sizeof(struct genlmsghdr), tb);
	if (!tb[RSS_ATTR_HEADER])
		return;
	nl_nested(tb[RSS_ATTR_HEADER], header);
	if (!header[ETHTOOL_A_HEADER_DEV_INDEX] ||
	    nl_uint(header[ETHTOOL_A_HEADER_DEV_INDEX]) != view->ifindex || !tb[RSS_ATTR_CONTEXT])
		return; /* another device; the default context has no id */
	print_begin(&view->p, NULL, '{');
	print_u64(&view->p, "context", nl_uint(tb[RSS_ATTR_CONTEXT]));
	if (tb[RSS_ATTR_INDIR])
		print_shares(&view->p, tb[RSS_ATTR_INDIR]);
	print_end(&view->p, '}');
	print_newline(&view->p);
}

int contexts_print(struct nl *genl, uint16_t family, uint32_t ifindex, bool json)
{
	struct view view = { .ifindex = ifindex };
	struct nlattr *header;

	nl_genl_request(genl, family, NLM_F_DUMP, ETHTOOL_RSS_GET);
	header = mnl_attr_nest_start(&genl->request.msg, RSS_ATTR_HEADER);
	mnl_attr_put_u32(&genl->request.msg, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_nest_end(&genl->request.msg, header);
	print_init(&view.p, json);
	return nl_talk(genl, print_context, &view);
}
