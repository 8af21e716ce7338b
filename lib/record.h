/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - files for the programs beside an attachment
 *
 *   /run/nk-cni/<nic>/q<N>/attachment.json    as on bpffs: N is the attachment's first queue
 *
 * Directories have mode 0755, files 0644. A file is there whole or not at all. No symbolic link is
 * followed below /run. nk_record_write() and nk_record_remove() want the NIC's lock held.
 */
#ifndef NK_RECORD_H
#define NK_RECORD_H

#include "types.h"

struct nk_error;
struct nk_nicdir;

/* nk_record_path() - of the record of the attachment whose first queue is @phys */
void nk_record_path(const struct nk_nicdir *dir, uint32_t phys, char ret[NK_PATH_SIZE]);

/* nk_record_write() - in place of one that is there. Return: 0 or a negative errno */
int nk_record_write(const struct nk_nicdir *dir, uint32_t phys, const char *text,
		    struct nk_error *err);

/* nk_record_remove() - and the directories that are empty then; missing is success. */
int nk_record_remove(const struct nk_nicdir *dir, uint32_t phys, struct nk_error *err);

/**
 * nk_record_put() - write a file of others' unless it is there
 * @path: as nk_trust_is_plain() says; its directories are made where they are missing, and have to be
 *	  such as nk_trust_walk() enters
 *
 * Return: 1 if it was written, 0 if one was there, or a negative errno
 */
int nk_record_put(const char *path, const char *text, struct nk_error *err);

#endif
