// SPDX-License-Identifier: Apache-2.0
/* handover.c - attachment.json and the device information file; no system call */
#include "handover.h"

#include "ipaddr.h"
#include "json.h"
#include "mac.h"
#include "xskmap.h"

#include <stdio.h>
#include <string.h>

#include "nk_shared.h"

#include "banned.h"

/* QEMU's UMEM for one queue: 2 x (2048 + 2048) descriptors of 4096 bytes (net/af-xdp.c). */
#define QEMU_UMEM_SIZE (2ULL * (2048 + 2048) * 4096)

/* An argument holds a path and a name, in QEMU's at worst with each byte a comma. */
#define ARGUMENT_SIZE (2 * (NK_PATH_SIZE + IFNAMSIZ) + 128)

static bool add_text(struct nk_json *obj, const char *key, const char *text)
{
	return !*text || nk_json_add_string(obj, key, text);
}

static bool add_mac(struct nk_json *obj, const struct nk_handover *handover)
{
	char text[NK_MAC_TEXT_SIZE] = "";

	if (handover->has_mac)
		nk_mac_text(handover->mac, text);
	return add_text(obj, "mac", text);
}

static bool add_ips(struct nk_json *obj, const struct nk_handover *handover)
{
	struct nk_json *list = nk_json_add_array(obj, "ips"), *entry;
	char address[NK_IPADDR_TEXT_SIZE], gateway[NK_IPADDR_TEXT_SIZE];
	bool ok = list;
	uint32_t i;

	for (i = 0; i < handover->ip_count && ok; i++) {
		entry = nk_json_append_object(list);
		nk_prefix_text(&handover->ips[i].address, address);
		nk_ipaddr_text(&handover->ips[i].gateway, gateway);
		ok = nk_json_add_string(entry, "address", address) &&
		     add_text(entry, "gateway", gateway);
	}
	return ok;
}

static bool add_queues(struct nk_json *obj, const struct nk_handover *handover)
{
	struct nk_json *list = nk_json_add_array(obj, "queues"), *entry;
	const struct nk_handover_queue *queue;
	bool ok = list;
	uint32_t i;

	for (i = 0; i < handover->queue_count && ok; i++) {
		queue = &handover->queues[i];
		entry = nk_json_append_object(list);
		ok = nk_json_add_uint(entry, "netkit", queue->lease.netkit) &&
		     nk_json_add_uint(entry, "physical", queue->lease.phys) &&
		     (queue->irq == NK_HANDOVER_NO_IRQ ||
		      nk_json_add_uint(entry, "irq", queue->irq)) &&
		     (handover->numa_node < 0 ||
		      nk_json_add_uint(entry, "numaNode", (uint32_t)handover->numa_node));
	}
	return ok;
}

/* --- the map, and what a program needs to use it --------------------------------------------- */

static bool add_xsk(struct nk_json *obj, const struct nk_handover *handover)
{
	struct nk_json *xsk = nk_json_add_object(obj, "xsk");
	char mode[16];

	snprintf(mode, sizeof(mode), "%04o", handover->xsk.mode);
	return nk_json_add_string(xsk, "map", handover->map) &&
	       nk_json_add_string(xsk, "key", nk_xskmap_keys[handover->xsk.key]) &&
	       nk_json_add_string(xsk, "noSocket", nk_xskmap_no_socket[handover->xsk.no_socket]) &&
	       nk_json_add_uint(xsk, "frameSize", handover->frame_size) &&
	       nk_json_add_uint(xsk, "uid", handover->xsk.uid) &&
	       nk_json_add_uint(xsk, "gid", handover->xsk.gid) &&
	       nk_json_add_string(xsk, "mode", mode);
}

/* serves_dpdk() - its AF_XDP driver enters a socket under the queue's id, and takes its parameters
 * apart at these characters, for which it has no escape (lib/kvargs).
 */
static bool serves_dpdk(const struct nk_handover *handover)
{
	return handover->xsk.key != NK_XSK_KEY_ZERO && !strpbrk(handover->ifname, ",=[]\"") &&
	       !strpbrk(handover->map, ",=[]\"");
}

/**
 * dpdk_memory() - bytes that DPDK's vdevs lock together, at most
 *
 * Each registers the whole pool of its queue as its UMEM, also one that it shares
 * (xdp_umem_configure() in drivers/net/af_xdp). An mbuf takes up to 4096 bytes of it: that much on
 * small pages, where none may lie across two, some 2400 on huge ones. The pool's ends take a page
 * more each.
 */
static uint64_t dpdk_memory(const struct nk_handover *handover)
{
	uint64_t pool = NK_HANDOVER_MBUFS * 4096ULL + 2ULL * handover->page_size;

	return handover->queue_count * pool;
}

