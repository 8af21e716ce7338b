/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - parse and validate the network configuration from stdin
 *
 * No system call except for warnings; the log is set up before the first of them. nk-cni(8)
 * documents the keys.
 */
#ifndef NK_CONFIG_H
#define NK_CONFIG_H

#include "base/types.h"

struct nk_error;
struct nk_json;

/* The supported CNI versions, oldest first, ended by NULL. */
extern const char *const nk_config_versions[];

/**
 * nk_config_parse() - parse stdin into struct nk_config
 * @text: must live as long as @ret
 * @request: its command decides what is checked. ADD, STATUS, plan and features: everything. The others:
 * 	  cniVersion, name and bpffs, and of the other keys those that are valid, because a DEL must
 * 	  work after the configuration was edited. CHECK: also prevResult. Its CNI_ARGS are part of
 * 	  the configuration
 * @ret: zeroed by the caller; to be freed with nk_config_fini(), also after a failure
 *
 * Return: 0, or a negative errno with error code 1, 2, 6 or 7
 */
int nk_config_parse(const char *text, size_t size, const struct nk_request *request,
		    struct nk_config *ret, struct nk_error *err);

/* nk_config_read() - parse stdin as JSON. Return: 0, or a negative errno with error code 6 */
int nk_config_read(const char *text, size_t size, struct nk_json **ret, struct nk_error *err);

/* nk_config_probe_version() - the cniVersion of a document, for VERSION and for error objects; without one, or
 * without valid JSON, the newest supported version
 */
void nk_config_probe_version(const char *text, size_t size, char ret[8]);

/* nk_config_tidy_path() - collapse repeated '/' and drop a trailing one, as the path identifies a bpffs */
void nk_config_tidy_path(char *path);

void nk_config_fini(struct nk_config *config);

#endif
