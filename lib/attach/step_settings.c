// SPDX-License-Identifier: Apache-2.0
/*
 * step_settings.c - step "settings": what the attachment needs changed of the whole NIC
 *
 *   RSS table        no entry for a queue of the pool, or for a claimed one
 *   XPS masks        no CPU of the host transmits on these queues: sockets share their rings
 *   features         rx-ntuple-filter on for flow rules; VLAN tags stay in the frame
 *   ring parameters  as configured; memory providers require that no XDP program is on the NIC
 *
 * All attachments on the NIC share the settings with each other and with the administrator: see settings.h.
 */
#include "attach/mode.h"
#include "attach/steps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "bpffs/prog.h"
#include "ethtool/rss.h"
#include "ethtool/xps.h"
#include "nic/saved.h"
#include "nic/settings.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

int nk_attach_plan_settings(struct nk_attachment *att, const struct nk_config *config,
			    struct nk_setting_changes *ret, struct nk_error *err)
{
	int saved cleanup_close = nk_saved_open(&att->lender.dir, false, err);
	struct nk_nic_plan_on on = { .lender = &att->lender, .saved = saved };
	struct nk_queue_set leased = { 0 };
	uint64_t others = 0;
	uint32_t i;
	int rc = saved < 0 && saved != -ENOENT ? saved : 0;

	if (!rc && att->lender.claims >= 0)
		rc = nk_step_others(att, &others, err);
	on.others = others != 0;
	if (!rc)
		rc = nk_mode_has_provider(&att->lender, &att->claim.key, err);
	on.providers = rc > 0;
	for (i = 0; i < att->lease_count; i++)
		nk_queue_set_put(&leased, att->leases[i].phys);
	on.leased = att->lease_count ? &leased : NULL;
	return rc < 0 ? rc : nk_nic_plan_settings(&on, config, ret, err);
}

/* detach_idle() - our program, which serves nobody (see check_mode() in attach.c), keeps memory providers out */
static int detach_idle(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	struct nk_prog_link link;
	int rc;

	if (nk_mode_of(add->config) != NK_MODE_PROVIDER)
		return 0;
	rc = nk_prog_link(&att->lender.dir, &link, err);
	add->dropped_program = !rc && link.ifindex;
	return rc ? rc : nk_prog_detach(&att->lender.dir, err);
}

/* attach_again() - undo detach_idle(), unless another attachment for providers has come meanwhile. Pods live without an
 * idle program, so a failure is only logged.
 */
static void attach_again(struct nk_attachment *att)
{
	struct nk_error lost = { 0 };
	bool attached = false;
	int rc = nk_mode_has_provider(&att->lender, &att->claim.key, &lost);

	if (rc > 0)
		return;
	if (!rc)
		rc = nk_prog_attach(&att->lender.dir, &att->lender.nic, &attached, &lost);
	if (rc && attached)
		(void)nk_prog_detach(&att->lender.dir, &lost);
	if (rc)
		nk_log_tolerated(&lost);
}

static int create_settings(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	int rc;

	if (!att->lease_count)
		return 0;
	att->claim.excluded = add->config->rss_exclude;
	rc = nk_step_update_claims(att, err);
	if (!rc)
		rc = nk_attach_plan_settings(att, add->config, &add->changes, err);
	if (!rc)
		rc = detach_idle(att, add, err);
	if (!rc)
		rc = nk_settings_change(&att->lender, &add->changes, err);
	if (rc > 0) /* the commit writes it into the claims */
		att->claim.flags |= NK_CLAIM_SAVED;
	return rc < 0 ? rc : 0;
}

static int check_setting(struct nk_lender *lender, int fd, uint32_t item, struct nk_error *err)
{
	char name[NK_SETTING_NAME_SIZE];
	off_stack struct nk_saved note;
	int rc;

	if (nk_setting_is_exclusion(item))
		return 0; /* others may change them, as long as our queues stay excluded */
	rc = nk_saved_get(fd, item, &note, err);
	if (!rc)
		rc = nk_settings_is_ours(lender, item, &note, err);
	if (rc)
		return rc < 0 ? rc : 0;
	nk_setting_name(item, name);
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: a setting was changed",
			    "%s: %s no longer has the value nk-cni set", lender->nic.name, name);
}

