/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h - addresses and routes of an attachment, in the Pod and on the host
 *
 * There is no remove: the kernel takes all of it away with the device, and what is on the host's end
 * of a pair with that. A pair is routed as ptp does it: the host's end has the gateway's address,
 * the Pod reaches its subnet by way of it, and the host has a route to each address of the Pod.
 *
 * A route without a priority whose place in its table another device has gets one behind the
 * kernel's own: of two networks' default routes the first stays the first.
 */
#ifndef NK_ADDRESS_H
#define NK_ADDRESS_H

#include "attach.h"

/**
 * nk_address_create() - set what the IPAM plugin, or the runtime, gave
 * @att: made, with the Pod's device up
 *
 * Return: 0, or a negative errno; what was set goes with the device
 */
int nk_address_create(struct nk_attachment *att, const struct nk_config *config,
		      const struct nk_ipam_result *ips, struct nk_error *err);

/**
 * nk_address_check() - is it as made?
 * @prev: ips and routes of the prevResult; those of other interfaces are not looked at
 * @interface: the index that the Pod's device has in it
 *
 * Return: 0, or a negative errno with error code 102
 */
int nk_address_check(struct nk_attachment *att, const struct nk_config *config,
		     const struct nk_ipam_result *prev, int32_t interface, struct nk_error *err);

#endif
