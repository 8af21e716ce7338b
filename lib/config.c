// SPDX-License-Identifier: Apache-2.0
/* config.c - netconf bytes to struct nk_config; no system call but a warning on stderr */
#include "config.h"

#include "error.h"
#include "json.h"
#include "mac.h"
#include "queues.h"
#include "request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

#define FRAME_SIZE_DEFAULT 4096

const char *const nk_config_versions[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0", NULL };

/* The document as it is written, before anything is derived from it. */
struct raw {
	char cni_version[64];
	char name[NK_ID_SIZE];
	char master[NK_ALTNAME_SIZE];
	char device_id[NK_ALTNAME_SIZE + 16];
	char pairing[16];
	char mode[8];
	char mac[32];
	const char *mac_path, *device_id_path; /* where they are from */
	uint32_t mtu;
	char bpffs[NK_BPFFS_SIZE];
	const struct nk_json *queues;
	const struct nk_json *xsk;
	const struct nk_json *prev;
	const struct nk_json *runtime_config;
};

#define STRING(struct_, key, member, min_)                                                      \
	{                                                                                       \
		key, NK_JSON_STRING, offsetof(struct_, member), sizeof(((struct_ *)0)->member), \
			min_, 0                                                                 \
	}
#define UINT(struct_, key, member, min_, max_)                              \
	{                                                                   \
		key, NK_JSON_UINT, offsetof(struct_, member), 0, min_, max_ \
	}
#define BOOL(struct_, key, member)                                    \
	{                                                             \
		key, NK_JSON_BOOL, offsetof(struct_, member), 0, 0, 0 \
	}
#define OBJECT(struct_, key, member)                                    \
	{                                                               \
		key, NK_JSON_OBJECT, offsetof(struct_, member), 0, 0, 0 \
	}
#define ANY(key)                             \
	{                                    \
		key, NK_JSON_ANY, 0, 0, 0, 0 \
	}
#define END                                   \
	{                                     \
		NULL, NK_JSON_ANY, 0, 0, 0, 0 \
	}

/* What is read first: of a version that we do not know nothing else can be said. */
static const struct nk_json_field version_fields[] = {
	STRING(struct raw, "cniVersion", cni_version, 0),
	END,
};

/* What every command reads. */
static const struct nk_json_field common_fields[] = {
	STRING(struct raw, "name", name, 0),
	STRING(struct raw, "bpffs", bpffs, 1),
	END,
};

/* What CHECK reads beside it. DEL does not look at a prevResult. */
static const struct nk_json_field check_fields[] = {
	OBJECT(struct raw, "prevResult", prev),
	END,
};

/* What ADD reads beside it. */
static const struct nk_json_field add_fields[] = {
	STRING(struct raw, "master", master, 1),
	STRING(struct raw, "deviceID", device_id, 1),
	STRING(struct raw, "pairing", pairing, 1),
	STRING(struct raw, "mode", mode, 1),
	STRING(struct raw, "mac", mac, 1),
	UINT(struct raw, "mtu", mtu, 68, 65535),
	OBJECT(struct raw, "queues", queues),
	OBJECT(struct raw, "xsk", xsk),
	OBJECT(struct raw, "runtimeConfig", runtime_config),
	OBJECT(struct raw, "prevResult", prev),
	/* read by common_fields, or by runtimes alone */
	ANY("cniVersion"),
	ANY("cniVersions"),
	ANY("name"),
	ANY("type"),
	ANY("bpffs"),
	ANY("xdp"),
	ANY("dns"),
	ANY("args"),
	ANY("capabilities"),
	ANY("pciBusID"),
	/* those of refused_keys, where they are empty */
	ANY("ipam"),
	ANY("rss"),
	ANY("steering"),
	ANY("neigh"),
	ANY("rings"),
	ANY("ifName"),
	ANY("policy"),
	ANY("scrub"),
	ANY("peerPolicy"),
	ANY("peerScrub"),
	ANY("headroom"),
	ANY("tailroom"),
	ANY("setAddresses"),
	ANY("hostRoute"),
	ANY("forwarding"),
	ANY("dad"),
	ANY("logLevel"),
	ANY("logFile"),
	ANY("statusQueues"),
	END,
};

/* Keys that mean something in product and peers alike but are not built yet. They are refused:
 * a key that asks for something must never be ignored.
 */
static const char *const refused_keys[] = {
	"ipam",	    "rss",	"steering",	"neigh",	"rings",
	"ifName",   "policy",	"scrub",	"peerPolicy",	"peerScrub",
	"headroom", "tailroom", "setAddresses", "hostRoute",	"forwarding",
	"dad",	    "logLevel", "logFile",	"statusQueues", NULL,
};

struct raw_queues {
	uint32_t count, max;
	char pool[512], ids[512];
};

static const struct nk_json_field queues_fields[] = {
	UINT(struct raw_queues, "count", count, 1, NK_LEASES_MAX),
	UINT(struct raw_queues, "max", max, 1, NK_LEASES_MAX),
	STRING(struct raw_queues, "pool", pool, 1),
	STRING(struct raw_queues, "ids", ids, 1),
	END,
};

static const struct nk_json_field xsk_fields[] = {
	BOOL(struct nk_config, "map", xsk_map),
	UINT(struct nk_config, "frameSize", xsk_frame_size, 2048, 4096),
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

static int unsupported(struct nk_error *err, const char *key, const char *value)
{
	char msg[160];

	snprintf(msg, sizeof(msg), "unsupported field \"%s\": \"%.64s\"", key, value);
	return nk_error_set(err, NK_CODE_UNSUPPORTED, EINVAL, msg,
			    "this version of nk-cni does not have it");
}

static int invalid(struct nk_error *err, const char *key, const char *value, const char *wanted)
{
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
			    "%s: \"%.64s\" is not %s", key, value, wanted);
}

static int missing(struct nk_error *err, const char *what)
{
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
			    "missing %s", what);
}

