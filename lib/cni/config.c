// SPDX-License-Identifier: Apache-2.0
/* config.c - parse the network configuration into struct nk_config; no system call except for warnings */
#include "cni/config.h"

#include "base/error.h"
#include "base/log.h"
#include "base/mac.h"
#include "base/trust.h"
#include "cni/config_parts.h"
#include "cni/delegate.h"
#include "cni/request.h"
#include "kernel/uapi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

const char *const nk_config_versions[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0", NULL };

static const char mac_of_args[] = "MAC of CNI_ARGS";

/* The examples are JSON. */
/* clang-format off */

/* Parsed first: a document of an unknown version cannot be parsed further. */
static const struct nk_json_field version_fields[] = {
	STRING(struct nk_config_raw, "cniVersion", cni_version, 0, "1.0.0"),
	END,
};

/* Keys that every command reads. */
static const struct nk_json_field common_fields[] = {
	STRING(struct nk_config_raw, "name", name, 0, "fast"),
	STRING(struct nk_config_raw, "bpffs", bpffs, 1, "/sys/fs/bpf"),
	END,
};

/* Keys that CHECK reads too. DEL does not read prevResult. */
static const struct nk_json_field check_fields[] = {
	OBJECT(struct nk_config_raw, "prevResult", prev, {"cniVersion": "1.0.0"}),
	END,
};

/* Keys that ADD reads too. */
static const struct nk_json_field add_fields[] = {
	STRING(struct nk_config_raw, "master", master, 1, "eth1"),
	STRING(struct nk_config_raw, "deviceID", device_id, 1, "eth1-q14-15"),
	STRING(struct nk_config_raw, "pairing", pairing, 1, "pair"),
	STRING(struct nk_config_raw, "mode", mode, 1, "l3"),
	STRING(struct nk_config_raw, "ifName", ifname, 1, "nk0"),
	STRING(struct nk_config_raw, "mac", mac, 1, "02:00:00:00:00:01"),
	STRING(struct nk_config_raw, "neigh", neigh, 1, "off"),
	STRING(struct nk_config_raw, "policy", policy, 1, "blackhole"),
	STRING(struct nk_config_raw, "peerPolicy", peer_policy, 1, "blackhole"),
	STRING(struct nk_config_raw, "scrub", scrub, 1, "none"),
	STRING(struct nk_config_raw, "peerScrub", peer_scrub, 1, "none"),
	UINT(struct nk_config_raw, "headroom", headroom, 0, 65535, 64),
	UINT(struct nk_config_raw, "tailroom", tailroom, 0, 65535, 64),
	UINT(struct nk_config_raw, "mtu", mtu, 68, 65535, 1500),
	BOOL(struct nk_config_raw, "setAddresses", set_addresses, false),
	BOOL(struct nk_config_raw, "hostRoute", host_route, false),
	BOOL(struct nk_config_raw, "forwarding", forwarding, true),
	BOOL(struct nk_config_raw, "dad", dad, true),
	BOOL(struct nk_config_raw, "statusQueues", status_queues, true),
	OBJECT(struct nk_config_raw, "ipam", ipam, {"type": "host-local", "subnet": "10.1.0.0/24"}),
	OBJECT(struct nk_config_raw, "dns", dns, {"nameservers": ["192.0.2.53"]}),
	OBJECT(struct nk_config_raw, "queues", queues, {"pool": "8-15", "count": 2}),
	OBJECT(struct nk_config_raw, "xsk", xsk, {"key": "queue", "uid": 107, "gid": 107}),
	OBJECT(struct nk_config_raw, "rss", rss, {"exclude": true, "context": "auto", "keep": true}),
	ARRAY(struct nk_config_raw, "steering", steering, [{"match": "mac"}, {"match": "mac", "vlan": 10}]),
	OBJECT(struct nk_config_raw, "rings", rings, {"tcpDataSplit": true, "hdsThreshold": 0}),
	OBJECT(struct nk_config_raw, "runtimeConfig", runtime_config, {"mac": "02:00:00:00:00:01"}),
	OBJECT(struct nk_config_raw, "args", args, {"cni": {"mac": "02:00:00:00:00:01"}}),
	OBJECT(struct nk_config_raw, "prevResult", prev, {"cniVersion": "1.0.0"}),
	/* read by common_fields, or by runtimes only */
	ANY("cniVersion"),
	ANY("cniVersions"),
	ANY("name"),
	STRING(struct nk_config_raw, "type", type, 0, "nk-cni"),
	ANY("bpffs"),
	ANY("xdp"),
	ANY("capabilities"),
	ANY("pciBusID"),
	ANY("logLevel"),
	ANY("logFile"),
	ANY("logFormat"),
	END,
};

/* In "args", where any tool may add members. */
static const struct nk_json_field args_fields[] = {
	OBJECT(struct nk_config_raw, "cni", cni_args, {"ips": ["192.0.2.7/24"]}),
	END,
};

/* clang-format on */

static int check_version(const char *version, struct nk_error *err)
{
	const bool is_missing = !*version;
	char known[64] = "";
	size_t used = 0;
	unsigned int i;

	/* Without the key, a document is CNI 0.1.0 (cni pkg/version, DecodeVersion). */
	if (is_missing)
		version = "0.1.0";
	for (i = 0; nk_config_versions[i]; i++) {
		if (!strcmp(version, nk_config_versions[i]))
			return 0;
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
					 nk_config_versions[i]);
	}
	nk_error_set(err, NK_CODE_VERSION, EINVAL, "incompatible CNI versions",
		     "the configuration has %scniVersion \"%.16s\"; supported: %s",
		     is_missing ? "no cniVersion, which means " : "", version, known);
	return nk_error_remedy(
		err, "set \"cniVersion\": \"%s\"; in a list, at the top level, next to \"plugins\"",
		nk_config_versions[i - 1]);
}

