/* SPDX-License-Identifier: Apache-2.0 */
/* netns_paths.h - paths of network namespaces */
#ifndef NK_NETNS_PATHS_H
#define NK_NETNS_PATHS_H

#include "base/types.h"

struct nk_error;

struct nk_netns_path {
	uint64_t cookie;
	char path[NK_PATH_SIZE];
};

struct nk_netns_path_list {
	struct nk_netns_path *at;
	uint32_t count;
};

/* nk_netns_paths_read() - read /run/netns and /var/run/netns, see list.h. What cannot be read is
 * logged and left out. Return: 0 or -ENOMEM
 */
int nk_netns_paths_read(struct nk_netns_path_list *ret, struct nk_error *err);

/* nk_netns_paths_find() - the path of the netns with this cookie; empty if it has none */
const char *nk_netns_paths_find(const struct nk_netns_path_list *list, uint64_t cookie);

#endif
