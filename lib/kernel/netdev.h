/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netdev.h - generic netlink family "netdev": features, queues and leases
 *
 * Source: Documentation/netlink/specs/netdev.yaml and net/core/netdev-genl.c of Linux 7.1 and up.
 * No request ends a lease; only the removal of the netkit device does.
 */
#ifndef NK_NETDEV_H
#define NK_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

struct nk_error;
struct nk_nic;
struct nk_nl;

/* A receive queue as queue-get describes it. */
struct nk_queue {
	uint32_t id;
	uint32_t ifindex;
	uint32_t type;	  /* NK_NETDEV_QUEUE_TYPE_RX, or transmit */
	uint32_t napi_id; /* 0: none, as for the queues of a netkit device */
	bool leased;
	uint32_t lease_ifindex; /* the netkit device; valid if `leased` */
	uint32_t lease_queue;	/* its queue id there */
	int32_t lease_nsid; /* the id of its netns in the NIC's netns; NK_NSID_HERE; NK_NSID_GONE */
	/* the user of the queue, for people, and the name of the kernel's attribute, "xsk", "dmabuf" or "io-uring";
	 * NULL: none
	 */
	const char *user, *holder;
};

/**
 * nk_netdev_probe_lease() - does this kernel have queue-create? Changes nothing.
 *
 * Return: 0; -EOPNOTSUPP with an error that names the kernel and what it lacks; or another negative errno
 */
int nk_netdev_probe_lease(struct nk_nl *nl, struct nk_error *err);

/* nk_netdev_xdp_features() - NETDEV_XDP_ACT_* of a device. Return: 0 or a negative errno. */
int nk_netdev_xdp_features(struct nk_nl *nl, uint32_t ifindex, uint64_t *ret, struct nk_error *err);

/**
 * nk_netdev_queue_get() - read one receive queue
 *
 * Return: 0; -ENOENT: the device is down, and the kernel does not show its queues; -EINVAL: the device
 * has no such queue; -ENODEV: there is no such device; or another negative errno
 */
int nk_netdev_queue_get(struct nk_nl *nl, uint32_t ifindex, uint32_t queue, struct nk_queue *ret,
			struct nk_error *err);

/**
 * nk_netdev_irq() - the interrupt of a receive queue
 *
 * Return: 0; -ENOENT (which fills no error): the device is down, or its driver does not report the
 * interrupt; or another negative errno
 */
int nk_netdev_irq(struct nk_nl *nl, uint32_t ifindex, uint32_t queue, uint32_t *ret,
		  struct nk_error *err);

/* nk_netdev_numa() - the NUMA node of a NIC; -1: unknown, or the machine has only one */
int nk_netdev_numa(const struct nk_nic *nic);

/* nk_netdev_has_xsk() - does an AF_XDP socket use the queue? */
bool nk_netdev_has_xsk(const struct nk_queue *queue);

/* nk_netdev_has_provider() - does a memory provider (io_uring, devmem) use the queue? */
bool nk_netdev_has_provider(const struct nk_queue *queue);

/* nk_netdev_lease_text() - the device to which a queue is leased: "ifindex 5 in the network namespace with nsid 3" */
#define NK_LEASE_TEXT_SIZE 80
void nk_netdev_lease_text(const struct nk_queue *queue, char ret[NK_LEASE_TEXT_SIZE]);

enum nk_queue_state {
	NK_QUEUE_LEASED,
	NK_QUEUE_XSK, /* used by an AF_XDP socket; the kernel releases the queue some time after the socket is closed */
};

/**
 * nk_netdev_queue_wait() - wait until a queue has left a state or is gone, or the NIC is down. A failed
 * read is repeated.
 * @limit_ms: the longest wait; reduced by the time waited, so that several queues can share it
 */
void nk_netdev_queue_wait(struct nk_nl *nl, uint32_t ifindex, uint32_t queue,
			  enum nk_queue_state state, uint32_t *limit_ms);

struct nk_queue_list {
	struct nk_queue *at;
	uint32_t count;
};

/* nk_netdev_read_queues() - read all receive queues of a device, or with @ifindex 0 those of all devices
 * in the netns of @nl: see list.h. The kernel shows no queues of devices that are down.
 */
int nk_netdev_read_queues(struct nk_nl *nl, uint32_t ifindex, struct nk_queue_list *ret,
			  struct nk_error *err);

/**
 * nk_netdev_lease() - lease a queue of the NIC to the netkit device @ifindex
 * @nl: of the netns of the netkit device
 * @nic_nsid: the id of the NIC's netns in that netns
 * @ret: the queue's id on the netkit device, 1 and up
 *
 * The request is atomic: if two processes ask for one queue, one of them gets -EBUSY.
 *
 * Return: 0, or a negative errno
 */
int nk_netdev_lease(struct nk_nl *nl, uint32_t ifindex, int32_t nic_nsid, uint32_t nic_ifindex,
		    uint32_t nic_queue, uint32_t *ret, struct nk_error *err);

#endif
