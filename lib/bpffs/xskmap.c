// SPDX-License-Identifier: Apache-2.0
/* xskmap.c - the Pod's XSKMAP */
#include "bpffs/xskmap.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/trust.h"
#include "bpffs/nicdir.h"
#include "bpffs/pinmap.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nk_shared.h"

#include "base/banned.h"

const char *const nk_xskmap_keys[] = {
	[NK_XSK_KEY_AUTO] = "auto",
	[NK_XSK_KEY_QUEUE] = "queue",
	[NK_XSK_KEY_ZERO] = "zero",
	NULL,
};

const char *const nk_xskmap_no_socket[] = {
	[NK_NO_SOCKET_PASS] = "pass",
	[NK_NO_SOCKET_DROP] = "drop",
	NULL,
};

/* fail() - of a call that has set errno */
static int fail(struct nk_error *err, const char *what, uint32_t queue)
{
	return nk_error_sys(err, NK_CODE_BPF, "cannot change a pinned BPF map for the NIC",
			    "%s queue %u", what, queue);
}

/* set_owner() - mode first, so that nobody gets more access meanwhile */
static int set_owner(const char *path, const struct nk_xsk_options *options, struct nk_error *err)
{
	const char *what = "chmod";

	if (!chmod(path, options->mode)) {
		what = "chown";
		if (!lchown(path, options->uid, options->gid))
			return 0;
	}
	return nk_error_sys(err, NK_CODE_BPF, "cannot set the owner of the XSKMAP's pin",
			    "%s %s to %04o of %u:%u", what, path, options->mode, options->uid,
			    options->gid);
}

/* create_parent() - the directory of the pin, which only we can change */
static int create_parent(const struct nk_nicdir *dir, const char *pin, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "%.*s", (int)(strrchr(pin, '/') - pin), pin);
	fd = nk_trust_open(dir->fd, strrchr(path, '/') + 1, path, true, err);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* clear_place() - remove an old pin, which nobody uses, because the queue is claimed for us. If a Pod has the
 * map as a hostPath, kubelet or the runtime may have created an empty directory there.
 */
static int clear_place(const char *path, struct nk_error *err)
{
	if (!unlink(path) || errno == ENOENT || (errno == EISDIR && !rmdir(path)))
		return 0;
	nk_error_sys(err, NK_CODE_BPF, "the path of the XSKMAP is occupied", "cannot remove %s",
		     path);
	return nk_error_remedy(
		err, "find out what is in %s and what uses it before you move it away", path);
}

static int pin_map(const struct nk_nicdir *dir, int map, uint32_t first,
		   const struct nk_xsk_options *options, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int rc;

	nk_nicdir_xsks_map(dir, first, path);
	rc = create_parent(dir, path, err);
	if (!rc)
		rc = clear_place(path, err);
	if (rc)
		return rc;
	if (bpf_obj_pin(map, path))
		return nk_error_sys(err, NK_CODE_BPF, "cannot pin the XSKMAP", "BPF_OBJ_PIN %s",
				    path);
	return set_owner(path, options, err);
}

static int create_and_pin(const struct nk_nicdir *dir, uint32_t first,
			  const struct nk_xsk_options *options, struct nk_error *err)
{
	int fd cleanup_close = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "xsks_map", sizeof(uint32_t),
					      sizeof(uint32_t), NK_XSKS_MAX, NULL);
	int rc;

	if (fd < 0)
		return nk_error_sys(err, NK_CODE_BPF, "cannot create the XSKMAP", "BPF_MAP_CREATE");
	rc = pin_map(dir, fd, first, options, err);
	return rc ? rc : nk_steal_fd(&fd);
}

static struct nk_queue_info make_info(const struct nk_lease *lease,
				      const struct nk_xsk_options *options)
{
	return (struct nk_queue_info){
		.netkit_queue = lease->netkit,
		.key = options->key,
		.no_socket = options->no_socket,
		.by_vlan = options->by_vlan != 0,
	};
}

int nk_xskmap_enter_vlans(const struct nk_nicdir *dir, const struct nk_lease *leases,
			  uint32_t count, const struct nk_vlan_set *vlans, struct nk_error *err)
{
	int sets cleanup_close = nk_pinmap_open_pin(dir, NK_PIN_VLANS, NULL, err);
	uint32_t i;

	for (i = 0; sets >= 0 && i < count; i++)
		if (bpf_map_update_elem(sets, &leases[i].phys, vlans, BPF_ANY))
			return fail(err, "write the VLANs of", leases[i].phys);
	return sets < 0 ? sets : 0;
}