static int parse_common(const struct nk_json *json, struct nk_config_raw *raw,
			struct nk_config *config, struct nk_error *err)
{
	int rc;

	rc = nk_json_decode(json, "", version_fields, NK_JSON_IGNORE, raw, err);
	if (!rc)
		rc = check_version(raw->cni_version, err);
	if (!rc)
		rc = nk_json_decode(json, "", common_fields, NK_JSON_IGNORE, raw, err);
	if (rc)
		return rc;
	if (!*raw->name)
		return nk_config_missing(err, "\"name\", the network's name");
	if (!nk_request_is_id(raw->name))
		return nk_config_invalid(err, "name", raw->name,
					 "a network name ([a-zA-Z0-9][a-zA-Z0-9_.-]*)");
	if (*raw->bpffs != '/')
		return nk_config_invalid(err, "bpffs", raw->bpffs, "an absolute path");
	snprintf(config->cni_version, sizeof(config->cni_version), "%.7s", raw->cni_version);
	memcpy(config->name, raw->name, sizeof(config->name));
	memcpy(config->bpffs, raw->bpffs, sizeof(config->bpffs));
	nk_config_tidy_path(config->bpffs);
	return 0;
}

void nk_config_tidy_path(char *path)
{
	char *end = path, *c;

	for (c = path; *c; c++)
		if (*c != '/' || (c[1] != '/' && c[1]))
			*end++ = *c;
	if (end == path)
		*end++ = '/';
	*end = '\0';
}

static int parse_mac(const char *path, const char *text, struct nk_config *config,
		     struct nk_error *err)
{
	static const uint8_t zero[NK_MAC_LEN];

	if (!strcmp(text, "master")) {
		config->mac_source = NK_MAC_MASTER;
		return 0;
	}
	if (!nk_mac_parse(text, config->mac))
		return nk_config_invalid(err, path, text,
					 "\"master\" or six hex bytes with colons");
	if ((config->mac[0] & 1) || !memcmp(config->mac, zero, sizeof(zero)))
		return nk_config_invalid(err, path, text, "a unicast address");
	config->mac_source = NK_MAC_GIVEN;
	return 0;
}

