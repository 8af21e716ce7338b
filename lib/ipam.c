// SPDX-License-Identifier: Apache-2.0
/* ipam.c - ask an IPAM plugin, read what it answers */
#include "ipam.h"

#include "config.h"
#include "delegate.h"
#include "error.h"
#include "ipaddr.h"
#include "json.h"
#include "result.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

#define PATH_SIZE    128 /* JSON path of one member */
#define EXCERPT_SIZE 128 /* of what a plugin wrote, for error texts */

/* --- results --------------------------------------------------------------------------------- */

struct raw_result {
	const struct nk_json *ips, *routes, *dns;
};

static const struct nk_json_field result_fields[] = {
	{ "ips", NK_JSON_ARRAY, offsetof(struct raw_result, ips), 0, 0, 0 },
	{ "routes", NK_JSON_ARRAY, offsetof(struct raw_result, routes), 0, 0, 0 },
	{ "dns", NK_JSON_OBJECT, offsetof(struct raw_result, dns), 0, 0, 0 },
	{ NULL, NK_JSON_ANY, 0, 0, 0, 0 },
};

/* The "version" that each of them has before CNI 1.0 says no more than the address does. */
struct raw_ip {
	char address[NK_IPADDR_TEXT_SIZE], gateway[NK_IPADDR_TEXT_SIZE];
	uint32_t interface;
};

static const struct nk_json_field ip_fields[] = {
	{ "address", NK_JSON_STRING, offsetof(struct raw_ip, address), NK_IPADDR_TEXT_SIZE, 0, 0 },
	{ "gateway", NK_JSON_STRING, offsetof(struct raw_ip, gateway), NK_IPADDR_TEXT_SIZE, 0, 0 },
	{ "interface", NK_JSON_UINT, offsetof(struct raw_ip, interface), 0, 0, INT32_MAX },
	{ NULL, NK_JSON_ANY, 0, 0, 0, 0 },
};

struct raw_route {
	char dst[NK_IPADDR_TEXT_SIZE], gw[NK_IPADDR_TEXT_SIZE];
	uint32_t mtu, advmss, priority, table, scope;
};

static const struct nk_json_field route_fields[] = {
	{ "dst", NK_JSON_STRING, offsetof(struct raw_route, dst), NK_IPADDR_TEXT_SIZE, 0, 0 },
	{ "gw", NK_JSON_STRING, offsetof(struct raw_route, gw), NK_IPADDR_TEXT_SIZE, 0, 0 },
	{ "mtu", NK_JSON_UINT, offsetof(struct raw_route, mtu), 0, 0, UINT32_MAX },
	{ "advmss", NK_JSON_UINT, offsetof(struct raw_route, advmss), 0, 0, UINT32_MAX },
	{ "priority", NK_JSON_UINT, offsetof(struct raw_route, priority), 0, 0, UINT32_MAX },
	{ "table", NK_JSON_UINT, offsetof(struct raw_route, table), 0, 0, UINT32_MAX },
	{ "scope", NK_JSON_UINT, offsetof(struct raw_route, scope), 0, 0, UINT8_MAX },
	{ NULL, NK_JSON_ANY, 0, 0, 0, 0 },
};

static int bad_value(struct nk_error *err, const char *path, const char *key, const char *value,
		     const char *wanted)
{
	if (!*value)
		return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
				    "%s.%s: missing, has to be %s", path, key, wanted);
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
			    "%s.%s: \"%s\" is not %s", path, key, value, wanted);
}

static int parse_prefix(const char *path, const char *key, const char *text, struct nk_prefix *ret,
			struct nk_error *err)
{
	if (nk_prefix_parse(text, false, ret))
		return 0;
	return bad_value(err, path, key, text, "an address with its prefix length");
}

/* parse_gateway() - Go's net.IP is written "" where there is none */
static int parse_gateway(const char *path, const char *key, const char *text, struct nk_ipaddr *ret,
			 struct nk_error *err)
{
	if (!*text || nk_ipaddr_parse(text, ret))
		return 0;
	return bad_value(err, path, key, text, "an address");
}