/* enter_map() - give the Pod's map and queues to the XDP program */
static int enter_map(const struct nk_nicdir *dir, int map, const struct nk_lease *leases,
		     uint32_t count, const struct nk_xsk_options *options, struct nk_error *err)
{
	int xsks cleanup_close = nk_pinmap_open_pin(dir, NK_PIN_XSKS, NULL, err);
	int queues cleanup_close = xsks < 0 ? -1 :
					      nk_pinmap_open_pin(dir, NK_PIN_QUEUES, NULL, err);
	uint32_t i;

	if (queues < 0)
		return -err->sys;
	for (i = 0; i < count; i++) {
		const struct nk_queue_info info = make_info(&leases[i], options);

		if (bpf_map_update_elem(xsks, &leases[i].phys, &map, BPF_ANY))
			return fail(err, "write the XSKMAP of", leases[i].phys);
		if (bpf_map_update_elem(queues, &leases[i].phys, &info, BPF_ANY))
			return fail(err, "write the entry of", leases[i].phys);
	}
	return 0;
}

int nk_xskmap_create(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     const struct nk_xsk_options *options, const struct nk_vlan_set *vlans,
		     struct nk_error *err)
{
	int map cleanup_close = create_and_pin(dir, leases[0].phys, options, err);
	/* Before the program redirects frames to the map. */
	int rc = map < 0 ? map : nk_xskmap_enter_vlans(dir, leases, count, vlans, err);

	return rc ? rc : enter_map(dir, map, leases, count, options, err);
}

/* leave_map() - let the XDP program pass the frames of the queues again */
static int leave_map(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     struct nk_error *err)
{
	const struct nk_queue_info none = { 0 };
	int xsks cleanup_close = nk_pinmap_find_pin(dir, NK_PIN_XSKS, NULL, err);
	int queues cleanup_close = nk_pinmap_find_pin(dir, NK_PIN_QUEUES, NULL, err);
	int rc = xsks < 0 && xsks != -ENOENT ? xsks : 0;
	uint32_t i;

	if (queues < 0 && queues != -ENOENT)
		rc = queues;
	for (i = 0; i < count; i++) {
		/* E2BIG: the NIC has fewer queues now, and the maps were created again. */
		if (queues >= 0 && bpf_map_update_elem(queues, &leases[i].phys, &none, BPF_EXIST) &&
		    errno != E2BIG)
			rc = fail(err, "clear the entry of", leases[i].phys);
		if (xsks >= 0 && bpf_map_delete_elem(xsks, &leases[i].phys) && errno != ENOENT &&
		    errno != E2BIG)
			rc = fail(err, "remove the XSKMAP of", leases[i].phys);
	}
	return rc;
}

int nk_xskmap_remove(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     struct nk_error *err)
{
	struct nk_error mine = { 0 };
	char path[NK_PATH_SIZE];
	int rc = leave_map(dir, leases, count, err);

	nk_nicdir_xsks_map(dir, leases[0].phys, path);
	if (clear_place(path, &mine)) {
		if (mine.sys != ENOTEMPTY && mine.sys != EBUSY) {
			*err = rc ? *err : mine;
			return rc ? rc : -mine.sys;
		}
		/* It is not ours, and is in the way of the next ADD only. */
		nk_log_tolerated(&mine);
	}
	*strrchr(path, '/') = '\0';
	/* Another program's pin, or a mount, must not make DEL fail. */
	if (rmdir(path) && !rc && errno != ENOENT && errno != ENOTEMPTY && errno != EBUSY)
		return nk_error_sys(err, NK_CODE_BPF, "cannot remove a directory on bpffs",
				    "rmdir %s", path);
	return rc;
}

/* check_pin() - check kind, mode and owner of the Pod's pin. @ret: id of its map */
static int check_pin(const char *path, const struct nk_xsk_options *options, uint32_t *ret,
		     struct nk_error *err)
{
	int fd cleanup_close = bpf_obj_get(path);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	struct stat st;

	if (fd < 0 || stat(path, &st) || bpf_obj_get_info_by_fd(fd, &info, &size))
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the XSKMAP is gone",
				    "%s: expected a pinned map, found %s", path,
				    nk_errno_name(errno));
	if (info.type != BPF_MAP_TYPE_XSKMAP || info.max_entries != NK_XSKS_MAX)
		return nk_error_set(
			err, NK_CODE_CHECK, ENOENT, "CHECK: the XSKMAP was replaced",
			"%s: expected an XSKMAP with %d entries, found map type %u with %u entries",
			path, NK_XSKS_MAX, info.type, info.max_entries);
	if ((st.st_mode & 07777) != options->mode || st.st_uid != options->uid ||
	    st.st_gid != options->gid)
		return nk_error_set(err, NK_CODE_CHECK, EPERM,
				    "CHECK: the XSKMAP's pin has another owner or mode",
				    "%s: expected mode %04o of %u:%u, found %04o of %u:%u", path,
				    options->mode, options->uid, options->gid, st.st_mode & 07777,
				    st.st_uid, st.st_gid);
	*ret = info.id;
	return 0;
}

/* find_map() - the map that the XDP program has for one of the queues. Return: an fd or a negative errno */
static int find_map(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		    struct nk_error *err)
{
	int xsks cleanup_close = nk_pinmap_open_pin(dir, NK_PIN_XSKS, NULL, err);
	uint32_t id, i;
	int fd;

	for (i = 0; xsks >= 0 && i < count; i++) {
		fd = bpf_map_lookup_elem(xsks, &leases[i].phys, &id) ? -1 :
								       bpf_map_get_fd_by_id(id);
		if (fd >= 0)
			return fd;
	}
	nk_error_set(err, NK_CODE_BPF, ENOENT, "the Pod's XSKMAP is gone",
		     "neither the pin nor the XDP program has it: queue %u of %s", leases[0].phys,
		     dir->path);
	return nk_error_remedy(err, "recreate the Pod");
}

