// SPDX-License-Identifier: Apache-2.0
/* flow_rules.c - flow rules on the NIC, by ioctl SIOCETHTOOL */
#include "flow.h"

#include "cleanup.h"
#include "error.h"
#include "link.h"
#include "sysnet.h"
#include "text.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "banned.h"

#define LIST_ATTEMPTS 3
#define NAME_TRIES    20
#define RULES_MAX     65536U /* of one NIC, anybody's; a list of them is of 256 KiB */

/* by_name() - one request. Return: 0, or the kernel's errno, negative */
static int by_name(const char *name, struct ethtool_rxnfc *request)
{
	int fd cleanup_close = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { 0 };

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_data = (void *)request;
	return ioctl(fd, SIOCETHTOOL, &ifr) ? -errno : 0;
}

/* ask() - one that changes nothing. The kernel goes by the name, which may be another NIC's by then: then it
 * is asked again. Return: as by_name(); -ESTALE where the NIC is renamed again and again
 */
static int ask(const struct nk_nic *nic, struct ethtool_rxnfc *request)
{
	const struct ethtool_rxnfc asked = *request;
	char name[IFNAMSIZ];
	int rc, tries;

	for (tries = 0; tries < NAME_TRIES; tries++) {
		*request = asked;
		rc = nk_sysnet_name(nic->ifindex, name);
		rc = rc ? rc : by_name(name, request);
		if (rc == -ENODEV && nk_sysnet_name(nic->ifindex, name))
			return rc;
		if (nk_sysnet_index(name) == nic->ifindex && rc != -ENODEV)
			return rc;
	}
	return -ESTALE;
}

static void own_name(const struct nk_nic *nic, char ret[IFNAMSIZ])
{
	snprintf(ret, IFNAMSIZ, "nkf%u", nic->ifindex);
}

/* change() - one that does: what went to another NIC could not be taken back. So the NIC is called by an
 * altname of our own, which nobody else gets, and which goes again.
 */
static int change(struct nk_nl *nl, const struct nk_nic *nic, struct ethtool_rxnfc *request)
{
	struct nk_error ignored = { 0 };
	char name[IFNAMSIZ];
	int rc;

	own_name(nic, name);
	rc = nk_link_add_altname(nl, nic->ifindex, name, &ignored);
	if (rc == -EEXIST && nk_sysnet_index(name) == nic->ifindex)
		rc = 0; /* of a process that was killed */
	if (rc)
		return rc;
	rc = by_name(name, request);
	nk_flow_tidy(nl, nic);
	return rc;
}

void nk_flow_tidy(struct nk_nl *nl, const struct nk_nic *nic)
{
	struct nk_error ignored = { 0 };
	char name[IFNAMSIZ];

	own_name(nic, name);
	(void)nk_link_remove_altname(nl, nic->ifindex, name, &ignored);
}

static int cannot_read(const struct nk_nic *nic, const char *what, int rc, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot read the NIC's flow rules", "%s: %s: %s",
		     nic->name, what, nk_errno_name(-rc));
	return rc;
}

static int get_table(const struct nk_nic *nic, struct nk_flow_table *ret, struct nk_error *err)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_GRXCLSRLCNT };
	int rc = ask(nic, &request);

	if (rc)
		return cannot_read(nic, "ETHTOOL_GRXCLSRLCNT", rc, err);
	ret->anywhere = request.data & RX_CLS_LOC_SPECIAL;
	ret->size = (uint32_t)request.data & ~RX_CLS_LOC_SPECIAL;
	ret->used = request.rule_cnt;
	if (ret->used <= RULES_MAX)
		return 0;
	nk_error_set(err, NK_CODE_KERNEL, E2BIG, "cannot read the NIC's flow rules",
		     "%s has %u rules, we handle up to %u", nic->name, ret->used, RULES_MAX);
	return -E2BIG;
}

