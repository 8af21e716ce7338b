// SPDX-License-Identifier: Apache-2.0
/* prog.c - the XDP program of a NIC; the only user of the BPF skeleton */
#include "prog.h"

#include "cleanup.h"
#include "error.h"
#include "nicdir.h"
#include "policy.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nk.skel.h"
#include "nk_shared.h"
#include "text.h"

#include "banned.h"

/* The end of what libbpf wrote, newlines as blanks: the verifier's last words, if a load fails. */
static char libbpf_log[512];

static int keep_log(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[256];
	size_t used = strlen(libbpf_log), n, drop;

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = ' ';
	n = strlen(line);
	drop = used + n < sizeof(libbpf_log) ? 0 : used + n - sizeof(libbpf_log) + 1;
	memmove(libbpf_log, libbpf_log + drop, used - drop + 1);
	memcpy(libbpf_log + used - drop, line, n + 1);
	return 0;
}

/* The NIC's own pins beside the link, with the map of the skeleton that each one holds. */
static const struct {
	const char *name;
	bool per_queue; /* one entry for each queue of the NIC; else as many as the program says */
	bool is_new;	/* the program of version 1 has none */
} map_pins[] = {
	{ "queues", true, false }, { "stats", true, false },  { "xsks", true, false },
	{ "neigh", false, false }, { "calls", false, false }, { "vlans", true, true },
};
#define MAP_PINS (sizeof(map_pins) / sizeof(map_pins[0]))

static struct bpf_map *skel_map(struct nk_bpf *skel, unsigned int i)
{
	struct bpf_map *const maps[MAP_PINS] = { skel->maps.queues, skel->maps.stats,
						 skel->maps.xsks,   skel->maps.neigh,
						 skel->maps.calls,  skel->maps.vlans };

	return maps[i];
}

static int cannot_look(struct nk_error *err, const char *what, const char *path)
{
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot look at the XDP link", "%s %s: %s",
			    what, path, nk_errno_name(errno));
}

int nk_prog_link(const struct nk_nicdir *dir, struct nk_prog_link *ret, struct nk_error *err)
{
	struct bpf_link_info info = { 0 };
	char path[NK_PATH_SIZE];
	uint32_t size = sizeof(info);
	int fd cleanup_close = -1;

	*ret = (struct nk_prog_link){ 0 };
	nk_nicdir_pin(dir, "link", path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : cannot_look(err, "BPF_OBJ_GET", path);
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return cannot_look(err, "BPF_OBJ_GET_INFO_BY_FD", path);
	if (info.type != BPF_LINK_TYPE_XDP)
		return nk_error_set(err, NK_CODE_BPF, EPROTO, "cannot look at the XDP link",
				    "%s is no XDP link", path);
	*ret = (struct nk_prog_link){
		.pinned = true,
		.id = info.id,
		.ifindex = info.xdp.ifindex,
		.prog_id = info.prog_id,
	};
	return 0;
}

static int unreadable(struct nk_error *err, const char *what, uint32_t id)
{
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot read the XDP program's version",
			    "%s %u: %s", what, id, nk_errno_name(errno));
}

/* read_version() - of the read-only data of a program, of which the version is the first. Return: 1,
 * 0 for any other map, or a negative errno
 */
static int read_version(uint32_t map_id, uint32_t *ret, struct nk_error *err)
{
	int fd cleanup_close = bpf_map_get_fd_by_id(map_id);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info), key = 0;
	uint8_t value[64] = { 0 };
	const char *dot;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return unreadable(err, "map", map_id);
	dot = strchr(info.name, '.');
	if (!dot || strcmp(dot, ".rodata") != 0 || info.value_size < sizeof(*ret) ||
	    info.value_size > sizeof(value))
		return 0;
	if (bpf_map_lookup_elem(fd, &key, value))
		return unreadable(err, "map", map_id);
	memcpy(ret, value, sizeof(*ret));
	return 1;
}

/* What a loaded program uses. */
struct prog_maps {
	struct bpf_prog_info info;
	uint32_t ids[16];
};

