// SPDX-License-Identifier: Apache-2.0
/* test_rings.c - receive ring parameters: requests byte for byte, replies whole and cut */
#include "ethtool/rings.h"

#include "genl.h"
#include "kernel/uapi.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>

#define IFINDEX 7

static struct genl genl;

static void open_genl(void)
{
	genl_open(&genl);
}

static void close_genl(void)
{
	genl_close(&genl);
}

TestSuite(rings, .init = open_genl, .fini = close_genl, .timeout = 10);

static int get(struct nk_rings_state *ret, struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
	return nk_rings_get(&genl.nl, IFINDEX, ret, err);
}

Test(rings, what_the_driver_has_is_read)
{
	union genl_reply reply;
	struct nk_rings_state state;
	struct nk_error err;
	struct nlmsghdr *msg;

	msg = genl_reply(&genl, &reply, ETHTOOL_MSG_RINGS_GET_REPLY);
	genl_put_header(msg, IFINDEX);
	mnl_attr_put_u32(msg, ETHTOOL_A_RINGS_RX, 512);
	mnl_attr_put_u8(msg, ETHTOOL_A_RINGS_TCP_DATA_SPLIT, ETHTOOL_TCP_DATA_SPLIT_ENABLED);
	mnl_attr_put_u32(msg, NK_ETHTOOL_A_RINGS_HDS_THRESH, 0);
	mnl_attr_put_u32(msg, NK_ETHTOOL_A_RINGS_HDS_THRESH_MAX, 1023);
	genl_give(&genl, msg, msg->nlmsg_len);
	genl_ack(&genl, 0);
	unit_expect_ok("both", get(&state, &err), &err);
	cr_expect(state.has_split && state.has_threshold);
	cr_expect_eq(state.split, ETHTOOL_TCP_DATA_SPLIT_ENABLED);
	cr_expect_eq(state.threshold, 0);
	cr_expect_eq(state.threshold_max, 1023);
	genl_expect(&genl, "get",
		    "20000000 2000 0500 00000000 00000000 0f010000 "
		    "0c000180 08000100 07000000");

	msg = genl_reply(&genl, &reply, ETHTOOL_MSG_RINGS_GET_REPLY);
	genl_put_header(msg, IFINDEX);
	mnl_attr_put_u32(msg, ETHTOOL_A_RINGS_RX, 512);
	genl_give(&genl, msg, msg->nlmsg_len);
	genl_ack(&genl, 0);
	unit_expect_ok("neither", get(&state, &err), &err);
	cr_expect(!state.has_split && !state.has_threshold);
	cr_expect_eq(state.split, ETHTOOL_TCP_DATA_SPLIT_UNKNOWN);
}

Test(rings, reply_cut_at_any_byte_is_read_up_to_there_or_refused)
{
	union genl_reply reply;
	struct nk_rings_state state;
	struct nk_error err;
	struct nlmsghdr *msg;
	size_t size, whole;
	int rc;

	for (size = 0, whole = 1; size <= whole; size++) {
		msg = genl_reply(&genl, &reply, ETHTOOL_MSG_RINGS_GET_REPLY);
		genl_put_header(msg, IFINDEX);				 /* to byte 40 */
		mnl_attr_put_u8(msg, ETHTOOL_A_RINGS_TCP_DATA_SPLIT, 1); /* to 45, padded to 48 */
		mnl_attr_put_u32(msg, NK_ETHTOOL_A_RINGS_HDS_THRESH, 256);
		whole = msg->nlmsg_len;
		genl_give(&genl, msg, size);
		genl_ack(&genl, 0);
		rc = get(&state, &err);
		genl_forget(&genl);
		if (size == 20 || size == 40 || (size >= 45 && size <= 48) || size == whole) {
			unit_expect_ok("boundary", rc, &err);
			cr_expect_eq(state.has_split, size >= 45, "%zu bytes", size);
			cr_expect_eq(state.split, size >= 45, "%zu bytes", size);
			cr_expect_eq(state.threshold, size == whole ? 256 : 0, "%zu bytes", size);
		} else { /* of an empty datagram only the end comes, and no object */
			unit_expect_error("cut", rc, &err, NK_CODE_KERNEL, "cannot read the ring");
			cr_expect_eq(rc, -EBADMSG, "%zu bytes: %d", size, rc);
		}
	}
	cr_expect_eq(whole, 56);
}

