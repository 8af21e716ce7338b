// SPDX-License-Identifier: Apache-2.0
/*
 * oci_hook.c - "nk-cni oci-hook": show a container the attachments of its Pod
 *
 *  1. The state of the container tells its first process, and so the netns of the Pod.
 *  2. The claims tell which attachments are in that netns, by its cookie. Most containers have none: nothing
 *     else is read then.
 *  3. Mount them, and raise the limit of locked memory.
 */
#include "commands.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "bpffs/claims.h"
#include "bpffs/nicdir.h"
#include "kernel/libc.h"
#include "kernel/netns.h"
#include "oci/mount.h"
#include "oci/state.h"
#include "run/rundir.h"
#include "run/sidecar.h"
#include "run/sidecar_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* read_cookie() - of the netns of a process. Return: 1; 0: it is the host's, which has no attachments; or a
 * negative errno
 */
static int read_cookie(uint32_t pid, uint64_t *ret, struct nk_error *err)
{
	int fd cleanup_close = -1;
	char path[64];
	int rc;

	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	fd = nk_netns_open(path, err);
	if (fd == -EBUSY) {
		nk_error_reset(err);
		if (!nk_oci_has_own_mounts(pid, err))
			nk_log_warn(
				"nk-cni oci-hook runs in the namespaces of process %u: it has to be "
				"a hook of stage createRuntime",
				pid);
		nk_error_reset(err);
		return 0;
	}
	rc = fd < 0 ? fd : nk_netns_cookie(fd, ret, err);
	if (rc)
		nk_error_class(err, NK_CODE_KERNEL, "cannot tell the container's netns");
	return rc ? rc : 1;
}

/* An attachment in the netns: the claim of the device's first queue, 1, stands for it. */
struct found {
	struct nk_nicdir dir;
	struct nk_claim_entry entry;
};

struct found_list { /* see list.h */
	struct found *at;
	uint32_t count;
};

/* find_on_nic() - One whose ADD runs is none yet; one whose DEL waits for its NIC is none any more. */
static int find_on_nic(const char *bpffs, const char *nic, uint64_t cookie, struct found_list *ret,
		       struct nk_error *err)
{
	struct nk_claim_list claims cleanup_list = { 0 };
	const struct nk_claim *claim;
	struct found found;
	uint32_t i;
	int rc, added = 0;

	nk_nicdir_init(bpffs, nic, &found.dir);
	rc = nk_claims_read_pin(&found.dir, &claims, err);
	for (i = 0; i < claims.count && (!rc || rc == -EPROTO) && !added; i++) {
		found.entry = claims.at[i];
		claim = &found.entry.claim;
		if (claim->netns_cookie == cookie && claim->netkit_queue == 1 && claim->committed &&
		    !(claim->flags & NK_CLAIM_OWED))
			added = nk_list_add(ret, &found, err);
	}
	return rc ? rc : added;
}

/* find() - Return: 0, or the first failure; then @ret has what could be read */
static int find(const char *bpffs, uint64_t cookie, struct found_list *ret, struct nk_error *err)
{
	struct nk_nicdir_list nics cleanup_list = { 0 };
	struct nk_error mine = { 0 };
	uint32_t i;
	int rc = nk_nicdir_read(bpffs, &nics, err);

	if (!rc && !nics.count)
		rc = nk_nicdir_check_bpffs(bpffs, err);
	for (i = 0; i < nics.count; i++)
		rc = nk_log_keep_first(rc, find_on_nic(bpffs, nics.at[i], cookie, ret, &mine), err,
				       &mine);
	return rc;
}

static int gone(const struct found *found, struct nk_error *err)
{
	nk_error_reset(err);
	return nk_error_set(err, NK_CODE_KERNEL, ESTALE, "the attachment is gone",
			    "%s of container %.64s was deleted while this container started",
			    found->entry.claim.key.ifname, found->entry.claim.key.container_id);
}

/* read_one() - what the container shall see of an attachment; the caller frees @ret->text */
static int read_one(const struct found *found, struct nk_oci_attachment *ret, struct nk_error *err)
{
	const struct nk_claim *claim = &found->entry.claim;
	char *text cleanup_free = NULL, map[NK_PATH_SIZE];

	if (nk_sidecar_file_read(&found->dir, found->entry.queue, &text, err))
		return nk_error_remedy(err, "recreate the Pod: its ADD writes the file");
	if (!nk_sidecar_is_of(text, &claim->key))
		return gone(found, err);
	snprintf(ret->ifname, sizeof(ret->ifname), "%s", claim->key.ifname);
	nk_nicdir_xsks_map(&found->dir, found->entry.queue, ret->map);
	snprintf(map, sizeof(map), NK_RUN_DIR "/%s/xsks_map", ret->ifname);
	ret->text = nk_sidecar_for_container(text, ret->map, map, &ret->memlock, err);
	if (!claim->with_map)
		*ret->map = '\0';
	return ret->text ? nk_oci_prepare(ret, err) : -err->sys;
}

