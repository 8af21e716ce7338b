// SPDX-License-Identifier: Apache-2.0
/*
 * step_rules.c - step "rules": the NIC's flow rules that put the attachment's frames on its queues
 *
 * They direct to the queue, or to the RSS context where there is one. Made when the addresses are
 * known. A rule that would take frames from the host, or from another attachment, is refused.
 */
#include "steps.h"

#include "cleanup.h"
#include "error.h"
#include "flow.h"
#include "ip.h"
#include "ipaddr.h"
#include "quirk.h"
#include "rules.h"
#include "text.h"
#include "xskmap.h"

#include <errno.h>
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nk_shared.h"

#include "banned.h"

static int open_rules(const struct nk_attachment *att, bool create, struct nk_error *err)
{
	char path[NK_PATH_SIZE];

	nk_nicdir_pin(&att->lender.dir, "rules", path);
	return nk_rules_open(path, create, err);
}

/* refuse_address() - the host's own, or another device's of the Pod that was not asked for */
static int refuse_address(struct nk_attachment *att, const struct nk_ipaddr *addr, bool takeover,
			  struct nk_error *err)
{
	char text[NK_IPADDR_TEXT_SIZE];
	uint32_t i;
	int rc;

	nk_ipaddr_text(addr, text);
	rc = nk_ip_addr_is_local(&att->host, addr, err);
	if (rc < 0)
		return rc;
	if (rc) {
		nk_error_set(err, NK_CODE_CONFIG, EADDRINUSE,
			     "a flow rule would take the host's own frames",
			     "steering: %s is an address of the host", text);
		nk_error_remedy(err, "give the Pod an address of its own");
		return -EADDRINUSE;
	}
	for (i = 0; i < att->other_ip_count && !takeover; i++) {
		if (!nk_ipaddr_equal(&att->other_ips[i], addr))
			continue;
		nk_error_set(err, NK_CODE_CONFIG, EADDRINUSE,
			     "a flow rule would take another device's frames",
			     "steering: %s is the address of another device of the Pod", text);
		nk_error_remedy(err, "\"takeover\": true, if that is meant");
		return -EADDRINUSE;
	}
	return 0;
}

struct twin {
	const struct nk_flow *wanted;
	struct nk_flow found;
	bool any;
};

/* find_twin() - a rule with the same match, wherever it directs to */
static int find_twin(const struct nk_flow *flow, void *data, struct nk_error *err)
{
	struct twin *twin = data;
	struct nk_flow like = *flow;

	(void)err;
	like.context = twin->wanted->context;
	like.spec.ring_cookie = twin->wanted->spec.ring_cookie;
	like.spec.flow_type &= ~(uint32_t)FLOW_RSS;
	like.spec.flow_type |= twin->wanted->spec.flow_type & FLOW_RSS;
	if (!nk_flow_equal(&like, twin->wanted))
		return 0;
	twin->found = *flow;
	twin->any = true;
	return 1;
}

static int refuse_twin(struct nk_attachment *att, const struct nk_flow *flow, struct nk_error *err)
{
	struct twin twin = { .wanted = flow };
	char text[NK_FLOW_TEXT_SIZE];
	int rc = nk_flow_each(&att->lender.nic, find_twin, &twin, err);

	if (rc < 0)
		return rc;
	if (!twin.any)
		return 0;
	nk_flow_text(&twin.found, text);
	nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the frames are steered already",
		     "%s has a rule at location %u: %s", att->lender.nic.name,
		     twin.found.spec.location, text);
	nk_error_remedy(err,
			"give each Pod addresses of its own: the rule may serve another one; "
			"\"ethtool -n %s rule %u\" shows it",
			NK_QUOTED(att->lender.nic.name), twin.found.spec.location);
	return -EEXIST;
}

struct overlap {
	const struct nk_flow *wanted; /* its location is RX_CLS_LOC_ANY as long as it is not placed */
	uint32_t owner;
	struct nk_flow found;
	bool any;
};

/* hides() - does @a, for no VLAN, take the frames of @b, for one? What goes first takes them. */
static bool hides(const struct nk_flow *a, const struct nk_flow *b)
{
	return !nk_flow_vlan(a) && nk_flow_vlan(b) && a->spec.location < b->spec.location &&
	       b->spec.location < RX_CLS_LOC_SPECIAL;
}

static int find_overlap(uint32_t owner, const struct nk_rule *rule, void *data,
			struct nk_error *err)
{
	struct overlap *overlap = data;

