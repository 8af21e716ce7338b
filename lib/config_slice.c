// SPDX-License-Identifier: Apache-2.0
/* config_slice.c - the keys "rss", "steering", "neigh" and "rings": how the NIC is sliced */
#include "config_parts.h"

#include "error.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

struct raw_rss {
	bool exclude, keep;
	char context[16];
};

static const struct nk_json_field rss_fields[] = {
	BOOL(struct raw_rss, "exclude", exclude),
	BOOL(struct raw_rss, "keep", keep),
	STRING(struct raw_rss, "context", context, 1),
	END,
};

static const struct nk_config_word contexts[] = {
	{ "auto", NK_RSS_CONTEXT_AUTO },
	{ "always", NK_RSS_CONTEXT_ALWAYS },
	{ "never", NK_RSS_CONTEXT_NEVER },
	{ NULL, 0 },
};

struct raw_steering {
	char match[16];
	uint32_t port, vlan; /* 0: not given */
	bool takeover;
};

static const struct nk_json_field steering_fields[] = {
	STRING(struct raw_steering, "match", match, 1),
	UINT(struct raw_steering, "port", port, 1, 65535),
	UINT(struct raw_steering, "vlan", vlan, 1, 4094),
	BOOL(struct raw_steering, "takeover", takeover),
	END,
};

static const struct nk_config_word matches[] = {
	{ "mac", NK_MATCH_MAC }, { "ip", NK_MATCH_IP }, { "tcp", NK_MATCH_TCP },
	{ "udp", NK_MATCH_UDP }, { NULL, 0 },
};

static const struct nk_config_word neighs[] = {
	{ "off", false },
	{ "answer", true },
	{ NULL, 0 },
};

/* No frame is longer than the greatest "mtu"; a NIC's own limit is its driver's to name. */
static const struct nk_json_field rings_fields[] = {
	BOOL(struct nk_rings, "tcpDataSplit", split),
	UINT(struct nk_rings, "hdsThreshold", threshold, 0, 65535),
	END,
};

static int refuse_without_queues(const struct nk_config_raw *raw, struct nk_error *err)
{
	const char *key = NULL;

	if (!nk_json_is_empty(raw->rss))
		key = "rss";
	else if (!nk_json_is_empty(raw->steering))
		key = "steering";
	else if (!nk_json_is_empty(raw->rings))
		key = "rings";
	return key ? nk_config_refuse(err, "%s: a device without \"queues\" has none", key) : 0;
}

static int parse_rss(const struct nk_config_raw *raw, struct nk_config *config,
		     struct nk_error *err)
{
	struct raw_rss rss = { .exclude = true, .keep = true };
	uint32_t context = NK_RSS_CONTEXT_AUTO;
	int rc = 0;

	if (raw->rss)
		rc = nk_json_decode(raw->rss, "rss", rss_fields, NK_JSON_REFUSE, &rss, err);
	if (!rc)
		rc = nk_config_look_up("rss.context", rss.context, contexts, &context, err);
	config->rss_exclude = rss.exclude;
	config->rss_keep = rss.keep;
	config->rss_context = (enum nk_rss_context)context;
	return rc;
}

/* has_addresses() - own ones, or an IPAM plugin that will give some */
static bool has_addresses(const struct nk_config *config)
{
	return *config->ipam_type || config->ip_count;
}

/* expects_addresses() - STATUS and plan are asked of no Pod: there the runtime gives no addresses, and
 * may still give some with ADD.
 */
static bool expects_addresses(const struct nk_config *config, const struct nk_request *request)
{
	return has_addresses(config) || request->command != NK_COMMAND_ADD;
}

/* check_ports() - the members that only some matches have */
static int check_ports(const char *path, const struct nk_steering *entry, struct nk_error *err)
{
	bool has_ports = entry->match == NK_MATCH_TCP || entry->match == NK_MATCH_UDP;

	if (has_ports && !entry->port)
		return nk_config_refuse(
			err, "missing %s.port, the destination port from 1 to 65535", path);
	if (!has_ports && entry->port)
		return nk_config_refuse(err, "%s.port: only match \"tcp\" and \"udp\" have one",
					path);
	if (entry->takeover && entry->match == NK_MATCH_MAC)
		return nk_config_refuse(
			err, "%s.takeover: only of match \"ip\", \"tcp\" and \"udp\"", path);
	return 0;
}

