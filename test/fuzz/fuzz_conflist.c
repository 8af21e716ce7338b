// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_conflist.c - a list of configurations, and its entries as a runtime passes them
 *
 * The first line is the type that is sought.
 */
#include "input.h"

#include "base/error.h"
#include "base/json.h"
#include "cni/conflist.h"

#include <stdlib.h>
#include <string.h>

/* check_entry() - it is a configuration of that type, and as an entry of itself it stays what it is */
static void check_entry(const char *text, const char *type)
{
	struct nk_json *json = NULL;
	struct nk_error err = { 0 };
	const char *found;
	char *again = NULL;

	fuzz_check(!nk_json_parse(text, strlen(text), &json, &err), "an entry is JSON");
	found = nk_json_string(nk_json_get(json, "type"));
	fuzz_check(!found || !strcmp(found, type) || !nk_json_get(json, "plugins"),
		   "an entry has the type");
	if (!nk_json_get(json, "plugins")) {
		fuzz_check(!nk_conflist_pick(text, strlen(text), type, 0, &again, &err) && again,
			   "an entry is a configuration");
		fuzz_check(!strcmp(again, text), "an entry stays what it is");
	}
	free(again);
	nk_json_free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *type = fuzz_line(&in), *text, *entry = NULL;
	struct nk_error err = { 0 }, picked = { 0 };
	size_t text_size;
	int count, rc, n;

	text = fuzz_rest(&in, &text_size);
	count = nk_conflist_count(text, text_size, type, &err);
	fuzz_check_rc(count, &err, "nk_conflist_count");
	for (n = 0; n <= count; n++) {
		rc = nk_conflist_pick(text, text_size, type, (unsigned int)n, &entry, &picked);
		fuzz_check_rc(rc, &picked, "nk_conflist_pick");
		fuzz_check(n == count || entry, "there are as many entries as were counted");
		if (entry)
			check_entry(entry, type);
		free(entry);
	}
	free(text);
	free(type);
	return 0;
}
