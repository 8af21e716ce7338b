// SPDX-License-Identifier: Apache-2.0
/* ipam.c - call an IPAM plugin and judge its answer */
#include "cni/ipam.h"

#include "base/error.h"
#include "base/ipaddr.h"
#include "base/json_fields.h"
#include "cni/config.h"
#include "cni/delegate.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define EXCERPT_SIZE 128 /* of a plugin's output, for error texts */

/* An error object; msg and details are parsed separately, as their length is unlimited. */
struct raw_error {
	uint32_t code;
};

static const struct nk_json_field error_fields[] = {
	UINT(struct raw_error, "code", code, 1, UINT32_MAX),
	END,
};

struct raw_answer {
	char cni_version[32];
};

static const struct nk_json_field answer_fields[] = {
	STRING(struct raw_answer, "cniVersion", cni_version, 0),
	END,
};

/* copy_excerpt() - the start of a plugin's output, printable; or that it was empty */
static void copy_excerpt(const char *text, size_t size, char ret[EXCERPT_SIZE])
{
	size_t i, room = EXCERPT_SIZE - 1;

	if (!size) {
		snprintf(ret, EXCERPT_SIZE, "nothing on its stdout");
		return;
	}
	for (i = 0; i < size && i < room; i++)
		ret[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
	ret[i] = '\0';
	if (size > room)
		memcpy(ret + room - 3, "...", 4);
}

/* pass_error() - return the plugin's error. If msg is too long, it is in details as a whole. */
static int pass_error(const struct nk_ipam *ipam, uint32_t code, const char *msg,
		      const char *details, struct nk_error *err)
{
	char text[sizeof(err->msg)];
	int size;

	size = snprintf(text, sizeof(text), "IPAM plugin %.64s: %s", ipam->type, msg);
	if (!details)
		details = "";
	if ((size_t)size < sizeof(text))
		nk_error_set(err, (enum nk_code)code, ECANCELED, text, "%s", details);
	else
		nk_error_set(err, (enum nk_code)code, ECANCELED, text, "%s%s%s", msg,
			     *details ? "; " : "", details);
	return nk_error_remedy(
		err, "the IPAM plugin reports this itself: compare \"ipam\" with the plugin's "
		     "documentation, and check that what it needs is there, such as the daemon "
		     "of dhcp");
}

/* report_status() - the plugin exited with a status other than 0; it should have written an error */
static int report_status(const struct nk_ipam *ipam, const char *command, int status,
			 const char *text, size_t size, struct nk_error *err)
{
	struct raw_error raw = { .code = NK_CODE_IPAM };
	struct nk_error garbled = { 0 };
	struct nk_json *json = NULL;
	char said[EXCERPT_SIZE];
	const char *msg = NULL;
	int rc;

	rc = nk_json_parse(text, size, &json, &garbled);
	if (!rc)
		rc = nk_json_decode(json, "", error_fields, NK_JSON_IGNORE, &raw, &garbled);
	if (!rc)
		msg = nk_json_string(nk_json_get(json, "msg"));
	copy_excerpt(text, size, said);
	if (msg && *msg)
		rc = pass_error(ipam, raw.code, msg, nk_json_string(nk_json_get(json, "details")),
				err);
	else
		rc = nk_error_set(err, NK_CODE_IPAM, EREMOTEIO, "the IPAM plugin failed",
				  "IPAM plugin %.64s (command %s) exited with status %d without a "
				  "CNI error; it wrote: %s",
				  ipam->type, command, status, said);
	nk_json_free(json);
	return rc;
}

/* has_argument() - does CNI_ARGS contain this pair? Ignores case. */
static bool has_argument(const char *args, const char *argument)
{
	const size_t size = strlen(argument);

	for (; *args; args += strcspn(args, ";"), args += *args == ';')
		if (strcspn(args, ";") == size && !strncasecmp(args, argument, size))
			return true;
	return false;
}

/* select_args() - CNI_ARGS as a variable, without MAC, which nk-cni used: host-local and others
 * refuse an unknown key unless IgnoreUnknown is set. IP and the keys of Kubernetes remain, since
 * IPAM plugins use them. Return: to be freed; NULL: out of memory
 */
static char *select_args(const char *args)
{
	const bool all = has_argument(args, "IgnoreUnknown=1") ||
			 has_argument(args, "IgnoreUnknown=true");
	const size_t size = sizeof("CNI_ARGS=") + strlen(args);
	char *ret = malloc(size);
	size_t used, len;

	if (!ret)
		return NULL;
	used = (size_t)snprintf(ret, size, "CNI_ARGS=%s", all ? args : "");
	for (; !all && *args; args += len, args += *args == ';') {
		len = strcspn(args, ";");
		if (len && strncmp(args, "MAC=", 4) != 0)
			used += (size_t)snprintf(ret + used, size - used, "%s%.*s",
						 used == 9 ? "" : ";", (int)len, args);
	}
	return ret;
}

#define VARIABLES_MAX 16

/* add_args() - @ret: the caller's variables and CNI_ARGS, which must be freed, and a NULL */
static int add_args(const struct nk_ipam *ipam, char *args, char *ret[VARIABLES_MAX])
{
	size_t i, count = 0;

	for (i = 0; ipam->variables && ipam->variables[i] && count < VARIABLES_MAX - 2; i++)
		if (strncmp(ipam->variables[i], "CNI_ARGS=", 9) != 0)
			ret[count++] = ipam->variables[i];
	if (args)
		ret[count++] = args;
	ret[count] = NULL;
	return ipam->cni_args && !args ? -ENOMEM : 0;
}

/* call_plugin() - run the plugin. The caller frees @ret, NULL before, in any case. */
static int call_plugin(const struct nk_ipam *ipam, const char *command, uint32_t limit_ms,
		       char **ret, size_t *ret_size, struct nk_error *err)
{
	char *args = ipam->cni_args ? select_args(ipam->cni_args) : NULL;
	char *variables[VARIABLES_MAX];
	const struct nk_delegate delegate = {
		.path = ipam->cni_path,
		.type = ipam->type,
		.command = command,
		.variables = variables,
		.trusted_only = ipam->trusted_only,
		.input = ipam->input,
		.input_size = ipam->input_size,
		.limit_ms = ipam->limit_ms ? ipam->limit_ms : limit_ms,
	};
	int status = 0, rc = add_args(ipam, args, variables);

	if (rc)
		rc = nk_error_no_memory(err);
	else
		rc = nk_delegate_run(&delegate, ret, ret_size, &status, err);
	free(args);
	if (rc || !status)
		return rc;
	return report_status(ipam, command, status, *ret, *ret_size, err);
}

/* check_version() - all supported versions have the same ips, routes and dns; 0.1.0 and 0.2.0 differ */
static int check_version(const struct nk_ipam *ipam, const struct nk_json *json,
			 struct nk_error *err)
{
	struct raw_answer raw = { 0 };
	const char *version = raw.cni_version;
	unsigned int i;
	int rc;

	rc = nk_json_decode(json, "", answer_fields, NK_JSON_IGNORE, &raw, err);
	if (rc)
		return rc;
	if (!*version)
		version = ipam->cni_version;
	for (i = 0; nk_config_versions[i]; i++)
		if (!strcmp(version, nk_config_versions[i]))
			return 0;
	return nk_error_config(
		err, "cniVersion: \"%s\" is not a version that nk-cni supports (%s to %s)", version,
		nk_config_versions[0], nk_config_versions[i - 1]);
}

/* refuse_answer() - turn @why, an error about a configuration, into one about the plugin's answer */
static int refuse_answer(const struct nk_ipam *ipam, const struct nk_error *why, const char *text,
			 size_t size, struct nk_error *err)
{
	char said[EXCERPT_SIZE];

	copy_excerpt(text, size, said);
	if (why->code == NK_CODE_JSON)
		return nk_error_set(err, NK_CODE_IPAM, EBADMSG,
				    "the IPAM plugin's answer is invalid",
				    "IPAM plugin %.64s (command ADD): %s: %s; it wrote: %s",
				    ipam->type, why->msg, why->details, said);
	return nk_error_set(err, NK_CODE_IPAM, EBADMSG, "the IPAM plugin's answer is invalid",
			    "IPAM plugin %.64s (command ADD): %s", ipam->type, why->details);
}

/* is_reachable() - is there a path to a gateway: the network of its address or of another one, or a
 * route without gateway? The network of a /32 or /128 contains nothing else.
 */
static bool is_reachable(const struct nk_ipaddr *gateway, const struct nk_ipam_result *all)
{
	const struct nk_ip *ip;
	uint32_t i;

	if (gateway->family == AF_INET6 && gateway->bytes[0] == 0xfe &&
	    (gateway->bytes[1] & 0xc0) == 0x80)
		return true; /* link-local */
	for (i = 0; i < all->ip_count; i++) {
		ip = &all->ips[i];
		if (ip->address.addr.family == gateway->family &&
		    (ip->address.len == 8 * nk_ipaddr_size(gateway) ||
		     nk_prefix_has(&ip->address, gateway)))
			return true;
	}
	for (i = 0; i < all->route_count; i++)
		if (all->routes[i].dst.addr.family == gateway->family && all->routes[i].dst.len &&
		    (!all->routes[i].gw.family || nk_ipaddr_equal(&all->routes[i].gw, gateway)) &&
		    nk_prefix_has(&all->routes[i].dst, gateway))
			return true;
	return false;
}

/* find_gateway_flaw() - why the gateway cannot be used, or NULL */
static const char *find_gateway_flaw(const struct nk_ip *ip, const struct nk_ipam_result *all)
{
	if (!ip->gateway.family)
		return NULL;
	if (ip->gateway.family != ip->address.addr.family)
		return "is of another address family than the address";
	if (nk_ipaddr_flaw(&ip->gateway))
		return nk_ipaddr_flaw(&ip->gateway);
	if (nk_ipaddr_equal(&ip->gateway, &ip->address.addr))
		return "is the Pod's own address";
	return is_reachable(&ip->gateway, all) ?
		       NULL :
		       "is not in the network of the address, and no route reaches it";
}

/* check_usable() - refuse unusable values before anything is configured. */
static int check_usable(const struct nk_ipam *ipam, const struct nk_ipam_result *all,
			struct nk_error *err)
{
	char text[NK_IPADDR_TEXT_SIZE];
	const char *flaw = NULL, *key = "address";
	uint32_t i;

	for (i = 0; i < all->ip_count && !flaw; i++) {
		nk_prefix_text(&all->ips[i].address, text);
		flaw = nk_prefix_flaw(&all->ips[i].address);
		if (flaw)
			break;
		flaw = find_gateway_flaw(&all->ips[i], all);
		if (!flaw)
			continue;
		nk_ipaddr_text(&all->ips[i].gateway, text);
		key = "gateway";
		break;
	}
	if (!flaw)
		return 0;
	nk_error_set(err, NK_CODE_IPAM, EBADMSG, "the IPAM plugin's answer is unusable",
		     "IPAM plugin %.64s answered ips[%u].%s \"%s\", which %s", ipam->type, i, key,
		     text, flaw);
	return nk_error_remedy(err, "fix the subnet, range, addresses or gateway in \"ipam\"");
}

/* parse_answer() - @ret owns the parsed values, also after a failure */
static int parse_answer(const struct nk_ipam *ipam, const char *text, size_t size,
			struct nk_ipam_result *ret, struct nk_error *err)
{
	struct nk_error why = { 0 };
	char said[EXCERPT_SIZE];
	uint32_t i;
	int rc;

	rc = nk_json_parse(text, size, &ret->json, &why);
	if (!rc)
		rc = check_version(ipam, ret->json, &why);
	if (!rc)
		rc = nk_ipam_parse(ret->json, "", ret, &why);
	if (rc)
		return refuse_answer(ipam, &why, text, size, err);
	copy_excerpt(text, size, said);
	if (!ret->ip_count)
		return nk_error_set(err, NK_CODE_IPAM, EBADMSG,
				    "the IPAM plugin returned no addresses",
				    "IPAM plugin %.64s (command ADD): no ips; it wrote: %s",
				    ipam->type, said);
	for (i = 0; i < ret->ip_count; i++)
		ret->ips[i].interface = -1; /* a plugin cannot know our interfaces */
	return check_usable(ipam, ret, err);
}

int nk_ipam_add(const struct nk_ipam *ipam, struct nk_ipam_result *ret, struct nk_error *err)
{
	char *text = NULL;
	size_t size = 0;
	int rc;

	*ret = (struct nk_ipam_result){ 0 };
	rc = call_plugin(ipam, "ADD", NK_IPAM_ADD_MS, &text, &size, err);
	if (!rc)
		rc = parse_answer(ipam, text, size, ret, err);
	free(text);
	if (rc)
		nk_ipam_result_fini(ret);
	return rc;
}

/* call_for_status() - the exit status is the whole answer */
static int call_for_status(const struct nk_ipam *ipam, const char *command, struct nk_error *err)
{
	char *text = NULL;
	size_t size = 0;
	int rc;

	rc = call_plugin(ipam, command, NK_IPAM_OTHER_MS, &text, &size, err);
	free(text);
	return rc;
}

int nk_ipam_del(const struct nk_ipam *ipam, struct nk_error *err)
{
	return call_for_status(ipam, "DEL", err);
}

int nk_ipam_check(const struct nk_ipam *ipam, struct nk_error *err)
{
	return call_for_status(ipam, "CHECK", err);
}

int nk_ipam_status(const struct nk_ipam *ipam, struct nk_error *err)
{
	return call_for_status(ipam, "STATUS", err);
}

int nk_ipam_gc(const struct nk_ipam *ipam, struct nk_error *err)
{
	return call_for_status(ipam, "GC", err);
}
