// SPDX-License-Identifier: Apache-2.0
/* ipam_result.c - parse addresses, routes and dns of a result; no system call */
#include "cni/ipam.h"

#include "base/error.h"
#include "base/ipaddr.h"
#include "base/json_fields.h"
#include "cni/result.h"

#include <errno.h>
#include <stdio.h>

#include "base/banned.h"

#define PATH_SIZE 128 /* JSON path of one member */

struct raw_result {
	const struct nk_json *ips, *routes, *dns;
};

static const struct nk_json_field result_fields[] = {
	ARRAY(struct raw_result, "ips", ips),
	ARRAY(struct raw_result, "routes", routes),
	OBJECT(struct raw_result, "dns", dns),
	END,
};

/* Before CNI 1.0 each has a "version", which only repeats the address family. */
struct raw_ip {
	char address[NK_IPADDR_TEXT_SIZE], gateway[NK_IPADDR_TEXT_SIZE];
	uint32_t interface;
};

static const struct nk_json_field ip_fields[] = {
	STRING(struct raw_ip, "address", address, 0),
	STRING(struct raw_ip, "gateway", gateway, 0),
	UINT(struct raw_ip, "interface", interface, 0, INT32_MAX),
	END,
};

struct raw_route {
	char dst[NK_IPADDR_TEXT_SIZE], gw[NK_IPADDR_TEXT_SIZE];
	uint32_t mtu, advmss, priority, table, scope;
};

static const struct nk_json_field route_fields[] = {
	STRING(struct raw_route, "dst", dst, 0),
	STRING(struct raw_route, "gw", gw, 0),
	UINT(struct raw_route, "mtu", mtu, 0, UINT32_MAX),
	UINT(struct raw_route, "advmss", advmss, 0, UINT32_MAX),
	UINT(struct raw_route, "priority", priority, 0, UINT32_MAX),
	UINT(struct raw_route, "table", table, 0, UINT32_MAX),
	UINT(struct raw_route, "scope", scope, 0, UINT8_MAX),
	END,
};

static int refuse_value(struct nk_error *err, const char *path, const char *key, const char *value,
			const char *wanted)
{
	if (!*value)
		return nk_error_config(err, "%s.%s: missing, must be %s", path, key, wanted);
	return nk_error_config(err, "%s.%s: \"%s\" is not %s", path, key, value, wanted);
}

static int parse_prefix(const char *path, const char *key, const char *text, struct nk_prefix *ret,
			struct nk_error *err)
{
	if (nk_prefix_parse(text, false, ret))
		return 0;
	return refuse_value(err, path, key, text, "an address with its prefix length");
}

/* parse_gateway() - Go's net.IP is written as "" if there is none */
static int parse_gateway(const char *path, const char *key, const char *text, struct nk_ipaddr *ret,
			 struct nk_error *err)
{
	if (!*text || nk_ipaddr_parse(text, ret))
		return 0;
	return refuse_value(err, path, key, text, "an address");
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

/* check_count() - refuse more than @max elements of @key */
static int check_count(const char *path, const char *key, uint32_t count, uint32_t max,
		       struct nk_error *err)
{
	if (count <= max)
		return 0;
	return nk_error_config(err, "%s%s: %u elements, at most %u are supported", path, key, count,
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
