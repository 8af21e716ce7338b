/* SPDX-License-Identifier: Apache-2.0 */
/* json_lex.h - the lexical rules of RFC 8259 that cJSON does not enforce */
#ifndef NK_JSON_LEX_H
#define NK_JSON_LEX_H

#include <stddef.h>

struct nk_error;

#define NK_JSON_DEPTH_MAX    32
#define NK_JSON_NUMBER_MAX   63 /* characters of a number; cJSON would truncate a longer one */
#define NK_JSON_EXCERPT_SIZE 33 /* of the text before an error */

/* nk_json_refuse() - "not JSON": @what is at byte @at of @text, its line, and what is before it. Return: -EINVAL */
int nk_json_refuse(const char *text, size_t at, const char *what, struct nk_error *err);

/**
 * nk_json_lex() - check the tokens of a text, and its nesting depth; cJSON checks their order
 *
 * cJSON accepts 01500, "1.", control characters, a byte order mark and bytes that are not UTF-8, and
 * reads "\u0000" as the end of a string. RFC 8259 allows none of these.
 *
 * Return: 0, or -EINVAL with error code 6 and a byte offset
 */
int nk_json_lex(const char *text, size_t size, struct nk_error *err);

/* nk_json_lex_number() - find the next number of a text that passed nk_json_lex(). @at: where to start; on
 * return, where the number ends. Return: its length, or 0
 */
size_t nk_json_lex_number(const char *text, size_t size, size_t *at, struct nk_error *err);

/* nk_json_utf8() - length of the UTF-8 sequence that begins @text, of @size > 0 bytes; 0: invalid */
size_t nk_json_utf8(const char *text, size_t size);

#endif
