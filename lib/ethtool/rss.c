// SPDX-License-Identifier: Apache-2.0
/* rss.c - receive side scaling over ethtool netlink, and the arithmetic of indirection tables */
#include "ethtool/rss.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"
#include "base/types.h"
#include "ethtool/ethtool.h"
#include "kernel/uapi.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static const struct nk_nl_names names[] = {
	{ NK_ETHTOOL_A_RSS_HEADER, "header", nk_ethtool_header_names },
	{ NK_ETHTOOL_A_RSS_CONTEXT, "context", NULL },
	{ NK_ETHTOOL_A_RSS_INDIR, "indir", NULL },
	{ NK_ETHTOOL_A_RSS_START_CONTEXT, "start-context", NULL },
	{ 0, NULL, NULL },
};

static int parse_table(const struct nlattr *indir, struct nk_rss *ret, struct nk_error *err)
{
	const uint32_t bytes = indir ? mnl_attr_get_payload_len(indir) : 0;

	if (bytes % sizeof(ret->queues[0]))
		return nk_nl_garbled(err, "RSS table");
	if (bytes > sizeof(ret->queues))
		return nk_error_set(err, NK_CODE_KERNEL, E2BIG, "the RSS table is too large",
				    "it has %zu entries; nk-cni handles up to %u",
				    bytes / sizeof(ret->queues[0]), NK_RSS_SIZE_MAX);
	ret->size = (uint32_t)(bytes / sizeof(ret->queues[0]));
	if (bytes)
		memcpy(ret->queues, mnl_attr_get_payload(indir), bytes);
	return 0;
}

static int parse_context(const struct nlmsghdr *reply, struct nk_context *ret, struct nk_error *err)
{
	const struct nlattr *tb[NK_ETHTOOL_A_RSS_INDIR + 1];
	const struct nlattr *header[ETHTOOL_A_HEADER_DEV_INDEX + 1];
	int rc = nk_ethtool_parse(reply, NK_ETHTOOL_A_RSS_INDIR, tb, err);

	if (rc)
		return rc;
	if (nk_nl_parse_nested(tb[NK_ETHTOOL_A_RSS_HEADER], ETHTOOL_A_HEADER_DEV_INDEX, header))
		return nk_nl_garbled(err, "ethtool header");
	ret->ifindex = nk_nl_u32(header[ETHTOOL_A_HEADER_DEV_INDEX]);
	ret->id = nk_nl_u32(tb[NK_ETHTOOL_A_RSS_CONTEXT]);
	return parse_table(tb[NK_ETHTOOL_A_RSS_INDIR], &ret->table, err);
}

/**
 * build_request() - a request about one context
 * @context: 0: the default one, which is not named
 * @indir: @count entries of its table, 0: reset; or NULL
 *
 * Return: the request, or NULL if out of memory
 */
static struct nl_msg *build_request(struct nk_nl *nl, uint8_t command, uint32_t ifindex,
				    uint32_t context, const uint32_t *indir, uint32_t count)
{
	struct nl_msg *msg = indir ? nk_ethtool_new_large(nl, command, ifindex) :
				     nk_ethtool_new(nl, command, 0, ifindex);

	if (!msg)
		return NULL;
	if ((context && nla_put_u32(msg, NK_ETHTOOL_A_RSS_CONTEXT, context)) ||
	    (indir && nla_put(msg, NK_ETHTOOL_A_RSS_INDIR, (int)(count * sizeof(*indir)), indir))) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static int take_table(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct nk_rss *ret = data;
	off_stack struct nk_context context;
	int rc = parse_context(reply, &context, err);

	if (!rc)
		*ret = context.table;
	return rc;
}

int nk_rss_get(struct nk_nl *nl, uint32_t ifindex, uint32_t context, struct nk_rss *ret,
	       struct nk_error *err)
{
	int rc;

	ret->size = 0;
	rc = nk_ethtool_do(nl, build_request(nl, NK_ETHTOOL_MSG_RSS_GET, ifindex, context, NULL, 0),
			   names, take_table, ret, err);
	if (!rc && !ret->size)
		rc = nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP, "", "%s",
				  "the driver reports no table: EOPNOTSUPP");
	if (!rc)
		return 0;
	if (rc != -E2BIG)
		nk_error_class(err, err->code, "cannot read the RSS table");
	if (context)
		nk_error_wrap(err, "RSS context %u", context);
	return rc;
}

