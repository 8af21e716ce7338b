// SPDX-License-Identifier: Apache-2.0
/* test_sidecar.c - attachment.json and the device information file, member by member */
#include "run/sidecar.h"

#include "base/ipaddr.h"
#include "base/json.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nk_shared.h"

#define MAP "/sys/fs/bpf/nk-cni/eth0/q14/xsks_map"

static const struct nk_sidecar_queue two_queues[] = {
	{ { .phys = 14, .netkit = 1 }, .irq = 77 },
	{ { .phys = 15, .netkit = 2 }, .irq = NK_SIDECAR_NO_IRQ },
};

/* Two queues with a map; each test changes what it is about. */
static const struct nk_sidecar usual = {
	.network = "fast",
	.container_id = "c1",
	.cni_ifname = "net1",
	.ifname = "nk0",
	.netns = "/run/netns/p1",
	.pod = "",
	.nic = "eth0",
	.pci_id = "",
	.numa_node = -1,
	.mtu = 3814,
	.queues = two_queues,
	.queue_count = 2,
	.map = MAP,
	.frame_size = 4096,
	.xsk = { .mode = 0600 },
	.page_size = 4096,
};

TestSuite(sidecar, .timeout = 10);

/* parsed() - @text as JSON; both are freed at the end of the test. */
static struct nk_json *parsed(char *text)
{
	struct nk_json *json = NULL;
	struct nk_error err = { 0 };

	cr_assert(text);
	unit_expect_ok(text, nk_json_parse(text, strlen(text), &json, &err), &err);
	free(text);
	cr_assert(json);
	return json;
}

/* expect_member() - @key of what is printed of @sidecar; @wanted with ' for ", NULL: not there */
static void expect_member(const struct nk_sidecar *sidecar, const char *key, const char *wanted)
{
	struct nk_json *json = parsed(nk_sidecar_print(sidecar));
	const struct nk_json *value = nk_json_get(json, key);
	char *copy = wanted ? unit_quoted(wanted) : NULL;
	char buf[4096];

	if (copy && value) {
		nk_json_print_short(value, buf, sizeof(buf));
		cr_expect_str_eq(buf, copy, "%s\nprinted %s\nwanted  %s", key, buf, copy);
	} else {
		cr_expect(!value == !wanted, "%s is%s there", key, value ? "" : " not");
	}
	free(copy);
	nk_json_free(json);
}

static struct nk_ip given(const char *address, const char *gateway)
{
	struct nk_ip ip = { .interface = -1 };

	cr_assert(nk_prefix_parse(address, false, &ip.address), "%s", address);
	cr_assert(!*gateway || nk_ipaddr_parse(gateway, &ip.gateway), "%s", gateway);
	return ip;
}

Test(sidecar, all_members_are_there_and_in_order)
{
	const struct nk_ip ips[] = { given("10.9.0.7/24", "10.9.0.1"), given("fd00::7/64", "") };
	struct nk_sidecar full = usual;
	struct nk_json *json;
	char buf[4096], *wanted;

	full.pod = "shop/vm-1";
	full.pci_id = "0000:3b:00.0";
	full.numa_node = 1;
	full.has_mac = true;
	memcpy(full.mac, "\x02\x00\x5e\x10\xff\x2a", NK_MAC_LEN);
	full.ips = ips;
	full.ip_count = 2;
	full.zero_copy = true;
	full.xsk.no_socket = NK_NO_SOCKET_DROP;
	full.xsk.uid = 107;
	full.xsk.gid = 108;
	full.xsk.mode = 0660;
	json = parsed(nk_sidecar_print(&full));
	nk_json_print_short(json, buf, sizeof(buf));
	wanted = unit_quoted(
		"{'version':1,'network':'fast','containerID':'c1','cniIfName':'net1','ifName':'nk0',"
		"'netns':'/run/netns/p1','pod':'shop/vm-1','nic':'eth0','pciID':'0000:3b:00.0',"
		"'mac':'02:00:5e:10:ff:2a','mtu':3814,"
		"'ips':[{'address':'10.9.0.7/24','gateway':'10.9.0.1'},{'address':'fd00::7/64'}],"
		"'queues':[{'netkit':1,'physical':14,'irq':77,'numaNode':1},"
		"{'netkit':2,'physical':15,'numaNode':1}],'zeroCopy':true,"
		"'xsk':{'map':'" MAP "','key':'auto','noSocket':'drop','frameSize':4096,"
		"'uid':107,'gid':108,'mode':'0660'},"
		"'memlock':{'qemu':134217728,'dpdk':134250496,'dpdkMbufs':8192},"
		"'qemuNetdev':'af-xdp,id=net0,ifname=nk0,mode=native,queues=2,start-queue=1,"
		"inhibit=on,map-path=" MAP ",map-start-index=1',"
		"'dpdkVdevs':['net_af_xdp0,iface=nk0,start_queue=1,queue_count=1,use_pinned_map=1,"
		"dp_path=" MAP "','net_af_xdp1,iface=nk0,start_queue=2,queue_count=1,"
		"use_pinned_map=1,dp_path=" MAP "']}");
	cr_expect_str_eq(buf, wanted, "\nprinted %s\nwanted  %s", buf, wanted);
	free(wanted);
	nk_json_free(json);
}

