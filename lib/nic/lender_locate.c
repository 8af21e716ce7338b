// SPDX-License-Identifier: Apache-2.0
/* lender_locate.c - where the NIC of a directory is, and what changes if it comes back with another ifindex */
#include "nic/lender.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "bpffs/claims.h"
#include "kernel/netns.h"
#include "kernel/nic.h"
#include "kernel/sysnet.h"
#include "nic/device.h"
#include "nic/saved.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

/* find_by_id() - find the NIC of on->id in this netns. Return: 1, 0 or a negative errno */
static int find_by_id(struct nk_lender *on, struct nk_error *err)
{
	struct nk_error gone = { 0 };
	int64_t ifindex = on->id.ifindex;
	uint64_t serial;
	int rc = nk_sysnet_serial(on->id.ifindex, &serial);

	/* A scan of /sys/class/net can miss a NIC that is renamed meanwhile, so the ifindex is tried first. */
	if (rc || serial != on->id.serial)
		ifindex = nk_sysnet_find(on->id.serial);
	if (ifindex == -ENODEV)
		return 0;
	if (ifindex < 0)
		return nk_error_set(err, NK_CODE_KERNEL, (int)-ifindex,
				    "cannot tell whether the NIC is there", "/sys/class/net: %s",
				    nk_errno_name((int)-ifindex));
	rc = nk_nic_get_by_index(on->nl, (uint32_t)ifindex, &on->id_nic, &gone);
	if (!rc)
		rc = nk_sysnet_serial((uint32_t)ifindex, &serial);
	if (!rc && serial != on->id.serial)
		rc = -ENODEV; /* removed or moved since the scan */
	if (!rc)
		return 1;
	nk_error_set(&gone, NK_CODE_KERNEL, -rc, "cannot tell whether the NIC is there",
		     "/sys/class/net: %s", nk_errno_name(-rc));
	on->id_nic = (struct nk_nic){ 0 };
	if (rc == -ENODEV)
		return 0;
	*err = gone;
	return rc;
}

/* has_lost_parent() - was the NIC's parent device removed or unbound from its driver? This also ends a NIC that
 * is in another netns.
 */
static bool has_lost_parent(const struct nk_nicid *id)
{
	char path[160];

	if (!*id->parent_bus || strchr(id->parent_bus, '/') || strchr(id->parent_dev, '/'))
		return false;
	if (access("/sys/bus", F_OK))
		return false; /* sysfs is not mounted, so nothing is known */
	snprintf(path, sizeof(path), "/sys/bus/%.15s/devices/%.63s/driver", id->parent_bus,
		 id->parent_dev);
	return access(path, F_OK) && errno == ENOENT;
}

/* was_reloaded() - does the parent device have another NIC here, with the same permanent MAC? */
static bool was_reloaded(struct nk_lender *on)
{
	static const uint8_t none[NK_MAC_LEN];
	struct nk_error ignored = { 0 };
	struct nk_nic next;

	return *on->id.parent_dev && memcmp(on->id.permanent_mac, none, NK_MAC_LEN) != 0 &&
	       !nk_nic_get(on->nl, on->id.parent_dev, &next, &ignored) &&
	       !strcmp(next.parent_bus, on->id.parent_bus) &&
	       !memcmp(next.permanent_mac, on->id.permanent_mac, NK_MAC_LEN);
}

/* has_device() - does the device of a claim exist? Return: 1, also if its netns cannot be opened; 0; or a
 * negative errno
 */
static int has_device(struct nk_lender *on, const struct nk_claim *claim, struct nk_error *err)
{
	struct nk_error ignored = { 0 };
	struct nk_device device;
	int netns cleanup_close = -1;
	int rc = nk_device_find(on->nl, claim, -1, &device, err);

	if (rc)
		return rc;
	netns = nk_netns_open_cookie(claim->netns_cookie, &ignored);
	return netns < 0 && netns != -ESTALE;
}

/* has_devices() - does a device of any claim on the NIC @ifindex exist? If the NIC were removed, the kernel would
 * have removed them all. Return: 1, 0, or a negative errno
 */
static int has_devices(struct nk_lender *on, uint32_t ifindex, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	int rc = nk_lender_read_claims(on, &claims, err);
	uint32_t i;

	for (i = 0; i < claims.count && !rc; i++)
		if (claims.at[i].claim.nic_ifindex == ifindex)
			rc = has_device(on, &claims.at[i].claim, err);
	return rc;
}

