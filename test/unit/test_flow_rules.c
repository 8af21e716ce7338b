// SPDX-License-Identifier: Apache-2.0
/*
 * test_flow_rules.c - flow rules on a NIC that is a table here, and behaves as drivers do
 *
 * The ioctl of this file stands for libc's. "fake0" is the NIC; all other requests go to the
 * kernel.
 */
#include "nic/flow.h"

#include "base/cleanup.h"
#include "base/types.h"
#include "kernel/nl.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOM 8

static struct {
	uint32_t size;
	bool anywhere;		     /* takes RX_CLS_LOC_ANY alone; else explicit locations alone */
	bool no_count_size;	     /* tells its size in GRXCLSRLALL alone */
	int absent;		     /* what it says of an empty location */
	int lists_fail, lists_errno; /* so many lists fail */
	bool forgets_vlan;	     /* as gve does */
	bool forgets_rule;	     /* reports success all the same */
	int insert_errno, remove_errno, read_errno, count_errno;
	uint64_t goes_after; /* when the rule to this queue has been read, the one at location 0 goes */
	uint32_t overcount; /* rules told beyond those there are */
	struct nk_flow rules[ROOM];
	bool used[ROOM];
} fake;

static int count(void)
{
	int i, n = 0;

	for (i = 0; i < ROOM; i++)
		n += fake.used[i];
	return n;
}

static int fake_list(struct ethtool_rxnfc *request)
{
	uint32_t i, n = 0;

	if (fake.lists_fail && fake.lists_fail--)
		return fake.lists_errno;
	request->data = fake.size;
	for (i = ROOM; i-- > 0;) { /* in no order that is of use */
		if (!fake.used[i])
			continue;
		if (n == request->rule_cnt)
			return EMSGSIZE;
		request->rule_locs[n++] = i;
	}
	request->rule_cnt = n + fake.overcount;
	return 0;
}

static int fake_insert(struct ethtool_rxnfc *request)
{
	uint32_t at = request->fs.location;

	if (fake.insert_errno)
		return fake.insert_errno;
	if (fake.anywhere != (at == RX_CLS_LOC_ANY))
		return EINVAL;
	for (at = fake.anywhere ? 0 : at; fake.anywhere && at < fake.size && fake.used[at]; at++)
		;
	if (at >= fake.size)
		return ENOSPC;
	request->fs.location = at;
	fake.used[at] = !fake.forgets_rule;
	fake.rules[at].spec = request->fs;
	fake.rules[at].context = request->rss_context;
	if (fake.forgets_vlan)
		fake.rules[at].spec.flow_type &= ~FLOW_EXT;
	return 0;
}

static int fake_request(struct ethtool_rxnfc *request, bool by_altname)
{
	const uint32_t at = request->fs.location;
	const bool changes = request->cmd == ETHTOOL_SRXCLSRLINS ||
			     request->cmd == ETHTOOL_SRXCLSRLDEL;

	if (changes != by_altname)
		return ENODEV;
	switch (request->cmd) {
	case ETHTOOL_GRXCLSRLCNT:
		request->rule_cnt = (uint32_t)count();
		request->data = fake.no_count_size ? 0 : fake.size;
		request->data |= fake.anywhere ? RX_CLS_LOC_SPECIAL : 0;
		return fake.count_errno;
	case ETHTOOL_GRXCLSRLALL:
		return fake_list(request);
	case ETHTOOL_GRXCLSRULE:
		if (fake.read_errno || at >= ROOM || !fake.used[at])
			return fake.read_errno ? fake.read_errno : fake.absent;
		request->fs = fake.rules[at].spec;
		request->rss_context = fake.rules[at].context;
		fake.used[0] &= !fake.goes_after || request->fs.ring_cookie != fake.goes_after;
		return 0;
	case ETHTOOL_SRXCLSRLINS:
		return fake_insert(request);
	case ETHTOOL_SRXCLSRLDEL:
		if (fake.remove_errno || at >= ROOM || !fake.used[at])
			return fake.remove_errno ? fake.remove_errno : fake.absent;
		fake.used[at] = false;
		return 0;
	default:
		return EOPNOTSUPP;
	}
}

/* What the kernel knows of names: fake0 is the NIC's, and for so many looks it is another NIC's by then. */
static int renames;
static const struct nk_nic fake0 = { .ifindex = 70007, .name = "fake0" };
static struct nk_nl nl;

