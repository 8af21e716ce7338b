// SPDX-License-Identifier: Apache-2.0
/* policy.c - the operator's own XDP program: found by its pin, entered in the program array */
#include "policy.h"

#include "cleanup.h"
#include "error.h"
#include "nicdir.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/types.h>
#include <stdint.h>
#include <unistd.h>

#include "nk_shared.h"

#include "banned.h"

bool nk_policy_is_pinned(const struct nk_nicdir *dir)
{
	char path[NK_PATH_SIZE];

	nk_nicdir_pin(dir, "policy", path);
	return !access(path, F_OK);
}

static int refused(struct nk_error *err, const char *path, int sys)
{
	nk_error_set(err, NK_CODE_BPF, sys, "the policy program cannot be used", "%s: %s", path,
		     nk_errno_name(sys));
	if (sys == EINVAL)
		nk_error_remedy(err, "it has to be an XDP program that was loaded for frames of "
				     "several buffers: SEC(\"xdp.frags\")");
	return -sys;
}

/* knows() - does a program use this map? */
static bool knows(int prog, int map)
{
	uint32_t ids[64] = { 0 }, size = sizeof(struct bpf_prog_info), i;
	struct bpf_prog_info info = { .nr_map_ids = 64, .map_ids = (uintptr_t)ids };
	struct bpf_map_info map_info = { 0 };
	uint32_t map_size = sizeof(map_info);

	if (bpf_obj_get_info_by_fd(prog, &info, &size) ||
	    bpf_obj_get_info_by_fd(map, &map_info, &map_size))
		return false;
	for (i = 0; i < info.nr_map_ids && i < 64; i++)
		if (ids[i] == map_info.id)
			return true;
	return false;
}

static int enter(int calls, int prog, const char *path, const char *calls_path,
		 struct nk_error *err)
{
	const uint32_t slot = NK_CALL_POLICY;

	if (!knows(prog, calls)) {
		nk_error_set(err, NK_CODE_BPF, EINVAL, "the policy program cannot be used",
			     "%s does not use %s, and could let no frame go on", path, calls_path);
		nk_error_remedy(err, "bpftool prog load FILE %s type xdp map name calls pinned %s",
				path, calls_path);
		return -EINVAL;
	}
	return bpf_map_update_elem(calls, &slot, &prog, BPF_ANY) ? refused(err, path, errno) : 0;
}

int nk_policy_enter(const struct nk_nicdir *dir, struct nk_error *err)
{
	const uint32_t slot = NK_CALL_POLICY;
	char path[NK_PATH_SIZE], calls_path[NK_PATH_SIZE];
	int calls cleanup_close = -1, prog cleanup_close = -1;

	nk_nicdir_pin(dir, "calls", calls_path);
	calls = bpf_obj_get(calls_path);
	if (calls < 0)
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot open a map of the NIC",
				    "BPF_OBJ_GET %s: %s", calls_path, nk_errno_name(errno));
	nk_nicdir_pin(dir, "policy", path);
	prog = bpf_obj_get(path);
	if (prog < 0 && errno != ENOENT)
		return refused(err, path, errno);
	if (prog >= 0)
		return enter(calls, prog, path, calls_path, err);
	if (bpf_map_delete_elem(calls, &slot) && errno != ENOENT)
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot change a map of the NIC",
				    "take the policy program out of %s: %s", calls_path,
				    nk_errno_name(errno));
	return 0;
}
