// SPDX-License-Identifier: Apache-2.0
/* flow_rules.c - flow rules on the NIC, by ioctl SIOCETHTOOL */
#include "nic/flow.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"
#include "base/text.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "kernel/sysnet.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/banned.h"

#define LIST_ATTEMPTS 3
#define NAME_TRIES    20
#define RULES_MAX     65536U /* of one NIC; the list of their locations has 256 KiB */

/* send_request() - send a request. Return: 0 or the kernel's negative errno */
static int send_request(const char *name, struct ethtool_rxnfc *request)
{
	const int fd = nk_netns_own_socket();
	struct ifreq ifr = { 0 };

	if (fd < 0)
		return fd;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_data = (void *)request;
	return ioctl(fd, SIOCETHTOOL, &ifr) ? -errno : 0;
}

/* send_query() - send a request that changes nothing, again if the NIC's name belonged to another NIC by then. Return: as
 * send_request(); -ESTALE if the NIC was renamed each time
 */
static int send_query(const struct nk_nic *nic, struct ethtool_rxnfc *request)
{
	const struct ethtool_rxnfc asked = *request;
	char name[IFNAMSIZ];
	int rc, tries;

	for (tries = 0; tries < NAME_TRIES; tries++) {
		*request = asked;
		rc = nk_sysnet_name(nic->ifindex, name);
		rc = rc ? rc : send_request(name, request);
		if (rc == -ENODEV && nk_sysnet_name(nic->ifindex, name))
			return rc;
		if (nk_sysnet_index(name) == nic->ifindex && rc != -ENODEV)
			return rc;
	}
	return -ESTALE;
}

static void print_altname(const struct nk_nic *nic, char ret[IFNAMSIZ])
{
	snprintf(ret, IFNAMSIZ, "nkf%u", nic->ifindex);
}

/* refuse_altname() - if the NIC cannot get the altname. It stays on a NIC on which nk-cni was killed, and which then got
 * another ifindex in another netns.
 */
static int refuse_altname(const struct nk_nic *nic, const char *name,
			  const struct nk_error *refusal, struct nk_error *err)
{
	const uint32_t holder = refusal->sys == EEXIST ? nk_sysnet_index(name) : 0;
	char other[IFNAMSIZ];

	if (!holder || nk_sysnet_name(holder, other))
		return nk_error_set(err, NK_CODE_KERNEL, refusal->sys,
				    "cannot change the NIC's flow rules", "%s: add altname %s: %s",
				    nic->name, name, refusal->details);
	nk_error_set(err, NK_CODE_KERNEL, EEXIST, "cannot change the NIC's flow rules",
		     "%s: add altname %s: EEXIST: %s has the %s %s", nic->name, name, other,
		     strcmp(name, other) ? "altname" : "name", name);
	if (!strcmp(name, other))
		return nk_error_remedy(
			err,
			"nk-cni gives %s this name as an altname while it changes flow rules: "
			"rename the other device",
			nic->name);
	return nk_error_remedy(
		err,
		"nk-cni gives %s this altname while it changes flow rules. If no other program "
		"needs it: ip link property del dev %s altname %s",
		nic->name, NK_QUOTED(other), name);
}

/* send_change() - send a request that changes rules. What went to another NIC could not be undone. So the NIC is named by
 * an altname of our own, which no rename hands on and which is removed afterwards. Return: as send_request(); or another
 * negative errno, and then @err is filled
 */
static int send_change(struct nk_nl *nl, const struct nk_nic *nic, struct ethtool_rxnfc *request,
		       struct nk_error *err)
{
	struct nk_error refusal = { 0 };
	char name[IFNAMSIZ];
	int rc;

	print_altname(nic, name);
	/* A process that was killed may have left it on this NIC. */
	if (nk_link_add_altname(nl, nic->ifindex, name, &refusal) &&
	    nk_sysnet_index(name) != nic->ifindex)
		return refuse_altname(nic, name, &refusal, err);
	rc = send_request(name, request);
	nk_flow_tidy(nl, nic);
	return rc;
}

void nk_flow_tidy(struct nk_nl *nl, const struct nk_nic *nic)
{
	struct nk_error ignored = { 0 };
	char name[IFNAMSIZ];

	print_altname(nic, name);
	(void)nk_link_remove_altname(nl, nic->ifindex, name, &ignored);
}

static int set_read_error(const struct nk_nic *nic, const char *what, int rc, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot read the NIC's flow rules", "%s: %s: %s",
		     nic->name, what, nk_errno_name(-rc));
	return rc; /* clang-tidy does not know what nk_error_set() returns */
}

