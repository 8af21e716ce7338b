// SPDX-License-Identifier: Apache-2.0
/* prog_info.c - which XDP program a NIC has: its link, owner and version */
#include "bpffs/prog_info.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "bpffs/nicdir.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

#define MAPS_MAX 16

static int fail_link(struct nk_error *err, const char *call, const char *path)
{
	return nk_error_sys(err, NK_CODE_BPF, "cannot read the XDP link", "%s %s", call, path);
}

int nk_prog_link(const struct nk_nicdir *dir, struct nk_prog_link *ret, struct nk_error *err)
{
	struct bpf_link_info info = { 0 };
	char path[NK_PATH_SIZE];
	uint32_t size = sizeof(info);
	int fd cleanup_close = -1;

	*ret = (struct nk_prog_link){ 0 };
	nk_nicdir_pin(dir, NK_PIN_LINK, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail_link(err, "BPF_OBJ_GET", path);
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return fail_link(err, "BPF_OBJ_GET_INFO_BY_FD", path);
	if (info.type != BPF_LINK_TYPE_XDP)
		return nk_error_set(err, NK_CODE_BPF, EPROTO, "cannot read the XDP link",
				    "%s is not an XDP link", path);
	*ret = (struct nk_prog_link){
		.pinned = true,
		.id = info.id,
		.ifindex = info.xdp.ifindex,
		.prog_id = info.prog_id,
	};
	return 0;
}

static int fail_program(struct nk_error *err, const char *what, uint32_t id)
{
	return nk_error_sys(err, NK_CODE_BPF, "cannot read the XDP program", "%s %u", what, id);
}

/* read_version() - the version is the first variable in the read-only data of a program.
 *
 * Return: 1; 0: the map is not read-only data; or a negative errno
 */
static int read_version(uint32_t map_id, uint32_t *ret, struct nk_error *err)
{
	int fd cleanup_close = bpf_map_get_fd_by_id(map_id);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info), key = 0;
	uint8_t value[64] = { 0 };
	const char *dot;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return fail_program(err, "map", map_id);
	dot = strchr(info.name, '.');
	if (!dot || strcmp(dot, ".rodata") != 0 || info.value_size < sizeof(*ret) ||
	    info.value_size > sizeof(value))
		return 0;
	if (bpf_map_lookup_elem(fd, &key, value))
		return fail_program(err, "map", map_id);
	memcpy(ret, value, sizeof(*ret));
	return 1;
}

/* A loaded program and the maps that it uses. */
struct prog_maps {
	struct bpf_prog_info info;
	uint32_t ids[MAPS_MAX];
};

static int read_maps(int prog, struct prog_maps *ret)
{
	uint32_t size = sizeof(ret->info);

	*ret = (struct prog_maps){ .info = { .nr_map_ids = MAPS_MAX } };
	ret->info.map_ids = (uintptr_t)ret->ids;
	if (bpf_obj_get_info_by_fd(prog, &ret->info, &size))
		return -errno;
	if (ret->info.nr_map_ids > MAPS_MAX)
		ret->info.nr_map_ids = MAPS_MAX;
	return 0;
}

static int find_version(int prog, uint32_t prog_id, uint32_t *ret, struct nk_error *err)
{
	struct prog_maps maps;
	uint32_t i;
	int rc = 0;

	if (prog < 0 || read_maps(prog, &maps))
		return fail_program(err, "program", prog_id);
	for (i = 0; i < maps.info.nr_map_ids && !rc; i++)
		rc = read_version(maps.ids[i], ret, err);
	return rc < 0 ? rc : 0;
}

int nk_prog_version(const struct nk_nicdir *dir, uint32_t *ret, struct nk_error *err)
{
	struct nk_prog_link link = { 0 };
	int prog cleanup_close = -1, tries, rc;

	*ret = 0;
	for (tries = 0; tries < 3 && prog < 0; tries++) { /* it may be replaced meanwhile */
		rc = nk_prog_link(dir, &link, err);
		if (rc || !link.ifindex)
			return rc ? rc : -ENOENT;
		prog = bpf_prog_get_fd_by_id(link.prog_id);
	}
	return find_version(prog, link.prog_id, ret, err);
}