/*
 * Twice what they lock: the kernel frees a UMEM some time after its program has ended (a work that
 * xp_put_pool() in net/xdp/xsk_buff_pool.c schedules), and counts it for the user until then. So a
 * program that is started again at once needs as much again.
 */
static bool add_memlock(struct nk_json *obj, const struct nk_handover *handover)
{
	struct nk_json *memlock = nk_json_add_object(obj, "memlock");

	return nk_json_add_uint(memlock, "qemu", QEMU_UMEM_SIZE * 2 * handover->queue_count) &&
	       (!serves_dpdk(handover) ||
		(nk_json_add_uint(memlock, "dpdk", 2 * dpdk_memory(handover)) &&
		 nk_json_add_uint(memlock, "dpdkMbufs", NK_HANDOVER_MBUFS)));
}

/* double_commas() - as QEMU wants them in a value */
static void double_commas(const char *text, char *buf, size_t size)
{
	size_t used = 0;

	for (; *text && used + 2 < size; text++) {
		if (*text == ',')
			buf[used++] = ',';
		buf[used++] = *text;
	}
	buf[used] = '\0';
}

/* add_qemu() - QEMU counts keys from map-start-index, whatever its start-queue (net/af-xdp.c). */
static bool add_qemu(struct nk_json *obj, const struct nk_handover *handover)
{
	char ifname[2 * IFNAMSIZ], map[2 * NK_PATH_SIZE], text[ARGUMENT_SIZE];

	double_commas(handover->ifname, ifname, sizeof(ifname));
	double_commas(handover->map, map, sizeof(map));
	snprintf(text, sizeof(text),
		 "af-xdp,id=net0,ifname=%s,mode=native,queues=%u,start-queue=1,inhibit=on,"
		 "map-path=%s,map-start-index=%d",
		 ifname, handover->queue_count, map, handover->xsk.key == NK_XSK_KEY_ZERO ? 0 : 1);
	return nk_json_add_string(obj, "qemuNetdev", text);
}

/* add_dpdk() - one vdev a queue: netkit has no channels, so the driver takes no more. */
static bool add_dpdk(struct nk_json *obj, const struct nk_handover *handover)
{
	struct nk_json *list = nk_json_add_array(obj, "dpdkVdevs");
	uint32_t i, count = serves_dpdk(handover) ? handover->queue_count : 0;
	char text[ARGUMENT_SIZE];
	bool ok = list;

	for (i = 0; i < count && ok; i++) {
		snprintf(text, sizeof(text),
			 "net_af_xdp%u,iface=%s,start_queue=%u,queue_count=1,use_pinned_map=1,"
			 "dp_path=%s",
			 i, handover->ifname, handover->queues[i].lease.netkit, handover->map);
		ok = nk_json_append_string(list, text);
	}
	return ok;
}

/* --------------------------------------------------------------------------------------------- */

/* finish() - print and free @json; NULL where @ok is false. */
static char *finish(struct nk_json *json, bool ok)
{
	char *text = ok ? nk_json_print(json) : NULL;

	nk_json_free(json);
	return text;
}

char *nk_handover_print(const struct nk_handover *handover)
{
	struct nk_json *json = nk_json_new_object();
	bool ok;

	ok = nk_json_add_uint(json, "version", 1) &&
	     nk_json_add_string(json, "network", handover->network) &&
	     nk_json_add_string(json, "containerID", handover->container_id) &&
	     nk_json_add_string(json, "cniIfName", handover->cni_ifname) &&
	     nk_json_add_string(json, "ifName", handover->ifname) &&
	     nk_json_add_string(json, "netns", handover->netns) &&
	     add_text(json, "pod", handover->pod) &&
	     nk_json_add_string(json, "nic", handover->nic) &&
	     add_text(json, "pciID", handover->pci_id) && add_mac(json, handover) &&
	     nk_json_add_uint(json, "mtu", handover->mtu) && add_ips(json, handover) &&
	     add_queues(json, handover) && nk_json_add_bool(json, "zeroCopy", handover->zero_copy);
	if (ok && handover->map)
		ok = add_xsk(json, handover) && add_memlock(json, handover) &&
		     add_qemu(json, handover) && add_dpdk(json, handover);
	return finish(json, ok);
}

char *nk_handover_print_device_info(const char *map)
{
	struct nk_json *json = nk_json_new_object(), *socket;
	bool ok;

	ok = nk_json_add_string(json, "type", "vhost-user") &&
	     nk_json_add_string(json, "version", "1.1.0");
	socket = nk_json_add_object(json, "vhost-user");
	ok = ok && nk_json_add_string(socket, "mode", "client") &&
	     nk_json_add_string(socket, "path", map);
	return finish(json, ok);
}
