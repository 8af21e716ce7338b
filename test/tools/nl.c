// SPDX-License-Identifier: Apache-2.0
/* Netlink request and reply over libmnl, with the kernel's own error text. */
#include "nl.h"
#include "cli.h"
#include "netns.h"

#include <err.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

void nl_open(struct nl *nl, int protocol, const char *netns)
{
	struct timeval patience = { .tv_sec = 10 }; /* a lost reply must not hang a test */
	int left_fd = netns_enter(netns);
	int on = 1, fd;

	nl->sock = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID))
		errx(CLI_SYSTEM, "open netlink socket of protocol %d: %s", protocol,
		     cli_errno(errno));
	netns_leave(left_fd);
	fd = mnl_socket_get_fd(nl->sock);
	if (mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		errx(CLI_SYSTEM, "set options of a netlink socket: %s", cli_errno(errno));
	nl->seq = 0;
	nl->why[0] = '\0';
}

void nl_close(struct nl *nl)
{
	mnl_socket_close(nl->sock);
}

void *nl_request(struct nl *nl, uint16_t type, uint16_t flags, size_t header_len)
{
	struct nlmsghdr *msg;

	memset(&nl->request, 0, sizeof(nl->request));
	msg = mnl_nlmsg_put_header(&nl->request);
	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	msg->nlmsg_seq = ++nl->seq;
	return mnl_nlmsg_put_extra_header(msg, header_len);
}

void nl_genl_request(struct nl *nl, uint16_t family, uint16_t flags, uint8_t cmd)
{
	struct genlmsghdr *genl = nl_request(nl, family, flags, sizeof(*genl));

	genl->cmd = cmd;
	genl->version = 1;
}

/* Appends what the TLVs behind an error say; layout: Documentation/userspace-api/netlink. */
static void explain(struct nl *nl, const struct nlmsghdr *msg, size_t offset)
{
	const struct nlattr *attr;
	size_t at;

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	mnl_attr_for_each(attr, msg, offset) {
		at = strlen(nl->why);
		switch (mnl_attr_get_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(nl->why + at, sizeof(nl->why) - at, ": %.*s",
				 mnl_attr_get_payload_len(attr), mnl_attr_get_str(attr));
			break;
		case NLMSGERR_ATTR_OFFS:
			snprintf(nl->why + at, sizeof(nl->why) - at,
				 " (attribute at byte %u of the request)", mnl_attr_get_u32(attr));
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			snprintf(nl->why + at, sizeof(nl->why) - at,
				 " (attribute of type %u missing)", mnl_attr_get_u32(attr));
			break;
		default:
			break;
		}
	}
}

static int fail(struct nl *nl, int err)
{
	snprintf(nl->why, sizeof(nl->why), "%s", cli_errno_name(-err));
	return err;
}

/* Result of NLMSG_ERROR (also the plain acknowledgement) or NLMSG_DONE. */
static int verdict(struct nl *nl, const struct nlmsghdr *msg)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(msg);
	bool done = msg->nlmsg_type == NLMSG_DONE;
	size_t offset = MNL_ALIGN(done ? sizeof(e->error) : sizeof(*e));

	if (mnl_nlmsg_get_payload_len(msg) < offset)
		return done ? 0 : fail(nl, -EBADMSG);
	if (!e->error)
		return 0;
	/* Without NLM_F_CAPPED the refused request itself is between the error and the TLVs. */
	if (!done && !(msg->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len > sizeof(e->msg))
		offset += MNL_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	fail(nl, e->error);
	explain(nl, msg, offset);
	return e->error;
}

int nl_talk(struct nl *nl, nl_row_fn row, void *arg)
{
	uint32_t portid = mnl_socket_get_portid(nl->sock);
	const struct nlmsghdr *msg;
	ssize_t got;
	int left;

	if (mnl_socket_sendto(nl->sock, &nl->request, nl->request.msg.nlmsg_len) < 0)
		return fail(nl, -errno);
	for (;;) {
		got = mnl_socket_recvfrom(nl->sock, &nl->reply, sizeof(nl->reply));
		if (got < 0 && errno == EINTR && !cli_stopped())
			continue;
		if (got < 0)
			return fail(nl, errno == EAGAIN ? -ETIMEDOUT : -errno);
		left = (int)got;
		for (msg = &nl->reply.msg; mnl_nlmsg_ok(msg, left);
		     msg = mnl_nlmsg_next(msg, &left)) {
			if (msg->nlmsg_seq != nl->seq ||
			    (msg->nlmsg_pid && msg->nlmsg_pid != portid))
				continue;
			if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
				return fail(nl, -EINTR);
			if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE)
				return verdict(nl, msg);
			if (row && msg->nlmsg_type >= NLMSG_MIN_TYPE)
				row(msg, arg);
		}
	}
}

const char *nl_why(const struct nl *nl)
{
	return nl->why;
}

static int by_type(const struct nlattr *attr, void *arg)
{
	const struct nlattr **tb = arg;

	if (mnl_attr_get_type(attr) < NL_ATTR_MAX)
		tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void clear(const struct nlattr **tb)
{
	int i;

	for (i = 0; i < NL_ATTR_MAX; i++)
		tb[i] = NULL;
}

void nl_attrs(const struct nlmsghdr *msg, size_t header_len, const struct nlattr **tb)
{
	clear(tb);
	mnl_attr_parse(msg, (unsigned int)header_len, by_type, tb);
}

void nl_nested(const struct nlattr *nest, const struct nlattr **tb)
{
	clear(tb);
	mnl_attr_parse_nested(nest, by_type, tb);
}

uint64_t nl_uint(const struct nlattr *attr)
{
	uint8_t v8;
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	/* Netlink aligns to 4 bytes only, and the type "uint" is as long as its value needs. */
	switch (mnl_attr_get_payload_len(attr)) {
	case sizeof(v8):
		memcpy(&v8, mnl_attr_get_payload(attr), sizeof(v8));
		return v8;
	case sizeof(v16):
		memcpy(&v16, mnl_attr_get_payload(attr), sizeof(v16));
		return v16;
	case sizeof(v32):
		memcpy(&v32, mnl_attr_get_payload(attr), sizeof(v32));
		return v32;
	case sizeof(v64):
		memcpy(&v64, mnl_attr_get_payload(attr), sizeof(v64));
		return v64;
	default:
		errx(CLI_SYSTEM, "netlink attribute %u: %u bytes is no integer",
		     mnl_attr_get_type(attr), mnl_attr_get_payload_len(attr));
	}
}

static void take_family(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *tb[NL_ATTR_MAX];

	nl_attrs(msg, sizeof(struct genlmsghdr), tb);
	if (tb[CTRL_ATTR_FAMILY_ID])
		*(int *)arg = (int)nl_uint(tb[CTRL_ATTR_FAMILY_ID]);
}

int nl_genl_family(struct nl *nl, const char *name)
{
	int id = -ENOENT, ret;

	nl_genl_request(nl, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(&nl->request.msg, CTRL_ATTR_FAMILY_NAME, name);
	ret = nl_talk(nl, take_family, &id);
	return ret ? ret : id;
}
