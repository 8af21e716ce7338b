// SPDX-License-Identifier: Apache-2.0
/* result_prev.c - validate a prevResult before ADD adds to it, and compare it at CHECK */
#include "cni/result.h"

#include "base/error.h"
#include "base/ipaddr.h"
#include "base/json_fields.h"
#include "base/mac.h"
#include "cni/config.h"
#include "kernel/netns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* --- its shape ------------------------------------------------------------------------------- */

struct prev {
	const char *cni_version;
	const struct nk_json *interfaces, *ips, *routes, *dns;
};

static const struct nk_json_field prev_fields[] = {
	TEXT(struct prev, "cniVersion", cni_version),
	ARRAY(struct prev, "interfaces", interfaces),
	ARRAY(struct prev, "ips", ips),
	ARRAY(struct prev, "routes", routes),
	OBJECT(struct prev, "dns", dns),
	END,
};

/* An element of one of the lists; of most members only the type is checked. */
struct element {
	const char *address, *gateway; /* for a route: dst and gw */
	const char *text;
	uint32_t number;
};

/* Members of the other family count as unknown. */
static const struct nk_json_field old_interface_fields[] = {
	TEXT(struct element, "name", text),
	TEXT(struct element, "mac", text),
	TEXT(struct element, "sandbox", text),
	END,
};

static const struct nk_json_field new_interface_fields[] = {
	TEXT(struct element, "name", text),
	TEXT(struct element, "mac", text),
	TEXT(struct element, "sandbox", text),
	UINT(struct element, "mtu", number, 0, UINT32_MAX),
	TEXT(struct element, "socketPath", text),
	TEXT(struct element, "pciID", text),
	END,
};

static const struct nk_json_field old_ip_fields[] = {
	TEXT(struct element, "version", text),
	TEXT(struct element, "address", address),
	TEXT(struct element, "gateway", gateway),
	UINT(struct element, "interface", number, 0, INT32_MAX),
	END,
};

static const struct nk_json_field *const new_ip_fields = old_ip_fields + 1; /* no version */

static const struct nk_json_field route_fields[] = {
	TEXT(struct element, "dst", address),
	TEXT(struct element, "gw", gateway),
	UINT(struct element, "mtu", number, 0, UINT32_MAX),
	UINT(struct element, "advmss", number, 0, UINT32_MAX),
	UINT(struct element, "priority", number, 0, UINT32_MAX),
	UINT(struct element, "table", number, 0, UINT32_MAX),
	UINT(struct element, "scope", number, 0, UINT32_MAX),
	END,
};

/* check_addresses() - after ADD a runtime parses all addresses, so refuse invalid ones. It accepts
 * an index of an interface that is not listed.
 */
static int check_addresses(const char *path, const char *key, const char *gateway_key,
			   const struct element *element, struct nk_error *err)
{
	struct nk_ipaddr gateway;
	struct nk_prefix prefix;

	if (!element->address)
		return nk_error_config(err, "missing %s.%s", path, key);
	if (!nk_prefix_parse(element->address, false, &prefix))
		return nk_error_config(err,
				       "%s.%s: \"%.64s\" is not an address with its prefix length",
				       path, key, element->address);
	/* Go writes "" for no gateway. */
	if (element->gateway && *element->gateway && !nk_ipaddr_parse(element->gateway, &gateway))
		return nk_error_config(err, "%s.%s: \"%.64s\" is not an address", path, gateway_key,
				       element->gateway);
	return 0;
}

/* check_list() - the elements of "interfaces", "ips" or "routes". */
static int check_list(const struct nk_json *list, const char *key,
		      const struct nk_json_field *fields, const struct prev *prev,
		      struct nk_error *err)
{
	const struct nk_json *value;
	unsigned int i = 0;
	char path[64];
	int rc = 0;

	for (value = nk_json_first(list); value && !rc; value = nk_json_next(value)) {
		struct element element = { 0 };

		snprintf(path, sizeof(path), "prevResult.%s[%u]", key, i++);
		rc = nk_json_decode(value, path, fields, NK_JSON_IGNORE, &element, err);
		if (!rc && list == prev->ips)
			rc = check_addresses(path, "address", "gateway", &element, err);
		if (!rc && list == prev->routes)
			rc = check_addresses(path, "dst", "gw", &element, err);
	}
	return rc;
}

