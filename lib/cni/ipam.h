/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipam.h - delegated address management: call an IPAM plugin and parse its answer
 *
 * The plugin gets exactly the bytes that we got on stdin (CNI specification, section 4). Call
 * nk_ipam_del() after a nk_ipam_add() that failed in any way: the plugin may have reserved addresses
 * even if its answer is invalid or missing.
 *
 * An error of the plugin keeps its code and details; msg is "IPAM plugin <type>: <its msg>". All
 * others have code 104, or 7 if the plugin does not exist.
 */
#ifndef NK_IPAM_H
#define NK_IPAM_H

#include "base/types.h"

struct nk_error;
struct nk_json;

/* Timeouts. kubelet ends a Pod's ADD after 4 minutes, and the last of these is reserved for the
 * rollback. CRI-O ends a DEL after one minute, which may include waiting for two locks.
 */
#define NK_IPAM_ADD_MS	 120000
#define NK_IPAM_OTHER_MS 25000

struct nk_ipam {
	const char *type;	 /* file name of the plugin */
	const char *cni_path;	 /* CNI_PATH, the directories to search */
	const char *cni_version; /* the configuration's, assumed if an answer has none */
	const char *cni_args;	 /* CNI_ARGS; NULL: those of our environment; see ipam.c */
	char *const *variables;	 /* replace those of our environment, see delegate.h */
	bool trusted_only;	 /* see delegate.h */
	uint32_t limit_ms;	 /* timeout; 0: the default above */
	const char *input;	 /* stdin as received */
	size_t input_size;
};

/**
 * nk_ipam_add() - have addresses allocated
 * @ret: to be freed with nk_ipam_result_fini() after success; at least one address; each interface
 * 	  is -1, whatever the plugin answered
 *
 * Return: 0, or a negative errno: -ECANCELED: the plugin reported a CNI error, so it reserved
 * nothing; -EREMOTEIO: it failed without one, or was killed; -EBADMSG: its answer is invalid; or
 * that of nk_delegate_run(); after -ETIMEDOUT it may still reserve addresses
 */
int nk_ipam_add(const struct nk_ipam *ipam, struct nk_ipam_result *ret, struct nk_error *err);

/* These succeed if the plugin exits with 0; its output is then ignored. */
int nk_ipam_del(const struct nk_ipam *ipam, struct nk_error *err);
int nk_ipam_check(const struct nk_ipam *ipam, struct nk_error *err);
int nk_ipam_status(const struct nk_ipam *ipam, struct nk_error *err);
int nk_ipam_gc(const struct nk_ipam *ipam, struct nk_error *err);

/**
 * nk_ipam_parse() - parse "ips", "routes" and "dns" of a result of CNI 0.3.0 or later
 * @path: of @json, "" for the root
 * @ret: @ret->dns points into @json, which the caller still owns; @ret->json is unchanged
 *
 * Return: 0, or -EINVAL with error code 7
 */
int nk_ipam_parse(const struct nk_json *json, const char *path, struct nk_ipam_result *ret,
		  struct nk_error *err);

void nk_ipam_result_fini(struct nk_ipam_result *result); /* may be zeroed */

#endif
