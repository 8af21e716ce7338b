// SPDX-License-Identifier: Apache-2.0
/* sweep_verdict.c - is an attachment dead? */
#include "node/sweep_verdict.h"

#include "bpffs/claims.h"

#include <errno.h>

#include "base/banned.h"

enum nk_verdict nk_verdict_by_place(const struct nk_claim *claim, enum nk_whereabouts where,
				    bool is_up)
{
	if (where != NK_NIC_HERE)
		return where == NK_NIC_GONE ? NK_VERDICT_DEAD : NK_VERDICT_UNKNOWN;
	/* What is owed needs the leases only to find the device. */
	if (claim->flags & NK_CLAIM_OWED && (is_up || !claim->ifindex))
		return NK_VERDICT_DEAD;
	return is_up ? NK_VERDICT_OPEN : NK_VERDICT_UNKNOWN;
}

enum nk_verdict nk_verdict_by_queue(int rc, bool leased, enum nk_holder holder)
{
	/* The NIC is up and has fewer queues now (ethtool -L); the kernel keeps leased queues. */
	if (rc == -EINVAL || rc == -ERANGE)
		return NK_VERDICT_DEAD;
	if (rc) /* ENOENT: it went down meanwhile */
		return NK_VERDICT_UNKNOWN;
	if (!leased)
		return NK_VERDICT_DEAD;
	return holder == NK_HOLDER_OURS	 ? NK_VERDICT_ALIVE :
	       holder == NK_HOLDER_OTHER ? NK_VERDICT_DEAD :
					   NK_VERDICT_UNKNOWN;
}