static int parse_ip(const struct nk_json *json, const char *path, struct nk_ip *ret,
		    struct nk_error *err)
{
	struct raw_ip raw = { .interface = UINT32_MAX };
	int rc;

	rc = nk_json_decode(json, path, ip_fields, NK_JSON_IGNORE, &raw, err);
	if (!rc)
		rc = parse_prefix(path, "address", raw.address, &ret->address, err);
	if (!rc)
		rc = parse_gateway(path, "gateway", raw.gateway, &ret->gateway, err);
	ret->interface = raw.interface == UINT32_MAX ? -1 : (int32_t)raw.interface;
	return rc;
}

static int parse_route(const struct nk_json *json, const char *path, struct nk_route *ret,
		       struct nk_error *err)
{
	struct raw_route raw = { 0 };
	int rc;

	rc = nk_json_decode(json, path, route_fields, NK_JSON_IGNORE, &raw, err);
	if (!rc)
		rc = parse_prefix(path, "dst", raw.dst, &ret->dst, err);
	if (!rc)
		rc = parse_gateway(path, "gw", raw.gw, &ret->gw, err);
	ret->mtu = raw.mtu;
	ret->advmss = raw.advmss;
	ret->priority = raw.priority;
	ret->has_table = !nk_json_is_empty(nk_json_get(json, "table"));
	ret->table = raw.table;
	ret->has_scope = !nk_json_is_empty(nk_json_get(json, "scope"));
	ret->scope = raw.scope;
	return rc;
}

/* check_count() - of the elements of @key, there may be at most @max */
static int check_count(const char *path, const char *key, uint32_t count, uint32_t max,
		       struct nk_error *err)
{
	if (count <= max)
		return 0;
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
			    "%s%s: it has %u elements, at most %u can be handled", path, key, count,
			    max);
}

int nk_ipam_parse(const struct nk_json *json, const char *path, struct nk_ipam_result *ret,
		  struct nk_error *err)
{
	struct raw_result raw = { 0 };
	char parent[PATH_SIZE], element[PATH_SIZE + 32];
	uint32_t i, ips, routes;
	int rc;

	snprintf(parent, sizeof(parent), "%s%s", path, *path ? "." : "");
	rc = nk_json_decode(json, path, result_fields, NK_JSON_IGNORE, &raw, err);
	if (rc)
		return rc;
	ips = nk_json_count(raw.ips);
	routes = nk_json_count(raw.routes);
	rc = check_count(parent, "ips", ips, NK_IPS_MAX, err);
	if (!rc)
		rc = check_count(parent, "routes", routes, NK_ROUTES_MAX, err);
	if (rc)
		return rc;
	snprintf(element, sizeof(element), "%sdns", parent);
	rc = nk_result_check_dns(raw.dns, element, err);
	ret->ip_count = ips;
	ret->route_count = routes;
	ret->dns = raw.dns;
	for (i = 0; i < ips && !rc; i++) {
		snprintf(element, sizeof(element), "%sips[%u]", parent, i);
		rc = parse_ip(nk_json_at(raw.ips, i), element, &ret->ips[i], err);
	}
	for (i = 0; i < routes && !rc; i++) {
		snprintf(element, sizeof(element), "%sroutes[%u]", parent, i);
		rc = parse_route(nk_json_at(raw.routes, i), element, &ret->routes[i], err);
	}
	return rc;
}

void nk_ipam_result_fini(struct nk_ipam_result *result)
{
	nk_json_free(result->json);
	*result = (struct nk_ipam_result){ 0 };
}

/* --- the plugin ------------------------------------------------------------------------------ */

/* An error object; msg and details are read apart, as they may be of any length. */
struct raw_error {
	uint32_t code;
};

