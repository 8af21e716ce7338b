/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - the network configuration on stdin, read and validated
 *
 * No system call but for warnings; the log is set up from the configuration before the first of
 * them, see log.h. The keys are documented in README.md, "Configuration".
 */
#ifndef NK_CONFIG_H
#define NK_CONFIG_H

#include "types.h"

struct nk_error;

/* The CNI versions we speak, oldest first, ended by NULL. */
extern const char *const nk_config_versions[];

/**
 * nk_config_parse() - bytes of stdin to struct nk_config
 * @text: must live as long as @ret
 * @request: its command says how much is checked. ADD and STATUS: all of it. DEL and GC: only what
 *           they need (name, bpffs, xdp.keep; ifName, pairing, rss.keep and ipam.type as far as
 *           they are right), because a DEL must work after the configuration was edited. CHECK:
 *           like DEL, with prevResult. Its CNI_ARGS are part of what is configured
 * @ret: zeroed by the caller; to be freed with nk_config_fini(), also after a failure
 *
 * Return: 0, or a negative errno with error code 1, 2, 6 or 7
 */
int nk_config_parse(const char *text, size_t size, const struct nk_request *request,
		    struct nk_config *ret, struct nk_error *err);

/**
 * nk_config_probe_version() - the cniVersion of a document, for VERSION and for error objects
 *
 * Never fails: where there is none, or no JSON at all, @ret is the newest version we speak.
 */
void nk_config_probe_version(const char *text, size_t size, char ret[8]);

/* nk_config_tidy_path() - one '/' for several, and none at the end: what is of one bpffs is known by its
 * path, however that was written
 */
void nk_config_tidy_path(char *path);

void nk_config_fini(struct nk_config *config);

#endif
