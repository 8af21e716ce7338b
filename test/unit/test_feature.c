// SPDX-License-Identifier: Apache-2.0
/* test_feature.c - device features: requests byte for byte, replies whole and cut, read back */
#include "ethtool/feature.h"

#include "genl.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <stdio.h>

#define IFINDEX	 7
#define GET_HEX	 "20000000 2000 0500 00000000 00000000 0b010000 0c000180 08000100 07000000"
#define SET_HEAD "2000 0500 00000000 00000000 0c010000 0c000180 08000100 07000000"

static struct genl genl;

static void open_genl(void)
{
	genl_open(&genl);
}

static void close_genl(void)
{
	genl_close(&genl);
}

TestSuite(feature, .init = open_genl, .fini = close_genl, .timeout = 10);

/* A NIC's features, each as the letters of the sets that it is in: h(w), w(anted), a(ctive),
 * n(ochange). "x" alone is known and nothing more.
 */
struct nic {
	const char *name, *sets;
};

static bool in(const struct nic *nic, char set)
{
	for (const char *c = nic->sets; *c; c++)
		if (*c == set)
			return true;
	return false;
}

/* put_set() - as the kernel does: "hw" lists every name, with a value where set; the others have no
 * mask and list what is set.
 */
static void put_set(struct nlmsghdr *msg, uint16_t type, char set, const struct nic *nic)
{
	struct nlattr *bitset = mnl_attr_nest_start(msg, type), *bits, *bit;
	uint32_t i;

	if (set != 'h')
		mnl_attr_put(msg, ETHTOOL_A_BITSET_NOMASK, 0, NULL);
	mnl_attr_put_u32(msg, ETHTOOL_A_BITSET_SIZE, 64);
	bits = mnl_attr_nest_start(msg, ETHTOOL_A_BITSET_BITS);
	for (i = 0; nic[i].name; i++) {
		if (set != 'h' && !in(&nic[i], set))
			continue;
		bit = mnl_attr_nest_start(msg, ETHTOOL_A_BITSET_BITS_BIT);
		mnl_attr_put_u32(msg, ETHTOOL_A_BITSET_BIT_INDEX, i);
		mnl_attr_put_strz(msg, ETHTOOL_A_BITSET_BIT_NAME, nic[i].name);
		if (set == 'h' && in(&nic[i], set))
			mnl_attr_put(msg, ETHTOOL_A_BITSET_BIT_VALUE, 0, NULL);
		mnl_attr_nest_end(msg, bit);
	}
	mnl_attr_nest_end(msg, bits);
	mnl_attr_nest_end(msg, bitset);
}

static struct nlmsghdr *put_features(union genl_reply *reply, const struct nic *nic)
{
	struct nlmsghdr *msg = genl_reply(&genl, reply, ETHTOOL_MSG_FEATURES_GET_REPLY);

	genl_put_header(msg, IFINDEX);
	put_set(msg, ETHTOOL_A_FEATURES_HW, 'h', nic);
	put_set(msg, ETHTOOL_A_FEATURES_WANTED, 'w', nic);
	put_set(msg, ETHTOOL_A_FEATURES_ACTIVE, 'a', nic);
	put_set(msg, ETHTOOL_A_FEATURES_NOCHANGE, 'n', nic);
	return msg;
}

static void give_features(const struct nic *nic)
{
	union genl_reply reply;
	struct nlmsghdr *msg = put_features(&reply, nic);

	genl_give(&genl, msg, msg->nlmsg_len);
	genl_ack(&genl, 0);
}

static int get(const char *name, struct nk_feature *ret, struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
	return nk_feature_get(&genl.nl, IFINDEX, name, ret, err);
}

static int set(const char *name, bool on, struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
	return nk_feature_set(&genl.nl, IFINDEX, name, on, err);
}

Test(feature, known_on_and_changeable_are_told_apart)
{
	static const struct nic nic[] = {
		{ "rx-vlan-filter", "hwa" },   { "rx-ntuple-filter", "h" },
		{ "rx-vlan-hw-parse", "a" },   { "tx-lockless", "han" },
		{ "rx-ntuple-filterx", "wa" }, { NULL, NULL },
	};
	static const struct {
		const char *name;
		struct nk_feature want;
	} rows[] = {
		{ "rx-vlan-filter", { .known = true, .on = true, .changeable = true } },
		{ "rx-ntuple-filter", { .known = true, .changeable = true } },
		{ "rx-vlan-hw-parse", { .known = true, .on = true } },
		{ "tx-lockless", { .known = true, .on = true } },
		{ "rx-ntuple", { .known = false } },
		{ "", { .known = false } },
	};
	struct nk_feature feature;
	struct nk_error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		give_features(nic);
		unit_expect_ok(rows[i].name, get(rows[i].name, &feature, &err), &err);
		genl_expect(&genl, rows[i].name, GET_HEX);
		cr_expect_eq(feature.known, rows[i].want.known, "%s", rows[i].name);
		cr_expect_eq(feature.on, rows[i].want.on, "%s", rows[i].name);
		cr_expect_eq(feature.changeable, rows[i].want.changeable, "%s", rows[i].name);
	}
}