int nk_rss_set(struct nk_nl *nl, uint32_t ifindex, const struct nk_rss *table, struct nk_error *err)
{
	int rc;

	/* None would be a reset. */
	if (!table->size || table->size > NK_RSS_SIZE_MAX)
		return nk_error_set(err, NK_CODE_INTERNAL, EINVAL, "cannot set the RSS table",
				    "it has %u entries, not 1 to %u", table->size, NK_RSS_SIZE_MAX);
	rc = nk_ethtool_do(nl,
			   build_request(nl, NK_ETHTOOL_MSG_RSS_SET, ifindex, 0, table->queues,
					 table->size),
			   names, NULL, NULL, err);
	if (rc)
		nk_error_class(err, err->code, "cannot set the RSS table");
	return rc;
}

int nk_rss_reset(struct nk_nl *nl, uint32_t ifindex, struct nk_error *err)
{
	const uint32_t none = 0;
	int rc = nk_ethtool_do(nl, build_request(nl, NK_ETHTOOL_MSG_RSS_SET, ifindex, 0, &none, 0),
			       names, NULL, NULL, err);

	if (rc)
		nk_error_class(err, err->code, "cannot reset the RSS table");
	return rc;
}

bool nk_rss_is_even(const struct nk_rss *table, uint32_t queues)
{
	off_stack uint32_t shares[NK_RSS_SIZE_MAX];
	uint32_t i;

	if (!table->size || !queues || queues > NK_RSS_SIZE_MAX)
		return false;
	memset(shares, 0, sizeof(shares));
	for (i = 0; i < table->size; i++) {
		if (table->queues[i] >= queues ||
		    ++shares[table->queues[i]] > (table->size + queues - 1) / queues)
			return false;
	}
	for (i = 0; i < queues; i++)
		if (shares[i] < table->size / queues)
			return false;
	return true;
}

void nk_rss_print(FILE *out, const struct nk_rss *table)
{
	off_stack uint32_t shares[NK_QUEUE_IDS];
	uint32_t i, last = 0;

	memset(shares, 0, sizeof(shares));
	for (i = 0; i < table->size; i++) {
		if (table->queues[i] >= NK_QUEUE_IDS)
			continue;
		shares[table->queues[i]]++;
		last = table->queues[i] > last ? table->queues[i] : last;
	}
	fputs("weight", out);
	for (i = 0; i <= last; i++)
		fprintf(out, " %u", shares[i]);
}

static int compare_queues(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* list_heirs() - the queues that get the entries of excluded ones, in ascending order: each once for each entry that it
 * has, or, if there are none, all queues once. Return: how many
 */
static uint32_t list_heirs(const struct nk_rss *from, const struct nk_queue_set *excluded,
			   uint32_t queues, uint32_t heirs[NK_RSS_SIZE_MAX])
{
	uint32_t i, count = 0;

	for (i = 0; i < from->size; i++)
		if (!nk_queue_set_has(excluded, from->queues[i]))
			heirs[count++] = from->queues[i];
	qsort(heirs, count, sizeof(heirs[0]), compare_queues);
	if (count)
		return count;
	for (i = 0; i < queues && count < NK_RSS_SIZE_MAX; i++)
		if (!nk_queue_set_has(excluded, i))
			heirs[count++] = i;
	return count;
}

int nk_rss_exclude(const struct nk_rss *from, const struct nk_queue_set *excluded, uint32_t queues,
		   struct nk_rss *ret, struct nk_error *err)
{
	off_stack uint32_t heirs[NK_RSS_SIZE_MAX];
	uint32_t count = list_heirs(from, excluded, queues, heirs);
	uint32_t lost = 0, i, k = 0;

	if (!count) {
		nk_error_set(err, NK_CODE_KERNEL, EINVAL, "no receive queue is left for the host",
			     "the pool and the claimed queues are all %u receive queues of the NIC",
			     queues);
		return nk_error_remedy(
			err,
			"make the pool smaller, or add queues (ethtool -L), which may interrupt "
			"the traffic of the NIC");
	}
	for (i = 0; i < from->size; i++)
		lost += nk_queue_set_has(excluded, from->queues[i]);
	*ret = *from;
	for (i = 0; i < from->size; i++) /* at equal distances among the heirs */
		if (nk_queue_set_has(excluded, from->queues[i]))
			ret->queues[i] = heirs[(2 * k++ + 1) * count / (2 * lost)];
	return 0;
}

/* spread_queues() - fill the table of a new context: @count entries if that divides the NIC's size, because the kernel
 * repeats them; otherwise all entries
 */
static int spread_queues(const uint32_t *queues, uint32_t count, struct nk_rss *table,
			 struct nk_error *err)
{
	uint32_t i;

	if (!count || count > table->size)
		return nk_error_set(err, NK_CODE_KERNEL, EINVAL, "",
				    "%u queues do not fit in a table of %u entries", count,
				    table->size);
	if (table->size % count == 0)
		table->size = count;
	for (i = 0; i < table->size; i++)
		table->queues[i] = queues[i % count];
	return 0;
}

/* check_context_size() - a larger table does not fit into the kernel's reply about a context: each attempt would give
 * EMSGSIZE, and a warning in the kernel's log
 */
static int check_context_size(uint32_t size, struct nk_error *err)
{
	if (size <= NK_RSS_CONTEXT_SIZE_MAX)
		return 0;
	return nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP, "",
			    "the RSS table has %u entries; the kernel creates no context with more "
			    "than %u",
			    size, NK_RSS_CONTEXT_SIZE_MAX);
}

