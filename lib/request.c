// SPDX-License-Identifier: Apache-2.0
/* request.c - CNI_* variables to struct nk_request; no system call */
#include "request.h"

#include "error.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

static const char *const command_names[] = {
	[NK_COMMAND_NONE] = "",	      [NK_COMMAND_ADD] = "ADD",		[NK_COMMAND_DEL] = "DEL",
	[NK_COMMAND_CHECK] = "CHECK", [NK_COMMAND_VERSION] = "VERSION",
};

const char *nk_request_command_name(enum nk_command command)
{
	return command_names[command];
}

bool nk_request_is_id(const char *id)
{
	const char *p;

	if (!isalnum((unsigned char)*id) || strlen(id) >= NK_ID_SIZE)
		return false;
	for (p = id; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_.-", *p))
			return false;
	return true;
}

bool nk_request_is_ifname(const char *name)
{
	const char *p;

	if (!*name || strlen(name) >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	/* '%' would make the kernel take the name for a pattern (dev_alloc_name). */
	for (p = name; *p; p++)
		if (!isgraph((unsigned char)*p) || strchr("/:%", *p))
			return false;
	return true;
}

static const char *lookup(nk_getenv env, const char *name)
{
	const char *value = env(name);

	return value ? value : "";
}

/* make_printable() - replace what would garble an error text or a terminal. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (!isprint((unsigned char)*text))
			*text = '?';
}

static int bad_variable(struct nk_error *err, const char *name, const char *value,
			const char *wanted)
{
	char msg[64], text[64];

	snprintf(msg, sizeof(msg), "invalid environment variable %s", name);
	snprintf(text, sizeof(text), "%s", value);
	make_printable(text);
	return nk_error_set(err, NK_CODE_ENV, EINVAL, msg, "\"%s\" is not %s", text, wanted);
}

static int parse_command(const char *value, enum nk_command *ret, struct nk_error *err)
{
	unsigned int i;

	for (i = 0; i < sizeof(command_names) / sizeof(command_names[0]); i++) {
		if (!strcmp(value, command_names[i])) {
			*ret = (enum nk_command)i;
			return 0;
		}
	}
	return bad_variable(err, "CNI_COMMAND", value, "ADD, DEL, CHECK or VERSION");
}

static int refuse_missing(const char *id, const char *netns, const char *ifname,
			  enum nk_command command, struct nk_error *err)
{
	char msg[128];

	if (command == NK_COMMAND_DEL)
		netns = "not needed";
	if (*id && *netns && *ifname)
		return 0;
	snprintf(msg, sizeof(msg), "missing environment variables:%s%s%s",
		 *id ? "" : " CNI_CONTAINERID", *netns ? "" : " CNI_NETNS",
		 *ifname ? "" : " CNI_IFNAME");
	return nk_error_set(err, NK_CODE_ENV, EINVAL, msg, "CNI_COMMAND=%s needs them",
			    nk_request_command_name(command));
}

/* parse_pod_name() - the two Kubernetes keys of CNI_ARGS; for people only, so a lack is fine. */
static void parse_pod_name(const char *args, struct nk_request *request)
{
	const char *name = NULL, *namespace = NULL;
	size_t name_len = 0, namespace_len = 0;

	while (*args) {
		size_t len = strcspn(args, ";");

		if (!strncmp(args, "K8S_POD_NAME=", 13) && len > 13) {
			name = args + 13;
			name_len = len - 13;
		} else if (!strncmp(args, "K8S_POD_NAMESPACE=", 18) && len > 18) {
			namespace = args + 18;
			namespace_len = len - 18;
		}
		args += len;
		args += *args == ';';
	}
	if (!name || !namespace || name_len + namespace_len + 2 > sizeof(request->pod_name))
		return;
	snprintf(request->pod_name, sizeof(request->pod_name), "%.*s/%.*s", (int)namespace_len,
		 namespace, (int)name_len, name);
	make_printable(request->pod_name);
}

int nk_request_parse(nk_getenv env, struct nk_request *ret, struct nk_error *err)
{
	const char *id = lookup(env, "CNI_CONTAINERID");
	const char *netns = lookup(env, "CNI_NETNS");
	const char *ifname = lookup(env, "CNI_IFNAME");
	int rc;

	rc = parse_command(lookup(env, "CNI_COMMAND"), &ret->command, err);
	if (rc)
		return rc;
	if (ret->command == NK_COMMAND_NONE || ret->command == NK_COMMAND_VERSION)
		return 0;
	rc = refuse_missing(id, netns, ifname, ret->command, err);
	if (rc)
		return rc;
	if (!nk_request_is_id(id))
		return bad_variable(err, "CNI_CONTAINERID", id,
				    "a container id ([a-zA-Z0-9][a-zA-Z0-9_.-]*, up to 255 bytes)");
	if (!nk_request_is_ifname(ifname))
		return bad_variable(err, "CNI_IFNAME", ifname,
				    "an interface name (1 to 15 bytes without '/', ':', '%', "
				    "white space)");
	if (strlen(netns) >= sizeof(ret->netns))
		return bad_variable(err, "CNI_NETNS", netns, "a path of less than 4096 bytes");
	snprintf(ret->container_id, sizeof(ret->container_id), "%s", id);
	snprintf(ret->ifname, sizeof(ret->ifname), "%s", ifname);
	snprintf(ret->netns, sizeof(ret->netns), "%s", netns);
	parse_pod_name(lookup(env, "CNI_ARGS"), ret);
	return 0;
}