static const struct nk_json_field error_fields[] = {
	{ "code", NK_JSON_UINT, offsetof(struct raw_error, code), 0, 1, UINT32_MAX },
	{ NULL, NK_JSON_ANY, 0, 0, 0, 0 },
};

struct raw_answer {
	char cni_version[32];
};

static const struct nk_json_field answer_fields[] = {
	{ "cniVersion", NK_JSON_STRING, offsetof(struct raw_answer, cni_version), 32, 0, 0 },
	{ NULL, NK_JSON_ANY, 0, 0, 0, 0 },
};

/* excerpt() - the beginning of what a plugin wrote, printable; or that it wrote nothing */
static void excerpt(const char *text, size_t size, char ret[EXCERPT_SIZE])
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

/* pass_error() - the plugin's own error. What msg has no room for is told in details, whole. */
static int pass_error(const struct nk_ipam *ipam, uint32_t code, const char *msg,
		      const char *details, struct nk_error *err)
{
	char text[sizeof(err->msg)];
	int size;

	size = snprintf(text, sizeof(text), "IPAM plugin %.64s: %s", ipam->type, msg);
	if (!details)
		details = "";
	if ((size_t)size < sizeof(text))
		return nk_error_set(err, (enum nk_code)code, ECANCELED, text, "%s", details);
	return nk_error_set(err, (enum nk_code)code, ECANCELED, text, "%s%s%s", msg,
			    *details ? "; " : "", details);
}

/* report() - the plugin exited with a status that is not 0; it should have said why */
static int report(const struct nk_ipam *ipam, const char *command, int status, const char *text,
		  size_t size, struct nk_error *err)
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
	excerpt(text, size, said);
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

/* has_argument() - is this pair among CNI_ARGS? Whatever the case of its letters. */
static bool has_argument(const char *args, const char *argument)
{
	const size_t size = strlen(argument);

	for (; *args; args += strcspn(args, ";"), args += *args == ';')
		if (strcspn(args, ";") == size && !strncasecmp(args, argument, size))
			return true;
	return false;
}

/* remaining_args() - CNI_ARGS as a variable, without MAC, which nk-cni has consumed: host-local and
 * others refuse a key that they do not know, unless IgnoreUnknown is set. IP and what Kubernetes
 * sets are left in, for IPAM plugins use them. Return: to be freed; NULL: out of memory
 */
static char *remaining_args(const char *args)
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

/* add_args() - @ret: the caller's variables and CNI_ARGS, which is to be freed, and a NULL */
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

/* call() - run the plugin. The caller frees @ret, NULL before, in any case. */
static int call(const struct nk_ipam *ipam, const char *command, uint32_t limit_ms, char **ret,
		size_t *ret_size, struct nk_error *err)
{
	char *args = ipam->cni_args ? remaining_args(ipam->cni_args) : NULL;
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
		rc = nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	else
		rc = nk_delegate_run(&delegate, ret, ret_size, &status, err);
	free(args);
	if (rc || !status)
		return rc;
	return report(ipam, command, status, *ret, *ret_size, err);
}

/* check_version() - all that we know have the same ips, routes and dns; 0.1.0 and 0.2.0 have not */
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
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
			    "cniVersion: \"%s\" is not a version that nk-cni reads (%s to %s)",
			    version, nk_config_versions[0], nk_config_versions[i - 1]);
}

/* bad_answer() - what @why says of a configuration, said of the plugin's answer */
static int bad_answer(const struct nk_ipam *ipam, const struct nk_error *why, const char *text,
		      size_t size, struct nk_error *err)
{
	char said[EXCERPT_SIZE];

	excerpt(text, size, said);
	if (why->code == NK_CODE_JSON)
		return nk_error_set(err, NK_CODE_IPAM, EBADMSG, "the IPAM plugin's answer is bad",
				    "IPAM plugin %.64s (command ADD): %s: %s; it wrote: %s",
				    ipam->type, why->msg, why->details, said);
	return nk_error_set(err, NK_CODE_IPAM, EBADMSG, "the IPAM plugin's answer is bad",
			    "IPAM plugin %.64s (command ADD): %s", ipam->type, why->details);
}

