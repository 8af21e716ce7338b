// SPDX-License-Identifier: Apache-2.0
/* genl.c - a kernel of our own behind a generic netlink socket */
#include "genl.h"

#include "kernel/uapi.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* libnl makes its socket itself; ours takes the place of its file descriptor. SOCK_SEQPACKET keeps
 * messages apart, as netlink does, and takes no notice of the address that libnl sends to. A reply
 * that the test did not give ends the wait after 50 ms.
 */
void genl_open(struct genl *genl)
{
	const struct timeval timeout = { .tv_usec = 50000 };
	struct nl_sock *sock = nl_socket_alloc();
	int fds[2];

	cr_assert(sock && !nl_connect(sock, NETLINK_GENERIC));
	cr_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
	cr_assert(!setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
	cr_assert_geq(dup3(fds[0], nl_socket_get_fd(sock), O_CLOEXEC), 0, "dup3: %s",
		      nk_errno_name(errno));
	close(fds[0]);
	*genl = (struct genl){ .nl = { .genl = sock, .where = "fake" }, .kernel = fds[1] };
	genl->nl.family[NK_NL_ETHTOOL] = GENL_FAMILY;
	genl->seq = nl_socket_use_seq(sock) + 1;
}

void genl_close(struct genl *genl)
{
	nk_nl_close(&genl->nl);
	close(genl->kernel);
}

static struct nlmsghdr *begin(const struct genl *genl, union genl_reply *reply, uint16_t type,
			      uint16_t flags)
{
	struct nlmsghdr *msg;

	memset(reply, 0, sizeof(*reply));
	msg = mnl_nlmsg_put_header(reply->bytes);
	msg->nlmsg_type = type;
	msg->nlmsg_flags = flags;
	msg->nlmsg_seq = genl->seq;
	return msg;
}

struct nlmsghdr *genl_reply(const struct genl *genl, union genl_reply *reply, uint8_t command)
{
	struct nlmsghdr *msg = begin(genl, reply, GENL_FAMILY, 0);
	struct genlmsghdr *head = mnl_nlmsg_put_extra_header(msg, sizeof(*head));

	head->cmd = command;
	head->version = 1;
	return msg;
}

void genl_put_header(struct nlmsghdr *msg, uint32_t ifindex)
{
	struct nlattr *header = mnl_attr_nest_start(msg, 1);

	mnl_attr_put_u32(msg, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_put_strz(msg, ETHTOOL_A_HEADER_DEV_NAME, "ln0");
	mnl_attr_nest_end(msg, header);
}

void genl_give(const struct genl *genl, const struct nlmsghdr *msg, size_t size)
{
	union genl_reply cut;
	struct nlmsghdr head = *msg;

	memset(&cut, 0xff, sizeof(cut));
	memcpy(cut.bytes, msg, size);
	head.nlmsg_len = (uint32_t)size;
	memcpy(cut.bytes, &head, size < sizeof(head) ? size : sizeof(head));
	size = NLMSG_ALIGN(size);
	cr_assert_eq(send(genl->kernel, cut.bytes, size, 0), (ssize_t)size, "send: %s",
		     nk_errno_name(errno));
}

static void end(struct genl *genl, const struct nlmsghdr *msg)
{
	genl_give(genl, msg, msg->nlmsg_len);
	genl->seq++;
}

static struct nlmsghdr *put_error(const struct genl *genl, union genl_reply *reply, uint16_t flags,
				  int error)
{
	struct nlmsghdr *msg = begin(genl, reply, NLMSG_ERROR, NLM_F_CAPPED | flags);
	struct nlmsgerr *e = mnl_nlmsg_put_extra_header(msg, sizeof(*e));

	e->error = error;
	e->msg.nlmsg_len = NLMSG_HDRLEN;
	return msg;
}

void genl_ack(struct genl *genl, int error)
{
	union genl_reply reply;

	end(genl, put_error(genl, &reply, 0, error));
}

void genl_refuse(struct genl *genl, int error, const char *text, uint32_t offset)
{
	union genl_reply reply;
	struct nlmsghdr *msg = put_error(genl, &reply, NLM_F_ACK_TLVS, error);

	mnl_attr_put_strz(msg, NK_NLMSGERR_ATTR_MSG, text);
	mnl_attr_put_u32(msg, NK_NLMSGERR_ATTR_OFFS, offset);
	end(genl, msg);
}

void genl_done(struct genl *genl, int status)
{
	union genl_reply reply;
	struct nlmsghdr *msg = begin(genl, &reply, NLMSG_DONE, NLM_F_MULTI);

	*(int *)mnl_nlmsg_put_extra_header(msg, sizeof(status)) = status;
	end(genl, msg);
}

void genl_expect(const struct genl *genl, const char *what, const char *hex)
{
	static char heard[2 * sizeof(union genl_reply) + 1], want[sizeof(heard)];
	union genl_reply request;
	struct nlmsghdr *msg = (struct nlmsghdr *)request.bytes;
	ssize_t size = recv(genl->kernel, request.bytes, sizeof(request), MSG_DONTWAIT), i;
	size_t used = 0;

	cr_assert_geq(size, NLMSG_HDRLEN, "%s: no request came", what);
	msg->nlmsg_seq = 0;
	msg->nlmsg_pid = 0;
	for (i = 0; i < size; i++)
		snprintf(heard + 2 * i, 3, "%02x", request.bytes[i]);
	for (; *hex && used + 1 < sizeof(want); hex++)
		if (*hex != ' ')
			want[used++] = *hex;
	want[used] = '\0';
	cr_expect_str_eq(heard, want, "%s: asked\n%s, not\n%s", what, heard, want);
}

void genl_forget(const struct genl *genl)
{
	char byte;

	while (recv(genl->kernel, &byte, 1, MSG_DONTWAIT) > 0)
		;
}

void genl_expect_nothing(const struct genl *genl, const char *what)
{
	char byte;

	cr_expect_lt(recv(genl->kernel, &byte, 1, MSG_DONTWAIT), 0, "%s: one request more", what);
}
