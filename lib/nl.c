// SPDX-License-Identifier: Apache-2.0
/*
 * nl.c - the netlink transport: one receive loop and one extended ACK parser for both families
 *
 * libmnl and libnl-genl-3 open, build and send. Receiving is done here for both, because neither
 * library hands an extended ACK out (libmnl's control callbacks drop it, libnl has no word for it).
 */
#include "nl.h"

#include "cleanup.h"
#include "error.h"
#include "netns.h"
#include "uapi.h"

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
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "banned.h"

/* The kernel works while we send, waiting for its RTNL lock if need be; then its answer is there. A
 * reply that is lost must not hang a one-shot program for ever.
 */
#define REPLY_TIMEOUT_S 30
#define RECV_SIZE	32768 /* what the kernel uses for dumps at most (NLMSG_GOODSIZE and up) */
#define DUMP_TRIES	3

static int set_options(int fd, struct nk_error *err)
{
	const struct timeval timeout = { .tv_sec = REPLY_TIMEOUT_S };
	const int on = 1;

	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		return nk_error_set(err, NK_CODE_KERNEL, errno, "cannot set up netlink",
				    "setsockopt: %s", nk_errno_name(errno));
	return 0;
}

static int open_rtnl(struct nk_nl *nl, struct nk_error *err)
{
	nl->rtnl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl->rtnl || mnl_socket_bind(nl->rtnl, 0, MNL_SOCKET_AUTOPID))
		return nk_error_set(err, NK_CODE_KERNEL, errno, "cannot open rtnetlink",
				    "socket: %s", nk_errno_name(errno));
	return set_options(mnl_socket_get_fd(nl->rtnl), err);
}

/* get_family() - what the kernel says of a generic netlink family. genl_ctrl_resolve() would not do:
 * it says "no such family" of every failure.
 *
 * Return: 0; -ENOENT where the kernel has none of that name; or another negative errno
 */
static int get_family(struct nk_nl *nl, const char *name, nk_nl_reply reply, void *data,
		      struct nk_error *err)
{
	struct nl_msg *msg = nlmsg_alloc_size(NK_NL_REQUEST_SIZE);

	if (!msg ||
	    !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, GENL_ID_CTRL, 0, NLM_F_REQUEST | NLM_F_ACK,
			 CTRL_CMD_GETFAMILY, 1) ||
	    nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, name)) {
		nlmsg_free(msg);
		return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	}
	return nk_nl_genl_do(nl, msg, NULL, reply, data, err);
}

static int parse_family(const struct nlmsghdr *reply, const struct nlattr **tb, uint16_t max,
			struct nk_error *err)
{
	if (reply->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN) ||
	    nk_nl_parse((const char *)reply + NLMSG_LENGTH(GENL_HDRLEN),
			reply->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), max, tb))
		return nk_nl_garbled(err, "CTRL_CMD_GETFAMILY");
	return 0;
}

static int take_family_id(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[CTRL_ATTR_FAMILY_ID + 1] = { 0 };
	int rc = parse_family(reply, tb, CTRL_ATTR_FAMILY_ID, err);

	if (!rc)
		*(int *)data = nk_nl_u16(tb[CTRL_ATTR_FAMILY_ID]);
	return rc;
}

static int resolve_families(struct nk_nl *nl, struct nk_error *err)
{
	static const char *const names[NK_NL_FAMILIES] = {
		[NK_NL_NETDEV] = "netdev",
		[NK_NL_ETHTOOL] = "ethtool",
	};
	struct nk_error none;
	unsigned int i;
	int rc;

	for (i = 0; i < NK_NL_FAMILIES; i++) {
		nk_error_reset(&none);
		rc = get_family(nl, names[i], take_family_id, &nl->family[i], &none);
		if (rc && rc != -ENOENT) {
			*err = none;
			nk_error_wrap(err, "resolve generic netlink family %s", names[i]);
			return rc;
		}
	}
	return 0;
}

static int open_genl(struct nk_nl *nl, struct nk_error *err)
{
	int rc;

	nl->genl = nl_socket_alloc();
	if (!nl->genl)
		return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	rc = genl_connect(nl->genl);
	if (rc < 0)
		return nk_error_set(err, NK_CODE_KERNEL, EIO, "cannot open generic netlink", "%s",
				    nl_geterror(rc));
	rc = set_options(nl_socket_get_fd(nl->genl), err);
	return rc ? rc : resolve_families(nl, err);
}

