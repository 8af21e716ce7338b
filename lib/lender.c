// SPDX-License-Identifier: Apache-2.0
/* lender.c - a NIC under its lock: its directory found by what the NIC is */
#include "lender.h"

#include "claims.h"
#include "cleanup.h"
#include "clock.h"
#include "device.h"
#include "error.h"
#include "instance.h"
#include "link.h"
#include "log.h"
#include "origin.h"
#include "sysnet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "banned.h"

#define OPEN_MS 45000

/* --- where the NIC of a directory is ---------------------------------------------------------- */

/* find_noted() - the NIC in this netns. Return: 1, 0 or a negative errno */
static int find_noted(struct nk_lender *on, struct nk_error *err)
{
	struct nk_error gone = { 0 };
	int64_t ifindex = on->id.ifindex;
	uint64_t serial;
	int rc = nk_sysnet_serial(on->id.ifindex, &serial);

	/* A list of names can miss one that is changed meanwhile. */
	if (rc || serial != on->id.serial)
		ifindex = nk_sysnet_find(on->id.serial);
	if (ifindex == -ENODEV)
		return 0;
	if (ifindex < 0)
		return nk_error_set(err, NK_CODE_KERNEL, (int)-ifindex,
				    "cannot tell whether the NIC is there", "/sys/class/net: %s",
				    nk_errno_name((int)-ifindex));
	rc = nk_nic_get_by_index(on->nl, (uint32_t)ifindex, &on->noted_nic, &gone);
	if (!rc)
		rc = nk_sysnet_serial((uint32_t)ifindex, &serial);
	if (!rc && serial != on->id.serial)
		rc = -ENODEV; /* it went meanwhile */
	if (rc)
		nk_error_set(&gone, NK_CODE_KERNEL, -rc, "cannot tell whether the NIC is there",
			     "/sys/class/net: %s", nk_errno_name(-rc));
	if (!rc)
		return 1;
	on->noted_nic = (struct nk_nic){ 0 };
	if (rc == -ENODEV)
		return 0;
	*err = gone;
	return rc;
}

/* has_lost_parent() - is what the NIC was of gone, or without a driver? Its netns does not matter there. */
static bool has_lost_parent(const struct nk_nicid *id)
{
	char path[160];

	if (!*id->parent_bus || strchr(id->parent_bus, '/') || strchr(id->parent_dev, '/'))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/%.15s/devices", id->parent_bus);
	if (access(path, F_OK))
		return false; /* sysfs is not there to say */
	snprintf(path, sizeof(path), "/sys/bus/%.15s/devices/%.63s/driver", id->parent_bus,
		 id->parent_dev);
	return access(path, F_OK) && errno == ENOENT;
}

static bool has_address(const struct nk_nicid *id)
{
	static const uint8_t none[NK_MAC_LEN];

	return *id->parent_dev && memcmp(id->permanent_mac, none, NK_MAC_LEN) != 0;
}

/* was_loaded_anew() - has its device another NIC here, with the same address? */
static bool was_loaded_anew(struct nk_lender *on)
{
	struct nk_error none = { 0 };
	struct nk_nic next;

	return has_address(&on->id) && !nk_nic_get(on->nl, on->id.parent_dev, &next, &none) &&
	       !strcmp(next.parent_bus, on->id.parent_bus) &&
	       !memcmp(next.permanent_mac, on->id.permanent_mac, NK_MAC_LEN);
}

struct devices {
	struct nk_lender *on;
	uint32_t ifindex; /* of this NIC alone; 0: of any */
	bool any;
	struct nk_error *err;
};

static int find_device(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct devices *devices = data;
	struct nk_device device;
	int rc;

	(void)queue;
	if (devices->ifindex && claim->nic_ifindex != devices->ifindex)
		return 0;
	rc = nk_device_find(devices->on->nl, claim, -1, &device, devices->err);
	devices->any |= rc > 0;
	return rc < 0 ? rc : devices->any;
}

