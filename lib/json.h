/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - strict JSON: read into structs by tables, build, print
 *
 * The only wrapper round cJSON. What cJSON takes and Go's encoding/json (all other CNI plugins)
 * refuses or reads otherwise is refused here: bytes after the document, duplicate keys, numbers
 * that are no integers or out of range where an integer is wanted, NUL in strings, deep nesting.
 * Keys are matched by case. `path` in errors is the JSON path from the document's root.
 *
 * A number that was read is printed as it was written, with all its digits.
 */
#ifndef NK_JSON_H
#define NK_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nk_error;
struct nk_json; /* opaque: a value of a document */

#define NK_JSON_SIZE_MAX (1U << 20) /* bytes of input we take */

enum nk_json_type {
	NK_JSON_STRING, /* char[size] in the target, NUL terminated; min = shortest length */
	NK_JSON_BOOL,	/* bool */
	NK_JSON_UINT,	/* uint32_t, min..max, of digits alone, as Go wants it */
	NK_JSON_TEXT,	/* const char *: a string of any length, part of the document */
	NK_JSON_OBJECT, /* const struct nk_json *, to be decoded by the caller */
	NK_JSON_ARRAY,	/* likewise, element by element: nk_json_at() */
	NK_JSON_ANY,	/* any type is taken and nothing is stored: known, but not ours to read */
};

/* One key of an object: where its value goes and what it may be. */
struct nk_json_field {
	const char *key;
	enum nk_json_type type;
	size_t offset; /* of the member in the target struct */
	size_t size;   /* NK_JSON_STRING: bytes of the member */
	uint32_t min, max;
};

/* What nk_json_decode() does with keys that the table does not have. */
enum nk_json_unknown {
	NK_JSON_REFUSE, /* error 2: inside our own objects a typo must not become a default */
	NK_JSON_IGNORE, /* nothing: another table reads them */
};

/**
 * nk_json_parse() - one document, nothing behind it
 * @ret: set on success; the caller frees it with nk_json_free()
 *
 * Return: 0, or a negative errno with error code 6 and a byte offset in @err
 */
int nk_json_parse(const char *text, size_t size, struct nk_json **ret, struct nk_error *err);

void nk_json_free(struct nk_json *json); /* NULL is fine */

/**
 * nk_json_decode() - read the members of an object into a struct
 * @obj: any value; what is no object is error 7
 * @path: of @obj, "" for the root
 * @fields: table, ended by an entry whose key is NULL
 * @target: members of absent keys are left as they are, so that defaults are put there before;
 *          a null value counts as absent
 *
 * Return: 0, or a negative errno with error code 2 or 7
 */
int nk_json_decode(const struct nk_json *obj, const char *path, const struct nk_json_field *fields,
		   enum nk_json_unknown unknown, void *target, struct nk_error *err);

/**
 * nk_json_read_string() - one string member, its key in any case: containerd sends Go's names
 * @buf: left as it is where the member is absent, null or empty
 *
 * Return: 1 if it was there, 0 if not, or -EINVAL with error code 7 where it is no string or too
 * long for @size
 */
int nk_json_read_string(const struct nk_json *obj, const char *path, const char *key, char *buf,
			size_t size, struct nk_error *err);

/* Member of an object by exact key, element of an array, string value: NULL where there is none. */
const struct nk_json *nk_json_get(const struct nk_json *obj, const char *key);
const struct nk_json *nk_json_get_any_case(const struct nk_json *obj, const char *key); /* Go's */
const struct nk_json *nk_json_at(const struct nk_json *array, unsigned int index);
const char *nk_json_string(const struct nk_json *value);
bool nk_json_is_true(const struct nk_json *value);
bool nk_json_is_false(const struct nk_json *value);
bool nk_json_is_null(const struct nk_json *value);
bool nk_json_is_array(const struct nk_json *value);
bool nk_json_is_empty(const struct nk_json *value);	 /* NULL, null, {} or [] */
unsigned int nk_json_count(const struct nk_json *array); /* elements; 0 of what is no array */

/* Walk the elements of an array or the members of an object, in their order: NULL at the end, and
 * for what has none. The key of a member; of an element NULL.
 */
const struct nk_json *nk_json_first(const struct nk_json *parent);
const struct nk_json *nk_json_next(const struct nk_json *value);
const char *nk_json_key(const struct nk_json *value);

/* Builders: each returns the new value, owned by its parent, or NULL when out of memory; a NULL
 * parent gives NULL, so that only the last result need be looked at (nk_json_print() does). What is
 * not UTF-8 in a string, a path of the environment or a text that was cut, becomes '?'. A
 * number keeps all its digits.
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

/* Likewise, with a deep copy of @value. */
struct nk_json *nk_json_add_copy(struct nk_json *parent, const char *key,
				 const struct nk_json *value);
struct nk_json *nk_json_append_copy(struct nk_json *array, const struct nk_json *value);

/* nk_json_print() - @json as text, indented; the caller frees it; NULL when out of memory. */
char *nk_json_print(const struct nk_json *json);

/* nk_json_print_line() - likewise, without a line break */
char *nk_json_print_line(const struct nk_json *json);

/* nk_json_print_short() - @json on one line, cut to @size, for error texts. */
void nk_json_print_short(const struct nk_json *json, char *buf, size_t size);

#endif
