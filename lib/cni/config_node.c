// SPDX-License-Identifier: Apache-2.0
/* config_node.c - the keys "logLevel", "logFile", "logFormat" and "xdp": what is not of one attachment */
#include "cni/config_parts.h"

#include "base/error.h"
#include "base/log.h"
#include "base/trust.h"

#include <string.h>

#include "base/banned.h"

struct raw_log {
	char level[16];
	char file[NK_PATH_SIZE];
	char format[16];
};

struct raw_xdp {
	const struct nk_json *object;
	bool keep;
	char mode[16];
};

/* The examples are JSON. */
/* clang-format off */
static const struct nk_json_field log_fields[] = {
	STRING(struct raw_log, "logLevel", level, 1, "info"),
	STRING(struct raw_log, "logFile", file, 1, "/var/log/nk-cni.log"),
	STRING(struct raw_log, "logFormat", format, 1, "json"),
	END,
};

static const struct nk_json_field node_fields[] = {
	OBJECT(struct raw_xdp, "xdp", object, {"keep": false}),
	END,
};

static const struct nk_json_field xdp_fields[] = {
	BOOL(struct raw_xdp, "keep", keep, false),
	STRING(struct raw_xdp, "mode", mode, 1, "native"),
	END,
};
/* clang-format on */

/* is_log_path() - not a name that another program reads its configuration from */
static bool is_log_path(const char *path)
{
	const size_t length = strlen(path);

	return nk_trust_is_plain(path) && length > 5 && !strcmp(path + length - 4, ".log");
}

int nk_config_parse_log(const struct nk_json *json, struct nk_config *config, struct nk_error *err)
{
	struct raw_log log = { .level = "warning" };
	int rc = nk_json_decode(json, "", log_fields, NK_JSON_IGNORE, &log, err);

	if (rc)
		return rc;
	if (nk_log_level(log.level) < 0)
		return nk_config_invalid(err, "logLevel", log.level,
					 "\"error\", \"warning\", \"info\" or \"debug\"");
	if (*log.file && !is_log_path(log.file))
		return nk_config_invalid(err, "logFile", log.file,
					 "the absolute path of a file *.log, without \".\" and "
					 "\"..\"");
	config->log_json = !strcmp(log.format, "json");
	if (!config->log_json && *log.format && strcmp(log.format, "text") != 0)
		return nk_config_invalid(err, "logFormat", log.format, "\"text\" or \"json\"");
	if (*log.format && !*log.file)
		return nk_config_missing(err, "\"logFile\", whose lines \"logFormat\" is for");
	config->log_level = (uint8_t)nk_log_level(log.level);
	memcpy(config->log_file, log.file, sizeof(config->log_file));
	return 0;
}

int nk_config_parse_xdp(const struct nk_json *json, struct nk_config *config, struct nk_error *err)
{
	struct raw_xdp xdp = { .keep = true, .mode = "native" };
	int rc = nk_json_decode(json, "", node_fields, NK_JSON_IGNORE, &xdp, err);

	if (!rc && xdp.object)
		rc = nk_json_decode(xdp.object, "xdp", xdp_fields, NK_JSON_REFUSE, &xdp, err);
	if (rc)
		return rc;
	if (strcmp(xdp.mode, "native") != 0)
		return nk_config_unsupported(err, "xdp.mode", xdp.mode);
	config->xdp_keep = xdp.keep;
	return 0;
}
