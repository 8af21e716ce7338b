/* SPDX-License-Identifier: Apache-2.0 */
/* netns.h - network namespaces: open, compare and enter them */
#ifndef NK_NETNS_H
#define NK_NETNS_H

#include <stdbool.h>
#include <stdint.h>

struct nk_error;

/**
 * nk_netns_open() - open the netns of a Pod
 * @path: CNI_NETNS
 *
 * Refuses the netns of this process, where the plugin would change the host.
 *
 * Return: an fd; -ENOENT with error code 3: nothing is at @path; with error code 4: -EINVAL: it is no
 * netns; -EBUSY: it is our own; or another negative errno
 */
int nk_netns_open(const char *path, struct nk_error *err);

/* nk_netns_is_none() - does @rc of nk_netns_open() prove that the path leads to no netns of a Pod? If not,
 * nk_netns_open() could not look.
 */
bool nk_netns_is_none(int rc);

/* nk_netns_open_own() - the netns of this process. Return: an fd, or a negative errno. */
int nk_netns_open_own(struct nk_error *err);

/* nk_netns_new() - create a netns without a name, which ends with the fd. Return: an fd, or an errno. */
int nk_netns_new(struct nk_error *err);

/* nk_netns_cookie() - the kernel's number of a netns, never reused in a boot. Return: 0 or an errno */
int nk_netns_cookie(int netns_fd, uint64_t *ret, struct nk_error *err);
int nk_netns_own_cookie(uint64_t *ret, struct nk_error *err); /* of the netns of this process */

/* nk_netns_own_socket() - a socket of the process's netns, opened at the first call and kept: for ioctls on devices.
 * Not inside nk_netns_call(). Return: an fd that stays ours, or a negative errno
 */
int nk_netns_own_socket(void);

/**
 * nk_netns_is_same() - do two paths lead to one netns? A netns has many paths: /run/netns/NAME, the same
 * below /var, /proc/PID/ns/net
 *
 * Return: false if one of them leads nowhere; true if one could not be examined
 */
bool nk_netns_is_same(const char *a, const char *b);

/**
 * nk_netns_open_cookie() - open the netns with that cookie, whatever its path
 *
 * Since Linux 6.18 the cookie is a file handle of the netns.
 *
 * Return: an fd; -ESTALE: there is none that this process may open (only a socket holds it, or it
 * belongs to a container whose process ids we do not see); or another negative errno
 */
int nk_netns_open_cookie(uint64_t cookie, struct nk_error *err);

/**
 * nk_netns_call() - run @fn in a netns and return to our own
 * @netns_fd: -1: our own netns
 * @fn: returns 0 or a negative errno and fills @err; a socket that it opens stays in that netns
 *
 * If the process cannot return, it ends at once, because it would work in the wrong netns: see
 * nk_netns_set_last_words().
 *
 * Return: what @fn returned, or a negative errno
 */
int nk_netns_call(int netns_fd, int (*fn)(void *arg, struct nk_error *err), void *arg,
		  struct nk_error *err);

/* nk_netns_set_last_words() - @fn prints the error before a process that cannot return to its netns ends
 * with status 1
 */
void nk_netns_set_last_words(void (*fn)(struct nk_error *err));

#endif
