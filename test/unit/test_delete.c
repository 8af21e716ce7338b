// SPDX-License-Identifier: Apache-2.0
/* test_delete.c - what a removal does without claims that it cannot read, and what it does to the NIC */
#include "attach/delete.h"

#include "attach/attach.h"
#include "base/error.h"
#include "bpffs/claims.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "base/banned.h"

Test(removal, claims_that_no_build_will_read_keep_no_pod_but_those_of_its_own_nic)
{
	static const int later[] = { -EAGAIN, -ENOMEM, -EIO, -EINTR, -EMFILE, -ENFILE };
	size_t i;

	cr_expect(nk_delete_is_unreadable(-EPROTO, false), "a map of another layout");
	cr_expect(nk_delete_is_unreadable(-EACCES, false), "no map at all");
	cr_expect(!nk_delete_is_unreadable(-EPROTO, true), "on the configuration's NIC");
	cr_expect(!nk_delete_is_unreadable(-EACCES, true), "on the configuration's NIC");
	cr_expect(nk_delete_is_unreadable(-EPERM, false), "of another user");
	cr_expect(nk_delete_is_unreadable(-EPERM, true), "of another user");
	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		cr_expect(!nk_delete_is_unreadable(later[i], false), "%s",
			  nk_errno_name(-later[i]));
}

/* The options of the ADD are in its claims; those of the caller count where older claims have none. */
Test(removal, program_and_exclusion_stay_as_the_add_wished)
{
	static const struct {
		uint32_t flags;
		bool drop_program, keep_rss; /* the caller's */
		bool drops, keeps;
	} cases[] = {
		{ 0, false, false, false, false },
		{ 0, true, true, true, true },
		{ NK_CLAIM_HAS_WISHES, true, true, false, false },
		{ NK_CLAIM_HAS_WISHES | NK_CLAIM_DROP_PROGRAM, false, true, true, false },
		{ NK_CLAIM_HAS_WISHES | NK_CLAIM_KEEP_RSS, true, false, false, true },
	};
	struct nk_claim claim = { 0 };
	struct nk_delete_options asked, how;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		claim.flags = cases[i].flags;
		asked.drop_program = cases[i].drop_program;
		asked.keep_rss = cases[i].keep_rss;
		how = nk_attach_wishes(&claim, &asked);
		cr_expect_eq(how.drop_program, cases[i].drops, "case %zu", i);
		cr_expect_eq(how.keep_rss, cases[i].keeps, "case %zu", i);
	}
}