/* locate_absent() - is there proof that the NIC of on->id, which is not in this netns, no longer exists? A pinned
 * link without a NIC is none while a device exists: an operator may have detached the link. Return: 0 or a
 * negative errno
 */
static int locate_absent(struct nk_lender *on, struct nk_error *err)
{
	int rc = 0;

	on->id_where = NK_NIC_ELSEWHERE;
	if (on->link.ifindex)
		return 0;
	if (has_lost_parent(&on->id) || was_reloaded(on))
		on->id_where = NK_NIC_GONE;
	else if (on->link.pinned)
		rc = has_devices(on, on->id.ifindex, err);
	if (on->link.pinned && !rc)
		on->id_where = NK_NIC_GONE;
	return rc < 0 ? rc : 0;
}

int nk_lender_identify(struct nk_lender *on, struct nk_error *err)
{
	int rc;

	rc = nk_nicid_get(&on->dir, &on->id, err);
	on->has_id = !rc;
	on->id_nic = (struct nk_nic){ 0 };
	if (!rc || rc == -ENOENT)
		rc = nk_prog_link(&on->dir, &on->link, err);
	if (rc || !on->has_id)
		return rc;
	rc = find_by_id(on, err);
	on->id_where = NK_NIC_HERE;
	if (!rc)
		rc = locate_absent(on, err);
	return rc < 0 ? rc : 0;
}

/* name_by_dir() - fill on->nic for a NIC that is not here */
static void name_by_dir(struct nk_lender *on)
{
	on->nic = (struct nk_nic){ 0 };
	snprintf(on->nic.name, sizeof(on->nic.name), "%.15s", on->dir.name);
}

/* locate_without_id() - nk_lender_locate() in the directory of an older build, which has no identity */
static int locate_without_id(struct nk_lender *on, uint32_t ifindex, struct nk_error *err)
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

int nk_lender_locate(struct nk_lender *on, uint32_t ifindex, struct nk_error *err)
{
	if (!on->has_id)
		return locate_without_id(on, ifindex, err);
	on->where = on->id_where;
	on->nic = on->id_nic;
	on->lost_ifindex = ifindex ? ifindex : on->id.ifindex;
	if (ifindex && ifindex != on->id.ifindex && ifindex != on->id_nic.ifindex)
		on->where = NK_NIC_GONE; /* another NIC has taken its directory over */
	if (on->where != NK_NIC_HERE)
		name_by_dir(on);
	return 0;
}

/* --- another ifindex -------------------------------------------------------------------------- */

static int renumber_claims(int fd, uint32_t from, uint32_t to, struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	int rc = nk_claims_read(fd, &claims, err);
	uint32_t i;

	for (i = 0; i < claims.count && !rc; i++) {
		if (claims.at[i].claim.nic_ifindex != from)
			continue;
		claims.at[i].claim.nic_ifindex = to;
		rc = nk_claims_update(fd, claims.at[i].queue, &claims.at[i].claim, err);
	}
	return rc;
}

int nk_lender_renumber(struct nk_lender *on, const struct nk_nicid *from,
		       const struct nk_nicid *now, struct nk_error *err)
{
	int claims cleanup_close = -1;
	int saved cleanup_close = -1;
	int rc = 0;

	claims = nk_claims_open(&on->dir, false, err);
	if (claims >= 0)
		rc = renumber_claims(claims, from->ifindex, on->nic.ifindex, err);
	else if (claims != -ENOENT)
		rc = claims;
	if (rc)
		return rc;
	saved = nk_saved_open(&on->dir, false, err);
	if (saved >= 0)
		rc = nk_saved_renumber(saved, from->ifindex, on->nic.ifindex, err);
	else if (saved != -ENOENT)
		rc = saved;
	/* The identity comes last: if this process dies before, the next one continues. */
	return rc ? rc : nk_nicid_put(&on->dir, now, err);
}

int nk_lender_follow(struct nk_lender *on, struct nk_error *err)
{
	struct nk_nicid now;
	int rc = nk_lender_identify(on, err);

	if (rc || !on->has_id || on->id_where != NK_NIC_HERE ||
	    on->id_nic.ifindex == on->id.ifindex)
		return rc;
	on->nic = on->id_nic;
	rc = nk_nicid_read(&on->nic, &now, err);
	return rc || !nk_nicid_same(&now, &on->id) ? rc :
						     nk_lender_renumber(on, &on->id, &now, err);
}
