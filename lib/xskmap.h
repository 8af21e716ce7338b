/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xskmap.h - the Pod's XSKMAP: pinned for the Pod, entered for the XDP program
 *
 * One map an attachment, at <nic's directory>/q<first queue>/xsks_map; the program finds it under
 * each physical queue of the attachment. All functions want the NIC's lock held and its program
 * attached (see prog.h), but for nk_xskmap_remove(), which takes what is there.
 */
#ifndef NK_XSKMAP_H
#define NK_XSKMAP_H

#include "types.h"

struct nk_error;
struct nk_nicdir;
struct nk_vlan_set;

/* The configuration's words, by enum nk_xsk_key and enum nk_no_socket; ended by NULL. */
extern const char *const nk_xskmap_keys[];
extern const char *const nk_xskmap_no_socket[];

/**
 * nk_xskmap_create() - make, pin, enter
 * @leases: in the order of their netkit queues; the first one names the pin
 * @options: its ids as the host counts them. The pin alone is the owner's: its directory is root's, so
 *	     that he can neither remove nor rename it
 * @vlans: those whose frames go to the sockets, where @options says that this counts
 *
 * Return: 0, or a negative errno; what was done by then is undone by nk_xskmap_remove()
 */
int nk_xskmap_create(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     const struct nk_xsk_options *options, const struct nk_vlan_set *vlans,
		     struct nk_error *err);

/* nk_xskmap_remove() - the queues' frames pass again, the pin goes; missing is success. */
int nk_xskmap_remove(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     struct nk_error *err);

/* nk_xskmap_repair() - enter it again, or pin it again; of what the Pod has by now no other is made.
 * Return: 0, or a negative errno
 */
int nk_xskmap_repair(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     const struct nk_xsk_options *options, struct nk_error *err);

/* nk_xskmap_check() - is it all as made? Return: 0, or a negative errno with error code 102. */
int nk_xskmap_check(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		    const struct nk_xsk_options *options, struct nk_error *err);

/* nk_xskmap_check_vlans() - likewise, are the VLANs of the queues those? */
int nk_xskmap_check_vlans(const struct nk_nicdir *dir, const struct nk_lease *leases,
			  uint32_t count, const struct nk_vlan_set *want, struct nk_error *err);

#endif
