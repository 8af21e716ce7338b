/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegate.h - run another CNI plugin as a runtime would, but with a time limit
 *
 * The plugin is found in CNI_PATH and gets our environment with another CNI_COMMAND and what the caller replaces, our stderr,
 * the input on its stdin, and no other file of ours. What it answers is the caller's to judge.
 */
#ifndef NK_DELEGATE_H
#define NK_DELEGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nk_error;

#define NK_DELEGATE_OUTPUT_MAX (1U << 20) /* bytes of stdout we take */

struct nk_delegate {
	const char *path;    /* CNI_PATH: directories, separated by ':'; NULL as empty */
	const char *type;    /* file name of the plugin */
	const char *command; /* its CNI_COMMAND */
	/* "NAME=VALUE" in place of our variables, and a NULL; NULL: none */
	char *const *variables;
	/* Refuse a program that others than root and the user we run as could have put there: for
	 * a CNI_PATH that was noted long ago.
	 */
	bool trusted_only;
	const char *input;
	size_t input_size;
	uint32_t limit_ms; /* for all of it, from 1 */
};

/* nk_delegate_is_name() - can it be the file name of a plugin, without a way to another directory? */
bool nk_delegate_is_name(const char *type);

/**
 * nk_delegate_run() - find the plugin, run it to its end, hand back what it wrote
 * @ret: its stdout, NUL terminated; the caller frees it; set on success only
 * @ret_size: bytes of it, without that NUL
 * @ret_status: its exit status, 0..255
 *
 * The plugin never outlives the call, nor this process. It has a process group of its own, and all of
 * that ends with the call, unless the plugin ends by itself with exit status 0: then what it has left
 * behind is meant to stay. It need not read its stdin. A file that is being written (ETXTBSY, an installation) is tried again for 5 s.
 * The standard fds of this process have to be open.
 *
 * Return: 0, or a negative errno: -ENOENT and -EINVAL with error code 7 (CNI_PATH, type), and
 * -EPERM (trusted_only); with code
 * 104 -ETIMEDOUT, -EFBIG (too much on stdout), -EREMOTEIO (it died by a signal), and those of its
 * start
 */
int nk_delegate_run(const struct nk_delegate *call, char **ret, size_t *ret_size, int *ret_status,
		    struct nk_error *err);

#endif
