/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - what an OCI runtime tells a hook: the state of the container, and its bundle
 *
 * Source: runtime-spec 1.0.2, "State" and "POSIX-platform Hooks". The annotations by which a container is told
 * are those of containerd's CRI and of CRI-O.
 */
#ifndef NK_OCI_STATE_H
#define NK_OCI_STATE_H

#include "base/types.h"

#include <limits.h>
#include <stdbool.h>

struct nk_error;

/* The annotation of a Pod that chooses its containers: their names with commas between them, "*" for all, or
 * "none"
 */
#define NK_OCI_ANNOTATION "nk-cni/containers"

enum nk_oci_choice {
	NK_OCI_UNNAMED,	 /* the Pod has no such annotation */
	NK_OCI_CHOSEN,	 /* it has, with this container */
	NK_OCI_LEFT_OUT, /* it has, without this container; or the container is the Pod's sandbox */
};

struct nk_oci_state {
	char id[NK_ID_SIZE]; /* of the container, cut if it is longer */
	uint32_t pid;	     /* of the container's first process, in the runtime's pid namespace */
	char bundle[PATH_MAX];
	enum nk_oci_choice choice;
};

/* nk_oci_state_parse() - from the hook's stdin. Return: 0, or a negative errno; then @ret is zeroed */
int nk_oci_state_parse(const char *text, size_t size, struct nk_oci_state *ret,
		       struct nk_error *err);

/* nk_oci_state_root() - the path of the container's root file system, from the bundle's config.json. The runtime
 * has mounted it there, in the container's mount namespace. Return: 0, or a negative errno
 */
int nk_oci_state_root(const struct nk_oci_state *state, char ret[PATH_MAX], struct nk_error *err);

#endif
