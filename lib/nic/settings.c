// SPDX-License-Identifier: Apache-2.0
/* settings.c - change settings of a NIC, and restore their original values */
#include "nic/settings.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/queues.h"
#include "base/text.h"
#include "ethtool/rss.h"
#include "kernel/netdev.h"
#include "nic/lender.h"
#include "nic/saved.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

void nk_settings_close(const struct nk_lender *on, int fd)
{
	struct nk_error ignored = { 0 };

	if (nk_saved_is_empty(fd))
		(void)nk_nicdir_unpin(&on->dir, NK_PIN_ORIGIN, &ignored);
	close(fd);
}

int nk_settings_write(const struct nk_lender *on, int fd, uint32_t item, const uint8_t *before,
		      const uint8_t *present, const struct nk_setting_value *want,
		      struct nk_error *err)
{
	off_stack struct nk_saved saved;
	int rc;

	memset(&saved, 0, sizeof(saved));
	saved.version = NK_SAVED_VERSION;
	saved.nic_ifindex = on->nic.ifindex;
	saved.size = want->size;
	memcpy(saved.before, before, saved.size);
	memcpy(saved.ours, present, saved.size);
	memcpy(saved.next, want->bytes, saved.size);
	rc = nk_setting_mark_drivers(&on->nic, item, saved.before, saved.size, err);
	if (!rc)
		rc = nk_saved_put(fd, item, &saved, err);
	if (!rc)
		rc = nk_setting_write(on->nl, &on->nic, item, want, err);
	if (rc)
		return rc;
	memcpy(saved.ours, want->bytes, saved.size);
	return nk_saved_put(fd, item, &saved, err);
}

int nk_settings_is_ours(const struct nk_lender *on, uint32_t item, const struct nk_saved *saved,
			struct nk_error *err)
{
	off_stack struct nk_setting_value present;
	int rc;

	if (saved->nic_ifindex != on->nic.ifindex)
		return 0;
	rc = nk_setting_read(on->nl, &on->nic, item, &present, err);
	if (rc)
		return rc;
	(void)nk_setting_resize(item, &present, saved->size);
	return nk_saved_is_ours(saved, on->nic.ifindex, present.bytes, present.size);
}

int nk_settings_change(const struct nk_lender *on, struct nk_setting_changes *changes,
		       struct nk_error *err)
{
	int fd = nk_saved_open(&on->dir, true, err), rc = 0;
	char name[NK_SETTING_NAME_SIZE];
	struct nk_setting_change *change;
	uint32_t i;

	if (fd < 0)
		return fd;
	for (i = 0; i < changes->count && !rc; i++) {
		change = &changes->at[i];
		change->done = true;
		rc = nk_settings_write(on, fd, change->item, nk_nic_plan_before(change),
				       change->present.bytes, &change->want, err);
		nk_setting_name(change->item, name);
		if (rc)
			nk_error_wrap(err, "set %s of %s", name, on->nic.name);
	}
	if (!rc)
		rc = !nk_saved_is_empty(fd);
	nk_settings_close(on, fd);
	return rc;
}

/* --- undo ------------------------------------------------------------------------------------- */