static int get_table(const struct nk_nic *nic, struct nk_flow_table *ret, struct nk_error *err)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_GRXCLSRLCNT };
	int rc = send_query(nic, &request);

	if (rc)
		return set_read_error(nic, "ETHTOOL_GRXCLSRLCNT", rc, err);
	ret->anywhere = request.data & RX_CLS_LOC_SPECIAL;
	ret->size = (uint32_t)request.data & ~RX_CLS_LOC_SPECIAL;
	ret->used = request.rule_cnt;
	if (ret->used <= RULES_MAX)
		return 0;
	nk_error_set(err, NK_CODE_KERNEL, E2BIG, "cannot read the NIC's flow rules",
		     "%s has %u rules; nk-cni handles up to %u", nic->name, ret->used, RULES_MAX);
	return -E2BIG;
}

/**
 * list_locations() - read the table and the locations of all its rules
 * @more: room for locations that the caller will append
 * @ret: rule_locs, rule_cnt of them; to be freed
 *
 * The request must have room for all rules. If there are fewer by then, some drivers fail (mlx5), and others if there
 * are more (gve). Then both requests are repeated.
 */
static int list_locations(const struct nk_nic *nic, uint32_t more, struct nk_flow_table *ret_table,
			  struct ethtool_rxnfc **ret, struct nk_error *err)
{
	struct ethtool_rxnfc *request;
	int rc, attempt;

	for (attempt = 1;; attempt++) {
		rc = get_table(nic, ret_table, err);
		if (rc)
			return rc;
		request = calloc(1, sizeof(*request) +
					    ((size_t)ret_table->used + more) * sizeof(uint32_t));
		if (!request) {
			nk_error_no_memory(err);
			return -ENOMEM;
		}
		request->cmd = ETHTOOL_GRXCLSRLALL;
		request->rule_cnt = ret_table->used;
		rc = send_query(nic, request);
		if (!rc && request->rule_cnt > ret_table->used)
			rc = -EMSGSIZE; /* fbnic reports the number if there was no room */
		if (!rc)
			break;
		free(request);
		if ((rc != -EMSGSIZE && rc != -EINVAL) || attempt == LIST_ATTEMPTS)
			return set_read_error(nic, "ETHTOOL_GRXCLSRLALL", rc, err);
	}
	if ((uint32_t)request->data & ~RX_CLS_LOC_SPECIAL)
		ret_table->size = (uint32_t)request->data & ~RX_CLS_LOC_SPECIAL;
	*ret = request;
	return 0;
}

int nk_flow_table_get(const struct nk_nic *nic, struct nk_flow_table *ret, struct nk_error *err)
{
	struct ethtool_rxnfc *rules;
	int rc = list_locations(nic, 0, ret, &rules, err);

	if (!rc)
		free(rules);
	return rc;
}

int nk_flow_place(const struct nk_nic *nic, const uint32_t *planned, uint32_t count,
		  struct nk_flow *flow, struct nk_error *err)
{
	struct ethtool_rxnfc *rules;
	struct nk_flow_table table;
	uint32_t location = RX_CLS_LOC_ANY;
	int rc = list_locations(nic, count, &table, &rules, err);

	if (rc)
		return rc;
	if (count)
		memcpy(rules->rule_locs + rules->rule_cnt, planned, count * sizeof(*planned));
	rules->rule_cnt += count;
	table.used += count;
	if (!nk_flow_vlan(flow) && table.size)
		location = nk_flow_last_location(rules->rule_locs, rules->rule_cnt, table.size);
	else if (!table.anywhere)
		location = nk_flow_free_location(rules->rule_locs, rules->rule_cnt, table.size);
	free(rules);
	if (table.size && (location == RX_CLS_LOC_ANY ? table.used : location) >= table.size) {
		nk_error_set(err, NK_CODE_KERNEL, ENOSPC, "the flow table is full",
			     "%s: %u of %u rules in use", nic->name, table.used, table.size);
		return nk_error_remedy(
			err, "\"ethtool -n %s\" lists the rules: delete those that nobody needs",
			NK_QUOTED(nic->name));
	}
	flow->spec.location = location;
	return 0;
}

int nk_flow_get(const struct nk_nic *nic, uint32_t location, struct nk_flow *ret,
		struct nk_error *err)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_GRXCLSRULE, .fs.location = location };
	char what[64];
	int rc = send_query(nic, &request);

	/* no rule: ENOENT from mlx5, EINVAL from gve, bnxt and fbnic */
	if (rc == -ENOENT || rc == -EINVAL)
		return -ENOENT;
	snprintf(what, sizeof(what), "ETHTOOL_GRXCLSRULE, location %u", location);
	if (rc)
		return set_read_error(nic, what, rc, err);
	memset(ret, 0, sizeof(*ret));
	ret->spec = request.fs;
	ret->spec.location = location;
	if (ret->spec.flow_type & FLOW_RSS)
		ret->context = request.rss_context;
	return 0;
}

static int set_insert_error(const struct nk_nic *nic, const struct nk_flow *flow, int sys,
			    const char *why, struct nk_error *err)
{
	char text[NK_FLOW_TEXT_SIZE];

	nk_flow_text(flow, text);
	return nk_error_set(err, NK_CODE_KERNEL, sys, "cannot insert a flow rule", "%s: %s: %s",
			    nic->name, text, why);
}

