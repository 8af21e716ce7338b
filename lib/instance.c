// SPDX-License-Identifier: Apache-2.0
/* instance.c - another bpffs on which nk-cni has a NIC already */
#include "instance.h"

#include "error.h"
#include "nicdir.h"
#include "prog.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "banned.h"

struct search {
	const struct nk_nicid *id;
	uint32_t prog_id;
	char mount[NK_BPFFS_SIZE]; /* the one that is looked through */
	char found[NK_PATH_SIZE];  /* the directory, or empty */
};

static int compare(const char *name, void *data, struct nk_error *err)
{
	struct search *search = data;
	struct nk_prog_link link;
	struct nk_nicdir dir;
	struct nk_nicid id;
	char path[NK_PATH_SIZE];

	nk_nicdir_init(search->mount, name, &dir);
	nk_nicdir_pin(&dir, NK_NICDIR_ID, path);
	if ((!nk_nicid_get(path, &id, err) && nk_nicid_same(&id, search->id)) ||
	    (search->prog_id && !nk_prog_link(&dir, &link, err) && link.prog_id == search->prog_id))
		memcpy(search->found, dir.path, sizeof(search->found));
	return 0;
}

/* unescape() - "\040" of mountinfo, in place */
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

/* is_same_fs() - another mount of our own bpffs shows our own directories */
static bool is_same_fs(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev;
}

/* look_at() - one line of mountinfo: proc(5) */
static void look_at(const char *line, const char *bpffs, struct search *search)
{
	struct nk_error none = { 0 };
	char mount[NK_PATH_SIZE];
	const char *type = strstr(line, " - ");

	if (!type || strncmp(type, " - bpf ", 7) != 0 ||
	    sscanf(line, "%*s %*s %*s %*s %511s", mount) != 1)
		return;
	unescape(mount);
	if (strlen(mount) >= sizeof(search->mount) || is_same_fs(mount, bpffs))
		return;
	memcpy(search->mount, mount, strlen(mount) + 1);
	(void)nk_nicdir_each(search->mount, compare, search, &none);
}

static void find(const char *bpffs, struct search *search)
{
	FILE *list = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;

	while (list && !*search->found && getline(&line, &size, list) > 0)
		look_at(line, bpffs, search);
	free(line);
	if (list)
		fclose(list);
}

int nk_instance_refuse(const struct nk_nic *nic, const struct nk_nicid *id, const char *bpffs,
		       uint32_t prog_id, struct nk_error *err)
{
	struct search search = { .id = id, .prog_id = prog_id };
	char program[48] = "";

	find(bpffs, &search);
	if (prog_id)
		snprintf(program, sizeof(program), ", its XDP program is %u", prog_id);
	nk_error_set(err, NK_CODE_BPF, EBUSY, "another nk-cni has the NIC",
		     "%s is not known below %s/nk-cni, but at %s%s", nic->name, bpffs,
		     *search.found ? search.found : "a bpffs that is not mounted here", program);
	if (*search.found)
		nk_error_remedy(
			err,
			"give all networks of a NIC one \"bpffs\": %s; or end the Pods there, "
			"and then: nk-cni release --bpffs %s %s",
			search.mount, search.mount, NK_QUOTED(nic->name));
	else
		nk_error_remedy(
			err,
			"give all networks of a NIC one \"bpffs\"; what else holds it is in a "
			"container's mount namespace (grep -l ' - bpf ' /proc/[0-9]*/mountinfo), "
			"or was pinned on a bpffs that was emptied or unmounted while a program "
			"had it open");
	return -EBUSY;
}