int nk_rss_context_create(struct nk_nl *nl, uint32_t ifindex, uint32_t context,
			  const uint32_t *queues, uint32_t count, struct nk_error *err)
{
	off_stack struct nk_rss table;
	int rc = nk_rss_get(nl, ifindex, 0, &table, err); /* all contexts have its size */

	if (!rc)
		rc = check_context_size(table.size, err);
	if (!rc)
		rc = spread_queues(queues, count, &table, err);
	if (!rc)
		rc = nk_ethtool_do(nl,
				   build_request(nl, NK_ETHTOOL_MSG_RSS_CREATE_ACT, ifindex,
						 context, table.queues, table.size),
				   names, NULL, NULL, err);
	if (rc)
		nk_error_class(err, err->code, "cannot create RSS context %u", context);
	return rc;
}

int nk_rss_context_remove(struct nk_nl *nl, uint32_t ifindex, uint32_t context,
			  struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc = nk_ethtool_do(
		nl, build_request(nl, NK_ETHTOOL_MSG_RSS_DELETE_ACT, ifindex, context, NULL, 0),
		names, NULL, NULL, &mine);

	if (!rc || rc == -ENOENT || rc == -ENODEV || rc == -EOPNOTSUPP)
		return 0;
	nk_error_class(&mine, mine.code, "cannot remove RSS context %u", context);
	if (rc == -EBUSY)
		nk_error_wrap(&mine, "a flow rule still directs frames to the RSS context");
	if (err->code == NK_CODE_NONE)
		*err = mine;
	return rc;
}

struct dump {
	struct nk_context_list *ret;
	uint32_t ifindex;
};

static int add_context(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct dump *dump = data;
	off_stack struct nk_context context;
	int rc = parse_context(reply, &context, err);

	if (rc || !context.id || context.ifindex != dump->ifindex)
		return rc;
	return nk_list_add(dump->ret, &context, err);
}

/* build_dump() - from context 1 on: these the kernel knows without the driver */
static struct nl_msg *build_dump(struct nk_nl *nl, uint32_t ifindex)
{
	struct nl_msg *msg = nk_ethtool_new(nl, NK_ETHTOOL_MSG_RSS_GET, NLM_F_DUMP, ifindex);

	if (msg && nla_put_u32(msg, NK_ETHTOOL_A_RSS_START_CONTEXT, 1)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int nk_rss_context_read(struct nk_nl *nl, uint32_t ifindex, struct nk_context_list *ret,
			struct nk_error *err)
{
	struct dump dump = { .ret = ret, .ifindex = ifindex };
	int rc = nk_ethtool_do(nl, build_dump(nl, ifindex), names, add_context, &dump, err);

	if (rc == -EOPNOTSUPP) {
		nk_error_reset(err);
		return 0;
	}
	if (rc)
		nk_error_class(err, err->code, "cannot list RSS contexts");
	return rc;
}

int nk_rss_probe_contexts(struct nk_nl *nl, uint32_t ifindex, struct nk_error *err)
{
	/* A driver with contexts gives -ENOENT for one that does not exist. To delete one is no test: before
	 * Linux 7.1, this can succeed with a driver that has no contexts.
	 */
	off_stack struct nk_rss table;
	int rc = nk_ethtool_do(
		nl, build_request(nl, NK_ETHTOOL_MSG_RSS_GET, ifindex, UINT32_MAX, NULL, 0), names,
		NULL, NULL, err);

	if (rc == -ENOENT) {
		nk_error_reset(err);
		rc = nk_rss_get(nl, ifindex, 0, &table, err);
		if (!rc)
			rc = check_context_size(table.size, err);
		if (rc == -EOPNOTSUPP)
			nk_error_class(err, err->code, "cannot create an RSS context");
		return rc;
	}
	if (rc == -EOPNOTSUPP)
		nk_error_class(err, err->code, "the NIC's driver has no RSS contexts");
	else if (rc)
		nk_error_class(err, err->code, "cannot probe for RSS contexts");
	return rc;
}