static int open_both(void *arg, struct nk_error *err)
{
	int rc = open_rtnl(arg, err);

	return rc ? rc : open_genl(arg, err);
}

int nk_nl_open(struct nk_nl *nl, int netns_fd, const char *where, struct nk_error *err)
{
	int rc;

	*nl = (struct nk_nl){ .where = where };
	rc = netns_fd < 0 ? open_both(nl, err) : nk_netns_call(netns_fd, open_both, nl, err);
	if (rc) {
		nk_error_wrap(err, "open netlink in the %s netns", where);
		nk_nl_close(nl);
	}
	return rc;
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

int nk_nl_parse(const void *attrs, size_t size, uint16_t max, const struct nlattr **ret)
{
	const char *at = attrs;
	const struct nlattr *attr;
	unsigned int i;
	size_t step;

	for (i = 0; i <= max; i++)
		ret[i] = NULL;
	while (size) {
		attr = (const struct nlattr *)at;
		if (size < NLA_HDRLEN || attr->nla_len < NLA_HDRLEN || attr->nla_len > size)
			return -EBADMSG;
		if (mnl_attr_get_type(attr) <= max)
			ret[mnl_attr_get_type(attr)] = attr;
		step = MNL_ALIGN(attr->nla_len);
		if (step >= size) /* the last one's padding may be left out */
			break;
		at += step;
		size -= step;
	}
	return 0;
}

int nk_nl_parse_nested(const struct nlattr *attr, uint16_t max, const struct nlattr **ret)
{
	if (!attr)
		return nk_nl_parse(NULL, 0, max, ret);
	return nk_nl_parse(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), max, ret);
}

uint16_t nk_nl_u16(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) == 2 ? mnl_attr_get_u16(attr) : 0;
}

uint32_t nk_nl_u32(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) == 4 ? mnl_attr_get_u32(attr) : 0;
}

uint64_t nk_nl_u64(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) == 8 ? mnl_attr_get_u64(attr) : 0;
}

