// SPDX-License-Identifier: Apache-2.0
/* netkit.c - create netkit devices, single and in pairs */
#include "kernel/netkit.h"

#include "base/error.h"
#include "kernel/nl.h"
#include "kernel/uapi.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/banned.h"

#define CREATE (NLM_F_CREATE | NLM_F_EXCL)

/* put_single() - IFLA_LINKINFO of a netkit single; the probe has a @pairing that is out of range. */
static void put_single(struct nlmsghdr *msg, uint32_t pairing)
{
	struct nlattr *info, *data;

	info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
	mnl_attr_put_strz(msg, IFLA_INFO_KIND, "netkit");
	data = mnl_attr_nest_start(msg, IFLA_INFO_DATA);
	mnl_attr_put_u32(msg, NK_IFLA_NETKIT_MODE, NK_NETKIT_L2);
	mnl_attr_put_u32(msg, NK_IFLA_NETKIT_PAIRING, pairing);
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, info);
}

/* put_device() - the attributes of the Pod's device, single or end of a pair */
static void put_device(struct nlmsghdr *msg, const struct nk_netkit_spec *spec)
{
	mnl_attr_put_strz(msg, IFLA_IFNAME, spec->name);
	if (spec->mac)
		mnl_attr_put(msg, IFLA_ADDRESS, NK_MAC_LEN, spec->mac);
	mnl_attr_put_u32(msg, IFLA_MTU, spec->mtu);
	mnl_attr_put_u32(msg, IFLA_NUM_RX_QUEUES, spec->num_rx_queues);
	mnl_attr_put_u32(msg, IFLA_GROUP, NK_LINK_GROUP);
}

struct nlmsghdr *nk_netkit_put_single(void *buf, const struct nk_netkit_spec *spec)
{
	struct nlmsghdr *msg = nk_link_put_header(buf, RTM_NEWLINK, CREATE | NLM_F_ECHO, 0);

	nk_link_put_up(msg);
	put_device(msg, spec);
	put_single(msg, NK_NETKIT_PAIRING_SINGLE);
	return msg;
}

/* put_peer() - the Pod's end. For what is missing here, the kernel uses its default, not the outer value. */
static void put_peer(struct nlmsghdr *msg, const struct nk_netkit_spec *spec)
{
	struct nlattr *peer = mnl_attr_nest_start(msg, NK_IFLA_NETKIT_PEER_INFO);

	mnl_nlmsg_put_extra_header(msg, sizeof(struct ifinfomsg));
	put_device(msg, spec);
	mnl_attr_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)spec->netns_fd);
	mnl_attr_nest_end(msg, peer);
}

/* put_options() - the last four only if they differ from the default: older kernels do not know them. */
static void put_options(struct nlmsghdr *msg, const struct nk_netkit_options *options)
{
	mnl_attr_put_u32(msg, NK_IFLA_NETKIT_MODE, options->mode);
	mnl_attr_put_u32(msg, NK_IFLA_NETKIT_POLICY, options->policy);
	mnl_attr_put_u32(msg, NK_IFLA_NETKIT_PEER_POLICY, options->peer_policy);
	if (options->scrub != NK_NETKIT_SCRUB_DEFAULT)
		mnl_attr_put_u32(msg, NK_IFLA_NETKIT_SCRUB, options->scrub);
	if (options->peer_scrub != NK_NETKIT_SCRUB_DEFAULT)
		mnl_attr_put_u32(msg, NK_IFLA_NETKIT_PEER_SCRUB, options->peer_scrub);
	if (options->headroom)
		mnl_attr_put_u16(msg, NK_IFLA_NETKIT_HEADROOM, options->headroom);
	if (options->tailroom)
		mnl_attr_put_u16(msg, NK_IFLA_NETKIT_TAILROOM, options->tailroom);
}

struct nlmsghdr *nk_netkit_put_pair(void *buf, const struct nk_netkit_spec *spec)
{
	struct nlattr *info, *data;
	struct nlmsghdr *msg = nk_link_put_header(buf, RTM_NEWLINK, CREATE | NLM_F_ECHO, 0);

	nk_link_put_up(msg);
	mnl_attr_put_strz(msg, IFLA_IFNAME, spec->host_name);
	if (spec->host_mac)
		mnl_attr_put(msg, IFLA_ADDRESS, NK_MAC_LEN, spec->host_mac);
	mnl_attr_put_u32(msg, IFLA_MTU, spec->mtu);
	mnl_attr_put_u32(msg, IFLA_GROUP, NK_LINK_GROUP);
	info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
	mnl_attr_put_strz(msg, IFLA_INFO_KIND, "netkit");
	data = mnl_attr_nest_start(msg, IFLA_INFO_DATA);
	put_options(msg, &spec->options);
	put_peer(msg, spec);
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, info);
	return msg;
}

