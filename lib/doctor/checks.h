/* SPDX-License-Identifier: Apache-2.0 */
/* checks.h - the tables of the checks, one of each check_*.c; for doctor.c alone */
#ifndef NK_CHECKS_H
#define NK_CHECKS_H

struct nk_doctor;
struct nk_nic;

/* A check of the node. It reports at least one finding. */
struct nk_check {
	const char *name; /* NULL ends a table */
	void (*run)(struct nk_doctor *doctor);
};

/* A check of a NIC that can lend queues. */
struct nk_nic_check {
	const char *name;
	void (*run)(struct nk_doctor *doctor, const struct nk_nic *nic);
};

extern const struct nk_check nk_checks_kernel[];   /* the kernel, its file systems and limits */
extern const struct nk_check nk_checks_cni[];	   /* plugins and network configurations */
extern const struct nk_check nk_checks_attached[]; /* what exists of attachments */
extern const struct nk_nic_check nk_checks_nic[];  /* what a NIC can do */
extern const struct nk_nic_check nk_checks_use[];  /* who uses it */

#endif
