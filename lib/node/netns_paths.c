// SPDX-License-Identifier: Apache-2.0
/* netns_paths.c - paths of network namespaces */
#include "node/netns_paths.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "base/trust.h"
#include "kernel/netns.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/banned.h"

static int add_path(struct nk_netns_path_list *ret, const char *path, struct nk_error *err)
{
	struct nk_error none = { 0 };
	int fd cleanup_close = nk_netns_open(path, &none);
	struct nk_netns_path netns;

	/* It may be gone, or not be a netns: for example a file that "ip netns del" left. */
	if (fd < 0 || nk_netns_cookie(fd, &netns.cookie, &none)) {
		if (none.sys != ENOENT && none.sys != EINVAL)
			nk_log_tolerated(&none);
		return 0;
	}
	snprintf(netns.path, sizeof(netns.path), "%s", path);
	return nk_list_add(ret, &netns, err);
}

static int read_dir(struct nk_netns_path_list *ret, const char *dir, struct nk_error *err)
{
	DIR *list cleanup_closedir = opendir(dir);
	const struct dirent *entry;
	char path[NK_PATH_SIZE];
	int rc = 0;

	if (!list && errno == ENOENT)
		return 0;
	while (!rc && list && (errno = 0, entry = readdir(list))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		rc = add_path(ret, path, err);
	}
	if (!rc && errno)
		nk_log_warn("cannot read %s: %s", dir, nk_errno_name(errno));
	return rc;
}

int nk_netns_paths_read(struct nk_netns_path_list *ret, struct nk_error *err)
{
	static const char run[] = "/run/netns", var_run[] = "/var/run/netns";
	struct stat a, b;
	int rc = read_dir(ret, run, err);

	if (rc || (!stat(run, &a) && !stat(var_run, &b) && nk_trust_same_file(&a, &b)))
		return rc;
	return read_dir(ret, var_run, err);
}

const char *nk_netns_paths_find(const struct nk_netns_path_list *list, uint64_t cookie)
{
	uint32_t i;

	for (i = 0; i < list->count; i++)
		if (list->at[i].cookie == cookie)
			return list->at[i].path;
	return "";
}
