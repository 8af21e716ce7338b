// SPDX-License-Identifier: Apache-2.0
/* prog.c - put our XDP program on a NIC; the only user of the BPF skeleton */
#include "bpffs/prog.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "bpffs/nicdir.h"
#include "bpffs/policy.h"
#include "bpffs/prog_info.h"
#include "bpffs/prog_pins.h"

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

#include "base/banned.h"

/* The end of libbpf's log, with blanks for newlines: if a load fails, the verifier's last words. */
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

/* The pinned maps of the program, in the order of get_map(). */
static const struct {
	const char *name;
	bool per_queue; /* one entry for each queue of the NIC; otherwise as the program declares */
	bool is_new;	/* version 1 of the program lacks it */
} map_pins[] = {
	{ NK_PIN_QUEUES, true, false }, { NK_PIN_STATS, true, false },
	{ NK_PIN_XSKS, true, false },	{ NK_PIN_NEIGH, false, false },
	{ NK_PIN_CALLS, false, false }, { NK_PIN_VLANS, true, true },
};
#define MAP_PINS (sizeof(map_pins) / sizeof(map_pins[0]))

static struct bpf_map *get_map(struct nk_bpf *skel, unsigned int i)
{
	struct bpf_map *const maps[MAP_PINS] = { skel->maps.queues, skel->maps.stats,
						 skel->maps.xsks,   skel->maps.neigh,
						 skel->maps.calls,  skel->maps.vlans };

	return maps[i];
}

/* One load of the skeleton. */
struct loading {
	const struct nk_nicdir *dir;
	const struct nk_nic *nic;
	struct nk_bpf *skel;
	bool running; /* our program is on the NIC and uses the pinned maps */
};

/* is_usable() - has a pinned map the layout that this build's program expects? Return: 1, 0, or a negative errno */
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
	nk_error_set(err, NK_CODE_BPF, EPROTO,
		     "the XDP program on the NIC is of another nk-cni build",
		     "the map %s has another layout than this nk-cni expects", path);
	nk_error_remedy(
		err,
		"the Pods with queues of %s keep running; when all of them have ended, run: "
		"nk-cni release %s",
		loading->nic->name, NK_QUOTED(loading->nic->name));
	return -EPROTO;
}

static int fail_map(struct nk_error *err, int rc, const char *path)
{
	return nk_error_set(err, NK_CODE_BPF, -rc, "cannot prepare a map", "%s: %s", path,
			    nk_errno_name(-rc));
}

/* reuse_map() - Return: 0; -ENOENT (which fills no error): the map did not fit and its pin is removed; or
 * another negative errno. A map that does not fit, and that no program uses, is of a NIC that was replaced.
 */
static int reuse_map(const struct loading *loading, struct bpf_map *map, int fd, uint32_t entries,
		     const char *path, struct nk_error *err)
{
	int rc = is_usable(fd, map, entries);

	if (!rc && loading->running)
		return refuse_map(loading, path, err);
	if (!rc && !unlink(path))
		return -ENOENT;
	if (!rc)
		rc = -errno;
	else if (rc > 0)
		rc = bpf_map__reuse_fd(map, fd);
	return rc ? fail_map(err, rc, path) : 0;
}

/* prepare_map() - reuse a pinned map, which has entries of attachments and of the running program. A map is
 * created only if it is known to be missing, and beside a running program only if its version lacks it.
 */
static int prepare_map(const struct loading *loading, unsigned int i, struct nk_error *err)
{
	struct bpf_map *map = get_map(loading->skel, i);
	const uint32_t entries = map_pins[i].per_queue ? loading->nic->num_rx_queues :
							 bpf_map__max_entries(map);
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1, rc;

	nk_nicdir_pin(loading->dir, map_pins[i].name, path);
	fd = bpf_obj_get(path);
	if (fd < 0 &&
	    (errno != ENOENT || (loading->running && map_pins[i].per_queue && !map_pins[i].is_new)))
		return nk_error_sys(err, NK_CODE_BPF, "cannot open a pinned BPF map for the NIC",
				    "BPF_OBJ_GET %s", path);
	rc = fd < 0 ? -ENOENT : reuse_map(loading, map, fd, entries, path, err);
	if (rc != -ENOENT)
		return rc;
	rc = bpf_map__set_max_entries(map, entries);
	return rc ? fail_map(err, rc, path) : 0;
}