Test(sidecar, what_is_not_known_is_left_out)
{
	expect_member(&usual, "pod", NULL);
	expect_member(&usual, "pciID", NULL);
	expect_member(&usual, "mac", NULL);
	expect_member(&usual, "ips", "[]");
	expect_member(&usual, "zeroCopy", "false");
	expect_member(&usual, "queues",
		      "[{'netkit':1,'physical':14,'irq':77},{'netkit':2,'physical':15}]");
}

Test(sidecar, without_a_map_there_are_the_queues_alone)
{
	static const char *const of_map[] = { "xsk", "memlock", "qemuNetdev", "dpdkVdevs" };
	struct nk_sidecar leases = usual;
	size_t i;

	leases.map = NULL;
	for (i = 0; i < sizeof(of_map) / sizeof(of_map[0]); i++)
		expect_member(&leases, of_map[i], NULL);
	expect_member(&leases, "queues",
		      "[{'netkit':1,'physical':14,'irq':77},{'netkit':2,'physical':15}]");
}

Test(sidecar, each_key_has_arguments_that_it_serves)
{
#define QEMU_UP_TO_INDEX                                                           \
	"af-xdp,id=net0,ifname=nk0,mode=native,queues=2,start-queue=1,inhibit=on," \
	"map-path=" MAP ",map-start-index="
	struct nk_sidecar keyed = usual;

	keyed.xsk.key = NK_XSK_KEY_QUEUE;
	expect_member(&keyed, "qemuNetdev", "'" QEMU_UP_TO_INDEX "1'");
	expect_member(&keyed, "memlock", "{'qemu':134217728,'dpdk':134250496,'dpdkMbufs':8192}");
	keyed.xsk.key = NK_XSK_KEY_ZERO;
	expect_member(&keyed, "qemuNetdev", "'" QEMU_UP_TO_INDEX "0'");
	expect_member(&keyed, "dpdkVdevs", "[]");
	expect_member(&keyed, "memlock", "{'qemu':134217728}");
}

Test(sidecar, memory_of_many_queues_needs_more_than_32_bits)
{
	static struct nk_sidecar_queue queues[NK_LEASES_MAX];
	struct nk_sidecar many = usual;

	many.queues = queues;
	many.queue_count = NK_LEASES_MAX;
	many.page_size = 65536;
	many.ifname = "a,b"; /* else the line is too long for this test */
	expect_member(&many, "memlock", "{'qemu':68652367872}");
	many.ifname = "nk0";
	many.queue_count = 200;
	expect_member(&many, "memlock", "{'qemu':13421772800,'dpdk':13474201600,'dpdkMbufs':8192}");
}

Test(sidecar, commas_are_doubled_for_qemu_and_too_much_for_dpdk)
{
	static const char *const bad[] = { "a,b", "a=b", "a[b", "a]b", "a\"b" };
	struct nk_sidecar odd = usual;
	size_t i;

	odd.queue_count = 1;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		odd.ifname = bad[i];
		expect_member(&odd, "dpdkVdevs", "[]");
	}
	odd.ifname = "a,b";
	odd.map = "/b/nk-cni/x,y/q1/xsks_map";
	expect_member(&odd, "qemuNetdev",
		      "'af-xdp,id=net0,ifname=a,,b,mode=native,queues=1,start-queue=1,inhibit=on,"
		      "map-path=/b/nk-cni/x,,y/q1/xsks_map,map-start-index=1'");
	odd.ifname = "nk0";
	expect_member(&odd, "dpdkVdevs", "[]");
}

/* The longest there can be, of commas alone: nothing is cut. */
Test(sidecar, the_longest_names_are_printed_whole)
{
	struct nk_sidecar longest = usual;
	char map[NK_PATH_SIZE], ifname[IFNAMSIZ];
	struct nk_json *json;
	const char *text;

	memset(map, ',', sizeof(map));
	memset(ifname, ',', sizeof(ifname));
	map[sizeof(map) - 1] = ifname[sizeof(ifname) - 1] = '\0';
	longest.map = map;
	longest.ifname = ifname;
	json = parsed(nk_sidecar_print(&longest));
	text = nk_json_string(nk_json_get(json, "qemuNetdev"));
	cr_assert(text);
	cr_expect_eq(strlen(text), strlen("af-xdp,id=net0,ifname=,mode=native,queues=2,"
					  "start-queue=1,inhibit=on,map-path=,map-start-index=1") +
					   2 * (NK_PATH_SIZE - 1 + IFNAMSIZ - 1));
	nk_json_free(json);
}

