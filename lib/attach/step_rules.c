// SPDX-License-Identifier: Apache-2.0
/*
 * step_rules.c - step "rules": the NIC's flow rules that put the attachment's frames on its queues
 *
 * They direct to the queue, or to the RSS context of several. A rule that would take frames from the
 * host, or from another attachment, is refused.
 */
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/ipaddr.h"
#include "base/log.h"
#include "base/text.h"
#include "bpffs/xskmap.h"
#include "ip/ip_addr.h"
#include "nic/flow.h"
#include "nic/flow_note.h"
#include "nic/foreign.h"
#include "nic/quirk.h"
#include "nic/steering.h"

#include <errno.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nk_shared.h"

#include "base/banned.h"

/* arrives_in() - do frames to this device arrive in VLAN @vlan? Return: 1, 0, or a negative errno */
static int arrives_in(struct nk_lender *lender, uint32_t ifindex, uint16_t vlan,
		      struct nk_error *err)
{
	struct nk_link link;
	int rc;

	if (ifindex == lender->nic.ifindex)
		return vlan == 0;
	rc = nk_link_get(lender->nl, NK_NSID_HERE, NULL, ifindex, &link, err);
	if (rc == -ENODEV)
		nk_error_reset(err); /* its addresses are gone too */
	if (rc)
		return rc == -ENODEV ? 0 : rc;
	return !link.vlan || link.peer_nsid != NK_NSID_HERE ||
	       link.peer_ifindex != lender->nic.ifindex || vlan == link.vlan;
}

int nk_step_is_hosts(struct nk_lender *lender, const struct nk_ipaddr *addr, uint16_t vlan,
		     bool tagged_too, struct nk_error *err)
{
	uint32_t owners[NK_IP_OWNERS_MAX];
	int i, rc = 0, count = nk_ip_addr_owners(lender->nl, addr, owners, err);

	if (count <= 0 || tagged_too || count > NK_IP_OWNERS_MAX)
		return count < 0 ? count : count > 0;
	for (i = 0; i < count && !rc; i++)
		rc = arrives_in(lender, owners[i], vlan, err);
	return rc;
}

/* refuse_address() - if it is the host's; a rule without a VLAN takes the frames of all VLANs */
static int refuse_address(struct nk_lender *lender, const struct nk_steering_rule *wanted,
			  struct nk_error *err)
{
	char text[NK_IPADDR_TEXT_SIZE];
	const uint16_t vlan = wanted->entry->vlan;
	int rc = nk_step_is_hosts(lender, &wanted->addr, vlan, !vlan, err);

	if (rc <= 0)
		return rc;
	nk_ipaddr_text(&wanted->addr, text);
	nk_error_set(err, NK_CODE_CONFIG, EADDRINUSE,
		     "a flow rule would take the host's own frames",
		     "steering: %s is an address of the host", text);
	return nk_error_remedy(err, "give the Pod an address of its own");
}

/* refuse_twin() - if the NIC has a rule with the same match, wherever that directs to. @flows: the NIC's */
static int refuse_twin(const struct nk_nic *nic, const struct nk_flow *flow,
		       const struct nk_flow_list *flows, struct nk_error *err)
{
	const struct nk_flow *twin = flows->at;
	char text[NK_FLOW_TEXT_SIZE];

	while (twin < flows->at + flows->count && !nk_flow_same_match(twin, flow))
		twin++;
	if (twin == flows->at + flows->count)
		return 0;
	nk_flow_text(twin, text);
	nk_error_set(err, NK_CODE_KERNEL, EEXIST, "a flow rule matches these frames already",
		     "%s has a rule at location %u: %s", nic->name, twin->spec.location, text);
	return nk_error_remedy(err,
			       "give each Pod its own addresses. The rule may serve another Pod or "
			       "program: \"ethtool -n %s rule %u\" shows it",
			       NK_QUOTED(nic->name), twin->spec.location);
}

/* refuse_overlap() - if another attachment has a rule for the same destination in the same VLAN, or for one port of
 * it. After the rule is placed, also if it takes the frames of a rule with a VLAN, or such a rule takes its frames.
 * @flow: its location is RX_CLS_LOC_ANY until it is placed
 */
static int refuse_overlap(const struct nk_attachment *att, const struct nk_flow_note_list *notes,
			  const struct nk_flow *flow, struct nk_error *err)
{
	char text[NK_FLOW_TEXT_SIZE];
	uint32_t i = 0;

	while (i < notes->count && (notes->at[i].owner == nk_step_owner(att) ||
				    !nk_flow_conflict(&notes->at[i].rule.flow, flow)))
		i++;
	if (i == notes->count)
		return 0;
	nk_flow_text(&notes->at[i].rule.flow, text);
	nk_error_set(err, NK_CODE_KERNEL, EEXIST, "a flow rule matches these frames already",
		     "%s has a rule for another attachment: %s", att->lender.nic.name, text);
	return nk_error_remedy(
		err,
		"give the Pods different addresses; only Pods in different VLANs can have the same");
}

