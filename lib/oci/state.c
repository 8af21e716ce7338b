// SPDX-License-Identifier: Apache-2.0
/* state.c - what an OCI runtime tells a hook */
#include "oci/state.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "run/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

#define INVALID_STATE "invalid state of a container on stdin"
#define CANNOT_READ   "cannot read the container's configuration"

struct state_json {
	const char *id;
	uint32_t pid;
	char bundle[PATH_MAX];
	const struct nk_json *annotations;
};

/* @names: "a, b"; blanks around a name are ignored */
static bool has_name(const char *names, const char *name)
{
	size_t length;

	for (; *names; names += length) {
		names += strspn(names, ", ");
		length = strcspn(names, ", ");
		if (length && (!strncmp(names, "*", length) ||
			       (length == strlen(name) && !strncmp(names, name, length))))
			return true;
	}
	return false;
}

/* either() - the value of one of two annotations; empty if there is none */
static const char *either(const struct nk_json *annotations, const char *containerd,
			  const char *crio)
{
	const char *text = nk_json_string(nk_json_get(annotations, containerd));

	if (!text)
		text = nk_json_string(nk_json_get(annotations, crio));
	return text ? text : "";
}

static enum nk_oci_choice choose(const struct nk_json *annotations)
{
	const char *names = nk_json_string(nk_json_get(annotations, NK_OCI_ANNOTATION));

	if (!strcmp(either(annotations, "io.kubernetes.cri.container-type",
			   "io.kubernetes.cri-o.ContainerType"),
		    "sandbox"))
		return NK_OCI_LEFT_OUT;
	if (!names)
		return NK_OCI_UNNAMED;
	if (!strcmp(names, "none"))
		return NK_OCI_LEFT_OUT;
	return has_name(names, either(annotations, "io.kubernetes.cri.container-name",
				      "io.kubernetes.container.name")) ?
		       NK_OCI_CHOSEN :
		       NK_OCI_LEFT_OUT;
}

int nk_oci_state_parse(const char *text, size_t size, struct nk_oci_state *ret,
		       struct nk_error *err)
{
	static const struct nk_json_field fields[] = {
		TEXT(struct state_json, "id", id),
		UINT(struct state_json, "pid", pid, 1, INT_MAX, 4422),
		STRING(struct state_json, "bundle", bundle, 1),
		OBJECT(struct state_json, "annotations", annotations, {}),
		END,
	};
	struct state_json state = { 0 };
	struct nk_json *json = NULL;
	int rc = nk_json_parse(text, size, &json, err);

	*ret = (struct nk_oci_state){ 0 };
	if (!rc)
		rc = nk_json_decode(json, "", fields, NK_JSON_IGNORE, &state, err);
	if (!rc && (!state.pid || !*state.bundle))
		rc = nk_error_set(err, NK_CODE_CONFIG, EINVAL, INVALID_STATE, "it has no \"%s\"",
				  state.pid ? "bundle" : "pid");
	if (!rc) {
		snprintf(ret->id, sizeof(ret->id), "%s", state.id ? state.id : "");
		ret->pid = state.pid;
		ret->choice = choose(state.annotations);
		memcpy(ret->bundle, state.bundle, sizeof(ret->bundle));
	} else {
		nk_error_class(err, NK_CODE_CONFIG, INVALID_STATE);
		nk_error_remedy(err, "let the OCI runtime run nk-cni oci-hook as a hook of stage "
				     "createRuntime: it writes the state to stdin");
	}
	nk_json_free(json);
	return rc;
}

/* find_root() - "root.path" of config.json; a relative path begins at the bundle */
static int find_root(const char *bundle, const char *text, size_t size, char ret[PATH_MAX],
		     struct nk_error *err)
{
	struct nk_json *json = NULL;
	const char *path;
	int rc = nk_json_parse(text, size, &json, err);

	if (rc)
		return rc;
	path = nk_json_string(nk_json_get(nk_json_get(json, "root"), "path"));
	if (!path || !*path)
		rc = nk_error_set(err, NK_CODE_CONFIG, EINVAL, CANNOT_READ,
				  "%.256s/config.json has no root.path", bundle);
	else if (snprintf(ret, PATH_MAX, "%s%s%s", *path == '/' ? "" : bundle,
			  *path == '/' ? "" : "/", path) >= PATH_MAX)
		rc = nk_error_set(err, NK_CODE_CONFIG, ENAMETOOLONG, CANNOT_READ,
				  "%.256s/config.json: root.path is too long", bundle);
	nk_json_free(json);
	return rc;
}

int nk_oci_state_root(const struct nk_oci_state *state, char ret[PATH_MAX], struct nk_error *err)
{
	int dir cleanup_close = open(state->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *text cleanup_free = NULL;
	int rc = dir < 0 ? -errno : 0;
	size_t size;

	if (!rc)
		rc = nk_rundir_read(dir, "config.json", NK_JSON_SIZE_MAX, &text, &size);
	if (rc)
		return nk_error_set(err, NK_CODE_IO, -rc, CANNOT_READ,
				    "read %.256s/config.json: %s", state->bundle,
				    nk_errno_name(-rc));
	rc = find_root(state->bundle, text, size, ret, err);
	if (rc)
		nk_error_class(err, NK_CODE_CONFIG, CANNOT_READ);
	return rc;
}
