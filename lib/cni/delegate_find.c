// SPDX-License-Identifier: Apache-2.0
/* delegate_find.c - find another CNI plugin in CNI_PATH */
#include "cni/delegate.h"

#include "base/error.h"
#include "base/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

bool nk_delegate_is_name(const char *type)
{
	return *type && !strchr(type, '/') && strcmp(type, ".") != 0 && strcmp(type, "..") != 0;
}

/* check_trust() - refuse a file that anybody but root and us can have created or changed */
static int check_trust(const struct nk_delegate *call, const char *file, const struct stat *st,
		       struct nk_error *err)
{
	const int dir_size = (int)(strrchr(file, '/') - file);
	char dir[PATH_MAX];
	struct stat parent;

	snprintf(dir, sizeof(dir), "%.*s/.", dir_size, file);
	if (!stat(dir, &parent) && !(st->st_mode & S_IWOTH) && !(parent.st_mode & S_IWOTH) &&
	    (!st->st_uid || st->st_uid == nk_trust_uid()) &&
	    (!parent.st_uid || parent.st_uid == nk_trust_uid()))
		return 0;
	nk_error_set(
		err, NK_CODE_CONFIG, EPERM, "the IPAM plugin is not trusted",
		"IPAM plugin %.64s (command %s): %.1024s, or its directory, belongs to another "
		"user or is writable by others",
		call->type, call->command, file);
	return nk_error_remedy(
		err,
		"find out who installed it. If you trust the file, make root the owner of both, "
		"and remove write permission for others (chown root, chmod o-w)");
}

int nk_delegate_find(const struct nk_delegate *call, char ret[PATH_MAX], struct nk_error *err)
{
	const char *path = call->path ? call->path : "", *dir, *end;
	struct stat st;
	int size;

	if (!nk_delegate_is_name(call->type))
		return nk_error_config(err, "ipam.type: \"%.64s\" is not the file name of a plugin",
				       call->type);
	for (dir = path; *dir; dir = end + (*end == ':')) {
		end = strchrnul(dir, ':');
		if (end == dir)
			continue;
		size = snprintf(ret, PATH_MAX, "%.*s/%s", (int)(end - dir), dir, call->type);
		if (size < PATH_MAX && !stat(ret, &st) && S_ISREG(st.st_mode))
			return call->trusted_only ? check_trust(call, ret, &st, err) : 0;
	}
	nk_error_set(err, NK_CODE_CONFIG, ENOENT, "the IPAM plugin does not exist",
		     "IPAM plugin %.64s: not found in %.1024s", call->type,
		     *path ? path : "CNI_PATH, which is empty");
	return nk_error_remedy(
		err, "install the plugin in a directory of CNI_PATH, or correct ipam.type");
}
