// SPDX-License-Identifier: Apache-2.0
/* json.c - the only user of cJSON */
#include "base/json.h"

#include "base/error.h"
#include "base/json_lex.h"
#include "base/spelling.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

static const cJSON *item_of(const struct nk_json *json)
{
	return (const cJSON *)json;
}

static cJSON *item_mut(struct nk_json *json)
{
	return (cJSON *)json;
}

static struct nk_json *json_of(const cJSON *json)
{
	return (struct nk_json *)json;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* refuse_duplicates() - of one object; sorted, so that a hostile 1 MiB document costs n * log(n) */
static int refuse_duplicates(const cJSON *obj, struct nk_error *err)
{
	size_t count = (size_t)cJSON_GetArraySize(obj), i = 0;
	const char **keys;
	const cJSON *child;
	int rc = 0;

	if (count < 2)
		return 0;
	keys = calloc(count, sizeof(*keys));
	if (!keys)
		return nk_error_no_memory(err);
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

/* refuse_all_duplicates() - in every object below @json; nk_json_lex() has limited the depth. */
static int refuse_all_duplicates(const cJSON *json, // NOLINT(misc-no-recursion)
				 struct nk_error *err)
{
	const cJSON *child;
	int rc = 0;

	if (cJSON_IsObject(json))
		rc = refuse_duplicates(json, err);
	for (child = json->child; child && !rc; child = child->next) {
		rc = refuse_all_duplicates(child, err);
		if (rc && child->string)
			nk_error_wrap(err, "%.64s", child->string);
	}
	return rc;
}

/* The text of a document, read in parallel with its tree. */
struct source {
	const char *text;
	size_t size, at;
};

/* keep_numbers() - keep the text of every number below @json, for printing: the double of cJSON loses digits
 * above 2^53. Numbers come in the same order in the tree and in the text.
 */
static int keep_numbers(cJSON *json, // NOLINT(misc-no-recursion)
			struct source *source, struct nk_error *err)
{
	cJSON *child;
	size_t len;
	int rc = 0;

	if (cJSON_IsNumber(json)) {
		len = nk_json_lex_number(source->text, source->size, &source->at, err);
		json->valuestring = strndup(source->text + source->at - len, len);
		if (!json->valuestring)
			return nk_error_no_memory(err);
		json->type = cJSON_Raw;
	}
	for (child = json->child; child && !rc; child = child->next)
		rc = keep_numbers(child, source, err);
	return rc;
}

int nk_json_parse(const char *text, size_t size, struct nk_json **ret, struct nk_error *err)
{
	struct source source = { .text = text, .size = size };
	const char *end = NULL;
	cJSON *json;
	int rc;

	if (size > NK_JSON_SIZE_MAX)
		return nk_error_set(err, NK_CODE_JSON, EFBIG, "JSON is too long",
				    "more than %u bytes", NK_JSON_SIZE_MAX);
	rc = nk_json_lex(text, size, err);
	if (rc)
		return rc;
	json = cJSON_ParseWithLengthOpts(text, size, &end, false);
	if (!json)
		return nk_json_refuse(text, end ? (size_t)(end - text) : 0, "syntax error", err);
	while (end < text + size && strchr(" \t\r\n", *end))
		end++;
	if (end != text + size)
		rc = nk_error_set(err, NK_CODE_JSON, EINVAL, "not one JSON document",
				  "text after the document at byte %zu", (size_t)(end - text));
	if (!rc)
		rc = refuse_all_duplicates(json, err);
	if (!rc)
		rc = keep_numbers(json, &source, err);
	if (rc) {
		cJSON_Delete(json);
		return rc;
	}
	*ret = json_of(json);
	return 0;
}

void nk_json_free(struct nk_json *json)
{
	cJSON_Delete(item_mut(json));
}

/* refuse_value() - @value is not what @field takes: say what it is, what it takes, and show one */
static int refuse_value(const cJSON *value, const char *path, const struct nk_json_field *field,
			struct nk_error *err)
{
	static const char *const types[] = {
		[NK_JSON_BOOL] = "true or false", [NK_JSON_TEXT] = "a string",
		[NK_JSON_OBJECT] = "an object",	  [NK_JSON_ARRAY] = "an array",
		[NK_JSON_ANY] = "a value",
	};
	char text[64], wanted[64];

	if (field->type == NK_JSON_STRING)
		snprintf(wanted, sizeof(wanted), "a string of %u to %zu bytes", field->min,
			 field->size - 1);
	else if (field->type == NK_JSON_UINT)
		snprintf(wanted, sizeof(wanted), "an integer from %u to %u", field->min,
			 field->max);
	else
		snprintf(wanted, sizeof(wanted), "%s", types[field->type]);
	nk_json_print_short(json_of(value), text, sizeof(text));
	nk_error_config(err, "%s%s%s: %s is not %s", path, *path ? "." : "", field->key, text,
			wanted);
	if (*field->example)
		nk_error_remedy(err, "for example: \"%s\": %s", field->key, field->example);
	return -EINVAL;
}

/* store_string() - Return: false: not a string, or its length is out of range */
static bool store_string(const cJSON *value, const struct nk_json_field *field, char *member)
{
	const size_t len = cJSON_IsString(value) ? strlen(value->valuestring) : 0;

	if (!cJSON_IsString(value) || len < field->min || len >= field->size)
		return false;
	memcpy(member, value->valuestring, len + 1);
	return true;
}

/* store_uint() - digits only, as Go requires: not 1500.0, 1e3 or -0. A number that was read is raw.
 * Return: false: not that, or out of range
 */
static bool store_uint(const cJSON *value, const struct nk_json_field *field, uint32_t *member)
{
	if (!cJSON_IsRaw(value) || value->valuestring[strspn(value->valuestring, "0123456789")] ||
	    value->valuedouble < field->min || value->valuedouble > field->max)
		return false;
	*member = (uint32_t)value->valuedouble;
	return true;
}

/* decode_value() - check type and range of one member, and store it in the target */
static int decode_value(const cJSON *value, const char *path, const struct nk_json_field *field,
			void *target, struct nk_error *err)
{
	void *member = (char *)target + field->offset;
	bool ok = true;

	switch (field->type) {
	case NK_JSON_STRING:
		ok = store_string(value, field, member);
		break;
	case NK_JSON_UINT:
		ok = store_uint(value, field, member);
		break;
	case NK_JSON_BOOL:
		ok = cJSON_IsBool(value);
		if (ok)
			*(bool *)member = cJSON_IsTrue(value);
		break;
	case NK_JSON_TEXT:
		ok = cJSON_IsString(value);
		if (ok)
			*(const char **)member = value->valuestring;
		break;
	case NK_JSON_OBJECT:
	case NK_JSON_ARRAY:
		ok = field->type == NK_JSON_OBJECT ? cJSON_IsObject(value) : cJSON_IsArray(value);
		if (ok)
			*(const struct nk_json **)member = json_of(value);
		break;
	case NK_JSON_ANY:
		break;
	}
	return ok ? 0 : refuse_value(value, path, field, err);
}

/* refuse_key() - CNI requires key and value in msg */
static int refuse_key(struct nk_error *err, const char *path, const struct nk_json_field *fields,
		      const cJSON *value)
{
	char msg[160], known[160] = "", text[64];
	const char *meant = NULL;
	size_t used = 0;

	nk_json_print_short(json_of(value), text, sizeof(text));
	snprintf(msg, sizeof(msg), "unsupported key \"%s.%.32s\": %s", path, value->string, text);
	for (; fields->key && used < sizeof(known); fields++) {
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
					 used ? ", " : "", fields->key);
		if (nk_spelling_is_near(value->string, fields->key))
			meant = fields->key;
	}
	nk_error_set(err, NK_CODE_UNSUPPORTED, EINVAL, msg, "%s has these keys: %s", path, known);
	if (meant)
		nk_error_remedy(err, "did you mean \"%s\"?", meant);
	return -EINVAL;
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

	if (!cJSON_IsObject(item_of(obj))) {
		nk_json_print_short(obj, text, sizeof(text));
		return nk_error_config(err, "%s is not an object%s%s",
				       *path ? path : "the document", *path ? ": " : "",
				       *path ? text : "");
	}
	cJSON_ArrayForEach(child, item_of(obj)) {
		field = find_field(fields, child->string);
		if (!field && unknown == NK_JSON_REFUSE)
			return refuse_key(err, path, fields, child);
		if (!field || cJSON_IsNull(child))
			continue;
		rc = decode_value(child, path, field, target, err);
		if (rc && unknown != NK_JSON_LENIENT)
			return rc;
		if (rc)
			nk_error_reset(err);
	}
	return 0;
}

bool nk_json_is_null(const struct nk_json *value)
{
	return cJSON_IsNull(item_of(value));
}

bool nk_json_is_array(const struct nk_json *value)
{
	return cJSON_IsArray(item_of(value));
}

bool nk_json_is_true(const struct nk_json *value)
{
	return cJSON_IsTrue(item_of(value));
}

bool nk_json_is_false(const struct nk_json *value)
{
	return cJSON_IsFalse(item_of(value));
}

const struct nk_json *nk_json_get_any_case(const struct nk_json *obj, const char *key)
{
	return json_of(cJSON_GetObjectItem(item_of(obj), key));
}

const struct nk_json *nk_json_get(const struct nk_json *obj, const char *key)
{
	return json_of(cJSON_GetObjectItemCaseSensitive(item_of(obj), key));
}

int nk_json_read_string(const struct nk_json *obj, const char *path, const char *key, char *buf,
			size_t size, struct nk_error *err)
{
	const struct nk_json_field field = {
		.key = key,
		.type = NK_JSON_STRING,
		.size = size,
		.example = "",
	};
	const cJSON *value = cJSON_GetObjectItem(item_of(obj), key);
	int rc;

	if (!value || cJSON_IsNull(value) || (cJSON_IsString(value) && !*value->valuestring))
		return 0;
	rc = decode_value(value, path, &field, buf, err);
	return rc ? rc : 1;
}

const struct nk_json *nk_json_at(const struct nk_json *array, unsigned int index)
{
	if (!cJSON_IsArray(item_of(array)))
		return NULL;
	return json_of(cJSON_GetArrayItem(item_of(array), (int)index));
}

const char *nk_json_string(const struct nk_json *value)
{
	return cJSON_GetStringValue(item_of(value));
}

bool nk_json_is_empty(const struct nk_json *value)
{
	const cJSON *json = item_of(value);

	if (!json || cJSON_IsNull(json))
		return true;
	return (cJSON_IsObject(json) || cJSON_IsArray(json)) && !json->child;
}

unsigned int nk_json_count(const struct nk_json *array)
{
	return cJSON_IsArray(item_of(array)) ? (unsigned int)cJSON_GetArraySize(item_of(array)) : 0;
}

const struct nk_json *nk_json_first(const struct nk_json *parent)
{
	return parent ? json_of(item_of(parent)->child) : NULL;
}

const struct nk_json *nk_json_next(const struct nk_json *value)
{
	return json_of(item_of(value)->next);
}

const char *nk_json_key(const struct nk_json *value)
{
	return item_of(value)->string;
}

static bool is_incomplete; /* a builder has failed since the last root */

static struct nk_json *check_built(const cJSON *item)
{
	is_incomplete |= !item;
	return json_of(item);
}

struct nk_json *nk_json_new_object(void)
{
	is_incomplete = false;
	return check_built(cJSON_CreateObject());
}

struct nk_json *nk_json_new_array(void)
{
	is_incomplete = false;
	return check_built(cJSON_CreateArray());
}

struct nk_json *nk_json_add_object(struct nk_json *parent, const char *key)
{
	return check_built(cJSON_AddObjectToObject(item_mut(parent), key));
}

struct nk_json *nk_json_add_array(struct nk_json *parent, const char *key)
{
	return check_built(cJSON_AddArrayToObject(item_mut(parent), key));
}

/* add_item() - @key: NULL: to an array */
static struct nk_json *add_item(struct nk_json *parent, const char *key, cJSON *item)
{
	if (item && !(key ? cJSON_AddItemToObject(item_mut(parent), key, item) :
			    cJSON_AddItemToArray(item_mut(parent), item))) {
		cJSON_Delete(item);
		item = NULL;
	}
	return check_built(item);
}

struct nk_json *nk_json_append_object(struct nk_json *array)
{
	return add_item(array, NULL, cJSON_CreateObject());
}

/* make_string() - cJSON accepts any bytes, but a document must be UTF-8 */
static cJSON *make_string(const char *value)
{
	char *text = strdup(value), *p;
	cJSON *item;
	size_t n;

	for (p = text; p && *p; p += n ? n : 1) {
		n = nk_json_utf8(p, strlen(p));
		if (!n)
			*p = '?';
	}
	item = text ? cJSON_CreateString(text) : NULL;
	free(text);
	return item;
}

struct nk_json *nk_json_append_string(struct nk_json *array, const char *value)
{
	return add_item(array, NULL, make_string(value));
}

struct nk_json *nk_json_add_string(struct nk_json *parent, const char *key, const char *value)
{
	return add_item(parent, key, make_string(value));
}

/* cJSON stores a double, which loses digits above 2^53. */
struct nk_json *nk_json_add_uint(struct nk_json *parent, const char *key, uint64_t value)
{
	char digits[24];