/* The notes and the rules of a NIC, read once for all rules of an attachment. */
struct noted {
	int fd;
	struct nk_flow_note_list all;
	struct nk_flow_list flows; /* with those that were inserted since */
};

static int read_noted(const struct nk_attachment *att, int fd, struct noted *ret,
		      struct nk_error *err)
{
	int rc = nk_flow_note_read(fd, &ret->all, err);

	ret->fd = fd;
	return rc ? rc : nk_flow_read(&att->lender.nic, &ret->flows, err);
}

static void free_noted(struct noted *noted)
{
	free(noted->all.at);
	free(noted->flows.at);
}

/* add_remedy() - what the driver accepts instead */
static void add_remedy(const struct nk_attachment *att, const struct nk_steering *entry,
		       struct nk_error *err)
{
	enum nk_quirk_case quirk = att->claim.rss_context ? NK_QUIRK_MAC_RULE_CONTEXT :
							    NK_QUIRK_MAC_RULE;

	if (entry->vlan)
		quirk = NK_QUIRK_VLAN_RULE;
	else if (entry->match != NK_MATCH_MAC)
		quirk = NK_QUIRK_IP_RULE;
	nk_quirk_remedy(&att->lender.nic, quirk, err);
}

/* insert_rule() - record it before the NIC gets it, and again as the NIC has placed it */
static int insert_rule(struct nk_attachment *att, struct noted *noted, uint32_t n,
		       struct nk_flow_note *rule, struct nk_error *err)
{
	const struct nk_nic *nic = &att->lender.nic;
	struct nk_error stays = { 0 };
	int rc = nk_flow_place(nic, NULL, 0, &rule->flow, err);

	rule->placed = false;
	if (!rc)
		rc = nk_flow_note_put(noted->fd, nk_step_owner(att), n, rule, err);
	if (!rc)
		rc = nk_flow_insert(&att->host, nic, &rule->flow, err);
	if (rc)
		return rc;
	rc = refuse_overlap(att, &noted->all, &rule->flow, err); /* the driver may have placed it */
	if (rc) {
		if (nk_flow_remove(&att->host, nic, rule->flow.spec.location, &stays))
			nk_error_note(err, "%s", stays.details);
		return rc;
	}
	rule->placed = true;
	rc = nk_flow_note_put(noted->fd, nk_step_owner(att), n, rule, err);
	return rc ? rc : nk_list_add(&noted->flows, &rule->flow, err);
}

_Static_assert(NK_STEERING_RULES_MAX <= NK_RULES_MAX, "each rule has a number");

/* create_rule() - create rule @n of the attachment */
static int create_rule(struct nk_attachment *att, struct noted *noted, uint32_t n,
		       const struct nk_steering_rule *wanted, struct nk_error *err)
{
	struct nk_flow_note rule = { .version = NK_FLOW_NOTE_VERSION, .flow = wanted->flow };
	int rc = wanted->addr.family ? refuse_address(&att->lender, wanted, err) : 0;

	if (!rc)
		rc = refuse_overlap(att, &noted->all, &rule.flow, err);
	if (!rc)
		rc = refuse_twin(&att->lender.nic, &rule.flow, &noted->flows, err);
	if (rc)
		return rc;
	rc = insert_rule(att, noted, n, &rule, err);
	if (rc && !*err->remedy)
		add_remedy(att, wanted->entry, err);
	return rc;
}

static int create_rules(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	const struct nk_flow_target to = {
		.is_context = att->claim.rss_context,
		.id = att->claim.rss_context ? att->claim.rss_context : att->leases[0].phys,
	};
	off_stack struct nk_steering_rule list[NK_STEERING_RULES_MAX];
	uint32_t count = nk_steering_rules(add->config, att->claim.mac, &add->ips, &to, list);
	struct noted noted = { 0 };
	int fd cleanup_close = -1;
	uint32_t i;
	int rc = nk_steering_check(add->config, &add->ips, err);

	if (!rc && count) {
		fd = nk_flow_note_open(&att->lender.dir, true, err);
		att->claim.rule_count = fd < 0 ? 0 : count;
		rc = fd < 0 ? fd : nk_step_update_claims(att, err);
	}
	if (!rc && count)
		rc = read_noted(att, fd, &noted, err);
	for (i = 0; i < count && !rc; i++)
		rc = create_rule(att, &noted, i, &list[i], err);
	free_noted(&noted);
	if (rc)
		nk_error_wrap(err, "create the flow rules on %s", att->lender.nic.name);
	return rc;
}

