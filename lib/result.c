// SPDX-License-Identifier: Apache-2.0
/* result.c - print results, errors and versions as JSON; no system call */
#include "result.h"

#include "config.h"
#include "error.h"
#include "ipaddr.h"
#include "json.h"
#include "mac.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

/* finish() - print and free @json; NULL where @ok is false. */
static char *finish(struct nk_json *json, bool ok)
{
	char *text = ok ? nk_json_print(json) : NULL;

	nk_json_free(json);
	return text;
}

bool nk_result_is_old(const struct nk_json *prev, const char *cni_version)
{
	const char *version = nk_json_string(nk_json_get(prev, "cniVersion"));

	return !strncmp(version && *version ? version : cni_version, "0.", 2);
}

/* --- printing -------------------------------------------------------------------------------- */

/* add_text(), add_number() - a member, unless there is nothing to say. */
static bool add_text(struct nk_json *obj, const char *key, const char *value)
{
	return !value || !*value || nk_json_add_string(obj, key, value);
}

static bool add_number(struct nk_json *obj, const char *key, uint32_t value)
{
	return !value || nk_json_add_uint(obj, key, value);
}

static bool add_address(struct nk_json *obj, const char *key, const struct nk_ipaddr *addr)
{
	char text[NK_IPADDR_TEXT_SIZE];

	nk_ipaddr_text(addr, text);
	return add_text(obj, key, text);
}

static bool add_prefix(struct nk_json *obj, const char *key, const struct nk_prefix *prefix)
{
	char text[NK_IPADDR_TEXT_SIZE];

	nk_prefix_text(prefix, text);
	return nk_json_add_string(obj, key, text);
}

static bool append_interface(struct nk_json *list, const struct nk_result_interface *interface,
			     bool old)
{
	struct nk_json *obj = nk_json_append_object(list);
	char mac[NK_MAC_TEXT_SIZE] = "";

	if (interface->has_mac)
		nk_mac_text(interface->mac, mac);
	return nk_json_add_string(obj, "name", interface->name) && add_text(obj, "mac", mac) &&
	       (old || add_number(obj, "mtu", interface->mtu)) &&
	       add_text(obj, "sandbox", interface->sandbox) &&
	       (old || add_text(obj, "pciID", interface->pci_id)) &&
	       (old || add_text(obj, "socketPath", interface->socket_path));
}

static bool append_ip(struct nk_json *list, const struct nk_ip *ip, uint32_t interface, bool old)
{
	struct nk_json *obj = nk_json_append_object(list);
	const char *version = nk_ipaddr_size(&ip->address.addr) == 4 ? "4" : "6";

	return (!old || nk_json_add_string(obj, "version", version)) &&
	       add_prefix(obj, "address", &ip->address) &&
	       add_address(obj, "gateway", &ip->gateway) &&
	       nk_json_add_uint(obj, "interface", interface);
}

static bool append_route(struct nk_json *list, const struct nk_route *route)
{
	struct nk_json *obj = nk_json_append_object(list);

	return add_prefix(obj, "dst", &route->dst) && add_address(obj, "gw", &route->gw) &&
	       add_number(obj, "mtu", route->mtu) && add_number(obj, "advmss", route->advmss) &&
	       add_number(obj, "priority", route->priority) &&
	       (!route->has_table || nk_json_add_uint(obj, "table", route->table)) &&
	       (!route->has_scope || nk_json_add_uint(obj, "scope", route->scope));
}

/* --- prevResult and ours --------------------------------------------------------------------- */

static bool contains(const char *const *keys, const char *key)
{
	while (*keys && strcmp(*keys, key) != 0)
		keys++;
	return *keys;
}

/* copy_members() - all of @from but those named in @drop. */
static bool copy_members(struct nk_json *to, const struct nk_json *from, const char *const *drop)
{
	const struct nk_json *member;
	bool ok = to;

	for (member = nk_json_first(from); member && ok; member = nk_json_next(member))
		if (!contains(drop, nk_json_key(member)))
			ok = nk_json_add_copy(to, nk_json_key(member), member);
	return ok;
}

/* The put_*() print one member of the result: @prev, that of prevResult or NULL, and ours. */

static bool put_version(struct nk_json *out, const struct nk_json *prev,
			const struct nk_result *result)
{
	(void)prev;
	return nk_json_add_string(out, "cniVersion", result->cni_version);
}

static bool put_interfaces(struct nk_json *out, const struct nk_json *prev,
			   const struct nk_result *result)
{
	static const char *const no_old_has[] = { "mtu", "socketPath", "pciID", NULL };
	static const char *const none[] = { NULL };
	bool old = nk_result_is_old(NULL, result->cni_version);
	bool down = old && !nk_result_is_old(result->prev, result->cni_version);
	struct nk_json *list = nk_json_add_array(out, "interfaces");
	const struct nk_json *interface;
	bool ok = list;
	uint32_t i;

	for (interface = nk_json_first(prev); interface && ok; interface = nk_json_next(interface))
		ok = copy_members(nk_json_append_object(list), interface, down ? no_old_has : none);
	for (i = 0; i < result->interface_count && ok; i++)
		ok = append_interface(list, &result->interfaces[i], old);
	return ok;
}

struct prev_ip {
	uint32_t interface;
};

