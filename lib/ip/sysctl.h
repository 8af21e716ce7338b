/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.h - kernel parameters of a netns */
#ifndef NK_SYSCTL_H
#define NK_SYSCTL_H

struct nk_error;

#define NK_SYSCTL_SIZE 32 /* of a value that is a number */

/**
 * nk_sysctl_read() - read a parameter, without the end of its line
 * @netns_fd: the netns of the parameter, or -1: our own
 * @path: below /proc/sys, for example "net/ipv4/conf/all/forwarding"
 *
 * Return: 0; -ENOENT: the kernel has no such parameter; or another negative errno
 */
int nk_sysctl_read(int netns_fd, const char *path, char ret[NK_SYSCTL_SIZE], struct nk_error *err);

/* nk_sysctl_write() - set a parameter, unless it has that value already. As nk_sysctl_read() */
int nk_sysctl_write(int netns_fd, const char *path, const char *value, struct nk_error *err);

#endif