/* load() - load the program, with new maps and those that are pinned */
static int load(const struct loading *loading, struct nk_error *err)
{
	struct nk_bpf *skel = loading->skel;
	unsigned int i;
	int rc = 0;

	skel->rodata->bpf_metadata_nk_version = NK_PROG_VERSION;
	for (i = 0; i < MAP_PINS && !rc; i++)
		rc = prepare_map(loading, i, err);
	if (rc)
		return rc;
	/* A link for one NIC requires the expected attach type at load, and a program array requires
	 * one type of all its programs.
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

static int pin_maps(const struct loading *loading, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	unsigned int i;

	for (i = 0; i < MAP_PINS; i++) {
		nk_nicdir_pin(loading->dir, map_pins[i].name, path);
		if (!access(path, F_OK))
			continue; /* it is reused */
		if (bpf_obj_pin(bpf_map__fd(get_map(loading->skel, i)), path))
			return nk_error_sys(err, NK_CODE_BPF, "cannot pin a map", "BPF_OBJ_PIN %s",
					    path);
	}
	return 0;
}

/* enter_resume() - into the slot that a policy program calls for frames that may go on */
static int enter_resume(struct nk_bpf *skel, struct nk_error *err)
{
	const uint32_t slot = NK_CALL_RESUME;
	int prog = bpf_program__fd(skel->progs.nk_resume);

	if (bpf_map_update_elem(bpf_map__fd(skel->maps.calls), &slot, &prog, BPF_ANY))
		return nk_error_sys(err, NK_CODE_BPF, "cannot prepare a map",
				    "add the continuation program to the map calls");
	return 0;
}

/* ask_why() - BPF_LINK_CREATE returns only an errno. The same attach by netlink returns the driver's reason. If
 * that succeeds after all, the program is removed at once: nobody would find it without a link.
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
		return nk_error_remedy(
			err,
			"another XDP program or a memory provider (io_uring, devmem) uses "
			"%s: use another NIC, or wait until neither uses it",
			nic->name);
	if (nic->mtu > 1500)
		return nk_error_remedy(
			err,
			"the MTU of %s is %u, which many drivers do not support with XDP. If "
			"nothing needs a larger MTU: ip link set dev %s mtu 1500, which may "
			"interrupt the traffic of the NIC",
			nic->name, nic->mtu, NK_QUOTED(nic->name));
	return nk_error_remedy(
		err,
		"the driver of %s does not support native XDP, or not together with a feature that "
		"is on (LRO, hardware GRO). See dmesg",
		nic->name);
}

static int attach_and_pin(const struct loading *loading, struct nk_error *err)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	const struct nk_nic *nic = loading->nic;
	const int prog = bpf_program__fd(loading->skel->progs.nk_redirect);
	int fd cleanup_close = bpf_link_create(prog, (int)nic->ifindex, BPF_XDP, &opts);
	char path[NK_PATH_SIZE];

	if (fd < 0)
		return refuse_attach(nic, prog, errno, err);
	nk_nicdir_pin(loading->dir, NK_PIN_LINK, path);
	if (bpf_obj_pin(fd, path)) {
		nk_error_sys(err, NK_CODE_BPF, "cannot pin the XDP link", "BPF_OBJ_PIN %s", path);
		(void)bpf_link_detach(fd); /* at once, see nk_prog_detach() */
		return -err->sys;
	}
	return 0;
}

/* replace_program() - no frame passes between the old one and the new one */
static int replace_program(const struct loading *loading, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;

	nk_nicdir_pin(loading->dir, NK_PIN_LINK, path);
	fd = bpf_obj_get(path);
	if (fd < 0 || bpf_link_update(fd, bpf_program__fd(loading->skel->progs.nk_redirect), NULL))
		return nk_error_sys(err, NK_CODE_BPF, "cannot replace the XDP program",
				    "BPF_LINK_UPDATE %s on %s", path, loading->nic->name);
	return 0;
}

