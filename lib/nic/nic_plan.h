/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nic_plan.h - which shared settings of a NIC have to change for a configuration
 *
 * Reads the NIC and changes nothing: ADD makes the changes (settings.h), and plan prints them.
 */
#ifndef NK_NIC_PLAN_H
#define NK_NIC_PLAN_H

#include "base/types.h"
#include "nic/quirk.h"
#include "nic/setting.h"

struct nk_error;
struct nk_lender;

/* One setting that has to change. */
struct nk_setting_change {
	uint32_t item;
	bool recorded; /* the map of saved settings has it, as record */
	bool done;     /* set when the change is begun */
	struct nk_saved record;
	struct nk_setting_value present, want;
};

/* freed by nk_nic_plan_fini() */
struct nk_setting_changes {
	struct nk_setting_change *at;
	uint32_t count;
};

/* A NIC and its saved settings. */
struct nk_nic_plan_on {
	const struct nk_lender *lender;	   /* claims -1: no queue is claimed */
	int saved;			   /* fd, or -1: no setting is saved */
	bool others;			   /* another attachment leases queues of the NIC */
	bool providers;			   /* and one is for memory providers */
	const struct nk_queue_set *leased; /* the queues of the attachment; NULL: not chosen yet */
};

/**
 * nk_nic_plan_settings() - list the changes for a configuration
 * @ret: to be freed with nk_nic_plan_fini(), also after a failure
 *
 * A queue that was once removed from the RSS table stays out. Otherwise networks with different pools would
 * return each other's queues to the host at every ADD.
 *
 * Return: 0, or a negative errno
 */
int nk_nic_plan_settings(const struct nk_nic_plan_on *on, const struct nk_config *config,
			 struct nk_setting_changes *ret, struct nk_error *err);
void nk_nic_plan_fini(struct nk_setting_changes *changes);

/* nk_nic_plan_exclude() - list the changes that keep host traffic off @queues and all claimed queues
 * @sends: as nk_nic_plan_sends()
 */
int nk_nic_plan_exclude(const struct nk_nic_plan_on *on, const struct nk_queue_set *queues,
			bool sends, struct nk_setting_changes *ret, struct nk_error *err);

/* nk_nic_plan_sends() - may AF_XDP sockets transmit on the leased queues? A pair has no AF_XDP zero copy, and memory
 * providers only receive. @provider: it is for memory providers
 */
bool nk_nic_plan_sends(bool pair, bool provider);

/* nk_nic_plan_before() - the value of the setting before our first change */
const uint8_t *nk_nic_plan_before(const struct nk_setting_change *change);

/**
 * nk_nic_plan_is_needed() - does another attachment need the present value of a ring parameter?
 *
 * It needs what we have set for it. Memory providers bind only with header split on and a threshold of 0, and all of
 * them need the same, whoever has set it.
 */
bool nk_nic_plan_is_needed(const struct nk_nic_plan_on *on, const struct nk_rings *rings,
			   const struct nk_setting_change *change);

/**
 * nk_nic_plan_is_due() - does a ring parameter have to be written and saved?
 *
 * It is saved even if it has the wanted value already, for CHECK and for the attachments that come later. And a split
 * that the driver chose is reported like one that was set, but the kernel refuses to bind a memory provider to it
 * ("tcp-data-split is disabled").
 */
bool nk_nic_plan_is_due(const struct nk_setting_change *change);

/* nk_nic_plan_wants_context() - does the attachment get its own RSS context? */
bool nk_nic_plan_wants_context(const struct nk_config *config);

/* A feature, and the state in which a configuration needs it. */
#define NK_FEATURE_NEEDS_MAX 4
struct nk_feature_need {
	enum nk_setting_feature feature;
	bool on;
	enum nk_quirk_case refusal; /* for the remedy if the NIC cannot have it so */
};

/* nk_nic_plan_features() - the features that a configuration needs. Return: how many */
uint32_t nk_nic_plan_features(const struct nk_config *config,
			      struct nk_feature_need ret[NK_FEATURE_NEEDS_MAX]);

#endif