	(void)err;
	if (owner == overlap->owner || !nk_flow_same_destination(&rule->flow, overlap->wanted))
		return 0;
	if (nk_flow_vlan(&rule->flow) != nk_flow_vlan(overlap->wanted) &&
	    !hides(&rule->flow, overlap->wanted) && !hides(overlap->wanted, &rule->flow))
		return 0;
	overlap->found = rule->flow;
	overlap->any = true;
	return 1;
}

/* refuse_overlap() - a rule for another attachment's destination in the same VLAN, be it for one port
 * of it alone; or, once it is placed, one that takes the frames of a rule on a VLAN, or loses its own
 */
static int refuse_overlap(struct nk_attachment *att, int fd, const struct nk_flow *flow,
			  struct nk_error *err)
{
	struct overlap overlap = { .wanted = flow, .owner = nk_step_owner(att) };
	char text[NK_FLOW_TEXT_SIZE];
	int rc = nk_rules_each(fd, find_overlap, &overlap, err);

	if (rc < 0)
		return rc;
	if (!overlap.any)
		return 0;
	nk_flow_text(&overlap.found, text);
	nk_error_set(err, NK_CODE_KERNEL, EEXIST, "the frames are steered already",
		     "%s has a rule for another Pod: %s", att->lender.nic.name, text);
	nk_error_remedy(err, "give each Pod in a VLAN addresses of its own");
	return -EEXIST;
}

/* advise() - what the driver takes instead */
static void advise(const struct nk_attachment *att, const struct nk_steering *how,
		   struct nk_error *err)
{
	if (how->vlan)
		nk_quirk_remedy(&att->lender.nic, NK_QUIRK_VLAN_RULE, err);
	else if (how->match != NK_MATCH_MAC)
		nk_quirk_remedy(&att->lender.nic, NK_QUIRK_IP_RULE, err);
	else
		nk_quirk_remedy(&att->lender.nic,
				att->rss_context ? NK_QUIRK_MAC_RULE_CONTEXT : NK_QUIRK_MAC_RULE,
				err);
}

/* Making rules: the map, and how many there are by now. */
struct making {
	struct nk_attachment *att;
	int fd;
	uint32_t done;
};

/* enter() - noted before the NIC has it, and again with where the NIC has put it */
static int enter(struct nk_attachment *att, int fd, uint32_t n, struct nk_rule *rule,
		 struct nk_error *err)
{
	int rc = nk_flow_place(&att->lender.nic, &rule->flow, err);

	rule->placed = false;
	if (!rc)
		rc = nk_rules_put(fd, nk_step_owner(att), n, rule, err);
	if (!rc)
		rc = nk_flow_insert(&att->host, &att->lender.nic, &rule->flow, err);
	if (!rc)
		rc = refuse_overlap(att, fd, &rule->flow, err); /* the driver may have placed it */
	if (rc)
		return rc;
	rule->placed = true;
	return nk_rules_put(fd, nk_step_owner(att), n, rule, err);
}

static int make_rule(struct making *making, const struct nk_steering *how,
		     const struct nk_ipaddr *addr, struct nk_error *err)
{
	struct nk_attachment *att = making->att;
	const struct nk_flow_target to = {
		.is_context = att->rss_context,
		.id = att->rss_context ? att->rss_context : att->leases[0].phys,
	};
	struct nk_rule rule = { .version = NK_RULE_VERSION };
	int rc;

	nk_flow_build(how, att->mac, addr, &to, &rule.flow);
	rc = refuse_overlap(att, making->fd, &rule.flow, err);
	if (!rc)
		rc = refuse_twin(att, &rule.flow, err);
	if (rc)
		return rc;
	rc = enter(att, making->fd, making->done, &rule, err);
	if (!rc)
		making->done++;
	else if (!*err->remedy)
		advise(att, how, err);
	return rc;
}

static int make_ip_rules(struct making *making, const struct nk_steering *how,
			 const struct nk_ipaddr *addrs, uint32_t count, struct nk_error *err)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < count && !rc; i++) {
		rc = refuse_address(making->att, &addrs[i], how->takeover, err);
		if (!rc)
			rc = make_rule(making, how, &addrs[i], err);
	}
	return rc;
}

