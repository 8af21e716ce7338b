// SPDX-License-Identifier: Apache-2.0
/* config.c - netconf bytes to struct nk_config; no system call but for warnings */
#include "config.h"

#include "config_parts.h"
#include "delegate.h"
#include "error.h"
#include "json.h"
#include "log.h"
#include "mac.h"
#include "request.h"
#include "trust.h"
#include "uapi.h"
#include "xskmap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

#define FRAME_SIZE_DEFAULT 4096

const char *const nk_config_versions[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0", NULL };

/* What is read first: of a version that we do not know nothing else can be said. */
static const struct nk_json_field version_fields[] = {
	STRING(struct nk_config_raw, "cniVersion", cni_version, 0),
	END,
};

/* What every command reads. */
static const struct nk_json_field common_fields[] = {
	STRING(struct nk_config_raw, "name", name, 0),
	STRING(struct nk_config_raw, "bpffs", bpffs, 1),
	END,
};

/* What CHECK reads beside it. DEL does not look at a prevResult. */
static const struct nk_json_field check_fields[] = {
	OBJECT(struct nk_config_raw, "prevResult", prev),
	END,
};

/* What ADD reads beside it. */
static const struct nk_json_field add_fields[] = {
	STRING(struct nk_config_raw, "master", master, 1),
	STRING(struct nk_config_raw, "deviceID", device_id, 1),
	STRING(struct nk_config_raw, "pairing", pairing, 1),
	STRING(struct nk_config_raw, "mode", mode, 1),
	STRING(struct nk_config_raw, "ifName", ifname, 1),
	STRING(struct nk_config_raw, "mac", mac, 1),
	STRING(struct nk_config_raw, "neigh", neigh, 1),
	STRING(struct nk_config_raw, "policy", policy, 1),
	STRING(struct nk_config_raw, "peerPolicy", peer_policy, 1),
	STRING(struct nk_config_raw, "scrub", scrub, 1),
	STRING(struct nk_config_raw, "peerScrub", peer_scrub, 1),
	UINT(struct nk_config_raw, "headroom", headroom, 0, 65535),
	UINT(struct nk_config_raw, "tailroom", tailroom, 0, 65535),
	UINT(struct nk_config_raw, "mtu", mtu, 68, 65535),
	BOOL(struct nk_config_raw, "setAddresses", set_addresses),
	BOOL(struct nk_config_raw, "hostRoute", host_route),
	BOOL(struct nk_config_raw, "forwarding", forwarding),
	BOOL(struct nk_config_raw, "dad", dad),
	BOOL(struct nk_config_raw, "statusQueues", status_queues),
	OBJECT(struct nk_config_raw, "ipam", ipam),
	OBJECT(struct nk_config_raw, "dns", dns),
	OBJECT(struct nk_config_raw, "queues", queues),
	OBJECT(struct nk_config_raw, "xsk", xsk),
	OBJECT(struct nk_config_raw, "rss", rss),
	ARRAY(struct nk_config_raw, "steering", steering),
	OBJECT(struct nk_config_raw, "rings", rings),
	OBJECT(struct nk_config_raw, "runtimeConfig", runtime_config),
	OBJECT(struct nk_config_raw, "args", args),
	OBJECT(struct nk_config_raw, "prevResult", prev),
	/* read by common_fields, or by runtimes alone */
	ANY("cniVersion"),
	ANY("cniVersions"),
	ANY("name"),
	STRING(struct nk_config_raw, "type", type, 0),
	ANY("bpffs"),
	ANY("xdp"),
	ANY("capabilities"),
	ANY("pciBusID"),
	ANY("logLevel"),
	ANY("logFile"),
	END,
};

/* Of "args", which everybody may put something into. */
static const struct nk_json_field args_fields[] = {
	OBJECT(struct nk_config_raw, "cni", cni_args),
	END,
};

static const char mac_of_args[] = "MAC of CNI_ARGS";

struct raw_xsk {
	bool map;
	uint32_t frame_size, uid, gid;
	char key[8], no_socket[8], mode[8];
};

/* An id of all ones means "none" to chown(2). */
static const struct nk_json_field xsk_fields[] = {
	BOOL(struct raw_xsk, "map", map),
	UINT(struct raw_xsk, "frameSize", frame_size, 2048, 4096),
	STRING(struct raw_xsk, "key", key, 1),
	STRING(struct raw_xsk, "noSocket", no_socket, 1),
	UINT(struct raw_xsk, "uid", uid, 0, UINT32_MAX - 1),
	UINT(struct raw_xsk, "gid", gid, 0, UINT32_MAX - 1),
	STRING(struct raw_xsk, "mode", mode, 1),
	END,
};

struct raw_log {
	char level[16];
	char file[NK_PATH_SIZE];
};

static const struct nk_json_field log_fields[] = {
	STRING(struct raw_log, "logLevel", level, 1),
	STRING(struct raw_log, "logFile", file, 1),
	END,
};

struct raw_xdp {
	bool keep;
	char mode[16];
};

static const struct nk_json_field xdp_fields[] = {
	BOOL(struct raw_xdp, "keep", keep),
	STRING(struct raw_xdp, "mode", mode, 1),
	END,
};

int nk_config_unsupported(struct nk_error *err, const char *key, const char *value)
{
	char msg[160];

	snprintf(msg, sizeof(msg), "unsupported field \"%s\": \"%.64s\"", key, value);
	nk_error_set(err, NK_CODE_UNSUPPORTED, EINVAL, msg,
		     "this version of nk-cni does not have it");
	nk_error_remedy(err, "leave it out");
	return -EINVAL;
}

int nk_config_invalid(struct nk_error *err, const char *key, const char *value, const char *wanted)
{
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
			    "%s: \"%.64s\" is not %s", key, value, wanted);
}

