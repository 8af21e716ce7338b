/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - strict JSON: decode into structs by tables, build, print
 *
 * The only wrapper of cJSON. It refuses what Go's encoding/json (all other CNI plugins) refuses or
 * reads differently: bytes after the document, duplicate keys, numbers that are not integers or out
 * of range where an integer is expected, NUL in strings, deep nesting. Keys are case-sensitive. A
 * number is printed as it was written. `path`: the JSON path from the document's root, for errors.
 */
#ifndef NK_JSON_H
#define NK_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nk_error;
struct nk_json; /* a value of a document; opaque */

#define NK_JSON_SIZE_MAX (1U << 20) /* largest input, in bytes */

enum nk_json_type {
	NK_JSON_STRING, /* char[size] in the target; min: shortest length */
	NK_JSON_BOOL,	/* bool */
	NK_JSON_UINT,	/* uint32_t, min..max; digits only, as Go requires */
	NK_JSON_TEXT,	/* const char *: a string of any length, owned by the document */
	NK_JSON_OBJECT, /* const struct nk_json *, which the caller decodes */
	NK_JSON_ARRAY,	/* the same, element by element: nk_json_at() */
	NK_JSON_ANY,	/* any type; known, but not stored */
};

/* One key of an object: where its value is stored, and its valid range. */
struct nk_json_field {
	const char *key;
	enum nk_json_type type;
	size_t offset; /* of the member in the target struct */
	size_t size;   /* NK_JSON_STRING: bytes of the member */
	uint32_t min, max;
	const char *example; /* a valid value, for the remedy; "": none */
};

/* What nk_json_decode() does with keys that are not in the table. */
enum nk_json_unknown {
	NK_JSON_REFUSE,	 /* error 2: in our own objects, a misspelt key must not become a default */
	NK_JSON_IGNORE,	 /* ignore them: another table reads them */
	NK_JSON_LENIENT, /* likewise; and invalid values count as absent */
};

/* nk_json_parse() - parse exactly one document. @ret: to be freed with nk_json_free(); set on success.
 * Return: 0, or a negative errno with error code 6 and a byte offset
 */
int nk_json_parse(const char *text, size_t size, struct nk_json **ret, struct nk_error *err);

void nk_json_free(struct nk_json *json); /* may be NULL */

/**
 * nk_json_decode() - read the members of an object into a struct
 * @obj: any value; error 7 if it is not an object
 * @path: of @obj, "" for the root
 * @fields: see json_fields.h
 * @target: holds the defaults: an absent key or null leaves its member unchanged
 *
 * Return: 0, or a negative errno with error code 2 or 7
 */
int nk_json_decode(const struct nk_json *obj, const char *path, const struct nk_json_field *fields,
		   enum nk_json_unknown unknown, void *target, struct nk_error *err);

/* nk_json_read_string() - one string member. The case of its key is ignored: containerd sends Go's names.
 * Return: 1; 0: absent, null or empty, and @buf is unchanged; -EINVAL with error code 7: not a string,
 * or too long for @size
 */
int nk_json_read_string(const struct nk_json *obj, const char *path, const char *key, char *buf,
			size_t size, struct nk_error *err);

/* Member of an object by exact key, element of an array, string value: NULL if there is none. */
const struct nk_json *nk_json_get(const struct nk_json *obj, const char *key);
const struct nk_json *nk_json_get_any_case(const struct nk_json *obj,
					   const char *key); /* not case-sensitive, as in Go */
const struct nk_json *nk_json_at(const struct nk_json *array, unsigned int index);
const char *nk_json_string(const struct nk_json *value);
bool nk_json_is_true(const struct nk_json *value);
bool nk_json_is_false(const struct nk_json *value);
bool nk_json_is_null(const struct nk_json *value);
bool nk_json_is_array(const struct nk_json *value);
bool nk_json_is_empty(const struct nk_json *value);	 /* NULL, null, {} or [] */
unsigned int nk_json_count(const struct nk_json *array); /* elements; 0 if it is not an array */

/* The elements of an array or the members of an object, in order: NULL at the end, and for other
 * types. nk_json_key() - of a member; NULL for an element.
 */
const struct nk_json *nk_json_first(const struct nk_json *parent);
const struct nk_json *nk_json_next(const struct nk_json *value);
const char *nk_json_key(const struct nk_json *value);

/* Builders return the new value, owned by its parent, or NULL when out of memory. A NULL parent gives
 * NULL. No result need be checked: after a failure nk_json_print() returns NULL until the next new
 * root, so build one document at a time. Bytes of a string that are not UTF-8, for example of a
 * truncated text, become '?'.
 */
struct nk_json *nk_json_new_object(void);
struct nk_json *nk_json_new_array(void);
struct nk_json *nk_json_add_object(struct nk_json *parent, const char *key);
struct nk_json *nk_json_add_array(struct nk_json *parent, const char *key);
struct nk_json *nk_json_append_object(struct nk_json *array);
struct nk_json *nk_json_append_string(struct nk_json *array, const char *value);
struct nk_json *nk_json_add_string(struct nk_json *parent, const char *key, const char *value);
struct nk_json *nk_json_add_uint(struct nk_json *parent, const char *key, uint64_t value);
struct nk_json *nk_json_add_bool(struct nk_json *parent, const char *key, bool value);

struct nk_json *nk_json_add_copy(struct nk_json *parent, const char *key,
				 const struct nk_json *value);
struct nk_json *nk_json_append_copy(struct nk_json *array, const struct nk_json *value);

/* Print as text that the caller frees, indented or on one line; NULL when out of memory. */
char *nk_json_print(const struct nk_json *json);
char *nk_json_print_line(const struct nk_json *json);

/* nk_json_print_short() - on one line, cut to @size, for error texts. */
void nk_json_print_short(const struct nk_json *json, char *buf, size_t size);

#endif
