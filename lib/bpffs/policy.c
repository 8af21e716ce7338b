// SPDX-License-Identifier: Apache-2.0
/* policy.c - the operator's own XDP program: find its pin, put it into the program array */
#include "bpffs/policy.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "bpffs/nicdir.h"
#include "bpffs/pinmap.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/types.h>
#include <stdint.h>
#include <unistd.h>

#include "nk_shared.h"

#include "base/banned.h"

int nk_policy_is_pinned(const struct nk_nicdir *dir, struct nk_error *err)
{
	char path[NK_PATH_SIZE];

	nk_nicdir_pin(dir, NK_PIN_POLICY, path);
	if (!access(path, F_OK))
		return 1;
	return errno == ENOENT ? 0 :
				 nk_error_sys(err, NK_CODE_BPF, "cannot look for a policy program",
					      "%s", path);
}

static int refuse(struct nk_error *err, const char *path, int sys)
{
	nk_error_set(err, NK_CODE_BPF, sys, "the policy program cannot be used", "%s: %s", path,
		     nk_errno_name(sys));
	if (sys == EINVAL)
		nk_error_remedy(
			err, "compile it with SEC(\"xdp.frags\"), so that it supports multi-buffer "
			     "frames, and load it again");
	return -sys;
}

/* uses_map() - is it an XDP program that uses this map? */
static bool uses_map(int prog, int map)
{
	uint32_t ids[64] = { 0 }, size = sizeof(struct bpf_prog_info), i;
	struct bpf_prog_info info = { .nr_map_ids = 64, .map_ids = (uintptr_t)ids };
	struct bpf_map_info map_info = { 0 };
	uint32_t map_size = sizeof(map_info);

	if (bpf_obj_get_info_by_fd(prog, &info, &size) || info.type != BPF_PROG_TYPE_XDP ||
	    bpf_obj_get_info_by_fd(map, &map_info, &map_size))
		return false;
	for (i = 0; i < info.nr_map_ids && i < 64; i++)
		if (ids[i] == map_info.id)
			return true;
	return false;
}

static int enter_program(int calls, int prog, const char *path, const char *calls_path,
			 struct nk_error *err)
{
	const uint32_t slot = NK_CALL_POLICY;

	if (!uses_map(prog, calls)) {
		nk_error_set(
			err, NK_CODE_BPF, EINVAL, "the policy program cannot be used",
			"%s is not an XDP program that uses the map %s, so it cannot return frames "
			"to nk-cni's program",
			path, calls_path);
		nk_error_remedy(err,
				"load it with that map: bpftool prog load FILE %s-new type xdp map "
				"name calls pinned %s; then mv %s-new %s",
				path, calls_path, path, path);
		return -EINVAL;
	}
	return bpf_map_update_elem(calls, &slot, &prog, BPF_ANY) ? refuse(err, path, errno) : 0;
}

static int open_calls(const struct nk_nicdir *dir, struct nk_error *err)
{
	return nk_pinmap_open_pin(dir, NK_PIN_CALLS, NULL, err);
}

int nk_policy_enter(const struct nk_nicdir *dir, struct nk_error *err)
{
	char path[NK_PATH_SIZE], calls_path[NK_PATH_SIZE];
	int prog cleanup_close = -1, calls cleanup_close = -1;

	nk_nicdir_pin(dir, NK_PIN_POLICY, path);
	nk_nicdir_pin(dir, NK_PIN_CALLS, calls_path);
	prog = bpf_obj_get(path);
	if (prog < 0)
		return errno == ENOENT ? 0 : refuse(err, path, errno);
	calls = open_calls(dir, err);
	return calls < 0 ? calls : enter_program(calls, prog, path, calls_path, err);
}

int nk_policy_leave(const struct nk_nicdir *dir, struct nk_error *err)
{
	const uint32_t slot = NK_CALL_POLICY;
	int calls cleanup_close = open_calls(dir, err);

	if (calls < 0)
		return calls;
	if (bpf_map_delete_elem(calls, &slot) && errno != ENOENT)
		return nk_error_sys(err, NK_CODE_BPF, "cannot change a pinned BPF map for the NIC",
				    "remove the policy program from %s/" NK_PIN_CALLS, dir->path);
	return 0;
}

int nk_policy_is_active(const struct nk_nicdir *dir, struct nk_error *err)
{
	const uint32_t slot = NK_CALL_POLICY;
	uint32_t prog_id;
	int calls cleanup_close = nk_pinmap_find_pin(dir, NK_PIN_CALLS, NULL, err);

	if (calls < 0)
		return calls == -ENOENT ? 0 : calls;
	if (!bpf_map_lookup_elem(calls, &slot, &prog_id))
		return 1;
	if (errno == ENOENT)
		return 0;
	return nk_error_sys(err, NK_CODE_BPF, "cannot read a pinned BPF map for the NIC",
			    "policy program in %s/" NK_PIN_CALLS, dir->path);
}
