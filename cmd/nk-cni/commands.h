/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.h - one function a command
 *
 * Each gets the request and the configuration, const, and an attachment that is zeroed but for
 * what nk_attachment_init() needs; main() finishes the attachment and prints.
 */
#ifndef NK_COMMANDS_H
#define NK_COMMANDS_H

#include "ipam.h"
#include "types.h"

struct nk_attachment;
struct nk_error;

/* nk_preflight() - what ADD needs of kernel, bpffs and NIC; fills att->lender.nic. Changes nothing. */
int nk_preflight(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err);

/* nk_preflight_device() - is the NIC of "deviceID" that of "master", which calls it otherwise? Part of
 * nk_preflight(); ADD asks before it looks at the Pod.
 */
int nk_preflight_device(struct nk_attachment *att, const struct nk_config *config,
			struct nk_error *err);

/**
 * nk_cmd_add() - make it
 * @ips: zeroed; what the IPAM plugin gave, which @ret points to
 *
 * Until the result is written main() may still take it back with nk_cmd_add_undo().
 *
 * Return: 0 and @ret, or a negative errno and nothing made
 */
int nk_cmd_add(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_ipam_result *ips, struct nk_result *ret,
	       struct nk_error *err);

/* nk_cmd_add_release() - let others at the NIC and at the attachment, which is committed: while the
 * result is written, which may take any time.
 */
void nk_cmd_add_release(struct nk_attachment *att);

/* nk_cmd_add_undo() - take it back, if no DEL came meanwhile; what cannot be is noted in @err, which says why it has to be. */
void nk_cmd_add_undo(const struct nk_request *request, const struct nk_config *config,
		     struct nk_attachment *att, struct nk_error *err);

/* nk_cmd_check() - compare what is with what was made. Return: 0 or a negative errno. */
int nk_cmd_check(const struct nk_request *request, const struct nk_config *config,
		 struct nk_attachment *att, struct nk_ipam_result *ips, struct nk_error *err);

/* nk_cmd_del() - remove all of it, to the end, also if some of it fails. Return: 0 or the first
 * failure.
 */
int nk_cmd_del(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_error *err);

/* nk_cmd_status() - Return: 0, or a negative errno with error code 50. */
int nk_cmd_status(const struct nk_request *request, const struct nk_config *config,
		  struct nk_attachment *att, struct nk_error *err);

/* nk_cmd_gc() - also what the IPAM plugin has; all of it, whatever fails. Return: 0, or the first
 * failure. nk_cmd_gc_all() is for people: of all networks, and without IPAM plugins' own; @forget:
 * also drop the notes of addresses whose plugin cannot be asked.
 */
int nk_cmd_gc(const struct nk_request *request, const struct nk_config *config,
	      struct nk_error *err);
int nk_cmd_gc_all(const char *bpffs, bool forget, struct nk_error *err);

/* nk_cmd_plan() - what ADD would do, as text that the caller frees. Return: 0, or why it would fail. */
int nk_cmd_plan(const struct nk_request *request, const struct nk_config *config,
		struct nk_attachment *att, char **ret, struct nk_error *err);

/**
 * nk_cmd_list() - what there is on this node, as a table or as JSON; nk_cmd_stats() - as metrics
 * @bpffs: mount point of bpffs
 * @ret: text that the caller frees; also after a failure, what could be read all the same; or NULL
 *
 * Return: 0, or the first failure
 */
int nk_cmd_list(const char *bpffs, bool json, char **ret, struct nk_error *err);
int nk_cmd_stats(const char *bpffs, char **ret, struct nk_error *err);

/* nk_ipam_of() - how the IPAM plugin of a configuration is called */
static inline struct nk_ipam nk_ipam_of(const struct nk_config *config,
					const struct nk_request *request)
{
	return (struct nk_ipam){
		.type = config->ipam_type,
		.cni_path = request->cni_path,
		.cni_args = request->cni_args,
		.cni_version = config->cni_version,
		.input = config->text,
		.input_size = config->text_size,
	};
}

#endif
