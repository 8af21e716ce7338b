/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handover.h - what the programs beside an attachment are told, as text
 *
 * attachment.json is for a sidecar: all that it takes to start QEMU, DPDK or an io_uring server on
 * the queues, with arguments that need no editing. The device information is for Kubernetes, of
 * device-info-spec 1.1.0. Both are only written; nothing of ours ever reads them.
 *
 * No system call.
 */
#ifndef NK_HANDOVER_H
#define NK_HANDOVER_H

#include "types.h"

#define NK_HANDOVER_NO_IRQ UINT32_MAX

/* mbufs of the one pool that a DPDK application's vdevs share, for which "memlock" is computed */
#define NK_HANDOVER_MBUFS 8192

struct nk_handover_queue {
	struct nk_lease lease;
	uint32_t irq; /* NK_HANDOVER_NO_IRQ: not known */
};

struct nk_handover {
	const char *network, *container_id, *cni_ifname, *ifname, *netns;
	const char *pod; /* empty: not known */
	const char *nic;
	const char *pci_id; /* empty: the NIC is no PCI device */
	int numa_node;	    /* -1: not known */
	bool has_mac;
	uint8_t mac[NK_MAC_LEN];
	uint32_t mtu;
	const struct nk_ip *ips;
	uint32_t ip_count;
	const struct nk_handover_queue *queues; /* in the order of the device's */
	uint32_t queue_count;
	bool zero_copy; /* AF_XDP zero copy is possible */

	const char *map; /* path of the pinned XSKMAP; NULL: there is none, nor what follows */
	struct nk_xsk_options xsk; /* ids as they are in the Pod */
	uint32_t frame_size;
	uint32_t page_size; /* bytes */
};

/* nk_handover_print() - attachment.json, to be freed; NULL when out of memory. */
char *nk_handover_print(const struct nk_handover *handover);

/**
 * nk_handover_print_device_info() - the device information file, to be freed; NULL as above
 * @map: path of the pinned XSKMAP
 *
 * The specification has no member for it, and its readers drop members that it does not have: the
 * path goes where that of another kind of device would, a vhost-user socket made by the host.
 */
char *nk_handover_print_device_info(const char *map);

#endif