/**
 * list() - the table and the locations of all its rules
 * @ret: to be freed; rule_locs and their number, rule_cnt
 *
 * The kernel wants to know beforehand how many there are, and some drivers (mlx5) fail where fewer
 * are left, others (gve) where there are more: then we begin again.
 */
static int list(const struct nk_nic *nic, struct nk_flow_table *ret_table,
		struct ethtool_rxnfc **ret, struct nk_error *err)
{
	struct ethtool_rxnfc *request;
	int rc, attempt;

	for (attempt = 1;; attempt++) {
		rc = get_table(nic, ret_table, err);
		if (rc)
			return rc;
		request = calloc(1, sizeof(*request) + ret_table->used * sizeof(uint32_t));
		if (!request) {
			nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
			return -ENOMEM;
		}
		request->cmd = ETHTOOL_GRXCLSRLALL;
		request->rule_cnt = ret_table->used;
		rc = ask(nic, request);
		if (!rc && request->rule_cnt > ret_table->used)
			rc = -EMSGSIZE; /* fbnic, asked for none, tells how many there are */
		if (!rc)
			break;
		free(request);
		if ((rc != -EMSGSIZE && rc != -EINVAL) || attempt == LIST_ATTEMPTS)
			return cannot_read(nic, "ETHTOOL_GRXCLSRLALL", rc, err);
	}
	if ((uint32_t)request->data & ~RX_CLS_LOC_SPECIAL)
		ret_table->size = (uint32_t)request->data & ~RX_CLS_LOC_SPECIAL;
	*ret = request;
	return 0;
}

int nk_flow_table_get(const struct nk_nic *nic, struct nk_flow_table *ret, struct nk_error *err)
{
	struct ethtool_rxnfc *rules;
	int rc = list(nic, ret, &rules, err);

	if (!rc)
		free(rules);
	return rc;
}

int nk_flow_place(const struct nk_nic *nic, struct nk_flow *flow, struct nk_error *err)
{
	struct ethtool_rxnfc *rules;
	struct nk_flow_table table;
	uint32_t location = RX_CLS_LOC_ANY;
	int rc = list(nic, &table, &rules, err);

	if (rc)
		return rc;
	if (!nk_flow_vlan(flow) && table.size)
		location = nk_flow_last_location(rules->rule_locs, rules->rule_cnt, table.size);
	else if (!table.anywhere)
		location = nk_flow_free_location(rules->rule_locs, rules->rule_cnt, table.size);
	free(rules);
	if (table.size && (location == RX_CLS_LOC_ANY ? table.used : location) >= table.size) {
		nk_error_set(err, NK_CODE_KERNEL, ENOSPC, "the flow table is full",
			     "%s: %u of %u rules in use", nic->name, table.used, table.size);
		nk_error_remedy(err, "look with \"ethtool -n %s\" for rules that nobody needs",
				NK_QUOTED(nic->name));
		return -ENOSPC;
	}
	flow->spec.location = location;
	return 0;
}

int nk_flow_get(const struct nk_nic *nic, uint32_t location, struct nk_flow *ret,
		struct nk_error *err)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_GRXCLSRULE, .fs.location = location };
	char what[64];
	int rc = ask(nic, &request);

	/* ENOENT by mlx5, EINVAL by gve, bnxt and fbnic */
	if (rc == -ENOENT || rc == -EINVAL)
		return -ENOENT;
	snprintf(what, sizeof(what), "ETHTOOL_GRXCLSRULE, location %u", location);
	if (rc)
		return cannot_read(nic, what, rc, err);
	memset(ret, 0, sizeof(*ret));
	ret->spec = request.fs;
	ret->spec.location = location;
	if (ret->spec.flow_type & FLOW_RSS)
		ret->context = request.rss_context;
	return 0;
}

static int not_inserted(const struct nk_nic *nic, const struct nk_flow *flow, int sys,
			const char *why, struct nk_error *err)
{
	char text[NK_FLOW_TEXT_SIZE];

	nk_flow_text(flow, text);
	return nk_error_set(err, NK_CODE_KERNEL, sys, "cannot insert a flow rule", "%s: %s: %s",
			    nic->name, text, why);
}

