// SPDX-License-Identifier: Apache-2.0
/* config_queues.c - the keys "queues" and "deviceID": which queues of which NIC */
#include "cni/config_parts.h"

#include "base/error.h"
#include "base/queues.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

struct raw_queues {
	uint32_t count, max;
	char pool[512], ids[512];
};

static const struct nk_json_field queues_fields[] = {
	UINT(struct raw_queues, "count", count, 1, NK_LEASES_MAX, 4),
	UINT(struct raw_queues, "max", max, 1, NK_LEASES_MAX, 8),
	STRING(struct raw_queues, "pool", pool, 1, "2,4-6"),
	STRING(struct raw_queues, "ids", ids, 1, "14-15"),
	END,
};

/* What a deviceID means for an entry. Multus writes one into every entry of a list. */
enum device_kind {
	DEVICE_NONE,
	DEVICE_QUEUES, /* NIC and queues: <master>-q<N>[-<M>] */
	DEVICE_NAME, /* the NIC's device on its bus, for example a PCI address; or another plugin's id */
};

struct device {
	enum device_kind kind;
	char nic[NK_ALTNAME_SIZE];
	struct nk_queue_set queues;
	int count;
};

/* has_queue() - does it contain "-q" and a digit? Then it must be of our form. */
static bool has_queue(const char *text)
{
	for (text = strstr(text, "-q"); text; text = strstr(text + 1, "-q"))
		if (isdigit((unsigned char)text[2]))
			return true;
	return false;
}

static int parse_device(const struct nk_config_raw *raw, struct device *ret, struct nk_error *err)
{
	*ret = (struct device){ .kind = *raw->device_id ? DEVICE_NAME : DEVICE_NONE };
	if (!has_queue(raw->device_id)) {
		snprintf(ret->nic, sizeof(ret->nic), "%.127s", raw->device_id);
		return 0;
	}
	ret->kind = DEVICE_QUEUES;
	ret->count = nk_device_id_parse(raw->device_id, raw->device_id_path, ret->nic, &ret->queues,
					err);
	return ret->count < 0 ? ret->count : 0;
}

/* needs_queues() - a pair without NIC keys leaves the deviceID to another entry. */
static bool needs_queues(const struct nk_config_raw *raw, const struct nk_config *config)
{
	return !config->pair || raw->queues || raw->steering || !nk_json_is_empty(raw->rss) ||
	       !nk_json_is_empty(raw->rings);
}

/* check_within() - are the deviceID's queues in @set, called @what? Or the other way round. */
static int check_within(const struct nk_queue_set *some, const struct nk_queue_set *set,
			const char *path, const char *what, struct nk_error *err)
{
	uint32_t id;

	for (id = 0; id < NK_QUEUE_IDS; id++)
		if (nk_queue_set_has(some, id) && !nk_queue_set_has(set, id))
			return nk_error_config(err, "%s: queue %u is not in %s", path, id, what);
	return 0;
}

/* read_queue_ids() - exactly these; a deviceID of the same NIC must contain them. Return: the number
 * of queues, or an error
 */
static int read_queue_ids(const struct nk_config_raw *raw, const struct raw_queues *queues,
			  const struct device *device, struct nk_config *config,
			  struct nk_error *err)
{
	int count, rc = 0;

	if (*queues->pool)
		return nk_config_invalid(err, "queues.pool", queues->pool,
					 "allowed beside \"queues.ids\"");
	count = nk_queue_set_parse(queues->ids, "queues.ids", &config->queues, err);
	if (count > 0 && device->kind == DEVICE_QUEUES &&
	    (!*raw->master || !strcmp(raw->master, device->nic)))
		rc = check_within(&config->queues, &device->queues, "queues.ids",
				  raw->device_id_path, err);
	return rc ? rc : count;
}

/* read_queues_of_device() - those that a device plugin allocated, within the pool if there is one.
 * Return: the number of queues, or an error
 */
static int read_queues_of_device(const struct nk_config_raw *raw, const struct raw_queues *queues,
				 const struct device *device, struct nk_config *config,
				 struct nk_error *err)
{
	struct nk_queue_set pool;
	int rc = 0;

