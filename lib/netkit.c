// SPDX-License-Identifier: Apache-2.0
/* netkit.c - making netkit devices, single and in pairs */
#include "netkit.h"

#include "error.h"
#include "nl.h"
#include "uapi.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "banned.h"

#define CREATE (NLM_F_CREATE | NLM_F_EXCL)

static void put_up(struct nlmsghdr *msg)
{
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);

	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
}

/* put_single() - IFLA_LINKINFO of a netkit single; @pairing is out of range in the probe. */
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

/* put_device() - what the Pod's device is, single or end of a pair */
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
	struct nlmsghdr *msg;

	msg = nk_link_put_header(buf, RTM_NEWLINK, CREATE | NLM_F_ECHO, 0);
	put_up(msg);
	put_device(msg, spec);
	put_single(msg, NK_NETKIT_PAIRING_SINGLE);
	return msg;
}

/* put_peer() - the Pod's end. What is not in here is the kernel's default, not the outer value. */
static void put_peer(struct nlmsghdr *msg, const struct nk_netkit_spec *spec)
{
	struct nlattr *peer = mnl_attr_nest_start(msg, NK_IFLA_NETKIT_PEER_INFO);

	mnl_nlmsg_put_extra_header(msg, sizeof(struct ifinfomsg));
	put_device(msg, spec);
	mnl_attr_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)spec->netns_fd);
	mnl_attr_nest_end(msg, peer);
}

/* put_options() - what is the kernel's default is not said: an older one would ignore it anyway. */
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
	struct nlmsghdr *msg;

	msg = nk_link_put_header(buf, RTM_NEWLINK, CREATE | NLM_F_ECHO, 0);
	put_up(msg);
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

/* no_netkit() - the errors of a kernel without it */
static int no_netkit(int rc, const char *what, const char *wanted, struct nk_error *err)
{
	struct utsname uts = { 0 };

	uname(&uts);
	if (rc == -EOPNOTSUPP) {
		nk_error_class(err, NK_CODE_KERNEL, "this kernel has no netkit");
		nk_error_wrap(err, "%s on Linux %.64s", what, uts.release);
		nk_error_remedy(err, "run Linux >= %s with CONFIG_NETKIT", wanted);
	} else if (rc == -EPERM) {
		nk_error_wrap(err, "%s", what);
		nk_error_remedy(err, "run nk-cni as root (CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_BPF)");
	}
	return rc;
}

/* probe() - ask for what no kernel can grant, so that nothing comes of it: more rx queues than a
 * device may have, which is looked at last, and a pairing that does not exist. A kernel without
 * netkit refuses the kind; one whose netkit knows no pairing skips that attribute and refuses the
 * queues (EINVAL); one that has singles refuses the pairing (ERANGE).
 */
static int probe(struct nk_nl *nl, const char *wanted, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg;
	int rc;

	msg = nk_link_put_header(buf, RTM_NEWLINK, CREATE, 0);
	mnl_attr_put_u32(msg, IFLA_NUM_RX_QUEUES, UINT32_MAX);
	put_single(msg, UINT32_MAX);
	rc = nk_link_do(nl, msg, NULL, NULL, err);
	if (!rc)
		return nk_error_set(err, NK_CODE_INTERNAL, EPROTO, "netkit probe was granted", "%s",
				    "");
	return rc == -ERANGE || rc == -EINVAL ? rc : no_netkit(rc, "probe for netkit", wanted, err);
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
	nk_error_remedy(err, "run Linux >= 7.1: single devices and queue leases came with it");
	return -EOPNOTSUPP;
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
		nk_error_remedy(err,
				"the Pod has an interface %s already: choose another name, "
				"or call DEL for the attachment that left it",
				spec->name);
	if (rc)
		return rc;
	if (ret->ifindex && ret->netkit.pairing == NK_NETKIT_PAIRING_SINGLE)
		return 0;
	rc = nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP, "this kernel has no netkit single",
			  "create netkit single %s: the kernel made something else", spec->name);
	(void)nk_link_remove(nl, NK_NSID_HERE, ret->ifindex, err); /* the first error counts */
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

/* is_word() - of an option whose values have words. Return: whether they are equal */
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

/* is_enough() - of room for headers: the kernel may give more. */
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
		return no_netkit(rc, "create a netkit pair", "6.7", err);
	if (rc) {
		nk_error_class(err, NK_CODE_KERNEL, "cannot create the netkit pair");
		nk_error_wrap(err, "create netkit pair %s (host) and %s (Pod)", spec->host_name,
			      spec->name);
	}
	if (rc == -EEXIST)
		nk_error_remedy(err,
				"the Pod has an interface %s already, or the host has %s: choose "
				"another name, or call DEL for the attachment that left it",
				spec->name, spec->host_name);
	if (rc)
		return rc;
	if (nk_netkit_compare(&spec->options, &ret->netkit, &ignored) && ret->ifindex &&
	    ret->peer_ifindex)
		return 0;
	rc = nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP,
			  "this kernel does not know an option of netkit",
			  "create netkit pair %s: the kernel did not take \"%s\"", spec->name,
			  ignored.option);
	nk_error_remedy(err, "leave it out, or run a newer kernel");
	(void)nk_link_remove(nl, NK_NSID_HERE, ret->ifindex, err);
	return rc;
}