static int read_maps(int prog, struct prog_maps *ret)
{
	uint32_t size = sizeof(ret->info);

	*ret = (struct prog_maps){ .info = { .nr_map_ids = 16 } };
	ret->info.map_ids = (uintptr_t)ret->ids;
	if (bpf_obj_get_info_by_fd(prog, &ret->info, &size))
		return -errno;
	if (ret->info.nr_map_ids > 16)
		ret->info.nr_map_ids = 16;
	return 0;
}

static int version_of(int prog, uint32_t prog_id, uint32_t *ret, struct nk_error *err)
{
	struct prog_maps maps;
	uint32_t i;
	int rc = 0;

	if (prog < 0 || read_maps(prog, &maps))
		return unreadable(err, "program", prog_id);
	for (i = 0; i < maps.info.nr_map_ids && !rc; i++)
		rc = read_version(maps.ids[i], ret, err);
	return rc < 0 ? rc : 0;
}

int nk_prog_version(const struct nk_nicdir *dir, uint32_t *ret, struct nk_error *err)
{
	struct nk_prog_link link = { 0 };
	int prog cleanup_close = -1, tries, rc;

	*ret = 0;
	for (tries = 0; tries < 3 && prog < 0; tries++) { /* it may be replaced while we look */
		rc = nk_prog_link(dir, &link, err);
		if (rc || !link.ifindex)
			return rc ? rc : -ENOENT;
		prog = bpf_prog_get_fd_by_id(link.prog_id);
	}
	return version_of(prog, link.prog_id, ret, err);
}

/* has_map() - does a program use a map of this name? Return: 1, 0, or a negative errno */
static int has_map(const struct prog_maps *maps, const char *name)
{
	struct bpf_map_info info;
	uint32_t i, size;

	for (i = 0; i < maps->info.nr_map_ids; i++) {
		int fd cleanup_close = bpf_map_get_fd_by_id(maps->ids[i]);

		info = (struct bpf_map_info){ 0 };
		size = sizeof(info);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
			return -errno;
		if (!strcmp(info.name, name))
			return 1;
	}
	return 0;
}

int nk_prog_is_ours(uint32_t prog_id, uint32_t *ret_version, struct nk_error *err)
{
	int prog cleanup_close = bpf_prog_get_fd_by_id(prog_id);
	struct prog_maps maps;
	int rc;

	*ret_version = 0;
	if (prog < 0 || read_maps(prog, &maps))
		return unreadable(err, "program", prog_id);
	if (strcmp(maps.info.name, "nk_redirect") != 0)
		return 0;
	rc = has_map(&maps, "xsks");
	if (rc > 0)
		rc = has_map(&maps, "queues");
	if (rc < 0)
		return unreadable(err, "maps of program", prog_id);
	if (!rc)
		return 0;
	rc = version_of(prog, prog_id, ret_version, err);
	return rc ? rc : 1;
}

static void prog_name(uint32_t id, char *buf, size_t size)
{
	int fd cleanup_close = bpf_prog_get_fd_by_id(id);
	struct bpf_prog_info info = { 0 };
	uint32_t info_size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &info_size))
		snprintf(buf, size, "of unknown name");
	else
		snprintf(buf, size, "\"%.16s\"", info.name);
}

/* has_link() - is a program attached by a link, and not by netlink? */
static bool has_link(uint32_t prog_id)
{
	struct bpf_link_info info;
	uint32_t id = 0, size;
	bool found = false;
	int fd;

	while (!found && !bpf_link_get_next_id(id, &id)) {
		fd = bpf_link_get_fd_by_id(id);
		info = (struct bpf_link_info){ 0 };
		size = sizeof(info);
		found = fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) &&
			info.type == BPF_LINK_TYPE_XDP && info.prog_id == prog_id;
		if (fd >= 0)
			close(fd);
	}
	return found;
}

