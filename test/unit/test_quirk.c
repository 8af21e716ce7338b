// SPDX-License-Identifier: Apache-2.0
/* test_quirk.c - what is known of NIC drivers */
#include "nic/quirk.h"

#include "base/json.h"
#include "base/types.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const drivers[] = { "mlx5_core", "gve", "bnxt_en", "fbnic", "other", "" };

static struct nk_error advise(const char *driver, enum nk_quirk_case what)
{
	struct nk_error err = { 0 };

	nk_error_set(&err, NK_CODE_KERNEL, EOPNOTSUPP, "cannot insert a flow rule", "n0: no");
	nk_quirk_advise(driver, what, &err);
	return err;
}

Test(quirk, every_refusal_by_every_driver_has_a_remedy_that_fits)
{
	struct nk_error err;
	size_t i;
	int what;

	for (i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		for (what = 0; what < NK_QUIRK_CASES; what++) {
			err = advise(drivers[i], (enum nk_quirk_case)what);
			cr_expect(*err.remedy && strlen(err.remedy) < sizeof(err.remedy) - 1,
				  "%s, case %d: %s", drivers[i], what, err.remedy);
			cr_expect_str_eq(err.msg, "cannot insert a flow rule");
			cr_expect_str_eq(err.details, "n0: no");
			cr_expect_eq(err.sys, EOPNOTSUPP);
		}
	}
}

/* What stands in quotes is there to be copied: each "steering" is JSON, once N is a number. */
Test(quirk, every_steering_advised_is_json)
{
	static const char key[] = "\"steering\": ";
	struct nk_error err;
	const char *at, *end;
	char text[128], *n;
	size_t i, found = 0;
	int what;

	for (i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		for (what = 0; what < NK_QUIRK_CASES; what++) {
			err = advise(drivers[i], (enum nk_quirk_case)what);
			at = strstr(err.remedy, key);
			if (!at)
				continue;
			at += strlen(key);
			end = strchr(at, ']');
			cr_assert(end, "%s", err.remedy);
			snprintf(text, sizeof(text), "{'steering':%.*s}", (int)(end + 1 - at), at);
			n = strchr(text, 'N');
			if (n)
				*n = '1';
			nk_json_free(unit_json(text));
			found++;
		}
	}
	cr_expect_gt(found, 20);
}

Test(quirk, known_driver_has_better_words_and_others_the_general_ones)
{
	struct nk_error err = advise("gve", NK_QUIRK_MAC_RULE);

	cr_expect_str_eq(err.remedy,
			 "gve accepts only rules that match TCP or UDP addresses and ports: "
			 "\"steering\": [{\"match\": \"tcp\", \"port\": N}]");
	err = advise("mlx5_core", NK_QUIRK_MAC_RULE_CONTEXT);
	cr_expect(strstr(err.remedy, "mlx5 directs MAC rules to one queue only"));
	err = advise("mlx5_core", NK_QUIRK_VLAN_STRIP);
	cr_expect_str_eq(err.remedy, advise("other", NK_QUIRK_VLAN_STRIP).remedy);
	cr_expect(!strstr(advise("mlx5", NK_QUIRK_MAC_RULE_CONTEXT).remedy, "mlx5"));
}

Test(quirk, transmit_rings_of_af_xdp_are_known_of_two_drivers)
{
	size_t i;

	for (i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		cr_expect_eq(nk_quirk_has_own_tx(drivers[i]), i < 2, "%s", drivers[i]);
}

Test(quirk, subfunction_has_its_functions_quirks)
{
	struct nk_error err = { 0 };

	cr_expect(nk_quirk_has_own_tx("mlx5_core.sf"));
	cr_expect_not(nk_quirk_has_own_tx("mlx5_core.sfx"));
	cr_expect_not(nk_quirk_has_own_tx("mlx5_cor.sf"));
	cr_expect_not(nk_quirk_has_own_tx(".sf"));
	nk_error_set(&err, NK_CODE_KERNEL, EINVAL, "no", "%s", "");
	nk_quirk_advise("mlx5_core.sf", NK_QUIRK_MAC_RULE_CONTEXT, &err);
	cr_expect(strstr(err.remedy, "mlx5"), "%s", err.remedy);
}

Test(quirk, device_without_a_driver_has_an_empty_name)
{
	const struct nk_nic none[] = { { .ifindex = 1 },
				       { .ifindex = 0 },
				       { .ifindex = INT32_MAX } };
	char driver[NK_QUIRK_DRIVER_SIZE];
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		memset(driver, 'x', sizeof(driver));
		nk_quirk_driver(&none[i], driver);
		cr_expect_str_empty(driver, "%u: %.32s", none[i].ifindex, driver);
	}
}