/* bad_number() - @fmt holds the JSON path and says why. */
static int __attribute__((format(printf, 2, 3)))
bad_number(struct nk_error *err, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration", "%s",
			    text);
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

static int refuse_keys(const struct nk_json *json, struct nk_error *err)
{
	const struct nk_json *value;
	char text[64];
	unsigned int i;

	for (i = 0; refused_keys[i]; i++) {
		value = nk_json_get(json, refused_keys[i]);
		if (nk_json_is_empty(value))
			continue;
		nk_json_print_short(value, text, sizeof(text));
		return unsupported(err, refused_keys[i], text);
	}
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
		return unsupported(err, "xdp.mode", xdp.mode);
	config->xdp_keep = xdp.keep;
	return 0;
}

static int parse_common(const struct nk_json *json, struct raw *raw, struct nk_config *config,
			struct nk_error *err)
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
		return missing(err, "\"name\", the network's name");
	if (!nk_request_is_id(raw->name))
		return invalid(err, "name", raw->name,
			       "a network name ([a-zA-Z0-9][a-zA-Z0-9_.-]*)");
	if (*raw->bpffs != '/')
		return invalid(err, "bpffs", raw->bpffs, "an absolute path");
	snprintf(config->cni_version, sizeof(config->cni_version), "%.7s", raw->cni_version);
	memcpy(config->name, raw->name, sizeof(config->name));
	memcpy(config->bpffs, raw->bpffs, sizeof(config->bpffs));
	return 0;
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
		return invalid(err, path, text, "\"master\" or six hex bytes with colons");
	if ((config->mac[0] & 1) || !memcmp(config->mac, zero, sizeof(zero)))
		return invalid(err, path, text, "a unicast address");
	config->mac_source = NK_MAC_GIVEN;
	return 0;
}