int nk_config_missing(struct nk_error *err, const char *what)
{
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
			    "missing %s", what);
}

int nk_config_refuse(struct nk_error *err, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration", "%s",
			    text);
}

int nk_config_look_up(const char *key, const char *text, const struct nk_config_word *words,
		      uint32_t *ret, struct nk_error *err)
{
	const struct nk_config_word *word;
	char wanted[64];
	size_t used = 0;

	for (word = words; word->text; word++) {
		if (*text && strcmp(text, word->text) != 0)
			continue;
		*ret = word->value;
		return 0;
	}
	for (word = words; word->text && used < sizeof(wanted); word++)
		used += (size_t)snprintf(wanted + used, sizeof(wanted) - used, "%s\"%s\"",
					 word == words ? "" :
					 word[1].text  ? ", " :
							 " or ",
					 word->text);
	return nk_config_invalid(err, key, text, wanted);
}

static int check_version(const char *version, struct nk_error *err)
{
	char known[64] = "";
	size_t used = 0;
	unsigned int i;

	/* A document without one is of CNI 0.1.0 (cni pkg/version, DecodeVersion). */
	if (!*version)
		version = "0.1.0";
	for (i = 0; nk_config_versions[i]; i++) {
		if (!strcmp(version, nk_config_versions[i]))
			return 0;
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
					 nk_config_versions[i]);
	}
	return nk_error_set(err, NK_CODE_VERSION, EINVAL, "incompatible CNI versions",
			    "the configuration is of cniVersion \"%.16s\", supported are %s",
			    version, known);
}

/* is_log_path() - no name that other programs read their configuration from */
static bool is_log_path(const char *path)
{
	const size_t length = strlen(path);

	return nk_trust_is_plain(path) && length > 5 && !strcmp(path + length - 4, ".log");
}

/* parse_log() - as parse_xdp(): refused by ADD alone */
static int parse_log(const struct nk_json *json, struct nk_config *config, struct nk_error *err)
{
	struct raw_log log = { .level = "warning" };
	int rc = nk_json_decode(json, "", log_fields, NK_JSON_IGNORE, &log, err);

	if (rc)
		return rc;
	if (nk_log_level(log.level) < 0)
		return nk_config_invalid(err, "logLevel", log.level,
					 "\"error\", \"warning\" or \"info\"");
	if (*log.file && !is_log_path(log.file))
		return nk_config_invalid(err, "logFile", log.file,
					 "the absolute path of a file *.log, without \".\" and "
					 "\"..\"");
	config->log_level = (uint8_t)nk_log_level(log.level);
	memcpy(config->log_file, log.file, sizeof(config->log_file));
	return 0;
}

/* parse_xdp() - ADD refuses what is wrong; DEL and CHECK, which an edited configuration must not
 * stop, then go by the default.
 */
