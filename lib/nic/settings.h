/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - change settings that all attachments of a NIC share, and restore them after the last one
 *
 * The original value is saved (saved.h) before the first change. It is restored only if the setting still has our
 * value. If somebody else has changed it, that value is the new original.
 *
 * All functions need the NIC's lock.
 */
#ifndef NK_SETTINGS_H
#define NK_SETTINGS_H

#include "nic/nic_plan.h"

struct nk_error;
struct nk_lender;

/* nk_settings_close() - close the fd of nk_saved_open(); remove the map if it is empty */
void nk_settings_close(const struct nk_lender *on, int fd);

/**
 * nk_settings_write() - change a setting, such that its saved setting is right whenever the process dies
 * @fd: of nk_saved_open()
 * @before: the original value
 * @present: the present value: ours, or else @before
 */
int nk_settings_write(const struct nk_lender *on, int fd, uint32_t item, const uint8_t *before,
		      const uint8_t *present, const struct nk_setting_value *want,
		      struct nk_error *err);

/* nk_settings_is_ours() - does a setting still have our value? Return: 1, 0, or a negative errno as
 * nk_setting_read()
 */
int nk_settings_is_ours(const struct nk_lender *on, uint32_t item, const struct nk_saved *saved,
			struct nk_error *err);

/* nk_settings_change() - make the changes, and mark each as done before it is made. Return: 1: there are saved
 * settings now; 0; or a negative errno
 */
int nk_settings_change(const struct nk_lender *on, struct nk_setting_changes *changes,
		       struct nk_error *err);

/* nk_settings_undo() - undo the changes that are marked as done, the last one first. Return: 0 or the first error */
int nk_settings_undo(const struct nk_lender *on, struct nk_setting_changes *changes,
		     struct nk_error *err);

/**
 * nk_settings_restore() - restore all original values
 * @keep_rss: leave the exclusion of host traffic for the next Pod
 *
 * An original value that the NIC refuses by now is logged and forgotten, because it must not prevent the deletion
 * of a Pod. If the NIC is not here, the saved settings are only removed.
 *
 * Return: 0; 1: there is no map of saved settings; or the first error
 */
int nk_settings_restore(const struct nk_lender *on, bool keep_rss, struct nk_error *err);

/* nk_settings_restore_split() - the same for header split alone, while others use the NIC */
int nk_settings_restore_split(const struct nk_lender *on, struct nk_error *err);

/* nk_settings_report_lost() - warn that the map was removed, so that nothing is restored */
void nk_settings_report_lost(const struct nk_lender *on);

/* nk_settings_may_be_lost() - do queues lack in the RSS table, as nk-cni or somebody else has arranged it? */
bool nk_settings_may_be_lost(const struct nk_lender *on);

#endif
