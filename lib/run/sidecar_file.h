/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sidecar_file.h - files for sidecar programs
 *
 *   /run/nk-cni/<nic>/q<N>/attachment.json    as on bpffs: N is the attachment's first queue
 *
 * Directories have mode 0755, files 0644. Files are written atomically. No symbolic link is
 * followed below /run. nk_sidecar_file_write() and nk_sidecar_file_remove() require the NIC's lock.
 */
#ifndef NK_SIDECAR_FILE_H
#define NK_SIDECAR_FILE_H

#include "base/types.h"

struct nk_error;
struct nk_nicdir;

/* nk_sidecar_file_path() - path of the file of the attachment whose first queue is @phys */
void nk_sidecar_file_path(const struct nk_nicdir *dir, uint32_t phys, char ret[NK_PATH_SIZE]);

/* nk_sidecar_file_write() - write or replace the file. Return: 0 or a negative errno */
int nk_sidecar_file_write(const struct nk_nicdir *dir, uint32_t phys, const char *text,
			  struct nk_error *err);

/* nk_sidecar_file_read() - Return: 0 and @ret, which the caller frees; or a negative errno */
int nk_sidecar_file_read(const struct nk_nicdir *dir, uint32_t phys, char **ret,
			 struct nk_error *err);

/* nk_sidecar_file_remove() - remove the file, then empty directories; a missing file is success. */
int nk_sidecar_file_remove(const struct nk_nicdir *dir, uint32_t phys, struct nk_error *err);

/**
 * nk_sidecar_file_put() - create a file at a path that a configuration names, unless it exists
 * @path: accepted by nk_trust_is_plain(); missing directories are created, and all must pass
 * 	  nk_trust_walk()
 *
 * Return: 1 if it was written, 0 if it existed, or a negative errno
 */
int nk_sidecar_file_put(const char *path, const char *text, struct nk_error *err);

#endif
