// SPDX-License-Identifier: Apache-2.0
/* result.c - print results, errors and versions as JSON; no system call */
#include "cni/result.h"

#include "base/error.h"
#include "base/ipaddr.h"
#include "base/json_fields.h"
#include "base/mac.h"
#include "cni/config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static char *print_and_free(struct nk_json *json)
{
	char *text = nk_json_print(json);

	nk_json_free(json);
	return text;
}

bool nk_result_is_old(const struct nk_json *prev, const char *cni_version)
{
	const char *version = nk_json_string(nk_json_get(prev, "cniVersion"));

	return !strncmp(version && *version ? version : cni_version, "0.", 2);
}

/* --- printing -------------------------------------------------------------------------------- */

/* add_text(), add_number() - add a member unless it is empty. */
static void add_text(struct nk_json *obj, const char *key, const char *value)
{
	if (value && *value)
		nk_json_add_string(obj, key, value);
}

static void add_number(struct nk_json *obj, const char *key, uint32_t value)
{
	if (value)
		nk_json_add_uint(obj, key, value);
}

static void add_address(struct nk_json *obj, const char *key, const struct nk_ipaddr *addr)
{
	char text[NK_IPADDR_TEXT_SIZE];

	nk_ipaddr_text(addr, text);
	add_text(obj, key, text);
}

static void add_prefix(struct nk_json *obj, const char *key, const struct nk_prefix *prefix)
{
	char text[NK_IPADDR_TEXT_SIZE];

	nk_prefix_text(prefix, text);
	nk_json_add_string(obj, key, text);
}

static void append_interface(struct nk_json *list, const struct nk_result_interface *interface,
			     bool old)
{
	struct nk_json *obj = nk_json_append_object(list);
	char mac[NK_MAC_TEXT_SIZE] = "";

	if (interface->has_mac)
		nk_mac_text(interface->mac, mac);
	nk_json_add_string(obj, "name", interface->name);
	add_text(obj, "mac", mac);
	if (!old)
		add_number(obj, "mtu", interface->mtu);
	add_text(obj, "sandbox", interface->sandbox);
	if (old)
		return;
	add_text(obj, "pciID", interface->pci_id);
	add_text(obj, "socketPath", interface->socket_path);
}

static void append_ip(struct nk_json *list, const struct nk_ip *ip, uint32_t interface, bool old)
{
	struct nk_json *obj = nk_json_append_object(list);
	const char *version = nk_ipaddr_size(&ip->address.addr) == 4 ? "4" : "6";

	if (old)
		nk_json_add_string(obj, "version", version);
	add_prefix(obj, "address", &ip->address);
	add_address(obj, "gateway", &ip->gateway);
	nk_json_add_uint(obj, "interface", interface);
}

static void append_route(struct nk_json *list, const struct nk_route *route)
{
	struct nk_json *obj = nk_json_append_object(list);

	add_prefix(obj, "dst", &route->dst);
	add_address(obj, "gw", &route->gw);
	add_number(obj, "mtu", route->mtu);
	add_number(obj, "advmss", route->advmss);
	add_number(obj, "priority", route->priority);
	if (route->has_table)
		nk_json_add_uint(obj, "table", route->table);
	if (route->has_scope)
		nk_json_add_uint(obj, "scope", route->scope);
}

/* --- prevResult and ours --------------------------------------------------------------------- */

static bool has_key(const char *const *keys, const char *key)
{
	while (*keys && strcmp(*keys, key) != 0)
		keys++;
	return *keys;
}

/* copy_members() - all of @from except those in @drop. */
static void copy_members(struct nk_json *to, const struct nk_json *from, const char *const *drop)
{
	const struct nk_json *member;

	for (member = nk_json_first(from); member; member = nk_json_next(member))
		if (!has_key(drop, nk_json_key(member)))
			nk_json_add_copy(to, nk_json_key(member), member);
}

/* Each put_*() prints one member of the result: @prev, that of prevResult or NULL, and ours. */

static void put_version(struct nk_json *out, const struct nk_json *prev,
			const struct nk_result *result)
{
	(void)prev;
	nk_json_add_string(out, "cniVersion", result->cni_version);
}

static void put_interfaces(struct nk_json *out, const struct nk_json *prev,
			   const struct nk_result *result)
{
	/* Of the newer family alone. In an older result they are unknown, and of any type. */
	static const char *const newer[] = { "mtu", "socketPath", "pciID", NULL };
	static const char *const none[] = { NULL };
	bool old = nk_result_is_old(NULL, result->cni_version);
	bool converts = old != nk_result_is_old(result->prev, result->cni_version);
	struct nk_json *list = nk_json_add_array(out, "interfaces");
	const struct nk_json *interface;
	uint32_t i;

	for (interface = nk_json_first(prev); interface; interface = nk_json_next(interface))
		copy_members(nk_json_append_object(list), interface, converts ? newer : none);
	for (i = 0; i < result->interface_count; i++)
		append_interface(list, &result->interfaces[i], old);
}

struct prev_ip {
	uint32_t interface;
};

static const struct nk_json_field prev_ip_fields[] = {
	UINT(struct prev_ip, "interface", interface, 0, INT32_MAX),
	END,
};

/* append_prev_ip() - convert from family @was_old to family @old. An index that prevResult does not
 * list is dropped: it would refer to one of our interfaces.
 */