/* check_target() - whether there is an address to match that is not the host's */
static int check_target(const char *path, const struct nk_steering *entry,
			const struct nk_config *config, const struct nk_request *request,
			struct nk_error *err)
{
	if (entry->match != NK_MATCH_MAC) {
		if (entry->takeover || expects_addresses(config, request))
			return 0;
		nk_config_refuse(err, "%s.match: the device gets no address", path);
		nk_error_remedy(err,
				"give \"ipam\", addresses by the runtime, or \"takeover\": true "
				"for those of the Pod's other devices");
		return -EINVAL;
	}
	if (config->pair) {
		nk_config_refuse(err, "%s.match: the MAC of a pair is not known to the NIC", path);
		nk_error_remedy(err, "match \"ip\", \"tcp\" or \"udp\"");
		return -EINVAL;
	}
	if (config->mac_source == NK_MAC_MASTER) {
		nk_config_refuse(err,
				 "%s.match: the MAC of the NIC (mac: \"master\") would catch the "
				 "host's own frames",
				 path);
		nk_error_remedy(err, "another \"mac\", or match \"ip\", \"tcp\" or \"udp\"");
		return -EINVAL;
	}
	return 0;
}

/* check_new() - one entry is one rule, for each address */
static int check_new(const char *path, const struct nk_config *config, struct nk_error *err)
{
	const struct nk_steering *entry = &config->steering[config->steering_count], *other;
	uint32_t i;

	for (i = 0; i < config->steering_count; i++) {
		other = &config->steering[i];
		if (other->match == entry->match && other->port == entry->port &&
		    other->vlan == entry->vlan)
			return nk_config_refuse(err, "%s: the same frames as steering[%u]", path,
						i);
	}
	return 0;
}

static int add_entry(const struct nk_json *json, const struct nk_request *request,
		     struct nk_config *config, struct nk_error *err)
{
	struct nk_steering *entry = &config->steering[config->steering_count];
	struct raw_steering raw = { 0 };
	char path[32], key[48];
	uint32_t match = 0;
	int rc;

	snprintf(path, sizeof(path), "steering[%u]", config->steering_count);
	snprintf(key, sizeof(key), "%s.match", path);
	rc = nk_json_decode(json, path, steering_fields, NK_JSON_REFUSE, &raw, err);
	if (!rc && !*raw.match)
		rc = nk_config_missing(err, key);
	if (!rc)
		rc = nk_config_look_up(key, raw.match, matches, &match, err);
	if (rc)
		return rc;
	*entry = (struct nk_steering){
		.match = (enum nk_match)match,
		.port = (uint16_t)raw.port,
		.vlan = (uint16_t)raw.vlan,
		.takeover = raw.takeover,
	};
	rc = check_ports(path, entry, err);
	if (!rc)
		rc = check_target(path, entry, config, request, err);
	if (!rc)
		rc = check_new(path, config, err);
	if (!rc)
		config->steering_count++;
	return rc;
}

/* add_default() - what a single is for: frames to its MAC. A pair's come by way of the host. */
static int add_default(const struct nk_config_raw *raw, const struct nk_request *request,
		       struct nk_config *config, struct nk_error *err)
{
	/* STATUS is asked every few seconds. */
	if (config->pair && config->queue_count && request->command != NK_COMMAND_STATUS)
		nk_log_warn("network %s: a pair with \"queues\" and without \"steering\": nothing "
			    "directs frames to them; give [{\"match\": \"tcp\", \"port\": N}], or "
			    "[] where it is done by other means",
			    config->name);
	if (config->pair)
		return 0;
	if (config->mac_source != NK_MAC_MASTER) {
		config->steering[0] = (struct nk_steering){ .match = NK_MATCH_MAC };
		config->steering_count = 1;
		return 0;
	}
	nk_config_refuse(err,
			 "%s: \"master\" without \"steering\": a rule for that MAC would catch the "
			 "host's own frames",
			 raw->mac_path);
	nk_error_remedy(err, "\"steering\": [{\"match\": \"ip\"}], \"steering\": [], or another "
			     "\"mac\"");
	return -EINVAL;
}

