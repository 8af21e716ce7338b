// SPDX-License-Identifier: Apache-2.0
/* netdev.c - generic netlink family "netdev" */
#include "netdev.h"

#include "cleanup.h"
#include "error.h"
#include "link.h"
#include "nl.h"
#include "sysnet.h"
#include "types.h"
#include "uapi.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "banned.h"

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

static int out_of_memory(struct nk_error *err)
{
	return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
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
	nk_error_remedy(err, "run Linux >= 7.1 with CONFIG_NETKIT");
	return -EOPNOTSUPP;
}

/* parse() - attributes behind the generic netlink header. */
static int parse(const struct nlmsghdr *msg, uint16_t max, const struct nlattr **tb,
		 struct nk_error *err)
{
	const size_t skip = NLMSG_LENGTH(GENL_HDRLEN);

	if (msg->nlmsg_len < skip ||
	    nk_nl_parse((const char *)msg + skip, msg->nlmsg_len - skip, max, tb))
		return nk_nl_garbled(err, "netdev");
	return 0;
}

static int parse_features(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[NK_NETDEV_A_DEV_XDP_FEATURES + 1] = { 0 };
	int rc = parse(reply, NK_NETDEV_A_DEV_XDP_FEATURES, tb, err);

	if (!rc)
		*(uint64_t *)data = nk_nl_u64(tb[NK_NETDEV_A_DEV_XDP_FEATURES]);
	return rc;
}