Test(sidecar, bytes_that_are_no_utf8_are_replaced)
{
	struct nk_sidecar odd = usual;

	odd.queue_count = 1;
	odd.ifname = "n\xff";
	expect_member(&odd, "ifName", "'n?'");
	expect_member(&odd, "dpdkVdevs",
		      "['net_af_xdp0,iface=n?,start_queue=1,queue_count=1,use_pinned_map=1,"
		      "dp_path=" MAP "']");
}

Test(sidecar, a_record_says_whose_it_is)
{
	const struct nk_key its = {
		.network = "fast", .container_id = "c1", .cni_ifname = "net1", .ifname = "nk0"
	};
	struct nk_key other = its;
	char *text = nk_sidecar_print(&usual);

	cr_expect(nk_sidecar_is_of(text, &its));
	other.cni_ifname[0] = '\0';
	cr_expect(nk_sidecar_is_of(text, &other), "as by an alias");
	memcpy(other.cni_ifname, "net2", 5);
	cr_expect(!nk_sidecar_is_of(text, &other), "another CNI_IFNAME");
	other = its;
	memcpy(other.container_id, "c2", 3);
	cr_expect(!nk_sidecar_is_of(text, &other), "another container");
	other = its;
	memcpy(other.network, "slow", 5);
	cr_expect(!nk_sidecar_is_of(text, &other), "another network");
	cr_expect(!nk_sidecar_is_of("{", &its), "no JSON");
	cr_expect(!nk_sidecar_is_of("[]", &its), "no object");
	free(text);
}

Test(sidecar, device_information_is_of_the_specification)
{
	struct nk_json *json = parsed(nk_sidecar_print_device_info(MAP));
	char buf[512], *wanted;

	wanted = unit_quoted("{'type':'vhost-user','version':'1.1.0',"
			     "'vhost-user':{'mode':'client','path':'" MAP "'}}");
	nk_json_print_short(json, buf, sizeof(buf));
	cr_expect_str_eq(buf, wanted);
	free(wanted);
	nk_json_free(json);
}

/* expect_in_container() - what becomes of @document, both with ' for " */
static void expect_in_container(const char *document, const char *host_map, const char *wanted,
				uint64_t memlock)
{
	char *text = unit_quoted(document), *copy = unit_quoted(wanted), buf[4096];
	struct nk_error err = { 0 };
	uint64_t bytes = 1;
	struct nk_json *json = parsed(
		nk_sidecar_for_container(text, host_map, "/run/nk-cni/nk0/xsks_map", &bytes, &err));

	nk_json_print_short(json, buf, sizeof(buf));
	cr_expect_str_eq(buf, copy, "\nprinted %s\nwanted  %s", buf, copy);
	cr_expect_eq(bytes, memlock, "%s: %llu bytes", document, (unsigned long long)bytes);
	nk_json_free(json);
	free(text);
	free(copy);
}

Test(sidecar, a_container_sees_its_own_paths)
{
	expect_in_container(
		"{'version':1,'netns':'/run/netns/p1','nic':'eth0','queues':[{'netkit':1}],"
		"'xsk':{'map':'" MAP "','uid':107},'memlock':{'qemu':64,'dpdk':99},"
		"'qemuNetdev':'af-xdp,map-path=" MAP ",map-start-index=1',"
		"'dpdkVdevs':['net_af_xdp0,dp_path=" MAP "','net_af_xdp1,dp_path=" MAP "'],"
		"'later':{'map':true}}",
		MAP,
		"{'version':1,'netns':'/proc/self/ns/net','nic':'eth0','queues':[{'netkit':1}],"
		"'xsk':{'map':'/run/nk-cni/nk0/xsks_map','uid':107},'memlock':{'qemu':64,'dpdk':99},"
		"'qemuNetdev':'af-xdp,map-path=/run/nk-cni/nk0/xsks_map,map-start-index=1',"
		"'dpdkVdevs':['net_af_xdp0,dp_path=/run/nk-cni/nk0/xsks_map',"
		"'net_af_xdp1,dp_path=/run/nk-cni/nk0/xsks_map'],'later':{'map':true}}",
		99);
}

Test(sidecar, a_container_without_a_map_locks_nothing)
{
	expect_in_container("{'netns':'/run/netns/p1','ifName':'nk0'}", MAP,
			    "{'netns':'/proc/self/ns/net','ifName':'nk0'}", 0);
}

Test(sidecar, qemus_commas_are_found_in_a_path)
{
	expect_in_container("{'qemuNetdev':'af-xdp,map-path=/mnt/a,,b/q1,map-start-index=0',"
			    "'memlock':{'qemu':8796093022208}}",
			    "/mnt/a,b/q1",
			    "{'qemuNetdev':'af-xdp,map-path=/run/nk-cni/nk0/xsks_map,"
			    "map-start-index=0','memlock':{'qemu':8796093022208}}",
			    8796093022208);
}

Test(sidecar, a_file_that_others_wrote_over_is_an_error)
{
	struct nk_error err = { 0 };
	uint64_t bytes;
	char *text = nk_sidecar_for_container("{\"version\":", MAP, MAP, &bytes, &err);

	cr_expect_null(text);
	cr_expect_eq(err.code, NK_CODE_JSON);
}
