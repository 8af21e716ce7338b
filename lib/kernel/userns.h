/* SPDX-License-Identifier: Apache-2.0 */
/* userns.h - translate ids of a Pod that has its own user namespace */
#ifndef NK_USERNS_H
#define NK_USERNS_H

#include <stdint.h>

struct nk_error;

/**
 * nk_userns_host_ids() - translate ids through the user namespace that owns a netns
 * @netns_fd: the Pod's netns
 * @uid, @gid: ids of the Pod; replaced by the ids that they are on the host
 *
 * Return: 0; -ERANGE with error code 7: the Pod has no such id; or another negative errno
 */
int nk_userns_host_ids(int netns_fd, uint32_t *uid, uint32_t *gid, struct nk_error *err);

#endif