static int check_rss(struct nk_attachment *att, struct nk_error *err)
{
	off_stack struct nk_rss table;
	uint32_t i, k;
	int rc;

	if (!att->claim.excluded)
		return 0;
	rc = nk_rss_get(&att->host, att->lender.nic.ifindex, 0, &table, err);
	for (i = 0; i < table.size && !rc; i++)
		for (k = 0; k < att->lease_count && !rc; k++)
			if (table.queues[i] == att->leases[k].phys)
				rc = nk_error_set(err, NK_CODE_CHECK, ENOENT,
						  "CHECK: host traffic can reach a leased queue",
						  "%s: the RSS table's entry %u is queue %u",
						  att->lender.nic.name, i, att->leases[k].phys);
	return rc;
}

/* has_xps() - has nk-cni changed an XPS mask? @items: the saved settings */
static bool has_xps(const struct nk_u32_list *items)
{
	uint32_t i;

	for (i = 0; i < items->count; i++)
		if (nk_setting_kind(items->at[i]) == NK_SETTING_XPS)
			return true;
	return false;
}

static bool may_send(const struct nk_claim *claim)
{
	return nk_nic_plan_sends(claim->pair, claim->flags & NK_CLAIM_RINGS);
}

/* check_xps() - the host transmits on the queues whose masks have a CPU, or on all queues if no mask has one. At a
 * reset, or when CPUs are added, a driver sets or clears all masks.
 */
static int check_xps(struct nk_attachment *att, const struct nk_u32_list *items,
		     struct nk_error *err)
{
	const struct nk_cpu_set none = { 0 };
	int count = nk_xps_count(&att->lender.nic), rc, queue;
	bool any = false, on_ours = false;
	struct nk_cpu_set mask;
	uint32_t k;

	if (!has_xps(items) || !att->claim.excluded || !may_send(&att->claim))
		return 0;
	if (count < 0)
		return nk_error_set(err, NK_CODE_KERNEL, -count, "cannot count the NIC's queues",
				    "%s: %s", att->lender.nic.name, nk_errno_name(-count));
	for (queue = 0; queue < count && !on_ours; queue++) {
		rc = nk_xps_get(&att->lender.nic, (uint32_t)queue, &mask, err);
		if (rc)
			return rc == -ENOENT ? 0 : rc;
		if (!memcmp(&mask, &none, sizeof(mask)))
			continue;
		any = true;
		for (k = 0; k < att->lease_count && !on_ours; k++)
			on_ours = att->leases[k].phys == (uint32_t)queue;
	}
	if (any && !on_ours)
		return 0;
	return nk_error_set(
		err, NK_CODE_CHECK, ENOENT, "CHECK: the host transmits on a leased queue",
		on_ours ? "%s: expected no CPU in the XPS mask of tx queue %u, found some" :
			  "%s: no tx queue has an XPS mask, so the host may use tx queue %u",
		att->lender.nic.name, on_ours ? (uint32_t)queue - 1 : att->leases[0].phys);
}