static int check_version(const char *version, const char *cni_version, struct nk_error *err)
{
	unsigned int i;

	for (i = 0; nk_config_versions[i]; i++)
		if (!strcmp(version, nk_config_versions[i]))
			return 0;
	nk_error_config(err, "prevResult.cniVersion: \"%.16s\" is not supported", version);
	return nk_error_remedy(
		err,
		"make the plugins that precede nk-cni in the list return results in the list's "
		"cniVersion, %s",
		cni_version);
}

struct dns {
	const struct nk_json *nameservers, *search, *options;
	const char *domain;
};

static const struct nk_json_field dns_fields[] = {
	ARRAY(struct dns, "nameservers", nameservers),
	ARRAY(struct dns, "search", search),
	ARRAY(struct dns, "options", options),
	TEXT(struct dns, "domain", domain),
	END,
};

/* check_texts() - @list, absent or an array, must hold only strings. */
static int check_texts(const struct nk_json *list, const char *path, const char *key,
		       struct nk_error *err)
{
	const struct nk_json *value;
	unsigned int i = 0;

	for (value = nk_json_first(list); value; value = nk_json_next(value), i++)
		if (!nk_json_string(value))
			return nk_error_config(err, "%s.%s[%u]: not a string", path, key, i);
	return 0;
}

int nk_result_check_dns(const struct nk_json *dns, const char *path, struct nk_error *err)
{
	struct dns parsed = { 0 };
	int rc = 0;

	if (dns)
		rc = nk_json_decode(dns, path, dns_fields, NK_JSON_IGNORE, &parsed, err);
	if (!rc)
		rc = check_texts(parsed.nameservers, path, "nameservers", err);
	if (!rc)
		rc = check_texts(parsed.search, path, "search", err);
	return rc ? rc : check_texts(parsed.options, path, "options", err);
}

int nk_result_check_shape(const struct nk_json *prev, const char *cni_version, struct nk_error *err)
{
	struct prev parsed = { 0 };
	int rc = 0;
	bool old;

	if (prev)
		rc = nk_json_decode(prev, "prevResult", prev_fields, NK_JSON_IGNORE, &parsed, err);
	if (!rc && parsed.cni_version && *parsed.cni_version)
		rc = check_version(parsed.cni_version, cni_version, err);
	old = nk_result_is_old(prev, cni_version);
	if (!rc)
		rc = check_list(parsed.interfaces, "interfaces",
				old ? old_interface_fields : new_interface_fields, &parsed, err);
	if (!rc)
		rc = check_list(parsed.ips, "ips", old ? old_ip_fields : new_ip_fields, &parsed,
				err);
	if (!rc)
		rc = check_list(parsed.routes, "routes", route_fields, &parsed, err);
	return rc ? rc : nk_result_check_dns(parsed.dns, "prevResult.dns", err);
}

/* --- its interfaces -------------------------------------------------------------------------- */

/* is_equal() - an absent member equals an empty one. */
static bool is_equal(const struct nk_json *member, const char *text)
{
	const char *found = nk_json_string(member);

	return !strcmp(found ? found : "", text ? text : "");
}

/* is_in() - do both paths lead to the same sandbox? Empty: the host */
static bool is_in(const struct nk_json *member, const char *sandbox)
{
	const char *found = nk_json_string(member);

	if (!found || !*found || !sandbox || !*sandbox)
		return is_equal(member, sandbox);
	return nk_netns_is_same(found, sandbox);
}

static const struct nk_json *find_interface(const struct nk_json *prev, const char *name,
					    const char *sandbox)
{
	const struct nk_json *interface = nk_json_first(nk_json_get(prev, "interfaces"));

	while (interface && (!is_equal(nk_json_get(interface, "name"), name) ||
			     !is_in(nk_json_get(interface, "sandbox"), sandbox)))
		interface = nk_json_next(interface);
	return interface;
}

bool nk_result_lists(const struct nk_json *prev, const char *name)
{
	const struct nk_json *interface = nk_json_first(nk_json_get(prev, "interfaces"));

	while (interface && !is_equal(nk_json_get(interface, "name"), name))
		interface = nk_json_next(interface);
	return interface != NULL;
}