int nk_netdev_xdp_features(struct nk_nl *nl, uint32_t ifindex, uint64_t *ret, struct nk_error *err)
{
	struct nl_msg *msg = nk_nl_genl_new(nl, NK_NL_NETDEV, NK_NETDEV_CMD_DEV_GET, 0);
	int rc;

	if (!msg)
		return out_of_memory(err);
	if (nla_put_u32(msg, NK_NETDEV_A_DEV_IFINDEX, ifindex)) {
		nlmsg_free(msg);
		return out_of_memory(err);
	}
	rc = nk_nl_genl_do(nl, msg, dev_names, parse_features, ret, err);
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

static int parse_queue(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[NK_NETDEV_A_QUEUE_MAX + 1] = { 0 };
	struct nk_queue queue = { 0 };
	int rc = parse(reply, NK_NETDEV_A_QUEUE_MAX, tb, err);

	if (rc)
		return rc;
	if (parse_lease(tb[NK_NETDEV_A_QUEUE_LEASE], &queue))
		return nk_nl_garbled(err, "queue-get lease");
	queue.id = nk_nl_u32(tb[NK_NETDEV_A_QUEUE_ID]);
	queue.ifindex = nk_nl_u32(tb[NK_NETDEV_A_QUEUE_IFINDEX]);
	queue.type = nk_nl_u32(tb[NK_NETDEV_A_QUEUE_TYPE]);
	queue.napi_id = nk_nl_u32(tb[NK_NETDEV_A_QUEUE_NAPI_ID]);
	if (tb[NK_NETDEV_A_QUEUE_XSK])
		queue.user = "AF_XDP";
	else if (tb[NK_NETDEV_A_QUEUE_DMABUF])
		queue.user = "a dma-buf (devmem TCP)";
	else if (tb[NK_NETDEV_A_QUEUE_IO_URING])
		queue.user = "io_uring";
	*(struct nk_queue *)data = queue;
	return 0;
}

int nk_netdev_queue_get(struct nk_nl *nl, uint32_t ifindex, uint32_t queue, struct nk_queue *ret,
			struct nk_error *err)
{
	struct nl_msg *msg = nk_nl_genl_new(nl, NK_NL_NETDEV, NK_NETDEV_CMD_QUEUE_GET, 0);
	int rc;

	if (!msg)
		return out_of_memory(err);
	if (nla_put_u32(msg, NK_NETDEV_A_QUEUE_IFINDEX, ifindex) ||
	    nla_put_u32(msg, NK_NETDEV_A_QUEUE_TYPE, NK_NETDEV_QUEUE_TYPE_RX) ||
	    nla_put_u32(msg, NK_NETDEV_A_QUEUE_ID, queue)) {
		nlmsg_free(msg);
		return out_of_memory(err);
	}
	rc = nk_nl_genl_do(nl, msg, queue_names, parse_queue, ret, err);
	if (rc)
		nk_error_wrap(err, "read receive queue %u of ifindex %u", queue, ifindex);
	return rc;
}

/* parse_irq() - into an int64_t; -1 where the driver has not told the kernel. */
static int parse_irq(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[NK_NETDEV_A_NAPI_IRQ + 1] = { 0 };
	int rc = parse(reply, NK_NETDEV_A_NAPI_IRQ, tb, err);

	if (!rc && tb[NK_NETDEV_A_NAPI_IRQ])
		*(int64_t *)data = nk_nl_u32(tb[NK_NETDEV_A_NAPI_IRQ]);
	return rc;
}

static int napi_irq(struct nk_nl *nl, uint32_t napi_id, int64_t *ret, struct nk_error *err)
{
	struct nl_msg *msg = nk_nl_genl_new(nl, NK_NL_NETDEV, NK_NETDEV_CMD_NAPI_GET, 0);

	if (!msg)
		return out_of_memory(err);
	if (nla_put_u32(msg, NK_NETDEV_A_NAPI_ID, napi_id)) {
		nlmsg_free(msg);
		return out_of_memory(err);
	}
	return nk_nl_genl_do(nl, msg, napi_names, parse_irq, ret, err);
}

int nk_netdev_irq(struct nk_nl *nl, uint32_t ifindex, uint32_t queue, uint32_t *ret,
		  struct nk_error *err)
{
	struct nk_error mine = { 0 };
	struct nk_queue now = { 0 };
	int64_t irq = -1;
	int rc;

	rc = nk_netdev_queue_get(nl, ifindex, queue, &now, &mine);
	if (!rc && now.napi_id)
		rc = napi_irq(nl, now.napi_id, &irq, &mine);
	if (rc == -ENOENT || (!rc && irq < 0))
		return -ENOENT;
	if (rc) {
		*err = mine;
		nk_error_wrap(err, "look for the interrupt of receive queue %u", queue);
		return rc;
	}
	*ret = (uint32_t)irq;
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

void nk_netdev_queue_wait(struct nk_nl *nl, uint32_t ifindex, uint32_t queue,
			  enum nk_queue_state state, uint32_t *limit_ms)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	struct nk_error gone = { 0 };
	struct nk_queue now = { 0 };

	while (*limit_ms && !nk_netdev_queue_get(nl, ifindex, queue, &now, &gone)) {
		if (state == NK_QUEUE_LEASED ? !now.leased : !now.user)
			return;
		nanosleep(&pause, NULL);
		*limit_ms -= *limit_ms < POLL_MS ? *limit_ms : POLL_MS;
	}
}

struct walk {
	int (*fn)(const struct nk_queue *queue, void *data, struct nk_error *err);
	void *data;
};

static int walk_queue(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct walk *walk = data;
	struct nk_queue queue = { 0 };
	int rc = parse_queue(reply, &queue, err);

	return rc || queue.type != NK_NETDEV_QUEUE_TYPE_RX ? rc : walk->fn(&queue, walk->data, err);
}

int nk_netdev_queues(struct nk_nl *nl, uint32_t ifindex,
		     int (*fn)(const struct nk_queue *queue, void *data, struct nk_error *err),
		     void *data, struct nk_error *err)
{
	struct nl_msg *msg = nk_nl_genl_new(nl, NK_NL_NETDEV, NK_NETDEV_CMD_QUEUE_GET, NLM_F_DUMP);
	struct walk walk = { .fn = fn, .data = data };
	int rc;

	if (!msg)
		return out_of_memory(err);
	if (ifindex && nla_put_u32(msg, NK_NETDEV_A_QUEUE_IFINDEX, ifindex)) {
		nlmsg_free(msg);
		return out_of_memory(err);
	}
	rc = nk_nl_genl_do(nl, msg, queue_names, walk_queue, &walk, err);
	if (rc)
		nk_error_wrap(err, "list receive queues");
	return rc;
}

static int parse_id(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[NK_NETDEV_A_QUEUE_ID + 1] = { 0 };
	int rc = parse(reply, NK_NETDEV_A_QUEUE_ID, tb, err);

	if (!rc)
		*(uint32_t *)data = nk_nl_u32(tb[NK_NETDEV_A_QUEUE_ID]);
	return rc;
}

/* put_lease() - the request of nk_netdev_lease(). Return: 0, or non-zero when out of memory */
static int put_lease(struct nl_msg *msg, uint32_t ifindex, int32_t nic_nsid, uint32_t nic_ifindex,
		     uint32_t nic_queue)
{
	struct nlattr *lease, *queue;

	if (nla_put_u32(msg, NK_NETDEV_A_QUEUE_IFINDEX, ifindex) ||
	    nla_put_u32(msg, NK_NETDEV_A_QUEUE_TYPE, NK_NETDEV_QUEUE_TYPE_RX))
		return -ENOMEM;
	lease = nla_nest_start(msg, NK_NETDEV_A_QUEUE_LEASE);
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
	struct nl_msg *msg = nk_nl_genl_new(nl, NK_NL_NETDEV, NK_NETDEV_CMD_QUEUE_CREATE, 0);
	int rc;

	if (!msg)
		return out_of_memory(err);
	if (put_lease(msg, ifindex, nic_nsid, nic_ifindex, nic_queue)) {
		nlmsg_free(msg);
		return out_of_memory(err);
	}
	rc = nk_nl_genl_do(nl, msg, queue_names, parse_id, ret, err);
	if (!rc)
		return 0;
	nk_error_class(err, rc == -EBUSY ? NK_CODE_RETRY : NK_CODE_KERNEL,
		       "cannot lease a receive queue");
	return rc;
}
