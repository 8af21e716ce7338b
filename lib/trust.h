/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.h - directories whose entries nobody but us can have made
 *
 * A bpffs that was mounted without "mode=" has mode 1777: any user can make "nk-cni" on it before
 * us, and then remove and exchange whatever we put there. So a directory is entered only if it
 * belongs to our user and nobody else may write to it; symbolic links are not followed.
 *
 * A file in such a directory may be used by its path: no other user can replace a part of it.
 *
 * The same for files elsewhere that a configuration names, where less can be asked for: directories
 * that are root's, in which others may make files, but not exchange those of root.
 */
#ifndef NK_TRUST_H
#define NK_TRUST_H

#include <stdbool.h>

struct nk_error;

/**
 * nk_trust_open_root() - open the mount point that the directories are on
 *
 * The path is the administrator's, and may hold symbolic links. The directory has to be ours; others
 * may write to it only where its sticky bit keeps them from what is ours.
 *
 * Return: an fd; or a negative errno: -EPERM where it is another user's; -EACCES where others
 * can change what we make in it
 */
int nk_trust_open_root(const char *path, struct nk_error *err);

/**
 * nk_trust_open() - open a directory in @parent
 * @name: one component
 * @path: the whole path, for messages
 * @create: make it where there is none; it gets mode 0700, whatever the umask is and whoever of us was first
 *
 * Return: an fd; -ENOENT where there is none; -EPERM where it is another user's; -EACCES where others
 * can write to it; -ENOTDIR where it is no directory; or another negative errno
 */
int nk_trust_open(int parent, const char *name, const char *path, bool create,
		  struct nk_error *err);

/* nk_trust_is_plain() - is it an absolute path of a file, without ".", ".." and empty components? */
bool nk_trust_is_plain(const char *path);

/**
 * nk_trust_walk() - open the directory that a file is in
 * @path: of the file, plain as above. /var/run is taken for /run; no symbolic link is followed
 * @create: make directories that are missing, with mode 0755
 *
 * Each directory on the way has to be ours or root's, and writable for others only with a sticky bit. A group
 * may write: it does so in /var/log on some distributions.
 *
 * Return: an fd, or a negative errno
 */
int nk_trust_walk(const char *path, bool create, struct nk_error *err);

#endif