/* find_map() - open the map of that name. Return: an fd, -ENOENT, or another negative errno */
static int find_map(const struct prog_maps *maps, const char *name)
{
	struct bpf_map_info info;
	uint32_t i, size;

	for (i = 0; i < maps->info.nr_map_ids; i++) {
		int fd cleanup_close = bpf_map_get_fd_by_id(maps->ids[i]);

		info = (struct bpf_map_info){ 0 };
		size = sizeof(info);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
			return errno == ENOENT ? -ESTALE : -errno;
		if (!strcmp(info.name, name))
			return nk_steal_fd(&fd);
	}
	return -ENOENT;
}

/* has_map() - does a program use a map of that name? Return: 1, 0, or a negative errno */
static int has_map(const struct prog_maps *maps, const char *name)
{
	int fd cleanup_close = find_map(maps, name);

	return fd >= 0 ? 1 : fd == -ENOENT ? 0 : fd;
}

int nk_prog_open_map(uint32_t prog_id, const char *name, struct nk_error *err)
{
	int prog cleanup_close = bpf_prog_get_fd_by_id(prog_id);
	struct prog_maps maps;
	int fd;

	if (prog < 0 || read_maps(prog, &maps))
		return fail_program(err, "program", prog_id);
	fd = find_map(&maps, name);
	return fd >= 0 || fd == -ENOENT ? fd : fail_program(err, "maps of program", prog_id);
}

int nk_prog_is_ours(uint32_t prog_id, uint32_t *ret_version, struct nk_error *err)
{
	int prog cleanup_close = bpf_prog_get_fd_by_id(prog_id);
	struct prog_maps maps;
	int rc;

	*ret_version = 0;
	if (prog < 0 || read_maps(prog, &maps))
		return fail_program(err, "program", prog_id);
	if (strcmp(maps.info.name, "nk_redirect") != 0)
		return 0;
	rc = has_map(&maps, "xsks");
	if (rc > 0)
		rc = has_map(&maps, "queues");
	if (rc < 0)
		return fail_program(err, "maps of program", prog_id);
	if (!rc)
		return 0;
	rc = find_version(prog, prog_id, ret_version, err);
	return rc ? rc : 1;
}

static void print_name(uint32_t id, char *buf, size_t size)
{
	int fd cleanup_close = bpf_prog_get_fd_by_id(id);
	struct bpf_prog_info info = { 0 };
	uint32_t info_size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &info_size))
		snprintf(buf, size, "of unknown name");
	else
		snprintf(buf, size, "\"%.16s\"", info.name);
}

/* has_link() - is a program attached by a link, or else by netlink? */
static bool has_link(uint32_t prog_id)
{
	struct bpf_link_info info;
	uint32_t id = 0, size;

	while (!bpf_link_get_next_id(id, &id)) {
		int fd cleanup_close = bpf_link_get_fd_by_id(id);

		info = (struct bpf_link_info){ 0 };
		size = sizeof(info);
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) &&
		    info.type == BPF_LINK_TYPE_XDP && info.prog_id == prog_id)
			return true;
	}
	return false;
}

static int refuse_program(const struct nk_nic *nic, const char *msg, bool ours,
			  struct nk_error *err)
{
	char name[32];

	print_name(nic->xdp_prog_id, name, sizeof(name));
	return nk_error_set(err, NK_CODE_BPF, EBUSY, msg,
			    "%s has XDP program %s, id %u, of %s, attached %s", nic->name, name,
			    nic->xdp_prog_id, ours ? "nk-cni" : "another owner",
			    has_link(nic->xdp_prog_id) ? "by a bpf_link" : "by netlink");
}

int nk_prog_refuse_foreign(const struct nk_nic *nic, struct nk_error *err)
{
	int rc = refuse_program(nic, "another XDP program is on the NIC", false, err);

	nk_error_remedy(err,
			"it may serve other software: \"bpftool prog show id %u\" describes "
			"it. Use another NIC, or ask the owner of the program to detach it. If "
			"the Pod uses neither AF_XDP nor header split, set \"xsk\": {\"map\": "
			"false} and leave \"rings\" out",
			nic->xdp_prog_id);
	return rc;
}
