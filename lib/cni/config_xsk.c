// SPDX-License-Identifier: Apache-2.0
/* config_xsk.c - the key "xsk": the Pod's XSKMAP */
#include "cni/config_parts.h"

#include "base/error.h"
#include "bpffs/xskmap.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

struct raw_xsk {
	bool map;
	uint32_t frame_size, uid, gid;
	char key[8], no_socket[8], mode[8];
};

/* An id of all ones means "none" to chown(2). */
static const struct nk_json_field xsk_fields[] = {
	BOOL(struct raw_xsk, "map", map, false),
	UINT(struct raw_xsk, "frameSize", frame_size, 2048, 4096, 2048),
	STRING(struct raw_xsk, "key", key, 1, "queue"),
	STRING(struct raw_xsk, "noSocket", no_socket, 1, "drop"),
	UINT(struct raw_xsk, "uid", uid, 0, UINT32_MAX - 1, 107),
	UINT(struct raw_xsk, "gid", gid, 0, UINT32_MAX - 1, 107),
	STRING(struct raw_xsk, "mode", mode, 1, "0660"),
	END,
};

/* parse_mode() - octal permissions as for chmod(1); a map is never executable */
static int parse_mode(const char *text, uint16_t *ret, struct nk_error *err)
{
	size_t i, digits = strspn(text, "01234567");
	unsigned int mode = 0;

	for (i = 0; i < digits; i++)
		mode = mode << 3 | (unsigned int)(text[i] - '0');
	if (text[digits] || digits < 3 || digits > 4 || mode & ~0666U)
		return nk_config_invalid(
			err, "xsk.mode", text,
			"a mode of 3 or 4 octal digits with only read and write permissions, such "
			"as 0660");
	*ret = (uint16_t)mode;
	return 0;
}

/* parse_word() - the index of @text in @words, which NULL ends */
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

int nk_config_parse_xsk(const struct nk_config_raw *raw, struct nk_config *config,
			struct nk_error *err)
{
	struct raw_xsk xsk = {
		.map = !config->pair, /* the kernel supports AF_XDP through a lease only for singles */
		.frame_size = NK_FRAME_SIZE_DEFAULT,
		.key = "auto",
		.no_socket = "pass",
		.mode = "0600",
	};
	int rc = 0;

	if (raw->xsk)
		rc = nk_json_decode(raw->xsk, "xsk", xsk_fields, NK_JSON_REFUSE, &xsk, err);
	if (rc)
		return rc;
	config->xsk_map = xsk.map;
	config->xsk_frame_size = xsk.frame_size;
	if (xsk.frame_size != 2048 && xsk.frame_size != 4096)
		return nk_error_config(err, "xsk.frameSize: %u is not 2048 or 4096",
				       xsk.frame_size);
	if (config->pair && xsk.map)
		return nk_error_config(err, "xsk.map: only a single can have a map");
	return parse_xsk_options(&xsk, &config->xsk, err);
}