int32_t nk_result_find(const struct nk_json *prev, const char *name, const char *sandbox)
{
	const struct nk_json *found = find_interface(prev, name, sandbox);
	const struct nk_json *interface = nk_json_first(nk_json_get(prev, "interfaces"));
	int32_t index = 0;

	for (; interface && interface != found; interface = nk_json_next(interface))
		index++;
	return found ? index : -1;
}

int nk_result_check_absent(const struct nk_json *prev, const char *name, const char *sandbox,
			   struct nk_error *err)
{
	if (!find_interface(prev, name, sandbox))
		return 0;
	nk_error_set(err, NK_CODE_CONFIG, EEXIST, "invalid network configuration",
		     "prevResult already has interface %s %s%s: an earlier plugin of the list "
		     "created it",
		     name, sandbox && *sandbox ? "with sandbox " : "on the host",
		     sandbox ? sandbox : "");
	return nk_error_remedy(err, "give this plugin another device name: \"ifName\": \"nk0\"");
}

static int refuse_difference(const char *key, const char *made, const char *found,
			     struct nk_error *err)
{
	return nk_error_set(err, NK_CODE_CHECK, ENOENT,
			    "CHECK: prevResult differs from what ADD created",
			    "%s: created %s, prevResult has %s", key, made, found);
}

/* check_mac() - in any notation */
static int check_mac(const struct nk_json *interface, const struct nk_result_interface *expected,
		     struct nk_error *err)
{
	const char *found = nk_json_string(nk_json_get(interface, "mac"));
	char made[NK_MAC_TEXT_SIZE];
	uint8_t mac[NK_MAC_LEN];

	if (!found || !*found || !expected->has_mac ||
	    (nk_mac_parse_any(found, mac) && !memcmp(mac, expected->mac, NK_MAC_LEN)))
		return 0;
	nk_mac_text(expected->mac, made);
	return refuse_difference("mac", made, found, err);
}

static int check_socket_path(const struct nk_json *interface,
			     const struct nk_result_interface *expected, struct nk_error *err)
{
	const char *found = nk_json_string(nk_json_get(interface, "socketPath"));

	if (!found || !*found || !*expected->socket_path || !strcmp(found, expected->socket_path))
		return 0;
	return refuse_difference("socketPath", expected->socket_path, found, err);
}

/* check_mtu() - only of the host device: later plugins may change the Pod's device, and "tuning"
 * does so without updating its result
 */
static int check_mtu(const struct nk_json *interface, const struct nk_result_interface *expected,
		     struct nk_error *err)
{
	struct element element = { 0 };
	struct nk_error unread = { 0 };
	char made[16], found[16];

	(void)nk_json_decode(interface, "", new_interface_fields, NK_JSON_IGNORE, &element,
			     &unread);
	if (expected->sandbox || !element.number || element.number == expected->mtu)
		return 0;
	snprintf(made, sizeof(made), "%u", expected->mtu);
	snprintf(found, sizeof(found), "%u", element.number);
	return refuse_difference("mtu", made, found, err);
}

static int check_interface(const struct nk_json *prev, const struct nk_result_interface *expected,
			   struct nk_error *err)
{
	const char *sandbox = expected->sandbox ? expected->sandbox : "";
	const struct nk_json *interface = find_interface(prev, expected->name, sandbox);
	int rc;

	if (!interface)
		return nk_error_set(err, NK_CODE_CHECK, ENOENT,
				    "CHECK: prevResult differs from what ADD created",
				    "prevResult lists no interface %s %s%s", expected->name,
				    *sandbox ? "with sandbox " : "on the host", sandbox);
	rc = check_mac(interface, expected, err);
	if (!rc)
		rc = check_socket_path(interface, expected, err);
	if (!rc)
		rc = check_mtu(interface, expected, err);
	if (rc)
		nk_error_wrap(err, "interface %s", expected->name);
	return rc;
}

int nk_result_check_prev(const struct nk_json *prev, const struct nk_result *expected,
			 struct nk_error *err)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < expected->interface_count && !rc; i++)
		rc = check_interface(prev, &expected->interfaces[i], err);
	return rc;
}