static int check_settings(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_u32_list items cleanup_list = { 0 };
	int fd cleanup_close = -1;
	uint32_t i;
	int rc;

	if (!att->lease_count)
		return 0;
	rc = check_rss(att, err);
	if (rc)
		return rc;
	fd = nk_saved_open(&att->lender.dir, false, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = nk_saved_read_items(fd, &items, err);
	if (!rc)
		rc = check_xps(att, &items, err);
	for (i = 0; i < items.count && !rc; i++)
		rc = check_setting(&att->lender, fd, items.at[i], err);
	return rc;
}

static int repair_setting(struct nk_attachment *att, int fd, uint32_t item, const uint8_t *before,
			  const struct nk_setting_value *want, struct nk_error *err)
{
	char name[NK_SETTING_NAME_SIZE];
	int rc = nk_settings_write(&att->lender, fd, item, before, want->bytes, want, err);

	nk_setting_name(item, name);
	if (rc)
		nk_error_wrap(err, "set %s of %s", name, att->lender.nic.name);
	else
		nk_step_log_repaired(att, name);
	return rc;
}

/* repair_noted() - a feature or ring parameter that has its original value again was reset; with any other value,
 * somebody else has changed it. Settings of the exclusion are restored whatever their value: this is called for them
 * only if host traffic reaches a leased queue.
 */
static int repair_noted(struct nk_attachment *att, int fd, uint32_t item, struct nk_error *err)
{
	off_stack struct nk_setting_value present, want;
	off_stack struct nk_saved note;
	int rc;

	rc = nk_saved_get(fd, item, &note, err);
	if (!rc && note.nic_ifindex == att->lender.nic.ifindex)
		rc = nk_setting_read(&att->host, &att->lender.nic, item, &present, err);
	if (rc || note.nic_ifindex != att->lender.nic.ifindex)
		return rc == -ENOENT ? 0 : rc;
	(void)nk_setting_resize(item, &present, note.size);
	if (!nk_saved_is_lost(&note, present.bytes, present.size, nk_setting_is_exclusion(item)))
		return 0;
	want.size = note.size;
	memcpy(want.bytes, note.ours, note.size);
	return repair_setting(att, fd, item, note.before, &want, err);
}

/* note_excluded() - the queues that the RSS table must not contain: the leased ones, and those that nk-cni has removed
 * from it
 */
static int note_excluded(struct nk_attachment *att, int fd, struct nk_queue_set *ret,
			 struct nk_error *err)
{
	off_stack struct nk_setting_value value;
	off_stack struct nk_rss table;
	off_stack struct nk_saved note;
	struct nk_queue_set ours = { 0 };
	uint32_t i, queues;
	int rc;

	for (i = 0; i < att->lease_count; i++)
		nk_queue_set_put(ret, att->leases[i].phys);
	rc = nk_saved_get(fd, nk_setting_item(NK_SETTING_RSS, 0), &note, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = nk_setting_count_rx(&att->lender.nic, &queues, err);
	if (rc || note.nic_ifindex != att->lender.nic.ifindex)
		return rc;
	value.size = note.size;
	memcpy(value.bytes, note.ours, note.size);
	nk_setting_unpack_rss(&value, &table);
	for (i = 0; i < table.size; i++)
		nk_queue_set_put(&ours, table.queues[i]);
	memcpy(value.bytes, note.before, note.size);
	nk_setting_unpack_rss(&value, &table);
	for (i = 0; i < table.size; i++)
		if (table.queues[i] < queues && !nk_queue_set_has(&ours, table.queues[i]))
			nk_queue_set_put(ret, table.queues[i]);
	return 0;
}

/* clear_masks() - of excluded queues without a saved mask: it was empty before nk-cni, and has to be again */
static int clear_masks(struct nk_attachment *att, int fd, struct nk_error *err)
{
	off_stack struct nk_setting_value empty;
	off_stack struct nk_saved note;
	struct nk_queue_set excluded = { 0 };
	struct nk_cpu_set mask;
	uint32_t queue, item;
	int count = nk_xps_count(&att->lender.nic), rc = note_excluded(att, fd, &excluded, err);

	memset(&empty, 0, sizeof(empty));
	empty.size = sizeof(mask);
	for (queue = 0; !rc && count > 0 && queue < (uint32_t)count; queue++) {
		item = nk_setting_item(NK_SETTING_XPS, queue);
		if (!nk_queue_set_has(&excluded, queue))
			continue;
		rc = nk_saved_get(fd, item, &note, err);
		if (!rc)
			continue;
		if (rc == -ENOENT)
			rc = nk_xps_get(&att->lender.nic, queue, &mask, err);
		if (!rc && memcmp(&mask, empty.bytes, sizeof(mask)) != 0)
			rc = nk_setting_write(&att->host, &att->lender.nic, item, &empty, err);
	}
	return rc == -ENOENT ? 0 : rc;
}

/* repair_exclusion() - RSS table and XPS masks, for a NIC that has changed since. Their saved originals stay: if the
 * NIC has lost other things too, its reset has changed these; otherwise nobody knows who has.
 */
static int repair_exclusion(struct nk_attachment *att, int fd, struct nk_error *err)
{
	const struct nk_nic_plan_on on = { .lender = &att->lender, .saved = fd, .others = true };
	struct nk_setting_changes changes = { 0 };
	const struct nk_setting_change *change;
	off_stack struct nk_setting_value before;
	struct nk_queue_set excluded = { 0 };
	uint32_t i;
	int rc = note_excluded(att, fd, &excluded, err);

	if (!rc)
		rc = nk_nic_plan_exclude(&on, &excluded, may_send(&att->claim), &changes, err);
	for (i = 0; i < changes.count && !rc; i++) {
		change = &changes.at[i];
		before.size = change->record.size;
		memcpy(before.bytes, change->record.before, sizeof(before.bytes));
		if (!change->recorded ||
		    !nk_setting_resize(change->item, &before, change->want.size))
			before = change->present;
		rc = repair_setting(att, fd, change->item, before.bytes, &change->want, err);
	}
	nk_nic_plan_fini(&changes);
	return rc;
}

/* is_excluded() - is all host traffic kept off the leased queues? */
static bool is_excluded(struct nk_attachment *att, const struct nk_u32_list *items)
{
	struct nk_error lost = { 0 };

	return !check_rss(att, &lost) && !check_xps(att, items, &lost);
}

static int repair_settings(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_u32_list items cleanup_list = { 0 };
	int rc, fd = nk_saved_open(&att->lender.dir, true, err);
	bool lost;
	uint32_t i;

	if (fd < 0)
		return fd;
	rc = nk_saved_read_items(fd, &items, err);
	lost = !rc && !is_excluded(att, &items);
	for (i = 0; i < items.count && !rc; i++)
		if (lost || !nk_setting_is_exclusion(items.at[i]))
			rc = repair_noted(att, fd, items.at[i], err);
	if (!rc && lost && has_xps(&items) && may_send(&att->claim))
		rc = clear_masks(att, fd, err);
	if (!rc && lost && !is_excluded(att, &items))
		rc = repair_exclusion(att, fd, err);
	nk_settings_close(&att->lender, fd);
	return rc;
}

enum nk_restore nk_step_settings_restore(const struct nk_add *undo, uint64_t others,
					 bool last_provider)
{
	const enum nk_restore beside = last_provider ? NK_RESTORE_SPLIT : NK_RESTORE_NONE;

	if (!undo)
		return others ? beside : NK_RESTORE_ALL;
	if (!undo->was_unlocked)
		return NK_RESTORE_OWN;
	if (others && others != undo->others_then)
		return beside;
	return others ? NK_RESTORE_OWN : NK_RESTORE_BOTH;
}

/* has_unclaimed() - does a Pod whose claims were removed need the settings? It may be for a memory provider too. Return:
 * 1, 0, or a negative errno
 */
static int has_unclaimed(const struct nk_lender *lender, struct nk_error *err)
{
	struct nk_error mine = { 0 };
	int rc = nk_lender_check_claimed(lender, &mine);

	if (rc == -EBUSY)
		nk_log_warn(
			"the settings of %s stay, because a Pod may need them: %s. When that Pod "
			"has ended, run: nk-cni release %s",
			lender->nic.name, mine.details, NK_QUOTED(lender->nic.name));
	else if (rc)
		*err = mine;
	return rc == -EBUSY ? 1 : rc;
}

/* choose_restore() - Return: an enum nk_restore, or a negative errno */
static int choose_restore(const struct nk_attachment *att, const struct nk_add *undo,
			  struct nk_error *err)
{
	bool last_provider;
	uint64_t others;
	int rc = nk_step_others(att, &others, err), providers = 0;

	if (!rc)
		providers = nk_mode_has_provider(&att->lender, &att->claim.key, err);
	if (rc || providers < 0)
		return rc ? rc : providers;
	last_provider = att->claim.flags & NK_CLAIM_RINGS && !providers;
	if (others == NK_OTHERS_UNCLAIMED || last_provider)
		rc = has_unclaimed(&att->lender, err);
	if (rc < 0)
		return rc;
	return (int)nk_step_settings_restore(undo, others, last_provider && !rc);
}

static int remove_settings(struct nk_attachment *att, const struct nk_delete_options *how,
			   struct nk_error *err)
{
	int what = NK_RESTORE_ALL, rc = 0;

	if (att->lender.dir.fd < 0)
		return 0; /* a pair without queues */
	if (att->lender.nic.ifindex)
		what = choose_restore(att, how->undo, err);
	if (what < 0)
		return what;
	if (what == NK_RESTORE_SPLIT)
		rc = nk_settings_restore_split(&att->lender, err);
	else if (what & NK_RESTORE_OWN)
		rc = nk_settings_undo(&att->lender, &how->undo->changes, err);
	if (!rc && what & NK_RESTORE_ALL)
		rc = nk_settings_restore(&att->lender, how->keep_rss, err);
	if (rc > 0 && !how->undo && att->claim.flags & NK_CLAIM_SAVED && att->lender.nic.ifindex)
		nk_settings_report_lost(&att->lender);
	if (how->undo && how->undo->dropped_program && att->lender.nic.ifindex)
		attach_again(att); /* the kernel refuses it while header split is on */
	return rc < 0 ? rc : 0;
}

const struct nk_step nk_step_settings = {
	.name = "settings",
	.removal = "restore the NIC's settings",
	.create = create_settings,
	.check = check_settings,
	.remove = remove_settings,
	.repair = repair_settings,
};
