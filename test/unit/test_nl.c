// SPDX-License-Identifier: Apache-2.0
/*
 * test_nl.c - the netlink transport and its extended ACK parser
 *
 * First the kernel of this machine, as far as it answers anybody: requests to read need no
 * privilege. Then one of our own on the other end of a socket pair, which answers what a test says,
 * also what no kernel would.
 */
#include "kernel/nl.h"

#include "kernel/link.h"
#include "kernel/netdev.h"
#include "kernel/netkit.h"
#include "kernel/uapi.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const struct nk_nl_names data_names[] = {
	{ NK_IFLA_NETKIT_MODE, "mode", NULL },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names info_names[] = {
	{ IFLA_INFO_KIND, "kind", NULL },
	{ IFLA_INFO_DATA, "data", data_names },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names names[] = {
	{ IFLA_IFNAME, "ifname", NULL },
	{ IFLA_LINKINFO, "linkinfo", info_names },
	{ IFLA_TARGET_NETNSID, "target-netnsid", NULL },
	{ 0, NULL, NULL },
};

static struct nlmsghdr *put_getlink(void *buf, uint32_t ifindex)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	msg->nlmsg_type = RTM_GETLINK;
	ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	return msg;
}

/* --- the kernel of this machine -------------------------------------------------------------- */

static struct nk_nl host;

static void open_host(void)
{
	struct nk_error err = { 0 };

	unit_expect_ok("nk_nl_open", nk_nl_open(&host, -1, "host", &err), &err);
	cr_assert_eq(err.code, NK_CODE_NONE);
}

static void close_host(void)
{
	nk_nl_close(&host);
	nk_nl_close(&host); /* a second time is nothing */
}

TestSuite(nl_kernel, .init = open_host, .fini = close_host, .timeout = 10);

Test(nl_kernel, loopback_is_read_by_name_and_by_index)
{
	struct nk_link by_name = { 0 }, by_index = { 0 };
	struct nk_error err = { 0 };

	unit_expect_ok("lo", nk_link_get(&host, NK_NSID_HERE, "lo", 0, &by_name, &err), &err);
	cr_expect_str_eq(by_name.name, "lo");
	cr_expect_gt(by_name.ifindex, 0);
	cr_expect_str_empty(by_name.kind);
	unit_expect_ok("lo by index",
		       nk_link_get(&host, NK_NSID_HERE, NULL, by_name.ifindex, &by_index, &err),
		       &err);
	cr_expect_str_eq(by_index.name, "lo");
}

Test(nl_kernel, name_or_index_that_is_not_there_is_enodev_and_named)
{
	struct nk_link link = { 0 };
	struct nk_error err = { 0 };
	int rc = nk_link_get(&host, NK_NSID_HERE, "nk-none", 0, &link, &err);

	unit_expect_error("nk-none", rc, &err, NK_CODE_KERNEL,
			  "the kernel refused|read device nk-none (host)|ENODEV");
	cr_expect_eq(rc, -ENODEV);
	nk_error_reset(&err);
	rc = nk_link_get(&host, NK_NSID_HERE, "an-altname-that-nobody-has-given", 0, &link, &err);
	unit_expect_error("altname", rc, &err, NK_CODE_KERNEL, "an-altname|ENODEV");
	nk_error_reset(&err);
	rc = nk_link_get(&host, NK_NSID_HERE, NULL, 0x7ffffffe, &link, &err);
	unit_expect_error("ifindex", rc, &err, NK_CODE_KERNEL, "ifindex 2147483646 (host)|ENODEV");
}

Test(nl_kernel, netns_id_that_no_netns_has_is_enodev)
{
	struct nk_link link = { 0 };
	struct nk_error err = { 0 };
	int rc = nk_link_get(&host, 0x7ffffffe, "lo", 0, &link, &err);

	unit_expect_error(
		"nsid", rc, &err, NK_CODE_KERNEL,
		"read device lo (host)|the network namespace with nsid 2147483646 no longer exists");
	cr_expect_eq(rc, -ENODEV);
}

Test(nl_kernel, attribute_of_the_wrong_length_is_named_with_the_kernels_text)
{
	char buf[NK_NL_REQUEST_SIZE] = "";
	struct nlmsghdr *msg = put_getlink(buf, 0);
	struct nk_error err = { 0 };
	int rc;

	mnl_attr_put_strz(msg, IFLA_IFNAME, "lo");
	mnl_attr_put_u8(msg, IFLA_TARGET_NETNSID, 0); /* the kernel wants four bytes */
	rc = nk_nl_do(&host, msg, sizeof(struct ifinfomsg), names, NULL, NULL, &err);
	unit_expect_error("netns id of one byte", rc, &err, NK_CODE_KERNEL,
			  "the kernel refused|Attribute failed policy validation "
			  "(attribute .target-netnsid): ");
}

