// SPDX-License-Identifier: Apache-2.0
/* ip_addr.c - addresses of a device, over rtnetlink */
#include "ip/ip_addr.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ipaddr.h"
#include "base/list.h"
#include "kernel/nl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/banned.h"

#define POLL_MS 10

static const struct nk_nl_names addr_names[] = {
	{ IFA_ADDRESS, "address", NULL },
	{ IFA_LOCAL, "local", NULL },
	{ IFA_BROADCAST, "broadcast", NULL },
	{ 0, NULL, NULL },
};

/* put_broadcast() - the last address of an IPv4 subnet; a /31 and a /32 have none (RFC 3021) */
static void put_broadcast(struct nlmsghdr *msg, const struct nk_prefix *prefix)
{
	struct nk_ipaddr last = prefix->addr;
	unsigned int bit;

	if (prefix->len >= 31)
		return;
	for (bit = prefix->len; bit < 32; bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	nk_nl_put_ipaddr(msg, IFA_BROADCAST, &last);
}

struct nlmsghdr *nk_ip_put_addr(void *buf, uint32_t ifindex, const struct nk_prefix *prefix,
				unsigned int flags)
{
	struct nlmsghdr *msg;
	struct ifaddrmsg *ifa;
	uint32_t kernel_flags = 0;

	msg = nk_nl_put_header(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*ifa));
	ifa = mnl_nlmsg_get_payload(msg);
	ifa->ifa_family = prefix->addr.family;
	ifa->ifa_prefixlen = prefix->len;
	ifa->ifa_index = ifindex;
	if (prefix->addr.family == AF_INET6 && !(flags & NK_IP_DAD))
		kernel_flags |= IFA_F_NODAD;
	if (flags & NK_IP_NO_SUBNET)
		kernel_flags |= IFA_F_NOPREFIXROUTE;
	ifa->ifa_flags = (uint8_t)kernel_flags;
	if (kernel_flags > UINT8_MAX)
		mnl_attr_put_u32(msg, IFA_FLAGS, kernel_flags);
	nk_nl_put_ipaddr(msg, IFA_LOCAL, &prefix->addr);
	nk_nl_put_ipaddr(msg, IFA_ADDRESS, &prefix->addr);
	if (prefix->addr.family == AF_INET)
		put_broadcast(msg, prefix);
	return msg;
}

int nk_ip_addr_add(struct nk_nl *nl, uint32_t ifindex, const struct nk_prefix *prefix,
		   unsigned int flags, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE], text[NK_IPADDR_TEXT_SIZE];
	int rc;

	rc = nk_nl_do(nl, nk_ip_put_addr(buf, ifindex, prefix, flags), sizeof(struct ifaddrmsg),
		      addr_names, NULL, NULL, err);
	if (!rc)
		return 0;
	nk_prefix_text(prefix, text);
	nk_error_class(err, NK_CODE_KERNEL, "cannot add the address");
	nk_error_wrap(err, "add address %s to ifindex %u (%s)", text, ifindex, nl->where);
	if (rc == -EACCES)
		nk_error_remedy(
			err,
			"IPv6 is off there: set sysctl net.ipv6.conf.default.disable_ipv6 to 0 in "
			"that network namespace, or configure only IPv4 addresses");
	else if (rc == -EOPNOTSUPP && prefix->addr.family == AF_INET6)
		nk_error_remedy(
			err, "this kernel runs without IPv6 (ipv6.disable=1?): configure only IPv4 "
			     "addresses");
	return rc;
}

