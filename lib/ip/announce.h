/* SPDX-License-Identifier: Apache-2.0 */
/* announce.h - announce the addresses of a device to its neighbours */
#ifndef NK_ANNOUNCE_H
#define NK_ANNOUNCE_H

#include "base/types.h"

struct nk_error;

#define NK_ANNOUNCE_SIZE 86 /* the longer of the two frames, without FCS and padding */

/**
 * nk_announce() - send one ARP announcement or neighbour advertisement for each address
 * @netns_fd: the netns of the device, or -1 for our own
 * @ifindex: a device that sends Ethernet frames, see nk_link_wait(); a netkit in L3 mode does not
 * @mac: of the device
 * @ips: the gateways are not announced
 *
 * Neighbours that still have the MAC of an earlier Pod for the address learn the new one at once. This
 * is never needed: a caller logs the error and continues. If one address fails, the others are still
 * announced.
 *
 * Return: 0, or the first error
 */
int nk_announce(int netns_fd, uint32_t ifindex, const uint8_t mac[NK_MAC_LEN],
		const struct nk_ip *ips, uint32_t count, struct nk_error *err);

/**
 * nk_announce_put() - the frame, for tests
 *
 * IPv4: an ARP request with the address as sender and target (RFC 5227 section 2.3). IPv6: an
 * unsolicited neighbour advertisement to all nodes, override set (RFC 4861 section 7.2.6).
 *
 * Return: its size; 0: @addr has no family
 */
size_t nk_announce_put(uint8_t buf[NK_ANNOUNCE_SIZE], const uint8_t mac[NK_MAC_LEN],
		       const struct nk_ipaddr *addr);

#endif
