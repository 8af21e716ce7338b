/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.h - one function for each command
 *
 * The request and the configuration are const. The attachment is zeroed, except for what
 * nk_attachment_init() needs. main() cleans up the attachment and prints the result.
 */
#ifndef NK_COMMANDS_H
#define NK_COMMANDS_H

#include "attach/attach.h"
#include "cni/ipam.h"

struct nk_error;
struct nk_invocation;

/* nk_preflight() - check what ADD needs: kernel, bpffs and NIC. Fills att->lender.nic, changes nothing. */
int nk_preflight(struct nk_attachment *att, const struct nk_config *config, struct nk_error *err);

/* nk_preflight_device() - do "deviceID" and "master" name the same NIC, perhaps by different names? Part of
 * nk_preflight(); ADD calls it before it opens the Pod's netns.
 */
int nk_preflight_device(struct nk_attachment *att, const struct nk_config *config,
			struct nk_error *err);

/**
 * nk_cmd_add() - create an attachment
 * @add: with config and netns; its changes are to be freed with nk_nic_plan_fini(), also after a failure
 * @ips: zeroed; filled with the answer of the IPAM plugin; @ret points to it
 *
 * Until the result is written, main() may roll back with nk_cmd_add_undo().
 *
 * Return: 0 and @ret; or a negative errno, and nothing was created
 */
int nk_cmd_add(const struct nk_request *request, struct nk_attachment *att, struct nk_add *add,
	       struct nk_ipam_result *ips, struct nk_result *ret, struct nk_error *err);

/* nk_cmd_add_release() - release the locks of a committed attachment: writing the result may block */
void nk_cmd_add_release(struct nk_attachment *att, struct nk_add *add);

/* nk_cmd_add_undo() - roll back, unless a DEL came first. @err holds the reason; failures of the
 * rollback are appended to it.
 */
void nk_cmd_add_undo(const struct nk_request *request, struct nk_attachment *att,
		     struct nk_add *add, struct nk_error *err);

/* nk_cmd_check() - compare what exists with what ADD created */
int nk_cmd_check(const struct nk_request *request, const struct nk_config *config,
		 struct nk_attachment *att, struct nk_ipam_result *ips, struct nk_error *err);

/* nk_cmd_del() - remove the whole attachment, continuing after failures. Return: 0 or the first one */
int nk_cmd_del(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_error *err);

/* nk_cmd_status() - also for nk_cmd_doctor(). Return: 0, or a negative errno with error code 50 or 51 */
int nk_cmd_status(const struct nk_request *request, const struct nk_config *config,
		  struct nk_attachment *att, struct nk_error *err);

/* nk_cmd_gc() - remove dead attachments and call the IPAM plugin's GC, continuing after failures. nk_cmd_gc_all()
 * is the subcommand: all networks, no GC of IPAM plugins; @forget: also drop journal entries whose IPAM plugin
 * cannot be called. Return: 0, or the first failure
 */
int nk_cmd_gc(const struct nk_request *request, const struct nk_config *config,
	      struct nk_error *err);
int nk_cmd_gc_all(const char *bpffs, bool forget, struct nk_error *err);

/* nk_cmd_plan() - print what ADD would do; the caller frees @ret. Return: 0; or ADD's error, and @ret is NULL, or for
 * a bond the entries for its ports
 */
int nk_cmd_plan(const struct nk_request *request, const struct nk_config *config,
		struct nk_attachment *att, char **ret, struct nk_error *err);

/* nk_cmd_list() - list this node's attachments as a table or as JSON; nk_cmd_stats() - as metrics. @ret: text that
 * the caller frees, or NULL; after a failure, what could be read. Return: 0, or the first failure
 */
int nk_cmd_list(const char *bpffs, bool json, char **ret, struct nk_error *err);
int nk_cmd_stats(const char *bpffs, char **ret, struct nk_error *err);

/* nk_cmd_oci_hook() - show a container the attachments of its Pod, before it starts; a container of a Pod without one
 * is left as it is
 * @text: what the OCI runtime wrote to stdin
 * @only_named: only of Pods with the annotation of oci/state.h
 *
 * The process may end in the container's mount namespace. Return: 0 or a negative errno
 */
int nk_cmd_oci_hook(const char *bpffs, const char *text, size_t size, bool only_named,
		    struct nk_error *err);

/* nk_cmd_install() - install, or remove, the executable and the list of the invocation; @ret as above. What was read at
 * the first call is removed by the second one, whatever has become of its source.
 */
int nk_cmd_install(const struct nk_invocation *invocation, bool remove, char **ret,
		   struct nk_error *err);

/* nk_cmd_install_wait() - until SIGTERM or SIGINT, which main() has blocked, so that none is lost */
void nk_cmd_install_wait(void);

/* nk_cmd_version_json() - the version, and those of the protocol, of claims and of the XDP program */
int nk_cmd_version_json(char **ret, struct nk_error *err);

/* nk_cmd_features() - print what the NICs that the configurations in @conf_dir name, and @nics, can lend. @ret and return
 * value: as nk_cmd_list()
 */
int nk_cmd_features(const char *conf_dir, char *const *nics, int nic_count, char **ret,
		    struct nk_error *err);

/* nk_cmd_doctor() - examine the node and its NICs. Return: the exit status: 0: all is well; 1: a warning; 2: a failure;
 * or a negative errno
 */
int nk_cmd_doctor(const struct nk_invocation *invocation, bool json, char **ret,
		  struct nk_error *err);

/* nk_ipam_of() - how to call the IPAM plugin of a configuration */
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

/* nk_delete_of() - how a configuration has attachments removed */
static inline struct nk_delete_options nk_delete_of(const struct nk_config *config)
{
	return (struct nk_delete_options){
		.drop_program = !config->xdp_keep,
		.keep_rss = config->rss_keep,
	};
}

#endif
