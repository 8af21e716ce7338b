/* SPDX-License-Identifier: Apache-2.0 */
/* result.h - the JSON documents that go to stdout, and reading back a result of our own */
#ifndef NK_RESULT_H
#define NK_RESULT_H

#include "types.h"

struct nk_error;

/* Each of the printers returns a document that the caller frees, or NULL when out of memory. */

/* nk_result_print() - the result of ADD in the form of its cniVersion. */
char *nk_result_print(const struct nk_result *result);

/* nk_result_print_error() - @err as CNI wants it. */
char *nk_result_print_error(const struct nk_error *err, const char *cni_version);

/* nk_result_print_versions() - the answer to VERSION. */
char *nk_result_print_versions(const char *cni_version);

/**
 * nk_result_check_prev() - does prevResult list the interface that was made?
 * @expected: what ADD reported, or would report now
 *
 * Return: 0, or -ENOENT with error code 102
 */
int nk_result_check_prev(const struct nk_json *prev, const struct nk_result *expected,
			 struct nk_error *err);

#endif
