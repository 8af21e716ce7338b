/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quirk.h - facts about NIC drivers, for better remedies
 *
 * Whether a NIC can do something is found out by asking it; this table does not decide that. It only tells what to
 * use instead of what a driver refuses, and where XPS need not change. Source: the drivers of Linux 7.3.
 */
#ifndef NK_QUIRK_H
#define NK_QUIRK_H

#include <stdbool.h>

struct nk_error;
struct nk_nic;

#define NK_QUIRK_DRIVER_SIZE 32

/* What a driver has refused. */
enum nk_quirk_case {
	NK_QUIRK_NO_RULES,	   /* any flow rule */
	NK_QUIRK_MAC_RULE,	   /* a rule on the destination MAC, to a queue */
	NK_QUIRK_MAC_RULE_CONTEXT, /* the same, to an RSS context */
	NK_QUIRK_VLAN_RULE,	   /* a rule that matches the VLAN tag */
	NK_QUIRK_IP_RULE,	   /* a rule on the destination address alone */
	NK_QUIRK_NO_CONTEXTS,	   /* RSS contexts */
	NK_QUIRK_VLAN_STRIP,	   /* leaving VLAN tags in the frames */
	NK_QUIRK_DATA_SPLIT,	   /* splitting headers and payload */
	NK_QUIRK_CASES,
};

/* nk_quirk_driver() - the name of a NIC's driver, empty for a virtual device. Return: 0, or a negative errno if it
 * could not be read: then it is empty, too
 */
int nk_quirk_driver(const struct nk_nic *nic, char ret[NK_QUIRK_DRIVER_SIZE]);

/* nk_quirk_advise() - set the remedy of @err, which reports a refusal. Any @driver is accepted; "mlx5_core.sf", that
 * of a subfunction, counts as "mlx5_core".
 */
void nk_quirk_advise(const char *driver, enum nk_quirk_case what, struct nk_error *err);

/* nk_quirk_remedy() - the same for the driver of a NIC */
void nk_quirk_remedy(const struct nk_nic *nic, enum nk_quirk_case what, struct nk_error *err);

/* nk_quirk_has_own_tx() - does AF_XDP transmit on rings that the host does not use? Then XPS need not keep the host
 * off them. Return: false also for an unknown driver
 */
bool nk_quirk_has_own_tx(const char *driver);

#endif
