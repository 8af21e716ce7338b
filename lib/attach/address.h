/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h - addresses and routes of an attachment, in the Pod and on the host
 *
 * There is no remove: the kernel removes all of them with the device, also those on a pair's host end.
 * A pair is routed as by the plugin "ptp": the host end has the gateway's address, the Pod reaches its
 * subnet through the gateway, and the host has a route to each address of the Pod.
 *
 * If another device has a route to the same destination, a route without a priority gets one behind the
 * kernel's default. So of the default routes of two networks, the first stays the first.
 */
#ifndef NK_ADDRESS_H
#define NK_ADDRESS_H

#include "attach/attach.h"

/**
 * nk_address_create() - set the addresses and routes of the IPAM plugin or the runtime
 * @att: created, with the Pod's device up
 *
 * Return: 0, or a negative errno; what was set is removed with the device
 */
int nk_address_create(struct nk_attachment *att, const struct nk_config *config,
		      const struct nk_ipam_result *ips, struct nk_error *err);

/**
 * nk_address_check() - are addresses and routes as nk_address_create() set them?
 * @prev: ips and routes of prevResult; those of other interfaces are ignored
 * @interface: the index of the Pod's device in prevResult
 *
 * Return: 0, or a negative errno with error code 102
 */
int nk_address_check(struct nk_attachment *att, const struct nk_config *config,
		     const struct nk_ipam_result *prev, int32_t interface, struct nk_error *err);

#endif
