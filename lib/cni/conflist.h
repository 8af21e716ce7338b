/* SPDX-License-Identifier: Apache-2.0 */
/* conflist.h - find the network configurations of a node, and a plugin's entries in them, as a runtime does; for
 * subcommands
 */
#ifndef NK_CONFLIST_H
#define NK_CONFLIST_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct nk_error;

struct nk_conf_file {
	char name[NAME_MAX + 1]; /* in the directory */
};

struct nk_conf_file_list { /* see list.h */
	struct nk_conf_file *at;
	uint32_t count;
};

/* nk_conflist_read_dir() - the files that a runtime reads, in its order: those whose names end in .conf, .conflist or
 * .json (libcni, ConfFiles()). @dir: fd of the directory, which stays open. Return: 0 or a negative errno
 */
int nk_conflist_read_dir(int dir, struct nk_conf_file_list *ret, struct nk_error *err);

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
