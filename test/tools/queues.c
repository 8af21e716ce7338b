// SPDX-License-Identifier: Apache-2.0
/* Prints the rows of queue-get (family netdev) as the kernel gave them. */
#include "queues.h"
#include "netdev_uapi.h"
#include "nl.h"

#include <linux/genetlink.h>
#include <stdio.h>

void queues_begin(struct queues *view, bool json)
{
	print_init(&view->p, json);
	if (json)
		print_begin(&view->p, NULL, '[');
}

void queues_end(struct queues *view)
{
	if (!view->p.json)
		return;
	print_end(&view->p, ']');
	print_newline(&view->p);
}

static void print_type(struct print *p, const struct nlattr *attr)
{
	print_str(p, "type", nl_uint(attr) == NETDEV_QUEUE_TYPE_RX ? "rx" : "tx");
}

static void print_lease(struct print *p, const struct nlattr *lease)
{
	const struct nlattr *attr, *sub;

	print_begin(p, "lease", '{');
	mnl_attr_for_each_nested(attr, lease) {
		switch (mnl_attr_get_type(attr)) {
		case NETDEV_A_LEASE_IFINDEX:
			print_u64(p, "ifindex", nl_uint(attr));
			break;
		case NETDEV_A_LEASE_QUEUE:
			print_begin(p, "queue", '{');
			mnl_attr_for_each_nested(sub, attr) {
				if (mnl_attr_get_type(sub) == NETDEV_A_QUEUE_ID)
					print_u64(p, "id", nl_uint(sub));
				else if (mnl_attr_get_type(sub) == NETDEV_A_QUEUE_TYPE)
					print_type(p, sub);
			}
			print_end(p, '}');
			break;
		case NETDEV_A_LEASE_NETNS_ID:
			print_s64(p, "netns-id", (int32_t)nl_uint(attr));
			break;
		default:
			break;
		}
	}
	print_end(p, '}');
}

/* One attribute as the kernel gave it; one that we do not know keeps its number and bytes. */
static void print_queue_attr(struct print *p, const struct nlattr *attr)
{
	char name[24];

	switch (mnl_attr_get_type(attr)) {
	case NETDEV_A_QUEUE_ID:
		print_u64(p, "id", nl_uint(attr));
		break;
	case NETDEV_A_QUEUE_IFINDEX:
		print_u64(p, "ifindex", nl_uint(attr));
		break;
	case NETDEV_A_QUEUE_TYPE:
		print_type(p, attr);
		break;
	case NETDEV_A_QUEUE_NAPI_ID:
		print_u64(p, "napi-id", nl_uint(attr));
		break;
	case NETDEV_A_QUEUE_DMABUF:
		print_u64(p, "dmabuf", nl_uint(attr));
		break;
	case NETDEV_A_QUEUE_IO_URING:
	case NETDEV_A_QUEUE_XSK:
		print_begin(p, mnl_attr_get_type(attr) == NETDEV_A_QUEUE_XSK ? "xsk" : "io-uring",
			    '{');
		print_end(p, '}');
		break;
	case NETDEV_A_QUEUE_LEASE:
		print_lease(p, attr);
		break;
	default:
		snprintf(name, sizeof(name), "attribute-%u", mnl_attr_get_type(attr));
		print_hex(p, name, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), 0);
		break;
	}
}

void queues_row(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *tb[NL_ATTR_MAX], *attr;
	struct queues *view = arg;

	nl_attrs(msg, sizeof(struct genlmsghdr), tb);
	if (!tb[NETDEV_A_QUEUE_TYPE] ||
	    (!view->all && nl_uint(tb[NETDEV_A_QUEUE_TYPE]) != NETDEV_QUEUE_TYPE_RX))
		return;
	view->rows++;
	print_begin(&view->p, NULL, '{');
	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr)) {
		print_queue_attr(&view->p, attr);
	}
	print_end(&view->p, '}');
	if (!view->p.json)
		print_newline(&view->p);
}