	if (value <= 1ULL << 53)
		return check_built(cJSON_AddNumberToObject(item_mut(parent), key, (double)value));
	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	return check_built(cJSON_AddRawToObject(item_mut(parent), key, digits));
}

struct nk_json *nk_json_add_bool(struct nk_json *parent, const char *key, bool value)
{
	return check_built(cJSON_AddBoolToObject(item_mut(parent), key, value));
}

struct nk_json *nk_json_add_copy(struct nk_json *parent, const char *key,
				 const struct nk_json *value)
{
	return add_item(parent, key, cJSON_Duplicate(item_of(value), true));
}

struct nk_json *nk_json_append_copy(struct nk_json *array, const struct nk_json *value)
{
	return add_item(array, NULL, cJSON_Duplicate(item_of(value), true));
}

char *nk_json_print(const struct nk_json *json)
{
	return is_incomplete ? NULL : cJSON_Print(item_of(json));
}

char *nk_json_print_line(const struct nk_json *json)
{
	return is_incomplete ? NULL : cJSON_PrintUnformatted(item_of(json));
}

void nk_json_print_short(const struct nk_json *json, char *buf, size_t size)
{
	char *text = cJSON_PrintUnformatted(item_of(json));

	snprintf(buf, size, "%s", text ? text : "(out of memory)");
	if (text && strlen(text) >= size && size > 4)
		memcpy(buf + size - 4, "...", 4);
	free(text);
}
