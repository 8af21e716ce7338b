/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netkit.h - making netkit devices, single and in pairs
 *
 * Source: drivers/net/netkit.c, Linux 6.7 and up; singles since 7.1. Reading and removing them is
 * link.h's. The message builders are pure and take a buffer of NK_NL_REQUEST_SIZE bytes.
 */
#ifndef NK_NETKIT_H
#define NK_NETKIT_H

#include "link.h"
#include "types.h"

/* The Pod's device; what is of a pair alone is marked. */
struct nk_netkit_spec {
	const char *name;
	const uint8_t *mac; /* NULL: the kernel's choice; it has none in l3 */
	uint32_t mtu;
	uint32_t num_rx_queues; /* leases it has room for, and one of its own */

	const char *host_name;	 /* pair: the other end, in the netns of the socket */
	const uint8_t *host_mac; /* pair: NULL in l3. One the kernel drew is rewritten by udev */
	int netns_fd;		 /* pair: where `name` is made */
	struct nk_netkit_options options; /* pair */
};

/* nk_netkit_probe() - can this kernel make netkit devices? Makes nothing. As the next. */
int nk_netkit_probe(struct nk_nl *nl, struct nk_error *err);

/**
 * nk_netkit_probe_single() - can this kernel make a netkit single? Makes nothing.
 *
 * Return: 0, or -EOPNOTSUPP with an error that names the kernel and what it lacks
 */
int nk_netkit_probe_single(struct nk_nl *nl, struct nk_error *err);

/**
 * nk_netkit_create_single() - make a single in the netns of @nl, up, in one request
 *
 * What is made carries NK_LINK_GROUP. The kernel's echo says what it made: one that ignores what it
 * does not know would have made a pair; that is removed again.
 *
 * Return: 0, or -EEXIST where the name is taken, or the kernel's refusal
 */
int nk_netkit_create_single(struct nk_nl *nl, const struct nk_netkit_spec *spec,
			    struct nk_link *ret, struct nk_error *err);

/**
 * nk_netkit_create_pair() - make both ends in one request, the host's end up
 * @ret: the host's end; its peer_ifindex is the Pod's end, which is down yet
 *
 * Both carry NK_LINK_GROUP and the MTU. An option that the kernel is too old for, and so ignored, is
 * an error that names it; the pair is removed again.
 *
 * Return: 0, or -EEXIST where either name is taken, or the kernel's refusal
 */
int nk_netkit_create_pair(struct nk_nl *nl, const struct nk_netkit_spec *spec, struct nk_link *ret,
			  struct nk_error *err);

/* How an option differs: its name and the two values, as the configuration says them. */
struct nk_netkit_difference {
	const char *option;
	char want[12], got[12];
};

/* nk_netkit_compare() - is a pair as @want? Of what is the kernel's default in @want, and of what an
 * older kernel does not say, any value will do.
 *
 * Return: true, or false with the first option that differs
 */
bool nk_netkit_compare(const struct nk_netkit_options *want, const struct nk_link_netkit *got,
		       struct nk_netkit_difference *ret);

struct nlmsghdr *nk_netkit_put_single(void *buf, const struct nk_netkit_spec *spec);
struct nlmsghdr *nk_netkit_put_pair(void *buf, const struct nk_netkit_spec *spec);

#endif
