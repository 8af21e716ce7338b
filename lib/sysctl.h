/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.h - kernel parameters of a netns, by way of /proc/sys */
#ifndef NK_SYSCTL_H
#define NK_SYSCTL_H

struct nk_error;

/**
 * nk_sysctl_write() - set a parameter; one that has the value already is not written
 * @netns_fd: whose parameter, or -1: of the netns of the process
 * @path: below /proc/sys, "net/ipv4/ip_forward" say
 *
 * Return: 0; -ENOENT where the kernel has none of that name; or another negative errno
 */
int nk_sysctl_write(int netns_fd, const char *path, const char *value, struct nk_error *err);

#endif
