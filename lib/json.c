// SPDX-License-Identifier: Apache-2.0
/* json.c - the only user of cJSON */
#include "json.h"

#include "error.h"
#include "json_lex.h"
#include "log.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "banned.h"

static const cJSON *in(const struct nk_json *json)
{
	return (const cJSON *)json;
}

static cJSON *in_mut(struct nk_json *json)
{
	return (cJSON *)json;
}

static struct nk_json *out(const cJSON *json)
{
	return (struct nk_json *)json;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* refuse_duplicates() - of one object; sorting keeps a hostile 1 MiB document from n * n. */
static int refuse_duplicates(const cJSON *obj, struct nk_error *err)
{
	size_t count = (size_t)cJSON_GetArraySize(obj);
	const char **keys;
	const cJSON *child;
	size_t i = 0;
	int rc = 0;

	if (count < 2)
		return 0;
	keys = calloc(count, sizeof(*keys));
	if (!keys)
		return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	cJSON_ArrayForEach(child, obj)
		keys[i++] = child->string;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (i = 1; i < count && !rc; i++)
		if (!strcmp(keys[i - 1], keys[i]))
			rc = nk_error_set(err, NK_CODE_JSON, EINVAL, "JSON key given twice",
					  "\"%s\"", keys[i]);
	free(keys);
	return rc;
}

/* refuse_all_duplicates() - of every object below @json; nk_json_lex() has bounded the depth. */
static int refuse_all_duplicates(const cJSON *json, // NOLINT(misc-no-recursion)
				 struct nk_error *err)
{
	const cJSON *child;
	int rc = 0;

	if (cJSON_IsObject(json))
		rc = refuse_duplicates(json, err);
	for (child = json->child; child && !rc; child = child->next)
		rc = refuse_all_duplicates(child, err);
	return rc;
}

int nk_json_parse(const char *text, size_t size, struct nk_json **ret, struct nk_error *err)
{
	const char *end = NULL;
	cJSON *json;
	int rc;

	if (size > NK_JSON_SIZE_MAX)
		return nk_error_set(err, NK_CODE_JSON, EFBIG, "stdin is too long",
				    "more than %u bytes", NK_JSON_SIZE_MAX);
	rc = nk_json_lex(text, size, err);
	if (rc)
		return rc;
	json = cJSON_ParseWithLengthOpts(text, size, &end, false);
	if (!json)
		return nk_error_set(err, NK_CODE_JSON, EINVAL, "stdin is not JSON",
				    "syntax error at byte %zu of %zu",
				    end ? (size_t)(end - text) : 0, size);
	while (end < text + size && strchr(" \t\r\n", *end))
		end++;
	if (end != text + size)
		rc = nk_error_set(err, NK_CODE_JSON, EINVAL, "stdin is not one JSON document",
				  "more text at byte %zu", (size_t)(end - text));
	if (!rc)
		rc = refuse_all_duplicates(json, err);
	if (rc) {
		cJSON_Delete(json);
		return rc;
	}
	*ret = out(json);
	return 0;
}

void nk_json_free(struct nk_json *json)
{
	cJSON_Delete(in_mut(json));
}

static int bad_value(struct nk_error *err, const char *path, const char *key, const cJSON *value,
		     const char *wanted)
{
	char text[64];

	nk_json_print_short(out(value), text, sizeof(text));
	return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
			    "%s%s%s: %s is not %s", path, *path ? "." : "", key, text, wanted);
}

/* decode_value() - one member, its type and range checked, into the target. */
static int decode_value(const cJSON *value, const char *path, const struct nk_json_field *field,
			void *target, struct nk_error *err)
{
	void *member = (char *)target + field->offset;
	char wanted[64];
	size_t len;

	switch (field->type) {
	case NK_JSON_STRING:
		len = cJSON_IsString(value) ? strlen(value->valuestring) : 0;
		snprintf(wanted, sizeof(wanted), "a string of %u to %zu bytes", field->min,
			 field->size - 1);
		if (!cJSON_IsString(value) || len < field->min || len >= field->size)
			return bad_value(err, path, field->key, value, wanted);
		memcpy(member, value->valuestring, len + 1);
		return 0;
	case NK_JSON_BOOL:
		if (!cJSON_IsBool(value))
			return bad_value(err, path, field->key, value, "true or false");
		*(bool *)member = cJSON_IsTrue(value);
		return 0;
	case NK_JSON_UINT:
		snprintf(wanted, sizeof(wanted), "an integer from %u to %u", field->min,
			 field->max);
		if (!cJSON_IsNumber(value) || value->valuedouble < field->min ||
		    value->valuedouble > field->max ||
		    value->valuedouble != (double)(uint32_t)value->valuedouble)
			return bad_value(err, path, field->key, value, wanted);
		*(uint32_t *)member = (uint32_t)value->valuedouble;
		return 0;
	case NK_JSON_OBJECT:
		if (!cJSON_IsObject(value))
			return bad_value(err, path, field->key, value, "an object");
		*(const struct nk_json **)member = out(value);
		return 0;
	case NK_JSON_ANY:
		return 0;
	}
	return 0;
}

