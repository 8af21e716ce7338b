// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues: their memory, and starting, stopping and restarting one without touching another.
 */
#include <linux/device.h>
#include <linux/slab.h>
#include <net/netdev_queues.h>
#include <net/netdev_rx_queue.h>
#include <net/page_pool/helpers.h>

#include "labnic.h"

MODULE_IMPORT_NS("NETDEV_INTERNAL"); /* netdev_rx_queue_restart() */

/* A changed callback would be a mere "incompatible pointer type" below: say which one it is. */
#define LABNIC_REQUIRE_OP(op, ...)                                                          \
	static_assert(__same_type(((struct netdev_queue_mgmt_ops *)NULL)->op, __VA_ARGS__), \
		      "labnic: the kernel changed netdev_queue_mgmt_ops." #op)
LABNIC_REQUIRE_OP(ndo_queue_mem_alloc,
		  int (*)(struct net_device *, struct netdev_queue_config *, void *, int));
LABNIC_REQUIRE_OP(ndo_queue_mem_free, void (*)(struct net_device *, void *));
LABNIC_REQUIRE_OP(ndo_queue_start,
		  int (*)(struct net_device *, struct netdev_queue_config *, void *, int));
LABNIC_REQUIRE_OP(ndo_queue_stop, int (*)(struct net_device *, void *, int));

/*
 * The pages of a queue may be a memory provider's, which are unreadable to the CPU: the core looks
 * whether the queue has one. All that io_uring and devmem demand of a pool is here, also that its
 * buffers are as large as the server asks for; the far end has no device that could do DMA. There is
 * no .napi: a queue that stops would have to disable direct recycling.
 */
static struct page_pool *labnic_pages_create(struct labnic_queue *q)
{
	struct net_device *dev = q->nic->dev;
	struct page_pool_params params = {
		.pool_size = LABNIC_RING_SIZE,
		.nid = NUMA_NO_NODE,
		.netdev = dev,
	};
	struct netdev_queue_config config;

	if (dev->dev.parent) {
		netdev_queue_config(dev, q->index, &config);
		params.order = config.rx_page_size ? get_order(config.rx_page_size) : 0;
		params.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV |
			       PP_FLAG_ALLOW_UNREADABLE_NETMEM;
		params.dev = dev->dev.parent;
		params.dma_dir = DMA_FROM_DEVICE;
		params.max_len = PAGE_SIZE << params.order;
		params.queue_idx = q->index;
	}
	return page_pool_create(&params);
}

static struct labnic_ring *labnic_ring_alloc(struct labnic_queue *q)
{
	struct labnic_ring *ring;
	int err;

	ring = kzalloc(sizeof(*ring), GFP_KERNEL);
	if (!ring)
		return ERR_PTR(-ENOMEM);
	ring->queue = q;

	err = ptr_ring_init(&ring->frames, LABNIC_RING_SIZE, GFP_KERNEL);
	if (err)
		goto err_free;
	ring->pages = labnic_pages_create(q);
	if (IS_ERR(ring->pages)) {
		err = PTR_ERR(ring->pages);
		goto err_frames;
	}
	err = xdp_rxq_info_reg(&ring->xdp_rxq, q->nic->dev, q->index, q->napi.napi_id);
	if (err)
		goto err_pages;
	err = xdp_rxq_info_reg_mem_model(&ring->xdp_rxq, MEM_TYPE_PAGE_POOL, ring->pages);
	if (err)
		goto err_rxq;
	return ring;

err_rxq:
	xdp_rxq_info_unreg(&ring->xdp_rxq);
err_pages:
	page_pool_destroy(ring->pages);
err_frames:
	ptr_ring_cleanup(&ring->frames, NULL);
err_free:
	kfree(ring);
	return ERR_PTR(err);
}

static void labnic_ring_free(struct labnic_ring *ring)
{
	struct labnic_frame *frame;

	while ((frame = ptr_ring_consume(&ring->frames))) {
		labnic_count(ring->queue, RX_STOPPED);
		kfree(frame);
	}
	xdp_rxq_info_unreg(&ring->xdp_rxq);
	page_pool_destroy(ring->pages);
	ptr_ring_cleanup(&ring->frames, NULL);
	kfree(ring);
}

static void labnic_queue_run(struct labnic_queue *q, struct labnic_ring *ring)
{
	q->ring = ring;
	netif_queue_set_napi(q->nic->dev, q->index, NETDEV_QUEUE_TYPE_RX, &q->napi);
	netif_queue_set_napi(q->nic->dev, q->index, NETDEV_QUEUE_TYPE_TX, &q->napi);
	labnic_queue_resume(q);
	smp_store_release(&q->running, true); /* pairs with labnic_enqueue() */
}

/* Afterwards nobody touches these queues' rings; they are the caller's to take from q->ring. */
static void labnic_queues_halt(struct labnic *nic, unsigned int first, unsigned int end)
{
	unsigned int i;

	for (i = first; i < end; i++)
		WRITE_ONCE(nic->queue[i].running, false);
	synchronize_net(); /* waits for labnic_receive() of the peer */
	for (i = first; i < end; i++) {
		labnic_queue_pause(&nic->queue[i]);
		netif_queue_set_napi(nic->dev, i, NETDEV_QUEUE_TYPE_RX, NULL);
		netif_queue_set_napi(nic->dev, i, NETDEV_QUEUE_TYPE_TX, NULL);
	}
}

/**
 * labnic_queues_start() - give memory to the queues [first, end) and run them
 *
 * Return: 0, or a negative errno with all of them stopped as before.
 */
int labnic_queues_start(struct labnic *nic, unsigned int first, unsigned int end)
{
	struct labnic_ring *ring;
	unsigned int i;

	for (i = first; i < end; i++) {
		ring = labnic_ring_alloc(&nic->queue[i]);
		if (IS_ERR(ring)) {
			labnic_queues_stop(nic, first, i);
			return PTR_ERR(ring);
		}
		labnic_queue_run(&nic->queue[i], ring);
	}
	return 0;
}

/* Stops the queues [first, end) and frees their memory; frames in them count as RX_STOPPED. */
void labnic_queues_stop(struct labnic *nic, unsigned int first, unsigned int end)
{
	unsigned int i;

	labnic_queues_halt(nic, first, end);
	for (i = first; i < end; i++) {
		labnic_ring_free(nic->queue[i].ring);
		nic->queue[i].ring = NULL;
	}
}

/* Between pause and resume frames gather in the ring: none is lost. */
void labnic_queue_pause(struct labnic_queue *q)
{
	napi_disable_locked(&q->napi);
}

void labnic_queue_resume(struct labnic_queue *q)
{
	napi_enable_locked(&q->napi);
	local_bh_disable();
	napi_schedule(&q->napi); /* for what came while it was disabled */
	local_bh_enable();
}

/* What the core carries between the callbacks of a queue restart (net/core/netdev_rx_queue.c). */
struct labnic_queue_mem {
	struct labnic_ring *ring;
};

static int labnic_queue_mem_alloc(struct net_device *dev, struct netdev_queue_config *config,
				  void *per_queue_mem, int index)
{
	struct labnic *nic = netdev_priv(dev);
	struct labnic_queue_mem *mem = per_queue_mem;
	struct labnic_ring *ring;
	int err = labnic_may_fail(nic);

	if (err)
		return err;
	ring = labnic_ring_alloc(&nic->queue[index]);
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	mem->ring = ring;
	return 0;
}

static void labnic_queue_mem_free(struct net_device *dev, void *per_queue_mem)
{
	struct labnic_queue_mem *mem = per_queue_mem;

	if (mem->ring)
		labnic_ring_free(mem->ring);
}

static int labnic_queue_start(struct net_device *dev, struct netdev_queue_config *config,
			      void *per_queue_mem, int index)
{
	struct labnic *nic = netdev_priv(dev);
	struct labnic_queue_mem *mem = per_queue_mem;

	labnic_queue_run(&nic->queue[index], mem->ring);
	return 0;
}

static int labnic_queue_stop(struct net_device *dev, void *per_queue_mem, int index)
{
	struct labnic *nic = netdev_priv(dev);
	struct labnic_queue_mem *mem = per_queue_mem;

	labnic_queues_halt(nic, index, index + 1);
	mem->ring = nic->queue[index].ring;
	nic->queue[index].ring = NULL;
	return 0;
}

const struct netdev_queue_mgmt_ops labnic_queue_mgmt_ops = {
	.ndo_queue_mem_size = sizeof(struct labnic_queue_mem),
	.ndo_queue_mem_alloc = labnic_queue_mem_alloc,
	.ndo_queue_mem_free = labnic_queue_mem_free,
	.ndo_queue_start = labnic_queue_start,
	.ndo_queue_stop = labnic_queue_stop,
	.supported_params = QCFG_RX_PAGE_SIZE,
};

/*
 * echo QUEUE > /sys/class/net/ln0/device/restart_queue
 * The core restarts a queue only when a memory provider comes or goes; a test needs it bare.
 */
static ssize_t restart_queue_store(struct device *device, struct device_attribute *attr,
				   const char *text, size_t len)
{
	struct labnic *nic = dev_get_drvdata(device);
	unsigned int index;
	int err;

	err = kstrtouint(text, 0, &index);
	if (err)
		return err;

	netdev_lock(nic->dev);
	if (index < nic->dev->real_num_rx_queues)
		err = netdev_rx_queue_restart(nic->dev, index);
	else
		err = -ERANGE;
	netdev_unlock(nic->dev);
	return err ?: len;
}
static DEVICE_ATTR_WO(restart_queue);

static struct attribute *labnic_device_attrs[] = { &dev_attr_restart_queue.attr, NULL };

static const struct attribute_group labnic_device_group = {
	.attrs = labnic_device_attrs,
};

const struct attribute_group *labnic_device_groups[] = { &labnic_device_group, NULL };