int nk_prog_refuse_foreign(const struct nk_nic *nic, struct nk_error *err)
{
	char name[32];

	prog_name(nic->xdp_prog_id, name, sizeof(name));
	nk_error_set(err, NK_CODE_BPF, EBUSY, "another XDP program is on the NIC",
		     "%s has XDP program %s, id %u, which is not nk-cni's, attached %s", nic->name,
		     name, nic->xdp_prog_id,
		     has_link(nic->xdp_prog_id) ? "by a bpf_link" : "by netlink");
	nk_error_remedy(err,
			"it may serve others: \"bpftool prog show id %u\" says what it is. Set "
			"\"xsk\": {\"map\": false} to lease queues without XDP, or name another "
			"NIC; only whoever attached it can say whether it may go",
			nic->xdp_prog_id);
	return -EBUSY;
}

int nk_prog_check_none(const struct nk_nic *nic, struct nk_error *err)
{
	uint32_t version;
	char name[32];
	int rc = nic->xdp_prog_id ? nk_prog_is_ours(nic->xdp_prog_id, &version, err) : 0;

	if (rc < 0 || !nic->xdp_prog_id)
		return rc;
	prog_name(nic->xdp_prog_id, name, sizeof(name));
	nk_error_set(err, NK_CODE_BPF, EBUSY, "XDP and header split exclude each other",
		     "%s has XDP program %s, id %u, which is %snk-cni's, attached %s", nic->name,
		     name, nic->xdp_prog_id, rc ? "" : "not ",
		     has_link(nic->xdp_prog_id) ? "by a bpf_link" : "by netlink");
	if (rc)
		nk_error_remedy(err,
				"nk-cni release %s, when no Pod has queues of it, and \"xdp\": "
				"{\"keep\": false} in its networks with a map",
				NK_QUOTED(nic->name));
	else
		nk_error_remedy(err, "use another NIC for \"rings\": nk-cni takes no program of "
				     "others off");
	return -EBUSY;
}

/* What loading the skeleton is about. */
struct loading {
	const struct nk_nicdir *dir;
	const struct nk_nic *nic;
	struct nk_bpf *skel;
	bool running; /* a program is on the NIC, and has the pinned maps */
};

/* is_usable() - is a pinned map what the program of this build expects? Return: 1, 0, or a negative
 * errno
 */
static int is_usable(int fd, const struct bpf_map *map, uint32_t entries)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	return info.type == bpf_map__type(map) && info.max_entries == entries &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map);
}

static int refuse_map(const struct loading *loading, const char *path, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_BPF, EPROTO, "the XDP program on the NIC is of another kind",
		     "%s is not as this nk-cni knows it", path);
	nk_error_remedy(
		err,
		"the Pods that have queues of %s go on with it; when all of them have ended: "
		"nk-cni release %s",
		loading->nic->name, NK_QUOTED(loading->nic->name));
	return -EPROTO;
}

/* take_over() - a map that is pinned. One that does not fit, and that nothing runs with, is of a NIC that
 * was replaced.
 */
static int take_over(const struct loading *loading, struct bpf_map *map, int fd, uint32_t entries,
		     const char *path, struct nk_error *err)
{
	int rc = is_usable(fd, map, entries);

	if (!rc && loading->running)
		return refuse_map(loading, path, err);
	if (rc > 0)
		rc = bpf_map__reuse_fd(map, fd);
	else if (!rc && unlink(path))
		rc = -errno;
	else if (!rc)
		rc = bpf_map__set_max_entries(map, entries);
	return rc ? nk_error_set(err, NK_CODE_BPF, -rc, "cannot prepare a map", "%s: %s", path,
				 nk_errno_name(-rc)) :
		    0;
}

/* reuse_or_size() - keep a pinned map, for attachments and a program that runs have entries in it. Only
 * one that is known to be missing is made anew: beside a program that runs, one that its version did
 * not have.
 */
