// SPDX-License-Identifier: Apache-2.0
/* test_sweep.c - what a sweep decides: which attachments are dead or kept, and which failure it reports */
#include "node/sweep_verdict.h"

#include "base/error.h"
#include "base/log.h"
#include "bpffs/claims.h"
#include "node/sweep_common.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/banned.h"

Test(sweep, verdict_by_place)
{
	static const struct {
		enum nk_whereabouts where;
		bool is_owed, is_up;
		uint32_t ifindex; /* of a device that DEL has not found */
		enum nk_verdict verdict;
	} cases[] = {
		{ NK_NIC_GONE, false, false, 0, NK_VERDICT_DEAD },
		{ NK_NIC_GONE, true, true, 0, NK_VERDICT_DEAD },
		/* what is owed waits until the NIC is back */
		{ NK_NIC_ELSEWHERE, false, true, 0, NK_VERDICT_UNKNOWN },
		{ NK_NIC_ELSEWHERE, true, true, 0, NK_VERDICT_UNKNOWN },
		{ NK_NIC_HERE, true, true, 0, NK_VERDICT_DEAD },
		{ NK_NIC_HERE, true, false, 0, NK_VERDICT_DEAD },
		{ NK_NIC_HERE, true, true, 3, NK_VERDICT_DEAD },
		{ NK_NIC_HERE, true, false, 3, NK_VERDICT_UNKNOWN },
		/* a NIC that is down hides its queues */
		{ NK_NIC_HERE, false, false, 0, NK_VERDICT_UNKNOWN },
		{ NK_NIC_HERE, false, true, 0, NK_VERDICT_OPEN },
	};
	struct nk_claim claim = { 0 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		claim.ifindex = cases[i].ifindex;
		claim.flags = cases[i].is_owed ? NK_CLAIM_OWED : 0;
		cr_expect_eq(nk_verdict_by_place(&claim, cases[i].where, cases[i].is_up),
			     cases[i].verdict, "case %zu", i);
	}
}

Test(sweep, verdict_by_queue)
{
	static const int unread[] = { -ENOENT, -ENOMEM, -EIO, -ETIMEDOUT, -EPERM };
	size_t i;

	cr_expect_eq(nk_verdict_by_queue(0, true, NK_HOLDER_OURS), NK_VERDICT_ALIVE);
	cr_expect_eq(nk_verdict_by_queue(0, true, NK_HOLDER_OTHER), NK_VERDICT_DEAD);
	cr_expect_eq(nk_verdict_by_queue(0, true, NK_HOLDER_UNKNOWN), NK_VERDICT_UNKNOWN);
	cr_expect_eq(nk_verdict_by_queue(0, false, NK_HOLDER_UNKNOWN), NK_VERDICT_DEAD);
	cr_expect_eq(nk_verdict_by_queue(-EINVAL, false, NK_HOLDER_UNKNOWN), NK_VERDICT_DEAD);
	cr_expect_eq(nk_verdict_by_queue(-ERANGE, false, NK_HOLDER_UNKNOWN), NK_VERDICT_DEAD);
	for (i = 0; i < sizeof(unread) / sizeof(unread[0]); i++)
		cr_expect_eq(nk_verdict_by_queue(unread[i], false, NK_HOLDER_UNKNOWN),
			     NK_VERDICT_UNKNOWN, "%s", nk_errno_name(-unread[i]));
	/* One live queue is enough, and one unknown queue keeps the attachment. */
	cr_expect(NK_VERDICT_DEAD < NK_VERDICT_UNKNOWN && NK_VERDICT_UNKNOWN < NK_VERDICT_ALIVE);
}

static bool is_first(const struct nk_key *key, const void *data)
{
	return !strcmp(key->container_id, data);
}

Test(sweep, spares_other_networks_and_valid_attachments)
{
	const struct nk_key first = { .network = "a", .container_id = "c1", .ifname = "eth0" };
	const struct nk_key second = { .network = "a", .container_id = "c2", .ifname = "eth0" };
	struct nk_sweep sweep = { 0 };

	cr_expect(!nk_sweep_spares(&sweep, &first));
	sweep.network = "b";
	cr_expect(nk_sweep_spares(&sweep, &first));
	sweep.network = "a";
	cr_expect(!nk_sweep_spares(&sweep, &first));
	sweep.is_valid = is_first;
	sweep.data = "c1";
	cr_expect(nk_sweep_spares(&sweep, &first));
	cr_expect(!nk_sweep_spares(&sweep, &second));
}

Test(sweep, returns_the_first_failure)
{
	struct nk_error one = { .code = NK_CODE_KERNEL, .msg = "one" };
	struct nk_error two = { .code = NK_CODE_KERNEL, .msg = "two" };
	struct nk_error err = { 0 };
	struct nk_error none = { 0 };
	int rc = nk_log_keep_first(0, 0, &err, &none);

	cr_expect_eq(rc, 0);
	cr_expect_eq(err.code, NK_CODE_NONE);
	rc = nk_log_keep_first(rc, -EIO, &err, &one);
	rc = nk_log_keep_first(rc, -EPERM, &err, &two);
	rc = nk_log_keep_first(rc, 0, &err, &two);
	cr_expect_eq(rc, -EIO);
	cr_expect_str_eq(err.msg, "one");
	cr_expect_eq(two.code, NK_CODE_NONE);
}

Test(sweep, leaves_an_attachment_to_the_call_that_has_its_lock)
{
	const struct nk_error failed = { .code = NK_CODE_IO, .msg = "no lock" };
	struct nk_error err = { .code = NK_CODE_RETRY, .msg = "try again later" };

	cr_expect_eq(nk_sweep_result_of_lock(-EAGAIN, &err), 0);
	cr_expect_eq(err.code, NK_CODE_NONE);
	err = failed;
	cr_expect_eq(nk_sweep_result_of_lock(-EROFS, &err), -EROFS);
	cr_expect_str_eq(err.msg, "no lock");
	err = (struct nk_error){ 0 };
	cr_expect_eq(nk_sweep_result_of_lock(0, &err), 1);
	cr_expect_eq(err.code, NK_CODE_NONE);
}