/* read_string() - a string member @key of @object, if present; replaces an earlier value. */
static int read_string(const struct nk_json *object, const char *name, const char *key, char *buf,
		       size_t size, const char **path, const char *new_path, struct nk_error *err)
{
	int rc = object ? nk_json_read_string(object, name, key, buf, size, err) : 0;

	if (rc > 0)
		*path = new_path;
	return rc < 0 ? rc : 0;
}

/* parse_runtime() - settings from the runtime. The last of these takes precedence, as in the tuning
 * plugin: CNI_ARGS, runtimeConfig, args.cni.
 */
static int parse_runtime(const struct nk_request *request, struct nk_config_raw *raw,
			 struct nk_error *err)
{
	int rc = 0;

	if (raw->args)
		rc = nk_json_decode(raw->args, "args", args_fields, NK_JSON_IGNORE, raw, err);
	if (rc)
		return rc;
	if (*request->mac) {
		snprintf(raw->mac, sizeof(raw->mac), "%s", request->mac);
		raw->mac_path = mac_of_args;
	}
	rc = read_string(raw->runtime_config, "runtimeConfig", "deviceID", raw->device_id,
			 sizeof(raw->device_id), &raw->device_id_path, "runtimeConfig.deviceID",
			 err);
	if (!rc)
		rc = read_string(raw->runtime_config, "runtimeConfig", "mac", raw->mac,
				 sizeof(raw->mac), &raw->mac_path, "runtimeConfig.mac", err);
	if (!rc)
		rc = read_string(raw->cni_args, "args.cni", "mac", raw->mac, sizeof(raw->mac),
				 &raw->mac_path, "args.cni.mac", err);
	return rc;
}

/* parse_device_info() - device-info-spec 1.1.0, "CNIDeviceInfoFile" */
static int parse_device_info(const struct nk_config_raw *raw, struct nk_config *config,
			     struct nk_error *err)
{
	static const char path[] = "runtimeConfig.CNIDeviceInfoFile";
	char *file = config->device_info;
	int rc = 0;

	if (raw->runtime_config)
		rc = nk_json_read_string(raw->runtime_config, "runtimeConfig", "CNIDeviceInfoFile",
					 file, sizeof(config->device_info), err);
	if (rc <= 0)
		return rc;
	if (!nk_trust_is_plain(file))
		return nk_config_invalid(err, path, file,
					 "the absolute path of a file, without \".\" and \"..\"");
	return 0;
}

static int refuse_without_queues(struct nk_error *err)
{
	nk_config_missing(
		err, "queues, which a device with \"pairing\": \"single\" needs; set \"queues\" to "
		     "{\"pool\": \"8-15\"} or {\"ids\": \"14\"}; or set a \"deviceID\" such as "
		     "\"eth0-q14\"; or, for a pair, \"pairing\": \"pair\"");
	return nk_error_remedy(
		err,
		"if a device plugin allocates the deviceID (resourceName), request one device of "
		"the resource for each network of the Pod");
}

/* check_whole() - check rules that involve several keys */
static int check_whole(const struct nk_config *config, struct nk_error *err)
{
	if (!config->pair && !config->queue_count && !config->awaits_device)
		return refuse_without_queues(err);
	if (config->queue_count && !*config->master && !config->awaits_device)
		return nk_config_missing(err, "\"master\", the NIC that lends the queues");
	if (config->netkit.mode == NK_NETKIT_L3 && config->mac_source != NK_MAC_RANDOM)
		return nk_error_config(err, "mac: a device in mode \"l3\" has no MAC");
	if (config->mac_source == NK_MAC_MASTER && !*config->master && !config->awaits_device)
		return nk_config_missing(err, "\"master\", the NIC whose MAC is to be used");
	return 0;
}

static int parse_add(const struct nk_json *json, const struct nk_request *request,
		     struct nk_config_raw *raw, struct nk_config *config, struct nk_error *err)
{
	int rc = 0;

