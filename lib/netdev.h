/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netdev.h - generic netlink family "netdev": features, queues and leases
 *
 * Source: Documentation/netlink/specs/netdev.yaml and net/core/netdev-genl.c of Linux 7.1 and up.
 * There is no call that ends a lease: only the end of the netkit device does.
 */
#ifndef NK_NETDEV_H
#define NK_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

struct nk_error;
struct nk_nic;
struct nk_nl;

/* What queue-get says of one receive queue. */
struct nk_queue {
	uint32_t id;
	uint32_t ifindex;
	uint32_t type;	  /* NK_NETDEV_QUEUE_TYPE_RX, or transmit */
	uint32_t napi_id; /* 0: none, as of a queue of a netkit device */
	bool leased;
	uint32_t lease_ifindex; /* the netkit device; valid with `leased` */
	uint32_t lease_queue;	/* its queue id there */
	int32_t lease_nsid; /* netns of it, as the NIC's netns counts; NK_NSID_HERE: the same; NK_NSID_GONE */
	const char *user; /* who uses it besides: "AF_XDP", ..., or NULL */
};

/**
 * nk_netdev_probe_lease() - does this kernel have queue-create? Changes nothing.
 *
 * Return: 0, or -EOPNOTSUPP with an error that names the kernel and what it lacks
 */
int nk_netdev_probe_lease(struct nk_nl *nl, struct nk_error *err);

/* nk_netdev_xdp_features() - NETDEV_XDP_ACT_* of a device. Return: 0 or a negative errno. */
int nk_netdev_xdp_features(struct nk_nl *nl, uint32_t ifindex, uint64_t *ret, struct nk_error *err);

/**
 * nk_netdev_queue_get() - read one receive queue
 *
 * Return: 0; -ENOENT where the device is down: then nothing is known of its queues; -EINVAL where
 * the device has no queue of that id; -ENODEV where there is no device
 */
int nk_netdev_queue_get(struct nk_nl *nl, uint32_t ifindex, uint32_t queue, struct nk_queue *ret,
			struct nk_error *err);

/**
 * nk_netdev_irq() - the interrupt that serves a receive queue
 *
 * Return: 0; -ENOENT (which fills no error) where none is known: the device is down, or its driver
 * does not say; or another negative errno
 */
int nk_netdev_irq(struct nk_nl *nl, uint32_t ifindex, uint32_t queue, uint32_t *ret,
		  struct nk_error *err);

/* nk_netdev_numa() - the NUMA node of a NIC; -1: none known, or there is but one */
int nk_netdev_numa(const struct nk_nic *nic);

enum nk_queue_state {
	NK_QUEUE_LEASED,
	NK_QUEUE_USED, /* by a socket or another memory provider, whose end the kernel may defer */
};

/**
 * nk_netdev_queue_wait() - wait until a queue has left a state, or cannot be read any more
 * @limit_ms: how long at most; what was waited is taken off, so that several queues can share it
 */
void nk_netdev_queue_wait(struct nk_nl *nl, uint32_t ifindex, uint32_t queue,
			  enum nk_queue_state state, uint32_t *limit_ms);

/**
 * nk_netdev_queues() - call @fn for every receive queue
 * @ifindex: of this device; 0: of every device in the netns of @nl. Devices that are down show none
 * @fn: returns 0, or a negative errno that ends the walk
 */
int nk_netdev_queues(struct nk_nl *nl, uint32_t ifindex,
		     int (*fn)(const struct nk_queue *queue, void *data, struct nk_error *err),
		     void *data, struct nk_error *err);

/**
 * nk_netdev_lease() - lease a queue of the NIC to the netkit device @ifindex
 * @nl: of the netns that the netkit device is in
 * @nic_nsid: the netns of the NIC, as that netns counts
 * @ret: the queue's id on the netkit device; the kernel counts from 1
 *
 * The call is atomic, and the allocator: of two at once one gets -EBUSY.
 *
 * Return: 0, or a negative errno
 */
int nk_netdev_lease(struct nk_nl *nl, uint32_t ifindex, int32_t nic_nsid, uint32_t nic_ifindex,
		    uint32_t nic_queue, uint32_t *ret, struct nk_error *err);

#endif