/* has_devices() - a NIC takes all devices along that lease from it. Return: 1, 0, or a negative errno */
static int has_devices(struct nk_lender *on, uint32_t ifindex, struct nk_error *err)
{
	struct devices devices = { .on = on, .ifindex = ifindex, .err = err };
	int rc = on->claims < 0 ? 0 : nk_claims_each(on->claims, find_device, &devices, err);

	return rc < 0 ? rc : devices.any;
}

/* place_absent() - of a NIC that was noted and is not in this netns: is there proof that it is gone? */
static enum nk_whereabouts place_absent(struct nk_lender *on)
{
	if (on->link.ifindex)
		return NK_NIC_ELSEWHERE;
	return on->link.pinned || has_lost_parent(&on->id) || was_loaded_anew(on) ?
		       NK_NIC_GONE :
		       NK_NIC_ELSEWHERE;
}

int nk_lender_look(struct nk_lender *on, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	int rc;

	nk_nicdir_pin(&on->dir, NK_NICDIR_ID, path);
	rc = nk_nicid_get(path, &on->id, err);
	on->noted = !rc;
	on->noted_nic = (struct nk_nic){ 0 };
	if (!rc || rc == -ENOENT)
		rc = nk_prog_link(&on->dir, &on->link, err);
	if (rc || !on->noted)
		return rc;
	rc = find_noted(on, err);
	on->noted_where = NK_NIC_HERE;
	if (!rc)
		on->noted_where = place_absent(on);
	return rc < 0 ? rc : 0;
}

/* name_by_dir() - of a NIC that is not here */
static void name_by_dir(struct nk_lender *on)
{
	on->nic = (struct nk_nic){ 0 };
	snprintf(on->nic.name, sizeof(on->nic.name), "%.15s", on->dir.name);
}

/* place_unnoted() - of a directory that an older build made: each claim for itself */
static int place_unnoted(struct nk_lender *on, uint32_t ifindex, struct nk_error *err)
{
	struct nk_error gone = { 0 };
	int rc;

	ifindex = ifindex ? ifindex : on->link.ifindex;
	on->where = NK_NIC_GONE;
	on->lost_ifindex = ifindex;
	if (!ifindex) {
		name_by_dir(on);
		return 0;
	}
	rc = nk_nic_get_by_index(on->nl, ifindex, &on->nic, &gone);
	if (!rc && (on->link.ifindex != ifindex || on->link.prog_id == on->nic.xdp_prog_id)) {
		on->where = NK_NIC_HERE;
		return 0;
	}
	name_by_dir(on);
	if (rc && rc != -ENODEV) {
		*err = gone;
		return rc;
	}
	rc = on->link.ifindex == ifindex ? 1 : has_devices(on, ifindex, err);
	on->where = rc > 0 ? NK_NIC_ELSEWHERE : NK_NIC_GONE;
	return rc < 0 ? rc : 0;
}

int nk_lender_place(struct nk_lender *on, uint32_t ifindex, struct nk_error *err)
{
	if (!on->noted)
		return place_unnoted(on, ifindex, err);
	on->where = on->noted_where;
	on->nic = on->noted_nic;
	on->lost_ifindex = ifindex ? ifindex : on->id.ifindex;
	if (ifindex && ifindex != on->id.ifindex && ifindex != on->noted_nic.ifindex)
		on->where = NK_NIC_GONE; /* for its directory was taken over */
	if (on->where != NK_NIC_HERE)
		name_by_dir(on);
	return 0;
}

/* --- which directory a NIC has ---------------------------------------------------------------- */

/* What a directory is to a NIC. */
enum kinship {
	NOBODYS, /* says of no NIC that it is of it */
	OTHERS,
	ITS_OWN,
};

struct search {
	struct nk_lender *on;
	const char *bpffs;
	struct nk_nicid id; /* of the NIC that a directory is looked for of */
	char found[NK_NICDIR_NAME_SIZE];
	int failed; /* one could not be looked at, and may be it */
	struct nk_error why;
};