static bool is_same(const struct nk_setting_value *a, const struct nk_setting_value *b)
{
	return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

/* write_before() - Whether header split was set before, or was the driver's choice, a NIC does not report. It is the
 * driver's choice if the driver chooses the same again. Return: 0 or a negative errno
 */
static int write_before(const struct nk_lender *on, uint32_t item,
			const struct nk_setting_value *before, struct nk_error *err)
{
	static const struct nk_setting_value automatic = { .size = 1, .bytes = { NK_SPLIT_AUTO } };
	off_stack struct nk_setting_value present;
	int rc;

	if (nk_setting_kind(item) != NK_SETTING_SPLIT)
		return nk_setting_write(on->nl, &on->nic, item, before, err);
	rc = nk_setting_write(on->nl, &on->nic, item, &automatic, err);
	if (!rc)
		rc = nk_setting_read(on->nl, &on->nic, item, &present, err);
	return rc || is_same(&present, before) ?
		       rc :
		       nk_setting_write(on->nl, &on->nic, item, before, err);
}

static int undo_change(const struct nk_lender *on, int fd, const struct nk_setting_change *change,
		       struct nk_error *err)
{
	off_stack struct nk_setting_value present;
	int rc = nk_setting_read(on->nl, &on->nic, change->item, &present, err);

	if (rc == -ENOENT)
		return nk_saved_remove(fd, change->item, err);
	if (rc)
		return rc;
	(void)nk_setting_resize(change->item, &present, change->want.size);
	if (!is_same(&present, &change->present)) {
		if (!is_same(&present, &change->want))
			return 0; /* another ADD has changed it since, and its DEL restores it */
		rc = nk_setting_is_in_use(&on->nic, change->item, err);
		if (!rc)
			rc = nk_settings_write(on, fd, change->item, nk_nic_plan_before(change),
					       present.bytes, &change->present, err);
		if (rc < 0)
			return rc;
	}
	if (!change->recorded && nk_setting_kind(change->item) == NK_SETTING_SPLIT) {
		rc = write_before(on, change->item, &change->present, err);
		if (rc)
			return rc;
	}
	return change->recorded ? nk_saved_put(fd, change->item, &change->record, err) :
				  nk_saved_remove(fd, change->item, err);
}

int nk_settings_undo(const struct nk_lender *on, struct nk_setting_changes *changes,
		     struct nk_error *err)
{
	struct nk_setting_change *change;
	struct nk_error mine;
	int rc, first = 0, fd = nk_saved_open(&on->dir, false, err);
	uint32_t i;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	for (i = changes->count; i > 0; i--) {
		change = &changes->at[i - 1];
		if (!change->done)
			continue;
		nk_error_reset(&mine);
		rc = undo_change(on, fd, change, &mine);
		change->done = rc != 0;
		if (rc && !first) {
			first = rc;
			*err = mine;
		}
	}
	nk_settings_close(on, fd);
	return first;
}

/* --- restore ---------------------------------------------------------------------------------- */

/* restore_if_ours() - Return: 0, also if the setting does not have our value; -ENOENT if the NIC no longer has the
 * setting; or another negative errno
 */
static int restore_if_ours(const struct nk_lender *on, uint32_t item, const struct nk_saved *saved,
			   struct nk_error *err)
{
	off_stack struct nk_setting_value before;
	int rc = nk_settings_is_ours(on, item, saved, err);

	if (rc <= 0)
		return rc;
	rc = nk_setting_is_in_use(&on->nic, item, err);
	if (rc)
		return rc < 0 ? rc : 0;
	before.size = saved->size;
	memcpy(before.bytes, saved->before, saved->size);
	rc = write_before(on, item, &before, err);
	/* It existed a moment ago, so ENOENT proves nothing now. */
	return rc == -ENOENT ? -ESTALE : rc;
}

/* may_have_provider() - while a queue has a memory provider, whoever binds it, the kernel keeps header split on */
static bool may_have_provider(const struct nk_lender *on)
{
	struct nk_queue_list queues cleanup_list = { 0 };
	struct nk_error unread = { 0 };
	uint32_t i;

	if (nk_netdev_read_queues(on->nl, on->nic.ifindex, &queues, &unread))
		return true;
	for (i = 0; i < queues.count; i++)
		if (nk_netdev_has_provider(&queues.at[i]))
			return true;
	return false;
}

/* restore_one() - and remove the saved setting, unless it can only be restored later */
static int restore_one(const struct nk_lender *on, int fd, uint32_t item, struct nk_error *err)
{
	char name[NK_SETTING_NAME_SIZE];
	off_stack struct nk_saved saved;
	int rc;

	rc = nk_saved_get(fd, item, &saved, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = restore_if_ours(on, item, &saved, err);
	nk_setting_name(item, name);
	if (rc == -EINVAL && nk_setting_is_ring(item) && may_have_provider(on)) {
		nk_log_warn(
			"%s: %s is not restored while a memory provider uses the NIC, but when the "
			"NIC's last attachment ends after that: %s",
			on->nic.name, name, err->details);
		nk_error_reset(err);
		return 0;
	}
	if (rc == -EINVAL || rc == -ERANGE || rc == -EOPNOTSUPP) {
		nk_log_warn("%s: %s is not restored: %s", on->nic.name, name, err->details);
		nk_error_reset(err);
		rc = 0;
	}
	if (!rc || rc == -ENOENT)
		return nk_saved_remove(fd, item, err);
	nk_error_wrap(err, "restore %s of %s", name, on->nic.name);
	return rc;
}

/* forget_lost() - remove a saved setting if it is of the NIC that is not here */
static int forget_lost(const struct nk_lender *on, int fd, uint32_t item, struct nk_error *err)
{
	off_stack struct nk_saved saved;
	int rc = nk_saved_get(fd, item, &saved, err);

	if (!rc && saved.nic_ifindex == on->lost_ifindex)
		rc = nk_saved_remove(fd, item, err);
	return rc == -ENOENT ? 0 : rc;
}

enum part {
	ALL,
	ALL_BUT_EXCLUSION,
	SPLIT,
};

static bool is_in(enum part part, uint32_t item)
{
	switch (part) {
	case ALL:
		return true;
	case ALL_BUT_EXCLUSION:
		return !nk_setting_is_exclusion(item);
	case SPLIT:
		return nk_setting_kind(item) == NK_SETTING_SPLIT;
	}
	return false;
}

/* restore_part() - Return: 0 or the first error */
static int restore_part(const struct nk_lender *on, int fd, enum part part, struct nk_error *err)
{
	struct nk_u32_list items cleanup_list = { 0 };
	int rc, first = nk_saved_read_items(fd, &items, err);
	struct nk_error mine;
	uint32_t i;

	if (first)
		items.count = 0;
	for (i = 0; i < items.count; i++) {
		if (!is_in(part, items.at[i]))
			continue;
		nk_error_reset(&mine);
		rc = on->nic.ifindex ? restore_one(on, fd, items.at[i], &mine) :
				       forget_lost(on, fd, items.at[i], &mine);
		if (rc && !first) {
			first = rc;
			*err = mine;
		}
	}
	return first;
}

int nk_settings_restore(const struct nk_lender *on, bool keep_rss, struct nk_error *err)
{
	const enum part part = on->nic.ifindex && keep_rss ? ALL_BUT_EXCLUSION : ALL;
	int rc, fd = nk_saved_open(&on->dir, false, err);

	if (fd < 0)
		return fd == -ENOENT ? 1 : fd;
	rc = restore_part(on, fd, part, err);
	nk_settings_close(on, fd);
	return rc;
}

int nk_settings_restore_split(const struct nk_lender *on, struct nk_error *err)
{
	int fd cleanup_close = nk_saved_open(&on->dir, false, err);

	if (fd < 0)
		return fd == -ENOENT ? 1 : fd;
	/* The map stays, even if it is empty: if it were gone, the DEL of others would report it as lost. */
	return restore_part(on, fd, SPLIT, err);
}

void nk_settings_report_lost(const struct nk_lender *on)
{
	const char *nic = on->nic.name;

	nk_log_warn(
		"%s/origin is gone. It had the original settings of %s, so RSS table, XPS "
		"masks, features and ring parameters stay as nk-cni set them. If nobody else "
		"has set them on purpose, most drivers get their defaults by: ethtool -X %s "
		"default; ethtool -K %s rxvlan on; ethtool -G %s tcp-data-split auto; and, only "
		"if \"ethtool -n %s\" shows no rule: ethtool -K %s ntuple off",
		on->dir.path, nic, NK_QUOTED(nic), NK_QUOTED(nic), NK_QUOTED(nic), NK_QUOTED(nic),
		NK_QUOTED(nic));
}

bool nk_settings_may_be_lost(const struct nk_lender *on)
{
	struct nk_error unread = { 0 };
	struct nk_queue_set used = { 0 };
	off_stack struct nk_rss table;
	uint32_t i, queues;

	if (nk_rss_get(on->nl, on->nic.ifindex, 0, &table, &unread) ||
	    nk_setting_count_rx(&on->nic, &queues, &unread))
		return false;
	for (i = 0; i < table.size; i++)
		nk_queue_set_put(&used, table.queues[i]);
	for (i = 0; i < queues && i < table.size && nk_queue_set_has(&used, i); i++)
		;
	return i < queues && i < table.size;
}