Test(nl_kernel, text_without_an_attribute_stands_alone)
{
	char buf[NK_NL_REQUEST_SIZE] = "";
	struct nlmsghdr *msg = put_getlink(buf, 0);
	struct nk_error err = { 0 };
	int rc;

	mnl_attr_put_strz(msg, IFLA_IFNAME, "lo");
	mnl_attr_put_u32(msg, IFLA_MTU, 1500); /* nothing to read by */
	rc = nk_nl_do(&host, msg, sizeof(struct ifinfomsg), names, NULL, NULL, &err);
	unit_expect_error("GETLINK by MTU", rc, &err, NK_CODE_KERNEL, "the kernel refused");
	cr_expect_str_eq(err.details, "Unsupported attribute in get link request: EINVAL");
}

static int count_links(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct nk_link link;

	*(int *)data += 1;
	return nk_link_parse(reply, &link, err);
}

static int stop_at_once(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	(void)reply;
	*(int *)data += 1;
	return nk_error_set(err, NK_CODE_RETRY, EAGAIN, "stopped", "%s", "by the reply");
}

Test(nl_kernel, dump_hands_out_every_reply_and_a_reply_can_end_it)
{
	char buf[NK_NL_REQUEST_SIZE] = "";
	struct nk_error err = { 0 };
	struct nk_link link = { 0 };
	int count = 0, stopped = 0;
	struct nlmsghdr *msg;

	msg = put_getlink(buf, 0);
	msg->nlmsg_flags = NLM_F_DUMP;
	unit_expect_ok("dump",
		       nk_nl_do(&host, msg, sizeof(struct ifinfomsg), names, count_links, &count,
				&err),
		       &err);
	cr_expect_geq(count, 1);
	msg = put_getlink(buf, 0);
	msg->nlmsg_flags = NLM_F_DUMP;
	unit_expect_error("dump that the reply ends",
			  nk_nl_do(&host, msg, sizeof(struct ifinfomsg), names, stop_at_once,
				   &stopped, &err),
			  &err, NK_CODE_RETRY, "stopped|by the reply");
	cr_expect_eq(stopped, 1);
	/* what was left of it does not disturb the next request */
	nk_error_reset(&err);
	unit_expect_ok("lo", nk_link_get(&host, NK_NSID_HERE, "lo", 0, &link, &err), &err);
}

/* Both families share the parser; "netdev" came with Linux 6.3. */
Test(nl_kernel, generic_netlink_refusals_are_read_or_the_family_is_missing)
{
	struct nk_error err = { 0 };
	uint64_t features;
	int rc;

	cr_expect_eq(nk_nl_genl_has_command(&host, NK_NETDEV_CMD_DEV_GET, &err),
		     host.family[NK_NL_NETDEV] ? 1 : 0);
	cr_expect_eq(nk_nl_genl_has_command(&host, 200, &err), 0);
	unit_expect_ok("has_command", 0, &err);
	if (!host.family[NK_NL_NETDEV]) {
		rc = nk_netdev_probe_lease(&host, &err);
		unit_expect_error("probe", rc, &err, NK_CODE_KERNEL,
				  "cannot lease|queue-create|Linux >= 7.1");
		return;
	}
	rc = nk_netdev_xdp_features(&host, 0x7ffffffe, &features, &err);
	unit_expect_error("features", rc, &err, NK_CODE_KERNEL,
			  "the kernel refused|read XDP features of ifindex 2147483646: |ENODEV");
	nk_error_reset(&err);
	rc = nk_nl_genl_do(
		&host,
		nk_nl_genl_new(&host, NK_NL_NETDEV, NK_NETDEV_CMD_DEV_GET, 0, NK_NL_GENL_SIZE),
		(const struct nk_nl_names[]){ { NK_NETDEV_A_DEV_IFINDEX, "ifindex", NULL },
					      { 0, NULL, NULL } },
		NULL, NULL, &err);
	unit_expect_error("no ifindex", rc, &err, NK_CODE_KERNEL, "ifindex missing|EINVAL");
}

/* --- a kernel of our own --------------------------------------------------------------------- */

static struct nk_nl fake;
static int kernel; /* the other end */

/* SOCK_SEQPACKET keeps messages apart, as netlink does, and takes no notice of the address that
 * libmnl sends to. A reply that the test did not give ends the wait after 50 ms instead of 30 s.
 */