static int disagree(const struct nk_nicdir *dir, const struct nk_nic *nic, const char *a,
		    const char *b, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_BPF, EUCLEAN, "a NIC's directory contradicts itself",
		     "%s: by its %s it is of %s, by its %s it is not", dir->path, a, nic->name, b);
	nk_error_remedy(err,
			"when the Pods that nk-cni list shows there have ended: nk-cni release");
	return -EUCLEAN;
}

/* is_on() - is the pinned link the program that is on the NIC? It may be replaced while we look. */
static bool is_on(struct nk_lender *on, const struct nk_nicdir *dir, struct nk_prog_link *link)
{
	struct nk_error none = { 0 };
	struct nk_nic now = on->nic;
	int tries;

	for (tries = 0; tries < 3 && link->ifindex == on->nic.ifindex; tries++) {
		if (link->prog_id == now.xdp_prog_id)
			return true;
		if (nk_nic_get_by_index(on->nl, on->nic.ifindex, &now, &none) ||
		    nk_prog_link(dir, link, &none))
			return false;
	}
	return false;
}

struct owners {
	uint32_t ifindex; /* of the NIC */
	bool its, others;
	struct nk_nl *nl;
};

static int note_owner(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct owners *owners = data;
	struct nk_error none = { 0 };
	struct nk_nic nic;

	(void)queue;
	if (claim->nic_ifindex == owners->ifindex)
		owners->its = true;
	else
		owners->others |= !nk_nic_get_by_index(owners->nl, claim->nic_ifindex, &nic, &none);
	return 0;
}

/* ask_claims() - of a directory without a note. Return: enum kinship or a negative errno */
static int ask_claims(struct nk_lender *on, const struct nk_nicdir *dir, struct nk_error *err)
{
	struct owners owners = { .ifindex = on->nic.ifindex, .nl = on->nl };
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;
	int rc;

	nk_nicdir_pin(dir, "claims", path);
	fd = nk_claims_open(path, false, err);
	if (fd < 0)
		return fd == -ENOENT ? NOBODYS : fd;
	rc = nk_claims_each(fd, note_owner, &owners, err);
	if (rc)
		return rc;
	if (owners.its && owners.others)
		return disagree(dir, &on->nic, "claims", "other claims", err);
	return owners.its ? ITS_OWN : owners.others ? OTHERS : NOBODYS;
}

/* ask_origin() - likewise */
static int ask_origin(struct nk_lender *on, const struct nk_nicdir *dir, struct nk_error *err)
{
	struct nk_error none = { 0 };
	char path[NK_PATH_SIZE];
	int fd cleanup_close = -1;
	uint32_t ifindex;
	struct nk_nic nic;

	nk_nicdir_pin(dir, "origin", path);
	fd = nk_origin_open(path, false, err);
	if (fd < 0)
		return fd == -ENOENT ? NOBODYS : fd;
	ifindex = nk_origin_nic(fd);
	if (ifindex == on->nic.ifindex)
		return ITS_OWN;
	return ifindex && !nk_nic_get_by_index(on->nl, ifindex, &nic, &none) ? OTHERS : NOBODYS;
}

/* ask_older() - a directory without a note, of an older build: link, claims, saved settings */
static int ask_older(struct nk_lender *on, const struct nk_nicdir *dir, struct nk_prog_link *link,
		     struct nk_error *err)
{
	bool attached = is_on(on, dir, link);
	int rc = ask_claims(on, dir, err), settings;

	if (rc < 0)
		return rc;
	if (attached && rc == OTHERS)
		return disagree(dir, &on->nic, "link", "claims", err);
	if (link->ifindex && !attached && rc == ITS_OWN)
		return disagree(dir, &on->nic, "claims", "link", err);
	if (attached || link->ifindex)
		return attached ? ITS_OWN : OTHERS;
	settings = ask_origin(on, dir, err);
	if (settings < 0 || rc == NOBODYS)
		return settings;
	if (rc == ITS_OWN && settings == OTHERS)
		return disagree(dir, &on->nic, "claims", "saved settings", err);
	return rc;
}