static int reuse_or_size(const struct loading *loading, unsigned int i, struct nk_error *err)
{
	struct bpf_map *map = skel_map(loading->skel, i);
	const uint32_t entries = map_pins[i].per_queue ? loading->nic->num_rx_queues :
							 bpf_map__max_entries(map);
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1, rc;

	nk_nicdir_pin(loading->dir, map_pins[i].name, path);
	fd = bpf_obj_get(path);
	if (fd >= 0)
		return take_over(loading, map, fd, entries, path, err);
	if (errno != ENOENT || (loading->running && map_pins[i].per_queue && !map_pins[i].is_new))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot open a map of the NIC",
				    "BPF_OBJ_GET %s: %s", path, nk_errno_name(errno));
	rc = bpf_map__set_max_entries(map, entries);
	return rc ? nk_error_set(err, NK_CODE_BPF, -rc, "cannot prepare a map", "%s: %s", path,
				 nk_errno_name(-rc)) :
		    0;
}

/* load() - program and maps into the kernel, those that there are already taken over */
static int load(const struct loading *loading, struct nk_error *err)
{
	struct nk_bpf *skel = loading->skel;
	unsigned int i;
	int rc = 0;

	skel->rodata->bpf_metadata_nk_version = NK_PROG_VERSION;
	for (i = 0; i < MAP_PINS && !rc; i++)
		rc = reuse_or_size(loading, i, err);
	if (rc)
		return rc;
	/* Attached for one NIC by link, so the expected type must be told at load; and of a program
	 * array all must be of one type.
	 */
	rc = bpf_program__set_expected_attach_type(skel->progs.nk_redirect, BPF_XDP);
	if (!rc)
		rc = bpf_program__set_expected_attach_type(skel->progs.nk_resume, BPF_XDP);
	if (!rc)
		rc = nk_bpf__load(skel);
	if (rc)
		return nk_error_set(err, NK_CODE_BPF, -rc, "cannot load the XDP program", "%s%s",
				    libbpf_log, nk_errno_name(-rc));
	return 0;
}

static int pin_maps(const struct nk_nicdir *dir, struct nk_bpf *skel, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	unsigned int i;

	for (i = 0; i < MAP_PINS; i++) {
		nk_nicdir_pin(dir, map_pins[i].name, path);
		if (!access(path, F_OK))
			continue; /* reused */
		if (bpf_obj_pin(bpf_map__fd(skel_map(skel, i)), path))
			return nk_error_set(err, NK_CODE_BPF, errno, "cannot pin a map",
					    "BPF_OBJ_PIN %s: %s", path, nk_errno_name(errno));
	}
	return 0;
}

/* enter_resume() - where a policy program sends what may go on */
static int enter_resume(struct nk_bpf *skel, struct nk_error *err)
{
	const uint32_t slot = NK_CALL_RESUME;
	int prog = bpf_program__fd(skel->progs.nk_resume);

	if (bpf_map_update_elem(bpf_map__fd(skel->maps.calls), &slot, &prog, BPF_ANY))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot prepare a map",
				    "enter nk_resume in calls: %s", nk_errno_name(errno));
	return 0;
}

/* ask_why() - a link that cannot be made has its errno alone; the same attach by netlink says the driver's
 * reason. Should that be taken after all, it goes off at once: without a link nobody would find it.
 */
static const char *ask_why(const struct nk_nic *nic, int prog)
{
	static const char mark[] = "Kernel error message: ";
	LIBBPF_OPTS(bpf_xdp_attach_opts, ours, .old_prog_fd = prog);
	const char *said;
	size_t used;

	*libbpf_log = '\0';
	if (!bpf_xdp_attach((int)nic->ifindex, prog,
			    XDP_FLAGS_UPDATE_IF_NOEXIST | XDP_FLAGS_DRV_MODE, NULL)) {
		(void)bpf_xdp_detach((int)nic->ifindex, XDP_FLAGS_DRV_MODE, &ours);
		return "";
	}
	for (used = strlen(libbpf_log); used && libbpf_log[used - 1] == ' '; used--)
		libbpf_log[used - 1] = '\0';
	said = strstr(libbpf_log, mark);
	return said ? said + sizeof(mark) - 1 : "";
}