static void open_fake(void)
{
	const struct timeval timeout = { .tv_usec = 50000 };
	int fds[2];

	cr_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
	cr_assert(!setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
	fake = (struct nk_nl){ .rtnl = mnl_socket_fdopen(fds[0]), .where = "fake" };
	cr_assert(fake.rtnl, "mnl_socket_fdopen: %s", nk_errno_name(errno));
	kernel = fds[1];
}

static void close_fake(void)
{
	nk_nl_close(&fake);
	close(kernel);
}

TestSuite(nl_reply, .init = open_fake, .fini = close_fake, .timeout = 10);

/* A reply: netlink header, then what the put functions below add. */
struct reply {
	uint8_t bytes[1024] __attribute__((aligned(4)));
};

static struct nlmsghdr *header_of(struct reply *reply)
{
	return (struct nlmsghdr *)reply->bytes;
}

static void put_header(struct reply *reply, uint16_t type, uint16_t flags, uint32_t seq)
{
	struct nlmsghdr *msg;

	*reply = (struct reply){ 0 };
	msg = mnl_nlmsg_put_header(reply->bytes);
	msg->nlmsg_type = type;
	msg->nlmsg_flags = flags;
	msg->nlmsg_seq = seq;
}

/* put_error() - NLMSG_ERROR for the next request, capped, ready for extended ACK attributes */
static void put_error(struct reply *reply, int error)
{
	struct nlmsgerr *e;

	put_header(reply, NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, fake.seq + 1);
	e = mnl_nlmsg_put_extra_header(header_of(reply), sizeof(*e));
	e->error = error;
	e->msg.nlmsg_len = NLMSG_HDRLEN;
}

static void give_bytes(const void *data, size_t size)
{
	cr_assert_eq(send(kernel, data, size, 0), (ssize_t)size, "send: %s", nk_errno_name(errno));
}

static void give(struct reply *reply)
{
	give_bytes(reply->bytes, header_of(reply)->nlmsg_len);
}

/* do_fake() - with a reply that was given before; our kernel then reads the requests away. */
static int do_fake(struct nlmsghdr *msg, nk_nl_reply reply, void *data, struct nk_error *err)
{
	char heard[NK_NL_REQUEST_SIZE];
	int rc;

	*err = (struct nk_error){ 0 };
	rc = nk_nl_do(&fake, msg, sizeof(struct ifinfomsg), names, reply, data, err);
	while (recv(kernel, heard, sizeof(heard), MSG_DONTWAIT) > 0)
		;
	return rc;
}

/* put_request() - RTM_NEWLINK-like: ifname, linkinfo { kind, data { mode } }; offsets of them */
struct offsets {
	uint32_t ifname, linkinfo, kind, data, mode, other, end;
};

static struct nlmsghdr *put_request(void *buf, struct offsets *at)
{
	struct nlmsghdr *msg = put_getlink(buf, 0);
	struct nlattr *info, *data;

	at->ifname = msg->nlmsg_len;
	mnl_attr_put_strz(msg, IFLA_IFNAME, "nk0");
	at->linkinfo = msg->nlmsg_len;
	info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
	at->kind = msg->nlmsg_len;
	mnl_attr_put_strz(msg, IFLA_INFO_KIND, "netkit");
	at->data = msg->nlmsg_len;
	data = mnl_attr_nest_start(msg, IFLA_INFO_DATA);
	at->mode = msg->nlmsg_len;
	mnl_attr_put_u32(msg, NK_IFLA_NETKIT_MODE, 7);
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, info);
	at->other = msg->nlmsg_len;
	mnl_attr_put_u32(msg, IFLA_WEIGHT, 1); /* has no name in our table */
	at->end = msg->nlmsg_len;
	return msg;
}

/* expect_details() - of a request that @reply answers */
static void expect_details(struct reply *reply, const char *what, const char *details)
{
	char buf[NK_NL_REQUEST_SIZE] = "";
	struct offsets at;
	struct nlmsghdr *msg = put_request(buf, &at);
	struct nk_error err;
	int rc;

	give(reply);
	rc = do_fake(msg, NULL, NULL, &err);
	unit_expect_error(what, rc, &err, NK_CODE_KERNEL, "the kernel refused");
	cr_expect_str_eq(err.details, details, "%s: details are \"%s\"", what, err.details);
}

Test(nl_reply, plain_error_is_the_errno_name)
{
	struct reply reply;

	put_error(&reply, -EBUSY);
	header_of(&reply)->nlmsg_flags = NLM_F_CAPPED;
	expect_details(&reply, "no attributes", "EBUSY");
	put_error(&reply, -EOPNOTSUPP);
	expect_details(&reply, "flag, but no attributes", "EOPNOTSUPP");
	put_error(&reply, -EINVAL);
	mnl_attr_put_strz(header_of(&reply), NK_NLMSGERR_ATTR_MSG, "not told by the flag");
	header_of(&reply)->nlmsg_flags = NLM_F_CAPPED;
	expect_details(&reply, "attributes without the flag", "EINVAL");
}