/* The innermost lengths too: of each byte, what is in front of it is read, or all is refused. */
Test(feature, reply_cut_at_any_byte_is_read_up_to_there_or_refused)
{
	static const struct nic nic[] = {
		{ "rx-vlan-filter", "h" },
		{ "rx-ntuple-filter", "hwa" },
		{ NULL, NULL },
	};
	size_t size, whole = 1, read = 0;
	struct nk_feature feature;
	union genl_reply reply;
	struct nlmsghdr *msg;
	struct nk_error err;
	int rc;

	for (size = 1; size <= whole; size++) {
		msg = put_features(&reply, nic);
		whole = msg->nlmsg_len;
		genl_give(&genl, msg, size);
		genl_ack(&genl, 0);
		rc = get("rx-ntuple-filter", &feature, &err);
		genl_forget(&genl);
		if (!rc) {
			read++;
			cr_expect(!feature.on || (feature.known && feature.changeable));
			cr_expect_eq(feature.known, size > 40, "%zu bytes", size);
		} else {
			unit_expect_error("cut", rc, &err, NK_CODE_KERNEL, "read device features");
			cr_expect_eq(rc, -EBADMSG, "%zu bytes: %d", size, rc);
		}
	}
	cr_expect_eq(read, 6, "the header, four sets and none of them, not %zu", read);
	cr_expect(feature.on);
}

/* A whole message in which one length lies. */
Test(feature, any_length_within_replaced_is_read_or_refused)
{
	static const struct nic nic[] = { { "rx-ntuple-filter", "hwa" }, { NULL, NULL } };
	static const uint16_t lengths[] = { 0, 1, 3, 4, 5, 8, 12, 100, 4096, 65535 };
	struct nk_feature feature;
	union genl_reply reply;
	struct nlmsghdr *msg;
	struct nk_error err;
	size_t at, whole = 21, i, refused = 0;
	int rc;

	for (at = 20; at < whole; at += 4) {
		for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			msg = put_features(&reply, nic);
			whole = msg->nlmsg_len;
			*(uint16_t *)(reply.bytes + at) = lengths[i];
			genl_give(&genl, msg, whole);
			genl_ack(&genl, 0);
			rc = get("rx-ntuple-filter", &feature, &err);
			genl_forget(&genl);
			cr_expect(!rc || rc == -EBADMSG, "byte %zu = %u: %d", at, lengths[i], rc);
			refused += rc == -EBADMSG;
		}
	}
	cr_expect_gt(refused, 100, "%zu lies were found out", refused);
}

/* Else the feature behind it would be one that the kernel does not have. */
Test(feature, list_whose_second_bit_is_longer_than_the_list_is_refused)
{
	static const struct nic nic[] = { { "a", "" }, { "b", "hwa" }, { NULL, NULL } };
	struct nk_feature feature;
	union genl_reply reply;
	struct nlmsghdr *msg = put_features(&reply, nic);
	uint16_t *length = (uint16_t *)(reply.bytes + 76);
	struct nk_error err;
	int rc;

	cr_assert_eq(*length, 24); /* index, name and value */
	*length = 28;
	genl_give(&genl, msg, msg->nlmsg_len);
	genl_ack(&genl, 0);
	rc = get("b", &feature, &err);
	unit_expect_error("b", rc, &err, NK_CODE_KERNEL, "garbled|ethtool features");
	cr_expect_eq(rc, -EBADMSG);
}

Test(feature, request_holds_the_one_bit_with_its_mask_and_is_read_back)
{
	static const struct nic off[] = { { "rx-ntuple-filter", "h" }, { NULL, NULL } };
	static const struct nic on[] = { { "rx-ntuple-filter", "hwa" }, { NULL, NULL } };
	struct nk_error err;

	give_features(off);
	genl_ack(&genl, 0);
	give_features(on);
	unit_expect_ok("on", set("rx-ntuple-filter", true, &err), &err);
	genl_expect(&genl, "on", GET_HEX);
	genl_expect(&genl, "on",
		    "48000000" SET_HEAD "28000380 24000380 20000180"
		    "15000200 72782d6e7475706c652d66696c746572 00000000 04000300");
	genl_expect(&genl, "on", GET_HEX);
	give_features(on);
	genl_ack(&genl, 0);
	give_features(off);
	unit_expect_ok("off", set("rx-ntuple-filter", false, &err), &err);
	genl_expect(&genl, "off", GET_HEX);
	genl_expect(&genl, "off",
		    "44000000" SET_HEAD "24000380 20000380 1c000180"
		    "15000200 72782d6e7475706c652d66696c746572 00000000");
	genl_expect(&genl, "off", GET_HEX);
	genl_expect_nothing(&genl, "off");
}

