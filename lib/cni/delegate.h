/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegate.h - run another CNI plugin as a runtime does, with a timeout
 *
 * The plugin is searched in CNI_PATH. It gets our environment with another CNI_COMMAND and the
 * caller's replacements, our stderr, the input on its stdin, and no other file of ours. The caller
 * interprets its answer.
 */
#ifndef NK_DELEGATE_H
#define NK_DELEGATE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nk_error;

#define NK_DELEGATE_OUTPUT_MAX (1U << 20) /* largest output, in bytes */

struct nk_delegate {
	const char *path;	/* CNI_PATH: directories separated by ':'; NULL: empty */
	const char *type;	/* file name of the plugin */
	const char *command;	/* its CNI_COMMAND */
	char *const *variables; /* "NAME=VALUE" that replace ours, ended by NULL; NULL: none */
	/* For a CNI_PATH that was recorded earlier: refuse a program that anybody but root and our
	 * user can have created.
	 */
	bool trusted_only;
	const char *input;
	size_t input_size;
	uint32_t limit_ms; /* for the whole call, at least 1 */
};

/* nk_delegate_is_name() - is it a plain file name, without a path to another directory? */
bool nk_delegate_is_name(const char *type);

/* nk_delegate_find() - the first directory of CNI_PATH that has the file, as in libcni
 * (invoke.FindInPath). Return: 0, -ENOENT, -EINVAL or -EPERM, as nk_delegate_run()
 */
int nk_delegate_find(const struct nk_delegate *call, char ret[PATH_MAX], struct nk_error *err);

/**
 * nk_delegate_run() - find the plugin, run it to its end, return its output
 * @ret: its stdout, NUL terminated; the caller frees it; set on success only
 * @ret_size: bytes of it, without that NUL
 * @ret_status: its exit status, 0..255
 *
 * The plugin never outlives this call or this process. Its process group ends with the call, unless
 * the plugin exits with status 0: what it leaves running is then meant to stay. It need not read its
 * stdin. If the file is being written (ETXTBSY, an installation), retry for 5 s. The standard fds of
 * this process must be open.
 *
 * Return: 0, or a negative errno: -ENOENT and -EINVAL with error code 7 (CNI_PATH, type), and
 * -EPERM (trusted_only); with code 104: -ETIMEDOUT, -EFBIG (too much output), -EREMOTEIO (killed by
 * a signal), and errors of its start
 */
int nk_delegate_run(const struct nk_delegate *call, char **ret, size_t *ret_size, int *ret_status,
		    struct nk_error *err);

#endif