/* is_reachable() - is there a way to a gateway: its own network's, that of another of the addresses,
 * or a route that needs no gateway itself? In the network of a whole address, /32, is nothing else.
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

/* flaw_of_gateway() - why nothing can be sent by way of it, or NULL */
static const char *flaw_of_gateway(const struct nk_ip *ip, const struct nk_ipam_result *all)
{
	if (!ip->gateway.family)
		return NULL;
	if (ip->gateway.family != ip->address.addr.family)
		return "is of another family than the address";
	if (nk_ipaddr_flaw(&ip->gateway))
		return nk_ipaddr_flaw(&ip->gateway);
	if (nk_ipaddr_equal(&ip->gateway, &ip->address.addr))
		return "is the Pod's own address";
	return is_reachable(&ip->gateway, all) ? NULL :
						 "is not in the network of the address, and no "
						 "route leads to it";
}

/* check_usable() - what nobody can use is refused before anything is set by it. */
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
		flaw = flaw_of_gateway(&all->ips[i], all);
		if (!flaw)
			continue;
		nk_ipaddr_text(&all->ips[i].gateway, text);
		key = "gateway";
		break;
	}
	if (!flaw)
		return 0;
	nk_error_set(err, NK_CODE_IPAM, EBADMSG, "the IPAM plugin's answer is of no use",
		     "IPAM plugin %.64s answered ips[%u].%s \"%s\", which %s", ipam->type, i, key,
		     text, flaw);
	nk_error_remedy(err, "mend what it is configured to give: subnet, range, addresses or "
			     "gateway of \"ipam\"");
	return -EBADMSG;
}

/* read_answer() - @ret owns what is parsed, also on failure */
static int read_answer(const struct nk_ipam *ipam, const char *text, size_t size,
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
		return bad_answer(ipam, &why, text, size, err);
	excerpt(text, size, said);
	if (!ret->ip_count)
		return nk_error_set(err, NK_CODE_IPAM, EBADMSG,
				    "IPAM plugin returned missing IP config",
				    "IPAM plugin %.64s (command ADD): no ips; it wrote: %s",
				    ipam->type, said);
	for (i = 0; i < ret->ip_count; i++)
		ret->ips[i].interface = -1; /* it cannot know ours */
	return check_usable(ipam, ret, err);
}

int nk_ipam_add(const struct nk_ipam *ipam, struct nk_ipam_result *ret, struct nk_error *err)
{
	char *text = NULL;
	size_t size = 0;
	int rc;

	*ret = (struct nk_ipam_result){ 0 };
	rc = call(ipam, "ADD", NK_IPAM_ADD_MS, &text, &size, err);
	if (!rc)
		rc = read_answer(ipam, text, size, ret, err);
	free(text);
	if (rc)
		nk_ipam_result_fini(ret);
	return rc;
}

/* call_only() - where the exit status is the whole answer */
static int call_only(const struct nk_ipam *ipam, const char *command, struct nk_error *err)
{
	char *text = NULL;
	size_t size = 0;
	int rc;

	rc = call(ipam, command, NK_IPAM_OTHER_MS, &text, &size, err);
	free(text);
	return rc;
}

int nk_ipam_del(const struct nk_ipam *ipam, struct nk_error *err)
{
	return call_only(ipam, "DEL", err);
}

int nk_ipam_check(const struct nk_ipam *ipam, struct nk_error *err)
{
	return call_only(ipam, "CHECK", err);
}

int nk_ipam_status(const struct nk_ipam *ipam, struct nk_error *err)
{
	return call_only(ipam, "STATUS", err);
}

int nk_ipam_gc(const struct nk_ipam *ipam, struct nk_error *err)
{
	return call_only(ipam, "GC", err);
}