int nk_ip_parse_addr(const struct nlmsghdr *msg, struct nk_ip_addr *ret, struct nk_error *err)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);
	const struct nlattr *tb[IFA_FLAGS + 1];
	struct nk_ip_addr addr = { 0 };

	if (msg->nlmsg_type != RTM_NEWADDR || nk_nl_parse_message(msg, sizeof(*ifa), IFA_FLAGS, tb))
		return nk_nl_garbled(err, "RTM_NEWADDR");
	addr.ifindex = ifa->ifa_index;
	addr.prefix.addr.family = ifa->ifa_family;
	addr.prefix.len = ifa->ifa_prefixlen;
	addr.scope = ifa->ifa_scope;
	addr.flags = tb[IFA_FLAGS] ? nk_nl_u32(tb[IFA_FLAGS]) : ifa->ifa_flags;
	/* On a point-to-point device, IFA_ADDRESS is the other end's address. IPv6 has IFA_LOCAL
	 * only there.
	 */
	if (nk_ipaddr_size(&addr.prefix.addr) &&
	    (!nk_nl_ipaddr(tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], ifa->ifa_family,
			   &addr.prefix.addr) ||
	     addr.prefix.len > 8 * nk_ipaddr_size(&addr.prefix.addr)))
		return nk_nl_garbled(err, "RTM_NEWADDR");
	*ret = addr;
	return 0;
}

struct addr_list {
	struct nk_ip_addr *at;
	uint32_t count;
};

static int add_addr(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct addr_list *list = data;
	struct nk_ip_addr addr;
	int rc = nk_ip_parse_addr(reply, &addr, err);

	return rc ? rc : nk_list_add(list, &addr, err);
}

/* add_group() - of RTM_GETMULTICAST */
static int add_group(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(reply);
	const struct nlattr *tb[IFA_MULTICAST + 1];
	struct addr_list *list = data;
	struct nk_ip_addr group = { 0 };

	if (nk_nl_parse_message(reply, sizeof(*ifa), IFA_MULTICAST, tb))
		return nk_nl_garbled(err, "RTM_GETMULTICAST");
	group.ifindex = ifa->ifa_index;
	return nk_nl_ipaddr(tb[IFA_MULTICAST], AF_INET6, &group.prefix.addr) ?
		       nk_list_add(list, &group, err) :
		       0;
}

/* read_addrs() - @ifindex: 0: of all devices. The kernel need not apply the filters: one without IPv6
 * answers with the addresses of all families.
 */
static int read_addrs(struct nk_nl *nl, uint16_t type, uint8_t family, uint32_t ifindex,
		      struct addr_list *ret, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_nl_put_header(buf, type, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);
	int rc;

	ifa->ifa_family = family;
	ifa->ifa_index = ifindex;
	rc = nk_nl_do(nl, msg, sizeof(*ifa), addr_names, type == RTM_GETADDR ? add_addr : add_group,
		      ret, err);
	if (rc)
		nk_error_wrap(err, "read the addresses of ifindex %u (%s)", ifindex, nl->where);
	return rc;
}

int nk_ip_addr_has(struct nk_nl *nl, uint32_t ifindex, const struct nk_prefix *prefix,
		   struct nk_error *err)
{
	struct addr_list list cleanup_list = { 0 };
	int rc = read_addrs(nl, RTM_GETADDR, prefix->addr.family, ifindex, &list, err);
	uint32_t i;

	for (i = 0; i < list.count && !rc; i++)
		rc = list.at[i].ifindex == ifindex && list.at[i].prefix.len == prefix->len &&
		     nk_ipaddr_equal(&list.at[i].prefix.addr, &prefix->addr);
	return rc;
}

int nk_ip_addr_list(struct nk_nl *nl, uint32_t but, struct nk_ipaddr *ret, uint32_t size,
		    struct nk_error *err)
{
	struct addr_list list cleanup_list = { 0 };
	int rc = read_addrs(nl, RTM_GETADDR, AF_UNSPEC, 0, &list, err);
	uint32_t i, k, count = 0;

	for (i = 0; i < list.count && !rc; i++) {
		const struct nk_ipaddr *addr = &list.at[i].prefix.addr;

		if (list.at[i].ifindex == but || list.at[i].scope != RT_SCOPE_UNIVERSE)
			continue;
		for (k = 0; k < count && !nk_ipaddr_equal(&ret[k], addr); k++)
			;
		if (k == size)
			rc = nk_error_set(err, NK_CODE_CONFIG, E2BIG, "too many addresses",
					  "the devices in %s have more than %u", nl->where, size);
		else if (k == count)
			ret[count++] = *addr;
	}
	return rc ? rc : (int)count;
}

