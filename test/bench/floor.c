// SPDX-License-Identifier: Apache-2.0
/* floor: what an ADD and a DEL of a netkit single with one lease cost at least, to compare a CNI plugin with. */
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../tools/netdev_uapi.h"
#include "nk_shared.h"

/*
 * Called as a CNI plugin (CNI_COMMAND, CNI_NETNS), it leaves on a NIC what nk-cni leaves in the kernel:
 *
 *   a netkit single in the Pod's netns, with MAC and address, up; one queue leased to it; the MAC in the NIC's
 *   filter; a flow rule for it; an XSKMAP, pinned; queue, map and address entered for nk-cni's XDP program
 *
 * It issues as few system calls as that takes, and nothing is checked, locked, looked up or noted. What can be there
 * before is there: the program is attached, the directory of the pin exists, and all numbers are in $FLOOR:
 * "NIC IFINDEX QUEUE FAMILY NSID", where FAMILY is the id of generic netlink's "netdev", and NSID what the Pod's
 * netns calls the NIC's.
 */
#define POD_IFINDEX 1000 /* our choice, so that nothing has to be read back */
#define PINS	    "/sys/fs/bpf/nk-cni/"
#define BUF_SIZE    4096

static const uint8_t mac[6] = { 0x02, 0, 0, 0, 0xf1, 0x00 };
static const uint8_t address[4] = { 10, 99, 0, 4 };

static char nic[IFNAMSIZ];
static unsigned int nic_ifindex, queue, family, nsid;
static char buf[BUF_SIZE];

static void check(long ret, const char *what)
{
	if (ret >= 0)
		return;
	perror(what);
	exit(1);
}

static struct nlmsghdr *request(void *at, uint16_t type, uint16_t flags, size_t head_len,
				void **head)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(at);

	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	*head = mnl_nlmsg_put_extra_header(msg, head_len);
	return msg;
}

/* One send, one receive: the kernel answers the last request, which alone asks for it, or the first that fails. */
static void talk(int fd, size_t len, const char *what)
{
	const struct nlmsghdr *msg = (void *)buf;
	const struct nlmsgerr *e;
	ssize_t got;

	check(send(fd, buf, len, 0), what);
	got = recv(fd, buf, sizeof(buf), 0);
	check(got, what);
	e = mnl_nlmsg_get_payload(msg);
	if (msg->nlmsg_type == NLMSG_ERROR && e->error) {
		fprintf(stderr, "%s: %s\n", what, strerror(-e->error));
		exit(1);
	}
}

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr, const char *what)
{
	long ret = syscall(__NR_bpf, cmd, attr, sizeof(*attr));

	check(ret, what);
	return (int)ret;
}

static int open_map(const char *name)
{
	char path[64];
	union bpf_attr attr = { .pathname = (uintptr_t)path };

	snprintf(path, sizeof(path), PINS "%s/%s", nic, name);
	return bpf(BPF_OBJ_GET, &attr, path);
}

static void change_map(enum bpf_cmd cmd, const char *name, const void *key, const void *value)
{
	union bpf_attr attr = {
		.map_fd = (uint32_t)open_map(name),
		.key = (uintptr_t)key,
		.value = (uintptr_t)value,
	};

	bpf(cmd, &attr, name);
}

static void print_pin(char *path, size_t size)
{
	snprintf(path, size, PINS "%s/q%u/xsks_map", nic, queue);
}

/* The key of the address that the program answers for. */
static struct nk_neigh_key neigh_key(void)
{
	struct nk_neigh_key key = { .family = 4 };

	memcpy(key.addr, address, sizeof(address));
	return key;
}

static void add_maps(void)
{
	const struct nk_neigh_key neigh = neigh_key();
	struct nk_neigh answer = { .owner = queue };
	const struct nk_queue_info info = { .netkit_queue = 1 };
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_XSKMAP,
		.key_size = 4,
		.value_size = 4,
		.max_entries = NK_XSKS_MAX,
		.map_name = "xsks_map",
	};
	uint32_t map = (uint32_t)bpf(BPF_MAP_CREATE, &create, "create the XSKMAP");
	char path[64];
	union bpf_attr pin = { .pathname = (uintptr_t)path, .bpf_fd = map };

	print_pin(path, sizeof(path));
	bpf(BPF_OBJ_PIN, &pin, path);
	change_map(BPF_MAP_UPDATE_ELEM, "xsks", &queue, &map);
	change_map(BPF_MAP_UPDATE_ELEM, "queues", &queue, &info);
	memcpy(answer.mac, mac, sizeof(mac));
	change_map(BPF_MAP_UPDATE_ELEM, "neigh", &neigh, &answer);
}

static void del_maps(void)
{
	const struct nk_neigh_key neigh = neigh_key();
	const struct nk_queue_info none = { 0 };
	char path[64];

	change_map(BPF_MAP_DELETE_ELEM, "neigh", &neigh, NULL);
	change_map(BPF_MAP_UPDATE_ELEM, "queues", &queue, &none);
	change_map(BPF_MAP_DELETE_ELEM, "xsks", &queue, NULL);
	print_pin(path, sizeof(path));
	check(unlink(path), path);
}

