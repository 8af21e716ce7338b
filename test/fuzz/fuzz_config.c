// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_config.c - the configuration, for every command
 *
 * The first line is CNI_ARGS, and before it a letter, which stands for the command. The rest is stdin.
 */
#include "input.h"

#include "base/error.h"
#include "base/json.h"
#include "base/queues.h"
#include "cni/config.h"
#include "cni/request.h"

#include <stdlib.h>
#include <string.h>

static const char *args; /* CNI_ARGS */

static const char *look_up(const char *name)
{
	if (!strcmp(name, "CNI_IFNAME"))
		return "net1";
	return strcmp(name, "CNI_ARGS") != 0 ? "/opt/cni/bin" : args;
}

/* check_queues() - the set is read back from its text, unless that is cut */
static void check_queues(const struct nk_config *config)
{
	struct nk_queue_set back = { 0 };
	struct nk_error err = { 0 };
	static char text[5 * NK_QUEUE_IDS];

	nk_queue_set_text(&config->queues, text, sizeof(text));
	if (!strcmp(text, "none"))
		return;
	fuzz_check(nk_queue_set_parse(text, "queues", &back, &err) > 0 &&
			   !memcmp(&back, &config->queues, sizeof(back)),
		   "queues of a configuration are read back");
}

static void check_valid(const struct nk_config *config, enum nk_command command)
{
	check_queues(config);
	fuzz_check(config->queue_count <= NK_LEASES_MAX && config->ip_count <= NK_IPS_MAX &&
			   config->steering_count <= NK_STEERING_MAX,
		   "lists have their bounds");
	if (command == NK_COMMAND_ADD)
		fuzz_check(*config->name && *config->cni_version && nk_request_is_id(config->name),
			   "ADD has a network and a version");
	fuzz_check(!*config->ifname || nk_request_is_ifname(config->ifname),
		   "a device can have the name");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const enum nk_command command = fuzz_u8(&in) % (NK_COMMAND_DOCTOR + 1);
	struct nk_request request = { 0 };
	struct nk_config config = { 0 };
	struct nk_error err = { 0 };
	char *line = fuzz_line(&in), *text, version[8];
	size_t text_size;
	int rc;

	args = line;
	text = fuzz_rest(&in, &text_size);
	nk_config_probe_version(text, text_size, version);
	rc = nk_request_for_plan(look_up, &request, &err);
	request.command = command;
	if (!rc)
		rc = nk_config_parse(text, text_size, &request, &config, &err);
	fuzz_check_rc(rc, &err, "nk_config_parse");
	if (!rc)
		check_valid(&config, command);
	nk_config_fini(&config);
	free(text);
	free(line);
	return 0;
}
