// SPDX-License-Identifier: Apache-2.0
/* Device memory TCP: a dmabuf of ordinary memory (udmabuf) that is bound to receive queues. */
#include "devmem.h"
#include "netdev_uapi.h"
#include "nl.h"
#include "zerocopy_uapi.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINEAR_BYTES 65536
#define CMSG_BYTES   65536

static struct nl genl; /* the binding lives as long as this socket */
static const uint8_t *area;

/* Returns the descriptor of a dmabuf, which is mapped at "area" too. */
static int make_dmabuf(uint64_t bytes)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = bytes };
	int memory = memfd_create("devmem", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int fd;

	if (memory < 0 || ftruncate(memory, (off_t)bytes) ||
	    fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK))
		errx(CLI_SYSTEM, "make memory for a dmabuf: %s", cli_errno(errno));
	if (device < 0)
		errx(CLI_SYSTEM, "open /dev/udmabuf: %s", cli_errno(errno));
	create.memfd = (uint32_t)memory;
	fd = ioctl(device, UDMABUF_CREATE, &create);
	if (fd < 0)
		errx(CLI_SYSTEM, "make a dmabuf of %llu bytes: %s", (unsigned long long)bytes,
		     cli_errno(errno));
	close(device);
	close(memory);
	area = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		errx(CLI_SYSTEM, "map a dmabuf: %s", cli_errno(errno));
	return fd;
}

void devmem_open(const struct devmem_conf *conf)
{
	int dmabuf = make_dmabuf(conf->area_bytes), family;
	struct nlmsghdr *msg = &genl.request.msg;
	struct nlattr *nest;
	uint32_t i;

	nl_open(&genl, NETLINK_GENERIC, NULL);
	family = nl_genl_family(&genl, "netdev");
	if (family < 0)
		errx(CLI_SYSTEM, "look up generic netlink family netdev: %s", nl_why(&genl));
	nl_genl_request(&genl, (uint16_t)family, 0, NETDEV_CMD_BIND_RX);
	mnl_attr_put_u32(msg, NETDEV_A_DMABUF_IFINDEX, conf->ifindex);
	mnl_attr_put_u32(msg, NETDEV_A_DMABUF_FD, (uint32_t)dmabuf);
	for (i = 0; i < conf->queues->n; i++) {
		nest = mnl_attr_nest_start(msg, NETDEV_A_DMABUF_QUEUES);
		mnl_attr_put_u32(msg, NETDEV_A_QUEUE_ID, conf->queues->v[i]);
		mnl_attr_put_u32(msg, NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
		mnl_attr_nest_end(msg, nest);
	}
	if (nl_talk(&genl, NULL, NULL))
		errx(CLI_SYSTEM, "bind a dmabuf to queues of %s: %s", conf->dev, nl_why(&genl));
	close(dmabuf);
}

/* Gives the memory of frags back, as many as one call takes. */
static int give_back(int fd, struct devmem_tokens *tokens, uint32_t *n)
{
	socklen_t len = (socklen_t)(*n * sizeof(*tokens));
	int freed = 0;

	if (len)
		freed = setsockopt(fd, SOL_SOCKET, DEVMEM_SO_DONTNEED, tokens, len);
	if (freed < 0)
		return -errno;
	freed = (uint32_t)freed == *n ? 0 : -EPROTO; /* a token was not ours */
	*n = 0;
	return freed;
}

/*
 * Goes through what one recvmsg() returned: pieces of the dmabuf, and of the buffer, to where what was
 * not in the dmabuf was copied. A frame of another queue comes without any control message.
 */
static int take(int fd, struct stream *s, struct msghdr *msg, uint64_t left)
{
	struct devmem_tokens tokens[DEVMEM_MAX_DONTNEED];
	const uint8_t *linear = msg->msg_iov->iov_base;
	struct devmem_frag frag;
	struct cmsghdr *cmsg;
	uint32_t n = 0;
	int ret;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    (cmsg->cmsg_type != DEVMEM_SCM_LINEAR && cmsg->cmsg_type != DEVMEM_SCM_DMABUF))
			return -EPROTO;
		memcpy(&frag, CMSG_DATA(cmsg), sizeof(frag));
		if (frag.size > left)
			return -EPROTO;
		left -= frag.size;
		if (cmsg->cmsg_type == DEVMEM_SCM_LINEAR) {
			stream_data(s, linear, frag.size);
			s->copied += frag.size;
			linear += frag.size;
			continue;
		}
		stream_data(s, area + frag.offset, frag.size);
		tokens[n++] = (struct devmem_tokens){ .start = frag.token, .count = 1 };
		ret = n == DEVMEM_MAX_DONTNEED ? give_back(fd, tokens, &n) : 0;
		if (ret)
			return ret;
	}
	stream_data(s, linear, left);
	s->copied += left;
	return give_back(fd, tokens, &n);
}

void devmem_receive(int fd, struct stream *s)
{
	static uint8_t linear[LINEAR_BYTES];
	static _Alignas(struct cmsghdr) uint8_t control[CMSG_BYTES];
	struct iovec iov = { .iov_base = linear, .iov_len = sizeof(linear) };
	struct msghdr msg;
	ssize_t got;

	while (!s->error && stream_wait(s, fd)) {
		msg = (struct msghdr){ .msg_iov = &iov,
				       .msg_iovlen = 1,
				       .msg_control = control,
				       .msg_controllen = sizeof(control) };
		got = recvmsg(fd, &msg, DEVMEM_MSG_SOCK | MSG_DONTWAIT);
		if (!got)
			return;
		if (got > 0)
			s->error = take(fd, s, &msg, (uint64_t)got);
		else if (errno != EAGAIN && errno != EINTR)
			s->error = -errno;
	}
}
