/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result.h - the JSON documents for stdout, and the prevResult from stdin
 *
 * A later plugin of a list gets the result of the earlier ones, adds to it and passes it on. All
 * members stay, known to us or not, in their order and as written. There are two families of
 * results (cni pkg/types/040 and 100). Up to 0.4.0 each of "ips" has a "version", and interfaces
 * have no "mtu", "socketPath" and "pciID"; from 1.0.0 on it is the other way round. (These three
 * belong to CNI 1.1, but libcni >= 1.2 keeps them in results of 1.0.0 too.)
 *
 * ADD checks a prevResult before it changes anything, so nk_result_print() cannot fail on the content.
 */
#ifndef NK_RESULT_H
#define NK_RESULT_H

#include "base/types.h"

struct nk_error;

/* nk_result_is_old() - is a result of the family up to 0.4.0? @prev may be NULL. @cni_version: of the
 * configuration, assumed for a result without one; so below
 */
bool nk_result_is_old(const struct nk_json *prev, const char *cni_version);

/* The result of ADD: prevResult, converted if it is of the other family, and ours; an error; the answer to
 * VERSION. Return: a document that the caller frees, or NULL when out of memory
 */
char *nk_result_print(const struct nk_result *result);
char *nk_result_print_error(const struct nk_error *err, const char *cni_version);
char *nk_result_print_versions(const char *cni_version);

/* nk_result_check_shape() - can we add to this prevResult, and can a runtime read the rest of it? Checks its
 * version, the types of its known members, its addresses. An index of an interface that it does not list is
 * accepted, as libcni and other plugins do, and dropped. @prev may be NULL. Return: 0, or -EINVAL with error
 * code 7 and the JSON path
 */
int nk_result_check_shape(const struct nk_json *prev, const char *cni_version,
			  struct nk_error *err);

/* nk_result_check_absent() - refuse an interface that prevResult, which may be NULL, already has. @sandbox: NULL
 * or empty: on the host. Return: 0, or -EEXIST with error code 7
 */
int nk_result_check_absent(const struct nk_json *prev, const char *name, const char *sandbox,
			   struct nk_error *err);

/* nk_result_check_dns() - can a runtime read this "dns" object, which is copied into results? May be NULL.
 * Return: as nk_result_check_shape()
 */
int nk_result_check_dns(const struct nk_json *dns, const char *path, struct nk_error *err);

/* nk_result_lists() - does it list an interface of that name? @prev may be any value. */
bool nk_result_lists(const struct nk_json *prev, const char *name);

/* nk_result_find() - the index of an interface in prevResult; -1: not found. */
int32_t nk_result_find(const struct nk_json *prev, const char *name, const char *sandbox);

/* nk_result_check_prev() - does prevResult list the created interfaces with their mac and socketPath, and the
 * host device with its mtu? Later plugins may have changed everything else. @expected: what ADD would report
 * now. Return: 0, or -ENOENT with error code 102
 */
int nk_result_check_prev(const struct nk_json *prev, const struct nk_result *expected,
			 struct nk_error *err);

#endif
