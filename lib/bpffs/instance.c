// SPDX-License-Identifier: Apache-2.0
/* instance.c - find the other bpffs on which nk-cni has a NIC */
#include "bpffs/instance.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "bpffs/nicdir.h"
#include "bpffs/prog_info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/banned.h"

struct search {
	const struct nk_nicid *id;
	uint32_t prog_id;
	char mount[NK_BPFFS_SIZE]; /* being searched */
	char found[NK_PATH_SIZE];  /* the directory, or empty */
};

static void compare_dir(struct search *search, const char *name)
{
	struct nk_error none = { 0 };
	struct nk_prog_link link;
	struct nk_nicdir dir;
	struct nk_nicid id;

	nk_nicdir_init(search->mount, name, &dir);
	if ((!nk_nicid_get(&dir, &id, &none) && nk_nicid_same(&id, search->id)) ||
	    (search->prog_id && !nk_prog_link(&dir, &link, &none) &&
	     link.prog_id == search->prog_id))
		memcpy(search->found, dir.path, sizeof(search->found));
}

/* unescape() - replace "\040" and the like, in place */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && strlen(text) > 3) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* is_same_fs() - is it another mount of our own bpffs, with our own directories? */
static bool is_same_fs(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev;
}

/* search_mount() - @line: of mountinfo, see proc(5) */
static void search_mount(const char *line, const char *bpffs, struct search *search)
{
	struct nk_nicdir_list nics cleanup_list = { 0 };
	struct nk_error none = { 0 };
	uint32_t i;
	char mount[NK_PATH_SIZE];
	const char *type = strstr(line, " - ");

	if (!type || strncmp(type, " - bpf ", 7) != 0 ||
	    sscanf(line, "%*s %*s %*s %*s %511s", mount) != 1)
		return;
	unescape(mount);
	if (strlen(mount) >= sizeof(search->mount) || is_same_fs(mount, bpffs))
		return;
	memcpy(search->mount, mount, strlen(mount) + 1);
	(void)nk_nicdir_read(search->mount, &nics, &none);
	for (i = 0; i < nics.count; i++)
		compare_dir(search, nics.at[i]);
}

static void search_mounts(const char *bpffs, struct search *search)
{
	FILE *list = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;

	while (list && !*search->found && getline(&line, &size, list) > 0)
		search_mount(line, bpffs, search);
	free(line);
	if (list)
		fclose(list);
}

int nk_instance_refuse(const struct nk_nic *nic, const struct nk_nicid *id, const char *bpffs,
		       uint32_t prog_id, struct nk_error *err)
{
	struct search search = { .id = id, .prog_id = prog_id };
	char program[48] = "";

	search_mounts(bpffs, &search);
	if (prog_id)
		snprintf(program, sizeof(program), "; its XDP program has id %u", prog_id);
	nk_error_set(err, NK_CODE_BPF, EBUSY, "another nk-cni has the NIC",
		     "%s has no directory below %s/nk-cni, but has one %s%s%s", nic->name, bpffs,
		     *search.found ? "at " : "on a bpffs that is not mounted here", search.found,
		     program);
	if (*search.found)
		nk_error_remedy(
			err,
			"use one \"bpffs\" for all networks of a NIC: %s; or end the Pods there, "
			"then run: nk-cni release --bpffs %s %s",
			search.mount, search.mount, NK_QUOTED(nic->name));
	else
		nk_error_remedy(
			err,
			"use one \"bpffs\" for all networks of a NIC. The other one may be in the "
			"mount namespace of a container (grep -l ' - bpf ' "
			"/proc/[0-9]*/mountinfo). If it was emptied or unmounted, end the Pods "
			"whose processes have its maps open (\"bpftool map show\" lists their "
			"pids)");
	return -EBUSY;
}
