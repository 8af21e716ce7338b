// SPDX-License-Identifier: Apache-2.0
/* test_claims.c - which claims can be used */
#include "bpffs/claims.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct nk_claim good = {
	.version = NK_CLAIM_VERSION,
	.key = { .ifname = "net1", .cni_ifname = "net1", .network = "fast", .container_id = "c1" },
	.pod_name = "shop/web",
};

Test(claims, claim_of_this_version_can_be_used_and_of_no_other)
{
	struct nk_claim claim = good;
	struct nk_error err = { 0 };

	unit_expect_ok("claim", nk_claim_check(&claim, 4, &err), &err);
	claim.version++;
	unit_expect_error("next version", nk_claim_check(&claim, 4, &err), &err, NK_CODE_BPF,
			  "of another version|queue 4|Pods keep running");
}

/* What is printed of a claim would be read on behind its end. */
Test(claims, claim_with_a_text_without_end_cannot_be_used)
{
	static const struct {
		size_t at, size;
	} texts[] = {
		{ offsetof(struct nk_claim, key.ifname), sizeof(good.key.ifname) },
		{ offsetof(struct nk_claim, key.cni_ifname), sizeof(good.key.cni_ifname) },
		{ offsetof(struct nk_claim, key.network), sizeof(good.key.network) },
		{ offsetof(struct nk_claim, key.container_id), sizeof(good.key.container_id) },
		{ offsetof(struct nk_claim, pod_name), sizeof(good.pod_name) },
	};
	struct nk_claim claim;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct nk_error err = { 0 };

		claim = good;
		memset((char *)&claim + texts[i].at, 'x', texts[i].size);
		unit_expect_error("text", nk_claim_check(&claim, 4, &err), &err, NK_CODE_BPF,
				  "garbled|queue 4|text without end");
	}
}
