/* SPDX-License-Identifier: Apache-2.0 */
/* announce.h - tell the neighbours of a device's addresses, before they ask */
#ifndef NK_ANNOUNCE_H
#define NK_ANNOUNCE_H

#include "types.h"

struct nk_error;

#define NK_ANNOUNCE_SIZE 86 /* the longer of the two frames, without FCS and padding */

/**
 * nk_announce() - send an ARP announcement or a neighbour advertisement for each address, once
 * @netns_fd: the netns the device is in, or -1 for the one of the process
 * @ifindex: of a device that speaks Ethernet and sends, see nk_ip_link_wait(); a netkit in L3 mode
 *	     has no neighbours
 * @mac: of the device
 * @ips: their gateways do not count
 *
 * Neighbours that know the address under another MAC, from a Pod before this one, learn the new one
 * at once. That helps and is never needed: a caller logs the error and goes on. One address that
 * fails does not keep the others from being sent.
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
 * Return: its bytes; 0 where @addr is of no family
 */
size_t nk_announce_put(uint8_t buf[NK_ANNOUNCE_SIZE], const uint8_t mac[NK_MAC_LEN],
		       const struct nk_ipaddr *addr);

#endif
