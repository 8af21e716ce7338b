/* SPDX-License-Identifier: Apache-2.0 */
/*
 * install.h - put this executable, and a network, where a container runtime looks for them
 *
 * A file is replaced by rename(), when it is whole and on disk: a runtime may be executing the old one, and never reads
 * half a file. Only a regular file is replaced. Calls that work in one directory exclude each other by a flock on it.
 * So a temporary file that one of them finds is that of a killed one, and is removed.
 *
 * Call nk_install_add_*() first, which change nothing, and nk_install_fini() last, also after a failure.
 */
#ifndef NK_INSTALL_H
#define NK_INSTALL_H

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct nk_error;

struct nk_install_file {
	const char *dir; /* the caller's */
	int dir_fd;
	char name[NAME_MAX + 1];
	char *text;
	size_t size;
	mode_t mode;
};

/* In the order in which they are installed. A further file is a further nk_install_add(). */
struct nk_install {
	struct nk_install_file files[2];
	int count;
};

/**
 * nk_install_add() - read a file that is to be installed
 * @install: zeroed before the first one; room for as many as its array has
 * @source: path, which may be a symbolic link, as in a mounted ConfigMap
 * @dir: has to exist; must outlive @install
 * @name: in @dir, one component
 *
 * Return: 0, or a negative errno
 */
int nk_install_add(struct nk_install *install, const char *source, const char *dir,
		   const char *name, mode_t mode, struct nk_error *err);

/* nk_install_add_self() - the executable that runs, as "nk-cni" */
int nk_install_add_self(struct nk_install *install, const char *dir, struct nk_error *err);

/* nk_install_add_conf() - a network configuration list, under its own name. Return: 0; -EINVAL with error code 1, 2, 6
 * or 7: a runtime would not use it, or an ADD would refuse an entry of nk-cni; or another negative errno
 */
int nk_install_add_conf(struct nk_install *install, const char *source, const char *dir,
			struct nk_error *err);

/**
 * nk_install_put() - install the files, but for those that are there already
 * @out: a line for each file: "installed PATH" or "unchanged PATH"
 *
 * Return: 0, or a negative errno: the file that failed and those after it are as before
 */
int nk_install_put(const struct nk_install *install, FILE *out, struct nk_error *err);

/**
 * nk_install_remove() - remove the files, last one first, if they are those that nk_install_put() would install
 * @out: a line for each file: "removed PATH", "absent PATH", or "kept PATH: it is another one"
 *
 * Return: 0, or the first failure; the others are removed all the same
 */
int nk_install_remove(const struct nk_install *install, FILE *out, struct nk_error *err);

void nk_install_fini(struct nk_install *install);

#endif