/* refuse_unknown() - nothing but its records tells which rules an attachment has */
static int refuse_unknown(const struct nk_attachment *att, const char *msg, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_BPF, ENOENT, msg, "%s/rules: ENOENT", att->lender.dir.path);
	return nk_error_remedy(err, "recreate the Pod");
}

/* open_rules() - the records. Return: an fd, or a negative errno, also if they are gone */
static int open_rules(const struct nk_attachment *att, struct nk_error *err)
{
	int fd = nk_flow_note_open(&att->lender.dir, false, err);

	return fd != -ENOENT ? fd :
			       refuse_unknown(att, "the record of the flow rules is missing", err);
}

/* get_rule() - the record of rule @n. Return: 0, or a negative errno, also if there is none */
static int get_rule(const struct nk_attachment *att, int fd, uint32_t n, struct nk_flow_note *ret,
		    struct nk_error *err)
{
	int rc = nk_flow_note_get(fd, nk_step_owner(att), n, ret, err);

	return rc != -ENOENT ? rc :
			       refuse_unknown(att, "the record of a flow rule is missing", err);
}

static int check_rule(struct nk_attachment *att, int fd, uint32_t n, struct nk_error *err)
{
	char text[NK_FLOW_TEXT_SIZE], found_text[NK_FLOW_TEXT_SIZE] = "nothing";
	struct nk_flow found;
	struct nk_flow_note rule;
	int rc = get_rule(att, fd, n, &rule, err);

	if (rc)
		return rc;
	rc = rule.placed ? nk_flow_get(&att->lender.nic, rule.flow.spec.location, &found, err) :
			   -ENOENT;
	if (!rc && nk_flow_equal(&found, &rule.flow))
		return 0;
	if (rc && rc != -ENOENT)
		return rc;
	nk_flow_text(&rule.flow, text);
	if (!rc)
		nk_flow_text(&found, found_text);
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: a flow rule is lost",
			    "%s location %u: expected %s, found %s", att->lender.nic.name,
			    rule.flow.spec.location, text, found_text);
}

/* check_vlans() - does the program accept the VLANs of the rules? @ret: these VLANs */
static int check_vlans(struct nk_attachment *att, int fd, struct nk_vlan_set *ret,
		       struct nk_error *err)
{
	struct nk_flow_note rule;
	uint32_t n;
	int rc = 0;

	*ret = (struct nk_vlan_set){ 0 };
	if (!att->claim.with_map || !att->claim.xsk.by_vlan)
		return 0;
	for (n = 0; n < att->claim.rule_count && !rc; n++) {
		rc = nk_flow_note_get(fd, nk_step_owner(att), n, &rule, err);
		if (!rc)
			nk_step_add_vlan(ret, nk_flow_vlan(&rule.flow));
	}
	return rc ? rc :
		    nk_xskmap_check_vlans(&att->lender.dir, att->leases, att->lease_count, ret,
					  err);
}

static int check_rules(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_vlan_set vlans;
	int fd cleanup_close = -1;
	uint32_t n;
	int rc = 0;

	if (!att->claim.rule_count)
		return 0;
	fd = open_rules(att, err);
	if (fd < 0)
		return fd;
	for (n = 0; n < att->claim.rule_count && !rc; n++)
		rc = check_rule(att, fd, n, err);
	if (!rc)
		rc = nk_step_check_rule_carriers(att, fd, err);
	return rc ? rc : check_vlans(att, fd, &vlans, err);
}

int nk_step_find_rule(const struct nk_nic *nic, const struct nk_flow *wanted, uint32_t *location,
		      struct nk_error *err)
{
	struct nk_flow found;
	int rc = nk_flow_get(nic, wanted->spec.location, &found, err);

	*location = wanted->spec.location;
	if (!rc && nk_flow_equal(&found, wanted))
		return 1;
	return !rc || rc == -ENOENT ? nk_flow_find(nic, wanted, location, err) : rc;
}

/* repair_rule() - at its old location if that is free, or else at another; if the NIC has it at another, only its
 * record changes
 */
static int repair_rule(struct nk_attachment *att, struct noted *noted, uint32_t n,
		       struct nk_error *err)
{
	char text[NK_FLOW_TEXT_SIZE], what[NK_FLOW_TEXT_SIZE + 16];
	struct nk_flow_note rule;
	uint32_t location = 0;
	int rc = get_rule(att, noted->fd, n, &rule, err);

