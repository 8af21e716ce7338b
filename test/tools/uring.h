/* SPDX-License-Identifier: Apache-2.0 */
/* Streams received by io_uring zero copy; the ring is that of the example (conf/examples/zcrx.h). */
#ifndef NKT_URING_H
#define NKT_URING_H

#include "cli.h"
#include "stream.h"

struct uring_conf {
	const char *dev; /* of the netns that the caller is in; NULL: no device, all is copied */
	uint32_t ifindex;
	const struct cli_list *queues;
	uint64_t area_bytes; /* of each */
	bool keep;	     /* give no memory back */
};

/* Makes the ring and registers the queues; exits with a message if the kernel refuses. */
void uring_open(const struct uring_conf *conf);

/* Receives from a connection until it ends. */
void uring_receive(int fd, struct stream *s);

#endif
