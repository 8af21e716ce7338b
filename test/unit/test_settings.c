// SPDX-License-Identifier: Apache-2.0
/* test_settings.c - which settings of a NIC are ours, lost, or to be restored, by what is noted */
#include "attach/steps.h"
#include "nic/saved.h"
#include "nic/setting.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/banned.h"

#define NIC 5U

/* Four bytes that a setting can have. */
static const uint8_t before[] = "aaaa", ours[] = "bbbb", next[] = "cccc", foreign[] = "dddd";

static struct nk_saved note = {
	.version = NK_SAVED_VERSION,
	.nic_ifindex = NIC,
	.size = 4,
	.before = "aaaa",
	.ours = "bbbb",
	.next = "cccc",
};

Test(settings, what_we_made_or_were_about_to_make_is_ours)
{
	cr_expect(nk_saved_is_ours(&note, NIC, ours, 4));
	cr_expect(nk_saved_is_ours(&note, NIC, next, 4));
	cr_expect(!nk_saved_is_ours(&note, NIC, before, 4));
	cr_expect(!nk_saved_is_ours(&note, NIC, foreign, 4));
	cr_expect(!nk_saved_is_ours(&note, NIC, ours, 3));
	cr_expect(!nk_saved_is_ours(&note, NIC + 1, ours, 4));
}

Test(settings, what_is_as_before_us_is_lost)
{
	cr_expect(nk_saved_is_lost(&note, before, 4, false));
	cr_expect(!nk_saved_is_lost(&note, ours, 4, false));
	cr_expect(!nk_saved_is_lost(&note, foreign, 4, false));
	cr_expect(!nk_saved_is_lost(&note, before, 3, false));
	/* the exclusion: whoever made something else of it, host traffic gets in */
	cr_expect(nk_saved_is_lost(&note, foreign, 4, true));
	cr_expect(!nk_saved_is_lost(&note, ours, 4, true));
	cr_expect(!nk_saved_is_lost(&note, foreign, 3, true));
}

/* table() - an RSS table of so many entries, which repeats the @period first ones of 0, 1, 5, 1 */
static struct nk_setting_value table(uint32_t entries, uint32_t period)
{
	static const uint16_t queues[] = { 0, 1, 5, 1 };
	struct nk_setting_value value = { .size = entries * (uint32_t)sizeof(queues[0]) };
	uint32_t i;

	for (i = 0; i < entries; i++)
		memcpy(value.bytes + i * sizeof(queues[0]), &queues[i % period], sizeof(queues[0]));
	return value;
}

Test(settings, an_rss_table_is_repeated_or_folded_to_the_size_that_is_saved)
{
	static const struct {
		uint32_t period, from, to;
		bool possible;
	} rows[] = {
		{ 4, 4, 4, true },    { 4, 4, 8, true },    { 4, 8, 4, true },
		{ 4, 16, 4, true },   { 4, 8, 2, false },   { 2, 8, 2, true },
		{ 4, 8, 6, false },   { 4, 4, 6, false },   { 3, 4, 2, false },
		{ 4, 2048, 4, true }, { 4, 4, 2048, true }, { 4, 4, 4096, false },
		{ 4, 4, 0, false },   { 1, 4, 1, true },
	};
	const uint32_t item = nk_setting_item(NK_SETTING_RSS, 0);
	struct nk_setting_value value, want;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		value = table(rows[i].from, rows[i].period);
		want = table(rows[i].possible ? rows[i].to : rows[i].from, rows[i].period);
		cr_expect_eq(nk_setting_resize(item, &value, rows[i].to * 2), rows[i].possible,
			     "row %zu", i);
		cr_expect(value.size == want.size && !memcmp(value.bytes, want.bytes, want.size),
			  "row %zu", i);
	}
	value = table(2, 1);
	cr_expect(!nk_setting_resize(nk_setting_item(NK_SETTING_HDS, 0), &value, 8));
	cr_expect(nk_setting_resize(nk_setting_item(NK_SETTING_HDS, 0), &value, 4));
	cr_expect_eq(value.size, 4);
}

Test(settings, the_last_one_restores_all_and_a_rollback_its_own)
{
	static const struct {
		bool undo, was_unlocked, last_provider;
		uint64_t others_then, others;
		enum nk_restore what;
	} cases[] = {
		/* DEL */
		{ false, false, false, 0, 0, NK_RESTORE_ALL },
		{ false, false, false, 0, 7, NK_RESTORE_NONE },
		{ false, false, true, 0, 0, NK_RESTORE_ALL },
		{ false, false, true, 0, 7, NK_RESTORE_SPLIT },
		/* rollback, before the lock was given up */
		{ true, false, false, 0, 0, NK_RESTORE_OWN },
		{ true, false, false, 0, 7, NK_RESTORE_OWN },
		{ true, false, true, 0, 7, NK_RESTORE_OWN },
		/* and behind that: nobody came, the same are there, all went, somebody came */
		{ true, true, false, 0, 0, NK_RESTORE_BOTH },
		{ true, true, false, 7, 7, NK_RESTORE_OWN },
		{ true, true, false, 7, 0, NK_RESTORE_BOTH },
		{ true, true, false, 7, 8, NK_RESTORE_NONE },
		{ true, true, false, 0, 8, NK_RESTORE_NONE },
		{ true, true, true, 0, 0, NK_RESTORE_BOTH },
		{ true, true, true, 7, 7, NK_RESTORE_OWN },
		{ true, true, true, 0, 8, NK_RESTORE_SPLIT },
	};
	struct nk_add add = { 0 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		add.was_unlocked = cases[i].was_unlocked;
		add.others_then = cases[i].others_then;
		cr_expect_eq(nk_step_settings_restore(cases[i].undo ? &add : NULL, cases[i].others,
						      cases[i].last_provider),
			     cases[i].what, "case %zu", i);
	}
}