static int refuse_attach(const struct nk_nic *nic, int prog, int sys, struct nk_error *err)
{
	const bool busy = sys == EBUSY || sys == EEXIST;
	const char *why = busy ? "" : ask_why(nic, prog);

	nk_error_set(err, NK_CODE_BPF, sys, "cannot attach the XDP program",
		     "BPF_LINK_CREATE on %s, native mode: %s%s%s", nic->name, nk_errno_name(sys),
		     *why ? ": " : "", why);
	if (busy)
		nk_error_remedy(err,
				"another XDP program or a memory provider (io_uring, devmem) holds "
				"%s",
				nic->name);
	else if (nic->mtu > 1500)
		nk_error_remedy(
			err,
			"the MTU of %s is %u, with which many a driver takes no XDP; ip link "
			"set dev %s mtu 1500, if nothing needs more",
			nic->name, nic->mtu, NK_QUOTED(nic->name));
	else
		nk_error_remedy(err,
				"the driver of %s has no native XDP, or not with its present "
				"features (LRO, hardware GRO); dmesg may say",
				nic->name);
	return -sys;
}

static int attach_and_pin(const struct nk_nicdir *dir, const struct nk_nic *nic,
			  struct nk_bpf *skel, struct nk_error *err)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;

	fd = bpf_link_create(bpf_program__fd(skel->progs.nk_redirect), (int)nic->ifindex, BPF_XDP,
			     &opts);
	if (fd < 0)
		return refuse_attach(nic, bpf_program__fd(skel->progs.nk_redirect), errno, err);
	nk_nicdir_pin(dir, "link", path);
	if (bpf_obj_pin(fd, path)) {
		nk_error_set(err, NK_CODE_BPF, errno, "cannot pin the XDP link",
			     "BPF_OBJ_PIN %s: %s", path, nk_errno_name(errno));
		(void)bpf_link_detach(fd); /* now, see nk_prog_detach() */
		return -err->sys;
	}
	return 0;
}

/* replace() - the running program by this build's, without a frame between them */
static int replace(const struct nk_nicdir *dir, const struct nk_nic *nic, struct nk_bpf *skel,
		   struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;

	nk_nicdir_pin(dir, "link", path);
	fd = bpf_obj_get(path);
	if (fd < 0 || bpf_link_update(fd, bpf_program__fd(skel->progs.nk_redirect), NULL))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot replace the XDP program",
				    "BPF_LINK_UPDATE %s on %s: %s", path, nic->name,
				    nk_errno_name(errno));
	return 0;
}

/* install() - load this build's program, enter the policy program that is pinned, and put it on the NIC or
 * in the place of what runs there
 */
static int install(const struct nk_nicdir *dir, const struct nk_nic *nic, bool running,
		   struct nk_error *err)
{
	struct loading loading = { .dir = dir, .nic = nic, .running = running };
	struct nk_bpf *skel;
	int rc;

	libbpf_set_print(keep_log);
	loading.skel = skel = nk_bpf__open();
	if (!skel)
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot open the XDP program", "%s%s",
				    libbpf_log, nk_errno_name(errno));
	rc = load(&loading, err);
	if (!rc)
		rc = pin_maps(dir, skel, err);
	if (!rc)
		rc = enter_resume(skel, err);
	if (!rc) /* from its first frame on; and if it cannot be used, then before anything changes */
		rc = nk_policy_enter(dir, err);
	if (!rc)
		rc = running ? replace(dir, nic, skel, err) : attach_and_pin(dir, nic, skel, err);
	nk_bpf__destroy(skel);
	return rc;
}

/* find_running() - Return: 1 if our program is on the NIC, 0 if not, or a negative errno where that could
 * not be seen, or the link is on another NIC
 */
static int find_running(const struct nk_nicdir *dir, const struct nk_nic *nic, struct nk_error *err)
{
	struct nk_prog_link link;
	int rc = nk_prog_link(dir, &link, err);

	if (rc || !link.ifindex)
		return rc;
	if (link.ifindex == nic->ifindex)
		return 1;
	return nk_error_set(err, NK_CODE_BPF, EBUSY, "the pinned XDP link is another NIC's",
			    "%s/link is on ifindex %u, %s has %u", dir->path, link.ifindex,
			    nic->name, nic->ifindex);
}

