// SPDX-License-Identifier: Apache-2.0
/* filter.c - the NIC's unicast filter: the forwarding database entries of the NIC itself */
#include "kernel/filter.h"

#include "base/error.h"
#include "base/mac.h"
#include "base/types.h"
#include "kernel/nl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/banned.h"

static const struct nk_nl_names neigh_names[] = {
	{ NDA_LLADDR, "lladdr", NULL },
	{ 0, NULL, NULL },
};

static struct nlmsghdr *put_neigh(void *buf, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	struct nlmsghdr *msg = nk_nl_put_header(buf, type, flags, sizeof(struct ndmsg));
	struct ndmsg *ndm = mnl_nlmsg_get_payload(msg);

	ndm->ndm_family = AF_BRIDGE;
	ndm->ndm_ifindex = (int)ifindex;
	return msg;
}

static int change_entry(struct nk_nl *nl, uint16_t type, uint16_t flags, uint32_t ifindex,
			const uint8_t mac[6], struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = put_neigh(buf, type, flags, ifindex);
	struct ndmsg *ndm = mnl_nlmsg_get_payload(msg);

	ndm->ndm_state = NUD_PERMANENT; /* ndo_dflt_fdb_add() refuses other states */
	ndm->ndm_flags = NTF_SELF;
	mnl_attr_put(msg, NDA_LLADDR, NK_MAC_LEN, mac);
	return nk_nl_do(nl, msg, sizeof(*ndm), neigh_names, NULL, NULL, err);
}

int nk_filter_add(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6], struct nk_error *err)
{
	int rc = change_entry(nl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, ifindex, mac, err);

	if (rc)
		nk_error_class(err, NK_CODE_KERNEL,
			       "cannot add the MAC to the NIC's unicast filter");
	return rc;
}

int nk_filter_remove(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6], struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc = change_entry(nl, RTM_DELNEIGH, 0, ifindex, mac, &mine);

	if (!rc || rc == -ENOENT || rc == -ENODEV)
		return 0;
	nk_error_class(&mine, NK_CODE_KERNEL,
		       "cannot remove the MAC from the NIC's unicast filter");
	if (err->code == NK_CODE_NONE)
		*err = mine;
	return rc;
}

struct search {
	const uint8_t *mac;
	uint32_t ifindex;
	bool found;
};

static int compare_mac(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(reply);
	const struct nlattr *tb[NDA_LLADDR + 1];
	struct search *search = data;

	uint8_t mac[NK_MAC_LEN];

	if (nk_nl_parse_message(reply, sizeof(*ndm), NDA_LLADDR, tb))
		return nk_nl_garbled(err, "RTM_NEWNEIGH");
	if ((uint32_t)ndm->ndm_ifindex == search->ifindex && (ndm->ndm_flags & NTF_SELF) &&
	    nk_nl_mac(tb[NDA_LLADDR], mac) && !memcmp(mac, search->mac, NK_MAC_LEN))
		search->found = true;
	return 0;
}

int nk_filter_has(struct nk_nl *nl, uint32_t ifindex, const uint8_t mac[6], struct nk_error *err)
{
	struct search search = { .mac = mac, .ifindex = ifindex };
	char buf[NK_NL_REQUEST_SIZE];
	struct nlmsghdr *msg = put_neigh(buf, RTM_GETNEIGH, NLM_F_DUMP, ifindex);
	int rc = nk_nl_do(nl, msg, sizeof(struct ndmsg), neigh_names, compare_mac, &search, err);

	if (rc)
		nk_error_wrap(err, "read the unicast filter of ifindex %u", ifindex);
	return rc ? rc : search.found;
}

void nk_filter_print(FILE *out, const char *nic, const uint8_t mac[6])
{
	char text[NK_MAC_TEXT_SIZE];

	nk_mac_text(mac, text);
	fprintf(out, "bridge fdb add %s dev %s self permanent\n", text, nic);
}