Test(feature, what_is_so_already_or_cannot_be_changed_is_not_asked_for)
{
	static const struct nic fixed[] = { { "rx-ntuple-filter", "x" }, { NULL, NULL } };
	static const struct nic fixed_on[] = { { "rx-vlan-hw-parse", "a" }, { NULL, NULL } };
	struct nk_error err;
	int rc;

	give_features(fixed);
	unit_expect_ok("off", set("rx-ntuple-filter", false, &err), &err);
	genl_expect(&genl, "off", GET_HEX);
	give_features(fixed);
	rc = set("rx-ntuple-filter", true, &err);
	unit_expect_error("on", rc, &err, NK_CODE_KERNEL,
			  "cannot turn rx-ntuple-filter on|the driver keeps it off (fixed)");
	cr_expect_eq(rc, -EOPNOTSUPP);
	genl_expect(&genl, "on", GET_HEX);
	give_features(fixed_on);
	rc = set("rx-vlan-hw-parse", false, &err);
	unit_expect_error("off", rc, &err, NK_CODE_KERNEL,
			  "cannot turn rx-vlan-hw-parse off|the driver keeps it on (fixed)");
	genl_expect(&genl, "off", GET_HEX);
	give_features(fixed);
	rc = set("rx-vlan-hw-parse", false, &err);
	unit_expect_error("unknown", rc, &err, NK_CODE_KERNEL,
			  "cannot turn rx-vlan-hw-parse off|no such feature: EOPNOTSUPP");
	cr_expect_eq(rc, -EOPNOTSUPP);
	genl_expect(&genl, "unknown", GET_HEX);
	genl_expect_nothing(&genl, "unknown");
}

Test(feature, wish_that_was_not_granted_is_an_error_and_taken_back)
{
	static const struct nic off[] = { { "rx-ntuple-filter", "h" }, { NULL, NULL } };
	static const struct nic wanted[] = { { "rx-ntuple-filter", "hw" }, { NULL, NULL } };
	struct nk_error err;
	int rc;

	give_features(off);
	genl_ack(&genl, 0);
	give_features(wanted);
	genl_ack(&genl, 0);
	rc = set("rx-ntuple-filter", true, &err);
	unit_expect_error("on", rc, &err, NK_CODE_KERNEL,
			  "cannot turn rx-ntuple-filter on|the driver keeps it off, although");
	cr_expect_eq(rc, -EOPNOTSUPP);
	genl_expect(&genl, "read", GET_HEX);
	genl_expect(&genl, "on",
		    "48000000" SET_HEAD "28000380 24000380 20000180"
		    "15000200 72782d6e7475706c652d66696c746572 00000000 04000300");
	genl_expect(&genl, "read back", GET_HEX);
	genl_expect(&genl, "back",
		    "44000000" SET_HEAD "24000380 20000380 1c000180"
		    "15000200 72782d6e7475706c652d66696c746572 00000000");
	/* wanted by somebody before us: it stays so */
	give_features(wanted);
	genl_ack(&genl, 0);
	give_features(wanted);
	rc = set("rx-ntuple-filter", true, &err);
	cr_expect_eq(rc, -EOPNOTSUPP);
	genl_expect(&genl, "read", GET_HEX);
	genl_expect(&genl, "on",
		    "48000000" SET_HEAD "28000380 24000380 20000180"
		    "15000200 72782d6e7475706c652d66696c746572 00000000 04000300");
	genl_expect(&genl, "read back", GET_HEX);
	genl_expect_nothing(&genl, "wanted before");
}

Test(feature, refusals_are_told_with_the_features_name)
{
	static const struct nic off[] = { { "rx-ntuple-filter", "h" }, { NULL, NULL } };
	struct nk_feature feature;
	struct nk_error err;
	int rc;

	genl_ack(&genl, -ENODEV);
	rc = get("rx-ntuple-filter", &feature, &err);
	unit_expect_error("get", rc, &err, NK_CODE_KERNEL, "refused|read device features: ENODEV");
	cr_expect_eq(rc, -ENODEV);
	give_features(off);
	genl_refuse(&genl, -EINVAL, "no", 44);
	rc = set("rx-ntuple-filter", true, &err);
	unit_expect_error("set", rc, &err, NK_CODE_KERNEL, "cannot turn rx-ntuple-filter on|no");
	cr_expect_str_eq(err.details, "no (attribute .wanted.bits.bit.name): EINVAL");
	genl.nl.family[NK_NL_ETHTOOL] = 0;
	rc = set("rx-ntuple-filter", true, &err);
	unit_expect_error("no family", rc, &err, NK_CODE_KERNEL,
			  "cannot turn rx-ntuple-filter on|no generic netlink family ethtool");
}