/* ask() - whose is it? Return: enum kinship or a negative errno */
static int ask(struct search *search, const struct nk_nicdir *dir, struct nk_error *err)
{
	struct nk_prog_link link;
	char path[NK_PATH_SIZE];
	struct nk_nicid id;
	int rc, noted;

	nk_nicdir_pin(dir, NK_NICDIR_ID, path);
	noted = nk_nicid_get(path, &id, err);
	if (noted && noted != -ENOENT)
		return noted;
	rc = nk_prog_link(dir, &link, err);
	if (rc)
		return rc;
	if (noted == -ENOENT)
		return ask_older(search->on, dir, &link, err);
	rc = nk_nicid_same(&id, &search->id) ? ITS_OWN : OTHERS;
	if (rc == OTHERS && is_on(search->on, dir, &link))
		return disagree(dir, &search->on->nic, "link", "note", err);
	return rc;
}

static int look_at(const char *name, void *data, struct nk_error *err)
{
	struct search *search = data;
	struct nk_nicdir dir;
	int rc;

	nk_nicdir_init(search->bpffs, name, &dir);
	rc = ask(search, &dir, err);
	if (rc < 0 && !search->failed) {
		search->failed = rc;
		search->why = *err;
		nk_error_wrap(&search->why, "cannot tell whether %s is of %s", dir.path,
			      search->on->nic.name);
	}
	if (rc != ITS_OWN)
		return 0;
	if (*search->found)
		return nk_error_set(err, NK_CODE_BPF, EUCLEAN, "a NIC has two directories",
				    "%s and %s are both of %s: an older nk-cni made one when the "
				    "NIC was renamed; end the Pods of one of them",
				    search->found, name, search->on->nic.name);
	snprintf(search->found, sizeof(search->found), "%s", name);
	return 0;
}

/* is_free() - may a NIC take this directory over? Return: 1, 0, or a negative errno */
static int is_free(struct search *search, const char *name, struct nk_error *err)
{
	struct nk_lender other = NK_LENDER_CLOSED;
	int rc;

	nk_nicdir_init(search->bpffs, name, &other.dir);
	rc = ask(search, &other.dir, err);
	if (rc != OTHERS)
		return rc < 0 ? rc : 1;
	other.nl = search->on->nl;
	rc = nk_lender_look(&other, err);
	return rc ? rc : other.noted && other.noted_where == NK_NIC_GONE;
}

/* choose() - the directory to make, or to take over. Return: 0 or a negative errno */
static int choose(struct search *search, struct nk_error *err)
{
	const struct nk_nic *nic = &search->on->nic;
	char name[NK_NICDIR_NAME_SIZE];
	int rc;

	rc = is_free(search, nic->name, err);
	if (rc) {
		snprintf(search->found, sizeof(search->found), "%s", nic->name);
		return rc < 0 ? rc : 0;
	}
	snprintf(name, sizeof(name), "%s~%u", nic->name, nic->ifindex);
	memcpy(search->found, name, sizeof(search->found));
	rc = is_free(search, name, err);
	if (rc)
		return rc < 0 ? rc : 0;
	return nk_error_set(err, NK_CODE_BPF, EEXIST, "there is no name for the NIC's directory",
			    "below %s/nk-cni both %s and %s are of other NICs", search->bpffs,
			    nic->name, name);
}

/* find() - Return: 1 and search->found; 0, and what it would be; or a negative errno */
static int find(struct search *search, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc;

	search->found[0] = '\0';
	search->failed = 0;
	rc = nk_nicdir_each(search->bpffs, look_at, search, &mine);
	if (rc == -EUCLEAN || (rc && !*search->found && rc != -EPERM)) {
		*err = mine;
		return rc;
	}
	if (*search->found)
		return 1;
	/* What is not understood cannot be it: where it can, by its name, choose() comes to it. */
	if (search->failed && search->failed != -EPROTO) {
		*err = search->why;
		return search->failed;
	}
	if (search->failed)
		nk_log_warn("%s: %s: it is left alone", search->why.msg, search->why.details);
	rc = choose(search, err);
	return rc;
}