	config->queues = device->queues;
	if (*raw->master &&
	    strcmp(raw->master, device->nic) != 0) /* maybe another name of the same NIC */
		memcpy(config->device_id, raw->device_id, sizeof(config->device_id));
	if (*queues->pool)
		rc = nk_queue_set_parse(queues->pool, "queues.pool", &pool, err);
	if (rc > 0)
		rc = check_within(&device->queues, &pool, raw->device_id_path, "queues.pool", err);
	return rc ? rc : device->count;
}

/* read_queue_pool() - any of these. Return: the number needed, or an error */
static int read_queue_pool(const struct raw_queues *queues, struct nk_config *config,
			   struct nk_error *err)
{
	int size = nk_queue_set_parse(queues->pool, "queues.pool", &config->queues, err);
	int wanted = queues->count ? (int)queues->count : 1;

	if (size < 0 || wanted <= size)
		return size < 0 ? size : wanted;
	return nk_error_config(err, "queues.count: %u is more than the %u queues of queues.pool",
			       queues->count, (uint32_t)size);
}

/* choose_queues() - Return: the number needed, or an error */
static int choose_queues(const struct nk_config_raw *raw, const struct raw_queues *queues,
			 const struct device *device, struct nk_config *config,
			 struct nk_error *err)
{
	config->fixed_queues = true;
	if (*queues->ids)
		return read_queue_ids(raw, queues, device, config, err);
	if (device->kind == DEVICE_QUEUES)
		return read_queues_of_device(raw, queues, device, config, err);
	config->fixed_queues = false;
	if (*queues->pool)
		return read_queue_pool(queues, config, err);
	if (device->kind == DEVICE_NAME) {
		nk_config_invalid(err, raw->device_id_path, raw->device_id,
				  "of the form <master>-q<N>[-<M>], and \"queues\" is missing");
		return nk_error_remedy(
			err, "set \"queues\" to queues of that NIC, such as {\"pool\": "
			     "\"8-15\"}. nk-cni needs no VF of a device plugin: \"master\" "
			     "can name the PF, without a deviceID");
	}
	return raw->queues ? nk_config_missing(err, "queues.pool or queues.ids") : 0;
}

static int check_count(const struct raw_queues *queues, const struct nk_config *config,
		       struct nk_error *err)
{
	if (queues->count && queues->count != config->queue_count) {
		nk_error_config(
			err,
			"queues.count: %u, but the number of queues in queues.ids or deviceID is "
			"%u",
			queues->count, config->queue_count);
		return nk_error_remedy(err,
				       "remove \"count\"; a device plugin lists several queues as "
				       "<master>-q<N>-<M>");
	}
	if (config->queue_count > NK_LEASES_MAX)
		return nk_error_config(err,
				       "queues: %u requested, but a device can lease at most %u",
				       config->queue_count, NK_LEASES_MAX);
	if (config->queue_max < config->queue_count)
		return nk_error_config(err, "queues.max: %u is less than the %u queues requested",
				       config->queue_max, config->queue_count);
	return 0;
}

int nk_config_parse_queues(const struct nk_config_raw *raw, const struct nk_request *request,
			   struct nk_config *config, struct nk_error *err)
{
	struct raw_queues queues = { 0 };
	struct device device = { 0 };
	int count = 0;

	if (raw->queues)
		count = nk_json_decode(raw->queues, "queues", queues_fields, NK_JSON_REFUSE,
				       &queues, err);
	if (!count)
		count = parse_device(raw, &device, err);
	if (count || !needs_queues(raw, config))
		return count;
	/* STATUS, features and doctor cannot know what a device plugin allocates. */
	config->awaits_device = (request->command == NK_COMMAND_STATUS ||
				 request->command == NK_COMMAND_FEATURES ||
				 request->command == NK_COMMAND_DOCTOR) &&
				raw->has_capability && device.kind == DEVICE_NONE &&
				(!*raw->master || (!*queues.ids && !*queues.pool));
	if (!config->awaits_device || *queues.ids || *queues.pool)
		count = choose_queues(raw, &queues, &device, config, err);
	if (count < 0)
		return count;
	if (!*config->master)
		memcpy(config->master, device.nic, sizeof(config->master));
	config->queue_count = (uint32_t)count;
	config->queue_max = queues.max ? queues.max : config->queue_count;
	return config->awaits_device ? 0 : check_count(&queues, config, err);
}