static int fake_name(unsigned long request, struct ifreq *ifr)
{
	if (request == SIOCGIFNAME)
		snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "fake0");
	else
		ifr->ifr_ifindex = renames && renames-- ? 8 : (int)fake0.ifindex;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	struct ifreq *ifr;
	va_list ap;

	va_start(ap, request);
	ifr = va_arg(ap, struct ifreq *);
	va_end(ap);
	if (request == SIOCGIFNAME && ifr->ifr_ifindex == (int)fake0.ifindex)
		return fake_name(request, ifr);
	if (request == SIOCGIFINDEX && !strcmp(ifr->ifr_name, "fake0"))
		return fake_name(request, ifr);
	/* By its name it is asked, and by its altname alone it is changed. */
	if (request != SIOCETHTOOL ||
	    (strcmp(ifr->ifr_name, "fake0") != 0 && strcmp(ifr->ifr_name, "nkf70007") != 0))
		return (int)syscall(SYS_ioctl, fd, request, ifr);
	errno = fake_request((struct ethtool_rxnfc *)ifr->ifr_data,
			     !strncmp(ifr->ifr_name, "nkf", 3));
	return errno ? -1 : 0;
}

/* acknowledge() - a kernel that grants altnames */
static void acknowledge(int fd)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} ack = { .head = { .nlmsg_len = sizeof(ack), .nlmsg_type = NLMSG_ERROR } };
	union {
		struct nlmsghdr head;
		char bytes[1024];
	} asked;

	while (recv(fd, asked.bytes, sizeof(asked), 0) > 0) {
		ack.head.nlmsg_seq = asked.head.nlmsg_seq;
		ack.error.msg = asked.head;
		if (send(fd, &ack, sizeof(ack), 0) < 0)
			break;
	}
	_exit(0);
}

static void open_nl(void)
{
	int fds[2];

	cr_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
	nl = (struct nk_nl){ .rtnl = mnl_socket_fdopen(fds[0]), .where = "fake" };
	cr_assert(nl.rtnl);
	if (!fork()) {
		close(fds[0]);
		acknowledge(fds[1]);
	}
	close(fds[1]);
}

static void explicit_locations(void)
{
	open_nl();
	fake.size = ROOM;
	fake.absent = ENOENT;
	fake.no_count_size = true;
}

static void any_location(void)
{
	open_nl();
	fake.size = ROOM;
	fake.absent = EINVAL;
	fake.anywhere = true;
}

TestSuite(flow_rules, .timeout = 10);

static struct nk_flow rule(uint8_t last, uint16_t vlan, uint32_t queue)
{
	const struct nk_steering how = { .match = NK_MATCH_MAC, .vlan = vlan };
	const uint8_t mac[NK_MAC_LEN] = { 2, 0, 0, 0, 0, last };
	const struct nk_flow_target to = { .id = queue };
	struct nk_flow flow;

	nk_flow_build(&how, mac, NULL, &to, &flow);
	return flow;
}

/* insert() - place and insert a rule, on a VLAN, that has to go in. Return: its location */
static uint32_t insert(uint8_t last)
{
	struct nk_flow flow = rule(last, 1, last);
	struct nk_error err = { 0 };

	unit_expect_ok("place", nk_flow_place(&fake0, NULL, 0, &flow, &err), &err);
	unit_expect_ok("insert", nk_flow_insert(&nl, &fake0, &flow, &err), &err);
	cr_assert_lt(flow.spec.location, ROOM);
	return flow.spec.location;
}

static void expect_table(bool anywhere, uint32_t size, uint32_t used)
{
	struct nk_flow_table table;
	struct nk_error err = { 0 };

	unit_expect_ok("table", nk_flow_table_get(&fake0, &table, &err), &err);
	cr_expect(table.anywhere == anywhere && table.size == size && table.used == used,
		  "anywhere %d, %u of %u", table.anywhere, table.used, table.size);
}

