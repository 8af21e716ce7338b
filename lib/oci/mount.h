/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount.h - show a Pod's attachments in one of its containers
 *
 *   /run/nk-cni/<ifName>/attachment.json    see run/sidecar.h, with the paths of the container
 *   /run/nk-cni/<ifName>/xsks_map           the pinned XSKMAP, if the attachment has one
 *
 * Each /run/nk-cni/<ifName> is a small tmpfs, read-only, in the container's mount namespace alone. It ends with the
 * container. Call this before the container's first process runs, and after its file systems are mounted: in a
 * hook of stage createRuntime.
 */
#ifndef NK_OCI_MOUNT_H
#define NK_OCI_MOUNT_H

#include "base/types.h"

struct nk_error;

struct nk_oci_attachment {
	char ifname[IFNAMSIZ];	/* effective name */
	char map[NK_PATH_SIZE]; /* on the host; empty: it has none */
	char *text;		/* of attachment.json, as the container shall see it */
	uint64_t memlock;	/* bytes that its programs lock */
	int mount;		/* of nk_oci_prepare(), which nobody sees yet; else -1 */
};

/* nk_oci_prepare() - make the mount of one attachment. It has the map that is at att->map now. Return: 0, or a
 * negative errno
 */
int nk_oci_prepare(struct nk_oci_attachment *att, struct nk_error *err);

/**
 * nk_oci_mount() - mount what was prepared
 * @pid: of the container's first process
 * @pidfd: of the same; it was open before anything was read of the process
 * @root: path of its root file system in its mount namespace. No symbolic link leads out of it.
 *
 * The process stays in the container's mount namespace. After a failure a part may be mounted: the runtime
 * then gives the container up, and with it the namespace.
 *
 * Return: 0; -EBUSY: others than the container would see the mounts, or files of it would be hidden; -ESRCH: the
 * container has ended; or another negative errno
 */
int nk_oci_mount(uint32_t pid, int pidfd, const char *root, const struct nk_oci_attachment *list,
		 uint32_t count, struct nk_error *err);

/* nk_oci_has_own_mounts() - has the process a mount namespace other than ours? Return: 1, 0, or a negative errno */
int nk_oci_has_own_mounts(uint32_t pid, struct nk_error *err);

/* nk_oci_raise_memlock() - raise RLIMIT_MEMLOCK of a process to the sum of all, unless it is as high. Return: 0,
 * or a negative errno
 */
int nk_oci_raise_memlock(uint32_t pid, const struct nk_oci_attachment *list, uint32_t count,
			 struct nk_error *err);

#endif