static const struct nk_json_field *find_field(const struct nk_json_field *fields, const char *key)
{
	for (; fields->key; fields++)
		if (!strcmp(fields->key, key))
			return fields;
	return NULL;
}

int nk_json_decode(const struct nk_json *obj, const char *path, const struct nk_json_field *fields,
		   enum nk_json_unknown unknown, void *target, struct nk_error *err)
{
	const struct nk_json_field *field;
	const cJSON *child;
	char text[64];
	int rc;

	if (!cJSON_IsObject(in(obj))) {
		nk_json_print_short(obj, text, sizeof(text));
		return nk_error_set(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration",
				    "%s is not an object%s%s", *path ? path : "the document",
				    *path ? ": " : "", *path ? text : "");
	}
	cJSON_ArrayForEach(child, in(obj)) {
		field = find_field(fields, child->string);
		if (!field && unknown == NK_JSON_IGNORE)
			continue;
		if (!field && unknown == NK_JSON_WARN) {
			nk_log_warn("unknown key \"%s\" in the network configuration",
				    child->string);
			continue;
		}
		if (!field) {
			char msg[128];

			nk_json_print_short(out(child), text, sizeof(text));
			snprintf(msg, sizeof(msg), "unsupported key \"%s.%s\": %s", path,
				 child->string, text);
			return nk_error_set(err, NK_CODE_UNSUPPORTED, EINVAL, msg, "%s", "");
		}
		if (cJSON_IsNull(child))
			continue;
		rc = decode_value(child, path, field, target, err);
		if (rc)
			return rc;
	}
	return 0;
}

const struct nk_json *nk_json_get(const struct nk_json *obj, const char *key)
{
	return out(cJSON_GetObjectItemCaseSensitive(in(obj), key));
}

int nk_json_read_string(const struct nk_json *obj, const char *path, const char *key, char *buf,
			size_t size, struct nk_error *err)
{
	const struct nk_json_field field = { .key = key, .type = NK_JSON_STRING, .size = size };
	const cJSON *value = cJSON_GetObjectItem(in(obj), key);
	int rc;

	if (!value || cJSON_IsNull(value) || (cJSON_IsString(value) && !*value->valuestring))
		return 0;
	rc = decode_value(value, path, &field, buf, err);
	return rc ? rc : 1;
}

const struct nk_json *nk_json_at(const struct nk_json *array, unsigned int index)
{
	if (!cJSON_IsArray(in(array)))
		return NULL;
	return out(cJSON_GetArrayItem(in(array), (int)index));
}

const char *nk_json_string(const struct nk_json *value)
{
	return cJSON_GetStringValue(in(value));
}

bool nk_json_is_empty(const struct nk_json *value)
{
	const cJSON *json = in(value);

	if (!json || cJSON_IsNull(json))
		return true;
	return (cJSON_IsObject(json) || cJSON_IsArray(json)) && !json->child;
}

struct nk_json *nk_json_new_object(void)
{
	return out(cJSON_CreateObject());
}

struct nk_json *nk_json_add_object(struct nk_json *parent, const char *key)
{
	return out(cJSON_AddObjectToObject(in_mut(parent), key));
}

struct nk_json *nk_json_add_array(struct nk_json *parent, const char *key)
{
	return out(cJSON_AddArrayToObject(in_mut(parent), key));
}

static struct nk_json *append(struct nk_json *array, cJSON *item)
{
	if (item && !cJSON_AddItemToArray(in_mut(array), item)) {
		cJSON_Delete(item);
		return NULL;
	}
	return out(item);
}

struct nk_json *nk_json_append_object(struct nk_json *array)
{
	return append(array, cJSON_CreateObject());
}

struct nk_json *nk_json_append_string(struct nk_json *array, const char *value)
{
	return append(array, cJSON_CreateString(value));
}

struct nk_json *nk_json_add_string(struct nk_json *parent, const char *key, const char *value)
{
	return out(cJSON_AddStringToObject(in_mut(parent), key, value));
}

struct nk_json *nk_json_add_uint(struct nk_json *parent, const char *key, uint32_t value)
{
	return out(cJSON_AddNumberToObject(in_mut(parent), key, value));
}

char *nk_json_print(const struct nk_json *json)
{
	return cJSON_Print(in(json));
}

void nk_json_print_short(const struct nk_json *json, char *buf, size_t size)
{
	char *text = cJSON_PrintUnformatted(in(json));

	snprintf(buf, size, "%s", text ? text : "(out of memory)");
	if (text && strlen(text) >= size && size > 4)
		memcpy(buf + size - 4, "...", 4);
	free(text);
}
