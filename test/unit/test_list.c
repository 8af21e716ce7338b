// SPDX-License-Identifier: Apache-2.0
/* test_list.c - a list grows */
#include "base/list.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <criterion/criterion.h>

Test(list, keeps_what_it_has_when_it_grows)
{
	struct nk_u32_list list cleanup_list = { 0 };
	struct nk_error err = { 0 };
	uint32_t i;

	for (i = 0; i < 100; i++)
		cr_assert_eq(nk_list_add(&list, &i, &err), 0);
	for (i = 0; i < list.count; i++)
		cr_expect_eq(list.at[i], i);
	cr_expect_eq(list.count, 100);
}

Test(list, one_that_was_cut_grows_again)
{
	struct nk_u32_list list cleanup_list = { 0 };
	struct nk_error err = { 0 };
	uint32_t i;

	for (i = 0; i < 9; i++)
		cr_assert_eq(nk_list_add(&list, &i, &err), 0);
	list.count = 3;
	for (i = 3; i < 40; i++)
		cr_assert_eq(nk_list_add(&list, &i, &err), 0);
	for (i = 0; i < list.count; i++)
		cr_expect_eq(list.at[i], i);
}
