// SPDX-License-Identifier: Apache-2.0
/* sysctl.c - kernel parameters of a netns: /proc/sys/net shows those of the task that opens it */
#include "sysctl.h"

#include "cleanup.h"
#include "error.h"
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "banned.h"

struct parameter {
	const char *path, *value;
};

static int write_here(void *arg, struct nk_error *err)
{
	const struct parameter *parameter = arg;
	char file[128], old[32] = "";
	int in cleanup_close = -1, out cleanup_close = -1;
	ssize_t n;

	snprintf(file, sizeof(file), "/proc/sys/%s", parameter->path);
	in = open(file, O_RDONLY | O_CLOEXEC);
	n = in < 0 ? 0 : read(in, old, sizeof(old) - 1);
	if (n > 0 && old[n - 1] == '\n')
		old[n - 1] = '\0';
	if (!strcmp(old, parameter->value))
		return 0;
	out = open(file, O_WRONLY | O_CLOEXEC);
	if (out < 0)
		return nk_error_set(err, NK_CODE_KERNEL, errno, "cannot set a kernel parameter",
				    "open %s: %s", file, nk_errno_name(errno));
	if (write(out, parameter->value, strlen(parameter->value)) < 0)
		return nk_error_set(err, NK_CODE_KERNEL, errno, "cannot set a kernel parameter",
				    "write %s to %s: %s", parameter->value, file,
				    nk_errno_name(errno));
	return 0;
}

int nk_sysctl_write(int netns_fd, const char *path, const char *value, struct nk_error *err)
{
	struct parameter parameter = { .path = path, .value = value };

	if (netns_fd < 0)
		return write_here(&parameter, err);
	return nk_netns_call(netns_fd, write_here, &parameter, err);
}