Test(nl_reply, offset_becomes_the_attributes_name_at_every_level)
{
	char buf[NK_NL_REQUEST_SIZE] = "";
	struct offsets at;
	struct reply reply;
	size_t i;

	put_request(buf, &at);
	const struct {
		uint32_t offset;
		const char *details;
	} rows[] = {
		{ at.ifname, "No (attribute .ifname): EINVAL" },
		{ at.linkinfo, "No (attribute .linkinfo): EINVAL" },
		{ at.kind, "No (attribute .linkinfo.kind): EINVAL" },
		{ at.data, "No (attribute .linkinfo.data): EINVAL" },
		{ at.mode, "No (attribute .linkinfo.data.mode): EINVAL" },
		{ at.other, "No (attribute .15): EINVAL" }, /* IFLA_WEIGHT */
		{ 0, "No: EINVAL" },
		{ NLMSG_HDRLEN, "No: EINVAL" },
		{ at.end, "No: EINVAL" },
		{ UINT32_MAX, "No: EINVAL" },
	};

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_error(&reply, -EINVAL);
		mnl_attr_put_strz(header_of(&reply), NK_NLMSGERR_ATTR_MSG, "No");
		mnl_attr_put_u32(header_of(&reply), NK_NLMSGERR_ATTR_OFFS, rows[i].offset);
		expect_details(&reply, rows[i].details, rows[i].details);
	}
}

Test(nl_reply, attribute_without_text_stands_alone)
{
	char buf[NK_NL_REQUEST_SIZE] = "";
	struct offsets at;
	struct reply reply;

	put_request(buf, &at);
	put_error(&reply, -ERANGE);
	mnl_attr_put_u32(header_of(&reply), NK_NLMSGERR_ATTR_OFFS, at.mode);
	expect_details(&reply, "offset alone", "(attribute .linkinfo.data.mode): ERANGE");
}

Test(nl_reply, missing_attribute_is_named)
{
	struct reply reply;

	put_error(&reply, -EINVAL);
	mnl_attr_put_u32(header_of(&reply), NK_NLMSGERR_ATTR_MISS_TYPE, IFLA_TARGET_NETNSID);
	expect_details(&reply, "known", "(attribute target-netnsid missing): EINVAL");
	put_error(&reply, -EINVAL);
	mnl_attr_put_strz(header_of(&reply), NK_NLMSGERR_ATTR_MSG, "No");
	mnl_attr_put_u32(header_of(&reply), NK_NLMSGERR_ATTR_MISS_TYPE, 4000);
	expect_details(&reply, "unknown", "No (attribute of unknown name missing): EINVAL");
}

/* A kernel that does not cap repeats the request between the error and the attributes. */
Test(nl_reply, attributes_behind_a_repeated_request_are_found)
{
	char buf[NK_NL_REQUEST_SIZE] = "";
	struct nlmsghdr *request, *msg;
	struct offsets at;
	struct nlmsgerr *e;
	struct reply reply;

	request = put_request(buf, &at);
	put_header(&reply, NLMSG_ERROR, NLM_F_ACK_TLVS, fake.seq + 1);
	msg = header_of(&reply);
	e = mnl_nlmsg_put_extra_header(msg, sizeof(e->error) + request->nlmsg_len);
	e->error = -EINVAL;
	memcpy(&e->msg, request, request->nlmsg_len);
	mnl_attr_put_strz(msg, NK_NLMSGERR_ATTR_MSG, "No");
	mnl_attr_put_u32(msg, NK_NLMSGERR_ATTR_OFFS, at.kind);
	expect_details(&reply, "not capped", "No (attribute .linkinfo.kind): EINVAL");
}

Test(nl_reply, garbled_attributes_leave_the_errno)
{
	struct reply reply;

	put_error(&reply, -EINVAL);
	mnl_attr_put(header_of(&reply), NK_NLMSGERR_ATTR_MSG, 3, "abc"); /* no NUL */
	expect_details(&reply, "text without NUL", "EINVAL");
	put_error(&reply, -EINVAL);
	mnl_attr_put_u16(header_of(&reply), NK_NLMSGERR_ATTR_OFFS, 32);
	expect_details(&reply, "offset of two bytes", "EINVAL");
	put_error(&reply, -EINVAL);
	mnl_attr_put_strz(header_of(&reply), NK_NLMSGERR_ATTR_MSG, "No");
	reply.bytes[NLMSG_LENGTH(sizeof(struct nlmsgerr))] = 200; /* its length: beyond the end */
	expect_details(&reply, "length beyond the end", "EINVAL");
	put_error(&reply, -EINVAL);
	header_of(&reply)->nlmsg_flags = NLM_F_ACK_TLVS; /* not capped, but nothing is repeated */
	reply.bytes[NLMSG_HDRLEN + 4] = 0xff;
	reply.bytes[NLMSG_HDRLEN + 5] = 0xff;
	expect_details(&reply, "repeats more than there is", "EINVAL");
}

