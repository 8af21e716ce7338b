/* SPDX-License-Identifier: Apache-2.0 */
/* conflist.h - the part of a runtime that "nk-cni plan" plays: a list of plugins, one by one */
#ifndef NK_CONFLIST_H
#define NK_CONFLIST_H

#include <stddef.h>

struct nk_error;

/**
 * nk_conflist_pick() - what a runtime would hand to the n-th entry of this plugin in a list
 * @text: a conflist; or a configuration, which is its own and only entry
 * @type: the plugin's
 * @n: from 0
 * @ret: the configuration, which the caller frees; NULL: the list has no more of them
 *
 * Return: 0, or a negative errno
 */
int nk_conflist_pick(const char *text, size_t size, const char *type, unsigned int n, char **ret,
		     struct nk_error *err);

#endif
