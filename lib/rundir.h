/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rundir.h - directories of ours below /run, and files in them that are there whole or not at all
 *
 * Directories have mode 0755 and go when they are empty. No symbolic link is followed below /run.
 * Functions here return negative errnos alone; what they mean their callers say, and what to do
 * nk_rundir_remedy().
 */
#ifndef NK_RUNDIR_H
#define NK_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct nk_error;

#define NK_RUN	      "/run"
#define NK_RUN_TOP    "nk-cni"
#define NK_RUN_LEVELS 4

/* The way down to a directory: /run, then those below it, as far as they are open. */
struct nk_rundir {
	const char *names[NK_RUN_LEVELS]; /* the caller's, for as long as this is open */
	int fds[NK_RUN_LEVELS + 1];
	int depth; /* of the last one open; -1: not even /run */
};

/**
 * nk_rundir_open() - go down
 * @names: of the directories below /run, at most NK_RUN_LEVELS, and a NULL
 * @create: make what is missing
 *
 * Return: 0; -ENOENT where the way ends early; or another negative errno. @ret is to be closed in
 * any case.
 */
int nk_rundir_open(const char *const *names, bool create, struct nk_rundir *ret);

/* nk_rundir_fd() - the last directory; -1 where the way ended before it */
int nk_rundir_fd(const struct nk_rundir *dir);

/* nk_rundir_close() - and nk_rundir_prune(): with the directories that are empty, as far as there are
 * any
 */
void nk_rundir_close(struct nk_rundir *dir);
void nk_rundir_prune(struct nk_rundir *dir);

/**
 * nk_rundir_write() - a file by way of another
 * @dir: fd
 * @new: name of the other, which is overwritten, and gone afterwards
 * @parts: what is written, one after the other
 * @mode: whatever the umask is
 */
int nk_rundir_write(int dir, const char *new, const char *name, const struct iovec *parts,
		    int count, mode_t mode);

/**
 * nk_rundir_read() - a whole file
 * @size_max: a longer one is -EFBIG
 * @ret: NUL terminated; the caller frees it
 */
int nk_rundir_read(int dir, const char *name, size_t size_max, char **ret, size_t *ret_size);

/* nk_rundir_remedy() - where it is known of @rc, which nk_rundir_open() gave */
void nk_rundir_remedy(int rc, struct nk_error *err);

#endif
