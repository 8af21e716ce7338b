/* SPDX-License-Identifier: Apache-2.0 */
/* json_lex.h - the lexical rules of RFC 8259 that cJSON does not hold its input to */
#ifndef NK_JSON_LEX_H
#define NK_JSON_LEX_H

#include <stddef.h>

struct nk_error;

#define NK_JSON_DEPTH_MAX  32
#define NK_JSON_NUMBER_MAX 63 /* characters of a number; cJSON would cut what is longer */

/**
 * nk_json_lex() - are all tokens of a text JSON's, and is it not nested too deep?
 *
 * cJSON takes 01500, "1.", control characters, a byte order mark, bytes that are no UTF-8, and reads
 * "\u0000" as the end of a string; RFC 8259 has none of these. How tokens follow each other is left to
 * cJSON.
 *
 * Return: 0, or -EINVAL with error code 6 and a byte offset
 */
int nk_json_lex(const char *text, size_t size, struct nk_error *err);

/**
 * nk_json_lex_number() - find the next number of a text that nk_json_lex() has taken
 * @at: where to look from; where it ends on return
 *
 * Return: its length, or 0 where there is no more
 */
size_t nk_json_lex_number(const char *text, size_t size, size_t *at, struct nk_error *err);

/* nk_json_utf8() - length of the UTF-8 sequence that @text, of @size > 0 bytes, begins with: 1 to 4,
 * or 0 where it is none.
 */
size_t nk_json_utf8(const char *text, size_t size);

#endif