static void fill_find_and_empty(void)
{
	struct nk_error err = { 0 };
	struct nk_flow flow;
	uint32_t location = 99;
	uint8_t i;

	for (i = 0; i < ROOM; i++)
		cr_expect_eq(insert(i), i);
	expect_table(fake.anywhere, ROOM, ROOM);
	flow = rule(100, 1, 1);
	unit_expect_error("full", nk_flow_place(&fake0, NULL, 0, &flow, &err), &err, NK_CODE_KERNEL,
			  "the flow table is full|fake0: 8 of 8 rules in use|ethtool -n fake0");
	cr_expect_eq(err.sys, ENOSPC);
	nk_error_reset(&err);
	unit_expect_ok("remove", nk_flow_remove(&nl, &fake0, 5, &err), &err);
	unit_expect_ok("again", nk_flow_remove(&nl, &fake0, 5, &err), &err);
	cr_expect_eq(nk_flow_get(&fake0, 5, &flow, &err), -ENOENT);
	cr_expect_eq(err.code, NK_CODE_NONE);
	cr_expect_eq(insert(50), 5, "the hole is taken");
	flow = rule(50, 1, 50);
	cr_expect_eq(nk_flow_find(&fake0, &flow, &location, &err), 1);
	cr_expect_eq(location, 5);
	flow = rule(50, 1, 51);
	cr_expect_eq(nk_flow_find(&fake0, &flow, &location, &err), 0);
	for (i = 0; i < ROOM; i++)
		unit_expect_ok("remove", nk_flow_remove(&nl, &fake0, i, &err), &err);
	cr_expect_eq(count(), 0);
}

Test(flow_rules, table_with_explicit_locations, .init = explicit_locations)
{
	fill_find_and_empty();
}

Test(flow_rules, table_whose_driver_chooses_locations, .init = any_location)
{
	fill_find_and_empty();
}

/* place_without_vlan() - Return: where such a rule gets */
static uint32_t place_without_vlan(uint8_t last)
{
	struct nk_flow flow = rule(last, 0, last);
	struct nk_error err = { 0 };

	unit_expect_ok("place", nk_flow_place(&fake0, NULL, 0, &flow, &err), &err);
	unit_expect_ok("insert", nk_flow_insert(&nl, &fake0, &flow, &err), &err);
	return flow.spec.location;
}

/* It catches the frames of all VLANs, so that a rule on one has to go first. */
Test(flow_rules, rule_without_a_vlan_goes_behind_those_with_one, .init = explicit_locations)
{
	struct nk_flow flow = rule(9, 0, 1);
	struct nk_error err = { 0 };
	uint8_t i;

	cr_expect_eq(place_without_vlan(1), ROOM - 1);
	cr_expect_eq(insert(2), 0);
	cr_expect_eq(place_without_vlan(3), ROOM - 2);
	cr_expect_eq(insert(4), 1);
	for (i = 2; i < ROOM - 2; i++)
		cr_expect_eq(insert(i), i);
	unit_expect_error("full", nk_flow_place(&fake0, NULL, 0, &flow, &err), &err, NK_CODE_KERNEL,
			  "the flow table is full|8 of 8");
}

Test(flow_rules, planned_locations_count_as_taken, .init = explicit_locations)
{
	const uint32_t planned[] = { RX_CLS_LOC_ANY, 1, ROOM - 1, 2, 3, 4, 5 };
	struct nk_flow front = rule(1, 7, 1), end = rule(2, 0, 1);
	struct nk_error err = { 0 };

	insert(9);
	unit_expect_ok("with a VLAN", nk_flow_place(&fake0, planned, 4, &front, &err), &err);
	cr_expect_eq(front.spec.location, 3);
	unit_expect_ok("without", nk_flow_place(&fake0, planned, 4, &end, &err), &err);
	cr_expect_eq(end.spec.location, ROOM - 2);
	unit_expect_ok("the last one", nk_flow_place(&fake0, planned, 7, &front, &err), &err);
	cr_expect_eq(front.spec.location, ROOM - 2);
	cr_expect_eq(count(), 1);
}

Test(flow_rules, driver_that_refuses_a_location_chooses_it, .init = any_location)
{
	cr_expect_eq(place_without_vlan(1), 0);
	cr_expect_eq(place_without_vlan(2), 1);
}

