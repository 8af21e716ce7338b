/* SPDX-License-Identifier: Apache-2.0 */
/* veth.h - two devices that are wired to each other, in a netns of the test's own */
#ifndef NK_TEST_VETH_H
#define NK_TEST_VETH_H

#include "kernel/nl.h"

/* Their names are nkv0 and nkv1, their MACs 02:00:00:00:00:a0 and ...:a1. */
struct veth {
	struct nk_nl nl;
	uint32_t ifindex[2];
};

extern const uint8_t veth_mac[2][6];

/**
 * veth_open() - move this test into a new netns and make them there, both down
 *
 * The kernel gives them no IPv6 address by itself. Where this process may make no netns, or the
 * kernel has no veth, the test is skipped.
 */
void veth_open(struct veth *veth);

/* veth_open_up() - likewise, both up and wired: what one sends the other hears. */
void veth_open_up(struct veth *veth);
void veth_close(struct veth *veth);

/* veth_sysctl() - write a file below /proc/sys/net of the test's netns. */
void veth_sysctl(const char *name, const char *value);

#endif
