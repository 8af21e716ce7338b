// SPDX-License-Identifier: Apache-2.0
/*
 * nl.c - the netlink transport: one receive loop and one extended ACK parser for rtnetlink and generic netlink
 *
 * libmnl and libnl-genl-3 open, build and send. This file receives for both, because neither
 * library returns an extended ACK.
 */
#include "kernel/nl.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/netns.h"
#include "kernel/uapi.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/banned.h"

/* The kernel does the work while we send, so the reply is there when sendto() returns. A lost reply
 * must not hang the call.
 */
#define REPLY_TIMEOUT_S 30
#define RECV_SIZE	32768 /* the largest datagram of a dump (netlink_dump() in the kernel) */
#define DUMP_TRIES	3

static int set_options(int fd, struct nk_error *err)
{
	const struct timeval timeout = { .tv_sec = REPLY_TIMEOUT_S };
	const int on = 1;

	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		return nk_error_sys(err, NK_CODE_KERNEL, "cannot set up netlink", "setsockopt");
	return 0;
}

static int open_rtnl(void *arg, struct nk_error *err)
{
	struct nk_nl *nl = arg;

	nl->rtnl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl->rtnl || mnl_socket_bind(nl->rtnl, 0, MNL_SOCKET_AUTOPID))
		return nk_error_sys(err, NK_CODE_KERNEL, "cannot open rtnetlink", "socket");
	return set_options(mnl_socket_get_fd(nl->rtnl), err);
}

/* create_request() - Return: a generic netlink request, or NULL if out of memory */
static struct nl_msg *create_request(int family, uint8_t command, int flags, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(size);

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags | NLM_F_REQUEST,
				command, 1)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/* get_family() - ask the kernel about a generic netlink family. genl_ctrl_resolve() will not do: it
 * reports every failure as "no such family".
 *
 * Return: 0; -ENOENT: the kernel has no family of that name; or another negative errno
 */
static int get_family(struct nk_nl *nl, const char *name, nk_nl_reply reply, void *data,
		      struct nk_error *err)
{
	struct nl_msg *msg = create_request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, NK_NL_GENL_SIZE);

	if (msg && nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, name)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return nk_nl_genl_do(nl, msg, NULL, reply, data, err);
}