	if (!rc)
		rc = nk_step_find_rule(&att->lender.nic, &rule.flow, &location, err);
	if (rc < 0 || (rc && rule.placed && location == rule.flow.spec.location))
		return rc < 0 ? rc : 0;
	if (rc) {
		rule.flow.spec.location = location;
		rule.placed = true;
		return nk_flow_note_put(noted->fd, nk_step_owner(att), n, &rule, err);
	}
	rc = refuse_twin(&att->lender.nic, &rule.flow, &noted->flows, err);
	if (!rc)
		rc = insert_rule(att, noted, n, &rule, err);
	if (rc)
		return rc;
	nk_flow_text(&rule.flow, text);
	snprintf(what, sizeof(what), "flow rule %s", text);
	nk_step_log_repaired(att, what);
	return 0;
}

/* repair_vlans() - a map that was created again has none, and then the program passes the Pod's frames to the host. */
static int repair_vlans(struct nk_attachment *att, int fd, struct nk_error *err)
{
	struct nk_error lost = { 0 };
	struct nk_vlan_set vlans;
	int rc = check_vlans(att, fd, &vlans, &lost);

	if (!rc)
		return 0;
	if (rc != -ENOENT) {
		*err = lost;
		return rc;
	}
	rc = nk_xskmap_enter_vlans(&att->lender.dir, att->leases, att->lease_count, &vlans, err);
	if (!rc)
		nk_step_log_repaired(att, "VLANs of the XDP program");
	return rc;
}

static int repair_rules(struct nk_attachment *att, struct nk_error *err)
{
	int fd cleanup_close = -1;
	struct nk_error mine = { 0 };
	struct noted noted = { 0 };
	uint32_t n;
	int rc;

	if (!att->claim.rule_count)
		return 0;
	rc = nk_step_context.check(att, err); /* else they would direct to a foreign context */
	if (rc)
		return rc;
	fd = open_rules(att, err);
	if (fd < 0)
		return fd;
	rc = read_noted(att, fd, &noted, err);
	for (n = rc ? att->claim.rule_count : 0; n < att->claim.rule_count; n++)
		rc = nk_log_keep_first(rc, repair_rule(att, &noted, n, &mine), err, &mine);
	free_noted(&noted);
	return rc ? rc : repair_vlans(att, fd, err);
}

/* remove_rule() - remove the rule from the NIC, wherever it is by now, and then its record */
static int remove_rule(struct nk_lender *lender, int fd, uint32_t owner, uint32_t n,
		       struct nk_error *err)
{
	const bool is_here = lender->nic.ifindex;
	struct nk_flow_note rule;
	uint32_t location;
	int rc = nk_flow_note_get(fd, owner, n, &rule, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	if (is_here)
		rc = nk_step_find_rule(&lender->nic, &rule.flow, &location, err);
	if (rc > 0)
		rc = nk_flow_remove(lender->nl, &lender->nic, location, err);
	if (rc == -EOPNOTSUPP) /* flow rules were switched off, which removed them */
		nk_error_reset(err);
	else if (rc && rc != -ENOENT)
		return rc;
	return nk_flow_note_remove(fd, owner, n, err);
}

/* report_unknown() - log the rules that direct to the attachment's queues: nobody knows whose they are */
static void report_unknown(struct nk_attachment *att)
{
	struct nk_queue_set queues = { 0 };
	struct nk_error ignored = { 0 };
	uint32_t i;

	if (!att->lender.nic.ifindex)
		return;
	for (i = 0; i < att->lease_count; i++)
		nk_queue_set_put(&queues, att->leases[i].phys);
	(void)nk_foreign_report(&att->host, &att->lender.nic, &queues, &ignored);
}

static int remove_rules(struct nk_attachment *att, const struct nk_delete_options *how UNUSED,
			struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int fd cleanup_close = -1;
	uint32_t n;
	int rc = 0;

	if (!att->claim.rule_count || !att->lease_count)
		return 0;
	fd = nk_flow_note_open(&att->lender.dir, false, err);
	if (fd == -ENOENT && att->claim.committed)
		report_unknown(att);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	for (n = att->claim.rule_count; n > 0; n--)
		rc = nk_log_keep_first(
			rc, remove_rule(&att->lender, fd, nk_step_owner(att), n - 1, &mine), err,
			&mine);
	if (att->lender.nic.ifindex)
		nk_flow_tidy(&att->host, &att->lender.nic);
	return rc;
}

const struct nk_step nk_step_rules = {
	.name = "rules",
	.removal = "remove the flow rules",
	.needs_addresses = true,
	.create = create_rules,
	.check = check_rules,
	.remove = remove_rules,
	.repair = repair_rules,
};
