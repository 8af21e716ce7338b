// SPDX-License-Identifier: Apache-2.0
/* xskmap.c - the Pod's XSKMAP */
#include "xskmap.h"

#include "cleanup.h"
#include "error.h"
#include "log.h"
#include "nicdir.h"
#include "trust.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nk_shared.h"

#include "banned.h"

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

/* open_pin() - a map of the NIC. Return: an fd or a negative errno */
static int open_pin(const struct nk_nicdir *dir, const char *name, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int fd;

	nk_nicdir_pin(dir, name, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot open a map of the NIC",
				    "BPF_OBJ_GET %s: %s", path, nk_errno_name(errno));
	return fd;
}

static int refused(struct nk_error *err, const char *what, uint32_t queue)
{
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot change a map of the NIC",
			    "%s queue %u: %s", what, queue, nk_errno_name(errno));
}

/* give_away() - the pin to who is to use it, and to nobody before it has its permissions */
static int give_away(const char *path, const struct nk_xsk_options *options, struct nk_error *err)
{
	const char *what = "chmod";

	if (!chmod(path, options->mode)) {
		what = "chown";
		if (!lchown(path, options->uid, options->gid))
			return 0;
	}
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot give the XSKMAP's pin away",
			    "%s %s to %04o of %u:%u: %s", what, path, options->mode, options->uid,
			    options->gid, nk_errno_name(errno));
}

/* make_parent() - the directory of the pin, which nobody but us can change */
static int make_parent(const struct nk_nicdir *dir, const char *pin, struct nk_error *err)
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

/* make_room() - a pin that is there is nobody's any more, for the queue is claimed for us. Where a Pod names
 * the map as a hostPath before there is one, kubelet or the runtime makes an empty directory of it.
 */
static int make_room(const char *path, struct nk_error *err)
{
	if (!unlink(path) || errno == ENOENT || (errno == EISDIR && !rmdir(path)))
		return 0;
	nk_error_set(err, NK_CODE_BPF, errno, "the XSKMAP's place is taken", "remove %s: %s", path,
		     nk_errno_name(errno));
	nk_error_remedy(err, "find out what is in %s, and move it away", path);
	return -err->sys;
}

static int pin(const struct nk_nicdir *dir, int map, uint32_t first,
	       const struct nk_xsk_options *options, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int rc;

	nk_nicdir_xsks_map(dir, first, path);
	rc = make_parent(dir, path, err);
	if (!rc)
		rc = make_room(path, err);
	if (rc)
		return rc;
	if (bpf_obj_pin(map, path))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot pin the XSKMAP",
				    "BPF_OBJ_PIN %s: %s", path, nk_errno_name(errno));
	return give_away(path, options, err);
}

static int make_and_pin(const struct nk_nicdir *dir, uint32_t first,
			const struct nk_xsk_options *options, struct nk_error *err)
{
	int fd cleanup_close = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "xsks_map", sizeof(uint32_t),
					      sizeof(uint32_t), NK_XSKS_MAX, NULL);
	int rc;

	if (fd < 0)
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot make the XSKMAP",
				    "BPF_MAP_CREATE: %s", nk_errno_name(errno));
	rc = pin(dir, fd, first, options, err);
	return rc ? rc : nk_steal_fd(&fd);
}

static struct nk_queue_info info_of(const struct nk_lease *lease,
				    const struct nk_xsk_options *options)
{
	return (struct nk_queue_info){
		.netkit_queue = lease->netkit,
		.key = options->key,
		.no_socket = options->no_socket,
		.by_vlan = options->by_vlan != 0,
	};
}

/* enter() - the Pod's map for the program. @vlans NULL: they stay as they are */
static int enter(const struct nk_nicdir *dir, int map, const struct nk_lease *leases,
		 uint32_t count, const struct nk_xsk_options *options,
		 const struct nk_vlan_set *vlans, struct nk_error *err)
{
	int xsks cleanup_close = open_pin(dir, "xsks", err);
	/* A program of version 1 has no VLANs. */
	int sets cleanup_close = xsks < 0 || !vlans ? -1 : open_pin(dir, "vlans", err);
	int queues cleanup_close = xsks < 0 || (vlans && sets < 0) ? -1 :
								     open_pin(dir, "queues", err);
	uint32_t i;

	if (queues < 0)
		return -err->sys;
	for (i = 0; i < count; i++) {
		const struct nk_queue_info info = info_of(&leases[i], options);

		if (bpf_map_update_elem(xsks, &leases[i].phys, &map, BPF_ANY))
			return refused(err, "enter the XSKMAP for", leases[i].phys);
		if (vlans && bpf_map_update_elem(sets, &leases[i].phys, vlans, BPF_ANY))
			return refused(err, "enter the VLANs of", leases[i].phys);
		if (bpf_map_update_elem(queues, &leases[i].phys, &info, BPF_ANY))
			return refused(err, "enter", leases[i].phys);
	}
	return 0;
}

int nk_xskmap_create(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     const struct nk_xsk_options *options, const struct nk_vlan_set *vlans,
		     struct nk_error *err)
{
	int map cleanup_close = make_and_pin(dir, leases[0].phys, options, err);

	return map < 0 ? -err->sys : enter(dir, map, leases, count, options, vlans, err);
}