/* pin_again() - pin the map whose pin was removed */
static int pin_again(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     const struct nk_xsk_options *options, struct nk_error *err)
{
	int map cleanup_close = find_map(dir, leases, count, err);

	return map < 0 ? map : pin_map(dir, map, leases[0].phys, options, err);
}

int nk_xskmap_repair(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     const struct nk_xsk_options *options, struct nk_error *err)
{
	int map cleanup_close = -1, rc = 0;
	char path[NK_PATH_SIZE];
	struct stat st;
	uint32_t id;

	nk_nicdir_xsks_map(dir, leases[0].phys, path);
	if (stat(path, &st) ? errno == ENOENT : S_ISDIR(st.st_mode))
		rc = pin_again(dir, leases, count, options, err);
	if (!rc)
		rc = check_pin(path, options, &id, err);
	if (rc)
		return rc;
	map = bpf_map_get_fd_by_id(id);
	if (map < 0)
		return nk_error_sys(err, NK_CODE_BPF, "cannot open the XSKMAP", "%s", path);
	return enter_map(dir, map, leases, count, options, err);
}

#define INFO_SIZE 96

static void print_info(const struct nk_queue_info *info, char ret[INFO_SIZE])
{
	snprintf(ret, INFO_SIZE, "netkit queue %u (key \"%s\", noSocket \"%s\", VLANs %s)",
		 info->netkit_queue, info->key <= NK_XSK_KEY_ZERO ? nk_xskmap_keys[info->key] : "?",
		 info->no_socket <= NK_NO_SOCKET_DROP ? nk_xskmap_no_socket[info->no_socket] : "?",
		 info->by_vlan ? "checked" : "not checked");
}

static int check_queue(const struct nk_nicdir *dir, int queues, const struct nk_lease *lease,
		       const struct nk_xsk_options *options, struct nk_error *err)
{
	const struct nk_queue_info want = make_info(lease, options);
	char expected[INFO_SIZE], found[INFO_SIZE];
	struct nk_queue_info info = { 0 };

	(void)bpf_map_lookup_elem(queues, &lease->phys, &info);
	if (!memcmp(&info, &want, sizeof(info)))
		return 0;
	print_info(&want, expected);
	print_info(&info, found);
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the XDP program has another queue",
			    "%s/queues queue %u: expected %s, found %s", dir->path, lease->phys,
			    expected, found);
}

int nk_xskmap_check(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		    const struct nk_xsk_options *options, struct nk_error *err)
{
	int xsks cleanup_close = nk_pinmap_open_pin(dir, NK_PIN_XSKS, NULL, err);
	int queues cleanup_close = xsks < 0 ? -1 :
					      nk_pinmap_open_pin(dir, NK_PIN_QUEUES, NULL, err);
	uint32_t expected = 0, found, i;
	char path[NK_PATH_SIZE];
	int rc;

	if (queues < 0) {
		nk_error_class(err, NK_CODE_CHECK, "CHECK: a map of the XDP program is gone");
		return -err->sys;
	}
	nk_nicdir_xsks_map(dir, leases[0].phys, path);
	rc = check_pin(path, options, &expected, err);
	if (rc)
		return rc;
	for (i = 0; i < count; i++) {
		if (bpf_map_lookup_elem(xsks, &leases[i].phys, &found))
			found = 0;
		if (found != expected)
			return nk_error_set(err, NK_CODE_CHECK, ENOENT,
					    "CHECK: the XDP program has another XSKMAP",
					    "%s/xsks queue %u: expected map %u, found %u",
					    dir->path, leases[i].phys, expected, found);
		rc = check_queue(dir, queues, &leases[i], options, err);
		if (rc)
			return rc;
	}
	return 0;
}

int nk_xskmap_check_vlans(const struct nk_nicdir *dir, const struct nk_lease *leases,
			  uint32_t count, const struct nk_vlan_set *want, struct nk_error *err)
{
	int sets cleanup_close = nk_pinmap_open_pin(dir, NK_PIN_VLANS, NULL, err);
	struct nk_vlan_set found;
	uint32_t i;

	if (sets < 0) {
		nk_error_class(err, NK_CODE_CHECK, "CHECK: a map of the XDP program is gone");
		return -err->sys;
	}
	for (i = 0; i < count; i++)
		if (bpf_map_lookup_elem(sets, &leases[i].phys, &found) ||
		    memcmp(&found, want, sizeof(found)) != 0)
			return nk_error_set(err, NK_CODE_CHECK, ENOENT,
					    "CHECK: the XDP program has other VLANs",
					    "%s/vlans queue %u: not those of the flow rules",
					    dir->path, leases[i].phys);
	return 0;
}
