/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nicdir.h - the NIC's directory on bpffs: where its pins are, and the lock over all we do to it
 *
 *   <bpffs>/nk-cni/<nic>/nic  what NIC it is, see nicid.h
 *   <bpffs>/nk-cni/<nic>/claims, origin, rules, link, queues, stats, xsks, neigh,
 *                         calls  one NIC; policy, its operator's
 *   <bpffs>/nk-cni/<nic>/q<N>/xsks_map                                            one attachment
 *
 * <nic> is the NIC's name when the directory was made, and stays when the NIC is renamed: Pods have paths
 * below it mounted. Where another NIC's directory has that name it is <name>~<ifindex>. So which NIC a
 * directory is of is never told by its name: see lender.h.
 *
 * bpffs refuses '.' in names, so in <nic> it is written %2e and '%' is written %25. With bpffs of
 * at most 255 bytes and such a name no path reaches NK_PATH_SIZE. Each directory on the way
 * is checked when it is opened, see trust.h.
 *
 * The lock is a flock on the directory: no lock file to leak, and the kernel ends it with the
 * process. Who waited and got the lock of a directory that was removed meanwhile starts again.
 */
#ifndef NK_NICDIR_H
#define NK_NICDIR_H

#include "types.h"

struct nk_error;

#define NK_NICDIR_ID	    "nic"
#define NK_NICDIR_NAME_SIZE 32 /* a NIC's name, '~', an ifindex, and a NUL */

struct nk_nicdir {
	int fd;				/* holds the lock; -1: closed */
	char name[NK_NICDIR_NAME_SIZE]; /* without escapes */
	char path[NK_PATH_SIZE];
};

/* nk_nicdir_check_bpffs() - is a bpf file system mounted there? Return: 0 or a negative errno. */
int nk_nicdir_check_bpffs(const char *bpffs, struct nk_error *err);

/* nk_nicdir_check() - is there one that nobody but us can change? Return: 0; -ENOENT where there is
 * none; -EPERM, -EACCES or -ENOTDIR as nk_trust_open(), which it rests on
 */
int nk_nicdir_check(const char *bpffs, const char *nic, struct nk_error *err);

/* nk_nicdir_init() - the path of the directory called @nic, without its lock. */
void nk_nicdir_init(const char *bpffs, const char *nic, struct nk_nicdir *ret);

/* nk_nicdir_lock_all() - held while it is looked for, and decided, which directory a NIC has. Who has it may
 * wait for no directory's lock. Return: an fd, to be closed, or a negative errno
 */
int nk_nicdir_lock_all(const char *bpffs, struct nk_error *err);

/* nk_nicdir_make() - the directory called @nic, unless it is there
 * @all: of nk_nicdir_lock_all()
 *
 * Return: 0; -ENOENT where somebody has removed the directory over all meanwhile; or another negative errno
 */
int nk_nicdir_make(int all, const char *bpffs, const char *nic, struct nk_error *err);

/**
 * nk_nicdir_open() - take the lock of the directory called @nic
 * @create: make it where there is none
 *
 * Return: 0; -ENOENT where there is none; -EAGAIN with error code 11, and who has it, where the
 * lock was not free within nk_lock_limit_ms()
 */
int nk_nicdir_open(const char *bpffs, const char *nic, bool create, struct nk_nicdir *ret,
		   struct nk_error *err);

/* nk_nicdir_unlock() - give the lock up for a while; the directory must not be empty. */
void nk_nicdir_unlock(struct nk_nicdir *dir);

/* nk_nicdir_relock() - Return: 0; -EAGAIN as for nk_nicdir_open(); -ESTALE where somebody removed
 * the directory meanwhile. A lock that is held already is held on.
 */
int nk_nicdir_relock(struct nk_nicdir *dir, struct nk_error *err);

/* nk_nicdir_close() - give the lock up; the directory goes too where it is empty, or has nothing but what
 * NIC it was of.
 */
void nk_nicdir_close(struct nk_nicdir *dir);

/* nk_nicdir_hold() - mark a queue as one that an ADD of this process is working on: until the directory
 * is closed or the process ends, also while the NIC's lock is given up. The mark lies where the claims
 * lie, so that whoever can read a claim can tell whether its ADD is alive.
 */
int nk_nicdir_hold(struct nk_nicdir *dir, uint32_t queue, struct nk_error *err);

/* nk_nicdir_is_held() - Return: 1: another process holds the queue; 0: nobody does; or a negative errno */
int nk_nicdir_is_held(const char *bpffs, const char *nic, uint32_t queue, struct nk_error *err);

/* nk_nicdir_pin() - path of a pin of the NIC. */
void nk_nicdir_pin(const struct nk_nicdir *dir, const char *name, char ret[NK_PATH_SIZE]);

/* nk_nicdir_xsks_map() - path of the XSKMAP of the attachment whose first queue is @phys. */
void nk_nicdir_xsks_map(const struct nk_nicdir *dir, uint32_t phys, char ret[NK_PATH_SIZE]);

/**
 * nk_nicdir_each() - call @fn with the name of every directory
 * @fn: returns 0, or a negative errno; the walk goes on, the first error is returned, others are
 *	logged
 *
 * Nothing is locked; where bpffs or our directory is missing there are none. The directory goes where
 * it is empty.
 */
int nk_nicdir_each(const char *bpffs, int (*fn)(const char *nic, void *data, struct nk_error *err),
		   void *data, struct nk_error *err);

#endif
