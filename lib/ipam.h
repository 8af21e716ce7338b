/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipam.h - delegated address management: ask an IPAM plugin, read what it answers
 *
 * The plugin gets exactly the bytes that we got on stdin (CNI specification, section 4). After a
 * nk_ipam_add() that failed in any way nk_ipam_del() has to be called: an answer that cannot be
 * read, or never came, may still have reserved addresses.
 *
 * Errors that the plugin reports itself keep their code; msg is "IPAM plugin <type>: <its msg>",
 * details are its details. All others are of code 104, but 7 where there is no such plugin.
 */
#ifndef NK_IPAM_H
#define NK_IPAM_H

#include "types.h"

struct nk_error;
struct nk_json;

/* How long we wait. kubelet gives up a Pod's ADD after 4 minutes, of which we want to use the last
 * for taking back what was made; CRI-O a DEL after one, in which two locks may be waited for first.
 */
#define NK_IPAM_ADD_MS	 120000
#define NK_IPAM_OTHER_MS 25000

struct nk_ipam {
	const char *type;	 /* file name of the plugin */
	const char *cni_path;	 /* CNI_PATH, where it is looked for */
	const char *cni_version; /* the configuration's, and of an answer that names none */
	const char *cni_args;	 /* CNI_ARGS; NULL: as in our environment. It gets them without what
				  * nk-cni has consumed, see ipam.c.
				  */
	char *const *variables;	 /* in place of our environment's, see delegate.h */
	bool trusted_only;	 /* see delegate.h */
	uint32_t limit_ms;	 /* how long we wait; 0: as said above */
	const char *input;	 /* stdin, as it came */
	size_t input_size;
};

/**
 * nk_ipam_add() - have addresses reserved
 * @ret: to be freed with nk_ipam_result_fini(), if it worked; at least one address; each of its
 *       interface is -1, whatever the plugin says
 *
 * Return: 0, or a negative errno: -ECANCELED: the plugin refused with a CNI error, so it has reserved
 * nothing; -EREMOTEIO: it failed without one, or died; -EBADMSG: its answer is malformed; or that of
 * nk_delegate_run(), of which -ETIMEDOUT may mean that it reserves something yet
 */
int nk_ipam_add(const struct nk_ipam *ipam, struct nk_ipam_result *ret, struct nk_error *err);

/* These succeed when the plugin exits with 0; what it writes then is not looked at. */
int nk_ipam_del(const struct nk_ipam *ipam, struct nk_error *err);
int nk_ipam_check(const struct nk_ipam *ipam, struct nk_error *err);
int nk_ipam_status(const struct nk_ipam *ipam, struct nk_error *err);
int nk_ipam_gc(const struct nk_ipam *ipam, struct nk_error *err);

/**
 * nk_ipam_parse() - "ips", "routes" and "dns" of a result, a prevResult say; no system call
 * @json: of CNI 0.3.0 or later; members that we do not know are tolerated
 * @path: of @json, "" for the root
 * @ret: @ret->dns points into @json, which stays the caller's; @ret->json is left as it is
 *
 * Return: 0, or -EINVAL with error code 7
 */
int nk_ipam_parse(const struct nk_json *json, const char *path, struct nk_ipam_result *ret,
		  struct nk_error *err);

void nk_ipam_result_fini(struct nk_ipam_result *result); /* a zeroed one is fine */

#endif