static int parse_xdp(const struct nk_json *json, struct nk_config *config, struct nk_error *err)
{
	const struct nk_json *object = nk_json_get(json, "xdp");
	struct raw_xdp xdp = { .keep = true, .mode = "native" };
	int rc = 0;

	if (!nk_json_is_empty(object))
		rc = nk_json_decode(object, "xdp", xdp_fields, NK_JSON_REFUSE, &xdp, err);
	if (rc)
		return rc;
	if (strcmp(xdp.mode, "native") != 0)
		return nk_config_unsupported(err, "xdp.mode", xdp.mode);
	config->xdp_keep = xdp.keep;
	return 0;
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

/* read_one() - a string member @key of @object, if it is there, in place of what came before. */
static int read_one(const struct nk_json *object, const char *name, const char *key, char *buf,
		    size_t size, const char **path, const char *new_path, struct nk_error *err)
{
	int rc = object ? nk_json_read_string(object, name, key, buf, size, err) : 0;

	if (rc > 0)
		*path = new_path;
	return rc < 0 ? rc : 0;
}

/* parse_runtime() - what the runtime says beside the configuration; the last of these counts, as
 * for the tuning plugin: CNI_ARGS, runtimeConfig, args.cni.
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
	rc = read_one(raw->runtime_config, "runtimeConfig", "deviceID", raw->device_id,
		      sizeof(raw->device_id), &raw->device_id_path, "runtimeConfig.deviceID", err);
	if (!rc)
		rc = read_one(raw->runtime_config, "runtimeConfig", "mac", raw->mac,
			      sizeof(raw->mac), &raw->mac_path, "runtimeConfig.mac", err);
	if (!rc)
		rc = read_one(raw->cni_args, "args.cni", "mac", raw->mac, sizeof(raw->mac),
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
	nk_config_missing(err, "queues: a single device is useless without; give "
			       "\"queues\": {\"pool\": \"8-15\"}, {\"ids\": \"14\"}, "
			       "a \"deviceID\" such as \"eth0-q14\", or "
			       "\"pairing\": \"pair\"");
	nk_error_remedy(err,
			"where a device plugin gives the deviceID (resourceName): the Pod has no "
			"device of the resource left for this network; request one for each");
	return -EINVAL;
}

/* check_whole() - what no single key tells */
static int check_whole(const struct nk_config *config, struct nk_error *err)
{
	if (!config->pair && !config->queue_count && !config->awaits_device)
		return refuse_without_queues(err);
	if (config->queue_count && !*config->master && !config->awaits_device)
		return nk_config_missing(err, "\"master\", the NIC that lends the queues");
	if (config->netkit.mode == NK_NETKIT_L3 && config->mac_source != NK_MAC_RANDOM)
		return nk_config_refuse(err, "mac: a device in mode \"l3\" has none");
	if (config->mac_source == NK_MAC_MASTER && !*config->master && !config->awaits_device)
		return nk_config_missing(err, "\"master\", whose MAC is asked for");
	return 0;
}

/* parse_mode() - permissions in octal, as chmod(1) has them; nobody executes a map */
static int parse_mode(const char *text, uint16_t *ret, struct nk_error *err)
{
	size_t i, digits = strspn(text, "01234567");
	unsigned int mode = 0;

	for (i = 0; i < digits; i++)
		mode = mode << 3 | (unsigned int)(text[i] - '0');
	if (text[digits] || digits < 3 || digits > 4 || mode & ~0666U)
		return nk_config_invalid(err, "xsk.mode", text, "three octal digits of 0666");
	*ret = (uint16_t)mode;
	return 0;
}

/* parse_word() - the index of a text among @words, which NULL ends */
static int parse_word(const char *key, const char *text, const char *const words[],
		      const char *wanted, uint8_t *ret, struct nk_error *err)
{
	for (*ret = 0; words[*ret]; ++*ret)
		if (!strcmp(text, words[*ret]))
			return 0;
	return nk_config_invalid(err, key, text, wanted);
}

static int parse_xsk_options(const struct raw_xsk *raw, struct nk_xsk_options *ret,
			     struct nk_error *err)
{
	int rc = parse_word("xsk.key", raw->key, nk_xskmap_keys, "auto, queue or zero", &ret->key,
			    err);

	if (!rc)
		rc = parse_word("xsk.noSocket", raw->no_socket, nk_xskmap_no_socket, "pass or drop",
				&ret->no_socket, err);
	ret->uid = raw->uid;
	ret->gid = raw->gid;
	return rc ? rc : parse_mode(raw->mode, &ret->mode, err);
}

static int parse_xsk(const struct nk_json *json, struct nk_config *config, struct nk_error *err)
{
	struct raw_xsk raw = {
		.map = !config->pair, /* the kernel has AF_XDP through a lease for singles alone */
		.frame_size = FRAME_SIZE_DEFAULT,
		.key = "auto",
		.no_socket = "pass",
		.mode = "0600",
	};
	int rc = json ? nk_json_decode(json, "xsk", xsk_fields, NK_JSON_REFUSE, &raw, err) : 0;

	if (rc)
		return rc;
	config->xsk_map = raw.map;
	config->xsk_frame_size = raw.frame_size;
	if (raw.frame_size != 2048 && raw.frame_size != 4096)
		return nk_config_refuse(err, "xsk.frameSize: %u is not 2048 or 4096",
					raw.frame_size);
	if (config->pair && raw.map)
		return nk_config_refuse(err, "xsk.map: a pair has none, only a single");
	return parse_xsk_options(&raw, &config->xsk, err);
}

static int parse_add(const struct nk_json *json, const struct nk_request *request,
		     struct nk_config_raw *raw, struct nk_config *config, struct nk_error *err)
{
	int rc = 0;

	if (nk_json_get(json, "plugins"))
		rc = nk_config_refuse(err, "plugins: this is a list; a runtime hands one of its "
					   "objects to each plugin, with cniVersion and name");
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
		rc = parse_xsk(raw->xsk, config, err);
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

/* parse_lenient() - the keys of ADD that others go by; what is wrong in them counts as absent, for
 * an edited configuration must not keep an attachment from being deleted.
 */
static void parse_lenient(const struct nk_json *json, struct nk_config *config)
{
	const char *ifname = nk_json_string(nk_json_get(json, "ifName"));
	const char *pairing = nk_json_string(nk_json_get(json, "pairing"));
	const char *ipam = nk_json_string(nk_json_get(nk_json_get(json, "ipam"), "type"));
	const char *type = nk_json_string(nk_json_get(json, "type"));
	const struct nk_json *set = nk_json_get(json, "setAddresses");

	if (ifname && nk_request_is_ifname(ifname))
		snprintf(config->ifname, sizeof(config->ifname), "%s", ifname);
	config->pair = pairing && !strcmp(pairing, "pair");
	if (ipam && strlen(ipam) < sizeof(config->ipam_type) && nk_delegate_is_name(ipam) &&
	    !(type && !strcmp(ipam, type)))
		snprintf(config->ipam_type, sizeof(config->ipam_type), "%s", ipam);
	config->host_route = !nk_json_is_false(nk_json_get(json, "hostRoute"));
	config->rss_keep = !nk_json_is_false(nk_json_get(nk_json_get(json, "rss"), "keep"));
	config->set_addresses = config->pair;
	if (nk_json_is_true(set))
		config->set_addresses = true;
	else if (nk_json_is_false(set))
		config->set_addresses = false;
	config->prev = nk_json_get(json, "prevResult");
}

static int parse_check(const struct nk_json *json, struct nk_config *config, struct nk_error *err)
{
	struct nk_config_raw raw = { 0 };
	int rc;

	if (!strncmp(config->cni_version, "0.3", 3))
		return nk_error_set(err, NK_CODE_VERSION, EINVAL, "incompatible CNI versions",
				    "CHECK came with cniVersion 0.4.0, the configuration is of %s",
				    config->cni_version);
	rc = nk_json_decode(json, "", check_fields, NK_JSON_IGNORE, &raw, err);
	if (rc)
		return rc;
	parse_lenient(json, config);
	nk_config_read_pair(json, config);
	config->prev = raw.prev;
	return config->prev ? 0 : nk_config_missing(err, "\"prevResult\", which CHECK needs");
}

/* needs_1_1() - STATUS and GC are of CNI 1.1.0. */
static int needs_1_1(enum nk_command command, const struct nk_config *config, struct nk_error *err)
{
	if (!strcmp(config->cni_version, "1.1.0"))
		return 0;
	nk_error_set(err, NK_CODE_VERSION, EINVAL, "incompatible CNI versions",
		     "%s is of cniVersion 1.1.0, the configuration of %s",
		     nk_request_command_name(command), config->cni_version);
	nk_error_remedy(err,
			"in a list, \"cniVersions\": [\"1.0.0\", \"1.1.0\"] serves old and new "
			"runtimes; by hand, set \"cniVersion\"");
	return -EINVAL;
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
	ret->xsk_frame_size = FRAME_SIZE_DEFAULT;
	ret->xdp_keep = true;
	ret->log_level = NK_LOG_WARNING;
	rc = nk_json_parse(text, size, &ret->json, err);
	if (rc) {
		nk_error_wrap(err, "stdin");
		return rc;
	}
	log_rc = parse_log(ret->json, ret, &log_err);
	/* What is warned about from here on goes where the configuration wants it; "plan" writes to
	 * no file.
	 */
	if (request->command != NK_COMMAND_PLAN)
		nk_log_init(ret->log_level, ret->log_file);
	rc = parse_common(ret->json, &raw, ret, err);
	if (rc)
		return rc;
	rc = parse_xdp(ret->json, ret, err);
	if (!rc && log_rc) {
		*err = log_err;
		rc = log_rc;
	}
	if (rc && (request->command == NK_COMMAND_ADD || request->command == NK_COMMAND_STATUS ||
		   request->command == NK_COMMAND_PLAN))
		return rc;
	nk_error_reset(err);
	rc = 0;
	switch (request->command) {
	case NK_COMMAND_ADD:
	case NK_COMMAND_PLAN:
		return parse_add(ret->json, request, &raw, ret, err);
	case NK_COMMAND_STATUS:
		rc = needs_1_1(request->command, ret, err);
		return rc ? rc : parse_add(ret->json, request, &raw, ret, err);
	case NK_COMMAND_CHECK:
		return parse_check(ret->json, ret, err);
	case NK_COMMAND_GC:
		rc = needs_1_1(request->command, ret, err);
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