/* explain_refusal() - class and remedy, if the kernel lacks netkit or we lack a capability. Return: @rc */
static int explain_refusal(int rc, const char *what, const char *wanted, struct nk_error *err)
{
	struct utsname uts = { 0 };

	uname(&uts);
	if (rc == -EOPNOTSUPP) {
		nk_error_class(err, NK_CODE_KERNEL, "this kernel has no netkit");
		nk_error_wrap(err, "%s on Linux %.64s", what, uts.release);
		nk_error_remedy(err, "run Linux >= %s with CONFIG_NETKIT", wanted);
	} else if (rc == -EPERM) {
		nk_error_wrap(err, "%s", what);
		nk_error_remedy(err, NK_REMEDY_ROOT);
	}
	return rc;
}

/* probe() - send a request that no kernel can grant, so that it changes nothing: more rx queues than
 * the kernel allows, which it checks last, and an unknown pairing. A kernel without netkit refuses the
 * kind (EOPNOTSUPP), one without singles ignores the pairing and refuses the queues (EINVAL), one with
 * singles refuses the pairing (ERANGE).
 */
static int probe(struct nk_nl *nl, const char *wanted, struct nk_error *err)
{
	static const char what[] = "probe for netkit";
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = nk_link_put_header(buf, RTM_NEWLINK, CREATE, 0);
	int rc;

	mnl_attr_put_u32(msg, IFLA_NUM_RX_QUEUES, UINT32_MAX);
	put_single(msg, UINT32_MAX);
	rc = nk_link_do(nl, msg, NULL, NULL, err);
	if (!rc) {
		nk_error_set(err, NK_CODE_INTERNAL, EPROTO,
			     "the kernel accepted an invalid netkit request", "%s", what);
		return nk_error_remedy(err, "report this as a bug of nk-cni");
	}
	return rc == -ERANGE || rc == -EINVAL ? rc : explain_refusal(rc, what, wanted, err);
}

int nk_netkit_probe(struct nk_nl *nl, struct nk_error *err)
{
	int rc = probe(nl, "6.7", err);

	if (rc != -ERANGE && rc != -EINVAL)
		return rc;
	nk_error_reset(err);
	return 0;
}

int nk_netkit_probe_single(struct nk_nl *nl, struct nk_error *err)
{
	struct utsname uts = { 0 };
	int rc = probe(nl, "7.1", err);

	if (rc == -ERANGE) {
		nk_error_reset(err);
		return 0;
	}
	if (rc != -EINVAL)
		return rc;
	uname(&uts);
	nk_error_class(err, NK_CODE_KERNEL, "this kernel has no netkit single");
	nk_error_wrap(err, "probe for netkit pairing \"single\" on Linux %.64s", uts.release);
	err->sys = EOPNOTSUPP; /* the request was invalid on purpose */
	return nk_error_remedy(err,
			       "run Linux >= 7.1, which added single devices and queue leases");
}

bool nk_netkit_carries_unreadable(const char *release)
{
	char *end;
	unsigned long major = strtoul(release, &end, 10);
	unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

	return major > 7 || (major == 7 && minor >= 2);
}

int nk_netkit_check_unreadable(struct nk_error *err)
{
	struct utsname uts = { 0 };

	uname(&uts);
	if (nk_netkit_carries_unreadable(uts.release))
		return 0;
	nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP,
		     "the netkit driver of this kernel discards what memory providers "
		     "receive",
		     "rings.tcpDataSplit on Linux %.64s", uts.release);
	return nk_error_remedy(err, "run Linux >= 7.2, or leave \"rings\" out");
}

int nk_netkit_create_single(struct nk_nl *nl, const struct nk_netkit_spec *spec,
			    struct nk_link *ret, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	int rc;

	*ret = (struct nk_link){ 0 };
	rc = nk_link_do(nl, nk_netkit_put_single(buf, spec), nk_link_parse_reply, ret, err);
	if (rc) {
		nk_error_class(err, NK_CODE_KERNEL, "cannot create the netkit device");
		nk_error_wrap(err, "create netkit single %s (%s)", spec->name, nl->where);
	}
	if (rc == -EEXIST)
		nk_error_remedy(
			err,
			"the Pod has an interface %s already: choose another \"ifName\". If a "
			"failed ADD left this interface, call DEL for that attachment instead",
			spec->name);
	if (rc)
		return rc;
	if (ret->ifindex && ret->netkit.pairing == NK_NETKIT_PAIRING_SINGLE)
		return 0;
	rc = nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP, "this kernel has no netkit single",
			  "create netkit single %s: the kernel created a pair", spec->name);
	(void)nk_link_remove(nl, NK_NSID_HERE, ret->ifindex, err); /* the first error wins */
	return rc;
}

