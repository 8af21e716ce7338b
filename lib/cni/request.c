// SPDX-License-Identifier: Apache-2.0
/* request.c - CNI_* variables to struct nk_request; no system call */
#include "cni/request.h"

#include "base/error.h"
#include "base/json_lex.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static const char *const command_names[] = {
	[NK_COMMAND_NONE] = "",
	[NK_COMMAND_ADD] = "ADD",
	[NK_COMMAND_DEL] = "DEL",
	[NK_COMMAND_CHECK] = "CHECK",
	[NK_COMMAND_STATUS] = "STATUS",
	[NK_COMMAND_GC] = "GC",
	[NK_COMMAND_VERSION] = "VERSION",
	[NK_COMMAND_PLAN] = "plan",
	[NK_COMMAND_FEATURES] = "features",
	[NK_COMMAND_DOCTOR] = "doctor",
};

const char *nk_request_command_name(enum nk_command command)
{
	return command_names[command];
}

uint32_t nk_request_lock_ms(enum nk_command command)
{
	if (command == NK_COMMAND_ADD)
		return 45000;
	return command == NK_COMMAND_GC ? 5000 : 14000;
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
	size_t n;

	if (!*name || strlen(name) >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (p = name; *p; p += n) {
		n = nk_json_utf8(p, strlen(p)); /* a result cannot contain other text */
		/* To the kernel '%' makes the name a pattern (dev_alloc_name), and the byte 0xa0 is
		 * white space, even within a UTF-8 character (dev_valid_name).
		 */
		if (!n || nk_text_is_control(p) || strchr("/:% ", *p) || memchr(p, 0xa0, n))
			return false;
	}
	return true;
}

static const char *look_up_variable(nk_getenv env, const char *name)
{
	const char *value = env(name);

	return value ? value : "";
}

static int refuse_variable(struct nk_error *err, const char *name, const char *value,
			   const char *wanted)
{
	char msg[64], text[64];

	snprintf(msg, sizeof(msg), "invalid environment variable %s", name);
	snprintf(text, sizeof(text), "%s", value);
	nk_text_clean(text, "");
	return nk_error_set(err, NK_CODE_ENV, EINVAL, msg, "\"%s\" is not %s", text, wanted);
}

static int parse_command(const char *value, enum nk_command *ret, struct nk_error *err)
{
	unsigned int i;

	for (i = 0; i <= NK_COMMAND_VERSION; i++) { /* CNI commands only */
		if (!strcmp(value, command_names[i])) {
			*ret = (enum nk_command)i;
			return 0;
		}
	}
	return refuse_variable(err, "CNI_COMMAND", value, "ADD, DEL, CHECK, STATUS, GC or VERSION");
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
	return nk_error_set(err, NK_CODE_ENV, EINVAL, msg, "required by CNI_COMMAND=%s",
			    nk_request_command_name(command));
}

/* find_argument() - the last value of @key in CNI_ARGS ("K=V;K=V"), or NULL */
static const char *find_argument(const char *args, const char *key, size_t *ret_len)
{
	const size_t key_len = strlen(key);
	const char *ret = NULL;
	size_t len;

	for (; *args; args += len + (args[len] == ';')) {
		len = strcspn(args, ";");
		if (len <= key_len || strncmp(args, key, key_len) != 0 || args[key_len] != '=')
			continue;
		ret = args + key_len + 1;
		*ret_len = len - key_len - 1;
	}
	return ret;
}

/* parse_pod_name() - for messages only, so both keys are optional */
static void parse_pod_name(const char *args, struct nk_request *request)
{
	size_t name_len = 0, namespace_len = 0;
	const char *name = find_argument(args, "K8S_POD_NAME", &name_len);
	const char *namespace = find_argument(args, "K8S_POD_NAMESPACE", &namespace_len);

	if (!name_len || !namespace_len || name_len + namespace_len + 2 > sizeof(request->pod_name))
		return;
	snprintf(request->pod_name, sizeof(request->pod_name), "%.*s/%.*s", (int)namespace_len,
		 namespace, (int)name_len, name);
	nk_text_clean(request->pod_name, "");
}

/* copy_argument() - its user checks the value */
static int copy_argument(const char *args, const char *key, char *buf, size_t size,
			 struct nk_error *err)
{
	size_t len = 0;
	const char *value = find_argument(args, key, &len);

	if (value && len >= size)
		return nk_error_set(err, NK_CODE_ENV, EINVAL,
				    "invalid environment variable CNI_ARGS",
				    "its %s is longer than %zu bytes", key, size - 1);
	if (value)
		snprintf(buf, size, "%.*s", (int)len, value);
	return 0;
}

/* parse_args() - only ADD reads them, so no other command fails because of them. */
static int parse_args(const char *args, struct nk_request *request, struct nk_error *err)
{
	int rc;

	parse_pod_name(args, request);
	if (request->command != NK_COMMAND_ADD && request->command != NK_COMMAND_PLAN)
		return 0;
	rc = copy_argument(args, "MAC", request->mac, sizeof(request->mac), err);
	return rc ? rc : copy_argument(args, "IP", request->ips, sizeof(request->ips), err);
}

int nk_request_for_plan(nk_getenv env, struct nk_request *ret, struct nk_error *err)
{
	const char *ifname = look_up_variable(env, "CNI_IFNAME");

	*ret = (struct nk_request){
		.command = NK_COMMAND_PLAN,
		.container_id = "plan",
		.cni_path = look_up_variable(env, "CNI_PATH"),
		.cni_args = look_up_variable(env, "CNI_ARGS"),
	};
	snprintf(ret->ifname, sizeof(ret->ifname), "%s",
		 nk_request_is_ifname(ifname) ? ifname : "net1");
	return parse_args(ret->cni_args, ret, err);
}

int nk_request_parse(nk_getenv env, struct nk_request *ret, struct nk_error *err)
{
	const char *id = look_up_variable(env, "CNI_CONTAINERID");
	const char *netns = look_up_variable(env, "CNI_NETNS");
	const char *ifname = look_up_variable(env, "CNI_IFNAME");
	int rc;

	rc = parse_command(look_up_variable(env, "CNI_COMMAND"), &ret->command, err);
	if (rc)
		return rc;
	ret->cni_path = look_up_variable(env, "CNI_PATH");
	ret->cni_args = look_up_variable(env, "CNI_ARGS");
	if (ret->command != NK_COMMAND_ADD && ret->command != NK_COMMAND_DEL &&
	    ret->command != NK_COMMAND_CHECK)
		return 0;
	rc = refuse_missing(id, netns, ifname, ret->command, err);
	if (rc)
		return rc;
	if (!nk_request_is_id(id))
		return refuse_variable(
			err, "CNI_CONTAINERID", id,
			"a container id ([a-zA-Z0-9][a-zA-Z0-9_.-]*, up to 255 bytes)");
	if (!nk_request_is_ifname(ifname))
		return refuse_variable(err, "CNI_IFNAME", ifname,
				       "an interface name (1 to 15 bytes without '/', ':', '%', "
				       "white space)");
	if (strlen(netns) >= sizeof(ret->netns))
		return refuse_variable(err, "CNI_NETNS", netns, "a path of less than 4096 bytes");
	snprintf(ret->container_id, sizeof(ret->container_id), "%s", id);
	snprintf(ret->ifname, sizeof(ret->ifname), "%s", ifname);
	snprintf(ret->netns, sizeof(ret->netns), "%s", netns);
	return parse_args(ret->cni_args, ret, err);
}
