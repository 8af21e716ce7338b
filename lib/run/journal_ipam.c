// SPDX-License-Identifier: Apache-2.0
/* journal_ipam.c - the text of an `ipam` file: how to call an IPAM plugin's DEL */
#include "run/journal_ipam.h"

#include "base/error.h"
#include "base/json_fields.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

#define VERSION 2 /* 1: the same, but variables are not escaped */

/* escape() - JSON text cannot hold every byte of a variable: write %XX. Return: to be freed, or NULL */
static char *escape(const char *text)
{
	char *ret = malloc(3 * strlen(text) + 1), *end = ret;

	for (; ret && *text; text++)
		if (*text > ' ' && *text < 0x7f && *text != '%')
			*end++ = *text;
		else
			end += snprintf(end, 4, "%%%02X", (unsigned char)*text);
	if (ret)
		*end = '\0';
	return ret;
}

/* unescape() - in place; an invalid %XX stays */
static void unescape(char *text)
{
	char *end = text;

	for (; *text; text++) {
		char digits[3] = { 0 };

		if (*text == '%' && isxdigit((unsigned char)text[1]) &&
		    isxdigit((unsigned char)text[2])) {
			memcpy(digits, text + 1, 2);
			*end++ = (char)strtoul(digits, NULL, 16);
			text += 2;
		} else {
			*end++ = *text;
		}
	}
	*end = '\0';
}

/* make_absolute() - make relative entries of CNI_PATH absolute. Return: to be freed, or NULL */
static char *make_absolute(const char *path)
{
	char here[PATH_MAX], *ret, *end;
	const char *from;
	size_t entries = 1;

	if (!getcwd(here, sizeof(here)))
		*here = '\0'; /* the current directory was removed: a relative entry names nothing */
	for (from = path; *from; from++)
		entries += *from == ':';
	ret = malloc(strlen(path) + entries * (strlen(here) + 2) + 1);
	for (end = ret; ret && *path; path += *path == ':') {
		from = path;
		path = strchrnul(path, ':');
		if (path == from || (*from != '/' && !*here))
			continue; /* nk_delegate_run() skips empty entries too */
		if (end != ret)
			*end++ = ':';
		if (*from != '/') {
			end = stpcpy(end, here);
			*end++ = '/';
		}
		end = mempcpy(end, from, (size_t)(path - from));
	}
	if (ret)
		*end = '\0';
	return ret;
}

static void add_variable(struct nk_json *variables, const char *name, const char *value)
{
	char *escaped = value ? escape(value) : NULL;

	nk_json_add_string(escaped ? variables : NULL, name, escaped ? escaped : "");
	free(escaped);
}

char *nk_journal_ipam_print(const struct nk_request *request, const struct nk_ipam *ipam,
			    const char *bpffs, const char *place)
{
	struct nk_json *root = nk_json_new_object(), *variables;
	char *path = make_absolute(ipam->cni_path), *text;

	nk_json_add_uint(root, "version", VERSION);
	nk_json_add_string(root, "type", ipam->type);
	nk_json_add_string(root, "cniVersion", ipam->cni_version);
	nk_json_add_string(root, "bpffs", bpffs);
	nk_json_add_string(root, "place", place);
	variables = nk_json_add_object(root, "variables");
	add_variable(variables, "CNI_PATH", path);
	add_variable(variables, "CNI_ARGS", request->cni_args);
	add_variable(variables, "CNI_CONTAINERID", request->container_id);
	add_variable(variables, "CNI_IFNAME", request->ifname);
	add_variable(variables, "CNI_NETNS", request->netns);
	text = nk_json_print_line(root);
	nk_json_free(root);
	free(path);
	return text;
}

void nk_journal_ipam_fini(struct nk_journal_ipam *record)
{
	int i;

	for (i = 0; i < NK_JOURNAL_VARIABLE_MAX; i++)
		free(record->variables[i]);
	nk_json_free(record->json);
	free(record->text);
}

static const struct nk_json_field ipam_fields[] = {
	TEXT(struct nk_ipam, "type", type),
	TEXT(struct nk_ipam, "cniVersion", cni_version),
	END,
};

/* set_variables() - all of them go to the plugin; CNI_PATH is also used to find it, and CNI_ARGS
 * are passed on as in any other call.
 */
static int set_variables(struct nk_journal_ipam *record, const struct nk_json *variables,
			 uint32_t version, struct nk_error *err)
{
	const struct nk_json *value = nk_json_first(variables);
	const char *text;
	char *variable;
	int count = 0;

	for (; value && count < NK_JOURNAL_VARIABLE_MAX; value = nk_json_next(value), count++) {
		text = nk_json_string(value);
		if (!text)
			return -EBADMSG;
		if (asprintf(&variable, "%s=%s", nk_json_key(value), text) < 0)
			return nk_error_no_memory(err);
		record->variables[count] = variable;
		if (version > 1)
			unescape(strchr(variable, '=') + 1);
		if (!strncmp(variable, "CNI_PATH=", 9))
			record->ipam.cni_path = variable + 9;
		if (!strncmp(variable, "CNI_ARGS=", 9))
			record->ipam.cni_args = variable + 9;
		if (!strncmp(variable, "CNI_NETNS=", 10))
			record->netns = variable + 10;
	}
	record->ipam.variables = record->variables;
	record->ipam.trusted_only = true;
	return record->ipam.cni_path ? 0 : -EBADMSG;
}

int nk_journal_ipam_parse(struct nk_journal_ipam *ret, size_t size, struct nk_error *err)
{
	char *end = strchr(ret->text, '\n');
	uint32_t version = 0;
	const struct nk_json_field version_field[] = {
		{ "version", NK_JSON_UINT, 0, 0, 1, VERSION, "" },
		END,
	};
	int rc;

	if (!end)
		return -EBADMSG;
	rc = nk_json_parse(ret->text, (size_t)(end - ret->text), &ret->json, err);
	if (rc)
		return rc == -ENOMEM ? rc : -EBADMSG;
	if (nk_json_decode(ret->json, "", version_field, NK_JSON_IGNORE, &version, err) ||
	    !version ||
	    nk_json_decode(ret->json, "", ipam_fields, NK_JSON_IGNORE, &ret->ipam, err) ||
	    !ret->ipam.type || !ret->ipam.cni_version)
		return -EBADMSG;
	ret->ipam.input = end + 1;
	ret->ipam.input_size = size - (size_t)(end + 1 - ret->text);
	return set_variables(ret, nk_json_get(ret->json, "variables"), version, err);
}
