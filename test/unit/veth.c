// SPDX-License-Identifier: Apache-2.0
/* veth.c - two devices that are wired to each other, in a netns of the test's own */
#include "veth.h"

#include "kernel/link.h"
#include "spaces.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

const uint8_t veth_mac[2][6] = { { 2, 0, 0, 0, 0, 0xa0 }, { 2, 0, 0, 0, 0, 0xa1 } };

static int make_pair(struct nk_nl *nl, struct nk_error *err)
{
	char buf[NK_NL_REQUEST_SIZE] = "";
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct nlattr *info, *data, *peer;

	msg->nlmsg_type = RTM_NEWLINK;
	msg->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	mnl_nlmsg_put_extra_header(msg, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(msg, IFLA_IFNAME, "nkv0");
	mnl_attr_put(msg, IFLA_ADDRESS, sizeof(veth_mac[0]), veth_mac[0]);
	info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
	mnl_attr_put_strz(msg, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(msg, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(msg, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(msg, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(msg, IFLA_IFNAME, "nkv1");
	mnl_attr_put(msg, IFLA_ADDRESS, sizeof(veth_mac[1]), veth_mac[1]);
	mnl_attr_nest_end(msg, peer);
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, info);
	return nk_nl_do(nl, msg, sizeof(struct ifinfomsg), NULL, NULL, NULL, err);
}

void veth_open(struct veth *veth)
{
	struct nk_error err = { 0 };
	struct nk_link link;
	int rc;

	rc = spaces_unshare(CLONE_NEWNET);
	if (rc) {
		cr_assert_eq(rc, -EPERM, "unshare: %s", nk_errno_name(-rc));
		unit_skip("neither root nor a user namespace: no second netns can be made");
	}
	veth_sysctl("ipv6/conf/default/addr_gen_mode", "1");
	unit_expect_ok("nk_nl_open", nk_nl_open(&veth->nl, -1, "Pod", &err), &err);
	rc = make_pair(&veth->nl, &err);
	if (rc == -EOPNOTSUPP)
		unit_skip("this kernel has no veth");
	unit_expect_ok("make veth", rc, &err);
	unit_expect_ok("nkv0", nk_link_get(&veth->nl, NK_NSID_HERE, "nkv0", 0, &link, &err), &err);
	veth->ifindex[0] = link.ifindex;
	unit_expect_ok("nkv1", nk_link_get(&veth->nl, NK_NSID_HERE, "nkv1", 0, &link, &err), &err);
	veth->ifindex[1] = link.ifindex;
}

/* await_carrier() - until then, frames are dropped without an error */
static void await_carrier(const char *name)
{
	struct ifreq request = { 0 };
	int tries, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	for (tries = 0; tries < 500 && !(request.ifr_flags & IFF_RUNNING); tries++) {
		cr_assert_eq(ioctl(fd, SIOCGIFFLAGS, &request), 0, "%s", strerror(errno));
		usleep(10000);
	}
	close(fd);
	cr_assert(request.ifr_flags & IFF_RUNNING, "%s gets no carrier", name);
}

void veth_open_up(struct veth *veth)
{
	struct nk_error err = { 0 };
	int i;

	veth_open(veth);
	for (i = 0; i < 2; i++)
		unit_expect_ok("up", nk_link_set_up(&veth->nl, veth->ifindex[i], &err), &err);
	await_carrier("nkv0");
	await_carrier("nkv1");
}

void veth_close(struct veth *veth)
{
	nk_nl_close(&veth->nl);
}

void veth_sysctl(const char *name, const char *value)
{
	const ssize_t size = (ssize_t)strlen(value);
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert(fd >= 0 && write(fd, value, (size_t)size) == size, "write %s to %s: %s", value,
		  path, nk_errno_name(errno));
	close(fd);
}
