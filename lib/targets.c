// SPDX-License-Identifier: Apache-2.0
/* targets.c - which queues of a NIC its flow rules and RSS contexts direct to */
#include "targets.h"

#include "flow.h"
#include "log.h"
#include "nl.h"
#include "rss.h"
#include "text.h"

#include <linux/ethtool.h>
#include <stdio.h>

#include "banned.h"

static int note_rule(const struct nk_flow *flow, void *data, struct nk_error *err)
{
	struct nk_targets *targets = data;
	uint64_t cookie = flow->spec.ring_cookie;
	uint64_t queue = ethtool_get_flow_spec_ring(cookie);

	(void)err;
	/* One to a context is the context's; one to a virtual function is none of our queues. */
	if (cookie == RX_CLS_FLOW_DISC || (flow->spec.flow_type & FLOW_RSS) ||
	    ethtool_get_flow_spec_ring_vf(cookie))
		return 0;
	if (queue < NK_QUEUE_IDS && !targets->by_rule[queue])
		targets->by_rule[queue] = flow->spec.location + 1;
	return 0;
}

static int note_context(uint32_t context, const struct nk_rss *table, void *data,
			struct nk_error *err)
{
	struct nk_targets *targets = data;
	uint32_t i;

	(void)err;
	for (i = 0; i < table->size; i++)
		if (table->queues[i] < NK_QUEUE_IDS && !targets->by_context[table->queues[i]])
			targets->by_context[table->queues[i]] = context + 1;
	return 0;
}

int nk_targets_read(struct nk_nl *nl, const struct nk_nic *nic, struct nk_targets *ret,
		    struct nk_error *err)
{
	int rc;

	*ret = (struct nk_targets){ 0 };
	rc = nk_flow_each(nic, note_rule, ret, err);
	if (!rc)
		rc = nk_rss_context_each(nl, nic->ifindex, note_context, ret, err);
	return rc;
}

bool nk_targets_describe(const struct nk_targets *targets, const char *nic, uint32_t queue,
			 char *buf, size_t size)
{
	uint32_t rule = targets->by_rule[queue], context = targets->by_context[queue];

	if (rule)
		snprintf(buf, size,
			 "queue %u is the target of the flow rule at location %u, which is not "
			 "nk-cni's (ethtool -n %s rule %u)",
			 queue, rule - 1, NK_QUOTED(nic), rule - 1);
	else if (context)
		snprintf(buf, size,
			 "queue %u is in RSS context %u, which is not nk-cni's (ethtool -x %s "
			 "context %u)",
			 queue, context - 1, NK_QUOTED(nic), context - 1);
	return rule || context;
}

struct report {
	const struct nk_nic *nic;
	const struct nk_queue_set *queues;
	uint32_t contexts[NK_QUEUE_IDS / 32]; /* bits by id */
};

static int report_context(uint32_t context, const struct nk_rss *table, void *data,
			  struct nk_error *err)
{
	struct report *report = data;
	uint32_t i;

	(void)err;
	for (i = 0; i < table->size && !nk_queue_set_has(report->queues, table->queues[i]); i++)
		;
	if (i == table->size || context >= NK_QUEUE_IDS)
		return 0;
	report->contexts[context / 32] |= 1U << (context % 32);
	nk_log_warn(
		"RSS context %u of %s is left, with queue %u: nobody here knows whose it is; look "
		"at it by ethtool -x %s context %u",
		context, report->nic->name, table->queues[i], NK_QUOTED(report->nic->name),
		context);
	return 0;
}

static int report_rule(const struct nk_flow *flow, void *data, struct nk_error *err)
{
	struct report *report = data;
	uint64_t cookie = flow->spec.ring_cookie;
	bool into;

	(void)err;
	if (cookie == RX_CLS_FLOW_DISC)
		return 0;
	if (flow->spec.flow_type & FLOW_RSS)
		into = flow->context < NK_QUEUE_IDS &&
		       (report->contexts[flow->context / 32] >> (flow->context % 32) & 1);
	else
		into = !ethtool_get_flow_spec_ring_vf(cookie) &&
		       nk_queue_set_has(report->queues,
					(uint32_t)ethtool_get_flow_spec_ring(cookie));
	if (into)
		nk_log_warn(
			"the flow rule at location %u of %s is left: nobody here knows whose it "
			"is; look at it by ethtool -n %s rule %u",
			flow->spec.location, report->nic->name, NK_QUOTED(report->nic->name),
			flow->spec.location);
	return 0;
}

int nk_targets_report(struct nk_nl *nl, const struct nk_nic *nic, const struct nk_queue_set *queues,
		      struct nk_error *err)
{
	struct report report = { .nic = nic, .queues = queues };
	int rc = nk_rss_context_each(nl, nic->ifindex, report_context, &report, err);

	return rc ? rc : nk_flow_each(nic, report_rule, &report, err);
}