static int take_family_id(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[CTRL_ATTR_FAMILY_ID + 1];

	if (nk_nl_parse_message(reply, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID, tb))
		return nk_nl_garbled(err, "CTRL_CMD_GETFAMILY");
	*(int *)data = nk_nl_u16(tb[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

static int resolve_families(struct nk_nl *nl, struct nk_error *err)
{
	static const char *const names[NK_NL_FAMILIES] = {
		[NK_NL_NETDEV] = "netdev",
		[NK_NL_ETHTOOL] = "ethtool",
	};
	static int known[NK_NL_FAMILIES]; /* both are part of the kernel, so their ids stay */
	unsigned int i;
	int rc;

	for (i = 0; i < NK_NL_FAMILIES; i++) {
		struct nk_error mine = { 0 };

		rc = known[i] ? 0 : get_family(nl, names[i], take_family_id, &known[i], &mine);
		if (rc && rc != -ENOENT) {
			*err = mine;
			nk_error_wrap(err, "resolve generic netlink family %s", names[i]);
			return rc;
		}
		nl->family[i] = known[i];
	}
	return 0;
}

static int open_genl(struct nk_nl *nl, struct nk_error *err)
{
	int rc;

	nl->genl = nl_socket_alloc();
	if (!nl->genl)
		return nk_error_no_memory(err);
	rc = genl_connect(nl->genl);
	if (rc < 0)
		return nk_error_set(err, NK_CODE_KERNEL, EIO, "cannot open generic netlink", "%s",
				    nl_geterror(rc));
	nl_socket_disable_auto_ack(nl->genl);
	rc = set_options(nl_socket_get_fd(nl->genl), err);
	return rc ? rc : resolve_families(nl, err);
}

static int open_both(void *arg, struct nk_error *err)
{
	int rc = open_rtnl(arg, err);

	return rc ? rc : open_genl(arg, err);
}

/* open_in() - @both: also generic netlink */
static int open_in(struct nk_nl *nl, int netns_fd, const char *where, bool both,
		   struct nk_error *err)
{
	int rc;

	*nl = (struct nk_nl){ .where = where };
	rc = nk_netns_call(netns_fd, both ? open_both : open_rtnl, nl, err);
	if (rc) {
		nk_error_wrap(err, "open netlink in the %s netns", where);
		nk_nl_close(nl);
	}
	return rc;
}

int nk_nl_open(struct nk_nl *nl, int netns_fd, const char *where, struct nk_error *err)
{
	return open_in(nl, netns_fd, where, true, err);
}

int nk_nl_open_rtnl(struct nk_nl *nl, int netns_fd, const char *where, struct nk_error *err)
{
	return open_in(nl, netns_fd, where, false, err);
}

void nk_nl_close(struct nk_nl *nl)
{
	if (nl->rtnl)
		mnl_socket_close(nl->rtnl);
	if (nl->genl)
		nl_socket_free(nl->genl);
	nl->rtnl = NULL;
	nl->genl = NULL;
}

int nk_nl_garbled(struct nk_error *err, const char *what)
{
	return nk_error_set(err, NK_CODE_KERNEL, EBADMSG, "garbled netlink reply", "%s", what);
}

/* find_name() - append ".name" for each level of the attribute that begins @offset bytes into
 * the request.
 */
static void find_name(const char *attrs, size_t start, size_t end, size_t offset,
		      const struct nk_nl_names *names, char *buf, size_t size)
{
	const struct nlattr *attr;
	size_t used, at;

	while (names) {
		const struct nk_nl_names *name = names;

		for (at = start; at + NLA_HDRLEN <= end; at += MNL_ALIGN(attr->nla_len)) {
			attr = (const struct nlattr *)(attrs + at);
			if (attr->nla_len < NLA_HDRLEN ||
			    (offset >= at && offset < at + MNL_ALIGN(attr->nla_len)))
				break;
		}
		if (at + NLA_HDRLEN > end || attr->nla_len < NLA_HDRLEN)
			return;
		while (name->name && name->type != mnl_attr_get_type(attr))
			name++;
		used = strlen(buf);
		if (name->name)
			snprintf(buf + used, size - used, ".%s", name->name);
		else
			snprintf(buf + used, size - used, ".%u", mnl_attr_get_type(attr));
		if (offset == at)
			return;
		names = name->nested;
		start = at + NLA_HDRLEN;
		end = at + attr->nla_len;
	}
}

static const char *find_missing(const struct nk_nl_names *names, uint32_t type)
{
	for (; names && names->name; names++)
		if (names->type == type)
			return names->name;
	return "of unknown name";
}

/**
 * refuse() - turn a negative NLMSG_ERROR into an nk_error: the one parser of extended ACKs
 * @msg: of type NLMSG_ERROR, at least as long as struct nlmsgerr
 *
 * The details become "<extended ACK text> (attribute .a.b): ERRNO".
 */
static int refuse(const struct nlmsghdr *msg, const struct nlmsghdr *request, size_t header,
		  const struct nk_nl_names *names, struct nk_error *err)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(msg);
	const struct nlattr *tb[NK_NLMSGERR_ATTR_MAX + 1] = { 0 };
	size_t skip = NLMSG_LENGTH(sizeof(*e));
	const char *text = "";
	char attr[128] = "";

	if (!(msg->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len >= NLMSG_HDRLEN)
		skip += MNL_ALIGN(e->msg.nlmsg_len - NLMSG_HDRLEN);
	if ((msg->nlmsg_flags & NLM_F_ACK_TLVS) && skip < msg->nlmsg_len &&
	    !nk_nl_parse((const char *)msg + skip, msg->nlmsg_len - skip, NK_NLMSGERR_ATTR_MAX, tb))
		text = nk_nl_str(tb[NK_NLMSGERR_ATTR_MSG]);
	if (tb[NK_NLMSGERR_ATTR_OFFS])
		find_name((const char *)request, NLMSG_HDRLEN + MNL_ALIGN(header),
			  request->nlmsg_len, nk_nl_u32(tb[NK_NLMSGERR_ATTR_OFFS]), names, attr,
			  sizeof(attr));
	else if (tb[NK_NLMSGERR_ATTR_MISS_TYPE])
		snprintf(attr, sizeof(attr), "%s missing",
			 find_missing(names, nk_nl_u32(tb[NK_NLMSGERR_ATTR_MISS_TYPE])));
	return nk_error_set(err, NK_CODE_KERNEL, -e->error, "the kernel refused", "%s%s%s%s%s%s%s",
			    text, *text && *attr ? " " : "", *attr ? "(attribute " : "", attr,
			    *attr ? ")" : "", *text || *attr ? ": " : "", nk_errno_name(-e->error));
}

/* One request under way. */
struct exchange {
	int fd;
	uint32_t seq;
	const struct nlmsghdr *request;
	size_t header;
	const struct nk_nl_names *names;
	nk_nl_reply reply;
	void *data;
	bool interrupted;
	bool replied; /* an object came, and not only the ACK */
};

static bool is_dump(const struct nlmsghdr *request)
{
	return (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

/* wants_ack() - an ACK is one message more to receive. A reply ends an exchange as well, unless NLMSG_DONE follows; but
 * not the echo of a change, which the kernel sends only if it can.
 */
static bool wants_ack(nk_nl_reply reply, uint16_t flags)
{
	return !reply || flags & NLM_F_ECHO;
}

/* is_last() - does the exchange end with this reply? NLMSG_DONE ends a dump, of which the family netdev does not mark
 * the parts with NLM_F_MULTI.
 */
static bool is_last(const struct exchange *x, const struct nlmsghdr *msg)
{
	return !is_dump(x->request) &&
	       !((x->request->nlmsg_flags & NLM_F_ACK) | (msg->nlmsg_flags & NLM_F_MULTI));
}

/* lacks_object() - did the kernel send no object although we asked for one? A dump may be empty. */
static bool lacks_object(const struct exchange *x)
{
	return x->reply && !x->replied && !is_dump(x->request);
}

/* take_message() - Return: 1: the exchange has ended; 0: more follows; or a negative errno */
static int take_message(struct exchange *x, const struct nlmsghdr *msg, struct nk_error *err)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(msg);
	int rc;

	if (msg->nlmsg_seq != x->seq)
		return 0; /* of an earlier exchange, which our own error ended */
	if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
		x->interrupted = true;
	if (msg->nlmsg_type == NLMSG_DONE) {
		/* The last message has the errno of a dump that failed half way. */
		const int *status = mnl_nlmsg_get_payload(msg);

		if (mnl_nlmsg_get_payload_len(msg) < sizeof(*status) || *status >= 0)
			return 1;
		if (!nk_nl_is_errno(*status))
			return nk_nl_garbled(err, "NLMSG_DONE with an impossible errno");
		return nk_error_set(err, NK_CODE_KERNEL, -*status, "the kernel refused", "%s",
				    nk_errno_name(-*status));
	}
	if (msg->nlmsg_type != NLMSG_ERROR) {
		x->replied = true;
		rc = x->reply ? x->reply(msg, x->data, err) : 0;
		return rc ? rc : is_last(x, msg);
	}
	if (msg->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
		return nk_nl_garbled(err, "short NLMSG_ERROR");
	if (!e->error)
		return lacks_object(x) ? nk_nl_garbled(err, "an ACK without the requested object") :
					 1;
	if (!nk_nl_is_errno(e->error))
		return nk_nl_garbled(err, "NLMSG_ERROR with an impossible errno");
	return refuse(msg, x->request, x->header, x->names, err);
}

/* take_datagram() - Return: as take_message() */
static int take_datagram(struct exchange *x, const char *buf, size_t size, struct nk_error *err)
{
	const struct nlmsghdr *msg;
	size_t step;
	int rc = 0;

	/* Not mnl_nlmsg_ok(), which converts the length to int. */
	while (!rc && size) {
		msg = (const struct nlmsghdr *)buf;
		if (size < NLMSG_HDRLEN || msg->nlmsg_len < NLMSG_HDRLEN || msg->nlmsg_len > size)
			return nk_nl_garbled(err, "cut short");
		rc = take_message(x, msg, err);
		step = MNL_ALIGN(msg->nlmsg_len);
		if (step >= size)
			break;
		buf += step;
		size -= step;
	}
	return rc;
}

static int receive_into(char *buf, struct exchange *x, struct nk_error *err)
{
	struct sockaddr_nl from = { 0 };
	socklen_t size;
	ssize_t n;
	int rc = 0;

	while (!rc) {
		size = sizeof(from);
		n = recvfrom(x->fd, buf, RECV_SIZE, MSG_TRUNC, (struct sockaddr *)&from, &size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return nk_error_set(err, NK_CODE_KERNEL, ETIMEDOUT, "no netlink reply",
					    "waited %d s", REPLY_TIMEOUT_S);
		if (n < 0)
			return nk_error_sys(err, NK_CODE_KERNEL, "cannot receive netlink", "recv");
		if (from.nl_pid)
			continue; /* from a process, not from the kernel */
		if ((size_t)n > RECV_SIZE)
			return nk_nl_garbled(err, "longer than our buffer");
		rc = take_datagram(x, buf, (size_t)n, err);
	}
	return rc < 0 ? rc : 0;
}

static int receive(struct exchange *x, struct nk_error *err)
{
	static char own[RECV_SIZE] __attribute__((aligned(8)));
	static bool in_use; /* a reply function has called nk_nl_do() */
	const bool nested = in_use;
	char *more cleanup_free = nested ? malloc(RECV_SIZE) : NULL;
	int rc = nested && !more ? nk_error_no_memory(err) : 0;

	in_use = true;
	rc = rc ? rc : receive_into(nested ? more : own, x, err);
	in_use = nested;
	/* The kernel begins no dump before the last one is read. */
	while (rc < 0 && is_dump(x->request) && recv(x->fd, NULL, 0, MSG_DONTWAIT) >= 0)
		;
	return rc;
}

int nk_nl_do(struct nk_nl *nl, struct nlmsghdr *request, size_t header,
	     const struct nk_nl_names *names, nk_nl_reply reply, void *data, struct nk_error *err)
{
	struct exchange x = {
		.fd = mnl_socket_get_fd(nl->rtnl),
		.request = request,
		.header = header,
		.names = names,
		.reply = reply,
		.data = data,
	};
	int tries, rc;

	request->nlmsg_flags |= NLM_F_REQUEST |
				(wants_ack(reply, request->nlmsg_flags) ? NLM_F_ACK : 0);
	for (tries = 0; tries < DUMP_TRIES; tries++) {
		x.interrupted = x.replied = false;
		x.seq = request->nlmsg_seq = ++nl->seq;
		if (mnl_socket_sendto(nl->rtnl, request, request->nlmsg_len) < 0)
			return nk_error_sys(err, NK_CODE_KERNEL, "cannot send netlink", "sendto");
		rc = receive(&x, err);
		if (rc || !x.interrupted)
			return rc;
	}
	return nk_error_busy(err, "the kernel's list changed during each of %d reads", DUMP_TRIES);
}

struct nl_msg *nk_nl_genl_new(struct nk_nl *nl, enum nk_nl_family family, uint8_t command,
			      int flags, size_t size)
{
	return create_request(nl->family[family], command, flags, size);
}

int nk_nl_genl_do(struct nk_nl *nl, struct nl_msg *request, const struct nk_nl_names *names,
		  nk_nl_reply reply, void *data, struct nk_error *err)
{
	struct exchange x = {
		.fd = nl_socket_get_fd(nl->genl),
		.header = GENL_HDRLEN,
		.names = names,
		.reply = reply,
		.data = data,
	};
	int rc;

	if (!request)
		return nk_error_no_memory(err);
	if (wants_ack(reply, nlmsg_hdr(request)->nlmsg_flags))
		nlmsg_hdr(request)->nlmsg_flags |= NLM_F_ACK;
	x.request = nlmsg_hdr(request);
	rc = nl_send_auto(nl->genl, request);
	if (rc < 0) {
		rc = nk_error_set(err, NK_CODE_KERNEL, EIO, "cannot send netlink", "%s",
				  nl_geterror(rc));
	} else {
		x.seq = x.request->nlmsg_seq;
		rc = receive(&x, err);
		if (!rc && x.interrupted)
			rc = nk_error_busy(err, "the kernel's list changed while it was read");
	}
	nlmsg_free(request);
	return rc;
}

/* find_command() - set *@data, a uint32_t, to UINT32_MAX if the family has that command */
static int find_command(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[CTRL_ATTR_OPS + 1], *op[CTRL_ATTR_OP_ID + 1], *pos;
	uint32_t *command = data;

	if (nk_nl_parse_message(reply, GENL_HDRLEN, CTRL_ATTR_OPS, tb))
		return nk_nl_garbled(err, "CTRL_CMD_GETFAMILY");
	if (!tb[CTRL_ATTR_OPS])
		return 0;
	mnl_attr_for_each_nested(pos, tb[CTRL_ATTR_OPS]) {
		if (nk_nl_parse_nested(pos, CTRL_ATTR_OP_ID, op))
			return nk_nl_garbled(err, "CTRL_ATTR_OPS");
		if (op[CTRL_ATTR_OP_ID] && nk_nl_u32(op[CTRL_ATTR_OP_ID]) == *command)
			*command = UINT32_MAX;
	}
	return 0;
}

int nk_nl_genl_has_command(struct nk_nl *nl, uint8_t command, struct nk_error *err)
{
	uint32_t wanted = command;
	int rc = get_family(nl, "netdev", find_command, &wanted, err);

	if (rc == -ENOENT) {
		nk_error_reset(err);
		return 0;
	}
	return rc ? rc : wanted == UINT32_MAX;
}
