/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.h - examine a node and its NICs: "nk-cni doctor"
 *
 * Nothing is changed, and no lock is held for longer than a look takes. A check that cannot look says "unknown".
 *
 * Calling sequence: nk_doctor_open(), nk_doctor_examine_node(), nk_doctor_name_nic() and nk_doctor_add_pool() for what
 * arguments and configurations name, nk_doctor_examine_nics(), then read `findings`; nk_doctor_close() in any case.
 */
#ifndef NK_DOCTOR_H
#define NK_DOCTOR_H

#include "base/types.h"
#include "doctor/finding.h"
#include "kernel/nl.h"

#include <limits.h>

struct nk_error;

/* A network configuration file in which nk-cni may be. */
struct nk_doctor_conf {
	char file[NAME_MAX + 1]; /* in conf_dir */
	char name[NK_ID_SIZE];	 /* of the network; empty: none */
	char *text;		 /* NULL: it is no configuration that a runtime would load */
	size_t size;
	uint32_t ours;	/* entries of nk-cni */
	bool is_multus; /* it calls the networks of others */
};

/* The queues of a NIC that a configuration may lease. */
struct nk_doctor_pool {
	char file[NAME_MAX + 1];
	char network[NK_ID_SIZE];
	uint32_t ifindex; /* of the NIC */
	struct nk_queue_set queues;
};

/* Lists as of list.h. */
struct nk_doctor_conf_list {
	struct nk_doctor_conf *at;
	uint32_t count;
};

struct nk_doctor_pool_list {
	struct nk_doctor_pool *at;
	uint32_t count;
};

struct nk_doctor_nic_list {
	struct nk_nic *at;
	uint32_t count;
};

struct nk_doctor {
	const char *bpffs, *conf_dir; /* paths, of the caller */
	const char *bin_dirs;	      /* as CNI_PATH */
	struct nk_nl host;
	struct nk_finding_list findings;
	struct nk_doctor_conf_list confs; /* in the runtime's order, since nk_doctor_examine_node() */
	struct nk_doctor_pool_list pools;
	struct nk_doctor_nic_list nics; /* to be examined */
	const char *check;		/* the name of the one that runs */
	int rc;				/* out of memory: a finding is missing */
};

/* nk_doctor_open() - @doctor: zeroed, with the paths. Return: 0 or a negative errno */
int nk_doctor_open(struct nk_doctor *doctor, struct nk_error *err);
void nk_doctor_close(struct nk_doctor *doctor);

/* nk_doctor_examine_node() - run the checks of the node */
void nk_doctor_examine_node(struct nk_doctor *doctor);

/* nk_doctor_name_nic() - examine this NIC: a name, altname or bus address. There being none is a finding. */
void nk_doctor_name_nic(struct nk_doctor *doctor, const char *name);

/* nk_doctor_add_nic() - examine this NIC, if it is not noted yet */
void nk_doctor_add_nic(struct nk_doctor *doctor, const struct nk_nic *nic);

/* nk_doctor_add_lenders() - examine all NICs of the node that can lend queues. If none can, and none was added before,
 * that is a finding.
 */
void nk_doctor_add_lenders(struct nk_doctor *doctor);

/* nk_doctor_add_pool() - note what a valid configuration may lease, to compare it with the NIC and with the others */
void nk_doctor_add_pool(struct nk_doctor *doctor, const char *file, const struct nk_nic *nic,
			const struct nk_config *config);

/* nk_doctor_examine_nics() - run the checks of the NICs that were added */
void nk_doctor_examine_nics(struct nk_doctor *doctor);

/* nk_doctor_ok() - the check that runs has found nothing wrong. @about: as in a finding; NULL: the node */
void nk_doctor_ok(struct nk_doctor *doctor, const char *about, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* nk_doctor_error() - the check that runs has found this. An error that another look may not have is "unknown", whatever
 * @state is. @err: msg and details are the finding, the remedy is the fix
 */
void nk_doctor_error(struct nk_doctor *doctor, enum nk_finding_state state, const char *about,
		     const struct nk_error *err);

#endif