Test(rings, split_of_another_length_is_refused)
{
	union genl_reply reply;
	struct nk_rings_state state;
	struct nk_error err;
	struct nlmsghdr *msg = genl_reply(&genl, &reply, ETHTOOL_MSG_RINGS_GET_REPLY);
	int rc;

	mnl_attr_put_u32(msg, ETHTOOL_A_RINGS_TCP_DATA_SPLIT, 2);
	genl_give(&genl, msg, msg->nlmsg_len);
	genl_ack(&genl, 0);
	rc = get(&state, &err);
	unit_expect_error("u32", rc, &err, NK_CODE_KERNEL, "cannot read the ring|ethtool rings");
	cr_expect_eq(rc, -EBADMSG);
}

Test(rings, each_setting_is_asked_for_alone)
{
	struct nk_error err = { 0 };

	genl_ack(&genl, 0);
	unit_expect_ok("split", nk_rings_set_split(&genl.nl, IFINDEX, 2, &err), &err);
	genl_expect(&genl, "split",
		    "28000000 2000 0500 00000000 00000000 10010000 "
		    "0c000180 08000100 07000000 05000b00 02000000");
	genl_ack(&genl, 0);
	unit_expect_ok("threshold", nk_rings_set_threshold(&genl.nl, IFINDEX, 0, &err), &err);
	genl_expect(&genl, "threshold",
		    "28000000 2000 0500 00000000 00000000 10010000 "
		    "0c000180 08000100 07000000 08001100 00000000");
}

Test(rings, refusal_names_the_setting_and_the_key_to_leave_out)
{
	struct nk_error err = { 0 };
	int rc;

	genl_refuse(&genl, -EOPNOTSUPP, "setting TCP data split is not supported", 32);
	rc = nk_rings_set_split(&genl.nl, IFINDEX, 2, &err);
	unit_expect_error("split", rc, &err, NK_CODE_KERNEL,
			  "cannot set TCP data split to on|not supported (attribute "
			  ".tcp-data-split): EOPNOTSUPP|leave out rings.tcpDataSplit");
	cr_expect_eq(rc, -EOPNOTSUPP);
	nk_error_reset(&err);
	genl_refuse(&genl, -EOPNOTSUPP, "setting hds-thresh is not supported", 32);
	rc = nk_rings_set_threshold(&genl.nl, IFINDEX, 64, &err);
	unit_expect_error("threshold", rc, &err, NK_CODE_KERNEL,
			  "header split threshold to 64|(attribute .hds-thresh): EOPNOTSUPP|"
			  "leave out rings.hdsThreshold");
	nk_error_reset(&err);
	genl_refuse(&genl, -EINVAL, "tcp-data-split can not be enabled with single buffer XDP", 32);
	rc = nk_rings_set_split(&genl.nl, IFINDEX, 2, &err);
	unit_expect_error("XDP", rc, &err, NK_CODE_KERNEL, "single buffer XDP");
	cr_expect_str_empty(err.remedy);
	nk_error_reset(&err);
	genl_ack(&genl, -ERANGE);
	rc = nk_rings_set_split(&genl.nl, IFINDEX, 200, &err);
	unit_expect_error("200", rc, &err, NK_CODE_KERNEL, "to an unknown value|ERANGE");
	nk_error_reset(&err);
	genl.nl.family[NK_NL_ETHTOOL] = 0;
	rc = nk_rings_set_split(&genl.nl, IFINDEX, 0, &err);
	unit_expect_error("no family", rc, &err, NK_CODE_KERNEL,
			  "the driver's default|no generic netlink family|CONFIG_ETHTOOL_NETLINK");
}
