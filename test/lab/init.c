// SPDX-License-Identifier: Apache-2.0
/*
 * First process of the lab's virtual machine: set up the root, run one script, report its status.
 *
 *  1. load the modules that the initramfs carries, in the order of their file names;
 *  2. put a writable tmpfs over the root image and make that the root;
 *  3. mount the file systems that a Debian system has, and the run directory of the host;
 *  4. run the script "command" of that directory, copying its stdout and stderr to the host;
 *  5. write its status to the file "status" there, and reboot, which ends QEMU.
 *
 * What fails before step 5 is said on the console; that there is no status tells the host.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_DIR	      "/lab/run"
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct mount_point {
	const char *type;
	const char *target;
	unsigned long flags;
	const char *source;
	const char *options;
};

/* An output of the script: our end of its pipe, and the port that leads to the host. */
struct stream {
	int pipe;
	int port;
};

static const struct mount_point before_root[] = {
	{ "devtmpfs", "/dev", MS_NOSUID, "devtmpfs", "mode=0755" },
	{ "proc", "/proc", 0, "proc", NULL },
	{ "sysfs", "/sys", 0, "sysfs", NULL },
};

static const struct mount_point after_root[] = {
	{ "devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "devpts", "mode=0620,ptmxmode=0666" },
	{ "tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "tmpfs", NULL },
	{ "tmpfs", "/run", MS_NOSUID | MS_NODEV, "tmpfs", "mode=0755" },
	{ "tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "tmpfs", NULL },
	{ "bpf", "/sys/fs/bpf", 0, "bpf", "mode=0700" },
	{ "cgroup2", "/sys/fs/cgroup", 0, "cgroup2", NULL },
	{ "debugfs", "/sys/kernel/debug", 0, "debugfs", NULL },
	{ "tracefs", "/sys/kernel/tracing", 0, "tracefs", NULL },
	{ "9p", RUN_DIR, 0, "run", "trans=virtio,version=9p2000.L" },
};

/* Ends the VM, as QEMU runs with -no-reboot. */
static void __attribute__((noreturn)) finish(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void __attribute__((noreturn)) fail(const char *what, const char *object)
{
	printf("lab-init: cannot %s %s: %s\n", what, object, strerror(errno));
	finish();
}

static void mount_one(const struct mount_point *m)
{
	if (mkdir(m->target, 0755) && errno != EEXIST)
		fail("make the directory", m->target);
	if (mount(m->source, m->target, m->type, m->flags, m->options))
		fail("mount", m->target);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The names begin with a number, so that their order is that of the dependencies. */
static void load_modules(void)
{
	struct dirent **entries;
	int count = scandir("/modules", &entries, is_visible, alphasort);

	if (count < 0)
		fail("read", "/modules");
	if (chdir("/modules"))
		fail("enter", "/modules");
	for (int i = 0; i < count; i++) {
		int fd = open(entries[i]->d_name, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			fail("load the module", entries[i]->d_name);
		close(fd);
		free(entries[i]);
	}
	free(entries);
}

/* The upper layer is a tmpfs, so nothing of a run survives it. */
static void mount_root(void)
{
	static const struct mount_point lower = { "ext4", "/lower", MS_RDONLY, "/dev/vda", NULL };
	static const struct mount_point upper = { "tmpfs", "/upper", 0, "tmpfs", NULL };
	static const struct mount_point both = {
		"overlay", "/root", 0, "overlay",
		"lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work"
	};

	mount_one(&lower);
	mount_one(&upper);
	if (mkdir("/upper/files", 0755) || mkdir("/upper/work", 0755))
		fail("make directories in", "/upper");
	mount_one(&both);
}

/* A move and a chroot, because pivot_root(2) refuses to leave an initramfs (its NOTES). */
static void switch_root(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(before_root); i++) {
		const char *target = before_root[i].target;
		char moved[32];

		snprintf(moved, sizeof(moved), "/root%s", target);
		if (mount(target, moved, NULL, MS_MOVE, NULL))
			fail("move the mount to", moved);
	}
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		fail("switch to", "/root");
}

/*
 * The ports appear some time after the driver (virtio_console adds them from a work item), and
 * the number of their device, the N of /dev/vportNp1, is not ours to choose.
 */
static int open_port(const char *pattern)
{
	glob_t found;
	int fd;

	for (int tries = 1000; glob(pattern, 0, NULL, &found); tries--) {
		if (!tries)
			fail("find within 10 s", pattern);
		usleep(10 * 1000);
	}
	fd = open(found.gl_pathv[0], O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fail("open", found.gl_pathv[0]);
	globfree(&found);
	return fd;
}

/*
 * A port can be opened only once; with a pipe before it, programs can open /dev/stdout.
 * Returns the end of the pipe that is for the script.
 */
static int open_stream(struct stream *stream, const char *port)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		fail("make a pipe for", port);
	stream->pipe = ends[0];
	stream->port = open_port(port);
	return ends[1];
}

/* Copies what one read gives. Returns false when there was nothing to read. */
static bool copy_some(struct stream *stream)
{
	static char buffer[65536];
	ssize_t size = read(stream->pipe, buffer, sizeof(buffer));

	for (ssize_t done = 0; done < size;) {
		ssize_t written = write(stream->port, buffer + done, (size_t)(size - done));

		if (written < 0)
			fail("write to", "the host");
		done += written;
	}
	if (!size) {
		close(stream->pipe);
		/* poll(2) ignores a negative descriptor. */
		stream->pipe = -1;
	}
	return size > 0;
}

static pid_t start_command(int out, int err, const sigset_t *mask)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork for", RUN_DIR "/command");
	if (pid == 0) {
		setsid();
		sigprocmask(SIG_SETMASK, mask, NULL);
		dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		execl("/bin/bash", "bash", RUN_DIR "/command", (char *)NULL);
		_exit(127);
	}
	close(out);
	close(err);
	return pid;
}

/* Reaps every process that ended. Returns true when @pid is among them and sets @ret_status. */
static bool reap(pid_t pid, int *ret_status)
{
	bool found = false;
	pid_t ended;
	int status;

	while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
		if (ended == pid) {
			found = true;
			*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
							    WEXITSTATUS(status);
		}
	}
	return found;
}

/* Runs the script to its end. Processes that it leaves behind are killed. */
static int run_command(void)
{
	struct stream streams[2];
	struct signalfd_siginfo info;
	sigset_t sigchld, old;
	bool ended = false;
	int status = 0;

	sigemptyset(&sigchld);
	sigaddset(&sigchld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &sigchld, &old);

	int out = open_stream(&streams[0], "/dev/vport*p1");
	int err = open_stream(&streams[1], "/dev/vport*p2");
	int signals = signalfd(-1, &sigchld, SFD_CLOEXEC);
	pid_t pid = start_command(out, err, &old);

	while (!ended) {
		struct pollfd polls[] = {
			{ .fd = streams[0].pipe, .events = POLLIN },
			{ .fd = streams[1].pipe, .events = POLLIN },
			{ .fd = signals, .events = POLLIN },
		};

		if (poll(polls, ARRAY_SIZE(polls), -1) < 0)
			fail("poll", "the outputs of the script");
		for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
			if (polls[i].revents)
				copy_some(&streams[i]);
		}
		if (polls[2].revents && read(signals, &info, sizeof(info)) > 0)
			ended = reap(pid, &status);
	}
	/* Nobody writes any more after this, so that reading comes to an end. */
	kill(-1, SIGKILL);
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		fcntl(streams[i].pipe, F_SETFL, O_NONBLOCK);
		while (copy_some(&streams[i]))
			;
	}
	return status;
}

static void report_status(int status)
{
	FILE *file = fopen(RUN_DIR "/status", "we");

	if (!file || fprintf(file, "%d\n", status) < 0 || fclose(file))
		fail("write", RUN_DIR "/status");
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(before_root); i++)
		mount_one(&before_root[i]);
	load_modules();
	mount_root();
	switch_root();
	for (size_t i = 0; i < ARRAY_SIZE(after_root); i++)
		mount_one(&after_root[i]);
	report_status(run_command());
	finish();
}