	if (nk_json_get(json, "plugins"))
		rc = nk_error_config(
			err, "plugins: this is a configuration list; a plugin needs one object of "
			     "\"plugins\", with the cniVersion and name of the list");
	if (!rc)
		rc = nk_config_check_keys(json, add_fields, config->name, err);
	if (!rc)
		rc = nk_json_decode(json, "", add_fields, NK_JSON_IGNORE, raw, err);
	if (!rc && *raw->ifname && !nk_request_is_ifname(raw->ifname))
		rc = nk_config_invalid(err, "ifName", raw->ifname,
				       "an interface name (1 to 15 bytes without '/', ':', '%', "
				       "white space)");
	if (!rc)
		rc = nk_config_parse_pair(json, raw, config, err);
	if (!rc)
		rc = nk_config_parse_xsk(raw, config, err);
	if (!rc)
		rc = parse_runtime(request, raw, err);
	if (!rc)
		rc = parse_device_info(raw, config, err);
	if (!rc && *raw->mac) {
		rc = parse_mac(raw->mac_path, raw->mac, config, err);
		if (rc && raw->mac_path == mac_of_args)
			nk_error_class(err, NK_CODE_ENV, "invalid environment variable CNI_ARGS");
	}
	if (rc)
		return rc;
	config->mtu = raw->mtu;
	config->status_queues = raw->status_queues;
	config->prev = raw->prev;
	memcpy(config->ifname, raw->ifname, sizeof(config->ifname));
	memcpy(config->master, raw->master, sizeof(config->master));
	raw->has_capability =
		nk_json_is_true(nk_json_get(nk_json_get(json, "capabilities"), "deviceID"));
	rc = nk_config_parse_queues(raw, request, config, err);
	if (!rc)
		rc = nk_config_parse_addresses(raw, request, config, err);
	if (!rc)
		rc = check_whole(config, err);
	return rc ? rc : nk_config_parse_slice(raw, request, config, err);
}

/* parse_lenient() - the keys of ADD that other commands use. Invalid values count as absent, so
 * that an edited configuration does not prevent a DEL.
 */
static void parse_lenient(const struct nk_json *json, struct nk_config *config)
{
	struct nk_config_raw raw = { .pairing = "single", .host_route = true };
	struct nk_error ignored = { 0 };
	const char *ipam;

	(void)nk_json_decode(json, "", add_fields, NK_JSON_LENIENT, &raw, &ignored);
	ipam = nk_json_string(nk_json_get(raw.ipam, "type"));
	if (nk_request_is_ifname(raw.ifname))
		memcpy(config->ifname, raw.ifname, sizeof(config->ifname));
	if (ipam && strlen(ipam) < sizeof(config->ipam_type) && nk_delegate_is_name(ipam) &&
	    strcmp(ipam, raw.type) != 0)
		snprintf(config->ipam_type, sizeof(config->ipam_type), "%s", ipam);
	nk_config_read_pair(json, &raw, config);
	config->rss_keep = !nk_json_is_false(nk_json_get(raw.rss, "keep"));
	config->prev = nk_json_get(json, "prevResult");
}

static int parse_check(const struct nk_json *json, struct nk_config *config, struct nk_error *err)
{
	struct nk_config_raw raw = { 0 };
	int rc;

	if (!strncmp(config->cni_version, "0.3", 3))
		return nk_error_set(err, NK_CODE_VERSION, EINVAL, "incompatible CNI versions",
				    "CHECK requires cniVersion 0.4.0 or later; the configuration "
				    "has %s",
				    config->cni_version);
	rc = nk_json_decode(json, "", check_fields, NK_JSON_IGNORE, &raw, err);
	if (rc)
		return rc;
	parse_lenient(json, config);
	config->prev = raw.prev;
	return config->prev ? 0 : nk_config_missing(err, "\"prevResult\", which CHECK needs");
}

/* require_1_1() - STATUS and GC exist since CNI 1.1.0. */
static int require_1_1(enum nk_command command, const struct nk_config *config,
		       struct nk_error *err)
{
	if (!strcmp(config->cni_version, "1.1.0"))
		return 0;
	nk_error_set(err, NK_CODE_VERSION, EINVAL, "incompatible CNI versions",
		     "%s requires cniVersion 1.1.0; the configuration has %s",
		     nk_request_command_name(command), config->cni_version);
	return nk_error_remedy(
		err,
		"in a list, set \"cniVersions\": [\"1.0.0\", \"1.1.0\"] for old and new runtimes; "
		"in a plain configuration, set \"cniVersion\"");
}

