// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_oci.c - what an OCI runtime says to a hook: the state of the container, and its config.json
 *
 * The two are separated by a byte of zero.
 */
#include "kernel.h"

#include "base/error.h"
#include "oci/state.h"

#include <stdlib.h>
#include <string.h>

static void check_state(const struct nk_oci_state *state)
{
	fuzz_check(state->pid > 0 && state->pid <= INT_MAX, "a process has a number");
	fuzz_check(*state->bundle && strlen(state->bundle) < PATH_MAX, "a bundle has a path");
	fuzz_check(strnlen(state->id, sizeof(state->id)) < sizeof(state->id), "an id ends");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const uint8_t *end = in.left ? memchr(in.at, 0, in.left) : NULL;
	struct fuzz_input first = { in.at, end ? (size_t)(end - in.at) : in.left };
	struct fuzz_input rest = { in.at + first.left, in.left - first.left };
	static struct nk_oci_state state;
	static char root[PATH_MAX];
	struct nk_error err = { 0 };
	struct nk_nl nl;
	size_t text_size;
	char *text = fuzz_rest(&first, &text_size);
	int rc = nk_oci_state_parse(text, text_size, &state, &err);

	fuzz_check_rc(rc, &err, "nk_oci_state_parse");
	if (!rc)
		check_state(&state);
	nk_error_reset(&err);
	(void)fuzz_u8(&rest);
	fuzz_kernel_begin(&rest, &nl);
	fuzz_kernel.file = fuzz_rest(&rest, &fuzz_kernel.file_size);
	memcpy(state.bundle, "/", 2);
	rc = nk_oci_state_root(&state, root, &err);
	fuzz_check_rc(rc, &err, "nk_oci_state_root");
	fuzz_check(rc || *root == '/', "a root is a path");
	free(fuzz_kernel.file);
	free(text);
	return 0;
}