int nk_lender_find(struct nk_lender *on, const char *bpffs, struct nk_error *err)
{
	struct search search = { .on = on, .bpffs = bpffs };
	int rc = nk_nicid_read(&on->nic, &search.id, err);

	if (!rc)
		rc = find(&search, err);
	if (rc >= 0)
		nk_nicdir_init(bpffs, search.found, &on->dir);
	return rc;
}

/* --- the lock --------------------------------------------------------------------------------- */

/* claim_dir() - have the NIC noted in its directory, found, made or taken over. Return: 0 or a negative
 * errno
 */
static int claim_dir(struct search *search, struct nk_error *err)
{
	int all cleanup_close = nk_nicdir_lock_all(search->bpffs, err);
	char path[NK_PATH_SIZE];
	struct nk_nicid noted;
	struct nk_nicdir dir;
	int rc;

	if (all < 0)
		return all;
	rc = find(search, err);
	if (!rc)
		rc = nk_nicdir_make(all, search->bpffs, search->found, err);
	if (rc < 0)
		return rc;
	nk_nicdir_init(search->bpffs, search->found, &dir);
	nk_nicdir_pin(&dir, NK_NICDIR_ID, path);
	rc = nk_nicid_get(path, &noted, err);
	/* With another ifindex it came back from another netns, which is noted under the lock. */
	if (!rc && nk_nicid_same(&noted, &search->id))
		return 0;
	return rc && rc != -ENOENT ? rc : nk_nicid_put(path, &search->id, err);
}

/* refuse_instance() - has another bpffs the NIC as well? */
static int refuse_instance(struct search *search, struct nk_error *err)
{
	struct nk_lender *on = search->on;
	char path[NK_PATH_SIZE];
	int rc;

	nk_nicdir_pin(&on->dir, NK_NICDIR_ID, path);
	rc = nk_nicid_elsewhere(path, &search->id, err);
	return rc > 0 ? nk_instance_refuse(&on->nic, &search->id, search->bpffs, 0, err) : rc;
}

static int move_claim(uint32_t queue, const struct nk_claim *claim, void *data)
{
	struct devices *moving = data;
	struct nk_claim copy = *claim;

	if (claim->nic_ifindex != moving->ifindex)
		return 0;
	copy.nic_ifindex = moving->on->nic.ifindex;
	return nk_claims_update(moving->on->claims, queue, &copy, moving->err);
}

/* renumber() - a NIC that came back with another ifindex: claims, saved settings and note name the new one.
 * The note comes last, so that a process that dies is followed by one that goes on.
 */
static int renumber(struct search *search, const struct nk_nicid *noted, struct nk_error *err)
{
	struct nk_lender *on = search->on;
	struct devices moving = { .on = on, .ifindex = noted->ifindex, .err = err };
	char path[NK_PATH_SIZE];
	int origin cleanup_close = -1;
	int rc = 0;

	nk_nicdir_pin(&on->dir, "claims", path);
	on->claims = nk_claims_open(path, false, err);
	if (on->claims >= 0)
		rc = nk_claims_each(on->claims, move_claim, &moving, err);
	else if (on->claims != -ENOENT)
		rc = on->claims;
	if (on->claims >= 0)
		close(on->claims);
	on->claims = -1;
	if (rc)
		return rc;
	nk_nicdir_pin(&on->dir, "origin", path);
	origin = nk_origin_open(path, false, err);
	if (origin >= 0)
		rc = nk_origin_renumber(origin, noted->ifindex, on->nic.ifindex, err);
	else if (origin != -ENOENT)
		rc = origin;
	nk_nicdir_pin(&on->dir, NK_NICDIR_ID, path);
	return rc ? rc : nk_nicid_put(path, &search->id, err);
}

