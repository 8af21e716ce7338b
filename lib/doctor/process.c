// SPDX-License-Identifier: Apache-2.0
/* process.c - which of the daemons that matter to Pods run on this node */
#include "doctor/process.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/banned.h"

/* read_name() - of the process with that directory in /proc. Return: false if it has ended */
static bool read_name(int proc, const char *pid, char ret[NK_PROCESS_NAME_SIZE])
{
	char path[NAME_MAX + sizeof("/comm")];
	int fd cleanup_close = -1;
	ssize_t size;

	snprintf(path, sizeof(path), "%s/comm", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? 0 : read(fd, ret, NK_PROCESS_NAME_SIZE);
	if (size <= 0)
		return false;
	ret[size - 1] = '\0'; /* its newline */
	return true;
}

int nk_process_read(const char *name, struct nk_process_list *ret, struct nk_error *err)
{
	int fd cleanup_close = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	const int proc = fd;
	DIR *dir cleanup_closedir = nk_steal_dir(&fd);
	struct nk_process process;
	struct dirent *entry;

	if (!dir)
		return nk_error_sys(err, NK_CODE_KERNEL, "cannot list processes", "open /proc");
	for (errno = 0; !rc && (entry = readdir(dir)); errno = 0) {
		process.pid = (int)strtol(entry->d_name, NULL, 10);
		if (process.pid > 0 && read_name(proc, entry->d_name, process.name) &&
		    !strncmp(process.name, name, NK_PROCESS_NAME_SIZE - 1))
			rc = nk_list_add(ret, &process, err);
	}
	if (!rc && errno)
		return nk_error_sys(err, NK_CODE_KERNEL, "cannot list processes", "readdir /proc");
	return rc;
}

int nk_process_memlock(int pid, uint64_t *ret, struct nk_error *err)
{
	struct rlimit limit;

	if (prlimit(pid, RLIMIT_MEMLOCK, NULL, &limit))
		return nk_error_sys(err, NK_CODE_KERNEL, "cannot read the limits of a process",
				    "prlimit of process %d", pid);
	*ret = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
	return 0;
}
