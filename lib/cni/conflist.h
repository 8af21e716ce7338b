/* SPDX-License-Identifier: Apache-2.0 */
/* conflist.h - select a plugin's entries from a list, as a runtime does; for "nk-cni plan" and "features" */
#ifndef NK_CONFLIST_H
#define NK_CONFLIST_H

#include <stddef.h>

struct nk_error;

/* nk_conflist_count() - the entries of a plugin in such a text, which may have none. Return: how many, or a negative errno */
int nk_conflist_count(const char *text, size_t size, const char *type, struct nk_error *err);

/**
 * nk_conflist_pick() - the configuration that a runtime would pass to the n-th entry of a plugin
 * @text: a conflist; or a plain configuration, which counts as a list of one
 * @type: the plugin's
 * @n: from 0
 * @ret: the configuration, which the caller frees; NULL: there are no more
 *
 * Return: 0, or a negative errno
 */
int nk_conflist_pick(const char *text, size_t size, const char *type, unsigned int n, char **ret,
		     struct nk_error *err);

#endif
