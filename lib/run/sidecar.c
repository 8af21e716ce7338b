// SPDX-License-Identifier: Apache-2.0
/* sidecar.c - attachment.json and the device information file; no system call */
#include "run/sidecar.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/ipaddr.h"
#include "base/json.h"
#include "base/mac.h"
#include "bpffs/xskmap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nk_shared.h"

#include "base/banned.h"

/* An argument holds a path and a name; for QEMU at worst every byte is a comma. */
#define ARGUMENT_SIZE (2 * (NK_PATH_SIZE + IFNAMSIZ) + 128)

static void add_text(struct nk_json *obj, const char *key, const char *text)
{
	if (*text)
		nk_json_add_string(obj, key, text);
}

static void add_ips(struct nk_json *obj, const struct nk_sidecar *sidecar)
{
	struct nk_json *list = nk_json_add_array(obj, "ips"), *entry;
	char text[NK_IPADDR_TEXT_SIZE];
	uint32_t i;

	for (i = 0; i < sidecar->ip_count; i++) {
		entry = nk_json_append_object(list);
		nk_prefix_text(&sidecar->ips[i].address, text);
		nk_json_add_string(entry, "address", text);
		nk_ipaddr_text(&sidecar->ips[i].gateway, text);
		add_text(entry, "gateway", text);
	}
}

static void add_queues(struct nk_json *obj, const struct nk_sidecar *sidecar)
{
	struct nk_json *list = nk_json_add_array(obj, "queues"), *entry;
	const struct nk_sidecar_queue *queue;
	uint32_t i;

	for (i = 0; i < sidecar->queue_count; i++) {
		queue = &sidecar->queues[i];
		entry = nk_json_append_object(list);
		nk_json_add_uint(entry, "netkit", queue->lease.netkit);
		nk_json_add_uint(entry, "physical", queue->lease.phys);
		if (queue->irq != NK_SIDECAR_NO_IRQ)
			nk_json_add_uint(entry, "irq", queue->irq);
		if (sidecar->numa_node >= 0)
			nk_json_add_uint(entry, "numaNode", (uint32_t)sidecar->numa_node);
	}
}

/* --- the map, and how programs use it --------------------------------------------------------- */

static void add_xsk(struct nk_json *obj, const struct nk_sidecar *sidecar)
{
	struct nk_json *xsk = nk_json_add_object(obj, "xsk");
	char mode[16];

	snprintf(mode, sizeof(mode), "%04o", sidecar->xsk.mode);
	nk_json_add_string(xsk, "map", sidecar->map);
	nk_json_add_string(xsk, "key", nk_xskmap_keys[sidecar->xsk.key]);
	nk_json_add_string(xsk, "noSocket", nk_xskmap_no_socket[sidecar->xsk.no_socket]);
	nk_json_add_uint(xsk, "frameSize", sidecar->frame_size);
	nk_json_add_uint(xsk, "uid", sidecar->xsk.uid);
	nk_json_add_uint(xsk, "gid", sidecar->xsk.gid);
	nk_json_add_string(xsk, "mode", mode);
}

/* supports_dpdk() - DPDK's AF_XDP driver puts a socket at the queue's id. It splits its parameters
 * at these characters and has no escape for them (lib/kvargs).
 */
static bool supports_dpdk(const struct nk_sidecar *sidecar)
{
	return sidecar->xsk.key != NK_XSK_KEY_ZERO && !strpbrk(sidecar->ifname, ",=[]\"") &&
	       !strpbrk(sidecar->map, ",=[]\"");
}

/**
 * dpdk_memory() - bytes that DPDK's vdevs lock together, at most
 *
 * Each vdev registers the whole pool of its queue as its UMEM, even a shared one
 * (xdp_umem_configure() in drivers/net/af_xdp). An mbuf takes up to 4096 bytes of it: 4096 on small
 * pages, since none may span two, about 2400 on huge ones. The ends of the pool take another page
 * each.
 */
static uint64_t dpdk_memory(const struct nk_sidecar *sidecar)
{
	return sidecar->queue_count * (NK_SIDECAR_MBUFS * 4096ULL + 2ULL * sidecar->page_size);
}

/*
 * Twice what they lock: the kernel frees a UMEM some time after its program has ended (in a work
 * that xp_put_pool() in net/xdp/xsk_buff_pool.c schedules), and charges it to the user until then.
 * So a program that is restarted at once needs as much again.
 */
