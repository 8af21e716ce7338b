// SPDX-License-Identifier: Apache-2.0
/* config_pair.c - the keys "pairing" and "mode", and those for pairs only */
#include "cni/config_parts.h"

#include "base/error.h"
#include "kernel/uapi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static const struct nk_config_word modes[] = {
	{ "l2", NK_NETKIT_L2 },
	{ "l3", NK_NETKIT_L3 },
	{ NULL, 0 },
};

static const struct nk_config_word policies[] = {
	{ "forward", NK_NETKIT_POLICY_FORWARD },
	{ "blackhole", NK_NETKIT_POLICY_BLACKHOLE },
	{ NULL, 0 },
};

static const struct nk_config_word scrubs[] = {
	{ "default", NK_NETKIT_SCRUB_DEFAULT },
	{ "none", NK_NETKIT_SCRUB_NONE },
	{ NULL, 0 },
};

static const char *const pair_keys[] = { "policy",   "peerPolicy", "scrub",	"peerScrub",
					 "headroom", "tailroom",   "hostRoute", "forwarding" };

static int refuse_pair_keys(const struct nk_json *json, struct nk_error *err)
{
	unsigned int i;

	for (i = 0; i < sizeof(pair_keys) / sizeof(pair_keys[0]); i++)
		if (!nk_json_is_empty(nk_json_get(json, pair_keys[i])))
			return nk_error_config(err, "%s: only valid for a pair", pair_keys[i]);
	return 0;
}

static int parse_options(const struct nk_config_raw *raw, struct nk_netkit_options *ret,
			 struct nk_error *err)
{
	int rc = nk_config_look_up("policy", raw->policy, policies, &ret->policy, err);

	if (!rc)
		rc = nk_config_look_up("peerPolicy", raw->peer_policy, policies, &ret->peer_policy,
				       err);
	if (!rc)
		rc = nk_config_look_up("scrub", raw->scrub, scrubs, &ret->scrub, err);
	if (!rc)
		rc = nk_config_look_up("peerScrub", raw->peer_scrub, scrubs, &ret->peer_scrub, err);
	ret->headroom = (uint16_t)raw->headroom;
	ret->tailroom = (uint16_t)raw->tailroom;
	return rc;
}

/* read_flags() - a pair's addresses are configured by default, those of a single only reported */
static void read_flags(const struct nk_json *json, const struct nk_config_raw *raw,
		       struct nk_config *config)
{
	const struct nk_json *set = nk_json_get(json, "setAddresses");

	config->set_addresses = config->pair ? !nk_json_is_false(set) : nk_json_is_true(set);
	config->host_route = raw->host_route;
	config->forwarding = raw->forwarding;
}

int nk_config_parse_pair(const struct nk_json *json, const struct nk_config_raw *raw,
			 struct nk_config *config, struct nk_error *err)
{
	struct nk_netkit_options *netkit = &config->netkit;
	int rc;

	config->pair = !strcmp(raw->pairing, "pair");
	if (!config->pair && strcmp(raw->pairing, "single") != 0)
		return nk_config_invalid(err, "pairing", raw->pairing, "\"single\" or \"pair\"");
	rc = nk_config_look_up("mode", raw->mode, modes, &netkit->mode, err);
	if (!rc && !config->pair)
		rc = refuse_pair_keys(json, err);
	if (!rc && !config->pair && netkit->mode != NK_NETKIT_L2)
		rc = nk_error_config(
			err, "mode: \"%.64s\" is only for a pair; a single always has \"l2\"",
			raw->mode);
	if (!rc)
		rc = parse_options(raw, netkit, err);
	read_flags(json, raw, config);
	return rc;
}

void nk_config_read_pair(const struct nk_json *json, const struct nk_config_raw *raw,
			 struct nk_config *config)
{
	struct nk_error ignored = { 0 };

	config->pair = !strcmp(raw->pairing, "pair");
	(void)nk_config_look_up("mode", raw->mode, modes, &config->netkit.mode, &ignored);
	(void)parse_options(raw, &config->netkit, &ignored);
	read_flags(json, raw, config);
}
