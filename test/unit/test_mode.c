// SPDX-License-Identifier: Apache-2.0
/* test_mode.c - AF_XDP or memory providers: by configurations and by claims */
#include "attach/mode.h"

#include "bpffs/claims.h"

#include <criterion/criterion.h>

Test(mode, a_configuration_needs_what_its_map_and_header_split_need)
{
	static const struct {
		bool map, split;
		enum nk_mode mode;
	} rows[] = {
		{ true, false, NK_MODE_XDP },
		{ false, true, NK_MODE_PROVIDER },
		{ false, false, NK_MODE_ANY },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct nk_config config = {
			.xsk_map = rows[i].map,
			.rings = { .has_split = true, .split = rows[i].split },
		};

		cr_expect_eq(nk_mode_of(&config), rows[i].mode, "row %zu", i);
	}
}

/* A claim of an older build has no flag: header split on the NIC tells, for attachments without a map. */
Test(mode, a_claim_tells_it_or_header_split_does)
{
	static const struct {
		bool map, rings, is_split;
		enum nk_mode mode;
	} rows[] = {
		{ true, false, false, NK_MODE_XDP },	  { true, false, true, NK_MODE_XDP },
		{ false, true, false, NK_MODE_PROVIDER }, { false, true, true, NK_MODE_PROVIDER },
		{ false, false, true, NK_MODE_PROVIDER }, { false, false, false, NK_MODE_ANY },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct nk_claim claim = {
			.with_map = rows[i].map,
			.flags = NK_CLAIM_HAS_WISHES | (rows[i].rings ? NK_CLAIM_RINGS : 0),
		};

		cr_expect_eq(nk_mode_of_claim(&claim, rows[i].is_split), rows[i].mode, "row %zu",
			     i);
	}
}