/* refuse_taken() - most drivers replace what is there. Return: 0 where nothing is */
static int refuse_taken(const struct nk_nic *nic, const struct nk_flow *flow, struct nk_error *err)
{
	char text[NK_FLOW_TEXT_SIZE];
	struct nk_flow other;
	int rc = nk_flow_get(nic, flow->spec.location, &other, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	nk_flow_text(&other, text);
	rc = not_inserted(nic, flow, EEXIST, "another rule is there", err);
	nk_error_note(err, "that is: %s", text);
	return rc;
}

/* read_back() - did the NIC take the rule as it was given? Return: 0, or a negative errno */
static int read_back(const struct nk_nic *nic, const struct nk_flow *flow, uint32_t location,
		     struct nk_flow *ret, struct nk_error *err)
{
	char text[NK_FLOW_TEXT_SIZE];
	int rc = nk_flow_get(nic, location, ret, err);

	if (rc == -ENOENT)
		return not_inserted(nic, flow, EIO,
				    "the driver reported success, but has no such rule", err);
	if (rc || nk_flow_equal(flow, ret))
		return rc;
	rc = not_inserted(nic, flow, EIO, "the driver made another rule of it", err);
	nk_flow_text(ret, text);
	nk_error_note(err, "that is: %s", text);
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
	rc = change(nl, nic, &request);
	if (rc == -EINVAL && request.fs.location < RX_CLS_LOC_SPECIAL) {
		/* bnxt, fbnic: they choose it themselves, or refuse the rule again. */
		request.fs = flow->spec;
		request.fs.location = RX_CLS_LOC_ANY;
		rc = change(nl, nic, &request) ? -EINVAL : 0;
	}
	if (rc)
		return not_inserted(nic, flow, -rc, nk_errno_name(-rc), err);
	rc = read_back(nic, flow, request.fs.location, &found, err);
	if (!rc) {
		*flow = found;
		return 0;
	}
	if (nk_flow_remove(nl, nic, request.fs.location, &gone))
		nk_error_note(err, "and it cannot be removed again: %s", gone.details);
	return rc;
}

struct search {
	const struct nk_flow *flow;
	uint32_t location;
};

static int compare(const struct nk_flow *flow, void *data, struct nk_error *err)
{
	struct search *search = data;

	(void)err;
	search->location = flow->spec.location;
	return nk_flow_equal(flow, search->flow);
}

int nk_flow_find(const struct nk_nic *nic, const struct nk_flow *flow, uint32_t *ret_location,
		 struct nk_error *err)
{
	struct search search = { .flow = flow };
	int rc = nk_flow_each(nic, compare, &search, err);

	if (rc == 1)
		*ret_location = search.location;
	return rc;
}

int nk_flow_remove(struct nk_nl *nl, const struct nk_nic *nic, uint32_t location,
		   struct nk_error *err)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_SRXCLSRLDEL, .fs.location = location };
	struct nk_error ignored = { 0 };
	struct nk_flow flow;
	int rc = change(nl, nic, &request), found;

	if (!rc || rc == -ENOENT)
		return 0;
	/* What a driver says of an empty location may mean other things too: so look. */
	found = nk_flow_get(nic, location, &flow, &ignored);
	if (found == -ENOENT || found == -EOPNOTSUPP)
		return 0;
	return nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot remove a flow rule",
			    "%s: location %u: %s", nic->name, location, nk_errno_name(-rc));
}

int nk_flow_each(const struct nk_nic *nic,
		 int (*fn)(const struct nk_flow *flow, void *data, struct nk_error *err),
		 void *data, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	struct ethtool_rxnfc *rules;
	struct nk_flow_table table;
	struct nk_flow flow;
	int rc = list(nic, &table, &rules, &mine);
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
			rc = 0; /* it has gone meanwhile */
		else if (!rc)
			rc = fn(&flow, data, err);
	}
	free(rules);
	return rc;
}
