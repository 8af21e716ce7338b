// SPDX-License-Identifier: Apache-2.0
/* Streams received by io_uring zero copy; the ring is that of the example (conf/examples/zcrx.h). */
#include "uring.h"
#include "../../conf/examples/zcrx.h"

#include <err.h>
#include <errno.h>

#define PAGE 4096

static struct zcrx ring;
static bool keep;
static uint32_t first; /* number of the interface queue that the latest connection came by */

void uring_open(const struct uring_conf *conf)
{
	struct zcrx_where where = {
		.ifindex = conf->ifindex,
		.area_bytes = conf->area_bytes,
		.no_device = !conf->dev,
	};
	uint32_t i;
	int ret;

	keep = conf->keep;
	ret = zcrx_open(&ring, (uint32_t)(conf->queues->n * (conf->area_bytes / PAGE)));
	if (ret < 0)
		errx(CLI_SYSTEM, "set up an io_uring: %s", cli_errno(-ret));
	for (i = 0; i < conf->queues->n; i++) {
		where.queue = conf->queues->v[i];
		ret = zcrx_add_queue(&ring, &where);
		if (ret < 0)
			errx(CLI_SYSTEM, "register %s queue %u for zero copy receive: %s",
			     conf->dev ? conf->dev : "no device,", where.queue, cli_errno(-ret));
	}
}

/* Checks a piece where it lies, and gives its memory back. */
static int take(struct zcrx_queue *queue, const struct zcrx_done *done, struct stream *s)
{
	stream_data(s, zcrx_data(queue, done->offset), (size_t)done->res);
	return keep ? 0 : zcrx_give_back(queue, done->offset, (uint32_t)done->res);
}

/*
 * Takes what is complete of a request on the interface queue first, and asks for more: on the next
 * queue if the frames came by another one. Returns false when the connection has ended.
 */
static bool drain(int fd, struct stream *s, uint32_t *tried)
{
	struct zcrx_done done;

	while (!s->error && zcrx_next(&ring, &done)) {
		if (done.res > 0) {
			s->error = take(&ring.queues[first], &done, s);
			*tried = 0;
		} else if (!done.res) {
			return false;
		} else if (done.res == -EFAULT && ++*tried < ring.queue_count) {
			first = (first + 1) % ring.queue_count;
		} else {
			s->error = done.res;
		}
		if (!s->error && !done.more)
			s->error = zcrx_receive(&ring, fd, &ring.queues[first], 0, 0);
	}
	return !s->error;
}

void uring_receive(int fd, struct stream *s)
{
	uint64_t copied = zcrx_copied(&ring);
	int ret = zcrx_receive(&ring, fd, &ring.queues[first], 0, 0);
	uint32_t tried = 0;

	while (!ret && drain(fd, s, &tried) && !stream_over(s))
		ret = zcrx_wait(&ring);
	if (ret)
		s->error = ret;
	s->copied += zcrx_copied(&ring) - copied;
}