int nk_config_read(const char *text, size_t size, struct nk_json **ret, struct nk_error *err)
{
	int rc;

	if (!size) {
		nk_error_set(err, NK_CODE_JSON, EINVAL, "not JSON", "stdin is empty");
		return nk_error_remedy(err, "give the network configuration on stdin: < FILE");
	}
	rc = nk_json_parse(text, size, ret, err);
	if (rc)
		nk_error_wrap(err, "stdin");
	if (rc == -EINVAL)
		nk_error_remedy(err, "\"jq . FILE\" checks the file; JSON has no comments, and no "
				     "comma before a closing bracket");
	return rc;
}

/* is_subcommand() - not called by a runtime */
static bool is_subcommand(enum nk_command command)
{
	return command >= NK_COMMAND_PLAN;
}

int nk_config_parse(const char *text, size_t size, const struct nk_request *request,
		    struct nk_config *ret, struct nk_error *err)
{
	struct nk_config_raw raw = {
		.pairing = "single",
		.bpffs = "/sys/fs/bpf",
		.mac_path = "mac",
		.device_id_path = "deviceID",
		.host_route = true,
	};
	struct nk_error log_err = { 0 };
	int rc, log_rc;

	ret->text = text;
	ret->text_size = size;
	ret->xsk_frame_size = NK_FRAME_SIZE_DEFAULT;
	ret->xdp_keep = true;
	ret->log_level = NK_LOG_WARNING;
	rc = nk_config_read(text, size, &ret->json, err);
	if (rc)
		return rc;
	log_rc = nk_config_parse_log(ret->json, ret, &log_err);
	/* From here on warnings go where the configuration says; subcommands write to no file. */
	if (!is_subcommand(request->command))
		nk_log_init(ret->log_level, ret->log_file, ret->log_json, ret->name);
	rc = parse_common(ret->json, &raw, ret, err);
	if (rc)
		return rc;
	rc = nk_config_parse_xdp(ret->json, ret, err);
	if (!rc && log_rc) {
		*err = log_err;
		rc = log_rc;
	}
	if (rc && (request->command == NK_COMMAND_ADD || request->command == NK_COMMAND_STATUS ||
		   is_subcommand(request->command)))
		return rc;
	nk_error_reset(err);
	rc = 0;
	switch (request->command) {
	case NK_COMMAND_ADD:
	case NK_COMMAND_PLAN:
	case NK_COMMAND_FEATURES:
	case NK_COMMAND_DOCTOR:
		return parse_add(ret->json, request, &raw, ret, err);
	case NK_COMMAND_STATUS:
		rc = require_1_1(request->command, ret, err);
		return rc ? rc : parse_add(ret->json, request, &raw, ret, err);
	case NK_COMMAND_CHECK:
		return parse_check(ret->json, ret, err);
	case NK_COMMAND_GC:
		rc = require_1_1(request->command, ret, err);
		break;
	case NK_COMMAND_NONE:
	case NK_COMMAND_DEL:
	case NK_COMMAND_VERSION:
		break;
	}
	parse_lenient(ret->json, ret);
	return rc;
}

void nk_config_probe_version(const char *text, size_t size, char ret[8])
{
	struct nk_error ignored = { 0 };
	struct nk_json *json = NULL;
	const char *version = NULL;
	size_t newest = 0;

	while (nk_config_versions[newest + 1])
		newest++;
	snprintf(ret, 8, "%s", nk_config_versions[newest]);
	if (nk_json_parse(text, size, &json, &ignored))
		return;
	version = nk_json_string(nk_json_get(json, "cniVersion"));
	if (version && *version && strlen(version) < 8)
		snprintf(ret, 8, "%s", version);
	nk_json_free(json);
}

void nk_config_fini(struct nk_config *config)
{
	nk_json_free(config->json);
	config->json = NULL;
	config->prev = NULL;
}