static const char *const mode_words[] = { [NK_NETKIT_L2] = "l2", [NK_NETKIT_L3] = "l3" };
static const char *const policy_words[] = {
	[NK_NETKIT_POLICY_FORWARD] = "forward",
	[NK_NETKIT_POLICY_BLACKHOLE] = "blackhole",
};
static const char *const scrub_words[] = {
	[NK_NETKIT_SCRUB_NONE] = "none",
	[NK_NETKIT_SCRUB_DEFAULT] = "default",
};

/* is_word() - compare an option whose values have names */
static bool is_word(const char *option, const char *const *words, uint32_t count, uint32_t want,
		    uint32_t got, struct nk_netkit_difference *ret)
{
	const char *found = got < count && words[got] ? words[got] : "unknown";

	if (want == got)
		return true;
	ret->option = option;
	snprintf(ret->want, sizeof(ret->want), "%s", words[want]);
	snprintf(ret->got, sizeof(ret->got), "%s", found);
	return false;
}

/* is_enough() - compare an amount of room for headers; the kernel may give more */
static bool is_enough(const char *option, uint32_t want, uint32_t got,
		      struct nk_netkit_difference *ret)
{
	if (got >= want)
		return true;
	ret->option = option;
	snprintf(ret->want, sizeof(ret->want), "%u", want);
	snprintf(ret->got, sizeof(ret->got), "%u", got);
	return false;
}

bool nk_netkit_compare(const struct nk_netkit_options *want, const struct nk_link_netkit *got,
		       struct nk_netkit_difference *ret)
{
#define IS_WORD(option, words, member) \
	is_word(option, words, sizeof(words) / sizeof((words)[0]), want->member, got->member, ret)
	return IS_WORD("mode", mode_words, mode) && IS_WORD("policy", policy_words, policy) &&
	       IS_WORD("peerPolicy", policy_words, peer_policy) &&
	       (want->scrub == NK_NETKIT_SCRUB_DEFAULT || IS_WORD("scrub", scrub_words, scrub)) &&
	       (want->peer_scrub == NK_NETKIT_SCRUB_DEFAULT ||
		IS_WORD("peerScrub", scrub_words, peer_scrub)) &&
	       is_enough("headroom", want->headroom, got->headroom, ret) &&
	       is_enough("tailroom", want->tailroom, got->tailroom, ret);
#undef IS_WORD
}

int nk_netkit_create_pair(struct nk_nl *nl, const struct nk_netkit_spec *spec, struct nk_link *ret,
			  struct nk_error *err)
{
	struct nk_netkit_difference ignored = { .option = "peer info" };
	char buf[NK_NL_REQUEST_SIZE];
	int rc;

	*ret = (struct nk_link){ 0 };
	rc = nk_link_do(nl, nk_netkit_put_pair(buf, spec), nk_link_parse_reply, ret, err);
	if (rc == -EOPNOTSUPP || rc == -EPERM)
		return explain_refusal(rc, "create a netkit pair", "6.7", err);
	if (rc) {
		nk_error_class(err, NK_CODE_KERNEL, "cannot create the netkit pair");
		nk_error_wrap(err, "create netkit pair %s (host) and %s (Pod)", spec->host_name,
			      spec->name);
	}
	if (rc == -EEXIST)
		nk_error_remedy(err,
				"the Pod has an interface %s already, or the host has %s: choose "
				"another \"ifName\". Only if a failed call left the interface, "
				"call DEL for that attachment",
				spec->name, spec->host_name);
	if (rc)
		return rc;
	if (nk_netkit_compare(&spec->options, &ret->netkit, &ignored) && ret->ifindex &&
	    ret->peer_ifindex)
		return 0;
	rc = nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP,
			  "this kernel does not support a netkit option",
			  "create netkit pair %s: the kernel ignored \"%s\"", spec->name,
			  ignored.option);
	nk_error_remedy(err, "remove the option, or run a newer kernel");
	(void)nk_link_remove(nl, NK_NSID_HERE, ret->ifindex, err);
	return rc;
}
