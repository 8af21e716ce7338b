// SPDX-License-Identifier: Apache-2.0
/* config_addr.c - the keys "ipam", "dns" and the addresses from the runtime */
#include "cni/config_parts.h"

#include "base/error.h"
#include "base/ipaddr.h"
#include "cni/delegate.h"
#include "cni/result.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

struct ipam {
	char type[NK_ID_SIZE];
};

static const struct nk_json_field ipam_fields[] = {
	STRING(struct ipam, "type", type, 0, "host-local"),
	END,
};

/* check_ipam() - ADD calls the plugin last, so report now what can be checked early. */
static int check_ipam(const struct nk_config_raw *raw, const struct nk_request *request,
		      struct ipam *ret, struct nk_error *err)
{
	int rc = nk_json_decode(raw->ipam, "ipam", ipam_fields, NK_JSON_IGNORE, ret, err);

	if (rc)
		return rc;
	if (!*ret->type)
		return nk_config_missing(err, "ipam.type, the name of a plugin");
	if (!nk_delegate_is_name(ret->type))
		return nk_config_invalid(err, "ipam.type", ret->type, "the file name of a plugin");
	if (!strcmp(ret->type, raw->type)) {
		nk_error_config(
			err,
			"ipam.type: \"%.64s\" is nk-cni itself, which would call itself forever",
			ret->type);
		return nk_error_remedy(err, "name an IPAM plugin, such as host-local");
	}
	if (!*request->cni_path && request->command != NK_COMMAND_PLAN &&
	    request->command != NK_COMMAND_FEATURES)
		return nk_error_set(err, NK_CODE_ENV, EINVAL,
				    "missing environment variables: CNI_PATH",
				    "nk-cni needs it to find the IPAM plugin %.64s", ret->type);
	return 0;
}

static int add_ip(const char *path, const char *text, struct nk_config *config,
		  struct nk_error *err)
{
	const char *flaw;

	if (config->ip_count == NK_IPS_MAX)
		return nk_error_config(err, "%s: more than %d addresses", path, NK_IPS_MAX);
	if (!nk_prefix_parse(text, true, &config->ips[config->ip_count]))
		return nk_config_invalid(err, path, text, "an address such as 10.0.0.5/24");
	flaw = nk_prefix_flaw(&config->ips[config->ip_count]);
	if (flaw)
		return nk_error_config(err, "%s: \"%.64s\" %s", path, text, flaw);
	config->ip_count++;
	return 0;
}

/* add_ips() - the list "ips" of @object, which replaces an earlier one; absent: no change. */
static int add_ips(const struct nk_json *object, const char *name, struct nk_config *config,
		   struct nk_error *err)
{
	const struct nk_json *ips = nk_json_get_any_case(object, "ips"), *value;
	const char *text;
	char path[64];
	unsigned int i;
	int rc = 0;

	if (nk_json_is_empty(ips))
		return 0;
	config->ip_count = 0;
	if (!nk_json_at(ips, 0))
		return nk_error_config(err, "%s.ips: not a list of addresses", name);
	for (i = 0; !rc && (value = nk_json_at(ips, i)) != NULL; i++) {
		snprintf(path, sizeof(path), "%s.ips[%u]", name, i);
		text = nk_json_string(value);
		rc = text ? add_ip(path, text, config, err) :
			    nk_error_config(err, "%s: not a string", path);
	}
	return rc;
}

/* add_args() - "a/24,b/64" from CNI_ARGS */
static int add_args(const char *list, struct nk_config *config, struct nk_error *err)
{
	char text[NK_IPADDR_TEXT_SIZE];
	size_t len;
	int rc = 0;

	for (; *list && !rc; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		snprintf(text, sizeof(text), "%.*s", (int)len, list);
		if (len)
			rc = add_ip("IP of CNI_ARGS", text, config, err);
	}
	if (rc)
		nk_error_class(err, NK_CODE_ENV, "invalid environment variable CNI_ARGS");
	return rc;
}

int nk_config_parse_addresses(const struct nk_config_raw *raw, const struct nk_request *request,
			      struct nk_config *config, struct nk_error *err)
{
	struct ipam ipam = { 0 };
	int rc = nk_result_check_dns(raw->dns, "dns", err);

	config->dns = raw->dns;
	config->dad = raw->dad;
	if (rc)
		return rc;
	if (!nk_json_is_empty(raw->ipam)) {
		rc = check_ipam(raw, request, &ipam, err);
		memcpy(config->ipam_type, ipam.type, sizeof(config->ipam_type));
		return rc;
	}
	rc = add_args(request->ips, config, err);
	if (!rc)
		rc = add_ips(raw->cni_args, "args.cni", config, err);
	if (!rc)
		rc = add_ips(raw->runtime_config, "runtimeConfig", config, err);
	return rc;
}
