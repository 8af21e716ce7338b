/* SPDX-License-Identifier: Apache-2.0 */
/* netns.h - network namespaces: open, tell apart, and the one place that enters one */
#ifndef NK_NETNS_H
#define NK_NETNS_H

#include <stdbool.h>
#include <stdint.h>

struct nk_error;

/**
 * nk_netns_open() - open the netns of a Pod
 * @path: CNI_NETNS
 *
 * Refuses a path that is no network namespace, and the one this process is in: a plugin that
 * worked there would change the host.
 *
 * Return: an fd, or a negative errno: -ENOENT with error code 3 where there is nothing at @path,
 * others with code 4
 */
int nk_netns_open(const char *path, struct nk_error *err);

/* nk_netns_open_own() - the netns of this process. Return: an fd, or a negative errno. */
int nk_netns_open_own(struct nk_error *err);

/* nk_netns_new() - a netns without a name, which goes with the fd. Return: an fd, or an errno. */
int nk_netns_new(struct nk_error *err);

/**
 * nk_netns_cookie() - the kernel's number for a netns, never given twice in a boot
 *
 * Return: 0, or a negative errno
 */
int nk_netns_cookie(int netns_fd, uint64_t *ret, struct nk_error *err);

/**
 * nk_netns_is_same() - do two paths lead to one netns? One has many: /run/netns/NAME, the same below
 * /var, /proc/PID/ns/net
 *
 * Return: false where one of them leads nowhere; true where it could not be looked at
 */
bool nk_netns_is_same(const char *a, const char *b);

/**
 * nk_netns_open_cookie() - the netns of that cookie, wherever it has a path
 *
 * Linux >= 6.18 gives a netns one number, which is its cookie and by which it can be opened.
 *
 * Return: an fd; -ESTALE where there is none, or none that this process may open: a netns that only a
 * socket keeps, or that of a container whose process ids we do not see; or another negative errno
 */
int nk_netns_open_cookie(uint64_t cookie, struct nk_error *err);

/**
 * nk_netns_call() - run @fn in the netns of @netns_fd and come back
 * @fn: returns 0 or a negative errno and fills @err, like every function here; what it opens
 *      stays bound to that netns
 *
 * A process that could not come back would work in the wrong netns: it ends there and then.
 *
 * Return: what @fn returned, or a negative errno
 */
int nk_netns_call(int netns_fd, int (*fn)(void *arg, struct nk_error *err), void *arg,
		  struct nk_error *err);

#endif