/* leave() - the program passes the queues' frames again. */
static int leave(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		 struct nk_error *err)
{
	const struct nk_queue_info none = { 0 };
	int xsks cleanup_close = -1, queues cleanup_close = -1;
	struct nk_error gone = { 0 };
	uint32_t i;
	int rc = 0;

	xsks = open_pin(dir, "xsks", &gone);
	if (xsks == -ENOENT)
		nk_error_reset(&gone);
	queues = open_pin(dir, "queues", &gone);
	if (gone.code != NK_CODE_NONE && gone.sys != ENOENT) {
		*err = gone;
		rc = -gone.sys;
	}
	for (i = 0; i < count; i++) {
		/* E2BIG: the maps were made anew since, for a NIC that has fewer queues now. */
		if (queues >= 0 && bpf_map_update_elem(queues, &leases[i].phys, &none, BPF_EXIST) &&
		    errno != E2BIG)
			rc = refused(err, "leave", leases[i].phys);
		if (xsks >= 0 && bpf_map_delete_elem(xsks, &leases[i].phys) && errno != ENOENT &&
		    errno != E2BIG)
			rc = refused(err, "take the XSKMAP out for", leases[i].phys);
	}
	return rc;
}

int nk_xskmap_remove(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     struct nk_error *err)
{
	struct nk_error mine = { 0 };
	char path[NK_PATH_SIZE];
	int rc = leave(dir, leases, count, err);

	nk_nicdir_xsks_map(dir, leases[0].phys, path);
	if (make_room(path, &mine)) {
		if (mine.sys != ENOTEMPTY && mine.sys != EBUSY) {
			*err = rc ? *err : mine;
			return rc ? rc : -mine.sys;
		}
		/* Somebody's, and in nobody's way but the next ADD's. */
		nk_log_warn("%s: %s; %s", mine.msg, mine.details, mine.remedy);
	}
	*strrchr(path, '/') = '\0';
	/* ENOTEMPTY: somebody has put a pin of his own there; that must not keep DEL from its end. */
	if (rmdir(path) && !rc && errno != ENOENT && errno != ENOTEMPTY)
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot remove a directory on bpffs",
				    "rmdir %s: %s", path, nk_errno_name(errno));
	return rc;
}

/* pin_id() - the map id behind the Pod's pin, its kind, mode and owner checked. */
static int pin_id(const char *path, const struct nk_xsk_options *options, uint32_t *ret,
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
		return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the XSKMAP was replaced",
				    "%s: expected an XSKMAP of %d slots, found type %u of %u", path,
				    NK_XSKS_MAX, info.type, info.max_entries);
	if ((st.st_mode & 07777) != options->mode || st.st_uid != options->uid ||
	    st.st_gid != options->gid)
		return nk_error_set(err, NK_CODE_CHECK, EPERM, "CHECK: the XSKMAP's pin was opened",
				    "%s: expected mode %04o of %u:%u, found %04o of %u:%u", path,
				    options->mode, options->uid, options->gid, st.st_mode & 07777,
				    st.st_uid, st.st_gid);
	*ret = info.id;
	return 0;
}

/* find_map() - the map that the program has for one of the queues. Return: an fd, or a negative errno */
static int find_map(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		    struct nk_error *err)
{
	int xsks cleanup_close = open_pin(dir, "xsks", err);
	uint32_t id, i;
	int fd;

	for (i = 0; xsks >= 0 && i < count; i++) {
		fd = bpf_map_lookup_elem(xsks, &leases[i].phys, &id) ? -1 :
								       bpf_map_get_fd_by_id(id);
		if (fd >= 0)
			return fd;
	}
	nk_error_set(err, NK_CODE_BPF, ENOENT, "the Pod's XSKMAP is gone",
		     "neither its pin nor the XDP program has it, queue %u of %s", leases[0].phys,
		     dir->path);
	nk_error_remedy(err, "recreate the Pod");
	return -err->sys;
}

/* pin_again() - the map whose pin was removed */
static int pin_again(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     const struct nk_xsk_options *options, struct nk_error *err)
{
	int map cleanup_close = find_map(dir, leases, count, err);

	return map < 0 ? map : pin(dir, map, leases[0].phys, options, err);
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
		rc = pin_id(path, options, &id, err);
	if (rc)
		return rc;
	map = bpf_map_get_fd_by_id(id);
	if (map < 0)
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot open the XSKMAP", "%s: %s",
				    path, nk_errno_name(errno));
	return enter(dir, map, leases, count, options, NULL, err);
}

static int check_queue(const struct nk_nicdir *dir, int queues, const struct nk_lease *lease,
		       const struct nk_xsk_options *options, struct nk_error *err)
{
	const struct nk_queue_info want = info_of(lease, options);
	struct nk_queue_info info = { 0 };

	(void)bpf_map_lookup_elem(queues, &lease->phys, &info);
	if (!memcmp(&info, &want, sizeof(info)))
		return 0;
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the XDP program has another queue",
			    "%s/queues queue %u: expected netkit queue %u (key %u, noSocket %u, by "
			    "VLAN %u), found %u (key %u, noSocket %u, by VLAN %u)",
			    dir->path, lease->phys, want.netkit_queue, want.key, want.no_socket,
			    want.by_vlan, info.netkit_queue, info.key, info.no_socket,
			    info.by_vlan);
}

int nk_xskmap_check(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		    const struct nk_xsk_options *options, struct nk_error *err)
{
	int xsks cleanup_close = open_pin(dir, "xsks", err);
	int queues cleanup_close = xsks < 0 ? -1 : open_pin(dir, "queues", err);
	uint32_t expected = 0, found, i;
	char path[NK_PATH_SIZE];
	int rc;

	if (queues < 0) {
		nk_error_class(err, NK_CODE_CHECK, "CHECK: a map of the XDP program is gone");
		return -err->sys;
	}
	nk_nicdir_xsks_map(dir, leases[0].phys, path);
	rc = pin_id(path, options, &expected, err);
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
	int sets cleanup_close = open_pin(dir, "vlans", err);
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