static void add_memlock(struct nk_json *obj, const struct nk_sidecar *sidecar)
{
	struct nk_json *memlock = nk_json_add_object(obj, "memlock");

	nk_json_add_uint(memlock, "qemu", NK_SIDECAR_QEMU_MEMLOCK * sidecar->queue_count);
	if (!supports_dpdk(sidecar))
		return;
	nk_json_add_uint(memlock, "dpdk", 2 * dpdk_memory(sidecar));
	nk_json_add_uint(memlock, "dpdkMbufs", NK_SIDECAR_MBUFS);
}

/* double_commas() - QEMU's escape for commas in a value */
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

/* add_qemu() - QEMU counts keys from map-start-index, independent of start-queue (net/af-xdp.c). */
static void add_qemu(struct nk_json *obj, const struct nk_sidecar *sidecar)
{
	char ifname[2 * IFNAMSIZ], map[2 * NK_PATH_SIZE], text[ARGUMENT_SIZE];

	double_commas(sidecar->ifname, ifname, sizeof(ifname));
	double_commas(sidecar->map, map, sizeof(map));
	snprintf(text, sizeof(text),
		 "af-xdp,id=net0,ifname=%s,mode=native,queues=%u,start-queue=1,inhibit=on,"
		 "map-path=%s,map-start-index=%d",
		 ifname, sidecar->queue_count, map, sidecar->xsk.key == NK_XSK_KEY_ZERO ? 0 : 1);
	nk_json_add_string(obj, "qemuNetdev", text);
}

/* add_dpdk() - one vdev for each queue: netkit has no channels, so the driver accepts no more. */
static void add_dpdk(struct nk_json *obj, const struct nk_sidecar *sidecar)
{
	struct nk_json *list = nk_json_add_array(obj, "dpdkVdevs");
	uint32_t i, count = supports_dpdk(sidecar) ? sidecar->queue_count : 0;
	char text[ARGUMENT_SIZE];

	for (i = 0; i < count; i++) {
		snprintf(text, sizeof(text),
			 "net_af_xdp%u,iface=%s,start_queue=%u,queue_count=1,use_pinned_map=1,"
			 "dp_path=%s",
			 i, sidecar->ifname, sidecar->queues[i].lease.netkit, sidecar->map);
		nk_json_append_string(list, text);
	}
}

/* --------------------------------------------------------------------------------------------- */

static char *print_and_free(struct nk_json *json)
{
	char *text = nk_json_print(json);

	nk_json_free(json);
	return text;
}

char *nk_sidecar_print(const struct nk_sidecar *sidecar)
{
	struct nk_json *json = nk_json_new_object();
	char mac[NK_MAC_TEXT_SIZE];

	nk_json_add_uint(json, "version", 1);
	nk_json_add_string(json, "network", sidecar->network);
	nk_json_add_string(json, "containerID", sidecar->container_id);
	nk_json_add_string(json, "cniIfName", sidecar->cni_ifname);
	nk_json_add_string(json, "ifName", sidecar->ifname);
	nk_json_add_string(json, "netns", sidecar->netns);
	add_text(json, "pod", sidecar->pod);
	nk_json_add_string(json, "nic", sidecar->nic);
	add_text(json, "pciID", sidecar->pci_id);
	if (sidecar->has_mac) {
		nk_mac_text(sidecar->mac, mac);
		nk_json_add_string(json, "mac", mac);
	}
	nk_json_add_uint(json, "mtu", sidecar->mtu);
	add_ips(json, sidecar);
	add_queues(json, sidecar);
	nk_json_add_bool(json, "zeroCopy", sidecar->zero_copy);
	if (sidecar->map) {
		add_xsk(json, sidecar);
		add_memlock(json, sidecar);
		add_qemu(json, sidecar);
		add_dpdk(json, sidecar);
	}
	return print_and_free(json);
}

/* has_text() - does the object have this member with this value? */
static bool has_text(const struct nk_json *json, const char *name, const char *value)
{
	const char *text = nk_json_string(nk_json_get(json, name));

	return text && !strcmp(text, value);
}