/* parse_runtime_config() - the two keys we read; they win over the configuration's own. */
static int parse_runtime_config(struct raw *raw, struct nk_error *err)
{
	int rc;

	if (!raw->runtime_config)
		return 0;
	rc = nk_json_read_string(raw->runtime_config, "runtimeConfig", "deviceID", raw->device_id,
				 sizeof(raw->device_id), err);
	if (rc < 0)
		return rc;
	if (rc)
		raw->device_id_path = "runtimeConfig.deviceID";
	rc = nk_json_read_string(raw->runtime_config, "runtimeConfig", "mac", raw->mac,
				 sizeof(raw->mac), err);
	if (rc < 0)
		return rc;
	if (rc)
		raw->mac_path = "runtimeConfig.mac";
	return 0;
}

/* queues_by_device_id() - NIC and queues in one name. Return: how many queues, or an error */
static int queues_by_device_id(const struct raw *raw, const struct raw_queues *queues,
			       struct nk_config *config, struct nk_error *err)
{
	struct nk_queue_set pool;
	uint32_t id;
	int rc, count = nk_device_id_parse(raw->device_id, raw->device_id_path, config->master,
					   &config->queues, err);

	if (count < 0)
		return count;
	if (*raw->master && strcmp(raw->master, config->master) != 0)
		return invalid(err, raw->device_id_path, raw->device_id,
			       "of the NIC in \"master\"");
	if (*queues->ids)
		return invalid(err, "queues.ids", queues->ids,
			       "allowed beside \"deviceID\", which names the queues");
	if (!*queues->pool)
		return count;
	rc = nk_queue_set_parse(queues->pool, "queues.pool", &pool, err);
	if (rc < 0)
		return rc;
	for (id = 0; id < NK_QUEUE_IDS; id++)
		if (nk_queue_set_has(&config->queues, id) && !nk_queue_set_has(&pool, id))
			return bad_number(err, "%s: queue %u is not in queues.pool",
					  raw->device_id_path, id);
	return count;
}

/* queues_by_ids() - exactly these. Return: how many queues, or an error */
static int queues_by_ids(const struct raw_queues *queues, struct nk_config *config,
			 struct nk_error *err)
{
	if (*queues->pool)
		return invalid(err, "queues.pool", queues->pool, "allowed beside \"queues.ids\"");
	return nk_queue_set_parse(queues->ids, "queues.ids", &config->queues, err);
}

/* queues_by_pool() - any of these. Return: how many are wanted, or an error */
static int queues_by_pool(const struct raw_queues *queues, struct nk_config *config,
			  struct nk_error *err)
{
	int size = nk_queue_set_parse(queues->pool, "queues.pool", &config->queues, err);
	int wanted = queues->count ? (int)queues->count : 1;

	if (size < 0 || wanted <= size)
		return size < 0 ? size : wanted;
	return bad_number(err, "queues.count: %u is more than the %u queues of queues.pool",
			  queues->count, (uint32_t)size);
}

static int parse_queues(const struct raw *raw, struct nk_config *config, struct nk_error *err)
{
	struct raw_queues queues = { 0 };
	int count = 0;

	if (raw->queues)
		count = nk_json_decode(raw->queues, "queues", queues_fields, NK_JSON_REFUSE,
				       &queues, err);
	if (count)
		return count;
	config->fixed_queues = *raw->device_id || *queues.ids;
	if (*raw->device_id)
		count = queues_by_device_id(raw, &queues, config, err);
	else if (*queues.ids)
		count = queues_by_ids(&queues, config, err);
	else if (*queues.pool)
		count = queues_by_pool(&queues, config, err);
	else
		count = missing(err, "queues: a single device is useless without; give "
				     "\"queues\": {\"pool\": \"8-15\"}, {\"ids\": \"14\"}, or a "
				     "\"deviceID\" such as \"eth0-q14\"");
	if (count < 0)
		return count;
	config->queue_count = (uint32_t)count;
	config->queue_max = queues.max ? queues.max : config->queue_count;
	if (queues.count && queues.count != config->queue_count)
		return bad_number(err, "queues.count: %u, but %u queues are named", queues.count,
				  config->queue_count);
	if (config->queue_count > NK_LEASES_MAX)
		return bad_number(err, "queues: %u, at most %u can be leased", config->queue_count,
				  NK_LEASES_MAX);
	if (config->queue_max < config->queue_count)
		return bad_number(err, "queues.max: %u is less than the %u queues asked for",
				  config->queue_max, config->queue_count);
	return 0;
}

