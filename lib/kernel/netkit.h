/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netkit.h - create netkit devices, single and in pairs
 *
 * Source: drivers/net/netkit.c, Linux 6.7 and up; singles since 7.1. link.h reads and removes them. The
 * message builders are pure and take a buffer of NK_NL_REQUEST_SIZE bytes.
 */
#ifndef NK_NETKIT_H
#define NK_NETKIT_H

#include "base/types.h"
#include "kernel/link.h"

/* The Pod's device; a single does not use the members marked "pair". */
struct nk_netkit_spec {
	const char *name;
	const uint8_t *mac; /* NULL: the kernel chooses it; an L3 device has none */
	uint32_t mtu;
	uint32_t num_rx_queues; /* one per lease, and one that cannot be leased */

	const char *host_name;	 /* pair: the other end, in the netns of the socket */
	const uint8_t *host_mac; /* pair: NULL in L3. udev would change one that the kernel chose */
	int netns_fd;		 /* pair: the netns of `name` */
	struct nk_netkit_options options; /* pair */
};

/* nk_netkit_probe() - can this kernel create netkit devices? As nk_netkit_probe_single(). */
int nk_netkit_probe(struct nk_nl *nl, struct nk_error *err);

/**
 * nk_netkit_probe_single() - can this kernel create netkit singles? Changes nothing.
 *
 * Return: 0; -EOPNOTSUPP with an error that names the kernel and what it lacks; or another negative errno
 */
int nk_netkit_probe_single(struct nk_nl *nl, struct nk_error *err);

/* nk_netkit_check_unreadable() - does netkit carry what memory providers receive? It transmits frames whose payload no
 * CPU can read since Linux 7.2, which it does not report: so the kernel's release decides. Return: 0 or -EOPNOTSUPP
 */
int nk_netkit_check_unreadable(struct nk_error *err);

/* nk_netkit_carries_unreadable() - is this release of Linux, as uname(2) has it, 7.2 or later? */
bool nk_netkit_carries_unreadable(const char *release);

/**
 * nk_netkit_create_single() - create a single in the netns of @nl, up, in one request
 *
 * It gets NK_LINK_GROUP. The kernel echoes what it created: an old kernel ignores unknown attributes
 * and creates a pair, which is removed again.
 *
 * Return: 0; -EEXIST: the name is in use; or another negative errno
 */
int nk_netkit_create_single(struct nk_nl *nl, const struct nk_netkit_spec *spec,
			    struct nk_link *ret, struct nk_error *err);

/**
 * nk_netkit_create_pair() - create both ends in one request, the host's end up
 * @ret: the host's end; its peer_ifindex is the Pod's end, which is still down
 *
 * Both get NK_LINK_GROUP and the MTU. If the kernel is too old for an option and ignored it, the error
 * names the option, and the pair is removed again.
 *
 * Return: 0; -EEXIST: one of the names is in use; or another negative errno
 */
int nk_netkit_create_pair(struct nk_nl *nl, const struct nk_netkit_spec *spec, struct nk_link *ret,
			  struct nk_error *err);

/* An option that differs: its name and both values, as the configuration writes them. */
struct nk_netkit_difference {
	const char *option;
	char want[12], got[12];
};

/* nk_netkit_compare() - does a pair have the options in @want? Two differences are ignored: an option
 * that is the kernel's default in @want, and an option that an older kernel does not report.
 *
 * Return: true; or false, with the first option that differs
 */
bool nk_netkit_compare(const struct nk_netkit_options *want, const struct nk_link_netkit *got,
		       struct nk_netkit_difference *ret);

struct nlmsghdr *nk_netkit_put_single(void *buf, const struct nk_netkit_spec *spec);
struct nlmsghdr *nk_netkit_put_pair(void *buf, const struct nk_netkit_spec *spec);

#endif