/* update() - the program that runs, where it is older. Return: 0 or a negative errno */
static int update(const struct nk_nicdir *dir, const struct nk_nic *nic, struct nk_error *err)
{
	uint32_t version;
	int rc = nk_prog_version(dir, &version, err);

	if (rc == -ENOENT)
		return nk_error_set(err, NK_CODE_BPF, ENOENT, "the XDP program has gone meanwhile",
				    "%s/link is off the NIC", dir->path);
	if (rc)
		return rc;
	return version < NK_PROG_VERSION ? install(dir, nic, true, err) : nk_policy_enter(dir, err);
}

int nk_prog_attach(const struct nk_nicdir *dir, const struct nk_nic *nic, bool *ret_made,
		   struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int rc = find_running(dir, nic, err);

	*ret_made = !rc;
	if (rc)
		return rc < 0 ? rc : update(dir, nic, err);
	nk_nicdir_pin(dir, "link", path);
	if (unlink(path) && errno != ENOENT) /* it has lost its NIC */
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot unpin the XDP link",
				    "unlink %s: %s", path, nk_errno_name(errno));
	return install(dir, nic, false, err);
}

int nk_prog_reload(const struct nk_nicdir *dir, const struct nk_nic *nic, struct nk_error *err)
{
	int rc = find_running(dir, nic, err);

	if (!rc)
		return -ENOENT;
	if (rc > 0)
		rc = install(dir, nic, true, err);
	if (!rc)
		rc = nk_policy_is_pinned(dir, err);
	if (rc)
		return rc < 0 ? rc : 0;
	return nk_policy_leave(dir, err);
}

int nk_prog_detach(const struct nk_nicdir *dir, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;
	unsigned int i;
	int with_policy = nk_policy_is_pinned(dir, err);

	if (with_policy < 0)
		return with_policy;
	/* Dropping the pin would do, but later: the kernel frees an unpinned link in a work item,
	 * and who looks at the NIC meanwhile would find a program that is nobody's.
	 */
	nk_nicdir_pin(dir, "link", path);
	fd = bpf_obj_get(path);
	if (fd < 0 && errno != ENOENT)
		return cannot_look(err, "BPF_OBJ_GET", path);
	if (fd >= 0 && bpf_link_detach(fd) && errno != ENOLINK)
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot detach the XDP program",
				    "BPF_LINK_DETACH %s: %s", path, nk_errno_name(errno));
	if (unlink(path) && errno != ENOENT)
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot unpin the XDP link",
				    "unlink %s: %s", path, nk_errno_name(errno));
	for (i = 0; i < MAP_PINS; i++) {
		if (!strcmp(map_pins[i].name, "calls") && with_policy)
			continue; /* the operator's program knows it, and is to fit the next time */
		nk_nicdir_pin(dir, map_pins[i].name, path);
		if (unlink(path) && errno != ENOENT)
			return nk_error_set(err, NK_CODE_BPF, errno, "cannot unpin a map",
					    "unlink %s: %s", path, nk_errno_name(errno));
	}
	return 0;
}

int nk_prog_check(const struct nk_nicdir *dir, const struct nk_nic *nic, struct nk_error *err)
{
	struct nk_prog_link link;
	int rc = nk_prog_link(dir, &link, err);

	if (rc)
		return rc;
	if (!link.pinned)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the XDP program is gone",
				    "%s/link: expected a pinned XDP link, found ENOENT", dir->path);
	if (link.ifindex != nic->ifindex)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the XDP program is off",
				    "%s/link: expected on ifindex %u (%s), found on %u", dir->path,
				    nic->ifindex, nic->name, link.ifindex);
	if (link.prog_id != nic->xdp_prog_id)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the XDP program is off",
				    "%s: expected XDP program %u, found %u", nic->name,
				    link.prog_id, nic->xdp_prog_id);
	return 0;
}
