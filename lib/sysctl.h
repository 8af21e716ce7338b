/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.h - kernel parameters of a netns, by way of /proc/sys */
#ifndef NK_SYSCTL_H
#define NK_SYSCTL_H

struct nk_error;

#define NK_SYSCTL_SIZE 32 /* of a value that is a number */

/**
 * nk_sysctl_read() - the value of a parameter, without the end of its line
 * @netns_fd, @path: as below
 *
 * Return: 0; -ENOENT where the kernel has none of that name; or another negative errno
 */
int nk_sysctl_read(int netns_fd, const char *path, char ret[NK_SYSCTL_SIZE], struct nk_error *err);

/**
 * nk_sysctl_write() - set a parameter; one that has the value already is not written
 * @netns_fd: whose parameter, or -1: of the netns of the process
 * @path: below /proc/sys, "net/ipv4/conf/all/forwarding" say
 *
 * Return: 0; -ENOENT where the kernel has none of that name; or another negative errno
 */
int nk_sysctl_write(int netns_fd, const char *path, const char *value, struct nk_error *err);

#endif