/* others_of() - an address of another device that is the attachment's own as well is steered once. */
static uint32_t others_of(const struct nk_attachment *att, struct nk_ipaddr *ret)
{
	uint32_t i, k, count = 0;

	for (i = 0; i < att->other_ip_count; i++) {
		for (k = 0; k < att->ip_count; k++)
			if (nk_ipaddr_equal(&att->ips[k], &att->other_ips[i]))
				break;
		if (k == att->ip_count)
			ret[count++] = att->other_ips[i];
	}
	return count;
}

static int make_entry(struct making *making, const struct nk_steering *how, struct nk_error *err)
{
	struct nk_attachment *att = making->att;
	struct nk_ipaddr others[NK_IPS_MAX];
	uint32_t count = how->takeover ? others_of(att, others) : 0;
	int rc;

	if (how->match == NK_MATCH_MAC && !memcmp(att->mac, att->lender.nic.mac, NK_MAC_LEN)) {
		nk_error_set(err, NK_CODE_CONFIG, EADDRINUSE,
			     "a flow rule would take the host's own frames",
			     "steering: the MAC is that of %s itself", att->lender.nic.name);
		nk_error_remedy(err, "another \"mac\", or steer by \"ip\"");
		return -EADDRINUSE;
	}
	if (how->match == NK_MATCH_MAC)
		return make_rule(making, how, NULL, err);
	if (!att->ip_count && !count) {
		nk_error_set(err, NK_CODE_CONFIG, EINVAL, "there is no address to steer by",
			     "steering: the attachment has none");
		nk_error_remedy(err, "\"ipam\", addresses of the runtime, or \"takeover\": true "
				     "behind a plugin that gave the Pod some");
		return -EINVAL;
	}
	rc = make_ip_rules(making, how, att->ips, att->ip_count, err);
	return rc ? rc : make_ip_rules(making, how, others, count, err);
}

/* count_rules() - how many there will be */
static uint32_t count_rules(const struct nk_attachment *att, const struct nk_config *config)
{
	struct nk_ipaddr others[NK_IPS_MAX];
	uint32_t i, count = 0;

	for (i = 0; i < config->steering_count; i++) {
		if (config->steering[i].match == NK_MATCH_MAC)
			count++;
		else
			count += att->ip_count +
				 (config->steering[i].takeover ? others_of(att, others) : 0);
	}
	return count;
}

int nk_step_rules_create(struct nk_attachment *att, const struct nk_config *config,
			 struct nk_error *err)
{
	struct making making = { .att = att };
	uint32_t i;
	int rc;

	if (!config->steering_count)
		return 0;
	making.fd = open_rules(att, true, err);
	if (making.fd < 0)
		return making.fd;
	att->rule_count = count_rules(att, config);
	rc = nk_step_update_claims(att, err);
	for (i = 0; i < config->steering_count && !rc; i++)
		rc = make_entry(&making, &config->steering[i], err);
	if (rc)
		nk_error_wrap(err, "steer frames of %s", att->lender.nic.name);
	close(making.fd);
	return rc;
}

static int check_rule(struct nk_attachment *att, int fd, uint32_t n, struct nk_vlan_set *vlans,
		      struct nk_error *err)
{
	char text[NK_FLOW_TEXT_SIZE], found_text[NK_FLOW_TEXT_SIZE] = "nothing";
	struct nk_flow found;
	struct nk_rule rule;
	int rc = nk_rules_get(fd, nk_step_owner(att), n, &rule, err);

	if (rc == -ENOENT || (!rc && !rule.placed))
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: a flow rule is unknown",
				    "%s/rules: nothing is noted of rule %u", att->lender.dir.path,
				    n);
	if (rc)
		return rc;
	nk_step_note_vlan(vlans, nk_flow_vlan(&rule.flow));
	rc = nk_flow_get(&att->lender.nic, rule.flow.spec.location, &found, err);
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

int nk_step_rules_check(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_vlan_set vlans = { 0 };
	int fd cleanup_close = -1;
	uint32_t n;
	int rc = 0;

	if (!att->rule_count)
		return 0;
	fd = open_rules(att, false, err);
	if (fd < 0 && err->code == NK_CODE_NONE)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: a flow rule is unknown",
				    "%s/rules is gone", att->lender.dir.path);
	if (fd < 0)
		return fd;
	for (n = 0; n < att->rule_count && !rc; n++)
		rc = check_rule(att, fd, n, &vlans, err);
	if (rc || !att->with_map || !att->xsk.by_vlan)
		return rc;
	return nk_xskmap_check_vlans(&att->lender.dir, att->leases, att->lease_count, &vlans, err);
}

