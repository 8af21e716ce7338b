/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.h - directories whose entries only we can have created
 *
 * A bpffs mounted without "mode=" has mode 1777: any user can create "nk-cni" on it before us, and
 * then replace what we put there. So a directory is used only if it belongs to our user and nobody
 * else may write to it. Symbolic links are not followed. A file in such a directory may be used by
 * its path: no other user can replace a part of it.
 *
 * For files elsewhere that a configuration names, nk_trust_walk() has a weaker rule.
 */
#ifndef NK_TRUST_H
#define NK_TRUST_H

#include <stdbool.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/types.h>

struct nk_error;

/* nk_trust_same_file() - do both describe the same file, directory or namespace? */
static inline bool nk_trust_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* nk_trust_uid() - our effective user id: geteuid() as of the start, without a system call */
static inline uid_t nk_trust_uid(void)
{
	return (uid_t)getauxval(AT_EUID);
}

/**
 * nk_trust_open_root() - open the mount point that holds the directories
 *
 * The operator chose the path, so it may contain symbolic links. Others may write to the directory
 * only if its sticky bit protects our entries.
 *
 * Return: an fd; -EPERM: it belongs to another user; -EACCES: others can change our entries; or
 * another negative errno
 */
int nk_trust_open_root(const char *path, struct nk_error *err);

/**
 * nk_trust_open() - open a directory in @parent
 * @name: one component
 * @path: the whole path, for messages
 * @create: create it if it is missing, with mode 0700 regardless of the umask and of concurrent
 * 	  calls
 *
 * Return: an fd; -ENOENT: it does not exist; -EPERM: it belongs to another user; -EACCES: others
 * can write to it; -ENOTDIR: it is not a directory; or another negative errno
 */
int nk_trust_open(int parent, const char *name, const char *path, bool create,
		  struct nk_error *err);

/* nk_trust_is_plain() - is it the absolute path of a file, without ".", ".." and empty components? */
bool nk_trust_is_plain(const char *path);

/**
 * nk_trust_walk() - open the directory of a file
 * @path: of the file, plain; /var/run is read as /run
 * @create: create missing directories, with mode 0755
 *
 * Each directory on the path must belong to us or to root. Others may write to it only with a sticky
 * bit: they may create files, but not replace those of root. A group may write, as it does in
 * /var/log on some distributions.
 *
 * Return: an fd, or a negative errno
 */
int nk_trust_walk(const char *path, bool create, struct nk_error *err);

#endif
