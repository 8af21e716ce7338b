// SPDX-License-Identifier: Apache-2.0
/* prog_pins.c - the pins of the running program's maps, if somebody has removed them */
#include "bpffs/prog_pins.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "bpffs/nicdir.h"
#include "bpffs/prog_info.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "base/banned.h"

/* Each is also the name of its map. */
static const char *const pins[] = {
	NK_PIN_QUEUES, NK_PIN_STATS, NK_PIN_XSKS, NK_PIN_NEIGH, NK_PIN_CALLS, NK_PIN_VLANS,
};
#define PINS (sizeof(pins) / sizeof(pins[0]))

/* open_lost() - open the map that has no pin at @path. Return: an fd; -ENOENT: it has one, or the program has no
 * such map; or another negative errno
 */
static int open_lost(uint32_t prog_id, const char *name, const char *path, struct nk_error *err)
{
	if (!access(path, F_OK) || errno != ENOENT)
		return -ENOENT;
	return nk_prog_open_map(prog_id, name, err);
}

int nk_prog_restore_pins(const struct nk_nicdir *dir, struct nk_error *err)
{
	struct nk_prog_link link;
	char path[NK_PATH_SIZE];
	unsigned int i;
	int rc = nk_prog_link(dir, &link, err);

	for (i = 0; !rc && link.ifindex && i < PINS; i++) {
		int fd cleanup_close = -1;

		nk_nicdir_pin(dir, pins[i], path);
		fd = open_lost(link.prog_id, pins[i], path, err);
		if (fd >= 0 && bpf_obj_pin(fd, path))
			rc = nk_error_sys(err, NK_CODE_BPF, "cannot pin a map", "BPF_OBJ_PIN %s",
					  path);
		else if (fd < 0 && fd != -ENOENT)
			rc = fd;
	}
	return rc;
}

int nk_prog_check_pins(const struct nk_nicdir *dir, uint32_t prog_id, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	unsigned int i;

	for (i = 0; i < PINS; i++) {
		int fd cleanup_close = -1;

		nk_nicdir_pin(dir, pins[i], path);
		fd = open_lost(prog_id, pins[i], path, err);
		if (fd >= 0)
			return nk_error_set(err, NK_CODE_CHECK, ENOENT,
					    "CHECK: a map of the XDP program is gone",
					    "%s: expected a pinned map, found ENOENT", path);
		if (fd != -ENOENT)
			return fd;
	}
	return 0;
}