/* confirm() - under the lock: is the directory still the NIC's? Return: 1, 0, or a negative errno */
static int confirm(struct search *search, struct nk_error *err)
{
	char path[NK_PATH_SIZE];
	struct nk_nicid noted;
	int rc;

	nk_nicdir_pin(&search->on->dir, NK_NICDIR_ID, path);
	rc = nk_nicid_get(path, &noted, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	if (!nk_nicid_same(&noted, &search->id))
		return 0;
	rc = noted.ifindex == search->id.ifindex ? 0 : renumber(search, &noted, err);
	return rc ? rc : 1;
}

/* try_open() - Return: 0; 1 where somebody removed the directory meanwhile; or a negative errno */
static int try_open(struct search *search, struct nk_error *err)
{
	struct nk_lender *on = search->on;
	int rc = claim_dir(search, err);

	if (rc)
		return rc;
	rc = nk_nicdir_open(search->bpffs, search->found, false, &on->dir, err);
	if (rc == -ENOENT) {
		nk_error_reset(err);
		return 1;
	}
	if (!rc)
		rc = confirm(search, err);
	if (rc > 0)
		return refuse_instance(search, err);
	return rc ? rc : 1;
}

int nk_lender_open(struct nk_lender *on, const char *bpffs, struct nk_error *err)
{
	const int64_t deadline = nk_clock_ms() + OPEN_MS;
	struct search search = { .on = on, .bpffs = bpffs };
	int rc = nk_nicid_read(&on->nic, &search.id, err);

	on->where = NK_NIC_HERE;
	if (rc)
		return rc;
	while ((rc = try_open(&search, err)) > 0 && nk_clock_ms() <= deadline)
		nk_lender_close(on);
	if (rc)
		nk_lender_close(on);
	if (rc > 0)
		return nk_error_set(
			err, NK_CODE_RETRY, EAGAIN, "try again later",
			"the directory of %s below %s/nk-cni was removed again and again",
			on->nic.name, bpffs);
	return rc;
}

int nk_lender_open_dir(struct nk_lender *on, const char *bpffs, const char *name,
		       struct nk_error *err)
{
	int rc = nk_nicdir_open(bpffs, name, false, &on->dir, err);

	if (rc == -ENOENT)
		nk_error_reset(err);
	return rc;
}

int nk_lender_check_program(struct nk_lender *on, const char *bpffs, struct nk_error *err)
{
	struct nk_prog_link link;
	struct nk_nicid id;
	uint32_t version;
	int rc;

	if (!on->nic.xdp_prog_id)
		return 0;
	rc = nk_prog_link(&on->dir, &link, err);
	if (rc || is_on(on, &on->dir, &link))
		return rc;
	rc = nk_prog_is_ours(on->nic.xdp_prog_id, &version, err);
	if (rc < 0)
		return rc;
	if (!rc)
		return nk_prog_refuse_foreign(&on->nic, err);
	rc = nk_nicid_read(&on->nic, &id, err);
	return rc ? rc : nk_instance_refuse(&on->nic, &id, bpffs, on->nic.xdp_prog_id, err);
}

static int stop_at_first(uint32_t queue, const struct nk_claim *claim, void *data)
{
	(void)queue;
	(void)claim;
	(void)data;
	return 1;
}

/* drop_unused_claims() - the map goes when nobody has a claim and no program stays on the NIC, also
 * the one of an ADD that was killed before its first claim.
 */
static void drop_unused_claims(struct nk_lender *on)
{
	struct nk_error ignored = { 0 };
	struct nk_prog_link link;
	char path[NK_PATH_SIZE];

	if (nk_claims_each(on->claims, stop_at_first, NULL, &ignored) ||
	    nk_prog_link(&on->dir, &link, &ignored) || link.ifindex)
		return;
	(void)nk_prog_detach(&on->dir, &ignored); /* what a removed NIC has left */
	nk_nicdir_pin(&on->dir, "rules", path);
	(void)unlink(path);
	nk_nicdir_pin(&on->dir, "claims", path);
	(void)unlink(path); /* the next user finds it empty, which is as good */
}

void nk_lender_close(struct nk_lender *on)
{
	if (on->claims >= 0 && on->dir.fd >= 0)
		drop_unused_claims(on);
	if (on->claims >= 0)
		close(on->claims);
	on->claims = -1;
	nk_nicdir_close(&on->dir);
}
