// SPDX-License-Identifier: Apache-2.0
/* sysctl.c - kernel parameters of a netns: /proc/sys/net shows those of the task that opens it */
#include "ip/sysctl.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

struct parameter {
	const char *path, *value;
	char found[NK_SYSCTL_SIZE];
};

static int read_here(void *arg, struct nk_error *err)
{
	struct parameter *parameter = arg;
	int fd cleanup_close = -1;
	char file[128];
	ssize_t n;

	snprintf(file, sizeof(file), "/proc/sys/%s", parameter->path);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, parameter->found, NK_SYSCTL_SIZE - 1);
	if (n < 0)
		return nk_error_sys(err, NK_CODE_KERNEL, "cannot read a kernel parameter",
				    "read %s", file);
	parameter->found[n] = '\0';
	parameter->found[strcspn(parameter->found, "\n")] = '\0';
	return 0;
}

int nk_sysctl_read(int netns_fd, const char *path, char ret[NK_SYSCTL_SIZE], struct nk_error *err)
{
	struct parameter parameter = { .path = path };
	int rc = nk_netns_call(netns_fd, read_here, &parameter, err);

	memcpy(ret, parameter.found, NK_SYSCTL_SIZE);
	return rc;
}

/* write_here() - try the write even if the read failed: a parameter may be only writable */
static int write_here(void *arg, struct nk_error *err)
{
	const struct parameter *parameter = arg;
	struct nk_error unread = { 0 };
	int fd cleanup_close = -1;
	char file[128];

	if (!read_here(arg, &unread) && !strcmp(parameter->found, parameter->value))
		return 0;
	snprintf(file, sizeof(file), "/proc/sys/%s", parameter->path);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return nk_error_sys(err, NK_CODE_KERNEL, "cannot set a kernel parameter", "open %s",
				    file);
	if (write(fd, parameter->value, strlen(parameter->value)) < 0)
		return nk_error_sys(err, NK_CODE_KERNEL, "cannot set a kernel parameter",
				    "write %s to %s", parameter->value, file);
	return 0;
}

int nk_sysctl_write(int netns_fd, const char *path, const char *value, struct nk_error *err)
{
	struct parameter parameter = { .path = path, .value = value };

	return nk_netns_call(netns_fd, write_here, &parameter, err);
}