static void append_prev_ip(struct nk_json *list, const struct nk_json *ip, bool was_old, bool old,
			   uint32_t interfaces)
{
	const char *drop[] = { NULL, NULL, NULL };
	struct nk_json *obj = nk_json_append_object(list);
	const char *address = nk_json_string(nk_json_get(ip, "address"));
	struct prev_ip parsed = { 0 };
	struct nk_error none = { 0 };
	unsigned int count = 0;

	if (old != was_old)
		drop[count++] = "version";
	if (!nk_json_decode(ip, "", prev_ip_fields, NK_JSON_IGNORE, &parsed, &none) &&
	    parsed.interface >= interfaces)
		drop[count++] = "interface";
	if (old && !was_old)
		nk_json_add_string(obj, "version", address && strchr(address, ':') ? "6" : "4");
	copy_members(obj, ip, drop);
}

static void put_ips(struct nk_json *out, const struct nk_json *prev, const struct nk_result *result)
{
	uint32_t i, count = result->ipam ? result->ipam->ip_count : 0;
	uint32_t before = nk_json_count(nk_json_get(result->prev, "interfaces"));
	bool old = nk_result_is_old(NULL, result->cni_version);
	bool was_old = nk_result_is_old(result->prev, result->cni_version);
	const struct nk_json *ip;
	struct nk_json *list;

	if (prev && nk_json_is_empty(prev) && !count)
		nk_json_add_copy(out, "ips", prev);
	if (nk_json_is_empty(prev) && !count)
		return;
	list = nk_json_add_array(out, "ips");
	for (ip = nk_json_first(prev); ip; ip = nk_json_next(ip))
		append_prev_ip(list, ip, was_old, old, before);
	for (i = 0; i < count; i++)
		append_ip(list, &result->ipam->ips[i], before + result->pod_interface, old);
}

static void put_routes(struct nk_json *out, const struct nk_json *prev,
		       const struct nk_result *result)
{
	uint32_t i, count = result->ipam ? result->ipam->route_count : 0;
	const struct nk_json *route;
	struct nk_json *list;

	if (prev && nk_json_is_empty(prev) && !count)
		nk_json_add_copy(out, "routes", prev);
	if (nk_json_is_empty(prev) && !count)
		return;
	list = nk_json_add_array(out, "routes");
	for (route = nk_json_first(prev); route; route = nk_json_next(route))
		nk_json_append_copy(list, route);
	for (i = 0; i < count; i++)
		append_route(list, &result->ipam->routes[i]);
}

/* is_empty_value() - an empty list or text, which Go's plugins omit */
static bool is_empty_value(const struct nk_json *value)
{
	const char *text = nk_json_string(value);

	return nk_json_is_empty(value) || (text && !*text);
}

static void add_dns(struct nk_json *out, const struct nk_json *dns)
{
	struct nk_json *obj = nk_json_add_object(out, "dns");
	const struct nk_json *member;

	for (member = nk_json_first(dns); member; member = nk_json_next(member))
		if (!is_empty_value(member))
			nk_json_add_copy(obj, nk_json_key(member), member);
}

/* put_dns() - the first that is not empty: the configuration's, IPAM's, prevResult's. */
static void put_dns(struct nk_json *out, const struct nk_json *prev, const struct nk_result *result)
{
	const struct nk_json *dns = result->dns;

	if (nk_json_is_empty(dns) && result->ipam)
		dns = result->ipam->dns;
	if (nk_json_is_empty(dns) && prev)
		nk_json_add_copy(out, "dns", prev);
	else
		add_dns(out, dns);
}

/* The members that we change, in the order of a result that starts with us. */
static const struct member {
	const char *key;
	void (*put)(struct nk_json *out, const struct nk_json *prev,
		    const struct nk_result *result);
} members[] = {
	{ "cniVersion", put_version },
	{ "interfaces", put_interfaces },
	{ "ips", put_ips },
	{ "routes", put_routes },
	{ "dns", put_dns },
	{ NULL, NULL },
};

static const struct member *find_member(const char *key)
{
	const struct member *member;

	for (member = members; member->key; member++)
		if (!strcmp(member->key, key))
			return member;
	return NULL;
}

char *nk_result_print(const struct nk_result *result)
{
	struct nk_json *json = nk_json_new_object();
	const struct nk_json *value;
	const struct member *member;

	for (value = nk_json_first(result->prev); value; value = nk_json_next(value)) {
		member = find_member(nk_json_key(value));
		if (member)
			member->put(json, value, result);
		else
			nk_json_add_copy(json, nk_json_key(value), value);
	}
	for (member = members; member->key; member++)
		if (!nk_json_get(result->prev, member->key))
			member->put(json, NULL, result);
	return print_and_free(json);
}

char *nk_result_print_error(const struct nk_error *err, const char *cni_version)
{
	char details[sizeof(err->details) + sizeof(err->remedy) + 16];
	struct nk_json *json = nk_json_new_object();

	snprintf(details, sizeof(details), "%s%s%s%s", err->details,
		 *err->details && *err->remedy ? "; " : "", *err->remedy ? "remedy: " : "",
		 err->remedy);
	nk_json_add_string(json, "cniVersion", cni_version);
	nk_json_add_uint(json, "code", err->code);
	nk_json_add_string(json, "msg", err->msg);
	add_text(json, "details", details);
	return print_and_free(json);
}

char *nk_result_print_versions(const char *cni_version)
{
	struct nk_json *json = nk_json_new_object();
	struct nk_json *list;
	unsigned int i;

	nk_json_add_string(json, "cniVersion", cni_version);
	list = nk_json_add_array(json, "supportedVersions");
	for (i = 0; nk_config_versions[i]; i++)
		nk_json_append_string(list, nk_config_versions[i]);
	return print_and_free(json);
}
