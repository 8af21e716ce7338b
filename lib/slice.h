/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.h - what slicing a NIC takes: which shared settings have to be other than they are, and
 * whether the NIC can do the rest. Looks, and changes nothing: ADD acts on it, plan prints it.
 */
#ifndef NK_SLICE_H
#define NK_SLICE_H

#include "setting.h"
#include "types.h"

struct nk_error;
struct nk_nl;

/* One setting that has to change. */
struct nk_setting_change {
	uint32_t item;
	bool recorded; /* in the origin map, as `record` */
	bool done;     /* for who makes the change */
	struct nk_origin record;
	struct nk_setting_value present, want;
};

struct nk_setting_changes {
	uint32_t count;
	struct nk_setting_change *list; /* freed by nk_slice_fini() */
};

/* The NIC, and who has what of it. */
struct nk_slice_nic {
	struct nk_nl *nl;
	const struct nk_nic *nic;
	int claims;  /* fd, or -1: nobody has any queue */
	int origin;  /* fd, or -1: nothing was changed yet */
	bool others; /* somebody else leases from it */
};

/**
 * nk_slice_settings() - what has to change for a configuration
 * @ret: to be freed with nk_slice_fini(), also after a failure
 *
 * A queue that was once taken out of the RSS table stays out: networks with pools of their own
 * would else give each other's queues back to the host at every ADD.
 *
 * Return: 0, or a negative errno
 */
int nk_slice_settings(const struct nk_slice_nic *on, const struct nk_config *config,
		      struct nk_setting_changes *ret, struct nk_error *err);
void nk_slice_fini(struct nk_setting_changes *changes);

/* nk_slice_before() - what @change's setting was before we first changed it */
const uint8_t *nk_slice_before(const struct nk_setting_change *change);

/* nk_slice_wants_context() - shall the attachment have an RSS context of its own? */
bool nk_slice_wants_context(const struct nk_config *config);

/* nk_slice_probe_settings() - has the NIC all the settings that would have to change? ADD need not
 * ask: nk_slice_settings() has read them all before one is changed.
 */
int nk_slice_probe_settings(struct nk_nl *nl, const struct nk_nic *nic,
			    const struct nk_config *config, struct nk_error *err);

/**
 * nk_slice_probe() - can the NIC do the rest of what the configuration asks for?
 *
 * Return: 0, or a negative errno with an error that names what it lacks and what to use instead
 */
int nk_slice_probe(struct nk_nl *nl, const struct nk_nic *nic, const struct nk_config *config,
		   struct nk_error *err);

/* nk_slice_probe_xdp() - does the NIC take our XDP program, at its present MTU? Likewise. */
int nk_slice_probe_xdp(struct nk_nl *nl, const struct nk_nic *nic, struct nk_error *err);

#endif
