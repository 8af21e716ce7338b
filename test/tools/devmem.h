/* SPDX-License-Identifier: Apache-2.0 */
/* Device memory TCP: a dmabuf of ordinary memory (udmabuf) that is bound to receive queues. */
#ifndef NKT_DEVMEM_H
#define NKT_DEVMEM_H

#include "cli.h"
#include "stream.h"

struct devmem_conf {
	const char *dev; /* of the netns that the caller is in */
	uint32_t ifindex;
	const struct cli_list *queues;
	uint64_t area_bytes;
};

/* Binds until the program ends; exits with a message if the kernel refuses. */
void devmem_open(const struct devmem_conf *conf);

/* Receives from a connection until it ends. */
void devmem_receive(int fd, struct stream *s);

#endif
