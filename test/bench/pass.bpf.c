// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pass.bpf.c - the empty program: what is left is the cost of calling one at all */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("xdp.frags")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}
