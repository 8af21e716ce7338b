/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xskmap.h - the Pod's XSKMAP: pinned for the Pod, entered for the XDP program
 *
 * Each attachment has one map, at <nic's directory>/q<first queue>/xsks_map. The program finds it under
 * each physical queue of the attachment. All functions require the NIC's lock. All but
 * nk_xskmap_remove() require the attached program (prog.h).
 */
#ifndef NK_XSKMAP_H
#define NK_XSKMAP_H

#include "base/types.h"

struct nk_error;
struct nk_nicdir;
struct nk_vlan_set;

/* The words of the configuration, by enum nk_xsk_key and enum nk_no_socket; NULL ends a table. */
extern const char *const nk_xskmap_keys[];
extern const char *const nk_xskmap_no_socket[];

/**
 * nk_xskmap_create() - create, pin and enter the map
 * @leases: in the order of their netkit queues; the first one names the pin
 * @options: with the host's ids. The owner gets only the pin. The directory belongs to root, so the owner
 *	     can neither remove nor rename the pin
 * @vlans: the VLANs whose frames go to the sockets, if by_vlan is set
 *
 * Return: 0, or a negative errno; then nk_xskmap_remove() undoes what was done
 */
int nk_xskmap_create(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     const struct nk_xsk_options *options, const struct nk_vlan_set *vlans,
		     struct nk_error *err);

/* nk_xskmap_remove() - let the frames of the queues pass again, remove the pin; what is missing is success. */
int nk_xskmap_remove(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     struct nk_error *err);

/* nk_xskmap_enter_vlans() - tell the program the VLANs whose frames go to the sockets */
int nk_xskmap_enter_vlans(const struct nk_nicdir *dir, const struct nk_lease *leases,
			  uint32_t count, const struct nk_vlan_set *vlans, struct nk_error *err);

/* nk_xskmap_repair() - enter the map again, or pin it again. It never creates another map, because the Pod has
 * the old one. Return: 0, or a negative errno
 */
int nk_xskmap_repair(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		     const struct nk_xsk_options *options, struct nk_error *err);

/* nk_xskmap_check() - is all as nk_xskmap_create() left it? Return: 0, or a negative errno with error code
 * 102
 */
int nk_xskmap_check(const struct nk_nicdir *dir, const struct nk_lease *leases, uint32_t count,
		    const struct nk_xsk_options *options, struct nk_error *err);

/* nk_xskmap_check_vlans() - does the program have exactly these VLANs for the queues? Return: as above */
int nk_xskmap_check_vlans(const struct nk_nicdir *dir, const struct nk_lease *leases,
			  uint32_t count, const struct nk_vlan_set *want, struct nk_error *err);

#endif
