// SPDX-License-Identifier: Apache-2.0
#include "nic/nic_plan.h"

#include "ethtool/rss.h"
#include "ethtool/xps.h"

#include <criterion/criterion.h>
#include <string.h>

/* changed() - a setting that is @present now, noted as @ours instead of @before */
static struct nk_setting_change changed(const char *present, const char *before, const char *ours)
{
	struct nk_setting_change change = { 0 };

	change.present.size = (uint32_t)strlen(present);
	memcpy(change.present.bytes, present, change.present.size);
	if (!before)
		return change;
	change.recorded = true;
	change.record.size = (uint32_t)strlen(ours);
	memcpy(change.record.before, before, change.record.size);
	memcpy(change.record.ours, ours, change.record.size);
	return change;
}

static void expect_before(struct nk_setting_change change, const char *want, const char *what)
{
	cr_expect_eq(memcmp(nk_nic_plan_before(&change), want, strlen(want)), 0, "%s", what);
}

Test(slice, before_is_what_was_noted_only_while_the_setting_is_ours)
{
	expect_before(changed("abc", NULL, NULL), "abc", "never changed by us");
	expect_before(changed("abc", "xyz", "abc"), "xyz", "as we made it");
	expect_before(changed("abd", "xyz", "abc"), "abd", "somebody else's since");
	expect_before(changed("ab", "xyz", "abc"), "ab", "of another size since");
}

Test(slice, context_is_wanted_for_rules_over_several_queues)
{
	static const struct {
		enum nk_rss_context how;
		uint32_t queues, rules;
		bool want;
	} rows[] = {
		{ NK_RSS_CONTEXT_AUTO, 1, 1, false },	{ NK_RSS_CONTEXT_AUTO, 2, 1, true },
		{ NK_RSS_CONTEXT_AUTO, 2, 0, false },	{ NK_RSS_CONTEXT_ALWAYS, 1, 0, true },
		{ NK_RSS_CONTEXT_ALWAYS, 0, 0, false }, { NK_RSS_CONTEXT_NEVER, 2, 1, false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct nk_config config = {
			.rss_context = rows[i].how,
			.queue_count = rows[i].queues,
			.steering_count = rows[i].rules,
		};

		cr_expect_eq(nk_nic_plan_wants_context(&config), rows[i].want, "row %zu", i);
	}
}

Test(slice, a_ring_parameter_that_another_attachment_needs_is_not_changed)
{
	static const struct {
		const char *present, *want, *before; /* NULL: not saved */
		bool others, providers, split, needed;
	} rows[] = {
		{ "0", "0", NULL, true, true, true, false },
		{ "1", "0", NULL, false, false, true, false },
		/* somebody else's value, which nobody needs */
		{ "1", "0", NULL, true, false, true, false },
		/* ours, for another attachment, which may have gone */
		{ "1", "0", "2", false, false, true, false },
		{ "1", "0", "2", true, false, true, true },
		{ "1", "0", "1", true, false, false, true },
		/* an administrator's change under memory providers: the next one reverts it */
		{ "1", "0", NULL, true, true, true, false },
		/* memory providers need theirs, whoever has set it */
		{ "0", "1", NULL, true, true, false, true },
		{ "0", "1", "0", true, true, false, true },
		{ "0", "0", "0", true, true, false, false },
	};
	struct nk_setting_change change;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct nk_nic_plan_on on = { .others = rows[i].others,
						   .providers = rows[i].providers };
		const struct nk_rings rings = { .split = rows[i].split };

		change = changed(rows[i].present, rows[i].before, rows[i].present);
		change.want.size = 1;
		memcpy(change.want.bytes, rows[i].want, 1);
		cr_expect_eq(nk_nic_plan_is_needed(&on, &rings, &change), rows[i].needed, "row %zu",
			     i);
	}
}

Test(slice, a_ring_parameter_is_saved_even_if_it_stays_as_it_is)
{
	static const struct {
		const char *present, *want, *before; /* NULL: not saved */
		bool due;
	} rows[] = {
		{ "0", "1", NULL, true }, { "0", "0", NULL, true }, { "0", "1", "2", true },
		{ "0", "0", "2", false }, { "0", "0", "0", false },
	};
	struct nk_setting_change change;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		change = changed(rows[i].present, rows[i].before, rows[i].present);
		change.want.size = 1;
		memcpy(change.want.bytes, rows[i].want, 1);
		cr_expect_eq(nk_nic_plan_is_due(&change), rows[i].due, "row %zu", i);
	}
	/* what was there before us is what the last one restores */
	expect_before(changed("1", NULL, NULL), "1", "as the NIC had it");
}