static int parse_steering(const struct nk_config_raw *raw, const struct nk_request *request,
			  struct nk_config *config, struct nk_error *err)
{
	const struct nk_json *entry;
	int rc = 0;

	if (!raw->steering)
		rc = add_default(raw, request, config, err);
	else if (nk_json_count(raw->steering) > NK_STEERING_MAX)
		rc = nk_config_refuse(err, "steering: %u entries, at most %d are taken",
				      nk_json_count(raw->steering), NK_STEERING_MAX);
	for (entry = nk_json_first(raw->steering); entry && !rc; entry = nk_json_next(entry))
		rc = add_entry(entry, request, config, err);
	config->xsk.by_vlan = config->steering_count != 0;
	if (rc || config->rss_context != NK_RSS_CONTEXT_NEVER || config->queue_count < 2 ||
	    !config->steering_count)
		return rc;
	nk_config_refuse(err,
			 "rss.context: \"never\", but a flow rule alone reaches one queue, not %u",
			 config->queue_count);
	nk_error_remedy(err, "one queue, \"context\": \"auto\", or \"steering\": []");
	return -EINVAL;
}

static int parse_neigh(const struct nk_config_raw *raw, const struct nk_request *request,
		       struct nk_config *config, struct nk_error *err)
{
	uint32_t answer = !config->pair && config->xsk_map && has_addresses(config);
	int rc = 0;

	if (*raw->neigh)
		rc = nk_config_look_up("neigh", raw->neigh, neighs, &answer, err);
	if (rc)
		return rc;
	config->neigh_answer = answer;
	if (!answer)
		return 0;
	if (config->pair)
		return nk_config_refuse(err, "neigh: \"answer\" is of a single; for a pair the "
					     "kernel answers");
	if (!config->xsk_map)
		return nk_config_refuse(err, "neigh: \"answer\" needs the XDP program, which "
					     "xsk.map: false leaves out");
	if (expects_addresses(config, request))
		return 0;
	nk_config_refuse(err, "neigh: \"answer\", but the device gets no address");
	nk_error_remedy(err, "give \"ipam\" or addresses by the runtime");
	return -EINVAL;
}

static int parse_rings(const struct nk_config_raw *raw, struct nk_config *config,
		       struct nk_error *err)
{
	struct nk_rings *rings = &config->rings;
	int rc = 0;

	if (raw->rings)
		rc = nk_json_decode(raw->rings, "rings", rings_fields, NK_JSON_REFUSE, rings, err);
	if (rc)
		return rc;
	rings->has_split = !nk_json_is_empty(nk_json_get(raw->rings, "tcpDataSplit"));
	rings->has_threshold = !nk_json_is_empty(nk_json_get(raw->rings, "hdsThreshold"));
	if (!rings->split || !config->xsk_map)
		return 0;
	nk_config_refuse(err, "rings.tcpDataSplit: XDP and header split exclude each other on one "
			      "NIC");
	nk_error_remedy(err, "\"xsk\": {\"map\": false}, where no AF_XDP is wanted");
	return -EINVAL;
}

int nk_config_parse_slice(const struct nk_config_raw *raw, const struct nk_request *request,
			  struct nk_config *config, struct nk_error *err)
{
	int rc;

	if (!config->queue_count && !config->awaits_device) {
		rc = refuse_without_queues(raw, err);
		if (rc)
			return rc;
	}
	rc = parse_rss(raw, config, err);
	if (!rc)
		rc = parse_steering(raw, request, config, err);
	if (!rc)
		rc = parse_neigh(raw, request, config, err);
	if (!rc)
		rc = parse_rings(raw, config, err);
	return rc;
}
