// SPDX-License-Identifier: Apache-2.0
/* json_lex.c - look at each token of a JSON text; no system call */
#include "json_lex.h"

#include "error.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "banned.h"

struct lexer {
	const char *text;
	size_t size, at;
	unsigned int depth;
};

static int refuse(const struct lexer *lex, struct nk_error *err, const char *what)
{
	return nk_error_set(err, NK_CODE_JSON, EINVAL, "stdin is not JSON", "%s at byte %zu", what,
			    lex->at);
}

/* peek() - the byte @ahead of the present one, or 0 beyond the end; a NUL is no token either. */
static char peek(const struct lexer *lex, size_t ahead)
{
	return lex->size - lex->at > ahead ? lex->text[lex->at + ahead] : '\0';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* escape() - what follows a backslash. Return: its length, backslash included, or 0 */
static size_t escape(const struct lexer *lex)
{
	size_t i;

	if (peek(lex, 1) && strchr("\"\\/bfnrt", peek(lex, 1)))
		return 2;
	if (peek(lex, 1) != 'u')
		return 0;
	for (i = 2; i < 6; i++)
		if (!isxdigit((unsigned char)peek(lex, i)))
			return 0;
	return 6;
}

static int string(struct lexer *lex, struct nk_error *err)
{
	size_t n;

	for (lex->at++; peek(lex, 0) != '"'; lex->at += n) {
		n = 1;
		if (lex->at == lex->size)
			return refuse(lex, err, "JSON string without an end");
		if (!peek(lex, 0))
			return refuse(lex, err, "NUL byte");
		if ((unsigned char)peek(lex, 0) < 0x20)
			return refuse(lex, err, "control character in a JSON string");
		if (peek(lex, 0) == '\\')
			n = escape(lex);
		if (!n)
			return refuse(lex, err, "JSON escape that there is not");
		if (n == 6 && !memcmp(lex->text + lex->at, "\\u0000", 6))
			return refuse(lex, err, "JSON string with a NUL, \\u0000");
	}
	lex->at++;
	return 0;
}

/* digits() - skip at least one. Return: whether there was one */
static bool digits(struct lexer *lex)
{
	size_t start = lex->at;

	while (is_digit(peek(lex, 0)))
		lex->at++;
	return lex->at > start;
}

static int number(struct lexer *lex, struct nk_error *err)
{
	bool zero;

	lex->at += peek(lex, 0) == '-';
	zero = peek(lex, 0) == '0';
	if (zero)
		lex->at++;
	if (zero ? is_digit(peek(lex, 0)) : !digits(lex))
		return refuse(lex, err, "number that JSON does not have");
	if (peek(lex, 0) == '.') {
		lex->at++;
		if (!digits(lex))
			return refuse(lex, err, "number that JSON does not have");
	}
	if (peek(lex, 0) == 'e' || peek(lex, 0) == 'E') {
		lex->at++;
		lex->at += peek(lex, 0) == '+' || peek(lex, 0) == '-';
		if (!digits(lex))
			return refuse(lex, err, "number that JSON does not have");
	}
	return 0;
}

static int token(struct lexer *lex, struct nk_error *err)
{
	char c = peek(lex, 0);

	if (c == '"')
		return string(lex, err);
	if (c == '-' || is_digit(c))
		return number(lex, err);
	if (c == '{' || c == '[') {
		if (++lex->depth > NK_JSON_DEPTH_MAX)
			return nk_error_set(err, NK_CODE_JSON, EINVAL, "JSON is nested too deep",
					    "more than %d levels at byte %zu", NK_JSON_DEPTH_MAX,
					    lex->at);
	} else if (c == '}' || c == ']') {
		lex->depth -= lex->depth > 0;
	} else if (!c) {
		return refuse(lex, err, "NUL byte");
	} else if (!strchr(" \t\r\n,:", c) && !(c >= 'a' && c <= 'z')) {
		return refuse(lex, err, "JSON syntax error");
	}
	lex->at++;
	return 0;
}

int nk_json_lex(const char *text, size_t size, struct nk_error *err)
{
	struct lexer lex = { .text = text, .size = size };
	int rc = 0;

	while (!rc && lex.at < size)
		rc = token(&lex, err);
	return rc;
}
