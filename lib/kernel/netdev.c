// SPDX-License-Identifier: Apache-2.0
/* netdev.c - generic netlink family "netdev" */
#include "kernel/netdev.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/types.h"
#include "kernel/link.h"
#include "kernel/nl.h"
#include "kernel/sysnet.h"
#include "kernel/uapi.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/banned.h"

#define POLL_MS 20U

static const struct nk_nl_names queue_id_names[] = {
	{ NK_NETDEV_A_QUEUE_ID, "id", NULL },
	{ NK_NETDEV_A_QUEUE_TYPE, "type", NULL },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names lease_names[] = {
	{ NK_NETDEV_A_LEASE_IFINDEX, "ifindex", NULL },
	{ NK_NETDEV_A_LEASE_QUEUE, "queue", queue_id_names },
	{ NK_NETDEV_A_LEASE_NETNS_ID, "netns-id", NULL },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names queue_names[] = {
	{ NK_NETDEV_A_QUEUE_ID, "id", NULL },
	{ NK_NETDEV_A_QUEUE_IFINDEX, "ifindex", NULL },
	{ NK_NETDEV_A_QUEUE_TYPE, "type", NULL },
	{ NK_NETDEV_A_QUEUE_LEASE, "lease", lease_names },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names napi_names[] = {
	{ NK_NETDEV_A_NAPI_ID, "id", NULL },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names dev_names[] = {
	{ NK_NETDEV_A_DEV_IFINDEX, "ifindex", NULL },
	{ 0, NULL, NULL },
};

/* An attribute of 32 bits; type 0 ends a list. */
struct u32_attr {
	uint16_t type;
	uint32_t value;
};

/* create_request() - Return: a request for nk_nl_genl_do(), or NULL if out of memory */
static struct nl_msg *create_request(struct nk_nl *nl, uint8_t command, int flags,
				     const struct u32_attr *attrs)
{
	struct nl_msg *msg = nk_nl_genl_new(nl, NK_NL_NETDEV, command, flags, NK_NL_GENL_SIZE);

	for (; msg && attrs->type; attrs++) {
		if (nla_put_u32(msg, attrs->type, attrs->value)) {
			nlmsg_free(msg);
			return NULL;
		}
	}
	return msg;
}

int nk_netdev_probe_lease(struct nk_nl *nl, struct nk_error *err)
{
	struct utsname uts = { 0 };
	int rc = 0;

	if (nl->family[NK_NL_NETDEV])
		rc = nk_nl_genl_has_command(nl, NK_NETDEV_CMD_QUEUE_CREATE, err);
	if (rc)
		return rc < 0 ? rc : 0;
	uname(&uts);
	nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP, "this kernel cannot lease receive queues",
		     "netdev queue-create is not in Linux %.64s", uts.release);
	return nk_error_remedy(err, "run Linux >= 7.1 with CONFIG_NETKIT");
}

static int parse(const struct nlmsghdr *msg, uint16_t max, const struct nlattr **tb,
		 struct nk_error *err)
{
	return nk_nl_parse_message(msg, GENL_HDRLEN, max, tb) ? nk_nl_garbled(err, "netdev") : 0;
}

/* One attribute of a reply, of 32 or 64 bits. */
struct number {
	uint16_t type;
	bool found;
	uint64_t value;
};

static int parse_number(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[NK_NETDEV_A_QUEUE_MAX + 1];
	struct number *number = data;
	int rc = parse(reply, NK_NETDEV_A_QUEUE_MAX, tb, err);
	const struct nlattr *attr = rc ? NULL : tb[number->type];

	number->found = attr != NULL;
	number->value = nk_nl_u64(attr) ? nk_nl_u64(attr) : nk_nl_u32(attr);
	return rc;
}

int nk_netdev_xdp_features(struct nk_nl *nl, uint32_t ifindex, uint64_t *ret, struct nk_error *err)
{
	const struct u32_attr attrs[] = { { NK_NETDEV_A_DEV_IFINDEX, ifindex }, { 0, 0 } };
	struct number features = { .type = NK_NETDEV_A_DEV_XDP_FEATURES };
	int rc = nk_nl_genl_do(nl, create_request(nl, NK_NETDEV_CMD_DEV_GET, 0, attrs), dev_names,
			       parse_number, &features, err);

	*ret = features.value;
	if (rc)
		nk_error_wrap(err, "read XDP features of ifindex %u", ifindex);
	return rc;
}

static int parse_lease(const struct nlattr *attr, struct nk_queue *queue)
{
	const struct nlattr *tb[NK_NETDEV_A_LEASE_MAX + 1] = { 0 };
	const struct nlattr *id[NK_NETDEV_A_QUEUE_TYPE + 1] = { 0 };

	if (nk_nl_parse_nested(attr, NK_NETDEV_A_LEASE_MAX, tb) ||
	    nk_nl_parse_nested(tb[NK_NETDEV_A_LEASE_QUEUE], NK_NETDEV_A_QUEUE_TYPE, id))
		return -EBADMSG;
	queue->leased = attr != NULL;
	queue->lease_ifindex = nk_nl_u32(tb[NK_NETDEV_A_LEASE_IFINDEX]);
	queue->lease_queue = nk_nl_u32(id[NK_NETDEV_A_QUEUE_ID]);
	queue->lease_nsid = NK_NSID_HERE;
	if (tb[NK_NETDEV_A_LEASE_NETNS_ID])
		queue->lease_nsid = (int32_t)nk_nl_u32(tb[NK_NETDEV_A_LEASE_NETNS_ID]);
	if (tb[NK_NETDEV_A_LEASE_NETNS_ID] && queue->lease_nsid < 0)
		queue->lease_nsid = NK_NSID_GONE;
	return 0;
}

void nk_netdev_lease_text(const struct nk_queue *queue, char ret[NK_LEASE_TEXT_SIZE])
{
	const char *where = "the network namespace with nsid";

	if (queue->lease_nsid >= 0)
		snprintf(ret, NK_LEASE_TEXT_SIZE, "ifindex %u in %s %d", queue->lease_ifindex,
			 where, queue->lease_nsid);
	else
		snprintf(ret, NK_LEASE_TEXT_SIZE, "ifindex %u in %s", queue->lease_ifindex,
			 queue->lease_nsid == NK_NSID_HERE ? "the NIC's network namespace" :
							     "a network namespace that is ending");
}

static const struct {
	int attr;
	const char *user, *holder;
} users[] = {
	{ NK_NETDEV_A_QUEUE_XSK, "AF_XDP", "xsk" },
	{ NK_NETDEV_A_QUEUE_DMABUF, "a dma-buf (devmem TCP)", "dmabuf" },
	{ NK_NETDEV_A_QUEUE_IO_URING, "io_uring", "io-uring" },
};

static int parse_queue(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[NK_NETDEV_A_QUEUE_MAX + 1] = { 0 };
	struct nk_queue queue = { 0 };
	unsigned int i;
	int rc = parse(reply, NK_NETDEV_A_QUEUE_MAX, tb, err);

	if (rc)
		return rc;
	if (parse_lease(tb[NK_NETDEV_A_QUEUE_LEASE], &queue))
		return nk_nl_garbled(err, "queue-get lease");
	queue.id = nk_nl_u32(tb[NK_NETDEV_A_QUEUE_ID]);
	queue.ifindex = nk_nl_u32(tb[NK_NETDEV_A_QUEUE_IFINDEX]);
	queue.type = nk_nl_u32(tb[NK_NETDEV_A_QUEUE_TYPE]);
	queue.napi_id = nk_nl_u32(tb[NK_NETDEV_A_QUEUE_NAPI_ID]);
	for (i = 0; i < sizeof(users) / sizeof(users[0]) && !queue.user; i++)
		if (tb[users[i].attr]) {
			queue.user = users[i].user;
			queue.holder = users[i].holder;
		}
	*(struct nk_queue *)data = queue;
	return 0;
}

int nk_netdev_queue_get(struct nk_nl *nl, uint32_t ifindex, uint32_t queue, struct nk_queue *ret,
			struct nk_error *err)
{
	const struct u32_attr attrs[] = {
		{ NK_NETDEV_A_QUEUE_IFINDEX, ifindex },
		{ NK_NETDEV_A_QUEUE_TYPE, NK_NETDEV_QUEUE_TYPE_RX },
		{ NK_NETDEV_A_QUEUE_ID, queue },
		{ 0, 0 },
	};
	int rc = nk_nl_genl_do(nl, create_request(nl, NK_NETDEV_CMD_QUEUE_GET, 0, attrs),
			       queue_names, parse_queue, ret, err);

	if (rc)
		nk_error_wrap(err, "read receive queue %u of ifindex %u", queue, ifindex);
	return rc;
}

/* read_irq() - @ret->found is false if the driver has not given the kernel the interrupt */
static int read_irq(struct nk_nl *nl, uint32_t napi_id, struct number *ret, struct nk_error *err)
{
	const struct u32_attr attrs[] = { { NK_NETDEV_A_NAPI_ID, napi_id }, { 0, 0 } };

	*ret = (struct number){ .type = NK_NETDEV_A_NAPI_IRQ };
	return nk_nl_genl_do(nl, create_request(nl, NK_NETDEV_CMD_NAPI_GET, 0, attrs), napi_names,
			     parse_number, ret, err);
}

int nk_netdev_irq(struct nk_nl *nl, uint32_t ifindex, uint32_t queue, uint32_t *ret,
		  struct nk_error *err)
{
	struct nk_error mine = { 0 };
	struct nk_queue now = { 0 };
	struct number irq = { 0 };
	int rc;

	rc = nk_netdev_queue_get(nl, ifindex, queue, &now, &mine);
	if (!rc && now.napi_id)
		rc = read_irq(nl, now.napi_id, &irq, &mine);
	if (rc == -ENOENT || (!rc && !irq.found))
		return -ENOENT;
	if (rc) {
		*err = mine;
		nk_error_wrap(err, "look for the interrupt of receive queue %u", queue);
		return rc;
	}
	*ret = (uint32_t)irq.value;
	return 0;
}

int nk_netdev_numa(const struct nk_nic *nic)
{
	int fd cleanup_close = nk_sysnet_open(nic->ifindex, "device/numa_node", O_RDONLY);
	char text[16] = "";
	char *end;
	long node;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -1;
	node = strtol(text, &end, 10);
	return end == text || node < 0 || node > INT_MAX ? -1 : (int)node;
}

bool nk_netdev_has_xsk(const struct nk_queue *queue)
{
	return queue->holder && !strcmp(queue->holder, "xsk");
}

bool nk_netdev_has_provider(const struct nk_queue *queue)
{
	return queue->holder && !nk_netdev_has_xsk(queue);
}

static bool is_in_state(const struct nk_queue *queue, enum nk_queue_state state)
{
	return state == NK_QUEUE_LEASED ? queue->leased : nk_netdev_has_xsk(queue);
}

void nk_netdev_queue_wait(struct nk_nl *nl, uint32_t ifindex, uint32_t queue,
			  enum nk_queue_state state, uint32_t *limit_ms)
{
	struct nk_queue now = { 0 };
	int rc;

	while (*limit_ms) {
		struct nk_error unread = { 0 };

		rc = nk_netdev_queue_get(nl, ifindex, queue, &now, &unread);
		if (rc == -ENOENT || rc == -EINVAL || rc == -ERANGE || rc == -ENODEV ||
		    (!rc && !is_in_state(&now, state)))
			return;
		nk_clock_sleep(POLL_MS);
		*limit_ms -= *limit_ms < POLL_MS ? *limit_ms : POLL_MS;
	}
}

static int add_queue(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	struct nk_queue_list *list = data;
	struct nk_queue queue = { 0 };
	int rc = parse_queue(reply, &queue, err);

	return rc || queue.type != NK_NETDEV_QUEUE_TYPE_RX ? rc : nk_list_add(list, &queue, err);
}

int nk_netdev_read_queues(struct nk_nl *nl, uint32_t ifindex, struct nk_queue_list *ret,
			  struct nk_error *err)
{
	const struct u32_attr attrs[] = {
		{ ifindex ? NK_NETDEV_A_QUEUE_IFINDEX : 0, ifindex },
		{ 0, 0 },
	};
	int rc = nk_nl_genl_do(nl, create_request(nl, NK_NETDEV_CMD_QUEUE_GET, NLM_F_DUMP, attrs),
			       queue_names, add_queue, ret, err);

	if (rc)
		nk_error_wrap(err, "list receive queues");
	return rc;
}

/* put_lease() - Return: 0, or non-zero if out of memory */
static int put_lease(struct nl_msg *msg, int32_t nic_nsid, uint32_t nic_ifindex, uint32_t nic_queue)
{
	struct nlattr *lease = nla_nest_start(msg, NK_NETDEV_A_QUEUE_LEASE), *queue;

	if (!lease || nla_put_u32(msg, NK_NETDEV_A_LEASE_IFINDEX, nic_ifindex))
		return -ENOMEM;
	queue = nla_nest_start(msg, NK_NETDEV_A_LEASE_QUEUE);
	if (!queue || nla_put_u32(msg, NK_NETDEV_A_QUEUE_ID, nic_queue) ||
	    nla_put_u32(msg, NK_NETDEV_A_QUEUE_TYPE, NK_NETDEV_QUEUE_TYPE_RX))
		return -ENOMEM;
	nla_nest_end(msg, queue);
	if (nla_put_u32(msg, NK_NETDEV_A_LEASE_NETNS_ID, (uint32_t)nic_nsid))
		return -ENOMEM;
	nla_nest_end(msg, lease);
	return 0;
}

int nk_netdev_lease(struct nk_nl *nl, uint32_t ifindex, int32_t nic_nsid, uint32_t nic_ifindex,
		    uint32_t nic_queue, uint32_t *ret, struct nk_error *err)
{
	const struct u32_attr attrs[] = {
		{ NK_NETDEV_A_QUEUE_IFINDEX, ifindex },
		{ NK_NETDEV_A_QUEUE_TYPE, NK_NETDEV_QUEUE_TYPE_RX },
		{ 0, 0 },
	};
	struct nl_msg *msg = create_request(nl, NK_NETDEV_CMD_QUEUE_CREATE, 0, attrs);
	struct number id = { .type = NK_NETDEV_A_QUEUE_ID };
	int rc;

	if (msg && put_lease(msg, nic_nsid, nic_ifindex, nic_queue)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	rc = nk_nl_genl_do(nl, msg, queue_names, parse_number, &id, err);
	*ret = (uint32_t)id.value;
	if (!rc)
		return 0;
	nk_error_class(err, rc == -EBUSY ? NK_CODE_RETRY : NK_CODE_KERNEL,
		       "cannot lease a receive queue");
	return rc;
}