/* install() - load this build's program, activate the policy program, and put ours on the NIC or in the place
 * of the running one
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
		rc = pin_maps(&loading, err);
	if (!rc)
		rc = enter_resume(skel, err);
	if (!rc) /* before the first frame, and before anything changes if it cannot be used */
		rc = nk_policy_enter(dir, err);
	if (!rc)
		rc = running ? replace_program(&loading, err) : attach_and_pin(&loading, err);
	nk_bpf__destroy(skel);
	return rc;
}

/* find_running() - is our program on the NIC? Return: 1, 0, or a negative errno: also if the link is on another
 * NIC
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
			    "%s/link is on ifindex %u, but %s has ifindex %u", dir->path,
			    link.ifindex, nic->name, nic->ifindex);
}

/* update_program() - replace the running program if it is older */
static int update_program(const struct nk_nicdir *dir, const struct nk_nic *nic,
			  struct nk_error *err)
{
	uint32_t version;
	int rc = nk_prog_version(dir, &version, err);

	if (rc == -ENOENT)
		return nk_error_set(err, NK_CODE_BPF, ENOENT,
				    "the XDP program was removed meanwhile",
				    "%s/link is no longer attached to a NIC", dir->path);
	if (rc)
		return rc;
	return version < NK_PROG_VERSION ? install(dir, nic, true, err) : nk_policy_enter(dir, err);
}

int nk_prog_attach(const struct nk_nicdir *dir, const struct nk_nic *nic, bool *ret_made,
		   struct nk_error *err)
{
	int rc = find_running(dir, nic, err);

	*ret_made = !rc;
	if (rc > 0) {
		rc = nk_prog_restore_pins(dir, err);
		return rc ? rc : update_program(dir, nic, err);
	}
	if (rc)
		return rc;
	rc = nk_nicdir_unpin(dir, NK_PIN_LINK, err); /* of a link that has lost its NIC */
	return rc ? rc : install(dir, nic, false, err);
}

int nk_prog_reload(const struct nk_nicdir *dir, const struct nk_nic *nic, struct nk_error *err)
{
	int rc = find_running(dir, nic, err);

	if (!rc)
		return -ENOENT;
	if (rc > 0)
		rc = nk_prog_restore_pins(dir, err);
	if (!rc)
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
	int fd cleanup_close = -1, rc;
	unsigned int i;
	int with_policy = nk_policy_is_pinned(dir, err);

	if (with_policy < 0)
		return with_policy;
	/* Without its pin, the kernel would free the link later, in a work item. Until then, others
	 * would find a program on the NIC that nobody owns.
	 */
	nk_nicdir_pin(dir, NK_PIN_LINK, path);
	fd = bpf_obj_get(path);
	if ((fd < 0 && errno != ENOENT) || (fd >= 0 && bpf_link_detach(fd) && errno != ENOLINK))
		return nk_error_sys(err, NK_CODE_BPF, "cannot detach the XDP program", "%s %s",
				    fd < 0 ? "BPF_OBJ_GET" : "BPF_LINK_DETACH", path);
	rc = nk_nicdir_unpin(dir, NK_PIN_LINK, err);
	for (i = 0; i < MAP_PINS && !rc; i++) {
		/* The operator's program uses `calls`, and must still fit next time. */
		if (!with_policy || strcmp(map_pins[i].name, NK_PIN_CALLS) != 0)
			rc = nk_nicdir_unpin(dir, map_pins[i].name, err);
	}
	return rc;
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
		return nk_error_set(err, NK_CODE_CHECK, ENOENT,
				    "CHECK: the XDP program is not on the NIC",
				    "%s/link: expected on ifindex %u (%s), found on %u", dir->path,
				    nic->ifindex, nic->name, link.ifindex);
	if (link.prog_id != nic->xdp_prog_id)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT,
				    "CHECK: the XDP program is not on the NIC",
				    "%s: expected XDP program %u, found %u", nic->name,
				    link.prog_id, nic->xdp_prog_id);
	return nk_prog_check_pins(dir, link.prog_id, err);
}
