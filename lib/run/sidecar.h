/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sidecar.h - print the files for sidecar programs
 *
 * attachment.json is for a sidecar: everything needed to start QEMU, DPDK or an io_uring server on
 * the queues, with arguments that need no editing. The device information file is for Kubernetes,
 * in the format of device-info-spec 1.1.0. nk-cni itself reads an attachment.json only to find the
 * owner of one without a claim.
 *
 * No system call.
 */
#ifndef NK_SIDECAR_H
#define NK_SIDECAR_H

#include "base/types.h"

struct nk_error;

#define NK_SIDECAR_NO_IRQ UINT32_MAX

/* mbufs of the pool that the vdevs of a DPDK application share; "memlock" is computed for it */
#define NK_SIDECAR_MBUFS 8192

/* Bytes that QEMU locks for one queue: twice its UMEM of 2 x (2048 + 2048) descriptors of 4096 bytes (net/af-xdp.c),
 * because the kernel releases the memory of an earlier program late
 */
#define NK_SIDECAR_QEMU_MEMLOCK (2 * 2ULL * (2048 + 2048) * 4096)

struct nk_sidecar_queue {
	struct nk_lease lease;
	uint32_t irq; /* NK_SIDECAR_NO_IRQ: unknown */
};

struct nk_sidecar {
	const char *network, *container_id, *cni_ifname, *ifname, *netns;
	const char *pod; /* empty: unknown */
	const char *nic;
	const char *pci_id; /* empty: the NIC is no PCI device */
	int numa_node;	    /* -1: unknown */
	bool has_mac;
	uint8_t mac[NK_MAC_LEN];
	uint32_t mtu;
	const struct nk_ip *ips;
	uint32_t ip_count;
	const struct nk_sidecar_queue *queues; /* in the order of the device's queues */
	uint32_t queue_count;
	bool zero_copy; /* AF_XDP zero copy is possible */

	/* Path of the pinned XSKMAP; NULL: there is none, and the members below are unused. */
	const char *map;
	struct nk_xsk_options xsk; /* uid and gid inside the Pod */
	uint32_t frame_size;
	uint32_t page_size; /* bytes */
};

/* nk_sidecar_print() - attachment.json, to be freed; NULL when out of memory. */
char *nk_sidecar_print(const struct nk_sidecar *sidecar);

/* nk_sidecar_is_of() - does this attachment.json belong to the device of @key? A key without
 * CNI_IFNAME matches any.
 */
bool nk_sidecar_is_of(const char *text, const struct nk_key *key);

/**
 * nk_sidecar_for_container() - attachment.json as a container sees it: with its own netns and its own path of the map,
 * in the arguments for programs too
 * @text: of the host
 * @host_map: path of the map on the host
 * @map: path in the container
 * @memlock: bytes to lock for the program that needs most; 0 without a map
 *
 * Return: the text, to be freed, or NULL and an error
 */
char *nk_sidecar_for_container(const char *text, const char *host_map, const char *map,
			       uint64_t *memlock, struct nk_error *err);

/**
 * nk_sidecar_print_device_info() - the device information file, to be freed; NULL when out of
 * memory
 * @map: path of the pinned XSKMAP
 *
 * The specification has no member for the map, and its readers drop unknown members. So the path
 * takes the place of another device type's, a vhost-user socket created by the host.
 */
char *nk_sidecar_print_device_info(const char *map);

#endif
