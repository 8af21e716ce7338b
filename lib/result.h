/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result.h - the JSON documents that go to stdout, and the results that come back as prevResult
 *
 * A later plugin of a list gets the result of those before it, adds to it and hands it on: all that
 * is in it stays, known to us or not, in its order and as it was written. There are two families of
 * results (cni pkg/types/040 and 100): up to 0.4.0 each of "ips" has a "version", and interfaces
 * have no "mtu", "socketPath" and "pciID"; from 1.0.0 on it is the other way round. (These three
 * are of CNI 1.1, but libcni >= 1.2 keeps them in results of 1.0.0 too.)
 *
 * ADD calls nk_result_check_shape() and, for each name that it is going to make,
 * nk_result_check_absent() before anything is done; nk_result_print() then has nothing to refuse.
 */
#ifndef NK_RESULT_H
#define NK_RESULT_H

#include "types.h"

struct nk_error;

/**
 * nk_result_is_old() - is a result of the family up to 0.4.0?
 * @prev: the result, or NULL
 * @cni_version: the configuration's, which is that of a result without one
 */
bool nk_result_is_old(const struct nk_json *prev, const char *cni_version);

/* Each of the printers returns a document that the caller frees, or NULL when out of memory. */

/* nk_result_print() - the result of ADD in the form of its cniVersion: prevResult, converted where
 * it is of the other family, with ours behind it.
 */
char *nk_result_print(const struct nk_result *result);

/* nk_result_print_error() - @err as CNI wants it. */
char *nk_result_print_error(const struct nk_error *err, const char *cni_version);

/* nk_result_print_versions() - the answer to VERSION. */
char *nk_result_print_versions(const char *cni_version);

/**
 * nk_result_check_shape() - can we add to this prevResult, and a runtime read what we hand on of it?
 * Its version, the types of what the specification has in it, its addresses. An index of an interface
 * that it does not list is taken, as libcni and other plugins take it, and not handed on.
 * @prev: NULL is fine: there is none
 * @cni_version: the configuration's, which is that of a prevResult without one
 *
 * Return: 0, or -EINVAL with error code 7 and the JSON path
 */
int nk_result_check_shape(const struct nk_json *prev, const char *cni_version,
			  struct nk_error *err);

/**
 * nk_result_check_absent() - is an interface not in prevResult yet?
 * @prev: NULL is fine
 * @sandbox: NULL or empty: on the host
 *
 * Return: 0, or -EEXIST with error code 7
 */
int nk_result_check_absent(const struct nk_json *prev, const char *name, const char *sandbox,
			   struct nk_error *err);

/* nk_result_check_dns() - a "dns" object goes into results as it is: can a runtime read it? NULL is
 * fine. Return: 0, or -EINVAL with error code 2 or 7 and the JSON path
 */
int nk_result_check_dns(const struct nk_json *dns, const char *path, struct nk_error *err);

/* nk_result_lists() - does it have an interface of that name? @prev may be any value. */
bool nk_result_lists(const struct nk_json *prev, const char *name);

/* nk_result_find() - the index of an interface in prevResult; -1: it has none of that name there. */
int32_t nk_result_find(const struct nk_json *prev, const char *name, const char *sandbox);

/**
 * nk_result_check_prev() - does prevResult list the interfaces that were made, with the mac and
 * socketPath they have, and the host's end with its mtu? Later plugins may have changed all else.
 * @expected: what ADD reported, or would report now
 *
 * Return: 0, or -ENOENT with error code 102
 */
int nk_result_check_prev(const struct nk_json *prev, const struct nk_result *expected,
			 struct nk_error *err);

#endif