bool nk_sidecar_is_of(const char *text, const struct nk_key *key)
{
	struct nk_error no_json = { 0 };
	struct nk_json *json = NULL;
	bool ret;

	if (nk_json_parse(text, strlen(text), &json, &no_json))
		return false;
	ret = has_text(json, "network", key->network) &&
	      has_text(json, "containerID", key->container_id) &&
	      has_text(json, "ifName", key->ifname) &&
	      (!*key->cni_ifname || has_text(json, "cniIfName", key->cni_ifname));
	nk_json_free(json);
	return ret;
}

/* --- as a container sees it ------------------------------------------------------------------- */

struct change {
	const char *from, *to;
};

/* add_changed() - add @value, a string, with @change made in it. Return: 0 or -ENOMEM */
static int add_changed(struct nk_json *parent, const struct nk_json *value,
		       const struct change *change)
{
	const char *text = nk_json_string(value), *at = text ? strstr(text, change->from) : NULL;
	const char *key = nk_json_key(value);
	char *changed cleanup_free = NULL;

	if (at && asprintf(&changed, "%.*s%s%s", (int)(at - text), text, change->to,
			   at + strlen(change->from)) < 0) {
		changed = NULL;
		return -ENOMEM;
	}
	if (!changed && key)
		nk_json_add_copy(parent, key, value);
	else if (!changed)
		nk_json_append_copy(parent, value);
	else if (key)
		nk_json_add_string(parent, key, changed);
	else
		nk_json_append_string(parent, changed);
	return 0;
}

/* add_each() - add the members or elements of @from, likewise */
static int add_each(struct nk_json *parent, const struct nk_json *from, const struct change *change)
{
	const struct nk_json *value;
	int rc = 0;

	for (value = nk_json_first(from); value && !rc; value = nk_json_next(value))
		rc = add_changed(parent, value, change);
	return rc;
}

static int add_member(struct nk_json *json, const struct nk_json *member, const char *host_map,
		      const char *map)
{
	char quoted[2 * NK_PATH_SIZE];
	const char *key = nk_json_key(member);

	if (!strcmp(key, "netns")) {
		nk_json_add_string(json, key, "/proc/self/ns/net");
		return 0;
	}
	if (!strcmp(key, "xsk"))
		return add_each(nk_json_add_object(json, key), member,
				&(struct change){ host_map, map });
	if (!strcmp(key, "dpdkVdevs"))
		return add_each(nk_json_add_array(json, key), member,
				&(struct change){ host_map, map });
	if (strcmp(key, "qemuNetdev") != 0) {
		nk_json_add_copy(json, key, member);
		return 0;
	}
	double_commas(host_map, quoted, sizeof(quoted));
	return add_changed(json, member, &(struct change){ quoted, map });
}

/* read_bytes() - a member of "memlock"; 0 if it is missing */
static uint64_t read_bytes(const struct nk_json *memlock, const char *program)
{
	const struct nk_json *value = nk_json_get(memlock, program);
	char text[32] = "";

	if (value)
		nk_json_print_short(value, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

char *nk_sidecar_for_container(const char *text, const char *host_map, const char *map,
			       uint64_t *memlock, struct nk_error *err)
{
	struct nk_json *from = NULL, *json;
	const struct nk_json *member;
	char *ret = NULL;
	int rc = nk_json_parse(text, strlen(text), &from, err);
	uint64_t qemu, dpdk;

	if (rc)
		return NULL;
	json = nk_json_new_object();
	for (member = nk_json_first(from); member && !rc; member = nk_json_next(member))
		rc = add_member(json, member, host_map, map);
	if (!rc)
		ret = nk_json_print(json);
	if (!ret)
		nk_error_no_memory(err);
	qemu = read_bytes(nk_json_get(from, "memlock"), "qemu");
	dpdk = read_bytes(nk_json_get(from, "memlock"), "dpdk");
	*memlock = qemu > dpdk ? qemu : dpdk;
	nk_json_free(json);
	nk_json_free(from);
	return ret;
}

char *nk_sidecar_print_device_info(const char *map)
{
	struct nk_json *json = nk_json_new_object(), *socket;

	nk_json_add_string(json, "type", "vhost-user");
	nk_json_add_string(json, "version", "1.1.0");
	socket = nk_json_add_object(json, "vhost-user");
	nk_json_add_string(socket, "mode", "client");
	nk_json_add_string(socket, "path", map);
	return print_and_free(json);
}
