// SPDX-License-Identifier: Apache-2.0
/* test_mode.c - AF_XDP or memory providers: by configurations, by claims and by who uses a queue */
#include "attach/mode.h"

#include "bpffs/claims.h"
#include "kernel/netdev.h"
#include "nic/lender.h"

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

Test(mode, who_excludes_and_who_needs_the_program)
{
	static const struct {
		const char *holder;
		bool leased, is_provider, needs_program;
	} cases[] = {
		{ NULL, false, false, false },
		{ NULL, true, false, false },
		{ "xsk", false, false, false }, /* of the host: our program never redirects to it */
		{ "xsk", true, false, true },
		{ "io-uring", false, true, false }, /* also on a queue of the host */
		{ "io-uring", true, true, false },
		{ "dmabuf", false, true, false },
		{ "dmabuf", true, true, false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct nk_queue queue = { .leased = cases[i].leased,
						.holder = cases[i].holder };

		cr_expect_eq(nk_netdev_has_provider(&queue), cases[i].is_provider, "case %zu", i);
		cr_expect_eq(nk_lender_needs_program(&queue), cases[i].needs_program, "case %zu",
			     i);
	}
}
