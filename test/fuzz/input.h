/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - what the fuzz targets share: the fuzzer's input taken apart, and what has to hold
 *
 * An input that ends too early goes on with zeros, so that every input is a valid one.
 */
#ifndef NK_FUZZ_INPUT_H
#define NK_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nk_error;

struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* Called by libFuzzer, for each input. Return: 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

uint8_t fuzz_u8(struct fuzz_input *in);
uint16_t fuzz_u16(struct fuzz_input *in);
uint32_t fuzz_u32(struct fuzz_input *in);
void fuzz_fill(struct fuzz_input *in, void *ret, size_t size);

/* fuzz_line() - the text up to a newline, or to the end; to be freed. It has its exact size, so that a read behind it is
 * noticed.
 */
char *fuzz_line(struct fuzz_input *in);

/* fuzz_rest() - all that is left, as a text that contains no NUL; to be freed. @ret_size: may be NULL */
char *fuzz_rest(struct fuzz_input *in, size_t *ret_size);

/* fuzz_check() - end the process unless it holds */
void fuzz_check(bool holds, const char *what);

/* fuzz_check_rc() - a call that failed has filled its error, and one that did not has left it alone */
void fuzz_check_rc(int rc, const struct nk_error *err, const char *what);

#endif