/* Whatever is in the acknowledgement, the errno comes out. Bytes: length 0-3, type 4-5, flags 6-7,
 * sequence 8-11, port 12-15, errno 16-19, then the request's header and the attributes.
 */
Test(nl_reply, any_byte_of_an_extended_ack_replaced_leaves_the_errno)
{
	char buf[NK_NL_REQUEST_SIZE] = "", what[64];
	unsigned int size = 0, i, value;
	struct offsets at;
	struct reply reply;
	struct nk_error err;
	int rc;

	put_request(buf, &at);
	for (i = 6; i == 6 || i < size; i++) {
		if ((i >= 8 && i < 12) || (i >= 16 && i < 20))
			continue;
		for (value = 0; value < 256; value++) {
			put_error(&reply, -EINVAL);
			mnl_attr_put_strz(header_of(&reply), NK_NLMSGERR_ATTR_MSG, "No");
			mnl_attr_put_u32(header_of(&reply), NK_NLMSGERR_ATTR_OFFS, at.mode);
			size = header_of(&reply)->nlmsg_len;
			reply.bytes[i] = (uint8_t)value;
			give(&reply);
			snprintf(what, sizeof(what), "byte %u = 0x%02x", i, value);
			rc = do_fake(put_request(buf, &at), NULL, NULL, &err);
			unit_expect_error(what, rc, &err, NK_CODE_KERNEL, "refused|EINVAL");
		}
	}
	cr_expect_eq(size, 52, "the extended ACK had %u bytes", size);
}

/* --- the exchange ---------------------------------------------------------------------------- */

static int note_reply(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	(void)err;
	*(unsigned int *)data += reply->nlmsg_type;
	return 0;
}

/* ask() - with the replies given before; @ret_sum is the sum of their types. */
static int ask(unsigned int *ret_sum, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE] = "";

	*ret_sum = 0;
	return do_fake(put_getlink(buf, 1), note_reply, ret_sum, err);
}

static void give_header(uint16_t type, uint16_t flags, uint32_t seq)
{
	struct reply reply;

	put_header(&reply, type, flags, seq);
	give(&reply);
}

static void give_done(int status, uint16_t flags, uint32_t seq)
{
	struct reply reply;

	put_header(&reply, NLMSG_DONE, flags, seq);
	*(int *)mnl_nlmsg_put_extra_header(header_of(&reply), sizeof(status)) = status;
	give(&reply);
}

