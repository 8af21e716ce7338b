// SPDX-License-Identifier: Apache-2.0
/* input.c - what the fuzz targets share */
#include "input.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_fill(struct fuzz_input *in, void *ret, size_t size)
{
	const size_t have = size < in->left ? size : in->left;

	memset(ret, 0, size);
	if (have)
		memcpy(ret, in->at, have);
	in->at += have;
	in->left -= have;
}

uint8_t fuzz_u8(struct fuzz_input *in)
{
	uint8_t ret;

	fuzz_fill(in, &ret, sizeof(ret));
	return ret;
}

uint16_t fuzz_u16(struct fuzz_input *in)
{
	uint16_t ret;

	fuzz_fill(in, &ret, sizeof(ret));
	return ret;
}

uint32_t fuzz_u32(struct fuzz_input *in)
{
	uint32_t ret;

	fuzz_fill(in, &ret, sizeof(ret));
	return ret;
}

/* take_text() - @size bytes, up to the first NUL among them */
static char *take_text(struct fuzz_input *in, size_t size)
{
	char *ret = malloc(size + 1);

	fuzz_check(ret != NULL, "there is memory");
	fuzz_fill(in, ret, size);
	ret[size] = '\0';
	ret = realloc(ret, strlen(ret) + 1);
	fuzz_check(ret != NULL, "there is memory");
	return ret;
}

char *fuzz_line(struct fuzz_input *in)
{
	const uint8_t *end = in->left ? memchr(in->at, '\n', in->left) : NULL;
	char *ret = take_text(in, end ? (size_t)(end - in->at) : in->left);

	(void)fuzz_u8(in); /* the newline */
	return ret;
}

char *fuzz_rest(struct fuzz_input *in, size_t *ret_size)
{
	char *ret = take_text(in, in->left);

	if (ret_size)
		*ret_size = strlen(ret);
	return ret;
}

void fuzz_check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz: does not hold: %s\n", what);
	abort();
}

void fuzz_check_rc(int rc, const struct nk_error *err, const char *what)
{
	if (rc < 0 ? err->code != NK_CODE_NONE && rc == -err->sys && *err->msg :
		     err->code == NK_CODE_NONE)
		return;
	fprintf(stderr, "fuzz: %s: rc %d, but code %d, errno %d: %s: %s\n", what, rc,
		(int)err->code, err->sys, err->msg, err->details);
	abort();
}
