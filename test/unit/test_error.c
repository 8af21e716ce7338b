// SPDX-License-Identifier: Apache-2.0
/* test_error.c - the error object */
#include "base/error.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(error, set_fills_the_object_and_returns_the_negative_errno)
{
	struct nk_error err = { 0 };
	int rc = nk_error_set(&err, NK_CODE_KERNEL, EBUSY, "no luck", "queue %d: %s", 7, "taken");

	cr_expect_eq(rc, -EBUSY);
	cr_expect_eq(err.code, NK_CODE_KERNEL);
	cr_expect_eq(err.sys, EBUSY);
	cr_expect_str_eq(err.msg, "no luck");
	cr_expect_str_eq(err.details, "queue 7: taken");
	cr_expect_str_empty(err.remedy);
}

Test(error, a_failed_system_call_gives_its_errno_and_its_name)
{
	struct nk_error err = { 0 };

	errno = ENOSPC;
	cr_expect_eq(nk_error_sys(&err, NK_CODE_BPF, "cannot pin", "BPF_OBJ_PIN %s", "/x"),
		     -ENOSPC);
	cr_expect_eq(err.sys, ENOSPC);
	cr_expect_str_eq(err.details, "BPF_OBJ_PIN /x: ENOSPC");
	errno = EPERM; /* the first error wins */
	cr_expect_eq(nk_error_sys(&err, NK_CODE_BPF, "m", "later"), -EPERM);
	cr_expect_str_eq(err.details, "BPF_OBJ_PIN /x: ENOSPC");
}

Test(error, a_configuration_is_refused_with_einval)
{
	struct nk_error err = { 0 };

	cr_expect_eq(nk_error_config(&err, "mtu: %d", 1), -EINVAL);
	cr_expect_eq(err.code, NK_CODE_CONFIG);
	cr_expect_str_eq(err.msg, "invalid network configuration");
	cr_expect_str_eq(err.details, "mtu: 1");
	cr_expect_eq(nk_error_config(&err, "mtu: %d", 2), -EINVAL);
	cr_expect_str_eq(err.details, "mtu: 1");
}

Test(error, errno_0_stands_for_einval)
{
	struct nk_error err = { 0 };

	cr_expect_eq(nk_error_set(&err, NK_CODE_CONFIG, 0, "m", "%s", ""), -EINVAL);
	cr_expect_eq(err.sys, EINVAL);
}

Test(error, the_first_error_wins_but_the_caller_sees_its_own_errno)
{
	struct nk_error err = { 0 };

	nk_error_set(&err, NK_CODE_KERNEL, EBUSY, "first", "one");
	cr_expect_eq(nk_error_set(&err, NK_CODE_BPF, ENOENT, "second", "two"), -ENOENT);
	cr_expect_eq(err.code, NK_CODE_KERNEL);
	cr_expect_eq(err.sys, EBUSY);
	cr_expect_str_eq(err.msg, "first");
	cr_expect_str_eq(err.details, "one");
}

Test(error, wrap_puts_the_context_before_the_details)
{
	struct nk_error err = { 0 };

	nk_error_set(&err, NK_CODE_KERNEL, EBUSY, "m", "EBUSY");
	nk_error_wrap(&err, "lease queue %d", 3);
	nk_error_wrap(&err, "add eth0");
	cr_expect_str_eq(err.details, "add eth0: lease queue 3: EBUSY");
	cr_expect_str_eq(err.msg, "m");
}

Test(error, wrap_of_empty_details_leaves_no_colon)
{
	struct nk_error err = { 0 };

	cr_expect_eq(nk_error_no_memory(&err), -ENOMEM);
	nk_error_wrap(&err, "lease");
	cr_expect_str_eq(err.details, "lease");
}

Test(error, note_goes_behind_the_details)
{
	struct nk_error err = { 0 };

	nk_error_note(&err, "alone");
	cr_expect_str_eq(err.details, "alone");
	nk_error_note(&err, "rollback: %s", "EIO");
	cr_expect_str_eq(err.details, "alone; rollback: EIO");
}

