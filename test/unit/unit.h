/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit.h - what several unit tests share
 *
 * A check of an error always names its code and the words that a person needs from it; that some
 * call merely failed proves little. Tests run at the top of the tree.
 */
#ifndef NK_TEST_UNIT_H
#define NK_TEST_UNIT_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/**
 * unit_expect_error() - a call failed as it should
 * @what: what ran; printed when the check fails
 * @rc: what it returned; has to be the negative errno in @err
 * @words: each of them, separated by '|', has to be in msg, details or remedy
 */
void unit_expect_error(const char *what, int rc, const struct nk_error *err, enum nk_code code,
		       const char *words);

/* unit_expect_ok() - a call returned @rc >= 0 and left @err untouched. */
void unit_expect_ok(const char *what, int rc, const struct nk_error *err);

struct nk_json;

/* unit_quoted() - @text with each ' made a ", so that documents can be read here; to be freed. */
char *unit_quoted(const char *text);

/* unit_json() - a document written like that, parsed; to be freed with nk_json_free(). */
struct nk_json *unit_json(const char *text);

/* unit_skip() - leave the test for a reason; with NK_TEST_STRICT=1, as in CI, that is a failure. */
void unit_skip(const char *reason);

/* A page that may be used, and behind it one whose use ends the test with SIGSEGV. */
struct unit_guard {
	char *page;
	size_t size; /* of both */
};

void unit_guard_init(struct unit_guard *guard, size_t size_max);
void unit_guard_fini(struct unit_guard *guard);

/**
 * unit_guard_put() - a copy of @data that ends where the guard page begins
 * @align: the copy begins at a multiple of it; what that leaves free before the guard page is 0xff
 */
void *unit_guard_put(const struct unit_guard *guard, const void *data, size_t size, size_t align);

/* unit_read_text() - a file, NUL terminated, to be freed; fails the test if that is not possible. */
char *unit_read_text(const char *path, size_t *ret_size);

/* unit_read_hex() - the bytes that a file lists as hex digits; '#' begins a comment line. */
size_t unit_read_hex(const char *path, uint8_t *buf, size_t size);

/* unit_temp_dir() - a new directory; path of it, PATH_MAX bytes. It has to be empty at the end. */
void unit_temp_dir(char ret[]);
void unit_temp_dir_end(const char *path);

/* unit_write_script() - an executable @dir/@name that /bin/sh runs */
void unit_write_script(const char *dir, const char *name, const char *body);

#endif