/* repair_rule() - where it was, or where there is room by now; elsewhere already, it is noted there */
static int repair_rule(struct nk_attachment *att, int fd, uint32_t n, struct nk_error *err)
{
	char text[NK_FLOW_TEXT_SIZE], what[NK_FLOW_TEXT_SIZE + 16];
	struct nk_flow found;
	struct nk_rule rule;
	uint32_t location = 0;
	int rc = nk_rules_get(fd, nk_step_owner(att), n, &rule, err);

	if (rc == -ENOENT)
		return nk_error_set(err, NK_CODE_BPF, ENOENT, "a flow rule is unknown",
				    "%s/rules: nothing is noted of rule %u", att->lender.dir.path,
				    n);
	if (rc)
		return rc;
	rc = nk_flow_get(&att->lender.nic, rule.flow.spec.location, &found, err);
	if (!rc && nk_flow_equal(&found, &rule.flow))
		return 0;
	if (!rc || rc == -ENOENT)
		rc = nk_flow_find(&att->lender.nic, &rule.flow, &location, err);
	if (rc < 0)
		return rc;
	if (rc) {
		rule.flow.spec.location = location;
		return nk_rules_put(fd, nk_step_owner(att), n, &rule, err);
	}
	rc = refuse_twin(att, &rule.flow, err);
	if (!rc)
		rc = enter(att, fd, n, &rule, err);
	if (rc)
		return rc;
	nk_flow_text(&rule.flow, text);
	snprintf(what, sizeof(what), "flow rule %s", text);
	nk_step_say_repaired(att, what);
	return 0;
}

int nk_step_rules_repair(struct nk_attachment *att, struct nk_error *err)
{
	int fd cleanup_close = -1;
	struct nk_error mine;
	uint32_t n;
	int rc, first = 0;

	if (!att->rule_count)
		return 0;
	rc = nk_step_context_check(att, err); /* else they would lead to somebody else's */
	if (rc)
		return rc;
	fd = open_rules(att, false, err);
	if (fd == -ENOENT)
		return nk_error_set(err, NK_CODE_BPF, ENOENT, "the flow rules are unknown",
				    "%s/rules is gone", att->lender.dir.path);
	if (fd < 0)
		return fd;
	for (n = 0; n < att->rule_count; n++) {
		nk_error_reset(&mine);
		rc = repair_rule(att, fd, n, &mine);
		if (rc && !first) {
			first = rc;
			*err = mine;
		}
	}
	return first;
}

/* remove_rule() - from the NIC, if what is there is what was noted, and from the notes */
static int remove_rule(struct nk_attachment *att, int fd, uint32_t n, struct nk_error *err)
{
	struct nk_flow found;
	struct nk_rule rule;
	uint32_t location;
	int rc = nk_rules_get(fd, nk_step_owner(att), n, &rule, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	location = rule.flow.spec.location;
	rc = -ENOENT;
	if (att->lender.nic.ifindex && rule.placed) {
		rc = nk_flow_get(&att->lender.nic, location, &found, err);
		rc = rc ? rc : nk_flow_equal(&found, &rule.flow);
	}
	/* Not placed, or the driver says that there is nothing: by its looks, then. */
	if (att->lender.nic.ifindex && rc == -ENOENT)
		rc = nk_flow_find(&att->lender.nic, &rule.flow, &location, err);
	if (rc > 0)
		rc = nk_flow_remove(&att->host, &att->lender.nic, location, err);
	if (rc == -EOPNOTSUPP) /* flow rules were switched off, and went with that */
		nk_error_reset(err);
	else if (rc && rc != -ENOENT)
		return rc;
	return nk_rules_remove(fd, nk_step_owner(att), n, err);
}

int nk_step_rules_remove(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_error mine;
	int fd cleanup_close = -1;
	uint32_t n;
	int rc, first = 0;

	if (!att->rule_count || !att->lease_count)
		return 0;
	fd = open_rules(att, false, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	for (n = att->rule_count; n > 0; n--) {
		nk_error_reset(&mine);
		rc = remove_rule(att, fd, n - 1, &mine);
		if (rc && !first) {
			first = rc;
			*err = mine;
		}
	}
	if (att->lender.nic.ifindex)
		nk_flow_tidy(&att->host, &att->lender.nic);
	return first;
}
