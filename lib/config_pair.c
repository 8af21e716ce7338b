// SPDX-License-Identifier: Apache-2.0
/* config_pair.c - the keys "pairing" and "mode", and those that only a pair has */
#include "config_parts.h"

#include "error.h"
#include "uapi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

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
			return nk_config_refuse(err, "%s: a single has none, only a pair",
						pair_keys[i]);
	return 0;
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
		rc = nk_config_invalid(err, "mode", raw->mode, "a single's, which is \"l2\"");
	if (!rc)
		rc = nk_config_look_up("policy", raw->policy, policies, &netkit->policy, err);
	if (!rc)
		rc = nk_config_look_up("peerPolicy", raw->peer_policy, policies,
				       &netkit->peer_policy, err);
	if (!rc)
		rc = nk_config_look_up("scrub", raw->scrub, scrubs, &netkit->scrub, err);
	if (!rc)
		rc = nk_config_look_up("peerScrub", raw->peer_scrub, scrubs, &netkit->peer_scrub,
				       err);
	netkit->headroom = (uint16_t)raw->headroom;
	netkit->tailroom = (uint16_t)raw->tailroom;
	config->host_route = raw->host_route;
	config->set_addresses = nk_json_is_empty(nk_json_get(json, "setAddresses")) ?
					config->pair :
					raw->set_addresses;
	config->forwarding = raw->forwarding;
	return rc;
}