static int parse_add(const struct nk_json *json, struct raw *raw, struct nk_config *config,
		     struct nk_error *err)
{
	int rc;

	rc = refuse_keys(json, err);
	if (!rc)
		rc = nk_json_decode(json, "", add_fields, NK_JSON_WARN, raw, err);
	if (!rc && raw->prev)
		rc = unsupported(err, "prevResult", "chained behind another plugin");
	if (!rc && strcmp(raw->pairing, "single") != 0)
		rc = unsupported(err, "pairing", raw->pairing);
	if (!rc && strcmp(raw->mode, "l2") != 0)
		rc = unsupported(err, "mode", raw->mode);
	if (!rc && raw->xsk)
		rc = nk_json_decode(raw->xsk, "xsk", xsk_fields, NK_JSON_REFUSE, config, err);
	if (!rc && config->xsk_frame_size != 2048 && config->xsk_frame_size != 4096)
		rc = nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
				  "xsk.frameSize: %u is not 2048 or 4096", config->xsk_frame_size);
	if (!rc)
		rc = parse_runtime_config(raw, err);
	if (!rc && *raw->mac)
		rc = parse_mac(raw->mac_path, raw->mac, config, err);
	if (rc)
		return rc;
	config->mtu = raw->mtu;
	memcpy(config->master, raw->master, sizeof(config->master));
	rc = parse_queues(raw, config, err);
	if (rc)
		return rc;
	if (!*config->master)
		return missing(err, "\"master\", the NIC that lends the queues");
	return 0;
}

int nk_config_parse(const char *text, size_t size, enum nk_command command, struct nk_config *ret,
		    struct nk_error *err)
{
	struct raw raw = {
		.pairing = "single",
		.mode = "l2",
		.bpffs = "/sys/fs/bpf",
		.mac_path = "mac",
		.device_id_path = "deviceID",
	};
	int rc;

	ret->xsk_map = true;
	ret->xsk_frame_size = FRAME_SIZE_DEFAULT;
	rc = nk_json_parse(text, size, &ret->json, err);
	if (!rc)
		rc = parse_common(ret->json, &raw, ret, err);
	if (rc)
		return rc;
	ret->xdp_keep = true;
	rc = parse_xdp(ret->json, ret, err);
	if (rc && command == NK_COMMAND_ADD)
		return rc;
	nk_error_reset(err);
	switch (command) {
	case NK_COMMAND_ADD:
		return parse_add(ret->json, &raw, ret, err);
	case NK_COMMAND_CHECK:
		if (!strncmp(ret->cni_version, "0.3", 3))
			return nk_error_set(err, NK_CODE_VERSION, EINVAL,
					    "incompatible CNI versions",
					    "CHECK came with cniVersion 0.4.0, the configuration "
					    "is of %s",
					    ret->cni_version);
		rc = nk_json_decode(ret->json, "", check_fields, NK_JSON_IGNORE, &raw, err);
		if (rc)
			return rc;
		ret->prev = raw.prev;
		if (!ret->prev)
			return missing(err, "\"prevResult\", which CHECK needs");
		return 0;
	case NK_COMMAND_NONE:
	case NK_COMMAND_DEL:
	case NK_COMMAND_VERSION:
		return 0;
	}
	return 0;
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
