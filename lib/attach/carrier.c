// SPDX-License-Identifier: Apache-2.0
/*
 * carrier.c - the Pod's devices that carry the connections of an attachment for memory providers
 *
 * A single lends queues, and another device of the Pod has the address: its flow rules have "takeover". The NIC puts
 * the frames into the memory of the provider, and the kernel brings them to that device. No CPU can read their
 * payload. So two devices discard them without a message: a veth (net/core/dev.c:validate_xmit_unreadable_skb()), and
 * one with an XDP program. The handshake succeeds, and then nothing arrives.
 */
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/ipaddr.h"
#include "ip/ip_addr.h"
#include "nic/flow_note.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

int nk_step_refuse_pod_xdp(const struct nk_link *link, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_CONFIG, EEXIST, "XDP discards what memory providers receive",
		     "%s in the Pod has XDP program id %u", link->name, link->xdp_prog_id);
	return nk_error_remedy(err,
			       "detach the program in the Pod, or give the Pod a network without "
			       "\"rings\"");
}

static int refuse_veth(const struct nk_link *link, const struct nk_ipaddr *addr,
		       struct nk_error *err)
{
	char text[NK_IPADDR_TEXT_SIZE];

	nk_ipaddr_text(addr, text);
	nk_error_set(err, NK_CODE_CONFIG, EOPNOTSUPP,
		     "a veth discards what memory providers receive",
		     "%s in the Pod, which has the address %s, is a veth", link->name, text);
	return nk_error_remedy(err,
			       "make %s with \"type\": \"nk-cni\", \"pairing\": \"pair\", or as a "
			       "macvlan on the NIC; or give the Pod a network without \"rings\"",
			       link->name);
}

static int check_link(struct nk_nl *pod, uint32_t ifindex, const struct nk_ipaddr *addr,
		      struct nk_error *err)
{
	struct nk_link link;
	int rc = nk_link_get(pod, NK_NSID_HERE, NULL, ifindex, &link, err);

	if (rc == -ENODEV) { /* its address is gone too */
		nk_error_reset(err);
		return 0;
	}
	if (rc)
		return rc;
	if (!strcmp(link.kind, "veth"))
		return refuse_veth(&link, addr, err);
	return link.xdp_prog_id ? nk_step_refuse_pod_xdp(&link, err) : 0;
}

int nk_step_check_carriers(struct nk_nl *pod, uint32_t ifindex, const struct nk_ipaddr *addr,
			   struct nk_error *err)
{
	uint32_t owners[NK_IP_OWNERS_MAX];
	int i, rc = 0, count = nk_ip_addr_owners(pod, addr, owners, err);

	for (i = 0; i < count && i < NK_IP_OWNERS_MAX && !rc; i++)
		if (owners[i] != ifindex)
			rc = check_link(pod, owners[i], addr, err);
	return count < 0 ? count : rc;
}

/* takes_over() - has an entry of "steering" the addresses of the Pod's other devices? */
static bool takes_over(const struct nk_config *config)
{
	uint32_t i;

	for (i = 0; i < config->steering_count; i++)
		if (config->steering[i].takeover)
			return true;
	return false;
}

int nk_step_check_takeover(struct nk_attachment *att, const struct nk_add *add,
			   struct nk_error *err)
{
	uint32_t i;
	int rc = 0;

	if (!(att->claim.flags & NK_CLAIM_RINGS) || !takes_over(add->config))
		return 0;
	for (i = 0; i < add->ips.other_count && !rc; i++)
		rc = nk_step_check_carriers(&att->pod, att->claim.ifindex, &add->ips.others[i],
					    err);
	return rc;
}

/* check_rule() - the device that has the destination of rule @n. @last: the rule before it */
static int check_rule(const struct nk_attachment *att, struct nk_nl *pod, int fd, uint32_t n,
		      struct nk_flow *last, struct nk_error *err)
{
	struct nk_flow_note rule;
	struct nk_ipaddr addr;
	int rc = nk_flow_note_get(fd, nk_step_owner(att), n, &rule, err);
	const bool again = !rc && n && nk_flow_same_destination(last, &rule.flow);

	if (rc) /* nk_step_rules reports a missing one */
		return rc == -ENOENT ? 0 : rc;
	*last = rule.flow;
	if (again || !nk_flow_destination(&rule.flow, &addr))
		return 0;
	return nk_step_check_carriers(pod, att->claim.ifindex, &addr, err);
}

int nk_step_check_rule_carriers(const struct nk_attachment *att, int fd, struct nk_error *err)
{
	struct nk_flow last = { 0 };
	struct nk_nl pod = { 0 };
	uint32_t n;
	int rc;

	if (!(att->claim.flags & NK_CLAIM_RINGS))
		return 0;
	rc = nk_nl_open(&pod, att->netns_fd, "Pod", err);
	for (n = 0; n < att->claim.rule_count && !rc; n++)
		rc = check_rule(att, &pod, fd, n, &last, err);
	nk_nl_close(&pod);
	if (rc == -EOPNOTSUPP || rc == -EEXIST)
		nk_error_class(err, NK_CODE_CHECK,
			       "CHECK: a device in the Pod discards what memory providers receive");
	return rc;
}
