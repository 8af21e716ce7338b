// SPDX-License-Identifier: Apache-2.0
/* config_queues.c - the keys "queues" and "deviceID": which queues, of which NIC */
#include "config_parts.h"

#include "error.h"
#include "queues.h"

#include <errno.h>
#include <string.h>

#include "banned.h"

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

/* queues_by_device_id() - NIC and queues in one name. Return: how many queues, or an error */
static int queues_by_device_id(const struct nk_config_raw *raw, const struct raw_queues *queues,
			       struct nk_config *config, struct nk_error *err)
{
	struct nk_queue_set pool;
	uint32_t id;
	int rc, count = nk_device_id_parse(raw->device_id, raw->device_id_path, config->master,
					   &config->queues, err);

	if (count < 0)
		return count;
	if (*raw->master && strcmp(raw->master, config->master) != 0)
		return nk_config_invalid(err, raw->device_id_path, raw->device_id,
					 "of the NIC in \"master\"");
	if (*queues->ids)
		return nk_config_invalid(err, "queues.ids", queues->ids,
					 "allowed beside \"deviceID\", which names the queues");
	if (!*queues->pool)
		return count;
	rc = nk_queue_set_parse(queues->pool, "queues.pool", &pool, err);
	if (rc < 0)
		return rc;
	for (id = 0; id < NK_QUEUE_IDS; id++)
		if (nk_queue_set_has(&config->queues, id) && !nk_queue_set_has(&pool, id))
			return nk_config_refuse(err, "%s: queue %u is not in queues.pool",
						raw->device_id_path, id);
	return count;
}

/* queues_by_ids() - exactly these. Return: how many queues, or an error */
static int queues_by_ids(const struct raw_queues *queues, struct nk_config *config,
			 struct nk_error *err)
{
	if (*queues->pool)
		return nk_config_invalid(err, "queues.pool", queues->pool,
					 "allowed beside \"queues.ids\"");
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
	return nk_config_refuse(err, "queues.count: %u is more than the %u queues of queues.pool",
				queues->count, (uint32_t)size);
}

int nk_config_parse_queues(const struct nk_config_raw *raw, struct nk_config *config,
			   struct nk_error *err)
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
	else if (raw->queues)
		count = nk_config_missing(err, "queues.pool or queues.ids");
	if (count < 0)
		return count;
	config->queue_count = (uint32_t)count;
	config->queue_max = queues.max ? queues.max : config->queue_count;
	if (queues.count && queues.count != config->queue_count)
		return nk_config_refuse(err, "queues.count: %u, but %u queues are named",
					queues.count, config->queue_count);
	if (config->queue_count > NK_LEASES_MAX)
		return nk_config_refuse(err, "queues: %u, at most %u can be leased",
					config->queue_count, NK_LEASES_MAX);
	if (config->queue_max < config->queue_count)
		return nk_config_refuse(err, "queues.max: %u is less than the %u queues asked for",
					config->queue_max, config->queue_count);
	return 0;
}