Test(flow_rules, inserted_rule_becomes_what_the_kernel_has, .init = any_location)
{
	const struct nk_steering how = { .match = NK_MATCH_MAC, .vlan = 5 };
	const struct nk_flow_target to = { .is_context = true, .id = 3 };
	const uint8_t mac[NK_MAC_LEN] = { 2 };
	struct nk_error err = { 0 };
	struct nk_flow flow, found;

	insert(1);
	nk_flow_build(&how, mac, NULL, &to, &flow);
	unit_expect_ok("insert", nk_flow_insert(&nl, &fake0, &flow, &err), &err);
	cr_expect_eq(flow.spec.location, 1);
	cr_expect_eq(flow.context, 3);
	unit_expect_ok("get", nk_flow_get(&fake0, 1, &found, &err), &err);
	cr_expect(!memcmp(&flow, &found, sizeof(flow)));
}

Test(flow_rules, rule_that_is_there_is_not_replaced, .init = explicit_locations)
{
	struct nk_flow flow = rule(9, 0, 3);
	struct nk_error err = { 0 };
	int rc;

	insert(1);
	flow.spec.location = 0;
	rc = nk_flow_insert(&nl, &fake0, &flow, &err);
	unit_expect_error("insert", rc, &err, NK_CODE_KERNEL,
			  "cannot insert a flow rule|fake0: flow-type ether dst "
			  "02:00:00:00:00:09 action 3 loc 0|location 0 has another rule|dst "
			  "02:00:00:00:00:01 vlan 1 vlan-mask 0xf000 action 1 loc 0");
	cr_expect_eq(rc, -EEXIST);
	cr_expect_eq(fake.rules[0].spec.ring_cookie, 1);
}

Test(flow_rules, refusal_names_the_rule_and_the_errno, .init = explicit_locations)
{
	struct nk_flow flow = rule(9, 5, 3);
	struct nk_error err = { 0 };

	fake.insert_errno = 524;
	flow.spec.location = 2;
	unit_expect_error("insert", nk_flow_insert(&nl, &fake0, &flow, &err), &err, NK_CODE_KERNEL,
			  "cannot insert a flow rule|fake0: flow-type ether dst 02:00:00:00:00:09 "
			  "vlan 5 vlan-mask 0xf000 action 3 loc 2: ENOTSUPP");
}

Test(flow_rules, rule_that_the_nic_changes_is_taken_out_again, .init = explicit_locations)
{
	struct nk_flow flow = rule(9, 5, 3);
	struct nk_error err = { 0 };
	int rc;

	fake.forgets_vlan = true;
	flow.spec.location = 2;
	rc = nk_flow_insert(&nl, &fake0, &flow, &err);
	unit_expect_error(
		"insert", rc, &err, NK_CODE_KERNEL,
		"cannot insert a flow rule|vlan 5|stored another rule than requested|the rule in the NIC is: "
		"flow-type ether dst 02:00:00:00:00:09 action 3 loc 2");
	cr_expect_eq(rc, -EIO);
	cr_expect_eq(count(), 0);
	nk_error_reset(&err);
	fake.remove_errno = EBUSY;
	unit_expect_error(
		"insert", nk_flow_insert(&nl, &fake0, &flow, &err), &err, NK_CODE_KERNEL,
		"stored another rule than requested|the rule could not be removed: fake0: location 2: "
		"EBUSY");
}

Test(flow_rules, rule_that_is_not_there_afterwards_is_an_error, .init = any_location)
{
	struct nk_flow flow = rule(9, 0, 3);
	struct nk_error err = { 0 };
	int rc;

	fake.forgets_rule = true;
	rc = nk_flow_insert(&nl, &fake0, &flow, &err);
	unit_expect_error("insert", rc, &err, NK_CODE_KERNEL,
			  "cannot insert a flow rule|reported success, but did not store the rule");
	cr_expect_eq(rc, -EIO);
}

Test(flow_rules, failure_to_remove_is_told_only_where_the_rule_is_there, .init = explicit_locations)
{
	struct nk_error err = { 0 };

	insert(1);
	fake.remove_errno = ENOSPC; /* mlx5, of a location beyond its table */
	unit_expect_ok("none there", nk_flow_remove(&nl, &fake0, 3, &err), &err);
	unit_expect_error("one there", nk_flow_remove(&nl, &fake0, 0, &err), &err, NK_CODE_KERNEL,
			  "cannot remove a flow rule|fake0: location 0: ENOSPC");
}

