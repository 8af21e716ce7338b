/* SPDX-License-Identifier: Apache-2.0 */
/* json_lex.h - the lexical rules of RFC 8259 that cJSON does not hold its input to */
#ifndef NK_JSON_LEX_H
#define NK_JSON_LEX_H

#include <stddef.h>

struct nk_error;

#define NK_JSON_DEPTH_MAX 32

/**
 * nk_json_lex() - are all tokens of a text JSON's, and is it not nested too deep?
 *
 * cJSON takes 01500, "1.", control characters, a byte order mark, and reads "\u0000" as the end of
 * a string; other CNI plugins (Go) take none of these. How tokens follow each other is left to
 * cJSON.
 *
 * Return: 0, or -EINVAL with error code 6 and a byte offset
 */
int nk_json_lex(const char *text, size_t size, struct nk_error *err);

#endif