const char *nk_nl_str(const struct nlattr *attr)
{
	const char *str;
	uint16_t len;

	if (!attr)
		return "";
	str = mnl_attr_get_payload(attr);
	len = mnl_attr_get_payload_len(attr);
	return len && !str[len - 1] ? str : "";
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

static const char *missing_name(const struct nk_nl_names *names, uint32_t type)
{
	for (; names && names->name; names++)
		if (names->type == type)
			return names->name;
	return "unknown to us";
}

/**
 * refuse() - a negative NLMSG_ERROR to an nk_error: the extended ACK parser
 * @msg: of type NLMSG_ERROR, at least sizeof(struct nlmsgerr) long
 *
 * Details become "<extack text> (attribute .a.b): ERRNO".
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
			 missing_name(names, nk_nl_u32(tb[NK_NLMSGERR_ATTR_MISS_TYPE])));
	return nk_error_set(err, NK_CODE_KERNEL, -e->error, "the kernel refused", "%s%s%s%s%s%s",
			    text, *text && *attr ? " " : "", *attr ? "(attribute " : "", attr,
			    *attr ? "): " :
			    *text ? ": " :
				    "",
			    nk_errno_name(-e->error));
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

/* lacks_object() - was one asked for, and none sent? A dump may well have none. */
static bool lacks_object(const struct exchange *x)
{
	return x->reply && !x->replied && (x->request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP;
}

/* take() - one message of the reply. Return: 1 at the end of the exchange, 0 to go on, or an error */
static int take(struct exchange *x, const struct nlmsghdr *msg, struct nk_error *err)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(msg);

	if (msg->nlmsg_seq != x->seq)
		return 0; /* of an exchange that ended with an error of ours */
	if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
		x->interrupted = true;
	if (msg->nlmsg_type == NLMSG_DONE) {
		/* A dump that failed half way says so in its last message. */
		const int *status = mnl_nlmsg_get_payload(msg);

		if (mnl_nlmsg_get_payload_len(msg) < sizeof(*status) || *status >= 0)
			return 1;
		return nk_error_set(err, NK_CODE_KERNEL, -*status, "the kernel refused", "%s",
				    nk_errno_name(-*status));
	}
	if (msg->nlmsg_type != NLMSG_ERROR) {
		x->replied = true;
		return x->reply ? x->reply(msg, x->data, err) : 0;
	}
	if (msg->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
		return nk_nl_garbled(err, "short NLMSG_ERROR");
	if (e->error > 0)
		return nk_nl_garbled(err, "NLMSG_ERROR with a positive errno");
	if (e->error)
		return refuse(msg, x->request, x->header, x->names, err);
	return lacks_object(x) ? nk_nl_garbled(err, "an ACK without the object asked for") : 1;
}

/* take_all() - the messages of one datagram. Return: as take() */
static int take_all(struct exchange *x, const char *buf, size_t size, struct nk_error *err)
{
	const struct nlmsghdr *msg;
	size_t step;
	int rc = 0;

	/* Not mnl_nlmsg_ok(), which takes a length of 2^31 and more for a negative one. */
	while (!rc && size) {
		msg = (const struct nlmsghdr *)buf;
		if (size < NLMSG_HDRLEN || msg->nlmsg_len < NLMSG_HDRLEN || msg->nlmsg_len > size)
			return nk_nl_garbled(err, "cut short");
		rc = take(x, msg, err);
		step = MNL_ALIGN(msg->nlmsg_len);
		if (step >= size)
			break;
		buf += step;
		size -= step;
	}
	return rc;
}

static int receive(struct exchange *x, struct nk_error *err)
{
	char *buf cleanup_free = malloc(RECV_SIZE); /* a callback may come back here */
	struct sockaddr_nl from = { 0 };
	socklen_t size;
	ssize_t n;
	int rc = 0;

	if (!buf)
		return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	while (!rc) {
		size = sizeof(from);
		n = recvfrom(x->fd, buf, RECV_SIZE, MSG_TRUNC, (struct sockaddr *)&from, &size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return nk_error_set(err, NK_CODE_KERNEL, ETIMEDOUT, "no netlink reply",
					    "waited %d s", REPLY_TIMEOUT_S);
		if (n < 0)
			return nk_error_set(err, NK_CODE_KERNEL, errno, "cannot receive netlink",
					    "recv: %s", nk_errno_name(errno));
		if (from.nl_pid)
			continue; /* not the kernel: a process of the Pod, say */
		if ((size_t)n > RECV_SIZE)
			return nk_nl_garbled(err, "longer than our buffer");
		rc = take_all(x, buf, (size_t)n, err);
	}
	return rc < 0 ? rc : 0;
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

	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	for (tries = 0; tries < DUMP_TRIES; tries++) {
		x.interrupted = x.replied = false;
		x.seq = request->nlmsg_seq = ++nl->seq;
		if (mnl_socket_sendto(nl->rtnl, request, request->nlmsg_len) < 0)
			return nk_error_set(err, NK_CODE_KERNEL, errno, "cannot send netlink",
					    "sendto: %s", nk_errno_name(errno));
		rc = receive(&x, err);
		if (rc || !x.interrupted)
			return rc;
	}
	return nk_error_set(err, NK_CODE_RETRY, EAGAIN, "try again later",
			    "the list changed %d times while it was read", DUMP_TRIES);
}

struct nl_msg *nk_nl_genl_new(struct nk_nl *nl, enum nk_nl_family family, uint8_t command,
			      int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(NK_NL_GENL_SIZE);

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family[family], 0,
				flags | NLM_F_REQUEST | NLM_F_ACK, command, 1)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int nk_nl_genl_do(struct nk_nl *nl, struct nl_msg *request, const struct nk_nl_names *names,
		  nk_nl_reply reply, void *data, struct nk_error *err)
{
	struct exchange x = {
		.fd = nl_socket_get_fd(nl->genl),
		.request = nlmsg_hdr(request),
		.header = GENL_HDRLEN,
		.names = names,
		.reply = reply,
		.data = data,
	};
	int rc;

	rc = nl_send_auto(nl->genl, request);
	if (rc < 0) {
		rc = nk_error_set(err, NK_CODE_KERNEL, EIO, "cannot send netlink", "%s",
				  nl_geterror(rc));
	} else {
		x.seq = nlmsg_hdr(request)->nlmsg_seq;
		rc = receive(&x, err);
		if (!rc && x.interrupted)
			rc = nk_error_set(err, NK_CODE_RETRY, EAGAIN, "try again later",
					  "the list changed while it was read");
	}
	nlmsg_free(request);
	return rc;
}

/* find_command() - reply to CTRL_CMD_GETFAMILY: is the command in the list of operations? */
static int find_command(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[CTRL_ATTR_OPS + 1] = { 0 }, *op[CTRL_ATTR_OP_ID + 1], *pos;
	uint32_t *command = data;
	int rc = parse_family(reply, tb, CTRL_ATTR_OPS, err);

	if (rc || !tb[CTRL_ATTR_OPS])
		return rc;
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