/* The MAC in the NIC's filter, and the rule; an ioctl of this kind takes any socket. */
static void change_nic(int fd, bool add)
{
	struct ethtool_rxnfc rule = {
		.cmd = add ? ETHTOOL_SRXCLSRLINS : ETHTOOL_SRXCLSRLDEL,
		.fs = { .flow_type = ETHER_FLOW, .location = queue, .ring_cookie = queue },
	};
	struct ifreq ifr = { .ifr_data = (void *)&rule };
	struct nlmsghdr *msg;
	struct ndmsg *ndm;

	msg = request(buf, add ? RTM_NEWNEIGH : RTM_DELNEIGH,
		      NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0), sizeof(*ndm),
		      (void **)&ndm);
	ndm->ndm_family = AF_BRIDGE;
	ndm->ndm_ifindex = (int)nic_ifindex;
	ndm->ndm_state = NUD_PERMANENT;
	ndm->ndm_flags = NTF_SELF;
	mnl_attr_put(msg, NDA_LLADDR, sizeof(mac), mac);
	talk(fd, msg->nlmsg_len, "the NIC's filter");

	memcpy(rule.fs.h_u.ether_spec.h_dest, mac, sizeof(mac));
	memset(rule.fs.m_u.ether_spec.h_dest, 0xff, sizeof(mac));
	memcpy(ifr.ifr_name, nic, sizeof(ifr.ifr_name));
	check(ioctl(fd, SIOCETHTOOL, &ifr), "the flow rule");
}

static size_t put_single(void *at)
{
	struct nlattr *info, *data;
	struct ifinfomsg *head;
	struct nlmsghdr *msg =
		request(at, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*head), (void **)&head);

	head->ifi_index = POD_IFINDEX;
	head->ifi_flags = head->ifi_change = IFF_UP;
	mnl_attr_put_strz(msg, IFLA_IFNAME, "nk0");
	mnl_attr_put(msg, IFLA_ADDRESS, sizeof(mac), mac);
	mnl_attr_put_u32(msg, IFLA_NUM_RX_QUEUES, 2);
	info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
	mnl_attr_put_strz(msg, IFLA_INFO_KIND, "netkit");
	data = mnl_attr_nest_start(msg, IFLA_INFO_DATA);
	mnl_attr_put_u32(msg, NETKIT_ATTR_MODE, NETKIT_MODE_L2);
	mnl_attr_put_u32(msg, NETKIT_ATTR_PAIRING, NETKIT_PAIRING_SINGLE);
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, info);
	return msg->nlmsg_len;
}

static size_t put_address(void *at)
{
	struct ifaddrmsg *head;
	struct nlmsghdr *msg = request(at, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
				       sizeof(*head), (void **)&head);

	head->ifa_family = AF_INET;
	head->ifa_prefixlen = 24;
	head->ifa_index = POD_IFINDEX;
	mnl_attr_put(msg, IFA_LOCAL, sizeof(address), address);
	mnl_attr_put(msg, IFA_ADDRESS, sizeof(address), address);
	return msg->nlmsg_len;
}

/* The kernel answers with the id of the new queue, and then has nothing more to say. */
static size_t put_lease(void)
{
	struct nlattr *lease, *phys;
	struct genlmsghdr *head;
	struct nlmsghdr *msg = request(buf, (uint16_t)family, 0, sizeof(*head), (void **)&head);

	head->cmd = NETDEV_CMD_QUEUE_CREATE;
	head->version = 1;
	mnl_attr_put_u32(msg, NETDEV_A_QUEUE_IFINDEX, POD_IFINDEX);
	mnl_attr_put_u32(msg, NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
	lease = mnl_attr_nest_start(msg, NETDEV_A_QUEUE_LEASE);
	mnl_attr_put_u32(msg, NETDEV_A_LEASE_IFINDEX, nic_ifindex);
	phys = mnl_attr_nest_start(msg, NETDEV_A_LEASE_QUEUE);
	mnl_attr_put_u32(msg, NETDEV_A_QUEUE_ID, queue);
	mnl_attr_put_u32(msg, NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
	mnl_attr_nest_end(msg, phys);
	mnl_attr_put_u32(msg, NETDEV_A_LEASE_NETNS_ID, nsid);
	mnl_attr_nest_end(msg, lease);
	return msg->nlmsg_len;
}

static void add_device(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	size_t len;

	check(fd, "socket");
	len = put_single(buf);
	len += put_address(buf + len);
	talk(fd, len, "the device and its address");
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	check(fd, "socket");
	talk(fd, put_lease(), "the lease");
}

static void del_device(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct ifinfomsg *head;
	struct nlmsghdr *msg = request(buf, RTM_DELLINK, NLM_F_ACK, sizeof(*head), (void **)&head);

	check(fd, "socket");
	head->ifi_index = POD_IFINDEX;
	talk(fd, msg->nlmsg_len, "delete the device");
}

static void enter(const char *netns)
{
	int fd = open(netns, O_RDONLY);

	check(fd, netns);
	check(setns(fd, CLONE_NEWNET), netns);
}

int main(void)
{
	static const char result[] =
		"{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"nk0\"}]}\n";
	const char *command = getenv("CNI_COMMAND"), *netns = getenv("CNI_NETNS"),
		   *numbers = getenv("FLOOR");
	bool add;
	int host;

	if (!command || !netns || !numbers ||
	    sscanf(numbers, "%15s %u %u %u %u", nic, &nic_ifindex, &queue, &family, &nsid) != 5) {
		fprintf(stderr,
			"usage: CNI_COMMAND=ADD|DEL CNI_NETNS=PATH FLOOR='NIC IFINDEX QUEUE FAMILY NSID' floor\n");
		return 2;
	}
	add = strcmp(command, "ADD") == 0;
	check(read(STDIN_FILENO, buf, sizeof(buf)), "stdin");
	host = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	check(host, "socket");
	if (!add) {
		change_nic(host, false);
		del_maps();
	}
	enter(netns);
	if (!add) {
		del_device();
		return 0;
	}
	add_device();
	add_maps();
	change_nic(host, true);
	check(write(STDOUT_FILENO, result, sizeof(result) - 1), "stdout");
	return 0;
}
