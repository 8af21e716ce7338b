// SPDX-License-Identifier: Apache-2.0
/* test_link.c - the request that makes a netkit single, and what the kernel says of a device */
#include "kernel/link.h"

#include "kernel/netkit.h"
#include "kernel/nl.h"
#include "kernel/uapi.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NIC    "test/data/newlink-nic.hex"
#define SINGLE "test/data/newlink-netkit-single.hex"

/* What does not end is a failure, not a wait. */
TestSuite(link, .timeout = 30);

/* --- the golden: a writer that shares nothing with libmnl ------------------------------------ */

struct golden {
	uint8_t bytes[512];
	size_t used;
};

static void put(struct golden *golden, const void *data, size_t size)
{
	memcpy(golden->bytes + golden->used, data, size);
	golden->used += size;
}

static void put_u16(struct golden *golden, uint16_t value)
{
	put(golden, &value, sizeof(value));
}

static void put_u32(struct golden *golden, uint32_t value)
{
	put(golden, &value, sizeof(value));
}

/* put_attr() - length, type, payload, zeroes up to a multiple of four */
static void put_attr(struct golden *golden, uint16_t type, const void *data, uint16_t size)
{
	put_u16(golden, (uint16_t)(4 + size));
	put_u16(golden, type);
	put(golden, data, size);
	golden->used = (golden->used + 3) / 4 * 4;
}

static void put_attr_u32(struct golden *golden, uint16_t type, uint32_t value)
{
	put_attr(golden, type, &value, sizeof(value));
}

/* All numbers are those of the kernel's headers, written out: the golden is not to follow a macro
 * that changes. Flags 0x200 NLM_F_EXCL, 0x400 NLM_F_CREATE, 8 NLM_F_ECHO; NLM_F_REQUEST and
 * NLM_F_ACK are nk_nl_do()'s. 0x8000: NLA_F_NESTED.
 */
static void put_single(struct golden *golden, const char *name, uint16_t name_size,
		       const uint8_t mac[6], uint32_t mtu, uint32_t rx_queues)
{
	uint32_t size;

	put_u32(golden, 0);		      /* nlmsg_len, filled in below */
	put_u16(golden, 16);		      /* RTM_NEWLINK */
	put_u16(golden, 0x200 | 0x400 | 0x8); /* flags */
	put_u32(golden, 0);		      /* sequence */
	put_u32(golden, 0);		      /* port */
	put_u32(golden, 0);		      /* ifi_family, pad, ifi_type */
	put_u32(golden, 0);		      /* ifi_index */
	put_u32(golden, 1);		      /* ifi_flags: IFF_UP */
	put_u32(golden, 1);		      /* ifi_change: IFF_UP */
	put_attr(golden, 3, name, name_size); /* IFLA_IFNAME */
	put_attr(golden, 1, mac, 6);	      /* IFLA_ADDRESS */
	put_attr_u32(golden, 4, mtu);	      /* IFLA_MTU */
	put_attr_u32(golden, 32, rx_queues);  /* IFLA_NUM_RX_QUEUES */
	put_attr_u32(golden, 27, 0x6e6b);     /* IFLA_GROUP */
	put_u16(golden, 4 + 12 + 20);	      /* IFLA_LINKINFO of two: */
	put_u16(golden, 18 | 0x8000);
	put_attr(golden, 1, "netkit", 7); /* IFLA_INFO_KIND */
	put_u16(golden, 4 + 8 + 8);	  /* IFLA_INFO_DATA of two: */
	put_u16(golden, 2 | 0x8000);
	put_attr_u32(golden, 5, 0);  /* IFLA_NETKIT_MODE: L2 */
	put_attr_u32(golden, 10, 1); /* IFLA_NETKIT_PAIRING: single */
	size = (uint32_t)golden->used;
	memcpy(golden->bytes, &size, sizeof(size));
}

