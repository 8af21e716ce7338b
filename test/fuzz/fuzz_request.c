// SPDX-License-Identifier: Apache-2.0
/* fuzz_request.c - the CNI variables: a line each, in the order of the table */
#include "input.h"

#include "base/error.h"
#include "cni/request.h"

#include <stdlib.h>
#include <string.h>

#define VARIABLES 6

static const char *const names[VARIABLES] = {
	"CNI_COMMAND", "CNI_CONTAINERID", "CNI_IFNAME", "CNI_NETNS", "CNI_ARGS", "CNI_PATH",
};

static char *values[VARIABLES];

static const char *look_up(const char *name)
{
	int i;

	for (i = 0; i < VARIABLES; i++)
		if (!strcmp(name, names[i]))
			return values[i];
	return NULL;
}

/* check_valid() - what passed is what was said */
static void check_valid(const struct nk_request *request)
{
	fuzz_check(!strcmp(nk_request_command_name(request->command), values[0]),
		   "the command is read back");
	fuzz_check(nk_request_lock_ms(request->command) > 0, "a lock has a timeout");
	fuzz_check(request->cni_args == values[4] && request->cni_path == values[5],
		   "variables are passed on");
	if (request->command != NK_COMMAND_ADD)
		return;
	fuzz_check(!strcmp(request->container_id, values[1]) &&
			   !strcmp(request->ifname, values[2]) &&
			   !strcmp(request->netns, values[3]),
		   "variables are whole");
	fuzz_check(nk_request_is_id(request->container_id) && nk_request_is_ifname(request->ifname),
		   "variables are valid");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct nk_request request = { 0 };
	struct nk_error err = { 0 };
	int i, rc;

	for (i = 0; i < VARIABLES; i++)
		values[i] = fuzz_line(&in);
	rc = nk_request_parse(look_up, &request, &err);
	fuzz_check_rc(rc, &err, "nk_request_parse");
	if (!rc)
		check_valid(&request);
	nk_error_reset(&err);
	fuzz_check_rc(nk_request_for_plan(look_up, &request, &err), &err, "nk_request_for_plan");
	for (i = 0; i < VARIABLES; i++)
		free(values[i]);
	return 0;
}
