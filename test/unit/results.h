/* SPDX-License-Identifier: Apache-2.0 */
/* results.h - a single and a pair as ADD reports them, for the tests of results */
#ifndef NK_TEST_RESULTS_H
#define NK_TEST_RESULTS_H

#include "base/types.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What ADD made, and how it is printed: _0 up to 0.4.0, _1 from 1.0.0 on. Documents are written
 * with ' in place of ": see unit_quoted().
 */
#define SANDBOX	 "/run/netns/cni-1a2b"
#define POD_MAC	 "02:00:5e:10:ff:2a"
#define HOST_MAC "02:00:5e:10:ff:2b"
#define XSKS_MAP "/sys/fs/bpf/nk-cni/eth0/q14/xsks_map"
#define SINGLE_0 "{'name':'nk0','mac':'" POD_MAC "','sandbox':'" SANDBOX "'}"
#define SINGLE_1                                                                \
	"{'name':'nk0','mac':'" POD_MAC "','mtu':3814,'sandbox':'" SANDBOX "'," \
	"'pciID':'0000:3b:00.0','socketPath':'" XSKS_MAP "'}"
#define HOST_0 "{'name':'nkh1a2b','mac':'" HOST_MAC "'}"
#define HOST_1 "{'name':'nkh1a2b','mac':'" HOST_MAC "','mtu':1500}"
#define PAIR_0 HOST_0 "," SINGLE_0
#define PAIR_1 HOST_1 "," SINGLE_1

#define SINGLE                                                 \
	{                                                      \
		.name = "nk0",                                 \
		.has_mac = true,                               \
		.mac = { 0x02, 0x00, 0x5e, 0x10, 0xff, 0x2a }, \
		.mtu = 3814,                                   \
		.sandbox = SANDBOX,                            \
		.pci_id = "0000:3b:00.0",                      \
		.socket_path = XSKS_MAP,                       \
	}

static const struct nk_result single = {
	.cni_version = "1.0.0",
	.interface_count = 1,
	.interfaces = { SINGLE },
};

static const struct nk_result pair = {
	.cni_version = "1.0.0",
	.interface_count = 2,
	.interfaces = { { .name = "nkh1a2b",
			  .has_mac = true,
			  .mac = { 0x02, 0x00, 0x5e, 0x10, 0xff, 0x2b },
			  .mtu = 1500 },
			SINGLE },
	.pod_interface = 1,
};

#endif