/* @fill is in the buffer before the request is built. */
static void expect_golden(const char *name, uint32_t mtu, uint32_t rx_queues, int fill)
{
	static const uint8_t mac[6] = { 0x02, 0x00, 0x5e, 0x10, 0xff, 0x2a };
	const struct nk_netkit_spec spec = {
		.name = name,
		.mac = mac,
		.mtu = mtu,
		.num_rx_queues = rx_queues,
	};
	char buf[NK_NL_REQUEST_SIZE] __attribute__((aligned(4)));
	struct golden golden = { 0 };
	const struct nlmsghdr *msg;
	size_t i;

	memset(buf, fill, sizeof(buf));
	put_single(&golden, name, (uint16_t)(strlen(name) + 1), mac, mtu, rx_queues);
	msg = nk_netkit_put_single(buf, &spec);
	cr_assert_eq((const void *)msg, (const void *)buf);
	cr_assert_eq(msg->nlmsg_len, golden.used, "%s: %u bytes, wanted %zu", name, msg->nlmsg_len,
		     golden.used);
	for (i = 0; i < golden.used; i++)
		cr_expect_eq((uint8_t)buf[i], golden.bytes[i],
			     "%s: byte %zu is 0x%02x, wanted 0x%02x", name, i, (uint8_t)buf[i],
			     golden.bytes[i]);
}

Test(link, request_for_a_single_is_the_golden_byte_for_byte)
{
	expect_golden("nk0", 1500, 3, 0);
	expect_golden("eth0", 3814, 2, 0);
	expect_golden("a", 68, 1024, 0);
	expect_golden("0123456789abcde", 65535, 2, 0);
}

/* libmnl before 1.0.5 leaves the padding behind an attribute as it was: our stack's bytes. */
Test(link, request_for_a_single_holds_nothing_that_was_in_the_buffer_before)
{
	expect_golden("eth0", 1500, 3, 0xa5);
}

/* put_nested() - begin an attribute of @size bytes of attributes, which follow. */
static void put_nested(struct golden *golden, uint16_t type, size_t size)
{
	put_u16(golden, (uint16_t)(4 + size));
	put_u16(golden, type | 0x8000);
}

