// SPDX-License-Identifier: Apache-2.0
/* test_ethtool.c - the frame of ethtool netlink: header, family, lengths */
#include "ethtool/ethtool.h"

#include "genl.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

static struct genl genl;

static void open_genl(void)
{
	genl_open(&genl);
}

static void close_genl(void)
{
	genl_close(&genl);
}

TestSuite(ethtool, .init = open_genl, .fini = close_genl, .timeout = 10);

static const struct nk_nl_names names[] = {
	{ 1, "header", nk_ethtool_header_names },
	{ 0, NULL, NULL },
};

static int ask(uint8_t command, int flags, struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
	return nk_ethtool_do(&genl.nl, nk_ethtool_new(&genl.nl, command, flags, 0x01020304), names,
			     NULL, NULL, err);
}

Test(ethtool, request_names_the_device_and_asks_for_no_compact_sets)
{
	struct nk_error err;

	genl_ack(&genl, 0);
	unit_expect_ok("get", ask(ETHTOOL_MSG_RINGS_GET, 0, &err), &err);
	genl_expect(&genl, "get",
		    "20000000 2000 0500 00000000 00000000 0f010000 "
		    "0c000180 08000100 04030201");
	genl_done(&genl, 0);
	unit_expect_ok("dump", ask(ETHTOOL_MSG_RINGS_GET, NLM_F_DUMP, &err), &err);
	genl_expect(&genl, "dump",
		    "20000000 2000 0503 00000000 00000000 0f010000 "
		    "0c000180 08000100 04030201");
}

Test(ethtool, device_that_the_kernel_objects_to_is_named_by_its_attribute)
{
	struct nk_error err;
	int rc;

	genl_refuse(&genl, -ENODEV, "no device matches ifindex", 24);
	rc = ask(ETHTOOL_MSG_RINGS_GET, 0, &err);
	unit_expect_error("get", rc, &err, NK_CODE_KERNEL, "the kernel refused");
	cr_expect_eq(rc, -ENODEV);
	cr_expect_str_eq(err.details,
			 "no device matches ifindex (attribute .header.dev-index): ENODEV");
}

Test(ethtool, kernel_without_the_family_is_not_asked)
{
	struct nk_error err;
	int rc;

	genl.nl.family[NK_NL_ETHTOOL] = 0;
	rc = ask(ETHTOOL_MSG_RINGS_GET, 0, &err);
	unit_expect_error("get", rc, &err, NK_CODE_KERNEL,
			  "no generic netlink family ethtool|CONFIG_ETHTOOL_NETLINK");
	cr_expect_eq(rc, -EOPNOTSUPP);
	genl_expect_nothing(&genl, "no family");
}

Test(ethtool, request_that_could_not_be_built_is_out_of_memory)
{
	struct nk_error err = { 0 };
	int rc = nk_ethtool_do(&genl.nl, NULL, names, NULL, NULL, &err);

	unit_expect_error("NULL", rc, &err, NK_CODE_INTERNAL, "out of memory");
	cr_expect_eq(rc, -ENOMEM);
	genl_expect_nothing(&genl, "NULL");
}

Test(ethtool, reply_cut_at_any_byte_is_read_up_to_there_or_refused)
{
	const struct nlattr *tb[3];
	union genl_reply reply;
	struct nlmsghdr *msg = genl_reply(&genl, &reply, ETHTOOL_MSG_RINGS_GET_REPLY), *cut;
	struct unit_guard guard;
	struct nk_error err;
	size_t size, whole;
	int rc;

	genl_put_header(msg, 7); /* bytes 20 to 39 */
	mnl_attr_put_u32(msg, 2, 99);
	whole = msg->nlmsg_len;
	cr_assert_eq(whole, 48);
	unit_guard_init(&guard, whole);
	for (size = NLMSG_HDRLEN; size <= whole; size++) {
		msg->nlmsg_len = (uint32_t)size;
		cut = unit_guard_put(&guard, reply.bytes, size, 4);
		err = (struct nk_error){ 0 };
		rc = nk_ethtool_parse(cut, 2, tb, &err);
		if (size == 20 || size == 40 || size == 48) {
			unit_expect_ok("boundary", rc, &err);
			cr_expect_eq(!!tb[1], size >= 40, "%zu bytes", size);
			cr_expect_eq(nk_nl_u32(tb[2]), size == 48 ? 99 : 0, "%zu bytes", size);
		} else {
			unit_expect_error("cut", rc, &err, NK_CODE_KERNEL, "garbled|ethtool");
			cr_expect_eq(rc, -EBADMSG, "%zu bytes: %d", size, rc);
		}
	}
	unit_guard_fini(&guard);
}