/* verify() - is the claim there still? Then what was read and opened before is of this attachment: nothing was locked,
 * and after a DEL another may have the queue, with a file and a map at the same paths.
 */
static int verify(const struct found *found, struct nk_error *err)
{
	int fd cleanup_close = nk_claims_open(&found->dir, false, err);
	struct nk_claim now;
	int rc = fd < 0 ? fd : nk_claims_get(fd, found->entry.queue, &now, err);

	if (rc == -ENOENT || (!rc && memcmp(&now, &found->entry.claim, sizeof(now)) != 0))
		return gone(found, err);
	return rc;
}

static int show(const struct nk_oci_state *state, int pidfd, const struct found_list *found,
		struct nk_oci_attachment *list, struct nk_error *err)
{
	char root[PATH_MAX];
	uint32_t i;
	int rc = nk_oci_state_root(state, root, err);

	for (i = 0; i < found->count && !rc; i++)
		rc = read_one(&found->at[i], &list[i], err);
	for (i = 0; i < found->count && !rc; i++)
		rc = verify(&found->at[i], err);
	if (!rc)
		rc = nk_oci_raise_memlock(state->pid, list, found->count, err);
	if (!rc)
		rc = nk_oci_mount(state->pid, pidfd, root, list, found->count, err);
	if (rc && !*err->remedy)
		nk_error_remedy(
			err,
			"to start the container without it, set the annotation " NK_OCI_ANNOTATION
			" of the Pod to the names of the others, or none");
	return rc;
}

static int show_found(const struct nk_oci_state *state, int pidfd, const struct found_list *found,
		      struct nk_error *err)
{
	struct nk_oci_attachment *list = calloc(found->count, sizeof(*list));
	uint32_t i;
	int rc;

	if (!list)
		return nk_error_no_memory(err);
	for (i = 0; i < found->count; i++)
		list[i].mount = -1;
	rc = show(state, pidfd, found, list, err);
	for (i = 0; i < found->count; i++) {
		free(list[i].text);
		if (list[i].mount >= 0)
			close(list[i].mount);
	}
	free(list);
	return rc;
}

/* look() - find the attachments in the container's netns. Return: as find() */
static int look(const char *bpffs, const struct nk_oci_state *state, struct found_list *found,
		struct nk_error *err)
{
	uint64_t cookie = 0;
	int rc = read_cookie(state->pid, &cookie, err);

	if (rc > 0)
		rc = find(bpffs, cookie, found, err);
	if (!rc && !found->count && state->choice == NK_OCI_CHOSEN)
		nk_log_warn("the annotation " NK_OCI_ANNOTATION " chooses the container, but its "
			    "netns has no attachment with queues");
	return rc;
}

int nk_cmd_oci_hook(const char *bpffs, const char *text, size_t size, bool only_named,
		    struct nk_error *err)
{
	struct found_list found cleanup_list = { 0 };
	off_stack struct nk_oci_state state; /* the log names it until the end */
	int pidfd cleanup_close = -1;
	int rc = nk_oci_state_parse(text, size, &state, err);

	nk_log_subject("oci-hook", "", state.id, "");
	if (state.choice == NK_OCI_LEFT_OUT || (only_named && state.choice == NK_OCI_UNNAMED))
		return rc;
	/* From here on the number of the process is not given to another. */
	pidfd = rc ? -1 : pidfd_open((pid_t)state.pid, 0);
	if (!rc && pidfd < 0)
		rc = nk_error_sys(err, NK_CODE_KERNEL, "cannot find the container's process",
				  "pidfd_open of process %u", state.pid);
	if (!rc)
		rc = look(bpffs, &state, &found, err);
	if (rc && !found.count && state.choice == NK_OCI_UNNAMED) {
		nk_log_tolerated(err); /* a container of another Pod must start all the same */
		nk_error_reset(err);
		return 0;
	}
	return rc || !found.count ? rc : show_found(&state, pidfd, &found, err);
}