/* put_owner() - unless it is there: a dump that was repeated has a device twice. Return: the new count */
static int put_owner(uint32_t ret[NK_IP_OWNERS_MAX], int count, uint32_t ifindex)
{
	int i;

	for (i = 0; i < count && i < NK_IP_OWNERS_MAX; i++)
		if (ret[i] == ifindex)
			return count;
	if (count < NK_IP_OWNERS_MAX)
		ret[count] = ifindex;
	return count + 1;
}

int nk_ip_addr_owners(struct nk_nl *nl, const struct nk_ipaddr *addr,
		      uint32_t ret[NK_IP_OWNERS_MAX], struct nk_error *err)
{
	struct addr_list list cleanup_list = { 0 };
	int count = 0, rc = read_addrs(nl, RTM_GETADDR, addr->family, 0, &list, err);
	uint32_t i;

	for (i = 0; i < list.count && !rc; i++)
		if (nk_ipaddr_equal(&list.at[i].prefix.addr, addr))
			count = put_owner(ret, count, list.at[i].ifindex);
	return rc ? rc : count;
}

int nk_ip_group_members(struct nk_nl *nl, const uint8_t group[NK_MAC_LEN],
			uint32_t ret[NK_IP_OWNERS_MAX], struct nk_error *err)
{
	struct addr_list list cleanup_list = { 0 };
	int count = 0, rc = read_addrs(nl, RTM_GETMULTICAST, AF_INET6, 0, &list, err);
	uint32_t i;

	/* The MAC of a group ends in the last four bytes of its address (RFC 2464, section 7). */
	for (i = 0; i < list.count && !rc; i++)
		if (!memcmp(list.at[i].prefix.addr.bytes + 12, group + 2, 4))
			count = put_owner(ret, count, list.at[i].ifindex);
	return rc ? rc : count;
}

/* find_tentative() - the IPv6 address whose detection failed, or else one whose detection still runs, or
 * NULL. A failed address stays tentative.
 */
static const struct nk_ip_addr *find_tentative(const struct addr_list *list, uint32_t ifindex)
{
	const struct nk_ip_addr *found = NULL;
	uint32_t i;

	for (i = 0; i < list->count; i++) {
		const struct nk_ip_addr *addr = &list->at[i];

		if (addr->ifindex != ifindex || addr->prefix.addr.family != AF_INET6)
			continue;
		if (addr->flags & IFA_F_DADFAILED)
			return addr;
		if (addr->flags & IFA_F_TENTATIVE)
			found = addr;
	}
	return found;
}

int nk_ip_addr_wait_dad(struct nk_nl *nl, uint32_t ifindex, uint32_t limit_ms, struct nk_error *err)
{
	const struct nk_ip_addr *addr;
	char text[NK_IPADDR_TEXT_SIZE];
	uint32_t waited_ms;
	int rc;

	for (waited_ms = 0;; waited_ms += POLL_MS) {
		struct addr_list list cleanup_list = { 0 };

		rc = read_addrs(nl, RTM_GETADDR, AF_INET6, ifindex, &list, err);
		addr = rc ? NULL : find_tentative(&list, ifindex);
		if (!addr)
			return rc;
		nk_prefix_text(&addr->prefix, text);
		if (addr->flags & IFA_F_DADFAILED)
			return nk_error_set(err, NK_CODE_KERNEL, EADDRINUSE,
					    "another host has the address",
					    "duplicate address detection of %s on ifindex %u (%s) "
					    "failed: EADDRINUSE",
					    text, ifindex, nl->where);
		if (waited_ms >= limit_ms)
			return nk_error_set(
				err, NK_CODE_KERNEL, ETIMEDOUT, "an address did not become usable",
				"IPv6 duplicate address detection of %s on ifindex %u (%s) took "
				"longer than %u ms: ETIMEDOUT",
				text, ifindex, nl->where, limit_ms);
		nk_clock_sleep(POLL_MS);
	}
}
