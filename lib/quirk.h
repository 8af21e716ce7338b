/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quirk.h - what is known of NIC drivers: what to use instead of what one of them refuses
 *
 * Whether a NIC can do something is found out by asking it; nothing here decides that. The table
 * only makes remedies better, and tells where XPS need not be touched.
 * Source: the drivers of Linux 7.3.
 */
#ifndef NK_QUIRK_H
#define NK_QUIRK_H

#include <stdbool.h>

struct nk_error;
struct nk_nic;

#define NK_QUIRK_DRIVER_SIZE 32

/* What was refused. */
enum nk_quirk_case {
	NK_QUIRK_NO_RULES,	   /* flow rules at all */
	NK_QUIRK_MAC_RULE,	   /* a rule on the destination MAC, to a queue */
	NK_QUIRK_MAC_RULE_CONTEXT, /* the same, to an RSS context */
	NK_QUIRK_VLAN_RULE,	   /* a rule that looks at the VLAN tag */
	NK_QUIRK_IP_RULE,	   /* a rule on the destination address alone */
	NK_QUIRK_NO_CONTEXTS,	   /* RSS contexts */
	NK_QUIRK_VLAN_STRIP,	   /* to leave VLAN tags in the frames */
	NK_QUIRK_DATA_SPLIT,	   /* to split headers and payload */
	NK_QUIRK_CASES,
};

/* nk_quirk_driver() - name of a NIC's driver; empty where there is none, as for virtual devices.
 * Return: 0, or a negative errno where it could not be read; then it is empty too
 */
int nk_quirk_driver(const struct nk_nic *nic, char ret[NK_QUIRK_DRIVER_SIZE]);

/* nk_quirk_advise() - set the remedy of @err, which tells of a refusal; any @driver will do. The driver
 * of a subfunction, "mlx5_core.sf", is taken for its function's.
 */
void nk_quirk_advise(const char *driver, enum nk_quirk_case what, struct nk_error *err);

/* nk_quirk_remedy() - the same for the driver of a NIC */
void nk_quirk_remedy(const struct nk_nic *nic, enum nk_quirk_case what, struct nk_error *err);

/* nk_quirk_has_own_tx() - does AF_XDP transmit on rings there that the host does not use? Then XPS
 * need not keep the host off them. False where nothing is known.
 */
bool nk_quirk_has_own_tx(const char *driver);

#endif
