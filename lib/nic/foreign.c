// SPDX-License-Identifier: Apache-2.0
/* foreign.c - the queues that foreign flow rules and RSS contexts of a NIC direct to */
#include "nic/foreign.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "ethtool/rss.h"
#include "kernel/nl.h"
#include "nic/flow.h"
#include "nic/lender.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <stdio.h>

#include "base/banned.h"

/* queue_of() - the queue that a rule directs to; NK_QUEUE_IDS if it drops frames, or directs them to a context or a
 * virtual function
 */
static uint32_t queue_of(const struct nk_flow *flow)
{
	const uint64_t cookie = flow->spec.ring_cookie;
	const uint64_t queue = ethtool_get_flow_spec_ring(cookie);

	if (cookie == RX_CLS_FLOW_DISC || flow->spec.flow_type & FLOW_RSS ||
	    ethtool_get_flow_spec_ring_vf(cookie) || queue >= NK_QUEUE_IDS)
		return NK_QUEUE_IDS;
	return (uint32_t)queue;
}

/* note_first() - unless an earlier one directs to the queue */
static void note_first(uint32_t list[NK_QUEUE_IDS], uint32_t queue, uint32_t which)
{
	if (queue < NK_QUEUE_IDS && !list[queue])
		list[queue] = which + 1;
}

int nk_foreign_read(const struct nk_lender *on, struct nk_foreign *ret, struct nk_error *err)
{
	struct nk_context_list contexts cleanup_list = { 0 };
	struct nk_flow_list flows cleanup_list = { 0 };
	const struct nk_context *context;
	uint32_t i, k;
	int rc = nk_flow_read(&on->nic, &flows, err);

	if (!rc)
		rc = nk_rss_context_read(on->nl, on->nic.ifindex, &contexts, err);
	if (rc)
		return rc;
	*ret = (struct nk_foreign){ 0 };
	for (i = 0; i < flows.count; i++)
		note_first(ret->by_rule, queue_of(&flows.at[i]), flows.at[i].spec.location);
	for (i = 0; i < contexts.count; i++) {
		context = &contexts.at[i];
		for (k = 0; k < context->table.size; k++)
			note_first(ret->by_context, context->table.queues[k], context->id);
	}
	return 0;
}

bool nk_foreign_describe(const struct nk_foreign *foreign, const char *nic, uint32_t queue,
			 char *buf, size_t size)
{
	uint32_t rule = foreign->by_rule[queue], context = foreign->by_context[queue];

	if (rule)
		snprintf(
			buf, size,
			"queue %u is the target of the flow rule at location %u of another program "
			"(\"ethtool -n %s rule %u\" shows it)",
			queue, rule - 1, NK_QUOTED(nic), rule - 1);
	else if (context)
		snprintf(
			buf, size,
			"queue %u is in RSS context %u of another program (\"ethtool -x %s context "
			"%u\" shows it)",
			queue, context - 1, NK_QUOTED(nic), context - 1);
	return rule || context;
}

/* report_context() - Return: true if it directs to one of @queues */
static bool report_context(const struct nk_nic *nic, const struct nk_context *context,
			   const struct nk_queue_set *queues)
{
	const struct nk_rss *table = &context->table;
	uint32_t i;

	for (i = 0; i < table->size && !nk_queue_set_has(queues, table->queues[i]); i++)
		;
	if (i == table->size)
		return false;
	nk_log_warn("RSS context %u of %s, with queue %u, is not removed, because its "
		    "owner is unknown: ethtool -x %s context %u shows it",
		    context->id, nic->name, table->queues[i], NK_QUOTED(nic->name), context->id);
	return true;
}

/* report_rule() - @contexts: those that direct to one of @queues */
static void report_rule(const struct nk_nic *nic, const struct nk_flow *flow,
			const struct nk_queue_set *queues, const struct nk_queue_set *contexts)
{
	const bool to_context = flow->spec.flow_type & FLOW_RSS &&
				flow->spec.ring_cookie != RX_CLS_FLOW_DISC;

	if (to_context ? nk_queue_set_has(contexts, flow->context) :
			 nk_queue_set_has(queues, queue_of(flow)))
		nk_log_warn("the flow rule at location %u of %s is not removed, because its owner "
			    "is unknown: ethtool -n %s rule %u shows it",
			    flow->spec.location, nic->name, NK_QUOTED(nic->name),
			    flow->spec.location);
}

int nk_foreign_report(struct nk_nl *nl, const struct nk_nic *nic, const struct nk_queue_set *queues,
		      struct nk_error *err)
{
	struct nk_context_list contexts cleanup_list = { 0 };
	struct nk_flow_list flows cleanup_list = { 0 };
	struct nk_queue_set reported = { 0 }; /* contexts, by id */
	int rc = nk_rss_context_read(nl, nic->ifindex, &contexts, err);
	uint32_t i;

	for (i = 0; i < contexts.count && !rc; i++)
		if (contexts.at[i].id < NK_QUEUE_IDS &&
		    report_context(nic, &contexts.at[i], queues))
			nk_queue_set_put(&reported, contexts.at[i].id);
	if (!rc)
		rc = nk_flow_read(nic, &flows, err);
	for (i = 0; i < flows.count && !rc; i++)
		report_rule(nic, &flows.at[i], queues, &reported);
	return rc;
}