Test(error, remedy_replaces_an_earlier_one_and_class_keeps_the_details)
{
	struct nk_error err = { 0 };

	nk_error_set(&err, NK_CODE_KERNEL, EBUSY, "m", "EBUSY");
	nk_error_remedy(&err, "wait %d s", 1);
	cr_expect_eq(nk_error_remedy(&err, "wait %d s", 2), -EBUSY);
	nk_error_class(&err, NK_CODE_RETRY, "cannot lease %s", "it");
	cr_expect_str_eq(err.remedy, "wait 2 s");
	cr_expect_str_eq(err.msg, "cannot lease it");
	cr_expect_str_eq(err.details, "EBUSY");
	cr_expect_eq(err.code, NK_CODE_RETRY);
	cr_expect_eq(err.sys, EBUSY);
}

Test(error, reset_makes_room_for_another_error)
{
	struct nk_error err = { 0 };

	nk_error_set(&err, NK_CODE_KERNEL, EBUSY, "first", "one");
	nk_error_remedy(&err, "do it");
	nk_error_reset(&err);
	unit_expect_ok("nk_error_reset", 0, &err);
	cr_expect_str_empty(err.remedy);
	nk_error_set(&err, NK_CODE_BPF, ENOENT, "second", "two");
	cr_expect_eq(err.code, NK_CODE_BPF);
	cr_expect_str_eq(err.details, "two");
}

/* Each text is filled beyond its end, from every length that is near it; ASan watches the rest. */
Test(error, texts_that_do_not_fit_are_cut_and_stay_terminated)
{
	static char text[5000];
	struct nk_error err = { 0 };
	size_t room = sizeof(err.details);
	int len, base;

	memset(text, 'x', sizeof(text) - 1);
	nk_error_set(&err, NK_CODE_KERNEL, EBUSY, text, "%s", text);
	nk_error_remedy(&err, "%s", text);
	cr_expect_eq(strlen(err.msg), sizeof(err.msg) - 1);
	cr_expect_eq(strlen(err.details), sizeof(err.details) - 1);
	cr_expect_eq(strlen(err.remedy), sizeof(err.remedy) - 1);
	for (base = (int)room - 8; base < (int)room + 2; base++) {
		for (len = 0; len < 8; len++) {
			nk_error_reset(&err);
			nk_error_set(&err, NK_CODE_KERNEL, EBUSY, "m", "%.*s", base, text);
			nk_error_note(&err, "%.*s", len, text);
			nk_error_wrap(&err, "%.*s", len, text);
			cr_expect_lt(strlen(err.details), room, "details of %d, note of %d bytes",
				     base, len);
		}
	}
	nk_error_wrap(&err, "%s", text);
	cr_expect_eq(strlen(err.details), room - 1);
}

Test(error, errno_names_are_those_of_the_kernel_sources)
{
	cr_expect_str_eq(nk_errno_name(EBUSY), "EBUSY");
	cr_expect_str_eq(nk_errno_name(EOPNOTSUPP), "EOPNOTSUPP");
	cr_expect_str_eq(nk_errno_name(EAGAIN), "EAGAIN");
	cr_expect_str_eq(nk_errno_name(EDEADLK), "EDEADLK");
	cr_expect_str_eq(nk_errno_name(999999), "unknown errno");
	cr_expect_str_eq(nk_errno_name(-1), "unknown errno");
	cr_expect_str_eq(nk_errno_name(0), "unknown errno");
	cr_expect_str_eq(nk_errno_name(524), "ENOTSUPP");
}

Test(error, every_errno_of_the_libc_has_its_name)
{
	int sys, known = 0;

	for (sys = 1; sys < 600; sys++) {
		const char *name = strerrorname_np(sys);

		if (!name || sys == EOPNOTSUPP) /* glibc's name of that number is ENOTSUP */
			continue;
		known++;
		cr_expect_str_eq(nk_errno_name(sys), name);
	}
	cr_expect_gt(known, 100);
}