/* A pair: what is of the Pod's end is inside PEER_INFO, behind a struct ifinfomsg of its own. */
Test(link, request_for_a_pair_names_both_ends_and_the_pods_netns)
{
	static const uint8_t mac[6] = { 0x02, 0x00, 0x5e, 0x10, 0xff, 0x2a };
	static const uint8_t host_mac[6] = { 0x02, 0x00, 0x5e, 0x10, 0xff, 0x2b };
	static const uint16_t headroom = 64;
	const struct nk_netkit_spec spec = {
		.name = "eth0",
		.mac = mac,
		.mtu = 9000,
		.num_rx_queues = 3,
		.host_name = "nk0123456789abc",
		.host_mac = host_mac,
		.netns_fd = 7,
		.options = { .mode = 0, .policy = 2, .scrub = 0, .peer_scrub = 1, .headroom = 64 },
	};
	const size_t peer = 16 + 12 + 12 + 8 + 8 + 8 + 8, options = 4 * 8 + 8;
	char buf[NK_NL_REQUEST_SIZE] __attribute__((aligned(4)));
	const struct nlmsghdr *msg = nk_netkit_put_pair(buf, &spec);
	struct golden golden = { 0 };
	uint32_t size;

	put_u32(&golden, 0);
	put_u16(&golden, 16);
	put_u16(&golden, 0x200 | 0x400 | 0x8);
	put_u32(&golden, 0);
	put_u32(&golden, 0);
	put_u32(&golden, 0);
	put_u32(&golden, 0);
	put_u32(&golden, 1);
	put_u32(&golden, 1);
	put_attr(&golden, 3, spec.host_name, 16);
	put_attr(&golden, 1, host_mac, 6);
	put_attr_u32(&golden, 4, 9000);
	put_attr_u32(&golden, 27, 0x6e6b);
	put_nested(&golden, 18, 12 + 4 + options + 4 + peer);
	put_attr(&golden, 1, "netkit", 7);
	put_nested(&golden, 2, options + 4 + peer);
	put_attr_u32(&golden, 5, 0);	    /* IFLA_NETKIT_MODE: L2 */
	put_attr_u32(&golden, 3, 2);	    /* POLICY: drop */
	put_attr_u32(&golden, 4, 0);	    /* PEER_POLICY: pass */
	put_attr_u32(&golden, 6, 0);	    /* SCRUB: none; the default is not said */
	put_attr(&golden, 8, &headroom, 2); /* HEADROOM */
	put_nested(&golden, 1, peer);	    /* PEER_INFO: struct ifinfomsg, then */
	put(&golden, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	put_attr(&golden, 3, "eth0", 5);
	put_attr(&golden, 1, mac, 6);
	put_attr_u32(&golden, 4, 9000);
	put_attr_u32(&golden, 32, 3);
	put_attr_u32(&golden, 27, 0x6e6b);
	put_attr_u32(&golden, 28, 7); /* IFLA_NET_NS_FD */
	size = (uint32_t)golden.used;
	memcpy(golden.bytes, &size, sizeof(size));
	cr_assert_eq(msg->nlmsg_len, size, "%u bytes, wanted %u", msg->nlmsg_len, size);
	cr_expect_arr_eq(buf, golden.bytes, size);
}

/* --- what the kernel says -------------------------------------------------------------------- */

struct message {
	uint8_t bytes[4096];
	size_t size;
};

static void load(const char *path, struct message *ret)
{
	uint32_t length;

	ret->size = unit_read_hex(path, ret->bytes, sizeof(ret->bytes));
	memcpy(&length, ret->bytes, sizeof(length));
	cr_assert(ret->size > NLMSG_LENGTH(sizeof(struct ifinfomsg)) && ret->size == length,
		  "%s: %zu bytes, nlmsg_len %u", path, ret->size, length);
}

/* parse() - @size bytes of @message, in front of a page that ends the test when it is read. */
static int parse(const struct unit_guard *guard, const struct message *message, size_t size,
		 struct nk_link *ret, struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
	return nk_link_parse(unit_guard_put(guard, message->bytes, size, 4), ret, err);
}

static void set_length(struct message *message, uint32_t length)
{
	memcpy(message->bytes, &length, sizeof(length));
}

static void parse_file(const char *path, struct nk_link *ret)
{
	struct unit_guard guard;
	struct message message;
	struct nk_error err;
	int rc;

	load(path, &message);
	unit_guard_init(&guard, message.size);
	rc = parse(&guard, &message, message.size, ret, &err);
	unit_expect_ok(path, rc, &err);
	unit_guard_fini(&guard);
}

Test(link, netkit_single_of_a_real_kernel_is_read)
{
	static const uint8_t mac[] = { 0x02, 0, 0, 0, 0, 0x2a };
	struct nk_link link;

	parse_file(SINGLE, &link);
	cr_expect_eq(link.ifindex, 2);
	cr_expect_str_eq(link.name, "nk0");
	cr_expect_str_eq(link.kind, "netkit");
	cr_expect_eq(link.netkit.pairing, NK_NETKIT_PAIRING_SINGLE);
	cr_expect_arr_eq(link.mac, mac, sizeof(mac));
	cr_expect_eq(link.mtu, 1500);
	cr_expect_eq(link.group, 0x6e6b);
	cr_expect_eq(link.num_rx_queues, 3);
	cr_expect(link.up);
	cr_expect_str_eq(link.alias, "nk-cni:nk0:c1:n");
	cr_expect_eq(link.xdp_prog_id, 0);
	cr_expect_str_empty(link.parent_bus);
	cr_expect_str_empty(link.parent_dev);
}

Test(link, nic_of_a_real_kernel_is_read)
{
	static const uint8_t mac[] = { 0x02, 0x6c, 0x6e, 0, 0, 0 };
	struct nk_link link;

	parse_file(NIC, &link);
	cr_expect_eq(link.ifindex, 3);
	cr_expect_str_eq(link.name, "ln0");
	cr_expect_str_empty(link.kind);
	cr_expect_eq(link.netkit.pairing, NK_UNSAID);
	cr_expect_arr_eq(link.mac, mac, sizeof(mac));
	cr_expect_eq(link.mtu, 1500);
	cr_expect_eq(link.group, 0);
	cr_expect_eq(link.num_rx_queues, 8);
	cr_expect(link.up);
	cr_expect_str_empty(link.alias);
	cr_expect_eq(link.xdp_prog_id, 6);
	cr_expect_str_eq(link.parent_bus, "platform");
	cr_expect_str_eq(link.parent_dev, "labnic.0");
}

/* attr_at() - payload size of the attribute header at @at, or -1 where none fits before @end */
static int attr_at(const struct message *message, size_t at, size_t end)
{
	struct nlattr attr;

	if (at + sizeof(attr) > end)
		return -1;
	memcpy(&attr, message->bytes + at, sizeof(attr));
	return attr.nla_len < sizeof(attr) || at + attr.nla_len > end ? -1 : attr.nla_len - 4;
}

/* find_attr() - where the attribute of @type begins among those in @start..@end */
static size_t find_attr(const struct message *message, size_t start, size_t end, uint16_t type)
{
	struct nlattr attr;
	int size;

	for (; (size = attr_at(message, start, end)) >= 0;
	     start += 4 + ((size_t)size + 3) / 4 * 4) {
		memcpy(&attr, message->bytes + start, sizeof(attr));
		if ((attr.nla_type & NLA_TYPE_MASK) == type)
			return start;
	}
	cr_assert_fail("the recorded message has no attribute %u", type);
	return 0;
}

/* find_top() - likewise among those of the message itself */
static size_t find_top(const struct message *message, uint16_t type)
{
	return find_attr(message, NLMSG_LENGTH(sizeof(struct ifinfomsg)), message->size, type);
}

static size_t find_pairing(const struct message *message)
{
	size_t info = find_top(message, IFLA_LINKINFO);
	size_t info_end = info + 4 + (size_t)attr_at(message, info, message->size);
	size_t data = find_attr(message, info + 4, info_end, IFLA_INFO_DATA);
	size_t data_end = data + 4 + (size_t)attr_at(message, data, info_end);

	return find_attr(message, data + 4, data_end, NK_IFLA_NETKIT_PAIRING);
}

Test(link, kernel_that_does_not_name_the_pairing_made_no_single)
{
	struct unit_guard guard;
	struct message message;
	struct nk_link link;
	struct nk_error err;
	size_t at;

	load(SINGLE, &message);
	unit_guard_init(&guard, message.size);
	at = find_pairing(&message);
	message.bytes[at + 4] = NK_NETKIT_PAIRING_PAIR;
	unit_expect_ok("pair", parse(&guard, &message, message.size, &link, &err), &err);
	cr_expect_eq(link.netkit.pairing, NK_NETKIT_PAIRING_PAIR);
	message.bytes[at + 2] = NK_IFLA_NETKIT_PAIRING + 1; /* a type we do not know */
	unit_expect_ok("none", parse(&guard, &message, message.size, &link, &err), &err);
	cr_expect_eq(link.netkit.pairing, NK_UNSAID);
	unit_guard_fini(&guard);
}

/* is_whole() - do the first @size bytes end with an attribute, or in the padding behind one? */
static bool is_whole(const struct message *message, size_t size)
{
	size_t at = NLMSG_LENGTH(sizeof(struct ifinfomsg));
	int len;

	if (size < at)
		return false;
	while (at < size) {
		len = attr_at(message, at, size);
		if (len < 0)
			return false;
		at += 4 + ((size_t)len + 3) / 4 * 4;
	}
	return true;
}

/* The socket hands out whole messages, so a message that is cut has a length that says so. What is
 * cut between two attributes reads as a shorter message; all else is refused.
 */
static void cut_everywhere(const char *path)
{
	struct message message;
	struct unit_guard guard;
	struct nk_link link;
	struct nk_error err;
	char what[128];
	size_t size;
	int rc;

	load(path, &message);
	unit_guard_init(&guard, message.size);
	for (size = NLMSG_HDRLEN; size < message.size; size++) {
		snprintf(what, sizeof(what), "%s cut at %zu of %zu bytes", path, size,
			 message.size);
		set_length(&message, (uint32_t)size);
		memset(&link, 0x5a, sizeof(link));
		rc = parse(&guard, &message, size, &link, &err);
		if (is_whole(&message, size)) {
			unit_expect_ok(what, rc, &err);
			continue;
		}
		unit_expect_error(what, rc, &err, NK_CODE_KERNEL, "garbled|RTM_NEWLINK");
		cr_expect_eq(link.mtu, 0x5a5a5a5a, "%s: refused and the result changed", what);
	}
	unit_guard_fini(&guard);
}

Test(link, message_cut_at_any_byte_is_read_or_refused_and_never_read_beyond)
{
	cut_everywhere(NIC);
	cut_everywhere(SINGLE);
}

/* --- hostile lengths ------------------------------------------------------------------------- */

/* expect_clean() - a changed message is either taken, all texts ended, or refused as garbled. */
static void expect_clean(const struct unit_guard *guard, const struct message *message,
			 const char *what)
{
	struct nk_link link = { 0 };
	struct nk_error err;
	int rc = parse(guard, message, message->size, &link, &err);

	if (rc) {
		unit_expect_error(what, rc, &err, NK_CODE_KERNEL, "garbled|RTM_NEWLINK");
		return;
	}
	unit_expect_ok(what, rc, &err);
	cr_expect(memchr(link.name, 0, sizeof(link.name)) &&
			  memchr(link.kind, 0, sizeof(link.kind)) &&
			  memchr(link.alias, 0, sizeof(link.alias)) &&
			  memchr(link.parent_bus, 0, sizeof(link.parent_bus)) &&
			  memchr(link.parent_dev, 0, sizeof(link.parent_dev)),
		  "ran: %s", what);
}

/* flip_lengths() - of every attribute in @start..@end, and in those that hold others: both bytes
 * of the length, to each value that a byte can have
 */
static unsigned int flip_lengths(const struct unit_guard *guard, struct message *message,
				 size_t start, size_t end, const char *path)
{
	unsigned int count = 0, value;
	char what[160];
	size_t at, i;
	int size;

	for (at = start; (size = attr_at(message, at, end)) >= 0;
	     at += 4 + ((size_t)size + 3) / 4 * 4) {
		for (i = at; i < at + 2; i++) {
			const uint8_t good = message->bytes[i];

			for (value = 0; value < 256; value++) {
				snprintf(what, sizeof(what),
					 "%s, length of the attribute at %zu: byte %zu = 0x%02x",
					 path, at, i, value);
				message->bytes[i] = (uint8_t)value;
				expect_clean(guard, message, what);
			}
			message->bytes[i] = good;
		}
		count++;
	}
	return count;
}

/* flip_nested() - likewise inside the top level attribute of @type */
static unsigned int flip_nested(const struct unit_guard *guard, struct message *message,
				uint16_t type, const char *path)
{
	size_t at = find_top(message, type);
	size_t end = at + 4 + (size_t)attr_at(message, at, message->size);

	return flip_lengths(guard, message, at + 4, end, path);
}

static void flip_all(const char *path, uint16_t nested, unsigned int wanted)
{
	struct unit_guard guard;
	struct message message;
	unsigned int count;

	load(path, &message);
	unit_guard_init(&guard, message.size);
	count = flip_lengths(&guard, &message, NLMSG_LENGTH(sizeof(struct ifinfomsg)), message.size,
			     path);
	count += flip_nested(&guard, &message, nested, path);
	cr_expect_gt(count, wanted, "%s: the lengths of only %u attributes were tried", path,
		     count);
	unit_guard_fini(&guard);
}

Test(link, any_byte_of_any_attribute_length_is_read_or_refused)
{
	flip_all(NIC, IFLA_XDP, 40);
	flip_all(SINGLE, IFLA_LINKINFO, 40);
}

Test(link, lengths_inside_the_netkit_data_are_checked_too)
{
	struct unit_guard guard;
	struct message message;
	size_t pairing;

	load(SINGLE, &message);
	unit_guard_init(&guard, message.size);
	pairing = find_pairing(&message);
	cr_expect_eq(flip_lengths(&guard, &message, pairing, pairing + 8, SINGLE), 1);
	unit_guard_fini(&guard);
}

Test(link, any_single_byte_changed_to_its_opposite_is_read_or_refused)
{
	static const char *const paths[] = { NIC, SINGLE };
	struct unit_guard guard;
	struct message message;
	char what[128];
	size_t i, f;

	for (f = 0; f < sizeof(paths) / sizeof(paths[0]); f++) {
		load(paths[f], &message);
		unit_guard_init(&guard, message.size);
		for (i = sizeof(uint32_t); i < message.size; i++) { /* but for nlmsg_len */
			snprintf(what, sizeof(what), "%s, byte %zu inverted", paths[f], i);
			message.bytes[i] ^= 0xff;
			expect_clean(&guard, &message, what);
			message.bytes[i] ^= 0xff;
		}
		unit_guard_fini(&guard);
	}
}

/* finish_newlink() - the golden writer's bytes as a message that says how long it is */
static void finish_newlink(const struct golden *golden, struct message *ret)
{
	memcpy(ret->bytes, golden->bytes, golden->used);
	ret->size = golden->used;
	set_length(ret, (uint32_t)golden->used);
}

Test(link, attributes_of_the_wrong_size_count_as_absent)
{
	static const uint8_t bytes[300] = "0123456789";
	struct golden golden = { 0 };
	struct unit_guard guard;
	struct message message;
	struct nk_link link;
	struct nk_error err;

	put_u32(&golden, 0);
	put_u32(&golden, RTM_NEWLINK); /* and no flags */
	put(&golden, bytes + 100, 24); /* zeroes: the rest of both headers */
	put_attr(&golden, IFLA_MTU, bytes, 2);
	put_attr(&golden, IFLA_GROUP, bytes, 8);
	put_attr(&golden, IFLA_NUM_RX_QUEUES, bytes, 0);
	put_attr(&golden, IFLA_ADDRESS, bytes, 4);
	put_attr(&golden, IFLA_IFNAME, bytes, 4); /* a text without its NUL */
	finish_newlink(&golden, &message);
	unit_guard_init(&guard, message.size);
	unit_expect_ok("wrong sizes", parse(&guard, &message, message.size, &link, &err), &err);
	cr_expect_eq(link.mtu, 0);
	cr_expect_eq(link.group, 0);
	cr_expect_eq(link.num_rx_queues, 0);
	cr_expect_str_empty(link.name);
	cr_expect_arr_eq(link.mac, bytes + 100, NK_MAC_LEN);
	unit_guard_fini(&guard);
}

Test(link, a_release_of_linux_tells_whether_netkit_carries_what_providers_receive)
{
	static const struct {
		const char *release;
		bool carries;
	} rows[] = {
		{ "2.6.60", false },
		{ "7.0.12-rc4", false },
		{ "7.1", false },
		{ "7.1.99", false },
		{ "7.1.3+deb13-amd64", false },
		{ "7.2", true },
		{ "7.2-rc1", true },
		{ "7.2.0", true },
		{ "7.2.12+deb13", true },
		{ "7.10.1", true },
		{ "8.0", true },
		{ "8.0.0-rc1", true },
		{ "17.1.0", true },
		{ "7", false },
		{ "6.99.1", false },
		{ "", false },
		{ "next", false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(nk_netkit_carries_unreadable(rows[i].release), rows[i].carries, "%s",
			     rows[i].release);
}

Test(link, message_of_another_type_is_refused)
{
	struct unit_guard guard;
	struct message message;
	struct nk_link link;
	struct nk_error err;
	int rc;

	load(NIC, &message);
	unit_guard_init(&guard, message.size);
	message.bytes[4] = RTM_DELLINK;
	rc = parse(&guard, &message, message.size, &link, &err);
	unit_expect_error("RTM_DELLINK", rc, &err, NK_CODE_KERNEL, "garbled|RTM_NEWLINK");
	unit_guard_fini(&guard);
}
