/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_fields.h - the rows of the tables of nk_json_decode(), one macro for each type
 *
 * struct_: the target; member: where the value goes. The last argument may be an example of the
 * value, as JSON without quotes around it; it is shown if a value is refused. END ends a table.
 */
#ifndef NK_JSON_FIELDS_H
#define NK_JSON_FIELDS_H

#include "base/json.h"

#include <stddef.h>

#define STRING(struct_, key, member, min_, ...)                                                 \
	{ key, NK_JSON_STRING, offsetof(struct_, member), sizeof(((struct_ *)0)->member), min_, \
	  0,   #__VA_ARGS__ }
#define UINT(struct_, key, member, min_, max_, ...) \
	{ key, NK_JSON_UINT, offsetof(struct_, member), 0, min_, max_, #__VA_ARGS__ }
#define BOOL(struct_, key, member, ...) \
	{ key, NK_JSON_BOOL, offsetof(struct_, member), 0, 0, 0, #__VA_ARGS__ }
#define OBJECT(struct_, key, member, ...) \
	{ key, NK_JSON_OBJECT, offsetof(struct_, member), 0, 0, 0, #__VA_ARGS__ }
#define ARRAY(struct_, key, member, ...) \
	{ key, NK_JSON_ARRAY, offsetof(struct_, member), 0, 0, 0, #__VA_ARGS__ }
#define TEXT(struct_, key, member) { key, NK_JSON_TEXT, offsetof(struct_, member), 0, 0, 0, "" }
#define ANY(key)		   { key, NK_JSON_ANY, 0, 0, 0, 0, "" }
#define END			   { NULL, NK_JSON_ANY, 0, 0, 0, 0, "" }

#endif
