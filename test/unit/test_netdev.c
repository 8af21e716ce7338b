// SPDX-License-Identifier: Apache-2.0
/* test_netdev.c - the interrupt and the users of a receive queue: requests byte for byte, and each answer */
#include "kernel/netdev.h"

#include "base/types.h"
#include "genl.h"
#include "kernel/uapi.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>

#define IFINDEX 7
#define NAPI_ID 8196
#define GET_QUEUE_HEX                                                                        \
	"2c000000 2000 0500 00000000 00000000 0a010000 08000200 07000000 08000300 00000000 " \
	"08000100 04000000"
#define GET_NAPI_HEX "1c000000 2000 0500 00000000 00000000 0b010000 08000200 04200000"

static struct genl genl;

static void open_genl(void)
{
	genl_open(&genl);
	genl.nl.family[NK_NL_NETDEV] = GENL_FAMILY;
}

static void close_genl(void)
{
	genl_close(&genl);
}

TestSuite(netdev, .init = open_genl, .fini = close_genl, .timeout = 10);

/* give() - a reply with one number, and its end; @attr 0: without */
static void give(uint8_t command, uint16_t attr, uint32_t value)
{
	union genl_reply reply;
	struct nlmsghdr *msg = genl_reply(&genl, &reply, command);

	if (attr)
		mnl_attr_put_u32(msg, attr, value);
	genl_give(&genl, msg, msg->nlmsg_len);
	genl_ack(&genl, 0);
}

static void give_queue(uint32_t napi_id)
{
	give(NK_NETDEV_CMD_QUEUE_GET, napi_id ? NK_NETDEV_A_QUEUE_NAPI_ID : 0, napi_id);
}

Test(netdev, interrupt_is_asked_of_the_queues_napi)
{
	struct nk_error err = { 0 };
	uint32_t irq = 0;

	give_queue(NAPI_ID);
	give(NK_NETDEV_CMD_NAPI_GET, NK_NETDEV_A_NAPI_IRQ, 44);
	unit_expect_ok("irq", nk_netdev_irq(&genl.nl, IFINDEX, 4, &irq, &err), &err);
	cr_expect_eq(irq, 44);
	genl_expect(&genl, "queue-get", GET_QUEUE_HEX);
	genl_expect(&genl, "napi-get", GET_NAPI_HEX);
	genl_expect_nothing(&genl, "irq");
}

/* expect_none() - no interrupt is known, which is no error */
static void expect_none(const char *what)
{
	struct nk_error err = { 0 };
	uint32_t irq = 1;

	cr_expect_eq(nk_netdev_irq(&genl.nl, IFINDEX, 4, &irq, &err), -ENOENT, "%s", what);
	cr_expect_eq(err.code, NK_CODE_NONE, "%s: %s", what, err.details);
	cr_expect_eq(irq, 1, "%s", what);
}

Test(netdev, queue_without_napi_has_no_interrupt)
{
	give_queue(0);
	expect_none("no NAPI");
	genl_forget(&genl);
}

Test(netdev, driver_that_does_not_say_has_no_interrupt)
{
	give_queue(NAPI_ID);
	give(NK_NETDEV_CMD_NAPI_GET, 0, 0);
	expect_none("no irq");
	genl_forget(&genl);
}

Test(netdev, device_that_is_down_has_no_interrupt)
{
	genl_ack(&genl, -ENOENT);
	expect_none("down");
	genl_forget(&genl);
}

Test(netdev, napi_that_went_meanwhile_has_no_interrupt)
{
	give_queue(NAPI_ID);
	genl_ack(&genl, -ENOENT);
	expect_none("NAPI gone");
	genl_forget(&genl);
}

Test(netdev, refusal_names_the_queue)
{
	struct nk_error err = { 0 };
	uint32_t irq;
	int rc;

	genl_refuse(&genl, -EINVAL, "no such queue", 0);
	rc = nk_netdev_irq(&genl.nl, IFINDEX, 4, &irq, &err);
	unit_expect_error("irq", rc, &err, NK_CODE_KERNEL,
			  "receive queue 4|ifindex 7|no such queue|EINVAL");
	genl_forget(&genl);
}

Test(netdev, numa_node_of_no_nic_is_not_known)
{
	const struct nk_nic lo = { .ifindex = 1 }, none = { .ifindex = INT32_MAX };

	cr_expect_eq(nk_netdev_numa(&none), -1);
	cr_expect_eq(nk_netdev_numa(&lo), -1);
}

/* give_used() - a queue that has this attribute, a nest, of a user; @attr 0: nobody's */
static void give_used(uint16_t attr)
{
	union genl_reply reply;
	struct nlmsghdr *msg = genl_reply(&genl, &reply, NK_NETDEV_CMD_QUEUE_GET);

	if (attr)
		mnl_attr_nest_end(msg, mnl_attr_nest_start(msg, attr));
	genl_give(&genl, msg, msg->nlmsg_len);
	genl_ack(&genl, 0);
}

Test(netdev, nobody_waits_for_a_memory_provider)
{
	static const uint16_t attrs[] = { NK_NETDEV_A_QUEUE_IO_URING, 0 };
	uint32_t limit = 2000;
	size_t i;

	for (i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		give_used(attrs[i]);
		nk_netdev_queue_wait(&genl.nl, IFINDEX, 4, NK_QUEUE_XSK, &limit);
		cr_expect_eq(limit, 2000, "attribute %u", attrs[i]);
		genl_expect(&genl, "queue-get", GET_QUEUE_HEX);
		genl_expect_nothing(&genl, "a second look");
	}
}

/* DEL asks until the socket has left the queue. */
Test(netdev, a_socket_is_waited_for)
{
	uint32_t limit = 2000;

	give_used(NK_NETDEV_A_QUEUE_XSK);
	give_used(NK_NETDEV_A_QUEUE_XSK);
	give_used(0);
	nk_netdev_queue_wait(&genl.nl, IFINDEX, 4, NK_QUEUE_XSK, &limit);
	cr_expect_eq(limit, 1960, "%u", limit);
	genl_forget(&genl);
}