/* read_sum() - of the queues that the rules direct to */
static int read_sum(uint64_t *sum, struct nk_error *err)
{
	struct nk_flow_list flows cleanup_list = { 0 };
	int rc = nk_flow_read(&fake0, &flows, err);
	uint32_t i;

	for (i = 0; i < flows.count && !rc; i++)
		*sum += flows.at[i].spec.ring_cookie;
	return rc;
}

Test(flow_rules, rules_that_come_and_go_under_a_walk_are_passed_over, .init = explicit_locations)
{
	struct nk_error err = { 0 };
	uint64_t sum = 0;
	uint8_t i;

	for (i = 1; i <= 3; i++)
		insert(i);
	fake.goes_after = 3;
	fake.lists_fail = 2; /* then the third time is right */
	fake.lists_errno = EMSGSIZE;
	unit_expect_ok("read", read_sum(&sum, &err), &err);
	cr_expect_eq(sum, 3 + 2);
	fake.lists_fail = 2;
	fake.lists_errno = EINVAL;
	unit_expect_ok("read", read_sum(&sum, &err), &err);
	fake.lists_fail = 3;
	unit_expect_error("read", read_sum(&sum, &err), &err, NK_CODE_KERNEL,
			  "cannot read the NIC's flow rules|fake0: ETHTOOL_GRXCLSRLALL: EINVAL");
}

/* More than there was room for: nothing may be read beyond it. */
Test(flow_rules, driver_that_tells_too_many_is_not_believed, .init = explicit_locations)
{
	struct nk_error err = { 0 };
	uint64_t sum = 0;

	insert(1);
	fake.overcount = 1000;
	unit_expect_error("read", read_sum(&sum, &err), &err, NK_CODE_KERNEL,
			  "cannot read the NIC's flow rules|EMSGSIZE");
	cr_expect_eq(sum, 0);
}

Test(flow_rules, unreadable_rule_ends_a_walk, .init = explicit_locations)
{
	struct nk_error err = { 0 };
	uint64_t sum = 0;

	insert(1);
	fake.read_errno = EIO;
	unit_expect_error("read", read_sum(&sum, &err), &err, NK_CODE_KERNEL,
			  "cannot read the NIC's flow rules|fake0: ETHTOOL_GRXCLSRULE, location 0: "
			  "EIO");
}

Test(flow_rules, nic_without_rules_has_none, .init = explicit_locations)
{
	struct nk_flow flow = rule(1, 0, 1);
	struct nk_flow_table table;
	struct nk_error err = { 0 };
	uint64_t sum = 0;
	uint32_t location;
	int rc;

	fake.count_errno = EOPNOTSUPP;
	fake.read_errno = EOPNOTSUPP;
	fake.remove_errno = EOPNOTSUPP;
	unit_expect_ok("read", read_sum(&sum, &err), &err);
	unit_expect_ok("find", nk_flow_find(&fake0, &flow, &location, &err), &err);
	unit_expect_ok("remove", nk_flow_remove(&nl, &fake0, 1, &err), &err);
	rc = nk_flow_table_get(&fake0, &table, &err);
	unit_expect_error("table", rc, &err, NK_CODE_KERNEL,
			  "fake0: ETHTOOL_GRXCLSRLCNT: EOPNOTSUPP");
	cr_expect_eq(rc, -EOPNOTSUPP);
}

Test(flow_rules, nic_that_is_renamed_meanwhile_is_asked_again, .init = explicit_locations)
{
	struct nk_flow_table table;
	struct nk_error err = { 0 };

	insert(1);
	renames = 3;
	unit_expect_ok("table", nk_flow_table_get(&fake0, &table, &err), &err);
	cr_expect_eq(table.used, 1);
	cr_expect_eq(renames, 0);
	renames = 1000;
	unit_expect_error("for ever", nk_flow_table_get(&fake0, &table, &err), &err, NK_CODE_KERNEL,
			  "fake0: ETHTOOL_GRXCLSRLCNT: ESTALE");
}

/* By the running kernel. */
Test(flow_rules, nic_that_is_not_there_is_an_error, .init = explicit_locations)
{
	const struct nk_nic none = { .ifindex = INT32_MAX, .name = "nk-none" };
	struct nk_flow_table table;
	struct nk_error err = { 0 };

	unit_expect_error("table", nk_flow_table_get(&none, &table, &err), &err, NK_CODE_KERNEL,
			  "nk-none: ETHTOOL_GRXCLSRLCNT: ENODEV");
}
