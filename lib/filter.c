// SPDX-License-Identifier: Apache-2.0
/* filter.c - the NIC's unicast filter, by the forwarding database entries of the NIC itself */
#include "filter.h"

#include "error.h"
#include "nl.h"
#include "types.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "banned.h"

static const struct nk_nl_names neigh_names[] = {
	{ NDA_LLADDR, "lladdr", NULL },
	{ 0, NULL, NULL },
};

static struct nlmsghdr *put_neigh(void *buf, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm;

	msg->nlmsg_type = type;
	msg->nlmsg_flags = flags;
	ndm = mnl_nlmsg_put_extra_header(msg, sizeof(*ndm));
	ndm->ndm_family = AF_BRIDGE;
	ndm->ndm_ifindex = (int)ifindex;
	return msg;
}

static int change(struct nk_nl *nl, uint16_t type, uint16_t flags, uint32_t ifindex,
		  const uint8_t mac[6], struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE] = { 0 };
	struct nlmsghdr *msg = put_neigh(buf, type, flags, ifindex);
	struct ndmsg *ndm = mnl_nlmsg_get_payload(msg);

	ndm->ndm_state = NUD_PERMANENT; /* ndo_dflt_fdb_add takes no other */
	ndm->ndm_flags = NTF_SELF;
	mnl_attr_put(msg, NDA_LLADDR, NK_MAC_LEN, mac);
	return nk_nl_do(nl, msg, sizeof(*ndm), neigh_names, NULL, NULL, err);
}

int nk_filter_add(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6], struct nk_error *err)
{
	int rc = change(nl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, ifindex, mac, err);

	if (rc)
		nk_error_class(err, NK_CODE_KERNEL,
			       "cannot enter the MAC in the NIC's unicast filter");
	return rc;
}

int nk_filter_remove(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6], struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc = change(nl, RTM_DELNEIGH, 0, ifindex, mac, &mine);

	if (!rc || rc == -ENOENT || rc == -ENODEV)
		return 0;
	nk_error_class(&mine, NK_CODE_KERNEL,
		       "cannot take the MAC out of the NIC's unicast filter");
	if (err->code == NK_CODE_NONE)
		*err = mine;
	return rc;
}

struct search {
	const uint8_t *mac;
	uint32_t ifindex;
	bool found;
};

static int compare(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(reply);
	const size_t skip = NLMSG_LENGTH(sizeof(*ndm));
	const struct nlattr *tb[NDA_LLADDR + 1];
	struct search *search = data;

	if (reply->nlmsg_len < skip ||
	    nk_nl_parse((const char *)reply + skip, reply->nlmsg_len - skip, NDA_LLADDR, tb))
		return nk_nl_garbled(err, "RTM_NEWNEIGH");
	if ((uint32_t)ndm->ndm_ifindex == search->ifindex && (ndm->ndm_flags & NTF_SELF) &&
	    tb[NDA_LLADDR] && mnl_attr_get_payload_len(tb[NDA_LLADDR]) == NK_MAC_LEN &&
	    !memcmp(mnl_attr_get_payload(tb[NDA_LLADDR]), search->mac, NK_MAC_LEN))
		search->found = true;
	return 0;
}

int nk_filter_has(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6], struct nk_error *err)
{
	struct search search = { .mac = mac, .ifindex = ifindex };
	char buf[NK_NL_REQUEST_SIZE] = { 0 };
	struct nlmsghdr *msg = put_neigh(buf, RTM_GETNEIGH, NLM_F_DUMP, ifindex);
	int rc = nk_nl_do(nl, msg, sizeof(struct ndmsg), neigh_names, compare, &search, err);

	if (rc)
		nk_error_wrap(err, "read the unicast filter of ifindex %u", ifindex);
	return rc ? rc : search.found;
}
