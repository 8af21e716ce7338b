// SPDX-License-Identifier: Apache-2.0
/* config_slice.c - the keys "rss", "steering", "neigh" and "rings": the NIC's configuration */
#include "cni/config_parts.h"

#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

struct raw_rss {
	bool exclude, keep;
	char context[16];
};

static const struct nk_json_field rss_fields[] = {
	BOOL(struct raw_rss, "exclude", exclude, false),
	BOOL(struct raw_rss, "keep", keep, false),
	STRING(struct raw_rss, "context", context, 1, "always"),
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
	uint32_t port, vlan; /* 0: absent */
	bool takeover;
};

static const struct nk_json_field steering_fields[] = {
	STRING(struct raw_steering, "match", match, 1, "mac"),
	UINT(struct raw_steering, "port", port, 1, 65535, 53),
	UINT(struct raw_steering, "vlan", vlan, 1, 4094, 10),
	BOOL(struct raw_steering, "takeover", takeover, true),
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

/* No frame is longer than the largest "mtu"; a driver reports its own limit. */
static const struct nk_json_field rings_fields[] = {
	BOOL(struct nk_rings, "tcpDataSplit", split, true),
	UINT(struct nk_rings, "hdsThreshold", threshold, 0, 65535, 1024),
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
	return key ? nk_error_config(err, "%s: requires \"queues\"", key) : 0;
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

/* has_addresses() - its own, or from an IPAM plugin later */
static bool has_addresses(const struct nk_config *config)
{
	return *config->ipam_type || config->ip_count;
}

/* expects_addresses() - STATUS and plan have no Pod, so the runtime may still provide addresses at
 * ADD.
 */
static bool expects_addresses(const struct nk_config *config, const struct nk_request *request)
{
	return has_addresses(config) || request->command != NK_COMMAND_ADD;
}

/* check_ports() - members that only some matches allow */
static int check_ports(const char *path, const struct nk_steering *entry, struct nk_error *err)
{
	bool has_ports = entry->match == NK_MATCH_TCP || entry->match == NK_MATCH_UDP;

	if (has_ports && !entry->port)
		return nk_error_config(err, "missing %s.port, the destination port from 1 to 65535",
				       path);
	if (!has_ports && entry->port)
		return nk_error_config(err, "%s.port: only valid for match \"tcp\" and \"udp\"",
				       path);
	if (entry->takeover && entry->match == NK_MATCH_MAC)
		return nk_error_config(
			err, "%s.takeover: only valid for match \"ip\", \"tcp\" and \"udp\"", path);
	return 0;
}

/* check_target() - is there an address to match that does not belong to the host? */
static int check_target(const char *path, const struct nk_steering *entry,
			const struct nk_config *config, const struct nk_request *request,
			struct nk_error *err)
{
	if (entry->match != NK_MATCH_MAC) {
		if (entry->takeover || expects_addresses(config, request))
			return 0;
		nk_error_config(err, "%s.match: the device has no address", path);
		return nk_error_remedy(
			err,
			"set \"ipam\", have the runtime provide addresses, or set \"takeover\": "
			"true and put nk-cni in the same list behind the plugin that gives the Pod "
			"its address");
	}
	if (config->pair) {
		nk_error_config(
			err,
			"%s.match: \"mac\" is only for a single; frames for a pair arrive with the "
			"MAC of the NIC",
			path);
		return nk_error_remedy(err, "match \"ip\", \"tcp\" or \"udp\"");
	}
	if (config->mac_source == NK_MAC_MASTER) {
		nk_error_config(
			err,
			"%s.match: a rule for the NIC's MAC (mac: \"master\") would take the "
			"host's own frames",
			path);
		return nk_error_remedy(err,
				       "use another \"mac\", or match \"ip\", \"tcp\" or \"udp\"");
	}
	return 0;
}

/* check_new() - one entry is one rule for each address */
static int check_new(const char *path, const struct nk_config *config, struct nk_error *err)
{
	const struct nk_steering *entry = &config->steering[config->steering_count], *other;
	uint32_t i;

	for (i = 0; i < config->steering_count; i++) {
		other = &config->steering[i];
		if (other->match == entry->match && other->port == entry->port &&
		    other->vlan == entry->vlan)
			return nk_error_config(err, "%s: matches the same frames as steering[%u]",
					       path, i);
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
		rc = nk_error_config(err, "missing %s: \"mac\", \"ip\", \"tcp\" or \"udp\"", key);
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

/* add_default() - a single gets the frames to its MAC. Those of a pair come through the host. */
static int add_default(const struct nk_config_raw *raw, const struct nk_request *request,
		       struct nk_config *config, struct nk_error *err)
{
	/* Runtimes call STATUS every few seconds. */
	if (config->pair && config->queue_count && request->command != NK_COMMAND_STATUS)
		nk_log_warn("network %s: a pair with \"queues\" and without \"steering\": no rule "
			    "directs frames to them; set \"steering\" to [{\"match\": \"tcp\", "
			    "\"port\": N}], or to [] if another program creates the rules",
			    config->name);
	if (config->pair)
		return 0;
	if (config->mac_source != NK_MAC_MASTER) {
		config->steering[0] = (struct nk_steering){ .match = NK_MATCH_MAC };
		config->steering_count = 1;
		return 0;
	}
	nk_error_config(
		err,
		"%s: \"master\" without \"steering\": a rule for the NIC's MAC would take the "
		"host's own frames",
		raw->mac_path);
	return nk_error_remedy(
		err, "set \"steering\": [{\"match\": \"ip\"}] or \"steering\": [], or use another "
		     "\"mac\"");
}

static int parse_steering(const struct nk_config_raw *raw, const struct nk_request *request,
			  struct nk_config *config, struct nk_error *err)
{
	const struct nk_json *entry;
	int rc = 0;

	if (!raw->steering)
		rc = add_default(raw, request, config, err);
	else if (nk_json_count(raw->steering) > NK_STEERING_MAX)
		rc = nk_error_config(err, "steering: %u entries, at most %d are supported",
				     nk_json_count(raw->steering), NK_STEERING_MAX);
	for (entry = nk_json_first(raw->steering); entry && !rc; entry = nk_json_next(entry))
		rc = add_entry(entry, request, config, err);
	config->xsk.by_vlan = config->steering_count != 0;
	if (rc || config->rss_context != NK_RSS_CONTEXT_NEVER || config->queue_count < 2 ||
	    !config->steering_count)
		return rc;
	nk_error_config(
		err,
		"rss.context: \"never\" allows one queue, not %u: without a context, a flow rule "
		"directs frames to one queue",
		config->queue_count);
	return nk_error_remedy(
		err, "request one queue, or set \"context\": \"auto\" or \"steering\": []");
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
		return nk_error_config(
			err,
			"neigh: \"answer\" is for singles only; for a pair the kernel answers");
	if (!config->xsk_map)
		return nk_error_config(
			err, "neigh: \"answer\" needs the XDP program, and xsk.map: false disables "
			     "that");
	if (expects_addresses(config, request))
		return 0;
	nk_error_config(err, "neigh: \"answer\", but the device has no address");
	return nk_error_remedy(err, "configure \"ipam\" or have the runtime provide addresses");
}

/* directs_tcp() - does an entry match TCP connections? They go to an address, and not to the MAC of a single. */
static bool directs_tcp(const struct nk_config *config)
{
	uint32_t i;

	for (i = 0; i < config->steering_count; i++)
		if (config->steering[i].match == NK_MATCH_IP ||
		    config->steering[i].match == NK_MATCH_TCP)
			return true;
	return false;
}

/* check_copies() - do the connections reach the leased queues? On other queues, every byte is copied. */
static int check_copies(const struct nk_config_raw *raw, const struct nk_request *request,
			const struct nk_config *config, struct nk_error *err)
{
	if (raw->steering) {
		/* Runtimes call STATUS every few seconds. */
		if (!directs_tcp(config) && request->command != NK_COMMAND_STATUS)
			nk_log_warn("network %s: \"rings\" without an \"ip\" or \"tcp\" entry in "
				    "\"steering\": every byte is copied unless another program "
				    "directs the connections to the leased queues",
				    config->name);
		return 0;
	}
	nk_error_config(err,
			"rings.tcpDataSplit: without \"steering\" no connection reaches the leased "
			"queues, and every byte is copied");
	return nk_error_remedy(
		err, "for example, set \"steering\": [{\"match\": \"tcp\", \"port\": 5000%s",
		config->pair ?
			"}]" :
			", \"takeover\": true}], which needs a prevResult with the address of the "
			"Pod");
}

/* check_split() - header split is for memory providers: io_uring zero copy, devmem. The kernel binds them to a NIC
 * with a threshold of 0 alone (net/core/netdev_rx_queue.c:netif_mp_open_rxq()).
 */
static int check_split(const struct nk_config_raw *raw, const struct nk_request *request,
		       const struct nk_config *config, struct nk_error *err)
{
	if (config->xsk_map) {
		nk_error_config(
			err, "rings.tcpDataSplit: one NIC cannot serve AF_XDP and memory providers "
			     "(io_uring zero copy, devmem) at the same time");
		return nk_error_remedy(
			err, "set \"xsk\": {\"map\": false} if the Pod does not use AF_XDP");
	}
	if (!config->rss_exclude) {
		nk_error_config(
			err,
			"rss.exclude: with false, frames for the host can reach a queue with a "
			"memory provider, and the kernel then resets their connection");
		return nk_error_remedy(err, "leave out \"rss.exclude\" or \"rings.tcpDataSplit\"");
	}
	if (config->rings.threshold) {
		nk_error_config(
			err,
			"rings.hdsThreshold: %u: with \"tcpDataSplit\": true it must be 0, or "
			"no memory provider can bind",
			config->rings.threshold);
		return nk_error_remedy(err, "leave out \"rings.hdsThreshold\"");
	}
	return check_copies(raw, request, config, err);
}

static int parse_rings(const struct nk_config_raw *raw, const struct nk_request *request,
		       struct nk_config *config, struct nk_error *err)
{
	struct nk_rings *rings = &config->rings;
	int rc = 0;

	if (raw->rings)
		rc = nk_json_decode(raw->rings, "rings", rings_fields, NK_JSON_REFUSE, rings, err);
	if (rc)
		return rc;
	rings->has_split = !nk_json_is_empty(nk_json_get(raw->rings, "tcpDataSplit"));
	rings->has_threshold = !nk_json_is_empty(nk_json_get(raw->rings, "hdsThreshold"));
	if (!rings->split)
		return 0;
	rings->has_threshold = true; /* 0 */
	return check_split(raw, request, config, err);
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
		rc = parse_rings(raw, request, config, err);
	return rc;
}