static const struct nk_json_field prev_ip_fields[] = {
	{ "interface", NK_JSON_UINT, offsetof(struct prev_ip, interface), 0, 0, INT32_MAX },
	{ NULL, NK_JSON_ANY, 0, 0, 0, 0 },
};

/* append_prev_ip() - of the family @was_old, to be of the family @old. An index of an interface that
 * prevResult does not list would come to be that of one of ours, and is left out.
 */
static bool append_prev_ip(struct nk_json *list, const struct nk_json *ip, bool was_old, bool old,
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
	if (old && !was_old &&
	    !nk_json_add_string(obj, "version", address && strchr(address, ':') ? "6" : "4"))
		return false;
	return copy_members(obj, ip, drop);
}

static bool put_ips(struct nk_json *out, const struct nk_json *prev, const struct nk_result *result)
{
	uint32_t i, count = result->ipam ? result->ipam->ip_count : 0;
	uint32_t before = nk_json_count(nk_json_get(result->prev, "interfaces"));
	bool old = nk_result_is_old(NULL, result->cni_version);
	bool was_old = nk_result_is_old(result->prev, result->cni_version);
	const struct nk_json *ip;
	struct nk_json *list;
	bool ok;

	if (nk_json_is_empty(prev) && !count)
		return !prev || nk_json_add_copy(out, "ips", prev);
	list = nk_json_add_array(out, "ips");
	ok = list;
	for (ip = nk_json_first(prev); ip && ok; ip = nk_json_next(ip))
		ok = append_prev_ip(list, ip, was_old, old, before);
	for (i = 0; i < count && ok; i++)
		ok = append_ip(list, &result->ipam->ips[i], before + result->pod_interface, old);
	return ok;
}

static bool put_routes(struct nk_json *out, const struct nk_json *prev,
		       const struct nk_result *result)
{
	uint32_t i, count = result->ipam ? result->ipam->route_count : 0;
	const struct nk_json *route;
	struct nk_json *list;
	bool ok;

	if (nk_json_is_empty(prev) && !count)
		return !prev || nk_json_add_copy(out, "routes", prev);
	list = nk_json_add_array(out, "routes");
	ok = list;
	for (route = nk_json_first(prev); route && ok; route = nk_json_next(route))
		ok = nk_json_append_copy(list, route);
	for (i = 0; i < count && ok; i++)
		ok = append_route(list, &result->ipam->routes[i]);
	return ok;
}

/* is_silent() - an empty list or text, which Go's plugins leave out */
static bool is_silent(const struct nk_json *value)
{
	const char *text = nk_json_string(value);

	return nk_json_is_empty(value) || (text && !*text);
}

static bool add_dns(struct nk_json *out, const struct nk_json *dns)
{
	struct nk_json *obj = nk_json_add_object(out, "dns");
	const struct nk_json *member;
	bool ok = obj;

	for (member = nk_json_first(dns); member && ok; member = nk_json_next(member))
		if (!is_silent(member))
			ok = nk_json_add_copy(obj, nk_json_key(member), member);
	return ok;
}

/* put_dns() - of the configuration, of IPAM or of prevResult: the first that says anything. */
static bool put_dns(struct nk_json *out, const struct nk_json *prev, const struct nk_result *result)
{
	const struct nk_json *dns = result->dns;

	if (nk_json_is_empty(dns) && result->ipam)
		dns = result->ipam->dns;
	if (nk_json_is_empty(dns) && prev)
		return nk_json_add_copy(out, "dns", prev);
	return add_dns(out, dns);
}

/* The members that are ours to change, in the order of a result that begins with us. */
static const struct member {
	const char *key;
	bool (*put)(struct nk_json *out, const struct nk_json *prev,
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
	bool ok = json;

	for (value = nk_json_first(result->prev); value && ok; value = nk_json_next(value)) {
		member = find_member(nk_json_key(value));
		ok = member ? member->put(json, value, result) :
			      nk_json_add_copy(json, nk_json_key(value), value) != NULL;
	}
	for (member = members; member->key && ok; member++)
		if (!nk_json_get(result->prev, member->key))
			ok = member->put(json, NULL, result);
	return finish(json, ok);
}

char *nk_result_print_error(const struct nk_error *err, const char *cni_version)
{
	char details[sizeof(err->details) + sizeof(err->remedy) + 16];
	struct nk_json *json = nk_json_new_object();

	snprintf(details, sizeof(details), "%s%s%s%s", err->details,
		 *err->details && *err->remedy ? "; " : "", *err->remedy ? "remedy: " : "",
		 err->remedy);
	return finish(json, nk_json_add_string(json, "cniVersion", cni_version) &&
				    nk_json_add_uint(json, "code", err->code) &&
				    nk_json_add_string(json, "msg", err->msg) &&
				    add_text(json, "details", details));
}

char *nk_result_print_versions(const char *cni_version)
{
	struct nk_json *json = nk_json_new_object();
	bool ok = nk_json_add_string(json, "cniVersion", cni_version);
	struct nk_json *list = nk_json_add_array(json, "supportedVersions");
	unsigned int i;

	for (i = 0; nk_config_versions[i] && ok; i++)
		ok = nk_json_append_string(list, nk_config_versions[i]);
	return finish(json, ok);
}
