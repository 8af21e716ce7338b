// SPDX-License-Identifier: Apache-2.0
/*
 * xsk-opener: gives AF_XDP sockets to a program that has no capability - an example for a Pod
 *
 *   xsk-opener MAP FIRST COUNT PROGRAM [ARGUMENT...]
 *
 * Opens COUNT AF_XDP sockets, which needs CAP_NET_RAW, and becomes PROGRAM, which has them as its
 * descriptors 3, 4, ... and makes their rings and binds them, which needs none. MAP is the XSKMAP
 * that nk-cni pinned for the Pod, FIRST the first leased queue of the Pod's device (1). Once a
 * socket has its rings it is entered in MAP under its queue id, by a process left in the
 * background. So PROGRAM needs neither MAP nor bpf(2). With QEMU, two queues:
 *
 *   xsk-opener MAP 1 2 setpriv --reuid 107 --clear-groups --inh-caps=-all --bounding-set=-all \
 *       qemu-system-x86_64 ... -netdev \
 *       af-xdp,id=net0,ifname=nk0,queues=2,start-queue=1,inhibit=on,sock-fds=3:4
 *
 * Runs in the Pod's network namespace, which the sockets belong to from then on. RLIMIT_MEMLOCK is
 * PROGRAM's: 32 MiB for each queue of QEMU's. The entry needs write permission on MAP, and a
 * seccomp profile that allows bpf(2).
 */
#include <bpf/bpf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_FD  3
#define COUNT_MAX 64
#define RETRY_MS  20

struct opener {
	int map;
	int program; /* pidfd of this process, which becomes the program */
	int socks[COUNT_MAX];
	unsigned int first, count;
};

static unsigned int parse(const char *what, const char *text, unsigned long min, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || value < min || value > max)
		errx(2, "%s '%s': want %lu to %lu", what, text, min, max);
	return (unsigned int)value;
}

/* Moves @fd behind those that the program is to have. It is closed there, by the exec. */
static int move_up(int fd, unsigned int count, const char *what)
{
	int moved;

	if (fd < 0)
		err(1, "%s", what);
	moved = fcntl(fd, F_DUPFD_CLOEXEC, (int)(FIRST_FD + count));
	if (moved < 0)
		err(1, "duplicate a descriptor");
	close(fd);
	return moved;
}

static void open_all(struct opener *o, const char *map)
{
	unsigned int i;

	o->map = move_up(bpf_obj_get(map), o->count, map);
	o->program = move_up(pidfd_open(getpid(), 0), o->count, "open a pidfd");
	for (i = 0; i < o->count; i++)
		o->socks[i] = move_up(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), o->count,
				      "open an AF_XDP socket (needs CAP_NET_RAW)");
}

/*
 * A socket without a receive ring is refused with ENOBUFS (Linux 7.3, xsk_map_update_elem), and the
 * rings cannot be made here, since the program would not get them. So we ask again until it has
 * made them. Our copies must be closed then: a slot is emptied when the last copy of its socket is
 * closed, and that has to be the program's.
 */
static void enter_all(const struct opener *o)
{
	struct pollfd ended = { .fd = o->program, .events = POLLIN };
	unsigned int i = 0, queue;

	while (i < o->count) {
		queue = o->first + i;
		if (!bpf_map_update_elem(o->map, &queue, &o->socks[i], BPF_ANY))
			i++;
		else if (errno != ENOBUFS)
			err(1, "enter the socket of queue %u in the map", queue);
		else if (poll(&ended, 1, RETRY_MS) > 0)
			errx(1, "the program ended before it made the rings of queue %u", queue);
	}
}

/* Leaves a process in the background that is not the program's child: it would have to reap it. */
static void enter_in_background(const struct opener *o)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (child) {
		waitpid(child, NULL, 0);
		return;
	}
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (!child)
		enter_all(o);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct opener o = { 0 };
	unsigned int i;

	if (argc < 5) {
		fprintf(stderr, "usage: xsk-opener MAP FIRST COUNT PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	o.first = parse("FIRST", argv[2], 0, 1023);
	o.count = parse("COUNT", argv[3], 1, COUNT_MAX);
	open_all(&o, argv[1]);
	enter_in_background(&o);
	for (i = 0; i < o.count; i++) {
		if (dup2(o.socks[i], (int)(FIRST_FD + i)) < 0)
			err(1, "duplicate the socket of queue %u", o.first + i);
	}
	execvp(argv[4], argv + 4);
	err(127, "%s", argv[4]);
}
