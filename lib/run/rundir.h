/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rundir.h - our directories below /run, and atomic writes of files in them
 *
 * Directories have mode 0755 and are removed when they are empty. No symbolic link is followed
 * below /run, and no directory is used that belongs to another user or is writable by others: root
 * executes what is recorded there. Functions here return only negative errnos; the caller fills the
 * error, with nk_rundir_failed().
 */
#ifndef NK_RUNDIR_H
#define NK_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct nk_error;

#define NK_RUN_DIR	 "/run/nk-cni"
#define NK_RUN_PATH_SIZE 640 /* of a directory: two names of 255 bytes, and what is before them */

struct nk_rundir {
	int fd;			     /* negative: not open */
	char path[NK_RUN_PATH_SIZE]; /* if it could not be opened: of the last one that could */
};

/**
 * nk_rundir_open() - open a directory
 * @path: NK_RUN_DIR or below it
 * @create: create missing directories
 *
 * Return: 0; -ENOENT if one is missing; or another negative errno. Close or prune @ret in any case.
 */
int nk_rundir_open(const char *path, bool create, struct nk_rundir *ret);

/* nk_rundir_open_at() - open one directory. Return: an fd; -EPERM if others may have written to it;
 * or another negative errno
 */
int nk_rundir_open_at(int parent, const char *name);

/* nk_rundir_close() - close; nk_rundir_prune() - also remove it and those above it, if empty */
void nk_rundir_close(struct nk_rundir *dir);
void nk_rundir_prune(struct nk_rundir *dir);

/* nk_rundir_is_file() - does @name in @dir still name the file of @fd? */
bool nk_rundir_is_file(int dir, const char *name, int fd);

/* nk_rundir_drop() - remove file @name if it is that of @fd, then empty directories
 * @path: of the directory, which was open before
 *
 * This needs no further file descriptor: there may be none left.
 */
void nk_rundir_drop(const char *path, const char *name, int fd);

/**
 * nk_rundir_write() - write a file atomically
 * @dir: fd
 * @new: name of the temporary file, which is overwritten, then renamed
 * @parts: content, written in order
 * @mode: set regardless of the umask
 */
int nk_rundir_write(int dir, const char *new, const char *name, const struct iovec *parts,
		    int count, mode_t mode);

/* nk_rundir_write_durably() - the same in any directory; the content is on disk before the file has its name */
int nk_rundir_write_durably(int dir, const char *new, const char *name, const struct iovec *parts,
			    int count, mode_t mode);

/**
 * nk_rundir_read() - read a whole file
 * @size_max: a longer file is -EFBIG
 * @ret: NUL terminated; the caller frees it
 */
int nk_rundir_read(int dir, const char *name, size_t size_max, char **ret, size_t *ret_size);

/* nk_rundir_read_fd() - the same of an open file, wherever it is */
int nk_rundir_read_fd(int fd, size_t size_max, char **ret, size_t *ret_size);

/* nk_rundir_is_foreign() - does @rc mean that the path is not ours? Then nothing below it is ours. */
bool nk_rundir_is_foreign(int rc);

/* nk_rundir_failed() - fill @err, with the remedy for @rc. Details: "@what @path: ERRNO". Return: @rc */
int nk_rundir_failed(struct nk_error *err, int rc, const char *msg, const char *what,
		     const char *path);

#endif