Test(nl_reply, request_asks_for_an_acknowledgement_under_a_new_number)
{
	char buf[NK_NL_REQUEST_SIZE] = "", heard[NK_NL_REQUEST_SIZE] __attribute__((aligned(4)));
	const struct nlmsghdr *msg = (const struct nlmsghdr *)heard;
	struct nk_error err = { 0 };
	struct reply reply;
	uint32_t seq;

	for (seq = 1; seq < 4; seq++) {
		put_error(&reply, 0); /* an acknowledgement */
		give(&reply);
		unit_expect_ok("ack",
			       nk_nl_do(&fake, put_getlink(buf, 1), sizeof(struct ifinfomsg), names,
					NULL, NULL, &err),
			       &err);
		cr_assert_eq(recv(kernel, heard, sizeof(heard), 0), 32);
		cr_expect_eq(msg->nlmsg_seq, seq);
		cr_expect_eq(msg->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	}
}

Test(nl_reply, replies_of_an_earlier_request_are_passed_over)
{
	struct nk_error err;
	unsigned int sum;

	fake.seq = 41;
	give_header(1000, 0, 41);
	give_done(-EIO, 0, 41);
	give_header(100, 0, 42);
	give_done(0, 0, 42);
	unit_expect_ok("ask", ask(&sum, &err), &err);
	cr_expect_eq(sum, 100);
}

/* A change may be echoed or not, so it asks for an ACK, and waits for it. */
Test(nl_reply, reply_is_the_end_of_a_get_and_not_of_a_change)
{
	char buf[NK_NL_REQUEST_SIZE] = "", heard[NK_NL_REQUEST_SIZE] __attribute__((aligned(4)));
	const struct nlmsghdr *msg = (const struct nlmsghdr *)heard;
	struct nlmsghdr *request = put_getlink(buf, 1);
	struct nk_error err = { 0 };
	unsigned int sum = 0;
	int rc;

	give_header(100, 0, 1);
	rc = nk_nl_do(&fake, request, sizeof(struct ifinfomsg), names, note_reply, &sum, &err);
	unit_expect_ok("get", rc, &err);
	cr_expect_eq(sum, 100);
	cr_assert_gt(recv(kernel, heard, sizeof(heard), 0), 0);
	cr_expect_eq(msg->nlmsg_flags, NLM_F_REQUEST);
	request->nlmsg_flags = NLM_F_ECHO;
	give_header(100, 0, 2);
	rc = nk_nl_do(&fake, request, sizeof(struct ifinfomsg), names, note_reply, &sum, &err);
	unit_expect_error("change", rc, &err, NK_CODE_KERNEL, "no netlink reply");
	cr_assert_gt(recv(kernel, heard, sizeof(heard), 0), 0);
	cr_expect_eq(msg->nlmsg_flags, NLM_F_REQUEST | NLM_F_ECHO | NLM_F_ACK);
}

/* The kernel's family netdev has no NLM_F_MULTI in the messages of a dump. */
Test(nl_reply, dump_goes_on_to_its_end_without_a_mark_on_its_parts)
{
	char buf[NK_NL_REQUEST_SIZE] = "";
	struct nlmsghdr *dump = put_getlink(buf, 1);
	struct nk_error err;
	unsigned int sum = 0;

	dump->nlmsg_flags = NLM_F_DUMP;
	give_header(100, 0, 1);
	give_header(200, 0, 1);
	give_done(0, 0, 1);
	unit_expect_ok("dump", do_fake(dump, note_reply, &sum, &err), &err);
	cr_expect_eq(sum, 300);
}

Test(nl_reply, several_messages_in_one_datagram_are_all_read)
{
	struct reply a, b, done;
	uint8_t all[64];
	struct nk_error err;
	unsigned int sum;

	put_header(&a, 100, NLM_F_MULTI, 1);
	put_header(&b, 200, NLM_F_MULTI, 1);
	put_header(&done, NLMSG_DONE, NLM_F_MULTI, 1);
	memcpy(all, a.bytes, 16);
	memcpy(all + 16, b.bytes, 16);
	memcpy(all + 32, done.bytes, 16);
	give_bytes(all, 48);
	unit_expect_ok("ask", ask(&sum, &err), &err);
	cr_expect_eq(sum, 300);
}

Test(nl_reply, dump_that_fails_in_its_last_message_failed)
{
	struct nk_error err;
	unsigned int sum;

	give_header(100, NLM_F_MULTI, 1);
	give_done(-ENODEV, NLM_F_MULTI, 1);
	unit_expect_error("ask", ask(&sum, &err), &err, NK_CODE_KERNEL,
			  "the kernel refused|ENODEV");
}

/* The negative of the least int is undefined. */
Test(nl_reply, errno_that_no_kernel_has_is_garbled)
{
	static const int errors[] = { INT_MIN, -4096, 5 };
	struct nk_error err;
	struct reply reply;
	unsigned int sum;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		put_error(&reply, errors[i]);
		give(&reply);
		rc = ask(&sum, &err);
		unit_expect_error("ACK", rc, &err, NK_CODE_KERNEL, "garbled|NLMSG_ERROR");
		cr_expect_eq(rc, -EBADMSG);
	}
	give_done(INT_MIN, 0, (uint32_t)i + 1);
	rc = ask(&sum, &err);
	unit_expect_error("end of a dump", rc, &err, NK_CODE_KERNEL, "garbled|NLMSG_DONE");
}

Test(nl_reply, kernel_without_netkit_singles_is_not_supported_and_not_an_invalid_request)
{
	struct nk_error err = { 0 };
	struct reply reply;
	int rc;

	put_error(&reply, -EINVAL);
	give(&reply);
	rc = nk_netkit_probe_single(&fake, &err);
	unit_expect_error("probe", rc, &err, NK_CODE_KERNEL, "no netkit single|Linux >= 7.1");
	cr_expect_eq(rc, -EOPNOTSUPP);
}

Test(nl_reply, interrupted_dump_is_asked_for_again_and_given_up_after_three)
{
	struct nk_error err;
	unsigned int sum;
	int rc;

	give_done(0, NLM_F_DUMP_INTR, 1);
	give_done(0, NLM_F_DUMP_INTR, 2);
	give_header(100, 0, 3);
	give_done(0, 0, 3);
	unit_expect_ok("third time", ask(&sum, &err), &err);
	cr_expect_eq(sum, 100);
	give_header(100, NLM_F_MULTI | NLM_F_DUMP_INTR, 4); /* told in any of its messages */
	give_done(0, 0, 4);
	give_done(0, NLM_F_DUMP_INTR, 5);
	give_done(0, NLM_F_DUMP_INTR, 6);
	rc = ask(&sum, &err);
	unit_expect_error("three times", rc, &err, NK_CODE_RETRY,
			  "busy|try again later|each of 3 reads");
	cr_expect_eq(rc, -EAGAIN);
}

