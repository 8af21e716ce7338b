// SPDX-License-Identifier: Apache-2.0
/* conflist.c - the network configurations of a node, and their entries as a runtime passes them to the plugin (CNI,
 * section 4)
 */
#include "cni/conflist.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json_fields.h"
#include "base/list.h"
#include "cni/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* is_conf() - by libcni, ConfFiles() */
static bool is_conf(const char *name)
{
	static const char *const ends[] = { ".conf", ".conflist", ".json" };
	const char *end = strrchr(name, '.');
	size_t i;

	for (i = 0; end && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!strcmp(end, ends[i]))
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct nk_conf_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int nk_conflist_read_dir(int dir, struct nk_conf_file_list *ret, struct nk_error *err)
{
	int fd cleanup_close = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list cleanup_closedir = nk_steal_dir(&fd);
	const struct dirent *entry;
	struct nk_conf_file file;
	int rc = 0;

	if (!list)
		return nk_error_sys(err, NK_CODE_IO, "cannot read the configurations", "open .");
	for (errno = 0; !rc && (entry = readdir(list)); errno = 0) {
		snprintf(file.name, sizeof(file.name), "%s", entry->d_name);
		if (is_conf(file.name))
			rc = nk_list_add(ret, &file, err);
	}
	if (!rc && errno)
		rc = nk_error_sys(err, NK_CODE_IO, "cannot read the configurations", "readdir");
	if (!rc && ret->count)
		qsort(ret->at, ret->count, sizeof(*ret->at), by_name);
	return rc;
}

static const struct nk_json_field no_fields[] = {
	END,
};

/* merge_entry() - copy an entry and add the list's name and version */
static char *merge_entry(const struct nk_json *list, const struct nk_json *entry)
{
	static const char *const inherited[] = { "cniVersion", "name" };
	struct nk_json *whole = nk_json_new_object();
	const struct nk_json *member;
	char *text = NULL;
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (whole && nk_json_get(list, inherited[i]))
			nk_json_add_copy(whole, inherited[i], nk_json_get(list, inherited[i]));
	for (member = nk_json_first(entry); whole && member; member = nk_json_next(member))
		if (strcmp(nk_json_key(member), "cniVersion") != 0 &&
		    strcmp(nk_json_key(member), "name") != 0)
			nk_json_add_copy(whole, nk_json_key(member), member);
	if (whole)
		text = nk_json_print(whole);
	nk_json_free(whole);
	return text;
}

/* find_entry() - the n-th entry of that type, or NULL */
static const struct nk_json *find_entry(const struct nk_json *plugins, const char *type,
					unsigned int n)
{
	const struct nk_json *entry;
	const char *found;

	for (entry = nk_json_first(plugins); entry; entry = nk_json_next(entry)) {
		found = nk_json_string(nk_json_get(entry, "type"));
		if (found && !strcmp(found, type) && !n--)
			return entry;
	}
	return NULL;
}

int nk_conflist_count(const char *text, size_t size, const char *type, struct nk_error *err)
{
	struct nk_json *json = NULL;
	const struct nk_json *plugins;
	const char *only;
	int rc = nk_json_parse(text, size, &json, err), count = 0;

	if (!rc) /* refuse anything but an object */
		rc = nk_json_decode(json, "", no_fields, NK_JSON_IGNORE, NULL, err);
	plugins = nk_json_get(json, "plugins");
	only = nk_json_string(nk_json_get(json, "type"));
	if (!plugins)
		count = only && !strcmp(only, type);
	while (plugins && find_entry(plugins, type, (unsigned int)count))
		count++;
	nk_json_free(json);
	return rc ? rc : count;
}

int nk_conflist_pick(const char *text, size_t size, const char *type, unsigned int n, char **ret,
		     struct nk_error *err)
{
	const struct nk_json *entry, *plugins;
	struct nk_json *json = NULL;
	int rc = nk_config_read(text, size, &json, err);

	*ret = NULL;
	if (!rc) /* refuse anything but an object */
		rc = nk_json_decode(json, "", no_fields, NK_JSON_IGNORE, NULL, err);
	if (rc) {
		nk_json_free(json);
		return rc;
	}
	plugins = nk_json_get(json, "plugins");
	entry = plugins ? find_entry(plugins, type, n) : n ? NULL : json;
	if (entry) {
		*ret = merge_entry(json, entry);
		if (!*ret)
			rc = nk_error_no_memory(err);
	} else if (!n) {
		rc = nk_error_config(err, "plugins: none has type \"%s\"", type);
	}
	nk_json_free(json);
	return rc;
}