Test(slice, only_singles_for_af_xdp_send_on_the_queues)
{
	static const struct {
		bool pair, provider, sends;
	} rows[] = {
		{ false, false, true },
		{ false, true, false },
		{ true, false, false },
		{ true, true, false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(nk_nic_plan_sends(rows[i].pair, rows[i].provider), rows[i].sends,
			     "row %zu", i);
}

Test(setting, ring_parameters_are_no_exclusion_and_the_reverse)
{
	cr_expect(nk_setting_is_ring(nk_setting_item(NK_SETTING_SPLIT, 0)));
	cr_expect(nk_setting_is_ring(nk_setting_item(NK_SETTING_HDS, 0)));
	cr_expect(!nk_setting_is_ring(nk_setting_item(NK_SETTING_RSS, 0)));
	cr_expect(!nk_setting_is_ring(nk_setting_item(NK_SETTING_XPS, 4)));
	cr_expect(!nk_setting_is_ring(nk_setting_item(NK_SETTING_FEATURE, NK_FEATURE_NTUPLE)));
	cr_expect(!nk_setting_is_exclusion(nk_setting_item(NK_SETTING_SPLIT, 0)));
}

Test(setting, rss_tables_of_any_size_come_back_from_their_bytes)
{
	static struct nk_rss table, back;
	struct nk_setting_value value;
	uint32_t i;

	for (table.size = 0; table.size <= NK_RSS_SIZE_MAX; table.size += 128) {
		for (i = 0; i < table.size; i++)
			table.queues[i] = (i * 7919) % NK_QUEUE_IDS;
		nk_setting_pack_rss(&table, &value);
		nk_setting_unpack_rss(&value, &back);
		cr_assert_eq(back.size, table.size);
		cr_expect_eq(memcmp(back.queues, table.queues, table.size * sizeof(uint32_t)), 0,
			     "size %u", table.size);
	}
}

Test(setting, items_tell_kind_and_name)
{
	char name[NK_SETTING_NAME_SIZE];
	uint32_t item = nk_setting_item(NK_SETTING_XPS, 4095);

	cr_expect_eq(nk_setting_kind(item), NK_SETTING_XPS);
	nk_setting_name(item, name);
	cr_expect_str_eq(name, "XPS mask of tx queue 4095");
	nk_setting_name(nk_setting_item(NK_SETTING_FEATURE, NK_FEATURE_NTUPLE), name);
	cr_expect_str_eq(name, "rx-ntuple-filter");
}

Test(slice, what_was_about_to_be_written_is_ours_too)
{
	struct nk_setting_change change = changed("abc", "xyz", "abd");

	expect_before(change, "abc", "neither written nor about to be");
	memcpy(change.record.next, "abc", 3);
	expect_before(change, "xyz", "killed right after it was written");
}

Test(setting, each_prints_the_command_that_makes_it)
{
	static const struct {
		uint32_t kind, index, size;
		uint8_t bytes[8];
		const char *want;
	} rows[] = {
		{ NK_SETTING_RSS,
		  0,
		  8,
		  { 0, 0, 2, 0, 0, 0, 2, 0 },
		  "ethtool -X n weight 2 0 2  # approximation: nk-cni changes only the entries that "
		  "must change\n" },
		{ NK_SETTING_XPS,
		  3,
		  sizeof(struct nk_cpu_set),
		  { 0x0c },
		  "echo c > /sys/class/net/n/queues/tx-3/xps_cpus\n" },
		{ NK_SETTING_FEATURE,
		  NK_FEATURE_NTUPLE,
		  1,
		  { 1 },
		  "ethtool -K n rx-ntuple-filter on\n" },
		{ NK_SETTING_FEATURE,
		  NK_FEATURE_STAG_STRIP,
		  1,
		  { 0 },
		  "ethtool -K n rx-vlan-stag-hw-parse off\n" },
		{ NK_SETTING_SPLIT, 0, 1, { NK_SPLIT_ON }, "ethtool -G n tcp-data-split on\n" },
		{ NK_SETTING_HDS, 0, 4, { 0x80, 1, 0, 0 }, "ethtool -G n hds-thresh 384\n" },
	};
	struct nk_setting_value value;
	char text[128];
	FILE *out;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		value = (struct nk_setting_value){ .size = rows[i].size };
		memcpy(value.bytes, rows[i].bytes, sizeof(rows[i].bytes));
		out = fmemopen(text, sizeof(text), "w");
		nk_setting_print(out, "n",
				 nk_setting_item((enum nk_setting_kind)rows[i].kind, rows[i].index),
				 &value);
		fclose(out);
		cr_expect_str_eq(text, rows[i].want);
	}
}