Test(nl_reply, reply_that_does_not_come_is_a_timeout)
{
	struct nk_error err;
	unsigned int sum;
	int rc;

	give_header(100, NLM_F_MULTI, 1); /* and no end */
	rc = ask(&sum, &err);
	unit_expect_error("no end", rc, &err, NK_CODE_KERNEL, "no netlink reply|30 s");
	cr_expect_eq(rc, -ETIMEDOUT);
}

Test(nl_reply, garbled_replies_are_refused)
{
	static char big[40000];
	struct nk_error err;
	struct reply reply;
	unsigned int sum;

	put_header(&reply, NLMSG_ERROR, 0, 1);
	give(&reply);
	unit_expect_error("short error", ask(&sum, &err), &err, NK_CODE_KERNEL,
			  "garbled|short NLMSG_ERROR");
	put_header(&reply, 100, 0, fake.seq + 1);
	header_of(&reply)->nlmsg_len = 400;
	give_bytes(reply.bytes, 40);
	unit_expect_error("length beyond the datagram", ask(&sum, &err), &err, NK_CODE_KERNEL,
			  "garbled|cut short");
	give_bytes(reply.bytes, 9);
	unit_expect_error("half a header", ask(&sum, &err), &err, NK_CODE_KERNEL,
			  "garbled|cut short");
	header_of(&reply)->nlmsg_seq = fake.seq + 1;
	header_of(&reply)->nlmsg_len = 0x80000000;
	give_bytes(reply.bytes, 40);
	unit_expect_error("length of 2^31", ask(&sum, &err), &err, NK_CODE_KERNEL,
			  "garbled|cut short");
	header_of(&reply)->nlmsg_len = 0xfffffff0;
	give_bytes(reply.bytes, 40);
	unit_expect_error("length of almost 2^32", ask(&sum, &err), &err, NK_CODE_KERNEL,
			  "garbled|cut short");
	header_of(&reply)->nlmsg_len = 3;
	give_bytes(reply.bytes, 40);
	unit_expect_error("length below a header", ask(&sum, &err), &err, NK_CODE_KERNEL,
			  "garbled|cut short");
	give_bytes(big, sizeof(big));
	unit_expect_error("40000 bytes", ask(&sum, &err), &err, NK_CODE_KERNEL,
			  "garbled|longer than our buffer");
}

static int keep_going(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct nk_link link;

	(void)data;
	(void)nk_link_parse(reply, &link, err);
	nk_error_reset(err);
	return 0;
}

/* All of it, whatever the lengths in it say: no crash, no loop, and an end that is an error of ours,
 * the kernel's, or success.
 */
