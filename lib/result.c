// SPDX-License-Identifier: Apache-2.0
/* result.c - results, errors and versions as JSON; no system call */
#include "result.h"

#include "config.h"
#include "error.h"
#include "json.h"
#include "mac.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

/* finish() - print and free @json; NULL where @ok is false. */
static char *finish(struct nk_json *json, const void *ok)
{
	char *text = ok ? nk_json_print(json) : NULL;

	nk_json_free(json);
	return text;
}

/* has_new_members() - interfaces[] has mtu, socketPath and pciID since CNI 1.1; libcni >= 1.2
 * keeps them in 1.0 results too, and drops them from older ones.
 */
static bool has_new_members(const char *cni_version)
{
	return strncmp(cni_version, "0.", 2) != 0;
}

char *nk_result_print(const struct nk_result *result)
{
	struct nk_json *json = nk_json_new_object();
	struct nk_json *interface;
	const void *ok;
	char mac[NK_MAC_TEXT_SIZE];

	nk_mac_text(result->mac, mac);
	ok = nk_json_add_string(json, "cniVersion", result->cni_version);
	interface = nk_json_append_object(nk_json_add_array(json, "interfaces"));
	ok = ok && nk_json_add_string(interface, "name", result->ifname) ? json : NULL;
	ok = ok && nk_json_add_string(interface, "mac", mac) ? json : NULL;
	if (has_new_members(result->cni_version))
		ok = ok && nk_json_add_uint(interface, "mtu", result->mtu) ? json : NULL;
	ok = ok && nk_json_add_string(interface, "sandbox", result->sandbox) ? json : NULL;
	if (has_new_members(result->cni_version) && *result->pci_id)
		ok = ok && nk_json_add_string(interface, "pciID", result->pci_id) ? json : NULL;
	if (has_new_members(result->cni_version) && *result->socket_path)
		ok = ok && nk_json_add_string(interface, "socketPath", result->socket_path) ? json :
											      NULL;
	ok = ok && nk_json_add_object(json, "dns") ? json : NULL;
	return finish(json, ok);
}

char *nk_result_print_error(const struct nk_error *err, const char *cni_version)
{
	char details[sizeof(err->details) + sizeof(err->remedy) + 16];
	struct nk_json *json = nk_json_new_object();
	const void *ok;

	snprintf(details, sizeof(details), "%s%s%s%s", err->details,
		 *err->details && *err->remedy ? "; " : "", *err->remedy ? "remedy: " : "",
		 err->remedy);
	ok = nk_json_add_string(json, "cniVersion", cni_version);
	ok = ok && nk_json_add_uint(json, "code", err->code) ? json : NULL;
	ok = ok && nk_json_add_string(json, "msg", err->msg) ? json : NULL;
	if (*details)
		ok = ok && nk_json_add_string(json, "details", details) ? json : NULL;
	return finish(json, ok);
}

char *nk_result_print_versions(const char *cni_version)
{
	struct nk_json *json = nk_json_new_object();
	struct nk_json *list;
	const void *ok;
	unsigned int i;

	ok = nk_json_add_string(json, "cniVersion", cni_version);
	list = nk_json_add_array(json, "supportedVersions");
	for (i = 0; nk_config_versions[i] && ok; i++)
		ok = nk_json_append_string(list, nk_config_versions[i]);
	return finish(json, ok);
}

/* differs() - a member of prevResult's interface is there and is not what it should be. */
static bool differs(const struct nk_json *interface, const char *key, const char *expected,
		    struct nk_error *err)
{
	const char *found = nk_json_string(nk_json_get(interface, key));

	if (!found || !*found || !*expected || !strcmp(found, expected))
		return false;
	nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: prevResult is not what was made",
		     "%s: made %s, prevResult has %s", key, expected, found);
	return true;
}

int nk_result_check_prev(const struct nk_json *prev, const struct nk_result *expected,
			 struct nk_error *err)
{
	const struct nk_json *list = nk_json_get(prev, "interfaces");
	const struct nk_json *interface;
	const char *name, *sandbox;
	char mac[NK_MAC_TEXT_SIZE];
	unsigned int i;

	nk_mac_text(expected->mac, mac);
	for (i = 0; (interface = nk_json_at(list, i)); i++) {
		name = nk_json_string(nk_json_get(interface, "name"));
		sandbox = nk_json_string(nk_json_get(interface, "sandbox"));
		if (!name || strcmp(name, expected->ifname) != 0 || !sandbox ||
		    strcmp(sandbox, expected->sandbox) != 0)
			continue;
		if (differs(interface, "mac", mac, err) ||
		    differs(interface, "socketPath", expected->socket_path, err))
			return -ENOENT;
		return 0;
	}
	return nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: prevResult is not what was made",
			    "it lists no interface %s with sandbox %s", expected->ifname,
			    expected->sandbox);
}
