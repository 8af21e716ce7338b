/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nicdir.h - the NIC's directory on bpffs: its pins, and the lock over all that we do to the NIC
 *
 *   <bpffs>/nk-cni/<nic>/nic                 the identity of the NIC, see nicid.h
 *   <bpffs>/nk-cni/<nic>/claims and others   see NK_PIN_* below
 *   <bpffs>/nk-cni/<nic>/q<N>/xsks_map       the map of one attachment
 *
 * <nic> is the name of the NIC when the directory was created. It stays when the NIC is renamed, because
 * Pods have mounted paths below it. If another NIC's directory has that name, it is <name>~<ifindex>. So the
 * name never tells which NIC a directory belongs to: see lender.h.
 *
 * bpffs refuses '.' in names, so <nic> has %2e for '.' and %25 for '%'. With at most 255 bytes of bpffs and
 * such a name, every path is shorter than NK_PATH_SIZE. Each directory on the way is checked when it is
 * opened, see trust.h.
 *
 * The lock is a flock on the directory. It needs no lock file, and the kernel releases it with the process.
 * If the directory was removed while a process waited for its lock, the process starts again.
 */
#ifndef NK_NICDIR_H
#define NK_NICDIR_H

#include "base/types.h"

struct nk_error;

#define NK_NICDIR_NAME_SIZE 32 /* a NIC's name, '~', an ifindex, and a NUL */

struct nk_nicdir {
	int fd; /* holds the lock while `locked`; -1: closed */
	bool locked;
	char name[NK_NICDIR_NAME_SIZE]; /* without escapes */
	char path[NK_PATH_SIZE];
};

/* nk_nicdir_check_bpffs() - is @bpffs a mounted bpf file system? Return: 0 or a negative errno */
int nk_nicdir_check_bpffs(const char *bpffs, struct nk_error *err);

/* nk_nicdir_check_usable() - and could we create a NIC's directory there that only we can change? Changes
 * nothing. Return: as before, -EROFS, or as nk_trust_open()
 */
int nk_nicdir_check_usable(const char *bpffs, struct nk_error *err);

/* nk_nicdir_check() - does the directory called @nic exist, and can only we change it? Return: 0; as
 * nk_trust_open(); or -EPROTO: a mount hides it
 */
int nk_nicdir_check(const char *bpffs, const char *nic, struct nk_error *err);

/* nk_nicdir_init() - fill in the path of the directory called @nic, without its lock */
void nk_nicdir_init(const char *bpffs, const char *nic, struct nk_nicdir *ret);

/* nk_nicdir_lock_all() - lock the top directory, to find or choose the directory of a NIC. The holder must not
 * wait for the lock of a NIC's directory. Return: an fd for nk_nicdir_unlock_all(), or a negative errno
 */
int nk_nicdir_lock_all(const char *bpffs, struct nk_error *err);

/* nk_nicdir_make() - create the directory called @nic, unless it exists. @all: of nk_nicdir_lock_all()
 *
 * Return: 0; -ENOENT: the top directory was removed meanwhile; or another negative errno
 */
int nk_nicdir_make(int all, const char *bpffs, const char *nic, struct nk_error *err);

/* nk_nicdir_unmake() - remove the directory called @nic if it has nothing but the NIC's identity, and nobody its lock */
void nk_nicdir_unmake(const char *bpffs, const char *nic);

/* nk_nicdir_unlock_all() - release the lock, and remove the top directory if it is empty */
void nk_nicdir_unlock_all(int all, const char *bpffs);

/**
 * nk_nicdir_open() - take the lock of the directory called @nic
 *
 * Return: 0; -ENOENT: there is none; -EAGAIN with error code 11 and the holder: the lock was not free
 * within nk_lock_limit_ms(); or another negative errno
 */
int nk_nicdir_open(const char *bpffs, const char *nic, struct nk_nicdir *ret, struct nk_error *err);

/* nk_nicdir_unlock() - release the lock for a while; the directory must not be empty */
void nk_nicdir_unlock(struct nk_nicdir *dir);

/* nk_nicdir_relock() - a lock that is held stays held. Return: 0; -EAGAIN as nk_nicdir_open(); -ESTALE: another
 * process has removed the directory; or another negative errno
 */
int nk_nicdir_relock(struct nk_nicdir *dir, struct nk_error *err);

/* nk_nicdir_close() - release the lock. If it was held, remove the directory if it has nothing but the NIC's
 * identity.
 */
void nk_nicdir_close(struct nk_nicdir *dir);

/* nk_nicdir_hold() - mark a queue as being worked on by an ADD of this process, until the directory is closed or
 * the process ends, even while the NIC's lock is released. The mark is where the claims are, so that every
 * reader of a claim can tell whether its ADD still runs.
 */
int nk_nicdir_hold(struct nk_nicdir *dir, uint32_t queue, struct nk_error *err);

/* nk_nicdir_is_held() - Return: 1: another process holds the queue; 0: nobody does; or a negative errno */
int nk_nicdir_is_held(const char *bpffs, const char *nic, uint32_t queue, struct nk_error *err);

/* The pins of a NIC. Only the file named here opens the pin; prog.c creates the maps of the program. */
#define NK_PIN_NIC    "nic"    /* nicid.c */
#define NK_PIN_CLAIMS "claims" /* claims.c */
#define NK_PIN_ORIGIN "origin" /* nic/saved.c */
#define NK_PIN_RULES  "rules"  /* nic/flow_note.c */
#define NK_PIN_LINK   "link"   /* prog.c, prog_info.c */
#define NK_PIN_QUEUES "queues" /* xskmap.c */
#define NK_PIN_XSKS   "xsks"   /* xskmap.c */
#define NK_PIN_VLANS  "vlans"  /* xskmap.c */
#define NK_PIN_STATS  "stats"  /* counters.c */
#define NK_PIN_NEIGH  "neigh"  /* neigh.c */
#define NK_PIN_CALLS  "calls"  /* policy.c */
#define NK_PIN_POLICY "policy" /* the operator's program; policy.c reads it */

/* nk_nicdir_unpin() - remove a pin; a missing pin is success. Return: 0 or a negative errno */
int nk_nicdir_unpin(const struct nk_nicdir *dir, const char *name, struct nk_error *err);

/* nk_nicdir_pin() - the path of a pin */
void nk_nicdir_pin(const struct nk_nicdir *dir, const char *name, char ret[NK_PATH_SIZE]);

/* nk_nicdir_xsks_map() - the path of the XSKMAP of the attachment whose first queue is @phys */
void nk_nicdir_xsks_map(const struct nk_nicdir *dir, uint32_t phys, char ret[NK_PATH_SIZE]);

/* nk_nicdir_read_maps() - @ret: those N for which q<N>/xsks_map exists. Return: 0 or a negative errno */
int nk_nicdir_read_maps(const struct nk_nicdir *dir, struct nk_queue_set *ret,
			struct nk_error *err);

struct nk_nicdir_list {
	char (*at)[NK_NICDIR_NAME_SIZE];
	uint32_t count;
};

/**
 * nk_nicdir_read() - read the names of all directories, without a lock; none if bpffs or the top directory is
 * missing. An empty top directory is removed.
 *
 * A directory that others can change, or that cannot be examined, is left out and is the error. Unlike other
 * lists, this one is valid after a failure too: a problem with one NIC must not stop the work on others.
 *
 * Return: 0, or a negative errno: the first error; others are logged
 */
int nk_nicdir_read(const char *bpffs, struct nk_nicdir_list *ret, struct nk_error *err);

#endif