Test(nl_reply, datagrams_of_random_bytes_come_to_an_end)
{
	static uint8_t bytes[512] __attribute__((aligned(4)));
	static const uint32_t lengths[] = { 0,		1,	    15,		16,
					    17,		20,	    36,		512,
					    0x7fffffff, 0x80000000, 0x80000010, 0xfffffff0,
					    UINT32_MAX };
	struct nlmsghdr *header = (struct nlmsghdr *)bytes;
	char buf[NK_NL_REQUEST_SIZE] = "";
	uint32_t state = 1, round, i;
	struct nk_error err;

	for (round = 0; round < 3000; round++) {
		for (i = 0; i < sizeof(bytes); i++) {
			state = state * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(state >> 24);
		}
		header->nlmsg_seq = fake.seq + 1;
		header->nlmsg_flags &=
			(uint16_t)~NLM_F_DUMP_INTR; /* which would have it ask again */
		header->nlmsg_len =
			state % 3 ? sizeof(bytes) - state % 64 :
				    lengths[state / 3 % (sizeof(lengths) / sizeof(lengths[0]))];
		header->nlmsg_type = round % 4 ? (uint16_t)(round % 4 + 1) : RTM_NEWLINK;
		give_bytes(bytes, sizeof(bytes));
		put_error((struct reply *)memset(buf, 0, sizeof(buf)), 0);
		header_of((struct reply *)buf)->nlmsg_seq = fake.seq + 1;
		give((struct reply *)buf);
		(void)do_fake(put_getlink(buf, 1), keep_going, NULL, &err);
		while (recv(mnl_socket_get_fd(fake.rtnl), buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
	}
}

Test(nl_reply, ack_without_the_object_is_garbled)
{
	char buf[NK_NL_REQUEST_SIZE] = "";
	struct nk_link link = { 0 };
	struct reply reply;
	struct nk_error err = { 0 };
	int32_t nsid = 7;
	int rc;

	put_error(&reply, 0);
	give(&reply);
	rc = nk_link_get(&fake, NK_NSID_HERE, "nk0", 0, &link, &err);
	unit_expect_error("link", rc, &err, NK_CODE_KERNEL,
			  "garbled|an ACK without the requested object");
	cr_expect_eq(rc, -EBADMSG);
	nk_error_reset(&err);
	put_error(&reply, 0);
	give(&reply);
	rc = nk_link_nsid(&fake, 0, false, &nsid, &err);
	unit_expect_error("netns id", rc, &err, NK_CODE_KERNEL,
			  "garbled|an ACK without the requested object");
	nk_error_reset(&err);
	put_error(&reply, 0);
	give(&reply);
	unit_expect_ok("nothing asked for",
		       nk_nl_do(&fake, put_getlink(buf, 1), sizeof(struct ifinfomsg), names, NULL,
				NULL, &err),
		       &err);
}

Test(nl_reply, reply_behind_which_bytes_are_left_is_garbled)
{
	struct nk_error err;
	struct reply reply;
	unsigned int sum;

	put_header(&reply, 100, NLM_F_MULTI, 1);
	give_bytes(reply.bytes, 24); /* 16, and eight that are no message */
	unit_expect_error("eight bytes too many", ask(&sum, &err), &err, NK_CODE_KERNEL,
			  "garbled|cut short");
}

/* --- attributes ------------------------------------------------------------------------------ */

TestSuite(nl_attributes, .timeout = 10);

Test(nl_attributes, table_holds_the_last_of_each_type_and_null_for_the_rest)
{
	char buf[256] __attribute__((aligned(4))) = "";
	const struct nlattr *tb[4], *none[4];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	const uint64_t eight = 8;

	mnl_attr_put_u32(msg, 1, 11);
	mnl_attr_put_strz(msg, 2, "text");
	mnl_attr_put(msg, 3, sizeof(eight), &eight);
	mnl_attr_put_u32(msg, 9, 99); /* beyond the table */
	mnl_attr_put_u32(msg, 1 | NLA_F_NESTED, 12);
	cr_assert_eq(nk_nl_parse(buf + NLMSG_HDRLEN, msg->nlmsg_len - NLMSG_HDRLEN, 3, tb), 0);
	cr_expect_null(tb[0]);
	cr_expect_eq(nk_nl_u32(tb[1]), 12);
	cr_expect_str_eq(nk_nl_str(tb[2]), "text");
	cr_expect_eq(nk_nl_u64(tb[3]), 8);
	cr_assert_eq(nk_nl_parse(NULL, 0, 3, none), 0);
	cr_expect(!none[0] && !none[1] && !none[2] && !none[3]);
	cr_assert_eq(nk_nl_parse_nested(NULL, 3, none), 0);
}

Test(nl_attributes, value_of_another_length_is_0_or_empty)
{
	char buf[256] __attribute__((aligned(4))) = "";
	const struct nlattr *tb[5];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);

	mnl_attr_put_u16(msg, 1, 7);
	mnl_attr_put(msg, 2, 3, "abc");
	mnl_attr_put(msg, 3, 0, "");
	mnl_attr_put_u32(msg, 4, 7);
	cr_assert_eq(nk_nl_parse(buf + NLMSG_HDRLEN, msg->nlmsg_len - NLMSG_HDRLEN, 4, tb), 0);
	cr_expect_eq(nk_nl_u32(tb[1]), 0);
	cr_expect_eq(nk_nl_u64(tb[4]), 0);
	cr_expect_eq(nk_nl_u32(NULL), 0);
	cr_expect_eq(nk_nl_u64(NULL), 0);
	cr_expect_str_empty(nk_nl_str(tb[2]));
	cr_expect_str_empty(nk_nl_str(tb[3]));
	cr_expect_str_empty(nk_nl_str(NULL));
}

Test(nl_attributes, stream_cut_at_any_byte_is_read_up_to_there_or_refused)
{
	char buf[64] __attribute__((aligned(4))) = "";
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct unit_guard guard;
	const struct nlattr *tb[3];
	size_t size, whole;
	const void *attrs;
	int rc;

	mnl_attr_put_u32(msg, 1, 7);
	mnl_attr_put_u8(msg, 2, 7); /* bytes 8 to 12, padding to 15 */
	whole = msg->nlmsg_len - NLMSG_HDRLEN;
	unit_guard_init(&guard, whole);
	for (size = 0; size <= whole; size++) {
		attrs = unit_guard_put(&guard, buf + NLMSG_HDRLEN, size, 4);
		rc = nk_nl_parse(attrs, size, 2, tb);
		cr_expect_eq(rc, !size || size == 8 || size >= 13 ? 0 : -EBADMSG, "%zu bytes: %d",
			     size, rc);
	}
	unit_guard_fini(&guard);
}