/* refuse_taken() - fail if the location has a rule, which most drivers would replace */
static int refuse_taken(const struct nk_nic *nic, const struct nk_flow *flow, struct nk_error *err)
{
	char text[NK_FLOW_TEXT_SIZE], why[48];
	struct nk_flow other;
	int rc = nk_flow_get(nic, flow->spec.location, &other, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	nk_flow_text(&other, text);
	snprintf(why, sizeof(why), "location %u has another rule", flow->spec.location);
	rc = set_insert_error(nic, flow, EEXIST, why, err);
	nk_error_note(err, "the present rule is: %s", text);
	return rc;
}

/* read_back() - fail if the rule at @location is not equal to @flow */
static int read_back(const struct nk_nic *nic, const struct nk_flow *flow, uint32_t location,
		     struct nk_flow *ret, struct nk_error *err)
{
	char text[NK_FLOW_TEXT_SIZE];
	int rc = nk_flow_get(nic, location, ret, err);

	if (rc == -ENOENT)
		return set_insert_error(nic, flow, EIO,
					"the driver reported success, but did not store the rule",
					err);
	if (rc || nk_flow_equal(flow, ret))
		return rc;
	rc = set_insert_error(nic, flow, EIO, "the driver stored another rule than requested", err);
	nk_flow_text(ret, text);
	nk_error_note(err, "the rule in the NIC is: %s", text);
	return rc;
}

int nk_flow_insert(struct nk_nl *nl, const struct nk_nic *nic, struct nk_flow *flow,
		   struct nk_error *err)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_SRXCLSRLINS, .fs = flow->spec };
	struct nk_error gone = { 0 };
	struct nk_flow found;
	int rc = 0;

	if (flow->spec.location < RX_CLS_LOC_SPECIAL)
		rc = refuse_taken(nic, flow, err);
	if (rc)
		return rc;
	request.rss_context = flow->context;
	rc = send_change(nl, nic, &request, err);
	if (rc == -EINVAL && request.fs.location < RX_CLS_LOC_SPECIAL) {
		/* bnxt and fbnic choose the location; if that is not the reason, they refuse again. */
		request.fs = flow->spec;
		request.fs.location = RX_CLS_LOC_ANY;
		rc = send_change(nl, nic, &request, err) ? -EINVAL : 0;
	}
	if (rc)
		return set_insert_error(nic, flow, -rc, nk_errno_name(-rc), err);
	rc = read_back(nic, flow, request.fs.location, &found, err);
	if (!rc) {
		*flow = found;
		return 0;
	}
	if (nk_flow_remove(nl, nic, request.fs.location, &gone))
		nk_error_note(err, "the rule could not be removed: %s", gone.details);
	return rc;
}

int nk_flow_find(const struct nk_nic *nic, const struct nk_flow *flow, uint32_t *ret_location,
		 struct nk_error *err)
{
	struct nk_flow_list flows cleanup_list = { 0 };
	int rc = nk_flow_read(nic, &flows, err);
	uint32_t i;

	for (i = 0; i < flows.count && !rc; i++) {
		rc = nk_flow_equal(&flows.at[i], flow);
		*ret_location = flows.at[i].spec.location;
	}
	return rc;
}

int nk_flow_remove(struct nk_nl *nl, const struct nk_nic *nic, uint32_t location,
		   struct nk_error *err)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_SRXCLSRLDEL, .fs.location = location };
	struct nk_error why = { 0 }, ignored = { 0 };
	struct nk_flow flow;
	int rc = send_change(nl, nic, &request, &why), found;

	if (!rc || rc == -ENOENT)
		return 0;
	/* A driver's errno for an empty location can have other causes, so read the location. */
	found = nk_flow_get(nic, location, &flow, &ignored);
	if (found == -ENOENT || found == -EOPNOTSUPP)
		return 0;
	if (why.code != NK_CODE_NONE) {
		*err = err->code == NK_CODE_NONE ? why : *err;
		return rc;
	}
	return nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot remove a flow rule",
			    "%s: location %u: %s", nic->name, location, nk_errno_name(-rc));
}

int nk_flow_read(const struct nk_nic *nic, struct nk_flow_list *ret, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	struct ethtool_rxnfc *rules;
	struct nk_flow_table table;
	struct nk_flow flow;
	int rc = list_locations(nic, 0, &table, &rules, &mine);
	uint32_t i;

	if (rc == -EOPNOTSUPP)
		return 0;
	if (rc && err->code == NK_CODE_NONE)
		*err = mine;
	if (rc)
		return rc;
	for (i = 0; i < rules->rule_cnt && !rc; i++) {
		rc = nk_flow_get(nic, rules->rule_locs[i], &flow, err);
		if (rc == -ENOENT)
			rc = 0; /* removed since the list was read */
		else if (!rc)
			rc = nk_list_add(ret, &flow, err);
	}
	free(rules);
	return rc;
}
